/**
 * A lower bound on the cost of every plan, from prices alone and in whole numbers: if cash costs `cash[run]` per minor
 * unit and there is as much of it as anyone likes, each bill takes what is cheapest for it, a vendor with cut-offs the
 * cheapest of letting each fire, and for how long, or not; what our cash is worth comes off. Any prices give a bound,
 * good ones a close one. Nothing here trusts the solver or the model builder.
 */
import type { LatenessLimits } from './evaluate.js';
import type { Prices } from './prices.js';
import { type Bill, type Item, lastOnOrBefore, type Problem, type Vendor } from './problem.js';

/** A judgement that a cut-off must pass: what may be too late then, and what a minor unit more than that is charged. */
type Pass = Record<'overdueDays' | 'day' | 'run', number> & Record<'room' | 'price', bigint>;
/** One way for the cut-offs of a vendor to end: what they have cost by then, and what they must pass. */
interface Way {
  readonly spent: bigint;
  readonly passes: readonly Pass[];
}

const units = (minor: bigint): bigint => minor * 3_650_000n;
const between = (from: number, to: number): number => (to > from ? to - from : 0);
const least = (a: bigint, b: bigint): bigint => (b < a ? b : a);

export const certificate = (problem: Problem, limits: LatenessLimits, prices: Prices): bigint => {
  const { runs, items, bills, vendors, cash, horizonEnd: end } = problem;

  /** What paying a bill on a run (after the last: never) costs with its cash; undefined if a limit bars it. */
  const costOf = (item: Item, bill: Bill, run: number, frozen = false): bigint | undefined => {
    if (run < item.from) return undefined;
    const [never, day] = [run === runs.length, runs[run] ?? end];
    const free = !frozen && bill.discount !== undefined && run <= bill.discount.lastRun ? bill.discount.amount : 0n;
    let sum = never ? 0n : prices.cash[run]! * (bill.amount - free);
    if (!frozen && item.requiredBy !== undefined && limits.required === 0n && run > item.requiredBy) return undefined;
    if (bill.discount && run > bill.discount.lastRun) sum += units(bill.discount.amount);
    for (const { due, payable, blocked } of bill.parts) {
      const amount = frozen ? blocked : payable;
      const late = item.neverDefer && !frozen ? between(Math.max(due, runs[item.from]!), never ? end + 1 : day) : 0;
      if (late > 0 && amount > 0n && limits.tiers[item.tier] === 0n) return undefined;
      let unit = (item.interest + item.relationship) * between(Math.max(due, 0), day);
      if (never && due <= end) unit += item.unpaidAtEnd * 365;
      for (const { afterDays, annual, percent, fixed } of item.steps) {
        unit += annual * between(Math.max(due + afterDays, 0), day);
        if (due + afterDays < 0 || day <= due + afterDays) continue;
        unit += percent * 365;
        if (frozen === blocked > 0n) sum += units(fixed);
      }
      sum += amount * (BigInt(unit) + (late > 0 ? prices.lateness[item.tier]! * BigInt(late) : 0n));
    }
    return sum;
  };

  /** The cheapest that an item can do. How late it is under an offer is left out: that can only lower the bound. */
  const cheapest = (item: Item, passes: readonly Pass[]): bigint => {
    let total = 0n;
    for (const place of item.bills) {
      const bill = bills[place]!;
      const charges = passes.map(({ overdueDays, day, price }) =>
        bill.parts.reduce((sum, part) => (part.due + overdueDays <= day ? sum + price * part.payable : sum), 0n),
      );
      let best: bigint | undefined;
      for (let run = bill.amount > 0n ? 0 : runs.length; run <= runs.length; run += 1) {
        let sum = costOf(item, bill, run);
        if (sum === undefined) continue;
        for (const [index, pass] of passes.entries()) if (run > pass.run) sum += charges[index]!;
        if (best === undefined || sum < best) best = sum;
      }
      total += best ?? 0n;
      if (bill.parts.some(({ blocked }) => blocked > 0n)) total += costOf(item, bill, runs.length, true)!;
    }
    for (const { cost, schedule } of item.offers)
      total = least(
        total,
        schedule.reduce(
          (sum, { run, amount }) => (run === undefined ? sum : sum + amount * prices.cash[run]!),
          units(cost),
        ),
      );
    return total + units(item.lostDiscount);
  };

  const waysOf = (vendor: Vendor, vendorPlace: number): Way[] => {
    let ways: Way[] = [{ spent: 0n, passes: [] }];
    const parts = vendor.items.flatMap((place) => items[place]!.bills.flatMap((bill) => bills[bill]!.parts));
    for (const [cutoffPlace, { on, overdueDays, tolerance, cost, weekly }] of vendor.cutoffs.entries()) {
      const endings: Way[] = [];
      let spent = 0n;
      for (let place = 0, day = on; day <= end && (place === 0 || weekly > 0n); place += 1, day += 7) {
        const room = parts.reduce(
          (left, { due, blocked }) => (due + overdueDays <= day ? left - blocked : left),
          tolerance,
        );
        const price = prices.pressure.get(`${vendorPlace}/${cutoffPlace}/${place}`) ?? 0n;
        if (room >= 0n)
          endings.push({ spent, passes: [{ overdueDays, day, run: lastOnOrBefore(runs, day), room, price }] });
        if (day >= 0) spent += units(place === 0 ? cost : weekly);
      }
      endings.push({ spent, passes: [] });
      // Too many ways to try: the cut-offs beyond are taken as free, which can only lower the bound.
      if (ways.length * endings.length > 256) break;
      ways = ways.flatMap((way) =>
        endings.map((ending) => ({ spent: way.spent + ending.spent, passes: [...way.passes, ...ending.passes] })),
      );
    }
    return ways;
  };

  let bound = 0n;
  for (const [place, vendor] of vendors.entries())
    bound += waysOf(vendor, place)
      .map(({ spent, passes }) =>
        vendor.items.reduce(
          (sum, item) => sum + cheapest(items[item]!, passes),
          passes.reduce((sum, { price, room }) => sum - price * room, spent),
        ),
      )
      .reduce(least);
  for (const [run, cap] of cash.caps.entries()) bound -= prices.cash[run]! * (cap - (cash.caps[run - 1] ?? 0n));
  return limits.tiers.reduce<bigint>((left, limit, tier) => left - prices.lateness[tier]! * (limit ?? 0n), bound);
};
