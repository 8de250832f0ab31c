/** The cash plan against its marks: cold once and warm, of small plans the 95th percentile of many seeds, of large ones the slowest. */
import { certificate } from '#duebook/cash-priority/certificate.js';
import { toMinor } from '#duebook/cash-priority/figures.js';
import { ladder } from '#duebook/cash-priority/ladder.js';
import { evaluate } from '#duebook/cash-priority/evaluate.js';
import { readProblem, type Problem } from '#duebook/cash-priority/problem.js';
import { firstThings, planByRule } from '#duebook/cash-priority/rules.js';
import { loadSolver, type Solver } from '#duebook/cash-priority/solver.js';
import { optimise, type Solved } from '#duebook/cash-priority/stages.js';
import { companyPlan } from '../test/support/company-plan.js';

export interface MarkRow {
  readonly what: string;
  /** What was measured, in words: seconds, megabytes, how many times cheaper. */
  readonly measured: string;
  readonly wanted: string;
  /** Mark ÷ measured where less is better, measured ÷ mark where more is: 1 and above is reached. */
  readonly ratio: number;
  readonly mark: 1;
}

const timed = <T>(run: () => T): { result: T; ms: number } => {
  const start = performance.now();
  const result = run();
  return { result, ms: performance.now() - start };
};

const solve = (solver: Solver, problem: Problem, gap: number): Solved => {
  const solved = optimise(problem, solver, { gap, priced: true });
  if (!solved) throw new Error('the solver has found no plan');
  return solved;
};

const under = (what: string, ms: number, markMs: number, proven = true): MarkRow => ({
  what: proven ? what : `${what} (NOT PROVEN)`,
  measured: `${(ms / 1000).toFixed(2)} s`,
  wanted: `≤ ${markMs / 1000} s`,
  ratio: proven ? markMs / ms : 0,
  mark: 1,
});

/** @param large whether the plans of 20,000 bills are measured too, which takes minutes */
export const plan = async (rounds: number, large: boolean): Promise<MarkRow[]> => {
  const rows: MarkRow[] = [];
  const problemOf = (bills: number, seed: number, cutoffs = 20): Problem =>
    readProblem(companyPlan({ seed, bills, cutoffs, cash: 0.7 }));
  const tell = (text: string): unknown => process.stderr.write(`plan: ${text}\n`);

  const start = performance.now();
  const solver = await loadSolver();
  solve(solver, problemOf(500, 1), 0.001);
  rows.push(under('500 bills × 13 runs, ≤ 0.1 %, cold', performance.now() - start, 4000));

  /** The 95th percentile of so many seeds: of less than 20 that is the slowest. */
  const percentile95 = (
    name: string,
    markMs: number,
    count: number,
    gap: number,
    madeBy: (seed: number) => Problem,
  ): void => {
    const times: number[] = [];
    let proven = true;
    for (let seed = 1; seed <= count; seed += 1) {
      const problem = madeBy(seed);
      const { result, ms } = timed(() => solve(solver, problem, gap));
      times.push(ms);
      proven &&= result.proven;
      tell(`${name}, seed ${seed}: ${(ms / 1000).toFixed(2)} s, proven ${result.proven}`);
    }
    times.sort((a, b) => a - b);
    const counted = times[Math.ceil(times.length * 0.95) - 1]!;
    const of = count < 20 ? `slowest of ${count}` : `95th percentile of ${count}`;
    rows.push(under(`${name}, warm, ${of}`, counted, markMs, proven));
  };
  percentile95('500 bills × 13 runs, ≤ 0.1 %', 4000, 4 * rounds, 0.001, (seed) => problemOf(500, seed));
  const few = Math.min(rounds, 3);
  percentile95('5,000 × 13, ≤ 0.1 %', 8000, few, 0.001, (seed) => problemOf(5000, seed));
  percentile95('5,000 × 13, ≤ 0.01 %', 40_000, 1, 0.0001, (seed) => problemOf(5000, seed));

  const many = problemOf(20_000, 1);
  const rungs = timed(() => ladder(many));
  rows.push(under('ladder at 20,000', rungs.ms, 200));
  if (large) {
    const { result, ms } = timed(() => solve(solver, many, 0.001));
    rows.push(under('20,000 × 13, ≤ 0.1 %, warm', ms, 40_000, result.proven));
    const proof = timed(() => certificate(many, result.limits, result.prices));
    rows.push(under('certificate at 20,000', proof.ms, 100));
    const bytes = process.memoryUsage().rss;
    rows.push({
      what: '20,000 × 13, memory of the process',
      measured: `${Math.round(bytes / 1e6)} MB`,
      wanted: '≤ 1,000 MB',
      ratio: 1e9 / bytes,
      mark: 1,
    });
  }

  const overridden = (bills: number, seed: number): Problem => {
    const input = companyPlan({ seed, bills, cutoffs: Math.min(20, bills / 10), cash: 0.7 });
    const { itemId } = input.items.find(({ hold }) => hold === undefined)!;
    return readProblem({ ...input, request: { ...input.request, forbid: [{ itemId }] } });
  };
  percentile95('override by re-solving at 100', 500, 4 * rounds, 0.001, (seed) => overridden(100, seed));
  percentile95('override by re-solving at 5,000', 8000, few, 0.001, (seed) => overridden(5000, seed));

  for (const [cutoffs, mark, name] of [
    [20, 3, 'present'],
    [0, 1.5, 'absent'],
  ] as const) {
    const factors: number[] = [];
    for (let seed = 1; seed <= rounds; seed += 1) {
      const problem = problemOf(300, 100 + seed, cutoffs);
      const solved = solve(solver, problem, 0.001);
      const rule = evaluate(problem, planByRule(problem, 'due-date', firstThings(problem, solved.plan)));
      factors.push(Number(toMinor(rule.total)) / Number(toMinor(solved.evaluation.total)));
    }
    const mean = Math.exp(factors.reduce((sum, factor) => sum + Math.log(factor), 0) / factors.length);
    rows.push({
      what: `cost of due-date order against the plan, cut-offs ${name} (geometric mean of ${rounds})`,
      measured: `${mean.toFixed(2)}×`,
      wanted: `≥ ${mark}×`,
      ratio: mean / mark,
      mark: 1,
    });
  }
  return rows;
};
