/** From a problem to a plan that is proven close to the best: tiers first, then cost, in stages that grow as needed. */
import { reachOf } from './cash.js';
import { certificate } from './certificate.js';
import { frozenCost, optionCash, optionCost, optionLateness } from './costs.js';
import { evaluate, type Evaluation, type LatenessLimits, type Plan } from './evaluate.js';
import type { Limits } from './model.js';
import { type Prices, pricesFrom } from './prices.js';
import type { Problem } from './problem.js';
import { type Ask, buildProgramme, isLumpy, needsIntegers, type Programme } from './programme.js';
import { keepCash, planOf } from './repair.js';
import type { Solution, Solver, SolverOptions } from './solver.js';

export interface Solved {
  readonly plan: Plan;
  readonly evaluation: Evaluation;
  readonly limits: LatenessLimits;
  /** No plan within the limits costs less, in cost units. */
  readonly bound: bigint;
  /** What the prices alone prove. */
  readonly certified: bigint;
  /** What the certificate counts with. */
  readonly prices: Prices;
  /** Per run, what one more minor unit of cash that comes in on its day would save, in cost units. */
  readonly worth: readonly bigint[];
  readonly proven: boolean;
}

export interface Wanted {
  /** As a share of the cost. */
  readonly gap: number;
  /** Payments of the first run that are not to be decided again. */
  readonly firstRun?: Plan;
  /** Without the prices and the certificate: for comparisons among many plans. */
  readonly priced: boolean;
}

/** Up to so many bills that may not be split are decided exactly at once. */
const fewBills = 60;
/** Otherwise those that matter most join round by round, and so many that hardly care fill the gaps. */
const moreBills = 50;
const nearTies = 60;
/** Where those were too few. */
const moreTies = 300;
/** Above so many bills, prices decide nearly all of them, and the certificate proves it. */
const manyBills = 4000;
/** So many bills are left open where only prices are looked for. */
const openForPrices = 3000;
const openForStates = 1000;
// No solve goes on for ever. Where it is cut off depends on nothing but what is solved: time has no part in it.
const manyNodes = 20_000;
const manyIterations = 5_000_000;

export const optimise = (
  problem: Problem,
  solver: Solver,
  wanted: Wanted,
  outside: Limits = {},
): Solved | undefined => {
  const { nodes: nodeLimit = manyNodes, iterations: iterationLimit = manyIterations } = outside;
  const solve: Solve = (programme, integers, relativeGap, aims = {}) =>
    solver.solve(programme, { integers, relativeGap, nodeLimit, iterationLimit, ...aims });

  const lateness = latenessLimits(problem, wanted, solve);
  if (!lateness) return undefined;
  const { limits } = lateness;
  const checked = withSlack(problem, limits);
  const certify = (
    plan: Plan,
    evaluation: Evaluation,
    near?: readonly number[],
  ): { settled: Programme; prices: Prices; certified: bigint } => {
    const settled = settledProgramme(problem, plan, evaluation, limits, near);
    const prices = pricesOf(problem, settled, solve);
    return { settled, prices, certified: certificate(problem, checked, prices) };
  };
  const worthIn = (settled: Programme, prices: Prices): readonly bigint[] =>
    worthOf(problem, settled, (rows) => solver.slopes(settled, rows, { iterationLimit })) ?? prices.cash;
  const close = (cost: bigint, bound: bigint): boolean => isWithin(cost, bound, wanted.gap);

  let start: Found | undefined;
  if (problem.bills.length > manyBills && !wanted.firstRun) {
    const quick = byPrices(problem, wanted, limits, solve);
    if (quick) {
      const { plan, evaluation } = quick;
      // What is nearly a tie depends on the prices, and they on what is left open: a few rounds bring them together.
      let near = quick.prices;
      for (let round = 0; round < 4; round += 1) {
        const { settled, prices, certified } = certify(plan, evaluation, near);
        const best = certified > quick.bound ? certified : quick.bound;
        const bound = best < evaluation.total ? best : evaluation.total;
        if (close(evaluation.total, bound)) {
          const worth = worthIn(settled, prices);
          return { plan, evaluation, limits, bound, certified, prices, worth, proven: lateness.proven };
        }
        start = { plan, evaluation, bound };
        near = prices.cash.map(Number);
      }
    }
  }
  const cost = cheapest(problem, wanted, limits, solve, start);
  if (!cost) return undefined;
  const { plan, evaluation } = cost;
  // Prices take a solve of their own: for comparisons among many plans the solver's bound is enough.
  const { settled, prices, certified } = wanted.priced
    ? certify(plan, evaluation)
    : { settled: undefined, prices: noPrices(problem), certified: 0n };
  const worth = settled ? worthIn(settled, prices) : prices.cash;
  const best = certified > cost.bound ? certified : cost.bound;
  // A float's bound may come out a hair above what is reached; the certificate never does.
  const bound = best < evaluation.total ? best : evaluation.total;
  const proven = lateness.proven && close(evaluation.total, bound);
  return { plan, evaluation, limits, bound, certified, prices, worth, proven };
};

/** Limits as they are checked: whole minor units can't always reach what fractions can, by a unit per bill. */
export const withSlack = (
  { bills, items, horizonEnd }: Problem,
  { tiers, required }: LatenessLimits,
): LatenessLimits => {
  const slack = (place: (item: Problem['items'][number]) => boolean): bigint =>
    BigInt(bills.filter(({ item }) => place(items[item]!)).length * (horizonEnd + 1));
  return {
    tiers: tiers.map((limit, tier) =>
      limit ? limit + slack(({ neverDefer, tier: own }) => neverDefer && own === tier) : limit,
    ),
    required: required ? required + slack(({ requiredBy }) => requiredBy !== undefined) : required,
  };
};

export const noPrices = (problem: Problem): Prices => ({
  cash: problem.runs.map(() => 0n),
  lateness: Array.from({ length: 10 }, () => 0n),
  pressure: new Map(),
});

export const isWithin = (cost: bigint, bound: bigint, gap: number): boolean =>
  cost - bound <= (cost * BigInt(Math.round(gap * 1e9))) / 1_000_000_000n;

type Aims = Pick<SolverOptions, 'target' | 'limit'>;
type Solve = (programme: Programme, integers: boolean, relativeGap: number, aims?: Aims) => Solution;

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

/** A plan and what is known about all others: none costs less than `bound`, in cost units. */
interface Found {
  readonly plan: Plan;
  readonly evaluation: Evaluation;
  readonly bound: bigint;
}

const cheapest = (
  problem: Problem,
  { gap, firstRun }: Wanted,
  limits: LatenessLimits,
  solve: Solve,
  start: Found | undefined,
): Found | undefined => {
  const first = firstRun ? { firstRun } : {};
  const wanting = [...problem.bills.keys()].filter((place) => needsIntegers(problem, place));
  const lumpy = wanting
    .filter((place) => isLumpy(problem, place))
    .map((place) => ({ place, swing: swingOf(problem, place) }))
    .sort((a, b) => b.swing - a.swing || a.place - b.place)
    .map(({ place }) => place);
  let best: { plan: Plan; evaluation: Evaluation } | undefined = start;
  const frozen = frozenCost(problem);
  let bound = start?.bound ?? 0n;
  const consider = (programme: Programme, values: Float64Array): void => {
    const rounded = planOf(problem, programme, values);
    const plan = firstRun ? rounded : keepCash(problem, rounded);
    const evaluation = evaluate(problem, plan, withSlack(problem, limits));
    if (evaluation.faults.length > 0) return;
    if (!best || evaluation.total < best.evaluation.total) best = { plan, evaluation };
  };
  const reached = (): boolean => best !== undefined && isWithin(best.evaluation.total, bound, gap);

  const chosen = new Set<number>(wanting.length <= fewBills ? wanting : lumpy.slice(0, moreBills));
  for (let round = 0; ; round += 1) {
    const all = chosen.size === wanting.length;
    const large = buildProgramme(problem, {
      minimise: 'cost',
      limits,
      exact: (place) => chosen.has(place),
      cutoffsExact: true,
      ...first,
    });
    const solution = solve(large, true, all ? gap / 2 : gap / 4);
    const proven = toUnits(solution.bound, large) + frozen;
    if (proven > bound) bound = proven;
    if (!solution.values) return best && { ...best, bound };
    consider(large, solution.values);
    if (reached() || all) break;

    // What it has decided stays, but for bills that are split where they may not be, and those that hardly care.
    const { decided, switched, split } = decisionsOf(problem, large, solution.values);
    const linear = buildProgramme(problem, {
      minimise: 'cost',
      limits,
      exact: () => false,
      cutoffsExact: false,
      switched,
      decided: new Map([...decided].filter(([place]) => chosen.has(place))),
      ...first,
    });
    const { duals } = solve(linear, false, 0);
    const prices = cashPrices(linear, duals);
    const shortlist = openTies(problem, wanting, prices, decided, round === 0 ? nearTies : moreTies);
    const small = buildProgramme(problem, {
      minimise: 'cost',
      limits,
      exact: (place) => !decided.has(place) && needsIntegers(problem, place),
      cutoffsExact: true,
      decided,
      switched,
      shortlist,
      ...first,
    });
    // What is within the gap is good enough, but for what is lost to whole minor units; what can't get there is given up.
    const above = (share: number): number =>
      Number(bound - frozen + (bound * BigInt(Math.round(gap * share * 1e9))) / 1_000_000_000n) / small.costScale;
    const near = solve(small, true, gap / 4, { target: above(0.9), limit: above(1) });
    if (near.values) consider(small, near.values);
    if (reached()) break;
    const before = chosen.size;
    for (const place of split) if (breaksItsTerms(problem, large, solution.values, place)) chosen.add(place);
    for (const place of lumpy.slice(0, moreBills << (round + 1))) chosen.add(place);
    if (chosen.size === before) for (const place of wanting) chosen.add(place);
  }
  return best && { ...best, bound };
};

/** Whether a solution pays a bill in parts that are too small, too many, or not allowed at all. */
const breaksItsTerms = (problem: Problem, programme: Programme, values: Float64Array, place: number): boolean => {
  if (!needsIntegers(problem, place)) return false;
  if (isLumpy(problem, place)) return true;
  const bill = problem.bills[place]!;
  const item = problem.items[bill.item]!;
  const minimum = Number(item.minimum < bill.amount ? item.minimum : bill.amount) / Number(bill.amount);
  let payments = 0;
  for (const [column, meaning] of programme.columns.entries()) {
    if (meaning.is !== 'pay' || meaning.bill !== place || values[column]! <= 1e-6) continue;
    payments += 1;
    if (values[column]! < minimum - 1e-6) return true;
  }
  return payments > item.maxPayments;
};

/**
 * One linear programme for the prices of cash, then exactly what those leave open: bills that hardly care, those that
 * are split, and all that counts for a cut-off. There is no bound for the cut-offs in this; the certificate has one.
 */
const byPrices = (
  problem: Problem,
  { gap }: Wanted,
  limits: LatenessLimits,
  solve: Solve,
): (Found & { readonly prices: readonly number[] }) | undefined => {
  const linear = buildProgramme(problem, { minimise: 'cost', limits, exact: () => false, cutoffsExact: false });
  const { values, duals, bound } = solve(linear, false, 0);
  if (!values) return undefined;
  const relaxed = cashPrices(linear, duals);
  // First the cut-offs, with the bills that count for them free to be split; then the bills, with the cut-offs settled.
  const loose = decisionsOf(problem, linear, values).decided;
  for (const { cutoffs, items } of problem.vendors)
    if (cutoffs.some(({ on }) => on <= problem.horizonEnd))
      for (const item of items) for (const place of problem.items[item]!.bills) loose.delete(place);
  for (const { place } of nearestTies(problem, [...loose.keys()], relaxed, loose).slice(0, openForStates))
    loose.delete(place);
  const judged = buildProgramme(problem, {
    minimise: 'cost',
    limits,
    exact: () => false,
    cutoffsExact: true,
    decided: loose,
  });
  const states = solve(judged, true, gap / 4);
  if (!states.values) return undefined;
  const { decided, switched } = decisionsOf(problem, judged, states.values);
  const settled = buildProgramme(problem, {
    minimise: 'cost',
    limits,
    exact: () => false,
    cutoffsExact: false,
    decided: loose,
    switched,
  });
  const prices = cashPrices(settled, solve(settled, false, 0).duals);
  const wanting = [...problem.bills.keys()].filter((place) => needsIntegers(problem, place));
  const shortlist = openTies(problem, wanting, prices, decided, 2 * nearTies);
  const small = buildProgramme(problem, {
    minimise: 'cost',
    limits,
    exact: (place) => !decided.has(place) && needsIntegers(problem, place),
    cutoffsExact: true,
    decided,
    switched,
    shortlist,
  });
  const near = solve(small, true, gap / 4);
  if (!near.values) return undefined;
  const plan = keepCash(problem, planOf(problem, small, near.values));
  const evaluation = evaluate(problem, plan, withSlack(problem, limits));
  return evaluation.faults.length > 0
    ? undefined
    : { plan, evaluation, bound: toUnits(bound, linear) + frozenCost(problem), prices };
};

/** What a minor unit of cash is worth at each run, in cost units: a row's dual is what more of it would add. */
const cashPrices = ({ cashRows, costScale, cashScale }: Programme, duals: Float64Array): number[] =>
  cashRows.map((row) => (-(duals[row] ?? 0) * costScale) / cashScale);

/** How much it can matter what becomes of a bill. */
const swingOf = (problem: Problem, place: number): number => {
  const bill = problem.bills[place]!;
  return Number(optionCost(problem, bill, undefined) - optionCost(problem, bill, problem.items[bill.item]!.from));
};

/** Takes back what was decided of the bills that hardly care. @returns the runs that are worth looking at for them */
const openTies = (
  problem: Problem,
  places: readonly number[],
  prices: readonly number[],
  decided: Map<number, number>,
  most: number,
): Map<number, readonly number[]> => {
  const shortlist = new Map<number, readonly number[]>();
  for (const { place, runs } of nearestTies(problem, places, prices, decided).slice(0, most)) {
    const worth = new Set([...runs, decided.get(place)!]);
    shortlist.set(
      place,
      [...worth].filter((run) => run >= 0).sort((a, b) => a - b),
    );
    decided.delete(place);
  }
  return shortlist;
};

/** Decided bills by how little they would lose with another choice at these prices of cash, or how much they would gain. */
const nearestTies = (
  problem: Problem,
  places: readonly number[],
  prices: readonly number[],
  decided: ReadonlyMap<number, number>,
): { place: number; runs: number[] }[] => {
  const ties: { place: number; regret: number; runs: number[] }[] = [];
  for (const place of places) {
    if (!decided.has(place)) continue;
    const bill = problem.bills[place]!;
    const options = [
      { run: -1, sum: Number(optionCost(problem, bill, undefined)) },
      ...prices.flatMap((price, run) =>
        run < problem.items[bill.item]!.from
          ? []
          : [{ run, sum: Number(optionCost(problem, bill, run)) + price * Number(optionCash(bill, run)) }],
      ),
    ].sort((a, b) => a.sum - b.sum || b.run - a.run);
    const runs = options.slice(0, 4).map(({ run }) => run);
    // Below nothing where these prices would decide otherwise: those have to be looked at first.
    const own = options.find(({ run }) => run === decided.get(place))!;
    const other = options.find(({ run }) => run !== own.run)!;
    ties.push({ place, regret: other.sum - own.sum, runs });
  }
  return ties.sort((a, b) => a.regret - b.regret || a.place - b.place);
};

/** A bound of the solver in cost units, lowered by what its tolerances may hide. */
const toUnits = (bound: number, programme: Programme): bigint => {
  if (!Number.isFinite(bound)) return 0n;
  const safe = (bound - Math.abs(bound) * 1e-8 - 1e-6) * programme.costScale;
  return safe > 0 ? BigInt(Math.floor(safe)) : 0n;
};

/** What a solution has decided, and the bills that it splits though they may not be split. */
const decisionsOf = (
  problem: Problem,
  programme: Programme,
  values: Float64Array,
): { decided: Map<number, number>; switched: Map<string, boolean>; split: number[] } => {
  const switched = new Map<string, boolean>();
  const chosen = new Map<number, { run: number; whole: boolean }>();
  for (const [column, meaning] of programme.columns.entries()) {
    const value = values[column]!;
    if (meaning.is === 'cutoff') switched.set(`${meaning.vendor}/${meaning.cutoff}/${meaning.judgement}`, value > 0.5);
    if (meaning.is === 'offer') switched.set(`${meaning.item}/${meaning.offer}`, value > 0.5);
    if (meaning.is !== 'pay' || value <= 1e-6) continue;
    chosen.set(meaning.bill, { run: meaning.run, whole: value > 1 - 1e-6 && !chosen.has(meaning.bill) });
  }
  const decided = new Map<number, number>();
  const split: number[] = [];
  for (const [place, bill] of problem.bills.entries()) {
    if (bill.amount === 0n) continue;
    const own = chosen.get(place);
    if (!own || own.whole) decided.set(place, own?.run ?? -1);
    else split.push(place);
  }
  return { decided, switched, split };
};

/** The linear programme in which every either-or is settled as in the plan. */
const settledProgramme = (
  problem: Problem,
  plan: Plan,
  evaluation: Evaluation,
  limits: LatenessLimits,
  near: readonly number[] | undefined,
): Programme => {
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
  return buildProgramme(problem, {
    minimise: 'cost',
    limits,
    exact: () => false,
    cutoffsExact: false,
    switched,
    ...(near ? { decided: farFromTies(problem, plan, near) } : {}),
  });
};

const pricesOf = (problem: Problem, programme: Programme, solve: Solve): Prices => {
  const { duals } = solve(programme, false, 0);
  const cash = cashPrices(programme, duals);
  const tierDuals = Array.from({ length: 10 }, () => 0);
  for (const [tier, row] of programme.tierRows)
    tierDuals[tier] = (-(duals[row] ?? 0) * programme.costScale) / programme.lateScale;
  return pricesFrom(problem, cash, tierDuals);
};

/** @param slopesOf what the optimum of the programme changes by per unit more in some of its rows */
const worthOf = (
  problem: Problem,
  { cashRows, costScale, cashScale }: Programme,
  slopesOf: (rows: readonly number[]) => ReadonlyMap<number, number> | undefined,
): bigint[] | undefined => {
  const rows = reachOf(problem.cash, problem.runs).map((run) => (run === undefined ? undefined : cashRows[run]!));
  const slopes = slopesOf([...new Set(rows)].filter((row) => row !== undefined));
  return (
    slopes &&
    rows.map((row) =>
      row === undefined ? 0n : BigInt(Math.round(Math.max(0, (-slopes.get(row)! * costScale) / cashScale))),
    )
  );
};

/** Bills that prices near to these will not decide otherwise than the plan does. */
const farFromTies = (problem: Problem, plan: Plan, near: readonly number[]): Map<number, number> => {
  const decided = new Map<number, number>();
  for (const [place, { amount, item }] of problem.bills.entries()) {
    const [only, ...more] = plan.settled[place]!;
    if (amount === 0n || plan.offers[item] !== undefined || problem.items[item]!.offers.length > 0) continue;
    if (!only) decided.set(place, -1);
    else if (more.length === 0 && only.amount === amount) decided.set(place, only.run);
  }
  const ties = nearestTies(problem, [...decided.keys()], near, decided);
  for (const { place } of ties.slice(0, openForPrices)) decided.delete(place);
  return decided;
};
