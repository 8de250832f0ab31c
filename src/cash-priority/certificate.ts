/**
 * A lower bound on the cost of every plan, from prices alone and in whole numbers: if cash costs `cash[run]` per minor
 * unit and there is as much of it as anyone likes, each bill takes what is cheapest for it, a vendor with cut-offs the
 * cheapest of letting each fire, and for how long, or not; what our cash is worth comes off. Any prices give a bound,
 * good ones a close one. Nothing here trusts the solver or the model builder.
 */
import type { LatenessLimits } from './evaluate.js';
import type { Bill, Item, Problem } from './problem.js';

/** In cost units (minor unit × 3,650,000), none below zero. */
export interface Prices {
  /** Per run, of one minor unit of cash, none above that of the run before. */
  readonly cash: readonly bigint[];
  /** Per tier, of one minor unit × day late. */
  readonly lateness: readonly bigint[];
  /** By `vendor/cutoff/place of the judgement`: of one minor unit too late for it. */
  readonly pressure: ReadonlyMap<string, bigint>;
}

/** One way for a cut-off to end: what it costs, and the judgement (if any) that it then has to pass. */
type Ending = {
  cost: bigint;
  pass?: { overdueDays: number; day: number; run: number; tolerance: bigint; price: bigint };
};

export const certificate = (problem: Problem, limits: LatenessLimits, prices: Prices): bigint => {
  const { runs, items, bills, horizonEnd: end } = problem;
  const unitsOf = (minor: bigint): bigint => minor * 3_650_000n;
  const days = (from: number, to: number): number => Math.max(0, to - from);

  /** What paying a bill on a run (undefined: not) costs without cash; undefined if a limit bars it. */
  const cost = (item: Item, bill: Bill, run?: number): bigint | undefined => {
    const day = run === undefined ? end : runs[run]!;
    if (item.requiredBy !== undefined && limits.required === 0n && (run ?? Infinity) > item.requiredBy)
      return undefined;
    let sum = bill.discount && (run ?? Infinity) > bill.discount.lastRun ? unitsOf(bill.discount.amount) : 0n;
    for (const { due, payable, blocked } of bill.parts) {
      const late = item.neverDefer ? days(Math.max(due, runs[0]!), run === undefined ? end + 1 : day) : 0;
      if (late > 0 && payable > 0n && limits.tiers[item.tier] === 0n) return undefined;
      let unit = (item.interest + item.relationship) * days(Math.max(due, 0), day);
      if (run === undefined && due <= end) unit += item.unpaidAtEnd * 365;
      for (const step of item.steps) {
        const from = due + step.afterDays;
        unit += step.annual * days(Math.max(from, 0), day);
        if (from < 0 || day <= from) continue;
        unit += step.percent * 365;
        if (blocked === 0n) sum += unitsOf(step.fixed);
      }
      sum += payable * (BigInt(unit) + (late > 0 ? prices.lateness[item.tier]! * BigInt(late) : 0n));
    }
    return sum;
  };
  /** Every choice of a bill with the cash it takes priced in; none where a limit bars all, and then it counts nothing. */
  const choicesOf = (item: Item, bill: Bill): { run: number; sum: bigint }[] => {
    const choices: { run: number; sum: bigint }[] = [];
    for (let run = 0; run <= runs.length && (bill.amount > 0n || run === 0); run += 1) {
      const pays = run < runs.length && bill.amount > 0n;
      const sum = cost(item, bill, pays ? run : undefined);
      const off = pays && bill.discount && run <= bill.discount.lastRun ? bill.discount.amount : 0n;
      if (sum !== undefined)
        choices.push({ run: pays ? run : Infinity, sum: sum + (pays ? prices.cash[run]! * (bill.amount - off) : 0n) });
    }
    return choices;
  };
  const cheapest = (place: number, choices: ReturnType<typeof choicesOf>[], ends: readonly Ending[]): bigint => {
    const item = items[place]!;
    let total = 0n;
    for (const [index, own] of choices.entries()) {
      const late = ends.flatMap(({ pass }) => {
        if (!pass) return [];
        const parts = bills[item.bills[index]!]!.parts.filter(({ due }) => due + pass.overdueDays <= pass.day);
        return [{ run: pass.run, price: pass.price * parts.reduce((sum, { payable }) => sum + payable, 0n) }];
      });
      let best: bigint | undefined;
      for (const { run, sum } of own) {
        let all = sum;
        for (const each of late) if (run > each.run) all += each.price;
        if (best === undefined || all < best) best = all;
      }
      total += best ?? 0n;
    }
    for (const offer of item.offers) {
      // How late it is, also for cut-offs, is left out: that can only lower the bound.
      const sum = offer.schedule.reduce(
        (paid, { run, amount }) => paid + (run === undefined ? 0n : amount * prices.cash[run]!),
        unitsOf(offer.cost),
      );
      if (sum < total) total = sum;
    }
    return total;
  };

  let bound = 0n;
  for (const [vendorPlace, vendor] of problem.vendors.entries()) {
    const choices = vendor.items.map((place) =>
      items[place]!.bills.map((bill) => choicesOf(items[place]!, bills[bill]!)),
    );
    const frozen = vendor.items.flatMap((place) =>
      items[place]!.bills.flatMap((bill) => bills[bill]!.parts.map((part) => ({ ...part, item: items[place]! }))),
    );
    for (const { item, due, blocked } of frozen)
      if (blocked > 0n)
        bound += cost(
          { ...item, neverDefer: false, requiredBy: undefined },
          { item: 0, amount: 0n, whole: false, discount: undefined, parts: [{ due, payable: blocked, blocked: 0n }] },
        )!;
    for (const place of vendor.items) bound += unitsOf(items[place]!.lostDiscount);
    let ways: Ending[][] = [[]];
    for (const [cutoffPlace, cutoff] of vendor.cutoffs.entries()) {
      const endings: Ending[] = [];
      for (let day = cutoff.on, spent = 0n, place = 0; ; day += 7, place += 1) {
        const tolerance = frozen.reduce(
          (left, { due, blocked }) => (due + cutoff.overdueDays <= day ? left - blocked : left),
          cutoff.tolerance,
        );
        const price = prices.pressure.get(`${vendorPlace}/${cutoffPlace}/${place}`) ?? 0n;
        const judged = day <= end && (place === 0 || cutoff.weekly > 0n);
        if (!judged || tolerance >= 0n)
          endings.push({
            cost: spent,
            ...(judged
              ? {
                  pass: {
                    overdueDays: cutoff.overdueDays,
                    day,
                    run: runs.findLastIndex((run) => run <= day),
                    tolerance,
                    price,
                  },
                }
              : {}),
          });
        if (!judged) break;
        if (day >= 0) spent += unitsOf(place === 0 ? cutoff.cost : cutoff.weekly);
      }
      // Too many ways to try: the cut-offs beyond are taken as free, which can only lower the bound.
      if (ways.length * endings.length <= 256) ways = ways.flatMap((way) => endings.map((ending) => [...way, ending]));
    }
    const bounds = ways.map((way) =>
      way.reduce(
        (sum, { cost: own, pass }) => sum + own - (pass ? pass.price * pass.tolerance : 0n),
        vendor.items.reduce((sum, place, index) => sum + cheapest(place, choices[index]!, way), 0n),
      ),
    );
    bound += bounds.reduce((a, b) => (b < a ? b : a));
  }
  for (const [run, cap] of problem.cash.caps.entries())
    bound -= prices.cash[run]! * (cap - (problem.cash.caps[run - 1] ?? 0n));
  for (const [tier, limit] of limits.tiers.entries()) if (limit) bound -= prices.lateness[tier]! * limit;
  return bound;
};
