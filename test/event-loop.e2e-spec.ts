/** Whoever answers requests is not kept from it by plans: measured in a server of its own, from the build. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LedgerClient, type Reply, testToken } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { AppProcess } from './support/process.js';
import { sampleSize } from './support/seed.js';

const bills = sampleSize(2_000, 20_000);
const markMs = 50;

let database: TestDatabase;
let app: AppProcess;
let ledger: LedgerClient;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await AppProcess.start({
    DATABASE_URL: database.appUrl,
    DATABASE_MIGRATION_URL: database.url,
    DUEBOOK_DATA: database.folder,
    DUEBOOK_TOKEN: testToken,
  });
  ledger = await new LedgerClient(app.url, 'many').open();
  for (let n = 0; n < 50; n++) {
    await ledger.record('/vendors', { id: `v${n}`, name: `Vendor ${n}` });
    await ledger.record(`/vendors/v${n}/consequences`, {
      effectiveOn: '2024-01-01',
      tier: 5,
      lateInterest: { annualPercent: String(1 + (n % 20)) },
      source: 'terms',
    });
  }
  let next = 0;
  const post = async (): Promise<void> => {
    while (next < bills) {
      const n = next++;
      const amount = `${10 + ((n * 7919) % 9_000)}.00`;
      await ledger.record('/invoices', {
        id: `i${n}`,
        vendorId: `v${n % 50}`,
        number: `N${n}`,
        invoiceDate: '2024-02-01',
        dueDate: `2024-0${3 + (n % 2)}-${10 + (n % 19)}`,
        currency: 'USD',
        lines: [{ amount }],
        total: amount,
      });
    }
  };
  await Promise.all(Array.from({ length: 32 }, post));
  const cash = { account: 'main', currency: 'USD', on: '2024-03-01', balance: `${bills * 1_500}.00` };
  const { position } = (await ledger.record('/cash/balances', cash)).body;
  await ledger.get(`/reports/trial-balance?atLeast=${position}`);
}, 300_000);
afterAll(async () => {
  await app.stop();
  await database.drop();
});

const request = {
  asOf: '2024-03-01',
  currency: 'USD',
  overrides: 0,
  scenarios: [{ name: 'as expected' }],
  newMoney: { amounts: [] },
};

/** For how long the loop is blocked at most while something is done, at the best of some times. */
const blocked = async (times: number, work: () => Promise<unknown>): Promise<number> => {
  let least = Infinity;
  for (let n = 0; n < times; n++) {
    await app.blockedMs();
    await work();
    least = Math.min(least, (await app.blockedMs()).blockedMs);
  }
  return least;
};

const recorded = async (id: string): Promise<void> => {
  let reply: Reply = await ledger.post('/cash-plans', { ...request, id });
  while (reply.status === 202) {
    await sleep(100);
    reply = await ledger.get(`/cash-plans/${id}`);
  }
  expect(reply.body).toMatchObject({ id, status: 'proposed', proven: true });
};

describe(`the event loop, with a plan of ${bills} bills`, () => {
  it(`is never blocked for more than ${markMs} ms`, async () => {
    const works: [string, number, () => Promise<unknown>][] = [
      ['a dry run', 2, async () => expect((await ledger.post('/cash-plans?dryRun=true', request)).status).toBe(200)],
      ['a plan that is recorded', 1, () => recorded('p')],
      ['the plan, read', 3, () => ledger.get('/cash-plans/p')],
      ['the list', 3, () => ledger.get('/cash-plans')],
      ['the adoption', 1, async () => expect((await ledger.post('/cash-plans/p/adoption')).status).toBe(201)],
      ['the adoption, read', 3, () => ledger.get('/cash-plans/p/adoption')],
    ];
    // What the machine does to a server that has nothing to do is not the server's doing.
    const idleMs = await blocked(1, () => sleep(2_000));
    const blockedMs: Record<string, number> = {};
    for (const [what, times, work] of works) {
      const ms = await blocked(times, work);
      blockedMs[what] = Math.round(ms);
    }
    const tooLong = Object.entries(blockedMs).filter(([, ms]) => ms > markMs + idleMs);
    expect({ tooLong, idleMs, blockedMs }).toMatchObject({ tooLong: [] });
  }, 900_000);
});
