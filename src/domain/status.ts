import type { LocalDate } from './calendar.js';
import { type Item, openInTheEnd } from './open-item.js';
import { openOf } from './schedule.js';

export type ItemStatus = 'open' | 'part-paid' | 'paid' | 'reversed' | 'written-off';

/** Where an item stands, by everything that is recorded whatever its day. */
export const statusOf = (item: Item): ItemStatus => {
  if (item.reversal) return 'reversed';
  const open = openInTheEnd(item);
  if (open === item.total) return 'open';
  if (open > 0n) return 'part-paid';
  return item.reductions.some(({ document, endedOn }) => endedOn === undefined && document.startsWith('write-off/'))
    ? 'written-off'
    : 'paid';
};

/** The day on which the first of what is open falls due by agreement; `undefined` if nothing is open. */
export const nextDueOn = (item: Item): LocalDate | undefined => {
  const { schedule } = item.schedules.at(-1)!;
  const open = openOf(schedule, item.total - openInTheEnd(item));
  return schedule
    .filter((_instalment, place) => open[place]! > 0n)
    .map(({ dueOn }) => dueOn)
    .sort()[0];
};
