/** From a problem to a plan that is proven close to the best: tiers first, then cost, in stages that grow as needed. */
import { certificate, type Prices } from './certificate.js';
import { frozenCost, optionCash, optionCost, optionLateness } from './costs.js';
import { evaluate, type Evaluation, type LatenessLimits, type Plan } from './evaluate.js';
import type { Limits } from './model.js';
import { pricesFrom } from './prices.js';
import type { Problem } from './problem.js';
import { type Ask, buildProgramme, needsIntegers, type Programme } from './programme.js';
import { keepCash, planOf } from './repair.js';
import { isOver, type Solution, type Solver } from './solver.js';

export interface Solved {
  readonly plan: Plan;
  readonly evaluation: Evaluation;
  readonly limits: LatenessLimits;
  /** No plan within the limits costs less, in cost units. */
  readonly bound: bigint;
  /** What the prices alone prove. */
  readonly certified: bigint;
  readonly prices: Prices;
  readonly proven: boolean;
  /** Whether it was cut off from outside. */
  readonly interrupted: boolean;
}

export interface Wanted {
  /** As a share of the cost. */
  readonly gap: number;
  /** Payments of the first run that are not to be decided again. */
  readonly firstRun?: Plan;
  /** Without the prices and the certificate: for comparisons among many plans. */
  readonly priced: boolean;
}

/** So many bills are decided exactly in the first round; each later round takes more. */
const rounds = [300, 1200, Infinity];
const nodeLimit = 20_000;

/** Thrown by nothing but a cancellation: there is no plan to show then. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

export const optimise = (
  problem: Problem,
  solver: Solver,
  wanted: Wanted,
  outside: Limits = {},
): Solved | undefined => {
  let interrupted = false;
  const solve = (programme: Programme, integers: boolean, relativeGap: number): Solution => {
    if (outside.cancelled?.()) throw new Cancelled();
    const solution = solver.solve(programme, { integers, relativeGap, nodeLimit }, outside);
    if (outside.cancelled?.()) throw new Cancelled();
    interrupted ||= solution.interrupted;
    return solution;
  };

  const lateness = latenessLimits(problem, wanted, solve);
  if (!lateness) return undefined;
  const { limits } = lateness;
  const cost = cheapest(problem, wanted, limits, solve, () => interrupted || isOver(outside));
  if (!cost) return undefined;
  const { plan, evaluation } = cost;
  const proven = lateness.proven;
  if (!wanted.priced) {
    const bound = cost.bound < evaluation.total ? cost.bound : evaluation.total;
    const close = isWithin(evaluation.total, bound, wanted.gap);
    return {
      plan,
      evaluation,
      limits,
      bound,
      certified: 0n,
      prices: noPrices(problem),
      proven: proven && close,
      interrupted,
    };
  }
  const prices = pricesOf(problem, plan, evaluation, limits, solve);
  const certified = certificate(problem, limits, prices);
  const best = certified > cost.bound ? certified : cost.bound;
  // A float's bound may come out a hair above what is reached; the certificate never does.
  const bound = best < evaluation.total ? best : evaluation.total;
  const close = isWithin(evaluation.total, bound, wanted.gap);
  return { plan, evaluation, limits, bound, certified, prices, proven: proven && close, interrupted };
};

const noPrices = (problem: Problem): Prices => ({
  cash: problem.runs.map(() => 0n),
  lateness: Array.from({ length: 10 }, () => 0n),
  pressure: new Map(),
});

export const isWithin = (cost: bigint, bound: bigint, gap: number): boolean =>
  cost - bound <= (cost * BigInt(Math.round(gap * 1e9))) / 1_000_000_000n;

type Solve = (programme: Programme, integers: boolean, relativeGap: number) => Solution;

/** How late never-defer tiers and required items have to be at least: 0 where they can all be met. */
const latenessLimits = (
  problem: Problem,
  { firstRun }: Wanted,
  solve: Solve,
): { limits: LatenessLimits; proven: boolean } | undefined => {
  const { items, bills } = problem;
  const tiers: (bigint | undefined)[] = Array.from({ length: 10 }, () => undefined);
  for (const { item, amount } of bills) if (items[item]!.neverDefer && amount > 0n) tiers[items[item]!.tier] = 0n;
  const required = items.some(({ requiredBy }) => requiredBy !== undefined) ? 0n : undefined;
  if (canPayLast(problem, firstRun)) return { limits: { tiers, required }, proven: true };

  let proven = true;
  const found: (bigint | undefined)[] = Array.from({ length: 10 }, () => undefined);
  let requiredFound: bigint | undefined;
  const least = (minimise: Exclude<Ask['minimise'], 'cost'>): Evaluation | undefined => {
    const limits = { tiers: found, required: requiredFound };
    const exact = (place: number): boolean => needsIntegers(problem, place);
    const programme = buildProgramme(problem, {
      minimise,
      limits,
      exact,
      cutoffsExact: false,
      ...(firstRun ? { firstRun } : {}),
    });
    const solution = solve(programme, true, 0);
    if (!solution.values) return undefined;
    proven &&= solution.status === 'optimal';
    const plan = planOf(problem, programme, solution.values);
    const evaluation = evaluate(problem, plan);
    return evaluation;
  };
  for (const [tier, any] of tiers.entries()) {
    if (any === undefined) continue;
    const evaluation = least({ tier });
    if (!evaluation) return undefined;
    found[tier] = evaluation.lateness[tier]!;
  }
  if (required !== undefined) {
    const evaluation = least('required');
    if (!evaluation) return undefined;
    requiredFound = evaluation.requiredLateness;
  }
  return { limits: { tiers: found, required: requiredFound }, proven };
};

/** Whether all that must not be late can be paid on its last run in time: the usual case, and no solver is needed. */
const canPayLast = (problem: Problem, firstRun: Plan | undefined): boolean => {
  const { items, bills, runs, cash } = problem;
  if (firstRun) return false;
  const paid = runs.map(() => 0n);
  for (const bill of bills) {
    const item = items[bill.item]!;
    let last = runs.length;
    if (item.neverDefer && optionLateness(problem, bill, undefined) > 0n)
      last = runs.findLastIndex((_, run) => optionLateness(problem, bill, run) === 0n);
    if (item.requiredBy !== undefined && item.requiredBy < last) last = item.requiredBy;
    // A part of a later due date that is required drags the earlier ones along, which are required too.
    if (last < runs.length) paid[last]! += optionCash(bill, last);
  }
  let sum = 0n;
  return runs.every((_, run) => (sum += paid[run]!) <= cash.caps[run]!);
};

const cheapest = (
  problem: Problem,
  { gap, firstRun }: Wanted,
  limits: LatenessLimits,
  solve: Solve,
  over: () => boolean,
): { plan: Plan; evaluation: Evaluation; bound: bigint } | undefined => {
  const { bills } = problem;
  const first = firstRun ? { firstRun } : {};
  const wanting = [...bills.keys()]
    .filter((place) => needsIntegers(problem, place))
    .sort((a, b) => Number(bills[b]!.amount - bills[a]!.amount) || a - b);
  let best: { plan: Plan; evaluation: Evaluation } | undefined;
  const frozen = frozenCost(problem);
  let bound = 0n;
  const consider = (programme: Programme, values: Float64Array): boolean => {
    const rounded = planOf(problem, programme, values);
    const plan = firstRun ? rounded : keepCash(problem, rounded);
    const evaluation = evaluate(problem, plan, limits);
    if (evaluation.faults.length > 0) return false;
    if (!best || evaluation.total < best.evaluation.total) best = { plan, evaluation };
    return true;
  };
  const reached = (): boolean => best !== undefined && isWithin(best.evaluation.total, bound, gap);

  for (const size of rounds) {
    const chosen = new Set(wanting.slice(0, size));
    const large = buildProgramme(problem, {
      minimise: 'cost',
      limits,
      exact: (place) => chosen.has(place),
      cutoffsExact: true,
      ...first,
    });
    const solution = solve(large, true, gap / (wanting.length > size ? 4 : 2));
    const proven = toUnits(solution.bound, large) + frozen;
    if (proven > bound) bound = proven;
    if (!solution.values) return best && { ...best, bound };
    const { values } = solution;
    consider(large, values);
    if (reached() || over()) break;
    if (size >= wanting.length) break;

    // What it has decided stays, but for bills that are split where they may not be, and those that hardly care.
    const { decided, switched } = decisionsOf(problem, large, values, new Set(wanting), size === Infinity ? 0 : size);
    const small = buildProgramme(problem, {
      minimise: 'cost',
      limits,
      exact: (place) => !decided.has(place) && needsIntegers(problem, place),
      cutoffsExact: true,
      decided,
      switched,
      ...first,
    });
    const near = solve(small, true, gap / 4);
    if (near.values) consider(small, near.values);
    if (reached() || over()) break;
  }
  return best && { ...best, bound };
};

/** A bound of the solver in cost units, lowered by what its tolerances may hide. */
const toUnits = (bound: number, programme: Programme): bigint => {
  if (!Number.isFinite(bound)) return 0n;
  const safe = (bound - Math.abs(bound) * 1e-8 - 1e-6) * programme.costScale;
  return safe > 0 ? BigInt(Math.floor(safe)) : 0n;
};

/** What a solution has decided for good, all but the `open` bills whose second choice is nearest to their first. */
const decisionsOf = (
  problem: Problem,
  programme: Programme,
  values: Float64Array,
  wanting: ReadonlySet<number>,
  open: number,
): { decided: Map<number, number>; switched: Map<string, boolean> } => {
  const decided = new Map<number, number>();
  const switched = new Map<string, boolean>();
  const chosen = new Map<number, { run: number; whole: boolean }>();
  for (const [column, meaning] of programme.columns.entries()) {
    const value = values[column]!;
    if (meaning.is === 'cutoff') switched.set(`${meaning.vendor}/${meaning.cutoff}/${meaning.judgement}`, value > 0.5);
    if (meaning.is === 'offer') switched.set(`${meaning.item}/${meaning.offer}`, value > 0.5);
    if (meaning.is !== 'pay' || value <= 1e-6) continue;
    chosen.set(meaning.bill, { run: meaning.run, whole: value > 1 - 1e-6 && !chosen.has(meaning.bill) });
  }
  const regrets: { place: number; regret: number }[] = [];
  for (const [place, bill] of problem.bills.entries()) {
    if (bill.amount === 0n) continue;
    const own = chosen.get(place);
    if (own && !own.whole) continue;
    decided.set(place, own?.run ?? -1);
    if (!wanting.has(place)) continue;
    // The cost that a bill can move is what it can lose; those that move little fill the gaps cheaply.
    const swing = Number(optionCost(problem, bill, undefined) - optionCost(problem, bill, 0));
    regrets.push({ place, regret: swing });
  }
  regrets.sort((a, b) => a.regret - b.regret || a.place - b.place);
  for (const { place } of regrets.slice(0, open)) decided.delete(place);
  return { decided, switched };
};

/** Prices from the linear programme in which every either-or is settled as in the plan. */
const pricesOf = (
  problem: Problem,
  plan: Plan,
  evaluation: Evaluation,
  limits: LatenessLimits,
  solve: Solve,
): Prices => {
  const switched = new Map<string, boolean>();
  for (const { vendor, cutoff, fires, cost } of evaluation.cutoffs) {
    const terms = problem.vendors[vendor]!.cutoffs[cutoff]!;
    let left = cost / 3_650_000n - (terms.on >= 0 ? terms.cost : 0n);
    for (let place = 0, day = terms.on; day <= problem.horizonEnd; place += 1, day += 7) {
      switched.set(`${vendor}/${cutoff}/${place}`, fires && left >= 0n);
      if (day + 7 >= 0) left -= terms.weekly;
    }
  }
  for (const [item, { offers }] of problem.items.entries())
    for (const offer of offers.keys()) switched.set(`${item}/${offer}`, plan.offers[item] === offer);
  const programme = buildProgramme(problem, {
    minimise: 'cost',
    limits,
    exact: () => false,
    cutoffsExact: false,
    switched,
  });
  const { duals } = solve(programme, false, 0);
  const cash = programme.cashRows.map((row) => (-(duals[row] ?? 0) * programme.costScale) / programme.cashScale);
  const tierDuals = Array.from({ length: 10 }, () => 0);
  for (const [tier, row] of programme.tierRows)
    tierDuals[tier] = (-(duals[row] ?? 0) * programme.costScale) / programme.lateScale;
  return pricesFrom(problem, cash, tierDuals);
};
