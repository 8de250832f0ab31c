import { performance } from 'node:perf_hooks';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { takingTurns } from '../database/turns.js';
import type { Claim, UnlessOnLines } from '../domain/decision.js';
import { type ApEvent, documentsOf, type DocumentName, type RecordedEvent, streamOf } from '../domain/events.js';
import { evolve } from '../domain/documents.js';
import type { Known } from './documents-in-memory.js';
import { bigintArray, integerArray, smallintArray, textArray } from './binary-arrays.js';
import { readLine, versionOf } from './record.js';

/** What was answered to a command, as it is kept. */
export interface Receipt {
  readonly status: number;
  /** Path of the resource below the ledger, such as `/invoices/I1`. */
  readonly location: string;
  /** A JSON object without what only the log knows: the position and what it noticed. */
  readonly body: string;
  /** The last event of the command. */
  readonly position: number;
  /** Other documents that hold a value which this one claims too. */
  readonly notices: readonly Notice[];
}

export interface Notice {
  readonly value: string;
  readonly document: DocumentName;
}

/** A decided command, ready to be appended; without events only to be confirmed. */
export interface Entry {
  /** The caller's key, if there is one. */
  readonly key: string | undefined;
  readonly requestHash: string;
  /** Whether the answer is kept for its key. A refusal is not. */
  readonly keep: boolean;
  readonly status: number;
  readonly location: string;
  readonly body: string;
  /** The position to answer if there are no events. */
  readonly position: number;
  readonly events: readonly ApEvent[];
  readonly eventIds: readonly string[];
  /** The end of each event's line. */
  readonly rests: readonly string[];
  readonly claims: readonly Claim[];
  /** Where there is one, the entry is a batch of its own. */
  readonly unlessOnLines?: UnlessOnLines | undefined;
  /** The documents that it was decided on, with the last event of each that was known. */
  readonly looked: ReadonlyMap<DocumentName, number>;
  /** Places, in this batch, of the commands whose events it was decided on. */
  readonly after: readonly number[];
}

export type Verdict =
  | {
      readonly verdict: 'appended';
      readonly firstPosition: number;
      readonly recordedAt: string;
      readonly receipt: Receipt;
    }
  | { readonly verdict: 'replayed'; readonly receipt: Receipt }
  | { readonly verdict: 'reused' }
  | { readonly verdict: 'conflict' }
  | { readonly verdict: 'taken'; readonly by: DocumentName }
  | { readonly verdict: 'closed'; readonly through: string }
  | { readonly verdict: 'on-lines' };

/** One sending of a batch. */
export interface Sending {
  /** A UUID, the same each time that the batch is sent: it takes effect once. */
  readonly batchId: string;
  /** Whether it was sent before. Then no earlier sending can take effect any more, once this one is answered. */
  readonly isAgain: boolean;
  /** When it must not take effect any more, by the database's clock, in milliseconds since 1970: the same each time. */
  readonly expiresMs: number;
}

/** The log as the writer of one ledger needs it. */
export interface LogStore {
  append(ledgerId: string, batch: readonly Entry[], sending: Sending): Promise<Verdict[]>;
  /** What the database's clock says now, or a little less; as well as it can be told from ours for a minute. */
  clockMs(): number | Promise<number>;
  /** @param known what some of them were at some position: only what came after it has to be read */
  load(
    ledgerId: string,
    names: readonly DocumentName[],
    known?: ReadonlyMap<DocumentName, Known>,
  ): Promise<Map<DocumentName, Known>>;
}

interface ReceiptRow {
  status: number;
  location: string;
  body: string;
  last_position: string | number;
  notices: Notice[] | null;
}

/** What log.append says of a batch. */
interface BatchRow {
  first_position: string;
  recorded_at: string;
  /** The newest version of each stream before the batch, in the order in which they were sent; null of a batch that is known. */
  stream_versions: string[] | null;
  /** Of those commands that there is more to say of than that they are appended. */
  outcomes: Outcome[] | null;
  /** The database's clock. */
  clock_ms: string;
}
type Outcome = { readonly place: number } & (
  | ({ readonly verdict: 'replayed' } & ReceiptRow)
  | { readonly verdict: 'appended'; readonly notices: Notice[] }
  | { readonly verdict: 'reused' | 'conflict' | 'on-lines' }
  | { readonly verdict: 'taken' | 'closed'; readonly detail: string }
);

const receiptOf = ({ status, location, body, last_position, notices }: ReceiptRow): Receipt => ({
  status,
  location,
  body,
  position: Number(last_position),
  notices: notices ?? [],
});

const places = (count: number): string => Array.from({ length: count }, (_, i) => `$${i + 1}`).join(', ');

const appending = { name: 'append', text: `select * from log.append(${places(33)})` };
const appendingUnlessOnLines = {
  name: 'append-unless-on-lines',
  text: `select * from log.append_unless_on_lines(${places(36)})`,
};

/** The streams of one batch, each with how many events of it there are so far. */
class Streams {
  readonly names: string[] = [];
  readonly counts: number[] = [];
  readonly #places = new Map<string, number>();

  /** @returns the place of the stream among the names, from 1 on */
  count(stream: string): number {
    let place = this.#places.get(stream);
    if (place === undefined) {
      place = this.names.push(stream);
      this.counts.push(0);
      this.#places.set(stream, place);
    }
    this.counts[place - 1]! += 1;
    return place;
  }
}

/** The guards of one batch: documents that were not there and documents that were, each once. */
class Guards {
  readonly fresh: string[] = [];
  readonly known: string[] = [];
  readonly positions: number[] = [];
  readonly #places = new Map<string, number>();

  /** @returns the place of the guard, from 1 on; that of one on a known document is below zero */
  placeOf(document: string, position: number): number {
    if (position === 0) {
      let place = this.#places.get(document);
      if (place === undefined) this.#places.set(document, (place = this.fresh.push(document)));
      return place;
    }
    // Two commands may have known different events of one document.
    const key = `${position} ${document}`;
    let place = this.#places.get(key);
    if (place === undefined) {
      place = -this.known.push(document);
      this.positions.push(position);
      this.#places.set(key, place);
    }
    return place;
  }
}

/** What a claim does, as log.append has it. */
const kindOf = ({ exclusive, released }: Claim): number => (released ? 2 : exclusive ? 1 : 0);

/** A batch as the arguments of log.append from p_commands on, in their order. */
const columnsOf = (
  batch: readonly Entry[],
  streams: Streams,
  versionOfStream: (stream: string) => number,
): (string | Buffer)[] => {
  const guards = new Guards();
  const commands: [events: number, guards: number[], after: number[]][] = [];
  const keys = { command: [] as number[], entry: [] as Entry[], first: [] as number[], last: [] as number[] };
  const claims = { place: [] as number[], claim: [] as Claim[] };
  const events = { event: [] as ApEvent[], id: [] as string[], rest: [] as string[] };
  const places = { stream: [] as number[], nth: [] as number[] };
  const documents = { event: [] as number[], name: [] as string[] };
  for (const entry of batch) {
    const before = events.event.length;
    const needed: number[] = [];
    for (const [document, position] of entry.looked) needed.push(guards.placeOf(document, position));
    commands.push([entry.events.length, needed, entry.after.map((place) => place + 1)]);
    for (const claim of entry.claims) {
      claims.place.push(documents.name.length + 1);
      claims.claim.push(claim);
    }
    for (const [n, event] of entry.events.entries()) {
      events.event.push(event);
      events.id.push(entry.eventIds[n]!);
      events.rest.push(entry.rests[n]!);
      const stream = streams.count(streamOf(event));
      places.stream.push(stream);
      places.nth.push(streams.counts[stream - 1]!);
      for (const document of documentsOf(event)) {
        documents.event.push(events.event.length);
        documents.name.push(document);
      }
    }
    if (entry.key !== undefined) {
      keys.command.push(commands.length);
      keys.entry.push(entry);
      keys.first.push(entry.events.length > 0 ? before + 1 : 0);
      keys.last.push(entry.events.length > 0 ? events.event.length : 0);
    }
  }
  for (const [, needed] of commands) {
    for (const [i, place] of needed.entries()) if (place < 0) needed[i] = guards.fresh.length - place;
  }
  return [
    JSON.stringify(commands),
    integerArray(keys.command),
    textArray(keys.entry.map(({ key }) => key!)),
    textArray(keys.entry.map(({ requestHash }) => requestHash)),
    smallintArray(keys.entry.map(({ keep, status }) => (keep ? status : 0))),
    textArray(keys.entry.map(({ location }) => location)),
    textArray(keys.entry.map(({ body }) => body)),
    integerArray(keys.first),
    integerArray(keys.last),
    bigintArray(keys.entry.map(({ position }) => position)),
    textArray(guards.fresh),
    textArray(guards.known),
    bigintArray(guards.positions),
    integerArray(claims.place),
    textArray(claims.claim.map(({ value }) => value)),
    textArray(claims.claim.map(({ qualifier }) => qualifier)),
    smallintArray(claims.claim.map(kindOf)),
    textArray(streams.names),
    bigintArray(streams.names.map(versionOfStream)),
    textArray(events.id),
    textArray(events.event.map(({ type }) => type)),
    smallintArray(events.event.map(versionOf)),
    integerArray(places.stream),
    integerArray(places.nth),
    textArray(events.event.map(({ effectiveOn }) => effectiveOn)),
    textArray(events.rest),
    integerArray(documents.event),
    textArray(documents.name),
  ];
};

const historiesText = `
  select d.document, e.line
    from log.event_documents d join log.events e on e.ledger_id = d.ledger_id and e.position = d.position
   where d.ledger_id = $1 and d.document = any ($2) and d.position <= $3
   order by d.position`;

/** From an event of each on: for a few documents, each looked up by itself. */
const historiesAfterText = `
  select n.document, e.line
    from unnest($2::text[], $3::bigint[]) n (document, after)
   cross join lateral (select d.position from log.event_documents d
                        where d.ledger_id = $1 and d.document = n.document
                              and d.position >= n.after and d.position <= $4 offset 0) d
   cross join lateral (select e.line from log.events e where e.ledger_id = $1 and e.position = d.position limit 1) e
   order by d.position`;

// How long a look at the database's clock is good for: it and ours hardly part meanwhile.
const clockIsGoodMs = 60_000;

/** The log in Postgres. */
export class PgLogStore implements LogStore {
  /**
   * The newest version of a stream that was seen, by ledger and stream. No more than a hint: with it the log looks for
   * the newest at the end of the stream, without it reads a whole page of the index.
   */
  readonly #newestVersions = new LRUCache<string, number>({ max: 50_000 });

  /** What the database's clock said, and when it had said it on ours. */
  #clock: { readonly saidMs: number; readonly atMs: number } | undefined;

  /** @param mayAppend throws where a ledger takes nothing any more; asked each time, also when a batch is sent again */
  constructor(
    private readonly pool: pg.Pool,
    private readonly mayAppend: (ledgerId: string) => void = () => undefined,
  ) {}

  /**
   * Appends a batch in one server call, in autocommit.
   *
   * @returns a verdict per command, in their order
   * @throws {Error} with code `DB404` where there is no such ledger; of the database `DB410` where the call came too late:
   *   then neither this sending of the batch nor an earlier one has taken effect, and none will
   */
  async append(ledgerId: string, batch: readonly Entry[], sending: Sending): Promise<Verdict[]> {
    this.mayAppend(ledgerId);
    const streams = new Streams();
    const keyOf = (stream: string): string => `${ledgerId} ${stream}`;
    const columns = columnsOf(batch, streams, (stream) => this.#newestVersions.get(keyOf(stream)) ?? 0);
    const opens = batch.some(({ events: [first] }) => first?.type === 'LedgerOpened');
    const { batchId, isAgain, expiresMs } = sending;
    const values = [batchId, Math.floor(expiresMs), isAgain, opens, ...columns];
    const unless = batch[0]?.unlessOnLines;
    const { rows } = await this.pool
      .query<BatchRow>(
        unless
          ? { ...appendingUnlessOnLines, values: [ledgerId, unless.account, unless.ofBanks, unless.after, ...values] }
          : { ...appending, values: [ledgerId, ...values] },
      )
      .catch((error: unknown) => {
        // It may be another server that answers next, with another clock.
        this.#clock = undefined;
        throw error;
      });
    const [row] = rows;
    if (!row) throw Object.assign(new Error(`no ledger ${ledgerId}`), { code: 'DB404' });
    const { first_position, recorded_at: recordedAt, stream_versions, outcomes, clock_ms } = row;
    this.#clock = { saidMs: Number(clock_ms), atMs: performance.now() };
    stream_versions?.forEach((version, i) => {
      // If not every event of it was appended, no more than a hint has become wrong, and the log looks without it.
      this.#newestVersions.set(keyOf(streams.names[i]!), Number(version) + streams.counts[i]!);
    });
    const outcomeOf = new Map(outcomes?.map((outcome) => [outcome.place - 1, outcome]));
    let next = Number(first_position);
    return batch.map((entry, i): Verdict => {
      const outcome = outcomeOf.get(i);
      switch (outcome?.verdict) {
        case undefined:
        case 'appended': {
          const firstPosition = next;
          next += entry.events.length;
          const position = entry.events.length > 0 ? next - 1 : entry.position;
          const { status, location, body } = entry;
          const notices = outcome?.notices ?? [];
          return {
            verdict: 'appended',
            firstPosition,
            recordedAt,
            receipt: { status, location, body, position, notices },
          };
        }
        case 'replayed':
          return { verdict: 'replayed', receipt: receiptOf(outcome) };
        case 'taken':
          return { verdict: 'taken', by: outcome.detail as DocumentName };
        case 'closed':
          return { verdict: 'closed', through: outcome.detail };
        default:
          return { verdict: outcome!.verdict };
      }
    });
  }

  clockMs(): number | Promise<number> {
    const nowMs = performance.now();
    if (!this.#clock || nowMs - this.#clock.atMs > clockIsGoodMs) return this.#lookAtClock();
    return this.#clock.saidMs + (nowMs - this.#clock.atMs);
  }

  async #lookAtClock(): Promise<number> {
    const { rows } = await this.pool.query<{ clock_ms: string }>(
      `select floor(date_part('epoch', clock_timestamp()) * 1000)::bigint as clock_ms`,
    );
    const saidMs = Number(rows[0]!.clock_ms);
    this.#clock = { saidMs, atMs: performance.now() };
    return saidMs;
  }

  /** The documents of some names as their histories make them. */
  async load(
    ledgerId: string,
    names: readonly DocumentName[],
    before: ReadonlyMap<DocumentName, Known> = new Map(),
  ): Promise<Map<DocumentName, Known>> {
    const known = new Map<DocumentName, Known>(
      names.map((name) => [name, before.get(name) ?? { document: undefined, position: 0 }]),
    );
    const gone = new Set<DocumentName>(names.filter((name) => (before.get(name)?.position ?? 0) > 0));
    for (const { document: name, event } of await this.histories(ledgerId, names, undefined, before)) {
      if (event.position === before.get(name)?.position) gone.delete(name);
      else known.set(name, { document: evolve(name, known.get(name)!.document, event), position: event.position });
    }
    // What the log does not say of a document any more, since it was set back, is no beginning to go on from.
    if (gone.size > 0) for (const [name, anew] of await this.load(ledgerId, [...gone])) known.set(name, anew);
    return known;
  }

  /**
   * The events of some documents, in the order of their positions; an event of several of them comes once for each.
   *
   * @param through the last position to take into account; without it all
   * @param known   of some names the position of an event: only this and those after it are read
   */
  async histories(
    ledgerId: string,
    names: readonly DocumentName[],
    through: number = Number.MAX_SAFE_INTEGER,
    known: ReadonlyMap<DocumentName, Pick<Known, 'position'>> = new Map(),
  ): Promise<{ document: DocumentName; event: RecordedEvent }[]> {
    const { rows } = await this.pool.query<{ document: DocumentName; line: string }>(
      known.size === 0
        ? { name: 'histories', text: historiesText, values: [ledgerId, names, through] }
        : {
            name: 'histories-after',
            text: historiesAfterText,
            values: [
              ledgerId,
              [...new Set(names)],
              [...new Set(names)].map((name) => known.get(name)?.position ?? 0),
              through,
            ],
          },
    );
    const events = new Map<string, RecordedEvent>();
    const turn = takingTurns();
    const histories: { document: DocumentName; event: RecordedEvent }[] = [];
    for (const { document, line } of rows) {
      let event = events.get(line);
      if (!event) {
        event = readLine(line);
        events.set(line, event);
      }
      histories.push({ document, event });
      await turn();
    }
    return histories;
  }
}
