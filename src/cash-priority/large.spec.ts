/** Plans of more bills than are decided one by one: prices decide nearly all of them, and the certificate proves it. */
import { expect, it } from '@jest/globals';
import { companyPlan } from '../../test/support/company-plan.js';
import { breachesOf } from '../../test/support/plan-checks.js';
import { shuffled } from '../../test/support/plan-samples.js';
import { seed } from '../../test/support/seed.js';
import { planCash } from './plan.js';
import { loadSolver } from './solver.js';

const input = companyPlan({ seed: 1 + (seed % 1000), bills: 4_500, cutoffs: 6, cash: 0.7 });

it('a plan of 4,500 bills is proven by prices, breaks nothing, and is the same in any order from any solver', async () => {
  const answer = await planCash(input, await loadSolver());
  expect(answer).toMatchObject({ proven: true, method: 'optimum', reproducible: true });
  expect(answer.decisions).toHaveLength(input.items.length);
  expect(breachesOf(input, answer)).toEqual([]);
  const [cost, certified] = [BigInt(answer.cost.exact), BigInt(answer.certificate.exact)];
  expect(certified).toBeLessThanOrEqual(cost);
  for (const { comparable, cost: theirs } of answer.comparisons)
    if (comparable) expect(Number(theirs)).toBeGreaterThanOrEqual(Number(answer.lowerBound));
  const again = await planCash(shuffled(input, seed), await loadSolver());
  expect(JSON.stringify(again)).toBe(JSON.stringify(answer));
});
