import { describe, expect, it } from '@jest/globals';
import { Rejection } from '../domain/rejection.js';
import type { Receipt } from '../event-log/log-store.js';
import { answerOf, keyIn, requestPrint } from './idempotency.js';

const secret = Buffer.from('a key of the database');
const request = {
  method: 'POST',
  path: '/v1/ledgers/acme/invoices',
  body: { a: 1, b: [{ c: '2' }] },
  actor: { id: 'ann', role: 'clerk' },
} as const;
const receipt: Receipt = {
  status: 201,
  location: '/invoices/I1',
  body: '{"id":"I1","warnings":[]}',
  position: 7,
  notices: [],
};

describe('the key of a request', () => {
  it.each(['k', ' ', '~'.repeat(255), '"quoted"', 'a, b'])('can be %j', (key) => {
    expect(keyIn({ 'idempotency-key': key })).toBe(key);
  });
  it.each(['', 'x'.repeat(256), 'ä', 'a\tb', '\u007f'])('cannot be %j', (key) => {
    expect(() => keyIn({ 'idempotency-key': key })).toThrow(Rejection);
  });
  it('need not be there', () => {
    expect(keyIn({})).toBeUndefined();
  });
});

describe('the print of a request', () => {
  it('is the same whatever the order of the keys', () => {
    expect(requestPrint(secret, { ...request, body: { b: [{ c: '2' }], a: 1 } })).toBe(requestPrint(secret, request));
  });

  it.each([
    { method: 'PUT' },
    { path: '/v1/ledgers/other/invoices' },
    { body: { a: 1, b: [{ c: 2 }] } },
    { body: { a: 1, b: [{ c: '2' }, {}] } },
    { actor: { id: 'bob', role: 'clerk' as const } },
  ])('is another one with %j', (change) => {
    expect(requestPrint(secret, { ...request, ...change })).not.toBe(requestPrint(secret, request));
  });

  it('tells nothing to somebody without the secret', () => {
    expect(requestPrint(Buffer.from('another key'), request)).not.toBe(requestPrint(secret, request));
  });
});

describe('the answer to a command', () => {
  it('is the decided body with its position', () => {
    expect(answerOf('acme', { receipt, replayed: false })).toEqual({
      status: 201,
      headers: {
        Location: '/v1/ledgers/acme/invoices/I1',
        'Ledger-Position': '7',
        'Content-Type': 'application/json; charset=utf-8',
      },
      body: '{"id":"I1","warnings":[],"position":7}',
    });
  });

  it('is the same when it is replayed, and says that it is', () => {
    const first = answerOf('acme', { receipt, replayed: false });
    const again = answerOf('acme', { receipt, replayed: true });
    expect(again).toEqual({ ...first, headers: { ...first.headers, 'Idempotency-Replayed': 'true' } });
  });

  it('adds a warning for each other invoice that the log noticed', () => {
    const notices = [
      { value: 'number aws A1', document: 'invoice/I0' },
      { value: 'amount aws USD 1.00 2023-10-01', document: 'invoice/I9' },
    ] as const;
    const noted = { ...receipt, body: '{"id":"I1","warnings":[{"code":"no-terms","detail":"x"}]}', notices };
    expect(JSON.parse(answerOf('acme', { receipt: noted, replayed: false }).body)).toEqual({
      id: 'I1',
      warnings: [
        { code: 'no-terms', detail: 'x' },
        {
          code: 'possible-duplicate',
          detail: expect.stringContaining('same number, in another year'),
          invoiceId: 'I0',
        },
        { code: 'possible-duplicate', detail: expect.stringContaining('same amount and date'), invoiceId: 'I9' },
      ],
      position: 7,
    });
  });
});
