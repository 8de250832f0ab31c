/** The log's own part of a command: events that are built already, appended through the same group commit as any other. */
import { setImmediate as soon } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Command } from '#duebook/domain/decider.js';
import type { Decision, Working } from '#duebook/domain/decision.js';
import { DocumentsInMemory } from '#duebook/event-log/documents-in-memory.js';
import { defaultLimits, LedgerWriter } from '#duebook/event-log/ledger-writer.js';
import { PgLogStore } from '#duebook/event-log/log-store.js';
import { uuidv7 } from '#duebook/event-log/uuid.js';
import { invoice, ledgerId } from './invoices.js';

/**
 * Appends invoices as events, one per call, without any rule about what is in them. What the log promises of every append
 * is still there: the lock, the guard of the document that is made, a verdict per command, gapless positions and stream
 * versions, the exact hashed line, and the row by which a batch that is sent again is known.
 */
export const bareAppends = (pool: pg.Pool): ((run: string, n: number, vendors: number) => Promise<void>) => {
  const timers = {
    nowMs: Date.now,
    soon: (task: () => void) => void soon(task),
    sleep: (ms: number) => sleep(ms),
    random: Math.random,
    uuid: uuidv7,
  };
  const writer = new LedgerWriter(
    ledgerId,
    new PgLogStore(pool),
    new DocumentsInMemory(20_000),
    timers,
    () => undefined,
    defaultLimits,
    asItIs,
  );
  return async (run, n, vendors) => {
    await writer.execute({
      command: invoice(run, n, vendors),
      actor: { id: 'integration', role: 'clerk' },
      key: undefined,
      requestHash: '',
      correlationId: uuidv7(),
      nowMs: Date.now(),
      render: () => nothing,
    });
  };
};

const nothing = { location: '', body: '' };

/** No rule: the invoice as it is given becomes the event. */
const asItIs = (command: Command, working: Working): Decision => {
  const { type: _, id, dueDate, ...posted } = command as ReturnType<typeof invoice>;
  const subject = `invoice/${id}` as const;
  working.findFresh(subject);
  const schedule = [{ dueOn: dueDate!, amount: posted.total }];
  const data = { invoiceId: id, ...posted, schedule };
  return {
    events: [{ type: 'InvoicePosted', effectiveOn: posted.postingDate, data }],
    subject,
    claims: [],
    warnings: [],
    changed: new Map(),
  };
};
