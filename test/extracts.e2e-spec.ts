/**
 * The extracts for other programs: hledger and beancount accept them, strictly, and their balances are those of the
 * reports; the files of the audit standard add up to what the journal posts. Where the programs are missing, what needs
 * them is left out.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { App } from '../src/app.module.js';
import { ledgerId as foundingCase, steps } from '../src/demo-founding-case.js';
import { histories, walk } from './model/histories.js';
import { ReferenceLedger } from './model/reference.js';
import { LedgerClient, startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { faultsOf } from './support/event-schemas.js';
import { type Balances, beancount, hledger, isInstalled, isZero, recordsOf, rowsOf } from './support/extracts.js';
import { recordNastyLedger } from './support/nasty-ledger.js';
import { sampleSize } from './support/seed.js';

const known = [
  ['hledger', 'hledger', hledger],
  ['beancount', 'bean-check', beancount],
] as const;
const installed = await Promise.all(known.map(([, program]) => isInstalled(program)));
const programs = known.filter((_, n) => installed[n]);

let database: TestDatabase;
let app: App;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  folder = await mkdtemp(join(tmpdir(), 'extracts-'));
});
afterAll(async () => {
  await app.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

const get = async (client: LedgerClient, path: string) => {
  const reply = await client.get(path);
  expect([path, reply.status]).toEqual([path, 200]);
  return reply;
};

/** What the reports of a moment say of each account, control accounts by vendor. */
const reported = async (client: LedgerClient, moment: string): Promise<Balances> => {
  const balances: Balances = {};
  const set = (account: string, currency: string, amount: string): void => {
    if (!isZero(amount)) balances[account] = { ...balances[account], [currency]: amount };
  };
  const trial = (await get(client, `/reports/trial-balance?${moment}`)).body;
  for (const { currency, rows } of trial.currencies)
    for (const { account, balance } of rows)
      if (!['payables', 'on-account'].includes(account)) set(account, currency, balance);
  const liabilities = (await get(client, `/reports/liabilities?by=vendor&${moment}`)).body;
  for (const { currency, rows } of liabilities.currencies) {
    for (const { vendorId, owed, onAccount } of rows) {
      set(`payables|${vendorId}`, currency, `-${owed}`);
      set(`on-account|${vendorId}`, currency, onAccount);
    }
  }
  return balances;
};

/** Has every program read the extract of a moment, and compares what it makes of it with the reports. */
const agree = async (client: LedgerClient, moment: string): Promise<void> => {
  const expected = await reported(client, moment);
  for (const [name, , balancesOf] of programs) {
    const { text } = await get(client, `/extracts/${name}?${moment}`);
    const file = join(folder, `books.${name}`);
    await writeFile(file, text);
    const said = await balancesOf(file).catch((error: unknown) => {
      throw new Error(`${client.ledger} ${moment}`, { cause: error });
    });
    expect([client.ledger, moment, name, said]).toEqual([client.ledger, moment, name, expected]);
  }
};

type Sums = Record<string, bigint>;
const add = (sums: Sums, key: string, amount: string): void => {
  sums[key] = (sums[key] ?? 0n) + BigInt(amount.replace('.', '') || '0');
};
const withoutZeros = (sums: Sums): Sums => Object.fromEntries(Object.entries(sums).filter(([, sum]) => sum !== 0n));

const billed = /^(Invoice|Charge|CreditNote)(Posted|Reversed)$/;

/** Adds up the files of the standard, and compares them with what the journal posts by the same documents. */
const addUp = async (client: LedgerClient, moment: string): Promise<number> => {
  const [invoices, lines, suppliers] = await Promise.all(
    ['invoices-received', 'invoices-received-lines', 'supplier-listing'].map(async (name) =>
      rowsOf((await get(client, `/extracts/${name}?${moment}`)).text),
    ),
  );
  const byVendor: Sums = {};
  const byInvoice: Sums = {};
  for (const row of invoices!) {
    add(byVendor, `${row.Supplier_Account_ID} ${row.Invoice_Amount_Currency}`, row.Invoice_Amount!);
    add(byInvoice, row.Invoice_ID!, row.Invoice_Amount!);
  }
  const byAccount: Sums = {};
  const ofLines: Sums = {};
  for (const row of lines!) {
    const currency = row.Invoice_Line_Amount_Currency!;
    expect(row.Invoice_Line_Local_Currency).toBe(currency);
    add(ofLines, row.Invoice_ID!, row.Invoice_Line_Amount!);
    add(ofLines, row.Invoice_ID!, row.Tax1_Local!);
    add(byAccount, `${row.GL_Line_Debit_Account_Number} ${currency}`, row.Invoice_Line_Amount!);
    if (row.Tax1_Local !== '') add(byAccount, `${row.GL_Tax1_Debit_Account_Number} ${currency}`, row.Tax1_Local!);
  }
  expect(new Set(invoices!.map((row) => row.Invoice_ID)).size).toBe(invoices!.length);
  expect(ofLines).toEqual(byInvoice);

  const vendors: Sums = {};
  const accounts: Sums = {};
  const journal = (await get(client, `/reports/journal?limit=1000&${moment}`)).body;
  expect(journal.next).toBeNull();
  for (const { type, vendorId, lines: sides } of journal.items) {
    if (!billed.test(type)) continue;
    for (const { account, currency, debit, credit } of sides) {
      const isControl = ['payables', 'on-account'].includes(account);
      add(isControl ? vendors : accounts, `${isControl ? vendorId : account} ${currency}`, isControl ? credit : debit);
      add(
        isControl ? vendors : accounts,
        `${isControl ? vendorId : account} ${currency}`,
        `-${isControl ? debit : credit}`,
      );
    }
  }
  expect(withoutZeros(byVendor)).toEqual(withoutZeros(vendors));
  expect(withoutZeros(byAccount)).toEqual(withoutZeros(accounts));
  const listed = new Set(suppliers!.map((row) => row.Supplier_Account_ID));
  expect(invoices!.filter((row) => !listed.has(row.Supplier_Account_ID))).toEqual([]);
  return invoices!.length;
};

describe('the founding case', () => {
  let client: LedgerClient;
  beforeAll(async () => {
    client = new LedgerClient(app.url, foundingCase);
    for (const { path, body, key } of steps) {
      if (path === '') await client.open(body);
      else
        expect((await client.post(path, body, key === undefined ? {} : { 'idempotency-key': key })).status).toBe(201);
    }
  });

  it.each([
    'asOf=2023-10-31',
    'asOf=2024-06-30',
    'asOf=2023-10-31&knownAtPosition=12',
    'asOf=9999-12-31',
    'asOf=2020-01-01',
  ])('has the balances of the reports, %s', async (moment) => {
    await agree(client, moment);
    await addUp(client, moment);
  });

  const wouldNotBeTaken = async (name: string, balancesOf: (file: string) => Promise<Balances>): Promise<void> => {
    const { text } = await get(client, `/extracts/${name}?asOf=2023-12-31`);
    const file = join(folder, `altered.${name}`);
    // In both postings of an invoice, so that it is only the balances that are not right any more.
    const altered = text.replace(/7000000\.00( USD[^]*?-7000000)\.00/, '7000000.01$1.01');
    expect(altered).not.toBe(text);
    await writeFile(file, altered);
    await expect(balancesOf(file)).rejects.toThrow();
  };
  for (const [n, [name, , balancesOf]] of known.entries()) {
    const test = installed[n] ? it : it.skip;
    test(`would not be taken by ${name} with a cent too much`, () => wouldNotBeTaken(name, balancesOf));
  }

  it('lists who entered what and when, as the log says', async () => {
    const { text, headers } = await get(client, '/extracts/invoices-received?asOf=2023-12-31');
    expect(headers.get('content-disposition')).toBe('attachment; filename="Invoices_Received_20230801_20231231.txt"');
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const events = (await client.events()) as unknown as Record<string, any>[];
    expect(headers.get('ledger-position')).toBe(String(events.length));
    const [event] = events.filter(({ type, data }) => type === 'InvoicePosted' && data.invoiceId === 'aws-2023-08');
    const deferral = events
      .filter(({ type, data }) => type === 'PaymentDeferred' && data.invoiceId === 'aws-2023-08')
      .at(-1)!;
    const [row] = rowsOf(text).filter(({ Invoice_ID }) => Invoice_ID === 'aws-2023-08');
    const local = (instant: string): string[] => {
      const parts = new Date(instant).toLocaleString('sv-SE', { timeZone: 'Europe/London' }).split(' ');
      return [parts[0]!, parts[1]!.slice(0, 5).replace(':', '')];
    };
    expect(row).toMatchObject({
      Invoice_Number: 'AWS-2023-08',
      Invoice_Date: '2023-09-01',
      Invoice_Fiscal_Year: '2023',
      Invoice_Period: 'M9',
      Invoice_Due_Date: '2023-10-31',
      Business_Unit_Code: foundingCase,
      Supplier_Account_ID: 'aws',
      Terms_Due_Days: '60',
      Terms_Discount_Days: '',
      Invoice_Amount: '7000000.00',
      Invoice_Amount_Currency: 'USD',
      Invoice_Amount_Reporting: '7000000.00',
      Invoice_Reporting_Currency: 'USD',
      Entered_By: event!.actor.id,
      Entered_Date: local(event!.recordedAt)[0],
      Entered_Time: local(event!.recordedAt)[1],
      Approved_By: '',
      Last_Modified_By: deferral.actor.id,
      Last_Modified_Date: local(deferral.recordedAt)[0],
      Last_Modified_Time: local(deferral.recordedAt)[1],
    });
    // As it was known before it was deferred, nobody had changed it.
    const before = await get(client, `/extracts/invoices-received?asOf=2023-12-31&knownAtPosition=${event!.position}`);
    expect(rowsOf(before.text).find(({ Invoice_ID }) => Invoice_ID === 'aws-2023-08')).toMatchObject({
      Last_Modified_By: '',
      Last_Modified_Date: '',
    });
  });

  it('lists who approved what and when', async () => {
    const ledger = await new LedgerClient(app.url, 'approved').open();
    await ledger.record('/vendors', { id: 'v', name: 'V' });
    for (const id of ['a', 'b']) {
      const invoice = {
        id,
        vendorId: 'v',
        number: id,
        invoiceDate: '2024-01-10',
        dueDate: '2024-02-10',
        currency: 'USD',
      };
      await ledger.record('/invoices', { ...invoice, lines: [{ amount: '5.00' }], total: '5.00' });
    }
    const grants = [{ ledger: 'approved', roles: ['approver'] }];
    const { body } = await new LedgerClient(app.url, '_installation').record('/tokens', { personId: 'bob', grants });
    await new LedgerClient(app.url, 'approved', body.token as string).record('/invoices/a/approvals', {});
    const events = (await ledger.events()) as unknown as Record<string, any>[];
    const instant = new Date(events.at(-1)!.recordedAt as string).toISOString();
    const approved = ({
      Approved_By,
      Approved_By_Date,
      Approved_By_Time,
      Last_Modified_By,
    }: Record<string, string>) => [Approved_By, Approved_By_Date, Approved_By_Time, Last_Modified_By];
    const rows = rowsOf((await get(ledger, '/extracts/invoices-received?asOf=2024-01-31')).text);
    expect(rows.map(approved)).toEqual([
      ['bob', instant.slice(0, 10), instant.slice(11, 16).replace(':', ''), ''],
      ['', '', '', ''],
    ]);
  });

  it('is of a time, where one is asked for', async () => {
    const all = rowsOf((await get(client, '/extracts/invoices-received?asOf=2023-12-31')).text);
    const { text, headers } = await get(client, '/extracts/invoices-received-lines?asOf=2023-09-30&from=2023-09-01');
    expect(headers.get('content-disposition')).toContain('"Invoices_Received_Lines_20230901_20230930.txt"');
    const september = all.filter((row) => row.Invoice_Date!.startsWith('2023-09')).map((row) => row.Invoice_ID);
    expect(september.length).toBeGreaterThan(0);
    expect(rowsOf(text).map((row) => row.Invoice_ID)).toEqual(september);
  });

  it('tells in the journals when what we owe is due, and when it was', async () => {
    const { text } = await get(client, '/extracts/hledger?asOf=2023-12-31');
    expect(text).toMatch(
      /^2023-10-31 \* \(aws-2023-08\) aws \| Amazon Web Services: deferral of invoice aws-2023-08 \(AWS-2023-08\) {2}; position:\d+, type:PaymentDeferred, recorded:\S+Z\n {4}liabilities:payables:vendor\/aws {2}7000000.00 USD {2}; item:invoice\/aws-2023-08, due:2023-10-31, odue:2023-10-31, planned:2023-10-31\n {4}liabilities:payables:vendor\/aws {2}-7000000.00 USD {2}; item:invoice\/aws-2023-08, due:2023-10-31, odue:2023-10-31, planned:2023-12-15\n/m,
    );
  });
});

describe('names and numbers that mean something to other programs', () => {
  let client: LedgerClient;
  beforeAll(async () => {
    client = await new LedgerClient(app.url, 'nasty').open({ name: 'A "ledger"; of\nlines\\' });
    await recordNastyLedger(client);
  });

  it.each(['asOf=2024-12-31', 'asOf=2024-02-20', 'asOf=2024-02-29&knownAtPosition=30'])(
    'change nothing in the balances, %s',
    async (moment) => {
      await agree(client, moment);
      expect(await addUp(client, moment)).toBeGreaterThan(5);
    },
  );

  it('come out of the files of the standard as they were recorded', async () => {
    const events = (await client.events()) as unknown as Record<string, any>[];
    expect(events.flatMap(faultsOf)).toEqual([]);
    const facts = (type: string) => events.filter((event) => event.type === type).map(({ data }) => data);
    const suppliers = rowsOf((await get(client, '/extracts/supplier-listing')).text);
    expect(suppliers.map((row) => [row.Supplier_Account_ID, row.Supplier_Account_Name])).toEqual(
      facts('VendorRegistered')
        .map(({ vendorId, name }) => [
          vendorId,
          facts('VendorChanged').findLast((of) => of.vendorId === vendorId)?.name ?? name,
        ])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    expect(suppliers[0]).toMatchObject({
      Supplier_Group: 'supplier',
      Supplier_Physical_Country: 'DE',
      Terms_Discount_Percentage: '2.25',
      Terms_Discount_Days: '10',
      Terms_Due_Days: '30',
    });
    const invoices = rowsOf((await get(client, '/extracts/invoices-received')).text);
    const numbers = new Map(invoices.map((row) => [row.Invoice_ID, row.Invoice_Number]));
    for (const { invoiceId, number } of facts('InvoicePosted')) expect(numbers.get(invoiceId)).toBe(number);
    const lines = rowsOf((await get(client, '/extracts/invoices-received-lines')).text);
    expect(lines.filter((row) => row.Invoice_ID === 'i1').map((row) => row.Invoice_Product_Description)).toEqual(
      facts('InvoicePosted')[0].lines.map((line: Record<string, string>) => line.description ?? ''),
    );
    const reversal = invoices.find((row) => row.Invoice_ID === 'i4/reversal');
    const original = invoices.find((row) => row.Invoice_ID === 'i4');
    expect(reversal).toMatchObject({
      Invoice_Amount: `-${original!.Invoice_Amount}`,
      Invoice_Number: original!.Invoice_Number,
    });
    expect(numbers.has('credit-note/i1')).toBe(true);
    expect(numbers.has('charge/i1')).toBe(true);
  });
});

describe('random histories', () => {
  it('have the balances of the reports, as of any day, as known at any position', async () => {
    let drawn = 0;
    let documents = 0;
    await fc.assert(
      fc.asyncProperty(
        histories({ minLength: 20, maxLength: 60 }),
        fc.array(fc.record({ day: fc.integer({ min: -110, max: 90 }), share: fc.integer({ min: 1, max: 4 }) }), {
          minLength: 2,
          maxLength: 2,
        }),
        async (history, moments) => {
          const client = await new LedgerClient(app.url, `history-${++drawn}`).open();
          const today = new Date().toISOString().slice(0, 10);
          const ledger = new ReferenceLedger({ currency: 'USD', timeZone: 'UTC', today });
          for (const { request } of walk(history, ledger)) {
            const reply = await client.post(request.path, request.body);
            if (reply.status === 201) ledger.recorded(reply.body.position as number);
          }
          for (const line of await client.events()) expect(faultsOf(line)).toEqual([]);
          const head = ledger.positions.at(-1)!;
          for (const { day, share } of moments) {
            const asOf = new Date(Date.parse(today) + day * 86_400_000).toISOString().slice(0, 10);
            const moment = `asOf=${asOf}&knownAtPosition=${Math.ceil((head * share) / 4)}`;
            await agree(client, moment);
            documents += await addUp(client, moment);
          }
        },
      ),
      // Made smaller by other people's programs, a history would take minutes.
      { numRuns: sampleSize(4, 100), endOnFailure: true },
    );
    expect(documents).toBeGreaterThan(0);
  }, 3_600_000);
});

describe('a large ledger', () => {
  it('comes page by page, in the order of days, every entry once', async () => {
    const client = await new LedgerClient(app.url, 'large').open();
    await client.record('/vendors', { id: 'v', name: 'V' });
    const day = (n: number): string => new Date(Date.UTC(2024, 0, 1 + ((n * 37) % 200))).toISOString().slice(0, 10);
    const count = 2_300;
    const post = (n: number) =>
      client.record('/invoices', {
        id: `i${n}`,
        vendorId: 'v',
        number: `${n}`,
        invoiceDate: day(n),
        currency: 'USD',
        lines: [{ amount: `${n + 1}.00` }],
        total: `${n + 1}.00`,
      });
    for (let n = 0; n < count; n += 100) await Promise.all(Array.from({ length: 100 }, (_, i) => post(n + i)));
    const expected = Array.from({ length: count }, (_, n) => n);
    const { text: journal } = await get(client, '/extracts/hledger?asOf=2024-12-31');
    const entries = [...journal.matchAll(/^(\S+) \* \(i(\d+)\) v/gm)].map(([, on, n]) => ({ on: on!, n: Number(n) }));
    expect(entries.map(({ n }) => n).sort((a, b) => a - b)).toEqual(expected);
    expect(entries.every(({ on, n }) => on === day(n))).toBe(true);
    expect(entries.map(({ on }) => on)).toEqual(entries.map(({ on }) => on).sort());
    const { text: invoices } = await get(client, '/extracts/invoices-received?asOf=2024-12-31');
    expect(
      rowsOf(invoices)
        .map((row) => Number(row.Invoice_ID!.slice(1)))
        .sort((a, b) => a - b),
    ).toEqual(expected);
    expect(recordsOf(invoices, '|')).toHaveLength(count + 1);
  });
});

describe('a request for an extract', () => {
  let client: LedgerClient;
  beforeAll(async () => {
    client = await new LedgerClient(app.url, 'asked').open();
  });

  it('is answered for a ledger without entries', async () => {
    for (const name of ['hledger', 'beancount', 'invoices-received', 'invoices-received-lines', 'supplier-listing'])
      expect((await get(client, `/extracts/${name}`)).text).not.toBe('');
    expect((await get(client, '/extracts/supplier-listing?asOf=2024-01-31')).headers.get('content-disposition')).toBe(
      'attachment; filename="Supplier_Listing_20240131.txt"',
    );
  });

  it.each([
    ['/extracts/hledger?asOf=2024-02-30', '/asOf'],
    ['/extracts/hledger?from=2024-02-01', '/from'],
    ['/extracts/beancount?currency=USD', '/currency'],
    ['/extracts/supplier-listing?format=csv', '/format'],
    ['/extracts/invoices-received?asOf=2024-01-31&from=2024-02-01', '/from'],
    ['/extracts/invoices-received-lines?knownAtPosition=99', '/knownAtPosition'],
  ])('is refused where it makes no sense: %s', async (path, pointer) => {
    const { status, body } = await client.get(path);
    expect([status, body.errors.map((fault: Record<string, string>) => fault.pointer)]).toEqual([400, [pointer]]);
  });

  it('is 404 for a ledger and for an extract that there is not', async () => {
    expect((await new LedgerClient(app.url, 'nobody').get('/extracts/hledger')).status).toBe(404);
    expect((await client.get('/extracts/ledger')).status).toBe(404);
  });
});
