import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { copyRows } from '../database/copy-rows.js';
import { takingTurns } from '../database/turns.js';
import { idIn, kindOf } from '../domain/documents.js';
import type { DocumentName, RecordedEvent } from '../domain/events.js';
import type { EventLog } from '../event-log/event-log.js';
import { isConnectionLoss } from '../event-log/ledger-writer.js';
import { readLine } from '../event-log/record.js';
import { firstGeneration } from './books.js';
import { type CashTable, cashTables } from './cash-rows.js';
import { fold, type Folded, neededFor, type Rows } from './fold.js';

/** How many events one pass takes at least to aim for. Passes end where a batch of the log ends. */
const eventsPerPass = 2_000;
/** A worker that dies leaves its lease to run out, and reports wait for that long. */
const leaseSeconds = 4;
const documentsInMemory = 30_000;
/**
 * How often to look for what has been appended, by us or by other instances. Under load it is also the pace: what a pass
 * costs beside its events is shared by all that came in meanwhile, and those who append are not kept waiting by passes
 * over a handful. Who waits for a position has it looked at at once.
 */
const pollMs = 100;
const afterFailureMs = 1_000;

/** The documents that the books of a ledger are folded on, as of a position. */
interface Memory {
  position: number;
  /** Tells its documents from those of others, and from what was remembered of the same books before. */
  readonly mark: number;
}

/** What a pass has folded and is yet to write. */
interface Pass {
  readonly rows: Rows;
  readonly from: number;
  /** The last of its events. */
  readonly last: { readonly position: number; readonly recordedAt: string };
  /** Whether the log went no further when it was read. */
  readonly isEnd: boolean;
}

/**
 * Folds the logs of all ledgers into the books. Any instance may do it, one at a time per ledger by a lease; a lease
 * that is lost costs work done twice and nothing else, since the checkpoint moves only from where the pass began.
 */
export class ProjectionWorker {
  readonly holder = randomUUID();
  readonly #memories = new LRUCache<string, Memory>({ max: 1_000 });
  /** Of all ledgers, by the mark of a memory and their name: a busy ledger has the room that others don't need. */
  readonly #documents = new LRUCache<string, Folded>({ max: documentsInMemory });
  #marks = 0;
  readonly #due = new Set<string>();
  /** The ledgers that can't be folded further, and when to try again. */
  readonly #stuck = new Map<string, number>();
  #isUrgent = false;
  #lookedMs = 0;
  #wake: () => void = () => undefined;
  #stopping = false;
  #running: Promise<void> | undefined;

  constructor(
    private readonly pool: pg.Pool,
    private readonly log: EventLog,
    private readonly report: (error: unknown, ledgerId?: string) => void = () => undefined,
  ) {
    log.onAppended((ledgerId) => {
      this.#due.add(ledgerId);
      if (performance.now() - this.#lookedMs > pollMs) this.#wake();
    });
  }

  /** Has a ledger looked at now: somebody waits. */
  nudge(ledgerId: string): void {
    this.#due.add(ledgerId);
    this.#isUrgent = true;
    this.#wake();
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends after the pass under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#running;
  }

  // Methods, since these change while we wait, which the compiler does not see in a field.
  #isStopping(): boolean {
    return this.#stopping;
  }

  #mustLookNow(): boolean {
    return this.#stopping || this.#isUrgent;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping()) {
      try {
        this.#isUrgent = false;
        const behind = await this.#behind();
        const ledgerIds = new Set([...this.#due, ...behind]);
        this.#due.clear();
        for (const ledgerId of this.#stuck.keys()) if (!ledgerIds.has(ledgerId)) this.#stuck.delete(ledgerId);
        for (const ledgerId of ledgerIds) {
          if (this.#isStopping()) break;
          await this.#tryToCatchUp(ledgerId);
        }
        this.#lookedMs = performance.now();
        if (!this.#mustLookNow()) await this.#pause(pollMs);
      } catch (error) {
        this.report(error);
        await this.#pause(afterFailureMs);
      }
    }
  }

  /**
   * What is wrong with one ledger keeps no other one waiting, and is told once for as long as it lasts.
   *
   * @throws {Error} if the database is out of reach, which is wrong with no ledger
   */
  async #tryToCatchUp(ledgerId: string): Promise<void> {
    if (performance.now() < (this.#stuck.get(ledgerId) ?? 0)) return;
    try {
      if (await this.catchUp(ledgerId)) this.#stuck.delete(ledgerId);
    } catch (error) {
      if (isConnectionLoss(error)) throw error;
      if (!this.#stuck.has(ledgerId)) this.report(error, ledgerId);
      this.#stuck.set(ledgerId, performance.now() + afterFailureMs);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The ledgers whose live books do not go to the end of their log. */
  async #behind(): Promise<string[]> {
    const { rows } = await this.pool.query<{ ledger_id: string }>({
      name: 'ledgers-behind',
      text: `select l.ledger_id
               from log.ledgers l
              cross join lateral (select last_position from log.commits
                                   where ledger_id = l.ledger_id order by last_position desc limit 1) head
               left join books.live v on v.ledger_id = l.ledger_id
               left join books.checkpoints c on c.ledger_id = v.ledger_id and c.generation = v.generation
              where head.last_position > coalesce(c.position, 0)`,
    });
    return rows.map((row) => row.ledger_id);
  }

  /**
   * Folds a ledger's log to its end, as far as that is when the last pass begins, unless another worker is at it.
   *
   * @returns whether it was this worker that did
   */
  async catchUp(ledgerId: string): Promise<boolean> {
    const lease = await this.#lease(ledgerId);
    if (!lease) {
      // Whoever holds it folds; look again soon in case they die over it.
      await sleep(5);
      return false;
    }
    try {
      let { position } = lease;
      for (let isEnd = false; !isEnd && !this.#isStopping();) {
        const pass = await this.#fold(ledgerId, lease.generation, position);
        if (!pass || !(await this.#write(ledgerId, lease.generation, true, pass))) break;
        ({ position } = pass.last);
        ({ isEnd } = pass);
      }
      return true;
    } finally {
      // If it can't be given back, it runs out by itself.
      await this.pool
        .query(
          `update books.checkpoints set lease_holder = null, lease_until = null where ledger_id = $1 and generation = $2 and lease_holder = $3`,
          [ledgerId, lease.generation, this.holder],
        )
        .catch(() => undefined);
    }
  }

  /**
   * Folds a ledger's log into a generation of the books that is not live, which this one has the lease of.
   *
   * @param position how far the generation goes
   * @param through  how far it is to go
   * @param progress told of how far it goes
   * @throws {Error} if another process has taken the lease
   */
  async foldInto(
    ledgerId: string,
    generation: number,
    position: number,
    through: number,
    progress: (position: number) => void = () => undefined,
  ): Promise<void> {
    let at = position;
    let writing: Promise<void> = Promise.resolve();
    const write = async (pass: Pass): Promise<void> => {
      if (!(await this.#write(ledgerId, generation, false, pass)))
        throw new Error(`generation ${generation} of the books of ${ledgerId} is folded by somebody else`);
      progress(pass.last.position);
    };
    try {
      while (at < through) {
        const pass = await this.#fold(ledgerId, generation, at, through);
        if (!pass) throw new Error(`the log of ${ledgerId} ends at ${at}, before ${through}`);
        await writing;
        // While the rows of one pass are written, the next one is read and folded.
        writing = write(pass);
        writing.catch(() => undefined); // heard above, or below
        at = pass.last.position;
      }
    } finally {
      await writing;
    }
  }

  /** Begins a generation that is not live. A process that dies over it leaves it to whoever clears up. */
  async beginGeneration(ledgerId: string): Promise<number> {
    const { rows } = await this.pool.query<{ generation: number }>(
      `insert into books.checkpoints (ledger_id, generation, position, lease_holder, lease_until)
       select $1, coalesce((select generation from books.checkpoints where ledger_id = $1 order by generation desc limit 1), $2) + 1,
              0, $3, clock_timestamp() + $4 * interval '1 second'
       returning generation`,
      [ledgerId, firstGeneration, this.holder, leaseSeconds],
    );
    return rows[0]!.generation;
  }

  async #lease(ledgerId: string): Promise<{ generation: number; position: number } | undefined> {
    const { rows } = await this.pool.query<{ generation: number; position: string }>({
      name: 'take-lease',
      text: `with live as (
               insert into books.live as l (ledger_id, generation) values ($1, $2)
               on conflict (ledger_id) do update set generation = l.generation returning generation
             )
             insert into books.checkpoints as c (ledger_id, generation, position, lease_holder, lease_until)
             select $1, live.generation, 0, $3, clock_timestamp() + $4 * interval '1 second' from live
             on conflict (ledger_id, generation) do update
                set lease_holder = excluded.lease_holder, lease_until = excluded.lease_until
              where c.lease_holder is null or c.lease_holder = $3 or c.lease_until < clock_timestamp()
             returning generation, position`,
      values: [ledgerId, firstGeneration, this.holder, leaseSeconds],
    });
    const [row] = rows;
    return row && { generation: row.generation, position: Number(row.position) };
  }

  /**
   * Folds what comes after a position: read outside any transaction, to be written in a short one.
   *
   * @param through goes no further than this
   * @returns undefined if nothing comes after it
   */
  async #fold(
    ledgerId: string,
    generation: number,
    position: number,
    through: number = Number.MAX_SAFE_INTEGER,
  ): Promise<Pass | undefined> {
    const { rows: lines } = await this.pool.query<{ line: string; is_end: boolean }>({
      name: 'next-pass',
      text: `with cut as (
               select coalesce(
                 (select last_position from log.commits where ledger_id = $1 and last_position > $2 and last_position <= $2 + $3
                   order by last_position desc limit 1),
                 (select last_position from log.commits where ledger_id = $1 and last_position > $2
                   order by last_position limit 1)) as through,
                 (select last_position from log.commits where ledger_id = $1 order by last_position desc limit 1) as head
             )
             select line, cut.through = cut.head as is_end from log.events, cut
              where ledger_id = $1 and position > $2 and position <= least(cut.through, $4::bigint) order by position`,
      values: [ledgerId, position, eventsPerPass, through],
    });
    if (lines.length === 0) return undefined;
    const turn = takingTurns();
    const events: RecordedEvent[] = [];
    for (const { line } of lines) {
      events.push(readLine(line));
      await turn();
    }
    const last = events.at(-1)!;

    const memory = this.#memoryAt(`${ledgerId} ${generation}`, position);
    const documents = new Map<DocumentName, Folded>();
    const missing: DocumentName[] = [];
    for (const name of neededFor(events)) {
      const folded = this.#documents.get(`${memory.mark} ${name}`);
      if (folded) documents.set(name, folded);
      else missing.push(name);
    }
    for (const [name, folded] of await this.log.foldedAt(ledgerId, missing, position)) documents.set(name, folded);

    // Half a pass is nothing to build on. Documents are what the log makes them, whoever writes the books.
    memory.position = -1;
    const rows = await foldInTurns(events, documents);
    for (const [name, folded] of documents) this.#documents.set(`${memory.mark} ${name}`, folded);
    memory.position = last.position;
    return { rows, from: position, last, isEnd: lines[0]!.is_end };
  }

  #memoryAt(books: string, position: number): Memory {
    let memory = this.#memories.get(books);
    // Another worker has folded on meanwhile: what we remember is out of date.
    if (memory?.position !== position) memory = { position, mark: ++this.#marks };
    this.#memories.set(books, memory);
    return memory;
  }

  /**
   * @param isLive only while the generation is the one that reports read
   * @returns false if another worker has moved the checkpoint, or another generation is live by now: nothing is written
   */
  async #write(ledgerId: string, generation: number, isLive: boolean, { from, last, rows }: Pass): Promise<boolean> {
    const client = await this.pool.connect();
    // A connection that is cut tells nobody but the client: unheard, its error would end the process, and a COPY under
    // way would wait for ever.
    let hear: (error: Error) => void = () => undefined;
    const lost = new Promise<never>((_resolve, reject) => {
      hear = reject;
      client.on('error', hear);
    });
    lost.catch(() => undefined);
    const work = async (): Promise<boolean> => {
      await client.query('begin');
      // Whoever holds the lease by now: two for whom a pass takes longer than a lease would else take it from each
      // other for ever, and neither would write.
      const { rowCount } = await client.query(
        `update books.checkpoints
            set position = $4, recorded_at = $5, lease_holder = $6, lease_until = clock_timestamp() + $7 * interval '1 second'
          where ledger_id = $1 and generation = $2 and position = $3
            and ($8 is false or exists (select from books.live where ledger_id = $1 and generation = $2))`,
        [ledgerId, generation, from, last.position, last.recordedAt, this.holder, leaseSeconds, isLive],
      );
      if (rowCount !== 0) await writeRows(client, ledgerId, generation, from, rows);
      await client.query(rowCount === 0 ? 'rollback' : 'commit');
      return rowCount !== 0;
    };
    try {
      const isWritten = await Promise.race([work(), lost]);
      client.removeListener('error', hear);
      client.release();
      return isWritten;
    } catch (error) {
      client.release(true);
      throw error;
    }
  }
}

/** To fold an event costs several times what it costs to read one. */
const eventsPerTurn = 50;

/** Folds events piece by piece: a pass may have thousands, and those who ask for something have the thread in between. */
const foldInTurns = async (events: readonly RecordedEvent[], documents: Map<DocumentName, Folded>): Promise<Rows> => {
  const pieces: Rows[] = [];
  for (let from = 0; from < events.length; from += eventsPerTurn) {
    if (from > 0) await nextTurn();
    pieces.push(fold(events.slice(from, from + eventsPerTurn), documents));
  }
  return {
    subledgerLines: pieces.flatMap((rows) => rows.subledgerLines),
    journalLines: pieces.flatMap((rows) => rows.journalLines),
    vendorFacts: pieces.flatMap((rows) => rows.vendorFacts),
    cash: pieces.flatMap((rows) => rows.cash),
    duties: pieces.flatMap((rows) => rows.duties),
    // Of each as the last piece that changed it left it.
    documents: [...new Map(pieces.flatMap((rows) => rows.documents).map((row) => [row.name, row])).values()],
  };
};

/** Adds the rows of a pass that begins after a position to a generation of the books, in the transaction that is open. */
const writeRows = async (
  client: pg.PoolClient,
  ledgerId: string,
  generation: number,
  from: number,
  rows: Rows,
): Promise<void> => {
  await copyRows(
    client,
    'books.subledger_lines (ledger_id, generation, position, line, effective_on, currency, vendor_id, item_type, item_id, document_date, original_due_on, due_on, planned_on, owed, held, disputed, kind)',
    rows.subledgerLines.map((row) => [
      ledgerId,
      generation,
      row.position,
      row.line,
      row.effectiveOn,
      row.currency,
      row.vendorId,
      row.itemType,
      row.itemId,
      row.documentDate,
      row.originalDueOn,
      row.dueOn,
      row.plannedOn,
      row.owed,
      row.held,
      row.disputed,
      row.kind,
    ]),
  );
  await copyRows(
    client,
    'books.journal_lines (ledger_id, generation, position, line, effective_on, event_type, item_type, item_id, vendor_id, account, currency, debit, credit, stands_for)',
    rows.journalLines.map((row) => [
      ledgerId,
      generation,
      row.position,
      row.line,
      row.effectiveOn,
      row.eventType,
      row.itemType,
      row.itemId,
      row.vendorId,
      row.account,
      row.currency,
      row.debit,
      row.credit,
      row.standsFor,
    ]),
  );
  await copyRows(
    client,
    'books.vendor_facts (ledger_id, generation, vendor_id, position, name, kind, connected)',
    rows.vendorFacts.map((row) => [
      ledgerId,
      generation,
      row.vendorId,
      row.position,
      row.name,
      row.kind,
      row.connected,
    ]),
  );
  for (const [table, columns] of Object.entries(cashTables)) {
    await copyRows(
      client,
      `books.${table} (ledger_id, generation, ${columns.join(', ')})`,
      rows.cash
        .filter((row) => row.table === (table as CashTable))
        .map(({ cells }) => [ledgerId, generation, ...cells]),
    );
  }
  await copyRows(
    client,
    'books.duties (ledger_id, generation, position, line, effective_on, duty, person_id, vendor_id, invoice_id, currency, amount)',
    rows.duties.map((row) => [
      ledgerId,
      generation,
      row.position,
      row.line,
      row.effectiveOn,
      row.duty,
      row.personId,
      row.vendorId,
      row.invoiceId,
      row.currency,
      row.amount,
    ]),
  );
  // What is made here is not there yet, and costs less to add than to look for.
  const made = rows.documents.filter(({ madeAt }) => madeAt > from);
  await copyRows(
    client,
    'books.documents (ledger_id, generation, kind, id, made_at, position, vendor_id, number, status, due_on, search)',
    made.map((row) => [
      ledgerId,
      generation,
      kindOf(row.name),
      idIn(row.name),
      row.madeAt,
      row.position,
      row.vendorId,
      row.number,
      row.status,
      row.dueOn,
      row.search,
    ]),
  );
  const changed = rows.documents.filter(({ madeAt }) => madeAt <= from);
  if (changed.length === 0) return;
  const column = <T>(pick: (row: Rows['documents'][number]) => T): T[] => changed.map(pick);
  await client.query({
    name: 'upsert-documents',
    text: `insert into books.documents (ledger_id, generation, kind, id, made_at, position, vendor_id, number, status, due_on, search)
           select $1, $2, d.* from unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[], $10::date[], $11::text[]) d
           on conflict (ledger_id, generation, kind, id) do update
              set position = excluded.position, number = excluded.number, status = excluded.status, due_on = excluded.due_on, search = excluded.search`,
    values: [
      ledgerId,
      generation,
      column(({ name }) => kindOf(name)),
      column(({ name }) => idIn(name)),
      column(({ madeAt }) => madeAt),
      column(({ position }) => position),
      column(({ vendorId }) => vendorId),
      column(({ number }) => number),
      column(({ status }) => status),
      column(({ dueOn }) => dueOn),
      column(({ search }) => search),
    ],
  });
};
