import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type PlanAnswer, type PlanInput, PlanRefusal } from '../cash-priority/model.js';
import type { AdoptCashPlan, CashPlan } from '../domain/cash-plan.js';
import type { DataOf, RecordedEvent } from '../domain/events.js';
import { reject, rejectMalformed } from '../domain/rejection.js';
import { EventLog } from '../event-log/event-log.js';
import { uuidv7 } from '../event-log/uuid.js';
import { documentIdOf } from '../planning/inputs.js';
import type { Job, Planned } from '../planning/job.js';
import { unpack } from '../planning/packed.js';
import { PlanCancelled, Planner, PlannerBusy, PlannerStopped, type Planning } from '../planning/planner.js';
import { ReportReader } from '../reports/as-of.js';
import { KeyReused } from '../event-log/ledger-writer.js';
import type { Call } from './call.js';
import { type CashPlanBody, toPlanRequest } from './cash-plans.dto.js';
import { CommandDesk, type Render } from './command-desk.js';
import type { Sendable } from './idempotency.js';
import { answerTo } from './problem.filter.js';
import { Problem } from './problems.js';
import type { Plain } from './plain.js';

/** What a request is waited for before it is answered with 202. */
const patienceMs = 2_000;
const keptMs = 3_600_000;

/** A plan that is being computed for a request, or was and came to nothing. */
interface Pending {
  readonly ledgerId: string;
  readonly id: string;
  readonly print: string;
  readonly key: string | undefined;
  /** Once it is being recorded, nothing can take it back. */
  status: 'waiting' | 'recording' | 'failed' | 'cancelled';
  problem?: object;
  planning?: Planning;
  done?: Promise<Sendable>;
}

/** Where a plan stands that is not recorded. */
export interface Progress {
  readonly id: string;
  readonly status: 'queued' | 'running' | 'failed' | 'cancelled';
  readonly problem?: object;
}

/** Proposes plans and adopts them. What takes long goes on when the request has been answered. */
@Injectable()
export class CashPlans implements OnModuleDestroy {
  readonly #logger = new Logger('Plans');
  readonly #pending = new LRUCache<string, Pending>({ max: 1_000, ttl: keptMs });
  readonly #underWay = new Map<string, Pending>();

  constructor(
    private readonly desk: CommandDesk,
    private readonly log: EventLog,
    private readonly moments: ReportReader,
    private readonly planner: Planner,
  ) {}

  /** Whoever waits for a plan is told that it will not come, before the server waits for them. */
  async onModuleDestroy(): Promise<void> {
    await this.planner.stop();
  }

  /**
   * Makes a plan and records it.
   *
   * @returns the answer; how far it is if that takes longer than two seconds
   */
  async propose(call: Call, body: Plain<CashPlanBody>): Promise<Sendable | Progress> {
    const replayed = await this.desk.replay(call);
    if (replayed) return replayed;
    const print = await this.desk.print(call);
    const under = this.#sameUnderWay(call, body.id, print);
    const pending = under ?? this.#begin(call, body, print);
    const answer = await Promise.race([pending.done, sleep(patienceMs, undefined, { ref: false })]);
    return answer ?? progressOf(pending);
  }

  /** Makes a plan and records nothing. @throws {Rejection | Problem} */
  async compute(job: Job): Promise<Planned> {
    try {
      return await this.#plan(job).planned;
    } catch (error) {
      throw translated(error);
    }
  }

  /** The moment that a request speaks of. */
  moment(ledgerId: string, { asOf, knownAtPosition }: Plain<CashPlanBody>): Promise<Job['moment']> {
    return this.moments.momentOf(ledgerId, {
      ...(asOf !== undefined && { asOf }),
      ...(knownAtPosition !== undefined && { knownAtPosition: String(knownAtPosition) }),
    });
  }

  /** A plan that is not recorded (yet). */
  progress(ledgerId: string, id: string): Progress | undefined {
    const pending = this.#pending.get(`${ledgerId}/${id}`);
    return pending && progressOf(pending);
  }

  /** @throws {Problem | Rejection} if there is nothing to cancel */
  async cancel(ledgerId: string, id: string): Promise<Progress> {
    const pending = this.#underWay.get(`${ledgerId}/${id}`);
    if (pending?.status === 'waiting') {
      pending.status = 'cancelled';
      pending.planning?.cancel();
      return progressOf(pending);
    }
    const known = this.progress(ledgerId, id) ?? (await this.recorded(ledgerId, id));
    if (!known) throw new Problem('not-found', `This ledger has no plan ${id}.`);
    return reject('not-running', `Plan ${id} is not being computed: there is nothing to cancel.`);
  }

  /** A plan as it was recorded, with its text. */
  async recorded(
    ledgerId: string,
    id: string,
  ): Promise<{ document: CashPlan; data: DataOf<'CashPlanProposed'>; history: RecordedEvent[] } | undefined> {
    const found = await this.log.document(ledgerId, `plan/${id}`);
    const proposed = found?.history.find((event) => event.type === 'CashPlanProposed');
    return found && proposed ? { ...found, data: proposed.data } : undefined;
  }

  /** Gives an order to adopt a plan, made from what was recorded. @throws {Problem} `not-found` */
  async adoption(
    ledgerId: string,
    id: string,
    { reason, on }: { readonly reason?: string; readonly on?: string },
  ): Promise<{ command: AdoptCashPlan; answer: PlanAnswer }> {
    const plan = await this.recorded(ledgerId, id);
    if (!plan) throw new Problem('not-found', `This ledger has no plan ${id}.`);
    const input = JSON.parse(await unpack(plan.data.inputs)) as PlanInput;
    const answer = JSON.parse(await unpack(plan.data.plan)) as PlanAnswer;
    return {
      answer,
      command: {
        type: 'AdoptCashPlan',
        planId: id,
        reason: reason ?? `Cash plan ${id}`,
        ...(on !== undefined && { on }),
        items: itemsToAdopt(input, answer),
        expected: input.items.filter(({ kind }) => kind === 'expected').map(({ itemId }) => documentIdOf(itemId)),
      },
    };
  }

  /** The same request, sent again while it is under way, waits for the same plan. */
  #sameUnderWay(call: Call, id: string | undefined, print: string): Pending | undefined {
    for (const pending of this.#underWay.values()) {
      if (pending.ledgerId !== call.ledgerId) continue;
      const isIts = (call.key !== undefined && pending.key === call.key) || (id !== undefined && pending.id === id);
      if (!isIts) continue;
      if (pending.print === print) return pending;
      if (pending.key !== call.key || call.key === undefined) {
        return reject('id-already-used', `Plan ${pending.id} is being made of another request; choose another id.`, {
          id,
        });
      }
      throw new KeyReused();
    }
    return undefined;
  }

  #begin(call: Call, body: Plain<CashPlanBody>, print: string): Pending {
    const id = body.id ?? uuidv7();
    const name = `${call.ledgerId}/${id}`;
    const pending: Pending = { ledgerId: call.ledgerId, id, print, key: call.key, status: 'waiting' };
    pending.done = this.#makeAndRecord(call, id, body, pending)
      .then((answer) => {
        // From now on the log has it.
        this.#pending.delete(name);
        return answer;
      })
      .catch((error: unknown) => {
        const { problem, isOurFault } = problemOf(error, `${call.path}/${id}`);
        if (pending.status !== 'cancelled') pending.status = 'failed';
        pending.problem = problem;
        if (isOurFault) this.#logger.error(`plan ${id} failed`, error instanceof Error ? error.stack : String(error));
        throw error;
      })
      .finally(() => {
        if (this.#underWay.get(name) === pending) this.#underWay.delete(name);
      });
    // It may fail when nobody waits for it any more.
    pending.done.catch(() => undefined);
    this.#underWay.set(name, pending);
    this.#pending.set(name, pending);
    return pending;
  }

  async #makeAndRecord(call: Call, id: string, body: Plain<CashPlanBody>, pending: Pending): Promise<Sendable> {
    const { id: _, ...request } = body;
    const earlier = await this.recorded(call.ledgerId, id);
    let text: string;
    let plan: Omit<DataOf<'CashPlanProposed'>, 'planId'>;
    if (earlier) {
      // Nothing is to be computed: it is a repeat, or the id is used.
      text = await unpack(earlier.data.plan);
      plan = earlier.data;
    } else {
      const moment = await this.moment(call.ledgerId, body);
      mustGoOn(pending);
      pending.planning = this.#plan({
        moment,
        currency: body.currency,
        request: toPlanRequest(body),
        form: 'recorded',
      });
      const planned = await pending.planning.planned.catch((error: unknown) => {
        throw translated(error);
      });
      mustGoOn(pending);
      text = planned.text;
      plan = planned.recorded!;
    }
    pending.status = 'recording';
    let other: CashPlan | undefined;
    const render: Render<CashPlan> = (document) => {
      // Somebody else has recorded a plan under this id meanwhile, for the same request.
      if (document.facts.planHash !== plan.planHash) other = document;
      return { location: `/cash-plans/${id}`, resource: planResource(document, text) };
    };
    const answer = await this.desk.answer(call, { type: 'ProposeCashPlan', id, request, plan }, render);
    if (!other) return answer;
    const theirs = (await this.recorded(call.ledgerId, id))!;
    return { ...answer, body: planResource(theirs.document, await unpack(theirs.data.plan)) };
  }

  #plan(job: Job): Planning {
    try {
      return this.planner.plan(job);
    } catch (error) {
      throw translated(error);
    }
  }
}

/** @throws {Problem} if it was cancelled while nothing could be ended */
const mustGoOn = (pending: Pending): void => {
  if (pending.status === 'cancelled') throw translated(new PlanCancelled());
};

const progressOf = ({ id, status, problem, planning }: Pending): Progress => {
  switch (status) {
    case 'failed':
      return { id, status, ...(problem && { problem }) };
    case 'cancelled':
      return { id, status };
    case 'waiting':
      return { id, status: planning?.isUnderWay() ? 'running' : 'queued' };
    case 'recording':
      return { id, status: 'running' };
  }
};

/** A plan as JSON: what it is called and how it stands, before the text that was recorded, which stays as it is. */
export const planResource = ({ facts, adopted }: CashPlan, text: string): string => {
  const { planId, planHash } = facts;
  const head = {
    id: planId,
    status: adopted ? 'adopted' : 'proposed',
    planHash,
    ...(adopted && { adoption: adoptionOf(adopted) }),
  };
  return `${JSON.stringify(head).slice(0, -1)},${text.slice(1)}`;
};

export const adoptionOf = ({ planId: _, ...adoption }: DataOf<'CashPlanAdopted'>): object => adoption;

const itemsToAdopt = (input: PlanInput, answer: PlanAnswer): AdoptCashPlan['items'] => {
  const decisions = new Map(answer.decisions.map((decision) => [decision.itemId, decision]));
  return input.items.flatMap((item) => {
    const decision = decisions.get(item.itemId);
    if (item.kind === 'expected' || !decision) return [];
    const { offerId } = decision;
    const offer = offerId === undefined ? undefined : item.offers?.find(({ id }) => id === offerId);
    const parts =
      decision.decision === 'blocked'
        ? []
        : offer
          ? offer.schedule
          : [
              ...decision.payments,
              ...(/[1-9]/.test(decision.unpaid) ? [{ on: answer.horizonEnd, amount: decision.unpaid }] : []),
            ];
    return [
      {
        itemId: item.itemId,
        name: `${item.kind}/${documentIdOf(item.itemId)}`,
        held: item.hold !== undefined,
        instalments: item.instalments,
        parts: parts.map(({ on, amount }) => ({ id: uuidv7(), on, amount })),
        ...(offer && { offer: { id: offer.id, cost: offer.cost, chargeId: uuidv7() } }),
      },
    ];
  });
};

/** What the engine refuses, in the words of the API. */
const refusal = ({ code, facts }: PlanRefusal): unknown => {
  const told = JSON.stringify(facts);
  const said = (f: () => never): unknown => {
    try {
      return f();
    } catch (error) {
      return error;
    }
  };
  switch (code) {
    case 'no-cash-balance':
      return said(() =>
        reject(
          code,
          `State a balance in ${String(facts.currency)} on or before ${String(facts.asOf)} first: POST …/cash/balances.`,
          facts,
        ),
      );
    case 'unknown-item':
      return said(() =>
        reject(
          code,
          `${String(facts.itemId)} is not open on the day of the plan in its currency: correct require or forbid.`,
          facts,
        ),
      );
    case 'required-item-blocked':
      return said(() =>
        reject(
          code,
          `${String(facts.itemId)} is on hold, in dispute or forbidden: release it, or do not require it.`,
          facts,
        ),
      );
    case 'required-before-first-run':
      return said(() =>
        reject(code, `No payment run is on or before the day by which ${String(facts.itemId)} is required.`, facts),
      );
    case 'too-many-bills':
      return new Problem(
        'payload-too-large',
        `A plan takes at most ${String(facts.limit)} bills; ${String(facts.bills)} are open.`,
        facts,
      );
    case 'runs-out-of-order':
      return said(() =>
        rejectMalformed([{ pointer: '/runs', detail: 'must be in order, each day once, none before asOf' }]),
      );
    case 'too-many-runs':
      return said(() => rejectMalformed([{ pointer: '/runs', detail: `must be fewer (${told})` }]));
    case 'horizon-too-short':
      return said(() =>
        rejectMalformed([{ pointer: '/horizonEnd', detail: 'must not be before the last payment run' }]),
      );
  }
};

const translated = (error: unknown): unknown => {
  if (error instanceof PlanRefusal) return refusal(error);
  if (error instanceof PlanCancelled) return new Problem('plan-cancelled', 'It was cancelled; nothing was recorded.');
  if (error instanceof PlannerStopped)
    return new Problem('unavailable', 'The server is stopping; nothing was recorded. Send it again in a moment.');
  if (error instanceof PlannerBusy)
    return new Problem('too-many-requests', 'As many plans wait as may: send it again in a moment.');
  return error;
};

const problemOf = (error: unknown, path: string): { problem: object; isOurFault: boolean } => {
  const { body, code } = answerTo(error, path);
  return { problem: JSON.parse(body) as object, isOurFault: code === 'internal-error' };
};
