import type { LocalDate } from './calendar.js';
import { least, type Minor } from './money.js';

/** A part of an item's total and the three days that matter: as first agreed, as agreed now, as we plan. */
export interface Instalment {
  /** In minor units, above zero. */
  readonly amount: Minor;
  readonly originalDueOn: LocalDate;
  readonly dueOn: LocalDate;
  readonly plannedOn: LocalDate;
}

/** How an item's total falls due. The place in the list is the last tie-breaker of the order of settlement. */
export type Schedule = readonly Instalment[];

const settledBefore = (a: Instalment, b: Instalment): number =>
  a.dueOn !== b.dueOn
    ? a.dueOn < b.dueOn
      ? -1
      : 1
    : a.originalDueOn < b.originalDueOn
      ? -1
      : a.originalDueOn > b.originalDueOn
        ? 1
        : 0;

/** The places of a schedule, what falls due first first (contract, rule 6; the sort is stable, so place decides last). */
const firstDueFirst = (schedule: Schedule): number[] =>
  schedule.map((_, place) => place).sort((a, b) => settledBefore(schedule[a]!, schedule[b]!));

/**
 * What is open of each instalment when so much is settled, first due first.
 *
 * @param settled in minor units, at least zero
 * @returns one amount per place of the schedule, in its order
 */
export const openOf = (schedule: Schedule, settled: Minor): Minor[] => {
  const open = schedule.map(({ amount }) => amount);
  let left = settled;
  for (const place of firstDueFirst(schedule)) {
    if (left <= 0n) break;
    const taken = least(left, open[place]!);
    open[place] = open[place]! - taken;
    left -= taken;
  }
  return open;
};

/**
 * Spreads an amount over what is open, first due first: what a deferral moves, what a dispute covers.
 *
 * @param open what is open per place
 * @param beyond how much of what falls due first is passed over
 * @returns one amount per place, none above what is open there
 */
export const firstDue = (schedule: Schedule, open: readonly Minor[], amount: Minor, beyond: Minor = 0n): Minor[] => {
  const parts = schedule.map(() => 0n);
  let passedOver = beyond;
  let left = amount;
  for (const place of firstDueFirst(schedule)) {
    const stays = least(passedOver, open[place]!);
    passedOver -= stays;
    const taken = least(left, open[place]! - stays);
    parts[place] = taken;
    left -= taken;
  }
  return parts;
};

/**
 * The schedule after parts of it have moved to another day (contract, rule 7). A split keeps the order: first what was
 * settled, then what stays before it, then what moves, then the rest, so that settling more in the old order meets the
 * same parts.
 *
 * @param open  what is open per place when the deferral takes effect
 * @param moved how much of that moves, per place
 * @param agreed the due date moves too, and not only the planned one
 * @param stays how much of what is open stays before what moves, per place
 */
export const defer = (
  schedule: Schedule,
  open: readonly Minor[],
  moved: readonly Minor[],
  until: LocalDate,
  agreed: boolean,
  stays: readonly Minor[] = schedule.map(() => 0n),
): Schedule =>
  schedule.flatMap((instalment, place) => {
    const parts: Instalment[] = [
      { ...instalment, amount: instalment.amount - open[place]! },
      { ...instalment, amount: stays[place]! },
      { ...instalment, amount: moved[place]!, plannedOn: until, dueOn: agreed ? until : instalment.dueOn },
      { ...instalment, amount: open[place]! - stays[place]! - moved[place]! },
    ];
    return moved[place] === 0n ? [instalment] : parts.filter(({ amount }) => amount > 0n);
  });

/** What an open instalment is, on a day (contract, rule 7): never both. */
export const deferralOf = (
  { originalDueOn, dueOn, plannedOn }: Instalment,
  asOf: LocalDate,
): 'agreed' | 'unilateral' | undefined => {
  if (plannedOn > dueOn && plannedOn >= asOf) return 'unilateral';
  return dueOn > originalDueOn && dueOn >= asOf ? 'agreed' : undefined;
};
