/** A plan's input read once: whole numbers, days counted from asOf, everything in one order whatever the input's. */
import { addDays, daysBetween, lastDay, type LocalDate } from '../domain/calendar.js';
import { formatMinor, type Minor, parseMinor } from '../domain/money.js';
import { byText, canonicalJson } from './canonical.js';
import { type Cash, readCash } from './cash.js';
import {
  type Consequences,
  type Hold,
  maxBills,
  maxRuns,
  type PlanInput,
  type PlanItem,
  PlanRefusal,
  type PlanRequest,
} from './model.js';

/** Days since asOf; below zero before it. */
export type Day = number;

export interface Step {
  readonly afterDays: number;
  /** Basis points of what is late. */
  readonly percent: number;
  /** Minor units. */
  readonly fixed: Minor;
  /** Basis points a year. */
  readonly annual: number;
}

export interface Cutoff {
  readonly name: string;
  readonly on: Day;
  readonly overdueDays: number;
  readonly tolerance: Minor;
  readonly cost: Minor;
  readonly weekly: Minor;
}

export interface Vendor {
  readonly id: string;
  readonly name: string;
  readonly connected: boolean;
  readonly cutoffs: readonly Cutoff[];
  /** Places in `items`. */
  readonly items: readonly number[];
}

export interface Offer {
  readonly id: string;
  readonly cost: Minor;
  readonly curesCutoffs: boolean;
  /** By day; `run` is undefined after the last run. */
  readonly schedule: readonly { readonly on: Day; readonly run: number | undefined; readonly amount: Minor }[];
}

export interface Item {
  readonly id: string;
  readonly kind: PlanItem['kind'];
  readonly vendor: number;
  readonly number: string;
  readonly tier: number;
  readonly neverDefer: boolean;
  /** Basis points a year. */
  readonly interest: number;
  readonly relationship: number;
  readonly steps: readonly Step[];
  /** Basis points. */
  readonly unpaidAtEnd: number;
  readonly minimum: Minor;
  readonly maxPayments: number;
  readonly divisible: boolean;
  readonly source: string | undefined;
  readonly offers: readonly Offer[];
  /** Places in `bills`, in the order in which they are settled. */
  readonly bills: readonly number[];
  readonly outstanding: Minor;
  /** Why nothing of it may be paid. */
  readonly blocked: string | undefined;
  readonly hold: Hold | undefined;
  /** The first run on which it may be paid: the one on or after the day on which its hold ends. */
  readonly from: number;
  /** What may not be paid of it. */
  readonly disputed: Minor;
  /** A discount that is lost because not all of it may be paid. */
  readonly lostDiscount: Minor;
  /** The last run on which it may be paid so as to be paid when required. */
  readonly requiredBy: number | undefined;
}

/** What is decided as one: what is open of an item with one due date, or the whole of an item with a discount. */
export interface Bill {
  readonly item: number;
  /** First due first; several only where the bill is indivisible. */
  readonly parts: readonly { readonly due: Day; readonly payable: Minor; readonly blocked: Minor }[];
  /** What may be paid. */
  readonly amount: Minor;
  readonly whole: boolean;
  /** Paid on this run or before, so much less cash is needed. */
  readonly discount: { readonly lastRun: number; readonly amount: Minor } | undefined;
}

export interface Problem {
  readonly asOf: LocalDate;
  readonly currency: string;
  readonly runs: readonly Day[];
  readonly horizonEnd: Day;
  readonly vendors: readonly Vendor[];
  readonly items: readonly Item[];
  readonly bills: readonly Bill[];
  readonly cash: Cash;
  readonly notes: readonly string[];
}

/** A percentage with at most 2 decimals, in basis points. */
const basisPoints = (text: string | undefined): number => {
  if (text === undefined) return 0;
  const parts = /^(\d{1,6})(?:\.(\d{1,2}))?$/.exec(text);
  if (!parts) throw new RangeError(`${text} is no percentage with at most 2 decimals`);
  return Number(parts[1]! + (parts[2] ?? '').padEnd(2, '0'));
};

/** @throws {PlanRefusal} for runs out of order, before asOf, too many of them, or a horizon that ends before the last */
export const readRuns = (asOf: LocalDate, request: PlanRequest): { runs: Day[]; horizonEnd: Day } => {
  const period = request.periodDays ?? 7;
  const count = request.runs?.length ?? request.periods ?? 13;
  if (count > maxRuns) throw new PlanRefusal('too-many-runs', { runs: count, limit: maxRuns });
  const runs =
    request.runs?.map((day) => daysBetween(asOf, day)) ?? Array.from({ length: count }, (_, index) => index * period);
  if (runs.length === 0 || runs.some((day, index) => day < 0 || (index > 0 && day <= runs[index - 1]!)))
    throw new PlanRefusal('runs-out-of-order', { runs: request.runs?.join(' ') ?? '' });
  const last = runs.at(-1)!;
  const horizonEnd = request.horizonEnd === undefined ? last + period : daysBetween(asOf, request.horizonEnd);
  // In whole days: no day of a plan comes after the last one that can be written.
  if (Math.max(last, horizonEnd) > daysBetween(asOf, lastDay)) throw new PlanRefusal('horizon-too-long', { lastDay });
  if (horizonEnd < last)
    throw new PlanRefusal('horizon-too-short', { lastRun: addDays(asOf, last), horizonEnd: addDays(asOf, horizonEnd) });
  return { runs, horizonEnd };
};

/** The last of some days on or before a day; -1 if there is none. */
export const lastOnOrBefore = (days: readonly Day[], day: Day): number => days.findLastIndex((each) => each <= day);

export const readProblem = (input: PlanInput): Problem => {
  const { asOf, currency, request } = input;
  if (input.accounts.length === 0) throw new PlanRefusal('no-cash-balance', { currency });
  const instalments = input.items.reduce((count, { instalments }) => count + instalments.length, 0);
  if (instalments > maxBills) throw new PlanRefusal('too-many-bills', { bills: instalments, limit: maxBills });
  const { runs, horizonEnd } = readRuns(asOf, request);
  const minor = (text: string | undefined): Minor => (text === undefined ? 0n : parseMinor(text, currency));
  const day = (date: LocalDate): Day => daysBetween(asOf, date);
  const notes: string[] = [];

  const sorted = [...input.items].sort((a, b) => byText(a.itemId, b.itemId));
  const known = new Set(sorted.map(({ itemId }) => itemId));
  const forbidden = new Set((request.forbid ?? []).map(({ itemId }) => itemId));
  const required = new Map<string, number>();
  for (const { itemId, on } of request.require ?? []) {
    if (!known.has(itemId)) throw new PlanRefusal('unknown-item', { itemId });
    const run = on === undefined ? runs.length - 1 : lastOnOrBefore(runs, day(on));
    if (run < 0) throw new PlanRefusal('required-before-first-run', { itemId, on: on! });
    required.set(itemId, Math.min(run, required.get(itemId) ?? run));
  }
  for (const itemId of forbidden) {
    if (!known.has(itemId)) throw new PlanRefusal('unknown-item', { itemId });
    if (required.has(itemId)) throw new PlanRefusal('required-item-blocked', { itemId, blocked: 'forbidden' });
  }

  const vendorList = [...input.vendors].sort((a, b) => byText(a.id, b.id));
  const vendorAt = new Map(vendorList.map(({ id }, place) => [id, place]));
  /** The first run that a hold does not bar; undefined if it bars all. */
  const firstRunOf = (hold: Hold | undefined): number | undefined => {
    if (!hold) return 0;
    return hold.until === undefined ? undefined : firstOnOrAfter(runs, day(hold.until));
  };
  const itemsOf: number[][] = vendorList.map(() => []);
  const items: Item[] = [];
  const bills: Bill[] = [];

  for (const given of sorted) {
    const vendor = vendorAt.get(given.vendorId);
    if (vendor === undefined) throw new RangeError(`${given.itemId} is of a vendor that is not listed`);
    const terms: Consequences = given.consequences;
    const place = items.length;
    itemsOf[vendor]!.push(place);
    const from = firstRunOf(given.hold);
    const barred = forbidden.has(given.itemId) ? 'forbidden by the request' : undefined;
    const blocked = from === undefined ? holdText(given.hold!) : barred;
    const open = openParts(given, day, minor, blocked !== undefined);
    const outstanding = open.reduce((total, { payable, blocked: rest }) => total + payable + rest, 0n);
    const disputed = given.instalments.reduce((total, each) => total + minor(each.disputed), 0n);
    const requiredBy = required.get(given.itemId);
    const isHeldThen = requiredBy !== undefined && from !== undefined && requiredBy < from;
    if (requiredBy !== undefined && (blocked !== undefined || isHeldThen || disputed > 0n))
      throw new PlanRefusal('required-item-blocked', {
        itemId: given.itemId,
        blocked: blocked ?? (isHeldThen ? holdText(given.hold!) : 'disputed'),
      });

    const free = blocked === undefined && disputed === 0n;
    const discountRun = given.discount ? lastOnOrBefore(runs, day(given.discount.until)) : -1;
    const saving = discountRun >= 0 ? minor(given.discount!.amount) : 0n;
    // A discount takes the whole item at once; what is never deferred is not put at risk for that.
    const atOnce = free && !((terms.neverDefer ?? false) && open.length > 1) && discountRun >= (from ?? 0);
    const discount = discountRun >= 0 && atOnce ? { lastRun: discountRun, amount: saving } : undefined;
    const divisible = terms.partial?.allowed ?? true;
    const groups = discount ? [open] : open.map((part) => [part]);
    const own: number[] = [];
    for (const parts of groups) {
      own.push(bills.length);
      const amount = parts.reduce((total, { payable }) => total + payable, 0n);
      bills.push({ item: place, parts, amount, whole: discount !== undefined || !divisible, discount });
    }

    const offers: Offer[] = [];
    for (const offer of [...(given.offers ?? [])].sort((a, b) => byText(a.id, b.id))) {
      const schedule = offer.schedule
        .map(({ on, amount }) => ({ on: day(on), run: firstOnOrAfter(runs, day(on)), amount: minor(amount) }))
        .sort((a, b) => a.on - b.on || Number(a.amount - b.amount));
      const total = schedule.reduce((sum, { amount }) => sum + amount, 0n);
      if (offer.validUntil !== undefined && offer.validUntil < asOf)
        notes.push(`Offer ${offer.id} on ${given.number} has expired on ${offer.validUntil}.`);
      else if (total !== outstanding)
        notes.push(
          `Offer ${offer.id} on ${given.number} is over ${formatMinor(total, currency)}, but ${formatMinor(outstanding, currency)} is open: left out.`,
        );
      else if (schedule.some(({ run }) => run !== undefined && run < (from ?? 0)))
        notes.push(`Offer ${offer.id} on ${given.number} begins while the item is on hold: left out.`);
      else if (free) offers.push({ id: offer.id, cost: minor(offer.cost), curesCutoffs: offer.curesCutoffs, schedule });
    }

    items.push({
      id: given.itemId,
      kind: given.kind,
      vendor,
      number: given.number,
      tier: terms.tier ?? 5,
      neverDefer: terms.neverDefer ?? false,
      interest: basisPoints(terms.lateInterest?.annualPercent),
      relationship: basisPoints(terms.relationship?.annualPercent),
      steps: (terms.steps ?? [])
        .map((step) => ({
          afterDays: step.afterDays,
          percent: basisPoints(step.percent),
          fixed: minor(step.fixed),
          annual: basisPoints(step.annualPercent),
        }))
        .sort((a, b) => a.afterDays - b.afterDays || byText(stepText(a), stepText(b))),
      unpaidAtEnd: basisPoints(terms.unpaidAtEndPercent),
      minimum: minor(terms.partial?.minimum),
      maxPayments: terms.partial?.maxPayments ?? runs.length,
      divisible,
      source: terms.source,
      offers,
      bills: own,
      outstanding,
      blocked,
      hold: given.hold,
      from: from ?? 0,
      disputed,
      lostDiscount: atOnce ? 0n : saving,
      requiredBy,
    });
  }

  const vendors = vendorList.map((vendor, place): Vendor => ({
    id: vendor.id,
    name: vendor.name,
    connected: vendor.connected ?? false,
    items: itemsOf[place]!,
    cutoffs: [...(vendor.cutoffs ?? [])]
      .sort((a, b) => byText(a.on, b.on) || byText(canonicalJson(a), canonicalJson(b)))
      .map((cutoff) => ({
        name: cutoff.name,
        on: day(cutoff.on),
        overdueDays: cutoff.overdueDays,
        tolerance: minor(cutoff.tolerance),
        cost: minor(cutoff.cost),
        weekly: minor(cutoff.weekly),
      })),
  }));
  return { asOf, currency, runs, horizonEnd, vendors, items, bills, cash: readCash(input, runs, horizonEnd), notes };
};

export const holdText = ({ reason, until }: Hold): string =>
  `on hold${until === undefined ? '' : ` until ${until}`} (${reason})`;

const stepText = (step: Step): string => `${step.percent}/${step.fixed}/${step.annual}`;

const firstOnOrAfter = (runs: readonly Day[], day: Day): number | undefined => {
  const run = runs.findIndex((each) => each >= day);
  return run < 0 ? undefined : run;
};

/** What is open per due date, first due first: parts that were only planned apart are one. */
const openParts = (
  item: PlanItem,
  day: (date: LocalDate) => Day,
  minor: (text: string | undefined) => Minor,
  blocked: boolean,
): { due: Day; payable: Minor; blocked: Minor }[] => {
  const parts = new Map<Day, { due: Day; payable: Minor; blocked: Minor }>();
  for (const instalment of item.instalments) {
    const due = day(instalment.dueOn);
    const part = parts.get(due) ?? { due, payable: 0n, blocked: 0n };
    const amount = minor(instalment.amount);
    const kept = blocked ? amount : minor(instalment.disputed);
    if (kept > amount) throw new RangeError(`more of ${item.itemId} is disputed than is open`);
    parts.set(due, { due, payable: part.payable + amount - kept, blocked: part.blocked + kept });
  }
  return [...parts.values()].sort((a, b) => a.due - b.due);
};
