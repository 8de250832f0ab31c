/** Every refusal that a rule can answer, with its title for people. The intake gives each its HTTP status. */
export const rejections = {
  malformed: 'The request is not well formed',
  'not-found': 'There is no such thing in this ledger',
  'id-already-used': 'This id is already used, with other content',
  'duplicate-invoice': 'This number is already on the vendor account',
  'already-reversed': 'This has already been reversed',
  'unknown-vendor': 'No vendor has this id',
  'unknown-invoice': 'No invoice has this id',
  'unknown-charge': 'No charge has this id',
  'unknown-payment': 'No payment has this id',
  'unknown-credit-note': 'No credit note has this id',
  'unknown-bank-details': 'The vendor has no bank details of this id',
  'total-mismatch': 'The total is not the sum of the lines',
  'schedule-mismatch': 'The schedule does not add up to the total',
  'reserved-account': 'This account is kept by the ledger itself',
  'account-in-use': 'This account stands for something else',
  'account-type-mismatch': 'The type does not fit what the account is for',
  'over-allocated': 'The amount is more than what is open',
  'discount-expired': 'The payment is too late for the discount',
  'over-discounted': 'The discount is more than the terms give',
  'over-deferred': 'The amount is more than what is open to defer',
  'over-disputed': 'The amount is more than what is open and not yet disputed',
  'over-resolved': 'The amount is more than what is disputed',
  'currency-mismatch': 'The currencies differ',
  'vendor-mismatch': 'The documents belong to different vendors',
  'until-not-later': 'The new date is not later than the date that it replaces',
  'deferral-out-of-order': 'A later deferral or withdrawal is already recorded',
  'not-the-last-deferral': 'Only the last deferral in force can be withdrawn',
  'before-original': 'The day is before that of the document',
  'nothing-open': 'Nothing is open on that day',
  'nothing-disputed': 'Nothing is disputed on that day',
  'has-allocations': 'Allocations or write-offs of this document are still in effect',
  'has-refunds': 'Refunds of this document are still in effect',
  'still-in-use': 'Something that leans on this document was still in effect on that day',
  'period-closed': 'The day lies in a closed period',
  'already-closed': 'This period is closed already',
  'period-not-over': 'This period is not over yet',
  'period-not-closed': 'This period is not closed',
  'not-the-last-period': 'Only the last closed period can be reopened',
  'on-hold': 'The invoice is on hold or disputed and may not be paid',
  'not-approved': 'The invoice needs an approval before it is paid',
  'already-approved': 'This is approved already',
  'segregation-of-duties': 'One person may not do both',
  'bank-details-not-in-force': 'These bank details may not be paid to',
  'already-on-hold': 'The invoice is already on hold on that day',
  'not-on-hold': 'The invoice is not on hold on that day',
  'already-withdrawn': 'This has already been withdrawn',
  'stale-plan': 'What the plan was made from has changed: make a new one',
  'already-adopted': 'This plan has been adopted before',
  'not-running': 'This plan is not being computed any more',
  'no-cash-balance': 'No cash balance is stated on or before this day',
  'unknown-item': 'This item is not open in the currency of the plan',
  'required-item-blocked': 'An item that may not be paid can not be required',
  'required-before-first-run': 'No payment run is early enough for what is required',
  'not-granted': 'There is no such access to revoke',
  'already-revoked': 'This token has already been revoked',
  'unknown-person': 'Nobody with a role has this id',
  'unknown-ledger': 'No ledger has this id',
  'unknown-preset': 'No preset has this id, or none that is valid on that day',
} as const;

export type RejectionCode = keyof typeof rejections;

/** One fault of a malformed request: an RFC 6901 pointer into the body and what to do about it. */
export interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

/** What a refusal says beside its code: amounts as decimal strings, days as `YYYY-MM-DD`. */
export type Facts = Readonly<Record<string, unknown>> & { readonly errors?: readonly Fault[] };

/** A command refused by an accounting rule. Expected, shown to the user, never logged as a fault. */
export class Rejection extends Error {
  constructor(
    readonly code: RejectionCode,
    /** What is wrong here and what to do, in one sentence. */
    readonly detail: string,
    readonly facts: Facts = {},
  ) {
    super(`${code}: ${detail}`);
  }
}

/** @throws {Rejection} always */
export const reject = (code: RejectionCode, detail: string, facts: Facts = {}): never => {
  throw new Rejection(code, detail, facts);
};

/** @throws {Rejection} `malformed`, naming every fault */
export const rejectMalformed = (errors: readonly Fault[]): never =>
  reject('malformed', 'The request is not what this route takes; errors names each fault and where it is.', { errors });
