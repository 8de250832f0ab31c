/** A plan as a mixed-integer programme in sparse arrays, and a solution of it as amounts again. */
import { type Fee, feesOf, type Judgement, judgementsOf, optionCash, optionCost, optionLateness } from './costs.js';
import type { LatenessLimits, Plan } from './evaluate.js';
import type { Bill, Offer, Problem } from './problem.js';

/** Rows and columns with their bounds, ready for a solver. The cost is that of the columns plus `offset`. */
export interface Programme {
  readonly cost: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly integer: Int32Array;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  /** By row. */
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float64Array;
  readonly offset: number;
  /** One unit of cost of the programme in cost units, and one unit of cash in minor units. */
  readonly costScale: number;
  readonly cashScale: number;
  readonly columns: readonly Column[];
  /** The row that balances each run's cash; its dual is the price of cash. */
  readonly cashRows: readonly number[];
  /** The rows that keep never-defer tiers no later than they must be. */
  readonly tierRows: ReadonlyMap<number, number>;
  /** One unit of lateness of the programme in minor units × days. */
  readonly lateScale: number;
}

export type Column =
  | { readonly is: 'pay'; readonly bill: number; readonly run: number }
  | { readonly is: 'offer'; readonly item: number; readonly offer: number }
  | { readonly is: 'cutoff'; readonly vendor: number; readonly cutoff: number; readonly judgement: number }
  | { readonly is: 'kept'; readonly run: number }
  | { readonly is: 'switch' };

/** What a programme is built for. */
export interface Ask {
  /** What is minimised: the cost, the lateness of one never-defer tier, or that of the required items. */
  readonly minimise: 'cost' | 'required' | { readonly tier: number };
  readonly limits: LatenessLimits;
  /** Bills whose rules hold exactly; the others may be split as they like. */
  readonly exact: (bill: number) => boolean;
  readonly cutoffsExact: boolean;
  /** Bills that are decided already: all on a run, or (-1) not at all. */
  readonly decided?: ReadonlyMap<number, number>;
  /** The only runs that are looked at for a bill. */
  readonly shortlist?: ReadonlyMap<number, readonly number[]>;
  /** Cut-offs, by `vendor/cutoff/judgement`, and offers, by `item/offer`, that are decided already. */
  readonly switched?: ReadonlyMap<string, boolean>;
  /** The first run's payments, and offers accepted, are given. */
  readonly firstRun?: Plan;
}

class Rows {
  readonly lower: number[] = [];
  readonly upper: number[] = [];
  readonly starts: number[] = [0];
  readonly indices: number[] = [];
  readonly values: number[] = [];

  add(lower: number, upper: number, entries: Iterable<readonly [column: number, value: number]>): number {
    for (const [column, value] of entries) {
      if (value === 0) continue;
      this.indices.push(column);
      this.values.push(value);
    }
    this.starts.push(this.indices.length);
    this.lower.push(lower);
    return this.upper.push(upper) - 1;
  }
}

/** How much of a bill counts as late on a day for a cut-off. */
const lateOn = (bill: Bill, overdueDays: number, day: number): number => {
  let late = 0n;
  for (const { due, payable } of bill.parts) if (due + overdueDays <= day) late += payable;
  return Number(late);
};

/** The judgement runs that make it matter on which side of them a bill is paid. */
const judgementRunsOf = (problem: Problem, bill: Bill): Set<number> => {
  const runs = new Set<number>();
  for (const cutoff of problem.vendors[problem.items[bill.item]!.vendor]!.cutoffs)
    for (const { day, run } of judgementsOf(problem, cutoff))
      if (run >= 0 && lateOn(bill, cutoff.overdueDays, day) > 0) runs.add(run);
  return runs;
};

/** The runs on which paying all of a bill may be best: of several that are as good, the last. */
const runsWorthwhile = (problem: Problem, bill: Bill): number[] => {
  const boundaries = judgementRunsOf(problem, bill);
  const kept: number[] = [];
  let nextCost = optionCost(problem, bill, undefined);
  let nextCash = 0n;
  let crossed = false;
  for (let run = problem.runs.length - 1; run >= problem.items[bill.item]!.from; run -= 1) {
    crossed ||= boundaries.has(run);
    const cost = optionCost(problem, bill, run);
    const cash = optionCash(bill, run);
    if (!crossed && nextCost <= cost && nextCash <= cash) continue;
    kept.push(run);
    nextCost = cost;
    nextCash = cash;
    crossed = false;
  }
  return kept.reverse();
};

/** The runs on which a bill may be paid at all under an ask. */
const runsOf = (problem: Problem, place: number, ask: Ask): readonly number[] => {
  const shortlist = ask.shortlist?.get(place);
  if (shortlist) return shortlist;
  const bill = problem.bills[place]!;
  const item = problem.items[bill.item]!;
  const all = [...problem.runs.keys()].slice(item.from);
  const hardTier = item.neverDefer && ask.limits.tiers[item.tier] === 0n;
  const hardRequired = item.requiredBy !== undefined && ask.limits.required === 0n;
  if (item.neverDefer || item.requiredBy !== undefined || item.bills.length > 1 || ask.firstRun !== undefined)
    return all.filter(
      (run) => (!hardTier || optionLateness(problem, bill, run) === 0n) && (!hardRequired || run <= item.requiredBy),
    );
  return ask.minimise === 'cost' ? runsWorthwhile(problem, bill) : all;
};

/** Whether paying a part of a bill is not simply a part of the whole: indivisible, fixed charges, an order. */
export const isLumpy = (problem: Problem, place: number): boolean => {
  const bill = problem.bills[place]!;
  const item = problem.items[bill.item]!;
  return bill.amount > 0n && (bill.whole || item.bills.length > 1 || feesOf(item, bill, problem.horizonEnd).length > 0);
};

/** Whether a bill has any rule that a linear programme can't keep. */
export const needsIntegers = (problem: Problem, place: number): boolean => {
  const { amount, item } = problem.bills[place]!;
  const { minimum, maxPayments } = problem.items[item]!;
  return amount > 0n && (isLumpy(problem, place) || minimum > 1n || maxPayments < problem.runs.length);
};

const sumOf = (fees: readonly Fee[]): bigint => fees.reduce((sum, { cost }) => sum + cost, 0n);

export const buildProgramme = (problem: Problem, ask: Ask): Programme => {
  const { runs, items, bills, horizonEnd, vendors } = problem;
  const isCost = ask.minimise === 'cost';
  const lastRun = runs.length - 1;

  // Scales that bring all figures near to 1: a solver's tolerances are absolute.
  const payable = bills.reduce((sum, { amount }) => sum + amount, 0n);
  const cashScale = Math.max(1, Number(payable) / 1e6);
  let worst = bills.reduce((sum, bill) => sum + optionCost(problem, bill, undefined), 0n);
  for (const { cutoffs } of vendors)
    for (const cutoff of cutoffs) worst += judgementsOf(problem, cutoff).reduce((sum, { cost }) => sum + cost, 0n);
  const lateScale = cashScale * Math.max(1, horizonEnd / 10);
  const costScale = isCost ? Math.max(1, Number(worst) / 1e6) : lateScale;

  const cost: number[] = [];
  const lower: number[] = [];
  const upper: number[] = [];
  const integer: number[] = [];
  const columns: Column[] = [];
  const rows = new Rows();
  let offset = 0;
  const addColumn = (meaning: Column, price: number, low: number, high: number, whole: boolean): number => {
    cost.push(price);
    lower.push(low);
    upper.push(high);
    integer.push(whole ? 1 : 0);
    return columns.push(meaning) - 1;
  };

  const cashEntries: [number, number][][] = runs.map(() => []);
  const cashBounds = runs.map((_, run) => problem.cash.caps[run]! - (run > 0 ? problem.cash.caps[run - 1]! : 0n));
  const tierEntries: [number, number][][] = ask.limits.tiers.map(() => []);
  const tierBounds = ask.limits.tiers.map((limit) => limit ?? 0n);
  const requiredEntries: [number, number][] = [];
  let requiredBound = ask.limits.required ?? 0n;
  const payColumns = new Map<number, Map<number, number>>();
  const offerColumns = new Map<number, Map<number, number>>();

  const inScope = (place: number): boolean => {
    if (isCost) return true;
    const item = items[bills[place]!.item]!;
    if (ask.minimise === 'required') return item.neverDefer || item.requiredBy !== undefined;
    return item.neverDefer && item.tier <= (ask.minimise as { tier: number }).tier;
  };

  const latenessPast = (place: number, run: number | undefined): bigint => {
    const { requiredBy } = items[bills[place]!.item]!;
    const day = run === undefined ? horizonEnd + 1 : runs[run]!;
    return bills[place]!.amount * BigInt(Math.max(0, day - runs[requiredBy!]!));
  };

  /** What an option adds to the objective and to the rows on lateness, less what not paying adds. */
  const weigh = (place: number, run: number | undefined): { price: bigint; late: bigint; past: bigint } => {
    const bill = bills[place]!;
    const item = items[bill.item]!;
    const late = item.neverDefer ? optionLateness(problem, bill, run) : 0n;
    const past = item.requiredBy === undefined ? 0n : latenessPast(place, run);
    const price = isCost
      ? optionCost(problem, bill, run)
      : ask.minimise === 'required'
        ? past
        : item.tier === (ask.minimise as { tier: number }).tier
          ? late
          : 0n;
    return { price, late, past };
  };

  const isHard = (place: number): boolean => {
    const bill = bills[place]!;
    const item = items[bill.item]!;
    return (
      (item.requiredBy !== undefined && ask.limits.required === 0n) ||
      (item.neverDefer && ask.limits.tiers[item.tier] === 0n && optionLateness(problem, bill, undefined) > 0n)
    );
  };

  for (const [itemPlace, item] of items.entries()) {
    const open = item.bills.filter((place) => bills[place]!.amount > 0n && inScope(place));
    if (ask.firstRun && open.length === 0) {
      // What is not looked at is paid all the same.
      for (const [run, cash] of firstRunCash(problem, itemPlace, ask.firstRun)) cashBounds[run]! -= cash;
    }
    if (open.length === 0) continue;

    // Everything is counted from "not paid": what that costs is a constant.
    for (const place of open) {
      const unpaid = weigh(place, undefined);
      offset += Number(unpaid.price);
      if (item.neverDefer) tierBounds[item.tier]! -= unpaid.late;
      if (item.requiredBy !== undefined) requiredBound -= unpaid.past;
    }

    // Fixed charges have columns of their own where they are exact; then no option's price has them in it.
    const feesBy = new Map<number, readonly Fee[]>();
    for (const place of open) {
      const exact = isCost && !ask.decided?.has(place) && ask.exact(place) && !bills[place]!.whole;
      const fees = exact ? feesOf(item, bills[place]!, horizonEnd) : [];
      feesBy.set(place, fees);
      offset -= Number(sumOf(fees));
    }

    const ownOffers = new Map<number, number>();
    for (const [place, offer] of item.offers.entries()) {
      const given = ask.firstRun === undefined ? undefined : ask.firstRun.offers[itemPlace] === place;
      const taken = given ?? ask.switched?.get(`${itemPlace}/${place}`);
      const { late, past } = offerLateness(problem, itemPlace, place);
      const barred =
        (item.neverDefer && ask.limits.tiers[item.tier] === 0n && late > 0n) ||
        (item.requiredBy !== undefined && ask.limits.required === 0n && past > 0n);
      if (taken === false || barred) continue;
      let unpaid = { price: 0n, late: 0n, past: 0n };
      for (const bill of open) {
        const each = weigh(bill, undefined);
        const price = unpaid.price + each.price - sumOf(feesBy.get(bill)!);
        unpaid = { price, late: unpaid.late + each.late, past: unpaid.past + each.past };
      }
      const own = isCost
        ? offer.cost * 3_650_000n
        : ask.minimise === 'required'
          ? past
          : item.neverDefer && item.tier === (ask.minimise as { tier: number }).tier
            ? late
            : 0n;
      const price = Number(own - unpaid.price) / costScale;
      const column = addColumn({ is: 'offer', item: itemPlace, offer: place }, price, taken ? 1 : 0, 1, true);
      ownOffers.set(place, column);
      // Two instalments may be paid on one run; a row takes each column once.
      for (const [run, paid] of paidByRun(offer)) cashEntries[run]!.push([column, Number(paid) / cashScale]);
      if (item.neverDefer) tierEntries[item.tier]?.push([column, Number(late - unpaid.late) / lateScale]);
      if (item.requiredBy !== undefined) requiredEntries.push([column, Number(past - unpaid.past) / lateScale]);
    }
    if (ownOffers.size > 0) offerColumns.set(itemPlace, ownOffers);

    for (const place of open) {
      const bill = bills[place]!;
      const decided = ask.decided?.get(place);
      const exact = decided === undefined && ask.exact(place);
      const fees = feesBy.get(place)!;
      const unpaid = weigh(place, undefined);
      const own = new Map<number, number>();
      const allowed = decided === undefined ? runsOf(problem, place, ask) : decided < 0 ? [] : [decided];
      for (const run of allowed) {
        const option = weigh(place, run);
        const charged = sumOf(fees.filter(({ after }) => runs[run]! > after));
        const price = Number(option.price - charged - (unpaid.price - sumOf(fees))) / costScale;
        const given = run === 0 && ask.firstRun ? ask.firstRun.settled[place]! : undefined;
        const share = given && Number(given.find(({ run: first }) => first === 0)?.amount ?? 0n) / Number(bill.amount);
        const low = decided === undefined ? (share ?? 0) : 1;
        const column = addColumn({ is: 'pay', bill: place, run }, price, low, share ?? 1, exact && bill.whole);
        own.set(run, column);
        cashEntries[run]!.push([column, Number(optionCash(bill, run)) / cashScale]);
        if (item.neverDefer) tierEntries[item.tier]?.push([column, Number(option.late - unpaid.late) / lateScale]);
        if (item.requiredBy !== undefined)
          requiredEntries.push([column, Number(option.past - unpaid.past) / lateScale]);
      }
      payColumns.set(place, own);
      const all: [number, number][] = [...own.values(), ...ownOffers.values()].map((column) => [column, 1]);
      const hard = isHard(place);
      // A hard bill without a run to be paid on makes the programme infeasible, and that has to show.
      if (all.length > 1 || hard) rows.add(hard ? 1 : -Infinity, 1, all);

      if (exact && !bill.whole) {
        const minimum = item.minimum < bill.amount ? item.minimum : bill.amount;
        if ((item.minimum > 1n || item.maxPayments < runs.length) && own.size > 0) {
          const switches: [number, number][] = [];
          for (const column of own.values()) {
            const paid = addColumn({ is: 'switch' }, 0, 0, 1, true);
            switches.push([paid, 1]);
            rows.add(-Infinity, 0, [
              [column, 1],
              [paid, -1],
            ]);
            if (minimum > 0n)
              rows.add(0, Infinity, [
                [column, 1],
                [paid, -Number(minimum) / Number(bill.amount)],
              ]);
          }
          if (item.maxPayments < own.size) rows.add(-Infinity, item.maxPayments, switches);
        }
        for (const fee of fees) {
          const charged = addColumn({ is: 'switch' }, Number(fee.cost) / costScale, 0, 1, true);
          // 1 less all that is paid in time is late.
          const inTime: [number, number][] = [...own]
            .filter(([run]) => runs[run]! <= fee.after)
            .map(([, column]) => [column, 1]);
          const byOffer: [number, number][] = [...ownOffers.values()].map((column) => [column, 1]);
          rows.add(1, Infinity, [...inTime, ...byOffer, [charged, 1]]);
        }
      }
    }

    // Money settles what falls due first: nothing of a later due date before all of the earlier one.
    for (const [index, place] of open.entries()) {
      const next = open[index + 1];
      if (next === undefined) continue;
      const exact = ask.exact(place) || ask.exact(next);
      for (const run of runs.keys()) {
        const upTo = (bill: number): [number, number][] =>
          [...payColumns.get(bill)!].filter(([other]) => other <= run).map(([, column]) => [column, 1]);
        const later = upTo(next);
        if (later.length === 0) continue;
        const earlier = upTo(place).map(([column]): [number, number] => [column, -1]);
        if (exact) {
          const done = addColumn({ is: 'switch' }, 0, 0, 1, true);
          rows.add(-Infinity, 0, [...later, [done, -1]]);
          rows.add(-Infinity, 0, [...earlier, [done, 1]]);
        } else {
          rows.add(-Infinity, 0, [...later, ...earlier]);
        }
      }
    }
  }

  if (isCost) {
    for (const [vendorPlace, vendor] of vendors.entries()) {
      for (const [cutoffPlace, cutoff] of vendor.cutoffs.entries()) {
        let before: number | undefined;
        for (const [place, judgement] of judgementsOf(problem, cutoff).entries()) {
          const late = lateEntries(problem, vendorPlace, cutoff.overdueDays, judgement, payColumns, offerColumns);
          const room = Number(late.overdue - cutoff.tolerance) / cashScale;
          if (room <= 0) break;
          const certain = late.blocked > cutoff.tolerance;
          const known = ask.switched?.get(`${vendorPlace}/${cutoffPlace}/${place}`);
          const fires = addColumn(
            { is: 'cutoff', vendor: vendorPlace, cutoff: cutoffPlace, judgement: place },
            Number(judgement.cost) / costScale,
            known === true || (certain && before === undefined) ? 1 : 0,
            known === false ? 0 : 1,
            ask.cutoffsExact,
          );
          const entries = late.entries.map(([column, value]): [number, number] => [column, value / cashScale]);
          // overdue ≤ tolerance, or it fires; a week counts only if the week before did.
          rows.add(-Infinity, before === undefined ? -room : 0, [
            ...entries,
            [fires, -room],
            ...(before === undefined ? [] : [[before, room] as const]),
          ]);
          for (const [bill, amount] of late.bills) {
            const more = Number(amount - cutoff.tolerance);
            if (more <= 0 || before !== undefined) continue;
            // The same for one bill alone: that bounds the relaxation far better.
            const own = late.entries.filter(([column]) => {
              const meaning = columns[column]!;
              return meaning.is === 'pay'
                ? meaning.bill === bill
                : meaning.is === 'offer' && meaning.item === bills[bill]!.item;
            });
            rows.add(-Infinity, -more / cashScale, [
              ...own.map(([column, value]): [number, number] => [
                column,
                (columns[column]!.is === 'offer' ? Math.max(value, -Number(amount)) : value) / cashScale,
              ]),
              [fires, -more / cashScale],
            ]);
          }
          if (before !== undefined)
            rows.add(-Infinity, 0, [
              [fires, 1],
              [before, -1],
            ]);
          before = fires;
        }
      }
    }
  }

  const cashRows: number[] = [];
  let kept: number | undefined;
  for (const run of runs.keys()) {
    const entries = cashEntries[run]!;
    if (kept !== undefined) entries.push([kept, -1]);
    kept = run === lastRun ? undefined : addColumn({ is: 'kept', run }, 0, 0, Infinity, false);
    if (kept !== undefined) entries.push([kept, 1]);
    const bound = Number(cashBounds[run]!) / cashScale;
    cashRows.push(rows.add(kept === undefined ? -Infinity : bound, bound, entries));
  }
  const tierRows = new Map<number, number>();
  for (const [tier, limit] of ask.limits.tiers.entries())
    if (limit !== undefined && limit > 0n)
      tierRows.set(tier, rows.add(-Infinity, Number(tierBounds[tier]!) / lateScale, tierEntries[tier]!));
  if (ask.limits.required !== undefined && ask.limits.required > 0n)
    rows.add(-Infinity, Number(requiredBound) / lateScale, requiredEntries);

  return {
    cost: Float64Array.from(cost),
    lower: Float64Array.from(lower),
    upper: Float64Array.from(upper),
    integer: Int32Array.from(integer),
    rowLower: Float64Array.from(rows.lower),
    rowUpper: Float64Array.from(rows.upper),
    starts: Int32Array.from(rows.starts),
    indices: Int32Array.from(rows.indices),
    values: Float64Array.from(rows.values),
    offset: offset / costScale,
    costScale,
    cashScale,
    columns,
    cashRows,
    tierRows,
    lateScale,
  };
};

/** Amount × days late of an item under one of its offers: what is not paid inside the horizon is late to its end. */
export const offerLateness = (
  problem: Problem,
  itemPlace: number,
  offerPlace: number,
): { late: bigint; past: bigint } => {
  const item = problem.items[itemPlace]!;
  const { runs, horizonEnd, bills } = problem;
  let late = 0n;
  let past = 0n;
  const left = item.offers[offerPlace]!.schedule.map(({ amount }) => amount);
  for (const { due, payable } of item.bills.flatMap((bill) => bills[bill]!.parts)) {
    let open = payable;
    for (const [index, { run }] of item.offers[offerPlace]!.schedule.entries()) {
      const amount = open < left[index]! ? open : left[index]!;
      left[index]! -= amount;
      open -= amount;
      const day = run === undefined ? horizonEnd + 1 : runs[run]!;
      late += amount * BigInt(Math.max(0, day - Math.max(due, runs[item.from]!)));
      if (item.requiredBy !== undefined) past += amount * BigInt(Math.max(0, day - runs[item.requiredBy]!));
    }
  }
  return { late, past };
};

/** The cash that the first run's decisions on an item take, by run. */
const firstRunCash = (problem: Problem, itemPlace: number, firstRun: Plan): [run: number, cash: bigint][] => {
  const item = problem.items[itemPlace]!;
  const offer = firstRun.offers[itemPlace];
  if (offer !== undefined)
    return item.offers[offer]!.schedule.flatMap(({ run, amount }) => (run === undefined ? [] : [[run, amount]]));
  return item.bills.flatMap((place) =>
    firstRun.settled[place]!.filter(({ run }) => run === 0).map(({ amount }): [number, bigint] => {
      const bill = problem.bills[place]!;
      return [0, amount === bill.amount ? optionCash(bill, 0) : amount];
    }),
  );
};

const paidByRun = ({ schedule }: Offer): Map<number, bigint> => {
  const paid = new Map<number, bigint>();
  for (const { run, amount } of schedule) if (run !== undefined) paid.set(run, (paid.get(run) ?? 0n) + amount);
  return paid;
};

/** What counts as late for a cut-off on a day, and by how much each column lessens it, in minor units. */
const lateEntries = (
  problem: Problem,
  vendor: number,
  overdueDays: number,
  { day, run: lastRun }: Judgement,
  payColumns: ReadonlyMap<number, ReadonlyMap<number, number>>,
  offerColumns: ReadonlyMap<number, ReadonlyMap<number, number>>,
): { overdue: bigint; blocked: bigint; entries: [number, number][]; bills: [number, bigint][] } => {
  let overdue = 0n;
  let blocked = 0n;
  const entries: [number, number][] = [];
  const lateBills: [number, bigint][] = [];
  for (const itemPlace of problem.vendors[vendor]!.items) {
    const item = problem.items[itemPlace]!;
    let itemLate = 0n;
    for (const place of item.bills) {
      const bill = problem.bills[place]!;
      for (const part of bill.parts) if (part.due + overdueDays <= day) blocked += part.blocked;
      const late = BigInt(lateOn(bill, overdueDays, day));
      if (late === 0n) continue;
      itemLate += late;
      lateBills.push([place, late]);
      for (const [run, column] of payColumns.get(place) ?? [])
        if (run <= lastRun) entries.push([column, -Number(late)]);
    }
    overdue += itemLate;
    for (const [offer, column] of offerColumns.get(itemPlace) ?? []) {
      const { curesCutoffs, schedule } = item.offers[offer]!;
      let paid = 0n;
      for (const { run, amount } of schedule) if (run !== undefined && run <= lastRun) paid += amount;
      const less = curesCutoffs || paid > itemLate ? itemLate : paid;
      if (less > 0n) entries.push([column, -Number(less)]);
    }
  }
  return { overdue: overdue + blocked, blocked, entries, bills: lateBills };
};
