import type { LocalDate } from './calendar.js';
import { least, type Minor, sum } from './money.js';

/** A change of a balance from a day on, in minor units. */
export interface Change {
  readonly on: LocalDate;
  readonly amount: Minor;
}

/** Something that counts from a day on and, once reversed, up to the day before `endedOn`. */
export interface Lasting {
  readonly on: LocalDate;
  readonly amount: Minor;
  readonly endedOn?: LocalDate;
}

/** What something that takes from a balance, and may end, does to it. */
export const taking = ({ on, amount, endedOn }: Lasting): Change[] => [
  { on, amount: -amount },
  ...(endedOn === undefined ? [] : [{ on: endedOn, amount }]),
];

/** The balance on a day. */
export const balanceOn = (changes: readonly Change[], asOf: LocalDate): Minor =>
  sum(changes.filter(({ on }) => on <= asOf).map(({ amount }) => amount));

/** The changes summed up by day, in the order of the days; days without a change in all are left out. */
export const stepsOf = (changes: readonly Change[]): Change[] => {
  const byDay = new Map<LocalDate, Minor>();
  for (const { on, amount } of changes) byDay.set(on, (byDay.get(on) ?? 0n) + amount);
  return [...byDay]
    .filter(([, amount]) => amount !== 0n)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([on, amount]) => ({ on, amount }));
};

/** The least that the balance is on a day and on every later one. */
export const leastFrom = (changes: readonly Change[], from: LocalDate): Minor => {
  let balance = 0n;
  let lowest: Minor | undefined;
  for (const { on, amount } of stepsOf(changes)) {
    if (on > from) lowest = least(lowest ?? balance, balance);
    balance += amount;
  }
  return least(lowest ?? balance, balance);
};
