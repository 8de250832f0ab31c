import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { after, afterNothingBut, closed, event, given, invoice, ledger, vendor } from '../../test/support/domain.js';
import { consequencesOf, inForceOn, merged, type SetConsequences } from './consequences.js';
import type { Consequences } from './events.js';

const set = (of: SetConsequences['of'], effectiveOn: string, consequences: Consequences = {}): SetConsequences => ({
  type: 'SetConsequences',
  of,
  effectiveOn,
  source: 'the contract',
  consequences,
});
const ofVendor = { vendorId: 'V1' };
const ofInvoice = { invoiceId: 'I1' };

describe('setting what not paying costs', () => {
  it('is recorded of a vendor, every amount in full', () =>
    given()
      .when(
        set(ofVendor, '2024-01-15', {
          tier: 3,
          steps: [{ afterDays: 15, fixed: '100', percent: '2.5' }],
          partial: { allowed: true, minimum: '50' },
          cutoffs: [{ name: 'stop', on: '2024-05-01', overdueDays: 30, tolerance: '0', cost: '9.5', weekly: '1' }],
        }),
      )
      .then(
        event('ConsequencesSet', '2024-01-15', {
          tier: 3,
          steps: [{ afterDays: 15, fixed: '100.00', percent: '2.5' }],
          partial: { allowed: true, minimum: '50.00' },
          cutoffs: [
            { name: 'stop', on: '2024-05-01', overdueDays: 30, tolerance: '0.00', cost: '9.50', weekly: '1.00' },
          ],
          effectiveOn: '2024-01-15',
          source: 'the contract',
        }),
      ));
  it('is recorded of an invoice, in its currency', () =>
    given(invoice('I1', '100', { currency: 'JPY' }))
      .when(set(ofInvoice, '2024-01-15', { steps: [{ afterDays: 0, fixed: '100' }] }))
      .then(
        event('ConsequencesSet', '2024-01-15', {
          invoiceId: 'I1',
          steps: [{ afterDays: 0, fixed: '100' }],
          effectiveOn: '2024-01-15',
          source: 'the contract',
        }),
      ));
  it('may say nothing at all: that takes back what was set before', () =>
    given(set(ofVendor, '2024-01-01', { tier: 0 }))
      .when(set(ofVendor, '2024-02-01'))
      .then(event('ConsequencesSet', '2024-02-01', { effectiveOn: '2024-02-01', source: 'the contract' })));
  it('is possible in a closed period: it changes nothing that we owe', () =>
    given(closed('2024-01-31'))
      .when(set(ofVendor, '2024-01-15'))
      .then(event('ConsequencesSet', '2024-01-15', { effectiveOn: '2024-01-15', source: 'the contract' })));
  it('is refused of a vendor that is not there', () =>
    given()
      .when(set({ vendorId: 'V9' }, '2024-01-15'))
      .thenRejected('not-found'));
  it('is refused of an invoice that is not there', () =>
    given()
      .when(set({ invoiceId: 'I9' }, '2024-01-15'))
      .thenRejected('not-found'));
  it('names every amount with too many decimals', () =>
    given()
      .when(
        set(ofVendor, '2024-01-15', {
          steps: [
            { afterDays: 1, fixed: '1.00' },
            { afterDays: 2, fixed: '1.001' },
          ],
          partial: { allowed: true, minimum: '1.001' },
          cutoffs: [
            { name: 'x', on: '2024-05-01', overdueDays: 0, tolerance: '0.001', cost: '1.001', weekly: '1.001' },
          ],
        }),
      )
      .thenMalformed(
        '/steps/1/fixed',
        '/partial/minimum',
        '/cutoffs/0/tolerance',
        '/cutoffs/0/cost',
        '/cutoffs/0/weekly',
      ));
  it('is refused with a preset whose amounts are in another currency', () =>
    given()
      .when({ ...set(ofVendor, '2024-01-15'), presets: [{ id: 'a' }, { id: 'b', currency: 'GBP' }] })
      .thenRejected('currency-mismatch', { preset: 'GBP', currency: 'USD' }));
  it('takes the amounts of a vendor in the currency of the ledger', () => {
    const books = afterNothingBut(ledger({ currency: 'JPY' }), vendor('V1'));
    expect(() => books.decide(set(ofVendor, '2024-01-15', { steps: [{ afterDays: 0, fixed: '1.5' }] }))).toThrow(
      'malformed',
    );
  });
});

describe('what is in force', () => {
  const record = () =>
    after(
      set(ofVendor, '2024-03-01', { tier: 3 }),
      set(ofVendor, '2024-01-01', { tier: 1 }),
      set(ofVendor, '2024-03-01', { tier: 4 }),
      set(ofVendor, '2024-02-01', { tier: 2 }),
    ).get('vendor-consequences/V1');

  it.each([
    ['2023-12-31', undefined],
    ['2024-01-01', 1],
    ['2024-01-31', 1],
    ['2024-02-01', 2],
    ['2024-02-29', 2],
    ['2024-03-01', 4],
    ['2030-01-01', 4],
  ])('on %s is the set of the latest day, and of one day the last recorded', (asOf, tier) =>
    expect(inForceOn(record(), asOf)?.data.tier).toBe(tier),
  );
  it('is nothing where nothing was set', () => expect(inForceOn(undefined, '2024-01-01')).toBeUndefined());

  it('is what a plain look at all sets says', () => {
    const days = fc.constantFrom('2024-01-01', '2024-01-02', '2024-01-03', '2024-01-04');
    fc.assert(
      fc.property(fc.array(days, { maxLength: 6 }), days, (sets, asOf) => {
        const books = after(...sets.map((day, tier) => set(ofVendor, day, { tier })));
        const known = sets.flatMap((day, tier) => (day <= asOf ? [`${day} ${tier}`] : [])).sort();
        const expected = known.at(-1)?.slice(11);
        expect(inForceOn(books.find('vendor-consequences/V1'), asOf)?.data.tier?.toString()).toBe(expected);
      }),
    );
  });
});

describe('merging', () => {
  it('lets an invoice override its vendor key by key, and leaves it the cut-offs', () => {
    const cutoffs = [{ name: 'stop', on: '2024-05-01', overdueDays: 30, tolerance: '0.00', cost: '9.50' }];
    expect(
      merged(
        { tier: 3, lateInterest: { annualPercent: '18.00' }, steps: [{ afterDays: 1, percent: '1.00' }], cutoffs },
        { tier: 0, steps: [{ afterDays: 2, fixed: '5.00' }] },
      ),
    ).toEqual({
      tier: 0,
      lateInterest: { annualPercent: '18.00' },
      steps: [{ afterDays: 2, fixed: '5.00' }],
      cutoffs,
    });
  });
  it('of nothing is nothing', () => expect(merged(undefined, undefined)).toEqual({}));
  it('leaves out what is about the set and not about the cost', () => {
    const record = after(set(ofVendor, '2024-01-01', { tier: 1 })).get('vendor-consequences/V1');
    expect(consequencesOf(record.versions[0]!.data)).toEqual({ tier: 1 });
  });
});
