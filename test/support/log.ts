import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { Command } from '../../src/domain/decider.js';
import type { PostInvoice } from '../../src/domain/invoices.js';
import type { MakePayment } from '../../src/domain/payments.js';
import type { Request } from '../../src/event-log/ledger-writer.js';

/** The day that it is in tests of the log, at noon. */
export const today = '2024-02-15';
export const nowMs = Date.parse(`${today}T12:00:00Z`);

/** A command as the intake hands it in. */
export const requestOf = (command: Command, more: Partial<Request> = {}): Request => ({
  command,
  actor: { id: 'ann', role: 'clerk' },
  key: undefined,
  requestHash: JSON.stringify(command),
  correlationId: randomUUID(),
  nowMs,
  render: (document) => ({
    location: `/${document.kind}s`,
    body: JSON.stringify({ kind: document.kind }),
  }),
  ...more,
});

export const openLedger = (id: string, more: { name?: string; timeZone?: string } = {}): Command => ({
  type: 'OpenLedger',
  id,
  name: 'Acme',
  currency: 'USD',
  timeZone: 'UTC',
  ...more,
});

export const vendor = (id: string, name = `Vendor ${id}`): Command => ({
  type: 'RegisterVendor',
  id,
  name,
  kind: 'supplier',
});

/** An invoice of 100 USD. */
export const invoice = (id: string, more: Partial<Omit<PostInvoice, 'type'>> = {}): PostInvoice => ({
  type: 'PostInvoice',
  id,
  vendorId: 'V1',
  number: `N-${id}`,
  invoiceDate: '2023-10-02',
  postingDate: '2023-10-02',
  currency: 'USD',
  lines: [{ amount: more.total ?? '100.00' }],
  total: '100.00',
  ...more,
});

/** A payment that is set against invoices in full. */
export const payment = (
  id: string,
  paid: readonly (readonly [invoiceId: string, amount: string])[],
  more: Partial<Omit<MakePayment, 'type'>> = {},
): MakePayment => ({
  type: 'MakePayment',
  id,
  vendorId: 'V1',
  paidOn: '2023-10-20',
  currency: 'USD',
  amount: (paid.reduce((cents, [, amount]) => cents + Math.round(Number(amount) * 100), 0) / 100).toFixed(2),
  allocations: paid.map(([invoiceId, amount], n) => ({ id: `${id}.${n + 1}`, to: { invoiceId }, amount })),
  ...more,
});

/**
 * Connections to a test database. Errors of idle ones are expected: tests cut connections, and dropping the database
 * does so too.
 */
export const poolOf = (connectionString: string, more: pg.PoolConfig = {}): pg.Pool => {
  const pool = new pg.Pool({ connectionString, ...more });
  pool.on('error', () => undefined);
  return pool;
};

/** Chance that can be drawn again: numbers at least 0, below 1. */
export const chance = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** What became of some promises: the values of those that were kept, and what the others failed with. */
export const settle = async <T>(promises: readonly Promise<T>[]): Promise<{ kept: T[]; failed: unknown[] }> => {
  const settled = await Promise.allSettled(promises);
  return {
    kept: settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    failed: settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : [])),
  };
};
