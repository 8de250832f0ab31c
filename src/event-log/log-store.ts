import type pg from 'pg';
import type { Claim } from '../domain/decision.js';
import { type ApEvent, documentsOf, type DocumentName, type RecordedEvent, streamOf } from '../domain/events.js';
import { evolve } from '../domain/documents.js';
import type { Known } from './documents-in-memory.js';
import { type Origin, readLine, restOfLine, versionOf } from './record.js';

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
  readonly status: number;
  readonly location: string;
  readonly body: string;
  /** The position to answer if there are no events. */
  readonly position: number;
  readonly events: readonly ApEvent[];
  readonly eventIds: readonly string[];
  readonly origin: Origin;
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
  last_position: string;
  notices: Notice[] | null;
}

interface VerdictRow extends ReceiptRow {
  verdict: Verdict['verdict'];
  first_position: string | null;
  recorded_at: string;
  detail: string | null;
}

const receiptOf = ({ status, location, body, last_position, notices }: ReceiptRow): Receipt => ({
  status,
  location,
  body,
  position: Number(last_position),
  notices: notices ?? [],
});

const appendText = `select * from log.append(${Array.from({ length: 28 }, (_, i) => `$${i + 1}`).join(', ')})`;

/** The log in Postgres. */
export class PgLogStore implements LogStore {
  constructor(private readonly pool: pg.Pool) {}

  /**
   * Appends a batch in one server call, in autocommit.
   *
   * @returns a verdict per command, in their order
   * @throws {pg.DatabaseError} with code `DB404` where there is no such ledger
   */
  async append(ledgerId: string, batch: readonly Entry[]): Promise<Verdict[]> {
    const guards = new Map<string, { place: number; document: string; position: number }>();
    const events = batch.flatMap((entry, i) =>
      entry.events.map((event, n) => ({
        event,
        id: entry.eventIds[n]!,
        origin: entry.origin,
        first: n === 0,
        command: i + 1,
      })),
    );
    const claims = batch.flatMap((entry, i) =>
      entry.claims.map((claim) => ({ ...claim, command: i + 1, document: documentsOf(entry.events[0]!)[0]! })),
    );
    const documents = events.flatMap(({ event }, i) =>
      documentsOf(event).map((document) => ({ event: i + 1, document })),
    );
    const guardPlaces = batch.map(({ looked }) => {
      const places: number[] = [];
      for (const [document, position] of looked) {
        const key = `${position} ${document}`;
        let guard = guards.get(key);
        if (!guard) {
          guard = { place: guards.size + 1, document, position };
          guards.set(key, guard);
        }
        places.push(guard.place);
      }
      return `{${places.join(',')}}`;
    });
    const guardList = [...guards.values()];
    const { rows } = await this.pool.query<VerdictRow>({
      name: 'append',
      text: appendText,
      values: [
        ledgerId,
        batch.some(({ events: [first] }) => first?.type === 'LedgerOpened'),
        batch.map(({ key }) => key),
        batch.map(({ requestHash }) => requestHash),
        batch.map(({ status }) => status),
        batch.map(({ location }) => location),
        batch.map(({ body }) => body),
        batch.map(({ position }) => position),
        batch.map(({ after }) => `{${after.map((place) => place + 1).join(',')}}`),
        guardPlaces,
        batch.map(({ keep }) => keep),
        guardList.map(({ document }) => document),
        guardList.map(({ position }) => position),
        claims.map(({ command }) => command),
        claims.map(({ document }) => document),
        claims.map(({ value }) => value),
        claims.map(({ qualifier }) => qualifier),
        claims.map(({ exclusive }) => exclusive),
        claims.map(({ released }) => released),
        events.map(({ command }) => command),
        events.map(({ id }) => id),
        events.map(({ event }) => event.type),
        events.map(({ event }) => versionOf(event)),
        events.map(({ event }) => streamOf(event)),
        events.map(({ event }) => event.effectiveOn),
        events.map(({ event, origin, first }) =>
          restOfLine(event, first ? origin : { ...origin, contentHash: undefined }),
        ),
        documents.map(({ event }) => event),
        documents.map(({ document }) => document),
      ],
    });
    return rows.map((row, i): Verdict => {
      switch (row.verdict) {
        case 'appended':
          return {
            verdict: 'appended',
            firstPosition: Number(row.first_position),
            recordedAt: row.recorded_at,
            receipt: receiptOf({ ...row, body: batch[i]!.body }),
          };
        case 'replayed':
          return { verdict: 'replayed', receipt: receiptOf(row) };
        case 'taken':
          return { verdict: 'taken', by: row.detail as DocumentName };
        case 'closed':
          return { verdict: 'closed', through: row.detail! };
        default:
          return { verdict: row.verdict };
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
