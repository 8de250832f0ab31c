/**
 * No history exists in which a person paid what they alone entered and approved, in which an unapproved or held bill was
 * paid, or in which a closed period changed. The expected side knows events and nothing of the domain.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { controlHistories, playControl } from '../../test/support/control-histories.js';
import { breachesIn } from '../../test/support/control-oracle.js';
import {
  after,
  allocated,
  approve,
  by,
  closed,
  creditNote,
  event,
  hold,
  invoice,
  payment,
  policy,
} from '../../test/support/domain.js';
import { Plain } from '../../test/support/domain-plain.js';
import { sampleSize } from '../../test/support/seed.js';
import { documentsOf, type DocumentName, type RecordedEvent } from './events.js';
import { evolve, type Document } from './documents.js';
import { movementsOf } from './open-item.js';
import { creditMovementsOf } from './credit-source.js';

/** Everything that a report could say as of a day, from the plain books. */
const plainFigures = (plain: Plain, day: string): string =>
  JSON.stringify(
    plain.things
      .map((thing) => [
        thing.name,
        plain.worthOf(thing, day),
        plain.takenOf(thing.name, day),
        thing.owed && plain.worthOf(thing, day) > 0 ? [...plain.cellsOf(thing.name, day)].sort() : [],
      ])
      .filter(([, worth, taken]) => worth !== 0 || taken !== 0),
  );

/** And from the lines that the books are folded to: what each item moves up to a day, by its three days. */
const bookedFigures = (documents: ReadonlyMap<DocumentName, Document>, day: string): string => {
  const moved = [...documents.values()].flatMap((document) => {
    const isItem = document.kind === 'invoice' || document.kind === 'charge';
    const isCredit = document.kind === 'payment' || document.kind === 'credit-note';
    const movements = isItem ? movementsOf(document) : isCredit ? creditMovementsOf(document) : [];
    return movements.filter(({ effectiveOn }) => effectiveOn <= day).map((one) => [document.kind, one] as const);
  });
  return JSON.stringify(moved, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
};

/** The figures as of the closed day and as of one before it, at every position while the books are closed. */
const changesWhileClosed = (events: readonly RecordedEvent[]): string[] => {
  const changes: string[] = [];
  const plain = new Plain();
  const documents = new Map<DocumentName, Document>();
  let closing: { readonly days: readonly string[]; readonly figures: string } | undefined;
  for (const one of events) {
    plain.add(one);
    for (const name of documentsOf(one)) documents.set(name, evolve(name, documents.get(name), one)!);
    const figures = (days: readonly string[]): string =>
      days.map((day) => `${day}: ${plainFigures(plain, day)} ${bookedFigures(documents, day)}`).join('\n');
    if (one.type === 'PeriodClosed' || one.type === 'PeriodReopened') {
      const { closedThrough } = one.data;
      const days = closedThrough === null ? [] : [closedThrough, `${closedThrough.slice(0, 8)}12`];
      closing = closedThrough === null ? undefined : { days, figures: figures(days) };
    } else if (closing && figures(closing.days) !== closing.figures) {
      changes.push(`${one.position} ${one.type} changes what the books say as of ${closing.days.join(' or ')}`);
    }
  }
  return changes;
};

describe('in any history', () => {
  it('nobody paid what they alone entered and approved, and no unapproved or held bill was paid', () =>
    fc.assert(
      fc.property(controlHistories, (history) => {
        expect(breachesIn(playControl(history).books.events)).toEqual([]);
      }),
      { numRuns: sampleSize(300, 20_000) },
    ));

  it('nothing changes as of a closed day while it is closed', () =>
    fc.assert(
      fc.property(controlHistories, (history) => {
        expect(changesWhileClosed(playControl(history).books.events)).toEqual([]);
      }),
      { numRuns: sampleSize(60, 3_000) },
    ));
});

describe('these histories', () => {
  it('try what is not allowed, and do what is', () => {
    const refused = new Map<string, number>();
    const done = { paid: 0, paidByTwo: 0, paidApproved: 0, closed: 0, reopened: 0, recordedWhileClosed: 0 };
    for (const history of fc.sample(controlHistories, { numRuns: 300, seed: 1 })) {
      const { books, refusals } = playControl(history);
      for (const [code, times] of refusals) refused.set(code, (refused.get(code) ?? 0) + times);
      let [isClosed, takesTwo, isLimited] = [false, false, false];
      for (const { type, data } of books.events) {
        if (type === 'PolicySet')
          [takesTwo, isLimited] = [data.twoPersonPayment === true, data.approvalAbove.length > 0];
        if (type === 'PeriodClosed' || type === 'PeriodReopened') isClosed = data.closedThrough !== null;
        if (type === 'PeriodClosed') done.closed += 1;
        if (type === 'PeriodReopened') done.reopened += 1;
        if (isClosed) done.recordedWhileClosed += 1;
        if (type !== 'Allocated' || !('paymentId' in data.from)) continue;
        done.paid += 1;
        if (takesTwo) done.paidByTwo += 1;
        if (isLimited) done.paidApproved += 1;
      }
    }
    for (const code of ['segregation-of-duties', 'not-approved', 'on-hold', 'period-closed', 'already-approved'])
      expect([code, (refused.get(code) ?? 0) > 20]).toEqual([code, true]);
    for (const [what, times] of Object.entries(done)) expect([what, times > 20]).toEqual([what, true]);
  });
});

describe('what would be a breach', () => {
  const two = policy({ twoPersonPayment: true });
  const paid = [payment('P1', '1.00'), allocated('A1', 'P1', 'I1', '1.00', '2024-02-15')] as const;
  const approvedAnyway = event('InvoiceApproved', '2024-02-15', { invoiceId: 'I1', vendorId: 'V1' });
  const late = event('InvoiceHeld', '2024-01-15', { invoiceId: 'I1', vendorId: 'V1', on: '2024-01-15', reason: 'x' });

  it.each([
    ['paid by whoever entered it', [two, invoice('I1', '1.00'), ...paid], 'who alone entered and approved it'],
    [
      'paid by whoever entered it, with a payment of somebody else',
      [two, invoice('I1', '1.00'), by('bob'), payment('P1', '1.00'), by('ann'), paid[1]],
      'who alone entered and approved it',
    ],
    [
      'paid by whoever approved it',
      [two, invoice('I1', '1.00'), by('bob'), approve('I1'), ...paid],
      'who alone approved it',
    ],
    ['approved by whoever entered it', [invoice('I1', '1.00'), approvedAnyway], 'by whoever entered it'],
    [
      'approved by whoever corrected it',
      [invoice('I1', '2.00'), by('bob'), creditNote('N1', '1.00', { allocations: [['I1', '1.00']] }), approvedAnyway],
      'by whoever corrected it',
    ],
    [
      'approved by whoever paid it',
      [invoice('I1', '1.00'), by('bob'), ...paid, two, approvedAnyway],
      'by whoever paid it, where it takes two',
    ],
    [
      'paid without an approval',
      [policy({ approvalAbove: [{ currency: 'USD', amount: '0.99' }] }), invoice('I1', '1.00'), ...paid],
      'paid before it was approved',
    ],
    ['paid while on hold', [invoice('I1', '1.00'), hold('I1'), ...paid], 'paid while it was on hold'],
    ['in a closed period', [invoice('I1', '1.00'), closed('2024-01-31'), late], 'closed through 2024-01-31'],
  ] as const)('is seen: %s', (_, steps, breach) => {
    expect(breachesIn(after(...steps).events)).toContainEqual(expect.stringContaining(breach));
  });

  it('is seen: figures of a closed day that change', () => {
    const posted = after(invoice('I1', '1.00', { invoiceDate: '2024-01-10' })).events.at(-1)!;
    const { events } = after(closed('2024-01-31'));
    expect(changesWhileClosed([...events, { ...posted, position: events.length + 1 }])).toHaveLength(1);
    expect(changesWhileClosed(after(invoice('I1', '1.00'), closed('2024-01-31'), late).events)).toHaveLength(1);
  });
});
