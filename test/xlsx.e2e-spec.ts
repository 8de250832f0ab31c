/**
 * Every report as a workbook, of a ledger full of texts that mean something to a spreadsheet: read by other people's
 * programs it says what the JSON says, cell by cell.
 */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { App } from '../src/app.module.js';
import { formatMinor, parseMinor } from '../src/domain/money.js';
import { type Moment, ReportReader } from '../src/reports/as-of.js';
import { movedItems } from '../src/reports/changes.js';
import { journalTable } from '../src/reports/journal.js';
import { LedgerClient, startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { isInstalled } from './support/extracts.js';
import { recordNastyLedger } from './support/nasty-ledger.js';
import { deep } from './support/seed.js';
import { type Cell, sheetsOf, shownByLibreOffice } from './support/sheets.js';

const isReadable = deep && (await isInstalled('soffice'));

let database: TestDatabase;
let app: App;
let client: LedgerClient;
/** Of the ledger, and of the log that the report of access reads. */
let heads: { readonly ledger: number; readonly access: number };

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  client = await new LedgerClient(app.url, 'nasty').open();
  await recordNastyLedger(client);
  // One person enters, approves and pays, and so is a case in the report on duties.
  await client.record('/vendors', { id: 'one', name: "=cmd|' /C calc'!A0 _x0041_ <&>" });
  await client.record('/invoices', {
    id: 'own',
    vendorId: 'one',
    number: '+1',
    invoiceDate: '2024-02-01',
    currency: 'USD',
    lines: [{ amount: '10.00' }],
    total: '10.00',
  });
  await client.record('/payments', {
    id: 'own',
    vendorId: 'one',
    paidOn: '2024-02-02',
    currency: 'USD',
    amount: '10.00',
    allocations: [{ invoiceId: 'own', amount: '10.00' }],
  });
  await client.record('/cash/balances', { account: 'main', currency: 'USD', on: '2024-03-01', balance: '900.00' });
  await client.record('/access', { personId: 'ann@example.com', roles: ['clerk'] });
  const headOf = async (of: LedgerClient): Promise<number> =>
    Number((await of.get('/events?limit=1')).headers.get('ledger-position'));
  heads = { ledger: await headOf(client), access: await headOf(new LedgerClient(app.url, '_installation')) };
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

/** Plain values, by the name of their column. */
type Row = Record<string, any>;

/** Rows and totals of each currency. */
const inCurrencies = ({ currencies }: any): Row[] =>
  currencies.flatMap(({ currency, rows, totals, reconciliation }: any) => [
    ...rows.map((row: Row) => ({ currency, row: 'row', ...row })),
    { currency, row: 'totals', ...totals, ...reconciliation },
  ]);

const statementRows = ({ asOf, currencies }: any, from?: string): Row[] =>
  currencies.flatMap(({ currency, opening, lines, closing }: any) => [
    { currency, row: 'opening', on: from, balance: opening },
    ...lines.map(({ position, ...line }: any) => ({ currency, row: 'line', ...line, eventPosition: position })),
    { currency, row: 'closing', on: asOf, balance: closing },
  ]);

const journalRows = ({ items, next }: any): Row[] => {
  expect(next).toBeNull();
  const rows: any[] = items.flatMap(({ position, lines, ...entry }: any) =>
    lines.map((line: Row) => ({ row: 'row', eventPosition: position, ...entry, ...line })),
  );
  const totals = [...new Set(rows.map(({ currency }): string => currency))].sort().map((currency) => {
    const those = rows.filter((row) => row.currency === currency);
    const sum = (side: string): string => {
      const amounts = those.map((row) => parseMinor(String(row[side]), currency));
      return formatMinor(
        amounts.reduce((total, amount) => total + amount, 0n),
        currency,
      );
    };
    return { currency, row: 'totals', debit: sum('debit'), credit: sum('credit') };
  });
  return [...rows, ...totals];
};

const changesRows = ({ currencies }: any): Row[] =>
  currencies.flatMap(({ currency, rows, totals, events }: any) => {
    const three = (prefix: string, { from, change, to, ...vendor }: any): Row[] =>
      Object.entries({ from, change, to }).map(([what, amounts]) => ({
        currency,
        row: prefix + what,
        ...vendor,
        ...(amounts as Row),
      }));
    const names = new Map(rows.map((row: any) => [row.vendorId, row.vendorName]));
    return [
      ...rows.flatMap((row: Row) => three('', row)),
      ...events.flatMap(({ items, position, type, recordedAt, effectiveOn, actor, vendorId }: any) =>
        items.map((item: Row) => ({
          ...{ currency, row: 'event', vendorId, vendorName: names.get(vendorId), eventPosition: position },
          ...{ type, recordedAt, effectiveOn, actor: actor.id, role: actor.role },
          ...item,
        })),
      ),
      ...three('totals-', totals),
    ];
  });

const dutiesRows = ({ cases }: any): Row[] =>
  cases.map(({ duties, acts, ...one }: any) => ({
    ...one,
    ...Object.fromEntries(
      duties.map((duty: string) => [
        duty,
        acts
          .filter((act: any) => act.duty === duty)
          .map((act: any) => act.position)
          .join(' '),
      ]),
    ),
  }));

const planRows = ({ currency, cost, decisions }: any): Row[] => [
  ...decisions.flatMap((decision: any) => {
    const { itemId, kind, vendorId, vendor, number, tier, dueOn, payments, unpaid } = decision;
    const about = { currency, itemId, itemType: kind, vendorId, vendorName: vendor, number, tier, dueOn };
    const connected = decision.connected ? 'connected' : undefined;
    const { outstanding, cost: ofIt, costIfPaidNow, costIfNeverPaid, reason } = decision;
    const once = { outstanding, cost: ofIt, costIfPaidNow, costIfNeverPaid, reason };
    const parts = [
      ...payments.map(({ on, amount, cash }: any) => ({ row: 'payment', on, amount, cash })),
      ...(Number(unpaid) === 0 ? [] : [{ row: 'unpaid', amount: unpaid }]),
    ];
    return parts.map((part, n) => ({
      ...about,
      connected,
      decision: decision.decision,
      ...part,
      ...(n === 0 && once),
    }));
  }),
  { currency, row: 'totals', cost: cost.total },
];

const accessRows = ({ roles, tokens }: any): Row[] => [
  ...roles.map(({ grantedBy, revokedBy, ...held }: any) => ({
    what: 'role',
    ...held,
    givenBy: grantedBy?.id,
    endedBy: revokedBy?.id,
  })),
  ...tokens.map(({ issuedBy, revokedBy, prefix: _, ...token }: any) => ({
    what: 'token',
    ...token,
    givenBy: issuedBy.id,
    endedBy: revokedBy?.id,
  })),
];

interface Asked {
  readonly query: string;
  /** What the sheet has to say, by the JSON; what it leaves out is an empty cell. */
  readonly rows: (json: any) => Row[];
  /** Where the JSON comes page by page. */
  readonly jsonOnly?: string;
}

const asOf = 'asOf=2024-03-15';

const reports: Readonly<Record<string, readonly Asked[]>> = {
  ageing: ['by=vendor', 'by=invoice&basis=contractual', 'by=kind&edges=10', 'by=invoice&currency=KWD'].map((query) => ({
    query,
    rows: inCurrencies,
  })),
  liabilities: ['by=vendor', 'by=kind', 'by=due-month', 'by=maturity'].map((query) => ({ query, rows: inCurrencies })),
  'trial-balance': [{ query: '', rows: inCurrencies }],
  statement: [
    { query: 'vendorId=-', rows: statementRows },
    { query: 'vendorId=cash&from=2024-02-01', rows: (json) => statementRows(json, '2024-02-01') },
  ],
  journal: [
    { query: '', rows: journalRows, jsonOnly: '&limit=1000' },
    { query: 'vendorId=5000&currency=JPY', rows: journalRows, jsonOnly: '&limit=1000' },
  ],
  changes: [{ query: 'fromPosition=20', rows: changesRows }],
  duties: [{ query: '', rows: dutiesRows }],
  'cash-priority': [{ query: 'currency=USD&periods=2&minimumBalance=10', rows: planRows }],
  access: [{ query: '', rows: accessRows }],
};

const cuts = Object.entries(reports).flatMap(([name, list]) => list.map((asked) => ({ name, ...asked })));

const pathOf = ({ name, query }: { readonly name: string; readonly query: string }): string =>
  `/reports/${name}?${asOf}&knownAtPosition=${name === 'access' ? heads.access : heads.ledger}&${query}`;

/** What a sheet should say: a header, then a row each. */
const expectedRows = async (asked: (typeof cuts)[number], header: readonly string[]): Promise<string[][]> => {
  const { body } = await client.get(`${pathOf(asked)}${asked.jsonOnly ?? ''}`);
  const rows = asked.rows(body);
  expect(rows.length).toBeGreaterThan(0);
  // No column of the JSON is left out.
  for (const row of rows) expect(header).toEqual(expect.arrayContaining(Object.keys(row)));
  return rows.map((row) => header.map((name) => String(row[name] ?? '')));
};

const shown = (rows: readonly (readonly Cell[])[]): string[][] => rows.map((row) => row.map(({ text }) => text));

const typesOf: Readonly<Record<string, Cell['type']>> = {
  ...Object.fromEntries('on dueOn effectiveOn'.split(' ').map((name) => [name, 'day'])),
  ...Object.fromEntries(
    `daysLate eventPosition tier amount balance debit credit debits credits outstanding cash cost costIfPaidNow
     costIfNeverPaid owed overdue deferredAgreed deferredUnilateral ageingTotal controlAccount difference total onAccount
     deferred held disputed`
      .split(/\s+/)
      .map((name) => [name, 'number']),
  ),
};

/** What a cell should be: a figure is a number unless a spreadsheet would round it. */
const typeOf = (name: string, text: string): Cell['type'] => {
  const isBucket = /^(notDue|\d+-\d+|over-\d+)$/.test(name);
  const type = isBucket ? 'number' : (typesOf[name] ?? 'text');
  return type === 'number' && text.replace(/\D/g, '').replace(/^0+/, '').length > 15 ? 'text' : type;
};

it('are all reports that there are', async () => {
  const { paths } = JSON.parse(await readFile(new URL('openapi.json', import.meta.url), 'utf8')) as { paths: object };
  const named = Object.keys(paths).flatMap((path) => /\/reports\/([\w-]+)$/.exec(path)?.[1] ?? []);
  expect(Object.keys(reports).sort()).toEqual(named.sort());
});

describe.each(cuts)('$name as a workbook: $query', (asked) => {
  it('says what the JSON says, in cells of its kind', async () => {
    const { headers, bytes } = await client.file(`${pathOf(asked)}&format=xlsx`);
    expect(headers.get('content-type')).toBe('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="${asked.name}-nasty-2024-03-15.xlsx"`);
    const [report, parameters] = await sheetsOf(bytes);
    expect([report!.name, report!.frozenRows]).toEqual([asked.name, 1]);
    const [header, ...rows] = report!.rows;
    const names = header!.map(({ text }) => text);
    expect(shown(rows)).toEqual(await expectedRows(asked, names));

    for (const row of rows) {
      const isSum = /^(totals|opening$|closing$)/.test(row[names.indexOf('row')]?.text ?? '');
      const told = row.flatMap(({ type, isBold }, n) => (type === 'none' ? [] : [[names[n], type, isBold]]));
      const expected = row.flatMap(({ text }, n) => (text === '' ? [] : [[names[n], typeOf(names[n]!, text), isSum]]));
      expect(told).toEqual(expected);
    }

    const said = Object.fromEntries(shown(parameters!.rows.slice(1)));
    expect(said).toMatchObject({
      ledger: 'nasty',
      asOf: '2024-03-15',
      position: String(asked.name === 'access' ? heads.access : heads.ledger),
      ...Object.fromEntries(new URLSearchParams(asked.query.replace('minimumBalance=10', 'minimumBalance=10.00'))),
    });
  });

  it('has the same bytes when it is asked for again', async () => {
    const path = `${pathOf(asked)}&format=xlsx`;
    expect((await client.file(path)).bytes).toEqual((await client.file(path)).bytes);
  });
});

(isReadable ? it : it.skip)(
  'LibreOffice shows of every workbook what the JSON says, cell by cell',
  async () => {
    const workbooks: Uint8Array[] = [];
    for (const asked of cuts) workbooks.push((await client.file(`${pathOf(asked)}&format=xlsx`)).bytes);
    for (const [n, sheets] of (await shownByLibreOffice(workbooks)).entries()) {
      const asked = cuts[n]!;
      const [header, ...rows] = sheets.get(asked.name)!;
      const expected = await expectedRows(asked, header!);
      // Its figures have separators for thousands; a text that looks like a figure has none.
      const plain = rows.map((row, y) =>
        row.map((text, x) =>
          /^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(expected[y]?.[x] ?? '')
            ? text
            : text.replace(/^-?\d{1,3}(,\d{3})+(\.\d+)?$/, (figure) => figure.replaceAll(',', '')),
        ),
      );
      expect([asked.name, plain]).toEqual([asked.name, expected]);
      expect([...sheets.keys()].sort()).toEqual([asked.name, 'parameters'].sort());
    }
  },
  240_000,
);

describe('how many rows a workbook has', () => {
  const rowsOf = async (path: string): Promise<number> => {
    const [report] = await sheetsOf((await client.file(`${path}&format=xlsx`)).bytes);
    return report!.rows.length - 1;
  };
  let reader: ReportReader;
  let moment: Moment;
  beforeAll(async () => {
    reader = app.nest.get(ReportReader, { strict: false });
    moment = await reader.momentOf('nasty', { asOf: '2024-03-15', knownAtPosition: String(heads.ledger) });
  });

  it.each<Record<string, string>>([
    {},
    { vendorId: '5000' },
    { account: 'payables' },
    { currency: 'KWD' },
    { vendorId: '-', account: 'cash' },
  ])('is known of the journal before it is made: %j', async (question) => {
    const { size } = journalTable((work) => reader.read(moment, work), moment, question);
    const query = new URLSearchParams(question).toString();
    expect(await size()).toBe(await rowsOf(pathOf({ name: 'journal', query })));
  });

  it.each([0, 20, 40, 50])('is known of the changes before they are made: since %i', async (position) => {
    const question = { basis: 'agreed', edges: [30, 60, 90], from: { knownAt: null, position } } as const;
    const moved = await reader.read(moment, (snapshot) => movedItems(snapshot, moment, question));
    const { body } = await client.get(pathOf({ name: 'changes', query: `fromPosition=${position}` }));
    const rows = (body.currencies as { rows: unknown[] }[]).reduce(
      (sum, one) => sum + 3 * (one.rows.length + 1),
      moved,
    );
    expect(rows).toBe(await rowsOf(pathOf({ name: 'changes', query: `fromPosition=${position}` })));
  });
});

describe('what a workbook is called', () => {
  it('can not be chosen so that it says more than that', async () => {
    for (const ledger of ['a%22%3B%20x%3D%22', 'a%0d%0aX-Evil:%201', 'a%2F..%2Fb', '%C3%BC']) {
      for (const format of ['csv', 'xlsx']) {
        const reply = await new LedgerClient(app.url, ledger).get(`/reports/ageing?format=${format}`);
        expect([ledger, reply.status, reply.headers.get('content-disposition'), reply.headers.get('x-evil')]).toEqual([
          ledger,
          404,
          null,
          null,
        ]);
      }
    }
    const reply = await client.get(
      `/reports/ageing?format=xlsx&asOf=${encodeURIComponent('2024-03-15"\r\nX-Evil: 1')}`,
    );
    expect([reply.status, reply.headers.get('x-evil')]).toEqual([400, null]);
  });
});
