import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { histories, play } from '../../test/support/domain-histories.js';
import { Plain } from '../../test/support/domain-plain.js';
import { after, closed, defer, invoice, withdraw } from '../../test/support/domain.js';
import { sampleSize } from '../../test/support/seed.js';
import type { Command } from '../domain/decider.js';
import type { DataOf, RecordedEvent } from '../domain/events.js';
import { formatMinor } from '../domain/money.js';
import { Rules } from './rules.js';

type Totals = DataOf<'PeriodTotalsRecorded'>;
type Closed = Extract<RecordedEvent, { type: 'PeriodClosed' }>;

const root = Buffer.alloc(32, 7);

/** The first and the last day late of each bucket. */
const buckets = {
  notDue: [-Infinity, 0],
  '1-30': [1, 30],
  '31-60': [31, 60],
  '61-90': [61, 90],
  'over-90': [91, Infinity],
} as const;

/** What a closing closes the books with, from the plain books: one minor unit at a time. */
const totalsOf = (events: readonly RecordedEvent[], { position, data }: Closed): Totals => {
  const known = events.filter((event) => event.position <= position);
  const { period, closedThrough: asOf } = data;
  const plain = new Plain();
  for (const event of known) plain.add(event);
  const before = known
    .slice(0, -1)
    .filter((event) => event.type === 'PeriodClosed' || event.type === 'PeriodReopened')
    .at(-1)?.data.closedThrough;
  const from = before ? new Date(Date.parse(before) + 86_400_000).toISOString().slice(0, 10) : null;
  const currencies = [...new Set(plain.things.map(({ currency }) => currency))].sort().flatMap((currency) => {
    const text = (minor: number): string => formatMinor(BigInt(minor), currency);
    const parts: { amount: number; late: number }[] = [];
    let [owed, onAccount] = [0, 0];
    const add = (amount: number, due: string): void => {
      parts.push({ amount, late: Math.round((Date.parse(asOf) - Date.parse(due)) / 86_400_000) });
    };
    for (const thing of plain.things.filter((one) => one.currency === currency)) {
      const left = plain.worthOf(thing, asOf) - plain.takenOf(thing.name, asOf);
      if (thing.owed) {
        owed += left;
        if (left === 0) continue;
        for (const [days, cell] of plain.cellsOf(thing.name, asOf)) add(cell.owed, days.split(' ')[1]!);
      } else {
        onAccount += left;
        add(-left, thing.on);
      }
    }
    const late = ([first, last]: readonly [number, number]): string =>
      text(
        parts.filter((part) => part.late >= first && part.late <= last).reduce((sum, { amount }) => sum + amount, 0),
      );
    if (owed === 0 && onAccount === 0) return [];
    const ageing = {
      notDue: late(buckets.notDue),
      '1-30': late(buckets['1-30']),
      '31-60': late(buckets['31-60']),
      '61-90': late(buckets['61-90']),
      'over-90': late(buckets['over-90']),
      total: text(owed - onAccount),
    };
    const controlAccount = text(plain.owedOn(asOf).get(currency)!);
    return [{ currency, controlAccount, owed: text(owed), onAccount: text(onAccount), ageing }];
  });
  const inPeriod = known.filter((event) => event.effectiveOn <= asOf && event.effectiveOn >= (from ?? '')).length;
  return {
    period,
    closedFrom: from,
    closedThrough: asOf,
    position,
    events: { recorded: position, inPeriod },
    currencies,
    checkpoint: { size: position, root: root.toString('base64') },
  };
};

const recorded = (closing: Closed, data: Totals): RecordedEvent => ({
  type: 'PeriodTotalsRecorded',
  effectiveOn: '2024-08-01',
  data,
  position: 999,
  id: 'totals',
  recordedAt: '2024-08-01T09:00:00.000000Z',
  actor: { id: 'duebook', role: 'admin' },
  correlationId: `totals of ${closing.position}`,
  causationId: closing.id,
});

/** What is found in the totals of each closing of a history, and how many closings have none in the end. */
const judged = (
  events: readonly RecordedEvent[],
  totalsFor: (closing: Closed) => RecordedEvent | undefined = (closing) => recorded(closing, totalsOf(events, closing)),
): { faults: string[]; withoutTotals: number; made: number } => {
  const rules = new Rules(() => root);
  const faults = events.flatMap((event) => {
    rules.judge(event);
    const totals = event.type === 'PeriodClosed' ? totalsFor(event) : undefined;
    return totals ? rules.judge(totals) : [];
  });
  return { faults, ...rules.closings };
};

describe('the totals of closings', () => {
  it('are those of the plain books, at every closing of any history', () =>
    fc.assert(
      fc.property(histories, fc.constantFrom('2024-01-31', '2024-04-30', '2024-07-31'), (history, last) => {
        const { books } = play(history);
        if ((books.find('ledger')?.closedThrough ?? '') < last) books.take(closed(last));
        const { faults, made, withoutTotals } = judged(books.events);
        expect(faults).toEqual([]);
        expect(withoutTotals).toBe(0);
        expect(made).toBe(books.events.filter(({ type }) => type === 'PeriodClosed').length);
      }),
      { numRuns: sampleSize(150, 5_000) },
    ));

  it('are named where they differ, each figure of them', () => {
    const { events } = after(invoice('I1', '120.00', { dueDate: '2024-01-20' }), closed('2024-01-31'));
    const differing = (change: (data: any) => void): string[] =>
      judged(events, (closing) => {
        const data = structuredClone(totalsOf(events, closing));
        change(data);
        return recorded(closing, data);
      }).faults;
    expect(differing(() => undefined)).toEqual([]);
    expect(differing((data) => (data.currencies[0].ageing['1-30'] = '119.99'))).toEqual([
      'says that USD ageing 1-30 is 119.99, and by the lines up to its closing it is 120.00',
    ]);
    expect(differing((data) => (data.currencies[0].controlAccount = '0.00'))).toEqual([
      'says that USD controlAccount is 0.00, and by the lines up to its closing it is 120.00',
    ]);
    expect(differing((data) => (data.currencies = []))).toEqual(
      expect.arrayContaining([
        'says that the list of currencies is empty, and by the lines up to its closing it is USD',
        'says that USD owed is missing, and by the lines up to its closing it is 120.00',
      ]),
    );
    expect(differing((data) => data.currencies.push(data.currencies[0]))).toEqual([
      'says that the list of currencies is USD, USD, and by the lines up to its closing it is USD',
    ]);
    expect(differing((data) => (data.events.recorded = 9))).toHaveLength(1);
    expect(differing((data) => (data.events.inPeriod = 9))).toHaveLength(1);
    expect(differing((data) => (data.checkpoint.root = 'x'))).toHaveLength(1);
    expect(differing((data) => (data.checkpoint.size = 2))).toHaveLength(1);
    expect(differing((data) => (data.closedThrough = '2024-01-30'))).toHaveLength(1);
    expect(differing((data) => (data.closedFrom = '2024-01-01'))).toHaveLength(1);
    expect(differing((data) => delete data.currencies[0].owed)).toHaveLength(1);
    expect(differing((data) => delete data.currencies)).toEqual([expect.stringContaining("can't be read")]);
  });

  it('may be missing, which is counted, and are of the closing that they name', () => {
    const { events } = after(closed('2023-12-31'), closed('2024-01-31'));
    expect(judged(events, () => undefined)).toEqual({ faults: [], made: 2, withoutTotals: 2 });
    const [first, second] = events.filter((event) => event.type === 'PeriodClosed');
    const rules = new Rules(() => root);
    for (const event of events) rules.judge(event);
    expect(rules.closings).toEqual({ made: 2, withoutTotals: 2 });
    // Recorded late, and in the order of the closings.
    expect(rules.judge(recorded(second!, totalsOf(events, first!)))).toEqual([
      `is not caused by the closing at position ${first!.position}`,
    ]);
    expect(rules.judge(recorded(second!, totalsOf(events, second!)))).toEqual([]);
    expect(rules.closings).toEqual({ made: 2, withoutTotals: 0 });
    expect(rules.judge(recorded(second!, totalsOf(events, second!)))).toEqual([
      'is of no closing, or of one whose totals are recorded already',
    ]);
  });

  it('age what was passed over by a deferral, and what a withdrawal puts back, by their own days', () => {
    const in2 = [
      { dueOn: '2024-01-10', amount: '50.00' },
      { dueOn: '2024-01-31', amount: '70.00' },
    ];
    const posted = invoice('I1', '120.00', { postingDate: '2024-01-05', schedule: in2 });
    const deferral = defer('D1', 'I1', '2024-06-30', { agreed: true, amount: '60.00', on: '2024-01-20' });
    const late = (...steps: Command[]) => {
      const { events } = after(...steps, closed('2024-02-29'));
      const found: string[] = [];
      judged(events, (closing) => {
        const { currencies } = totalsOf(events, closing);
        const { notDue, '1-30': first, '31-60': second } = currencies[0]!.ageing;
        found.push(`${notDue} ${first} ${second}`);
        return recorded(closing, totalsOf(events, closing));
      }).faults.forEach((fault) => found.push(fault));
      return found;
    };
    expect(late(posted)).toEqual(['0.00 70.00 50.00']);
    expect(late(posted, deferral)).toEqual(['60.00 60.00 0.00']);
    expect(late(posted, deferral, withdraw('D1', 'I1', { on: '2024-02-15' }))).toEqual(['0.00 70.00 50.00']);
  });

  it('age what stays in front of what a plan moves, by its own day', () => {
    const { events } = after(invoice('I1', '120.00', { dueDate: '2024-01-20' }));
    const moved = (beyond: string, amount: string) => ({
      ...events.at(-1)!,
      type: 'PaymentDeferred' as const,
      effectiveOn: '2024-01-25',
      position: events.length + 1,
      id: 'moved',
      correlationId: 'moved',
      data: {
        deferralId: 'D1',
        invoiceId: 'I1',
        vendorId: 'V1',
        currency: 'USD',
        amount,
        beyond,
        until: '2024-06-30',
        agreed: true,
        reason: 'x',
        on: '2024-01-25',
      },
    });
    const closing: Closed = {
      ...events.at(-1)!,
      type: 'PeriodClosed',
      effectiveOn: '2024-02-15',
      position: events.length + 2,
      id: 'closing',
      correlationId: 'closing',
      data: { period: '2024-01', closedThrough: '2024-01-31' },
    };
    const right = totalsOf(events.concat(closing), closing);
    const data = {
      ...right,
      currencies: [
        { ...right.currencies[0]!, ageing: { ...right.currencies[0]!.ageing, notDue: '70.00', '1-30': '50.00' } },
      ],
    };
    const rules = new Rules(() => root);
    for (const event of [...events, moved('50.00', '70.00'), closing]) expect(rules.judge(event)).toEqual([]);
    const inPeriod = right.events.inPeriod + 1;
    expect(rules.judge(recorded(closing, { ...data, events: { ...data.events, inPeriod } }))).toEqual([]);
  });
});
