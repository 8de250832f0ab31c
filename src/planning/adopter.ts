import { Worker } from 'node:worker_threads';
import { Rejection, type RejectionCode } from '../domain/rejection.js';
import type { Receipt } from '../event-log/log-store.js';
import { Contended, KeyReused, OutcomeUnknown, TooBusy } from '../event-log/ledger-writer.js';
import type { Actor } from '../event-log/record.js';

export interface PlanName {
  readonly ledgerId: string;
  readonly planId: string;
}

/** An order to adopt a plan, with everything that has to come from outside. */
export interface AdoptionOrder extends PlanName {
  readonly reason?: string;
  readonly on?: string;
  readonly actor: Actor;
  readonly key: string | undefined;
  readonly requestHash: string;
  readonly correlationId: string;
  readonly nowMs: number;
}

/** What the thread is given. */
export interface AdoptionTask {
  readonly url: string;
  /** Without it, what came of an adoption is shown. */
  readonly order?: AdoptionOrder;
  readonly plan: PlanName;
}

/** The errors that mean something to whoever asked, by name: what crosses a thread has no class. */
export const knownErrors = { KeyReused, TooBusy, Contended, OutcomeUnknown } as const;

export type AdoptionOutcome =
  | {
      readonly kind: 'done';
      readonly receipt?: Receipt;
      readonly replayed?: boolean;
      /** The resource, in UTF-8. */
      readonly body: Uint8Array;
    }
  | { readonly kind: 'rejected'; readonly code: RejectionCode; readonly detail: string; readonly facts: object }
  | {
      readonly kind: 'failed';
      readonly name: keyof typeof knownErrors | undefined;
      /** Of what the database or the network says. */
      readonly code: unknown;
      readonly message: string;
      readonly stack: string | undefined;
    };

const maxWaiting = 50;

/**
 * Adopts plans in a thread of their own: a plan of thousands of bills is read, compared with the books and decided in
 * one go, and whoever answers requests would stand still meanwhile. The thread writes as another instance would, so
 * nothing but the log decides which of two writers is first.
 */
export class Adopter {
  /** One thread at a time: each takes as much memory as a small process. */
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /**
   * @param url of the database that is written to
   * @param mayAppend asked when an order's turn has come; what it throws is the answer
   * @param thread where the thread's code is; by default beside this file
   */
  constructor(
    private readonly url: string,
    private readonly mayAppend: (ledgerId: string) => Promise<void>,
    private readonly thread: URL | undefined,
  ) {}

  /** @throws {Rejection | KeyReused | TooBusy | Contended | OutcomeUnknown} */
  async adopt(order: AdoptionOrder): Promise<{ receipt: Receipt; replayed: boolean; body: Buffer }> {
    const { receipt, replayed, body } = await this.#run({ url: this.url, order, plan: order });
    return { receipt: receipt!, replayed: replayed!, body: Buffer.from(body.buffer, body.byteOffset, body.byteLength) };
  }

  /** What came of an adoption, as JSON. @throws {Rejection} `not-found` @throws {TooBusy} */
  async show(plan: PlanName): Promise<Buffer> {
    const { body } = await this.#run({ url: this.url, plan });
    return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  }

  /** Waits until what is under way is done. */
  async drain(): Promise<void> {
    await this.#last;
  }

  async #run(task: AdoptionTask): Promise<Extract<AdoptionOutcome, { kind: 'done' }>> {
    if (this.#waiting >= maxWaiting) throw new TooBusy();
    this.#waiting += 1;
    const thread = this.thread ?? new URL('./adoption-thread.js', import.meta.url);
    const running = this.#last
      .then(async () => {
        // Much can have come to light while it waited.
        if (task.order) await this.mayAppend(task.order.ledgerId);
        return outcomeOf(thread, task);
      })
      .finally(() => {
        this.#waiting -= 1;
      });
    this.#last = running.catch(() => undefined);
    const outcome = await running;
    switch (outcome.kind) {
      case 'done':
        return outcome;
      case 'rejected':
        throw new Rejection(outcome.code, outcome.detail, outcome.facts as Rejection['facts']);
      case 'failed': {
        const { name, code, message, stack } = outcome;
        const Known = name === undefined ? Error : knownErrors[name];
        throw Object.assign(new Known(message), { stack }, code !== undefined && { code });
      }
    }
  }
}

const outcomeOf = (thread: URL, workerData: AdoptionTask): Promise<AdoptionOutcome> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(thread, { workerData });
    // With an order it may have been recorded or not: repeating it tells.
    const end = (what: string): void => {
      reject(workerData.order ? new OutcomeUnknown(what) : new Error(what));
    };
    worker.once('message', resolve);
    worker.once('error', (error) => {
      end(`the thread that adopts plans failed: ${error.message}`);
    });
    worker.once('exit', () => {
      end('the thread that adopts plans ended unexpectedly');
    });
  });
