import { describe, expect, it } from '@jest/globals';
import {
  after,
  allocate,
  changeVendor,
  closed,
  event,
  given,
  invoice,
  payment,
  reverse,
  today,
  vendor,
  writeOff,
} from '../../test/support/domain.js';
import { normalisedNumber } from './invoices.js';
import type { DataOf } from './events.js';

const data = {
  invoiceId: 'I1',
  number: 'I1',
  invoiceDate: '2024-01-10',
  postingDate: '2024-01-10',
  currency: 'USD',
  lines: [{ amount: '100.00' }],
  total: '100.00',
  schedule: [{ dueOn: '2024-02-10', amount: '100.00' }],
};
const posted = (more: Partial<DataOf<'InvoicePosted'>> = {}) =>
  event('InvoicePosted', more.postingDate ?? '2024-01-10', { ...data, ...more });
const noDueDate = { dueDate: undefined };

describe('posting an invoice', () => {
  it('records it with every amount in full', () => given().when(invoice('I1', '100')).then(posted()));
  it('takes effect on the posting date, and falls due by the invoice date', () =>
    given(vendor('V2', { terms: { netDays: 30 } }))
      .when(invoice('I1', '100', { vendorId: 'V2', postingDate: '2024-02-03', ...noDueDate }))
      .then(
        posted({
          vendorId: 'V2',
          postingDate: '2024-02-03',
          schedule: [{ dueOn: '2024-02-09', amount: '100.00' }],
          terms: { netDays: 30 },
        }),
      ));
  it('keeps what else is said of it', () => {
    const more = {
      kind: 'rent',
      servicePeriod: { from: '2024-01-01', to: '2024-03-31' },
      description: 'Q1',
      allowDuplicate: { reason: 'two halls' },
    };
    given()
      .when(invoice('I1', '100', more))
      .then(posted(more));
  });
  it('keeps accounts and descriptions of its lines, and negative lines', () =>
    given()
      .when(
        invoice('I1', '100', {
          lines: [
            { amount: '120', tax: '5.5', account: 'hosting', description: 'EC2' },
            { amount: '-20', tax: '-5.50' },
          ],
        }),
      )
      .then(
        posted({
          lines: [
            { amount: '120.00', tax: '5.50', account: 'hosting', description: 'EC2' },
            { amount: '-20.00', tax: '-5.50' },
          ],
        }),
      ));

  describe('and its due date', () => {
    const schedule = (dueOn: string) => [{ dueOn, amount: '100.00' }];
    const terms = { netDays: 30, discount: { percent: '2', days: 10 } };

    it('is the day given, whatever the terms; these hold all the same, for the discount', () =>
      given(changeVendor('V1', { terms }))
        .when(invoice('I1', '100', { dueDate: '2024-03-07' }))
        .then(posted({ schedule: schedule('2024-03-07'), terms })));
    it('is else by the terms: over a leap day', () =>
      given(changeVendor('V1', { terms }))
        .when(invoice('I1', '100', { invoiceDate: '2024-01-31', ...noDueDate }))
        .then(
          posted({ invoiceDate: '2024-01-31', postingDate: '2024-01-31', schedule: schedule('2024-03-01'), terms }),
        ));
    it('can be a leap day', () =>
      given(changeVendor('V1', { terms: { netDays: 29 } }))
        .when(invoice('I1', '100', { invoiceDate: '2024-01-31', ...noDueDate }))
        .then(
          posted({
            invoiceDate: '2024-01-31',
            postingDate: '2024-01-31',
            schedule: schedule('2024-02-29'),
            terms: { netDays: 29 },
          }),
        ));
    it('is the invoice date by terms of no days, without a warning', () => {
      const when = given(changeVendor('V1', { terms: { netDays: 0 } })).when(invoice('I1', '100', noDueDate));
      when.then(posted({ schedule: schedule('2024-01-10'), terms: { netDays: 0 } }));
      expect(when.decision.warnings).toEqual([]);
    });
    it('is the invoice date where nothing says otherwise, with a warning', () => {
      const when = given().when(invoice('I1', '100', noDueDate));
      when.then(posted({ schedule: schedule('2024-01-10') }));
      expect(when.decision.warnings).toMatchObject([{ code: 'no-terms' }]);
    });
    it('needs no warning where it is given', () =>
      expect(given().when(invoice('I1', '100')).decision.warnings).toEqual([]));
    it('is the last day there is at most', () =>
      given(changeVendor('V1', { terms: { netDays: 30 } }))
        .when(invoice('I1', '100', { invoiceDate: '9999-12-01', ...noDueDate }))
        .then(
          posted({
            invoiceDate: '9999-12-01',
            postingDate: '9999-12-01',
            schedule: schedule('9999-12-31'),
            terms: { netDays: 30 },
          }),
        ));
    it('is refused a day later', () =>
      given(changeVendor('V1', { terms: { netDays: 30 } }))
        .when(invoice('I1', '100', { invoiceDate: '9999-12-02', ...noDueDate }))
        .thenMalformed('/invoiceDate'));
    it('is frozen: later terms are for later invoices', () => {
      const books = after(
        changeVendor('V1', { terms }),
        invoice('I1', '100', noDueDate),
        changeVendor('V1', { terms: { netDays: 90 } }),
        invoice('I2', '100', noDueDate),
      );
      expect(books.instalments('I1', '2024-01-10')).toEqual(['100.00 due 2024-02-09']);
      expect(books.get('invoice/I1').posted.terms).toEqual(terms);
      expect(books.instalments('I2', '2024-01-10')).toEqual(['100.00 due 2024-04-09']);
    });
  });

  describe('with a schedule', () => {
    const inTwo = (first: string, second: string) => [
      { dueOn: '2024-03-01', amount: first },
      { dueOn: '2024-02-01', amount: second },
    ];

    it('keeps its instalments in the order given', () =>
      given()
        .when(invoice('I1', '100', { schedule: inTwo('33.33', '66.67') }))
        .then(posted({ schedule: inTwo('33.33', '66.67') })));
    it.each(['66.66', '66.68'])('is refused one cent off the total: 33.33 + %s', (second) =>
      given()
        .when(invoice('I1', '100', { schedule: inTwo('33.33', second) }))
        .thenRejected('schedule-mismatch'),
    );
    it('is refused where an instalment is of nothing', () =>
      given()
        .when(invoice('I1', '100', { schedule: inTwo('100', '0.00') }))
        .thenMalformed('/schedule/1/amount'));
    it('is refused where an instalment is negative', () =>
      given()
        .when(invoice('I1', '100', { schedule: inTwo('101', '-1') }))
        .thenMalformed('/schedule/1/amount'));
    it('needs no terms', () =>
      expect(given().when(invoice('I1', '100', { schedule: inTwo('1', '99') })).decision.warnings).toEqual([]));
  });

  it.each([
    ['JPY', '100', ['99', '101']],
    ['USD', '100', ['99.99', '100.01']],
    ['KWD', '100', ['99.999', '100.001']],
    ['CLF', '100', ['99.9999', '100.0001']],
  ])('is refused one minor unit of %s off the sum of its lines', (currency, total, others) => {
    for (const amount of others)
      given()
        .when(invoice('I1', total, { currency, lines: [{ amount }] }))
        .thenRejected('total-mismatch');
    expect(given().when(invoice('I1', total, { currency })).decision.events).toHaveLength(1);
  });
  it('counts the taxes to the total', () =>
    given()
      .when(invoice('I1', '100', { lines: [{ amount: '100', tax: '0.01' }] }))
      .thenRejected('total-mismatch', { total: '100.00', lines: '100.01' }));
  it('sums up what a float can not', () =>
    given()
      .when(invoice('I1', '0.30', { lines: [{ amount: '0.10' }, { amount: '0.20' }] }))
      .then(
        posted({
          total: '0.30',
          lines: [{ amount: '0.10' }, { amount: '0.20' }],
          schedule: [{ dueOn: '2024-02-10', amount: '0.30' }],
        }),
      ));

  it('takes the largest amount there is', () =>
    expect(given().when(invoice('I1', '90071992547409.91')).decision.events).toHaveLength(1));
  it('is refused a cent above it', () =>
    given().when(invoice('I1', '90071992547409.92')).thenMalformed('/total', '/lines/0/amount'));
  it.each(['0', '0.00', '-0.01'])('is refused with a total of %s', (total) =>
    given()
      .when(invoice('I1', total, { lines: [{ amount: total }] }))
      .thenMalformed('/total'),
  );
  it('names every fault at once', () =>
    given()
      .when(
        invoice('I1', '1e3', {
          lines: [{ amount: '+1' }, { amount: '5', tax: '1,0' }, { amount: '1.001' }],
          schedule: [{ dueOn: '2024-02-01', amount: ' 1' }],
        }),
      )
      .thenMalformed('/total', '/lines/0/amount', '/lines/1/tax', '/lines/2/amount', '/schedule/0/amount'));
  it('is refused in decimals that the currency does not have', () =>
    given()
      .when(invoice('I1', '5.0', { currency: 'JPY' }))
      .thenMalformed('/total', '/lines/0/amount'));

  it('is refused for a vendor that is not there', () =>
    given()
      .when(invoice('I1', '100', { vendorId: 'V9' }))
      .thenRejected('unknown-vendor'));
  it.each(['payables', 'on-account', 'cash', 'cash:main', 'discount-received', 'write-off'])(
    'is refused on %s, which the ledger keeps',
    (account) =>
      given()
        .when(invoice('I1', '100', { lines: [{ amount: '60' }, { amount: '40', account }] }))
        .thenRejected('reserved-account', { account }),
  );
  it.each(['expense', 'cash-in-transit', 'Payables'])('may be on %s', (account) =>
    expect(given().when(invoice('I1', '100', { lines: [{ amount: '100', account }] })).decision.events).toHaveLength(1),
  );

  describe('when the books are closed', () => {
    const closing = closed('2024-01-31');
    it('is refused on the last closed day', () =>
      given(closing)
        .when(invoice('I1', '100', { postingDate: '2024-01-31' }))
        .thenRejected('period-closed', { on: '2024-01-31', closedThrough: '2024-01-31' }));
    it('is taken on the first open one, however old its date', () =>
      given(closing)
        .when(invoice('I1', '100', { postingDate: '2024-02-01' }))
        .then(posted({ postingDate: '2024-02-01' })));
  });

  describe('again', () => {
    it('is quiet, also on another day and in a period closed since', () =>
      given(invoice('I1', '100'), closed('2024-01-31'), today('2024-03-01')).when(invoice('I1', '100')).thenNothing());
    it('is quiet where amounts are only written differently', () =>
      given(invoice('I1', '5.00', { lines: [{ amount: '4.50', tax: '0.50' }] }))
        .when(invoice('I1', '5', { lines: [{ amount: '4.5', tax: '0.5' }] }))
        .thenNothing());
    it('is quiet about a schedule written differently', () =>
      given(invoice('I1', '5', { schedule: [{ dueOn: '2024-02-01', amount: '5.00' }] }))
        .when(invoice('I1', '5', { schedule: [{ dueOn: '2024-02-01', amount: '5.0' }] }))
        .thenNothing());
    it('is quiet when paid and reversed in the meantime', () =>
      given(
        invoice('I1', '5'),
        payment('P1', '5', { allocations: [['I1', '5']] }),
        reverse('P1'),
        reverse('I1'),
        today('2024-02-20'),
      )
        .when(invoice('I1', '5'))
        .thenNothing());
    it('is quiet when the terms have changed since', () =>
      given(invoice('I1', '5', noDueDate), changeVendor('V1', { terms: { netDays: 9 } }))
        .when(invoice('I1', '5', noDueDate))
        .thenNothing());
    it('is quiet when it names the due date that the terms gave, and when it leaves out the one that it had named', () => {
      const terms = changeVendor('V1', { terms: { netDays: 30 } });
      const dated = { dueDate: '2024-02-09' };
      given(terms, invoice('I1', '5', noDueDate))
        .when(invoice('I1', '5', dated))
        .thenNothing();
      given(terms, invoice('I1', '5', dated))
        .when(invoice('I1', '5', noDueDate))
        .thenNothing();
    });
    it('is refused when it names another day than the terms gave', () =>
      given(changeVendor('V1', { terms: { netDays: 30 } }), invoice('I1', '5', noDueDate))
        .when(invoice('I1', '5', { dueDate: '2024-02-10' }))
        .thenRejected('id-already-used'));
    it('warns again that there were no terms when it was posted', () => {
      const { warnings } = given(invoice('I1', '5', noDueDate), changeVendor('V1', { terms: { netDays: 9 } })).when(
        invoice('I1', '5', noDueDate),
      ).decision;
      expect(warnings.map(({ code }) => code)).toEqual(['no-terms']);
    });
    it.each([
      ['amount', invoice('I1', '100.01')],
      ['number', invoice('I1', '100', { number: 'I-1' })],
      ['date', invoice('I1', '100', { invoiceDate: '2024-01-11' })],
      ['posting date', invoice('I1', '100', { postingDate: '2024-01-11' })],
      ['due date', invoice('I1', '100', { dueDate: '2024-02-11' })],
      ['currency', invoice('I1', '100', { currency: 'EUR' })],
      ['vendor', invoice('I1', '100', { vendorId: 'V2' })],
      ['description', invoice('I1', '100', { description: 'x' })],
      ['reason for a duplicate', invoice('I1', '100', { allowDuplicate: { reason: 'x' } })],
      ['order of lines', invoice('I1', '100', { lines: [{ amount: '60' }, { amount: '40' }] })],
    ])('is refused with another %s', (_what, command) =>
      given(invoice('I1', '100')).when(command).thenRejected('id-already-used', { id: 'I1' }),
    );
  });
});

describe('the claims of an invoice', () => {
  const claims = (...args: Parameters<typeof invoice>) => given(vendor('V2')).when(invoice(...args)).decision.claims;
  const [number, amount] = claims('I1', '100');

  it('are its number within the vendor and year, exclusively, and its amount on its date', () =>
    expect([number, amount]).toMatchObject([
      { qualifier: '2024', exclusive: true, released: false },
      { exclusive: false, released: false },
    ]));
  it('meet for the same number, written differently', () =>
    expect(claims('I2', '7', { number: 'i-001', invoiceDate: '2024-12-31' })[0]).toEqual(number));
  it.each([
    ['another number', { number: 'I10' }],
    ['another vendor', { vendorId: 'V2' }],
  ])('do not meet for %s', (_what, more) => expect(claims('I1', '100', more)[0]!.value).not.toBe(number!.value));
  it('are in the same place, but beside each other, in another year', () => {
    const other = claims('I1', '100', { invoiceDate: '2023-12-31' })[0]!;
    expect(other.value).toBe(number!.value);
    expect(other.qualifier).toBe('2023');
  });
  it('go by the invoice date, not by the posting date', () =>
    expect(claims('I1', '100', { invoiceDate: '2023-12-31', postingDate: '2024-01-01' })[0]!.qualifier).toBe('2023'));
  it('are not exclusive, but made all the same, where a duplicate is allowed', () =>
    expect(claims('I1', '100', { allowDuplicate: { reason: 'two halls' } })[0]).toEqual({
      ...number,
      exclusive: false,
    }));
  it('lie beside each other for the same amount and date under another number', () => {
    const other = claims('I2', '100.0', { number: 'X' })[1]!;
    expect(other.value).toBe(amount!.value);
    expect(other.qualifier).not.toBe(amount!.qualifier);
  });
  it.each([
    ['amount', '100.01', {}],
    ['date', '100', { invoiceDate: '2024-01-11' }],
    ['currency', '100', { currency: 'EUR' }],
    ['vendor', '100', { vendorId: 'V2' }],
  ])('say nothing of another %s', (_what, total, more) =>
    expect(claims('I2', total, more)[1]!.value).not.toBe(amount!.value),
  );
  it('are given up by the reversal, whichever they were', () => {
    const given_ = given(invoice('I1', '100')).when(reverse('I1')).decision.claims;
    expect(given_).toEqual([number, amount].map((claim) => ({ ...claim, exclusive: false, released: true })));
  });
});

describe('a normalised number', () => {
  it.each([
    ['inv-007/2', 'INV72'],
    ['INV 7-2', 'INV72'],
    ['INV-72', 'INV72'],
    ['0012', '12'],
    ['1-002', '12'],
    ['1002', '1002'],
    ['100', '100'],
    ['A-100-00B', 'A1000B'],
    ['000', '0'],
    ['RE/2024/0001', 'RE20241'],
    ['Rechnung №\u00a0ß1', 'RECHNUNGSS1'],
    ['été-1', 'ÉTÉ1'],
    ['счёт-01', 'СЧЁТ1'],
    ['---', '---'],
  ])('of %s is %s', (number, normalised) => expect(normalisedNumber(number)).toBe(normalised));
});

describe('reversing an invoice', () => {
  const reversed = (on: string) => event('InvoiceReversed', on, { invoiceId: 'I1', reason: 'mistake', on });
  const settled = [invoice('I1', '100'), payment('P1', '100'), allocate('A1', 'P1', 'I1', '40')] as const;

  it('takes effect on the original date, which is that of posting', () =>
    given(invoice('I1', '100', { postingDate: '2024-01-20' }))
      .when(reverse('I1'))
      .then(reversed('2024-01-20')));
  it('takes effect on the day given', () =>
    given(invoice('I1', '100')).when(reverse('I1', '2024-04-01')).then(reversed('2024-04-01')));
  it('may be on the original date', () =>
    given(invoice('I1', '100')).when(reverse('I1', '2024-01-10')).then(reversed('2024-01-10')));
  it('is refused a day before it', () =>
    given(invoice('I1', '100'))
      .when(reverse('I1', '2024-01-09'))
      .thenRejected('before-original', { original: '2024-01-10' }));
  it('leaves nothing open from that day on, and everything before', () => {
    const books = after(invoice('I1', '100'), reverse('I1', '2024-02-01'));
    expect([books.open('I1', '2024-01-31'), books.open('I1', '2024-02-01')]).toEqual(['100.00', '0.00']);
  });
  it('is refused for one that is not there', () => given().when(reverse('I9')).thenRejected('not-found'));
  it('is refused the second time', () =>
    given(invoice('I1', '100'), reverse('I1'))
      .when(reverse('I1'))
      .thenRejected('already-reversed', { on: '2024-01-10' }));

  it('is refused while an allocation is in effect', () =>
    given(...settled)
      .when(reverse('I1'))
      .thenRejected('has-allocations', { allocations: ['A1'] }));
  it('is refused while a write-off is in effect', () =>
    given(invoice('I1', '100'), writeOff('W1', 'I1', { amount: '0.01' }))
      .when(reverse('I1'))
      .thenRejected('has-allocations', { allocations: ['W1'] }));
  it('is refused while an allocation will take effect', () =>
    given(invoice('I1', '100'), payment('P1', '100', { paidOn: '2024-05-01', allocations: [['I1', '1']] }))
      .when(reverse('I1'))
      .thenRejected('has-allocations'));

  describe('whose allocation has ended', () => {
    const ended = [...settled, reverse('A1', '2024-02-08')];
    it('takes effect on that day', () =>
      given(...ended)
        .when(reverse('I1'))
        .then(reversed('2024-02-08')));
    it('may be on that day', () =>
      given(...ended)
        .when(reverse('I1', '2024-02-08'))
        .then(reversed('2024-02-08')));
    it('is refused a day before', () =>
      given(...ended)
        .when(reverse('I1', '2024-02-07'))
        .thenRejected('still-in-use', { inUseUntil: '2024-02-08' }));
    it('is refused as too early before the original date all the same', () =>
      given(...ended)
        .when(reverse('I1', '2024-01-09'))
        .thenRejected('before-original'));
    it('goes by the last of several', () =>
      given(...ended, writeOff('W1', 'I1', { amount: '1' }), reverse('W1', '2024-02-12'))
        .when(reverse('I1'))
        .then(reversed('2024-02-12')));
    it('goes by the end of the allocation where its payment was reversed', () =>
      given(...settled, reverse('P1', '2024-03-05'))
        .when(reverse('I1'))
        .then(reversed('2024-03-05')));
    it('does not mind one that was never in effect', () =>
      given(...settled, reverse('A1', '2024-02-01'))
        .when(reverse('I1'))
        .then(reversed('2024-01-10')));
    it('moves on to the first open day', () =>
      given(...ended, closed('2024-02-29'))
        .when(reverse('I1'))
        .then(reversed('2024-03-01')));
    it('does not move where the allocation ended in an open period', () =>
      given(...ended, closed('2024-01-31'))
        .when(reverse('I1'))
        .then(reversed('2024-02-08')));
  });

  describe('when the books are closed', () => {
    const books = [invoice('I1', '100'), closed('2024-01-31')] as const;
    it('takes effect on the first open day', () =>
      given(...books)
        .when(reverse('I1'))
        .then(reversed('2024-02-01')));
    it('is refused on a day given in the closed period', () =>
      given(...books)
        .when(reverse('I1', '2024-01-31'))
        .thenRejected('period-closed'));
    it('may be on the first open day', () =>
      given(...books)
        .when(reverse('I1', '2024-02-01'))
        .then(reversed('2024-02-01')));
  });
});
