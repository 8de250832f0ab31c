/** What each unit of a bill costs by the run that pays it, in tables for the model builder and the rules. */
import type { Bill, Day, Item, Problem } from './problem.js';

/** Costs are counted in minor unit × this: basis points × days of a year of 365 days come out whole. */
export const costUnit = 3_650_000n;

/** The fixed charges that paying part of a bill late brings: once for all that is paid after a day. */
export interface Fee {
  readonly after: Day;
  /** In cost units. */
  readonly cost: bigint;
}

/** The steps that asOf has not passed: those before it are sunk, but for what they charge per day from now on. */
const isAhead = (due: Day, afterDays: number): boolean => due + afterDays >= 0;

/** Per minor unit due then and paid then, in cost units; whole and small. */
export const unitCost = (item: Item, due: Day, paidOn: Day): number => {
  let cost = (item.interest + item.relationship) * Math.max(0, paidOn - Math.max(due, 0));
  for (const { afterDays, percent, annual } of item.steps) {
    if (paidOn > due + afterDays && isAhead(due, afterDays)) cost += percent * 365;
    cost += annual * Math.max(0, paidOn - Math.max(due + afterDays, 0));
  }
  return cost;
};

/** Per minor unit due then and not paid inside the horizon, in cost units. */
export const unpaidUnitCost = (item: Item, due: Day, horizonEnd: Day): number =>
  unitCost(item, due, horizonEnd) + (due <= horizonEnd ? item.unpaidAtEnd * 365 : 0);

/** The fixed charges of a bill that are still ahead and inside the horizon, first first. */
export const feesOf = (item: Item, bill: Bill, horizonEnd: Day): Fee[] =>
  bill.parts
    .flatMap(({ due, blocked }) =>
      item.steps
        // What may not be paid brings the charge by itself; then no decision is left in it.
        .filter(({ afterDays, fixed }) => fixed > 0n && blocked === 0n && isAhead(due, afterDays))
        .map(({ afterDays, fixed }) => ({ after: due + afterDays, cost: fixed * costUnit })),
    )
    .filter(({ after }) => after < horizonEnd)
    .sort((a, b) => a.after - b.after);

/** What a bill costs when the whole of it is paid on a run, or (run undefined) none of it, with its fixed charges. */
export const optionCost = (problem: Problem, bill: Bill, run: number | undefined): bigint => {
  const item = problem.items[bill.item]!;
  const paidOn = run === undefined ? problem.horizonEnd : problem.runs[run]!;
  let cost = 0n;
  for (const { due, payable } of bill.parts) {
    const unit = run === undefined ? unpaidUnitCost(item, due, paidOn) : unitCost(item, due, paidOn);
    cost += payable * BigInt(unit);
  }
  for (const fee of feesOf(item, bill, problem.horizonEnd)) if (paidOn > fee.after) cost += fee.cost;
  if (bill.discount && (run === undefined || run > bill.discount.lastRun)) cost += bill.discount.amount * costUnit;
  return cost;
};

/** The cash that paying the whole of a bill on a run takes. */
export const optionCash = (bill: Bill, run: number): bigint =>
  bill.amount - (bill.discount && run <= bill.discount.lastRun ? bill.discount.amount : 0n);

/** Amount × days late of the whole of a bill, counted from the later of due date and the first run that may pay it. */
export const optionLateness = (problem: Problem, bill: Bill, run: number | undefined): bigint => {
  const day = run === undefined ? problem.horizonEnd + 1 : problem.runs[run]!;
  let lateness = 0n;
  const first = problem.runs[problem.items[bill.item]!.from]!;
  for (const { due, payable } of bill.parts) lateness += payable * BigInt(Math.max(0, day - Math.max(due, first)));
  return lateness;
};

/** One day on which a cut-off is judged: its own, and every seventh after it. */
export interface Judgement {
  readonly day: Day;
  /** The last run on or before it; -1 if there is none. */
  readonly run: number;
  /** In cost units; 0 where it is past. */
  readonly cost: bigint;
}

/** The days on which a cut-off is judged inside the horizon, the weekly ones only if they cost anything. */
export const judgementsOf = (
  problem: Problem,
  { on, cost, weekly }: { readonly on: Day; readonly cost: bigint; readonly weekly: bigint },
): Judgement[] => {
  const { runs, horizonEnd } = problem;
  const at = (day: Day, due: bigint): Judgement => ({
    day,
    run: runs.findLastIndex((each) => each <= day),
    cost: day < 0 ? 0n : due * costUnit,
  });
  if (on > horizonEnd) return [];
  const judgements = [at(on, cost)];
  if (weekly > 0n) for (let day = on + 7; day <= horizonEnd; day += 7) judgements.push(at(day, weekly));
  return judgements;
};

/** What costs whatever is decided: what may not be paid, in cost units. */
export const frozenCost = ({ bills, items, horizonEnd }: Problem): bigint => {
  let cost = items.reduce((sum, { lostDiscount }) => sum + lostDiscount * costUnit, 0n);
  for (const bill of bills) {
    const item = items[bill.item]!;
    for (const { due, blocked } of bill.parts) {
      if (blocked === 0n) continue;
      cost += blocked * BigInt(unpaidUnitCost(item, due, horizonEnd));
      for (const { afterDays, fixed } of item.steps)
        if (isAhead(due, afterDays) && due + afterDays < horizonEnd) cost += fixed * costUnit;
    }
  }
  return cost;
};
