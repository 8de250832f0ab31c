/** For how long plans keep the server from answering anybody else: of a server of its own, from the build. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppProcess } from '../test/support/process.js';
import type { Bench } from './main.js';
import type { MarkRow } from './plan.js';

const token = 'a-token-for-the-bench-only';
const markMs = 50;
const callers = 32;

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export const loop: Bench = {
  name: 'loop',
  run: async ({ server, isSmall, expect }) => {
    const bills = isSmall ? 2_000 : 20_000;
    const database = await server.database('loop', { migrated: true });
    const folder = await mkdtemp(join(tmpdir(), 'duebook-bench-'));
    const app = await AppProcess.start({
      DATABASE_URL: database.appUrl,
      DATABASE_MIGRATION_URL: database.url,
      DUEBOOK_DATA: folder,
      DUEBOOK_TOKEN: token,
    });
    const ask = async (method: 'GET' | 'POST', path: string, body?: object): Promise<Reply> => {
      const reply = await fetch(`${app.url}/v1/ledgers${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: reply.status, body: (await reply.json()) as Reply['body'] };
    };
    const record = async (path: string, body: object): Promise<Reply['body']> => {
      const reply = await ask('POST', path, body);
      if (reply.status !== 201) throw new Error(`POST ${path}: ${JSON.stringify(reply.body)}`);
      return reply.body;
    };
    try {
      await fill(bills, record);
      const position = await stateCash(bills, record);
      // Until the books go as far: to fold thousands of bills takes longer than a report waits.
      while ((await ask('GET', `/many/reports/trial-balance?atLeast=${String(position)}`)).status !== 200)
        await sleep(500);

      /** At the best of some times: what else the machine does is not the server's doing. */
      const blocked = async (times: number, work: () => Promise<unknown>): Promise<number> => {
        let least = Infinity;
        for (let n = 0; n < times; n++) {
          await app.blockedMs();
          await work();
          least = Math.min(least, (await app.blockedMs()).blockedMs);
        }
        return least;
      };
      const done = async (status: number, reply: Promise<Reply>): Promise<void> => {
        expect('the status of an answer', (await reply).status, status);
      };
      const plan = async (): Promise<void> => {
        let reply = await ask('POST', '/many/cash-plans', { ...request, id: 'p' });
        while (reply.status === 202 || ['queued', 'running'].includes(String(reply.body.status))) {
          await sleep(100);
          reply = await ask('GET', '/many/cash-plans/p');
        }
        expect('plans that are proposed', reply.body.status === 'proposed' ? 1 : 0, 1);
      };
      const works: readonly (readonly [string, number, () => Promise<void>])[] = [
        ['a dry run', 2, () => done(200, ask('POST', '/many/cash-plans?dryRun=true', request))],
        ['a plan that is recorded', 1, plan],
        ['the plan, read', 3, () => done(200, ask('GET', '/many/cash-plans/p'))],
        ['the list', 3, () => done(200, ask('GET', '/many/cash-plans'))],
        ['the adoption', 1, () => done(201, ask('POST', '/many/cash-plans/p/adoption', {}))],
        ['the adoption, read', 3, () => done(200, ask('GET', '/many/cash-plans/p/adoption'))],
      ];
      const idleMs = await blocked(1, () => sleep(2_000));
      const rows: MarkRow[] = [];
      for (const [what, times, work] of works) {
        const ms = await blocked(times, work);
        process.stderr.write(`loop: ${what}: ${ms.toFixed(0)} ms, idle ${idleMs.toFixed(0)} ms\n`);
        rows.push({
          what: `longest hold of the event loop, ${bills.toLocaleString('en-GB')} bills: ${what}`,
          measured: `${ms.toFixed(0)} ms`,
          wanted: `≤ ${String(markMs)} ms`,
          ratio: markMs / Math.max(ms, 1),
          mark: 1,
        });
      }
      return rows;
    } finally {
      await app.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const request = {
  asOf: '2024-03-01',
  currency: 'USD',
  overrides: 0,
  scenarios: [{ name: 'as expected' }],
  newMoney: { amounts: ['1.00'] },
};

type Recording = (path: string, body: object) => Promise<Reply['body']>;

const fill = async (bills: number, record: Recording): Promise<void> => {
  await record('', { id: 'many', name: 'Many', currency: 'USD', timeZone: 'UTC' });
  for (let n = 0; n < 50; n++) {
    await record('/many/vendors', { id: `v${String(n)}`, name: `Vendor ${String(n)}` });
    await record(`/many/vendors/v${String(n)}/consequences`, {
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
      const amount = `${String(10 + ((n * 7919) % 9_000))}.00`;
      await record('/many/invoices', {
        id: `i${String(n)}`,
        vendorId: `v${String(n % 50)}`,
        number: `N${String(n)}`,
        invoiceDate: '2024-02-01',
        dueDate: `2024-0${String(3 + (n % 2))}-${String(10 + (n % 19))}`,
        currency: 'USD',
        lines: [{ amount }],
        total: amount,
      });
    }
  };
  await Promise.all(Array.from({ length: callers }, post));
};

/** States the cash that the plan has, after all bills. @returns the position of that */
const stateCash = async (bills: number, record: Recording): Promise<number> => {
  const cash = { account: 'main', currency: 'USD', on: '2024-03-01', balance: `${String(bills * 1_500)}.00` };
  return Number((await record('/many/cash/balances', cash)).position);
};
