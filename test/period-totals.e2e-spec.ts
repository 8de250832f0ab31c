/** Closings whose totals are not there at once: because the books are behind, or because whoever closed died over it. */
import { execFile } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { App } from '../src/app.module.js';
import { LedgerClient, type Reply, startApp, testToken } from './support/app.js';
import { until } from './support/audit.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { AppProcess } from './support/process.js';

let database: TestDatabase;
let owner: pg.Client;
let apps: App[];
const processes: AppProcess[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.url });
  await owner.connect();
  apps = [await startApp(database), await startApp(database)];
});
afterAll(async () => {
  for (const app of apps) await app.close();
  for (const one of processes) await one.kill();
  await owner.end();
  await database.drop();
});

/** How often each instance looks for closings without totals, and some more. */
const allHaveLookedMs = 2_500;

const clientsOf = (ledger: string): LedgerClient[] => apps.map(({ url }) => new LedgerClient(url, ledger));

/** Opens a ledger in which 100.00 are owed as of January, at position 3, and waits until the books have that. */
const opened = async (ledger: string): Promise<LedgerClient> => {
  const client = await clientsOf(ledger)[0]!.open();
  await client.record('/vendors', { id: 'aws', name: 'AWS' });
  const money = { currency: 'USD', lines: [{ amount: '100.00' }], total: '100.00' };
  await client.record('/invoices', { ...money, vendorId: 'aws', number: '1', invoiceDate: '2024-01-31' });
  expect((await client.get('/reports/ageing?atLeast=3')).status).toBe(200);
  return client;
};

/** Keeps everybody from folding a ledger further while something is done. */
const withoutFolding = async <T>(ledger: string, work: () => Promise<T>): Promise<T> => {
  await owner.query('begin');
  try {
    await owner.query('select from books.checkpoints where ledger_id = $1 for update', [ledger]);
    return await work();
  } finally {
    await owner.query('rollback');
  }
};

/** What is in the log behind position 3. */
const typesBehind = async (ledger: string): Promise<string[]> => {
  const { rows } = await owner.query<{ type: string }>(
    'select type from log.events where ledger_id = $1 and position > 3 order by position',
    [ledger],
  );
  return rows.map(({ type }) => type);
};

describe('a period that is closed', () => {
  it('while the books are behind is answered without totals, and gets them once the books are there', async () => {
    const client = await opened('behind');
    const other = clientsOf('behind')[1]!;
    const key = { 'idempotency-key': 'january' };
    const closed = await withoutFolding('behind', async (): Promise<Reply> => {
      const reply = await client.post('/periods/2024-01/close', {}, key);
      expect([reply.status, reply.body]).toMatchObject([201, { status: 'closed', totals: null, position: 4 }]);
      // The gate is shut all the same.
      const late = { vendorId: 'aws', paidOn: '2024-01-31', currency: 'USD', amount: '1.00' };
      expect((await client.post('/payments', late)).body.type).toBe('/problems/period-closed');
      expect((await other.get('/periods/2024-01')).body.totals).toBeNull();
      expect(await typesBehind('behind')).toEqual(['PeriodClosed']);
      return reply;
    });
    const totals = await until(async () => (await client.get('/periods/2024-01')).body.totals ?? false);
    expect(totals).toMatchObject({ position: 4, currencies: [{ currency: 'USD', owed: '100.00' }] });
    await setTimeout(allHaveLookedMs);
    expect(await typesBehind('behind')).toEqual(['PeriodClosed', 'PeriodTotalsRecorded']);
    // Whoever repeats the request gets what it waited for.
    const again = await other.post('/periods/2024-01/close', {}, key);
    expect(again.body).toEqual({ ...closed.body, totals, position: 5 });
  });

  it('by a process that is killed before the totals gets them once from the next one', async () => {
    await opened('killed');
    for (const app of apps.splice(0)) await app.close();
    const settings = {
      DATABASE_URL: database.appUrl,
      DATABASE_MIGRATION_URL: database.url,
      DUEBOOK_DATA: database.folder,
      DUEBOOK_TOKEN: testToken,
    };
    const started = async (): Promise<AppProcess> => {
      const one = await AppProcess.start(settings);
      processes.push(one);
      return one;
    };
    const dying = await started();
    await withoutFolding('killed', async () => {
      const lost = new LedgerClient(dying.url, 'killed').post('/periods/2024-01/close').catch(() => undefined);
      await until(async () => (await typesBehind('killed')).length > 0);
      await dying.kill();
      expect(await lost).toBeUndefined();
    });
    expect(await typesBehind('killed')).toEqual(['PeriodClosed']);

    const next = await started();
    const client = new LedgerClient(next.url, 'killed');
    const totals = await until(async () => (await client.get('/periods/2024-01')).body.totals ?? false);
    expect(totals).toMatchObject({ position: 4, currencies: [{ currency: 'USD', owed: '100.00' }] });
    await setTimeout(allHaveLookedMs);
    expect(await typesBehind('killed')).toEqual(['PeriodClosed', 'PeriodTotalsRecorded']);
    expect((await client.get('/audit/checkpoint?atLeast=5')).status).toBe(200);
    const args = ['dist/cli.js', 'verify', 'killed', '--json'];
    const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...settings };
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, events: 5, covered: 5, findings: [], closings: { made: 1 } });
    expect(await next.stop()).toBe(0);
  });
});
