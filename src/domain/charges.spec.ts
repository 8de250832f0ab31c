import { describe, expect, it } from '@jest/globals';
import {
  after,
  allocate,
  charge,
  closed,
  creditNote,
  event,
  given,
  invoice,
  payment,
  reverse,
  today,
  vendor,
  writeOff,
} from '../../test/support/domain.js';
import type { DataOf } from './events.js';

const posted = (more: Partial<DataOf<'ChargePosted'>> = {}) =>
  event('ChargePosted', more.on ?? '2024-01-31', {
    chargeId: 'C1',
    kind: 'late-fee',
    amount: '40.00',
    currency: 'USD',
    on: '2024-01-31',
    dueDate: '2024-02-29',
    ...more,
  });

describe('posting a charge', () => {
  it('records it', () => given().when(charge('C1', '40')).then(posted()));
  it('keeps the invoice that it is for', () =>
    given(invoice('I1', '100'))
      .when(charge('C1', '40', { invoiceId: 'I1', kind: 'late-interest' }))
      .then(posted({ invoiceId: 'I1', kind: 'late-interest' })));
  it('is owed from its day on, and falls due as one instalment', () => {
    const books = after(charge('C1', '40'));
    expect([books.open('C1', '2024-01-30'), ...books.instalments('C1', '2024-01-31')]).toEqual([
      '0.00',
      '40.00 due 2024-02-29',
    ]);
  });
  it('may have fallen due before', () =>
    given()
      .when(charge('C1', '40', { dueDate: '2024-01-01' }))
      .then(posted({ dueDate: '2024-01-01' })));

  it('is refused for a vendor that is not there', () =>
    given()
      .when(charge('C1', '40', { vendorId: 'V9' }))
      .thenRejected('unknown-vendor'));
  it('is refused for an invoice that is not there', () =>
    given()
      .when(charge('C1', '40', { invoiceId: 'I9' }))
      .thenRejected('unknown-invoice'));
  it('is refused for an invoice of another vendor', () =>
    given(vendor('V2'), invoice('I1', '100', { vendorId: 'V2' }))
      .when(charge('C1', '40', { invoiceId: 'I1' }))
      .thenRejected('vendor-mismatch', { vendorId: 'V1', other: 'V2' }));
  it.each([['0'], ['-1'], ['0.001'], ['1e2']])('is refused with an amount of %s', (amount) =>
    given().when(charge('C1', amount)).thenMalformed('/amount'),
  );
  it('may be of one minor unit', () =>
    given()
      .when(charge('C1', '0.001', { currency: 'KWD' }))
      .then(posted({ amount: '0.001', currency: 'KWD' })));
  it('is refused on the last closed day', () =>
    given(closed('2024-01-31'))
      .when(charge('C1', '40'))
      .thenRejected('period-closed', { closedThrough: '2024-01-31' }));
  it('is taken on the first open day', () =>
    given(closed('2024-01-31'))
      .when(charge('C1', '40', { on: '2024-02-01' }))
      .then(posted({ on: '2024-02-01' })));

  it('is quiet when repeated, the amount written differently', () =>
    given(charge('C1', '40.00'), today('2024-03-01'), closed('2024-02-29')).when(charge('C1', '40')).thenNothing());
  it.each([
    ['amount', charge('C1', '40.01')],
    ['kind', charge('C1', '40', { kind: 'penalty' })],
    ['day', charge('C1', '40', { on: '2024-02-01' })],
    ['due date', charge('C1', '40', { dueDate: '2024-03-01' })],
    ['invoice', charge('C1', '40', { invoiceId: 'I1' })],
  ])('is refused with the same id and another %s', (_what, command) =>
    given(invoice('I1', '1'), charge('C1', '40')).when(command).thenRejected('id-already-used', { id: 'C1' }),
  );
});

describe('reversing a charge', () => {
  const reversed = (on: string) => event('ChargeReversed', on, { chargeId: 'C1', reason: 'mistake', on });

  it('takes effect on its day', () => given(charge('C1', '40')).when(reverse('C1')).then(reversed('2024-01-31')));
  it('is refused a day before', () =>
    given(charge('C1', '40')).when(reverse('C1', '2024-01-30')).thenRejected('before-original'));
  it('is refused while a payment settles it', () =>
    given(charge('C1', '40'), payment('P1', '40', { allocations: [['C1', '0.01']] }))
      .when(reverse('C1'))
      .thenRejected('has-allocations', { allocations: ['P1.1'] }));
  it('is refused while a credit note settles it', () =>
    given(charge('C1', '40'), creditNote('N1', '40'), allocate('A1', 'N1', 'C1', '1'))
      .when(reverse('C1'))
      .thenRejected('has-allocations'));
  it('is refused while part of it is written off', () =>
    given(charge('C1', '40'), writeOff('W1', 'C1', { amount: '1' }))
      .when(reverse('C1'))
      .thenRejected('has-allocations'));
  it('moves to the day on which the last of these ended', () =>
    given(charge('C1', '40'), writeOff('W1', 'C1'), reverse('W1', '2024-02-20'))
      .when(reverse('C1'))
      .then(reversed('2024-02-20')));
  it('is refused a day before that', () =>
    given(charge('C1', '40'), writeOff('W1', 'C1'), reverse('W1', '2024-02-20'))
      .when(reverse('C1', '2024-02-19'))
      .thenRejected('still-in-use'));
  it('is refused the second time', () =>
    given(charge('C1', '40'), reverse('C1')).when(reverse('C1')).thenRejected('already-reversed'));
  it('is refused for one that is not there', () => given().when(reverse('C1')).thenRejected('not-found'));
  it('takes effect on the first open day', () =>
    given(charge('C1', '40'), closed('2024-01-31')).when(reverse('C1')).then(reversed('2024-02-01')));
  it('is refused on a closed day', () =>
    given(charge('C1', '40'), closed('2024-01-31')).when(reverse('C1', '2024-01-31')).thenRejected('period-closed'));
});
