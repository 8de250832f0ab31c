import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import type { Claim } from '../domain/decision.js';
import { type ApEvent, documentsOf, type DocumentName, type RecordedEvent, streamOf } from '../domain/events.js';
import { evolve } from '../domain/documents.js';
import type { Known } from './documents-in-memory.js';
import { bigintArray, booleanArray, integerArray, smallintArray, textArray } from './binary-arrays.js';
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
  readonly key: string;
  readonly requestHash: string;
  /** Whether the answer is kept for this key. A refusal is not. */
  readonly keep: boolean;
  /** Whether its body is kept too: nobody asks again with a key that we made ourselves. */
  readonly keepBody: boolean;
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
  | { readonly verdict: 'closed'; readonly through: string };

/** The log as the writer of one ledger needs it. */
export interface LogStore {
  append(ledgerId: string, batch: readonly Entry[]): Promise<Verdict[]>;
  load(ledgerId: string, names: readonly DocumentName[]): Promise<Map<DocumentName, Known>>;
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
  /** The newest version of each stream, in the order in which they were sent. */
  stream_versions: string[] | null;
  /** Of those commands that there is more to say of than that they are appended. */
  outcomes: Outcome[] | null;
}
type Outcome = { readonly place: number } & (
  | ({ readonly verdict: 'replayed' } & ReceiptRow)
  | { readonly verdict: 'appended'; readonly notices: Notice[] }
  | { readonly verdict: 'reused' | 'conflict' }
  | { readonly verdict: 'taken' | 'closed'; readonly detail: string }
);

const receiptOf = ({ status, location, body, last_position, notices }: ReceiptRow): Receipt => ({
  status,
  location,
  body,
  position: Number(last_position),
  notices: notices ?? [],
});

const appendText = `select * from log.append(${Array.from({ length: 30 }, (_, i) => `$${i + 1}`).join(', ')})`;

/** The streams of one batch, each with the newest version that is known. */
class Streams {
  readonly names: string[] = [];
  readonly #places = new Map<string, number>();

  /** @returns the place of the stream among the names, from 1 on */
  placeOf(stream: string): number {
    let place = this.#places.get(stream);
    if (place === undefined) {
      place = this.names.push(stream);
      this.#places.set(stream, place);
    }
    return place;
  }
}

/** A batch as the arguments of log.append, in their order. */
const columnsOf = (
  batch: readonly Entry[],
  streams: Streams,
  versionOfStream: (stream: string) => number,
): Buffer[] => {
  const guards = new Map<string, number>();
  const guardDocuments: string[] = [];
  const guardPositions: number[] = [];
  const guardPlaces = batch.map(({ looked }) => {
    const places: number[] = [];
    for (const [document, position] of looked) {
      const key = `${position} ${document}`;
      let place = guards.get(key);
      if (place === undefined) {
        place = guardDocuments.push(document);
        guardPositions.push(position);
        guards.set(key, place);
      }
      places.push(place);
    }
    return `{${places.join()}}`;
  });
  const claims: { command: number; document: string; claim: Claim }[] = [];
  const events: { command: number; event: ApEvent; id: string; rest: string }[] = [];
  const documents: { event: number; document: string }[] = [];
  for (const [i, entry] of batch.entries()) {
    for (const claim of entry.claims)
      claims.push({ command: i + 1, document: documentsOf(entry.events[0]!)[0]!, claim });
    for (const [n, event] of entry.events.entries()) {
      events.push({ command: i + 1, event, id: entry.eventIds[n]!, rest: entry.rests[n]! });
      for (const document of documentsOf(event)) documents.push({ event: events.length, document });
    }
  }
  const streamPlaces = events.map(({ event }) => streams.placeOf(streamOf(event)));
  return [
    textArray(batch.map(({ key }) => key)),
    textArray(batch.map(({ requestHash }) => requestHash)),
    smallintArray(batch.map(({ status }) => status)),
    textArray(batch.map(({ location }) => location)),
    textArray(batch.map(({ body, keepBody }) => (keepBody ? body : ''))),
    bigintArray(batch.map(({ position }) => position)),
    textArray(batch.map(({ after }) => `{${after.map((place) => place + 1).join()}}`)),
    textArray(guardPlaces),
    booleanArray(batch.map(({ keep }) => keep)),
    textArray(guardDocuments),
    bigintArray(guardPositions),
    integerArray(claims.map(({ command }) => command)),
    textArray(claims.map(({ document }) => document)),
    textArray(claims.map(({ claim }) => claim.value)),
    textArray(claims.map(({ claim }) => claim.qualifier)),
    booleanArray(claims.map(({ claim }) => claim.exclusive)),
    booleanArray(claims.map(({ claim }) => claim.released)),
    textArray(streams.names),
    bigintArray(streams.names.map(versionOfStream)),
    integerArray(events.map(({ command }) => command)),
    textArray(events.map(({ id }) => id)),
    textArray(events.map(({ event }) => event.type)),
    integerArray(events.map(({ event }) => versionOf(event))),
    integerArray(streamPlaces),
    textArray(events.map(({ event }) => event.effectiveOn)),
    textArray(events.map(({ rest }) => rest)),
    integerArray(documents.map(({ event }) => event)),
    textArray(documents.map(({ document }) => document)),
  ];
};

/** The log in Postgres. */
export class PgLogStore implements LogStore {
  /**
   * The newest version of a stream that was seen, by ledger and stream. No more than a hint: with it the log looks for
   * the newest at the end of the stream, without it reads a whole page of the index.
   */
  readonly #newestVersions = new LRUCache<string, number>({ max: 50_000 });

  /** @param mayAppend throws where a ledger takes nothing any more; asked each time, also when a batch is sent again */
  constructor(
    private readonly pool: pg.Pool,
    private readonly mayAppend: (ledgerId: string) => void = () => undefined,
  ) {}

  /**
   * Appends a batch in one server call, in autocommit.
   *
   * @returns a verdict per command, in their order
   * @throws {pg.DatabaseError} with code `DB404` where there is no such ledger
   */
  async append(ledgerId: string, batch: readonly Entry[]): Promise<Verdict[]> {
    this.mayAppend(ledgerId);
    const streams = new Streams();
    const keyOf = (stream: string): string => `${ledgerId} ${stream}`;
    const columns = columnsOf(batch, streams, (stream) => this.#newestVersions.get(keyOf(stream)) ?? 0);
    const { rows } = await this.pool.query<BatchRow>({
      name: 'append',
      text: appendText,
      values: [ledgerId, batch.some(({ events: [first] }) => first?.type === 'LedgerOpened'), ...columns],
    });
    const { first_position, recorded_at: recordedAt, stream_versions, outcomes } = rows[0]!;
    streams.names.forEach((stream, i) => this.#newestVersions.set(keyOf(stream), Number(stream_versions![i])));
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
          // A receipt that was kept for nothing but sending again has no body: it is the one at hand.
          return { verdict: 'replayed', receipt: receiptOf({ ...outcome, body: outcome.body || entry.body }) };
        case 'taken':
          return { verdict: 'taken', by: outcome.detail as DocumentName };
        case 'closed':
          return { verdict: 'closed', through: outcome.detail };
        default:
          return { verdict: outcome!.verdict };
      }
    });
  }

  /** The documents of some names as their histories make them. */
  async load(ledgerId: string, names: readonly DocumentName[]): Promise<Map<DocumentName, Known>> {
    const known = new Map<DocumentName, Known>(names.map((name) => [name, { document: undefined, position: 0 }]));
    for (const { document: name, event } of await this.histories(ledgerId, names)) {
      known.set(name, { document: evolve(name, known.get(name)!.document, event), position: event.position });
    }
    return known;
  }

  /**
   * The events of some documents, in the order of their positions; an event of several of them comes once for each.
   *
   * @param through the last position to take into account; without it all
   */
  async histories(
    ledgerId: string,
    names: readonly DocumentName[],
    through?: number,
  ): Promise<{ document: DocumentName; event: RecordedEvent }[]> {
    const { rows } = await this.pool.query<{ document: DocumentName; line: string }>({
      name: 'histories',
      text: `select d.document, e.line
               from log.event_documents d join log.events e on e.ledger_id = d.ledger_id and e.position = d.position
              where d.ledger_id = $1 and d.document = any ($2) and d.position <= $3
              order by d.position`,
      values: [ledgerId, names, through ?? Number.MAX_SAFE_INTEGER],
    });
    const events = new Map<string, RecordedEvent>();
    return rows.map(({ document, line }) => {
      let event = events.get(line);
      if (!event) {
        event = readLine(line);
        events.set(line, event);
      }
      return { document, event };
    });
  }
}
