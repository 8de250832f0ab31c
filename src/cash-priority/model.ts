/**
 * What a cash plan is made from and what it answers: plain JSON, so that both can go to a worker thread, into an event
 * and back. Money is a decimal string in the plan's currency, a percentage a decimal string with at most 2 decimals, a
 * day `YYYY-MM-DD`. Lists may come in any order: the same facts give the same bytes.
 */
import type { LocalDate } from '../domain/calendar.js';
import type { Amount, Currency } from '../domain/money.js';

/** A percentage as finance writes it: `"18.00"`. */
export type Percent = string;

/** A charge that falls due once something is paid later than so many days after its due date. */
export interface Step {
  readonly afterDays: number;
  /** Of what is paid later than that, or is still unpaid at the end of a horizon that ends later than that. */
  readonly percent?: Percent;
  /** Once per due date, if anything is. */
  readonly fixed?: Amount;
  /** Per day from then on. */
  readonly annualPercent?: Percent;
}

/** What not paying costs: the invoice's keys over its vendor's, those in force at asOf; all of them optional. */
export interface Consequences {
  /** 0 (wages) to 9; by default 5. */
  readonly tier?: number;
  readonly neverDefer?: boolean;
  readonly lateInterest?: { readonly annualPercent: Percent };
  readonly relationship?: { readonly annualPercent: Percent };
  readonly steps?: readonly Step[];
  readonly unpaidAtEndPercent?: Percent;
  readonly partial?: {
    readonly allowed?: boolean;
    /** No payment is smaller, unless it settles all that may be paid of this due date. */
    readonly minimum?: Amount;
    /** How many runs may pay a part of one due date. */
    readonly maxPayments?: number;
  };
  /** Where the figures come from; shown beside the decision. */
  readonly source?: string;
}

/** The day on which a vendor stops serving us if too much is too late, and what that costs. */
export interface Cutoff {
  readonly name: string;
  readonly on: LocalDate;
  /** What is at least so many days late on that day counts. */
  readonly overdueDays: number;
  /** By default nothing: `"0.00"`. */
  readonly tolerance?: Amount;
  readonly cost: Amount;
  /** Every 7 days after `on` while it stays so, up to the end of the horizon. */
  readonly weekly?: Amount;
}

export interface PlanVendor {
  readonly id: string;
  readonly name: string;
  /** A connected party: flagged, never preferred. */
  readonly connected?: boolean;
  readonly cutoffs?: readonly Cutoff[];
}

/** An alternative schedule that a vendor offers for an item: it takes the place of the item's due dates and costs. */
export interface Offer {
  readonly id: string;
  readonly cost: Amount;
  readonly curesCutoffs: boolean;
  /** Sums to what is open of the item; an offer that no longer does is left out and reported. */
  readonly schedule: readonly { readonly on: LocalDate; readonly amount: Amount }[];
  /** Left out when asOf is later. */
  readonly validUntil?: LocalDate;
  readonly source?: string;
}

/** What is open of an item under one schedule line. */
export interface OpenInstalment {
  /** The due date as agreed now: the one that counts. */
  readonly dueOn: LocalDate;
  readonly originalDueOn: LocalDate;
  readonly plannedOn: LocalDate;
  /** Open, above zero. */
  readonly amount: Amount;
  /** The part of it that is disputed and so may not be paid; by default nothing. */
  readonly disputed?: Amount;
}

/** Why an item may not be paid, and the day at whose start that ends; without one it does not end by itself. */
export interface Hold {
  readonly reason: string;
  readonly until?: LocalDate;
  /** It ends with an approval, which the ledger's policy asks for. */
  readonly unapproved?: boolean;
}

/** An open invoice, charge, or bill that is expected to come. */
export interface PlanItem {
  readonly itemId: string;
  readonly kind: 'invoice' | 'charge' | 'expected';
  readonly vendorId: string;
  /** As the vendor printed it; what an expected bill is called. */
  readonly number: string;
  readonly instalments: readonly OpenInstalment[];
  /** A payment hold: nothing of it may be paid, or nothing before a day. */
  readonly hold?: Hold;
  readonly consequences: Consequences;
  /**
   * A settlement discount still to be had: paid in full on a run up to `until`, so much need not be paid. Not sought for
   * a never-defer item with several due dates, which could not be paid one by one then.
   */
  readonly discount?: { readonly until: LocalDate; readonly amount: Amount };
  readonly offers?: readonly Offer[];
}

/** A stated balance, and what was paid from that day to asOf. */
export interface CashAccount {
  readonly account: string;
  readonly on: LocalDate;
  /** At the start of that day; may be below zero. */
  readonly balance: Amount;
  readonly paidSince: Amount;
}

/** A receipt, or an outflow that is not ours to move. */
export interface CashFlow {
  readonly id: string;
  readonly direction: 'receipt' | 'outflow';
  readonly on: LocalDate;
  readonly amount: Amount;
  /** `"0"` to `"1"`; by default 1. Outflows count in full. */
  readonly certainty?: string;
  readonly description?: string;
}

/** How the receipts of a plan are taken. */
export interface Scenario {
  /** Every receipt comes so many days later. */
  readonly receiptsSlipDays?: number;
  readonly receipts?: {
    /** Receipts of a lower certainty are uncertain; by default `"0.5"`. */
    readonly atLeast?: string;
    /** What becomes of them: left out (default), counted in full, or counted by their certainty. */
    readonly below?: 'drop' | 'keep' | 'weigh';
  };
  readonly extraCash?: readonly { readonly on: LocalDate; readonly amount: Amount }[];
}

/** The parameters of a plan; whoever hands it in has resolved the ledger's side of them. */
export interface PlanRequest {
  readonly minimumBalance?: Amount;
  /** The days of payment, in order, none before asOf; or so many periods of so many days from asOf. */
  readonly runs?: readonly LocalDate[];
  /** By default 13. */
  readonly periods?: number;
  /** By default 7. */
  readonly periodDays?: number;
  /** By default one period after the last run. */
  readonly horizonEnd?: LocalDate;
  /** Items to be paid in full on or before `on`; without it, on any run. */
  readonly require?: readonly { readonly itemId: string; readonly on?: LocalDate }[];
  /** Items not to be paid at all. */
  readonly forbid?: readonly { readonly itemId: string }[];
  readonly scenario?: Scenario;
  /** How close to the best plan it must be, as a share of its cost; by default `"0.001"`. */
  readonly gap?: string;
  /** Compared with the plan; by default as expected, 7, 14 and 28 days late, and without the uncertain receipts. */
  readonly scenarios?: readonly (Scenario & { readonly name: string })[];
  /** What more cash would save; by default 0.3, 1, 3, 8 and 12 million on the first run. */
  readonly newMoney?: { readonly on?: LocalDate; readonly amounts?: readonly Amount[] };
  /** For how many decisions the price of overriding is found by solving again; by default by the number of bills. */
  readonly overrides?: number;
}

/** All that a plan depends on. It is recorded with the plan, and gives the same plan again at any time. */
export interface PlanInput {
  readonly asOf: LocalDate;
  /** The log's position that the facts are known at; passed through to the answer. */
  readonly position: number;
  readonly currency: Currency;
  readonly request: PlanRequest;
  readonly vendors: readonly PlanVendor[];
  /** Open items and expected bills of that currency; an item of a vendor that is not listed is a mistake. */
  readonly items: readonly PlanItem[];
  /** Each account's latest balance; at least one. */
  readonly accounts: readonly CashAccount[];
  /** Those that name no vendor, and receipts. Those before asOf are ignored. */
  readonly flows: readonly CashFlow[];
}

/** Why no plan can be made of an input; each is the caller's mistake and says what to do. */
export const planRefusals = {
  'no-cash-balance': 'State a cash balance on or before this day first',
  'unknown-item': 'This item is not open in the currency of the plan',
  'required-item-blocked': 'An item on hold, in dispute or forbidden can not be required',
  'required-before-first-run': 'No payment run is on or before the day by which this item is required',
  'runs-out-of-order': 'Give the payment runs in order, each once, none before the day of the plan',
  'too-many-runs': 'Ask for fewer payment runs',
  'horizon-too-long': 'Let the horizon end earlier: its days must be ones that can be written',
  'horizon-too-short': 'Let the horizon end on or after the last payment run',
  'too-many-bills': 'There are more bills than one plan can hold',
} as const;

export type PlanRefusalCode = keyof typeof planRefusals;

export class PlanRefusal extends Error {
  override readonly name = 'PlanRefusal';
  constructor(
    readonly code: PlanRefusalCode,
    /** What it is about: `{ itemId }`, `{ limit, bills }` …, for the problem that a person reads. */
    readonly facts: Readonly<Record<string, string | number>> = {},
  ) {
    super(`${planRefusals[code]}: ${JSON.stringify(facts)}`);
  }
}

/** More bills than this are refused: `too-many-bills`. */
export const maxBills = 50_000;

/** More runs than this are refused: `too-many-runs`. */
export const maxRuns = 104;

export type DecisionKind = 'pay' | 'pay-part' | 'defer' | 'blocked';

export interface PlannedPayment {
  readonly on: LocalDate;
  /** What is settled. */
  readonly amount: Amount;
  /** What is paid for it, where a discount makes it less. */
  readonly cash?: Amount;
}

/** What becomes of one due date of an item; adoption records one deferral per payment and for what stays unpaid. */
export interface PlannedPart {
  readonly dueOn: LocalDate;
  readonly outstanding: Amount;
  readonly payments: readonly PlannedPayment[];
  readonly unpaid: Amount;
}

export interface Decision {
  readonly itemId: string;
  readonly kind: PlanItem['kind'];
  readonly vendorId: string;
  readonly vendor: string;
  readonly number: string;
  readonly outstanding: Amount;
  /** The earliest of its open due dates. */
  readonly dueOn: LocalDate;
  readonly tier: number;
  readonly neverDefer: boolean;
  readonly connected: boolean;
  /** The payment hold that is in force on asOf: payments are not before it ends. */
  readonly hold?: Hold;
  readonly decision: DecisionKind;
  /** By run, over all due dates; for an accepted offer all its instalments, also those after the last run. */
  readonly payments: readonly PlannedPayment[];
  readonly parts: readonly PlannedPart[];
  /** Not paid inside the horizon. */
  readonly unpaid: Amount;
  /** The offer that the plan accepts. */
  readonly offerId?: string;
  /** What this decision costs by itself, without its share in a cut-off. */
  readonly cost: Amount;
  readonly costIfPaidNow: Amount;
  readonly costIfNeverPaid: Amount;
  readonly reason: string;
  /** The opposite decision, in words. */
  readonly runnerUp?: string;
  /** How much more the whole plan costs with the opposite decision, found by solving again. */
  readonly flipsAt?: Amount;
}

export interface CashRow {
  readonly on: LocalDate;
  readonly opening: Amount;
  readonly receipts: Amount;
  readonly outflows: Amount;
  readonly payments: Amount;
  /** At the end of the run's day. Later flows of the interval stand in the next row. */
  readonly closing: Amount;
  /** The least by which the balance is above the reserve from this run to the day before the next. */
  readonly headroom: Amount;
  /** What one more unit of cash that comes in on this day would save (4 decimals), either-ors decided as they are. */
  readonly price: string;
}

export interface LadderRow {
  readonly throughTier: number;
  /** The run in whose interval the reserve is first breached. */
  readonly firstBreach: LocalDate | null;
  readonly shortAtFirst: Amount;
  readonly peakShort: Amount;
  readonly peakOn: LocalDate | null;
}

export interface CutoffAnswer {
  readonly vendorId: string;
  readonly name: string;
  readonly on: LocalDate;
  readonly fires: boolean;
  readonly cost: Amount;
  /** What is late enough on that day under this plan, and how much of that is tolerated. */
  readonly overdue: Amount;
  readonly tolerance: Amount;
}

export type Rule = 'due-date' | 'tier-then-due-date' | 'highest-penalty' | 'smallest-first' | 'pro-rata';

export interface Comparison {
  readonly rule: Rule;
  readonly cost: Amount;
  /** Amount × days late of the never-defer items, in currency units × days. */
  readonly neverDeferLateness: Amount;
  /** Whether it treats the never-defer tiers as the plan does; only then its cost can be compared. */
  readonly comparable: boolean;
  /** How late the never-defer items are if the rule is followed from the first bill on, without paying them first. */
  readonly bareLateness: Amount;
}

export interface ScenarioAnswer {
  readonly name: string;
  readonly cost: Amount;
  readonly proven: boolean;
  readonly neverDeferLateness: Amount;
  readonly firstBreachByTier: Readonly<Record<string, LocalDate | null>>;
  /** What this plan's first run costs more than the best first run, if this scenario comes. */
  readonly regret: Amount;
  /** What it makes later of the never-defer items then, in currency units × days. */
  readonly regretLateness: Amount;
  /** By how much what it pays on the first run breaks the reserve then. */
  readonly regretBreach: Amount;
}

/** The first run that is least wrong whatever comes. */
export interface Recommendation {
  /** The scenario whose best plan begins with it. */
  readonly from: string;
  readonly largestRegret: Amount;
  readonly largestRegretLateness: Amount;
  readonly payments: readonly { readonly itemId: string; readonly amount: Amount; readonly cash?: Amount }[];
}

export interface NewMoneyStep {
  readonly on: LocalDate;
  readonly amount: Amount;
  readonly cost: Amount;
  /** Less than with no new money. */
  readonly saves: Amount;
  /** Less lateness of the never-defer items, in currency units × days. */
  readonly savesLateness: Amount;
  readonly proven: boolean;
  /** What is saved, over the step before: a cut-off that no longer fires, wages in time, an item paid. */
  readonly what: readonly string[];
}

/** A limit that can not be kept, whatever is paid. */
export interface Impossible {
  readonly what: 'reserve' | 'never-defer' | 'required';
  /** The required item that is not paid by then. */
  readonly itemId?: string;
  /** For `required` the last run on which it could have been met. */
  readonly on: LocalDate;
  /** How much is short on that day; for `never-defer` in currency units × days. */
  readonly amount: Amount;
  readonly tier?: number;
  readonly detail: string;
}

export interface PlanAnswer {
  readonly asOf: LocalDate;
  readonly position: number;
  readonly currency: Currency;
  readonly runs: readonly LocalDate[];
  readonly horizonEnd: LocalDate;
  /** SHA-256 over the canonical JSON of the input: the same facts and parameters, whatever their order. */
  readonly inputsHash: string;
  readonly engine: string;
  /** The same input gives the same plan on any machine: no clock cuts it off. */
  readonly reproducible: true;
  /** Whether the gap that was asked for is met by a proven bound. */
  readonly proven: boolean;
  /** `optimum` from the solver, or the rule that it fell back to. */
  readonly method: 'optimum' | Rule;
  readonly cost: {
    readonly total: Amount;
    readonly interest: Amount;
    readonly relationship: Amount;
    readonly penalties: Amount;
    readonly cutoffs: Amount;
    readonly discounts: Amount;
    readonly offers: Amount;
    /** In minor units × 3,650,000, a whole number. */
    readonly exact: string;
  };
  /** No plan that treats the never-defer tiers alike costs less. */
  readonly lowerBound: Amount;
  /** (cost − lowerBound) ÷ cost, rounded up to 6 decimals. */
  readonly gap: string;
  /** The bound that needs no trust in the solver, from the prices alone (minor unit × 3,650,000). */
  readonly certificate: { readonly lowerBound: Amount; readonly exact: string; readonly gap: string };
  readonly impossible: readonly Impossible[];
  readonly ladder: readonly LadderRow[];
  readonly decisions: readonly Decision[];
  readonly cash: readonly CashRow[];
  readonly cutoffs: readonly CutoffAnswer[];
  readonly comparisons: readonly Comparison[];
  readonly scenarios: readonly ScenarioAnswer[];
  readonly recommendation: Recommendation | null;
  readonly newMoney: readonly NewMoneyStep[];
  /** The first run's payments, and why every other open item is not among them. */
  readonly proposal: {
    readonly on: LocalDate;
    readonly payments: readonly {
      readonly itemId: string;
      readonly vendorId: string;
      readonly amount: Amount;
      readonly cash?: Amount;
      readonly offerId?: string;
    }[];
    readonly exceptions: readonly { readonly itemId: string; readonly vendorId: string; readonly reason: string }[];
  };
  /** What was left out and what was bounded: a stale offer, overrides not tried. */
  readonly notes: readonly string[];
}

/** What may stop a plan from outside; one that is cut off is not `proven`. */
export interface Limits {
  /** Branch-and-bound nodes of one solve: counted, not timed, so that every machine stops at the same place. */
  readonly nodes?: number;
  /** Simplex iterations of one solve. */
  readonly iterations?: number;
}
