import { Worker } from 'node:worker_threads';
import { PlanRefusal } from '../cash-priority/model.js';
import { NotYetThere } from '../projections/books.js';
import type { Job, Outcome, Planned } from './job.js';

/** It was cancelled before it was done. */
export class PlanCancelled extends Error {}
/** This process stops: nothing was recorded. */
export class PlannerStopped extends Error {}
/** As many plans wait as may. */
export class PlannerBusy extends Error {}

/** A plan that is waited for. */
export interface Planning {
  /** @throws {PlanRefusal | PlanCancelled | PlannerStopped | NotYetThere} */
  readonly planned: Promise<Planned>;
  /** Does nothing once it is done. */
  cancel(): void;
}

interface Task {
  readonly job: Job;
  readonly onTurn: () => void;
  readonly resolve: (planned: Planned) => void;
  readonly reject: (error: unknown) => void;
  /** How often the thread has died over it. */
  deaths: number;
}

export interface PlannerOptions {
  /** The database that plans are read from. */
  readonly url: string;
  /** Where the thread's code is; by default beside this file. */
  readonly thread?: URL;
  readonly report: (error: unknown, message: string) => void;
}

const maxWaiting = 50;
const pauseAfterDeathMs = 1_000;

/**
 * Plans, one at a time, in a thread of their own: a solve blocks whatever thread it runs in. A plan is cancelled by
 * ending the thread, which nothing can hold up; the next one is started at once.
 */
export class Planner {
  readonly #waiting: Task[] = [];
  #underWay: Task | undefined;
  #thread: Worker | undefined;
  #isReady = false;
  #isStopped = false;

  constructor(private readonly options: PlannerOptions) {}

  /** Starts the thread, so that the first plan finds it warm. */
  start(): void {
    if (this.#thread || this.#isStopped) return;
    const thread = new Worker(this.options.thread ?? new URL('./thread.js', import.meta.url), {
      workerData: { url: this.options.url },
    });
    this.#thread = thread;
    this.#isReady = false;
    let death: unknown;
    thread.on('message', (message: Outcome | 'ready') => {
      if (thread !== this.#thread) return;
      if (message === 'ready') this.#isReady = true;
      else this.#finish(message);
      this.#next();
    });
    thread.on('error', (error) => {
      death = error;
    });
    thread.on('exit', () => {
      if (thread === this.#thread) this.#afterDeath(death);
    });
    // Nobody is kept from stopping by a thread that waits for work.
    thread.unref();
  }

  /**
   * @param onTurn called when it is this plan's turn
   * @throws {PlannerBusy | PlannerStopped}
   */
  plan(job: Job, onTurn: () => void = () => undefined): Planning {
    if (this.#isStopped) throw new PlannerStopped('this process stops');
    if (this.#waiting.length >= maxWaiting) throw new PlannerBusy('as many plans wait as may');
    let task!: Task;
    const planned = new Promise<Planned>((resolve, reject) => {
      task = { job, onTurn, resolve, reject, deaths: 0 };
    });
    this.#waiting.push(task);
    this.start();
    this.#next();
    return {
      planned,
      cancel: () => {
        this.#cancel(task);
      },
    };
  }

  /** Ends the thread. What waits is told so. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const thread = this.#thread;
    this.#thread = undefined;
    const stopped = new PlannerStopped('this process stops');
    for (const { reject } of [...(this.#underWay ? [this.#underWay] : []), ...this.#waiting.splice(0)]) reject(stopped);
    this.#underWay = undefined;
    await thread?.terminate();
  }

  #next(): void {
    if (!this.#isReady || this.#underWay) return;
    const task = this.#waiting.shift();
    if (!task) return;
    this.#underWay = task;
    this.#thread!.ref();
    this.#thread!.postMessage(task.job);
    task.onTurn();
  }

  #finish(outcome: Outcome): void {
    const task = this.#underWay;
    this.#underWay = undefined;
    this.#thread?.unref();
    if (!task) return;
    switch (outcome.kind) {
      case 'planned':
        task.resolve({ ...outcome.planned, text: bufferOf(outcome.planned.text) });
        break;
      case 'refused':
        task.reject(new PlanRefusal(outcome.code, outcome.facts));
        break;
      case 'not-yet-there':
        task.reject(new NotYetThere(outcome.asked, outcome.position));
        break;
      case 'failed': {
        // A solver that has thrown is broken for good: so the thread is not used again.
        const error = new Error(outcome.message);
        if (outcome.stack !== undefined) error.stack = outcome.stack;
        task.reject(error);
        this.#replace();
      }
    }
  }

  #cancel(task: Task): void {
    const place = this.#waiting.indexOf(task);
    if (place >= 0) this.#waiting.splice(place, 1);
    else if (this.#underWay === task) this.#replace();
    else return;
    task.reject(new PlanCancelled('it was cancelled'));
  }

  #replace(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#underWay = undefined;
    void thread?.terminate();
    this.start();
  }

  /** A plan whose thread died is begun again once; if that kills the next thread too, it is the plan's fault. */
  #afterDeath(death: unknown): void {
    this.options.report(death, 'the planning thread ended unexpectedly; starting another one');
    const task = this.#underWay;
    this.#thread = undefined;
    this.#underWay = undefined;
    if (task) {
      task.deaths += 1;
      if (task.deaths < 2) this.#waiting.unshift(task);
      else task.reject(death instanceof Error ? death : new Error('the planning thread ended over this plan'));
    }
    // A thread that can't start must not be started a thousand times a second.
    setTimeout(
      () => {
        this.start();
      },
      task ? 0 : pauseAfterDeathMs,
    ).unref();
  }
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
