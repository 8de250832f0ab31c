/** Plans under way belong to all instances: any answers for them, ends them, or goes on with what a dead one left. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { App } from '../src/app.module.js';
import { cashSteps, planRequest } from '../src/demo-cash.js';
import { steps } from '../src/demo-founding-case.js';
import { LedgerClient, type Reply, startApp, testToken } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { AppProcess } from './support/process.js';

let database: TestDatabase;
let apps: App[];
const processes: AppProcess[] = [];
let here: LedgerClient;
let there: LedgerClient;

const quick = { ...planRequest, overrides: 0, scenarios: [{ name: 'as expected' }], newMoney: { amounts: ['1.00'] } };
/** Takes many seconds: what is looked into is solved again and again. */
const slow = {
  ...planRequest,
  overrides: 100,
  periods: 40,
  scenarios: Array.from({ length: 12 }, (_, n) => ({ name: `${n} days late`, receiptsSlipDays: n })),
  newMoney: { amounts: Array.from({ length: 8 }, (_, n) => `${n + 1}00000.00`) },
};

beforeAll(async () => {
  database = await createTestDatabase();
  apps = [await startApp(database), await startApp(database)];
  here = await new LedgerClient(apps[0]!.url, 'founding-case').open();
  there = new LedgerClient(apps[1]!.url, 'founding-case');
  for (const { path, body } of [...steps.slice(1), ...cashSteps]) await here.record(path, body);
}, 120_000);
afterAll(async () => {
  for (const app of apps) await app.close();
  for (const process of processes) await process.kill();
  await database.drop();
});

/** Asks until something holds. */
const until = async <T = Reply>(ask: () => Promise<T>, holds: (found: T) => boolean): Promise<T> => {
  for (;;) {
    const found = await ask();
    if (holds(found)) return found;
    await sleep(50);
  }
};
/** Takes a plan from whoever computes it, as another instance does when a lease has run out. */
const takeOver = async (planId: string): Promise<void> => {
  const client = new pg.Client({ connectionString: database.appUrl });
  await client.connect();
  await client.query(
    `update books.plan_jobs set holder = gen_random_uuid(), held_until = clock_timestamp() + interval '1 hour'
      where plan_id = $1`,
    [planId],
  );
  await client.end();
};
/** How often an instance has begun a plan that is under way. */
const attempts = async (planId: string): Promise<number | undefined> => {
  const client = new pg.Client({ connectionString: database.appUrl });
  await client.connect();
  const { rows } = await client.query<{ attempts: number }>('select attempts from books.plan_jobs where plan_id = $1', [
    planId,
  ]);
  await client.end();
  return rows[0]?.attempts;
};
const made = async (client: LedgerClient, planId: string): Promise<number> =>
  ((await client.events()) as any[]).filter(({ type, data }) => type === 'CashPlanProposed' && data.planId === planId)
    .length;

describe('a plan that one instance makes', () => {
  it('is known to the other, which joins the same request, refuses another one, and ends it', async () => {
    const asked = here.post('/cash-plans', { ...slow, id: 'shared' });
    const running = await until(
      () => there.get('/cash-plans/shared'),
      ({ body }) => body.status === 'running',
    );
    expect(running).toMatchObject({ status: 202, body: { id: 'shared', status: 'running' } });
    const other = await there.post('/cash-plans', { ...quick, id: 'shared' });
    expect(other.body).toMatchObject({ type: '/problems/id-already-used', status: 409 });
    // The same, and the same in other words.
    for (const body of [slow, { ...slow, minimumBalance: '250000', periodDays: 7, forbid: [] }])
      expect(await there.post('/cash-plans', { ...body, id: 'shared' })).toMatchObject({
        status: 202,
        body: { id: 'shared', status: 'running' },
      });
    expect(await there.delete('/cash-plans/shared')).toMatchObject({ status: 200, body: { status: 'cancelled' } });
    expect([202, 503]).toContain((await asked).status);
    expect((await here.get('/cash-plans/shared')).body).toEqual({ id: 'shared', status: 'cancelled' });
    expect((await here.delete('/cash-plans/shared')).body.type).toBe('/problems/not-running');
    // Its thread is free again: what comes next does not wait for it.
    const next = await here.post('/cash-plans', { ...quick, id: 'next' });
    if (next.status === 202)
      await until(
        () => here.get('/cash-plans/next'),
        ({ status }) => status === 200,
      );
    expect(await made(here, 'shared')).toBe(0);
    expect(await made(here, 'next')).toBe(1);
  }, 60_000);

  it('is made anew of another request as soon as it is cancelled', async () => {
    const asked = here.post('/cash-plans', { ...slow, id: 'twice' });
    await until(
      () => here.get('/cash-plans/twice'),
      ({ body }) => body.status === 'running',
    );
    expect((await here.delete('/cash-plans/twice')).status).toBe(200);
    const anew = await here.post('/cash-plans', { ...quick, id: 'twice' });
    expect([201, 202]).toContain(anew.status);
    await until(
      () => there.get('/cash-plans/twice'),
      ({ status }) => status === 200,
    );
    expect([202, 503]).toContain((await asked).status);
    expect(await made(here, 'twice')).toBe(1);
  }, 60_000);

  it('is made of the request that is on the list, though this one has not heard yet that the other has ended its own', async () => {
    const asked = here.post('/cash-plans', { ...slow, id: 'renamed' });
    await until(
      () => there.get('/cash-plans/renamed'),
      ({ body }) => body.status === 'running',
    );
    expect((await there.delete('/cash-plans/renamed')).status).toBe(200);
    const other = await here.post('/cash-plans', { ...quick, periods: 2, id: 'renamed' });
    expect([201, 202]).toContain(other.status);
    const { body } = await until(
      () => there.get('/cash-plans/renamed'),
      ({ status }) => status === 200,
    );
    expect(body.runs).toHaveLength(2);
    expect([202, 503]).toContain((await asked).status);
    expect(await made(here, 'renamed')).toBe(1);
  }, 60_000);

  it('is joined by who leaves out the day that another has named, where that is today', async () => {
    const { asOf: _, ...undated } = slow;
    const asOf = new Date().toISOString().slice(0, 10);
    const asked = here.post('/cash-plans', { ...undated, asOf, id: 'today' });
    await until(
      () => there.get('/cash-plans/today'),
      // By today everything of the case is long past, so that it may be done soon: the same holds then.
      ({ status, body }) => status === 200 || body.status === 'running',
    );
    // It may be tomorrow by now.
    const body = asOf === new Date().toISOString().slice(0, 10) ? undated : { ...undated, asOf };
    const joined = await there.post('/cash-plans', { ...body, id: 'today' });
    expect([201, 202]).toContain(joined.status);
    expect(joined.body.id).toBe('today');
    expect((await there.post('/cash-plans', { ...undated, asOf: '2023-11-01', id: 'today' })).status).toBe(409);
    await there.delete('/cash-plans/today');
    expect([201, 202, 503]).toContain((await asked).status);
  }, 60_000);

  it('is still under way when another has taken it over', async () => {
    const asked = here.post('/cash-plans', { ...slow, id: 'lapsed' });
    await until(
      () => there.get('/cash-plans/lapsed'),
      ({ body }) => body.status === 'running',
    );
    await takeOver('lapsed');
    const { status, body } = await asked;
    expect({ status, id: body.id }).toEqual({ status: 202, id: 'lapsed' });
    // Where the thread was long in coming, the answer was given before it had begun.
    expect(['queued', 'running']).toContain(body.status);
    expect((await here.delete('/cash-plans/lapsed')).status).toBe(200);
  }, 60_000);

  it('is answered by the other once it is recorded, under its key too', async () => {
    const key = { 'idempotency-key': 'one key, two instances' };
    const [a, b] = await Promise.all([here.post('/cash-plans', quick, key), there.post('/cash-plans', quick, key)]);
    const id = a.body.id ?? b.body.id;
    await until(
      () => here.get(`/cash-plans/${id}`),
      ({ status }) => status === 200,
    );
    const [again, elsewhere] = [
      await here.post('/cash-plans', quick, key),
      await there.post('/cash-plans', quick, key),
    ];
    expect([again.status, elsewhere.status]).toEqual([201, 201]);
    expect(elsewhere.text).toBe(again.text);
    for (const { status, body, text } of [a, b]) {
      if (status === 201) expect(text).toBe(again.text);
      else expect([status, body.id]).toEqual([202, id]);
    }
    expect(await made(here, id)).toBe(1);
  }, 60_000);

  it('that can not be made is refused there as here', async () => {
    const euros = { ...quick, currency: 'EUR', id: 'euros' };
    expect((await here.post('/cash-plans', euros)).body.type).toBe('/problems/no-cash-balance');
    expect((await there.get('/cash-plans/euros')).body).toMatchObject({
      id: 'euros',
      status: 'failed',
      problem: { type: '/problems/no-cash-balance', status: 422 },
    });
    // What is recorded is not hidden by what was asked for under its name later.
    expect((await there.post('/cash-plans', { ...euros, id: 'next' })).body.type).toBe('/problems/id-already-used');
    expect((await here.get('/cash-plans/next')).body.status).toBe('proposed');
  }, 60_000);
});

describe('a plan that nobody waits for any more', () => {
  it('ends, where it is not to be recorded, and keeps nobody else waiting', async () => {
    const leave = new AbortController();
    const asked = fetch(`${here.base}/cash-plans?dryRun=true`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(slow),
      signal: leave.signal,
    });
    await sleep(300);
    leave.abort();
    await expect(asked).rejects.toThrow('aborted');
    const next = await here.post('/cash-plans', { ...quick, id: 'after-it' });
    expect([201, 202]).toContain(next.status);
    // It would be queued for as long as the other takes, which is longer than to start another thread by far.
    const askedMs = performance.now();
    await until(
      () => here.get('/cash-plans/after-it'),
      ({ body }) => body.status !== 'queued',
    );
    expect(performance.now() - askedMs).toBeLessThan(10_000);
  }, 60_000);
});

describe('a plan whose instance is gone', () => {
  it('is taken over by another one, left by that when it stops, and recorded once by the next', async () => {
    const settings = {
      DATABASE_URL: database.appUrl,
      DATABASE_MIGRATION_URL: database.url,
      DUEBOOK_DATA: database.folder,
      DUEBOOK_TOKEN: testToken,
    };
    for (const app of apps.splice(0)) await app.close();
    const started = async (): Promise<AppProcess> => {
      const one = await AppProcess.start(settings);
      processes.push(one);
      return one;
    };
    const [first, second] = [await started(), await started()];
    const clientOf = ({ url }: AppProcess): LedgerClient => new LedgerClient(url, 'founding-case');
    const key = { 'idempotency-key': 'survives' };
    const body = { ...slow, id: 'survivor' };
    const lost = clientOf(first)
      .post('/cash-plans', body, key)
      .catch(() => undefined);
    await until(
      () => clientOf(second).get('/cash-plans/survivor'),
      (reply) => reply.body.status === 'running',
    );
    await first.kill();
    await lost;

    // It belongs to nobody until its lease is over; all that time it is known.
    await until(
      async () => {
        expect((await clientOf(second).get('/cash-plans/survivor')).status).toBe(202);
        return attempts('survivor');
      },
      (count) => count === 2,
    );
    const waiting = clientOf(second).post('/cash-plans', body, key);
    await sleep(100);
    expect(await second.stop()).toBe(0);
    expect(await waiting).toMatchObject({ status: 202, body: { id: 'survivor' } });

    const third = await started();
    const last = clientOf(third);
    const done = await until(
      () => last.get('/cash-plans/survivor'),
      ({ status }) => status !== 202,
    );
    expect(done).toMatchObject({ status: 200, body: { id: 'survivor', status: 'proposed', proven: true } });
    expect(await made(last, 'survivor')).toBe(1);
    const replay = await last.post('/cash-plans', body, key);
    expect([replay.status, replay.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(replay.body.planHash).toBe(done.body.planHash);
    expect(await third.stop()).toBe(0);
  }, 240_000);
});
