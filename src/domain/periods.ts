import { addDays, isLocalDate, lastDay, type LocalDate } from './calendar.js';
import type { Decision, Working } from './decision.js';
import type { Ledger } from './documents.js';
import type { DataOf, RecordedEvent } from './events.js';
import { reject } from './rejection.js';

/** A month, `YYYY-MM`. */
export type Period = string;

interface OfPeriod<T extends string> {
  readonly type: T;
  readonly period: Period;
  readonly reason?: string;
}
/** Closes a month, and all before it: nothing takes effect in them any more. */
export type ClosePeriod = OfPeriod<'ClosePeriod'>;
/** Opens the last closed month again. */
export type ReopenPeriod = OfPeriod<'ReopenPeriod'>;
/** Records what a closing closed the books with. */
export interface RecordPeriodTotals {
  readonly type: 'RecordPeriodTotals';
  /** Which of the ledger's closings, counted from 1. */
  readonly closing: number;
  readonly totals: DataOf<'PeriodTotalsRecorded'>;
}
export type PeriodCommand = ClosePeriod | ReopenPeriod | RecordPeriodTotals;

/** Whether the text is a month that the books can have: its last day is a day, and so is the one after it. */
export const isPeriod = (text: string): boolean =>
  /^\d{4}-\d{2}$/.test(text) && isLocalDate(`${text}-01`) && text < lastDay.slice(0, 7);

/** @example lastDayOf('2024-02') // '2024-02-29' */
export const lastDayOf = (period: Period): LocalDate => addDays(firstDayOf(nextPeriod(period)), -1);

const firstDayOf = (period: Period): LocalDate => `${period}-01`;
// Every month has a 28th, and five days after it the next one has begun.
const nextPeriod = (period: Period): Period => addDays(`${period}-28`, 5).slice(0, 7);

/** Whether a month is closed: by itself or by the closing of a later one (contract, rule 9). */
export const isClosed = ({ closedThrough }: Pick<Ledger, 'closedThrough'>, period: Period): boolean =>
  closedThrough !== undefined && lastDayOf(period) <= closedThrough;

export type Closed = Extract<RecordedEvent, { type: 'PeriodClosed' }>;
export type PeriodTotals = Extract<RecordedEvent, { type: 'PeriodTotalsRecorded' }>;

/** The totals that were recorded of a closing, if they were. */
export const totalsOf = (history: readonly RecordedEvent[], { position }: Closed): PeriodTotals | undefined =>
  history.filter((event) => event.type === 'PeriodTotalsRecorded').find(({ data }) => data.position === position);

/** The first of the days that a closing closed; null if no day was closed before it. */
export const closedFrom = (history: readonly RecordedEvent[], { position }: Closed): LocalDate | null => {
  const before = history.filter(isOfPeriods).findLast((event) => event.position < position)?.data.closedThrough;
  return before === undefined || before === null ? null : addDays(before, 1);
};

type OfPeriods = Extract<RecordedEvent, { type: 'PeriodClosed' | 'PeriodReopened' }>;

const isOfPeriods = (event: RecordedEvent): event is OfPeriods =>
  event.type === 'PeriodClosed' || event.type === 'PeriodReopened';

/** What closed a month or opened it again, by its own name or by that of a later one. */
export const changesOf = (history: readonly RecordedEvent[], period: Period): OfPeriods[] => {
  let wasClosed = false;
  return history.filter(isOfPeriods).filter(({ data: { closedThrough } }) => {
    const before = wasClosed;
    wasClosed = isClosed(closedThrough === null ? {} : { closedThrough }, period);
    return wasClosed !== before;
  });
};

/** The months that were closed or reopened by name, earliest first. */
export const namedPeriods = (history: readonly RecordedEvent[]): Period[] =>
  [...new Set(history.filter(isOfPeriods).map(({ data: { period } }) => period))].sort();

/** The closing that a month is closed by, if it is one by its own name. */
export const closingInForce = (history: readonly RecordedEvent[], period: Period): Closed | undefined => {
  const last = changesOf(history, period).at(-1);
  return last?.type === 'PeriodClosed' && last.data.period === period ? last : undefined;
};

/** Months from the first to the last; null where there is no first one. */
export interface Months {
  readonly from: Period | null;
  readonly through: Period;
}

/**
 * The earlier months that a closing closed with the one that it names.
 *
 * @param from the first of the days that it closed; null if no day was closed before it
 * @returns undefined if it closed no other month
 */
export const closedAlong = (period: Period, from: LocalDate | null): Months | undefined => {
  if (from === firstDayOf(period)) return undefined;
  return { from: from === null ? null : from.slice(0, 7), through: addDays(firstDayOf(period), -1).slice(0, 7) };
};

/** The same of the closing that was the last thing done to any period. */
export const closedAlongLast = ({ lastPeriod: last }: Ledger): Months | undefined =>
  last?.isClosed
    ? closedAlong(last.period, last.closedBefore === undefined ? null : addDays(last.closedBefore, 1))
    : undefined;

export const decidePeriod = (command: PeriodCommand, working: Working): Decision =>
  command.type === 'RecordPeriodTotals' ? recordTotals(command, working) : closeOrReopen(command, working);

/**
 * Once for each closing, in their order, whoever comes first: then nothing happens any more. Also if the period was
 * reopened meanwhile, since what it was closed with stays what it was.
 */
const recordTotals = ({ closing, totals }: RecordPeriodTotals, working: Working): Decision => {
  const { made, recorded } = working.inPath('ledger').closings;
  if (closing !== recorded + 1 || closing > made) return working.unchanged('ledger');
  working.emit({ type: 'PeriodTotalsRecorded', effectiveOn: working.firstOpen(working.today), data: totals });
  return working.decision('ledger');
};

const closeOrReopen = (command: ClosePeriod | ReopenPeriod, working: Working): Decision => {
  const { period } = command;
  if (!isPeriod(period)) reject('not-found', `There is no period ${period}; a period is a month such as 2023-10.`);
  const ledger = working.inPath('ledger');
  if (isRepeat(command, ledger)) return working.repeatsLast('ledger');
  return command.type === 'ClosePeriod' ? close(command, ledger, working) : reopen(command, ledger, working);
};

/** Whether a command was carried out before, and nothing was done to any period since. */
const isRepeat = ({ type, period, reason }: ClosePeriod | ReopenPeriod, { lastPeriod: last }: Ledger): boolean =>
  last?.isClosed === (type === 'ClosePeriod') && last.period === period && last.reason === reason;

const close = ({ period, reason }: ClosePeriod, ledger: Ledger, working: Working): Decision => {
  const { closedThrough } = ledger;
  if (isClosed(ledger, period)) {
    reject('already-closed', `The books are closed through ${closedThrough!}, and ${period} with them.`, {
      closedThrough,
    });
  }
  const through = lastDayOf(period);
  if (working.today <= through) {
    reject('period-not-over', `${period} ends on ${through}; close it after that day.`, { lastDay: through });
  }
  working.emit({
    type: 'PeriodClosed',
    effectiveOn: working.today,
    data: { period, closedThrough: through, ...(reason !== undefined && { reason }) },
  });
  return working.decision('ledger');
};

const reopen = ({ period, reason }: ReopenPeriod, ledger: Ledger, working: Working): Decision => {
  const { closedThrough } = ledger;
  if (!isClosed(ledger, period)) {
    const detail = `${period} is not closed; ${closedThrough === undefined ? 'no period is' : `the books are closed through ${closedThrough}`}.`;
    reject('period-not-closed', detail, { closedThrough });
  }
  if (lastDayOf(period) !== closedThrough) {
    const last = closedThrough!.slice(0, 7);
    reject('not-the-last-period', `${last} is closed too; reopen it first, and so on back to ${period}.`, { last });
  }
  // The months before it were closed by the same closing or an earlier one, and stay so.
  working.emit({
    type: 'PeriodReopened',
    effectiveOn: working.firstOpen(working.today),
    data: { period, closedThrough: addDays(firstDayOf(period), -1), ...(reason !== undefined && { reason }) },
  });
  return working.decision('ledger');
};
