import type { Role } from './access.js';
import type { Instant, LocalDate } from './calendar.js';
import type { Amount, Currency } from './money.js';

// These names and shapes are on disk for good: add a version with an upcast, never edit one. Amounts are decimal
// strings in the currency that stands in the same `data`, days are YYYY-MM-DD.

export type VendorKind = 'supplier' | 'tax-authority' | 'payroll' | 'landlord' | 'lender' | 'other';
export const vendorKinds: readonly VendorKind[] = [
  'supplier',
  'tax-authority',
  'payroll',
  'landlord',
  'lender',
  'other',
];

export type ChargeKind = 'late-interest' | 'late-fee' | 'penalty';
export const chargeKinds: readonly ChargeKind[] = ['late-interest', 'late-fee', 'penalty'];

/** What an account is: its balance stands on the debit side of assets and expenses, on the credit side of the others. */
export type AccountType = 'asset' | 'liability' | 'expense' | 'income';
export const accountTypes: readonly AccountType[] = ['asset', 'liability', 'expense', 'income'];

/** What the ledger posts to by itself; each is also the name of its account in the default chart. */
export type AccountRole =
  'payables' | 'on-account' | 'cash' | 'expense' | 'input-tax' | ChargeKind | 'discount-received' | 'write-off';
export const accountRoles: readonly AccountRole[] = [
  'payables',
  'on-account',
  'cash',
  'expense',
  'input-tax',
  ...chargeKinds,
  'discount-received',
  'write-off',
];

/**
 * What names a document, or a ledger.
 *
 * @pattern ^[A-Za-z0-9._-]+$
 */
export type Id = string;

/** What a caller may choose as an id. */
export const idPattern = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;
export const isId = (value: unknown): value is Id => typeof value === 'string' && idPattern.test(value);

/** Payment terms: due `netDays` after the invoice date, `percent` off if paid within `days` of it. */
export interface Terms {
  readonly netDays: number;
  readonly discount?: { readonly percent: string; readonly days: number };
}

export interface Line {
  readonly description?: string;
  readonly account?: string;
  /** May be negative, like `tax`. */
  readonly amount: Amount;
  readonly tax?: Amount;
}

/**
 * Shares of 100 as decimal strings with at most two decimals; a rate is a year of 365 days.
 *
 * @pattern ^(0|[1-9]\d*)(\.\d{1,2})?$
 */
type Percent = string;

/**
 * What not paying costs. Without a key: tier 5, no cost, partial payment allowed. Amounts are in the currency of the bill
 * that they are applied to.
 */
export interface Consequences {
  /** From 0 (wages) to 9: the order in which things break last. */
  readonly tier?: number;
  /** Comes first, whatever that costs. */
  readonly neverDefer?: boolean;
  readonly lateInterest?: { readonly annualPercent: Percent };
  /** What it costs beside interest to let them wait. */
  readonly relationship?: { readonly annualPercent: Percent };
  /** Each charges what is paid later than so many days after the due date; they add up. */
  readonly steps?: readonly {
    readonly afterDays: number;
    readonly percent?: Percent;
    readonly fixed?: Amount;
    readonly annualPercent?: Percent;
  }[];
  readonly unpaidAtEndPercent?: Percent;
  readonly partial?: { readonly allowed: boolean; readonly minimum?: Amount; readonly maxPayments?: number };
  /** Of vendors only: what happens if too much of the account is too late on a day. */
  readonly cutoffs?: readonly {
    readonly name: string;
    readonly on: LocalDate;
    readonly overdueDays: number;
    readonly tolerance: Amount;
    readonly cost: Amount;
    readonly weekly?: Amount;
  }[];
}

/** A long text: compressed with gzip, then in base64. */
export interface PackedText {
  readonly encoding: 'gzip+base64';
  /** Of the text in UTF-8. */
  readonly bytes: number;
  readonly content: string;
}

/** A text that nobody can read without a key, which is not in the log. */
export interface SealedText {
  readonly encoding: 'aes-256-gcm+base64';
  /** Of the vendor at that time. */
  readonly keyId: string;
  /** Nonce (12 bytes), ciphertext and tag (16 bytes). */
  readonly content: string;
}

export type CashDirection = 'receipt' | 'outflow';
export const cashDirections: readonly CashDirection[] = ['receipt', 'outflow'];

/** Where credit comes from: a payment or a credit note. */
export type SourceRef = { readonly paymentId: Id } | { readonly creditNoteId: Id };
/** What is owed: an invoice or a charge. */
export type ItemRef = { readonly invoiceId: Id } | { readonly chargeId: Id };

/** What is open by how many days it is late, with the usual edges. */
export interface Ageing {
  readonly notDue: Amount;
  readonly '1-30': Amount;
  readonly '31-60': Amount;
  readonly '61-90': Amount;
  readonly 'over-90': Amount;
  readonly total: Amount;
}

/** The data of each event in its current version. The schemas in docs/events are made from this. */
export interface Shapes {
  LedgerOpened: { ledgerId: Id; name: string; currency: Currency; timeZone: string };
  PeriodClosed: { period: string; closedThrough: LocalDate; reason?: string };
  PeriodReopened: { period: string; closedThrough: LocalDate | null; reason?: string };
  /**
   * What the books say as of the last day that a closing closed, with everything recorded up to the closing: nothing can
   * change it any more. Caused by the closing, whose id is its `causationId`.
   */
  PeriodTotalsRecorded: {
    period: string;
    /** The first of the days that were closed; null if no day was closed before. */
    closedFrom: LocalDate | null;
    closedThrough: LocalDate;
    /**
     * Of the closing.
     *
     * @minimum 1
     */
    position: number;
    /** How many events the log had with the closing, and how many of them took effect on the days that were closed. */
    events: { recorded: number; inPeriod: number };
    /** In the order of their codes. Those in which nothing was owed or on account are left out. */
    currencies: readonly {
      readonly currency: Currency;
      /** Of the journal: payables less what is on account. */
      readonly controlAccount: Amount;
      /** Open invoices and charges, before credit. */
      readonly owed: Amount;
      /** What is left of payments and credit notes. */
      readonly onAccount: Amount;
      /** By due dates with agreed deferrals, net of credit. */
      readonly ageing: Ageing;
    }[];
    /** Of the tree over the log with the closing. `root` in base64. */
    checkpoint: { size: number; root: string };
  };
  /** The log stands at an earlier state than was signed already, and goes on under another name for its proof. */
  EpochOpened: {
    epoch: number;
    /** Under which its checkpoints are signed from here on. */
    origin: string;
    /** What was signed last before, and what this log no longer agrees with. `root` in base64. */
    previous: { origin: string; size: number; root: string };
    reason: string;
  };

  /** What it takes to pay, from here on. Replaces the policy before it as a whole. */
  PolicySet: {
    /** An invoice of more than this needs an approval before it is paid; in other currencies none does. */
    approvalAbove: readonly { currency: Currency; amount: Amount }[];
    /** Nobody pays an invoice that they entered or approved, unless somebody else has approved it. */
    twoPersonPayment?: boolean;
    /** How many days after their approval bank details of a vendor may be paid to; without it at once. */
    bankChangeWaitingDays?: number;
    reason?: string;
  };

  /** An account of the chart: what it is called, and what it stands for in entries of a day from `on` on, if for anything. */
  AccountSet: { account: string; name: string; type: AccountType; for?: AccountRole; on: LocalDate };

  VendorRegistered: {
    vendorId: Id;
    name: string;
    kind: VendorKind;
    country?: string;
    terms?: Terms;
    /** A connected party: whoever decides is related to the vendor. */
    connected?: boolean;
  };
  VendorChanged: {
    vendorId: Id;
    name?: string;
    kind?: VendorKind;
    country?: string;
    terms?: Terms;
    connected?: boolean;
  };

  /** Where a vendor is to be paid, if somebody else approves it. */
  BankDetailsProposed: { bankDetailsId: Id; vendorId: Id; sealed: SealedText; comment?: string };
  BankDetailsApproved: {
    bankDetailsId: Id;
    vendorId: Id;
    /** The first day on which they may be paid to. */
    effectiveFrom: LocalDate;
    comment?: string;
  };
  /** The key of what was sealed about the vendor so far is destroyed: nobody can read it any more. */
  VendorDetailsErased: { vendorId: Id; reason: string };

  InvoicePosted: {
    invoiceId: Id;
    vendorId: Id;
    /** As the vendor printed it. */
    number: string;
    invoiceDate: LocalDate;
    /** The day it becomes a liability in our books. */
    postingDate: LocalDate;
    currency: Currency;
    lines: readonly Line[];
    total: Amount;
    schedule: readonly { dueOn: LocalDate; amount: Amount }[];
    /** The vendor's terms on the day of posting: they hold for this invoice whatever becomes of them. */
    terms?: Terms;
    kind?: string;
    servicePeriod?: { from: LocalDate; to: LocalDate };
    description?: string;
    allowDuplicate?: { reason: string };
  };
  InvoiceReversed: { invoiceId: Id; vendorId: Id; reason: string; on: LocalDate };

  CreditNotePosted: {
    creditNoteId: Id;
    vendorId: Id;
    number: string;
    date: LocalDate;
    currency: Currency;
    total: Amount;
    lines?: readonly Line[];
  };
  CreditNoteReversed: { creditNoteId: Id; vendorId: Id; reason: string; on: LocalDate };

  ChargePosted: {
    chargeId: Id;
    vendorId: Id;
    /** The invoice that the charge is for, if it is for one. */
    invoiceId?: Id;
    kind: ChargeKind;
    amount: Amount;
    currency: Currency;
    on: LocalDate;
    dueDate: LocalDate;
  };
  ChargeReversed: { chargeId: Id; vendorId: Id; reason: string; on: LocalDate };

  PaymentMade: {
    paymentId: Id;
    vendorId: Id;
    paidOn: LocalDate;
    currency: Currency;
    amount: Amount;
    method?: string;
    reference?: string;
    bankAccount?: string;
    /** Since version 2: where it went, if that was said. */
    bankDetailsId?: Id;
  };
  PaymentReversed: { paymentId: Id; vendorId: Id; reason: string; on: LocalDate };

  Allocated: {
    allocationId: Id;
    vendorId: Id;
    from: SourceRef;
    to: ItemRef;
    currency: Currency;
    /** What is taken from the payment or credit note. */
    amount: Amount;
    /** What the vendor lets us off beside it: settles the item, costs no cash. */
    discount?: Amount;
    /** Since version 2, beside every discount: how much of it is tax. */
    discountTax?: Amount;
    on: LocalDate;
  };
  /** Ends an allocation: corrected by itself, or because its payment or credit note was reversed. */
  AllocationReversed: {
    allocationId: Id;
    vendorId: Id;
    from: SourceRef;
    to: ItemRef;
    reason: string;
    on: LocalDate;
  };

  RefundReceived: {
    refundId: Id;
    vendorId: Id;
    from: SourceRef;
    currency: Currency;
    amount: Amount;
    on: LocalDate;
  };
  RefundReversed: { refundId: Id; vendorId: Id; from: SourceRef; reason: string; on: LocalDate };

  WrittenOff: {
    writeOffId: Id;
    vendorId: Id;
    item: ItemRef;
    currency: Currency;
    amount: Amount;
    reason: string;
    on: LocalDate;
  };
  WriteOffReversed: { writeOffId: Id; vendorId: Id; item: ItemRef; reason: string; on: LocalDate };

  PaymentDeferred: {
    deferralId: Id;
    invoiceId: Id;
    vendorId: Id;
    currency: Currency;
    /** How much of what was open on `on` is moved, what falls due first first. */
    amount: Amount;
    /** How much of what falls due first stays as it is: only what comes after it is moved. Without it nothing. */
    beyond?: Amount;
    until: LocalDate;
    /** The creditor consented. */
    agreed: boolean;
    reason: string;
    reference?: string;
    on: LocalDate;
  };
  DeferralWithdrawn: { deferralId: Id; invoiceId: Id; vendorId: Id; reason: string; on: LocalDate };

  /** `until` is the first day on which the hold no longer holds. */
  InvoiceHeld: { invoiceId: Id; vendorId: Id; reason: string; until?: LocalDate; on: LocalDate };
  InvoiceReleased: { invoiceId: Id; vendorId: Id; reason: string; on: LocalDate };
  InvoiceDisputed: {
    invoiceId: Id;
    vendorId: Id;
    currency: Currency;
    amount: Amount;
    reason: string;
    on: LocalDate;
  };
  DisputeResolved: {
    invoiceId: Id;
    vendorId: Id;
    currency: Currency;
    amount: Amount;
    reason: string;
    on: LocalDate;
  };

  /** Whoever recorded it says that the invoice may be paid. */
  InvoiceApproved: { invoiceId: Id; vendorId: Id; comment?: string };

  /** What not paying a vendor, or one invoice of theirs, costs from a day on. Replaces the set before it as a whole. */
  ConsequencesSet: Consequences & {
    vendorId: Id;
    invoiceId?: Id;
    effectiveOn: LocalDate;
    /** Where it is written down. */
    source: string;
    /** The presets that filled in what the request left out. */
    presets?: readonly { id: Id }[];
  };
  /** An alternative schedule that a creditor offers for what is open of an invoice. */
  OfferRecorded: {
    offerId: Id;
    invoiceId: Id;
    vendorId: Id;
    currency: Currency;
    /** What accepting it costs. */
    cost: Amount;
    /** While it is kept, the invoice does not count as late for any cut-off. */
    curesCutoffs: boolean;
    schedule: readonly { on: LocalDate; amount: Amount }[];
    validUntil?: LocalDate;
    source: string;
  };
  /** What is on an account of ours at the start of a day. May be negative. */
  CashBalanceStated: { balanceId: Id; account: string; currency: Currency; on: LocalDate; balance: Amount };
  /** Cash that is to come in or go out. An outflow that names a vendor is a bill that has not come yet. */
  CashExpected: {
    expectationId: Id;
    direction: CashDirection;
    on: LocalDate;
    amount: Amount;
    currency: Currency;
    /** From "0" to "1". */
    certainty: string;
    vendorId?: Id;
    category?: string;
    description?: string;
  };
  CashExpectationWithdrawn: { expectationId: Id; reason: string };

  /** Which bills to pay, part-pay or defer, as it was proposed, with all that it was made from. */
  CashPlanProposed: {
    planId: Id;
    asOf: LocalDate;
    /** The last event that was taken into account. */
    position: number;
    currency: Currency;
    engine: string;
    /** Whether its gap to the best plan is proven to be as small as asked. */
    proven: boolean;
    /** Whether the same inputs give the same plan on any machine. */
    reproducible: boolean;
    cost: Amount;
    lowerBound: Amount;
    gap: string;
    /** SHA-256 of the inputs in their canonical form. */
    inputsHash: string;
    /** SHA-256 of the text of the plan. */
    planHash: string;
    inputs: PackedText;
    plan: PackedText;
  };
  CashPlanAdopted: {
    planId: Id;
    /** From this day on its deferrals count. */
    on: LocalDate;
    /** How many events of each sort the same command made. */
    deferrals: number;
    withdrawals: number;
    charges: number;
  };

  /** Only in the ledger `_installation`, like those of access after it. Holds from the instant at which it was recorded. */
  AccessGranted: { personId: string; ledger: string; roles: readonly Role[]; reason?: string };
  /** What was granted in this ledger; what is granted in `*` is revoked there. */
  AccessRevoked: { personId: string; ledger: string; roles: readonly Role[]; reason: string };
  TokenIssued: {
    tokenId: string;
    /** Whoever shows the token is let in as this one. */
    personId: string;
    description?: string;
    expiresAt: Instant;
    /** What it begins with, to recognise it by. */
    prefix: string;
    /** SHA-256 of the token in hexadecimal: it can't be guessed, so neither can it from this. */
    hash: string;
  };
  TokenRevoked: { tokenId: string; personId: string; reason: string };
  /**
   * What an access token of the identity provider says that somebody may do, where it is something else than before.
   * Beside it they may do what was granted.
   */
  AccessAsserted: {
    personId: string;
    issuer: string;
    /** When the provider said so. */
    issuedAt: Instant;
    grants: readonly { ledger: string; roles: readonly Role[] }[];
  };
}

export type EventType = keyof Shapes;

type DeepReadonly<T> = T extends readonly (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** What a decider says has happened, before the log gives it a position and an instant. */
export type ApEvent = {
  [T in EventType]: { readonly type: T; readonly effectiveOn: LocalDate; readonly data: DeepReadonly<Shapes[T]> };
}[EventType];
export type EventOf<T extends EventType> = Extract<ApEvent, { type: T }>;
export type DataOf<T extends EventType> = EventOf<T>['data'];

/** What the log adds to an event. */
export interface Recording {
  readonly position: number;
  readonly id: string;
  readonly recordedAt: Instant;
  readonly actor: { readonly id: string; readonly role: string };
  /** All events of one command bear the same one. */
  readonly correlationId: string;
  /** A print of the command's content; on an event that makes a document: tells a repeat of the request from another use of its id. */
  readonly contentHash?: string;
  readonly idempotencyKey?: string;
  readonly causationId?: string;
}
export type RecordedEvent = ApEvent & Recording;

/** Turns `data` of an older version into that of the next one. */
type Upcast = (data: Readonly<Record<string, unknown>>) => Record<string, unknown>;
type Catalogue = Readonly<
  Record<EventType, { readonly version: number; readonly upcast?: Readonly<Record<number, Upcast>> }>
>;

/** Every event that can be in a log, with its current version. */
export const catalogue: Catalogue = {
  LedgerOpened: { version: 1 },
  PeriodClosed: { version: 1 },
  PeriodReopened: { version: 1 },
  PeriodTotalsRecorded: { version: 1 },
  EpochOpened: { version: 1 },
  PolicySet: { version: 1 },
  AccountSet: { version: 1 },
  VendorRegistered: { version: 1 },
  VendorChanged: { version: 1 },
  BankDetailsProposed: { version: 1 },
  BankDetailsApproved: { version: 1 },
  VendorDetailsErased: { version: 1 },
  InvoicePosted: { version: 1 },
  InvoiceReversed: { version: 1 },
  CreditNotePosted: { version: 1 },
  CreditNoteReversed: { version: 1 },
  ChargePosted: { version: 1 },
  ChargeReversed: { version: 1 },
  // Version 1 said nothing of where a payment went.
  PaymentMade: { version: 2, upcast: { 1: (data) => ({ ...data }) } },
  PaymentReversed: { version: 1 },
  // Version 1 said nothing of the tax in a discount: none of it was taken back.
  Allocated: { version: 2, upcast: { 1: (data) => ({ ...data }) } },
  AllocationReversed: { version: 1 },
  RefundReceived: { version: 1 },
  RefundReversed: { version: 1 },
  WrittenOff: { version: 1 },
  WriteOffReversed: { version: 1 },
  PaymentDeferred: { version: 1 },
  DeferralWithdrawn: { version: 1 },
  InvoiceHeld: { version: 1 },
  InvoiceReleased: { version: 1 },
  InvoiceDisputed: { version: 1 },
  DisputeResolved: { version: 1 },
  InvoiceApproved: { version: 1 },
  ConsequencesSet: { version: 1 },
  OfferRecorded: { version: 1 },
  CashBalanceStated: { version: 1 },
  CashExpected: { version: 1 },
  CashExpectationWithdrawn: { version: 1 },
  CashPlanProposed: { version: 1 },
  CashPlanAdopted: { version: 1 },
  AccessGranted: { version: 1 },
  AccessRevoked: { version: 1 },
  TokenIssued: { version: 1 },
  TokenRevoked: { version: 1 },
  AccessAsserted: { version: 1 },
};

/**
 * Brings the data of a stored event to the shape of its current version.
 *
 * @throws {Error} for a type or version that this release does not know: reading on would misread the log
 */
export const upcast = (
  type: string,
  version: number,
  data: Record<string, unknown>,
  known: Readonly<
    Record<string, { readonly version: number; readonly upcast?: Readonly<Record<number, Upcast>> }>
  > = catalogue,
): Record<string, unknown> => {
  const entry = Object.hasOwn(known, type) ? known[type] : undefined;
  if (!entry || !(version >= 1 && version <= entry.version))
    throw new Error(`this release does not know the event ${type} version ${version}`);
  let current = data;
  for (let from = version; from < entry.version; from++) {
    const step = entry.upcast?.[from];
    if (!step) throw new Error(`no upcast takes ${type} from version ${from} to ${from + 1}`);
    current = step(current);
  }
  return current;
};

/** A document's name in the log: its kind and its id. */
export type DocumentName = `${DocumentKind}/${string}` | 'ledger';
export const documentKinds = [
  'vendor',
  'invoice',
  'credit-note',
  'charge',
  'payment',
  'allocation',
  'refund',
  'write-off',
  'deferral',
  'bank-details',
  'vendor-consequences',
  'invoice-consequences',
  'offer',
  'balance',
  'expectation',
  'plan',
  'person',
  'token',
] as const;
export type DocumentKind = (typeof documentKinds)[number];

export const sourceName = (ref: SourceRef): DocumentName =>
  'paymentId' in ref ? `payment/${ref.paymentId}` : `credit-note/${ref.creditNoteId}`;
export const itemName = (ref: ItemRef): DocumentName =>
  'invoiceId' in ref ? `invoice/${ref.invoiceId}` : `charge/${ref.chargeId}`;

/** The documents whose history an event is part of; the first is the one that it is about. */
export const documentsOf = (event: ApEvent): readonly DocumentName[] => {
  switch (event.type) {
    case 'LedgerOpened':
    case 'PeriodClosed':
    case 'PeriodReopened':
    case 'PeriodTotalsRecorded':
    case 'EpochOpened':
    case 'PolicySet':
    case 'AccountSet':
      return ['ledger'];
    case 'VendorRegistered':
    case 'VendorChanged':
    case 'VendorDetailsErased':
      return [`vendor/${event.data.vendorId}`];
    case 'BankDetailsProposed':
    case 'BankDetailsApproved':
      return [`bank-details/${event.data.bankDetailsId}`, `vendor/${event.data.vendorId}`];
    case 'InvoicePosted':
    case 'InvoiceReversed':
    case 'InvoiceHeld':
    case 'InvoiceReleased':
    case 'InvoiceDisputed':
    case 'DisputeResolved':
    case 'InvoiceApproved':
      return [`invoice/${event.data.invoiceId}`];
    case 'CreditNotePosted':
    case 'CreditNoteReversed':
      return [`credit-note/${event.data.creditNoteId}`];
    case 'ChargePosted':
    case 'ChargeReversed':
      return [`charge/${event.data.chargeId}`];
    case 'PaymentMade':
    case 'PaymentReversed':
      return [`payment/${event.data.paymentId}`];
    case 'Allocated':
    case 'AllocationReversed':
      return [`allocation/${event.data.allocationId}`, sourceName(event.data.from), itemName(event.data.to)];
    case 'RefundReceived':
    case 'RefundReversed':
      return [`refund/${event.data.refundId}`, sourceName(event.data.from)];
    case 'WrittenOff':
    case 'WriteOffReversed':
      return [`write-off/${event.data.writeOffId}`, itemName(event.data.item)];
    case 'PaymentDeferred':
    case 'DeferralWithdrawn':
      return [`deferral/${event.data.deferralId}`, `invoice/${event.data.invoiceId}`];
    case 'ConsequencesSet':
      return [consequencesName(event.data)];
    case 'OfferRecorded':
      return [`offer/${event.data.offerId}`];
    case 'CashBalanceStated':
      return [`balance/${event.data.balanceId}`];
    case 'CashExpected':
    case 'CashExpectationWithdrawn':
      return [`expectation/${event.data.expectationId}`];
    case 'CashPlanProposed':
    case 'CashPlanAdopted':
      return [`plan/${event.data.planId}`];
    case 'AccessGranted':
    case 'AccessRevoked':
    case 'AccessAsserted':
      return [`person/${event.data.personId}`];
    case 'TokenIssued':
    case 'TokenRevoked':
      return [`token/${event.data.tokenId}`];
  }
};

export const consequencesName = (of: {
  readonly vendorId: string;
  readonly invoiceId?: string;
}): `vendor-consequences/${string}` | `invoice-consequences/${string}` =>
  of.invoiceId === undefined ? `vendor-consequences/${of.vendorId}` : `invoice-consequences/${of.invoiceId}`;

/** The stream that an event belongs to: one for each vendor account and each person, one for our cash, one for the ledger itself. */
export const streamOf = (event: ApEvent): string => {
  switch (event.type) {
    case 'CashBalanceStated':
    case 'CashExpected':
    case 'CashExpectationWithdrawn':
      return 'cash';
    case 'CashPlanProposed':
    case 'CashPlanAdopted':
      return `plan/${event.data.planId}`;
    case 'AccessGranted':
    case 'AccessRevoked':
    case 'TokenIssued':
    case 'TokenRevoked':
    case 'AccessAsserted':
      return `person/${event.data.personId}`;
    default:
      return 'vendorId' in event.data ? `vendor/${event.data.vendorId}` : 'ledger';
  }
};
