import { describe, expect, it } from '@jest/globals';
import {
  after,
  charge,
  closed,
  dispute,
  event,
  given,
  hold,
  invoice,
  itemRef,
  payment,
  reverse,
  today,
  writeOff,
} from '../../test/support/domain.js';
import { statusOf } from './status.js';

const off = (amount: string, item = 'I1', on = '2024-02-05') =>
  event('WrittenOff', on, {
    writeOffId: 'W1',
    item: itemRef(item),
    currency: 'USD',
    amount,
    reason: 'too small to chase',
    on,
  });
const paid = (amount: string) =>
  [invoice('I1', '100'), payment('P1', amount, { allocations: [['I1', amount]] })] as const;

describe('writing off', () => {
  it('takes the amount from what is open', () => {
    given(invoice('I1', '100'))
      .when(writeOff('W1', 'I1', { amount: '30' }))
      .then(off('30.00'));
    const books = after(invoice('I1', '100'), writeOff('W1', 'I1', { amount: '30' }));
    expect([books.open('I1', '2024-02-04'), books.open('I1', '2024-02-05')]).toEqual(['100.00', '70.00']);
  });
  it('takes all that is open without an amount', () =>
    given(...paid('99.99'))
      .when(writeOff('W1', 'I1'))
      .then(off('0.01')));
  it('takes what is open on every later day, too', () =>
    given(invoice('I1', '100'), payment('P1', '60', { paidOn: '2024-06-01', allocations: [['I1', '60']] }))
      .when(writeOff('W1', 'I1'))
      .then(off('40.00')));
  it('writes a charge off', () => given(charge('C1', '40')).when(writeOff('W1', 'C1')).then(off('40.00', 'C1')));
  it('may settle what is held and disputed', () =>
    given(invoice('I1', '100'), hold('I1'), dispute('I1')).when(writeOff('W1', 'I1')).then(off('100.00')));
  it('leaves the invoice written off', () =>
    expect(statusOf(after(...paid('99.99'), writeOff('W1', 'I1')).item('I1'))).toBe('written-off'));

  it('is refused a cent above what is open', () =>
    given(invoice('I1', '100'))
      .when(writeOff('W1', 'I1', { amount: '100.01' }))
      .thenRejected('over-allocated', { open: '100.00', asked: '100.01' }));
  it('is refused a cent above what later payments leave', () =>
    given(invoice('I1', '100'), payment('P1', '60', { paidOn: '2024-06-01', allocations: [['I1', '60']] }))
      .when(writeOff('W1', 'I1', { amount: '40.01' }))
      .thenRejected('over-allocated', { open: '40.00' }));
  it('is refused where nothing is open', () =>
    given(...paid('100'))
      .when(writeOff('W1', 'I1'))
      .thenRejected('nothing-open'));
  it('is refused a day before the invoice is posted', () =>
    given(invoice('I1', '100', { postingDate: '2024-02-06' }))
      .when(writeOff('W1', 'I1'))
      .thenRejected('nothing-open'));
  it('is taken on the day it is posted', () =>
    given(invoice('I1', '100', { postingDate: '2024-02-05' }))
      .when(writeOff('W1', 'I1'))
      .then(off('100.00')));
  it('is refused for an invoice that was reversed', () =>
    given(invoice('I1', '100'), reverse('I1')).when(writeOff('W1', 'I1')).thenRejected('nothing-open'));
  it.each([['0'], ['-1'], ['0.001']])('is refused with an amount of %s', (amount) =>
    given(invoice('I1', '100'))
      .when(writeOff('W1', 'I1', { amount }))
      .thenMalformed('/amount'),
  );
  it('is refused for an invoice that is not there', () =>
    given().when(writeOff('W1', 'I1')).thenRejected('unknown-invoice'));
  it('is refused for a charge that is not there', () =>
    given().when(writeOff('W1', 'C1')).thenRejected('unknown-charge'));
  it('is refused on the last closed day', () =>
    given(invoice('I1', '100'), closed('2024-02-05')).when(writeOff('W1', 'I1')).thenRejected('period-closed'));
  it('is taken on the first open day', () =>
    given(invoice('I1', '100'), closed('2024-02-04')).when(writeOff('W1', 'I1')).then(off('100.00')));

  it('is quiet when repeated, the amount written differently', () =>
    given(invoice('I1', '100'), writeOff('W1', 'I1', { amount: '5.00' }), today('2024-03-01'))
      .when(writeOff('W1', 'I1', { amount: '5' }))
      .thenNothing());
  it('is quiet when all was written off, and is again', () =>
    given(invoice('I1', '100'), writeOff('W1', 'I1')).when(writeOff('W1', 'I1')).thenNothing());
  it.each([
    ['amount', writeOff('W1', 'I1', { amount: '5.01' })],
    ['reason', writeOff('W1', 'I1', { amount: '5', reason: 'x' })],
    ['day', writeOff('W1', 'I1', { amount: '5', on: '2024-02-06' })],
    ['item', writeOff('W1', 'C1', { amount: '5' })],
  ])('is refused with the same id and another %s', (_what, command) =>
    given(invoice('I1', '100'), charge('C1', '9'), writeOff('W1', 'I1', { amount: '5' }))
      .when(command)
      .thenRejected('id-already-used', { id: 'W1' }),
  );
});

describe('reversing a write-off', () => {
  const books = [invoice('I1', '100'), writeOff('W1', 'I1', { amount: '30' })] as const;
  const reversed = (on: string) =>
    event('WriteOffReversed', on, { writeOffId: 'W1', item: { invoiceId: 'I1' }, reason: 'mistake', on });

  it('takes effect on its day', () =>
    given(...books)
      .when(reverse('W1'))
      .then(reversed('2024-02-05')));
  it('reopens the invoice from the day given', () => {
    const undone = after(...books, reverse('W1', '2024-03-01'));
    expect([undone.open('I1', '2024-02-29'), undone.open('I1', '2024-03-01')]).toEqual(['70.00', '100.00']);
  });
  it('is refused a day before it', () =>
    given(...books)
      .when(reverse('W1', '2024-02-04'))
      .thenRejected('before-original'));
  it('is refused the second time', () =>
    given(...books, reverse('W1'))
      .when(reverse('W1'))
      .thenRejected('already-reversed'));
  it('is refused for one that is not there', () => given().when(reverse('W1')).thenRejected('not-found'));
  it('takes effect on the first open day', () =>
    given(...books, closed('2024-02-29'))
      .when(reverse('W1'))
      .then(reversed('2024-03-01')));
  it('is refused on a closed day', () =>
    given(...books, closed('2024-02-29'))
      .when(reverse('W1', '2024-02-29'))
      .thenRejected('period-closed'));
});
