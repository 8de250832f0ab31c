import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { App } from '../src/app.module.js';
import { LedgerClient, startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

// Whatever is recorded later, backdated or not: every report of a day, as known at a moment, has the same bytes for ever.

let database: TestDatabase;
let apps: [App, App];
let ledger: LedgerClient;

beforeAll(async () => {
  database = await createTestDatabase();
  apps = [await startApp(database), await startApp(database)];
  ledger = await new LedgerClient(apps[0].url, 'travelling').open();
  for (const [path, body] of first) await ledger.record(path, body);
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await database.drop();
});

const asOf = 'asOf=2023-10-31';

/** Each report in the ways that it can be cut, without its moment. */
const reports: Readonly<Record<string, readonly string[]>> = {
  ageing: ['by=vendor', 'by=invoice&basis=contractual', 'by=kind&edges=10', 'basis=invoice-date'],
  liabilities: ['by=vendor', 'by=kind', 'by=due-month', 'by=maturity'],
  statement: ['vendorId=aws', 'vendorId=hmrc&from=2023-10-01'],
  'trial-balance': [''],
  journal: ['', 'vendorId=aws'],
  duties: [''],
  changes: ['fromPosition=0', 'fromPosition=6&edges=10'],
  'cash-priority': ['periods=3', 'minimumBalance=10&periods=2&receiptsBelow=weigh'],
};

/** They come in one form, and uncut. */
const extracts = ['invoices-received', 'invoices-received-lines', 'supplier-listing', 'hledger', 'beancount'];

type Step = readonly [path: string, body: object];

const invoice = (id: string, vendorId: string, invoiceDate: string, dueDate: string, total: string): Step => [
  '/invoices',
  { id, vendorId, number: id, invoiceDate, dueDate, currency: 'USD', lines: [{ amount: total }], total },
];

const first: readonly Step[] = [
  ['/vendors', { id: 'aws', name: 'Amazon' }],
  ['/vendors', { id: 'hmrc', name: 'HM Revenue & Customs', kind: 'tax-authority' }],
  invoice('july', 'aws', '2023-08-01', '2023-09-30', '700.00'),
  invoice('august', 'aws', '2023-09-01', '2023-10-31', '650.00'),
  invoice('paye', 'hmrc', '2023-09-30', '2023-10-22', '55.00'),
  [
    '/payments',
    {
      id: 'p1',
      vendorId: 'aws',
      paidOn: '2023-09-29',
      currency: 'USD',
      amount: '600.00',
      allocations: [{ invoiceId: 'july', amount: '590.00' }],
    },
  ],
  ['/invoices/august/deferrals', { on: '2023-10-30', until: '2023-12-15', agreed: true, reason: 'They agreed' }],
  ['/cash/balances', { account: 'main', currency: 'USD', on: '2023-10-31', balance: '90.00' }],
  [
    '/cash/expectations',
    { direction: 'receipt', on: '2023-11-10', amount: '80.00', currency: 'USD', certainty: '0.4' },
  ],
  [
    '/vendors/aws/consequences',
    { effectiveOn: '2023-09-01', lateInterest: { annualPercent: '18.00' }, source: 'Terms' },
  ],
];

/** Further events of every sort, with days before and after those of the reports. */
const later: readonly Step[] = [
  ['/vendors/aws/changes', { name: 'AWS EMEA', kind: 'other', terms: { netDays: 5 } }],
  ['/vendors', { id: 'new', name: 'Newcomer' }],
  invoice('backdated', 'aws', '2023-07-01', '2023-08-01', '11.00'),
  ['/payments', { id: 'late', vendorId: 'aws', paidOn: '2023-10-02', currency: 'USD', amount: '500.00' }],
  ['/allocations', { id: 'late.1', from: { paymentId: 'late' }, to: { invoiceId: 'backdated' }, amount: '4.00' }],
  ['/invoices/backdated/holds', { reason: 'Not ours?', on: '2023-10-03' }],
  ['/allocations/late.1/reversal', { reason: 'Wrong one' }],
  ['/payments/late/reversal', { reason: 'Came back', on: '2023-10-05' }],
  ['/credit-notes', { id: 'C1', vendorId: 'aws', number: 'C-1', date: '2023-09-15', currency: 'USD', total: '3.00' }],
  [
    '/charges',
    {
      id: 'X1',
      vendorId: 'hmrc',
      kind: 'penalty',
      amount: '9.00',
      currency: 'USD',
      on: '2023-10-30',
      dueDate: '2023-10-30',
    },
  ],
  ['/cash/balances', { account: 'main', currency: 'USD', on: '2023-10-31', balance: '1.00' }],
  ['/cash/expectations', { id: 'gift', direction: 'receipt', on: '2023-11-02', amount: '77.00', currency: 'USD' }],
  ['/vendors/aws/consequences', { effectiveOn: '2023-10-01', source: 'A letter' }],
];

describe('every report', () => {
  it('is among those that are tried here', async () => {
    const { paths } = JSON.parse(await readFile(new URL('openapi.json', import.meta.url), 'utf8')) as { paths: object };
    const named = (folder: string): string[] =>
      Object.keys(paths).flatMap((path) => new RegExp(`/${folder}/([\\w-]+)$`).exec(path)?.[1] ?? []);
    // That of access has positions of a log of its own.
    expect([...Object.keys(reports), 'access'].sort()).toEqual(named('reports').sort());
    expect([...extracts].sort()).toEqual(named('extracts').sort());
  });

  it('gives the same bytes at the same two dates, whatever is recorded later, through any instance', async () => {
    const { headers } = await ledger.get('/events?limit=1');
    const position = Number(headers.get('ledger-position'));
    const recordedAt = String((await ledger.events()).at(-1)!.recordedAt);
    const paths = [
      ...Object.entries(reports).flatMap(([name, cuts]) =>
        cuts.flatMap((cut) =>
          ['json', 'csv', 'xlsx'].map((format) => `/reports/${name}?${asOf}&format=${format}&${cut}`),
        ),
      ),
      ...extracts.map((name) => `/extracts/${name}?${asOf}`),
    ];
    const ask = async (client: LedgerClient, moment: string): Promise<string[]> => {
      const texts: string[] = [];
      for (const path of paths) {
        texts.push((await client.file(`${path}&${moment}`)).bytes.toString('latin1'));
      }
      return texts;
    };
    const before = await ask(ledger, `knownAtPosition=${position}`);
    expect(before.filter((text) => text.length < 150)).toEqual([]);

    for (const [path, body] of later) await ledger.record(path, body);

    const other = new LedgerClient(apps[1].url, 'travelling');
    expect(await ask(ledger, `knownAtPosition=${position}`)).toEqual(before);
    expect(await ask(other, `knownAt=${recordedAt}`)).toEqual(before);
    // And what was recorded since does show where it is asked for.
    const after = await ask(other, `atLeast=${position + later.length}`);
    expect(paths.filter((_, i) => after[i] === before[i])).toEqual([]);
  });

  it('of access does so too, in the log of its own', async () => {
    const grant = (personId: string): Promise<unknown> => ledger.record('/access', { personId, roles: ['clerk'] });
    await grant('ann@example.com');
    const installation = new LedgerClient(apps[0].url, '_installation');
    const position = Number((await installation.get('/events?limit=1')).headers.get('ledger-position'));
    const recordedAt = String((await installation.events()).at(-1)!.recordedAt);
    const today = `asOf=${recordedAt.slice(0, 10)}`;
    const other = new LedgerClient(apps[1].url, 'travelling');
    for (const format of ['json', 'csv']) {
      const ask = async (client: LedgerClient, moment: string): Promise<string> =>
        (await client.get(`/reports/access?${today}&format=${format}&${moment}`)).text;
      const before = await ask(ledger, `knownAtPosition=${position}`);
      expect(before).toContain('ann@example.com');
      await grant(`bob-${format}`);
      await ledger.post('/access/ann@example.com/revocation', { reason: 'left' });
      expect(await ask(ledger, `knownAtPosition=${position}`)).toBe(before);
      expect(await ask(other, `knownAt=${recordedAt}`)).toBe(before);
      expect(await ask(other, `atLeast=${position + 1}`)).toContain(`bob-${format}`);
    }
  });
});
