/** Two instances: one records lines that name an account while the other has the chart take it for payables or cash. */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrowingTree, leafHash } from '../src/audit/merkle.js';
import { Rules } from '../src/audit/rules.js';
import type { App } from '../src/app.module.js';
import { readLine } from '../src/event-log/record.js';
import { LedgerClient, type Reply, startApp } from './support/app.js';
import { linesOf } from './support/audit.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { chance } from './support/log.js';
import { sampleSize, seed } from './support/seed.js';

let database: TestDatabase;
let apps: App[];
let clients: LedgerClient[];

beforeAll(async () => {
  database = await createTestDatabase();
  apps = [await startApp(database), await startApp(database)];
  clients = apps.map(({ url }) => new LedgerClient(url, 'raced'));
  await clients[0]!.open();
  await clients[0]!.record('/vendors', { id: 'mill', name: 'Paper mill' });
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await database.drop();
});

const outcomeOf = ({ status, body }: Reply): string =>
  status === 201 ? 'recorded' : `${status} ${String(body.type).replace('/problems/', '')}`;

describe('an account that lines name while the chart takes it', () => {
  it('is on lines or what only the ledger posts to, and never both', async () => {
    const random = chance(seed);
    const winners = new Set<string>();
    for (let round = 0; round < sampleSize(16, 500); round++) {
      const account = `9${round}`;
      const on = round % 3 === 2 ? `${account}:main` : account;
      const money = { vendorId: 'mill', currency: 'USD', lines: [{ account: on, amount: '7.00' }], total: '7.00' };
      const post = async (n: number, delayMs: number): Promise<string> => {
        await setTimeout(delayMs);
        const number = `${round}.${n}`;
        const client = clients[Math.floor(random() * 2)]!;
        return outcomeOf(
          await (n === 2
            ? client.post('/credit-notes', { ...money, number, date: '2024-01-31' })
            : client.post('/invoices', { ...money, number, invoiceDate: '2024-01-31' })),
        );
      };
      const set = async (): Promise<string> => {
        const role = on === account ? 'payables' : 'cash';
        return outcomeOf(await clients[round % 2]!.post('/accounts', { account, name: 'X', for: role }));
      };
      // In the first two rounds one of them surely comes first.
      const first = round === 0 ? [await post(0, 0)] : [];
      const before = round === 1 ? await set() : undefined;
      const [chart, ...lines] = await Promise.all([
        before ?? set(),
        ...[1, 2, 3, 4].map((n) => post(n, Math.floor(random() * 12))),
      ]);
      const isTaken = chart === 'recorded';
      expect(chart).toBe(isTaken ? 'recorded' : '422 account-in-use');
      expect(new Set([...first, ...lines])).toEqual(new Set([isTaken ? '422 reserved-account' : 'recorded']));
      winners.add(isTaken ? 'the chart' : 'the lines');
    }
    expect([...winners].sort()).toEqual(['the chart', 'the lines']);

    // And so in the log, by rules that were written once more.
    const tree = new GrowingTree();
    const rules = new Rules(() => tree.root());
    const faults = (await linesOf(clients[0]!)).flatMap((line) => {
      tree.add(leafHash(line));
      return [...rules.judge(readLine(line))];
    });
    expect([...faults, ...rules.disagreements()]).toEqual([]);
  });
});
