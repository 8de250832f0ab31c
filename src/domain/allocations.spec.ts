import { describe, expect, it } from '@jest/globals';
import {
  after,
  allocate,
  allocated,
  allocationReversed,
  charge,
  closed,
  creditNote,
  dispute,
  given,
  hold,
  invoice,
  payment,
  refund,
  reverse,
  today,
  vendor,
  writeOff,
} from '../../test/support/domain.js';

const books = [invoice('I1', '100'), payment('P1', '80')] as const;

describe('allocating', () => {
  it('a payment reduces it and the invoice by the same amount', () => {
    given(...books)
      .when(allocate('A1', 'P1', 'I1', '30'))
      .then(allocated('A1', 'P1', 'I1', '30.00', '2024-02-01'));
    const done = after(...books, allocate('A1', 'P1', 'I1', '30'));
    expect([done.open('I1', '2024-02-01'), done.left('P1', '2024-02-01')]).toEqual(['70.00', '50.00']);
  });
  it('a credit note to a charge', () =>
    given(creditNote('N1', '9'), charge('C1', '9'))
      .when(allocate('A1', 'N1', 'C1', '9'))
      .then(allocated('A1', 'N1', 'C1', '9.00', '2024-01-31')));
  it('with a discount costs the payment nothing more', () => {
    const done = after(...books, allocate('A1', 'P1', 'I1', '80', { discount: '20' }));
    expect([done.open('I1', '2024-02-01'), done.left('P1', '2024-02-01')]).toEqual(['0.00', '0.00']);
  });
  it.each([
    ['JPY', '1', '1'],
    ['USD', '0.01', '0.01'],
    ['KWD', '0.001', '0.001'],
    ['CLF', '0.0001', '0.0001'],
  ])('one minor unit of %s settles an invoice of that', (currency, amount, formatted) =>
    given(invoice('I1', amount, { currency }), payment('P1', amount, { currency }))
      .when(allocate('A1', 'P1', 'I1', amount))
      .then(allocated('A1', 'P1', 'I1', formatted, '2024-02-01', { currency })),
  );

  describe('takes effect on', () => {
    it('the day of the payment where the invoice is older', () =>
      given(...books)
        .when(allocate('A1', 'P1', 'I1', '1'))
        .then(allocated('A1', 'P1', 'I1', '1.00', '2024-02-01')));
    it('the posting date where the payment is older, whatever the invoice date', () =>
      given(invoice('I1', '100', { postingDate: '2024-02-20' }), payment('P1', '80'))
        .when(allocate('A1', 'P1', 'I1', '1'))
        .then(allocated('A1', 'P1', 'I1', '1.00', '2024-02-20')));
    it('the day of the charge where the credit note is older', () =>
      given(charge('C1', '5'), creditNote('N1', '5'))
        .when(allocate('A1', 'N1', 'C1', '1'))
        .then(allocated('A1', 'N1', 'C1', '1.00', '2024-01-31')));
    it('a later day that is named', () =>
      given(...books)
        .when(allocate('A1', 'P1', 'I1', '1', { on: '2024-02-02' }))
        .then(allocated('A1', 'P1', 'I1', '1.00', '2024-02-02')));
    it('no earlier day, even if one is named', () =>
      given(...books)
        .when(allocate('A1', 'P1', 'I1', '1', { on: '2024-01-31' }))
        .then(allocated('A1', 'P1', 'I1', '1.00', '2024-02-01')));
    it('the first open day where its own is closed', () =>
      given(...books, closed('2024-02-29'))
        .when(allocate('A1', 'P1', 'I1', '1'))
        .then(allocated('A1', 'P1', 'I1', '1.00', '2024-03-01')));
    it('its own day where that is the first open one', () =>
      given(...books, closed('2024-01-31'))
        .when(allocate('A1', 'P1', 'I1', '1'))
        .then(allocated('A1', 'P1', 'I1', '1.00', '2024-02-01')));
    it('the day named where that is the first open one', () =>
      given(...books, closed('2024-02-29'))
        .when(allocate('A1', 'P1', 'I1', '1', { on: '2024-03-01' }))
        .then(allocated('A1', 'P1', 'I1', '1.00', '2024-03-01')));
  });

  describe('is refused', () => {
    it('on a closed day that is named', () =>
      given(...books, closed('2024-02-29'))
        .when(allocate('A1', 'P1', 'I1', '1', { on: '2024-02-29' }))
        .thenRejected('period-closed', { on: '2024-02-29' }));
    it('on a closed day that is named, also one before its own', () =>
      given(...books, closed('2024-01-31'))
        .when(allocate('A1', 'P1', 'I1', '1', { on: '2024-01-31' }))
        .thenRejected('period-closed'));
    it('from a payment that is not there', () =>
      given(...books)
        .when(allocate('A1', 'P9', 'I1', '1'))
        .thenRejected('unknown-payment'));
    it('from a credit note that is not there', () =>
      given(...books)
        .when(allocate('A1', 'N9', 'I1', '1'))
        .thenRejected('unknown-credit-note'));
    it('to an invoice that is not there', () =>
      given(...books)
        .when(allocate('A1', 'P1', 'I9', '1'))
        .thenRejected('unknown-invoice'));
    it('to a charge that is not there', () =>
      given(...books)
        .when(allocate('A1', 'P1', 'C9', '1'))
        .thenRejected('unknown-charge'));
    it('between vendors', () =>
      given(...books, vendor('V2'), payment('P2', '5', { vendorId: 'V2' }))
        .when(allocate('A1', 'P2', 'I1', '1'))
        .thenRejected('vendor-mismatch', { vendorId: 'V2', other: 'V1' }));
    it('between currencies', () =>
      given(...books, payment('P2', '5', { currency: 'EUR' }))
        .when(allocate('A1', 'P2', 'I1', '1'))
        .thenRejected('currency-mismatch', { from: 'EUR', to: 'USD' }));
    it.each(['0', '-1', '1.001', '1,5'])('with an amount of %s', (amount) =>
      given(...books)
        .when(allocate('A1', 'P1', 'I1', amount))
        .thenMalformed('/amount'),
    );
    it.each(['0.00', '-1', '1.001'])('with a discount of %s', (discount) =>
      given(...books)
        .when(allocate('A1', 'P1', 'I1', '1', { discount }))
        .thenMalformed('/discount'),
    );

    it('a cent above what is left of the payment', () =>
      given(...books)
        .when(allocate('A1', 'P1', 'I1', '80.01'))
        .thenRejected('over-allocated', { left: '80.00', asked: '80.01' }));
    it('a cent above what is open of the invoice', () =>
      given(invoice('I1', '79.99'), payment('P1', '80'))
        .when(allocate('A1', 'P1', 'I1', '80'))
        .thenRejected('over-allocated', { open: '79.99', asked: '80.00' }));
    it('a cent above what other allocations leave', () =>
      given(...books, allocate('A1', 'P1', 'I1', '30'))
        .when(allocate('A2', 'P1', 'I1', '50.01'))
        .thenRejected('over-allocated', { left: '50.00' }));
    it('a cent above what a refund leaves', () =>
      given(...books, refund('R1', 'P1', '30'))
        .when(allocate('A1', 'P1', 'I1', '50.01', { on: '2024-02-10' }))
        .thenRejected('over-allocated', { left: '50.00' }));
    it('a cent above what a later refund leaves', () =>
      given(...books, refund('R1', 'P1', '30', { on: '2024-06-01' }))
        .when(allocate('A1', 'P1', 'I1', '50.01'))
        .thenRejected('over-allocated', { left: '50.00' }));
    it('a cent above what a later write-off leaves', () =>
      given(...books, writeOff('W1', 'I1', { amount: '90', on: '2024-06-01' }))
        .when(allocate('A1', 'P1', 'I1', '10.01'))
        .thenRejected('over-allocated', { open: '10.00' }));
    it('of a payment that will be reversed', () =>
      given(...books, reverse('P1', '2024-06-01'))
        .when(allocate('A1', 'P1', 'I1', '0.01'))
        .thenRejected('over-allocated', { left: '0.00' }));
    it('to an invoice that will be reversed', () =>
      given(...books, reverse('I1', '2024-06-01'))
        .when(allocate('A1', 'P1', 'I1', '0.01'))
        .thenRejected('over-allocated', { open: '0.00' }));
    it('before an allocation has ended that takes it all', () =>
      given(...books, allocate('A1', 'P1', 'I1', '80'), reverse('A1', '2024-03-01'))
        .when(allocate('A2', 'P1', 'I1', '1', { on: '2024-02-29' }))
        .thenRejected('over-allocated'));
  });

  it('takes what is left to the cent', () =>
    given(...books)
      .when(allocate('A1', 'P1', 'I1', '80.00'))
      .then(allocated('A1', 'P1', 'I1', '80.00', '2024-02-01')));
  it('takes what ended, from the day on which it ended', () =>
    given(...books, allocate('A1', 'P1', 'I1', '80'), reverse('A1', '2024-03-01'))
      .when(allocate('A2', 'P1', 'I1', '80', { on: '2024-03-01' }))
      .then(allocated('A2', 'P1', 'I1', '80.00', '2024-03-01')));

  describe('what is held or disputed', () => {
    it('is refused to a payment', () =>
      given(...books, hold('I1'))
        .when(allocate('A1', 'P1', 'I1', '1'))
        .thenRejected('on-hold'));
    it('is refused to a payment made long before', () =>
      given(payment('P1', '80', { paidOn: '2024-01-15' }), invoice('I1', '100'), hold('I1', { on: '2024-02-15' }))
        .when(allocate('A1', 'P1', 'I1', '1'))
        .thenRejected('on-hold'));
    it('is refused to a payment for a day after the hold: it still holds when that is recorded', () =>
      given(...books, hold('I1', { until: '2024-02-20' }))
        .when(allocate('A1', 'P1', 'I1', '1', { on: '2024-03-01' }))
        .thenRejected('on-hold'));
    it('is open to a credit note', () =>
      given(...books, creditNote('N1', '100'), hold('I1'), dispute('I1'))
        .when(allocate('A1', 'N1', 'I1', '100'))
        .then(allocated('A1', 'N1', 'I1', '100.00', '2024-01-20')));
    it('leaves a charge of the same invoice payable', () =>
      given(...books, charge('C1', '5', { invoiceId: 'I1' }), hold('I1'))
        .when(allocate('A1', 'P1', 'C1', '5'))
        .then(allocated('A1', 'P1', 'C1', '5.00', '2024-02-01')));
    it('is refused to a payment as far as it is disputed', () =>
      given(...books, dispute('I1', { amount: '20.01' }))
        .when(allocate('A1', 'P1', 'I1', '80'))
        .thenRejected('on-hold', { disputed: '20.01', payable: '79.99' }));
    it('is payable as far as it is not', () =>
      given(...books, dispute('I1', { amount: '20' }))
        .when(allocate('A1', 'P1', 'I1', '80'))
        .then(allocated('A1', 'P1', 'I1', '80.00', '2024-02-01')));
    it('is not payable either where a later allocation takes what is not disputed', () =>
      given(
        ...books,
        dispute('I1', { amount: '40' }),
        payment('P2', '60', { paidOn: '2024-03-01', allocations: [['I1', '60']] }),
      )
        .when(allocate('A1', 'P1', 'I1', '0.01'))
        .thenRejected('on-hold', { payable: '0.00' }));
  });

  describe('again', () => {
    const first = allocate('A1', 'P1', 'I1', '5.00');
    it('is quiet, the amount written differently', () =>
      given(...books, first, today('2024-03-01'))
        .when(allocate('A1', 'P1', 'I1', '5'))
        .thenNothing());
    it('is quiet where the day that it took is named', () =>
      given(...books, first, today('2024-03-01'))
        .when(allocate('A1', 'P1', 'I1', '5', { on: '2024-02-01' }))
        .thenNothing());
    it('is quiet where its own day was named and is left out now', () =>
      given(...books, allocate('A1', 'P1', 'I1', '5', { on: '2024-02-01' }), today('2024-03-01'))
        .when(allocate('A1', 'P1', 'I1', '5'))
        .thenNothing());
    it('asks for another day where today was named, and not its own day', () =>
      given(...books, allocate('A1', 'P1', 'I1', '5', { on: '2024-02-15' }))
        .when(allocate('A1', 'P1', 'I1', '5'))
        .thenRejected('id-already-used'));
    it('asks for another day where today is named, and was not', () =>
      given(...books, first)
        .when(allocate('A1', 'P1', 'I1', '5', { on: '2024-02-15' }))
        .thenRejected('id-already-used'));
    it('is quiet where a named day is named again', () =>
      given(...books, allocate('A1', 'P1', 'I1', '5', { on: '2024-02-09' }))
        .when(allocate('A1', 'P1', 'I1', '5', { on: '2024-02-09' }))
        .thenNothing());
    it('is quiet after its reversal', () =>
      given(...books, first, reverse('A1'))
        .when(first)
        .thenNothing());
    it('is quiet after everything around it was reversed', () =>
      given(...books, first, reverse('P1'), reverse('I1'))
        .when(first)
        .thenNothing());
    it.each([
      ['amount', allocate('A1', 'P1', 'I1', '5.01')],
      ['day', allocate('A1', 'P1', 'I1', '5', { on: '2024-02-02' })],
      ['discount', allocate('A1', 'P1', 'I1', '5', { discount: '1' })],
      ['invoice', allocate('A1', 'P1', 'I2', '5')],
      ['payment', allocate('A1', 'P2', 'I1', '5')],
    ])('is refused with another %s', (_what, command) =>
      given(...books, invoice('I2', '9'), payment('P2', '9'), first)
        .when(command)
        .thenRejected('id-already-used', { id: 'A1' }),
    );
    it('is refused where a payment made one of that id', () =>
      given(invoice('I1', '9'), payment('P1', '9', { allocations: [['I1', '5']] }))
        .when(allocate('P1.1', 'P1', 'I1', '5'))
        .thenRejected('id-already-used', { id: 'P1.1' }));
  });
});

describe('reversing an allocation', () => {
  const done = [...books, allocate('A1', 'P1', 'I1', '80', { discount: '20', on: '2024-02-05' })];
  const reversed = (on: string) => allocationReversed('A1', 'P1', 'I1', on);

  it('takes effect on its own day', () =>
    given(...done)
      .when(reverse('A1'))
      .then(reversed('2024-02-05')));
  it('takes effect on the day given', () =>
    given(...done)
      .when(reverse('A1', '2024-04-01'))
      .then(reversed('2024-04-01')));
  it('reopens both sides from that day on, the discount too', () => {
    const undone = after(...done, reverse('A1', '2024-03-01'));
    expect([
      undone.open('I1', '2024-02-29'),
      undone.left('P1', '2024-02-29'),
      undone.open('I1', '2024-03-01'),
      undone.left('P1', '2024-03-01'),
    ]).toEqual(['0.00', '0.00', '100.00', '80.00']);
  });
  it('is possible for one that came with its payment', () =>
    given(invoice('I1', '5'), payment('P1', '5', { allocations: [['I1', '5']] }))
      .when(reverse('P1.1'))
      .then(allocationReversed('P1.1', 'P1', 'I1', '2024-02-01')));
  it('is refused a day before its own', () =>
    given(...done)
      .when(reverse('A1', '2024-02-04'))
      .thenRejected('before-original', { original: '2024-02-05' }));
  it('is refused the second time', () =>
    given(...done, reverse('A1'))
      .when(reverse('A1'))
      .thenRejected('already-reversed'));
  it('is refused after that of its payment, which ended it', () =>
    given(...done, reverse('P1', '2024-03-01'))
      .when(reverse('A1'))
      .thenRejected('already-reversed', { on: '2024-03-01' }));
  it('is refused for one that is not there', () =>
    given(...done)
      .when(reverse('A9'))
      .thenRejected('not-found'));
  it('takes effect on the first open day', () =>
    given(...done, closed('2024-02-29'))
      .when(reverse('A1'))
      .then(reversed('2024-03-01')));
  it('is refused on a closed day', () =>
    given(...done, closed('2024-02-29'))
      .when(reverse('A1', '2024-02-29'))
      .thenRejected('period-closed'));
});
