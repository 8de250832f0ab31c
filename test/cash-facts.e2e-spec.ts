/** What cash plans are made from, over HTTP: recorded, read at any moment, listed, and refused with every fault. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { App } from '../src/app.module.js';
import { LedgerClient, startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

let database: TestDatabase;
let app: App;
let ledger: LedgerClient;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  ledger = await new LedgerClient(app.url, 'cash').open();
  await ledger.record('/vendors', {
    id: 'aws',
    name: 'AWS',
    terms: { netDays: 60, discount: { percent: '2', days: 10 } },
  });
  await ledger.record('/vendors', { id: 'other', name: 'Other' });
  for (const [id, total] of [
    ['i1', '1000.00'],
    ['i2', '500.00'],
  ])
    await ledger.record('/invoices', {
      id,
      vendorId: 'aws',
      number: id,
      invoiceDate: '2023-09-01',
      currency: 'USD',
      lines: [{ amount: total }],
      total,
    });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const full = {
  effectiveOn: '2023-10-01',
  tier: 2,
  neverDefer: false,
  lateInterest: { annualPercent: '18.00' },
  relationship: { annualPercent: '0.00' },
  steps: [
    { afterDays: 15, percent: '2.00' },
    { afterDays: 30, percent: '2.00', fixed: '100.00' },
  ],
  unpaidAtEndPercent: '0.00',
  partial: { allowed: true, minimum: '1000.00', maxPayments: 3 },
  cutoffs: [
    {
      name: 'AWS suspends',
      on: '2023-12-15',
      overdueDays: 30,
      tolerance: '2000000.00',
      cost: '6000000.00',
      weekly: '350000.00',
    },
  ],
  source: 'AWS customer agreement: 1.5 % a month; suspension for payment breach',
};
const pointers = (reply: { body: any }): string[] =>
  reply.body.errors.map(({ pointer }: { pointer: string }) => pointer);

describe('consequences', () => {
  it('are kept as they were set, and read on any day as known at any position', async () => {
    const first = await ledger.record('/vendors/aws/consequences', full);
    expect(first.headers.get('location')).toBe('/v1/ledgers/cash/vendors/aws/consequences');
    expect(first.body).toMatchObject({ vendorId: 'aws', inForce: full, sets: [full], position: 6 });
    const second = await ledger.record('/vendors/aws/consequences', {
      effectiveOn: '2024-01-01',
      tier: 7,
      source: 'the new agreement',
    });
    const { position } = second.body;

    const read = async (query: string): Promise<any> => {
      const { status, body } = await ledger.get(`/vendors/aws/consequences?${query}`);
      expect(status).toBe(200);
      return body;
    };
    expect((await read('asOf=2023-09-30')).inForce).toBeNull();
    expect(await read('asOf=2023-10-01')).toMatchObject({ asOf: '2023-10-01', inForce: { ...full, setAt: 6 } });
    expect((await read('asOf=2024-01-01')).inForce).toEqual({
      tier: 7,
      effectiveOn: '2024-01-01',
      source: 'the new agreement',
      setAt: position,
    });
    expect(await read(`asOf=2024-01-01&knownAtPosition=${position - 1}`)).toMatchObject({
      inForce: { tier: 2 },
      sets: [{ tier: 2 }],
    });
    expect((await read('knownAtPosition=5')).inForce).toBeNull();
    expect((await read('')).sets).toHaveLength(2);
  });

  it('of an invoice override those of its vendor key by key, but for cut-offs', async () => {
    await ledger.record('/invoices/i1/consequences', {
      effectiveOn: '2023-10-15',
      tier: 0,
      steps: [{ afterDays: 0, fixed: '5' }],
      source: 'mail of 15 October',
    });
    const { body } = await ledger.get('/invoices/i1/consequences?asOf=2023-10-20');
    expect(body).toMatchObject({ vendorId: 'aws', invoiceId: 'i1', inForce: { tier: 0 } });
    expect(body.merged).toEqual({
      ...Object.fromEntries(Object.entries(full).filter(([key]) => !['effectiveOn', 'source'].includes(key))),
      tier: 0,
      steps: [{ afterDays: 0, fixed: '5.00' }],
    });
    const before = await ledger.get('/invoices/i1/consequences?asOf=2023-10-10');
    expect(before.body).toMatchObject({ inForce: null, merged: { tier: 2 } });
  });

  it('name every fault at once', async () => {
    const reply = await ledger.post('/vendors/aws/consequences', {
      effectiveOn: '2023-02-30',
      tier: 10,
      neverDefer: 'yes',
      lateInterest: { annualPercent: '1.234' },
      relationship: { annualPercent: '-1' },
      steps: [{ afterDays: -1, percent: '2.00' }, { afterDays: 3 }],
      unpaidAtEndPercent: 5,
      partial: { allowed: true, minimum: '0.00', maxPayments: 0 },
      cutoffs: [{ name: ' ', on: 'soon', overdueDays: 1.5, tolerance: '-1', cost: '1e3', surprise: 1 }],
      surprise: true,
    });
    expect(reply.status).toBe(400);
    expect(pointers(reply).sort()).toEqual(
      [
        '/cutoffs/0/cost',
        '/cutoffs/0/name',
        '/cutoffs/0/on',
        '/cutoffs/0/overdueDays',
        '/cutoffs/0/surprise',
        '/cutoffs/0/tolerance',
        '/effectiveOn',
        '/lateInterest/annualPercent',
        '/neverDefer',
        '/partial/maxPayments',
        '/partial/minimum',
        '/relationship/annualPercent',
        '/source',
        '/steps/0/afterDays',
        '/steps/1/percent',
        '/surprise',
        '/tier',
        '/unpaidAtEndPercent',
      ].sort(),
    );
  });

  it('of an invoice have no cut-offs', async () => {
    const reply = await ledger.post('/invoices/i1/consequences', full);
    expect([reply.status, pointers(reply)]).toEqual([400, ['/cutoffs']]);
  });

  it('are 404 of what is not there', async () => {
    for (const path of ['/vendors/nobody/consequences', '/invoices/nothing/consequences']) {
      expect((await ledger.get(path)).status).toBe(404);
      expect((await ledger.post(path, { effectiveOn: '2023-10-01', source: 'x' })).status).toBe(404);
    }
  });

  it('take presets as they were on the day, and what is said beside them first', async () => {
    const { body } = await ledger.record('/vendors/other/consequences', {
      effectiveOn: '2023-10-01',
      presets: [{ id: 'uk-vat-late-payment' }, { id: 'uk-hmrc-interest' }],
      tier: 4,
      cutoffs: [],
    });
    expect(body.inForce).toMatchObject({
      tier: 4,
      lateInterest: { annualPercent: '7.75' },
      steps: [
        { afterDays: 15, percent: '2.00' },
        { afterDays: 30, percent: '2.00', annualPercent: '4.00' },
      ],
      presets: [{ id: 'uk-vat-late-payment' }, { id: 'uk-hmrc-interest' }],
    });
    expect(body.inForce.source).toMatch(/Finance Act 2021.*GOV.UK/);
    expect(body.inForce).not.toHaveProperty('cutoffs');
    const unknown = { effectiveOn: '2020-10-01', presets: [{ id: 'uk-vat-late-payment' }] };
    const foreign = { effectiveOn: '2023-10-01', presets: [{ id: 'eu-trade-debt' }] };
    expect((await ledger.post('/vendors/other/consequences', unknown)).body).toMatchObject({
      type: '/problems/unknown-preset',
      status: 422,
    });
    expect((await ledger.post('/vendors/other/consequences', foreign)).body).toMatchObject({
      type: '/problems/currency-mismatch',
    });
  });
});

describe('presets', () => {
  it('are listed, all or those of a day', async () => {
    const get = async (query: string): Promise<any> => {
      const response = await fetch(`${app.url}/v1/presets${query}`, {
        headers: { authorization: 'Bearer a-token-for-tests-only' },
      });
      return { status: response.status, body: await response.json() };
    };
    const all = await get('');
    expect(all.status).toBe(200);
    const { items } = (await get('?on=2023-10-31')).body;
    expect(items.length).toBeLessThan(all.body.items.length);
    expect(items.find(({ id }: { id: string }) => id === 'terms-2-10-net-30').terms).toEqual({
      netDays: 30,
      discount: { percent: '2.00', days: 10 },
    });
    expect(new Set(items.map(({ id }: { id: string }) => id)).size).toBe(items.length);
    expect((await get('?on=2023-02-30')).status).toBe(400);
  });
});

describe('offers', () => {
  const offer = {
    id: 'o1',
    cost: '10',
    curesCutoffs: true,
    schedule: [
      { on: '2023-12-31', amount: '600.00' },
      { on: '2024-01-31', amount: '400.00' },
    ],
    validUntil: '2023-11-30',
    source: 'a letter',
  };

  it('are recorded for an invoice, read and listed', async () => {
    const made = await ledger.record('/invoices/i1/offers', offer);
    expect(made.headers.get('location')).toBe('/v1/ledgers/cash/invoices/i1/offers/o1');
    expect(made.body).toMatchObject({ ...offer, cost: '10.00', invoiceId: 'i1', vendorId: 'aws', currency: 'USD' });
    expect((await ledger.record('/invoices/i1/offers', { ...offer, cost: '10.00' })).body).toEqual(made.body);
    expect((await ledger.get('/invoices/i1/offers/o1')).body).toMatchObject({ history: [{ type: 'OfferRecorded' }] });
    expect((await ledger.get('/invoices/i2/offers/o1')).status).toBe(404);
    expect((await ledger.get('/invoices/i1/offers')).body).toMatchObject({ items: [{ id: 'o1' }], next: null });
    expect((await ledger.get('/invoices/i2/offers')).body).toEqual({ items: [], next: null });
  });

  it('are refused where they do not fit', async () => {
    expect((await ledger.post('/invoices/i2/offers', { ...offer, id: 'o2' })).body).toMatchObject({
      type: '/problems/schedule-mismatch',
      open: '500.00',
    });
    const disorder = [...offer.schedule].reverse();
    const reply = await ledger.post('/invoices/i1/offers', { ...offer, id: 'o3', schedule: disorder, cost: undefined });
    expect([reply.status, pointers(reply).sort()]).toEqual([400, ['/cost', '/schedule']]);
  });
});

describe('cash', () => {
  it('balances are stated, read and listed', async () => {
    const stated = { account: 'main', currency: 'USD', on: '2023-10-31', balance: '-3900000' };
    const made = await ledger.record('/cash/balances', stated);
    expect(made.body).toMatchObject({ ...stated, balance: '-3900000.00' });
    const location = made.headers.get('location')!;
    expect(location).toBe(`/v1/ledgers/cash/cash/balances/${made.body.id}`);
    expect((await ledger.get(location.slice('/v1/ledgers/cash'.length))).body).toMatchObject({ id: made.body.id });
    expect((await ledger.get('/cash/balances?q=MAIN')).body).toMatchObject({ items: [{ account: 'main' }] });
    expect((await ledger.get('/cash/balances?q=savings')).body.items).toEqual([]);
    const reply = await ledger.post('/cash/balances', { ...stated, id: 'x', balance: '1.001', on: '2023-13-01' });
    expect([reply.status, pointers(reply).sort()]).toEqual([400, ['/balance', '/id', '/on']]);
  });

  it('expectations are recorded, read, listed and withdrawn', async () => {
    const wages = {
      id: 'wages',
      direction: 'outflow',
      on: '2023-11-15',
      amount: '500000.00',
      currency: 'USD',
      vendorId: 'other',
      category: 'wages',
    };
    const made = await ledger.record('/cash/expectations', wages);
    expect(made.body).toMatchObject({ ...wages, certainty: '1', status: 'in-force' });
    await ledger.record('/cash/expectations', { ...wages, id: 'later', on: '2023-12-15', direction: 'receipt' });
    const ids = async (query: string): Promise<string[]> =>
      (await ledger.get(`/cash/expectations?${query}`)).body.items.map(({ id }: { id: string }) => id);
    expect(await ids('')).toEqual(['wages', 'later']);
    expect(await ids('dueBefore=2023-12-01')).toEqual(['wages']);
    expect((await ledger.record('/cash/expectations/wages/withdrawal', { reason: 'paid' })).body).toMatchObject({
      status: 'withdrawn',
      withdrawal: { reason: 'paid' },
    });
    expect((await ledger.post('/cash/expectations/wages/withdrawal', { reason: 'again' })).body).toMatchObject({
      type: '/problems/already-withdrawn',
      status: 422,
    });
    expect(await ids('status=in-force')).toEqual(['later']);
    expect((await ledger.get('/cash/expectations/wages')).body.history.map((event: any) => event.type)).toEqual([
      'CashExpected',
      'CashExpectationWithdrawn',
    ]);
    const reply = await ledger.post('/cash/expectations', { ...wages, id: '..', certainty: '1.1', direction: 'in' });
    expect([reply.status, pointers(reply).sort()]).toEqual([400, ['/certainty', '/direction', '/id']]);
    expect((await ledger.post('/cash/expectations', { ...wages, id: 'n', vendorId: 'nobody' })).body.type).toBe(
      '/problems/unknown-vendor',
    );
  });
});

describe('the log and the books', () => {
  it('keep them on streams of their own, in closed periods too, and none changes what we owe', async () => {
    const ageing = (await ledger.get('/reports/ageing?asOf=2023-10-31')).body.currencies;
    expect(ageing[0].totals.total).toBe('1500.00');
    const events = (await ledger.events()) as unknown as { type: string; stream: string }[];
    const streams = new Map(events.map(({ type, stream }) => [type, stream]));
    expect(streams.get('CashExpected')).toBe('cash');
    expect(streams.get('CashExpectationWithdrawn')).toBe('cash');
    expect(streams.get('CashBalanceStated')).toBe('cash');
    expect(streams.get('OfferRecorded')).toBe('vendor/aws');
    const journal = await ledger.get('/reports/journal?limit=1000');
    expect(new Set(journal.body.items.map(({ type }: { type: string }) => type))).toEqual(new Set(['InvoicePosted']));
  });

  it('have a row for each, by position', async () => {
    const client = new pg.Client({ connectionString: database.appUrl });
    await client.connect();
    const count = async (table: string): Promise<number> =>
      Number((await client.query(`select count(*) from books.${table} where ledger_id = 'cash'`)).rows[0].count);
    const events = (await ledger.events()) as unknown as { type: string }[];
    const of = (...types: string[]): number => events.filter(({ type }) => types.includes(type)).length;
    expect(await count('consequences')).toBe(of('ConsequencesSet'));
    expect(await count('offers')).toBe(of('OfferRecorded'));
    expect(await count('cash_balances')).toBe(of('CashBalanceStated'));
    expect(await count('cash_expectations')).toBe(of('CashExpected', 'CashExpectationWithdrawn'));
    const { rows } = await client.query(
      `select invoice_id, to_char(until::timestamp, 'YYYY-MM-DD') as until, percent from books.settlement_discounts where ledger_id = 'cash' order by 1`,
    );
    expect(rows).toEqual([
      { invoice_id: 'i1', until: '2023-09-11', percent: '2' },
      { invoice_id: 'i2', until: '2023-09-11', percent: '2' },
    ]);
    await client.end();
  });
});
