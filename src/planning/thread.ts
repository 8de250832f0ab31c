/**
 * The planning thread: reads what a plan is made from, solves it, and brings the result into the form in which it is
 * needed, so that whoever answers requests is never kept from it. One plan at a time; started warm, and for good.
 */
import { hash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import { PlanRefusal } from '../cash-priority/model.js';
import { planCash } from '../cash-priority/plan.js';
import { loadSolver } from '../cash-priority/solver.js';
import { NotYetThere } from '../projections/books.js';
import { fileOf } from '../reports/formats.js';
import { inSnapshot } from '../reports/snapshot.js';
import { readPlanInput } from './inputs.js';
import type { Job, Outcome, Planned } from './job.js';
import { pack } from './packed.js';
import { planTable } from './table.js';

const { url } = workerData as { readonly url: string };
const pool = new pg.Pool({
  connectionString: url,
  max: 1,
  application_name: 'duebook plans',
  connectionTimeoutMillis: 10_000,
  keepAlive: true,
});
// An idle connection that breaks is replaced at the next need; unheard, its error would end the thread.
pool.on('error', () => undefined);

const solver = await loadSolver();

const plan = async ({ moment, currency, request, form }: Job): Promise<Planned> => {
  const input = await inSnapshot(pool, moment.ledger, moment.position, (snapshot) =>
    readPlanInput(snapshot, moment, currency, request),
  );
  const answer = await planCash(input, solver);
  if (form === 'csv' || form === 'xlsx') {
    const file = await fileOf(form, 'cash-priority', planTable(answer, moment, request));
    return { text: bytesOf(await buffer(file)) };
  }
  const text = JSON.stringify(answer);
  if (form === 'json') return { text: bytesOf(text) };
  const { asOf, position, engine, proven, reproducible, lowerBound, gap, inputsHash } = answer;
  return {
    text: bytesOf(text),
    recorded: {
      asOf,
      position,
      currency,
      engine,
      proven,
      reproducible,
      cost: answer.cost.total,
      lowerBound,
      gap,
      inputsHash,
      planHash: hash('sha256', text),
      inputs: await pack(JSON.stringify(input)),
      plan: await pack(text),
    },
  };
};

/** Not from the pool of small buffers: it is handed over whole. */
const bytesOf = (text: string | Buffer): Buffer => {
  const bytes = Buffer.alloc(Buffer.byteLength(text));
  if (typeof text === 'string') bytes.write(text);
  else text.copy(bytes);
  return bytes;
};

const outcomeOf = async (job: Job): Promise<Outcome> => {
  try {
    return { kind: 'planned', planned: await plan(job) };
  } catch (error) {
    if (error instanceof PlanRefusal) return { kind: 'refused', code: error.code, facts: error.facts };
    if (error instanceof NotYetThere) {
      return { kind: 'not-yet-there', asked: error.asked, position: error.position };
    }
    const { message, stack } = error as Error;
    return { kind: 'failed', message, stack };
  }
};

parentPort!.on('message', (job: Job) => {
  void outcomeOf(job).then((outcome) => {
    const handedOver = outcome.kind === 'planned' ? [outcome.planned.text.buffer as ArrayBuffer] : [];
    parentPort!.postMessage(outcome, handedOver);
  });
});
parentPort!.postMessage('ready');
