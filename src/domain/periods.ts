import { addDays, isLocalDate, lastDay, type LocalDate } from './calendar.js';
import type { Decision, Working } from './decision.js';
import type { Ledger } from './documents.js';
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
export type PeriodCommand = ClosePeriod | ReopenPeriod;

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

export const decidePeriod = (command: PeriodCommand, working: Working): Decision => {
  const { period } = command;
  if (!isPeriod(period)) reject('not-found', `There is no period ${period}; a period is a month such as 2023-10.`);
  const ledger = working.inPath('ledger');
  if (isRepeat(command, ledger)) return working.repeatsLast('ledger');
  return command.type === 'ClosePeriod' ? close(command, ledger, working) : reopen(command, ledger, working);
};

/** Whether a command was carried out before, and nothing was done to any period since. */
const isRepeat = ({ type, period, reason }: PeriodCommand, { lastPeriod: last }: Ledger): boolean =>
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
