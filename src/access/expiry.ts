import type { Instant } from '../domain/calendar.js';

const dayMs = 86_400_000;
const defaultDays = 90;
/** Longer than any token should be kept without a thought. */
const maxDays = 1_830;

/**
 * When a token is to expire.
 *
 * @param given RFC 3339 in UTC with microseconds; by default in 90 days
 * @returns the instant, or what is wrong with the one given
 */
export const expiryOf = (
  given: Instant | undefined,
  nowMs: number,
): { readonly expiresAt: Instant; readonly expiryGiven: boolean } | { readonly fault: string } => {
  if (given === undefined) {
    const expiresAt = new Date(nowMs + defaultDays * dayMs).toISOString().replace('Z', '000Z');
    return { expiresAt, expiryGiven: false };
  }
  const atMs = Date.parse(given);
  if (atMs <= nowMs) return { fault: 'must lie in the future' };
  if (atMs > nowMs + maxDays * dayMs) return { fault: `must be at most ${maxDays} days from now` };
  return { expiresAt: given, expiryGiven: true };
};
