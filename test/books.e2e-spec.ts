import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import type { App } from '../src/app.module.js';
import { type Document, evolve } from '../src/domain/documents.js';
import { accountRoles, documentsOf, type DocumentName, type RecordedEvent } from '../src/domain/events.js';
import { openSchedule } from '../src/domain/open-item.js';
import { EventLog } from '../src/event-log/event-log.js';
import { readLine } from '../src/event-log/record.js';
import { cashTables } from '../src/projections/cash-rows.js';
import { fold, type Folded } from '../src/projections/fold.js';
import { ProjectionWorker } from '../src/projections/worker.js';
import { histories, walk } from './model/histories.js';
import { isAccepted, ReferenceLedger } from './model/reference.js';
import { LedgerClient, startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { sampleSize } from './support/seed.js';

// The books are a second telling of the log: whatever way they were folded, they say what the log says.

let database: TestDatabase;
let app: App;
let pool: pg.Pool;
let ledgers = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  pool = new pg.Pool({ connectionString: database.appUrl });
});
afterAll(async () => {
  await pool.end();
  await app.close();
  await database.drop();
});

const today = (): string => new Date().toISOString().slice(0, 10);

const linesOf = async (ledgerId: string): Promise<RecordedEvent[]> => {
  const { rows } = await pool.query<{ line: string }>(
    'select line from log.events where ledger_id = $1 order by position',
    [ledgerId],
  );
  return rows.map(({ line }) => readLine(line));
};

/** What is open per item and triple of dates, by folding the log up to a position. */
const openByLog = (events: readonly RecordedEvent[], position: number, asOf: string): Record<string, string> => {
  const documents = new Map<DocumentName, Document | undefined>();
  for (const event of events.filter((one) => one.position <= position)) {
    for (const name of documentsOf(event)) documents.set(name, evolve(name, documents.get(name), event));
  }
  const open = new Map<string, bigint>();
  for (const document of documents.values()) {
    if (document?.kind !== 'invoice' && document?.kind !== 'charge') continue;
    const { schedule, open: amounts } = openSchedule(document, asOf);
    schedule.forEach(({ originalDueOn, dueOn, plannedOn }, place) => {
      const key = `${document.kind}/${document.id} ${originalDueOn} ${dueOn} ${plannedOn}`;
      open.set(key, (open.get(key) ?? 0n) + amounts[place]!);
    });
  }
  return Object.fromEntries(
    [...open].filter(([, amount]) => amount !== 0n).map(([key, amount]) => [key, String(amount)]),
  );
};

const openByBooks = async (ledgerId: string, position: number, asOf: string): Promise<Record<string, string>> => {
  const { rows } = await pool.query<{ key: string; owed: string }>(
    `select format('%s/%s %s %s %s', item_type, item_id, original_due_on, due_on, planned_on) as key, sum(owed) as owed
       from books.subledger_lines
      where ledger_id = $1 and position <= $2 and effective_on <= $3 and item_type in ('invoice', 'charge')
      group by 1 having sum(owed) <> 0`,
    [ledgerId, position, asOf],
  );
  return Object.fromEntries(rows.map(({ key, owed }) => [key, owed]));
};

const tables = ['subledger_lines', 'journal_lines', 'vendor_facts', 'duties', 'documents', ...Object.keys(cashTables)];

/** Every row of a ledger's books, without the name of the ledger. */
const rowsOf = async (ledgerId: string): Promise<Record<string, string[]>> =>
  Object.fromEntries(
    await Promise.all(
      tables.map(async (table): Promise<[string, string[]]> => {
        const { rows } = await pool.query<{ row: string }>(
          `select (to_jsonb(t) - 'ledger_id')::text as row from books.${table} t where ledger_id = $1 order by 1`,
          [ledgerId],
        );
        return [table, rows.map(({ row }) => row)];
      }),
    ),
  );

/** Puts other accounts in the place of those of the default chart, or these back, for entries from some day on. */
const changeChart = async (client: LedgerClient, dice: number): Promise<void> => {
  const role = accountRoles[dice % accountRoles.length]!;
  const account = dice % 5 === 0 ? role : `${1_000 * (1 + (dice % accountRoles.length)) + (dice % 3)}`;
  const on = new Date(Date.now() + ((dice % 150) - 100) * 86_400_000).toISOString().slice(0, 10);
  await client.record('/accounts', { account, name: `For ${role}`, for: role, on });
};

const recordHistory = async (history: Parameters<typeof walk>[0]): Promise<string> => {
  ledgers += 1;
  const client = await new LedgerClient(app.url, `books-${ledgers}`).open();
  const ledger = new ReferenceLedger({ currency: 'USD', timeZone: 'UTC', today: today() });
  let dice = history.length;
  for (const { request, expected } of walk(history, ledger)) {
    const reply = await client.post(request.path, request.body);
    if (isAccepted(expected)) ledger.recorded(reply.body.position as number);
    dice = (dice * 7_919 + 1) % 10_007;
    if (dice % 6 === 0) await changeChart(client, dice);
  }
  await client.get('/reports/ageing'); // waits until the books go to the end of the log
  return client.ledger;
};

describe('the books of random histories', () => {
  it('add up to the open schedule at every day and position, and balance', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories({ minLength: 10, maxLength: 50 }),
        fc.array(fc.tuple(fc.nat(1_000), fc.integer({ min: -130, max: 200 })), { minLength: 12, maxLength: 12 }),
        async (history, questions) => {
          const ledgerId = await recordHistory(history);
          const events = await linesOf(ledgerId);
          for (const [place, days] of questions) {
            const { position } = events[place % events.length]!;
            const asOf = new Date(Date.parse(today()) + days * 86_400_000).toISOString().slice(0, 10);
            expect(await openByBooks(ledgerId, position, asOf)).toEqual(openByLog(events, position, asOf));
          }
          const { rows } = await pool.query(
            `select position, effective_on, currency from books.journal_lines where ledger_id = $1
              group by 1, 2, 3 having sum(debit) <> sum(credit)`,
            [ledgerId],
          );
          expect(rows).toEqual([]);
          // The control account, at every position and day on which anything changes, is what the items add up to.
          const control = events.flatMap(({ type, data }) =>
            type === 'AccountSet' && ['payables', 'on-account'].includes(data.for ?? '') ? [data.account] : [],
          );
          const { rows: apart } = await pool.query(
            `with changes as (
               select position, effective_on, currency, owed from books.subledger_lines where ledger_id = $1
               union all
               select position, effective_on, currency, debit - credit from books.journal_lines
                where ledger_id = $1 and account = any ($2))
             select position, effective_on, currency from changes group by 1, 2, 3 having sum(owed) <> 0`,
            [ledgerId, ['payables', 'on-account', ...control]],
          );
          expect(apart).toEqual([]);
        },
      ),
      { numRuns: sampleSize(15, 300) },
    );
  }, 3_600_000);

  it('are the same rows however the log was cut into passes, and by whomever they were folded', async () => {
    await fc.assert(
      fc.asyncProperty(histories({ minLength: 20, maxLength: 60 }), async (history) => {
        const ledgerId = await recordHistory(history);
        const live = await rowsOf(ledgerId);
        expect(live.subledger_lines!.length + live.documents!.length).toBeGreaterThan(3);

        // In memory, event by event.
        const documents = new Map<DocumentName, Folded>();
        let lines = 0;
        let postings = 0;
        for (const event of await linesOf(ledgerId)) {
          const rows = fold([event], documents);
          lines += rows.subledgerLines.length;
          postings += rows.journalLines.length;
        }
        expect([lines, postings]).toEqual([live.subledger_lines!.length, live.journal_lines!.length]);

        // From the start again, by two workers without any memory that compete for it.
        for (const table of [...tables, 'checkpoints', 'live']) {
          await pool.query(`delete from books.${table} where ledger_id = $1`, [ledgerId]);
        }
        const workers = Array.from({ length: 2 }, () => new ProjectionWorker(pool, new EventLog(pool)));
        const head = (await new EventLog(pool).head(ledgerId))!.position;
        for (let [position, turns] = [-1, 0]; position < head; turns++) {
          // Each gets somewhere, if there is nothing that can't be folded.
          expect(turns).toBeLessThan(1_000);
          await Promise.all(workers.map((worker) => worker.catchUp(ledgerId)));
          const { rows } = await pool.query<{ position: string }>(
            'select position from books.checkpoints where ledger_id = $1',
            [ledgerId],
          );
          position = Number(rows[0]?.position ?? -1);
        }
        expect(await rowsOf(ledgerId)).toEqual(live);
      }),
      { numRuns: sampleSize(8, 150) },
    );
  }, 3_600_000);

  it('go on when the connections of the application are cut while they are folded and read', async () => {
    const client = await new LedgerClient(app.url, 'cut').open();
    await client.record('/vendors', { id: 'V', name: 'Vendor' });
    const owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    for (let i = 0; i < 10; i++) {
      const change = client.record('/vendors/V/changes', { name: `Name ${i}` });
      const report = client.get('/reports/ageing').catch(() => undefined);
      await owner.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name in ('duebook worker', 'duebook reports', 'duebook log')`,
      );
      await Promise.all([change, report]);
    }
    await owner.end();
    const { body } = await client.record('/vendors/V/changes', { name: 'Last' });
    let reply = await client.get(`/reports/ageing?atLeast=${body.position}`);
    if (reply.status === 503) reply = await client.get(`/reports/ageing?atLeast=${body.position}`);
    expect([reply.status, reply.body.position]).toEqual([200, body.position]);
  }, 60_000);

  it('go on when a worker has died with the lease', async () => {
    const client = await new LedgerClient(app.url, 'lease').open();
    await client.record('/vendors', { id: 'V', name: 'Vendor' });
    await client.get('/reports/ageing');
    await pool.query(
      `update books.checkpoints set lease_holder = 'dead', lease_until = clock_timestamp() + interval '1 second'
        where ledger_id = 'lease'`,
    );
    const { body } = await client.record('/vendors/V/changes', { name: 'Renamed' });
    const reply = await client.get(`/reports/ageing?atLeast=${body.position}`);
    expect([reply.status, reply.body.position]).toEqual([200, body.position]);
  });
});
