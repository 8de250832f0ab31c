import { describe, expect, it } from '@jest/globals';
import {
  after,
  closed,
  creditNote,
  defer,
  dispute,
  event,
  given,
  hold,
  invoice,
  payment,
  release,
  resolve,
  reverse,
  today,
  writeOff,
} from '../../test/support/domain.js';
import { disputedOn, holdOn, isHeld } from './open-item.js';

const one = invoice('I1', '100');
const ofInvoice = { invoiceId: 'I1' };
const held = (on: string, until?: string) =>
  event('InvoiceHeld', on, { ...ofInvoice, reason: 'goods missing', ...(until !== undefined && { until }), on });
const released = (on: string) => event('InvoiceReleased', on, { ...ofInvoice, reason: 'goods came', on });
const disputed = (amount: string, on: string) =>
  event('InvoiceDisputed', on, { ...ofInvoice, currency: 'USD', amount, reason: 'wrong price', on });
const resolved = (amount: string, on: string) =>
  event('DisputeResolved', on, { ...ofInvoice, currency: 'USD', amount, reason: 'agreed', on });

describe('holding an invoice', () => {
  const isHeldOn = (books: ReturnType<typeof after>, ...days: string[]) =>
    days.map((day) => isHeld(books.item('I1'), day));

  it('begins today', () => given(one).when(hold('I1')).then(held('2024-02-15')));
  it('begins on the day given and ends at the start of its until', () => {
    given(one)
      .when(hold('I1', { on: '2024-02-20', until: '2024-02-22' }))
      .then(held('2024-02-20', '2024-02-22'));
    expect(
      isHeldOn(
        after(one, hold('I1', { on: '2024-02-20', until: '2024-02-22' })),
        '2024-02-19',
        '2024-02-20',
        '2024-02-21',
        '2024-02-22',
      ),
    ).toEqual([false, true, true, false]);
  });
  it('leaves what is owed as it is', () => expect(after(one, hold('I1')).open('I1', '2024-02-15')).toBe('100.00'));
  it('is refused until the day on which it begins', () =>
    given(one)
      .when(hold('I1', { until: '2024-02-15' }))
      .thenRejected('until-not-later', { on: '2024-02-15' }));
  it('may last a single day', () =>
    given(one)
      .when(hold('I1', { until: '2024-02-16' }))
      .then(held('2024-02-15', '2024-02-16')));
  it('is refused while it is on hold', () =>
    given(one, hold('I1'))
      .when(hold('I1', { on: '2024-06-01' }))
      .thenRejected('already-on-hold'));
  it('is refused on the last day of another hold', () =>
    given(one, hold('I1', { until: '2024-02-20' }))
      .when(hold('I1', { on: '2024-02-19' }))
      .thenRejected('already-on-hold'));
  it('is taken on the day until which that holds', () =>
    given(one, hold('I1', { until: '2024-02-20' }))
      .when(hold('I1', { on: '2024-02-20' }))
      .then(held('2024-02-20')));
  it('is taken on the day of the release', () =>
    given(one, hold('I1'), release('I1', { on: '2024-02-20' }))
      .when(hold('I1', { on: '2024-02-20' }))
      .then(held('2024-02-20')));
  it('is refused a day before it', () =>
    given(one, hold('I1'), release('I1', { on: '2024-02-20' }))
      .when(hold('I1', { on: '2024-02-19' }))
      .thenRejected('already-on-hold'));
  it('is refused where nothing is left to be paid', () =>
    given(one, payment('P1', '100', { allocations: [['I1', '100']] }))
      .when(hold('I1'))
      .thenRejected('nothing-open'));
  it('is taken for the last cent', () =>
    given(one, payment('P1', '99.99', { allocations: [['I1', '99.99']] }))
      .when(hold('I1'))
      .then(held('2024-02-15')));
  it('is refused for an invoice that was reversed', () =>
    given(one, reverse('I1')).when(hold('I1')).thenRejected('nothing-open'));
  it('is refused for an invoice that is not there', () => given().when(hold('I1')).thenRejected('not-found'));
  it('is refused on a closed day', () =>
    given(one, closed('2024-01-31'))
      .when(hold('I1', { on: '2024-01-31' }))
      .thenRejected('period-closed'));
  it('is taken on the first open day', () =>
    given(one, closed('2024-01-31'))
      .when(hold('I1', { on: '2024-02-01' }))
      .then(held('2024-02-01')));

  it('lasts as long as the last of several holds that are in force', () => {
    const until = (day: string) => ({ until: day });
    const twice = (first: object, second: object) =>
      holdOn(
        after(one, hold('I1', { on: '2024-02-10', ...first }), hold('I1', { on: '2024-02-05', ...second })).item('I1'),
        '2024-02-12',
      );
    expect(twice(until('2024-02-17'), until('2024-03-01'))).toEqual(until('2024-03-01'));
    expect(twice(until('2024-03-01'), until('2024-02-17'))).toEqual(until('2024-03-01'));
    expect(twice(until('2024-02-17'), {})).toEqual({});
    expect(twice({}, until('2024-02-17'))).toEqual({});
  });

  describe('and releasing it', () => {
    it('ends the hold today', () => {
      given(one, hold('I1')).when(release('I1')).then(released('2024-02-15'));
      expect(
        isHeldOn(
          after(one, hold('I1', { on: '2024-02-10' }), release('I1')),
          '2024-02-09',
          '2024-02-10',
          '2024-02-14',
          '2024-02-15',
        ),
      ).toEqual([false, true, true, false]);
    });
    it('ends it on the day given', () =>
      given(one, hold('I1'))
        .when(release('I1', { on: '2024-03-01' }))
        .then(released('2024-03-01')));
    it('ends one that would have ended by itself', () =>
      expect(
        isHeldOn(after(one, hold('I1', { until: '2024-03-01' }), release('I1')), '2024-02-15', '2024-02-29'),
      ).toEqual([false, false]));
    it('leaves a hold alone that begins later', () => {
      const books = after(one, hold('I1', { on: '2024-03-01' }), hold('I1', { on: '2024-02-01' }), release('I1'));
      expect(isHeldOn(books, '2024-02-14', '2024-02-15', '2024-02-29', '2024-03-01')).toEqual([
        true,
        false,
        false,
        true,
      ]);
    });
    it('can be moved to an earlier day', () =>
      expect(
        isHeldOn(
          after(
            one,
            hold('I1', { on: '2024-02-01' }),
            release('I1', { on: '2024-02-10' }),
            release('I1', { on: '2024-02-05' }),
          ),
          '2024-02-04',
          '2024-02-05',
        ),
      ).toEqual([true, false]));
    it('is refused where there is no hold', () => given(one).when(release('I1')).thenRejected('not-on-hold'));
    it('is refused a day before the hold', () =>
      given(one, hold('I1'))
        .when(release('I1', { on: '2024-02-14' }))
        .thenRejected('not-on-hold', { on: '2024-02-14' }));
    it('is refused on the day until which it holds', () =>
      given(one, hold('I1', { until: '2024-02-20' }))
        .when(release('I1', { on: '2024-02-20' }))
        .thenRejected('not-on-hold'));
    it('is taken a day before', () =>
      given(one, hold('I1', { until: '2024-02-20' }))
        .when(release('I1', { on: '2024-02-19' }))
        .then(released('2024-02-19')));
    it('is refused the second time', () =>
      given(one, hold('I1'), release('I1')).when(release('I1')).thenRejected('not-on-hold'));
    it('is refused on a closed day', () =>
      given(one, hold('I1', { on: '2024-01-20' }), closed('2024-01-31'))
        .when(release('I1', { on: '2024-01-31' }))
        .thenRejected('period-closed'));
    it('is refused for an invoice that is not there', () => given().when(release('I1')).thenRejected('not-found'));
  });
});

describe('disputing an invoice', () => {
  const disputedOf = (books: ReturnType<typeof after>, ...days: string[]) =>
    days.map((day) => disputedOn(books.item('I1'), day));

  it('covers all that is open, today', () => given(one).when(dispute('I1')).then(disputed('100.00', '2024-02-15')));
  it('covers the amount given, from the day given', () => {
    given(one)
      .when(dispute('I1', { amount: '40', on: '2024-02-20' }))
      .then(disputed('40.00', '2024-02-20'));
    expect(
      disputedOf(after(one, dispute('I1', { amount: '40', on: '2024-02-20' })), '2024-02-19', '2024-02-20'),
    ).toEqual([0n, 40_00n]);
  });
  it('covers what is not disputed yet', () =>
    given(one, dispute('I1', { amount: '40' }))
      .when(dispute('I1'))
      .then(disputed('60.00', '2024-02-15')));
  it('leaves what is owed as it is', () => expect(after(one, dispute('I1')).open('I1', '2024-02-15')).toBe('100.00'));
  it('is never more than what is open', () => {
    const books = after(
      one,
      dispute('I1', { amount: '60' }),
      creditNote('N1', '100', { allocations: [['I1', '40.01']] }),
    );
    expect(disputedOf(books, '2024-02-15')).toEqual([59_99n]);
  });
  it('is refused a cent above what is open', () =>
    given(one, writeOff('W1', 'I1', { amount: '10' }))
      .when(dispute('I1', { amount: '90.01' }))
      .thenRejected('over-disputed', { left: '90.00', asked: '90.01' }));
  it('is refused a cent above what is not disputed yet', () =>
    given(one, dispute('I1', { amount: '40' }))
      .when(dispute('I1', { amount: '60.01' }))
      .thenRejected('over-disputed', { left: '60.00' }));
  it('is taken to the cent', () =>
    given(one, dispute('I1', { amount: '40' }))
      .when(dispute('I1', { amount: '60' }))
      .then(disputed('60.00', '2024-02-15')));
  it('is refused where all of it is disputed', () =>
    given(one, dispute('I1'))
      .when(dispute('I1', { amount: '0.01' }))
      .thenRejected('nothing-open'));
  it('is refused where nothing is open', () =>
    given(one, payment('P1', '100', { allocations: [['I1', '100']] }))
      .when(dispute('I1'))
      .thenRejected('nothing-open'));
  it('is possible before the invoice is posted', () =>
    given(invoice('I1', '100', { postingDate: '2024-03-01' }))
      .when(dispute('I1'))
      .then(disputed('100.00', '2024-02-15')));
  it.each(['0', '-1', '1.001'])('is refused with an amount of %s', (amount) =>
    given(one).when(dispute('I1', { amount })).thenMalformed('/amount'),
  );
  it('is refused for an invoice that is not there', () => given().when(dispute('I1')).thenRejected('not-found'));
  it('is refused on a closed day', () =>
    given(one, closed('2024-01-31'))
      .when(dispute('I1', { on: '2024-01-31' }))
      .thenRejected('period-closed'));
  it('may be of what is deferred and on hold', () =>
    given(one, defer('D1', 'I1', '2024-04-01'), hold('I1'))
      .when(dispute('I1'))
      .then(disputed('100.00', '2024-02-15')));

  describe('and resolving it', () => {
    const books = [one, dispute('I1', { amount: '40' })] as const;
    it('ends all that is disputed, today', () => {
      given(...books)
        .when(resolve('I1'))
        .then(resolved('40.00', '2024-02-15'));
      expect(disputedOf(after(...books, resolve('I1', { on: '2024-02-20' })), '2024-02-19', '2024-02-20')).toEqual([
        40_00n,
        0n,
      ]);
    });
    it('ends part of it', () =>
      expect(disputedOf(after(...books, resolve('I1', { amount: '39.99' })), '2024-02-15')).toEqual([1n]));
    it('ends several at once', () =>
      given(...books, dispute('I1', { amount: '5' }))
        .when(resolve('I1'))
        .then(resolved('45.00', '2024-02-15')));
    it('is refused a cent above what is disputed', () =>
      given(...books)
        .when(resolve('I1', { amount: '40.01' }))
        .thenRejected('over-resolved', { disputed: '40.00', asked: '40.01' }));
    it('is taken to the cent', () =>
      given(...books)
        .when(resolve('I1', { amount: '40.00' }))
        .then(resolved('40.00', '2024-02-15')));
    it('is refused a cent above what later resolutions leave', () =>
      given(...books, resolve('I1', { amount: '30', on: '2024-03-01' }))
        .when(resolve('I1', { amount: '10.01' }))
        .thenRejected('over-resolved', { disputed: '10.00' }));
    it('is refused a day before the dispute', () =>
      given(...books)
        .when(resolve('I1', { on: '2024-02-14' }))
        .thenRejected('nothing-disputed', { on: '2024-02-14' }));
    it('is refused where nothing is disputed', () => given(one).when(resolve('I1')).thenRejected('nothing-disputed'));
    it('is refused the second time', () =>
      given(...books, resolve('I1'))
        .when(resolve('I1'))
        .thenRejected('nothing-disputed'));
    it('leaves the invoice free to be disputed again', () =>
      given(...books, resolve('I1'), today('2024-02-16'))
        .when(dispute('I1'))
        .then(disputed('100.00', '2024-02-16')));
    it.each(['0', '-1', '1.001'])('is refused with an amount of %s', (amount) =>
      given(...books)
        .when(resolve('I1', { amount }))
        .thenMalformed('/amount'),
    );
    it('is refused on a closed day', () =>
      given(one, dispute('I1', { on: '2024-01-20' }), closed('2024-01-31'))
        .when(resolve('I1', { on: '2024-01-31' }))
        .thenRejected('period-closed'));
    it('is refused for an invoice that is not there', () => given().when(resolve('I1')).thenRejected('not-found'));
  });
});
