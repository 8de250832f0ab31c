import { latest, type LocalDate } from './calendar.js';
import type { Working } from './decision.js';
import type { Item } from './open-item.js';
import { reject } from './rejection.js';

/** An order to reverse a document: on a day, by default as rule 8 says. */
export type Reverse<T extends string, Id extends string> = {
  readonly type: T;
  readonly reason: string;
  readonly on?: LocalDate;
} & Readonly<Record<Id, string>>;

interface Leaning {
  readonly on: LocalDate;
  readonly endedOn?: LocalDate;
}

/** @throws {Rejection} `already-reversed` */
export const mustNotBeReversed = (reversal: { readonly on: LocalDate } | undefined): void => {
  if (reversal)
    reject('already-reversed', `It was reversed on ${reversal.on}; nothing is left to reverse.`, { on: reversal.on });
};

/**
 * The day on which a reversal takes effect (contract, rule 8).
 *
 * @param on       as given; without it the original date, the first open day or the day on which the last of what
 *                 leans on the document ended, whichever is latest
 * @param original the document's own date
 * @param leaning  what leans on the document, all of it ended
 * @throws {Rejection} `before-original`, `still-in-use`, `period-closed`
 */
export const reversalDay = (
  working: Working,
  on: LocalDate | undefined,
  original: LocalDate,
  leaning: readonly Leaning[],
): LocalDate => {
  // What ended on the day it began was never in effect: nothing leaned on the document then.
  const inUseUntil = latest(original, ...leaning.filter((one) => one.endedOn! > one.on).map(({ endedOn }) => endedOn));
  if (on === undefined) return working.firstOpen(inUseUntil);
  if (on < original)
    reject('before-original', `The document is of ${original}; it cannot be reversed before that day.`, {
      on,
      original,
    });
  if (on < inUseUntil) {
    reject(
      'still-in-use',
      `Something that leans on the document was in effect until ${inUseUntil}; reverse it on that day or later.`,
      { on, inUseUntil },
    );
  }
  return working.mustBeOpen(on);
};

/**
 * The rules for reversing an invoice or a charge.
 *
 * @returns the day on which it takes effect
 * @throws {Rejection} `already-reversed`, `has-allocations`, and those of `reversalDay`
 */
export const reverseItem = (command: { readonly on?: LocalDate }, item: Item, working: Working): LocalDate => {
  mustNotBeReversed(item.reversal);
  const inForce = item.reductions
    .filter(({ endedOn }) => endedOn === undefined)
    .map(({ document }) => document.slice(document.indexOf('/') + 1));
  if (inForce.length > 0) {
    reject('has-allocations', 'Reverse its allocations and write-offs first.', { allocations: inForce });
  }
  return reversalDay(working, command.on, item.owedFrom, item.reductions);
};
