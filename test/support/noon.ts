/** A zone in which it is about noon: no test runs over midnight there. */
export const noonZone = (): string => {
  const ahead = 12 - new Date().getUTCHours();
  // POSIX has the sign of these names the other way round.
  return ahead === 0 ? 'Etc/GMT' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
};

/** The day that it is in a zone, now or at an instant. */
export const dayIn = (timeZone: string, at = new Date()): string =>
  new Intl.DateTimeFormat('en-CA', { timeZone }).format(at);
