import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { CashPlan } from '../domain/cash-plan.js';
import type { DataOf } from '../domain/events.js';
import { Contended, OutcomeUnknown, TooBusy } from '../event-log/ledger-writer.js';
import { type PlanJob, PlanJobs } from '../planning/plan-jobs.js';
import { unpack } from '../planning/packed.js';
import { PlanCancelled, Planner, PlannerBusy, PlannerStopped, type Planning } from '../planning/planner.js';
import type { Moment } from '../reports/as-of.js';
import type { Call } from './call.js';
import { translated } from './cash-plans.problems.js';
import { CommandDesk } from './command-desk.js';
import type { Sendable } from './idempotency.js';
import { type AskedPlan, toPlanRequest } from './plan-request.js';
import { answerTo } from './problem.filter.js';
import { Problem } from './problems.js';
import { planHead, planResource, RecordedPlans } from './recorded-plans.js';

/** What a plan is made of, so that any instance can make it: as it stands in the list of jobs, as JSON. */
export interface PlanOrder {
  readonly call: Pick<Call, 'actor' | 'key' | 'ledgerId' | 'method' | 'path' | 'body'>;
  readonly request: AskedPlan;
  readonly moment: Moment;
}

interface Run {
  readonly job: PlanJob;
  /** Whoever asked for it may have been told that it is on the list. */
  readonly isTakenOver: boolean;
  planning?: Planning;
  isCancelled: boolean;
  /** The log has a plan of this name already. */
  isRepeat: boolean;
  readonly done: Promise<Sendable<Buffer>>;
}

const beatMs = 1_000;
/** A plan that nobody waits for is taken over by whoever has this few. */
const fewRuns = 2;
/** So often a plan that is computed is brought to a ledger that others keep busy, after longer and longer pauses. */
const recordings = 4;
const pauseMs = 200;

/** Computes plans and records them: those asked for here, and those left behind by an instance that is gone. */
@Injectable()
export class PlanRuns implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger('Plans');
  readonly #runs = new Map<string, Run>();
  readonly #stopping = new AbortController();
  #beating: Promise<void> = Promise.resolve();

  constructor(
    private readonly desk: CommandDesk,
    private readonly recorded: RecordedPlans,
    private readonly planner: Planner,
    private readonly jobs: PlanJobs,
  ) {}

  onApplicationBootstrap(): void {
    this.#beating = this.#beat();
  }

  /** Whoever waits for a plan is told that it will not come from here, before the server waits for them. */
  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    await this.planner.stop();
    await Promise.allSettled([this.#beating, ...[...this.#runs.values()].map(({ done }) => done)]);
  }

  /**
   * Begins a job that this instance has just come to hold. What it has under way of the same name it has lost: that was
   * cancelled elsewhere, and may be another request.
   *
   * @returns the answer to whoever asked for it; rejects with {PlanCancelled} if it was cancelled or is not this
   * instance's any more, and with what `isPassing` if it is left to whoever takes it over
   */
  begin(job: PlanJob, isTakenOver = false): Promise<Sendable<Buffer>> {
    const name = nameOf(job);
    this.cancel(job.ledgerId, job.planId);
    const run = { job, isTakenOver, isCancelled: false, isRepeat: false } as { -readonly [K in keyof Run]: Run[K] };
    run.done = this.#make(run)
      .then(
        async (answer) => {
          // From now on the log has it. A row that stays finds that out when its lease is over.
          await this.jobs.remove(job).catch(() => undefined);
          return answer;
        },
        async (error: unknown) => {
          await this.#end(run, error);
          throw error;
        },
      )
      .finally(() => {
        if (this.#runs.get(name) === run) this.#runs.delete(name);
      });
    // It may fail when nobody waits for it any more.
    run.done.catch(() => undefined);
    this.#runs.set(name, run);
    return run.done;
  }

  /** Answers a request for a plan of this name that is recorded. @returns undefined if there is none */
  async repeat(call: Call, planId: string, request: AskedPlan): Promise<Sendable<Buffer> | undefined> {
    const { ledgerId } = call;
    const earlier = await this.recorded.find(ledgerId, planId);
    return earlier && this.#record({ ledgerId, planId }, call, request, earlier.data, await unpack(earlier.data.plan));
  }

  /** What this instance has under way of a job. */
  find(job: PlanJob): Promise<Sendable<Buffer>> | undefined {
    const run = this.#runs.get(nameOf(job));
    return run?.job.content === job.content ? run.done : undefined;
  }

  /** Stops computing what was cancelled. */
  cancel(ledgerId: string, planId: string): void {
    const run = this.#runs.get(nameOf({ ledgerId, planId }));
    if (!run) return;
    run.isCancelled = true;
    run.planning?.cancel();
  }

  async #make(run: Run): Promise<Sendable<Buffer>> {
    const { job } = run;
    const { call, request, moment } = JSON.parse(job.content) as PlanOrder;
    const earlier = await this.recorded.find(job.ledgerId, job.planId);
    run.isRepeat = earlier !== undefined;
    // Nothing is to be computed then: it is a repeat, or whoever had it before has recorded it.
    const { text, plan } = earlier
      ? { text: await unpack(earlier.data.plan), plan: earlier.data }
      : await this.#compute(run, moment, request);
    for (let attempt = 1; ; attempt += 1) {
      if (run.isCancelled || !(await this.jobs.mayRecord(job)))
        throw new PlanCancelled('it was cancelled, or taken over by another instance');
      try {
        return await this.#record(job, call, request, plan, text);
      } catch (error) {
        // Where others are in the way, what was computed is kept for a while: it would have to be computed again.
        if (attempt === recordings || !isCrowd(error)) throw error;
        await sleep(pauseMs * attempt, undefined, { signal: this.#stopping.signal }).catch(() => {
          throw error;
        });
      }
    }
  }

  async #compute(
    run: Run,
    moment: Moment,
    request: AskedPlan,
  ): Promise<{ text: Buffer; plan: Omit<DataOf<'CashPlanProposed'>, 'planId'> }> {
    if (run.isCancelled) throw new PlanCancelled('it was cancelled');
    const wanted = { moment, currency: request.currency, request: toPlanRequest(request), form: 'recorded' } as const;
    run.planning = this.planner.plan(wanted, () => {
      // Only for those who look: if it is not noted, it is computed all the same.
      this.jobs.run(run.job).catch(() => undefined);
    });
    const { text, recorded } = await run.planning.planned;
    return { text, plan: recorded! };
  }

  async #record(
    { ledgerId, planId }: Pick<PlanJob, 'ledgerId' | 'planId'>,
    call: PlanOrder['call'],
    request: AskedPlan,
    plan: Omit<DataOf<'CashPlanProposed'>, 'planId'>,
    text: Buffer,
  ): Promise<Sendable<Buffer>> {
    let planHash = plan.planHash;
    const answer = await this.desk.answer<CashPlan>(
      call,
      { type: 'ProposeCashPlan', id: planId, request: { ...request }, plan },
      (document) => {
        ({ planHash } = document.facts);
        return { location: `/cash-plans/${planId}`, resource: planHead(document) };
      },
    );
    // Somebody else may have recorded a plan under this id meanwhile, for the same request.
    const own = planHash === plan.planHash ? text : await this.#textOf(ledgerId, planId);
    return { ...answer, body: planResource(answer.body, own) };
  }

  async #textOf(ledgerId: string, planId: string): Promise<Buffer> {
    const theirs = await this.recorded.find(ledgerId, planId);
    if (!theirs) throw new Error(`plan ${planId} is recorded, and not there`);
    return unpack(theirs.data.plan);
  }

  async #end({ job, isTakenOver, isCancelled, isRepeat }: Run, error: unknown): Promise<void> {
    // What is known of it is in the list already, or the list is out of reach, and whoever takes it over finds out.
    if (isCancelled || error instanceof PlanCancelled || error instanceof OutcomeUnknown) return;
    try {
      // What is recorded is no failure, whatever else was asked for under its name.
      if (isRepeat) await this.jobs.remove(job);
      // Whoever has just asked is told to send it again.
      else if (error instanceof PlannerBusy) await (isTakenOver ? this.jobs.release(job) : this.jobs.remove(job));
      else if (isPassing(error)) await this.jobs.release(job);
      else await this.jobs.fail(job, this.#problemOf(job, translated(error)));
    } catch (failure) {
      this.#logger.warn(`plan ${job.planId}: how it ended could not be noted (${String(failure)})`);
    }
  }

  #problemOf({ ledgerId, planId }: PlanJob, error: unknown): object {
    const { body, code } = answerTo(error, `/v1/ledgers/${ledgerId}/cash-plans/${planId}`);
    if (code === 'internal-error')
      this.#logger.error(`plan ${planId} failed`, error instanceof Error ? error.stack : String(error));
    return JSON.parse(body) as object;
  }

  /** Every second: says what is under way here, hears what was cancelled elsewhere, and takes over what nobody has. */
  async #beat(): Promise<void> {
    const { signal } = this.#stopping;
    let beats = 0;
    while (!signal.aborted) {
      try {
        if (this.#runs.size > 0) await this.#hearOfCancelled();
        if (this.#runs.size < fewRuns)
          for (const job of await this.jobs.takeOver(fewRuns - this.#runs.size, givenUp)) void this.begin(job, true);
        if (beats++ % 60 === 0) await this.jobs.forget();
      } catch (error) {
        this.#logger.warn(`the list of plans could not be read; trying again (${String(error)})`);
      }
      await sleep(beatMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #hearOfCancelled(): Promise<void> {
    const before = [...this.#runs];
    const held = new Set((await this.jobs.renew(before.map(([, { job }]) => job))).map(nameOf));
    for (const [name, run] of before) {
      // One that has ended meanwhile has nothing to cancel.
      if (!held.has(name) && this.#runs.get(name) === run) this.cancel(run.job.ledgerId, run.job.planId);
    }
  }
}

/** Whether others were in the way of recording it. */
const isCrowd = (error: unknown): boolean => error instanceof TooBusy || error instanceof Contended;

/** Whether it is no fault of the plan's: it is computed and recorded later, here or elsewhere. */
export const isPassing = (error: unknown): boolean => error instanceof PlannerStopped || isCrowd(error);

const nameOf = ({ ledgerId, planId }: Pick<PlanJob, 'ledgerId' | 'planId'>): string => `${ledgerId}/${planId}`;

const givenUp = JSON.parse(
  answerTo(
    new Problem(
      'internal-error',
      'Computing this plan has ended the server three times: ask for fewer runs or scenarios.',
    ),
    '',
  ).body,
) as object;
