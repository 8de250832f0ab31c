import { creditMovementsOf } from '../domain/credit-source.js';
import type { Document } from '../domain/documents.js';
import { type Movement, movementsOf } from '../domain/open-item.js';

/** A change of what we owe on one item, from a day on. Amounts in minor units, above zero where we owe more. */
export interface SubledgerLine extends Movement {
  /** Of the event. */
  readonly position: number;
  /** Which of the event's lines it is. */
  readonly line: number;
  readonly currency: string;
  readonly vendorId: string;
  readonly itemType: 'invoice' | 'charge' | 'payment' | 'credit-note';
  readonly itemId: string;
  readonly documentDate: string;
  /** The kind that an invoice bears itself. */
  readonly kind: string | undefined;
}

const movementsOfDocument = (document: Document | undefined): Movement[] => {
  if (document?.kind === 'invoice' || document?.kind === 'charge') return movementsOf(document);
  return document?.kind === 'payment' || document?.kind === 'credit-note' ? creditMovementsOf(document) : [];
};

/**
 * What one event changes in what we owe on one item, as lines that are added and never updated: what is open after it
 * minus what was open before it, over all days. A report as of D, known at position P, is thus a plain sum over
 * `effective_on <= D` and `position <= P`, also after a backdated payment that moves later settlement.
 *
 * @param before the document without the event, `undefined` if the event makes it
 * @param after  the document with it
 * @param position of the event
 * @param firstLine how many lines other documents have of the event already
 */
export const subledgerLinesOf = (
  before: Document | undefined,
  after: Document | undefined,
  position: number,
  firstLine: number,
): SubledgerLine[] => {
  if (
    after?.kind !== 'invoice' &&
    after?.kind !== 'charge' &&
    after?.kind !== 'payment' &&
    after?.kind !== 'credit-note'
  )
    return [];
  const documentDate = 'documentDate' in after ? after.documentDate : after.date;
  const kind = after.kind === 'invoice' ? after.posted.kind : undefined;
  // Field by field: to spread objects into each other takes many times as long, and all books are made of these.
  return difference(movementsOfDocument(before), movementsOfDocument(after)).map((movement, n) => ({
    position,
    line: firstLine + n,
    effectiveOn: movement.effectiveOn,
    originalDueOn: movement.originalDueOn,
    dueOn: movement.dueOn,
    plannedOn: movement.plannedOn,
    owed: movement.owed,
    held: movement.held,
    disputed: movement.disputed,
    currency: after.currency,
    vendorId: after.vendorId,
    itemType: after.kind,
    itemId: after.id,
    documentDate,
    kind,
  }));
};

const difference = (before: readonly Movement[], after: readonly Movement[]): Movement[] => {
  if (before.length === 0) return [...after];
  const cells = new Map<string, Movement>();
  const add = (movements: readonly Movement[], sign: 1n | -1n): void => {
    for (const movement of movements) {
      const { effectiveOn, originalDueOn, dueOn, plannedOn } = movement;
      const key = `${effectiveOn}/${originalDueOn}/${dueOn}/${plannedOn}`;
      const cell = cells.get(key) ?? { ...movement, owed: 0n, held: 0n, disputed: 0n };
      cells.set(key, {
        ...cell,
        owed: cell.owed + sign * movement.owed,
        held: cell.held + sign * movement.held,
        disputed: cell.disputed + sign * movement.disputed,
      });
    }
  };
  add(before, -1n);
  add(after, 1n);
  return [...cells.values()].filter(({ owed, held, disputed }) => owed !== 0n || held !== 0n || disputed !== 0n);
};
