import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { App } from '../src/app.module.js';
import { EventLog } from '../src/event-log/event-log.js';
import { LedgerClient, type Reply, startApp } from './support/app.js';
import { linesOf, rootOfLines, until } from './support/audit.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { poolOf, requestOf } from './support/log.js';
import { sampleSize } from './support/seed.js';

let database: TestDatabase;
let apps: App[];

beforeAll(async () => {
  database = await createTestDatabase();
  apps = [await startApp(database), await startApp(database)];
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await database.drop();
});

const clientsOf = (ledger: string): [LedgerClient, LedgerClient] => [
  new LedgerClient(apps[0]!.url, ledger),
  new LedgerClient(apps[1]!.url, ledger),
];
const codeOf = ({ body }: Reply): string => String(body.type).replace('/problems/', '');
const invoice = (id: string, facts: Record<string, unknown> = {}) => ({
  id,
  vendorId: 'aws',
  number: id,
  invoiceDate: '2024-01-31',
  currency: 'USD',
  lines: [{ amount: '100.00' }],
  total: '100.00',
  dueDate: '2024-02-29',
  ...facts,
});

describe('a period', () => {
  it('is closed, shown, listed and reopened', async () => {
    const [client, other] = clientsOf('month-end');
    await client.open();
    await client.record('/vendors', { id: 'aws', name: 'AWS' });
    expect((await client.get('/periods')).body).toEqual({ items: [], next: null });
    expect((await client.get('/periods/2024-01')).body).toEqual({
      id: '2024-01',
      status: 'open',
      alsoClosed: null,
      totals: null,
      history: [],
    });

    const closed = await client.record('/periods/2024-01/close', { reason: 'month end' });
    expect(closed.headers.get('location')).toBe('/v1/ledgers/month-end/periods/2024-01');
    const totals = {
      closedFrom: null,
      closedThrough: '2024-01-31',
      position: 3,
      events: { recorded: 3, inPeriod: 0 },
      currencies: [],
      checkpoint: { size: 3, root: rootOfLines((await linesOf(client)).slice(0, 3)).toString('base64') },
    };
    const alsoClosed = { from: null, through: '2023-12' };
    const shown = { id: '2024-01', status: 'closed', closedThrough: '2024-01-31', alsoClosed, totals };
    expect(closed.body).toEqual({ ...shown, position: 4 });
    expect(closed.headers.get('ledger-position')).toBe('4');
    expect((await other.get('/periods/2024-01')).body).toMatchObject(shown);
    expect((await other.get('/periods/2023-07')).body).toMatchObject({
      status: 'closed',
      closedThrough: '2024-01-31',
      alsoClosed: null,
      totals: null,
      history: [{ position: 3, type: 'PeriodClosed', data: { period: '2024-01', reason: 'month end' } }],
    });
    expect((await client.record('/periods/2024-01/close', { reason: 'month end' })).body).toEqual(closed.body);
    expect(codeOf(await client.post('/periods/2023-12/close'))).toBe('already-closed');
    await client.record('/periods/2024-02/close');
    expect((await other.get('/periods')).body.items).toMatchObject([
      { id: '2024-01', totals },
      { id: '2024-02', totals: { closedFrom: '2024-02-01', closedThrough: '2024-02-29', position: 5 } },
    ]);

    const last = await client.post('/periods/2024-01/reopening', { reason: 'late' });
    expect([last.status, codeOf(last), last.body.last]).toEqual([422, 'not-the-last-period', '2024-02']);
    await client.record('/periods/2024-02/reopening');
    const reopened = await client.record('/periods/2024-01/reopening', { reason: 'a late bill' });
    expect(reopened.body).toMatchObject({ id: '2024-01', status: 'open', closedThrough: '2023-12-31' });
    expect((await other.get('/periods/2024-01')).body.history).toMatchObject([
      { type: 'PeriodClosed' },
      { type: 'PeriodReopened', data: { reason: 'a late bill' } },
    ]);

    const { body: page } = await client.get('/periods?limit=1');
    const open = { status: 'open', closedThrough: '2023-12-31', alsoClosed: null, totals: null };
    expect(page.items).toEqual([{ id: '2024-01', ...open }]);
    const { body: rest } = await client.get(`/periods?cursor=${page.next}`);
    expect(rest).toEqual({ items: [{ id: '2024-02', ...open }], next: null });
  });

  it('says which earlier months it closes with it', async () => {
    const [client, other] = clientsOf('along');
    await client.open();
    const alongOf = ({ body }: Reply): unknown => body.alsoClosed;
    await client.record('/periods/2023-10/close');
    const key = { 'idempotency-key': 'january' };
    const closed = await client.post('/periods/2024-01/close', {}, key);
    expect(alongOf(closed)).toEqual({ from: '2023-11', through: '2023-12' });
    expect(alongOf(await client.record('/periods/2024-01/close'))).toEqual(alongOf(closed));
    expect(alongOf(await client.record('/periods/2024-02/close'))).toBeNull();
    // And later on, however much has happened since.
    await client.record('/policy', { reason: 'x' });
    expect(alongOf(await other.get('/periods/2024-01'))).toEqual(alongOf(closed));
    expect(alongOf(await other.get('/periods/2023-11'))).toBeNull();
    expect((await other.post('/periods/2024-01/close', {}, key)).text).toBe(closed.text);
    const { items } = (await other.get('/periods')).body;
    expect(items.map(({ id, alsoClosed }: any) => [id, alsoClosed])).toEqual([
      ['2023-10', { from: null, through: '2023-09' }],
      ['2024-01', { from: '2023-11', through: '2023-12' }],
      ['2024-02', null],
    ]);
    await client.record('/periods/2024-02/reopening');
    expect(alongOf(await client.record('/periods/2024-01/reopening'))).toBeNull();
    expect(alongOf(await client.record('/periods/2024-01/close'))).toBeNull();
  });

  it('is closed with what the books say as of its last day, whatever comes later', async () => {
    const [client, other] = clientsOf('totals');
    await client.open();
    await client.record('/vendors', { id: 'aws', name: 'AWS' });
    await client.record('/vendors', { id: 'ntt', name: 'NTT' });
    const owed = { vendorId: 'aws', currency: 'USD' };
    await client.record('/invoices', invoice('I1', { invoiceDate: '2023-10-01', dueDate: '2023-10-31' }));
    await client.record('/invoices', invoice('I2', { invoiceDate: '2024-01-01', dueDate: '2024-01-31' }));
    await client.record('/invoices', invoice('I3', { invoiceDate: '2024-02-01' }));
    await client.record('/invoices/I1/deferrals', {
      until: '2023-12-15',
      agreed: true,
      amount: '30.00',
      reason: 'x',
      on: '2023-10-15',
    });
    await client.record('/invoices/I2/deferrals', {
      until: '2024-06-30',
      agreed: false,
      reason: 'x',
      on: '2024-01-15',
    });
    await client.record('/charges', {
      ...owed,
      id: 'H1',
      kind: 'late-fee',
      amount: '5.55',
      on: '2024-01-02',
      dueDate: '2024-01-30',
    });
    await client.record('/payments', {
      ...owed,
      id: 'P1',
      paidOn: '2023-12-31',
      amount: '50.00',
      allocations: [{ invoiceId: 'I1', amount: '20.00' }],
    });
    await client.record('/payments', {
      id: 'P2',
      vendorId: 'ntt',
      paidOn: '2023-10-02',
      currency: 'JPY',
      amount: '700',
    });
    const usd = {
      currency: 'USD',
      controlAccount: '155.55',
      owed: '185.55',
      onAccount: '30.00',
      // Of I1 30.00 are due on 15 December and 50.00 since 31 October; of P1 30.00 are left since 31 December.
      ageing: {
        notDue: '100.00',
        '1-30': '5.55',
        '31-60': '0.00',
        '61-90': '0.00',
        'over-90': '50.00',
        total: '155.55',
      },
    };
    const jpy = {
      currency: 'JPY',
      controlAccount: '-700',
      owed: '0',
      onAccount: '700',
      ageing: { notDue: '0', '1-30': '0', '31-60': '0', '61-90': '0', 'over-90': '-700', total: '-700' },
    };
    const { body: closed } = await client.record('/periods/2024-01/close');
    expect(closed.totals.currencies).toEqual([jpy, usd]);
    // Without the ledger, the vendors, the invoice of February and the closing.
    expect(closed.totals.events).toEqual({ recorded: 13, inPeriod: 8 });
    expect(closed.totals.checkpoint.root).toBe(rootOfLines((await linesOf(client)).slice(0, 13)).toString('base64'));
    const lines: any[] = await client.events();
    expect(lines[13]).toMatchObject({
      position: 14,
      type: 'PeriodTotalsRecorded',
      stream: 'ledger',
      actor: { id: 'duebook', role: 'admin' },
      causationId: lines[12].id,
      data: { period: '2024-01', ...closed.totals },
    });
    expect(lines[13].correlationId).not.toBe(lines[12].correlationId);
    expect((await other.get('/events?type=PeriodTotalsRecorded')).body.items).toEqual([lines[13]]);

    await client.record('/periods/2024-01/reopening');
    expect((await client.get('/periods/2024-01')).body).toMatchObject({ status: 'open', totals: null });
    await client.record('/payments/P2/reversal', { reason: 'x' });
    const { body: again } = await client.record('/periods/2024-01/close');
    expect(again.totals).toMatchObject({ closedFrom: '2024-01-01', position: 17, currencies: [usd] });
    // The reversal takes effect on the day of its payment, which is in a month that stayed closed: on the first open one.
    expect(again.totals.events).toEqual({ recorded: 17, inPeriod: 4 });
  });

  it('answers a repeated request as the first one', async () => {
    const [client, other] = clientsOf('repeated');
    await client.open();
    const key = { 'idempotency-key': 'january' };
    const first = await client.post('/periods/2024-01/close', { reason: 'x' }, key);
    expect(first.body).toMatchObject({ totals: { position: 2 }, position: 3 });
    const again = await other.post('/periods/2024-01/close', { reason: 'x' }, key);
    expect([again.status, again.text]).toEqual([201, first.text]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    await client.record('/periods/2024-01/reopening');
    expect((await other.post('/periods/2024-01/close', { reason: 'x' }, key)).text).toBe(first.text);
  });

  it('gets its totals from an instance that runs, if whoever closed it died over it', async () => {
    const [client] = clientsOf('orphans');
    await client.open();
    await client.record('/vendors', { id: 'aws', name: 'AWS' });
    await client.record('/invoices', invoice('I1'));
    const pool = poolOf(database.appUrl);
    try {
      // As another instance would that has no time for more.
      const log = new EventLog(pool);
      const execute = (type: 'ClosePeriod' | 'ReopenPeriod', period: string) =>
        log.execute('orphans', requestOf({ type, period }, { nowMs: Date.now() }));
      await execute('ClosePeriod', '2023-12');
      await execute('ClosePeriod', '2024-01');
      await execute('ReopenPeriod', '2024-01');
      await execute('ClosePeriod', '2024-01');
      const totals = await until(async () => {
        const { body } = await client.get('/events?type=PeriodTotalsRecorded');
        return body.items.length === 3 && body.items;
      });
      expect(totals.map(({ data }: any) => [data.position, data.closedFrom, data.currencies[0]?.owed])).toEqual([
        [4, null, undefined],
        [5, '2024-01-01', '100.00'],
        [7, '2024-01-01', '100.00'],
      ]);
      expect((await client.get('/periods/2024-01')).body.totals.position).toBe(7);
      // Several instances looked, and each closing has its totals once.
      await setTimeout(2_500);
      expect((await client.get('/events?type=PeriodTotalsRecorded')).body.items).toEqual(totals);
    } finally {
      await pool.end();
    }
  });

  it('says what is wrong with a month', async () => {
    const [client] = clientsOf('wrong-months');
    await client.open();
    for (const period of ['2024-13', '2024', '24-01', 'january', '9999-12']) {
      for (const reply of [await client.post(`/periods/${period}/close`), await client.get(`/periods/${period}`)])
        expect([reply.status, codeOf(reply)]).toEqual([404, 'not-found']);
    }
    const today = new Date().toISOString().slice(0, 7);
    const early = await client.post(`/periods/${today}/close`);
    expect([early.status, codeOf(early)]).toEqual([422, 'period-not-over']);
    expect(codeOf(await client.post('/periods/2024-01/reopening'))).toBe('period-not-closed');
    expect((await client.post('/periods/2024-01/close', { reason: 7 })).status).toBe(400);
    expect((await new LedgerClient(apps[0]!.url, 'nowhere').post('/periods/2024-01/close')).status).toBe(404);
  });

  it('keeps out every kind of event that would take effect in it, on every route', async () => {
    const [client] = clientsOf('gate');
    await client.open();
    await client.record('/vendors', { id: 'aws', name: 'AWS' });
    for (const id of ['I1', 'I2', 'I3', 'I4']) await client.record('/invoices', invoice(id));
    const money = { vendorId: 'aws', currency: 'USD' };
    await client.record('/payments', {
      ...money,
      id: 'P1',
      paidOn: '2024-01-31',
      amount: '50.00',
      allocations: [{ invoiceId: 'I1', amount: '10.00' }],
    });
    await client.record('/credit-notes', { ...money, id: 'C1', number: 'C1', date: '2024-01-31', total: '20.00' });
    await client.record('/charges', {
      ...money,
      id: 'H1',
      kind: 'late-fee',
      amount: '5.00',
      on: '2024-01-31',
      dueDate: '2024-02-29',
    });
    await client.record('/write-offs', { id: 'W1', invoiceId: 'I4', amount: '1.00', reason: 'x', on: '2024-01-31' });
    await client.record('/refunds', {
      vendorId: 'aws',
      id: 'R1',
      from: { paymentId: 'P1' },
      amount: '1.00',
      on: '2024-01-31',
    });
    await client.record('/invoices/I3/deferrals', {
      id: 'D1',
      until: '2024-06-30',
      agreed: true,
      reason: 'x',
      on: '2024-01-31',
    });
    await client.record('/invoices/I2/holds', { reason: 'x', on: '2024-01-31' });
    await client.record('/invoices/I3/disputes', { amount: '5.00', reason: 'x', on: '2024-01-31' });
    const { position } = (await client.record('/periods/2024-01/close')).body as { position: number };

    const on = '2024-01-31';
    const attempts: [string, Record<string, unknown>][] = [
      ['/invoices', invoice('J')],
      ['/invoices', invoice('J', { invoiceDate: '2024-02-01', postingDate: on })],
      ['/credit-notes', { ...money, number: 'C2', date: on, total: '1.00' }],
      ['/charges', { ...money, kind: 'late-fee', amount: '1.00', on, dueDate: '2024-02-29' }],
      ['/payments', { ...money, paidOn: on, amount: '1.00' }],
      ['/allocations', { from: { paymentId: 'P1' }, to: { invoiceId: 'I1' }, amount: '1.00', on }],
      ['/refunds', { vendorId: 'aws', from: { paymentId: 'P1' }, amount: '1.00', on }],
      ['/write-offs', { invoiceId: 'I1', amount: '1.00', reason: 'x', on }],
      ['/invoices/I4/reversal', { reason: 'x', on }],
      ['/credit-notes/C1/reversal', { reason: 'x', on }],
      ['/charges/H1/reversal', { reason: 'x', on }],
      ['/payments/P1/reversal', { reason: 'x', on }],
      ['/allocations/P1.1/reversal', { reason: 'x', on }],
      ['/refunds/R1/reversal', { reason: 'x', on }],
      ['/write-offs/W1/reversal', { reason: 'x', on }],
      ['/invoices/I1/deferrals', { until: '2024-06-30', agreed: true, reason: 'x', on }],
      ['/invoices/I3/deferrals/D1/withdrawal', { reason: 'x', on }],
      ['/invoices/I1/holds', { reason: 'x', on }],
      ['/invoices/I2/holds/release', { reason: 'x', on }],
      ['/invoices/I1/disputes', { amount: '1.00', reason: 'x', on }],
      ['/invoices/I3/disputes/resolution', { amount: '1.00', reason: 'x', on }],
    ];
    for (const [path, body] of attempts) {
      const reply = await client.post(path, body);
      // What leans on an invoice keeps it from being reversed at all, whatever the day.
      const expected =
        path === '/invoices/I4/reversal'
          ? 'has-allocations'
          : path === '/payments/P1/reversal'
            ? 'has-refunds'
            : 'period-closed';
      expect([path, reply.status, codeOf(reply)]).toEqual([path, 422, expected]);
    }
    // Facts for planning are no entries in the books.
    await client.record('/cash/balances', { account: 'bank', currency: 'USD', on, balance: '100.00' });
    const { body } = await client.get('/events');
    expect(body.items.at(-1)).toMatchObject({ position: position + 1, type: 'CashBalanceStated' });
  });

  it('is closed under a load of backdated posts through two instances: none gets in behind the closing', async () => {
    const clients = clientsOf('race');
    await clients[0].open();
    await clients[0].record('/vendors', { id: 'aws', name: 'AWS' });
    for (let round = 0; round < sampleSize(2, 30); round++) {
      let closed = false;
      const refused: string[] = [];
      const recorded: { position: number; on: string }[] = [];
      const post = async (caller: number): Promise<void> => {
        for (let n = 0; !closed || n < 4; n++) {
          const on = n % 3 === 0 ? '2024-02-01' : `2024-01-${String(1 + ((caller + n) % 31)).padStart(2, '0')}`;
          const id = `${round}r${caller}c${n}`;
          const reply = await clients[caller % 2]!.post(
            n % 2 === 0 ? '/invoices' : '/payments',
            n % 2 === 0
              ? invoice(`I${id}`, { invoiceDate: on })
              : { id: `P${id}`, vendorId: 'aws', paidOn: on, currency: 'USD', amount: '1.00' },
          );
          if (reply.status === 201) recorded.push({ position: reply.body.position, on });
          else refused.push(`${reply.status} ${codeOf(reply)} ${on <= '2024-01-31'}`);
        }
      };
      const close = async (): Promise<number> => {
        while (!recorded.some(({ on }) => on <= '2024-01-31')) await setTimeout(10);
        await clients[round % 2]!.record('/periods/2024-01/close');
        closed = true;
        // Where the machine has much else to do they come after the answer.
        for (;;) {
          const { totals } = (await clients[0].get('/periods/2024-01')).body;
          if (totals) return totals.position;
          await setTimeout(20);
        }
      };
      const [at] = await Promise.all([close(), ...Array.from({ length: 32 }, (_, caller) => post(caller))]);

      expect(recorded.filter(({ position, on }) => position > at && on <= '2024-01-31')).toEqual([]);
      expect(recorded.some(({ position, on }) => position < at && on <= '2024-01-31')).toBe(true);
      expect(new Set(refused)).toEqual(new Set(['422 period-closed true']));
      const events: any[] = await clients[0].events();
      const behind = events.filter(({ position }) => position > at);
      expect(behind.filter(({ effectiveOn }) => effectiveOn <= '2024-01-31')).toEqual([]);
      expect(events[at - 1].type).toBe('PeriodClosed');
      // Nothing that goes on behind the closing is in its totals.
      const { body } = await clients[1].get('/periods/2024-01');
      const ageing = `/reports/liabilities?asOf=2024-01-31&knownAtPosition=`;
      const [then, now] = [at, events.length].map((position) => clients[0].get(`${ageing}${position}`));
      const [{ owed, onAccount, total }] = (await then!).body.currencies.map(({ totals }: any) => totals);
      expect((await now!).body.currencies).toEqual((await then!).body.currencies);
      expect(body.totals.currencies).toMatchObject([{ currency: 'USD', owed, onAccount, controlAccount: total }]);
      const inPeriod = events.slice(0, at).filter(({ effectiveOn }) => effectiveOn <= '2024-01-31').length;
      expect(body.totals.events).toEqual({ recorded: at, inPeriod });
      await clients[0].record('/periods/2024-01/reopening');
    }
  });
});
