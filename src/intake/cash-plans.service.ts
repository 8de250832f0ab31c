import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import { reject } from '../domain/rejection.js';
import { EventLog } from '../event-log/event-log.js';
import { KeyReused } from '../event-log/ledger-writer.js';
import { uuidv7 } from '../event-log/uuid.js';
import { Adopter } from '../planning/adopter.js';
import type { Job, Planned } from '../planning/job.js';
import { unpack } from '../planning/packed.js';
import { type JobStatus, PlanJobs, type StandingJob } from '../planning/plan-jobs.js';
import { PlanCancelled, Planner, PlannerStopped } from '../planning/planner.js';
import { ReportReader } from '../reports/as-of.js';
import type { Call } from './call.js';
import { translated } from './cash-plans.problems.js';
import { CommandDesk } from './command-desk.js';
import { answerOf, type Sendable } from './idempotency.js';
import { type AskedPlan, toPlanRequest } from './plan-request.js';
import { isPassing, type PlanOrder, PlanRuns } from './plan-runs.js';
import { Problem } from './problems.js';
import { planResource, RecordedPlans } from './recorded-plans.js';

/** What a request is waited for before it is answered with 202. */
const patienceMs = 2_000;
const lookMs = 100;

/** Where a plan stands that is not recorded. */
export interface Progress {
  readonly id: string;
  readonly status: 'queued' | 'running' | 'failed' | 'cancelled';
  readonly problem?: object;
}

/** Proposes plans and adopts them. What takes long goes on when the request has been answered. */
@Injectable()
export class CashPlans {
  constructor(
    private readonly desk: CommandDesk,
    private readonly log: EventLog,
    private readonly plans: RecordedPlans,
    private readonly moments: ReportReader,
    private readonly planner: Planner,
    private readonly adopter: Adopter,
    private readonly jobs: PlanJobs,
    private readonly runs: PlanRuns,
  ) {}

  /**
   * Makes a plan and records it.
   *
   * @param request in the form of `planRequestOf`
   * @returns the answer; how far it is if that takes longer than two seconds
   */
  async propose(call: Call, id: string | undefined, request: AskedPlan): Promise<Sendable<Buffer> | Progress> {
    const deadline = performance.now() + patienceMs;
    const replayed = await this.#replay(call);
    if (replayed) return replayed;
    const repeated = id === undefined ? undefined : await this.runs.repeat(call, id, request);
    if (repeated) return repeated;
    const { job, isOurs } = await this.#onTheList(call, id, request);
    const running = isOurs ? this.runs.begin(job) : this.runs.find(job);
    return (running && (await this.#await(running, job, deadline))) ?? this.#watch(call, request, job, deadline);
  }

  /** Makes a plan and records nothing, unless the one who asks leaves before it is done. @throws {Rejection | Problem} */
  async compute({ reply: { raw } }: Pick<Call, 'reply'>, job: Job): Promise<Planned> {
    try {
      const planning = this.planner.plan(job);
      const leave = (): void => {
        planning.cancel();
      };
      if (raw.closed) leave();
      else raw.once('close', leave);
      return await planning.planned;
    } catch (error) {
      throw translated(error);
    }
  }

  /**
   * The moment that a request speaks of: by default everything recorded so far, for which it waits, and never less.
   *
   * @throws {NotYetThere} if the books don't go that far within 5 seconds
   */
  async moment(ledgerId: string, { asOf, knownAtPosition }: AskedPlan): Promise<Job['moment']> {
    const position = knownAtPosition ?? (await this.log.head(ledgerId))?.position;
    return this.moments.momentOf(ledgerId, {
      ...(asOf !== undefined && { asOf }),
      ...(position !== undefined && { knownAtPosition: String(position) }),
    });
  }

  /** A plan that is not recorded (yet). */
  async progress(ledgerId: string, id: string): Promise<Progress | undefined> {
    const job = await this.jobs.find(ledgerId, id);
    return job && progressOf(job);
  }

  /** @throws {Problem | Rejection} if there is nothing to cancel */
  async cancel(ledgerId: string, id: string): Promise<Progress> {
    if (await this.jobs.cancel(ledgerId, id)) {
      this.runs.cancel(ledgerId, id);
      return { id, status: 'cancelled' };
    }
    const known = (await this.jobs.find(ledgerId, id)) ?? (await this.plans.find(ledgerId, id));
    if (!known) throw new Problem('not-found', `This ledger has no plan ${id}.`);
    return reject('not-running', `Plan ${id} is not being computed: there is nothing to cancel.`);
  }

  /**
   * Adopts a plan.
   *
   * @throws {Problem | Rejection | KeyReused | Contended | OutcomeUnknown}
   */
  async adopt(
    call: Call,
    planId: string,
    { reason, on }: { readonly reason?: string; readonly on?: string },
  ): Promise<Sendable<string | Buffer>> {
    const replayed = await this.desk.replay(call);
    if (replayed) return replayed;
    const { ledgerId, actor, key } = call;
    const requestHash = key === undefined ? '' : await this.desk.print(call);
    const origin = { actor, key, requestHash, correlationId: uuidv7(), nowMs: Date.now() };
    const wanted = { ...(reason !== undefined && { reason }), ...(on !== undefined && { on }) };
    const { receipt, replayed: again, body } = await this.adopter.adopt({ ledgerId, planId, ...wanted, ...origin });
    return { ...answerOf(ledgerId, { receipt, replayed: again }), body };
  }

  /** What came of an adoption, as JSON. @throws {Rejection} `not-found` */
  adoption(ledgerId: string, planId: string): Promise<Buffer> {
    return this.adopter.show({ ledgerId, planId });
  }

  /** What was answered before to a request with this key: the head was kept for it, and the text is in the log. */
  async #replay(call: Call): Promise<Sendable<Buffer> | undefined> {
    const kept = await this.desk.replay(call);
    if (!kept) return undefined;
    const { id } = JSON.parse(kept.body) as { id: string };
    const { data } = (await this.plans.find(call.ledgerId, id))!;
    return { ...kept, body: planResource(kept.body, await unpack(data.plan)) };
  }

  /** Puts a request on the list of plans under way, or finds the same one there. */
  async #onTheList(
    call: Call,
    id: string | undefined,
    request: AskedPlan,
  ): Promise<{ job: PlanJobLike; isOurs: boolean }> {
    const { ledgerId, actor, key, method, path, body } = call;
    const print = await this.desk.print(call);
    const planId = id ?? uuidv7();
    const earlier = id === undefined ? undefined : await this.jobs.find(ledgerId, planId);
    if (earlier && isUnderWay(earlier)) return { job: await this.#same(earlier, request, print, key), isOurs: false };
    const order: PlanOrder = {
      call: { ledgerId, actor, key, method, path, body },
      request,
      moment: await this.moment(ledgerId, request),
    };
    const job = { ledgerId, planId, content: JSON.stringify(order) };
    const other = await this.jobs.begin(job, print, key);
    return other ? { job: await this.#same(other, request, print, key), isOurs: false } : { job, isOurs: true };
  }

  /**
   * As the rules have it once the plan is recorded (`ProposeCashPlan`).
   *
   * @throws {Rejection | KeyReused} if the plan under way is of another request
   */
  async #same(other: StandingJob, request: AskedPlan, print: string, key: string | undefined): Promise<StandingJob> {
    if (other.requestPrint === print) return other;
    if (key !== undefined && other.requestKey === key) throw new KeyReused();
    const { request: asked, moment } = JSON.parse(other.content) as PlanOrder;
    const isSame =
      asked.currency === request.currency &&
      isDeepStrictEqual(toPlanRequest(asked), toPlanRequest(request)) &&
      // Where the other left out what this one names, it has to be what that came to.
      [asked.knownAtPosition, moment.position].includes(request.knownAtPosition) &&
      ([asked.asOf, moment.asOf].includes(request.asOf) ||
        (request.asOf === undefined && asked.asOf === (await this.moments.today(other.ledgerId))));
    if (isSame) return other;
    const { planId: id } = other;
    return reject('id-already-used', `Plan ${id} is being made of another request; choose another id.`, { id });
  }

  /** @returns undefined if the list tells how far it is */
  async #await(
    running: Promise<Sendable<Buffer>>,
    job: PlanJobLike,
    deadline: number,
  ): Promise<Sendable<Buffer> | Progress | undefined> {
    try {
      const patience = sleep(Math.max(0, deadline - performance.now()), undefined, { ref: false });
      return await Promise.race([running, patience]);
    } catch (error) {
      // Another instance takes it over, or this one when it is back.
      if (error instanceof PlannerStopped) return { id: job.planId, status: 'queued' };
      if (error instanceof PlanCancelled || isPassing(error)) return undefined;
      throw translated(error);
    }
  }

  /** Waits for a plan that another instance makes, or is to make. */
  async #watch(
    call: Call,
    request: AskedPlan,
    { ledgerId, planId, content }: PlanJobLike,
    deadline: number,
  ): Promise<Sendable<Buffer> | Progress> {
    for (;;) {
      const job = await this.jobs.find(ledgerId, planId);
      // It is recorded: the same request once more is a repeat.
      if (!job) return this.propose(call, planId, request);
      // One that is made of another request has come in its place.
      if (job.status === 'cancelled' || job.content !== content) throw translated(new PlanCancelled());
      const progress = progressOf(job);
      if (progress.problem) return problemAnswer(progress.problem as { status: number });
      if (performance.now() > deadline) return progress;
      await sleep(lookMs);
    }
  }
}

/** What another instance would have answered. */
const problemAnswer = (problem: { readonly status: number }): Sendable<Buffer> => ({
  status: problem.status,
  headers: { 'Content-Type': 'application/problem+json' },
  body: Buffer.from(JSON.stringify(problem)),
});

type PlanJobLike = Pick<StandingJob, 'ledgerId' | 'planId' | 'content'>;

const underWay: readonly JobStatus[] = ['queued', 'running', 'recording'];
const isUnderWay = ({ status }: StandingJob): boolean => underWay.includes(status);

const progressOf = ({ planId: id, status, problem }: StandingJob): Progress => ({
  id,
  status: status === 'recording' ? 'running' : status,
  ...(problem !== undefined && { problem: JSON.parse(problem) as object }),
});
