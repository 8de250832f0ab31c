/** A day as the contract writes it, `YYYY-MM-DD`: days compare as texts. */
export type Day = string;

const DAY_MS = 86_400_000;

const instantOf = (day: Day): number => Date.parse(`${day}T00:00:00Z`);

/** Whether a text is a day that exists: 2024-02-29 does, 2023-02-29 does not. */
export const isDay = (text: string): boolean => {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const instant = instantOf(text);
  // Date.parse rolls 31 April over into May, so a day exists only if it comes back as it went in.
  return !Number.isNaN(instant) && new Date(instant).toISOString().slice(0, 10) === text;
};

/** @example addDays('2024-02-28', 2) // '2024-03-01' */
export const addDays = (day: Day, days: number): Day =>
  new Date(instantOf(day) + days * DAY_MS).toISOString().slice(0, 10);

/** Days from one day to another; negative if `to` is the earlier. */
export const daysBetween = (from: Day, to: Day): number => (instantOf(to) - instantOf(from)) / DAY_MS;

export const later = (one: Day, other: Day): Day => (one > other ? one : other);

/** The latest of some days, or `undefined` if there is none. */
export const latestOf = (days: readonly Day[]): Day | undefined =>
  days.reduce<Day | undefined>((latest, day) => (latest === undefined ? day : later(latest, day)), undefined);

/** @example monthOf('2023-10-31') // '2023-10' */
export const monthOf = (day: Day): string => day.slice(0, 7);

/** @example lastOfMonth('2024-02-03') // '2024-02-29' */
export const lastOfMonth = (day: Day): Day => {
  const [year, month] = day.split('-').map(Number);
  return new Date(Date.UTC(year ?? 0, month ?? 0, 0)).toISOString().slice(0, 10);
};
