/** What holds of every plan, whatever its input. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { breachesOf } from '../../test/support/plan-checks.js';
import { offGrid, shuffled, tinyPlan } from '../../test/support/plan-samples.js';
import { companyPlan } from '../../test/support/company-plan.js';
import { foundingCase } from '../../test/support/founding-case-plan.js';
import { sampleSize, seed } from '../../test/support/seed.js';
import { type PlanAnswer, type PlanInput, PlanRefusal } from './model.js';
import { planCash } from './plan.js';
import { readProblem } from './problem.js';
import { buildProgramme, needsIntegers } from './programme.js';
import { loadSolver, type Solver } from './solver.js';

let solver: Solver;
beforeAll(async () => {
  solver = await loadSolver();
});

/** So many plans that are not refused. */
const plans = async (
  count: number,
  look: (input: PlanInput, answer: PlanAnswer, drawn: number) => Promise<void> | void,
): Promise<void> => {
  let done = 0;
  for (let drawn = seed; done < count; drawn += 1) {
    const input = drawn % 2 === 0 ? tinyPlan(drawn) : offGrid(tinyPlan(drawn), drawn);
    let answer;
    try {
      answer = await planCash(input, solver);
    } catch (error) {
      if (error instanceof PlanRefusal) continue;
      throw new Error(`seed ${drawn}`, { cause: error });
    }
    done += 1;
    await look(input, answer, drawn);
  }
};

describe('every plan', () => {
  it('keeps the reserve, the tiers, the sums, the minimums and the holds, and no rule beats its bound', async () => {
    const wrong: unknown[] = [];
    await plans(sampleSize(150, 10_000), (input, answer, drawn) => {
      const breaches = breachesOf(input, answer);
      const cost = BigInt(answer.cost.exact);
      if (BigInt(answer.certificate.exact) > cost) breaches.push('the certificate is above the cost');
      if (Number(answer.lowerBound) > Number(answer.cost.total) + 0.005) breaches.push('the bound is above the cost');
      if (!answer.proven) breaches.push(`not proven: ${answer.gap}`);
      for (const { comparable, cost: theirs, rule } of answer.comparisons)
        if (comparable && Number(theirs) < Number(answer.lowerBound) - 0.005) breaches.push(`${rule} beats the bound`);
      if (breaches.length > 0) wrong.push({ drawn, breaches });
    });
    expect(wrong).toEqual([]);
  });

  it('is the same to the byte, in whatever order its facts come', async () => {
    await plans(sampleSize(40, 1000), async (input, answer, drawn) => {
      const again = await planCash(shuffled(input, drawn), solver);
      expect(JSON.stringify(again)).toBe(JSON.stringify(answer));
    });
  });

  it('is the same whoever is a connected party, but for the flag', async () => {
    await plans(sampleSize(20, 300), async (input, answer) => {
      const connected = { ...input, vendors: input.vendors.map((vendor) => ({ ...vendor, connected: true })) };
      const { inputsHash: _, ...flagged } = await planCash(connected, solver);
      expect(answer.decisions.every((decision) => !decision.connected)).toBe(true);
      const { inputsHash: _plain, ...plain } = answer;
      const decisions = plain.decisions.map((decision) => ({ ...decision, connected: true }));
      expect(flagged).toEqual({ ...plain, decisions });
    });
  });

  it('is the same to the byte from another solver', async () => {
    const quick = foundingCase({ minimumBalance: '250000.00', scenarios: [], newMoney: { amounts: [] }, overrides: 0 });
    const [one, other] = await Promise.all([loadSolver(), loadSolver()]);
    await planCash(tinyPlan(1), one);
    expect(JSON.stringify(await planCash(quick, one))).toBe(JSON.stringify(await planCash(shuffled(quick, 7), other)));
  });
});

describe('a payment hold', () => {
  const [bill] = foundingCase().items;
  const due = '2023-11-01';
  const held = (hold: PlanInput['items'][number]['hold'], request: PlanInput['request'] = {}): Promise<PlanAnswer> =>
    planCash(
      {
        ...foundingCase({ scenarios: [], newMoney: { amounts: [] }, overrides: 1, ...request }),
        vendors: [{ id: 'v', name: 'V' }],
        items: [
          {
            ...bill!,
            itemId: 'i',
            vendorId: 'v',
            instalments: [{ dueOn: due, originalDueOn: due, plannedOn: due, amount: '100.00' }],
            consequences: { lateInterest: { annualPercent: '36.50' } },
            ...(hold && { hold }),
          },
        ],
      },
      solver,
    );

  it('that ends inside the plan bars the runs before its last day, and no others', async () => {
    const answer = await held({ reason: 'goods', until: '2023-11-14' });
    expect(answer.decisions).toMatchObject([
      {
        hold: { reason: 'goods', until: '2023-11-14' },
        decision: 'pay',
        payments: [{ on: '2023-11-14', amount: '100.00' }],
        // 13 days at a tenth of a per cent a day.
        cost: '1.30',
        costIfPaidNow: '1.30',
        reason: expect.stringContaining('On hold until 2023-11-14 (goods).'),
      },
    ]);
    expect(answer.proven).toBe(true);
    expect((await held({ reason: 'goods', until: '2023-11-15' })).decisions[0]!.payments).toEqual([
      { on: '2023-11-21', amount: '100.00' },
    ]);
    expect((await held(undefined)).decisions[0]).toMatchObject({ cost: '0.00', payments: [{ on: '2023-10-31' }] });
  });
  it('without an end, or that ends after the last run, blocks the bill and says why', async () => {
    for (const hold of [{ reason: 'goods' }, { reason: 'goods', until: '2024-01-24' }]) {
      const [decision] = (await held(hold)).decisions;
      expect(decision).toMatchObject({ hold, decision: 'blocked', payments: [], unpaid: '100.00' });
      expect(decision!.reason).toContain('goods');
    }
  });
  it('lets its item be required once it has ended, not before', async () => {
    const hold = { reason: 'goods', until: '2023-11-14' };
    const late = await held(hold, { require: [{ itemId: 'i', on: '2023-11-20' }] });
    expect(late.decisions[0]!.payments).toEqual([{ on: '2023-11-14', amount: '100.00' }]);
    await expect(held(hold, { require: [{ itemId: 'i', on: '2023-11-13' }] })).rejects.toMatchObject({
      code: 'required-item-blocked',
      facts: { itemId: 'i', blocked: 'on hold until 2023-11-14 (goods)' },
    });
  });
});

describe('a plan of which nothing is to be decided', () => {
  const [bill] = foundingCase().items;
  it.each([1, 2, 13])('says so, over %d runs', async (periods) => {
    const request = { periods, scenarios: [{ name: 'as expected' }], newMoney: { amounts: ['1.00'] }, overrides: 1 };
    const costless = { ...bill!, itemId: 'i', vendorId: 'v', consequences: {} };
    for (const items of [[], [costless], [{ ...costless, hold: { reason: 'goods' } }]]) {
      const input = { ...foundingCase(request), vendors: [{ id: 'v', name: 'V' }], items };
      const answer = await planCash(input, solver);
      expect([answer.cost.total, answer.proven, answer.cash.length]).toEqual(['0.00', true, periods]);
      expect(breachesOf(input, answer)).toEqual([]);
    }
  });
});

describe('a plan that can not be made', () => {
  const refused = async (change: Partial<PlanInput>, request: PlanInput['request'] = {}): Promise<unknown> => {
    const input = { ...foundingCase(request), ...change };
    return planCash(input, solver).catch((error: unknown) => (error instanceof PlanRefusal ? error.code : error));
  };
  it.each([
    ['no-cash-balance', { accounts: [] }, {}],
    ['unknown-item', {}, { require: [{ itemId: 'no such' }] }],
    ['unknown-item', {}, { forbid: [{ itemId: 'no such' }] }],
    ['required-item-blocked', {}, { require: [{ itemId: 'AWS-2023-07' }], forbid: [{ itemId: 'AWS-2023-07' }] }],
    ['required-before-first-run', {}, { require: [{ itemId: 'AWS-2023-07', on: '2023-10-01' }] }],
    ['runs-out-of-order', {}, { runs: ['2023-11-07', '2023-11-01'] }],
    ['runs-out-of-order', {}, { runs: ['2023-10-01'] }],
    ['too-many-runs', {}, { periods: 1000 }],
    ['horizon-too-short', {}, { horizonEnd: '2023-11-01' }],
  ] as const)('is refused: %s', async (code, change, request) => {
    expect(await refused(change, request)).toBe(code);
  });

  it('is refused with the limit when there are too many bills', async () => {
    const [bill] = foundingCase().items;
    const items = Array.from({ length: 100_000 }, (_, place) => ({ ...bill!, itemId: `bill ${place}` }));
    await expect(planCash({ ...foundingCase(), items }, solver)).rejects.toMatchObject({
      code: 'too-many-bills',
      facts: { bills: 100_000, limit: 50_000 },
    });
  });

  it('is an answer, with the day and the amount, when the reserve is above the balance', async () => {
    const answer = await planCash(
      foundingCase({ minimumBalance: '9000000.00', scenarios: [], newMoney: { amounts: [] }, overrides: 0 }),
      solver,
    );
    expect(answer.impossible[0]).toMatchObject({ what: 'reserve', on: '2023-10-31', amount: '5100000.00' });
    expect(answer.impossible.some(({ what, tier }) => what === 'never-defer' && tier === 0)).toBe(true);
  });
});

describe('a plan that is stopped', () => {
  it('falls back to the best rule, which is no proof, and is the same wherever it is stopped', async () => {
    const limits = { nodes: 0, iterations: 0 };
    const input = foundingCase({ scenarios: [], newMoney: { amounts: [] }, overrides: 0 });
    const answer = await planCash(input, solver, limits);
    expect(answer).toMatchObject({ proven: false, reproducible: true });
    expect(answer.method).not.toBe('optimum');
    expect(breachesOf(input, answer)).toEqual([]);
    // No rule is cheaper than the one it fell back to, and the bound that it states is one.
    const optimum = await planCash(input, solver);
    expect(Number(answer.lowerBound)).toBeLessThanOrEqual(Number(optimum.cost.total));
    expect(Number(answer.cost.total)).toBeGreaterThanOrEqual(Number(optimum.cost.total));
    for (const { comparable, cost } of answer.comparisons)
      if (comparable) expect(Number(answer.cost.total)).toBeLessThanOrEqual(Number(cost));
    expect(JSON.stringify(await planCash(input, await loadSolver(), limits))).toBe(JSON.stringify(answer));
  });
  it('says so where the solver is stopped before its proof, and keeps what it has found', async () => {
    let unproven = 0;
    // Some companies are so easy that even this little is enough.
    for (let tried = 0; unproven === 0 && tried < 10; tried += 1) {
      const input = companyPlan({ seed: 1 + ((seed + tried) % 100), bills: 120, cutoffs: 8, cash: 0.7 });
      const best = await planCash(input, solver);
      for (const iterations of [100, 400, 1600]) {
        const answer = await planCash(input, solver, { nodes: 5, iterations });
        expect([iterations, breachesOf(input, answer)]).toEqual([iterations, []]);
        expect(BigInt(answer.certificate.exact)).toBeLessThanOrEqual(BigInt(best.cost.exact));
        expect(Number(answer.lowerBound)).toBeLessThanOrEqual(Number(best.cost.total));
        expect(answer.proven).toBe(Number(answer.gap) <= 0.001);
        if (!answer.proven) unproven += 1;
      }
    }
    expect(unproven).toBeGreaterThan(0);
  });
});

const has = (program: string): boolean => {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** The objective that another solver finds. */
const others: readonly (readonly [string, (mps: string, out: string) => number])[] = [
  [
    'cbc',
    (mps, out) => {
      execFileSync('cbc', [mps, 'ratio', '0', 'allow', '0', 'solve', 'solu', out], { stdio: 'ignore' });
      return Number(/objective value\s+(\S+)/.exec(readFileSync(out, 'utf8'))![1]);
    },
  ],
  [
    'glpsol',
    (mps, out) => {
      execFileSync('glpsol', ['--freemps', mps, '-o', out], { stdio: 'ignore' });
      return Number(/Objective:\s+\S+\s+=\s+(\S+)/.exec(readFileSync(out, 'utf8'))![1]);
    },
  ],
];

describe('the programme', () => {
  it.each(others.filter(([program]) => has(program)))('has the optimum that %s finds', (_, solve) => {
    const folder = mkdtempSync(join(tmpdir(), 'plan-'));
    const wrong: unknown[] = [];
    try {
      let compared = 0;
      for (let drawn = seed; compared < sampleSize(10, 300); drawn += 1) {
        const problem = (() => {
          try {
            return readProblem(tinyPlan(drawn));
          } catch (error) {
            if (error instanceof PlanRefusal) return undefined;
            throw error;
          }
        })();
        if (!problem) continue;
        const programme = buildProgramme(problem, {
          minimise: 'cost',
          limits: { tiers: Array.from({ length: 10 }, () => undefined), required: undefined },
          exact: (place) => needsIntegers(problem, place),
          cutoffsExact: true,
        });
        // Without rows or columns there is nothing that the format could say.
        if (programme.cost.every((price) => price === 0)) continue;
        compared += 1;
        const ours = solver.solve(programme, {
          integers: true,
          relativeGap: 0,
          nodeLimit: 100_000,
          iterationLimit: 1e7,
        });
        const mps = join(folder, 'plan.mps');
        // The constant of the objective is left out: not every reader of the format knows one.
        writeFileSync(mps, solver.exportMps({ ...programme, offset: 0 }));
        const theirs = solve(mps, join(folder, 'out.txt')) + programme.offset;
        if (Math.abs(theirs - ours.objective) > 1e-4 * Math.max(1, Math.abs(ours.objective)))
          wrong.push({ drawn, ours: ours.objective, theirs });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(wrong).toEqual([]);
  });
});
