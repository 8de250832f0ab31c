/**
 * What a plan costs and whether it keeps every limit, in whole numbers and from the definitions: this file shares no
 * formula with what builds the programme, so that neither can hide a mistake of the other.
 */
import type { Minor } from '../domain/money.js';
import type { Day, Item, Problem } from './problem.js';

/** Basis points × days of a 365-day year. */
const unitsPerMinor = 10_000n * 365n;

export interface Settlement {
  readonly run: number;
  /** What is settled, above zero; a discount makes the cash less. */
  readonly amount: Minor;
}

export interface Plan {
  /** Per bill, by run, each run once. */
  readonly settled: readonly (readonly Settlement[])[];
  /** Per item, the place of the accepted offer; undefined for none. */
  readonly offers: readonly (number | undefined)[];
}

/** In minor units × 3,650,000. */
export interface CostParts {
  readonly interest: bigint;
  readonly relationship: bigint;
  readonly penalties: bigint;
  readonly discounts: bigint;
  readonly offers: bigint;
  readonly cutoffs: bigint;
}

export interface CutoffState {
  readonly vendor: number;
  readonly cutoff: number;
  readonly overdue: Minor;
  readonly fires: boolean;
  readonly cost: bigint;
}

export interface Evaluation {
  readonly total: bigint;
  readonly parts: CostParts;
  /** Per item, without its share in a cut-off. */
  readonly itemCosts: readonly bigint[];
  /** Per run. */
  readonly paid: readonly Minor[];
  readonly cutoffs: readonly CutoffState[];
  /** Amount × days late of the never-defer items, per tier 0 to 9. */
  readonly lateness: readonly bigint[];
  /** Amount × days beyond the run by which it is required, of the required items. */
  readonly requiredLateness: bigint;
  /** Every limit that is broken, in words; of a plan that is shown there is none. */
  readonly faults: readonly string[];
}

/** Bounds on what may be late, found before the cost is looked at; undefined where nothing is asked. */
export interface LatenessLimits {
  readonly tiers: readonly (bigint | undefined)[];
  readonly required: bigint | undefined;
}

type Settling = readonly { readonly due: Day; readonly paidOn: Day | undefined; readonly amount: Minor }[];

const days = (from: Day, to: Day): bigint => (to > from ? BigInt(to - from) : 0n);

/** Which unit of an item is paid when: money settles what falls due first. */
const settlingOf = (problem: Problem, plan: Plan, place: number): Settling => {
  const item = problem.items[place]!;
  const settling: { due: Day; paidOn: Day | undefined; amount: Minor }[] = [];
  const spread = (
    parts: readonly { readonly due: Day; readonly payable: Minor }[],
    payments: readonly { readonly day: Day; readonly amount: Minor }[],
  ): void => {
    const left = payments.map(({ amount }) => amount);
    for (const { due, payable } of parts) {
      let open = payable;
      for (const [index, { day }] of payments.entries()) {
        const amount = open < left[index]! ? open : left[index]!;
        if (amount <= 0n) continue;
        settling.push({ due, paidOn: day, amount });
        open -= amount;
        left[index]! -= amount;
      }
      if (open > 0n) settling.push({ due, paidOn: undefined, amount: open });
    }
  };
  const offer = plan.offers[place];
  if (offer === undefined) {
    for (const bill of item.bills)
      spread(
        problem.bills[bill]!.parts,
        plan.settled[bill]!.map(({ run, amount }) => ({ day: problem.runs[run]!, amount })),
      );
  } else {
    spread(
      item.bills.flatMap((bill) => problem.bills[bill]!.parts),
      item.offers[offer]!.schedule.flatMap(({ run, amount }) =>
        run === undefined ? [] : [{ day: problem.runs[run]!, amount }],
      ),
    );
  }
  return settling;
};

/** What an item without an accepted offer costs by when its units are paid. */
const costOf = (
  item: Item,
  settling: Settling,
  blocked: readonly { readonly due: Day; readonly amount: Minor }[],
  horizonEnd: Day,
): Pick<CostParts, 'interest' | 'relationship' | 'penalties'> => {
  let interest = 0n;
  let relationship = 0n;
  let penalties = 0n;
  const unitsByDue = new Map<Day, { paidOn: Day | undefined; amount: Minor }[]>();
  const note = (due: Day, unit: { paidOn: Day | undefined; amount: Minor }): void => {
    const units = unitsByDue.get(due);
    if (units) units.push(unit);
    else unitsByDue.set(due, [unit]);
  };
  for (const { due, ...unit } of settling) note(due, unit);
  for (const { due, amount } of blocked) if (amount > 0n) note(due, { paidOn: undefined, amount });
  for (const [due, units] of unitsByDue) {
    for (const { paidOn, amount } of units) {
      const until = paidOn ?? horizonEnd;
      const late = amount * days(due > 0 ? due : 0, until);
      interest += late * BigInt(item.interest);
      relationship += late * BigInt(item.relationship);
      if (paidOn === undefined && due <= horizonEnd) penalties += amount * BigInt(item.unpaidAtEnd) * 365n;
    }
    for (const step of item.steps) {
      const limit = due + step.afterDays;
      let anyLate = false;
      for (const { paidOn, amount } of units) {
        const until = paidOn ?? horizonEnd;
        penalties += amount * BigInt(step.annual) * days(limit > 0 ? limit : 0, until);
        if (limit < 0 || until <= limit) continue;
        anyLate = true;
        penalties += amount * BigInt(step.percent) * 365n;
      }
      if (anyLate) penalties += step.fixed * unitsPerMinor;
    }
  }
  return { interest, relationship, penalties };
};

/** Faults of how one bill is paid. */
const faultsOf = (problem: Problem, plan: Plan, place: number): string[] => {
  const bill = problem.bills[place]!;
  const item = problem.items[bill.item]!;
  const settled = plan.settled[place]!;
  const faults: string[] = [];
  const fault = (text: string): unknown => faults.push(`${item.number}: ${text}`);
  const sum = settled.reduce((total, { amount }) => total + amount, 0n);
  if (sum > bill.amount) fault('more is paid than may be');
  if (settled.some(({ run }, index) => run >= problem.runs.length || settled.some((o, j) => j < index && o.run >= run)))
    fault('runs out of order');
  if (bill.whole && settled.length > 0 && (settled.length > 1 || sum !== bill.amount)) fault('only a part is paid');
  if (settled.length > item.maxPayments) fault('too many payments');
  if (settled.some(({ run }) => run < item.from)) fault('paid while on hold');
  const minimum = item.minimum < bill.amount ? item.minimum : bill.amount;
  if (settled.some(({ amount }) => amount <= 0n || amount < minimum)) fault('a payment is below the minimum');
  if (plan.offers[bill.item] !== undefined && settled.length > 0) fault('paid beside an accepted offer');
  return faults;
};

export const evaluate = (problem: Problem, plan: Plan, limits?: LatenessLimits): Evaluation => {
  const { runs, items, bills, horizonEnd } = problem;
  const faults: string[] = [];
  const parts = { interest: 0n, relationship: 0n, penalties: 0n, discounts: 0n, offers: 0n, cutoffs: 0n };
  const paid = runs.map(() => 0n);
  const lateness = Array.from({ length: 10 }, () => 0n);
  let requiredLateness = 0n;
  const settlings: Settling[] = [];

  const itemCosts = items.map((item, place) => {
    const settling = settlingOf(problem, plan, place);
    settlings.push(settling);
    if (item.neverDefer)
      for (const { due, paidOn, amount } of settling)
        lateness[item.tier]! += amount * days(Math.max(due, runs[item.from]!), paidOn ?? horizonEnd + 1);
    if (item.requiredBy !== undefined)
      for (const { paidOn, amount } of settling)
        requiredLateness += amount * days(runs[item.requiredBy]!, paidOn ?? horizonEnd + 1);

    // Not to be had by any decision, so lost under an offer too.
    const lost = item.lostDiscount * unitsPerMinor;
    parts.discounts += lost;
    const offer = plan.offers[place] === undefined ? undefined : item.offers[plan.offers[place]]!;
    if (offer) {
      if (item.blocked !== undefined) faults.push(`${item.number}: an offer on what may not be paid`);
      for (const { run, amount } of offer.schedule) if (run !== undefined) paid[run]! += amount;
      for (const bill of item.bills) faults.push(...faultsOf(problem, plan, bill));
      const cost = offer.cost * unitsPerMinor;
      parts.offers += cost;
      return cost + lost;
    }
    const blocked = item.bills.flatMap((bill) =>
      bills[bill]!.parts.map(({ due, blocked: amount }) => ({ due, amount })),
    );
    const cost = costOf(item, settling, blocked, horizonEnd);
    parts.interest += cost.interest;
    parts.relationship += cost.relationship;
    parts.penalties += cost.penalties;
    let total = cost.interest + cost.relationship + cost.penalties + lost;
    let doneBefore = 0;
    for (const place of item.bills) {
      const bill = bills[place]!;
      faults.push(...faultsOf(problem, plan, place));
      for (const { run, amount } of plan.settled[place]!) {
        paid[run]! += amount;
        if (run < doneBefore) faults.push(`${item.number}: paid before what falls due earlier`);
      }
      const sum = plan.settled[place]!.reduce((all, { amount }) => all + amount, 0n);
      const last = plan.settled[place]!.at(-1)?.run ?? 0;
      doneBefore = sum < bill.amount ? Infinity : Math.max(doneBefore, last);
      if (bill.discount) {
        const [first] = plan.settled[place]!;
        if (first && first.run <= bill.discount.lastRun && sum === bill.amount) {
          paid[first.run]! -= bill.discount.amount;
        } else {
          parts.discounts += bill.discount.amount * unitsPerMinor;
          total += bill.discount.amount * unitsPerMinor;
        }
      }
    }
    return total;
  });

  const cutoffs: CutoffState[] = [];
  for (const [vendor, { cutoffs: own, items: theirs }] of problem.vendors.entries()) {
    for (const [cutoff, terms] of own.entries()) {
      const overdueAt = (day: Day): Minor => {
        const run = runs.findLastIndex((each) => each <= day);
        const cured = (place: number): boolean => {
          const offer = plan.offers[place];
          return offer !== undefined && items[place]!.offers[offer]!.curesCutoffs;
        };
        let overdue = 0n;
        for (const place of theirs) {
          if (cured(place)) continue;
          for (const { due, paidOn, amount } of settlings[place]!)
            if (due + terms.overdueDays <= day && (paidOn === undefined || run < 0 || paidOn > runs[run]!))
              overdue += amount;
          for (const bill of items[place]!.bills)
            for (const { due, blocked } of bills[bill]!.parts) if (due + terms.overdueDays <= day) overdue += blocked;
        }
        return overdue;
      };
      if (terms.on > horizonEnd) {
        cutoffs.push({ vendor, cutoff, overdue: 0n, fires: false, cost: 0n });
        continue;
      }
      const overdue = overdueAt(terms.on);
      const fires = overdue > terms.tolerance;
      let cost = fires && terms.on >= 0 ? terms.cost : 0n;
      if (fires && terms.weekly > 0n)
        for (let day = terms.on + 7; day <= horizonEnd && overdueAt(day) > terms.tolerance; day += 7)
          if (day >= 0) cost += terms.weekly;
      cutoffs.push({ vendor, cutoff, overdue, fires, cost: cost * unitsPerMinor });
      parts.cutoffs += cost * unitsPerMinor;
    }
  }

  faults.push(...cashFaults(problem, paid));
  for (const [tier, limit] of (limits?.tiers ?? []).entries())
    if (limit !== undefined && lateness[tier]! > limit) faults.push(`tier ${tier} is later than it must be`);
  if (limits?.required !== undefined && requiredLateness > limits.required)
    faults.push('a required item is later than it must be');
  const total = parts.interest + parts.relationship + parts.penalties + parts.discounts + parts.offers + parts.cutoffs;
  return { total, parts, itemCosts, paid, cutoffs, lateness, requiredLateness, faults };
};

/** Every day on which the balance is below the reserve, and below what it would be if nothing were paid. */
const cashFaults = (problem: Problem, paid: readonly Minor[]): string[] => {
  const { opening, days: flows, reserve } = problem.cash;
  const moments = new Map<Day, { flow: Minor; paid: Minor }>([[0, { flow: 0n, paid: 0n }]]);
  const at = (day: Day): { flow: Minor; paid: Minor } => moments.get(day) ?? { flow: 0n, paid: 0n };
  for (const { day, receipts, outflows } of flows)
    moments.set(day, { ...at(day), flow: at(day).flow + receipts - outflows });
  for (const [run, day] of problem.runs.entries()) moments.set(day, { ...at(day), paid: at(day).paid + paid[run]! });
  let untouched = opening;
  let spent = 0n;
  const faults: string[] = [];
  for (const [day, { flow, paid: out }] of [...moments].sort(([a], [b]) => a - b)) {
    untouched += flow;
    spent += out;
    const least = untouched < reserve ? untouched : reserve;
    if (untouched - spent < least) faults.push(`day ${day}: ${least - untouched + spent} below the reserve`);
  }
  return faults;
};
