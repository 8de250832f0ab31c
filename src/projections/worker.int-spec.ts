import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { changeVendor } from '../../test/support/domain.js';
import { histories, type History, play, questioned } from '../../test/support/domain-histories.js';
import { invoice, openLedger, payment, poolOf, requestOf, vendor } from '../../test/support/log.js';
import { Proxy } from '../../test/support/log-proxy.js';
import { foldOf } from '../../test/support/log-in-memory.js';
import { sampleSize, seed } from '../../test/support/seed.js';
import { controlRoles } from '../domain/chart-of-accounts.js';
import type { Command } from '../domain/decider.js';
import { leftOn } from '../domain/credit-source.js';
import { documentsOf, type RecordedEvent } from '../domain/events.js';
import { openOn } from '../domain/open-item.js';
import { EventLog } from '../event-log/event-log.js';
import { type Entry, PgLogStore } from '../event-log/log-store.js';
import { readLine, restOfLine } from '../event-log/record.js';
import { Books, firstGeneration } from './books.js';
import { fold } from './fold.js';
import { ProjectionWorker } from './worker.js';

let database: TestDatabase;
let admin: pg.Pool;
let pool: pg.Pool;
let log: EventLog;
let store: PgLogStore;
let ledgers = 0;
const workers: ProjectionWorker[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  admin = poolOf(database.url, { max: 4 });
  pool = poolOf(database.appUrl, { application_name: 'under test' });
  log = new EventLog(pool);
  store = new PgLogStore(pool);
  // Every step of every checkpoint, whoever takes it.
  await admin.query(`
    create table public.steps (step bigserial, ledger_id text, old bigint, new bigint);
    create function public.note_step() returns trigger language plpgsql security definer as $$
    begin
      if new.position <> coalesce(old.position, 0) then
        insert into public.steps (ledger_id, old, new) values (new.ledger_id, coalesce(old.position, 0), new.position);
      end if;
      return new;
    end $$;
    create trigger note_step before insert or update on books.checkpoints for each row execute function public.note_step()`);
});
afterEach(async () => {
  for (const letGo of holding.splice(0)) letGo();
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
});
afterAll(async () => {
  await pool.end();
  await admin.end();
  await database.drop();
});

const fail = (error: unknown): never => {
  throw error;
};
/** A worker that is started by hand, with nothing in memory. */
const newWorker = (): ProjectionWorker => new ProjectionWorker(pool, new EventLog(pool), fail);

/** A worker that runs until the end of the test, as that of an instance of its own. */
const startWorker = (report: (error: unknown, ledgerId?: string) => void = fail): ProjectionWorker => {
  const worker = new ProjectionWorker(pool, log, report);
  worker.start();
  workers.push(worker);
  return worker;
};

const newLedger = (): string => {
  ledgers += 1;
  return `ledger-${ledgers}`;
};

/** The commands of a history as they would be appended. */
const entriesOf = (events: readonly RecordedEvent[]): Entry[] => {
  const commands = new Map<string, RecordedEvent[]>();
  for (const event of events) {
    commands.set(event.correlationId, [...(commands.get(event.correlationId) ?? []), event]);
  }
  return [...commands].map(([key, recorded]) => ({
    key,
    requestHash: key,
    keep: true,
    status: 201,
    location: '/',
    body: '{}',
    position: 0,
    events: recorded,
    eventIds: recorded.map(({ id }) => id),
    rests: recorded.map((event) => restOfLine(event, event)),
    claims: [],
    looked: new Map(),
    after: [],
  }));
};

/** Appends so many commands at a time. */
const appendAll = async (
  ledgerId: string,
  entries: readonly Entry[],
  perBatch: number,
  afterEach_: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> => {
  for (let i = 0; i < entries.length; i += perBatch) {
    const verdicts = await store.append(ledgerId, entries.slice(i, i + perBatch), {
      batchId: randomUUID(),
      isAgain: false,
      expiresMs: Date.now() + 60_000,
    });
    expect(new Set(verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['appended']));
    await afterEach_();
  }
};

const eventsOf = (history: History): readonly RecordedEvent[] => {
  let commands = 0;
  const { books } = play(history, (current) => {
    commands += 1;
    // A name with everything that COPY has a meaning for.
    if (commands % 5 === 0) current.execute(changeVendor('V1', { name: `\\N\t"Vale"\n\\. \\${commands} ü 🦄\r\\` }));
  });
  return books.events;
};

/** All rows of a ledger's books as text, in order. */
const rowsOf = async (ledgerId: string): Promise<Record<string, string[]>> => {
  const tables = {
    subledger_lines: 'position, line',
    journal_lines: 'position, line',
    vendor_facts: 'vendor_id, position',
    documents: 'kind, id',
  };
  const found: Record<string, string[]> = {};
  for (const [table, order] of Object.entries(tables)) {
    const { rows } = await pool.query<{ row: string }>(
      `select (to_jsonb(t) - 'ledger_id')::text as row from books.${table} t where ledger_id = $1 order by ${order}`,
      [ledgerId],
    );
    found[table] = rows.map(({ row }) => row);
  }
  return found;
};

interface Checkpoint {
  position: string;
  lease_holder: string | null;
}
const checkpointOf = async (ledgerId: string): Promise<Checkpoint | undefined> => {
  const { rows } = await pool.query<Checkpoint>(
    'select position, lease_holder from books.checkpoints where ledger_id = $1',
    [ledgerId],
  );
  return rows[0];
};

/** Checkpoints only ever moved forwards, each from where the one before ended, and to the end of a batch. */
const checkSteps = async (ledgerId: string): Promise<number[]> => {
  const { rows } = await admin.query<{ old: string; new: string; is_end: boolean }>(
    `select old, new, exists (select from log.commits c where c.ledger_id = s.ledger_id and c.last_position = s.new) as is_end
       from public.steps s where ledger_id = $1 order by step`,
    [ledgerId],
  );
  let position = 0;
  for (const step of rows) {
    expect({ ...step, old: Number(step.old) }).toEqual({ old: position, new: step.new, is_end: true });
    expect(Number(step.new)).toBeGreaterThan(position);
    position = Number(step.new);
  }
  return rows.map((step) => Number(step.new));
};

const untilWaiting = async (): Promise<number> => {
  for (;;) {
    const { rows } = await admin.query<{ pid: number }>(
      `select pid from pg_stat_activity
        where datname = current_database() and application_name = 'under test' and wait_event_type = 'Lock'`,
    );
    if (rows[0]) return rows[0].pid;
  }
};

/** Holds a table so that nobody can touch it, until it is told to let go. */
const holding: (() => void)[] = [];
const hold = async (table: string): Promise<{ client: pg.PoolClient; letGo: () => Promise<void> }> => {
  const client = await admin.connect();
  // Should the test fail, dropping the database is not to wait for it.
  holding.push(() => {
    client.release(true);
  });
  await client.query('begin');
  await client.query(`lock table ${table} in access exclusive mode`);
  return {
    client,
    letGo: async () => {
      await client.query('commit');
      holding.pop();
      client.release();
    },
  };
};

describe('the books', () => {
  it('are the same, row by row, however and by whom they were folded', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.integer({ min: 1, max: 9 }), async (history, perBatch) => {
        const events = eventsOf(history);
        const entries = entriesOf(events);
        const [atOnce, batchByBatch, cold, rivalled] = [newLedger(), newLedger(), newLedger(), newLedger()];

        await appendAll(atOnce, entries, perBatch);
        await newWorker().catchUp(atOnce);
        const rows = await rowsOf(atOnce);

        const worker = newWorker();
        await appendAll(batchByBatch, entries, 1, () => worker.catchUp(batchByBatch));
        expect(await rowsOf(batchByBatch)).toEqual(rows);

        await appendAll(cold, entries, perBatch, () => newWorker().catchUp(cold));
        expect(await rowsOf(cold)).toEqual(rows);

        // Two who take turns as it happens, each with a memory that is out of date when its turn comes.
        const [one, other] = [newWorker(), newWorker()];
        await appendAll(rivalled, entries, perBatch, () =>
          Promise.all([one.catchUp(rivalled), other.catchUp(rivalled)]),
        );
        await one.catchUp(rivalled);
        expect(await rowsOf(rivalled)).toEqual(rows);

        for (const ledgerId of [atOnce, batchByBatch, cold, rivalled]) {
          expect((await checkSteps(ledgerId)).at(-1)).toBe(events.length);
          expect(await checkpointOf(ledgerId)).toEqual({ position: `${events.length}`, lease_holder: null });
        }
      }),
      { numRuns: sampleSize(12), endOnFailure: true },
    );
  });

  it('hold what the fold of the log says, to the character', async () => {
    const [history] = fc.sample(histories, { numRuns: 1, seed });
    const ledgerId = newLedger();
    await appendAll(ledgerId, entriesOf(eventsOf(history!)), 3);
    await newWorker().catchUp(ledgerId);
    const events = (await log.linesAfter(ledgerId, 0, 10_000)).map(({ line }) => readLine(line));
    const expected = fold(events, new Map());
    const { rows: facts } = await pool.query(
      'select position::int, vendor_id as "vendorId", name, kind, connected from books.vendor_facts where ledger_id = $1 order by position',
      [ledgerId],
    );
    expect(facts).toEqual(expected.vendorFacts);
    const { rows: lines } = await pool.query(
      `select position::int, line, effective_on::text as "effectiveOn", currency, vendor_id as "vendorId", item_type as "itemType",
              item_id as "itemId", document_date::text as "documentDate", original_due_on::text as "originalDueOn",
              due_on::text as "dueOn", planned_on::text as "plannedOn", owed, held, disputed, kind
         from books.subledger_lines where ledger_id = $1 order by position, line`,
      [ledgerId],
    );
    expect(lines).toEqual(
      expected.subledgerLines.map(({ owed, held, disputed, kind, ...line }) => ({
        ...line,
        owed: `${owed}`,
        held: `${held}`,
        disputed: `${disputed}`,
        kind: kind ?? null,
      })),
    );
    const { rows: documents } = await pool.query(
      `select case when kind = 'ledger' then kind else kind || '/' || id end as name, made_at::int as "madeAt", position::int,
              vendor_id as "vendorId", number, status, due_on::text as "dueOn", search
         from books.documents where ledger_id = $1 order by made_at, kind, id`,
      [ledgerId],
    );
    const nulled = expected.documents.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value ?? null])),
    );
    const byName = (a: Record<string, unknown>, b: Record<string, unknown>): number =>
      String(a.name) < String(b.name) ? -1 : 1;
    expect((documents as Record<string, unknown>[]).sort(byName)).toEqual(nulled.sort(byName));
  });

  it('answer in SQL what is owed on any day as known at any position', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), async (history, dice) => {
        const events = eventsOf(history);
        const ledgerId = newLedger();
        await appendAll(ledgerId, entriesOf(events), 4);
        await newWorker().catchUp(ledgerId);
        const asOf = questioned[dice % questioned.length]!;
        const position = 1 + (dice % events.length);
        const { rows } = await pool.query<{ items: string; control: string; debits: string; credits: string }>(
          `select (select coalesce(sum(owed), 0) from books.subledger_lines
                    where ledger_id = $1 and effective_on <= $2 and position <= $3) as items,
                  coalesce(sum(credit - debit) filter (where account = any ($4)), 0) as control,
                  coalesce(sum(debit), 0) as debits, coalesce(sum(credit), 0) as credits
             from books.journal_lines where ledger_id = $1 and effective_on <= $2 and position <= $3`,
          [ledgerId, asOf, position, controlRoles],
        );
        let owed = 0n;
        for (const name of new Set(events.slice(0, position).flatMap(documentsOf))) {
          const document = foldOf(events, name, position);
          if (document?.kind === 'invoice' || document?.kind === 'charge') owed += openOn(document, asOf);
          if (document?.kind === 'payment' || document?.kind === 'credit-note') owed -= leftOn(document, asOf);
        }
        expect({ items: rows[0]!.items, control: rows[0]!.control }).toEqual({ items: `${owed}`, control: `${owed}` });
        expect(rows[0]!.debits).toBe(rows[0]!.credits);
      }),
      { numRuns: sampleSize(15) },
    );
  });
});

describe('a pass', () => {
  const openings = (count: number, from = 0): Command[] =>
    Array.from({ length: count }, (_, i) => invoice(`I${from + i}`, { number: `N${from + i}` }));
  const begin = async (): Promise<{ ledgerId: string; run: (command: Command) => Promise<unknown> }> => {
    const ledgerId = newLedger();
    const run = (command: Command): Promise<unknown> => log.execute(ledgerId, requestOf(command));
    await run(openLedger(ledgerId));
    await run(vendor('V1'));
    return { ledgerId, run };
  };

  it('ends where a batch ends, also when a batch is larger than a pass', async () => {
    const { ledgerId, run } = await begin();
    await Promise.all(openings(2_600).map(run));
    // One command of 2,501 events, which is one batch.
    const all = Array.from({ length: 2_500 }, (_, i) => [`I${i}`, '1.00'] as const);
    await run(payment('P1', all));
    await run(invoice('last'));
    const head = (await log.head(ledgerId))!.position;
    await newWorker().catchUp(ledgerId);
    const steps = await checkSteps(ledgerId);
    expect(steps.at(-1)).toBe(head);
    expect(head).toBe(2 + 2_600 + 2_501 + 1);
    // More than one pass, and none that cut the large batch.
    expect(steps.length).toBeGreaterThanOrEqual(3);
    expect(steps.filter((step) => step > 2_602 && step < 2_602 + 2_501)).toEqual([]);
  });

  it('writes nothing if it does not come to its end, and is done again', async () => {
    const { ledgerId, run } = await begin();
    await Promise.all(openings(5).map(run));
    const worker = newWorker();
    await worker.catchUp(ledgerId);
    const before = await rowsOf(ledgerId);
    await Promise.all(openings(5, 5).map(run));
    const { letGo } = await hold('books.journal_lines');
    const dying = worker.catchUp(ledgerId);
    const failed = expect(dying).rejects.toThrow(/terminat/i);
    // By now the checkpoint is moved and lines are written, in the transaction that is about to be lost.
    await admin.query('select pg_terminate_backend($1)', [await untilWaiting()]);
    await failed;
    await letGo();
    expect(await rowsOf(ledgerId)).toEqual(before);
    expect((await checkpointOf(ledgerId))!.position).toBe('7');
    // The same worker goes on, with nothing in memory of what was not written.
    await run(payment('P1', [['I7', '40.00']]));
    await worker.catchUp(ledgerId);
    const again = newLedger();
    const events = (await log.linesAfter(ledgerId, 0, 100)).map(({ line }) => readLine(line));
    await appendAll(again, entriesOf(events), 100);
    await newWorker().catchUp(again);
    expect(await rowsOf(ledgerId)).toEqual(await rowsOf(again));
  });

  // A client that is taken from a pool has nobody who hears of its errors, and pg tells of a socket that ends by one.
  it('survives that its connection is cut while it writes', async () => {
    const { ledgerId, run } = await begin();
    const proxy = await Proxy.before(database.appUrl);
    const behind = poolOf(proxy.url, { application_name: 'under test' });
    const worker = new ProjectionWorker(behind, new EventLog(behind), fail);
    const { letGo } = await hold('books.journal_lines');
    await run(invoice('I1'));
    const failed = expect(worker.catchUp(ledgerId)).rejects.toThrow(/terminat/i);
    const pid = await untilWaiting();
    proxy.isDown = true;
    await failed;
    // The server notices only when it has something to say.
    await admin.query('select pg_terminate_backend($1)', [pid]);
    await letGo();
    proxy.isDown = false;
    await worker.catchUp(ledgerId);
    expect((await checkpointOf(ledgerId))!.position).toBe('3');
    await behind.end();
    await proxy.close();
  });

  it('is written though it took longer than the lease, if nobody was quicker', async () => {
    const { ledgerId, run } = await begin();
    await Promise.all(openings(5).map(run));
    const slow = newWorker();
    // It has the lease, and is held up while it reads.
    const { client, letGo } = await hold('log.events');
    const pass = slow.catchUp(ledgerId);
    await untilWaiting();
    await client.query(
      `update books.checkpoints set lease_holder = 'another', lease_until = clock_timestamp() + interval '1 hour'
        where ledger_id = $1`,
      [ledgerId],
    );
    await letGo();
    await pass;
    expect(await checkpointOf(ledgerId)).toEqual({ position: '7', lease_holder: null });
    expect((await rowsOf(ledgerId)).subledger_lines).toHaveLength(5);
  });

  it('writes nothing if another worker has folded further meanwhile', async () => {
    const { ledgerId, run } = await begin();
    await Promise.all(openings(5).map(run));
    const [slow, quick] = [newWorker(), newWorker()];
    const { client, letGo } = await hold('log.events');
    const pass = slow.catchUp(ledgerId);
    await untilWaiting();
    await client.query(
      `update books.checkpoints set lease_until = clock_timestamp() - interval '1 hour' where ledger_id = $1`,
      [ledgerId],
    );
    await letGo();
    await Promise.all([pass, quick.catchUp(ledgerId)]);
    await quick.catchUp(ledgerId);
    expect(await checkSteps(ledgerId)).toEqual([7]);
    expect((await rowsOf(ledgerId)).subledger_lines).toHaveLength(5);
  });
});

describe('a lease', () => {
  const begin = async (): Promise<string> => {
    const ledgerId = newLedger();
    await log.execute(ledgerId, requestOf(openLedger(ledgerId)));
    await newWorker().catchUp(ledgerId);
    await log.execute(ledgerId, requestOf(vendor('V1')));
    return ledgerId;
  };
  const leaseTo = (ledgerId: string, until: string): Promise<unknown> =>
    admin.query(
      `update books.checkpoints set lease_holder = 'dead', lease_until = clock_timestamp() + $2::interval where ledger_id = $1`,
      [ledgerId, until],
    );

  it('keeps others out as long as it lasts', async () => {
    const ledgerId = await begin();
    await leaseTo(ledgerId, '1 hour');
    await newWorker().catchUp(ledgerId);
    expect(await checkpointOf(ledgerId)).toEqual({ position: '1', lease_holder: 'dead' });
  });

  it('of a worker that has died runs out', async () => {
    const ledgerId = await begin();
    await leaseTo(ledgerId, '-1 microsecond');
    await newWorker().catchUp(ledgerId);
    expect(await checkpointOf(ledgerId)).toEqual({ position: '2', lease_holder: null });
  });

  it('is given back by a worker that stops', async () => {
    const ledgerId = await begin();
    const worker = startWorker();
    await new Books(pool).reach(ledgerId, 2);
    await worker.stop();
    expect(await checkpointOf(ledgerId)).toEqual({ position: '2', lease_holder: null });
  });

  it('of one ledger does not keep another one from going on', async () => {
    const [held, free] = [await begin(), await begin()];
    await leaseTo(held, '1 hour');
    startWorker();
    expect((await new Books(pool).reach(free)).position).toBe(2);
    expect((await checkpointOf(held))!.position).toBe('1');
    await leaseTo(held, '-1 hour');
    expect((await new Books(pool).reach(held)).position).toBe(2);
  });
});

describe('workers that run', () => {
  it('fold what any instance appends, two of them at the same time, under load', async () => {
    const ledgerId = newLedger();
    const elsewhere = new EventLog(pool);
    const run = (command: Command, n: number): Promise<unknown> =>
      (n % 2 ? log : elsewhere).execute(ledgerId, requestOf(command));
    await run(openLedger(ledgerId), 0);
    await run(vendor('V1'), 0);
    startWorker();
    startWorker();
    await Promise.all(
      Array.from({ length: 16 }, async (_, caller) => {
        for (let n = 0; n < 15; n++) {
          const id = `${String.fromCharCode(65 + caller)}${n}`;
          await run(invoice(id), caller);
          if (n % 3 === 0) await run(payment(`P${id}`, [[id, '60.00']]), caller + 1);
        }
      }),
    );
    const { position, generation, recordedAt } = await new Books(pool).reach(ledgerId);
    expect({ position, recordedAt }).toEqual(await log.head(ledgerId));
    expect(generation).toBe(firstGeneration);
    await checkSteps(ledgerId);
    const again = newLedger();
    const events = (await log.linesAfter(ledgerId, 0, 10_000)).map(({ line }) => readLine(line));
    await appendAll(again, entriesOf(events), 1_000);
    await new Books(pool).reach(again);
    expect(await rowsOf(ledgerId)).toEqual(await rowsOf(again));
  });

  it('go on after a failure, which they report', async () => {
    const ledgerId = newLedger();
    await log.execute(ledgerId, requestOf(openLedger(ledgerId)));
    const reported: unknown[] = [];
    const { letGo } = await hold('books.documents');
    startWorker((error) => reported.push(error));
    await admin.query('select pg_terminate_backend($1)', [await untilWaiting()]);
    await letGo();
    expect((await new Books(pool).reach(ledgerId)).position).toBe(1);
    expect(reported).toHaveLength(1);
  });

  it('go on with all ledgers but the one that can not be folded, which is reported once and left to others', async () => {
    const [bad, good] = [newLedger(), newLedger()];
    await admin.query(`
      create function public.refuse() returns trigger language plpgsql as $$ begin raise 'broken'; end $$;
      create trigger refuse before insert on books.documents for each row
        when (new.ledger_id = '${bad}') execute function public.refuse()`);
    const reported: [unknown, string?][] = [];
    startWorker((error, ledgerId) => reported.push([error, ledgerId]));
    for (const ledgerId of [bad, good]) await log.execute(ledgerId, requestOf(openLedger(ledgerId)));
    expect((await new Books(pool).reach(good)).position).toBe(1);
    // Long enough for it to be tried again.
    await sleep(1_500);
    const { rows } = await admin.query('select position, lease_holder from books.checkpoints where ledger_id = $1', [
      bad,
    ]);
    expect(rows).toEqual([{ position: '0', lease_holder: null }]);
    expect(reported).toEqual([[expect.objectContaining({ message: 'broken' }), bad]]);
    await admin.query('drop trigger refuse on books.documents');
    expect((await new Books(pool).reach(bad)).position).toBe(1);
  });

  it('leave the books of a ledger that nobody has opened at their beginning', async () => {
    expect(await new Books(pool).reach('nowhere')).toEqual({
      generation: firstGeneration,
      position: 0,
      recordedAt: undefined,
    });
  });
});
