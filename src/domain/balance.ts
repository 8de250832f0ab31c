import type { LocalDate } from './calendar.js';
import { least, type Minor, sum } from './money.js';

/** A change of a balance from a day on, in minor units. */
export interface Change {
  readonly on: LocalDate;
  readonly amount: Minor;
}

/** A balance over all its days: its changes in the order of the days, one for each day, none of them zero. */
export type Balance = readonly Change[];

/** The changes summed up by day. */
export const stepsOf = (changes: readonly Change[]): Balance => withChanges([], ...changes);

/**
 * A balance after some more changes. Kept up to date with each event, since the days of a document stay few however
 * many allocations it has, and every rule about what is open or left asks for it.
 */
export const withChanges = (balance: Balance, ...changes: readonly Change[]): Balance => {
  const steps = [...balance];
  for (const { on, amount } of changes) {
    const last = steps.findLastIndex((step) => step.on <= on);
    const before = steps[last];
    if (before?.on !== on) {
      if (amount !== 0n) steps.splice(last + 1, 0, { on, amount });
    } else if (before.amount + amount === 0n) {
      steps.splice(last, 1);
    } else {
      steps[last] = { on, amount: before.amount + amount };
    }
  }
  return steps;
};

/** What the balance is on a day. */
export const balanceOn = (balance: Balance, asOf: LocalDate): Minor => {
  let total = 0n;
  for (const { on, amount } of balance) {
    if (on > asOf) break;
    total += amount;
  }
  return total;
};

/** What the balance is when everything has taken effect. */
export const balanceInTheEnd = (balance: Balance): Minor => sum(balance.map(({ amount }) => amount));

/** The least that the balance is on a day and on every later one. */
export const leastFrom = (balance: Balance, from: LocalDate): Minor => {
  let now = 0n;
  let lowest: Minor | undefined;
  for (const { on, amount } of balance) {
    if (on > from) lowest = least(lowest ?? now, now);
    now += amount;
  }
  return least(lowest ?? now, now);
};
