/** A cash plan, from its input to its answer. */
import { formatMinor, type Minor } from '../domain/money.js';
import { byText, canonicalJson, sha256 } from './canonical.js';
import { certificate } from './certificate.js';
import { evaluate, type Evaluation, type Plan, type Settlement } from './evaluate.js';
import { explain } from './explain.js';
import { apportioned, floorMinor, gapText, priceText, spoken, toMinor } from './figures.js';
import { ladder } from './ladder.js';
import type {
  Comparison,
  Decision,
  Impossible,
  Limits,
  PlanAnswer,
  PlanInput,
  PlannedPayment,
  PlanRequest,
} from './model.js';
import { latenessOf, newMoney } from './new-money.js';
import { type Problem, readProblem } from './problem.js';
import { dayOf, requiredShort } from './reasons.js';
import { emptyPlan, firstThings, firstThingsByTier, planByRule, rules } from './rules.js';
import { firstRunOf, outlook } from './scenarios.js';
import type { Solver } from './solver.js';
import { isWithin, noPrices, optimise, type Solved } from './stages.js';

/** Changes with whatever may change a plan: the engine's own rules and the solver's version. */
export const engineVersion = 'duebook-cash-3/highs-1.15.3';

/** How much is looked into by default, by the number of bills: each look is another solve. */
const effortFor = (bills: number): { overrides: number; candidates: number; gap: number } =>
  bills <= 150
    ? { overrides: 20, candidates: 5, gap: 0 }
    : bills <= 1000
      ? { overrides: 3, candidates: 1, gap: 0.005 }
      : { overrides: 0, candidates: 0, gap: 0.01 };

/**
 * @param solver warm, from `loadSolver()`
 * @throws {PlanRefusal} if no plan can be made of the input
 */
export const planCash = (input: PlanInput, solver: Solver, limits: Limits = {}): Promise<PlanAnswer> =>
  // Not a function that waits for anything, but one whose solver may be elsewhere one day.
  new Promise((resolve) => resolve(answer(input, solver, limits)));

const answer = (input: PlanInput, solver: Solver, outside: Limits): PlanAnswer => {
  const { currency, request } = input;
  const problem = readProblem(input);
  const notes = [...problem.notes];
  const gap = Number(request.gap ?? '0.001');
  const payable = problem.bills.filter(({ amount }) => amount > 0n).length;
  const effort = effortFor(payable);
  // A small plan is solved to the cent: the gap is what may be left, not what has to be.
  const ownGap = payable <= 60 ? Math.min(gap, 1e-6) : gap;
  const money = (minor: Minor): string => formatMinor(minor, currency);

  const found = optimise(problem, solver, { gap: ownGap, priced: true }, outside);
  const { solved, method } = best(problem, found);
  const { plan, evaluation } = solved;
  // The last door: what breaks a limit is not shown to anybody.
  if (evaluation.faults.length > 0) throw new Error(`a plan was withheld: ${evaluation.faults.slice(0, 3).join('; ')}`);
  const proven = solved.proven && isWithin(evaluation.total, solved.bound, gap) && method === 'optimum';

  const again = (other: Problem, firstRun?: Plan): Solved | undefined => {
    const wanted = { gap: Math.max(ownGap, effort.gap), priced: false, ...(firstRun ? { firstRun } : {}) };
    return optimise(other, solver, wanted, outside);
  };
  const flips = overrides(input, problem, solved, again, request.overrides ?? effort.overrides, notes);
  const steps = newMoney(problem, input, solved, again);
  const view = outlook(problem, input, solved, again, effort.candidates);
  if (effort.candidates === 0 && view.scenarios.length > 0)
    notes.push('With so many bills only this plan’s first run is tried under every scenario.');

  const decisions = decisionsOf(problem, solved, flips);
  return {
    asOf: input.asOf,
    position: input.position,
    currency,
    runs: problem.runs.map((day) => dayOf(problem, day)),
    horizonEnd: dayOf(problem, problem.horizonEnd),
    inputsHash: sha256(canonicalJson(input)),
    engine: engineVersion,
    // Every limit is counted in steps of the solver and none in time, so nothing can be cut off elsewhere.
    reproducible: true,
    proven,
    method,
    cost: costOf(evaluation, money),
    lowerBound: money(floorMinor(solved.bound)),
    gap: gapText(evaluation.total, solved.bound),
    certificate: {
      lowerBound: money(floorMinor(solved.certified)),
      exact: String(solved.certified),
      gap: gapText(evaluation.total, solved.certified),
    },
    impossible: impossibleOf(problem, solved),
    ladder: ladder(problem).map(({ throughTier, first, peak }) => ({
      throughTier,
      firstBreach: first ? dayOf(problem, problem.runs[first.run]!) : null,
      shortAtFirst: money(first?.short ?? 0n),
      peakShort: money(peak?.short ?? 0n),
      peakOn: peak ? dayOf(problem, problem.runs[peak.run]!) : null,
    })),
    decisions,
    cash: cashRows(problem, solved),
    cutoffs: evaluation.cutoffs.map(({ vendor, cutoff, fires, cost, overdue }) => {
      const terms = problem.vendors[vendor]!.cutoffs[cutoff]!;
      return {
        vendorId: problem.vendors[vendor]!.id,
        name: terms.name,
        on: dayOf(problem, terms.on),
        fires,
        cost: money(toMinor(cost)),
        overdue: money(overdue),
        tolerance: money(terms.tolerance),
      };
    }),
    comparisons: comparisonsOf(problem, solved, money),
    scenarios: view.scenarios.map(({ scenario, solved: theirs, firstBreachByTier, regret }) => ({
      name: scenario.name,
      cost: money(toMinor(theirs.evaluation.total)),
      proven: theirs.proven,
      neverDeferLateness: money(latenessOf(theirs.evaluation)),
      firstBreachByTier,
      regret: money(toMinor(regret.cost)),
      regretLateness: money(regret.lateness),
      regretBreach: money(regret.breach),
    })),
    recommendation: view.recommended
      ? {
          from: view.recommended.from,
          largestRegret: money(toMinor(view.recommended.largest.cost)),
          largestRegretLateness: money(view.recommended.largest.lateness),
          payments: firstPayments(problem, view.recommended.plan).map(({ itemId, amount, cash }) => ({
            itemId,
            amount,
            ...(cash === undefined ? {} : { cash }),
          })),
        }
      : null,
    newMoney: steps.map(({ on, amount, solved: theirs, what }) => ({
      on,
      amount: money(amount),
      cost: money(toMinor(theirs.evaluation.total)),
      saves: money(toMinor(evaluation.total - theirs.evaluation.total)),
      savesLateness: money(latenessOf(evaluation) - latenessOf(theirs.evaluation)),
      proven: theirs.proven,
      what,
    })),
    proposal: {
      on: dayOf(problem, problem.runs[0]!),
      payments: firstPayments(problem, plan),
      exceptions: decisions
        .filter(({ payments }) => !payments.some(({ on }) => on === dayOf(problem, problem.runs[0]!)))
        .map(({ itemId, vendorId, reason }) => ({ itemId, vendorId, reason })),
    },
    notes,
  };
};

/** The optimum, or the best of the rules where it is missing or (inside its gap) dearer. */
const best = (problem: Problem, found: Solved | undefined): { solved: Solved; method: PlanAnswer['method'] } => {
  const first = found ? firstThings(problem, found.plan) : firstThingsByTier(problem);
  let chosen: { solved: Solved; method: PlanAnswer['method'] } | undefined = found && {
    solved: found,
    method: 'optimum',
  };
  for (const rule of rules) {
    const plan = planByRule(problem, rule, first);
    const evaluation = evaluate(problem, plan, found?.limits);
    if (evaluation.faults.length > 0 || (chosen && evaluation.total >= chosen.solved.evaluation.total)) continue;
    const base = chosen?.solved ?? unproven(problem, evaluation);
    const bound = base.bound < evaluation.total ? base.bound : evaluation.total;
    chosen = { solved: { ...base, plan, evaluation, bound }, method: found ? 'optimum' : rule };
  }
  if (chosen) return chosen;
  const plan = emptyPlan(problem);
  return { solved: { ...unproven(problem, evaluate(problem, plan)), plan }, method: 'due-date' };
};

/** A plan of which nothing is known but what free cash would cost. */
const unproven = (problem: Problem, evaluation: Evaluation): Solved => {
  const limits = { tiers: Array.from({ length: 10 }, () => undefined), required: undefined };
  const prices = noPrices(problem);
  const certified = certificate(problem, limits, prices);
  const plan = emptyPlan(problem);
  return { plan, evaluation, limits, bound: certified, certified, prices, worth: prices.cash, proven: false };
};

const costOf = ({ total, parts }: Evaluation, money: (minor: Minor) => string): PlanAnswer['cost'] => {
  const { interest, relationship, penalties, cutoffs, discounts, offers } = parts;
  const shown = apportioned([interest, relationship, penalties, cutoffs, discounts, offers]).map(money);
  return {
    total: money(toMinor(total)),
    interest: shown[0]!,
    relationship: shown[1]!,
    penalties: shown[2]!,
    cutoffs: shown[3]!,
    discounts: shown[4]!,
    offers: shown[5]!,
    exact: String(total),
  };
};

const impossibleOf = (problem: Problem, { plan, evaluation }: Solved): Impossible[] => {
  const { currency, cash, items, bills, runs } = problem;
  const money = (minor: Minor): string => formatMinor(minor, currency);
  const told: Impossible[] = [];
  if (cash.worst)
    told.push({
      what: 'reserve',
      on: dayOf(problem, cash.worst.day),
      amount: money(cash.worst.short),
      detail: `The reserve of ${spoken(cash.reserve, currency)} can't be kept even if nothing is paid; on such days the plan makes it no worse.`,
    });
  for (const [tier, late] of evaluation.lateness.entries()) {
    if (late === 0n) continue;
    const dues = bills
      .filter(({ item, amount }) => items[item]!.neverDefer && items[item]!.tier === tier && amount > 0n)
      .map(({ item, parts }) => Math.max(parts[0]!.due, runs[items[item]!.from]!));
    const broken = firstLateDay(problem, tier, dues);
    told.push({
      what: 'never-defer',
      on: dayOf(problem, broken),
      amount: money(late),
      tier,
      detail: `Tier ${tier} can't all be paid in time: ${spoken(late, currency)} × days late at the least.`,
    });
  }
  for (const [place, { id, number, requiredBy, bills: own }] of items.entries()) {
    const short = requiredShort(problem, plan, place);
    if (short === 0n) continue;
    const on = dayOf(problem, runs[requiredBy!]!);
    const all = own.reduce((sum, bill) => sum + bills[bill]!.amount, 0n);
    told.push({
      what: 'required',
      itemId: id,
      on,
      amount: money(short),
      detail: `${number} is required by ${on}, but ${spoken(short, currency)} of ${spoken(all, currency)} can't be paid by then without breaking the reserve, a never-defer tier or something else that is required.`,
    });
  }
  return told;
};

/** When a tier breaks: the run in whose interval the ladder up to it first does, or else its first due date. */
const firstLateDay = (problem: Problem, tier: number, dues: readonly number[]): number => {
  const rung = ladder(problem).findLast(({ throughTier }) => throughTier <= tier);
  return rung?.first ? problem.runs[rung.first.run]! : Math.min(...dues);
};

const cashRows = (problem: Problem, { evaluation, worth }: Solved): PlanAnswer['cash'] => {
  const { runs, cash, currency } = problem;
  const money = (minor: Minor): string => formatMinor(minor, currency);
  let opening = cash.opening;
  let from = 0;
  let out = 0n;
  return runs.map((day, run) => {
    let receipts = 0n;
    let outflows = 0n;
    for (; from < cash.days.length && cash.days[from]!.day <= day; from += 1) {
      receipts += cash.days[from]!.receipts;
      outflows += cash.days[from]!.outflows;
    }
    out += evaluation.paid[run]!;
    const closing = opening + receipts - outflows - evaluation.paid[run]!;
    const row = {
      on: dayOf(problem, day),
      opening: money(opening),
      receipts: money(receipts),
      outflows: money(outflows),
      payments: money(evaluation.paid[run]!),
      closing: money(closing),
      headroom: money(cash.spare[run]! - out),
      price: priceText(worth[run]!),
    };
    opening = closing;
    return row;
  });
};

const comparisonsOf = (problem: Problem, solved: Solved, money: (minor: Minor) => string): Comparison[] => {
  const first = firstThings(problem, solved.plan);
  return rules.map((rule) => {
    const evaluation = evaluate(problem, planByRule(problem, rule, first));
    const bare = evaluate(problem, planByRule(problem, rule, undefined));
    return {
      rule,
      cost: money(toMinor(evaluation.total)),
      neverDeferLateness: money(latenessOf(evaluation)),
      comparable: evaluation.faults.length === 0 && evaluation.lateness.join() === solved.evaluation.lateness.join(),
      bareLateness: money(latenessOf(bare)),
    };
  });
};

interface Flip {
  readonly runnerUp: string;
  /** Undefined where the opposite is not to be had. */
  readonly flipsAt: bigint | undefined;
}

/** What the whole plan costs more with the opposite decision on an item, for the items that matter most. */
const overrides = (
  input: PlanInput,
  problem: Problem,
  solved: Solved,
  again: (problem: Problem) => Solved | undefined,
  count: number,
  notes: string[],
): Map<number, Flip> => {
  const { items, bills, currency } = problem;
  const flips = new Map<number, Flip>();
  const ranked = items
    .flatMap((item, place) => {
      const amount = item.bills.reduce((sum, bill) => sum + bills[bill]!.amount, 0n);
      return item.blocked === undefined && item.disputed === 0n && amount > 0n && item.requiredBy === undefined
        ? [{ place, amount }]
        : [];
    })
    .sort((a, b) => (a.amount > b.amount ? -1 : a.amount < b.amount ? 1 : a.place - b.place));
  if (ranked.length > count)
    notes.push(`The price of the opposite decision was found for the ${count} largest items of ${ranked.length}.`);
  for (const { place } of ranked.slice(0, count)) {
    const item = items[place]!;
    const open = item.bills.reduce((sum, bill) => sum + bills[bill]!.amount, 0n);
    const paid = item.bills.reduce(
      (sum, bill) => sum + solved.plan.settled[bill]!.reduce((all, { amount }) => all + amount, 0n),
      0n,
    );
    flips.set(
      place,
      flipOf(
        input,
        solved,
        again,
        { id: item.id, neverDefer: item.neverDefer, pays: paid === open },
        dayOf(problem, problem.runs[item.from]!),
        currency,
      ),
    );
  }
  return flips;
};

/** The opposite of one decision: unpaid instead of paid, or else paid at once, or at least inside the plan. */
const flipOf = (
  input: PlanInput,
  solved: Solved,
  again: (problem: Problem) => Solved | undefined,
  { id, neverDefer, pays }: { readonly id: string; readonly neverDefer: boolean; readonly pays: boolean },
  firstRun: string,
  currency: string,
): Flip => {
  const { request } = input;
  const solve = (forced: PlanRequest): Solved | undefined => again(readProblem({ ...input, request: forced }));
  const more = (other: Solved): bigint => other.evaluation.total - solved.evaluation.total;
  if (pays) {
    const other = solve({ ...request, forbid: [...(request.forbid ?? []), { itemId: id }] });
    const runnerUp = `leave it unpaid${neverDefer ? ', though it is never deferred' : ''}`;
    return { runnerUp, flipsAt: other && more(other) };
  }
  for (const on of [firstRun, undefined]) {
    const required = { itemId: id, ...(on === undefined ? {} : { on }) };
    const other = solve({ ...request, require: [...(request.require ?? []), required] });
    if (!other || other.evaluation.requiredLateness > solved.evaluation.requiredLateness) continue;
    const later = latenessOf(other.evaluation) - latenessOf(solved.evaluation);
    const but = later > 0n ? `; that makes never-defer items ${spoken(later, currency)} × days later` : '';
    return {
      runnerUp: `pay all of it ${on === undefined ? 'inside the plan' : `on ${on}`}${but}`,
      flipsAt: more(other),
    };
  }
  return { runnerUp: 'pay all of it; the cash for that is not there', flipsAt: undefined };
};

const decisionsOf = (problem: Problem, solved: Solved, flips: ReadonlyMap<number, Flip>): Decision[] => {
  const { items, bills, vendors, currency } = problem;
  const { plan, evaluation } = solved;
  const money = (minor: Minor): string => formatMinor(minor, currency);
  const nothing = emptyPlan(problem);
  const ifNever = evaluate(problem, nothing).itemCosts;
  const allNow: Plan = {
    ...nothing,
    settled: bills.map(({ item, amount }) => (amount > 0n ? [{ run: items[item]!.from, amount }] : [])),
  };
  const ifNow = evaluate(problem, allNow).itemCosts;
  const paid = [...items.keys()].filter(
    (place) => plan.offers[place] !== undefined || items[place]!.bills.some((bill) => plan.settled[bill]!.length > 0),
  );
  const facts = { problem, plan, evaluation, paid, ifNever, worth: solved.worth };

  return items.map((item, place): Decision => {
    const told = explain(facts, place);
    const offer = plan.offers[place] === undefined ? undefined : item.offers[plan.offers[place]]!;
    const parts = item.bills.flatMap((bill) => partsOf(problem, bill, offer ? [] : plan.settled[bill]!));
    const payments = offer
      ? offer.schedule.map(({ on, run, amount }) => ({
          on: dayOf(problem, run === undefined ? on : problem.runs[run]!),
          amount: money(amount),
        }))
      : paymentsOf(problem, item.bills, plan);
    const settled = offer
      ? offer.schedule.reduce((sum, { run, amount }) => (run === undefined ? sum : sum + amount), 0n)
      : item.bills.reduce((sum, bill) => sum + plan.settled[bill]!.reduce((all, { amount }) => all + amount, 0n), 0n);
    const flip = flips.get(place);
    return {
      itemId: item.id,
      kind: item.kind,
      vendorId: vendors[item.vendor]!.id,
      vendor: vendors[item.vendor]!.name,
      number: item.number,
      outstanding: money(item.outstanding),
      dueOn: dayOf(problem, bills[item.bills[0]!]!.parts[0]!.due),
      tier: item.tier,
      neverDefer: item.neverDefer,
      connected: vendors[item.vendor]!.connected,
      ...(item.hold ? { hold: item.hold } : {}),
      decision: told.decision,
      payments,
      parts: offer ? [] : parts,
      unpaid: money(item.outstanding - settled),
      ...(offer ? { offerId: offer.id } : {}),
      cost: money(toMinor(evaluation.itemCosts[place]!)),
      costIfPaidNow: money(toMinor(ifNow[place]!)),
      costIfNeverPaid: money(toMinor(ifNever[place]!)),
      reason: told.reason,
      ...(flip ? { runnerUp: flip.runnerUp } : {}),
      ...(flip?.flipsAt === undefined ? {} : { flipsAt: money(toMinor(flip.flipsAt)) }),
    };
  });
};

const cashOf = (problem: Problem, bill: number, { run, amount }: Settlement): Minor => {
  const { discount, amount: all } = problem.bills[bill]!;
  return discount && run <= discount.lastRun && amount === all ? amount - discount.amount : amount;
};

const shown = (problem: Problem, run: number, amount: Minor, cash: Minor): PlannedPayment => ({
  on: dayOf(problem, problem.runs[run]!),
  amount: formatMinor(amount, problem.currency),
  ...(cash === amount ? {} : { cash: formatMinor(cash, problem.currency) }),
});

const paymentsOf = (problem: Problem, places: readonly number[], plan: Plan): PlannedPayment[] => {
  const byRun = new Map<number, { amount: Minor; cash: Minor }>();
  for (const place of places)
    for (const settlement of plan.settled[place]!) {
      const known = byRun.get(settlement.run) ?? { amount: 0n, cash: 0n };
      byRun.set(settlement.run, {
        amount: known.amount + settlement.amount,
        cash: known.cash + cashOf(problem, place, settlement),
      });
    }
  return [...byRun].sort(([a], [b]) => a - b).map(([run, { amount, cash }]) => shown(problem, run, amount, cash));
};

const partsOf = (problem: Problem, place: number, settled: readonly Settlement[]): Decision['parts'] => {
  const bill = problem.bills[place]!;
  const money = (minor: Minor): string => formatMinor(minor, problem.currency);
  return bill.parts.map(({ due, payable, blocked }) => {
    // Several due dates are one bill only where it is paid at once.
    const own = bill.parts.length === 1 ? settled : settled.map(({ run }) => ({ run, amount: payable }));
    const paid = own.reduce((sum, { amount }) => sum + amount, 0n);
    return {
      dueOn: dayOf(problem, due),
      outstanding: money(payable + blocked),
      payments: own.map((each) =>
        shown(problem, each.run, each.amount, bill.parts.length === 1 ? cashOf(problem, place, each) : each.amount),
      ),
      unpaid: money(payable + blocked - paid),
    };
  });
};

const firstPayments = (problem: Problem, plan: Plan): PlanAnswer['proposal']['payments'] => {
  const first = firstRunOf(plan);
  return problem.items
    .flatMap((item, place): PlanAnswer['proposal']['payments'] => {
      const offer = plan.offers[place] === undefined ? undefined : item.offers[plan.offers[place]]!;
      const vendorId = problem.vendors[item.vendor]!.id;
      const [payment] = paymentsOf(problem, item.bills, first);
      const now = offer?.schedule.reduce((sum, { run, amount }) => (run === 0 ? sum + amount : sum), 0n) ?? 0n;
      if (offer)
        return now > 0n
          ? [{ itemId: item.id, vendorId, amount: formatMinor(now, problem.currency), offerId: offer.id }]
          : [];
      if (!payment) return [];
      const { amount, cash } = payment;
      return [{ itemId: item.id, vendorId, amount, ...(cash === undefined ? {} : { cash }) }];
    })
    .sort((a, b) => byText(a.itemId, b.itemId));
};
