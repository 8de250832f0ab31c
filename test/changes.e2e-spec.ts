import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { App } from '../src/app.module.js';
import { LedgerClient, type Reply, startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

// What moved the ageing of 30 November 2023, event by event. All figures are worked out by hand.

let database: TestDatabase;
let app: App;
let ledger: LedgerClient;
/** The position after each step. */
const at: Record<string, number> = {};

const asOf = '2023-11-30';
const invoice = (id: string, vendorId: string, dueDate: string, total: string, more: object = {}) => ({
  id,
  vendorId,
  number: id.toUpperCase(),
  invoiceDate: '2023-09-01',
  currency: 'USD',
  lines: [{ amount: total }],
  total,
  dueDate,
  ...more,
});

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  ledger = await new LedgerClient(app.url, 'changes').open();
  const step = async (name: string, path: string, body: object): Promise<void> => {
    at[name] = (await ledger.record(path, body)).body.position;
  };
  await step('aws', '/vendors', { id: 'aws', name: 'AWS' });
  await step('landlord', '/vendors', { id: 'landlord', name: 'The landlord' });
  await step('rent', '/invoices', invoice('rent', 'landlord', '2023-10-15', '900.00'));
  await step('july', '/invoices', invoice('july', 'aws', '2023-09-30', '100.00')); // 61 days late
  await step('start', '/invoices', invoice('august', 'aws', '2023-10-31', '200.00')); // 30 days late
  // Two events: the payment, and what it is set against.
  await step('payment', '/payments', {
    id: 'p1',
    vendorId: 'aws',
    paidOn: '2023-11-20',
    currency: 'USD',
    amount: '70.00',
    allocations: [{ invoiceId: 'july', amount: '60.00', discount: '5.00' }],
  });
  await step('agreed', '/invoices/august/deferrals', {
    id: 'd1',
    on: '2023-11-01',
    until: '2023-12-20',
    agreed: true,
    amount: '150.00',
    reason: 'They agreed',
  });
  await step('unilateral', '/invoices/july/deferrals', {
    id: 'd2',
    on: '2023-11-21',
    until: '2023-12-24',
    agreed: false,
    reason: 'No cash',
  });
  await step('hold', '/invoices/august/holds', { on: '2023-11-22', reason: 'Goods missing' });
  await step('renamed', '/vendors/aws/changes', { name: 'Amazon' });
  await step('later', '/invoices', invoice('later', 'aws', '2023-12-31', '5.00', { invoiceDate: '2023-12-01' }));
  await step('yen', '/invoices', invoice('yen', 'aws', '2023-11-29', '7', { currency: 'JPY' }));
  await step('mistake', '/invoices', invoice('mistake', 'landlord', '2023-11-30', '33.00'));
  await step('reversal', '/invoices/mistake/reversal', { reason: 'Not ours' });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const zero = {
  notDue: '0.00',
  '1-30': '0.00',
  '31-60': '0.00',
  '61-90': '0.00',
  'over-90': '0.00',
  total: '0.00',
  onAccount: '0.00',
  deferred: '0.00',
  held: '0.00',
  disputed: '0.00',
};
const changes = (query: string, headers = {}): Promise<Reply> =>
  ledger.get(`/reports/changes?asOf=${asOf}&${query}`, headers);
const between = (from: string, to: string): string => `fromPosition=${at[from]}&toPosition=${at[to]}`;
/** The one event that moved something. */
const eventOf = async (from: string, to: string) => {
  const { body } = await changes(between(from, to));
  expect(body.currencies).toHaveLength(1);
  expect(body.currencies[0].events).toHaveLength(1);
  return body.currencies[0].events[0];
};

describe('the changes of an ageing', () => {
  it('are what it said, what it says, and the difference, of each vendor that moved and of all', async () => {
    const { body, headers } = await changes(between('start', 'hold'));
    expect(headers.get('ledger-position')).toBe(String(at.hold));
    const events = await ledger.events();
    expect(body).toMatchObject({
      ledger: 'changes',
      asOf,
      knownAt: events[at.hold! - 1]!.recordedAt,
      position: at.hold,
      from: { knownAt: events[at.start! - 1]!.recordedAt, position: at.start },
      basis: 'agreed',
      buckets: ['notDue', '1-30', '31-60', '61-90', 'over-90'],
    });
    const [usd, ...others] = body.currencies;
    expect(others).toEqual([]);
    expect(usd.rows).toEqual([
      {
        vendorId: 'aws',
        vendorName: 'AWS',
        from: { ...zero, '1-30': '200.00', '61-90': '100.00', total: '300.00' },
        // 70 are paid, of which 60 and 5 of discount settle July; 150 of August are due later.
        change: {
          ...zero,
          notDue: '150.00',
          '1-30': '-160.00',
          '61-90': '-65.00',
          total: '-75.00',
          onAccount: '10.00',
          deferred: '185.00',
          held: '200.00',
        },
        to: {
          ...zero,
          notDue: '150.00',
          '1-30': '40.00',
          '61-90': '35.00',
          total: '225.00',
          onAccount: '10.00',
          deferred: '185.00',
          held: '200.00',
        },
      },
    ]);
    expect(usd.totals.from).toMatchObject({ '1-30': '200.00', '31-60': '900.00', total: '1200.00' });
    expect(usd.totals.change).toEqual(usd.rows[0].change);
    expect(usd.totals.to).toMatchObject({ '1-30': '40.00', '31-60': '900.00', total: '1125.00', held: '200.00' });
    expect(usd.events.map(({ type, total }: any) => [type, total])).toEqual([
      ['PaymentMade', '-70.00'],
      ['Allocated', '-5.00'],
      ['PaymentDeferred', '0.00'],
      ['PaymentDeferred', '0.00'],
      ['InvoiceHeld', '0.00'],
    ]);
  });

  it('say of each event who recorded it, when, for which day, and what it moved of which item', async () => {
    const { body } = await changes(between('start', 'payment'));
    const [line] = (await ledger.events()).slice(-1 + at.payment!, at.payment);
    expect(body.currencies[0].events[1]).toEqual({
      position: at.payment,
      type: 'Allocated',
      recordedAt: line!.recordedAt,
      effectiveOn: '2023-11-20',
      actor: { id: 'operator', role: 'admin' },
      vendorId: 'aws',
      ...{ ...zero, '1-30': '60.00', '61-90': '-65.00', total: '-5.00', onAccount: '-60.00' },
      items: [
        {
          itemType: 'payment',
          itemId: 'p1',
          number: null,
          ...zero,
          '1-30': '60.00',
          total: '60.00',
          onAccount: '-60.00',
        },
        { itemType: 'invoice', itemId: 'july', number: 'JULY', ...zero, '61-90': '-65.00', total: '-65.00' },
      ],
    });
  });

  it('have what moves between buckets, and what moves in none of them', async () => {
    expect(await eventOf('payment', 'agreed')).toMatchObject({
      type: 'PaymentDeferred',
      ...{ ...zero, notDue: '150.00', '1-30': '-150.00', deferred: '150.00' },
    });
    expect(await eventOf('agreed', 'unilateral')).toMatchObject({ ...zero, deferred: '35.00' });
    expect(await eventOf('unilateral', 'hold')).toMatchObject({ type: 'InvoiceHeld', ...zero, held: '200.00' });
  });

  it('have nothing where nothing moved', async () => {
    for (const query of [
      between('hold', 'hold'),
      between('hold', 'renamed'),
      between('hold', 'later'), // posted after asOf
      'fromPosition=0&toPosition=0',
      `fromPosition=${at.start}&toPosition=${at.hold}&currency=EUR`,
    ]) {
      const { status, body } = await changes(query);
      expect([query, status, body.currencies]).toEqual([query, 200, []]);
    }
    const { text } = await changes(`${between('hold', 'hold')}&format=csv`);
    expect(text.split('\r\n')).toHaveLength(2);
  });

  it('have what went back and forth: the events, though the sum is zero', async () => {
    const { body } = await changes(between('yen', 'reversal'));
    const [usd] = body.currencies;
    expect(usd.events.map(({ type, notDue }: any) => [type, notDue])).toEqual([
      ['InvoicePosted', '33.00'],
      ['InvoiceReversed', '-33.00'],
    ]);
    expect(usd.rows.map(({ vendorId, change }: any) => [vendorId, change])).toEqual([['landlord', zero]]);
  });

  it('are apart by currency, and begin at the beginning if that is asked for', async () => {
    const { body } = await changes('fromPosition=0');
    expect(body.position).toBe(at.reversal);
    expect(body.from).toEqual({ knownAt: null, position: 0 });
    expect(body.currencies.map(({ currency }: any) => currency)).toEqual(['JPY', 'USD']);
    expect(body.currencies[0].events).toMatchObject([{ position: at.yen, '1-30': '7', total: '7' }]);
    const ageing = await ledger.get(`/reports/ageing?asOf=${asOf}`);
    for (const [i, { rows, totals }] of body.currencies.entries()) {
      expect(totals.to).toEqual(ageing.body.currencies[i].totals);
      // Of the landlord too, whose name did not change.
      expect(rows.map(({ vendorId, vendorName, to }: any) => ({ vendorId, vendorName, ...to }))).toEqual(
        ageing.body.currencies[i].rows,
      );
    }
  });

  it('take the parameters of the ageing', async () => {
    const query = `${between('payment', 'agreed')}&basis=contractual&edges=10,45`;
    const { body } = await changes(query);
    expect([body.basis, body.buckets]).toEqual(['contractual', ['notDue', '1-10', '11-45', 'over-45']]);
    // By the original due date an agreed deferral moves no bucket.
    const { '11-45': moved, deferred } = body.currencies[0].totals.change;
    expect([moved, deferred]).toEqual(['0.00', '150.00']);
  });

  it('are the same by position and by instant, and the same bytes later', async () => {
    const instant = async (name: string): Promise<string> => String((await ledger.events())[at[name]! - 1]!.recordedAt);
    const [from, to] = [await instant('start'), await instant('hold')];
    for (const format of ['json', 'csv']) {
      const { text } = await changes(`from=${from}&to=${to}&format=${format}`);
      for (const query of [
        between('start', 'hold'),
        `from=${from}&toPosition=${at.hold}`,
        `fromPosition=${at.start}&to=${to}`,
        `from=${from}&knownAt=${to}`,
        `from=${from}&knownAtPosition=${at.hold}`,
      ]) {
        expect([query, (await changes(`${query}&format=${format}`)).text]).toEqual([query, text]);
      }
    }
  });

  it('add up as CSV too, with the moments on every line', async () => {
    const { text, headers } = await changes(between('start', 'reversal'), { accept: 'text/csv' });
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="changes-changes-${asOf}.csv"`);
    const [header, ...lines] = text
      .split('\r\n')
      .slice(0, -1)
      .map((line) => line.split(','));
    const rows = lines.map((line) => Object.fromEntries(header!.map((name, i) => [name, line[i]!])));
    expect(new Set(rows.map(({ position, fromPosition }) => `${fromPosition} ${position}`))).toEqual(
      new Set([`${at.start} ${at.reversal}`]),
    );
    const cents = (amount = ''): number => Math.round(Number(amount) * 100);
    for (const currency of ['USD', 'JPY']) {
      const of = (row: string) => rows.filter((one) => one.currency === currency && one.row === row);
      for (const column of Object.keys(zero)) {
        const [total] = of('totals-change');
        const sum = (row: string): number => of(row).reduce((all, one) => all + cents(one[column]), 0);
        expect([column, sum('event'), sum('change')]).toEqual([column, cents(total![column]), cents(total![column])]);
        expect(sum('totals-from') + sum('totals-change')).toBe(sum('totals-to'));
      }
    }
    expect(rows.find(({ type }) => type === 'InvoiceHeld')).toMatchObject({
      row: 'event',
      vendorName: 'Amazon',
      actor: 'operator',
      role: 'admin',
      effectiveOn: '2023-11-22',
      itemType: 'invoice',
      itemId: 'august',
      number: 'AUGUST',
    });
  });

  it('have as many events as there are', async () => {
    const many = await new LedgerClient(app.url, 'many').open();
    await many.record('/vendors', { id: 'aws', name: 'AWS' });
    const count = 300; // more than are read at a time
    for (let from = 0; from < count; from += 60) {
      const some = Array.from({ length: 60 }, (_, i) => invoice(`I${from + i}`, 'aws', '2023-09-30', '1.00'));
      await Promise.all(some.map((one) => many.record('/invoices', one)));
    }
    const { body } = await many.get(`/reports/changes?asOf=${asOf}&fromPosition=0`);
    const [{ events, totals }] = body.currencies;
    expect(events.map(({ position }: any) => position)).toEqual(Array.from({ length: count }, (_, i) => i + 3));
    expect(totals.change.total).toBe('300.00');
  });
});

describe('changes that can not be told', () => {
  const faults = async (query: string): Promise<unknown> => {
    const { status, body } = await changes(query);
    return [status, body.type, body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()];
  };
  const malformed = (...pointers: string[]) => [400, '/problems/malformed', pointers];

  it('because the first moment is later than the second', async () => {
    expect(await faults('fromPosition=6&toPosition=5')).toEqual(malformed('/fromPosition'));
    expect(await faults('from=2023-11-02T00:00:00Z&to=2023-11-01T00:00:00Z')).toEqual(malformed('/from'));
    expect(await faults(`fromPosition=${at.start}&to=2023-11-01T00:00:00Z`)).toEqual(malformed('/fromPosition'));
    const recordedAt = String((await ledger.events())[at.hold! - 1]!.recordedAt);
    expect(await faults(`from=${recordedAt}&toPosition=${at.start}`)).toEqual(malformed('/from'));
    expect((await changes('fromPosition=6&toPosition=5')).body.errors[0].detail).toContain(
      'not be later than toPosition',
    );
  });

  it('because it is not clear which are meant', async () => {
    expect(await faults('')).toEqual(malformed('/from'));
    expect(await faults('toPosition=5')).toEqual(malformed('/from'));
    expect(await faults('from=yesterday')).toEqual(malformed('/from'));
    expect(await faults('from=2023-11-01T00:00:00Z&fromPosition=5')).toEqual(malformed('/fromPosition'));
    expect(await faults('fromPosition=1&to=2023-11-01T00:00:00Z&toPosition=5')).toEqual(malformed('/toPosition'));
    expect(await faults('fromPosition=1&to=2023-11-01T00:00:00Z&knownAt=2023-11-01T00:00:00Z')).toEqual(
      malformed('/to'),
    );
    expect(await faults('fromPosition=1&by=vendor')).toEqual(malformed('/by'));
    expect(await faults('fromPosition=x&basis=none&edges=3,2')).toEqual(malformed('/basis', '/edges', '/fromPosition'));
  });

  it('because they are not there yet', async () => {
    expect(await faults('from=2099-01-01T00:00:00Z')).toEqual(malformed('/from'));
    expect(await faults('fromPosition=1&to=2099-01-01T00:00:00Z')).toEqual(malformed('/to'));
    expect(await faults('fromPosition=999')).toEqual(malformed('/fromPosition'));
    expect(await faults('fromPosition=1&toPosition=999')).toEqual(malformed('/toPosition'));
    expect((await new LedgerClient(app.url, 'nowhere').get('/reports/changes?fromPosition=0')).status).toBe(404);
  });
});
