/** The chart of accounts of a ledger: what it changes, from when on, and that the past and the control account stay as they are. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GrowingTree, leafHash } from '../src/audit/merkle.js';
import { Rules } from '../src/audit/rules.js';
import type { App } from '../src/app.module.js';
import { readLine } from '../src/event-log/record.js';
import { LedgerClient, type Reply, startApp } from './support/app.js';
import { linesOf } from './support/audit.js';
import { beancount as beancountBalances, hledger as hledgerBalances, isInstalled } from './support/extracts.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

let database: TestDatabase;
let app: App;
let client: LedgerClient;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  folder = await mkdtemp(join(tmpdir(), 'chart-'));
  client = await new LedgerClient(app.url, 'charted').open();
  await client.record('/vendors', { id: 'mill', name: 'Paper mill' });
});
afterAll(async () => {
  await app.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

const codeOf = ({ status, body }: Reply) => [status, String(body.type).replace('/problems/', '')];
const invoice = (id: string, invoiceDate: string, more: object = {}) => ({
  ...{ id, vendorId: 'mill', number: id, invoiceDate, dueDate: '2024-06-30', currency: 'USD', total: '120.00' },
  lines: [{ amount: '100.00', tax: '20.00' }],
  ...more,
});
/** Debits less credits of the accounts on which anything stands. */
const balances = async (moment: string): Promise<Record<string, string>> => {
  const { body } = await client.get(`/reports/trial-balance?${moment}`);
  const rows = body.currencies[0]?.rows ?? [];
  return Object.fromEntries(
    rows.filter((row: any) => row.balance !== '0.00').map((row: any) => [row.account, row.balance]),
  );
};
/** The lines of an event in the journal. */
const linesAt = async (position: number): Promise<string[]> => {
  const { body } = await client.get('/reports/journal?asOf=2024-12-31&limit=1000');
  return body.items
    .filter((entry: any) => entry.position === position)
    .flatMap((entry: any) =>
      entry.lines.map((line: any) => `${line.account} ${line.debit === '0.00' ? `-${line.credit}` : line.debit}`),
    );
};
const reconciles = async (moment: string): Promise<void> => {
  const { body } = await client.get(`/reports/liabilities?${moment}`);
  for (const { reconciliation, totals } of body.currencies)
    expect(reconciliation).toEqual({
      ageingTotal: totals.total,
      controlAccount: totals.total,
      difference: expect.stringMatching(/^0\.0+$/),
    });
};

describe('the chart of accounts', () => {
  it('is the default one until something is said', async () => {
    const { body, headers } = await client.get('/accounts');
    expect(body.items.map(({ account }: any) => account)).toEqual([
      ...['payables', 'on-account', 'cash', 'expense', 'input-tax', 'late-interest', 'late-fee', 'penalty'],
      ...['discount-received', 'write-off'],
    ]);
    expect(body.items[0]).toEqual({
      ...{ account: 'payables', name: 'Accounts payable', type: 'liability', for: 'payables', inForce: true },
    });
    expect([body.next, headers.get('ledger-position')]).toEqual([null, '2']);
  });

  it('changes entries from a day on, recorded from then on, and none that is there', async () => {
    await client.record('/invoices', invoice('i1', '2024-01-10'));
    await client.record('/invoices', invoice('i2', '2024-03-10'));
    const before = await balances('asOf=2024-12-31');
    const said = { account: '2110', name: 'Trade creditors', for: 'payables', on: '2024-03-01' };
    const set = await client.record('/accounts', said);
    expect(set.body).toEqual({
      ...{ account: '2110', name: 'Trade creditors', type: 'liability', for: 'payables', inForce: true },
      ...{ since: '2024-03-01', position: 5 },
    });
    expect([set.headers.get('location'), set.headers.get('ledger-position')]).toEqual([
      '/v1/ledgers/charted/accounts',
      '5',
    ]);
    expect(await balances('asOf=2024-12-31')).toEqual(before);

    // Recorded now: of a day before the change, and of its day.
    const old = await client.record('/invoices', invoice('i3', '2024-02-29'));
    expect(await linesAt(old.body.position)).toEqual(['expense 100.00', 'input-tax 20.00', 'payables -120.00']);
    const fresh = await client.record('/invoices', invoice('i4', '2024-03-01'));
    expect(await linesAt(fresh.body.position)).toEqual(['expense 100.00', 'input-tax 20.00', '2110 -120.00']);
    expect(await balances('asOf=2024-12-31')).toMatchObject({ payables: '-360.00', '2110': '-120.00' });
    await reconciles('asOf=2024-12-31');
    await reconciles('asOf=2024-02-29');
  });

  it('has what is taken back taken back from where it is', async () => {
    const reversed = await client.record('/invoices/i2/reversal', { reason: 'twice', on: '2024-03-20' });
    expect(await linesAt(reversed.body.position)).toEqual(['expense -100.00', 'input-tax -20.00', 'payables 120.00']);
    const paid = await client.record('/payments', {
      ...{ id: 'p1', vendorId: 'mill', paidOn: '2024-03-05', currency: 'USD', amount: '120.00', bankAccount: 'main' },
      allocations: [{ invoiceId: 'i1', amount: '120.00' }],
    });
    expect(await linesAt(paid.body.position)).toEqual(['2110 120.00', 'on-account -120.00']);
    // Meanwhile the bank has another account, and credit too.
    await client.record('/accounts', { account: '1000', name: 'Bank', for: 'cash', on: '2024-03-01' });
    await client.record('/accounts', { account: '1300', name: 'Credit', for: 'on-account', on: '2024-03-01' });
    const bounced = await client.record('/payments/p1/reversal', { reason: 'bounced', on: '2024-04-02' });
    expect(await linesAt(bounced.body.position - 1)).toEqual(['2110 -120.00', 'on-account 120.00']);
    expect(await linesAt(bounced.body.position)).toEqual(['on-account -120.00', 'cash:main 120.00']);
    const again = await client.record('/payments', {
      ...{ id: 'p2', vendorId: 'mill', paidOn: '2024-04-03', currency: 'USD', amount: '50.00', bankAccount: 'main' },
    });
    expect(await linesAt(again.body.position)).toEqual(['1300 50.00', '1000:main -50.00']);
    const refund = { id: 'r1', vendorId: 'mill', from: { paymentId: 'p2' }, amount: '10.00', on: '2024-04-04' };
    const refunded = await client.record('/refunds', refund);
    expect(await linesAt(refunded.body.position)).toEqual(['1000:main 10.00', '1300 -10.00']);
    for (const asOf of ['2024-02-29', '2024-03-05', '2024-04-02', '2024-04-03', '2024-12-31'])
      for (let position = 3; position <= refunded.body.position; position++)
        await reconciles(`asOf=${asOf}&knownAtPosition=${position}`);
    const statement = (await client.get('/reports/statement?vendorId=mill&asOf=2024-12-31')).body.currencies[0];
    expect(statement.lines.map(({ itemType, amount }: any) => `${itemType} ${amount}`)).toEqual([
      ...['invoice 120.00', 'invoice 120.00', 'invoice 120.00', 'payment -120.00', 'invoice 120.00'],
      ...['reversal -120.00', 'reversal 120.00', 'payment -50.00', 'refund 10.00'],
    ]);
    expect(statement.closing).toBe('320.00');
  });

  it('calls accounts what they were called at knownAt', async () => {
    const { position } = (await client.record('/accounts', { account: '2110', name: 'Creditors' })).body;
    const nameAt = async (at: number) => {
      const { body } = await client.get(`/reports/trial-balance?asOf=2024-12-31&knownAtPosition=${at}`);
      return body.currencies[0].rows.find(({ account }: any) => account === '2110');
    };
    expect(await nameAt(position)).toMatchObject({ name: 'Creditors', type: 'liability' });
    expect(await nameAt(position - 1)).toMatchObject({ name: 'Trade creditors' });
    await client.record('/accounts', { account: '5000', name: 'Paper', type: 'expense' });
    await client.record('/invoices', invoice('i5', '2024-04-10', { lines: [{ account: '5000', amount: '120.00' }] }));
    const journal = (await client.get('/reports/journal?account=5000&asOf=2024-12-31')).body.items[0];
    expect(journal.lines.map(({ name }: any) => name)).toEqual(['Paper', 'Creditors']);
    const csv = (await client.get('/reports/trial-balance?format=csv&asOf=2024-12-31')).text;
    expect(csv).toContain('1000:main,Bank: main,asset');
  });

  it('is listed as of any day, page by page', async () => {
    const at = async (asOf: string) => {
      const items: any[] = [];
      for (let cursor = ''; ;) {
        const { body } = await client.get(`/accounts?asOf=${asOf}&limit=4${cursor}`);
        items.push(...body.items);
        if (body.next === null) return items;
        cursor = `&cursor=${body.next}`;
      }
    };
    const early = await at('2024-02-29');
    expect(early.map(({ account }) => account).slice(-5)).toEqual(['write-off', '2110', '1000', '1300', '5000']);
    const of = (items: any[], account: string) => items.find((item) => item.account === account);
    const inForce = (items: any[], ...accounts: string[]) => accounts.map((account) => of(items, account).inForce);
    expect(inForce(early, 'payables', '2110', 'cash')).toEqual([true, false, true]);
    const late = await at('2024-03-01');
    expect(inForce(late, 'payables', '2110', '1000')).toEqual([false, true, true]);
    expect(of(late, '2110')).toMatchObject({ for: 'payables', since: '2024-03-01', name: 'Creditors' });
    expect('for' in of(late, '5000')).toBe(false);
    expect(codeOf(await client.get('/accounts?cursor=nonsense'))).toEqual([400, 'malformed']);
  });

  it('is listed as it was known at any moment', async () => {
    const events: any[] = await client.events();
    const said = events.filter(({ type }) => type === 'AccountSet');
    const known = async (moment: string) => {
      const { body, headers } = await client.get(`/accounts?asOf=2024-12-31&limit=1000&${moment}`);
      const items = new Map<string, any>(body.items.map((item: any) => [item.account, item]));
      return { items, position: headers.get('ledger-position') };
    };
    // The independent way: of the events up to it, the last that was said of an account.
    for (const { position, recordedAt } of events) {
      const { items, position: at } = await known(`knownAtPosition=${position}`);
      expect(at).toBe(String(position));
      const then = said.filter((event) => event.position <= position);
      expect(items.size).toBe(10 + new Set(then.map(({ data }) => data.account)).size);
      for (const { data } of then) {
        const last = then.findLast((event) => event.data.account === data.account)!.data;
        expect(items.get(data.account)).toMatchObject({ name: last.name, type: last.type });
      }
      const payables = then.some(({ data }) => data.for === 'payables') ? '2110' : 'payables';
      expect([...items.values()].filter((item) => item.for === 'payables' && item.inForce)).toMatchObject([
        { account: payables },
      ]);
      expect((await known(`knownAt=${recordedAt}`)).items).toEqual(items);
    }
    expect((await known('knownAtPosition=0')).items.size).toBe(10);
    expect((await known(`atLeast=${events.length}`)).position).toBe(String(events.length));
    const both = await client.get(`/accounts?knownAt=${events[0].recordedAt}&knownAtPosition=1`);
    expect(codeOf(both)).toEqual([400, 'malformed']);
    const late = await client.get(`/accounts?knownAtPosition=${events.length + 1}`);
    expect([codeOf(late), late.body.errors[0].pointer]).toEqual([[400, 'malformed'], '/knownAtPosition']);
  });

  it('recognises a repeat by its key alone, like all that is said anew as a whole', async () => {
    const other = await new LedgerClient(app.url, 'repeats').open();
    await other.record('/vendors', { id: 'mill', name: 'Paper mill' });
    for (const [path, body] of [
      ['/accounts', { account: '2110', name: 'Creditors', for: 'payables', on: '2024-03-01' }],
      ['/policy', { approvalAbove: [{ currency: 'USD', amount: '5' }], reason: 'x' }],
      ['/vendors/mill/changes', { name: 'Mill' }],
      ['/vendors/mill/consequences', { effectiveOn: '2024-03-01', source: 'contract' }],
    ] as const) {
      const key = { 'idempotency-key': path.slice(1).replaceAll('/', '-') };
      const first = await other.post(path, body, key);
      expect([path, first.status]).toEqual([path, 201]);
      const repeated = await other.post(path, body, key);
      expect([repeated.text, repeated.headers.get('idempotency-replayed')]).toEqual([first.text, 'true']);
      // Without it the same is said once more, and stays the same.
      const again = await other.record(path, body);
      const position = Number(first.body.position) + 1;
      expect(again.body.position).toBe(position);
      if (path === '/accounts' || path === '/policy') expect(again.body).toEqual({ ...first.body, position });
    }
    expect((await other.get('/events?type=AccountSet')).body.items).toHaveLength(2);
  });

  it('goes into the files for other programs', async () => {
    const moment = 'asOf=2024-12-31';
    const hledger = (await client.get(`/extracts/hledger?${moment}`)).text;
    // What is owed is one account for each vendor, whatever stood for it.
    expect(hledger).toContain('liabilities:payables:vendor/mill  0.00 USD = -480.00 USD');
    expect(hledger).toContain('assets:1000%3Amain  0.00 USD = -40.00 USD');
    // And the programs read them, strictly, and agree about every balance.
    const file = join(folder, 'books');
    for (const [name, program, balancesOf] of [
      ['hledger', 'hledger', hledgerBalances],
      ['beancount', 'bean-check', beancountBalances],
    ] as const) {
      if (!(await isInstalled(program))) continue;
      await writeFile(file, (await client.get(`/extracts/${name}?${moment}`)).text);
      expect(await balancesOf(file)).toMatchObject({
        'payables|mill': { USD: '-480.00' },
        'on-account|mill': { USD: '40.00' },
      });
    }
    const lines = (await client.get(`/extracts/invoices-received-lines?${moment}`)).text.split('\n');
    const [names, ...rows] = lines.map((line) => line.split('|'));
    const accountsOf = (id: string) =>
      rows
        .filter((row) => row[0] === id)
        .map((row) => [
          row[names!.indexOf('GL_Line_Debit_Account_Number')],
          row[names!.indexOf('GL_Line_Credit_Account_Number')],
        ]);
    expect([accountsOf('i3'), accountsOf('i4'), accountsOf('i2/reversal')]).toEqual([
      [['expense', 'payables']],
      [['expense', '2110']],
      [['expense', 'payables']],
    ]);
  });

  it('tells a cash plan what was paid from an account, under whatever name it stands', async () => {
    await client.record('/cash/balances', { account: 'main', currency: 'USD', on: '2024-04-01', balance: '1000.00' });
    const { body } = await client.get('/reports/cash-priority?asOf=2024-04-10&periods=2');
    // 1,000 less 50 paid, with 120 that bounced and 10 that were refunded.
    expect(body.cash[0].opening).toBe('1080.00');
  });

  it.each([
    ['an account of the default chart for something else', { account: 'payables', for: 'cash' }, 'reserved-account'],
    ['an account of a bank account', { account: 'cash:main', for: 'payables' }, 'reserved-account'],
    ['one of a bank account for all of them', { account: '1000:main', for: 'cash' }, 'account-in-use'],
    ['an account that stands for something else', { account: '2110', for: 'write-off' }, 'account-in-use'],
    ['an account that lines name', { account: '5000', for: 'on-account' }, 'account-in-use'],
    ['a type that contradicts the use', { account: '2111', for: 'payables', type: 'asset' }, 'account-type-mismatch'],
    ['a type that contradicts the use that it has', { account: '2110', type: 'income' }, 'account-type-mismatch'],
  ])('refuses %s', async (_what, asked, code) => {
    const refused = await client.post('/accounts', { name: 'X', ...asked });
    expect(codeOf(refused)).toEqual([422, code]);
    expect(refused.body.detail).toContain(asked.account);
  });

  it('refuses lines on what the ledger alone posts to by now, and bad words', async () => {
    for (const account of ['2110', '1000', '1000:main', 'payables'])
      expect(
        codeOf(await client.post('/invoices', invoice('no', '2024-05-01', { lines: [{ account, amount: '120.00' }] }))),
      ).toEqual([422, 'reserved-account']);
    const malformed = await client.post('/accounts', {
      account: ' 1',
      name: '',
      type: 'odd',
      for: 'tea',
      on: '2024-02-30',
    });
    expect(codeOf(malformed)).toEqual([400, 'malformed']);
    expect(malformed.body.errors.map(({ pointer }: any) => pointer).sort()).toEqual([
      ...['/account', '/for', '/name', '/on', '/type'],
    ]);
    expect(codeOf(await client.post('/accounts', { account: 'x' }))).toEqual([400, 'malformed']);
  });

  it('an expense account may stand for expenses and be named by lines too', async () => {
    await client.record('/accounts', { account: '5000', name: 'Paper and ink', for: 'expense', on: '2024-05-01' });
    const { body } = await client.record('/invoices', invoice('i6', '2024-05-02'));
    expect(await linesAt(body.position)).toEqual(['5000 100.00', 'input-tax 20.00', '2110 -120.00']);
    await client.record('/invoices', invoice('i7', '2024-05-02', { lines: [{ account: '5000', amount: '120.00' }] }));
    expect(await balances('asOf=2024-05-02')).toMatchObject({ '5000': '340.00' });
  });

  it('goes back to the default by the same way, and keeps to open periods', async () => {
    await client.record('/accounts', {
      account: 'payables',
      name: 'Accounts payable',
      for: 'payables',
      on: '2024-06-01',
    });
    const { body } = await client.record('/invoices', invoice('i8', '2024-06-01'));
    expect((await linesAt(body.position)).at(-1)).toBe('payables -120.00');
    await client.record('/periods/2024-06/close');
    const closed = await client.post('/accounts', { account: '2112', name: 'X', for: 'payables', on: '2024-06-30' });
    expect(codeOf(closed)).toEqual([422, 'period-closed']);
    await client.record('/accounts', { account: '2112', name: 'X', for: 'payables', on: '2024-07-01' });
    await reconciles('asOf=2024-12-31');
  });

  it('is verified by rules that were written once more', async () => {
    const tree = new GrowingTree();
    const rules = new Rules(() => tree.root());
    const faults = (await linesOf(client)).flatMap((line) => {
      tree.add(leafHash(line));
      return [...rules.judge(readLine(line))];
    });
    expect([...faults, ...rules.disagreements()]).toEqual([]);
  });
});
