import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { balanceInTheEnd, balanceOn, leastFrom, stepsOf, withChanges } from './balance.js';

const balance = stepsOf([
  { on: '2024-01-10', amount: 100n },
  { on: '2024-03-01', amount: -30n },
  { on: '2024-02-01', amount: -60n },
  { on: '2024-02-15', amount: 50n },
]);

describe('a balance', () => {
  it.each([
    ['2024-01-09', 0n],
    ['2024-01-10', 100n],
    ['2024-01-31', 100n],
    ['2024-02-01', 40n],
    ['2024-02-15', 90n],
    ['2024-03-01', 60n],
    ['2025-01-01', 60n],
  ])('on %s is %s', (day, amount) => expect(balanceOn(balance, day)).toBe(amount));
  it.each([
    ['2024-01-09', 0n],
    ['2024-01-10', 40n],
    ['2024-02-14', 40n],
    ['2024-02-15', 60n],
    ['2024-03-01', 60n],
    ['2025-01-01', 60n],
  ])('is at least, from %s on, %s', (day, amount) => expect(leastFrom(balance, day)).toBe(amount));
  it('of no changes is nothing', () =>
    expect([balanceOn([], '2024-01-01'), leastFrom([], '2024-01-01'), stepsOf([])]).toEqual([0n, 0n, []]));
  it('in the end is what everything adds up to', () => expect(balanceInTheEnd(balance)).toBe(60n));
  it('goes by whole days: what is given and taken on one day never dips', () => {
    const sameDay = stepsOf([
      { on: '2024-01-10', amount: -5n },
      { on: '2024-01-10', amount: 5n },
    ]);
    expect([leastFrom(sameDay, '2024-01-01'), sameDay]).toEqual([0n, []]);
  });
});

describe('for any changes', () => {
  const days = Array.from({ length: 12 }, (_, i) => `2024-01-${String(i + 10)}`);
  const drawn = fc.array(
    fc.record({ on: fc.constantFrom(...days.slice(1, -1)), amount: fc.bigInt({ min: -9n, max: 9n }) }),
    { maxLength: 12 },
  );

  it('the balance of each day is that of the day before and what happens on it', () =>
    fc.assert(
      fc.property(drawn, (all) => {
        let running = 0n;
        for (const day of days) {
          for (const { on, amount } of all) if (on === day) running += amount;
          expect(balanceOn(stepsOf(all), day)).toBe(running);
        }
      }),
    ));
  it('the least from a day on is the least of all its days', () =>
    fc.assert(
      fc.property(drawn, fc.constantFrom(...days), (all, from) => {
        const onEachDay = days
          .filter((day) => day >= from)
          .map((day) => all.filter(({ on }) => on <= day).reduce((total, { amount }) => total + amount, 0n));
        expect(leastFrom(stepsOf(all), from)).toBe(onEachDay.reduce((a, b) => (a < b ? a : b)));
      }),
    ));
  it('the steps come in order, one per day, none of nothing, however they are taken in', () =>
    fc.assert(
      fc.property(drawn, fc.nat(12), (all, cut) => {
        const steps = stepsOf(all);
        const stepDays = steps.map(({ on }) => on);
        expect(stepDays).toEqual([...new Set(stepDays)].sort());
        expect(steps.every(({ amount }) => amount !== 0n)).toBe(true);
        expect(withChanges(stepsOf(all.slice(cut)), ...all.slice(0, cut))).toEqual(steps);
      }),
    ));
});
