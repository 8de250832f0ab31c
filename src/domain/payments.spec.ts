import { describe, expect, it } from '@jest/globals';
import {
  after,
  allocate,
  allocated,
  allocationReversed,
  charge,
  closed,
  dispute,
  event,
  given,
  hold,
  invoice,
  payment,
  refund,
  release,
  resolve,
  reverse,
  today,
  vendor,
} from '../../test/support/domain.js';
import type { DataOf } from './events.js';

const made = (more: Partial<DataOf<'PaymentMade'>> = {}) =>
  event('PaymentMade', more.paidOn ?? '2024-02-01', {
    paymentId: 'P1',
    paidOn: '2024-02-01',
    currency: 'USD',
    amount: '100.00',
    ...more,
  });

describe('making a payment', () => {
  it('records it on account', () => given().when(payment('P1', '100')).then(made()));
  it('keeps how it was paid', () => {
    const more = { method: 'wire', reference: 'INV 7', bankAccount: 'main' };
    given()
      .when(payment('P1', '100', more))
      .then(made(more));
  });
  it('sets it against invoices and charges at once', () =>
    given(invoice('I1', '60'), charge('C1', '30'))
      .when(
        payment('P1', '100', {
          allocations: [
            ['I1', '60'],
            ['C1', '30'],
          ],
        }),
      )
      .then(
        made(),
        allocated('P1.1', 'P1', 'I1', '60.00', '2024-02-01'),
        allocated('P1.2', 'P1', 'C1', '30.00', '2024-02-01'),
      ));
  it('leaves the excess on account', () =>
    expect(
      after(invoice('I1', '60'), payment('P1', '100', { allocations: [['I1', '60']] })).left('P1', '2024-02-01'),
    ).toBe('40.00'));
  it('may settle one invoice in two parts', () =>
    expect(
      after(
        invoice('I1', '60'),
        payment('P1', '60', {
          allocations: [
            ['I1', '20'],
            ['I1', '40'],
          ],
        }),
      ).open('I1', '2024-02-01'),
    ).toBe('0.00'));
  it('leaves a cent open', () =>
    expect(
      after(invoice('I1', '100'), payment('P1', '99.99', { allocations: [['I1', '99.99']] })).instalments(
        'I1',
        '2024-02-01',
      ),
    ).toEqual(['0.01 due 2024-02-10']));
  it('takes a discount beside the cash', () => {
    const steps = [invoice('I1', '100'), payment('P1', '98', { allocations: [['I1', '98', '2']] })] as const;
    given(steps[0])
      .when(steps[1])
      .then(
        made({ amount: '98.00' }),
        allocated('P1.1', 'P1', 'I1', '98.00', '2024-02-01', { discount: '2.00', discountTax: '0.00' }),
      );
    expect([after(...steps).open('I1', '2024-02-01'), after(...steps).left('P1', '2024-02-01')]).toEqual([
      '0.00',
      '0.00',
    ]);
  });
  it('settles an invoice that it comes before on the day of the invoice', () =>
    given(invoice('I1', '100', { postingDate: '2024-02-20' }))
      .when(payment('P1', '100', { allocations: [['I1', '100']] }))
      .then(made(), allocated('P1.1', 'P1', 'I1', '100.00', '2024-02-20')));
  it('is on account until then', () => {
    const books = after(
      invoice('I1', '100', { postingDate: '2024-02-20' }),
      payment('P1', '100', { allocations: [['I1', '100']] }),
    );
    expect([
      books.left('P1', '2024-01-31'),
      books.left('P1', '2024-02-01'),
      books.left('P1', '2024-02-19'),
      books.left('P1', '2024-02-20'),
    ]).toEqual(['0.00', '100.00', '100.00', '0.00']);
  });

  describe('is refused', () => {
    it('for a vendor that is not there', () =>
      given()
        .when(payment('P1', '100', { vendorId: 'V9' }))
        .thenRejected('unknown-vendor'));
    it.each([['0'], ['-0.01'], ['100.001'], ['']])('with an amount of %j', (amount) =>
      given().when(payment('P1', amount)).thenMalformed('/amount'),
    );
    it('for an invoice that is not there', () =>
      given()
        .when(payment('P1', '100', { allocations: [['I9', '1']] }))
        .thenRejected('unknown-invoice'));
    it('for a charge that is not there', () =>
      given()
        .when(payment('P1', '100', { allocations: [['C9', '1']] }))
        .thenRejected('unknown-charge'));
    it('against an invoice of another vendor', () =>
      given(vendor('V2'), invoice('I1', '60', { vendorId: 'V2' }))
        .when(payment('P1', '60', { allocations: [['I1', '60']] }))
        .thenRejected('vendor-mismatch'));
    it('against an invoice in another currency', () =>
      given(invoice('I1', '60', { currency: 'EUR' }))
        .when(payment('P1', '60', { allocations: [['I1', '60']] }))
        .thenRejected('currency-mismatch', { from: 'USD', to: 'EUR' }));
    it('a cent above what is open', () =>
      given(invoice('I1', '60'))
        .when(payment('P1', '100', { allocations: [['I1', '60.01']] }))
        .thenRejected('over-allocated', { open: '60.00', asked: '60.01' }));
    it('with a discount that goes a cent too far', () =>
      given(invoice('I1', '60'))
        .when(payment('P1', '60', { allocations: [['I1', '59', '1.01']] }))
        .thenRejected('over-allocated', { asked: '60.01' }));
    it('with allocations a cent above itself', () =>
      given(invoice('I1', '60'), charge('C1', '60'))
        .when(
          payment('P1', '100', {
            allocations: [
              ['I1', '60'],
              ['C1', '40.01'],
            ],
          }),
        )
        .thenRejected('over-allocated', { left: '40.00' }));
    it('with two parts that are a cent too much together', () =>
      given(invoice('I1', '60'))
        .when(
          payment('P1', '100', {
            allocations: [
              ['I1', '20'],
              ['I1', '40.01'],
            ],
          }),
        )
        .thenRejected('over-allocated', { open: '40.00' }));
    it('naming the allocation whose amount is malformed', () =>
      given(invoice('I1', '60'))
        .when(
          payment('P1', '100', {
            allocations: [
              ['I1', '1'],
              ['I1', '0', '-1'],
            ],
          }),
        )
        .thenMalformed('/allocations/1/amount', '/allocations/1/discount'));
    it('where an allocation has an id in use', () =>
      given(invoice('I1', '60'), payment('P2', '5'), allocate('P1.1', 'P2', 'I1', '5'))
        .when(payment('P1', '5', { allocations: [['I1', '5']] }))
        .thenRejected('id-already-used', { id: 'P1.1' }));
    it('where two of its allocations have the same id', () =>
      given(invoice('I1', '60'))
        .when({
          ...payment('P1', '5'),
          allocations: [1, 2].map(() => ({ id: 'A1', to: { invoiceId: 'I1' }, amount: '1' })),
        } as never)
        .thenRejected('id-already-used', { id: 'A1' }));
    it('against what is paid already, by a payment recorded later for an earlier day', () =>
      given(invoice('I1', '60'), payment('P0', '60', { paidOn: '2024-02-10', allocations: [['I1', '60']] }))
        .when(payment('P1', '60', { allocations: [['I1', '0.01']] }))
        .thenRejected('over-allocated', { open: '0.00' }));
  });

  describe('for what is held or disputed', () => {
    const pay = (amount: string) => payment('P1', '100', { allocations: [['I1', amount]] });
    const books = [invoice('I1', '100')] as const;
    it('is refused while a hold is in force', () =>
      given(...books, hold('I1'))
        .when(pay('0.01'))
        .thenRejected('on-hold', { itemId: 'I1' }));
    it('is recorded on account all the same', () =>
      given(...books, hold('I1'))
        .when(payment('P1', '100'))
        .then(made()));
    it('is refused for a payment made before the hold and recorded during it', () =>
      given(...books, hold('I1', { on: '2024-02-10' }))
        .when(pay('100'))
        .thenRejected('on-hold'));
    it('is taken before the hold begins', () =>
      expect(given(...books, hold('I1', { on: '2024-02-16' })).when(pay('100')).decision.events).toHaveLength(2));
    it('is refused on the last day of the hold', () =>
      given(...books, hold('I1', { until: '2024-02-20' }), today('2024-02-19'))
        .when(pay('100'))
        .thenRejected('on-hold'));
    it('is taken on the day until which it holds', () =>
      expect(
        given(...books, hold('I1', { until: '2024-02-20' }), today('2024-02-20')).when(pay('100')).decision.events,
      ).toHaveLength(2));
    it('is taken after the release, also with a day before it', () =>
      expect(given(...books, hold('I1'), release('I1')).when(pay('100')).decision.events).toHaveLength(2));
    it('is refused until the day of the release', () =>
      given(...books, hold('I1'), release('I1', { on: '2024-02-17' }), today('2024-02-16'))
        .when(pay('1'))
        .thenRejected('on-hold'));
    it('is refused for another item of the same command too', () =>
      given(...books, invoice('I2', '5'), hold('I2'))
        .when(
          payment('P1', '100', {
            allocations: [
              ['I1', '1'],
              ['I2', '1'],
            ],
          }),
        )
        .thenRejected('on-hold', { itemId: 'I2' }));

    it('is taken for what is not disputed', () =>
      expect(given(...books, dispute('I1', { amount: '40' })).when(pay('60')).decision.events).toHaveLength(2));
    it('is refused a cent above it', () =>
      given(...books, dispute('I1', { amount: '40' }))
        .when(pay('60.01'))
        .thenRejected('on-hold', { disputed: '40.00', payable: '60.00' }));
    it('counts the discount to it', () =>
      given(...books, dispute('I1', { amount: '40' }))
        .when(payment('P1', '60', { allocations: [['I1', '60', '0.01']] }))
        .thenRejected('on-hold'));
    it('is refused in the second payment, once what is not disputed is paid', () =>
      given(...books, dispute('I1', { amount: '40' }), payment('P0', '60', { allocations: [['I1', '60']] }))
        .when(pay('0.01'))
        .thenRejected('on-hold', { payable: '0.00' }));
    it('is taken in full once the dispute is resolved', () =>
      expect(
        given(...books, dispute('I1', { amount: '40' }), resolve('I1')).when(pay('100')).decision.events,
      ).toHaveLength(2));
    it('is taken in full before the dispute begins', () =>
      expect(given(...books, dispute('I1', { on: '2024-02-16' })).when(pay('100')).decision.events).toHaveLength(2));
    it('is refused from the day on which it begins', () =>
      given(...books, dispute('I1', { on: '2024-02-16' }), today('2024-02-16'))
        .when(pay('1'))
        .thenRejected('on-hold'));
    it('is refused for one that is disputed before it is posted', () =>
      given(invoice('I1', '100', { postingDate: '2024-03-01' }), dispute('I1'))
        .when(pay('0.01'))
        .thenRejected('on-hold', { disputed: '100.00' }));
    it('is refused for one that is held before it is posted', () =>
      given(invoice('I1', '100', { postingDate: '2024-03-01' }), hold('I1'))
        .when(pay('0.01'))
        .thenRejected('on-hold'));
    // What is disputed is that of today, what is open of it that of the posting date.
    it('is refused while it is disputed, also where that ends before it is posted', () =>
      given(invoice('I1', '100', { postingDate: '2024-03-01' }), dispute('I1'), resolve('I1', { on: '2024-02-20' }))
        .when(pay('0.01'))
        .thenRejected('on-hold'));
    it('is taken where the dispute begins after today, and before it is posted', () =>
      expect(
        given(invoice('I1', '100', { postingDate: '2024-03-01' }), dispute('I1', { on: '2024-02-20' })).when(pay('100'))
          .decision.events,
      ).toHaveLength(2));
    it('is more than open where too much is asked anyway', () =>
      given(...books)
        .when(pay('100.01'))
        .thenRejected('over-allocated'));
  });

  describe('when the books are closed', () => {
    it('is refused on the last closed day', () =>
      given(closed('2024-01-31'))
        .when(payment('P1', '100', { paidOn: '2024-01-31' }))
        .thenRejected('period-closed', { on: '2024-01-31' }));
    it('is taken on the first open one, with its allocations', () =>
      given(invoice('I1', '100'), closed('2024-01-31'))
        .when(payment('P1', '100', { allocations: [['I1', '100']] }))
        .then(made(), allocated('P1.1', 'P1', 'I1', '100.00', '2024-02-01')));
  });

  describe('again', () => {
    const first = payment('P1', '100.00', { method: 'wire', allocations: [['I1', '60', '1']] });
    it('is quiet, amounts written differently', () =>
      given(invoice('I1', '80'), first, today('2024-03-01'), closed('2024-02-29'))
        .when(payment('P1', '100', { method: 'wire', allocations: [['I1', '60.00', '1.0']] }))
        .thenNothing());
    it('is quiet after its reversal', () => given(invoice('I1', '80'), first, reverse('P1')).when(first).thenNothing());
    it('is quiet while the invoice is on hold', () =>
      given(invoice('I1', '80'), first, hold('I1')).when(first).thenNothing());
    it.each([
      ['amount', payment('P1', '100.01', { method: 'wire', allocations: [['I1', '60', '1']] })],
      ['method', payment('P1', '100', { allocations: [['I1', '60', '1']] })],
      ['day', payment('P1', '100', { paidOn: '2024-02-02', method: 'wire', allocations: [['I1', '60', '1']] })],
      ['allocation', payment('P1', '100', { method: 'wire', allocations: [['I1', '60.01', '1']] })],
      ['discount', payment('P1', '100', { method: 'wire', allocations: [['I1', '60']] })],
      ['number of allocations', payment('P1', '100', { method: 'wire' })],
    ])('is refused with another %s', (_what, command) =>
      given(invoice('I1', '80'), first).when(command).thenRejected('id-already-used', { id: 'P1' }),
    );
  });
});

describe('reversing a payment', () => {
  const reversed = (on: string) => event('PaymentReversed', on, { paymentId: 'P1', reason: 'mistake', on });
  const books = [invoice('I1', '60'), payment('P1', '100', { allocations: [['I1', '60']] })] as const;

  it('takes effect on the day it was made, and ends its allocations first', () =>
    given(...books)
      .when(reverse('P1'))
      .then(allocationReversed('P1.1', 'P1', 'I1', '2024-02-01'), reversed('2024-02-01')));
  it('takes effect on the day it bounced, a month later', () =>
    given(...books)
      .when(reverse('P1', '2024-03-01'))
      .then(allocationReversed('P1.1', 'P1', 'I1', '2024-03-01'), reversed('2024-03-01')));
  it('leaves the time until it bounced as it was', () => {
    const bounced = after(...books, reverse('P1', '2024-03-01'));
    expect([bounced.open('I1', '2024-02-29'), bounced.left('P1', '2024-02-29')]).toEqual(['0.00', '40.00']);
    expect([bounced.open('I1', '2024-03-01'), bounced.left('P1', '2024-03-01')]).toEqual(['60.00', '0.00']);
  });
  it('is as if it had never been made, without a day', () => {
    const undone = after(...books, reverse('P1'));
    expect([undone.open('I1', '2024-02-01'), undone.left('P1', '2024-02-01')]).toEqual(['60.00', '0.00']);
  });
  it('is refused a day before it was made', () =>
    given(...books)
      .when(reverse('P1', '2024-01-31'))
      .thenRejected('before-original', { original: '2024-02-01' }));
  it('is refused the second time', () =>
    given(...books, reverse('P1', '2024-03-01'))
      .when(reverse('P1'))
      .thenRejected('already-reversed', { on: '2024-03-01' }));
  it('is refused for one that is not there', () => given().when(reverse('P1')).thenRejected('not-found'));

  it('ends an allocation that begins later on its own first day: it never counts', () => {
    const later = [
      invoice('I1', '60', { postingDate: '2024-02-20' }),
      payment('P1', '100', { allocations: [['I1', '60']] }),
    ] as const;
    given(...later)
      .when(reverse('P1', '2024-02-10'))
      .then(allocationReversed('P1.1', 'P1', 'I1', '2024-02-20'), reversed('2024-02-10'));
    expect(after(...later, reverse('P1', '2024-02-10')).open('I1', '2024-02-20')).toBe('60.00');
  });
  it('leaves allocations that have ended alone', () =>
    given(...books, reverse('P1.1', '2024-02-05'))
      .when(reverse('P1'))
      .then(reversed('2024-02-05')));
  it('is refused on a day on which one of them was still in effect', () =>
    given(...books, reverse('P1.1', '2024-02-05'))
      .when(reverse('P1', '2024-02-04'))
      .thenRejected('still-in-use', { inUseUntil: '2024-02-05' }));
  it('does not mind one that was never in effect', () =>
    given(...books, reverse('P1.1'))
      .when(reverse('P1'))
      .then(reversed('2024-02-01')));
  it('is refused while a refund is in effect', () =>
    given(...books, refund('R1', 'P1', '40'))
      .when(reverse('P1'))
      .thenRejected('has-refunds', { refunds: ['R1'] }));
  it('is refused with a day, too, while a refund is in effect', () =>
    given(...books, refund('R1', 'P1', '40'))
      .when(reverse('P1', '2024-01-01'))
      .thenRejected('has-refunds'));
  it('moves to the day on which the refund was reversed', () =>
    given(payment('P1', '100'), refund('R1', 'P1', '40'), reverse('R1', '2024-02-12'))
      .when(reverse('P1'))
      .then(reversed('2024-02-12')));
  it('is refused a day before that', () =>
    given(payment('P1', '100'), refund('R1', 'P1', '40'), reverse('R1', '2024-02-12'))
      .when(reverse('P1', '2024-02-11'))
      .thenRejected('still-in-use'));

  describe('when the books are closed', () => {
    const shut = [...books, closed('2024-02-29'), today('2024-03-10')];
    it('takes effect on the first open day, and so do the ends of its allocations', () =>
      given(...shut)
        .when(reverse('P1'))
        .then(allocationReversed('P1.1', 'P1', 'I1', '2024-03-01'), reversed('2024-03-01')));
    it('is refused on the last closed day', () =>
      given(...shut)
        .when(reverse('P1', '2024-02-29'))
        .thenRejected('period-closed', { closedThrough: '2024-02-29' }));
    it('may be on the first open day', () =>
      given(...shut)
        .when(reverse('P1', '2024-03-01'))
        .then(allocationReversed('P1.1', 'P1', 'I1', '2024-03-01'), reversed('2024-03-01')));
    it('takes effect on the original date once the period is open again', () =>
      given(...shut, closed(null))
        .when(reverse('P1'))
        .then(allocationReversed('P1.1', 'P1', 'I1', '2024-02-01'), reversed('2024-02-01')));
  });
});
