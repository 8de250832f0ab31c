import { type Facts, type RejectionCode, rejections } from '../domain/rejection.js';

/** The HTTP status of each refusal by a rule. A new rejection does not compile until it has one. */
const statusOfRejection: Record<RejectionCode, number> = {
  malformed: 400,
  'not-found': 404,
  'id-already-used': 409,
  'duplicate-invoice': 409,
  'already-reversed': 409,
  'unknown-vendor': 422,
  'unknown-invoice': 422,
  'unknown-charge': 422,
  'unknown-payment': 422,
  'unknown-credit-note': 422,
  'unknown-bank-details': 422,
  'total-mismatch': 422,
  'schedule-mismatch': 422,
  'reserved-account': 422,
  'account-in-use': 422,
  'account-type-mismatch': 422,
  'over-allocated': 422,
  'discount-expired': 422,
  'over-discounted': 422,
  'over-deferred': 422,
  'over-disputed': 422,
  'over-resolved': 422,
  'currency-mismatch': 422,
  'vendor-mismatch': 422,
  'until-not-later': 422,
  'deferral-out-of-order': 422,
  'not-the-last-deferral': 422,
  'before-original': 422,
  'nothing-open': 422,
  'nothing-disputed': 422,
  'has-allocations': 422,
  'has-refunds': 422,
  'still-in-use': 422,
  'period-closed': 422,
  'already-closed': 409,
  'period-not-over': 422,
  'period-not-closed': 422,
  'not-the-last-period': 422,
  'on-hold': 422,
  'not-approved': 422,
  'already-approved': 422,
  'segregation-of-duties': 422,
  'bank-details-not-in-force': 422,
  'already-on-hold': 422,
  'not-on-hold': 422,
  'already-withdrawn': 422,
  'stale-plan': 409,
  'already-adopted': 422,
  'not-running': 422,
  'no-cash-balance': 422,
  'unknown-item': 422,
  'required-item-blocked': 422,
  'required-before-first-run': 422,
  'not-granted': 422,
  'already-revoked': 409,
  'unknown-person': 422,
  'unknown-ledger': 422,
  'unknown-preset': 422,
};

/** What can go wrong before a rule is asked, or instead of an answer. */
const outside = {
  unauthorized: { title: 'A valid token is missing', status: 401 },
  forbidden: { title: 'This role may not do that', status: 403 },
  'method-not-allowed': { title: 'This address does not take that method', status: 405 },
  'not-acceptable': { title: 'There is no such representation', status: 406 },
  'request-timeout': { title: 'The request did not arrive in time', status: 408 },
  'payload-too-large': { title: 'The body is too large', status: 413 },
  'uri-too-long': { title: 'The address is too long', status: 414 },
  'unsupported-media-type': { title: 'The body is not JSON', status: 415 },
  'idempotency-key-reused': { title: 'The key came before, with another request', status: 422 },
  'too-many-requests': { title: 'More requests wait than can be taken in', status: 429 },
  'too-many-failed-logins': { title: 'Too many logins have failed', status: 429 },
  'headers-too-large': { title: 'The header is too large', status: 431 },
  'internal-error': { title: 'Something went wrong on our side', status: 500 },
  'not-yet-there': { title: 'The data does not go that far yet', status: 503 },
  'outcome-unknown': { title: 'The outcome is unknown: repeat the request with its key', status: 503 },
  contended: { title: 'Others keep changing the same documents; nothing was recorded', status: 503 },
  'ledger-set-back': { title: 'The ledger was set back to an earlier state; nothing is recorded', status: 503 },
  'plan-cancelled': { title: 'The plan was cancelled before it was done', status: 503 },
  'details-unreadable': { title: 'Bank details can not be read or sealed here', status: 503 },
  'no-identity-keys': { title: 'The keys of the identity provider can not be had', status: 503 },
  unavailable: { title: 'The database does not answer; nothing was recorded', status: 503 },
} as const satisfies Record<string, { title: string; status: number }>;

/** The last part of a problem's `type`, `/problems/<code>`: for programs, and fixed. */
export type ProblemCode = RejectionCode | keyof typeof outside;

/** Every problem that an answer can be, with its title for people and its HTTP status. Served as pages. */
export const problems = {
  ...(Object.fromEntries(
    Object.entries(rejections).map(([code, title]) => [
      code,
      { title, status: statusOfRejection[code as RejectionCode] },
    ]),
  ) as Record<RejectionCode, { readonly title: string; readonly status: number }>),
  ...outside,
} as const satisfies Readonly<Record<ProblemCode, { readonly title: string; readonly status: number }>>;

/** A request that ends before any rule is asked. Expected, shown to the user, never logged as a fault. */
export class Problem extends Error {
  /**
   * @param detail what is wrong here and what to do, in one sentence
   * @param facts what programs may want to know, at the top level of the answer
   */
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly facts: Facts = {},
  ) {
    super(`${code}: ${detail}`);
  }
}
