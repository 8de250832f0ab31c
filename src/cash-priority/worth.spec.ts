/** What one more unit of cash is worth at each run, against what planning with it saves. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { addDays } from '../domain/calendar.js';
import { randomFrom } from '../../test/support/plan-samples.js';
import { sampleSize, seed } from '../../test/support/seed.js';
import type { PlanInput } from './model.js';
import { planCash } from './plan.js';
import { readProblem } from './problem.js';
import { loadSolver, type Solver } from './solver.js';
import { optimise, type Solved } from './stages.js';

let solver: Solver;
beforeAll(async () => {
  solver = await loadSolver();
});

const asOf = '2026-11-26';
const on = (day: number): string => addDays(asOf, day);
const bill = (place: number, due: number, amount: string, annualPercent: string): PlanInput['items'][number] => ({
  itemId: `i${place}`,
  kind: 'invoice',
  vendorId: 'v',
  number: `No ${place}`,
  instalments: [{ dueOn: on(due), originalDueOn: on(due), plannedOn: on(due), amount }],
  consequences: { lateInterest: { annualPercent } },
});
const inputOf = (
  balance: string,
  items: PlanInput['items'],
  request: PlanInput['request'],
  flows: PlanInput['flows'] = [],
): PlanInput => ({
  asOf,
  position: 1,
  currency: 'USD',
  request: { scenarios: [], newMoney: { amounts: [] }, overrides: 0, ...request },
  vendors: [{ id: 'v', name: 'V' }],
  items,
  accounts: [{ account: 'bank', on: asOf, balance, paidSince: '0.00' }],
  flows,
});
const withExtra = (input: PlanInput, day: string, amount: string): PlanInput => ({
  ...input,
  request: { ...input.request, scenario: { extraCash: [{ on: day, amount }] } },
});

describe('the price of cash', () => {
  it('is what more of it saves, not less of it costs, where the two are not the same', async () => {
    const input = inputOf('100.00', [bill(1, -26, '500.00', '36.50')], { periods: 5, minimumBalance: '0.00' });
    const plan = await planCash(input, solver);
    expect(plan.cash.map(({ price }) => price)).toEqual(['0.0350', '0.0280', '0.0210', '0.0140', '0.0070']);
    for (const { on: day, price } of plan.cash) {
      const more = await planCash(withExtra(input, day, '10.00'), solver);
      expect(Number(plan.cost.total) - Number(more.cost.total)).toBeCloseTo(10 * Number(price), 9);
    }
  });

  it('counts for earlier runs where only a later outflow keeps the cash back', async () => {
    const rent = { id: 'f', direction: 'outflow' as const, on: on(8), amount: '100.00' };
    const input = inputOf('100.00', [bill(1, -26, '500.00', '36.50')], { periods: 4 }, [rent]);
    const plan = await planCash(input, solver);
    expect(plan.cash.map(({ payments, price }) => [payments, price])).toEqual([
      ['0.00', '0.0280'],
      ['0.00', '0.0280'],
      ['0.00', '0.0140'],
      ['0.00', '0.0070'],
    ]);
    const short = { ...rent, amount: '150.00' };
    const broken = await planCash(inputOf('100.00', input.items, { periods: 4 }, [short]), solver);
    // It would only fill up the reserve.
    expect(broken.cash.map(({ price }) => price)).toEqual(['0.0000', '0.0000', '0.0000', '0.0000']);
  });
});

/** Bills without anything that is either all or nothing, receipts and outflows on any day. */
const looseInput = (drawn: number): PlanInput => {
  const random = randomFrom(drawn);
  const whole = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  // Round amounts meet each other often: that is where the two sides of a price differ.
  const amount = (most: number): string => `${whole(0, most) * 1000}.00`;
  const items = Array.from({ length: whole(1, 6) }, (_, place): PlanInput['items'][number] => ({
    ...bill(place, whole(-20, 40), `${whole(1, 4) * 1000}.00`, `${whole(0, 9) * 10}.00`),
    consequences: {
      lateInterest: { annualPercent: `${whole(0, 9) * 10}.00` },
      ...(random() < 0.4 ? { steps: [{ afterDays: whole(0, 20), percent: `${whole(1, 9)}.00` }] } : {}),
      ...(random() < 0.3 ? { unpaidAtEndPercent: `${whole(1, 40)}.00` } : {}),
    },
  }));
  const flows = Array.from({ length: whole(0, 4) }, (_, place) => ({
    id: `f${place}`,
    direction: random() < 0.6 ? ('receipt' as const) : ('outflow' as const),
    on: on(whole(0, 35)),
    amount: amount(2),
  }));
  return inputOf(amount(6), items, { periods: whole(1, 5), periodDays: whole(2, 9), minimumBalance: amount(1) }, flows);
};

const solved = (input: PlanInput): Solved => optimise(readProblem(input), solver, { gap: 0, priced: true })!;

describe('every price of cash', () => {
  it('is the difference between two fresh plans, per unit', () => {
    const wrong: unknown[] = [];
    let twoSided = 0;
    for (let drawn = seed; drawn < seed + sampleSize(100, 3000); drawn += 1) {
      const input = looseInput(drawn);
      const { runs } = readProblem(input);
      const plan = solved(input);
      for (const [run, day] of runs.entries()) {
        const saved = plan.evaluation.total - solved(withExtra(input, on(day), '1.00')).evaluation.total;
        if (saved !== 100n * plan.worth[run]!) wrong.push({ drawn, run, saved, worth: plan.worth[run] });
        if (plan.worth[run]! !== plan.prices.cash[run]!) twoSided += 1;
      }
    }
    expect(wrong).toEqual([]);
    // Else the two could not be told apart.
    expect(twoSided).toBeGreaterThan(0);
  });
});
