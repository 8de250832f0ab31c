import { setImmediate as soon } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { uuidv7 } from './uuid.js';
import { type Document, type DocumentOf, evolve } from '../domain/documents.js';
import type { DocumentName, RecordedEvent } from '../domain/events.js';
import { DocumentsInMemory } from './documents-in-memory.js';
import { type EventFilter, findingQuery } from './event-filter.js';
import { type Answer, defaultLimits, LedgerWriter, type Limits, type Request, type Timers } from './ledger-writer.js';
import { type Notice, PgLogStore, type Receipt } from './log-store.js';

/** Where a ledger's log ends. */
export interface Head {
  /** 0 before the first event. */
  readonly position: number;
  /** Undefined before the first event. */
  readonly recordedAt: string | undefined;
}

/** Which lines of a log are asked for. */
export interface PageOfLog extends EventFilter {
  readonly after: number;
  readonly through: number;
  /** How many lines at most. */
  readonly limit: number;
}

export interface LogPage {
  readonly lines: readonly { readonly position: number; readonly line: string }[];
  /** Whether nothing that was asked for comes after it. */
  readonly isLast: boolean;
}

/** What one page may hold, its last line not counted. */
const bytesPerPage = 4_194_304;

const systemTimers: Timers = {
  nowMs: Date.now,
  soon: (task) => void soon(task),
  sleep: (ms) => sleep(ms),
  random: Math.random,
  uuid: uuidv7,
};

// What one process keeps in memory: documents of a ledger, and ledgers.
const documentsPerLedger = 20_000;
const ledgersInMemory = 500;

const instant = `to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** The event logs of all ledgers of one database: commands go in, events and documents come out. */
export class EventLog {
  readonly #store: PgLogStore;
  readonly #writers: LRUCache<string, LedgerWriter>;
  /** The writers with commands under way: one of each ledger, whatever the cache throws out. */
  readonly #busy = new Map<string, { readonly writer: LedgerWriter; commands: number }>();
  /** Commands of all ledgers, those of forgotten writers too. */
  #underWay = 0;
  readonly #listeners = new Set<(ledgerId: string, position: number) => void>();
  /** Asked before anything is appended to a ledger; what it throws is the answer. */
  mayAppend: (ledgerId: string) => void = () => undefined;

  /** @param pool connections of a role that may read the log and call its functions; no role needs more */
  constructor(
    private readonly pool: pg.Pool,
    private readonly limits: Limits = defaultLimits,
    private readonly timers: Timers = systemTimers,
  ) {
    this.#store = new PgLogStore(pool, (ledgerId) => {
      this.mayAppend(ledgerId);
    });
    this.#writers = new LRUCache({ max: ledgersInMemory });
  }

  /**
   * Carries out a command on a ledger: all of it, durably, or nothing.
   *
   * @throws {Rejection} if a rule refuses it
   * @throws {KeyReused | TooBusy | Contended | OutcomeUnknown}
   */
  async execute(ledgerId: string, request: Request): Promise<Answer> {
    this.mayAppend(ledgerId);
    const busy = this.#busy.get(ledgerId) ?? {
      writer: this.#writers.get(ledgerId) ?? this.#newWriter(ledgerId),
      commands: 0,
    };
    this.#busy.set(ledgerId, busy);
    busy.commands += 1;
    this.#underWay += 1;
    const isForgotten = (): boolean => this.#busy.get(ledgerId) !== busy;
    try {
      const answer = await busy.writer.execute(request);
      // Only now: whoever asks for ledgers that don't exist must not push out those that do.
      if (!isForgotten()) this.#writers.set(ledgerId, busy.writer);
      return answer;
    } finally {
      busy.commands -= 1;
      this.#underWay -= 1;
      if (busy.commands === 0 && !isForgotten()) this.#busy.delete(ledgerId);
    }
  }

  /**
   * Forgets what is remembered of a ledger: of one that was set back it may be what the log does not say any more. What
   * is under way ends as it may; the next command is decided on what is read anew.
   */
  forget(ledgerId: string): void {
    this.#writers.delete(ledgerId);
    this.#busy.delete(ledgerId);
  }

  #newWriter(ledgerId: string): LedgerWriter {
    const onAppended = (position: number): void => {
      for (const listener of this.#listeners) listener(ledgerId, position);
    };
    const documents = new DocumentsInMemory(documentsPerLedger);
    return new LedgerWriter(ledgerId, this.#store, documents, this.timers, onAppended, this.limits);
  }

  /** Calls back after each batch that this process has appended. A wake-up and no more: others append too. */
  onAppended(listener: (ledgerId: string, position: number) => void): void {
    this.#listeners.add(listener);
  }

  /** Waits until everything that was taken in is answered. */
  async drain(): Promise<void> {
    while (this.#underWay > 0) await this.timers.sleep(10);
  }

  /** Where the log ends; `undefined` if there is no such ledger. */
  async head(ledgerId: string): Promise<Head | undefined> {
    const { rows } = await this.pool.query<{ position: string | null; recorded_at: string | null }>({
      name: 'head',
      text: `select c.last_position as position, c.recorded_at
               from log.ledgers l
               left join lateral (select last_position, ${instant} as recorded_at from log.commits
                                   where ledger_id = l.ledger_id order by last_position desc limit 1) c on true
              where l.ledger_id = $1`,
      values: [ledgerId],
    });
    const [row] = rows;
    return row && { position: Number(row.position ?? 0), recordedAt: row.recorded_at ?? undefined };
  }

  /** The ids of all ledgers, in order. */
  async ledgerIds(): Promise<string[]> {
    const { rows } = await this.pool.query<{ ledger_id: string }>(
      'select ledger_id from log.ledgers order by ledger_id',
    );
    return rows.map((row) => row.ledger_id);
  }

  /** A document as it stands, with the events that made it; `undefined` if there is none. */
  async document<N extends DocumentName>(
    ledgerId: string,
    name: N,
  ): Promise<{ document: DocumentOf<N>; history: RecordedEvent[] } | undefined> {
    const document = (await this.documents(ledgerId, [name])).get(name);
    if (!document) return undefined;
    const history = (await this.#store.histories(ledgerId, [name])).map(({ event }) => event);
    return { document: document as DocumentOf<N>, history };
  }

  /** Several documents as they stand; those that don't exist are left out. */
  async documents(ledgerId: string, names: readonly DocumentName[]): Promise<Map<DocumentName, Document>> {
    const known = await this.#store.load(ledgerId, names);
    return new Map([...known].flatMap(([name, { document }]) => (document ? [[name, document] as const] : [])));
  }

  /** Documents as the events up to a position made them, each with the position of its first event. */
  async foldedAt(
    ledgerId: string,
    names: readonly DocumentName[],
    position: number,
  ): Promise<Map<DocumentName, { document: Document | undefined; madeAt: number }>> {
    const folded = new Map<DocumentName, { document: Document | undefined; madeAt: number }>();
    if (names.length === 0) return folded;
    for (const { document: name, event } of await this.#store.histories(ledgerId, names, position)) {
      const before = folded.get(name);
      folded.set(name, { document: evolve(name, before?.document, event), madeAt: before?.madeAt ?? event.position });
    }
    return folded;
  }

  /** The other documents that held a claimed value when the event at a position was recorded. */
  async noticesAt(
    ledgerId: string,
    claims: readonly { readonly value: string; readonly qualifier: string }[],
    position: number,
  ): Promise<Notice[]> {
    const { rows } = await this.pool.query<Notice>({
      name: 'notices',
      text: `select c.value, h.document
               from unnest($2::text[], $3::text[]) c (value, qualifier)
              cross join lateral log.holder_beside($1, c.value, c.qualifier, $4) h (document)
              where h.document is not null`,
      values: [ledgerId, claims.map(({ value }) => value), claims.map(({ qualifier }) => qualifier), position],
    });
    return rows;
  }

  /**
   * Lines of the log after a position, in order.
   *
   * @param limit how many at most
   */
  async linesAfter(ledgerId: string, position: number, limit: number): Promise<{ position: number; line: string }[]> {
    const { rows } = await this.pool.query<{ position: string; line: string }>({
      name: 'lines-after',
      text: 'select position, line from log.events where ledger_id = $1 and position > $2 order by position limit $3',
      values: [ledgerId, position, limit],
    });
    return rows.map((row) => ({ position: Number(row.position), line: row.line }));
  }

  /** What was answered to the request of a caller's key; undefined if the key is new. */
  async receipt(ledgerId: string, key: string): Promise<{ requestHash: string; receipt: Receipt } | undefined> {
    const { rows } = await this.pool.query<{
      request_hash: string;
      status: number;
      location: string;
      body: string;
      last_position: string;
      notices: Notice[] | null;
    }>({
      name: 'receipt',
      text: `select request_hash, status, location, body, last_position, notices from log.receipts
              where ledger_id = $1 and key = $2`,
      values: [ledgerId, key],
    });
    const [row] = rows;
    if (!row) return undefined;
    const { request_hash: requestHash, status, location, body, last_position, notices } = row;
    return {
      requestHash,
      receipt: { status, location, body, position: Number(last_position), notices: notices ?? [] },
    };
  }

  /** A key for prints of requests, the same for all instances on this database. */
  async requestKey(): Promise<Buffer> {
    const { rows } = await this.pool.query<{ request_key: Buffer }>(
      `select request_key from log.installation where ledger_id = '_installation'`,
    );
    return rows[0]!.request_key;
  }

  /**
   * The last position recorded by an instant: nothing can still be recorded at or below it.
   *
   * @throws {pg.DatabaseError} code `DB404` without such a ledger, `DB400` for an instant that the database's clock has not reached
   */
  async positionAt(ledgerId: string, at: string): Promise<number> {
    const { rows } = await this.pool.query<{ position: string }>({
      name: 'position-at',
      text: 'select log.position_at($1, $2) as position',
      values: [ledgerId, at],
    });
    return Number(rows[0]!.position);
  }

  /**
   * The last position recorded before an instant, or up to and including it; 0 if there is none. It says what is so by
   * now, and waits for nobody: what is being recorded may still get that instant.
   */
  async lastRecorded(ledgerId: string, which: 'before' | 'by', at: string): Promise<number> {
    const { rows } = await this.pool.query<{ position: string }>(
      `select last_position as position from log.commits
        where ledger_id = $1 and recorded_at ${which === 'by' ? '<=' : '<'} $2
        order by recorded_at desc, last_position desc limit 1`,
      [ledgerId, at],
    );
    return Number(rows[0]?.position ?? 0);
  }

  /**
   * One page of the log, in order. Ends early where the lines get long, so that a page of any log fits into memory.
   *
   * @param page `after` and `through` are positions: the first excluded, the second included
   */
  async page(ledgerId: string, { after, through, limit, ...filter }: PageOfLog): Promise<LogPage> {
    const { text, values } = findingQuery(filter);
    const { rows } = await this.pool.query<{ position: string; line: string; found: string }>({
      // Not prepared: with a filter, the best plan depends on how rare it is.
      text: `select position, line, found
               from (select position, line, octet_length(line) as bytes, count(*) over () as found,
                            sum(octet_length(line)) over (order by position rows unbounded preceding) as so_far
                       from (${text}) page) sized
              where so_far - bytes < $5
              order by position`,
      // One more than asked for tells whether it is the last page.
      values: [ledgerId, after, through, limit + 1, bytesPerPage, ...values],
    });
    const lines = rows.slice(0, limit).map((row) => ({ position: Number(row.position), line: row.line }));
    return { lines, isLast: lines.length === Number(rows[0]?.found ?? 0) };
  }
}
