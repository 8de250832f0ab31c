import { evolvePerson, evolveToken, type Person, type Token } from './access.js';
import { assertNever } from './assert-never.js';
import { type BankDetails, evolveBankDetails } from './bank-details.js';
import type { Chart } from './chart-of-accounts.js';
import { type CashBalance, type CashExpectation, evolveExpectation } from './cash.js';
import { type ConsequencesRecord, evolveConsequences } from './consequences.js';
import { type CreditNote, evolveSource, type Payment, type Source } from './credit-source.js';
import { evolvePlan, type CashPlan } from './cash-plan.js';
import type { DataOf, DocumentKind, DocumentName, RecordedEvent } from './events.js';
import type { LocalDate } from './calendar.js';
import { type Charge, evolveItem, type Invoice, type Item, type Made, madeBy, madeStill } from './open-item.js';
import type { Offer } from './offers.js';
import { evolveVendor, type Vendor } from './vendors.js';

/** The ledger itself: the facts of its opening, and how far it is closed. */
export interface Ledger {
  readonly kind: 'ledger';
  readonly facts: DataOf<'LedgerOpened'>;
  /** The last closed day; `undefined` while none is. */
  readonly closedThrough?: LocalDate;
  /** What was done last to a period; absent until anything was. */
  readonly lastPeriod?: {
    readonly period: string;
    readonly isClosed: boolean;
    readonly reason?: string;
    /** The last day that was closed before; absent if none was. */
    readonly closedBefore?: LocalDate;
  };
  /** How many closings there were, and of how many of them the totals are recorded: of the first so many. */
  readonly closings: { readonly made: number; readonly recorded: number };
  /** What it takes to pay; absent until it was said. */
  readonly policy?: DataOf<'PolicySet'>;
  /** What was said of accounts, in the order of recording; absent while nothing was. */
  readonly chart?: Chart;
  /** How often its proof was begun anew after it had been set back; absent in the first epoch. */
  readonly epoch?: number;
  readonly made: Made;
}

interface Reversible {
  readonly reversal?: { readonly on: LocalDate; readonly reason: string };
  readonly made: Made;
}
export interface Allocation extends Reversible {
  readonly kind: 'allocation';
  readonly data: DataOf<'Allocated'>;
}
export interface Refund extends Reversible {
  readonly kind: 'refund';
  readonly data: DataOf<'RefundReceived'>;
}
export interface WriteOff extends Reversible {
  readonly kind: 'write-off';
  readonly data: DataOf<'WrittenOff'>;
}
export interface DeferralRecord {
  readonly kind: 'deferral';
  readonly data: DataOf<'PaymentDeferred'>;
  readonly withdrawn?: DataOf<'DeferralWithdrawn'>;
  readonly made: Made;
}

/** A document as its history made it. */
export type Document =
  | Ledger
  | Vendor
  | Item
  | Source
  | Allocation
  | Refund
  | WriteOff
  | DeferralRecord
  | BankDetails
  | ConsequencesRecord
  | Offer
  | CashBalance
  | CashExpectation
  | CashPlan
  | Person
  | Token;

interface DocumentByKind {
  vendor: Vendor;
  invoice: Invoice;
  charge: Charge;
  payment: Payment;
  'credit-note': CreditNote;
  allocation: Allocation;
  refund: Refund;
  'write-off': WriteOff;
  deferral: DeferralRecord;
  'bank-details': BankDetails;
  'vendor-consequences': ConsequencesRecord;
  'invoice-consequences': ConsequencesRecord;
  offer: Offer;
  balance: CashBalance;
  expectation: CashExpectation;
  plan: CashPlan;
  person: Person;
  token: Token;
}

/** The document that a name names, by the kind that the name begins with. */
export type DocumentOf<N extends DocumentName> = N extends 'ledger'
  ? Ledger
  : N extends `${infer K extends DocumentKind}/${string}`
    ? DocumentByKind[K]
    : never;

export const kindOf = (name: DocumentName): DocumentKind | 'ledger' =>
  (name === 'ledger' ? name : name.slice(0, name.indexOf('/'))) as DocumentKind | 'ledger';

/** What tells a document from others of its kind; of a ledger the kind. */
export const idIn = (name: DocumentName): string => name.slice(name.indexOf('/') + 1);

/**
 * A document after one more event of its history.
 *
 * @param document as the events before made it; `undefined` before the first
 * @param event one that is part of its history (see `documentsOf`), in the order of positions
 */
export const evolve = (
  name: DocumentName,
  document: Document | undefined,
  event: RecordedEvent,
): Document | undefined => {
  const kind = kindOf(name);
  switch (kind) {
    case 'ledger':
      return evolveLedger(document as Ledger | undefined, event);
    case 'vendor':
      return evolveVendor(document as Vendor | undefined, event);
    case 'invoice':
    case 'charge':
      return evolveItem(document as Item | undefined, event);
    case 'payment':
    case 'credit-note':
      return evolveSource(document as Source | undefined, event);
    case 'allocation':
      if (event.type === 'Allocated') return { kind, data: event.data, made: madeBy(event) };
      return event.type === 'AllocationReversed' ? reversed(document as Allocation, event) : document;
    case 'refund':
      if (event.type === 'RefundReceived') return { kind, data: event.data, made: madeBy(event) };
      return event.type === 'RefundReversed' ? reversed(document as Refund, event) : document;
    case 'write-off':
      if (event.type === 'WrittenOff') return { kind, data: event.data, made: madeBy(event) };
      return event.type === 'WriteOffReversed' ? reversed(document as WriteOff, event) : document;
    case 'deferral': {
      if (event.type === 'PaymentDeferred') return { kind, data: event.data, made: madeBy(event) };
      const deferral = document as DeferralRecord;
      return event.type === 'DeferralWithdrawn'
        ? { ...deferral, withdrawn: event.data, made: madeStill(deferral.made, event) }
        : document;
    }
    case 'bank-details':
      return evolveBankDetails(document as BankDetails | undefined, event);
    case 'vendor-consequences':
    case 'invoice-consequences':
      return evolveConsequences(kind, document as ConsequencesRecord | undefined, event);
    case 'offer':
      return event.type === 'OfferRecorded' ? { kind, data: event.data, made: madeBy(event) } : document;
    case 'balance':
      return event.type === 'CashBalanceStated' ? { kind, data: event.data, made: madeBy(event) } : document;
    case 'expectation':
      return evolveExpectation(document as CashExpectation | undefined, event);
    case 'plan':
      return evolvePlan(document as CashPlan | undefined, event);
    case 'person':
      return evolvePerson(document as Person | undefined, event);
    case 'token':
      return evolveToken(document as Token | undefined, event);
    default:
      return assertNever(kind);
  }
};

const evolveLedger = (ledger: Ledger | undefined, event: RecordedEvent): Ledger | undefined => {
  if (event.type === 'LedgerOpened')
    return { kind: 'ledger', facts: event.data, closings: { made: 0, recorded: 0 }, made: madeBy(event) };
  if (ledger && event.type === 'EpochOpened') return { ...ledger, epoch: event.data.epoch };
  if (ledger && event.type === 'PolicySet') {
    // What was done last to a period is then no longer the last that was done to the ledger.
    const { lastPeriod: _, ...rest } = ledger;
    return { ...rest, policy: event.data };
  }
  if (ledger && event.type === 'PeriodTotalsRecorded')
    return { ...ledger, closings: { ...ledger.closings, recorded: ledger.closings.recorded + 1 } };
  if (ledger && event.type === 'AccountSet') {
    const { lastPeriod: _, chart = [], ...rest } = ledger;
    return { ...rest, chart: [...chart, { position: event.position, data: event.data }] };
  }
  if (!ledger || (event.type !== 'PeriodClosed' && event.type !== 'PeriodReopened')) return ledger;
  const { closedThrough: closedBefore, closings, ...rest } = ledger;
  const { period, reason, closedThrough } = event.data;
  const isClosed = event.type === 'PeriodClosed';
  const lastPeriod = {
    period,
    isClosed,
    ...(reason !== undefined && { reason }),
    ...(closedBefore !== undefined && { closedBefore }),
  };
  return {
    ...rest,
    closings: isClosed ? { ...closings, made: closings.made + 1 } : closings,
    lastPeriod,
    ...(closedThrough !== null && { closedThrough }),
  };
};

const reversed = <T extends Reversible>(
  document: T,
  event: RecordedEvent & { readonly data: { readonly on: LocalDate; readonly reason: string } },
): T => ({
  ...document,
  reversal: { on: event.data.on, reason: event.data.reason },
  made: madeStill(document.made, event),
});
