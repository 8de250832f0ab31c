import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  after,
  allocate,
  allocated,
  type Books,
  changeVendor,
  charge,
  creditNote,
  given,
  invoice,
  payment,
  reverse,
} from '../../test/support/domain.js';
import { sampleSize } from '../../test/support/seed.js';
import type { Command } from './decider.js';
import { Rejection } from './rejection.js';

/** 2/10 net 30 if nothing else is said; an invoice of 2024-01-10 earns it until 2024-01-20. */
const terms = (percent = '2', days = 10): Command =>
  changeVendor('V1', { terms: { netDays: 30, discount: { percent, days } } });
/** A sixth of it tax. */
const taxed = (id: string, net: string, tax: string, total: string, more = {}): Command =>
  invoice(id, total, { lines: [{ amount: net, tax }], ...more });
const early = (id: string, amount: string, more = {}): Command =>
  payment(id, amount, { paidOn: '2024-01-20', ...more });
const books = [terms(), taxed('I1', '100', '20', '120')] as const;

describe('a settlement discount', () => {
  it('is taken on its last day, and says how much of it is tax', () =>
    given(...books, early('P1', '117.60'))
      .when(allocate('A1', 'P1', 'I1', '117.60', { discount: '2.40' }))
      .then(allocated('A1', 'P1', 'I1', '117.60', '2024-01-20', { discount: '2.40', discountTax: '0.40' })));
  it('is refused a day later, with the last day', () =>
    given(...books)
      .when(payment('P1', '117.60', { paidOn: '2024-01-21', allocations: [['I1', '117.60', '2.40']] }))
      .thenRejected('discount-expired', { lastDay: '2024-01-20', paidOn: '2024-01-21' }));
  it('goes by the day of the payment, not by that of the allocation', () =>
    given(...books, early('P1', '117.60'))
      .when(allocate('A1', 'P1', 'I1', '117.60', { discount: '2.40', on: '2024-02-10' }))
      .then(allocated('A1', 'P1', 'I1', '117.60', '2024-02-10', { discount: '2.40', discountTax: '0.40' })));
  it('goes by the invoice date, not by that of posting, whatever the due date', () =>
    given(terms(), taxed('I1', '100', '20', '120', { postingDate: '2024-01-25', dueDate: '2024-01-31' }))
      .when(payment('P1', '117.60', { paidOn: '2024-01-21', allocations: [['I1', '117.60', '2.40']] }))
      .thenRejected('discount-expired', { lastDay: '2024-01-20' }));
  it('of no days is for what is paid on the invoice date', () => {
    const steps = [terms('2', 0), taxed('I1', '100', '20', '120')] as const;
    const on = (paidOn: string) => payment('P1', '98', { paidOn, allocations: [['I1', '98', '2']] });
    expect(after(...steps, on('2024-01-10')).open('I1', '2024-01-10')).toBe('20.00');
    given(...steps)
      .when(on('2024-01-11'))
      .thenRejected('discount-expired', { lastDay: '2024-01-10' });
  });
  it('is for ever where its last day would be past the last that there is', () =>
    expect(
      after(
        terms('2', 3_650),
        invoice('I1', '100', { invoiceDate: '9999-12-01', dueDate: '9999-12-02' }),
        payment('P1', '98', { paidOn: '9999-12-31', allocations: [['I1', '98', '2']] }),
      ).open('I1', '9999-12-31'),
    ).toBe('0.00'));
  it('keeps to the terms of the day of posting', () =>
    expect(
      after(...books, terms('0.50', 3), early('P1', '117.60', { allocations: [['I1', '117.60', '2.40']] })).open(
        'I1',
        '2024-01-20',
      ),
    ).toBe('0.00'));
  it('may be less than the terms give', () =>
    expect(after(...books, early('P1', '118', { allocations: [['I1', '118', '2']] })).open('I1', '2024-01-20')).toBe(
      '0.00',
    ));
  it('a cent above what the terms give is refused', () =>
    given(...books)
      .when(early('P1', '117.59', { allocations: [['I1', '117.59', '2.41']] }))
      .thenRejected('over-discounted', { allowed: '2.40', asked: '2.41', settled: '120.00' }));
  it('of a part is the share of that part', () => {
    given(...books, early('P1', '49'))
      .when(allocate('A1', 'P1', 'I1', '49', { discount: '1.01' }))
      .thenRejected('over-discounted', { allowed: '1.00', settled: '50.01' });
    given(...books, early('P1', '49', { allocations: [['I1', '49']] }), early('P2', '49'))
      .when(allocate('A1', 'P2', 'I1', '49', { discount: '2' }))
      .thenRejected('over-discounted', { allowed: '1.02' });
  });
  it('gains nothing by being rounded in parts', () => {
    const quarter = (id: string) => early(id, '0.24', { allocations: [['I1', '0.24', '0.01']] });
    const steps = [terms(), invoice('I1', '1'), quarter('P1')] as const;
    given(...steps)
      .when(quarter('P2'))
      .thenRejected('over-discounted', { allowed: '0.00' });
    given(...steps, early('P2', '0.25', { allocations: [['I1', '0.25']] }))
      .when(quarter('P3'))
      .thenRejected('over-discounted', { allowed: '0.00' });
  });
  it('is rounded half up', () => {
    const half = (id: string) => early(id, '0.73', { allocations: [['I1', '0.73', '0.02']] });
    expect(after(terms(), invoice('I1', '0.75'), half('P1')).open('I1', '2024-01-20')).toBe('0.00');
    given(terms('1.99'), invoice('I1', '0.75')).when(half('P1')).thenRejected('over-discounted', { allowed: '0.01' });
  });
  it('that was taken back can be taken again', () =>
    given(...books, early('P1', '117.60', { allocations: [['I1', '117.60', '2.40']] }), reverse('P1.1'))
      .when(allocate('A2', 'P1', 'I1', '117.60', { discount: '2.40' }))
      .then(allocated('A2', 'P1', 'I1', '117.60', '2024-01-20', { discount: '2.40', discountTax: '0.40' })));
  it('is not for a credit note', () =>
    given(...books, creditNote('N1', '100'))
      .when(allocate('A1', 'N1', 'I1', '98', { discount: '2' }))
      .thenMalformed('/discount'));

  it.each([
    ['an invoice without terms', [taxed('I1', '100', '20', '120')], 'I1', '5.00'],
    [
      'an invoice with terms without one',
      [changeVendor('V1', { terms: { netDays: 30 } }), taxed('I1', '100', '20', '120')],
      'I1',
      '5.00',
    ],
    ['a charge, which has no tax', [terms(), charge('C1', '120')], 'C1', '0.00'],
  ] as const)('of %s is what the vendor grants, whenever that is', (_, steps, item, discountTax) =>
    given(...steps, payment('P1', '90'))
      .when(allocate('A1', 'P1', item, '90', { discount: '30' }))
      .then(allocated('A1', 'P1', item, '90.00', '2024-02-01', { discount: '30.00', discountTax })),
  );
});

describe('the tax in a discount', () => {
  const taxesOf = (done: Books): (string | undefined)[] =>
    done.events.flatMap(({ type, data }) => (type === 'Allocated' ? [data.discountTax] : []));
  const three = (id: string): Command => early(id, '39.20', { allocations: [['I1', '39.20', '0.80']] });

  it('of the parts adds up to that of the whole', () =>
    expect(taxesOf(after(...books, three('P1'), three('P2'), three('P3')))).toEqual(['0.13', '0.14', '0.13']));
  it.each([
    ['is none where the taxes are below zero', [{ amount: '130', tax: '-10' }], '0.00'],
    ['is all of it where the taxes exceed the total', [{ amount: '130', tax: '30' }, { amount: '-40' }], '0.60'],
    ['is all of it where it is a bill of nothing but tax', [{ amount: '0', tax: '120' }], '2.40'],
  ] as const)('%s', (_, lines, tax) => {
    const done = after(
      terms(),
      invoice('I1', '120', { lines }),
      early('P1', '117.60', { allocations: [['I1', '117.60', '2.40']] }),
    );
    expect(taxesOf(done)).toEqual([tax]);
  });
  it('does not make up for discounts of before it was parted', () => {
    const old = allocated('A0', 'P1', 'I1', '58.80', '2024-01-20', { discount: '1.20' });
    const done = after(...books, early('P1', '117.60'), old, allocate('A1', 'P1', 'I1', '58.80', { discount: '1.20' }));
    expect(taxesOf(done)).toEqual([undefined, '0.20']);
  });
});

describe('over any split of payments', () => {
  const parts = fc.array(
    fc.record({ cents: fc.integer({ min: 1, max: 4_000 }), wish: fc.integer({ min: 0, max: 120 }) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  );
  const cases = fc.record({
    /** In hundredths of one per cent. */
    percent: fc.integer({ min: 1, max: 10_000 }),
    net: fc.integer({ min: 1, max: 9_999 }),
    tax: fc.integer({ min: 0, max: 2_500 }),
    parts,
    back: fc.nat(12),
  });
  const money = (cents: number): string => (cents / 100).toFixed(2);

  interface Part {
    readonly off: number;
    readonly tax: number;
    readonly settled: number;
  }

  /** Pays an invoice in parts, each with about the discount that it may have; what is refused is left out. */
  const settle = ({
    percent,
    net,
    tax,
    parts: wanted,
    back,
  }: typeof cases extends fc.Arbitrary<infer T> ? T : never) => {
    const total = net + tax;
    const done = after(terms(money(percent)), taxed('I1', money(net), money(tax), money(total)));
    wanted.forEach(({ cents, wish }, n) => {
      const off = Math.round((cents * percent * wish) / 1_000_000);
      if (off === 0 || off >= cents) return;
      try {
        done.take(early(`P${n}`, money(cents), { allocations: [['I1', money(cents - off), money(off)]] }));
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
      }
      if (back === n && done.find(`allocation/P${n}.1`)) done.take(reverse(`P${n}.1`));
    });
    const made = done.events.flatMap(({ type, data }): Part[] =>
      type === 'Allocated' && !done.get(`allocation/${data.allocationId}`).reversal
        ? [data].map(({ amount, discount, discountTax }) => {
            const [cash, off, ofTax] = [amount, discount!, discountTax!].map((text) => Math.round(Number(text) * 100));
            return { off: off!, tax: ofTax!, settled: cash! + off! };
          })
        : [],
    );
    return { done, total, made, wasReversed: done.events.some(({ type }) => type === 'AllocationReversed') };
  };
  const sumOf = (made: readonly Part[], what: keyof Part): number => made.reduce((sum, part) => sum + part[what], 0);

  it('the discounts are never more than the terms give, and no part takes more than its share', () =>
    fc.assert(
      fc.property(cases, (one) => {
        const { made, total } = settle(one);
        expect(sumOf(made, 'off')).toBeLessThanOrEqual(Math.round((total * one.percent) / 10_000));
        for (const { off, settled } of made) expect(off).toBeLessThan((settled * one.percent) / 10_000 + 0.51);
      }),
      { numRuns: sampleSize(60, 2_000) },
    ));

  it('the tax parts add up to the tax in all of it, and are each within a cent of their share', () =>
    fc.assert(
      fc.property(cases, (one) => {
        const { made, total, wasReversed } = settle(one);
        const all = (sumOf(made, 'off') * one.tax) / total;
        if (!wasReversed) expect(sumOf(made, 'tax')).toBe(Math.floor(all + 0.5));
        for (const { off, tax } of made) {
          expect(tax).toBeLessThanOrEqual(off);
          if (!wasReversed) expect(Math.abs(tax - (off * one.tax) / total)).toBeLessThan(1.01);
        }
      }),
      { numRuns: sampleSize(60, 2_000) },
    ));

  it('what is still open can be paid with the discount that a plan counts on, which is rounded down', () =>
    fc.assert(
      fc.property(cases, (one) => {
        const { done, total, made, wasReversed } = settle(one);
        const open = total - sumOf(made, 'settled');
        const off = Math.floor((open * one.percent) / 10_000);
        if (wasReversed || off === 0 || off === open) return;
        done.take(early('last', money(open), { allocations: [['I1', money(open - off), money(off)]] }));
        expect(done.open('I1', '2024-01-20')).toBe('0.00');
      }),
      { numRuns: sampleSize(60, 2_000) },
    ));
});
