import { createHmac } from 'node:crypto';
import type { Warning } from '../domain/decision.js';
import { rejectMalformed } from '../domain/rejection.js';
import type { Answer } from '../event-log/ledger-writer.js';
import type { Notice, Receipt } from '../event-log/log-store.js';
import { canonical } from '../event-log/record.js';
import type { Call } from './call.js';

/**
 * The key that a caller gives a request, so that it can be repeated.
 *
 * @returns undefined if there is none
 * @throws {Rejection} `malformed`
 */
export const keyIn = (headers: Readonly<Record<string, string | string[] | undefined>>): string | undefined => {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && /^[\x20-\x7e]{1,255}$/.test(key)) return key;
  return rejectMalformed([
    { pointer: '', detail: 'The header Idempotency-Key must have 1 to 255 printable ASCII characters.' },
  ]);
};

/**
 * A print of a request: equal for requests that mean the same, and useless for guessing what was in them.
 *
 * @param secret the same for all instances on one database
 */
export const requestPrint = (
  secret: Buffer,
  { method, path, body, actor }: Pick<Call, 'method' | 'path' | 'body' | 'actor'>,
): string =>
  createHmac('sha256', secret)
    .update(canonical([method, path, body, actor.id]))
    .digest('base64url');

/** An answer, ready to be sent. */
export interface Sendable<Body extends string | Buffer = string> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: Body;
}

/**
 * The answer to a command, for the first time and for every repeat: what was decided, and what only the log knows.
 * The decided part stays the text it is, since most answers need no more than the position at its end.
 */
export const answerOf = (ledgerId: string, { receipt, replayed }: Answer): Sendable => ({
  status: receipt.status,
  headers: {
    Location: `/v1/ledgers/${ledgerId}${receipt.location}`,
    'Ledger-Position': String(receipt.position),
    'Content-Type': 'application/json; charset=utf-8',
    ...(replayed && { 'Idempotency-Replayed': 'true' }),
  },
  body: isPlan(receipt) ? receipt.body : `${withNotices(receipt).slice(0, -1)},"position":${receipt.position}}`,
});

/**
 * A plan says itself which position it speaks of: that of the last event that it takes into account. What is kept for its
 * key is its head, and the text that belongs to it is in the log already.
 */
const isPlan = ({ location }: Receipt): boolean => /^\/cash-plans\/[^/]+$/.test(location);

/** The log notices only once an invoice is recorded what else on the account looks like it. */
const withNotices = ({ body, notices }: Receipt): string => {
  if (notices.length === 0) return body;
  const resource = JSON.parse(body) as { readonly warnings?: readonly Warning[] };
  return JSON.stringify({ ...resource, warnings: [...(resource.warnings ?? []), ...warningsOf(notices)] });
};

/** What an invoice's likeness to others is worth: a warning for each. */
export const warningsOf = (notices: readonly Notice[]): Warning[] =>
  notices.map(({ value, document }) => {
    const invoiceId = document.slice(document.indexOf('/') + 1);
    const detail = value.startsWith('number ')
      ? `Invoice ${invoiceId} of this vendor has the same number, in another year.`
      : `Invoice ${invoiceId} of this vendor has the same amount and date, under another number.`;
    return { code: 'possible-duplicate', detail, invoiceId };
  });
