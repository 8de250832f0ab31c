/**
 * 2/10 net 30, from the terms to the books: what is earned, what is refused, where its tax goes, and that reports, files
 * for other programs, plans and the verification of the log speak of the same amounts. Figures are worked out by hand.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { explainInvoice } from '../src/audit/explain.js';
import { Rules } from '../src/audit/rules.js';
import type { App } from '../src/app.module.js';
import { readLine } from '../src/event-log/record.js';
import { LedgerClient, type Reply, startApp } from './support/app.js';
import { linesOf, tamper } from './support/audit.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

let database: TestDatabase;
let app: App;
let client: LedgerClient;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  client = await new LedgerClient(app.url, 'early').open();
  await client.record('/vendors', {
    id: 'mill',
    name: 'Paper mill',
    terms: { netDays: 30, discount: { percent: '2', days: 10 } },
  });
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

/** A sixth of it is tax; its discount is to be had until 2024-01-20. */
const invoice = (id: string, more: object = {}) => ({
  ...{ id, vendorId: 'mill', number: id, invoiceDate: '2024-01-10', currency: 'USD', total: '1200.00' },
  lines: [{ amount: '1000.00', tax: '200.00' }],
  ...more,
});
const payment = (id: string, paidOn: string, amount: string, invoiceId: string, discount?: string) => ({
  ...{ id, vendorId: 'mill', paidOn, currency: 'USD', amount },
  allocations: [{ invoiceId, amount, ...(discount !== undefined && { discount }) }],
});
const codeOf = ({ status, body }: Reply) => [status, String(body.type).replace('/problems/', '')];

/** Debits less credits of some accounts. */
const balances = async (asOf: string, position = ''): Promise<Record<string, string>> => {
  const { body } = await client.get(`/reports/trial-balance?asOf=${asOf}${position}`);
  return Object.fromEntries(body.currencies[0].rows.map((row: any) => [row.account, row.balance]));
};

describe('a settlement discount', () => {
  it('is refused a day too late, with the last day, and leaves nothing behind', async () => {
    await client.record('/invoices', invoice('i1'));
    const late = await client.post('/payments', payment('p1', '2024-01-21', '1176.00', 'i1', '24.00'));
    expect(codeOf(late)).toEqual([422, 'discount-expired']);
    expect(late.body).toMatchObject({ lastDay: '2024-01-20', paidOn: '2024-01-21' });
    expect(late.body.detail).toContain('2024-01-20');
    expect((await client.get('/payments/p1')).status).toBe(404);
    // It can be recorded without the discount, and the payment is of its own day whenever it is allocated.
    await client.record('/payments', { ...payment('late', '2024-01-21', '10.00', 'i1'), allocations: [] });
    const allocation = { from: { paymentId: 'late' }, to: { invoiceId: 'i1' }, amount: '9.80', discount: '0.20' };
    expect(codeOf(await client.post('/allocations', allocation))).toEqual([422, 'discount-expired']);
    await client.record('/payments/late/reversal', { reason: 'only for this test' });
  });

  it('is taken on its last day, with the payment and with what was on account, its tax apart', async () => {
    const tooMuch = await client.post('/payments', payment('p1', '2024-01-20', '784.00', 'i1', '16.01'));
    expect(codeOf(tooMuch)).toEqual([422, 'over-discounted']);
    expect(tooMuch.body).toMatchObject({ allowed: '16.00', asked: '16.01', settled: '800.01' });
    const paid = await client.record('/payments', payment('p1', '2024-01-20', '784.00', 'i1', '16.00'));
    expect(paid.body.allocations).toEqual([
      // A sixth of 16.00 is 2.666…
      {
        ...{ id: 'p1.1', to: { invoiceId: 'i1' }, amount: '784.00', discount: '16.00', discountTax: '2.67' },
        ...{ on: '2024-01-20', status: 'in-force' },
      },
    ]);
    await client.record('/payments', { ...payment('p2', '2024-01-20', '392.00', 'i1'), allocations: [] });
    const allocation = { id: 'a2', from: { paymentId: 'p2' }, to: { invoiceId: 'i1' }, amount: '392.00' };
    const allocated = await client.record('/allocations', { ...allocation, discount: '8.00' });
    // A sixth of 24.00 in all is 4.00.
    expect(allocated.body).toMatchObject({ discount: '8.00', discountTax: '1.33', on: '2024-01-20' });
    expect((await client.record('/allocations', { ...allocation, discount: '8' })).body.position).toBe(
      allocated.body.position,
    );
    expect((await client.get('/invoices/i1')).body).toMatchObject({ status: 'paid', outstanding: '0.00' });
    expect(await balances('2024-01-31')).toEqual({
      payables: '0.00',
      'on-account': '0.00',
      cash: '-1176.00',
      expense: '1000.00',
      'input-tax': '196.00',
      'discount-received': '-20.00',
    });
  });

  it('stands in the statement, the journal and the story of the invoice', async () => {
    const { body } = await client.get('/reports/statement?vendorId=mill&asOf=2024-01-31');
    expect(body.currencies[0].lines.filter((line: any) => line.itemType === 'discount')).toMatchObject([
      { on: '2024-01-20', itemId: 'p1.1', amount: '-16.00' },
      { on: '2024-01-20', itemId: 'a2', amount: '-8.00' },
    ]);
    expect(body.currencies[0].closing).toBe('0.00');
    const journal = (await client.get('/reports/journal?account=discount-received&asOf=2024-01-31')).body.items;
    expect(journal.map(({ lines }: any) => lines.map((line: any) => [line.account, line.debit, line.credit]))).toEqual([
      [
        ['payables', '800.00', '0.00'],
        ['on-account', '0.00', '784.00'],
        ['discount-received', '0.00', '13.33'],
        ['input-tax', '0.00', '2.67'],
      ],
      [
        ['payables', '400.00', '0.00'],
        ['on-account', '0.00', '392.00'],
        ['discount-received', '0.00', '6.67'],
        ['input-tax', '0.00', '1.33'],
      ],
    ]);
    const hledger = (await client.get('/extracts/hledger?asOf=2024-01-31')).text;
    expect(hledger).toMatch(/discount-received {2}-13\.33 USD\n.*input-tax {2}-2\.67 USD/);
    const history = (await linesOf(client)).map(readLine).filter(({ data }) => JSON.stringify(data).includes('i1'));
    expect(explainInvoice('i1', history).map(({ text }) => text)).toContain(
      '784.00 USD of payment p1 were set against it, and 16.00 USD were let off as settlement discount, 2.67 of it tax.',
    );
  });

  it('is taken back with its payment, tax and all, and the past says what it said', async () => {
    const { body } = await client.record('/payments/p1/reversal', { reason: 'bounced', on: '2024-02-05' });
    expect(await balances('2024-02-05')).toMatchObject({
      payables: '-800.00',
      'input-tax': '198.67',
      'discount-received': '-6.67',
    });
    expect(await balances('2024-02-04')).toMatchObject({ 'input-tax': '196.00', 'discount-received': '-20.00' });
    expect(await balances('2024-02-05', `&knownAtPosition=${body.position - 2}`)).toMatchObject({
      'input-tax': '196.00',
    });
  });

  it('is for payments only; a credit note settles its amount', async () => {
    const creditNote = { vendorId: 'mill', number: 'c', date: '2024-01-15', currency: 'USD', total: '98.00' };
    await client.record('/credit-notes', { id: 'c', ...creditNote });
    const allocation = { from: { creditNoteId: 'c' }, to: { invoiceId: 'i1' }, amount: '98.00', discount: '2.00' };
    const refused = await client.post('/allocations', allocation);
    expect(codeOf(refused)).toEqual([400, 'malformed']);
    expect(refused.body.errors).toEqual([{ pointer: '/discount', detail: expect.stringContaining('left out') }]);
  });

  it('is what a plan counts on: the same last day, and an amount that can be paid', async () => {
    await client.record('/cash/balances', { account: 'main', currency: 'USD', on: '2024-01-10', balance: '5000' });
    // 2 % of 1,200.75 is 24.015.
    const lines = [{ amount: '1000.75', tax: '200.00' }];
    await client.record('/invoices', invoice('i2', { total: '1200.75', lines }));
    const plan = async (asOf: string) => {
      const { body } = await client.get(`/reports/cash-priority?asOf=${asOf}&periods=2`);
      return body.decisions.find(({ itemId }: any) => itemId === 'i2').payments;
    };
    expect(await plan('2024-01-20')).toEqual([{ on: '2024-01-20', amount: '1200.75', cash: '1176.74' }]);
    expect((await plan('2024-01-21')).map(({ cash }: any) => cash)).toEqual([undefined]);
    await client.record('/payments', payment('p3', '2024-01-20', '1176.74', 'i2', '24.01'));
    expect((await client.get('/invoices/i2')).body.status).toBe('paid');
  });

  it('without terms for it is what the vendor granted, whenever that was', async () => {
    await client.record('/vendors', { id: 'shop', name: 'Shop', terms: { netDays: 14 } });
    await client.record('/invoices', invoice('i3', { vendorId: 'shop' }));
    const granted = { ...payment('p4', '2024-03-01', '1000.00', 'i3', '200.00'), vendorId: 'shop' };
    const { body } = await client.record('/payments', granted);
    expect(body.allocations).toMatchObject([{ discount: '200.00', discountTax: '33.33' }]);
  });

  it('is verified, by rules that were written once more', async () => {
    const faultsOf = async (): Promise<string[]> => {
      const rules = new Rules(() => Buffer.alloc(0));
      const lines = await linesOf(client);
      return [...lines.flatMap((line) => [...rules.judge(readLine(line))]), ...rules.disagreements()];
    };
    expect(await faultsOf()).toEqual([]);
    const spoil = (what: string, by: string) =>
      tamper(
        database,
        `update log.events set line = replace(line, '${what}', '${by}') where ledger_id = 'early' and line like '%"p3.1"%'`,
      );
    await spoil('"discountTax":"4.00"', '"discountTax":"4.01"');
    expect(await faultsOf()).toEqual([expect.stringContaining('the share of tax in its invoice')]);
    await spoil('"discountTax":"4.01"', '"discountTax":"4.00"');
    await spoil('"amount":"1176.74","discount":"24.01"', '"amount":"1176.72","discount":"24.03"');
    expect(await faultsOf()).toEqual([expect.stringContaining("more than the 2 % of its invoice's terms")]);
  });
});
