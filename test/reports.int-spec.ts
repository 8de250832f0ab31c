/**
 * The reports on books that are filled by hand: what each row means is laid down with the tables (0002-books.sql), so
 * that these tests hold whatever fills them. The founding case's figures come from its own page and from nowhere else.
 */
import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { addDays, daysBetween } from '../src/domain/calendar.js';
import { formatMinor } from '../src/domain/money.js';
import { deferralOf } from '../src/domain/schedule.js';
import { EventLog } from '../src/event-log/event-log.js';
import { ProblemFilter } from '../src/intake/problem.filter.js';
import { Books } from '../src/projections/books.js';
import { ReportReader } from '../src/reports/as-of.js';
import { journalTable } from '../src/reports/journal.js';
import { READ_POOL } from '../src/reports/read-pool.js';
import { ReportsModule } from '../src/reports/reports.module.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { deep, sampleSize } from './support/seed.js';

let database: TestDatabase;
/** Of the owner: fills the tables. */
let owner: pg.Pool;
/** As the application connects. */
let pool: pg.Pool;
let log: EventLog;
let app: NestFastifyApplication;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  // What a report says must not depend on how a server is set up to write dates.
  pool = new pg.Pool({ connectionString: database.appUrl, options: '-c datestyle=German -c timezone=Pacific/Apia' });
  log = new EventLog(pool);

  @Global()
  @Module({
    providers: [
      { provide: EventLog, useValue: log },
      { provide: Books, useValue: new Books(pool) },
      { provide: READ_POOL, useValue: pool },
      { provide: APP_FILTER, useClass: ProblemFilter },
    ],
    exports: [EventLog, Books, READ_POOL],
  })
  class Resources {}

  const module = await Test.createTestingModule({ imports: [Resources, ReportsModule] }).compile();
  app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  await app.init();
});
afterAll(async () => {
  await app.close();
  await pool.end();
  await owner.end();
  await database.drop();
});

interface Line {
  /** When it takes effect; by default the item's own date. */
  on?: string;
  vendor?: string;
  type?: 'invoice' | 'charge' | 'payment' | 'credit-note';
  id: string;
  /** The invoice's date, or the date of what it is. */
  dated?: string;
  due: string;
  original?: string;
  planned?: string;
  currency?: string;
  owed: number | bigint;
  held?: number | bigint;
  disputed?: number | bigint;
  kind?: string | null;
}

interface Posting {
  on: string;
  event: string;
  document: readonly [kind: string, id: string];
  vendor?: string;
  currency?: string;
  /** Debits above zero, credits below. */
  sides: Readonly<Record<string, number>>;
}

let ledgers = 0;

/** The books and the log of one ledger, filled position by position. */
class HandFilled {
  position = 0;
  readonly id = `ledger-${(ledgers += 1)}`;

  static async open(timeZone = 'UTC'): Promise<HandFilled> {
    const ledger = new HandFilled();
    await owner.query('insert into log.ledgers values ($1)', [ledger.id]);
    await owner.query('insert into books.live values ($1, 1)', [ledger.id]);
    await owner.query('insert into books.checkpoints (ledger_id, generation, position) values ($1, 1, 0)', [ledger.id]);
    await ledger.event('LedgerOpened', { ledgerId: ledger.id, name: 'Acme', currency: 'USD', timeZone }, ['ledger']);
    return ledger;
  }

  /** When the event at a position was recorded. */
  static recordedAt(position: number): string {
    return `2024-01-01T00:00:${String(position).padStart(2, '0')}.000000Z`;
  }

  /** The next event, and whether the books hold it. */
  async event(type: string, data: object = {}, documents: readonly string[] = [], folded = true): Promise<number> {
    this.position += 1;
    const recordedAt = HandFilled.recordedAt(this.position);
    const actor = { id: 'ann', role: 'clerk' };
    const line = JSON.stringify({ position: this.position, type, version: 1, recordedAt, actor, data });
    await owner.query(
      `insert into log.events (ledger_id, position, stream, stream_version, type, effective_on, recorded_at, line, leaf_hash)
       values ($1, $2, 'vendor/x', $2, $3, '2024-01-01', $4, $5, '')`,
      [this.id, this.position, type, recordedAt, line],
    );
    await owner.query('insert into log.event_documents select $1, unnest($2::text[]), $3', [
      this.id,
      documents,
      this.position,
    ]);
    await owner.query('insert into log.commits values ($1, $2, $2, $3)', [this.id, this.position, recordedAt]);
    if (folded) await this.fold();
    return this.position;
  }

  async fold(): Promise<void> {
    await owner.query('update books.checkpoints set position = $2, recorded_at = $3 where ledger_id = $1', [
      this.id,
      this.position,
      HandFilled.recordedAt(this.position),
    ]);
  }

  async vendor(id: string, name = `Vendor ${id}`, kind = 'supplier'): Promise<void> {
    const position = await this.event('VendorRegistered');
    await owner.query('insert into books.vendor_facts values ($1, 1, $2, $3, $4, $5)', [
      this.id,
      id,
      position,
      name,
      kind,
    ]);
  }

  async number(kind: string, id: string, number: string | null, vendor = 'V1'): Promise<void> {
    await owner.query(
      `insert into books.documents (ledger_id, generation, kind, id, made_at, position, vendor_id, number, search)
       values ($1, 1, $2, $3, $4, $4, $5, $6, '')`,
      [this.id, kind, id, this.position, vendor, number],
    );
  }

  /** What one event changes in what is open. */
  async lines(...lines: Line[]): Promise<number> {
    const position = await this.event('VendorChanged');
    await owner.query(
      `insert into books.subledger_lines
       select $1, 1, $2, row_number() over () - 1, l.* from jsonb_to_recordset($3) l (
         effective_on date, currency text, vendor_id text, item_type text, item_id text, document_date date,
         original_due_on date, due_on date, planned_on date, owed bigint, held bigint, disputed bigint, kind text)`,
      [
        this.id,
        position,
        JSON.stringify(
          lines.map(({ due, original = due, planned = due, type = 'invoice', ...line }) => ({
            effective_on: line.on ?? line.dated ?? '2023-01-01',
            currency: line.currency ?? 'USD',
            vendor_id: line.vendor ?? 'V1',
            item_type: type,
            item_id: line.id,
            document_date: line.dated ?? (type === 'invoice' ? '2023-01-01' : due),
            original_due_on: original,
            due_on: due,
            planned_on: planned,
            owed: String(line.owed),
            held: String(line.held ?? 0),
            disputed: String(line.disputed ?? 0),
            kind: line.kind ?? null,
          })),
        ),
      ],
    );
    return position;
  }

  /** The double entries of one event. */
  async posts(...postings: Posting[]): Promise<number> {
    const position = await this.event('VendorChanged');
    let line = 0;
    for (const { on, event, document, vendor = 'V1', currency = 'USD', sides } of postings) {
      for (const [account, debit] of Object.entries(sides)) {
        await owner.query(
          'insert into books.journal_lines values ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)',
          [
            ...[this.id, position, line++, on, event, ...document, vendor, account, currency],
            ...[Math.max(debit, 0), Math.max(-debit, 0)],
          ],
        );
      }
    }
    return position;
  }

  async ask(report: string, query: Record<string, string | number> = {}, accept?: string) {
    const search = new URLSearchParams(
      Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    return this.askAs(`${report}?${search}`, accept);
  }

  async askAs(path: string, accept?: string) {
    const response = await app.inject({
      url: `/v1/ledgers/${this.id}/reports/${path}`,
      headers: accept === undefined ? {} : { accept },
    });
    const isJson = String(response.headers['content-type']).includes('json');
    return {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      body: isJson ? JSON.parse(response.body) : undefined,
    };
  }

  /** The one currency that an answer has. */
  async usd(report: string, query: Record<string, string | number> = {}) {
    const { body } = await this.ask(report, query);
    expect(body.currencies).toHaveLength(1);
    return body.currencies[0];
  }
}

/** Reads a CSV file as RFC 4180 has it, one object a line. */
const parseCsv = (text: string): Record<string, string>[] => {
  expect(text.endsWith('\r\n')).toBe(true);
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)!.push(quoted?.replaceAll('""', '"') ?? plain!);
    if (end === '\r\n') rows.push([]);
  }
  const [header, ...lines] = rows.slice(0, -1);
  return lines.map((line) => {
    expect(line).toHaveLength(header!.length);
    return Object.fromEntries(header!.map((name, i) => [name, line[i]!]));
  });
};

/** Thousands of a currency with two decimals, in minor units. */
const thousand = 1_000_00;

/** The books of the founding case, at the positions in which it was recorded. */
const foundingCase = async (): Promise<HandFilled> => {
  const ledger = await HandFilled.open('Europe/London');
  await ledger.vendor('aws', 'Amazon Web Services');
  await ledger.vendor('gcp', 'Google Cloud');
  await ledger.vendor('coreweave', 'CoreWeave');
  await ledger.vendor('hmrc', 'HM Revenue & Customs', 'tax-authority');
  const invoices: [vendor: string, number: string, dated: string, due: string, total: number][] = [
    ['aws', 'AWS-2023-07', '2023-08-01', '2023-09-30', 7_000 * thousand],
    ['aws', 'AWS-2023-08', '2023-09-01', '2023-10-31', 7_000 * thousand],
    ['coreweave', 'CW-2023-09', '2023-09-15', '2023-10-15', 600 * thousand],
    ['gcp', 'GCP-2023-09', '2023-09-30', '2023-10-30', 1_000 * thousand],
    ['hmrc', 'PAYE-2023-09', '2023-09-30', '2023-10-22', 550 * thousand],
    ['hmrc', 'VAT-2023-Q3', '2023-09-30', '2023-11-07', 300 * thousand],
    ['aws', 'AWS-2023-09', '2023-10-01', '2023-11-30', 7_500 * thousand],
    ['aws', 'AWS-2023-10', '2023-11-01', '2023-12-31', 7_500 * thousand],
  ];
  for (const [vendor, id, dated, due, owed] of invoices) {
    await ledger.lines({ vendor, id, dated, due, owed });
    await ledger.number('invoice', id, id, vendor);
    const document = ['invoice', id] as const;
    await ledger.posts({
      on: dated,
      event: 'InvoicePosted',
      document,
      vendor,
      sides: { expense: owed, payables: -owed },
    });
  }
  const paidOn = '2023-09-29';
  const paid = { vendor: 'aws', on: paidOn } as const;
  await ledger.lines({ ...paid, type: 'payment', id: 'P1', due: paidOn, owed: -6_000 * thousand });
  await ledger.number('payment', 'P1', 'WIRE-1', 'aws');
  await ledger.posts({
    ...paid,
    event: 'PaymentMade',
    document: ['payment', 'P1'],
    sides: { 'on-account': 6_000 * thousand, cash: -6_000 * thousand },
  });
  await ledger.lines(
    { ...paid, type: 'payment', id: 'P1', due: paidOn, owed: 6_000 * thousand },
    { ...paid, id: 'AWS-2023-07', dated: '2023-08-01', due: '2023-09-30', owed: -6_000 * thousand },
  );
  await ledger.posts({
    ...paid,
    event: 'Allocated',
    document: ['allocation', 'P1.1'],
    sides: { payables: 6_000 * thousand, 'on-account': -6_000 * thousand },
  });
  const deferrals = [
    {
      vendor: 'hmrc',
      id: 'PAYE-2023-09',
      dated: '2023-09-30',
      due: '2023-10-22',
      on: '2023-10-20',
      planned: '2024-01-22',
      owed: 550 * thousand,
    },
    {
      vendor: 'aws',
      id: 'AWS-2023-08',
      dated: '2023-09-01',
      due: '2023-10-31',
      on: '2023-10-31',
      planned: '2023-12-15',
      owed: 7_000 * thousand,
    },
  ];
  for (const { planned, ...line } of deferrals) await ledger.lines({ ...line, owed: -line.owed }, { ...line, planned });
  return ledger;
};

describe('the founding case', () => {
  let ledger: HandFilled;
  beforeAll(async () => {
    ledger = await foundingCase();
  });

  it.each([
    ['2023-09-28', ['14600000.00', '0.00', '0.00', '0.00', '0.00', '14600000.00']],
    ['2023-10-31', ['14800000.00', '2150000.00', '1000000.00', '0.00', '0.00', '17950000.00']],
    ['2023-11-30', ['15000000.00', '7300000.00', '2150000.00', '1000000.00', '0.00', '25450000.00']],
  ])('ages on %s as its page says', async (asOf, [notDue, first, second, third, fourth, total]) => {
    const { totals } = await ledger.usd('ageing', { asOf });
    expect(totals).toMatchObject({ notDue, '1-30': first, '31-60': second, '61-90': third, 'over-90': fourth, total });
    for (const by of ['invoice', 'kind']) expect((await ledger.usd('ageing', { asOf, by })).totals).toEqual(totals);
    const liabilities = await ledger.usd('liabilities', { asOf });
    expect(liabilities.reconciliation).toEqual({ ageingTotal: total, controlAccount: total, difference: '0.00' });
  });

  it('answers with these very bytes', async () => {
    const { text, headers } = await ledger.ask('ageing', { asOf: '2023-10-31' });
    expect(text).toBe(
      `{"ledger":"${ledger.id}","asOf":"2023-10-31","knownAt":"${HandFilled.recordedAt(ledger.position)}","position":${ledger.position},"basis":"agreed",` +
        `"buckets":["notDue","1-30","31-60","61-90","over-90"],"currencies":[{"currency":"USD","rows":[` +
        `{"vendorId":"aws","vendorName":"Amazon Web Services","notDue":"14500000.00","1-30":"0.00","31-60":"1000000.00","61-90":"0.00","over-90":"0.00","total":"15500000.00","onAccount":"0.00","deferred":"7000000.00","held":"0.00","disputed":"0.00"},` +
        `{"vendorId":"gcp","vendorName":"Google Cloud","notDue":"0.00","1-30":"1000000.00","31-60":"0.00","61-90":"0.00","over-90":"0.00","total":"1000000.00","onAccount":"0.00","deferred":"0.00","held":"0.00","disputed":"0.00"},` +
        `{"vendorId":"hmrc","vendorName":"HM Revenue & Customs","notDue":"300000.00","1-30":"550000.00","31-60":"0.00","61-90":"0.00","over-90":"0.00","total":"850000.00","onAccount":"0.00","deferred":"550000.00","held":"0.00","disputed":"0.00"},` +
        `{"vendorId":"coreweave","vendorName":"CoreWeave","notDue":"0.00","1-30":"600000.00","31-60":"0.00","61-90":"0.00","over-90":"0.00","total":"600000.00","onAccount":"0.00","deferred":"0.00","held":"0.00","disputed":"0.00"}],` +
        `"totals":{"notDue":"14800000.00","1-30":"2150000.00","31-60":"1000000.00","61-90":"0.00","over-90":"0.00","total":"17950000.00","onAccount":"0.00","deferred":"7550000.00","held":"0.00","disputed":"0.00"}}]}`,
    );
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'ledger-position': String(ledger.position),
      vary: 'accept',
    });
  });

  it('owes on 2023-10-31 what its page says', async () => {
    const { rows, totals } = await ledger.usd('liabilities', { asOf: '2023-10-31' });
    expect(totals).toEqual({
      owed: '17950000.00',
      overdue: '3150000.00',
      deferredAgreed: '0.00',
      deferredUnilateral: '7550000.00',
      disputed: '0.00',
      held: '0.00',
      onAccount: '0.00',
      total: '17950000.00',
    });
    expect(rows.map(({ vendorId, total }: any) => [vendorId, total])).toEqual([
      ['aws', '15500000.00'],
      ['gcp', '1000000.00'],
      ['hmrc', '850000.00'],
      ['coreweave', '600000.00'],
    ]);
  });

  it('falls due month by month, and band by band', async () => {
    const months = await ledger.usd('liabilities', { asOf: '2023-10-31', by: 'due-month' });
    expect(months.rows.map(({ dueMonth, owed, overdue }: any) => [dueMonth, owed, overdue])).toEqual([
      ['2023-09', '1000000.00', '1000000.00'],
      ['2023-10', '9150000.00', '2150000.00'],
      ['2023-11', '7800000.00', '0.00'],
    ]);
    const bands = await ledger.usd('liabilities', { asOf: '2023-10-31', by: 'maturity' });
    expect(bands.rows.map(({ maturity, owed }: any) => [maturity, owed])).toEqual([
      ['overdue', '3150000.00'],
      ['0-30', '14800000.00'],
    ]);
    const kinds = await ledger.usd('liabilities', { asOf: '2023-10-31', by: 'kind' });
    expect(kinds.rows.map(({ kind, owed }: any) => [kind, owed])).toEqual([
      ['supplier', '17100000.00'],
      ['tax-authority', '850000.00'],
    ]);
  });

  it('has a row for each open item', async () => {
    const { rows } = await ledger.usd('ageing', { asOf: '2023-10-31', by: 'invoice' });
    expect(rows.map(({ itemId, dueOn, daysLate, total }: any) => [itemId, dueOn, daysLate, total])).toEqual([
      ['AWS-2023-09', '2023-11-30', -30, '7500000.00'],
      ['AWS-2023-08', '2023-10-31', 0, '7000000.00'],
      ['AWS-2023-07', '2023-09-30', 31, '1000000.00'],
      ['GCP-2023-09', '2023-10-30', 1, '1000000.00'],
      ['CW-2023-09', '2023-10-15', 16, '600000.00'],
      ['PAYE-2023-09', '2023-10-22', 9, '550000.00'],
      ['VAT-2023-Q3', '2023-11-07', -7, '300000.00'],
    ]);
    expect(Object.keys(rows[0])).toEqual([
      ...[
        'vendorId',
        'vendorName',
        'itemId',
        'itemType',
        'number',
        'dueOn',
        'daysLate',
        'notDue',
        '1-30',
        '31-60',
        '61-90',
        'over-90',
        'total',
        'onAccount',
        'deferred',
        'held',
        'disputed',
      ],
    ]);
  });

  it('states the account of AWS', async () => {
    const { body } = await ledger.ask('statement', { vendorId: 'aws', asOf: '2023-10-31', from: '2023-09-01' });
    expect(Object.keys(body)).toEqual(['ledger', 'asOf', 'knownAt', 'position', 'vendorId', 'currencies']);
    expect(body.currencies).toEqual([
      {
        currency: 'USD',
        opening: '7000000.00',
        lines: [
          {
            on: '2023-09-01',
            itemType: 'invoice',
            itemId: 'AWS-2023-08',
            number: 'AWS-2023-08',
            amount: '7000000.00',
            balance: '14000000.00',
            position: 9,
          },
          {
            on: '2023-09-29',
            itemType: 'payment',
            itemId: 'P1',
            number: 'WIRE-1',
            amount: '-6000000.00',
            balance: '8000000.00',
            position: 23,
          },
          {
            on: '2023-10-01',
            itemType: 'invoice',
            itemId: 'AWS-2023-09',
            number: 'AWS-2023-09',
            amount: '7500000.00',
            balance: '15500000.00',
            position: 19,
          },
        ],
        closing: '15500000.00',
      },
    ]);
  });

  it('balances', async () => {
    expect(await ledger.usd('trial-balance', { asOf: '2023-10-31' })).toEqual({
      currency: 'USD',
      rows: [
        {
          account: 'cash',
          name: 'Cash at bank',
          type: 'asset',
          debits: '0.00',
          credits: '6000000.00',
          balance: '-6000000.00',
        },
        {
          account: 'expense',
          name: 'Expenses',
          type: 'expense',
          debits: '23950000.00',
          credits: '0.00',
          balance: '23950000.00',
        },
        {
          account: 'on-account',
          name: 'Credit on account with vendors',
          type: 'asset',
          debits: '6000000.00',
          credits: '6000000.00',
          balance: '0.00',
        },
        {
          account: 'payables',
          name: 'Accounts payable',
          type: 'liability',
          debits: '6000000.00',
          credits: '23950000.00',
          balance: '-17950000.00',
        },
      ],
      totals: { debits: '35950000.00', credits: '35950000.00', balance: '0.00' },
    });
  });
});

describe('lateness', () => {
  const asOf = '2023-10-31';
  const bucketsOf = ({ notDue, total, ...rest }: Record<string, string>) => [
    notDue,
    rest['1-30'],
    rest['31-60'],
    rest['61-90'],
    rest['over-90'],
    total,
  ];

  it('is counted from the day after the due date, and its buckets are closed', async () => {
    const ledger = await HandFilled.open();
    await ledger.vendor('V1');
    const lateBy: [days: number, owed: number][] = [
      [-1, 1],
      [0, 10],
      [1, 100],
      [30, 1_000],
      [31, 10_000],
      [60, 100_000],
      [61, 1_000_000],
      [90, 10_000_000],
      [91, 100_000_000],
    ];
    await ledger.lines(...lateBy.map(([days, owed]) => ({ id: `late by ${days}`, due: addDays(asOf, -days), owed })));
    expect(bucketsOf((await ledger.usd('ageing', { asOf })).totals)).toEqual([
      '0.11',
      '11.00',
      '1100.00',
      '110000.00',
      '1000000.00',
      '1111111.11',
    ]);
    const { body } = await ledger.ask('ageing', { asOf, edges: '1,61' });
    expect(body.buckets).toEqual(['notDue', '1-1', '2-61', 'over-61']);
    expect(body.currencies[0].totals).toMatchObject({
      notDue: '0.11',
      '1-1': '1.00',
      '2-61': '11110.00',
      'over-61': '1100000.00',
    });
    const maturity = await ledger.usd('liabilities', { asOf, by: 'maturity' });
    expect(maturity.rows.map(({ maturity: band, owed, overdue }: any) => [band, owed, overdue])).toEqual([
      ['overdue', '1111111.00', '1111111.00'],
      ['0-30', '0.11', '0.00'],
    ]);
  });

  it('puts what falls due into bands by days from asOf', async () => {
    const ledger = await HandFilled.open();
    await ledger.vendor('V1');
    const dueIn: [days: number, owed: number][] = [
      [0, 1],
      [30, 10],
      [31, 100],
      [90, 1_000],
      [91, 10_000],
      [365, 100_000],
      [366, 1_000_000],
    ];
    await ledger.lines(...dueIn.map(([days, owed]) => ({ id: `due in ${days}`, due: addDays(asOf, days), owed })));
    await ledger.lines({ type: 'payment', id: 'P1', due: '2023-10-01', on: '2023-10-01', owed: -5 });
    const { rows, totals } = await ledger.usd('liabilities', { asOf, by: 'maturity' });
    expect(rows.map(({ maturity, owed, onAccount, total }: any) => [maturity, owed, onAccount, total])).toEqual([
      ['0-30', '0.11', '0.00', '0.11'],
      ['31-90', '11.00', '0.00', '11.00'],
      ['91-365', '1100.00', '0.00', '1100.00'],
      ['over-365', '10000.00', '0.00', '10000.00'],
      ['on-account', '0.00', '0.05', '-0.05'],
    ]);
    expect(totals).toMatchObject({ owed: '11111.11', overdue: '0.00', onAccount: '0.05', total: '11111.06' });
  });

  it('takes effect and becomes known by the day and the position that a line has', async () => {
    const ledger = await HandFilled.open();
    await ledger.vendor('V1');
    const posted = await ledger.lines({ id: 'I1', on: '2023-10-10', due: '2023-10-20', owed: 500 });
    const paid = await ledger.lines({ id: 'I1', on: '2023-10-25', due: '2023-10-20', owed: -200 });
    const total = async (query: Record<string, string | number>) =>
      (await ledger.ask('ageing', query)).body.currencies[0]?.totals.total;
    expect(await total({ asOf: '2023-10-09' })).toBeUndefined();
    expect(await total({ asOf: '2023-10-10' })).toBe('5.00');
    expect(await total({ asOf: '2023-10-25' })).toBe('3.00');
    expect(await total({ asOf: '2023-10-25', knownAtPosition: posted })).toBe('5.00');
    expect(await total({ asOf: '2023-10-24', knownAtPosition: paid })).toBe('5.00');
    expect(await total({ asOf: '2023-10-25', knownAtPosition: posted - 1 })).toBeUndefined();
    expect(await total({ asOf: '2023-10-25', knownAt: HandFilled.recordedAt(posted) })).toBe('5.00');
    expect(await total({ asOf: '2023-10-25', knownAt: '2024-01-01T00:00:03.999999Z' })).toBe('5.00');
  });

  it('is counted by the basis that is asked for', async () => {
    const ledger = await HandFilled.open();
    await ledger.vendor('V1');
    // Invoiced 91 days before, due 31 days before, moved with consent to 1 day before, and planned for later.
    await ledger.lines({
      id: 'I1',
      dated: addDays(asOf, -91),
      original: addDays(asOf, -31),
      due: addDays(asOf, -1),
      planned: addDays(asOf, 20),
      owed: 500,
    });
    const of = async (basis: string) => bucketsOf((await ledger.usd('ageing', { asOf, basis })).totals);
    expect(await of('agreed')).toEqual(['0.00', '5.00', '0.00', '0.00', '0.00', '5.00']);
    expect(await of('contractual')).toEqual(['0.00', '0.00', '5.00', '0.00', '0.00', '5.00']);
    expect(await of('invoice-date')).toEqual(['0.00', '0.00', '0.00', '0.00', '5.00', '5.00']);
    const row = async (basis: string) => (await ledger.usd('ageing', { asOf, basis, by: 'invoice' })).rows[0];
    expect(await row('agreed')).toMatchObject({ dueOn: '2023-10-30', daysLate: 1 });
    expect(await row('contractual')).toMatchObject({ dueOn: '2023-09-30', daysLate: 31 });
    expect(await row('invoice-date')).toMatchObject({ dueOn: '2023-08-01', daysLate: 91 });
  });

  it('of an invoice is that of its oldest instalment that is open, and each ages by its own date', async () => {
    const ledger = await HandFilled.open();
    await ledger.vendor('V1');
    await ledger.lines(
      { id: 'I1', due: '2023-09-15', owed: 100 },
      { id: 'I1', due: '2023-10-15', owed: 200 },
      { id: 'I1', due: '2023-11-15', owed: 400 },
    );
    await ledger.lines({ id: 'I1', on: '2023-10-01', due: '2023-09-15', owed: -100 });
    const row = async (day: string) => (await ledger.usd('ageing', { asOf: day, by: 'invoice' })).rows[0];
    expect(await row('2023-09-30')).toMatchObject({
      dueOn: '2023-09-15',
      daysLate: 15,
      notDue: '6.00',
      '1-30': '1.00',
      total: '7.00',
    });
    expect(await row(asOf)).toMatchObject({
      dueOn: '2023-10-15',
      daysLate: 16,
      notDue: '4.00',
      '1-30': '2.00',
      total: '6.00',
    });
  });
});

describe('a day', () => {
  it('is the same in every time zone that the server may be set to', async () => {
    const ledger = await HandFilled.open();
    await ledger.vendor('V1');
    // Where the connection has its time zone (above), 30 December 2011 was left out.
    await ledger.lines({ id: 'I1', due: '2011-12-30', owed: 100, on: '2011-12-01' });
    const { rows } = await ledger.usd('ageing', { asOf: '2012-01-01', by: 'invoice' });
    expect(rows[0]).toMatchObject({ dueOn: '2011-12-30', daysLate: 2 });
  });
});

describe('deferrals', () => {
  it('are told apart on each day as the domain tells them apart', async () => {
    const ledger = await HandFilled.open();
    await ledger.vendor('V1');
    const first = '2023-10-01';
    const days = [0, 5, 10];
    const cases = days.flatMap((original) =>
      days
        .filter((due) => due >= original)
        .flatMap((due) =>
          days
            .filter((planned) => planned >= due)
            .map((planned) => ({
              amount: 1n,
              originalDueOn: addDays(first, original),
              dueOn: addDays(first, due),
              plannedOn: addDays(first, planned),
            })),
        ),
    );
    await ledger.lines(
      ...cases.map(({ originalDueOn, dueOn, plannedOn }, i) => ({
        id: `I${i}`,
        vendor: `V${i}`,
        original: originalDueOn,
        due: dueOn,
        planned: plannedOn,
        owed: 100,
      })),
    );
    for (const asOf of [-1, 0, 1, 4, 5, 6, 9, 10, 11].map((day) => addDays(first, day))) {
      const said = (await ledger.usd('liabilities', { asOf })).rows;
      const aged = (await ledger.usd('ageing', { asOf })).rows;
      for (const [i, instalment] of cases.entries()) {
        const deferral = deferralOf(instalment, asOf);
        const row = said.find(({ vendorId }: any) => vendorId === `V${i}`);
        expect({ asOf, ...instalment, agreed: row.deferredAgreed, unilateral: row.deferredUnilateral }).toEqual({
          asOf,
          ...instalment,
          agreed: deferral === 'agreed' ? '1.00' : '0.00',
          unilateral: deferral === 'unilateral' ? '1.00' : '0.00',
        });
        expect(aged.find(({ vendorId }: any) => vendorId === `V${i}`).deferred).toBe(deferral ? '1.00' : '0.00');
      }
    }
  });

  it('count before, on and after the day that they move to, and without consent the item goes on ageing', async () => {
    const ledger = await HandFilled.open();
    await ledger.vendor('V1');
    await ledger.lines(
      { id: 'asked', original: '2023-10-10', due: '2023-10-20', owed: 100 },
      { id: 'not asked', due: '2023-10-10', planned: '2023-10-20', owed: 1_000 },
    );
    const on = async (asOf: string) => {
      const { overdue, deferredAgreed, deferredUnilateral } = (await ledger.usd('liabilities', { asOf })).totals;
      return [overdue, deferredAgreed, deferredUnilateral];
    };
    expect(await on('2023-10-10')).toEqual(['0.00', '1.00', '10.00']);
    expect(await on('2023-10-19')).toEqual(['10.00', '1.00', '10.00']);
    expect(await on('2023-10-20')).toEqual(['10.00', '1.00', '10.00']);
    expect(await on('2023-10-21')).toEqual(['11.00', '0.00', '0.00']);
  });
});

describe('credit', () => {
  it('is netted within a vendor and stated again, and never beyond it', async () => {
    const ledger = await HandFilled.open();
    for (const id of ['V1', 'V2', 'V3', 'V4']) await ledger.vendor(id);
    const asOf = '2023-10-31';
    await ledger.lines(
      { id: 'I1', vendor: 'V1', due: '2023-10-01', owed: 1_000 },
      { id: 'P1', vendor: 'V1', type: 'payment', due: '2023-10-05', owed: -4_000 },
      { id: 'I2', vendor: 'V2', due: '2023-11-15', owed: 2_000 },
      { id: 'C1', vendor: 'V2', type: 'credit-note', due: '2023-08-15', owed: -500 },
      // Netted within a bucket to nothing at all: the row goes, its part of the totals stays.
      { id: 'I3', vendor: 'V3', due: '2023-10-02', owed: 700 },
      { id: 'P3', vendor: 'V3', type: 'payment', due: '2023-10-03', owed: -700 },
      // Netted over two buckets: the total is zero, and the row has something to say.
      { id: 'I4', vendor: 'V4', due: '2023-10-02', owed: 300 },
      { id: 'P4', vendor: 'V4', type: 'payment', due: '2023-10-31', owed: -300 },
    );
    const { rows, totals } = await ledger.usd('ageing', { asOf });
    const shown = (row: Record<string, string>) => [
      row.vendorId,
      row.notDue,
      row['1-30'],
      row['61-90'],
      row.total,
      row.onAccount,
    ];
    expect(rows.map(shown)).toEqual([
      ['V2', '20.00', '0.00', '-5.00', '15.00', '5.00'],
      ['V4', '-3.00', '3.00', '0.00', '0.00', '3.00'],
      ['V1', '0.00', '-30.00', '0.00', '-30.00', '40.00'],
    ]);
    expect(shown(totals)).toEqual([undefined, '17.00', '-27.00', '-5.00', '-15.00', '55.00']);

    const items = await ledger.usd('ageing', { asOf, by: 'invoice' });
    expect(items.totals).toEqual(totals);
    expect(
      items.rows.map(({ itemId, itemType, total, onAccount, dueOn, daysLate }: any) => [
        itemId,
        itemType,
        total,
        onAccount,
        dueOn,
        daysLate,
      ]),
    ).toEqual([
      ['I2', 'invoice', '20.00', '0.00', '2023-11-15', -15],
      ['I1', 'invoice', '10.00', '0.00', '2023-10-01', 30],
      ['I3', 'invoice', '7.00', '0.00', '2023-10-02', 29],
      ['I4', 'invoice', '3.00', '0.00', '2023-10-02', 29],
      ['P4', 'payment', '-3.00', '3.00', '2023-10-31', 0],
      ['C1', 'credit-note', '-5.00', '5.00', '2023-08-15', 77],
      ['P3', 'payment', '-7.00', '7.00', '2023-10-03', 28],
      ['P1', 'payment', '-40.00', '40.00', '2023-10-05', 26],
    ]);

    const liabilities = await ledger.usd('liabilities', { asOf });
    expect(liabilities.totals).toMatchObject({ owed: '40.00', overdue: '20.00', onAccount: '55.00', total: '-15.00' });
    // What a vendor owes us as much as we owe them is a row here: we owe, and we have credit.
    expect(
      liabilities.rows.map(({ vendorId, owed, onAccount, total }: any) => [vendorId, owed, onAccount, total]),
    ).toEqual([
      ['V2', '20.00', '5.00', '15.00'],
      ['V3', '7.00', '7.00', '0.00'],
      ['V4', '3.00', '3.00', '0.00'],
      ['V1', '10.00', '40.00', '-30.00'],
    ]);
    const months = await ledger.usd('liabilities', { asOf, by: 'due-month' });
    expect(months.rows.map(({ dueMonth, owed, total }: any) => [dueMonth, owed, total])).toEqual([
      ['2023-10', '20.00', '20.00'],
      ['2023-11', '20.00', '20.00'],
      ['on-account', '0.00', '-55.00'],
    ]);
    expect(months.totals).toEqual(liabilities.totals);
  });

  it('shows in the reconciliation as soon as the journal says something else', async () => {
    const ledger = await HandFilled.open();
    await ledger.vendor('V1');
    await ledger.lines({ id: 'I1', due: '2023-10-01', owed: 1_000 });
    await ledger.posts({
      on: '2023-09-01',
      event: 'InvoicePosted',
      document: ['invoice', 'I1'],
      sides: { expense: 999, payables: -999 },
    });
    await ledger.posts({
      on: '2023-09-01',
      event: 'InvoicePosted',
      document: ['invoice', 'I2'],
      currency: 'EUR',
      sides: { expense: 500, payables: -500 },
    });
    const { body } = await ledger.ask('liabilities', { asOf: '2023-10-31' });
    expect(
      body.currencies.map(({ currency, rows, reconciliation }: any) => [currency, rows.length, reconciliation]),
    ).toEqual([
      ['EUR', 0, { ageingTotal: '0.00', controlAccount: '5.00', difference: '-5.00' }],
      ['USD', 1, { ageingTotal: '10.00', controlAccount: '9.99', difference: '0.01' }],
    ]);
  });
});

describe('several currencies', () => {
  let ledger: HandFilled;
  beforeAll(async () => {
    ledger = await HandFilled.open();
    await ledger.vendor('V1');
    await ledger.lines(
      { id: 'I1', due: '2023-10-01', currency: 'USD', owed: 12_345 },
      { id: 'I2', due: '2023-10-01', currency: 'JPY', owed: 12_345 },
      { id: 'I3', due: '2023-10-01', currency: 'KWD', owed: 5 },
      { id: 'I4', due: '2023-10-01', currency: 'EUR', owed: 9_007_199_254_740_991n },
      { id: 'I5', due: '2023-10-01', currency: 'EUR', owed: 9_007_199_254_740_991n },
      { id: 'P1', type: 'payment', due: '2023-10-01', currency: 'GBP', owed: -1 },
      // Paid: nothing of it is left to be reported.
      { id: 'I6', due: '2023-10-01', currency: 'CHF', owed: 100 },
      { id: 'I6', due: '2023-10-01', currency: 'CHF', owed: -100, on: '2023-10-02' },
    );
  });

  it('are apart, in order, each with its own decimals, and exact beyond what a number holds', async () => {
    const { body } = await ledger.ask('ageing', { asOf: '2023-10-31' });
    expect(
      body.currencies.map(({ currency, rows, totals }: any) => [currency, rows[0].total, totals.total, totals.notDue]),
    ).toEqual([
      ['EUR', '180143985094819.82', '180143985094819.82', '0.00'],
      ['GBP', '-0.01', '-0.01', '0.00'],
      ['JPY', '12345', '12345', '0'],
      ['KWD', '0.005', '0.005', '0.000'],
      ['USD', '123.45', '123.45', '0.00'],
    ]);
  });

  it('can be asked for one by one', async () => {
    for (const report of ['ageing', 'liabilities']) {
      const { body } = await ledger.ask(report, { asOf: '2023-10-31', currency: 'JPY' });
      expect(body.currencies.map(({ currency }: any) => currency)).toEqual(['JPY']);
      expect((await ledger.ask(report, { asOf: '2023-10-31', currency: 'SEK' })).body.currencies).toEqual([]);
    }
  });
});

describe('names and kinds', () => {
  it('are those known at the position', async () => {
    const ledger = await HandFilled.open();
    await ledger.vendor('V1', 'Old name', 'supplier');
    await ledger.vendor('V2', 'Second', 'landlord');
    const before = await ledger.lines(
      { id: 'I1', vendor: 'V1', due: '2023-10-01', owed: 100 },
      { id: 'I2', vendor: 'V1', due: '2023-10-01', owed: 1_000, kind: 'rent' },
      { id: 'P1', vendor: 'V1', type: 'payment', due: '2023-10-01', owed: -20 },
      { id: 'I3', vendor: 'V2', due: '2023-10-01', owed: 10_000 },
      { id: 'F1', vendor: 'V2', type: 'charge', due: '2023-10-01', owed: 100_000 },
    );
    await ledger.vendor('V1', 'New name', 'landlord');
    const at = async (position: number, report: string, by: string) =>
      (await ledger.usd(report, { asOf: '2023-10-31', knownAtPosition: position, by })).rows.map(
        (row: Record<string, string>) => [row.vendorName ?? row.kind, row.total],
      );
    for (const report of ['ageing', 'liabilities']) {
      expect(await at(before, report, 'vendor')).toEqual([
        ['Second', '1100.00'],
        ['Old name', '10.80'],
      ]);
      expect(await at(before + 1, report, 'vendor')).toEqual([
        ['Second', '1100.00'],
        ['New name', '10.80'],
      ]);
      expect(await at(before, report, 'kind')).toEqual([
        ['landlord', '1100.00'],
        ['rent', '10.00'],
        ['supplier', '0.80'],
      ]);
      expect(await at(before + 1, report, 'kind')).toEqual([
        ['landlord', '1100.80'],
        ['rent', '10.00'],
      ]);
    }
  });

  it('break a tie of totals by id, in the order of its characters', async () => {
    const ledger = await HandFilled.open();
    const ids = ['b', 'A', '_', 'a', 'B', '10', '9', '-x'];
    for (const id of ids) await ledger.vendor(id);
    await ledger.lines(...ids.map((vendor) => ({ id: `I-${vendor}`, vendor, due: '2023-10-01', owed: 100 })));
    const order = ['-x', '10', '9', 'A', 'B', '_', 'a', 'b'];
    const { rows } = await ledger.usd('ageing', { asOf: '2023-10-31' });
    expect(rows.map(({ vendorId }: any) => vendorId)).toEqual(order);
    const items = await ledger.usd('ageing', { asOf: '2023-10-31', by: 'invoice' });
    expect(items.rows.map(({ itemId }: any) => itemId)).toEqual(order.map((id) => `I-${id}`));
  });
});

describe('held and disputed', () => {
  it('amounts stay liabilities, with their part of each row', async () => {
    const ledger = await HandFilled.open();
    await ledger.vendor('V1');
    await ledger.lines({ id: 'I1', due: '2023-10-01', owed: 1_000, held: 1_000, disputed: 300 });
    await ledger.lines({ id: 'I1', due: '2023-10-01', on: '2023-10-15', owed: 0, held: -1_000 });
    for (const by of ['vendor', 'invoice', 'kind']) {
      expect((await ledger.usd('ageing', { asOf: '2023-10-14', by })).rows[0]).toMatchObject({
        total: '10.00',
        held: '10.00',
        disputed: '3.00',
      });
      expect((await ledger.usd('ageing', { asOf: '2023-10-15', by })).rows[0]).toMatchObject({
        total: '10.00',
        held: '0.00',
        disputed: '3.00',
      });
    }
    for (const by of ['vendor', 'kind', 'due-month', 'maturity']) {
      expect((await ledger.usd('liabilities', { asOf: '2023-10-14', by })).totals).toMatchObject({
        owed: '10.00',
        held: '10.00',
        disputed: '3.00',
      });
    }
  });
});

describe('the same two dates', () => {
  it('give the same bytes, whatever is recorded later', async () => {
    const ledger = await foundingCase();
    const { position } = ledger;
    const reports = [
      'ageing?by=vendor',
      'ageing?by=invoice&basis=contractual',
      'ageing?by=kind&edges=10',
      'liabilities?by=vendor',
      'liabilities?by=kind',
      'liabilities?by=due-month',
      'liabilities?by=maturity',
      'statement?vendorId=aws',
      'trial-balance?',
      'journal?limit=5',
    ].flatMap((path) => [path, `${path}&format=csv`.replace('limit=5&', '')]);
    const ask = async (more: string) =>
      Promise.all(reports.map(async (path) => (await ledger.askAs(`${path}&asOf=2023-10-31${more}`)).text));
    const before = await ask('');
    expect(before.every((text) => text.length > 100)).toBe(true);

    await ledger.vendor('aws', 'AWS EMEA', 'other');
    await ledger.lines({ vendor: 'aws', id: 'AWS-2023-06', dated: '2023-07-01', due: '2023-08-31', owed: 4711 });
    await ledger.lines({
      vendor: 'aws',
      id: 'AWS-2023-08',
      dated: '2023-09-01',
      due: '2023-10-31',
      planned: '2023-12-15',
      owed: -7_000 * thousand,
      on: '2023-10-31',
    });
    await ledger.posts({
      on: '2023-07-01',
      event: 'InvoicePosted',
      vendor: 'aws',
      document: ['invoice', 'AWS-2023-06'],
      sides: { expense: 4711, payables: -4711 },
    });

    expect(await ask(`&knownAtPosition=${position}`)).toEqual(before);
    expect(await ask(`&knownAt=${HandFilled.recordedAt(position)}`)).toEqual(before);
    const after = await ask('');
    expect(after.filter((text, i) => text === before[i])).toEqual([]);
  });

  it('give the same bytes from a rebuilt generation', async () => {
    const ledger = await foundingCase();
    const before = await ledger.ask('ageing', { asOf: '2023-10-31', by: 'invoice' });
    for (const table of ['subledger_lines', 'vendor_facts', 'documents', 'checkpoints']) {
      const { rows } = await owner.query<{ columns: string }>(
        `select string_agg(column_name, ', ') as columns from information_schema.columns
          where table_schema = 'books' and table_name = $1 and column_name <> 'generation'`,
        [table],
      );
      const [{ columns }] = rows as [{ columns: string }];
      await owner.query(
        `insert into books.${table} (generation, ${columns}) select 2, ${columns} from books.${table} where ledger_id = $1`,
        [ledger.id],
      );
    }
    // With a line that only the new generation has, the two could not be mixed unseen.
    await owner.query('update books.live set generation = 2 where ledger_id = $1', [ledger.id]);
    await owner.query('delete from books.subledger_lines where ledger_id = $1 and generation = 1', [ledger.id]);
    expect((await ledger.ask('ageing', { asOf: '2023-10-31', by: 'invoice' })).text).toBe(before.text);
  });
});

describe('every way to cut the same books', () => {
  const day = fc.nat(60).map((days) => addDays('2023-10-01', days));
  const line = fc.record({
    vendor: fc.constantFrom('V1', 'V2', 'V3'),
    type: fc.constantFrom('invoice', 'charge', 'payment', 'credit-note'),
    id: fc.constantFrom('A', 'B', 'C', 'D', 'E'),
    on: day,
    dates: fc.tuple(day, day, day).map((days) => days.sort()),
    dated: day,
    currency: fc.constantFrom('USD', 'JPY'),
    kind: fc.constantFrom(null, 'rent', 'cloud'),
    amount: fc.integer({ min: 1, max: 1_000 }),
    share: fc.integer({ min: 0, max: 100 }),
  });

  it('comes to what a plain count of the instalments comes to', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 25 }),
        day,
        fc.constantFrom('agreed', 'contractual', 'invoice-date'),
        async (made, asOf, basis) => {
          const ledger = await HandFilled.open();
          await ledger.vendor('V1');
          await ledger.vendor('V2', 'Two', 'landlord');
          await ledger.vendor('V3', 'Three', 'landlord');
          const lines = made.map(
            ({ dates: [original, due, planned], type, amount, share, vendor, id, ...rest }, i): Required<Line> => {
              const isCredit = type === 'payment' || type === 'credit-note';
              const own = isCredit
                ? { original: original, due: original, planned: original }
                : { original: original, due: due, planned: planned };
              const part = (of: number) => (type === 'invoice' ? Math.floor((amount * of) / 100) : 0);
              return {
                ...rest,
                ...own,
                type,
                vendor,
                id: `${vendor}${id}${i}`,
                dated: isCredit ? original : rest.dated,
                kind: type === 'invoice' ? rest.kind : null,
                owed: isCredit ? -amount : amount,
                held: part(share),
                disputed: part(100 - share),
              };
            },
          );
          await ledger.lines(...lines);
          const counted = lines.filter(({ on }) => on <= asOf);
          const sum = (currency: string, pick: (one: Required<Line>) => number | bigint) =>
            formatMinor(
              counted.filter((one) => one.currency === currency).reduce((total, one) => total + BigInt(pick(one)), 0n),
              currency,
            );
          const isCredit = ({ type }: Required<Line>) => type === 'payment' || type === 'credit-note';
          const deferral = ({ original, due, planned }: Required<Line>) =>
            deferralOf({ amount: 1n, originalDueOn: original, dueOn: due, plannedOn: planned }, asOf);
          const late = ({ due, original, dated }: Required<Line>) =>
            daysBetween(basis === 'agreed' ? due : basis === 'contractual' ? original : dated, asOf);
          const currencies = [...new Set(counted.map(({ currency }) => currency))].sort();

          const ageing = currencies.map((currency) => ({
            notDue: sum(currency, (one) => (late(one) <= 0 ? one.owed : 0)),
            '1-7': sum(currency, (one) => (late(one) >= 1 && late(one) <= 7 ? one.owed : 0)),
            '8-20': sum(currency, (one) => (late(one) >= 8 && late(one) <= 20 ? one.owed : 0)),
            'over-20': sum(currency, (one) => (late(one) > 20 ? one.owed : 0)),
            total: sum(currency, ({ owed }) => owed),
            onAccount: sum(currency, (one) => (isCredit(one) ? -one.owed : 0)),
            deferred: sum(currency, (one) => (deferral(one) ? one.owed : 0)),
            held: sum(currency, ({ held }) => held),
            disputed: sum(currency, ({ disputed }) => disputed),
          }));
          for (const by of ['vendor', 'invoice', 'kind']) {
            const { body } = await ledger.ask('ageing', { asOf, basis, by, edges: '7,20' });
            expect(body.currencies.map(({ totals }: any) => totals)).toEqual(ageing);
          }
          const liabilities = currencies.map((currency) => ({
            owed: sum(currency, (one) => (isCredit(one) ? 0 : one.owed)),
            overdue: sum(currency, (one) => (!isCredit(one) && one.due < asOf ? one.owed : 0)),
            deferredAgreed: sum(currency, (one) => (deferral(one) === 'agreed' ? one.owed : 0)),
            deferredUnilateral: sum(currency, (one) => (deferral(one) === 'unilateral' ? one.owed : 0)),
            disputed: sum(currency, ({ disputed }) => disputed),
            held: sum(currency, ({ held }) => held),
            onAccount: sum(currency, (one) => (isCredit(one) ? -one.owed : 0)),
            total: sum(currency, ({ owed }) => owed),
          }));
          for (const by of ['vendor', 'kind', 'due-month', 'maturity']) {
            const { body } = await ledger.ask('liabilities', { asOf, by });
            expect(body.currencies.map(({ totals }: any) => totals)).toEqual(liabilities);
          }
        },
      ),
      { numRuns: sampleSize(20) },
    );
  });
});

describe('a statement', () => {
  let ledger: HandFilled;
  const lines = async (query: Record<string, string | number>) => {
    const { body } = await ledger.ask('statement', { vendorId: 'V1', asOf: '2023-12-31', ...query });
    return body.currencies.map(({ currency, opening, lines: changes, closing }: any) => [
      currency,
      opening,
      changes.map(({ on, itemType, itemId, number, amount, balance }: any) =>
        [on, itemType, itemId, number, amount, balance].join(' '),
      ),
      closing,
    ]);
  };

  beforeAll(async () => {
    ledger = await HandFilled.open();
    await ledger.vendor('V1');
    await ledger.vendor('V2');
    const post = async (kind: string, id: string, number: string | null, ...postings: Omit<Posting, 'document'>[]) => {
      await ledger.posts(...postings.map((posting) => ({ ...posting, document: [kind, id] as const })));
      await ledger.number(kind, id, number).catch((error: unknown) => {
        // A reversal is about the document that it reverses.
        if ((error as { code?: string }).code !== '23505') throw error;
      });
    };
    await post('invoice', 'I1', 'R-1', {
      on: '2023-10-01',
      event: 'InvoicePosted',
      sides: { expense: 100, payables: -100 },
    });
    await post('payment', 'P1', null, {
      on: '2023-10-10',
      event: 'PaymentMade',
      sides: { 'on-account': 98, cash: -98 },
    });
    await post('allocation', 'P1.1', 'R-1', {
      on: '2023-10-10',
      event: 'Allocated',
      sides: { payables: 100, 'on-account': -98, 'discount-received': -2 },
    });
    await post('charge', 'F1', null, {
      on: '2023-10-05',
      event: 'ChargePosted',
      sides: { 'late-fee': 7, payables: -7 },
    });
    await post('write-off', 'W1', null, {
      on: '2023-11-01',
      event: 'WrittenOff',
      sides: { payables: 7, 'write-off': -7 },
    });
    await post('credit-note', 'C1', 'GS-1', {
      on: '2023-11-02',
      event: 'CreditNotePosted',
      sides: { 'on-account': 50, expense: -50 },
    });
    await post('refund', 'R1', 'GS-1', {
      on: '2023-11-03',
      event: 'RefundReceived',
      sides: { cash: 50, 'on-account': -50 },
    });
    // A plain allocation: from one control account to the other.
    await post('allocation', 'X1', 'R-1', {
      on: '2023-11-04',
      event: 'Allocated',
      sides: { payables: 5, 'on-account': -5 },
    });
    // The payment bounced: the allocation ends with it.
    await post('allocation', 'P1.1', 'R-1', {
      on: '2023-11-10',
      event: 'AllocationReversed',
      sides: { payables: -100, 'on-account': 98, 'discount-received': 2 },
    });
    await post('payment', 'P1', null, {
      on: '2023-11-10',
      event: 'PaymentReversed',
      sides: { 'on-account': -98, cash: 98 },
    });
    await post('invoice', 'I2', 'R-2', {
      on: '2023-10-01',
      event: 'InvoicePosted',
      currency: 'JPY',
      sides: { expense: 1_000, payables: -1_000 },
    });
    await post('invoice', 'I2', 'R-2', {
      on: '2023-10-02',
      event: 'InvoiceReversed',
      currency: 'JPY',
      sides: { expense: -1_000, payables: 1_000 },
    });
    await ledger.posts({
      on: '2023-10-03',
      event: 'InvoicePosted',
      document: ['invoice', 'I9'],
      vendor: 'V2',
      sides: { expense: 900, payables: -900 },
    });
  });

  it('has every change of the account in the order of its day, then of recording', async () => {
    expect(await lines({})).toEqual([
      ['JPY', '0', ['2023-10-01 invoice I2 R-2 1000 1000', '2023-10-02 reversal I2 R-2 -1000 0'], '0'],
      [
        'USD',
        '0.00',
        [
          '2023-10-01 invoice I1 R-1 1.00 1.00',
          '2023-10-05 charge F1  0.07 1.07',
          '2023-10-10 payment P1  -0.98 0.09',
          '2023-10-10 discount P1.1 R-1 -0.02 0.07',
          '2023-11-01 write-off W1  -0.07 0.00',
          '2023-11-02 credit-note C1 GS-1 -0.50 -0.50',
          '2023-11-03 refund R1 GS-1 0.50 0.00',
          '2023-11-10 reversal P1.1 R-1 0.02 0.02',
          '2023-11-10 reversal P1  0.98 1.00',
        ],
        '1.00',
      ],
    ]);
  });

  it('begins with what came before', async () => {
    expect(await lines({ from: '2023-11-02', asOf: '2023-11-03' })).toEqual([
      ['JPY', '0', [], '0'],
      ['USD', '0.00', ['2023-11-02 credit-note C1 GS-1 -0.50 -0.50', '2023-11-03 refund R1 GS-1 0.50 0.00'], '0.00'],
    ]);
    expect(await lines({ from: '2023-10-10', asOf: '2023-10-10', currency: 'USD' })).toEqual([
      ['USD', '1.07', ['2023-10-10 payment P1  -0.98 0.09', '2023-10-10 discount P1.1 R-1 -0.02 0.07'], '0.07'],
    ]);
    expect(await lines({ asOf: '2023-09-30' })).toEqual([]);
  });

  it('says of a vendor without an account that there is none', async () => {
    const { status, body } = await ledger.ask('statement', { vendorId: 'nobody' });
    expect([status, body.type]).toEqual([404, '/problems/not-found']);
  });

  it('of a vendor that was not registered yet is empty', async () => {
    const { status, body } = await ledger.ask('statement', { vendorId: 'V2', knownAtPosition: 1 });
    expect([status, body.currencies]).toEqual([200, []]);
  });

  it('does not begin after it ends', async () => {
    const { status, body } = await ledger.ask('statement', { vendorId: 'V1', asOf: '2023-10-31', from: '2023-11-01' });
    expect([status, body.errors]).toEqual([400, [{ pointer: '/from', detail: 'must not be after asOf, 2023-10-31' }]]);
  });

  it('comes as a file', async () => {
    const { text } = await ledger.ask('statement', {
      vendorId: 'V1',
      asOf: '2023-11-01',
      currency: 'USD',
      format: 'csv',
    });
    const rows = parseCsv(text);
    expect(rows.map(({ row, on, itemType, amount, balance }) => [row, on, itemType, amount, balance])).toEqual([
      ['opening', '', '', '', '0.00'],
      ['line', '2023-10-01', 'invoice', '1.00', '1.00'],
      ['line', '2023-10-05', 'charge', '0.07', '1.07'],
      ['line', '2023-10-10', 'payment', '-0.98', '0.09'],
      ['line', '2023-10-10', 'discount', '-0.02', '0.07'],
      ['line', '2023-11-01', 'write-off', '-0.07', '0.00'],
      ['closing', '2023-11-01', '', '', '0.00'],
    ]);
  });
});

describe('the journal', () => {
  let ledger: HandFilled;
  beforeAll(async () => {
    ledger = await foundingCase();
    // Ended earlier than it was ended before: one event that posts on two days.
    await ledger.posts(
      {
        on: '2023-10-02',
        event: 'AllocationReversed',
        document: ['allocation', 'P1.1'],
        vendor: 'aws',
        sides: { payables: -1, 'on-account': 1 },
      },
      {
        on: '2023-10-04',
        event: 'AllocationReversed',
        document: ['allocation', 'P1.1'],
        vendor: 'aws',
        sides: { payables: 1, 'on-account': -1 },
      },
    );
    await ledger.posts({
      on: '2023-10-05',
      event: 'ChargePosted',
      document: ['charge', 'F1'],
      vendor: 'gcp',
      currency: 'JPY',
      sides: { 'late-fee': 9, payables: -9 },
    });
  });

  const placeOf = ({ position, effectiveOn, type }: any) => `${position} ${effectiveOn} ${type}`;

  it('has whole entries in the order of recording', async () => {
    const { body } = await ledger.ask('journal', { asOf: '2023-10-31' });
    expect(Object.keys(body)).toEqual(['ledger', 'asOf', 'knownAt', 'position', 'items', 'next']);
    expect(body.next).toBeNull();
    expect(body.items.map(placeOf)).toEqual([
      '7 2023-08-01 InvoicePosted',
      '9 2023-09-01 InvoicePosted',
      '11 2023-09-15 InvoicePosted',
      '13 2023-09-30 InvoicePosted',
      '15 2023-09-30 InvoicePosted',
      '17 2023-09-30 InvoicePosted',
      '19 2023-10-01 InvoicePosted',
      '23 2023-09-29 PaymentMade',
      '25 2023-09-29 Allocated',
      '28 2023-10-02 AllocationReversed',
      '28 2023-10-04 AllocationReversed',
      '29 2023-10-05 ChargePosted',
    ]);
    expect(body.items[0]).toEqual({
      position: 7,
      effectiveOn: '2023-08-01',
      recordedAt: HandFilled.recordedAt(7),
      type: 'InvoicePosted',
      documentType: 'invoice',
      documentId: 'AWS-2023-07',
      vendorId: 'aws',
      lines: [
        { account: 'expense', name: 'Expenses', currency: 'USD', debit: '7000000.00', credit: '0.00' },
        { account: 'payables', name: 'Accounts payable', currency: 'USD', debit: '0.00', credit: '7000000.00' },
      ],
    });
  });

  it.each([1, 2, 5, 11, 12, 13])(
    'comes in pages of %i that fit together, also while more is recorded',
    async (limit) => {
      const whole = (await ledger.ask('journal', { asOf: '2023-10-31', knownAtPosition: 29 })).body.items;
      const paged: unknown[] = [];
      let page = (await ledger.ask('journal', { asOf: '2023-10-31', knownAtPosition: 29, limit })).body;
      for (;;) {
        expect(page.items.length).toBeLessThanOrEqual(limit);
        paged.push(...page.items);
        if (page.next === null) break;
        if (ledger.position < 45) {
          await ledger.posts({
            on: '2023-08-01',
            event: 'InvoicePosted',
            document: ['invoice', `late-${ledger.position}`],
            vendor: 'aws',
            sides: { expense: 1, payables: -1 },
          });
        }
        page = (await ledger.ask('journal', { cursor: page.next, limit })).body;
        expect([page.asOf, page.position, page.knownAt]).toEqual(['2023-10-31', 29, HandFilled.recordedAt(29)]);
      }
      expect(paged).toEqual(whole);
    },
  );

  it('can be asked for by vendor, account and currency', async () => {
    const query = { asOf: '2023-10-31', knownAtPosition: 29 };
    const of = async (more: Record<string, string>) => (await ledger.ask('journal', { ...query, ...more })).body.items;
    expect((await of({ vendorId: 'gcp' })).map(placeOf)).toEqual([
      '13 2023-09-30 InvoicePosted',
      '29 2023-10-05 ChargePosted',
    ]);
    expect(await of({ vendorId: 'nobody' })).toEqual([]);
    const cash = await of({ account: 'cash' });
    expect(cash.map(placeOf)).toEqual(['23 2023-09-29 PaymentMade']);
    expect(cash[0].lines).toHaveLength(2);
    expect((await of({ currency: 'JPY' }))[0].lines).toEqual([
      { account: 'late-fee', name: 'Late fees', currency: 'JPY', debit: '9', credit: '0' },
      { account: 'payables', name: 'Accounts payable', currency: 'JPY', debit: '0', credit: '9' },
    ]);
  });

  it('comes whole as a file, and balances', async () => {
    const { text, headers } = await ledger.ask('journal', { asOf: '2023-10-31', knownAtPosition: 29 }, 'text/csv');
    expect(headers).toMatchObject({ 'content-type': 'text/csv; charset=utf-8', 'ledger-position': '29' });
    const rows = parseCsv(text);
    expect(rows.filter(({ row }) => row === 'row')).toHaveLength(24);
    expect(
      rows.filter(({ row }) => row === 'totals').map(({ currency, debit, credit }) => [currency, debit, credit]),
    ).toEqual([
      ['JPY', '9', '9'],
      ['USD', '35950000.02', '35950000.02'],
    ]);
  });

  it('reads a file of more than one read to its end', async () => {
    const long = await HandFilled.open();
    await long.vendor('V1');
    const position = await long.event('VendorChanged');
    await owner.query(
      `insert into books.journal_lines
       select $1, 1, $2, line, date '2023-01-01' + line / 2, 'InvoicePosted', 'invoice', 'I1', 'V1', case line % 2 when 0 then 'expense' else 'payables' end, 'USD',
              case line % 2 when 0 then 1 else 0 end, case line % 2 when 1 then 1 else 0 end
         from generate_series(0, 3999) line`,
      [long.id, position],
    );
    const rows = parseCsv((await long.ask('journal', { asOf: '2099-01-01', format: 'csv' })).text);
    expect(rows).toHaveLength(4_001);
    expect(new Set(rows.map(({ effectiveOn }) => effectiveOn)).size).toBe(2_001);
    expect(rows.at(-1)).toMatchObject({ row: 'totals', debit: '20.00', credit: '20.00' });
  });

  (deep ? it : it.skip)('does not come as a workbook of more rows than a sheet holds', async () => {
    const long = await HandFilled.open();
    await long.vendor('V1');
    const position = await long.event('VendorChanged');
    const fill = (from: number, to: number): Promise<unknown> =>
      owner.query(
        `insert into books.journal_lines
         select $1, 1, $2, line, '2024-01-01', 'InvoicePosted', 'invoice', 'I1', 'V1', 'expense', 'USD', line % 2, 1 - line % 2
           from generate_series($3::int, $4::int) line`,
        [long.id, position, from, to],
      );
    const reader = app.get(ReportReader);
    const size = async (): Promise<number> => {
      const moment = await reader.momentOf(long.id, { asOf: '2024-01-01' });
      return journalTable((work) => reader.read(moment, work), moment, {}).size();
    };
    // With its header and its totals it has just so many rows as a sheet.
    await fill(1, 1_048_574);
    expect(await size()).toBe(1_048_575);
    await fill(1_048_575, 1_048_575);
    expect(await size()).toBe(1_048_576);
    const asked = { asOf: '2024-01-01', format: 'xlsx' };
    const { status, body } = await long.ask('journal', asked);
    expect([status, body.type, body.detail]).toEqual([
      406,
      '/problems/not-acceptable',
      expect.stringContaining('ask for it as CSV or JSON'),
    ]);
    expect((await long.ask('journal', { ...asked, vendorId: 'V2' })).status).toBe(200);
  });

  it.each([
    ['cursor=x', '/cursor'],
    [`cursor=${Buffer.from('[1,2]').toString('base64url')}`, '/cursor'],
    [`cursor=${Buffer.from('["2023-10-31","2024",5,1,"2023-01-01"]').toString('base64url')}`, '/cursor'],
    ['limit=5&format=csv', '/limit'],
    ['cursor=x&format=csv', '/cursor'],
    ['cursor=x&format=xlsx', '/cursor'],
    ['limit=0', '/limit'],
  ])('does not take %s', async (query, pointer) => {
    const { status, body } = await ledger.askAs(`journal?${query}`);
    expect([status, body.errors.map((fault: { pointer: string }) => fault.pointer)]).toEqual([400, [pointer]]);
  });

  it('does not go on from a page as of another moment', async () => {
    const { body } = await ledger.ask('journal', { asOf: '2023-10-31', limit: 1 });
    const status = async (query: string) => (await ledger.askAs(`journal?cursor=${body.next}&${query}`)).status;
    expect(await status('asOf=2023-10-31')).toBe(200);
    expect(await status(`knownAtPosition=${body.position}`)).toBe(200);
    expect(await status(`knownAt=${body.knownAt}`)).toBe(200);
    expect(await status('asOf=2023-10-30')).toBe(400);
    expect(await status('knownAtPosition=3')).toBe(400);
    expect(await status('knownAt=2024-01-01T00:00:00Z')).toBe(400);
  });
});

describe('a CSV file', () => {
  it('says what the JSON says, and nothing that a spreadsheet would run', async () => {
    const ledger = await HandFilled.open();
    const name = '=HYPERLINK("https://example.com","Pay, now")\nplease';
    await ledger.vendor('-V1', name);
    await ledger.lines(
      { id: '-I1', vendor: '-V1', due: '2023-10-01', owed: 100_000 },
      { id: 'P1', vendor: '-V1', type: 'payment', due: '2023-10-02', owed: -250_000 },
    );
    await ledger.number('invoice', '-I1', '+44');
    const query = { asOf: '2023-10-01', by: 'invoice' } as const;
    const { body } = await ledger.ask('ageing', query);
    const { text, headers, status } = await ledger.ask('ageing', query, 'text/csv');
    expect([status, headers['content-type'], headers['content-disposition']]).toEqual([
      200,
      'text/csv; charset=utf-8',
      `attachment; filename="ageing-${ledger.id}-2023-10-01.csv"`,
    ]);
    const rows = parseCsv(text);
    const echo = {
      ledger: ledger.id,
      asOf: '2023-10-01',
      knownAt: body.knownAt,
      position: String(body.position),
      basis: 'agreed',
      currency: 'USD',
    };
    expect(rows[0]).toEqual({
      ...echo,
      row: 'row',
      vendorId: `'-V1`,
      vendorName: `'${name}`,
      itemId: `'-I1`,
      itemType: 'invoice',
      number: `'+44`,
      dueOn: '2023-10-01',
      daysLate: '0',
      notDue: '1000.00',
      '1-30': '0.00',
      '31-60': '0.00',
      '61-90': '0.00',
      'over-90': '0.00',
      total: '1000.00',
      onAccount: '0.00',
      deferred: '0.00',
      held: '0.00',
      disputed: '0.00',
    });
    expect(rows[1]).toMatchObject({ itemId: 'P1', number: '', daysLate: '-1', notDue: '-2500.00', total: '-2500.00' });
    expect(rows[2]).toMatchObject({
      ...echo,
      row: 'totals',
      vendorId: '',
      daysLate: '',
      total: '-1500.00',
      onAccount: '2500.00',
    });
    expect(rows).toHaveLength(3);
  });

  it.each([
    ['ageing', {}],
    ['ageing', { by: 'kind' }],
    ['liabilities', {}],
    ['liabilities', { by: 'kind' }],
    ['liabilities', { by: 'due-month' }],
    ['liabilities', { by: 'maturity' }],
    ['trial-balance', {}],
  ])('has the rows and totals of %s %j', async (report, query) => {
    const ledger = await foundingCase();
    const asked = { asOf: '2023-10-31', ...query };
    const [{ rows, totals, reconciliation }] = (await ledger.ask(report, asked)).body.currencies;
    const lines = parseCsv((await ledger.ask(report, { ...asked, format: 'csv' })).text);
    for (const [i, row] of rows.entries()) expect(lines[i]).toMatchObject({ row: 'row', ...row });
    expect(lines.slice(rows.length)).toEqual([
      expect.objectContaining({ row: 'totals', ...totals, ...reconciliation }),
    ]);
  });

  it('of nothing has its header line', async () => {
    const ledger = await HandFilled.open();
    for (const report of ['ageing', 'liabilities', 'trial-balance', 'journal']) {
      const { text } = await ledger.ask(report, { format: 'csv' });
      expect(parseCsv(text)).toEqual([]);
      expect(text).toMatch(/^ledger,asOf,knownAt,position,/);
    }
  });
});

describe('what a report is about', () => {
  let ledger: HandFilled;
  beforeAll(async () => {
    // It is tomorrow there for most of the day, and yesterday never.
    ledger = await HandFilled.open('Pacific/Kiritimati');
    await ledger.vendor('V1');
  });

  it('is by default today in the time zone of the ledger, and everything recorded', async () => {
    const before = new Intl.DateTimeFormat('en-CA', { timeZone: 'Pacific/Kiritimati' }).format(new Date());
    const { body, status } = await ledger.ask('ageing');
    const after = new Intl.DateTimeFormat('en-CA', { timeZone: 'Pacific/Kiritimati' }).format(new Date());
    expect(status).toBe(200);
    expect([before, after]).toContain(body.asOf);
    expect(body).toMatchObject({ ledger: ledger.id, knownAt: HandFilled.recordedAt(2), position: 2, currencies: [] });
  });

  it('is echoed as it was asked', async () => {
    const echo = async (query: Record<string, string | number>) => {
      const { asOf, knownAt, position } = (await ledger.ask('ageing', { asOf: '2023-10-31', ...query })).body;
      return [asOf, knownAt, position];
    };
    expect(await echo({ knownAtPosition: 1 })).toEqual(['2023-10-31', HandFilled.recordedAt(1), 1]);
    expect(await echo({ knownAt: '2024-01-01T00:00:01.5Z' })).toEqual(['2023-10-31', '2024-01-01T00:00:01.500000Z', 1]);
    expect(await echo({ knownAt: '2024-06-01T00:00:00Z' })).toEqual(['2023-10-31', '2024-06-01T00:00:00.000000Z', 2]);
    expect(await echo({ knownAt: '2020-01-01T00:00:00Z' })).toEqual(['2023-10-31', '2020-01-01T00:00:00.000000Z', 0]);
    expect(await echo({ knownAtPosition: 0 })).toEqual(['2023-10-31', null, 0]);
  });

  const faults = async (path: string) => {
    const { status, body } = await ledger.askAs(path);
    return [status, body.type, body.errors?.map(({ pointer }: { pointer: string }) => pointer)];
  };

  it('cannot be what is not known yet', async () => {
    expect(await faults('ageing?knownAt=2999-01-01T00:00:00Z')).toEqual([400, '/problems/malformed', ['/knownAt']]);
    expect(await faults('ageing?knownAtPosition=3')).toEqual([400, '/problems/malformed', ['/knownAtPosition']]);
    expect((await ledger.ask('ageing', { knownAtPosition: 3 })).body.head).toBe(2);
  });

  it('has to be well formed, and every fault is named', async () => {
    expect(await faults('ageing?asOf=2023-02-30&knownAt=now&currency=XXX&by=all&edges=0&surprise=1')).toEqual([
      400,
      '/problems/malformed',
      expect.arrayContaining(['/asOf', '/knownAt', '/currency', '/by', '/edges', '/surprise']),
    ]);
    expect(await faults('ageing?by=vendor&by=vendor')).toEqual([400, '/problems/malformed', ['/by']]);
    expect(await faults('ageing?knownAt=2024-01-01T00:00:00Z&knownAtPosition=1')).toEqual([
      400,
      '/problems/malformed',
      ['/knownAtPosition'],
    ]);
    expect(await faults('ageing?format=pdf')).toEqual([400, '/problems/malformed', ['/format']]);
    expect(await faults('statement')).toEqual([400, '/problems/malformed', ['/vendorId']]);
  });

  it('is a ledger that there is', async () => {
    for (const id of ['nowhere', 'no%20where', '%00', 'a'.repeat(65)]) {
      for (const query of ['', '?asOf=2023-10-31&knownAtPosition=1', '?knownAt=2024-01-01T00:00:00Z']) {
        const response = await app.inject(`/v1/ledgers/${id}/reports/ageing${query}`);
        expect([id, response.statusCode, response.json().type]).toEqual([id, 404, '/problems/not-found']);
      }
    }
  });

  it('comes as JSON, CSV or XLSX, and as nothing else', async () => {
    const of = async (accept: string, more = '') => {
      const { status, headers } = await ledger.askAs(`ageing?asOf=2023-10-31${more}`, accept);
      return [status, headers['content-type']];
    };
    expect(await of('*/*')).toEqual([200, 'application/json; charset=utf-8']);
    expect(await of('application/json;q=0.5, text/csv')).toEqual([200, 'text/csv; charset=utf-8']);
    expect(await of('text/csv', '&format=json')).toEqual([200, 'application/json; charset=utf-8']);
    const xlsx = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
    expect(await of(xlsx)).toEqual([200, xlsx]);
    expect(await of('application/json', '&format=xlsx')).toEqual([200, xlsx]);
    expect(await of('application/pdf', '&format=csv')).toEqual([200, 'text/csv; charset=utf-8']);
    const { status, body } = await ledger.askAs('ageing', 'application/pdf');
    expect([status, body.type, body.detail]).toEqual([
      406,
      '/problems/not-acceptable',
      expect.stringContaining('text/csv'),
    ]);
  });

  it('waits for the books', async () => {
    const behind = await HandFilled.open();
    await behind.vendor('V1');
    await behind.event('VendorChanged', {}, [], false);
    const asked = [
      behind.ask('ageing'),
      behind.ask('ageing', { atLeast: 3, knownAtPosition: 1 }),
      behind.ask('ageing', { knownAt: HandFilled.recordedAt(3) }),
    ];
    await new Promise((resolve) => setTimeout(resolve, 200));
    await behind.fold();
    expect((await Promise.all(asked)).map(({ status, body }) => [status, body.position])).toEqual([
      [200, 3],
      [200, 1],
      [200, 3],
    ]);
  });

  it('is what the books hold if they are far behind, unless more is asked for', async () => {
    const behind = await HandFilled.open();
    await behind.vendor('V1');
    await behind.event('VendorChanged', {}, [], false);
    const [open, strict] = await Promise.all([behind.ask('ageing'), behind.ask('ageing', { atLeast: 3 })]);
    expect([open.status, open.body.position, open.body.knownAt]).toEqual([200, 2, HandFilled.recordedAt(2)]);
    expect([strict.status, strict.body.type, strict.headers['retry-after']]).toEqual([
      503,
      '/problems/not-yet-there',
      expect.anything(),
    ]);
  });

  it('waits for a replica that does not hold yet what the primary has folded', async () => {
    const behind = await HandFilled.open();
    await behind.vendor('V1');
    await behind.event('VendorChanged', {}, [], false);
    const primary = {
      reach: () => Promise.resolve({ generation: 1, position: 3, recordedAt: HandFilled.recordedAt(3) }),
    };
    const reader = new ReportReader(log, primary as unknown as Books, pool);
    const moment = await reader.momentOf(behind.id, { asOf: '2023-10-31' });
    const read = reader.read(moment, ({ query }) =>
      query<{ position: string }>('select position from books.checkpoints where ledger_id = $1', [behind.id]),
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    await behind.fold();
    expect(await read).toEqual([{ position: '3' }]);
  });
});

describe('a snapshot', () => {
  it('does not see what is written while it is read', async () => {
    const ledger = await HandFilled.open();
    await ledger.vendor('V1');
    await ledger.lines({ id: 'I1', due: '2023-10-01', owed: 100 });
    const reader = new ReportReader(log, new Books(pool), pool);
    const moment = await reader.momentOf(ledger.id, { asOf: '2023-10-31' });
    const counts = await reader.read(moment, async ({ query, generation }) => {
      const count = () =>
        query('select count(*) from books.subledger_lines where ledger_id = $1 and generation = $2', [
          ledger.id,
          generation,
        ]);
      const before = await count();
      await owner.query('delete from books.subledger_lines where ledger_id = $1', [ledger.id]);
      return [before, await count()];
    });
    expect(counts).toEqual([[{ count: '1' }], [{ count: '1' }]]);
  });

  it('writes nothing, and gives its connection back when it fails', async () => {
    const ledger = await HandFilled.open();
    const small = new pg.Pool({ connectionString: database.appUrl, max: 1 });
    try {
      const reader = new ReportReader(log, new Books(pool), small);
      const moment = await reader.momentOf(ledger.id, { asOf: '2023-10-31' });
      for (const text of ['delete from books.live', 'select 1 / 0']) {
        await expect(reader.read(moment, ({ query }) => query(text, []))).rejects.toThrow(/read-only|division/);
      }
      expect(await reader.read(moment, ({ query }) => query('select 1 as one', []))).toEqual([{ one: 1 }]);
      expect(small.totalCount).toBe(1);
    } finally {
      await small.end();
    }
  });
});
