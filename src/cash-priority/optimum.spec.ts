/** The optimum against brute force, and the laws that every plan keeps. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { bruteForce } from '../../test/support/plan-brute-force.js';
import { grid, tinyPlan } from '../../test/support/plan-samples.js';
import { sampleSize, seed } from '../../test/support/seed.js';
import { PlanRefusal } from './model.js';
import { planCash } from './plan.js';
import { readProblem } from './problem.js';
import { loadSolver, type Solver } from './solver.js';
import { optimise } from './stages.js';

/** Costs per minor unit: the model's third section. */
const costUnit = 3_650_000;

let solver: Solver;
beforeAll(async () => {
  solver = await loadSolver();
});

describe('the optimum of a tiny plan', () => {
  it('is that of trying every plan', () => {
    const wrong: unknown[] = [];
    let compared = 0;
    for (let index = 0; compared < sampleSize(60, 1000); index += 1) {
      const input = tinyPlan(seed + index);
      let problem;
      try {
        problem = readProblem(input);
      } catch (error) {
        if (error instanceof PlanRefusal) continue;
        throw error;
      }
      compared += 1;
      const best = bruteForce(input, grid)!;
      const found = optimise(problem, solver, { gap: 1e-6, priced: true });
      const lateness = found && [...found.evaluation.lateness.map(Number), Number(found.evaluation.requiredLateness)];
      const cost = Number(found?.evaluation.total);
      // A programme may also pay between the grid's points, so it may be better; it is never worse.
      const same = found && lateness!.join() === best.lateness.join() && Math.abs(cost - best.cost) <= 1e-4 * best.cost;
      const boundsHold =
        found &&
        Number(found.bound) <= best.cost + 1 &&
        cost - Number(found.bound) <= 1e-4 * cost &&
        found.certified <= found.evaluation.total;
      if (!same || !boundsHold || found.evaluation.faults.length > 0)
        wrong.push({
          seed: seed + index,
          cost,
          best,
          lateness,
          bound: Number(found?.bound),
          certified: Number(found?.certified),
          faults: found?.evaluation.faults,
        });
    }
    expect(wrong).toEqual([]);
  });

  it('costs as much more as is stated where a decision is overridden', async () => {
    const wrong: unknown[] = [];
    let compared = 0;
    for (let drawn = seed; compared < sampleSize(40, 1000); drawn += 1) {
      const tiny = tinyPlan(drawn);
      const input = { ...tiny, request: { ...tiny.request, scenarios: [], newMoney: { amounts: [] }, overrides: 2 } };
      let answer;
      try {
        answer = await planCash(input, solver);
      } catch (error) {
        if (error instanceof PlanRefusal) continue;
        throw error;
      }
      for (const { itemId, runnerUp, flipsAt } of answer.decisions) {
        if (flipsAt === undefined) continue;
        compared += 1;
        const on = / on (\d{4}-\d{2}-\d{2})/.exec(runnerUp!)?.[1];
        const { require: required = [], forbid = [] } = input.request;
        const request = runnerUp!.startsWith('leave it unpaid')
          ? { ...input.request, forbid: [...forbid, { itemId }] }
          : { ...input.request, require: [...required, { itemId, ...(on !== undefined && { on }) }] };
        const best = bruteForce({ ...input, request }, grid)!;
        const stated = Number(answer.cost.exact) + Number(flipsAt) * 100 * costUnit;
        // The amount is rounded to whole cents.
        if (Math.abs(stated - best.cost) > 1e-4 * best.cost + costUnit)
          wrong.push({ drawn, itemId, runnerUp, flipsAt, stated, best: best.cost });
      }
    }
    expect(wrong).toEqual([]);
  });
});
