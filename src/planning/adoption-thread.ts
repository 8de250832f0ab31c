/** Adopts one plan, or shows what came of it, and ends: see adopter.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import type { PlanAnswer, PlanInput } from '../cash-priority/model.js';
import type { CashPlan } from '../domain/cash-plan.js';
import { Rejection, reject } from '../domain/rejection.js';
import { EventLog } from '../event-log/event-log.js';
import { OutcomeUnknown } from '../event-log/ledger-writer.js';
import { type AdoptionOutcome, type AdoptionTask, knownErrors } from './adopter.js';
import { adoptionResource, toAdopt } from './adoption.js';
import { unpack } from './packed.js';

const { url, order, plan: name } = workerData as AdoptionTask;
const pool = new pg.Pool({
  connectionString: url,
  max: 2,
  application_name: 'duebook adoption',
  connectionTimeoutMillis: 10_000,
  keepAlive: true,
  // Past this time the batch is sent again on another connection, which its keys make harmless: see app.module.ts.
  query_timeout: 12_000,
});
// A connection that breaks fails the next statement of whoever has it; unheard, its error would end the thread.
pool.on('error', () => undefined);
pool.on('connect', (client) => client.on('error', () => undefined));
const log = new EventLog(pool);

const parsed = async <T>(text: Parameters<typeof unpack>[0]): Promise<T> =>
  JSON.parse((await unpack(text)).toString()) as T;

const done = async (): Promise<AdoptionOutcome> => {
  const { ledgerId, planId } = name;
  const found = await log.document(ledgerId, `plan/${planId}`);
  const proposed = found?.history.find((event) => event.type === 'CashPlanProposed');
  if (!found || !proposed) return reject('not-found', `This ledger has no plan ${planId}.`);
  const answer = await parsed<PlanAnswer>(proposed.data.plan);
  if (!order) {
    if (!found.document.adopted) return reject('not-found', `This ledger has no adopted plan ${planId}.`);
    return { kind: 'done', body: bytesOf(adoptionResource(found.document, answer)) };
  }
  const input = await parsed<PlanInput>(proposed.data.inputs);
  const { actor, key, requestHash, correlationId, nowMs } = order;
  const { receipt, replayed } = await log.execute(ledgerId, {
    command: toAdopt(planId, { input, answer }, order),
    actor,
    key,
    requestHash,
    correlationId,
    nowMs,
    render: (document) => ({
      location: `/cash-plans/${planId}/adoption`,
      body: JSON.stringify(adoptionResource(document as CashPlan, answer)),
    }),
  });
  const { body, ...rest } = receipt;
  try {
    const whole = new TextEncoder().encode(`${body.slice(0, -1)},"position":${receipt.position}}`);
    return { kind: 'done', receipt: { ...rest, body: '{}' }, replayed, body: whole };
  } catch (error) {
    throw new OutcomeUnknown(`recorded, and not shown: ${String(error)}`);
  }
};

const bytesOf = (resource: object): Uint8Array => new TextEncoder().encode(JSON.stringify(resource));

const outcomeOf = async (): Promise<AdoptionOutcome> => {
  try {
    return await done();
  } catch (error) {
    if (error instanceof Rejection) {
      return { kind: 'rejected', code: error.code, detail: error.detail, facts: error.facts };
    }
    const names = Object.keys(knownErrors) as (keyof typeof knownErrors)[];
    const name = names.find((one) => error instanceof knownErrors[one]);
    const { code, message, stack } = error as Error & { readonly code?: unknown };
    return { kind: 'failed', name, code, message, stack };
  }
};

const outcome = await outcomeOf();
parentPort!.postMessage(outcome, outcome.kind === 'done' ? [outcome.body.buffer as ArrayBuffer] : []);
await pool.end();
