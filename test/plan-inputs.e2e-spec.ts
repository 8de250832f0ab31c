/** What a plan is made from, read from the books: every amount by hand here, and the same at any later time. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { App } from '../src/app.module.js';
import { PlanRefusal, type PlanInput } from '../src/cash-priority/model.js';
import { readPlanInput } from '../src/planning/inputs.js';
import { inSnapshot } from '../src/reports/snapshot.js';
import { LedgerClient, startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

let database: TestDatabase;
let app: App;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  pool = new pg.Pool({ connectionString: database.appUrl, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await app.close();
  await database.drop();
});

const read = (ledger: string, asOf: string, position: number, currency = 'USD'): Promise<PlanInput> =>
  inSnapshot(pool, ledger, position, (snapshot) =>
    readPlanInput(snapshot, { ledger, asOf, knownAt: null, position }, currency, { gap: '0.001' }),
  );

/** In an order of their own, since the engine takes any. */
const sorted = (input: PlanInput): object => ({
  ...input,
  items: [...input.items].sort((a, b) => (a.itemId < b.itemId ? -1 : 1)),
  vendors: [...input.vendors].sort((a, b) => (a.id < b.id ? -1 : 1)),
  flows: [...input.flows].sort((a, b) => (a.id < b.id ? -1 : 1)),
});

const invoice = (id: string, vendorId: string, total: string, more: object = {}): object => ({
  id,
  vendorId,
  number: `No ${id}`,
  invoiceDate: '2024-01-10',
  currency: 'USD',
  lines: [{ amount: total }],
  total,
  ...more,
});
const open = (amount: string, dueOn: string, more: object = {}): object => ({
  amount,
  dueOn,
  originalDueOn: dueOn,
  plannedOn: dueOn,
  ...more,
});

describe('the input of a plan', () => {
  const seen: { position: number; input: object }[] = [];
  let ledger: LedgerClient;
  const asOf = '2024-02-15';

  beforeAll(async () => {
    ledger = await new LedgerClient(app.url, 'inputs').open();
    const steps: readonly [string, object][] = [
      ['/cash/balances', { account: 'main', currency: 'USD', on: '2024-02-10', balance: '1000' }],
      ['/vendors', { id: 'v', name: 'Vale', terms: { netDays: 30, discount: { percent: '2.5', days: 40 } } }],
      ['/vendors', { id: 'w', name: 'Wood' }],
      ['/vendors/v/changes', { connected: true }],
      ['/vendors/w/changes', { connected: true }],
      ['/vendors/w/changes', { connected: false }],
      ['/invoices', invoice('i1', 'v', '100.01')],
      [
        '/invoices',
        invoice('i2', 'w', '90', {
          schedule: [
            { dueOn: '2024-03-01', amount: '30' },
            { dueOn: '2024-04-01', amount: '60' },
          ],
        }),
      ],
      ['/invoices', invoice('i3', 'w', '50', { dueDate: '2024-02-20' })],
      ['/invoices', invoice('later', 'w', '7', { invoiceDate: '2024-02-16', dueDate: '2024-03-16' })],
      ['/invoices', invoice('euro', 'w', '8', { currency: 'EUR', dueDate: '2024-03-16' })],
      [
        '/charges',
        {
          id: 'i3',
          vendorId: 'w',
          kind: 'late-fee',
          amount: '5',
          currency: 'USD',
          on: '2024-02-01',
          dueDate: '2024-02-28',
        },
      ],
      // Before the day of the balance: the bank has it already.
      [
        '/payments',
        {
          id: 'p1',
          vendorId: 'w',
          paidOn: '2024-02-09',
          currency: 'USD',
          amount: '20',
          bankAccount: 'main',
          allocations: [{ invoiceId: 'i2', amount: '20' }],
        },
      ],
      [
        '/payments',
        { id: 'p2', vendorId: 'w', paidOn: '2024-02-10', currency: 'USD', amount: '12', bankAccount: 'main' },
      ],
      ['/payments', { id: 'p3', vendorId: 'w', paidOn: '2024-02-12', currency: 'USD', amount: '3' }],
      ['/payments', { id: 'p4', vendorId: 'w', paidOn: '2024-02-16', currency: 'USD', amount: '500' }],
      ['/payments', { id: 'p5', vendorId: 'w', paidOn: '2024-02-11', currency: 'USD', amount: '400' }],
      ['/payments/p5/reversal', { reason: 'bounced', on: '2024-02-13' }],
      ['/payments/p1/reversal', { reason: 'bounced', on: '2024-02-14' }],
      ['/refunds', { vendorId: 'w', from: { paymentId: 'p2' }, amount: '2', on: '2024-02-14' }],
      ['/cash/balances', { account: 'other', currency: 'USD', on: '2024-02-13', balance: '-5' }],
      ['/cash/balances', { account: 'other', currency: 'USD', on: '2024-02-16', balance: '77' }],
      ['/cash/balances', { account: 'main', currency: 'EUR', on: '2024-02-13', balance: '9' }],
      [
        '/invoices/i2/deferrals',
        { until: '2024-05-01', amount: '10', agreed: false, reason: 'cash', on: '2024-02-14' },
      ],
      ['/invoices/i2/disputes', { amount: '35', reason: 'price', on: '2024-02-14' }],
      ['/invoices/i3/holds', { reason: 'goods', on: '2024-02-14' }],
      // Recorded later, and in force as well, but not as long.
      ['/invoices/i3/holds', { reason: 'price', on: '2024-02-12', until: '2024-02-20' }],
      [
        '/vendors/w/consequences',
        {
          effectiveOn: '2024-01-01',
          tier: 3,
          lateInterest: { annualPercent: '8.00' },
          cutoffs: [{ name: 'stop', on: '2024-04-01', overdueDays: 10, tolerance: '1', cost: '20' }],
          source: 'a',
        },
      ],
      ['/vendors/w/consequences', { effectiveOn: '2024-02-16', tier: 9, source: 'not yet' }],
      ['/invoices/i2/consequences', { effectiveOn: '2024-02-01', tier: 1, source: 'b' }],
      [
        '/invoices/i1/offers',
        { id: 'o1', cost: '1', curesCutoffs: false, schedule: [{ on: '2024-06-01', amount: '100.01' }], source: 'c' },
      ],
      [
        '/invoices/i1/offers',
        {
          id: 'o2',
          cost: '1',
          curesCutoffs: false,
          schedule: [{ on: '2024-06-01', amount: '100.01' }],
          validUntil: '2024-02-14',
          source: 'too late',
        },
      ],
      [
        '/cash/expectations',
        {
          id: 'wages',
          direction: 'outflow',
          on: '2024-02-29',
          amount: '40',
          currency: 'USD',
          vendorId: 'v',
          description: 'Wages',
        },
      ],
      [
        '/cash/expectations',
        { id: 'i1', direction: 'outflow', on: '2024-03-05', amount: '4', currency: 'USD', vendorId: 'w' },
      ],
      [
        '/cash/expectations',
        { id: 'rent', direction: 'outflow', on: asOf, amount: '6', currency: 'USD', category: 'rent' },
      ],
      [
        '/cash/expectations',
        {
          id: 'sale',
          direction: 'receipt',
          on: '2024-03-01',
          amount: '70',
          currency: 'USD',
          certainty: '0.4',
          vendorId: 'w',
        },
      ],
      ['/cash/expectations', { id: 'past', direction: 'receipt', on: '2024-02-14', amount: '71', currency: 'USD' }],
      ['/cash/expectations', { id: 'off', direction: 'receipt', on: '2024-03-02', amount: '72', currency: 'USD' }],
      ['/cash/expectations/off/withdrawal', { reason: 'lost' }],
    ];
    for (const [path, body] of steps) {
      const { position } = (await ledger.record(path, body)).body;
      await ledger.get(`/reports/trial-balance?atLeast=${position}`);
      seen.push({ position, input: sorted(await read('inputs', asOf, position)) });
    }
  });

  it('has every open amount, what may not be paid, what it costs, and the cash', () => {
    const { consequences, ...ofW } = {
      consequences: { tier: 3, lateInterest: { annualPercent: '8.00' }, source: 'a' },
      vendorId: 'w',
    };
    expect(seen.at(-1)!.input).toEqual({
      asOf,
      position: seen.at(-1)!.position,
      currency: 'USD',
      request: { gap: '0.001' },
      vendors: [
        { id: 'v', name: 'Vale', connected: true },
        {
          id: 'w',
          name: 'Wood',
          cutoffs: [{ name: 'stop', on: '2024-04-01', overdueDays: 10, tolerance: '1.00', cost: '20.00' }],
        },
      ],
      items: [
        {
          ...ofW,
          consequences,
          itemId: 'charge:i3',
          kind: 'charge',
          number: 'i3',
          instalments: [open('5.00', '2024-02-28')],
        },
        {
          ...ofW,
          consequences,
          itemId: 'expected:i1',
          kind: 'expected',
          number: 'i1',
          instalments: [open('4.00', '2024-03-05')],
        },
        {
          itemId: 'i1',
          kind: 'invoice',
          vendorId: 'v',
          number: 'No i1',
          instalments: [open('100.01', '2024-02-09')],
          consequences: {},
          // 2.5 % of 100.01 is 2.50025: rounded down. Ten days after 10 January is long past, forty are not.
          discount: { until: '2024-02-19', amount: '2.50' },
          offers: [{ id: 'o1', cost: '1.00', curesCutoffs: false, schedule: [{ on: '2024-06-01', amount: '100.01' }] }],
        },
        {
          ...ofW,
          itemId: 'i2',
          kind: 'invoice',
          number: 'No i2',
          // The payment of 20 bounced, so all is open again; 35 of it is in dispute, first due first.
          instalments: expect.arrayContaining([
            open('10.00', '2024-03-01', { plannedOn: '2024-05-01', disputed: '10.00' }),
            open('20.00', '2024-03-01', { disputed: '20.00' }),
            open('60.00', '2024-04-01', { disputed: '5.00' }),
          ]),
          consequences: { tier: 1, lateInterest: { annualPercent: '8.00' }, source: 'b' },
        },
        {
          ...ofW,
          consequences,
          itemId: 'i3',
          kind: 'invoice',
          number: 'No i3',
          instalments: [open('50.00', '2024-02-20')],
          hold: { reason: 'goods' },
        },
        {
          itemId: 'wages',
          kind: 'expected',
          vendorId: 'v',
          number: 'Wages',
          instalments: [open('40.00', '2024-02-29')],
          consequences: {},
        },
      ],
      accounts: [
        // Out: 12 of p2 and 3 of p3, which names no account; p5 went and came back; back: 20 of p1, 2 refunded.
        { account: 'main', on: '2024-02-10', balance: '1000.00', paidSince: '-7.00' },
        { account: 'other', on: '2024-02-13', balance: '-5.00', paidSince: '0.00' },
      ],
      flows: [
        { id: 'rent', direction: 'outflow', on: asOf, amount: '6.00', certainty: '1', description: 'rent' },
        { id: 'sale', direction: 'receipt', on: '2024-03-01', amount: '70.00', certainty: '0.4' },
      ],
    });
  });

  it('is at any later time what it was when it was known', async () => {
    for (const { position, input } of seen) expect(sorted(await read('inputs', asOf, position))).toEqual(input);
  });

  it('of another day is that of that day', async () => {
    const { position } = seen.at(-1)!;
    const later = await read('inputs', '2024-02-16', position);
    expect(later.accounts.find(({ account }) => account === 'other')).toMatchObject({
      balance: '77.00',
      paidSince: '0.00',
    });
    expect(later.accounts.find(({ account }) => account === 'main')).toMatchObject({ paidSince: '493.00' });
    expect(later.items.map(({ itemId }) => itemId)).toContain('later');
    expect(later.items.find(({ itemId }) => itemId === 'i3')?.consequences.tier).toBe(9);
    const before = await read('inputs', '2024-02-10', position);
    expect(before.items.find(({ itemId }) => itemId === 'i2')?.instalments).toHaveLength(2);
    expect(before.accounts).toEqual([{ account: 'main', on: '2024-02-10', balance: '1000.00', paidSince: '12.00' }]);
  });

  it('of another currency has what is in that, with the amounts of vendors as they stand', async () => {
    const input = await read('inputs', asOf, seen.at(-1)!.position, 'EUR');
    expect(input.items.map(({ itemId }) => itemId)).toEqual(['euro']);
    expect(input.accounts).toEqual([{ account: 'main', on: '2024-02-13', balance: '9.00', paidSince: '0.00' }]);
    expect(input.vendors).toMatchObject([{ id: 'w', cutoffs: [{ cost: '20.00' }] }]);
  });

  it('is none without a balance', async () => {
    const refused = read('inputs', '2024-02-09', seen.at(-1)!.position);
    await expect(refused).rejects.toThrow(PlanRefusal);
    await expect(refused).rejects.toMatchObject({ code: 'no-cash-balance' });
  });
});
