import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sum } from './money.js';
import { defer, deferralOf, firstDue, type Instalment, openOf, type Schedule } from './schedule.js';

const of = (amount: bigint, dueOn: string, originalDueOn = dueOn, plannedOn = dueOn): Instalment => ({
  amount,
  originalDueOn,
  dueOn,
  plannedOn,
});
const schedule: Schedule = [of(30n, '2024-03-10'), of(20n, '2024-02-10'), of(50n, '2024-02-10', '2024-01-10')];

describe('what is open of a schedule', () => {
  it.each([
    [0n, [30n, 20n, 50n]],
    [1n, [30n, 20n, 49n]],
    [50n, [30n, 20n, 0n]],
    [51n, [30n, 19n, 0n]],
    [70n, [30n, 0n, 0n]],
    [99n, [1n, 0n, 0n]],
    [100n, [0n, 0n, 0n]],
  ])('with %s settled is, by place, %s: by due date, then by the original one', (settled, open) =>
    expect(openOf(schedule, settled)).toEqual(open),
  );
  it('goes by place where all dates are the same', () =>
    expect(openOf([of(5n, '2024-01-01'), of(5n, '2024-01-01')], 6n)).toEqual([0n, 4n]));
  it('does not go by the planned date', () =>
    expect(openOf([of(5n, '2024-01-01', '2024-01-01', '2024-09-01'), of(5n, '2024-01-02')], 5n)).toEqual([0n, 5n]));
  it('is none of no schedule', () => expect(openOf([], 5n)).toEqual([]));
});

describe('what falls due first', () => {
  it.each([
    [50n, [0n, 0n, 50n]],
    [51n, [0n, 1n, 50n]],
    [90n, [20n, 20n, 50n]],
    [0n, [0n, 0n, 0n]],
  ])('of %s is, by place, %s', (amount, parts) => expect(firstDue(schedule, [30n, 20n, 50n], amount)).toEqual(parts));
  it('is never more than what is open there', () =>
    expect(firstDue(schedule, [30n, 20n, 7n], 30n)).toEqual([3n, 20n, 7n]));
});

describe('deferring', () => {
  it('splits an instalment into what was settled, what moves and the rest, in this order', () =>
    expect(defer([of(100n, '2024-02-10')], [70n], [40n], '2024-04-01', true)).toEqual([
      of(30n, '2024-02-10'),
      of(40n, '2024-04-01', '2024-02-10'),
      of(30n, '2024-02-10'),
    ]));
  it('moves the planned date alone unless it is agreed', () =>
    expect(defer([of(10n, '2024-02-10')], [10n], [10n], '2024-04-01', false)).toEqual([
      of(10n, '2024-02-10', '2024-02-10', '2024-04-01'),
    ]));
  it('moves the planned date along where it is agreed, also back', () =>
    expect(defer([of(10n, '2024-02-10', '2024-02-10', '2024-09-01')], [10n], [10n], '2024-04-01', true)).toEqual([
      of(10n, '2024-04-01', '2024-02-10'),
    ]));
  it('leaves instalments alone of which nothing moves', () =>
    expect(defer(schedule, [30n, 20n, 0n], [0n, 20n, 0n], '2024-04-01', true)).toEqual([
      schedule[0],
      of(20n, '2024-04-01', '2024-02-10'),
      schedule[2],
    ]));
  it('keeps no part of nothing', () =>
    expect(defer([of(10n, '2024-02-10')], [4n], [4n], '2024-04-01', true)).toEqual([
      of(6n, '2024-02-10'),
      of(4n, '2024-04-01', '2024-02-10'),
    ]));
});

describe('an open instalment', () => {
  it.each([
    ['is not deferred', of(1n, '2024-02-10'), '2024-02-10', undefined],
    ['is deferred by agreement until its day', of(1n, '2024-03-10', '2024-02-10'), '2024-03-10', 'agreed'],
    ['is not any more the day after', of(1n, '2024-03-10', '2024-02-10'), '2024-03-11', undefined],
    [
      'is deferred by agreement before the original day, too',
      of(1n, '2024-03-10', '2024-02-10'),
      '2024-01-01',
      'agreed',
    ],
    [
      'is deferred unilaterally until the planned day',
      of(1n, '2024-02-10', '2024-02-10', '2024-03-10'),
      '2024-03-10',
      'unilateral',
    ],
    ['is not any more the day after that', of(1n, '2024-02-10', '2024-02-10', '2024-03-10'), '2024-03-11', undefined],
    [
      'is deferred unilaterally where it is both',
      of(1n, '2024-03-10', '2024-02-10', '2024-04-10'),
      '2024-03-10',
      'unilateral',
    ],
    [
      'is deferred by agreement where its planned day is over and the agreed one is not',
      of(1n, '2024-05-10', '2024-02-10', '2024-05-10'),
      '2024-05-10',
      'agreed',
    ],
    [
      'is not deferred where it is planned for an earlier day',
      of(1n, '2024-02-10', '2024-02-10', '2024-01-10'),
      '2024-01-01',
      undefined,
    ],
  ])('%s', (_what, instalment, asOf, sort) => expect(deferralOf(instalment, asOf)).toBe(sort));
});

describe('for any schedule', () => {
  const day = fc.constantFrom('2024-01-10', '2024-02-10', '2024-02-29', '2024-03-10');
  const schedules = fc.array(
    fc.record({ amount: fc.bigInt({ min: 1n, max: 30n }), originalDueOn: day, dueOn: day, plannedOn: day }),
    { minLength: 1, maxLength: 6 },
  );
  const cases = schedules.chain((drawn) =>
    fc.record({
      drawn: fc.constant(drawn),
      settled: fc.bigInt({ min: 0n, max: sum(drawn.map(({ amount }) => amount)) }),
      share: fc.bigInt({ min: 0n, max: 1000n }),
    }),
  );
  const totalOf = (parts: Schedule): bigint => parts.reduce((total, { amount }) => total + amount, 0n);

  it('what is open adds up to what is not settled, and is nowhere negative', () =>
    fc.assert(
      fc.property(cases, ({ drawn, settled }) => {
        const open = openOf(drawn, settled);
        expect(open.every((amount, place) => amount >= 0n && amount <= drawn[place]!.amount)).toBe(true);
        expect(totalOf(drawn) - open.reduce((a, b) => a + b, 0n)).toBe(settled);
      }),
    ));
  it('nothing is settled while something that comes before it is open', () =>
    fc.assert(
      fc.property(cases, ({ drawn, settled }) => {
        const open = openOf(drawn, settled);
        drawn.forEach((late, l) => {
          drawn.forEach((early, e) => {
            const order = (one: Instalment, place: number): string => `${one.dueOn} ${one.originalDueOn} ${place}`;
            const comesBefore = order(early, e) < order(late, l);
            if (comesBefore && open[e]! > 0n) expect(open[l]).toBe(late.amount);
          });
        });
      }),
    ));
  it('deferring keeps the total, the original dates, and what is settled when', () =>
    fc.assert(
      fc.property(cases, fc.boolean(), ({ drawn, settled, share }, agreed) => {
        const open = openOf(drawn, settled);
        const moved = firstDue(drawn, open, ((totalOf(drawn) - settled) * share) / 1000n);
        const after = defer(drawn, open, moved, '2024-06-01', agreed);
        expect(after.every(({ amount }) => amount > 0n)).toBe(true);
        expect(totalOf(after)).toBe(totalOf(drawn));
        for (const original of new Set(drawn.map(({ originalDueOn }) => originalDueOn)))
          expect(totalOf(after.filter(({ originalDueOn }) => originalDueOn === original))).toBe(
            totalOf(drawn.filter(({ originalDueOn }) => originalDueOn === original)),
          );
        expect(totalOf(after.filter(({ plannedOn }) => plannedOn === '2024-06-01'))).toBe(
          moved.reduce((a, b) => a + b, 0n),
        );
      }),
    ));
});
