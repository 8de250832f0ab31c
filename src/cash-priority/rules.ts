/** What people do without an optimum: pay in some order until the money is gone. To compare with, and to fall back on. */
import type { Minor } from '../domain/money.js';
import { optionCash, unpaidUnitCost } from './costs.js';
import type { Plan, Settlement } from './evaluate.js';
import { lastRunInTime } from './ladder.js';
import type { Rule } from './model.js';
import type { Bill, Problem } from './problem.js';

export const rules: readonly Rule[] = [
  'due-date',
  'tier-then-due-date',
  'highest-penalty',
  'smallest-first',
  'pro-rata',
];

const dueOf = (bill: Bill): number => bill.parts[0]!.due;

type Order = (a: number, b: number) => number;

const ordersOf = ({ bills, items, horizonEnd }: Problem): Record<Exclude<Rule, 'pro-rata'>, Order> => {
  const byDue: Order = (a, b) => dueOf(bills[a]!) - dueOf(bills[b]!) || a - b;
  const rate = (place: number): number => {
    const item = items[bills[place]!.item]!;
    return unpaidUnitCost(item, dueOf(bills[place]!), horizonEnd);
  };
  return {
    'due-date': byDue,
    'tier-then-due-date': (a, b) => items[bills[a]!.item]!.tier - items[bills[b]!.item]!.tier || byDue(a, b),
    'highest-penalty': (a, b) => rate(b) - rate(a) || byDue(a, b),
    'smallest-first': (a, b) => Number(bills[a]!.amount - bills[b]!.amount) || byDue(a, b),
  };
};

/** Pays what a rule ranks, run by run, each bill on its last run in time or as soon after it as there is cash. */
class Payer {
  readonly settled: Settlement[][];
  private readonly paid: Minor[];
  private readonly left: Minor[];

  constructor(
    private readonly problem: Problem,
    private readonly base: Plan,
  ) {
    this.settled = base.settled.map((own) => [...own]);
    this.paid = problem.runs.map(() => 0n);
    this.left = problem.bills.map(
      ({ amount }, place) => amount - base.settled[place]!.reduce((sum, each) => sum + each.amount, 0n),
    );
    for (const [place, own] of base.settled.entries())
      for (const { run, amount } of own) this.spend(run, this.cashFor(place, run, amount));
    for (const [item, offer] of base.offers.entries())
      if (offer !== undefined)
        for (const { run, amount } of problem.items[item]!.offers[offer]!.schedule)
          if (run !== undefined) this.spend(run, amount);
  }

  get plan(): Plan {
    return { settled: this.settled, offers: this.base.offers };
  }

  isOpen(place: number): boolean {
    return this.left[place]! > 0n && this.base.offers[this.problem.bills[place]!.item] === undefined;
  }

  spareAt(run: number): Minor {
    let sum = 0n;
    let least: Minor | undefined;
    for (const [index, cap] of this.problem.cash.caps.entries()) {
      sum += this.paid[index]!;
      if (index >= run && (least === undefined || cap - sum < least)) least = cap - sum;
    }
    return least!;
  }

  /** Pays up to so much of a bill on a run, as far as its terms and the cash allow. */
  pay(place: number, run: number, most: Minor): Minor {
    const { bills, items } = this.problem;
    const bill = bills[place]!;
    const item = items[bill.item]!;
    const open = this.left[place]!;
    const earlier = item.bills.slice(0, item.bills.indexOf(place));
    if (earlier.some((other) => this.left[other]! > 0n)) return 0n;
    const spare = this.spareAt(run);
    const full = this.cashFor(place, run, open);
    const minimum = item.minimum < bill.amount ? item.minimum : bill.amount;
    let amount = open;
    if (full > spare || most < open) {
      const room = spare < most ? spare : most;
      if (bill.whole || room <= 0n || this.settled[place]!.length + 1 >= item.maxPayments) return 0n;
      // What is left over has to be a payment of its own.
      amount = open - room < minimum ? open - minimum : room;
    }
    if (amount <= 0n || amount < minimum) return 0n;
    this.settled[place]!.push({ run, amount });
    this.left[place] = open - amount;
    this.spend(run, this.cashFor(place, run, amount));
    return amount;
  }

  openAmount(place: number): Minor {
    return this.left[place]!;
  }

  private cashFor(place: number, run: number, amount: Minor): Minor {
    const bill = this.problem.bills[place]!;
    return amount === bill.amount ? optionCash(bill, run) : amount;
  }

  private spend(run: number, amount: Minor): void {
    this.paid[run]! += amount;
  }
}

const payRun = (payer: Payer, run: number, candidates: readonly number[], proRata: boolean): void => {
  if (proRata) {
    const spare = payer.spareAt(run);
    const total = candidates.reduce((sum, place) => sum + payer.openAmount(place), 0n);
    if (total > spare) {
      for (const place of candidates) if (spare > 0n) payer.pay(place, run, (payer.openAmount(place) * spare) / total);
      return;
    }
  }
  let spare = payer.spareAt(run);
  for (const place of candidates) {
    if (spare <= 0n) return;
    if (payer.pay(place, run, payer.openAmount(place)) > 0n) spare = payer.spareAt(run);
  }
};

const follow = (problem: Problem, order: Order | undefined, base: Plan, only: (place: number) => boolean): Plan => {
  const payer = new Payer(problem, base);
  const places = [...problem.bills.keys()].filter((place) => problem.bills[place]!.amount > 0n && only(place));
  if (order) places.sort(order);
  const from = new Map(
    places.map((place) => {
      const bill = problem.bills[place]!;
      // Whoever pays by a list takes the discounts on it.
      const inTime = lastRunInTime(problem, dueOf(bill));
      const wanted = bill.discount ? Math.min(bill.discount.lastRun, inTime) : inTime;
      return [place, Math.max(problem.items[bill.item]!.from, wanted)];
    }),
  );
  const inside = places.filter((place) => dueOf(problem.bills[place]!) <= problem.horizonEnd);
  for (const run of problem.runs.keys())
    payRun(
      payer,
      run,
      inside.filter((place) => from.get(place)! <= run && payer.isOpen(place)),
      order === undefined,
    );
  return payer.plan;
};

export const emptyPlan = (problem: Problem): Plan => ({
  settled: problem.bills.map(() => []),
  offers: problem.items.map(() => undefined),
});

/** Whether a bill comes before everything else: never deferred, or required. */
const isFirst = ({ items, bills }: Problem, place: number): boolean => {
  const item = items[bills[place]!.item]!;
  return item.neverDefer || item.requiredBy !== undefined;
};

/** What a plan does with never-defer and required items, and nothing else. */
export const firstThings = (problem: Problem, plan: Plan): Plan => ({
  settled: plan.settled.map((own, place) => (isFirst(problem, place) ? own : [])),
  offers: plan.offers.map((offer, item) =>
    problem.items[item]!.neverDefer || problem.items[item]!.requiredBy !== undefined ? offer : undefined,
  ),
});

/** Never-defer and required items as well as it goes without a solver: by tier, then by due date. */
export const firstThingsByTier = (problem: Problem): Plan =>
  follow(problem, ordersOf(problem)['tier-then-due-date'], emptyPlan(problem), (place) => isFirst(problem, place));

/** A rule's plan, after what has to come first; `first` empty for the bare rule, which knows no tiers but its own. */
export const planByRule = (problem: Problem, rule: Rule, first: Plan | undefined): Plan =>
  follow(
    problem,
    rule === 'pro-rata' ? undefined : ordersOf(problem)[rule],
    first ?? emptyPlan(problem),
    (place) => first === undefined || !isFirst(problem, place),
  );
