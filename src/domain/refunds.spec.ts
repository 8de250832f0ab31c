import { describe, expect, it } from '@jest/globals';
import {
  after,
  allocate,
  closed,
  creditNote,
  event,
  given,
  invoice,
  payment,
  refund,
  reverse,
  sourceRef,
  today,
  vendor,
} from '../../test/support/domain.js';

const received = (amount: string, on = '2024-02-05', from = 'P1', currency = 'USD') =>
  event('RefundReceived', on, { refundId: 'R1', from: sourceRef(from), currency, amount, on });

describe('receiving a refund', () => {
  it('takes it from the payment', () => {
    given(payment('P1', '80'))
      .when(refund('R1', 'P1', '30'))
      .then(received('30.00'));
    const books = after(payment('P1', '80'), refund('R1', 'P1', '30'));
    expect([books.left('P1', '2024-02-04'), books.left('P1', '2024-02-05')]).toEqual(['80.00', '50.00']);
  });
  it('takes it from the credit note, in its currency', () =>
    given(creditNote('N1', '80', { currency: 'JPY' }))
      .when(refund('R1', 'N1', '30'))
      .then(received('30', '2024-02-05', 'N1', 'JPY')));
  it('may be all that is left', () =>
    given(payment('P1', '80'))
      .when(refund('R1', 'P1', '80'))
      .then(received('80.00')));
  it('may come on the day of the payment', () =>
    given(payment('P1', '80'))
      .when(refund('R1', 'P1', '80', { on: '2024-02-01' }))
      .then(received('80.00', '2024-02-01')));

  it('is refused a day before: then nothing was left', () =>
    given(payment('P1', '80'))
      .when(refund('R1', 'P1', '0.01', { on: '2024-01-31' }))
      .thenRejected('over-allocated', { left: '0.00' }));
  it('is refused a cent above what is left', () =>
    given(payment('P1', '80'))
      .when(refund('R1', 'P1', '80.01'))
      .thenRejected('over-allocated', { left: '80.00', asked: '80.01' }));
  it('is refused a cent above what allocations leave, also later ones', () =>
    given(invoice('I1', '100'), payment('P1', '80'), allocate('A1', 'P1', 'I1', '30', { on: '2024-05-01' }))
      .when(refund('R1', 'P1', '50.01'))
      .thenRejected('over-allocated', { left: '50.00' }));
  it('is refused from a payment that was reversed', () =>
    given(payment('P1', '80'), reverse('P1'))
      .when(refund('R1', 'P1', '0.01'))
      .thenRejected('over-allocated', { left: '0.00' }));
  it.each([['0'], ['-1'], ['1.001']])('is refused with an amount of %s', (amount) =>
    given(payment('P1', '80'))
      .when(refund('R1', 'P1', amount))
      .thenMalformed('/amount'),
  );
  it('is refused from a vendor that is not there', () =>
    given(payment('P1', '80'))
      .when(refund('R1', 'P1', '1', { vendorId: 'V9' }))
      .thenRejected('unknown-vendor'));
  it('is refused from a payment that is not there', () =>
    given()
      .when(refund('R1', 'P1', '1'))
      .thenRejected('unknown-payment'));
  it('is refused from a credit note that is not there', () =>
    given()
      .when(refund('R1', 'N1', '1'))
      .thenRejected('unknown-credit-note'));
  it('is refused from a payment to another vendor', () =>
    given(vendor('V2'), payment('P1', '80'))
      .when(refund('R1', 'P1', '1', { vendorId: 'V2' }))
      .thenRejected('vendor-mismatch'));
  it('is refused on the last closed day', () =>
    given(payment('P1', '80'), closed('2024-02-05'))
      .when(refund('R1', 'P1', '1'))
      .thenRejected('period-closed', { on: '2024-02-05' }));
  it('is taken on the first open day', () =>
    given(payment('P1', '80'), closed('2024-02-04'))
      .when(refund('R1', 'P1', '1'))
      .then(received('1.00')));

  it('is quiet when repeated, the amount written differently', () =>
    given(payment('P1', '80'), refund('R1', 'P1', '80.00'), today('2024-03-01'))
      .when(refund('R1', 'P1', '80'))
      .thenNothing());
  it.each([
    ['amount', refund('R1', 'P1', '5.01')],
    ['day', refund('R1', 'P1', '5', { on: '2024-02-06' })],
    ['payment', refund('R1', 'P2', '5')],
  ])('is refused with the same id and another %s', (_what, command) =>
    given(payment('P1', '80'), payment('P2', '80'), refund('R1', 'P1', '5'))
      .when(command)
      .thenRejected('id-already-used', { id: 'R1' }),
  );
});

describe('reversing a refund', () => {
  const books = [payment('P1', '80'), refund('R1', 'P1', '30')] as const;
  const reversed = (on: string) =>
    event('RefundReversed', on, { refundId: 'R1', from: { paymentId: 'P1' }, reason: 'mistake', on });

  it('takes effect on its day', () =>
    given(...books)
      .when(reverse('R1'))
      .then(reversed('2024-02-05')));
  it('gives the payment back what it took, from the day given', () => {
    const undone = after(...books, reverse('R1', '2024-03-01'));
    expect([undone.left('P1', '2024-02-29'), undone.left('P1', '2024-03-01')]).toEqual(['50.00', '80.00']);
  });
  it('is refused a day before it', () =>
    given(...books)
      .when(reverse('R1', '2024-02-04'))
      .thenRejected('before-original'));
  it('is refused the second time', () =>
    given(...books, reverse('R1'))
      .when(reverse('R1'))
      .thenRejected('already-reversed'));
  it('is refused for one that is not there', () => given().when(reverse('R1')).thenRejected('not-found'));
  it('takes effect on the first open day', () =>
    given(...books, closed('2024-02-29'))
      .when(reverse('R1'))
      .then(reversed('2024-03-01')));
  it('is refused on a closed day', () =>
    given(...books, closed('2024-02-29'))
      .when(reverse('R1', '2024-02-29'))
      .thenRejected('period-closed'));
});
