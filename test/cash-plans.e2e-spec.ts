/** The founding case's cash plan over HTTP: proposed, repeated, read, adopted, gone stale, cancelled, made again. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { App } from '../src/app.module.js';
import { maxBills, type PlanAnswer, type PlanInput } from '../src/cash-priority/model.js';
import { planCash } from '../src/cash-priority/plan.js';
import { loadSolver } from '../src/cash-priority/solver.js';
import { cashSteps, planRequest } from '../src/demo-cash.js';
import { steps } from '../src/demo-founding-case.js';
import { planTables } from '../src/plan-tables.js';
import { unpack } from '../src/planning/packed.js';
import { thousands } from '../src/tables.js';
import { LedgerClient, type Reply, startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { recordsOf } from './support/extracts.js';

let database: TestDatabase;
let app: App;
let ledger: LedgerClient;

/** Small and quick: nothing is looked into but the plan itself. */
const quick = { ...planRequest, overrides: 0, scenarios: [{ name: 'as expected' }], newMoney: { amounts: ['1.00'] } };

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  ledger = await new LedgerClient(app.url, 'founding-case').open();
  for (const { path, body } of [...steps.slice(1), ...cashSteps]) await ledger.record(path, body);
}, 120_000);
afterAll(async () => {
  await app.close();
  await database.drop();
});

const head = async (client = ledger): Promise<number> =>
  Number((await client.get('/vendors?limit=1')).headers.get('ledger-position'));

/** A plan once it is recorded, however long that took. */
const settled = async (reply: Reply, client = ledger): Promise<Reply> => {
  if (reply.status !== 202) return reply;
  expect(reply.body).toEqual({ id: expect.any(String), status: expect.stringMatching(/^(queued|running)$/) });
  for (;;) {
    const found = await client.get(`/cash-plans/${reply.body.id}`);
    if (found.status !== 202) return found;
    await sleep(50);
  }
};
const propose = async (body: object, headers = {}, client = ledger): Promise<Reply> =>
  settled(await client.post('/cash-plans', body, headers), client);

/** What the plan says, without what only one way of asking for it adds. */
const planIn = ({
  id: _id,
  status: _s,
  planHash: _h,
  history: _y,
  ledger: _l,
  knownAt: _k,
  adoption: _a,
  ...plan
}: any): unknown => plan;

describe('the founding case', () => {
  let plan: PlanAnswer;
  let position: number;

  it('has a plan that records nothing, the same as a dry run and as a report', async () => {
    position = await head();
    const dry = await ledger.post('/cash-plans?dryRun=true', planRequest);
    expect(dry.status).toBe(200);
    plan = dry.body;
    expect(plan).toMatchObject({ asOf: '2023-10-31', position, currency: 'USD', proven: true, reproducible: true });
    expect(await head()).toBe(position);
    const one = await ledger.post('/cash-plans?dryRun=true', {
      asOf: '2023-10-31',
      currency: 'USD',
      minimumBalance: '250000',
    });
    const report = await ledger.get('/reports/cash-priority?asOf=2023-10-31&minimumBalance=250000');
    expect(report.body).toMatchObject({ ledger: 'founding-case', knownAt: expect.any(String) });
    expect(planIn(report.body)).toEqual(planIn(one.body));
    expect(report.text.endsWith(one.text.slice(1))).toBe(true);
    expect(await head()).toBe(position);
  }, 120_000);

  it('pays wages in time, defers AWS whole, and is late with HMRC', () => {
    const decisions = new Map(plan.decisions.map((one) => [one.itemId, one]));
    const wages = plan.decisions.filter(({ itemId }) => itemId.startsWith('wages-'));
    expect(wages).toHaveLength(9);
    for (const { decision, payments, dueOn, unpaid } of wages) {
      expect({ decision, unpaid }).toEqual({ decision: 'pay', unpaid: '0.00' });
      for (const { on } of payments) expect(on <= dueOn).toBe(true);
    }
    expect(decisions.get('aws-2023-08')).toMatchObject({ decision: 'defer', unpaid: '7000000.00' });
    expect(decisions.get('aws-october')).toMatchObject({ kind: 'expected', outstanding: '7500000.00' });
    expect(decisions.has('aws-2023-10')).toBe(false);
    expect(decisions.get('paye-2023-09')?.decision).toBe('defer');
    expect(decisions.get('vat-2023-q3')?.decision).toBe('defer');
    expect(plan.ladder[0]).toMatchObject({ throughTier: 0, firstBreach: null });
    expect(plan.newMoney.map(({ amount }) => amount)).toEqual(planRequest.newMoney.amounts);
  });

  it('adds up: the cash of every run, and what is paid of what is outstanding', () => {
    const cents = (amount: string): bigint => BigInt(amount.replace('.', ''));
    let before = cents('3900000.00');
    for (const { on, opening, receipts, outflows, payments, closing } of plan.cash) {
      expect([on, cents(opening)]).toEqual([on, before]);
      const paid = plan.decisions
        .flatMap((one) => one.payments)
        .filter((payment) => payment.on === on)
        .reduce((sum, { amount, cash }) => sum + cents(cash ?? amount), 0n);
      expect([on, cents(payments)]).toEqual([on, paid]);
      before = cents(opening) + cents(receipts) - cents(outflows) - paid;
      expect([on, cents(closing)]).toEqual([on, before]);
      expect(before).toBeGreaterThanOrEqual(cents('250000.00'));
    }
    for (const { itemId, outstanding, payments, unpaid } of plan.decisions) {
      const settledInAll = payments.reduce((sum, { amount }) => sum + cents(amount), 0n);
      expect([itemId, settledInAll + cents(unpaid)]).toEqual([itemId, cents(outstanding)]);
    }
  });

  it('has the figures that the page for treasurers works through', async () => {
    const page = await readFile('docs/cash-priority.md', 'utf8');
    const blocks = [...page.matchAll(/```text\n([^`]*)```/g)].map(([, block]) => block!.trim());
    expect(blocks.length).toBeGreaterThanOrEqual(6);
    const shown = planTables({ ...plan, position: 73 });
    for (const block of blocks) expect(shown).toContain(block);
    const figures = [...page.matchAll(/\d{1,3}(?:,\d{3})+\.\d{2}/g)].map(([figure]) => figure);
    const difference = Number(plan.comparisons[0]!.cost) - Number(plan.cost.total);
    const known = `${shown} 300,000.00 ${thousands(difference.toFixed(2))}`;
    for (const figure of figures) expect(known).toContain(figure);
  });

  it('comes as CSV, a line per payment, which add up', async () => {
    const { status, text, headers } = await ledger.get('/reports/cash-priority?asOf=2023-10-31&minimumBalance=250000', {
      accept: 'text/csv',
    });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
    const [columns, ...lines] = text.trim().split('\r\n');
    expect(columns).toMatch(/^ledger,asOf,knownAt,position,currency,row,itemId,/);
    expect(lines.at(-1)).toContain(',USD,totals,');
    // The report pays the same bills, under defaults in all but what it is compared with.
    const report = (await ledger.get('/reports/cash-priority?asOf=2023-10-31&minimumBalance=250000'))
      .body as PlanAnswer;
    const [names, ...records] = recordsOf(text.replaceAll('\r\n', '\n'), ',');
    const told = records
      .map((record) => ['row', 'itemId', 'on', 'amount'].map((name) => record[names!.indexOf(name)]!))
      .filter(([row]) => row !== 'totals');
    const wanted = report.decisions.flatMap(({ itemId, payments, unpaid }) => [
      ...payments.map(({ on, amount }) => ['payment', itemId, on, amount]),
      ...(unpaid === '0.00' ? [] : [['unpaid', itemId, '', unpaid]]),
    ]);
    expect(told).toEqual(wanted);
  }, 60_000);

  it('is computed without keeping anybody else waiting', async () => {
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const solving = ledger.post('/cash-plans?dryRun=true', planRequest);
    let asked = 0;
    for (let isDone = false; !isDone; asked++) {
      await (await fetch(`${app.url}/health/live`)).text();
      isDone = await Promise.race([solving.then(() => true), sleep(10, false)]);
    }
    delay.disable();
    expect(asked).toBeGreaterThan(5);
    // Solved on this thread it would be seconds. The mark is 50 ms on a machine that does nothing else.
    expect(delay.max / 1e6).toBeLessThan(500);
  }, 60_000);
});

describe('a plan that is recorded', () => {
  it('is answered, read and listed as the same plan, with a hash of its text', async () => {
    const before = await head();
    const made = await propose({ ...quick, id: 'first' });
    const read = await ledger.get('/cash-plans/first');
    expect(read.status).toBe(200);
    expect(planIn(made.body)).toEqual(planIn(read.body));
    expect(read.body).toMatchObject({
      id: 'first',
      status: 'proposed',
      position: before,
      history: [{ type: 'CashPlanProposed', position: before + 1 }],
    });
    const { items } = (await ledger.get('/cash-plans?status=proposed')).body;
    expect(items).toMatchObject([
      { id: 'first', status: 'proposed', cost: read.body.cost.total, planHash: read.body.planHash },
    ]);
    const [event] = ((await ledger.events()) as any[]).filter(({ type }) => type === 'CashPlanProposed');
    expect(event).toMatchObject({ stream: 'plan/first', effectiveOn: '2023-10-31', data: { position: before } });
    const text = (await unpack(event.data.plan)).toString();
    expect(createHash('sha256').update(text).digest('hex')).toBe(read.body.planHash);
    expect(event.data.planHash).toBe(read.body.planHash);
  }, 60_000);

  it('is the same when it is asked for again, and nothing else goes by its name', async () => {
    const before = await head();
    for (const body of [quick, { ...quick, gap: '0.00100', periodDays: 7, require: [], minimumBalance: '250000.0' }]) {
      const again = await ledger.post('/cash-plans', { ...body, id: 'first' });
      expect(again.status).toBe(201);
      expect(again.headers.get('ledger-position')).toBe(String(before));
    }
    const other = await ledger.post('/cash-plans', { ...quick, id: 'first', minimumBalance: '1' });
    expect(other.body).toMatchObject({ type: '/problems/id-already-used', status: 409 });
    expect(await head()).toBe(before);
  }, 60_000);

  it('is replayed by its key, byte for byte, by any instance', async () => {
    const key = { 'idempotency-key': 'plan of October' };
    await propose({ ...quick, id: 'keyed' }, key);
    const first = await ledger.post('/cash-plans', { ...quick, id: 'keyed' }, key);
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    const second = await startApp(database);
    try {
      const there = new LedgerClient(second.url, 'founding-case');
      const replay = await there.post('/cash-plans', { ...quick, id: 'keyed' }, key);
      expect([replay.status, replay.text]).toEqual([201, first.text]);
      expect((await there.get('/cash-plans/keyed')).text).toBe((await ledger.get('/cash-plans/keyed')).text);
      expect((await there.post('/cash-plans', { ...quick, id: 'other' }, key)).body.type).toBe(
        '/problems/idempotency-key-reused',
      );
    } finally {
      await second.close();
    }
  }, 60_000);

  it('is made once of the same request at two instances at a time', async () => {
    const second = await startApp(database);
    try {
      const there = new LedgerClient(second.url, 'founding-case');
      const [a, b] = await Promise.all([
        propose({ ...quick, id: 'both' }),
        propose({ ...quick, id: 'both' }, {}, there),
      ]);
      expect(planIn(a.body)).toEqual(planIn(b.body));
      const made = ((await ledger.events()) as any[]).filter(({ stream }) => stream === 'plan/both');
      expect(made).toHaveLength(1);
    } finally {
      await second.close();
    }
  }, 60_000);

  it('is the same, byte for byte, a year of events later: from what was recorded, and from the books', async () => {
    const { position, planHash } = (await ledger.get('/cash-plans/first')).body;
    await ledger.record('/payments', {
      vendorId: 'coreweave',
      paidOn: '2023-10-30',
      currency: 'USD',
      amount: '600000.00',
      allocations: [{ invoiceId: 'cw-2023-09', amount: '600000.00' }],
    });
    await ledger.record('/vendors/aws/consequences', { effectiveOn: '2023-10-02', tier: 9, source: 'known later' });
    await ledger.record('/cash/balances', { account: 'main', currency: 'USD', on: '2023-10-31', balance: '1.00' });
    const [event] = ((await ledger.events()) as any[]).filter(({ stream }) => stream === 'plan/first');
    const input = JSON.parse((await unpack(event.data.inputs)).toString()) as PlanInput;
    const again = JSON.stringify(await planCash(input, await loadSolver()));
    expect(again).toBe((await unpack(event.data.plan)).toString());
    const dry = await ledger.post('/cash-plans?dryRun=true', { ...quick, knownAtPosition: position });
    expect(createHash('sha256').update(dry.text).digest('hex')).toBe(planHash);
  }, 60_000);
});

describe('adopting a plan', () => {
  it('defers what it defers, on the books of a case of its own, and hands out what to pay', async () => {
    const own = await new LedgerClient(app.url, 'adoption').open();
    for (const { path, body } of [...steps.slice(1), ...cashSteps]) await own.record(path, body);
    const made = await propose({ ...quick, id: 'p' }, {}, own);
    await propose({ ...quick, id: 'too-late' }, {}, own);
    const adopted = await own.record('/cash-plans/p/adoption', { reason: 'the board' });
    expect(adopted.headers.get('location')).toBe('/v1/ledgers/adoption/cash-plans/p/adoption');
    const { proposal, exceptions, adoption } = adopted.body;
    expect(proposal).toMatchObject({ on: '2023-10-31' });
    const inFirstRun = (made.body as PlanAnswer).decisions.filter(({ payments }) => payments[0]?.on === '2023-10-31');
    expect(proposal.payments.map(({ itemId }: any) => itemId).sort()).toEqual(
      inFirstRun.map(({ itemId }) => itemId).sort(),
    );
    expect(exceptions.length).toBe(made.body.decisions.length - proposal.payments.length);
    expect(exceptions.every(({ reason, vendorName }: any) => reason && vendorName)).toBe(true);

    // Each invoice is planned as the plan says; nothing was agreed, so nothing falls due later.
    const horizon = made.body.horizonEnd;
    for (const { itemId, kind, payments, unpaid } of (made.body as PlanAnswer).decisions) {
      if (kind !== 'invoice') continue;
      const { schedule, deferrals } = (await own.get(`/invoices/${itemId}`)).body;
      const wanted = new Map<string, bigint>();
      const add = (on: string, amount: string): void =>
        void wanted.set(on, (wanted.get(on) ?? 0n) + BigInt(amount.replace('.', '')));
      for (const { on, amount } of payments) add(on, amount);
      if (unpaid !== '0.00') add(horizon, unpaid);
      const found = new Map<string, bigint>();
      for (const { plannedOn, dueOn, originalDueOn, open } of schedule) {
        expect(dueOn).toBe(originalDueOn);
        if (open !== '0.00') found.set(plannedOn, (found.get(plannedOn) ?? 0n) + BigInt(open.replace('.', '')));
      }
      expect([itemId, [...found].sort()]).toEqual([itemId, [...wanted].sort()]);
      for (const one of deferrals) expect(one.agreed).toBe(false);
    }
    const events = (await own.events()) as any[];
    const ofAdoption = events.filter(({ correlationId }) => correlationId === events.at(-1).correlationId);
    expect(ofAdoption.at(-1)).toMatchObject({ type: 'CashPlanAdopted', stream: 'plan/p' });
    const count = (type: string): number => ofAdoption.filter((event) => event.type === type).length;
    expect(adoption).toEqual({
      on: '2023-10-31',
      deferrals: count('PaymentDeferred'),
      withdrawals: count('DeferralWithdrawn'),
      charges: 0,
    });
    expect(count('PaymentDeferred')).toBeGreaterThan(0);
    expect((await own.get('/cash-plans/p')).body).toMatchObject({ status: 'adopted', adoption: { on: '2023-10-31' } });
    expect((await own.get('/cash-plans/p/adoption')).body).toMatchObject({ id: 'p', proposal, exceptions });

    const before = await head(own);
    const stale = await own.post('/cash-plans/too-late/adoption');
    expect(stale.body).toMatchObject({ type: '/problems/stale-plan', status: 409 });
    expect(stale.body.changed).toEqual(expect.arrayContaining([{ itemId: 'aws-2023-07', what: expect.any(String) }]));
    expect((await own.post('/cash-plans/p/adoption')).body.type).toBe('/problems/already-adopted');
    expect((await own.post('/cash-plans/none/adoption')).status).toBe(404);
    expect((await own.get('/cash-plans/too-late/adoption')).status).toBe(404);
    expect(await head(own)).toBe(before);
    // What we owe is what it was: only our plan has moved.
    const { currencies } = (await own.get('/reports/ageing?asOf=2023-10-31')).body;
    expect(currencies[0].totals).toMatchObject({ total: '17950000.00', '1-30': '2150000.00', '31-60': '1000000.00' });
  }, 120_000);
});

describe('a plan that is cancelled', () => {
  it('is not recorded, and those who come after get theirs', async () => {
    const before = await head();
    const asked = ledger.post('/cash-plans', { ...planRequest, id: 'gone' });
    for (let found = await ledger.get('/cash-plans/gone'); found.status !== 202;) {
      await sleep(2);
      found = await ledger.get('/cash-plans/gone');
    }
    const cancelled = await ledger.delete('/cash-plans/gone');
    expect(cancelled).toMatchObject({ status: 200, body: { id: 'gone', status: 'cancelled' } });
    const reply = await asked;
    expect([202, 503]).toContain(reply.status);
    if (reply.status === 503) expect(reply.body.type).toBe('/problems/plan-cancelled');
    expect((await ledger.get('/cash-plans/gone')).body).toEqual({ id: 'gone', status: 'cancelled' });
    expect(await head()).toBe(before);
    expect((await ledger.delete('/cash-plans/gone')).body.type).toBe('/problems/not-running');
    expect((await ledger.delete('/cash-plans/first')).body.type).toBe('/problems/not-running');
    expect((await ledger.delete('/cash-plans/nothing')).status).toBe(404);
    expect((await propose({ ...quick, id: 'gone' })).body).toMatchObject({ id: 'gone', status: 'proposed' });
  }, 60_000);
});

describe('a request that no plan can be made of', () => {
  const dry = (body: object, client = ledger): Promise<Reply> =>
    client.post('/cash-plans?dryRun=true', { ...quick, ...body });

  it('says what to do: no balance, an item that is not there, one that may not be paid', async () => {
    expect((await dry({ currency: 'EUR' })).body).toMatchObject({
      type: '/problems/no-cash-balance',
      status: 422,
      detail: expect.stringContaining('EUR'),
    });
    expect((await dry({ require: [{ itemId: 'nothing' }] })).body).toMatchObject({
      type: '/problems/unknown-item',
      itemId: 'nothing',
    });
    expect((await dry({ forbid: [{ itemId: 'nothing' }] })).body).toMatchObject({ type: '/problems/unknown-item' });
    const own = await new LedgerClient(app.url, 'held').open();
    await own.record('/vendors', { id: 'v', name: 'V' });
    await own.record('/invoices', {
      id: 'i',
      vendorId: 'v',
      number: '1',
      invoiceDate: '2023-10-01',
      dueDate: '2023-10-20',
      currency: 'USD',
      lines: [{ amount: '5' }],
      total: '5',
    });
    await own.record('/invoices/i/holds', { reason: 'goods', on: '2023-10-02' });
    await own.record('/cash/balances', { account: 'main', currency: 'USD', on: '2023-10-31', balance: '10' });
    expect((await dry({ require: [{ itemId: 'i' }] }, own)).body).toMatchObject({
      type: '/problems/required-item-blocked',
      status: 422,
      itemId: 'i',
    });
    const blocked = await dry({ minimumBalance: '0' }, own);
    expect(blocked.body.decisions).toMatchObject([{ itemId: 'i', decision: 'blocked' }]);
  }, 60_000);

  it('names the parameter that is wrong', async () => {
    const faults = async (body: object): Promise<unknown> => {
      const reply = await dry({ ...body });
      return [reply.status, reply.body.errors?.map(({ pointer }: any) => pointer)];
    };
    expect(await faults({ runs: ['2023-11-07', '2023-10-31'] })).toEqual([400, ['/runs']]);
    expect(await faults({ runs: ['2023-10-30'] })).toEqual([400, ['/runs']]);
    expect(await faults({ horizonEnd: '2023-11-01' })).toEqual([400, ['/horizonEnd']]);
    expect(await faults({ periods: 0, gap: '2', minimumBalance: '-1', surprise: 1, runs: ['soon'] })).toEqual([
      400,
      ['/minimumBalance', '/runs', '/periods', '/gap', '/surprise'],
    ]);
    expect((await ledger.post('/cash-plans?dry=true', quick)).status).toBe(400);
    expect((await ledger.get('/reports/cash-priority?periods=x')).status).toBe(400);
    expect((await ledger.post('/cash-plans?dryRun=true', { ...quick, knownAtPosition: 999_999 })).status).toBe(400);
  }, 60_000);

  it('waits for the books rather than plan without what they do not have yet', async () => {
    const locking = new pg.Client({ connectionString: database.appUrl });
    await locking.connect();
    await locking.query('begin; lock table books.documents in exclusive mode');
    const { body } = await ledger.record('/vendors', { name: 'not in the books yet' });
    const behind = await dry({});
    expect(behind).toMatchObject({ status: 503, body: { type: '/problems/not-yet-there', asked: body.position } });
    const [caughtUp] = await Promise.all([dry({}), locking.query('commit')]);
    expect(caughtUp).toMatchObject({ status: 200, body: { position: body.position } });
    await locking.end();
  }, 60_000);

  it('is no fault where the reserve is above the balance: that is an answer', async () => {
    const reply = await dry({ minimumBalance: '5000000.00' });
    expect(reply.status).toBe(200);
    expect(reply.body.impossible).toEqual(expect.arrayContaining([expect.objectContaining({ what: 'reserve' })]));
  }, 60_000);

  it('is too large with more bills than a plan can hold', async () => {
    const own = await new LedgerClient(app.url, 'many').open();
    await own.record('/cash/balances', { account: 'main', currency: 'USD', on: '2023-10-31', balance: '10' });
    await own.get('/reports/trial-balance?atLeast=2');
    const client = new pg.Client({ connectionString: database.appUrl });
    await client.connect();
    // The books are the application's own: a hundred thousand bills at once, as if they had been folded.
    await client.query(
      `insert into books.subledger_lines (ledger_id, generation, position, line, effective_on, currency, vendor_id, item_type, item_id,
              document_date, original_due_on, due_on, planned_on, owed, held, disputed)
       select 'many', 1, 2, n, '2023-10-01', 'USD', 'v', 'invoice', 'i' || n, '2023-10-01', '2023-10-01', '2023-10-01', '2023-10-01', 100, 0, 0
         from generate_series(1, 100000) n`,
    );
    await client.end();
    expect((await dry({}, own)).body).toMatchObject({
      type: '/problems/payload-too-large',
      status: 413,
      limit: maxBills,
      bills: 100_000,
    });
  }, 60_000);
});
