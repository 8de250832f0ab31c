/** The cash of a plan: every day's balance if nothing were paid, and what may be paid by each run. */
import { daysBetween } from '../domain/calendar.js';
import { type Minor, parseMinor } from '../domain/money.js';
import type { PlanInput, Scenario } from './model.js';
import type { Day } from './problem.js';

export interface Cash {
  /** At the start of asOf, less what was paid since. */
  readonly opening: Minor;
  /** By day; receipts and outflows both at or above zero. */
  readonly days: readonly { readonly day: Day; readonly receipts: Minor; readonly outflows: Minor }[];
  readonly reserve: Minor;
  /**
   * How much may be paid in all up to each run so that no later day is below the reserve; a day that is below it anyway
   * may not get worse.
   */
  readonly caps: readonly Minor[];
  /** The least balance above the reserve (below it: negative) from each run to the day before the next; the first from asOf. */
  readonly spare: readonly Minor[];
  /** The worst day, if the reserve can't be kept even if nothing is paid. */
  readonly worst: { readonly day: Day; readonly short: Minor } | undefined;
}

/** A certainty as a fraction of 10^n. */
const share = (text: string): { part: bigint; of: bigint } => {
  const parts = /^(0|1)(?:\.(\d{1,18}))?$/.exec(text);
  if (!parts) throw new RangeError(`${text} is no certainty from 0 to 1`);
  const decimals = parts[2] ?? '';
  return { part: BigInt(parts[1]! + decimals), of: 10n ** BigInt(decimals.length) };
};

const isBelow = (a: string, b: string): boolean => {
  const [x, y] = [share(a), share(b)];
  return x.part * y.of < y.part * x.of;
};

const countedReceipt = (amount: Minor, certainty: string, { receipts }: Scenario): Minor => {
  if (!isBelow(certainty, receipts?.atLeast ?? '0.5')) return amount;
  const { part, of } = share(certainty);
  return receipts?.below === 'keep' ? amount : receipts?.below === 'weigh' ? (amount * part) / of : 0n;
};

/** The cash of an input under a scenario, the request's own by default. */
export const readCash = (
  { asOf, currency, accounts, flows, request }: PlanInput,
  runs: readonly Day[],
  horizonEnd: Day,
  scenario: Scenario = request.scenario ?? {},
): Cash => {
  const minor = (text: string): Minor => parseMinor(text, currency);
  const byDay = new Map<Day, { day: Day; receipts: Minor; outflows: Minor }>();
  const add = (day: Day, receipts: Minor, outflows: Minor): void => {
    if (day < 0 || day > horizonEnd) return;
    const known = byDay.get(day);
    byDay.set(day, { day, receipts: (known?.receipts ?? 0n) + receipts, outflows: (known?.outflows ?? 0n) + outflows });
  };
  for (const { direction, on, amount, certainty } of flows) {
    const day = daysBetween(asOf, on);
    // One of the past stays in the past, also if receipts slip.
    if (day < 0) continue;
    if (direction === 'outflow') add(day, 0n, minor(amount));
    else add(day + (scenario.receiptsSlipDays ?? 0), countedReceipt(minor(amount), certainty ?? '1', scenario), 0n);
  }
  for (const { on, amount } of scenario.extraCash ?? []) add(daysBetween(asOf, on), minor(amount), 0n);
  const opening = accounts.reduce((sum, { balance, paidSince }) => sum + minor(balance) - minor(paidSince), 0n);
  const days = [...byDay.values()].sort((a, b) => a.day - b.day);
  return withCaps(opening, days, minor(request.minimumBalance ?? '0'), runs);
};

/**
 * Per run, the first run by which more may be paid if one more minor unit comes in on its day: an earlier one where only
 * what goes out later keeps the cash back. Undefined where that would only fill up the reserve.
 */
export const reachOf = ({ opening, days, reserve, caps }: Cash, runs: readonly Day[]): (number | undefined)[] =>
  runs.map((day) => {
    const more = [...days, { day, receipts: 1n, outflows: 0n }].sort((a, b) => a.day - b.day);
    const reached = withCaps(opening, more, reserve, runs).caps.findIndex((cap, run) => cap > caps[run]!);
    return reached < 0 ? undefined : reached;
  });

const withCaps = (opening: Minor, days: Cash['days'], reserve: Minor, runs: readonly Day[]): Cash => {
  // The balance after each day's flows, from the day's own on.
  const balances: { day: Day; spare: Minor }[] = [{ day: 0, spare: opening - reserve }];
  for (const { day, receipts, outflows } of days) {
    const spare = balances.at(-1)!.spare + receipts - outflows;
    if (balances.at(-1)!.day === day) balances[balances.length - 1] = { day, spare };
    else balances.push({ day, spare });
  }
  let worst: { day: Day; short: Minor } | undefined;
  for (const { day, spare } of balances) if (-spare > (worst?.short ?? 0n)) worst = { day, short: -spare };
  const caps = runs.map((run) => {
    const from = balances.findLastIndex(({ day }) => day <= run);
    return balances.slice(from).reduce((least, { spare }) => (spare < least ? spare : least), balances[from]!.spare);
  });
  const spare = runs.map((run, place) => {
    const from = place === 0 ? 0 : balances.findLastIndex(({ day }) => day <= run);
    const next = runs[place + 1] ?? Infinity;
    return balances.reduce(
      (least, each, index) => (index >= from && each.day < next && each.spare < least ? each.spare : least),
      balances[from]!.spare,
    );
  });
  return { opening, days, reserve, caps: caps.map((cap) => (cap > 0n ? cap : 0n)), spare, worst };
};
