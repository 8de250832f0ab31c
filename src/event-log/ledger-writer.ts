import { type Command, decide } from '../domain/decider.js';
import { dayIn, type LocalDate } from '../domain/calendar.js';
import { type Decision, Unloaded, type Warning, Working } from '../domain/decision.js';
import type { Document } from '../domain/documents.js';
import type { DocumentName, RecordedEvent } from '../domain/events.js';
import { noPolicy } from '../domain/policy.js';
import { reject, Rejection } from '../domain/rejection.js';
import type { DocumentsInMemory, Known } from './documents-in-memory.js';
import type { Entry, LogStore, Receipt, Verdict } from './log-store.js';
import { type Actor, fingerprint, restOfLine } from './record.js';

/** A command as it comes in, with everything that has to come from outside. */
export interface Request {
  readonly command: Command;
  readonly actor: Actor;
  /** The caller's key, if there is one. */
  readonly key: string | undefined;
  /** A print of the request, for its key; empty without one. */
  readonly requestHash: string;
  readonly correlationId: string;
  /** The id of the event that it follows from, if it is nobody's order. */
  readonly causationId?: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  /** Shows the document that the command is about, as JSON without what only the log knows. */
  readonly render: (document: Document, rendering: Rendering) => Rendered;
}
export interface Rendering {
  readonly today: LocalDate;
  readonly warnings: readonly Warning[];
  /** Another document, if it is in memory. */
  readonly beside: (name: DocumentName) => Document | undefined;
}
export interface Rendered {
  readonly location: string;
  readonly body: string;
}

export interface Answer {
  readonly receipt: Receipt;
  readonly replayed: boolean;
}

/** The key came before with another request. */
export class KeyReused extends Error {}
/** More waits than is let in; nothing was recorded. */
export class TooBusy extends Error {}
/** It could not be decided in time, since others kept changing the same documents; nothing was recorded. */
export class Contended extends Error {}
/** The answer of the database was lost: the command may be recorded or not. Repeating it with its key tells. */
export class OutcomeUnknown extends Error {}

/** Time and chance, handed in so that the writer can be simulated. */
export interface Timers {
  readonly nowMs: () => number;
  /** Runs a task once what is at hand has been taken in. */
  readonly soon: (task: () => void) => void;
  readonly sleep: (ms: number) => Promise<void>;
  /** At least 0, below 1. */
  readonly random: () => number;
  readonly uuid: () => string;
}

export interface Limits {
  readonly maxEventsPerBatch: number;
  readonly maxBytesPerBatch: number;
  readonly maxEventsPerCommand: number;
  /** Commands that may wait at a time. */
  readonly maxWaiting: number;
  /** How long a command is decided again and again. */
  readonly decideMs: number;
  /** How long a batch whose answer was lost is sent again. */
  readonly resendMs: number;
}

export const defaultLimits: Limits = {
  maxEventsPerBatch: 1_000,
  maxBytesPerBatch: 1_048_576,
  maxEventsPerCommand: 25_000,
  maxWaiting: 10_000,
  decideMs: 10_000,
  resendMs: 15_000,
};

// How much later than it expires a batch is given up: two clocks don't part by more between two looks at the other one.
const marginMs = 250;

// Below this many commands a batch is not worth halving.
const smallBatch = 16;

// A round takes at least so long.
const hotPauseMs = 4;
const retryPauseMs = 8;

interface Task {
  readonly request: Request;
  startedMs: number;
  readonly eventIds: string[];
  /** What was loaded for it, whatever the cache throws out meanwhile. */
  readonly loaded: Map<DocumentName, Known>;
  attempts: number;
  /**
   * It gets a batch of its own: its batch failed as a whole, and so it spoils no neighbour, or is spoilt by none; or the log
   * has to look at what all others before it recorded.
   */
  alone: boolean;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/** A task that is decided and waits for its batch. */
interface Decided {
  readonly task: Task;
  /** Nothing but a confirmation is asked of the log where there are no events. */
  readonly decision: Pick<Decision, 'events' | 'claims' | 'contentHash' | 'unlessOnLines'>;
  readonly rendered: Rendered;
  /** The position to answer if there are no events. */
  readonly position: number;
  /** What the rules refused it for: answered once the log confirms what the refusal rests on. */
  readonly rejection: Rejection | undefined;
  readonly looked: Map<DocumentName, number>;
  /** Tasks, decided and not appended yet, on whose events it was decided. */
  readonly after: Set<unknown>;
  /** The ends of the events' lines. */
  readonly rests: readonly string[];
  readonly bytes: number;
}

/**
 * Decides the commands of one ledger on the documents in memory and appends them in batches: what comes in while one
 * batch is under way is decided meanwhile and forms the next one. So one round trip and one flush to disk carry many
 * commands, and there is never more than one batch of this ledger under way from this process.
 */
export class LedgerWriter {
  #waiting = 0;
  #decided: Decided[] = [];
  #underWay = false;
  #flushIsDue = false;
  /** While those whose documents were changed by others hold back. */
  #pause: Promise<void> | undefined;
  readonly #byKey = new Map<string, Promise<unknown>>();
  #toLoad = new Map<Task, readonly DocumentName[]>();

  constructor(
    private readonly ledgerId: string,
    private readonly store: LogStore,
    private readonly documents: DocumentsInMemory,
    private readonly timers: Timers,
    private readonly onAppended: (position: number) => void,
    private readonly limits: Limits = defaultLimits,
    private readonly rules: typeof decide = decide,
  ) {}

  /** Whether nothing waits and nothing is under way. */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  /**
   * Carries out a command: all of it or nothing.
   *
   * @throws {Rejection} if a rule refuses it
   * @throws {KeyReused | TooBusy | Contended | OutcomeUnknown}
   */
  async execute(request: Request): Promise<Answer> {
    if (this.#waiting >= this.limits.maxWaiting) throw new TooBusy();
    this.#waiting += 1;
    try {
      const { key } = request;
      if (key === undefined) return await this.#begin(request);
      // While the first request with a key is under way, the second waits; then the log tells what it is.
      for (let first = this.#byKey.get(key); first; first = this.#byKey.get(key)) await first;
      const outcome = this.#begin(request);
      const settled = outcome.then(
        () => undefined,
        () => undefined,
      );
      this.#byKey.set(key, settled);
      return await outcome.finally(() => this.#byKey.delete(key));
    } finally {
      this.#waiting -= 1;
    }
  }

  #begin(request: Request): Promise<Answer> {
    return new Promise((resolve, reject_) => {
      const fresh = { eventIds: [], loaded: new Map<DocumentName, Known>(), attempts: 0, alone: false };
      this.#attempt({ request, startedMs: this.timers.nowMs(), ...fresh, resolve, reject: reject_ });
    });
  }

  #attempt(task: Task): void {
    const view = this.documents.view(task.attempts === 0, task.loaded);
    const { command, actor, nowMs } = task.request;
    try {
      const ledger = view.find('ledger') as Extract<Document, { kind: 'ledger' }> | undefined;
      const opening = command.type === 'OpenLedger' ? command.timeZone : undefined;
      const timeZone = ledger?.facts.timeZone ?? opening ?? reject('not-found', `There is no ledger ${this.ledgerId}.`);
      const today = dayIn(timeZone, nowMs);
      const { closedThrough, policy = noPolicy } = ledger ?? {};
      const working = new Working(view, { today, closedThrough, policy, actor, fingerprint });
      const decision = this.rules(command, working);
      if (decision.events.length > this.limits.maxEventsPerCommand) {
        reject('malformed', `One command may make at most ${this.limits.maxEventsPerCommand} events; divide it.`, {
          errors: [],
        });
      }
      if (decision.events.length === 0 && this.documents.isAhead(decision.subject)) {
        // It repeats a command that is about to be appended: once that is so, its position is known.
        this.timers.soon(() => void this.timers.sleep(1).then(() => this.#attempt(task)));
        return;
      }
      this.#accept(task, decision, view, today);
    } catch (error) {
      if (error instanceof Unloaded) this.#load(task, error.names);
      else if (error instanceof Rejection) this.#refuse(task, error, view);
      else task.reject(error);
    }
  }

  #accept(task: Task, decision: Decision, view: ReturnType<DocumentsInMemory['view']>, today: LocalDate): void {
    const { events, subject, warnings, contentHash, changed, repeatsLast } = decision;
    const { actor, correlationId, render } = task.request;
    // Whatever can throw comes before the documents in memory are changed.
    const beside = (name: DocumentName): Document | undefined =>
      changed.get(name) ?? this.documents.latest(name) ?? task.loaded.get(name)?.document;
    const document = beside(subject)!;
    const rendered = render(document, { today, warnings, beside });
    while (task.eventIds.length < events.length) task.eventIds.push(this.timers.uuid());
    const rests = restsOf(task.request, decision);
    if (decision.unlessOnLines) task.alone = true;
    this.documents.anticipate(task, decision, { correlationId, contentHash, by: actor.id }, task.loaded);
    this.#queue({
      task,
      decision,
      rendered,
      position:
        events.length > 0 ? 0 : ((repeatsLast ? view.looked.get(subject) : undefined) ?? document.made.position),
      rejection: undefined,
      looked: view.looked,
      after: view.after,
      rests,
      bytes: rests.reduce((bytes, rest) => bytes + rest.length, rendered.body.length),
    });
  }

  /** A refusal is answered only when the log has confirmed the history that it rests on, and that the key is new. */
  #refuse(task: Task, rejection: Rejection, { looked, after }: Pick<Decided, 'looked' | 'after'>): void {
    this.#queue({
      task,
      decision: { events: [], claims: [] },
      rendered: { location: '', body: '' },
      position: 0,
      rejection,
      looked,
      after,
      rests: [],
      bytes: 0,
    });
  }

  #queue(decided: Decided): void {
    this.#decided.push(decided);
    this.#flushSoon();
  }

  async #retry(task: Task): Promise<void> {
    task.attempts += 1;
    task.loaded.clear();
    if (this.timers.nowMs() - task.startedMs > this.limits.decideMs) throw new Contended();
    // From the third time on after a random pause, so that two instances on one hot document don't keep colliding: one
    // pause for all that wait, so that they form one batch again and not many small ones that all come too late.
    if (task.attempts > 2) {
      this.#pause ??= this.timers.sleep(this.timers.random() * retryPauseMs).finally(() => {
        this.#pause = undefined;
      });
      await this.#pause;
    }
    this.#attempt(task);
  }

  /** Loads documents for all tasks that wait for some, in one go, and decides these again. */
  #load(task: Task, names: readonly DocumentName[]): void {
    if (this.#toLoad.size === 0) this.timers.soon(() => void this.#loadNow());
    this.#toLoad.set(task, names);
  }

  async #loadNow(): Promise<void> {
    const waiting = this.#toLoad;
    this.#toLoad = new Map();
    try {
      const wanted = [...new Set([...waiting.values()].flat())];
      const known = await this.store.load(this.ledgerId, wanted, this.documents.outdated(wanted));
      for (const [name, document] of known) this.documents.learn(name, document);
      for (const [task, names] of waiting) {
        for (const name of names) task.loaded.set(name, known.get(name)!);
        this.#attempt(task);
      }
    } catch (error) {
      for (const task of waiting.keys()) {
        const giveUp = !isConnectionLoss(error) || this.timers.nowMs() - task.startedMs > this.limits.decideMs;
        if (giveUp) task.reject(error);
        else void this.timers.sleep(100).then(() => this.#attempt(task));
      }
    }
  }

  #flushSoon(): void {
    if (this.#underWay || this.#flushIsDue) return;
    this.#flushIsDue = true;
    this.timers.soon(() => {
      this.#flushIsDue = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#underWay) return;
    this.#underWay = true;
    let answer: () => void = () => undefined;
    try {
      // Those who wait for one batch are answered while the next one is under way, so that neither side waits for the
      // other: the callers' next commands are taken in and decided meanwhile.
      while (this.#decided.length > 0) {
        const batch = this.#takeBatch();
        const isHot = batch.some(({ after }) => after.size > 0);
        const sentMs = this.timers.nowMs();
        answer = await this.#send(batch, answer);
        if (!isHot) continue;
        // Many commands on one document: if another instance has some too, it gets in only while we hold back for about
        // as long as one round takes, since what it decided before our batch it has to read and decide again.
        answer();
        answer = () => undefined;
        await this.timers.sleep(this.timers.random() * 2 * Math.max(hotPauseMs, this.timers.nowMs() - sentMs));
      }
    } finally {
      this.#underWay = false;
      answer();
    }
  }

  /** At most half of all that wait, where they are many: the other half is decided while this one is under way. */
  #takeBatch(): Decided[] {
    const most = Math.max(smallBatch, Math.ceil(this.#waiting / 2));
    let events = 0;
    let bytes = 0;
    if (this.#decided[0]?.task.alone) return this.#decided.splice(0, 1);
    const cut = this.#decided.findIndex((decided, i) => {
      events += decided.decision.events.length;
      bytes += decided.bytes;
      if (decided.task.alone) return true;
      return i > 0 && (i >= most || events > this.limits.maxEventsPerBatch || bytes > this.limits.maxBytesPerBatch);
    });
    return this.#decided.splice(0, cut < 0 ? this.#decided.length : cut);
  }

  /**
   * Sends a batch and takes in its verdicts.
   *
   * @param meanwhile done as soon as the batch is under way
   * @returns what is left to do: answering those whose commands are appended
   */
  async #send(batch: readonly Decided[], meanwhile: () => void = () => undefined): Promise<() => void> {
    const places = new Map<unknown, number>(batch.map(({ task }, i) => [task, i]));
    const sending = this.#append(batch.map((decided) => entryOf(decided, places)));
    meanwhile();
    let verdicts: Verdict[];
    try {
      verdicts = await sending;
    } catch (error) {
      this.documents.retreat();
      this.documents.forget(batch.flatMap(({ looked }) => [...looked.keys()]));
      const isUnknown = isUnknownLedger(error);
      this.#afterFailure(batch, isUnknown ? new Rejection('not-found', `There is no ledger ${this.ledgerId}.`) : error);
      return () => undefined;
    }
    const appended: [Decided, Receipt][] = [];
    const others: [Decided, Exclude<Verdict, { verdict: 'appended' }>][] = [];
    let last = 0;
    for (const [i, decided] of batch.entries()) {
      const verdict = verdicts[i]!;
      if (verdict.verdict === 'appended') {
        this.#confirm(decided, verdict);
        if (decided.decision.events.length > 0) last = Math.max(last, verdict.receipt.position);
        appended.push([decided, verdict.receipt]);
      } else {
        others.push([decided, verdict]);
      }
    }
    if (last > 0) this.onAppended(last);
    if (others.length > 0) {
      // What is decided by now may rest on commands that were not appended.
      const redecide = this.#decided.splice(0);
      this.documents.retreat();
      for (const [decided, verdict] of others) this.#judge(decided, verdict);
      for (const { task } of redecide) this.#attempt(task);
    }
    return () => {
      for (const [{ task, rejection }, receipt] of appended) {
        if (rejection) task.reject(rejection);
        else task.resolve({ receipt, replayed: false });
      }
    };
  }

  /**
   * Sends a batch, and again on another connection while the answer is lost. What got through first has taken effect, and
   * no sending does after the last one is given up: only then is its outcome said to be unknown.
   */
  async #append(entries: readonly Entry[]): Promise<Verdict[]> {
    const batchId = this.timers.uuid();
    const deadlineMs = this.timers.nowMs() + this.limits.resendMs;
    let expiresMs: number | undefined;
    let isLost = false;
    for (;;) {
      try {
        if (expiresMs === undefined) {
          const leftMs = deadlineMs - this.timers.nowMs();
          const clockMs = this.store.clockMs();
          expiresMs = (typeof clockMs === 'number' ? clockMs : await clockMs) + leftMs;
        }
        return await this.store.append(this.ledgerId, entries, { batchId, isAgain: isLost, expiresMs });
      } catch (error) {
        // Once an answer was lost, no other failure tells whether the batch is recorded, but that it came too late.
        if (isTooLate(error) || (!isConnectionLoss(error) && !isLost)) throw error;
        isLost = true;
        const leftMs = deadlineMs + marginMs - this.timers.nowMs();
        if (leftMs <= 0) throw new OutcomeUnknown('the database did not answer', { cause: error });
        await this.timers.sleep(Math.min(50 + this.timers.random() * 200, leftMs));
      }
    }
  }

  /** One command must not spoil its neighbours: what was in a batch that fails as such is decided and sent one by one. */
  #afterFailure(batch: readonly Decided[], error: unknown): void {
    const rest = this.#decided.splice(0);
    const isFinal = error instanceof OutcomeUnknown || error instanceof Rejection || batch.length === 1;
    for (const { task } of batch) {
      if (isTooLate(error)) {
        // It waited for the lock, and was not decided again and again.
        task.startedMs = this.timers.nowMs();
        this.#retrySoon(task);
      } else if (isFinal) {
        task.reject(error);
      } else {
        task.alone = true;
        this.#attempt(task);
      }
    }
    for (const { task } of rest) this.#attempt(task);
  }

  #retrySoon(task: Task): void {
    this.#retry(task).catch((error: unknown) => {
      task.reject(error);
    });
  }

  #confirm(decided: Decided, verdict: Extract<Verdict, { verdict: 'appended' }>): void {
    const { task, decision } = decided;
    const { actor, correlationId } = task.request;
    const { recordedAt } = verdict;
    const recorded = decision.events.map(({ type, effectiveOn, data }, n) => {
      const contentHash = n === 0 ? decision.contentHash : undefined;
      const position = verdict.firstPosition + n;
      return {
        type,
        effectiveOn,
        data,
        position,
        id: task.eventIds[n]!,
        recordedAt,
        actor,
        correlationId,
        contentHash,
      } as RecordedEvent;
    });
    const positions = this.documents.confirm(task, recorded);
    // What was decided on these events knows them, and at which positions they are now.
    for (const later of this.#decided) {
      if (!later.after.delete(task)) continue;
      for (const [name, position] of positions) if (later.looked.has(name)) later.looked.set(name, position);
    }
  }

  #judge(decided: Decided, verdict: Exclude<Verdict, { verdict: 'appended' }>): void {
    const { task, looked } = decided;
    switch (verdict.verdict) {
      case 'replayed':
        this.documents.forget(looked.keys());
        task.resolve({ receipt: verdict.receipt, replayed: true });
        break;
      case 'reused':
        task.reject(new KeyReused());
        break;
      case 'taken': {
        const invoiceId = verdict.by.slice(verdict.by.indexOf('/') + 1);
        const detail = `Invoice ${invoiceId} of this vendor has the same number in the same year; if this is another invoice, send allowDuplicate with a reason.`;
        task.reject(new Rejection('duplicate-invoice', detail, { invoiceId }));
        break;
      }
      case 'on-lines':
        this.#refuse(task, decided.decision.unlessOnLines!.refusal, decided);
        break;
      case 'conflict':
      case 'closed':
        this.documents.outdate(looked.keys());
        this.#retrySoon(task);
    }
  }
}

const restsOf = ({ actor, correlationId, causationId, key }: Request, { events, contentHash }: Decision): string[] =>
  events.map((event, n) =>
    restOfLine(event, {
      actor,
      correlationId,
      causationId,
      idempotencyKey: key,
      // Of the event that makes the document; what else the command does follows from it.
      contentHash: n === 0 ? contentHash : undefined,
    }),
  );

const entryOf = (
  { task, decision, rendered, position, rejection, looked, after, rests }: Decided,
  places: ReadonlyMap<unknown, number>,
): Entry => {
  const { key, requestHash } = task.request;
  return {
    key,
    requestHash,
    keep: rejection === undefined,
    status: 201,
    ...rendered,
    position,
    events: decision.events,
    eventIds: task.eventIds,
    rests,
    claims: decision.claims,
    unlessOnLines: decision.unlessOnLines,
    looked,
    after: [...after].map((earlier) => places.get(earlier)!),
  };
};

const isUnknownLedger = (error: unknown): boolean => (error as { code?: string }).code === 'DB404';

/** The batch has not taken effect, whenever it was sent, and will not any more. */
const isTooLate = (error: unknown): boolean => (error as { code?: string }).code === 'DB410';

/** Whether the connection failed and not the command: the answer is lost, and the same call may go through later. */
export const isConnectionLoss = (error: unknown): boolean => {
  const { code, message } = error as { code?: string; message?: string };
  if (code === undefined) return /connection|timeout/i.test(message ?? '');
  // 08 connection, 57P shutdown and start, 53 no resources, 40 rolled back, 25006 a standby that was the primary; and
  // what the system or TLS says of a socket.
  return /^(08|57P|53|40)|^25006$|^E(?!RR_)[A-Z_]+$|^ERR_(TLS|SSL|SOCKET|STREAM)/.test(code);
};
