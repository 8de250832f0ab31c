/**
 * The best of all plans of a tiny input, by trying every one on the grid and living through it day by day. It shares
 * nothing with the engine but the input's type; costs are counted in minor unit × 3,650,000.
 */
import { daysBetween } from '../../src/domain/calendar.js';
import type { PlanInput, PlanItem } from '../../src/cash-priority/model.js';

export interface Best {
  readonly cost: number;
  /** Per tier 0 to 9, then that of the required items: amount × days. */
  readonly lateness: readonly number[];
  readonly tried: number;
}

interface Way {
  readonly cost: number;
  readonly cash: readonly number[];
  readonly tier: number | undefined;
  readonly late: number;
  readonly past: number;
  /** Per cut-off of the vendor and day of judgement, what is too late. */
  readonly overdue: readonly (readonly number[])[];
}

const unit = 3_650_000;
const cents = (text: string | undefined): number => Math.round(Number(text ?? '0') * 100);
const basisPoints = (text: string | undefined): number => Math.round(Number(text ?? '0') * 100);

export const bruteForce = (input: PlanInput, grid: number): Best | undefined => {
  const { asOf, request } = input;
  const day = (date: string): number => daysBetween(asOf, date);
  const runs = request.runs!.map(day);
  const end = request.horizonEnd === undefined ? runs.at(-1)! + 7 : day(request.horizonEnd);
  const step = grid * 100;

  // The balance day by day if nothing is paid.
  const untouched: number[] = [];
  let balance = input.accounts.reduce((sum, { balance: at, paidSince }) => sum + cents(at) - cents(paidSince), 0);
  for (let today = 0; today <= end; today += 1) {
    for (const { direction, on, amount, certainty } of input.flows)
      if (day(on) === today && (direction === 'outflow' || Number(certainty ?? '1') >= 0.5))
        balance += direction === 'receipt' ? cents(amount) : -cents(amount);
    untouched.push(balance);
  }
  const reserve = cents(request.minimumBalance);

  const vendorOf = new Map(input.vendors.map((vendor) => [vendor.id, vendor]));
  const judgementDays = (vendorId: string): number[][] =>
    (vendorOf.get(vendorId)!.cutoffs ?? []).map(({ on, weekly }) => {
      const days: number[] = [];
      for (let at = day(on); at <= end; at += 7) {
        days.push(at);
        if (cents(weekly) === 0) break;
      }
      return days;
    });

  /** The day before which nothing of an item may be paid. */
  const heldUntil = ({ hold }: PlanItem): number =>
    hold === undefined ? -Infinity : hold.until === undefined ? Infinity : day(hold.until);

  /** Lives through the days with one item whose units (due day, paid on day or never) are given. */
  const live = (
    item: PlanItem,
    units: readonly { due: number; paid: number; amount: number; frozen: boolean }[],
    cash: readonly number[],
    own: { cost: number } | undefined,
    cures: boolean,
    discountLost: number,
  ): Way => {
    const terms = item.consequences;
    let cost = (own ? own.cost : 0) + discountLost * unit;
    let late = 0;
    let past = 0;
    const required = (request.require ?? []).find(({ itemId }) => itemId === item.itemId);
    const first = runs.find((run) => run >= heldUntil(item)) ?? Infinity;
    const deadline = required
      ? (runs.filter((run) => required.on === undefined || run <= day(required.on)).at(-1) ?? 0)
      : Infinity;
    for (let today = 0; today <= end; today += 1) {
      for (const { due, paid, amount, frozen } of units) {
        if (paid <= today) continue;
        if (!frozen && terms.neverDefer && today >= Math.max(due, first)) late += amount;
        if (!frozen && today >= deadline) past += amount;
        if (own || today === end) continue;
        const yearly = basisPoints(terms.lateInterest?.annualPercent) + basisPoints(terms.relationship?.annualPercent);
        if (today >= due) cost += amount * yearly;
        for (const { afterDays, annualPercent, percent } of terms.steps ?? []) {
          if (today >= due + afterDays) cost += amount * basisPoints(annualPercent);
          if (today === due + afterDays) cost += amount * basisPoints(percent) * 365;
        }
      }
      if (own || today === end) continue;
      const dues = new Set(units.map(({ due }) => due));
      for (const due of dues)
        for (const { afterDays, fixed } of terms.steps ?? [])
          if (today === due + afterDays && units.some((each) => each.due === due && each.paid > today))
            cost += cents(fixed) * unit;
    }
    if (!own)
      for (const { due, paid, amount } of units)
        if (paid === Infinity && due <= end) cost += amount * basisPoints(terms.unpaidAtEndPercent) * 365;
    const overdue = judgementDays(item.vendorId).map((days, index) =>
      days.map((at) => {
        const lastRun = runs.filter((run) => run <= at).at(-1) ?? -1;
        const { overdueDays } = vendorOf.get(item.vendorId)!.cutoffs![index]!;
        let sum = 0;
        if (!cures)
          for (const { due, paid, amount } of units) if (due + overdueDays <= at && paid > lastRun) sum += amount;
        return sum;
      }),
    );
    return { cost, cash, tier: terms.neverDefer ? (terms.tier ?? 5) : undefined, late, past, overdue };
  };

  const waysOf = (item: PlanItem): Way[] => {
    const isForbidden = (request.forbid ?? []).some(({ itemId }) => itemId === item.itemId);
    const held = heldUntil(item) > runs.at(-1)! || isForbidden;
    const isBarred = (run: number): boolean => run < heldUntil(item);
    const byDue = new Map<number, { payable: number; frozen: number }>();
    for (const { dueOn, amount, disputed } of item.instalments) {
      const known = byDue.get(day(dueOn)) ?? { payable: 0, frozen: 0 };
      const kept = held ? cents(amount) : cents(disputed);
      byDue.set(day(dueOn), { payable: known.payable + cents(amount) - kept, frozen: known.frozen + kept });
    }
    const dues = [...byDue].sort(([a], [b]) => a - b).map(([due, each]) => ({ due, ...each }));
    const free = dues.every(({ frozen }) => frozen === 0);
    const frozen = dues
      .filter((each) => each.frozen > 0)
      .map((each) => ({ due: each.due, paid: Infinity, amount: each.frozen, frozen: true }));
    const ways: Way[] = [];
    const nothing = runs.map(() => 0);

    const discountRun = item.discount ? (runs.filter((run) => run <= day(item.discount!.until)).at(-1) ?? -1) : -1;
    const atOnce = free && !(item.consequences.neverDefer && dues.length > 1) && !isBarred(discountRun);
    const discountDay = atOnce ? discountRun : -1;
    const lost = !atOnce && discountRun >= 0 ? cents(item.discount!.amount) : 0;
    if (discountDay >= 0) {
      const total = dues.reduce((sum, { payable }) => sum + payable, 0);
      for (const run of [...runs, Infinity]) {
        if (isBarred(run)) continue;
        const had = run <= discountDay;
        const units = dues.map(({ due, payable }) => ({ due, paid: run, amount: payable, frozen: false }));
        const cash = runs.map((each) => (each === run ? total - (had ? cents(item.discount!.amount) : 0) : 0));
        ways.push(live(item, units, cash, undefined, false, had ? 0 : cents(item.discount!.amount)));
      }
    } else {
      const { allowed = true, minimum, maxPayments = Infinity } = item.consequences.partial ?? {};
      /** Every split of one due date over the runs. */
      const splits = (payable: number): number[][] => {
        const found: number[][] = [];
        const fill = (sofar: number[], left: number): void => {
          if (sofar.length === runs.length) {
            const paid = sofar.filter((each) => each > 0);
            const whole = paid.length === 0 || (paid.length === 1 && paid[0] === payable);
            const least = Math.min(cents(minimum), payable);
            if ((allowed || whole) && paid.length <= maxPayments && paid.every((each) => each >= least))
              found.push(sofar);
            return;
          }
          const most = isBarred(runs[sofar.length]!) ? 0 : left;
          for (let each = 0; each <= most; each += step) fill([...sofar, each], left - each);
        };
        fill([], payable);
        return found;
      };
      const combine = (index: number, chosen: number[][]): void => {
        if (index === dues.length) {
          const units = dues.flatMap(({ due, payable }, place) => {
            const paid = chosen[place]!.map((amount, run) => ({ due, paid: runs[run]!, amount, frozen: false }));
            const left = payable - paid.reduce((sum, { amount }) => sum + amount, 0);
            return [...paid, { due, paid: Infinity, amount: left, frozen: false }].filter(({ amount }) => amount > 0);
          });
          const cash = runs.map((_, run) => chosen.reduce((sum, each) => sum + each[run]!, 0));
          ways.push(live(item, [...units, ...frozen], cash, undefined, false, lost));
          return;
        }
        for (const split of splits(dues[index]!.payable)) {
          // Nothing of a later due date before all of the earlier ones.
          const fits = split.every((amount, run) => {
            if (amount === 0) return true;
            return chosen.every((earlier, place) => {
              const upTo = earlier.slice(0, run + 1).reduce((sum, each) => sum + each, 0);
              return upTo === dues[place]!.payable;
            });
          });
          if (fits) combine(index + 1, [...chosen, split]);
        }
      };
      combine(0, []);
    }

    for (const offer of free ? (item.offers ?? []) : []) {
      if (offer.validUntil !== undefined && offer.validUntil < asOf) continue;
      const firstPaid = offer.schedule.map(({ on }) => runs.find((run) => run >= day(on)) ?? Infinity);
      if (firstPaid.some(isBarred)) continue;
      const cash = [...nothing];
      const pot: { paid: number; amount: number }[] = [];
      for (const { on, amount } of [...offer.schedule].sort((a, b) => (a.on < b.on ? -1 : 1))) {
        const run = runs.findIndex((each) => each >= day(on));
        if (run >= 0) cash[run]! += cents(amount);
        pot.push({ paid: run < 0 ? Infinity : runs[run]!, amount: cents(amount) });
      }
      const units: { due: number; paid: number; amount: number; frozen: boolean }[] = [];
      for (const { due, payable } of dues) {
        let left = payable;
        for (const each of pot) {
          const amount = Math.min(left, each.amount);
          if (amount > 0) units.push({ due, paid: each.paid, amount, frozen: false });
          each.amount -= amount;
          left -= amount;
        }
      }
      ways.push(live(item, units, cash, { cost: cents(offer.cost) * unit }, offer.curesCutoffs, lost));
    }
    return ways;
  };

  const ways = input.items.map(waysOf);
  let best: { cost: number; lateness: number[] } | undefined;
  let tried = 0;
  const spent = Array.from({ length: runs.length }, () => 0);
  const chosen: Way[] = [];
  const affordable = (): boolean => {
    let out = 0;
    for (let today = 0, run = 0; today <= end; today += 1) {
      while (run < runs.length && runs[run]! <= today) {
        out += spent[run]!;
        run += 1;
      }
      if (untouched[today]! - out < Math.min(reserve, untouched[today]!)) return false;
    }
    return true;
  };
  const tryAll = (index: number): void => {
    if (!affordable()) return;
    if (index < ways.length) {
      for (const way of ways[index]!) {
        for (const [run, cash] of way.cash.entries()) spent[run]! += cash;
        chosen.push(way);
        tryAll(index + 1);
        chosen.pop();
        for (const [run, cash] of way.cash.entries()) spent[run]! -= cash;
      }
      return;
    }
    tried += 1;
    const lateness = Array.from({ length: 11 }, () => 0);
    let cost = 0;
    for (const way of chosen) {
      cost += way.cost;
      if (way.tier !== undefined) lateness[way.tier]! += way.late;
      lateness[10]! += way.past;
    }
    for (const vendor of input.vendors) {
      for (const [index2, cutoff] of (vendor.cutoffs ?? []).entries()) {
        for (const [place, at] of judgementDays(vendor.id)[index2]!.entries()) {
          let overdue = 0;
          for (const [position, way] of chosen.entries())
            if (input.items[position]!.vendorId === vendor.id) overdue += way.overdue[index2]![place]!;
          if (overdue <= cents(cutoff.tolerance)) break;
          if (at >= 0) cost += cents(place === 0 ? cutoff.cost : cutoff.weekly) * unit;
        }
      }
    }
    if (!best || isBetter([...lateness, cost], [...best.lateness, best.cost])) best = { cost, lateness };
  };
  tryAll(0);
  return best && { ...best, tried };
};

const isBetter = (a: readonly number[], b: readonly number[]): boolean => {
  for (const [index, value] of a.entries()) {
    if (value < b[index]!) return true;
    if (value > b[index]!) return false;
  }
  return false;
};
