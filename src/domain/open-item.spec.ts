import { describe, expect, it } from '@jest/globals';
import {
  after,
  allocate,
  charge,
  creditNote,
  defer,
  dispute,
  hold,
  invoice,
  payment,
  refund,
  release,
  resolve,
  reverse,
  type Step,
  withdraw,
  writeOff,
} from '../../test/support/domain.js';
import { creditMovementsOf, leastLeftFrom, leftInTheEnd, leftOn } from './credit-source.js';
import {
  disputedOn,
  isHeld,
  leastDisputedFrom,
  leastOpenFrom,
  type Movement,
  movementsOf,
  openInTheEnd,
  openOn,
  openSchedule,
} from './open-item.js';

const one = invoice('I1', '100');
const paid = (id: string, amount: string, paidOn: string) =>
  payment(id, amount, { paidOn, allocations: [['I1', amount]] });
const of = (...steps: Step[]) => after(...steps).item('I1');

/** Short: `2024-01-10 due 2024-02-10: 100.00`, with what is held and disputed of it where that is not nothing. */
const short = (movements: readonly Movement[]): string[] =>
  movements.map(({ effectiveOn, originalDueOn, dueOn, plannedOn, owed, held, disputed }) => {
    const days = [...new Set([originalDueOn, dueOn, plannedOn])].join(' ');
    return `${effectiveOn} due ${days}: ${owed}${held === 0n ? '' : ` held ${held}`}${disputed === 0n ? '' : ` disputed ${disputed}`}`;
  });

describe('an open item', () => {
  const item = of(
    invoice('I1', '100', { postingDate: '2024-01-20' }),
    paid('P1', '60', '2024-03-01'),
    payment('P2', '30'),
    allocate('A2', 'P2', 'I1', '30'),
    reverse('A2', '2024-02-20'),
  );

  it.each([
    ['2024-01-19', 0n, 0n],
    ['2024-01-20', 100_00n, 40_00n],
    ['2024-02-01', 70_00n, 40_00n],
    ['2024-02-20', 100_00n, 40_00n],
    ['2024-02-29', 100_00n, 40_00n],
    ['2024-03-01', 40_00n, 40_00n],
  ])('on %s is open with %s, from then on at least with %s', (day, open, least) =>
    expect([openOn(item, day), leastOpenFrom(item, day)]).toEqual([open, least]),
  );
  it('is open in the end by everything that is recorded', () => expect(openInTheEnd(item)).toBe(40_00n));
  it('is nothing before its posting date, whatever its schedule', () =>
    expect(openSchedule(item, '2024-01-19').open).toEqual([0n]));
  it('has the same schedule before', () =>
    expect(openSchedule(item, '2024-01-19').schedule).toEqual(openSchedule(item, '2024-01-20').schedule));
  it('counts a discount as settled', () =>
    expect(openOn(of(one, payment('P1', '98', { allocations: [['I1', '98', '2']] })), '2024-02-01')).toBe(0n));
  it('is a charge, too', () =>
    expect(
      openOn(after(charge('C1', '5'), payment('P1', '5', { allocations: [['C1', '2']] })).item('C1'), '2024-02-01'),
    ).toBe(3_00n));

  it('is held and disputed by the day', () => {
    const some = of(
      one,
      hold('I1', { on: '2024-02-01', until: '2024-02-05' }),
      dispute('I1', { amount: '70', on: '2024-02-03' }),
      resolve('I1', { amount: '20', on: '2024-02-09' }),
    );
    expect([
      isHeld(some, '2024-01-31'),
      isHeld(some, '2024-02-01'),
      isHeld(some, '2024-02-04'),
      isHeld(some, '2024-02-05'),
    ]).toEqual([false, true, true, false]);
    expect([
      disputedOn(some, '2024-02-02'),
      disputedOn(some, '2024-02-03'),
      disputedOn(some, '2024-02-08'),
      disputedOn(some, '2024-02-09'),
    ]).toEqual([0n, 70_00n, 70_00n, 50_00n]);
    expect([
      leastDisputedFrom(some, '2024-02-02'),
      leastDisputedFrom(some, '2024-02-03'),
      leastDisputedFrom(some, '2024-02-09'),
    ]).toEqual([0n, 50_00n, 50_00n]);
  });
});

describe('the movements of an item', () => {
  const movements = (...steps: Step[]) => short(movementsOf(of(...steps)));

  it('of none are none', () => expect(movementsOf(undefined)).toEqual([]));
  it('begin with its posting', () =>
    expect(movements(invoice('I1', '1', { postingDate: '2024-01-20' }))).toEqual(['2024-01-20 due 2024-02-10: 100']));
  it('are one per day and dates', () =>
    expect(
      movements(
        invoice('I1', '1', {
          schedule: [
            { dueOn: '2024-03-10', amount: '0.4' },
            { dueOn: '2024-02-10', amount: '0.5' },
            { dueOn: '2024-03-10', amount: '0.1' },
          ],
        }),
      ),
    ).toEqual(['2024-01-10 due 2024-03-10: 50', '2024-01-10 due 2024-02-10: 50']));
  it('go down when it is paid and up when the payment bounces', () =>
    expect(movements(one, paid('P1', '60', '2024-02-01'), reverse('P1', '2024-02-20'))).toEqual([
      '2024-01-10 due 2024-02-10: 10000',
      '2024-02-01 due 2024-02-10: -6000',
      '2024-02-20 due 2024-02-10: 6000',
    ]));
  it('go down to nothing when it is reversed', () =>
    expect(movements(one, reverse('I1', '2024-02-01'))).toEqual([
      '2024-01-10 due 2024-02-10: 10000',
      '2024-02-01 due 2024-02-10: -10000',
    ]));
  it('are none where all happens on one day', () => expect(movements(one, reverse('I1'))).toEqual([]));
  it('move between dates when it is deferred, and back', () =>
    expect(
      movements(one, defer('D1', 'I1', '2024-04-01', { amount: '40' }), withdraw('D1', 'I1', { on: '2024-02-20' })),
    ).toEqual([
      '2024-01-10 due 2024-02-10: 10000',
      '2024-02-15 due 2024-02-10: -4000',
      '2024-02-15 due 2024-02-10 2024-04-01: 4000',
      '2024-02-20 due 2024-02-10: 4000',
      '2024-02-20 due 2024-02-10 2024-04-01: -4000',
    ]));
  it('say when something is held, without owing more', () =>
    expect(
      movements(one, hold('I1', { on: '2024-02-01', until: '2024-02-20' }), release('I1', { on: '2024-02-10' })),
    ).toEqual([
      '2024-01-10 due 2024-02-10: 10000',
      '2024-02-01 due 2024-02-10: 0 held 10000',
      '2024-02-10 due 2024-02-10: 0 held -10000',
    ]));
  it('let a hold end by itself', () =>
    expect(movements(one, hold('I1', { on: '2024-02-01', until: '2024-02-20' })).at(-1)).toBe(
      '2024-02-20 due 2024-02-10: 0 held -10000',
    ));
  it('dispute what falls due first', () =>
    expect(
      movements(
        invoice('I1', '1', {
          schedule: [
            { dueOn: '2024-03-10', amount: '0.4' },
            { dueOn: '2024-02-10', amount: '0.6' },
          ],
        }),
        dispute('I1', { amount: '0.7' }),
      ).slice(2),
    ).toEqual(['2024-02-15 due 2024-03-10: 0 disputed 10', '2024-02-15 due 2024-02-10: 0 disputed 60']));
  it('take what is held and disputed along when it is settled', () =>
    expect(
      movements(
        one,
        hold('I1'),
        dispute('I1'),
        creditNote('N1', '100', { date: '2024-02-20', allocations: [['I1', '30']] }),
      ).slice(1),
    ).toEqual([
      '2024-02-15 due 2024-02-10: 0 held 10000 disputed 10000',
      '2024-02-20 due 2024-02-10: -3000 held -3000 disputed -3000',
    ]));
  it('reach back when something is recorded late', () =>
    expect(
      movements(one, writeOff('W1', 'I1', { amount: '10', on: '2024-03-01' }), paid('P1', '60', '2024-01-20')),
    ).toEqual([
      '2024-01-10 due 2024-02-10: 10000',
      '2024-01-20 due 2024-02-10: -6000',
      '2024-03-01 due 2024-02-10: -1000',
    ]));
});

describe('credit', () => {
  const books = after(
    one,
    payment('P1', '80'),
    allocate('A1', 'P1', 'I1', '30', { on: '2024-02-05' }),
    refund('R1', 'P1', '10', { on: '2024-02-10' }),
    reverse('A1', '2024-02-20'),
  );
  const source = books.source('P1');

  it.each([
    ['2024-01-31', 0n, 0n],
    ['2024-02-01', 80_00n, 40_00n],
    ['2024-02-05', 50_00n, 40_00n],
    ['2024-02-10', 40_00n, 40_00n],
    ['2024-02-20', 70_00n, 70_00n],
  ])('on %s is %s, from then on at least %s', (day, left, least) =>
    expect([leftOn(source, day), leastLeftFrom(source, day)]).toEqual([left, least]),
  );
  it('is in the end by everything that is recorded', () => expect(leftInTheEnd(source)).toBe(70_00n));
  it('moves below zero, in the bucket of its own date', () =>
    expect(short(creditMovementsOf(source))).toEqual([
      '2024-02-01 due 2024-02-01: -8000',
      '2024-02-05 due 2024-02-01: 3000',
      '2024-02-10 due 2024-02-01: 1000',
      '2024-02-20 due 2024-02-01: -3000',
    ]));
  it('of none does not move', () => expect(creditMovementsOf(undefined)).toEqual([]));
  it('is all gone after its reversal', () =>
    expect(leftOn(after(creditNote('N1', '5'), reverse('N1', '2024-03-01')).source('N1'), '2024-03-01')).toBe(0n));
});
