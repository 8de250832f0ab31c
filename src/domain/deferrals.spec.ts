import { describe, expect, it } from '@jest/globals';
import {
  after,
  charge,
  closed,
  creditNote,
  defer,
  event,
  given,
  invoice,
  payment,
  reverse,
  today,
  withdraw,
  writeOff,
} from '../../test/support/domain.js';

const deferred = (
  amount: string,
  until: string,
  more: { agreed?: boolean; on?: string; reference?: string; deferralId?: string; currency?: string } = {},
) =>
  event('PaymentDeferred', more.on ?? '2024-02-15', {
    deferralId: 'D1',
    invoiceId: 'I1',
    currency: 'USD',
    amount,
    until,
    agreed: true,
    reason: 'cash',
    on: '2024-02-15',
    ...more,
  });

/** 100.00, due on 2024-02-10. */
const one = invoice('I1', '100');
/** 30.00 due on 2024-03-10 and, later in place, 70.00 due on 2024-02-10. */
const two = invoice('I1', '100', {
  schedule: [
    { dueOn: '2024-03-10', amount: '30' },
    { dueOn: '2024-02-10', amount: '70' },
  ],
});
const paid = (id: string, amount: string, paidOn = '2024-02-01') =>
  payment(id, amount, { paidOn, allocations: [['I1', amount]] });

describe('deferring an invoice', () => {
  it('covers all that is open, today', () =>
    given(one)
      .when(defer('D1', 'I1', '2024-03-10'))
      .then(deferred('100.00', '2024-03-10')));
  it('covers what a payment has left', () =>
    given(one, paid('P1', '99.99'))
      .when(defer('D1', 'I1', '2024-03-10'))
      .then(deferred('0.01', '2024-03-10')));
  it('covers the amount given, on the day given', () =>
    given(one)
      .when(defer('D1', 'I1', '2024-03-10', { amount: '40', on: '2024-01-20', reference: 'mail of Jan 19' }))
      .then(deferred('40.00', '2024-03-10', { on: '2024-01-20', reference: 'mail of Jan 19' })));
  it('is possible long after the due date', () =>
    given(one, today('2025-02-15'))
      .when(defer('D1', 'I1', '2024-02-11'))
      .then(deferred('100.00', '2024-02-11', { on: '2025-02-15' })));
  it('is possible on a day ahead', () =>
    given(one)
      .when(defer('D1', 'I1', '2024-06-01', { on: '2024-05-01' }))
      .then(deferred('100.00', '2024-06-01', { on: '2024-05-01' })));
  it('may go to a leap day', () =>
    given(one)
      .when(defer('D1', 'I1', '2024-02-29'))
      .then(deferred('100.00', '2024-02-29')));

  describe('by agreement', () => {
    it('moves due date and planned date, and keeps the original one', () =>
      expect(after(one, defer('D1', 'I1', '2024-03-10')).instalments('I1', '2024-02-15')).toEqual([
        '100.00 due 2024-03-10 was 2024-02-10',
      ]));
    it('takes effect on its day, not before', () =>
      expect(after(one, defer('D1', 'I1', '2024-03-10')).instalments('I1', '2024-02-14')).toEqual([
        '100.00 due 2024-02-10',
      ]));
    it('is refused until the very day that it would move', () =>
      given(one)
        .when(defer('D1', 'I1', '2024-02-10'))
        .thenRejected('until-not-later', { until: '2024-02-10', replaced: '2024-02-10' }));
    it('is taken until a day later', () =>
      given(one)
        .when(defer('D1', 'I1', '2024-02-11'))
        .then(deferred('100.00', '2024-02-11')));
    it('must be later than every due date that it moves', () =>
      given(two)
        .when(defer('D1', 'I1', '2024-03-10'))
        .thenRejected('until-not-later', { replaced: '2024-03-10' }));
    it('need not be later than those that it leaves', () =>
      given(two)
        .when(defer('D1', 'I1', '2024-03-10', { amount: '70' }))
        .then(deferred('70.00', '2024-03-10')));
    it('touches the next instalment with one more cent', () =>
      given(two)
        .when(defer('D1', 'I1', '2024-03-10', { amount: '70.01' }))
        .thenRejected('until-not-later', { replaced: '2024-03-10' }));
    it('moves a planned date back to the due date', () =>
      expect(
        after(one, defer('D1', 'I1', '2024-05-01', { agreed: false }), defer('D2', 'I1', '2024-04-01')).instalments(
          'I1',
          '2024-02-15',
        ),
      ).toEqual(['100.00 due 2024-04-01 was 2024-02-10']));
  });

  describe('unilaterally', () => {
    const our = { agreed: false };
    it('moves the planned date alone', () =>
      expect(after(one, defer('D1', 'I1', '2024-03-10', our)).instalments('I1', '2024-02-15')).toEqual([
        '100.00 due 2024-02-10 planned 2024-03-10',
      ]));
    it('is refused until the very day that is planned', () =>
      given(one, defer('D1', 'I1', '2024-03-10', our))
        .when(defer('D2', 'I1', '2024-03-10', our))
        .thenRejected('until-not-later', { replaced: '2024-03-10' }));
    it('is taken until a day later', () =>
      given(one, defer('D1', 'I1', '2024-03-10', our))
        .when(defer('D2', 'I1', '2024-03-11', our))
        .then(deferred('100.00', '2024-03-11', { deferralId: 'D2', agreed: false })));
    it('goes by the day agreed where nothing else is planned', () =>
      given(one, defer('D1', 'I1', '2024-03-10'))
        .when(defer('D2', 'I1', '2024-03-10', our))
        .thenRejected('until-not-later'));
    it('does not stand in the way of an agreement on an earlier day', () =>
      given(one, defer('D1', 'I1', '2024-05-01', our))
        .when(defer('D2', 'I1', '2024-02-11'))
        .then(deferred('100.00', '2024-02-11', { deferralId: 'D2' })));
  });

  describe('in part', () => {
    it('moves what falls due first, whatever its place', () =>
      expect(after(two, defer('D1', 'I1', '2024-04-01', { amount: '80' })).instalments('I1', '2024-02-15')).toEqual([
        '10.00 due 2024-04-01 was 2024-03-10',
        '20.00 due 2024-03-10',
        '70.00 due 2024-04-01 was 2024-02-10',
      ]));
    it('moves of what is open, not of what was', () =>
      expect(
        after(two, paid('P1', '60'), defer('D1', 'I1', '2024-04-01', { amount: '15' })).instalments('I1', '2024-02-15'),
      ).toEqual(['5.00 due 2024-04-01 was 2024-03-10', '25.00 due 2024-03-10', '10.00 due 2024-04-01 was 2024-02-10']));
    it('may move one minor unit', () =>
      expect(
        after(
          invoice('I1', '0.002', { currency: 'KWD' }),
          defer('D1', 'I1', '2024-04-01', { amount: '0.001' }),
        ).instalments('I1', '2024-02-15'),
      ).toEqual(['0.001 due 2024-04-01 was 2024-02-10', '0.001 due 2024-02-10']));
  });

  describe('is refused', () => {
    it('a cent above what is open', () =>
      given(one, paid('P1', '60'))
        .when(defer('D1', 'I1', '2024-04-01', { amount: '40.01' }))
        .thenRejected('over-deferred', { open: '40.00', asked: '40.01' }));
    it('with nothing open', () =>
      given(one, paid('P1', '100'))
        .when(defer('D1', 'I1', '2024-04-01'))
        .thenRejected('nothing-open'));
    it('with nothing open, whatever the amount', () =>
      given(one, paid('P1', '100'))
        .when(defer('D1', 'I1', '2024-04-01', { amount: '1' }))
        .thenRejected('nothing-open'));
    it('a day before the invoice is posted', () =>
      given(one)
        .when(defer('D1', 'I1', '2024-04-01', { on: '2024-01-09' }))
        .thenRejected('nothing-open'));
    it('after the invoice was reversed', () =>
      given(one, reverse('I1', '2024-02-01'))
        .when(defer('D1', 'I1', '2024-04-01'))
        .thenRejected('nothing-open'));
    it('a day before the latest deferral', () =>
      given(one, defer('D1', 'I1', '2024-03-10'))
        .when(defer('D2', 'I1', '2024-04-01', { on: '2024-02-14' }))
        .thenRejected('deferral-out-of-order', { latest: '2024-02-15' }));
    it('a day before the latest withdrawal', () =>
      given(one, defer('D1', 'I1', '2024-03-10'), withdraw('D1', 'I1', { on: '2024-02-17' }))
        .when(defer('D2', 'I1', '2024-04-01', { on: '2024-02-16' }))
        .thenRejected('deferral-out-of-order', { latest: '2024-02-17' }));
    it('today where the latest deferral lies ahead', () =>
      given(one, defer('D1', 'I1', '2024-03-10', { on: '2024-02-16' }))
        .when(defer('D2', 'I1', '2024-04-01'))
        .thenRejected('deferral-out-of-order'));
    it.each(['0', '-1', '1.001'])('with an amount of %s', (amount) =>
      given(one)
        .when(defer('D1', 'I1', '2024-04-01', { amount }))
        .thenMalformed('/amount'),
    );
    it('for an invoice that is not there', () =>
      given()
        .when(defer('D1', 'I1', '2024-04-01'))
        .thenRejected('not-found'));
    it('for a charge', () =>
      given(charge('C1', '5'))
        .when(defer('D1', 'C1', '2024-04-01'))
        .thenRejected('not-found'));
    it('on the last closed day', () =>
      given(one, closed('2024-01-31'))
        .when(defer('D1', 'I1', '2024-04-01', { on: '2024-01-31' }))
        .thenRejected('period-closed', { on: '2024-01-31' }));
  });
  it('is taken on the first open day', () =>
    given(one, closed('2024-01-31'))
      .when(defer('D1', 'I1', '2024-04-01', { on: '2024-02-01' }))
      .then(deferred('100.00', '2024-04-01', { on: '2024-02-01' })));
  it('is taken on the day of the latest deferral, and the later one of the day counts', () =>
    expect(
      after(one, defer('D1', 'I1', '2024-03-10'), defer('D2', 'I1', '2024-04-01')).instalments('I1', '2024-02-15'),
    ).toEqual(['100.00 due 2024-04-01 was 2024-02-10']));
  it('is taken for what a write-off or credit note has left', () =>
    given(one, writeOff('W1', 'I1', { amount: '1' }), creditNote('N1', '9', { allocations: [['I1', '9']] }))
      .when(defer('D1', 'I1', '2024-03-10'))
      .then(deferred('90.00', '2024-03-10')));

  describe('again', () => {
    const first = defer('D1', 'I1', '2024-03-10', { amount: '40.00' });
    it('is quiet, the amount written differently, also on another day', () =>
      given(one, first, today('2024-03-01'))
        .when(defer('D1', 'I1', '2024-03-10', { amount: '40' }))
        .thenNothing());
    it('is quiet where the day that it took is named', () =>
      given(one, first, today('2024-03-01'))
        .when(defer('D1', 'I1', '2024-03-10', { amount: '40', on: '2024-02-15' }))
        .thenNothing());
    it('is quiet where today was named and is not again', () =>
      given(one, defer('D1', 'I1', '2024-03-10', { on: '2024-02-15' }))
        .when(defer('D1', 'I1', '2024-03-10'))
        .thenNothing());
    it('asks for another day where a day was named and is not again, a day later', () =>
      given(one, defer('D1', 'I1', '2024-03-10', { on: '2024-02-15' }), today('2024-02-16'))
        .when(defer('D1', 'I1', '2024-03-10'))
        .thenRejected('id-already-used'));
    it('is quiet once it is withdrawn', () => given(one, first, withdraw('D1', 'I1')).when(first).thenNothing());
    it('is quiet once all is paid', () => given(one, first, paid('P1', '100')).when(first).thenNothing());
    it.each([
      ['amount', defer('D1', 'I1', '2024-03-10', { amount: '40.01' })],
      ['date', defer('D1', 'I1', '2024-03-11', { amount: '40' })],
      ['consent', defer('D1', 'I1', '2024-03-10', { amount: '40', agreed: false })],
      ['day', defer('D1', 'I1', '2024-03-10', { amount: '40', on: '2024-02-14' })],
      ['invoice', defer('D1', 'I2', '2024-03-10', { amount: '40' })],
      ['reason', defer('D1', 'I1', '2024-03-10', { amount: '40', reason: 'x' })],
    ])('is refused with another %s', (_what, command) =>
      given(one, invoice('I2', '100'), first).when(command).thenRejected('id-already-used', { id: 'D1' }),
    );
  });
});

describe('withdrawing a deferral', () => {
  const withdrawn = (on: string, deferralId = 'D1') =>
    event('DeferralWithdrawn', on, { deferralId, invoiceId: 'I1', reason: 'cash came in', on });
  const books = [one, defer('D1', 'I1', '2024-03-10', { amount: '40' })] as const;

  it('puts the dates back, today', () => {
    given(...books)
      .when(withdraw('D1', 'I1'))
      .then(withdrawn('2024-02-15'));
    expect(after(...books, withdraw('D1', 'I1')).instalments('I1', '2024-02-15')).toEqual(['100.00 due 2024-02-10']);
  });
  it('takes effect on the day given', () => {
    given(...books)
      .when(withdraw('D1', 'I1', { on: '2024-02-20' }))
      .then(withdrawn('2024-02-20'));
    expect(after(...books, withdraw('D1', 'I1', { on: '2024-02-20' })).instalments('I1', '2024-02-19')).toEqual([
      '40.00 due 2024-03-10 was 2024-02-10',
      '60.00 due 2024-02-10',
    ]);
  });
  it('puts back what the deferral before it made', () =>
    expect(
      after(...books, defer('D2', 'I1', '2024-05-01', { agreed: false }), withdraw('D2', 'I1')).instalments(
        'I1',
        '2024-02-15',
      ),
    ).toEqual(['40.00 due 2024-03-10 was 2024-02-10', '60.00 due 2024-02-10']));
  it('can go on to the deferral before', () =>
    expect(
      after(...books, defer('D2', 'I1', '2024-05-01'), withdraw('D2', 'I1'), withdraw('D1', 'I1')).instalments(
        'I1',
        '2024-02-15',
      ),
    ).toEqual(['100.00 due 2024-02-10']));
  it('leaves a deferral free to come again', () =>
    expect(
      after(...books, withdraw('D1', 'I1'), defer('D2', 'I1', '2024-04-01'), withdraw('D2', 'I1')).instalments(
        'I1',
        '2024-02-15',
      ),
    ).toEqual(['100.00 due 2024-02-10']));
  it('is possible when all is paid', () =>
    given(...books, paid('P1', '100'))
      .when(withdraw('D1', 'I1'))
      .then(withdrawn('2024-02-15')));

  it('is refused while a later one is in force', () =>
    given(...books, defer('D2', 'I1', '2024-04-01'))
      .when(withdraw('D1', 'I1'))
      .thenRejected('not-the-last-deferral', { last: 'D2' }));
  it('is refused the second time', () =>
    given(...books, withdraw('D1', 'I1'))
      .when(withdraw('D1', 'I1'))
      .thenRejected('not-the-last-deferral', { last: null }));
  it('is refused the second time, also while an earlier one is in force', () =>
    given(...books, defer('D2', 'I1', '2024-04-01'), withdraw('D2', 'I1'))
      .when(withdraw('D2', 'I1'))
      .thenRejected('not-the-last-deferral', { last: 'D1' }));
  it('is refused a day before its deferral', () =>
    given(...books)
      .when(withdraw('D1', 'I1', { on: '2024-02-14' }))
      .thenRejected('deferral-out-of-order', { latest: '2024-02-15' }));
  it('is refused a day before the withdrawal of a later one', () =>
    given(...books, defer('D2', 'I1', '2024-04-01'), withdraw('D2', 'I1', { on: '2024-02-20' }))
      .when(withdraw('D1', 'I1', { on: '2024-02-19' }))
      .thenRejected('deferral-out-of-order'));
  it('is refused for one that is not there', () => given(one).when(withdraw('D1', 'I1')).thenRejected('not-found'));
  it('is refused for one of another invoice', () =>
    given(...books, invoice('I2', '5'))
      .when(withdraw('D1', 'I2'))
      .thenRejected('not-found'));
  it('is refused for an invoice that is not there', () => given().when(withdraw('D1', 'I1')).thenRejected('not-found'));
  it('is refused on a closed day', () =>
    given(...books, closed('2024-02-29'), today('2024-03-05'))
      .when(withdraw('D1', 'I1', { on: '2024-02-29' }))
      .thenRejected('period-closed'));
  it('is taken on the first open day', () =>
    given(...books, closed('2024-02-29'), today('2024-03-05'))
      .when(withdraw('D1', 'I1', { on: '2024-03-01' }))
      .then(withdrawn('2024-03-01')));
});

describe('what is open of a deferred invoice', () => {
  it('is settled first due first, in the order of the new dates', () => {
    const books = after(one, defer('D1', 'I1', '2024-03-10', { amount: '40' }), paid('P1', '70', '2024-02-20'));
    expect(books.instalments('I1', '2024-02-20')).toEqual(['30.00 due 2024-03-10 was 2024-02-10']);
  });
  it('is settled in the order of the original dates where the agreed ones are the same', () => {
    const books = after(
      invoice('I1', '100', {
        schedule: [
          { dueOn: '2024-03-01', amount: '50' },
          { dueOn: '2024-02-01', amount: '50' },
        ],
      }),
      defer('D1', 'I1', '2024-04-01'),
      paid('P1', '60', '2024-02-20'),
    );
    expect(books.instalments('I1', '2024-02-20')).toEqual(['40.00 due 2024-04-01 was 2024-03-01']);
  });
  it('is settled in the order of place where all dates are the same', () => {
    const books = after(
      one,
      defer('D1', 'I1', '2024-03-10', { amount: '40', agreed: false }),
      paid('P1', '30', '2024-02-20'),
    );
    expect(books.instalments('I1', '2024-02-20')).toEqual([
      '10.00 due 2024-02-10 planned 2024-03-10',
      '60.00 due 2024-02-10',
    ]);
  });

  it('part agreed, part paid, deferred again and withdrawn, at every turn', () => {
    const books = after(
      two,
      defer('D1', 'I1', '2024-04-01', { amount: '50', on: '2024-02-05' }),
      paid('P1', '30', '2024-02-10'),
      defer('D2', 'I1', '2024-05-01', { amount: '25', on: '2024-02-12', agreed: false }),
      withdraw('D2', 'I1', { on: '2024-02-14' }),
    );
    expect(books.instalments('I1', '2024-02-04')).toEqual(['30.00 due 2024-03-10', '70.00 due 2024-02-10']);
    expect(books.instalments('I1', '2024-02-05')).toEqual([
      '30.00 due 2024-03-10',
      '50.00 due 2024-04-01 was 2024-02-10',
      '20.00 due 2024-02-10',
    ]);
    // 20 of what is due in February first, then 10 of what is due in March.
    expect(books.instalments('I1', '2024-02-10')).toEqual([
      '20.00 due 2024-03-10',
      '50.00 due 2024-04-01 was 2024-02-10',
    ]);
    // The 20 due in March, and 5 of what was put off to April.
    expect(books.instalments('I1', '2024-02-12')).toEqual([
      '20.00 due 2024-03-10 planned 2024-05-01',
      '5.00 due 2024-04-01 was 2024-02-10 planned 2024-05-01',
      '45.00 due 2024-04-01 was 2024-02-10',
    ]);
    expect(books.instalments('I1', '2024-02-14')).toEqual([
      '20.00 due 2024-03-10',
      '50.00 due 2024-04-01 was 2024-02-10',
    ]);
  });

  it('keeps what a deferral moved when a payment comes to be known of a day before it', () => {
    const books = after(
      one,
      defer('D1', 'I1', '2024-03-10', { amount: '40', on: '2024-02-05' }),
      paid('P1', '70', '2024-02-01'),
    );
    expect(books.instalments('I1', '2024-02-04')).toEqual(['30.00 due 2024-02-10']);
    // 40 were moved, of what was open when the deferral was recorded; the payment uses up the other 60 first.
    expect(books.instalments('I1', '2024-02-05')).toEqual(['30.00 due 2024-03-10 was 2024-02-10']);
  });
  it('keeps what a deferral moved when the payment before it bounces', () => {
    const books = after(
      one,
      paid('P1', '70', '2024-02-01'),
      defer('D1', 'I1', '2024-03-10', { on: '2024-02-05' }),
      reverse('P1', '2024-02-08'),
    );
    expect(books.instalments('I1', '2024-02-05')).toEqual(['30.00 due 2024-03-10 was 2024-02-10']);
    expect(books.instalments('I1', '2024-02-08')).toEqual([
      '70.00 due 2024-02-10',
      '30.00 due 2024-03-10 was 2024-02-10',
    ]);
  });
});
