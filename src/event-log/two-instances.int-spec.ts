import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { chance, invoice, openLedger, payment, poolOf, requestOf, vendor } from '../../test/support/log.js';
import { checkLog } from '../../test/support/log-checks.js';
import { sampleSize, seed } from '../../test/support/seed.js';
import type { Command } from '../domain/decider.js';
import { leftInTheEnd } from '../domain/credit-source.js';
import { openInTheEnd } from '../domain/open-item.js';
import { Rejection } from '../domain/rejection.js';
import { EventLog } from './event-log.js';
import { readLine } from './record.js';

const callers = 64;

let database: TestDatabase;
let pools: pg.Pool[];
let instances: EventLog[];

beforeAll(async () => {
  database = await createTestDatabase();
  pools = [poolOf(database.appUrl), poolOf(database.appUrl)];
  instances = pools.map((pool) => new EventLog(pool));
});
afterAll(async () => {
  for (const pool of pools) await pool.end();
  await database.drop();
});

interface Told {
  readonly key: string;
  readonly instance: number;
  readonly position: number | undefined;
  readonly code: string | undefined;
}

const execute = async (ledgerId: string, command: Command): Promise<void> => {
  await instances[0]!.execute(ledgerId, requestOf(command));
};

/**
 * So many commands from 64 callers, half of them at each instance. Whoever is answered takes the next one, so that an
 * instance that gets nowhere has fewer of them in the end.
 */
const run = async (ledgerId: string, total: number, commandOf: (n: number) => Command): Promise<Told[]> => {
  const told: Told[] = [];
  let next = 0;
  const call = async (caller: number): Promise<void> => {
    const instance = caller % instances.length;
    while (next < total) {
      const n = next++;
      const key = `key-${n}`;
      try {
        const { receipt } = await instances[instance]!.execute(ledgerId, requestOf(commandOf(n), { key }));
        told.push({ key, instance, position: receipt.position, code: undefined });
      } catch (error) {
        if (!(error instanceof Rejection)) throw error;
        told.push({ key, instance, position: undefined, code: error.code });
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  return told;
};

/** Every command that was acknowledged is in the log once, at the position it was told, and no other one is. */
const checkTold = async (ledgerId: string, told: readonly Told[]): Promise<void> => {
  await checkLog(pools[0]!, ledgerId);
  const ends = new Map<string, number>();
  const commands = new Map<string, Set<string>>();
  for (const { line } of await instances[0]!.linesAfter(ledgerId, 0, 1_000_000)) {
    const { position, idempotencyKey, correlationId } = readLine(line);
    if (idempotencyKey === undefined) continue;
    ends.set(idempotencyKey, position);
    commands.set(idempotencyKey, (commands.get(idempotencyKey) ?? new Set()).add(correlationId));
  }
  const acknowledged = told.filter(({ position }) => position !== undefined);
  expect([...ends].sort()).toEqual(acknowledged.map(({ key, position }) => [key, position]).sort());
  expect([...commands.values()].filter(({ size }) => size > 1)).toEqual([]);
};

/**
 * Neither instance starves. On one hot document whole batches win or lose, half of all callers in each, so that the
 * shares of a few dozen rounds lie far apart by chance alone: a twentieth is out of its reach, and none is what it means.
 */
const checkShares = (told: readonly Told[]): void => {
  for (let instance = 0; instance < instances.length; instance++) {
    const share = told.filter((one) => one.instance === instance && one.position !== undefined).length;
    expect(share).toBeGreaterThan(told.filter(({ position }) => position !== undefined).length / 20);
  }
};

describe('two instances on one vendor account, with 64 callers', () => {
  it('carry out mixed commands, each once, and refuse only what the rules refuse', async () => {
    const total = sampleSize(1_200, 12_000);
    const random = chance(seed);
    await execute('mixed', openLedger('mixed'));
    await execute('mixed', vendor('V1'));
    const hot = ['H0', 'H1', 'H2'];
    for (const id of hot) await execute('mixed', invoice(id, { total: '150.00' }));
    await execute('mixed', payment('P', [], { amount: '100000.00' }));

    const told = await run('mixed', total, (n) => {
      const id = hot[Math.floor(random() * hot.length)]!;
      const dice = random();
      // Every decision looks at the vendor, so that a change of it is in the way of everything else.
      if (dice < 0.02) return { type: 'ChangeVendor', vendorId: 'V1', name: `Name ${n}` };
      if (dice < 0.4) return invoice(`I${n}`);
      if (dice < 0.5) return payment(`P${n}`, [[id, '1.00']]);
      if (dice < 0.6)
        return { type: 'Allocate', id: `A${n}`, from: { paymentId: 'P' }, to: { invoiceId: id }, amount: '2.00' };
      if (dice < 0.7)
        return {
          type: 'WriteOff',
          id: `W${n}`,
          item: { invoiceId: id },
          amount: '0.50',
          reason: 'small',
          on: '2023-11-01',
        };
      if (dice < 0.8) return payment(`Q${n}`, [], { amount: '5.00' });
      if (dice < 0.9) return { type: 'ReversePayment', paymentId: `Q${Math.floor(random() * n)}`, reason: 'bounced' };
      return { type: 'ReverseInvoice', invoiceId: `I${Math.floor(random() * n)}`, reason: 'wrong' };
    });

    await checkTold('mixed', told);
    checkShares(told);
    const expected = new Set([undefined, 'over-allocated', 'already-reversed', 'not-found', 'has-allocations']);
    expect(told.filter(({ code }) => !expected.has(code))).toEqual([]);
  });

  it('pay one invoice to the last cent and not a cent further', async () => {
    const total = sampleSize(1_500, 6_000);
    const payable = Math.floor(total * 0.8);
    await execute('hot', openLedger('hot'));
    await execute('hot', vendor('V1'));
    await execute('hot', invoice('H', { total: `${payable}.00` }));
    await execute('hot', payment('P', [], { amount: `${total}.00` }));

    const told = await run('hot', total, (n) =>
      n % 2
        ? payment(`P${n}`, [['H', '1.00']])
        : { type: 'Allocate', id: `A${n}`, from: { paymentId: 'P' }, to: { invoiceId: 'H' }, amount: '1.00' },
    );

    await checkTold('hot', told);
    checkShares(told);
    expect(told.filter(({ position }) => position !== undefined)).toHaveLength(payable);
    expect(new Set(told.map(({ code }) => code))).toEqual(new Set([undefined, 'over-allocated']));
    const documents = await instances[1]!.documents('hot', ['invoice/H', 'payment/P']);
    expect(openInTheEnd(documents.get('invoice/H') as Parameters<typeof openInTheEnd>[0])).toBe(0n);
    const allocated = told.filter(
      ({ key, position }) => position !== undefined && Number(key.slice(4)) % 2 === 0,
    ).length;
    const left = leftInTheEnd(documents.get('payment/P') as Parameters<typeof leftInTheEnd>[0]);
    expect(left).toBe(BigInt((total - allocated) * 100));
  });

  it('give each invoice number to one of those who post it at the same time', async () => {
    await execute('numbers', openLedger('numbers'));
    await execute('numbers', vendor('V1'));
    const told = await run('numbers', 512, (n) => invoice(`I${n}`, { number: `N-${Math.floor(n / 8)}` }));
    await checkTold('numbers', told);
    expect(told.filter(({ position }) => position !== undefined)).toHaveLength(64);
    expect(new Set(told.map(({ code }) => code))).toEqual(new Set([undefined, 'duplicate-invoice']));
  });

  it('never have lines and what only the ledger posts to on one account, whichever comes first', async () => {
    await execute('accounts', openLedger('accounts'));
    await execute('accounts', vendor('V1'));
    const outcomes = new Map<string, number>();
    for (let round = 0; round < sampleSize(40, 1_000); round++) {
      const account = `A${round}`;
      // As the books would have said a moment ago.
      const { position: linesThrough } = (await instances[0]!.head('accounts'))!;
      const told: string[] = [];
      const by = async (instance: number, command: Command): Promise<void> => {
        const outcome = await instances[instance]!.execute('accounts', requestOf(command)).then(
          () => 'recorded',
          (error: unknown) => (error as Rejection).code,
        );
        told.push(`${command.type} ${outcome}`);
      };
      const lines = [{ amount: '100.00', account }];
      const posts = [0, 1, 2, 3].map((n) => invoice(`I${round}.${n}`, { lines }));
      const role = round % 3 === 0 ? 'cash' : 'payables';
      const asked = { type: 'SetAccount', name: 'X', for: role, isOnLines: false, linesThrough } as const;
      const chart = (): Promise<void> => by(1, { ...asked, account });
      // In the first two rounds one of them surely comes first.
      if (round === 0) await by(0, posts.pop()!);
      if (round === 1) await chart();
      await Promise.all([
        ...posts.slice(0, 2 + (round % 2)).map((post) => by(0, post)),
        ...(round === 1 ? [] : [chart()]),
        ...posts.slice(2 + (round % 2)).map((post) => by(round % 4 < 2 ? 0 : 1, post)),
      ]);
      const wins = told.includes('SetAccount recorded') ? 'the chart' : 'a line';
      outcomes.set(wins, (outcomes.get(wins) ?? 0) + 1);
      expect(new Set(told)).toEqual(
        new Set(
          wins === 'the chart'
            ? ['SetAccount recorded', 'PostInvoice reserved-account']
            : ['SetAccount account-in-use', 'PostInvoice recorded'],
        ),
      );
    }
    expect([...outcomes.keys()].sort()).toEqual(['a line', 'the chart']);
    await checkLog(pools[0]!, 'accounts');
  });
});
