import type { Day } from './calendar.js';

/** What can have something left open. Invoices and charges are owed; credit notes and payments are credit. */
type OpenItemType = 'invoice' | 'charge' | 'credit-note' | 'payment';
export type ReversibleType = OpenItemType | 'allocation' | 'refund' | 'write-off';

export interface Ref<Type extends ReversibleType = OpenItemType> {
  readonly type: Type;
  readonly id: string;
}
/** Ids are unique per kind of resource only, so two documents are the same if kind and id agree. */
export const same = (one: Ref<ReversibleType>, other: Ref<ReversibleType>): boolean =>
  one.type === other.type && one.id === other.id;

/** A part of an item's schedule. The parts of one schedule always add up to the item's total. */
export interface Instalment {
  readonly amount: bigint;
  readonly originalDueOn: Day;
  readonly dueOn: Day;
  readonly plannedOn: Day;
}

interface Terms {
  readonly netDays: number;
  readonly discount: { readonly percent: string; readonly days: number } | undefined;
}

/** A vendor as it stands from here on: registered, or changed. */
export interface VendorStated {
  readonly type: 'VendorStated';
  readonly vendorId: string;
  readonly name: string;
  readonly kind: string;
  readonly terms: Terms | undefined;
  readonly on: Day;
}

/** An invoice, charge, credit note or payment; all four are an amount of one vendor that counts from a day on. */
export interface Posted {
  readonly type: 'Posted';
  readonly item: Ref;
  readonly vendorId: string;
  readonly currency: string;
  readonly amount: bigint;
  /** The day from which it counts: posting date, `on`, `date`, `paidOn`. */
  readonly on: Day;
  /** The date printed on it: differs from `on` for invoices that are posted on another day. */
  readonly datedOn: Day;
  readonly number: string | null;
  /** An invoice's own kind, where it was given one. */
  readonly kind: string | undefined;
  /** Empty for credit notes and payments. */
  readonly schedule: readonly Instalment[];
  /** What the other side of the entry is: cost and tax of an invoice's lines, cash of a payment. */
  readonly contra: readonly { readonly account: string; readonly amount: bigint }[];
  /** What the vendor's terms gave an invoice for early payment on the day on which it was posted. */
  readonly discount?: Terms['discount'];
}

export interface Allocated {
  readonly type: 'Allocated';
  readonly id: string;
  readonly from: Ref;
  readonly to: Ref;
  readonly amount: bigint;
  /** Settlement discount: settles the item beside the amount, and costs the payment nothing. */
  readonly discount: bigint;
  /** How much of the discount is tax. */
  readonly discountTax: bigint;
  readonly on: Day;
}

interface RefundReceived {
  readonly type: 'RefundReceived';
  readonly id: string;
  readonly from: Ref;
  readonly amount: bigint;
  readonly on: Day;
}

interface WrittenOff {
  readonly type: 'WrittenOff';
  readonly id: string;
  readonly item: Ref;
  readonly amount: bigint;
  readonly on: Day;
}

interface Reversed {
  readonly type: 'Reversed';
  readonly of: Ref<ReversibleType>;
  readonly on: Day;
}

export interface PaymentDeferred {
  readonly type: 'PaymentDeferred';
  readonly id: string;
  readonly item: Ref;
  readonly until: Day;
  /** As requested; `undefined` is all that is open on `on`. */
  readonly amount: bigint | undefined;
  readonly agreed: boolean;
  readonly on: Day;
}

interface DeferralWithdrawn {
  readonly type: 'DeferralWithdrawn';
  readonly id: string;
  readonly item: Ref;
  readonly on: Day;
}

export interface InvoiceHeld {
  readonly type: 'InvoiceHeld';
  readonly item: Ref;
  readonly until: Day | undefined;
  readonly on: Day;
}

interface InvoiceReleased {
  readonly type: 'InvoiceReleased';
  readonly item: Ref;
  readonly on: Day;
}

interface InvoiceDisputed {
  readonly type: 'InvoiceDisputed';
  readonly item: Ref;
  readonly amount: bigint;
  readonly on: Day;
}

interface DisputeResolved {
  readonly type: 'DisputeResolved';
  readonly item: Ref;
  /** As requested; `undefined` is all that is disputed on `on`. */
  readonly amount: bigint | undefined;
  readonly on: Day;
}

export type Fact =
  | VendorStated
  | Posted
  | Allocated
  | RefundReceived
  | WrittenOff
  | Reversed
  | PaymentDeferred
  | DeferralWithdrawn
  | InvoiceHeld
  | InvoiceReleased
  | InvoiceDisputed
  | DisputeResolved;

/** What is known at a question: facts in the order in which they were recorded, from the first on. */
export type Known = readonly Fact[];

/** The facts of one type, in the order in which they were recorded. */
export const factsOf = <Type extends Fact['type']>(known: Known, type: Type): Extract<Fact, { type: Type }>[] =>
  known.filter((fact): fact is Extract<Fact, { type: Type }> => fact.type === type);
