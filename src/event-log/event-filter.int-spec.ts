import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { poolOf } from '../../test/support/log.js';
import { sampleSize } from '../../test/support/seed.js';
import type { DocumentName, EventType } from '../domain/events.js';
import { type EventFilter, findingQuery } from './event-filter.js';
import { EventLog } from './event-log.js';

let database: TestDatabase;
let owner: pg.Pool;
let pool: pg.Pool;
let log: EventLog;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = poolOf(database.url, { max: 2 });
  pool = poolOf(database.appUrl, { max: 2 });
  log = new EventLog(pool);
});
afterAll(async () => {
  await owner.end();
  await pool.end();
  await database.drop();
});

/** An event as far as filters look at it. */
interface Made {
  readonly vendor: string;
  readonly type: EventType;
  readonly actor: string;
  readonly documents: readonly DocumentName[];
}

/** Puts events into a ledger as `log.append` would, ten of them an instant. */
const fill = async (ledgerId: string, events: readonly Made[]): Promise<void> => {
  const versions = new Map<string, number>();
  const rows = events.map(({ vendor, type, actor, documents }, i) => {
    const stream = `vendor/${vendor}`;
    const version = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, version);
    const rest = JSON.stringify({ actor: { id: actor, role: 'clerk' }, data: { actor: { id: 'nobody' } } }).slice(1);
    return { position: i + 1, stream, version, type, documents, rest: `"recordedAt":"${instantOf(i + 1)}",${rest}` };
  });
  await owner.query('insert into log.ledgers values ($1)', [ledgerId]);
  await owner.query(
    `insert into log.events (ledger_id, position, stream, stream_version, type, effective_on, recorded_at, line, leaf_hash)
     select $1, position, stream, version, type, '2024-01-01', '2024-01-01',
            '{"ledger":"' || $1 || '","position":' || position || ',"type":"' || type || '","stream":"' || stream || '",' || rest, ''
       from jsonb_to_recordset($2) r (position bigint, stream text, version bigint, type text, rest text)`,
    [ledgerId, JSON.stringify(rows)],
  );
  await owner.query(
    `insert into log.event_documents select $1, d.document, r.position
       from jsonb_to_recordset($2) r (position bigint, documents jsonb), jsonb_array_elements_text(documents) d (document)`,
    [ledgerId, JSON.stringify(rows)],
  );
  await owner.query(
    `insert into log.commits select $1, least(n * 10, $2), n * 10 - 9, timestamptz '2024-01-01 00:00:00Z' + n * interval '1 second'
       from generate_series(1, ceil($2 / 10.0)::int) n`,
    [ledgerId, events.length],
  );
};

/** When the event at a position was recorded. */
const instantOf = (position: number): string => {
  const at = new Date(Date.parse('2024-01-01T00:00:00Z') + Math.ceil(position / 10) * 1_000);
  return at.toISOString().replace('Z', '000Z');
};

const positionsOf = async (ledgerId: string, page: Parameters<EventLog['page']>[1]): Promise<number[]> =>
  (await log.page(ledgerId, page)).lines.map(({ position }) => position);

const types: EventType[] = ['InvoicePosted', 'PaymentMade', 'Allocated', 'PeriodClosed'];
// As JSON writes them, the last three are longer than they are.
const actors = ['ann', 'bob', 'an', 'a"b', 'back\\slash', '","role":"x'];

describe('a filter', () => {
  it('finds what looking at each event finds, page by page, whatever is combined', async () => {
    const made: fc.Arbitrary<Made> = fc.record({
      vendor: fc.constantFrom('V1', 'V2', 'V3'),
      type: fc.constantFrom(...types),
      actor: fc.constantFrom(...actors),
      documents: fc.uniqueArray(fc.constantFrom<DocumentName>('invoice/I1', 'invoice/I', 'payment/I1', 'ledger')),
    });
    const asked = fc.record(
      {
        vendorId: fc.constantFrom('V1', 'V2', 'V'),
        type: fc.array(fc.constantFrom(...types), { minLength: 1, maxLength: 3 }),
        actor: fc.constantFrom(...actors),
        document: fc.constantFrom<DocumentName>('invoice/I1', 'payment/I1', 'ledger'),
      },
      { requiredKeys: [] },
    );
    const questions = fc.array(fc.tuple(asked, fc.nat(70), fc.nat(70), fc.integer({ min: 1, max: 8 })), {
      minLength: 8,
      maxLength: 8,
    });
    let ledgers = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(made, { minLength: 1, maxLength: 60 }), questions, async (events, all) => {
        const ledgerId = `random-${(ledgers += 1)}`;
        await fill(ledgerId, events);
        for (const [{ type: some, ...rest }, after, through, limit] of all) {
          const filter: EventFilter = { ...rest, ...(some && { types: some }) };
          const expected = events.flatMap(({ vendor, type, actor, documents }, i) =>
            i + 1 > after &&
            i + 1 <= through &&
            (filter.vendorId ?? vendor) === vendor &&
            (filter.types ?? [type]).includes(type) &&
            (filter.actor ?? actor) === actor &&
            (filter.document === undefined || documents.includes(filter.document))
              ? [i + 1]
              : [],
          );
          const found: number[] = [];
          for (let isLast = false, from = after; !isLast; from = found.at(-1) ?? from) {
            const page = await log.page(ledgerId, { after: from, through, limit, ...filter });
            found.push(...page.lines.map(({ position }) => position));
            expect(page.isLast || page.lines.length === limit).toBe(true);
            ({ isLast } = page);
          }
          expect(found).toEqual(expected);
        }
      }),
      { numRuns: sampleSize(20) },
    );
  });

  it('finds the position that an instant comes to, as each event was recorded', async () => {
    await fill(
      'instants',
      Array.from({ length: 45 }, () => ({ vendor: 'V1', type: types[0]!, actor: 'ann', documents: [] })),
    );
    const last = (which: 'before' | 'by', at: string) => log.lastRecorded('instants', which, at);
    for (const position of [1, 10, 11, 44, 45]) {
      const at = instantOf(position);
      expect(await last('before', at)).toBe(Math.floor((position - 1) / 10) * 10);
      expect(await last('by', at)).toBe(Math.min(45, Math.ceil(position / 10) * 10));
    }
    expect(await last('by', '2023-12-31T23:59:59.999999Z')).toBe(0);
    expect(await last('before', '2099-01-01T00:00:00Z')).toBe(45);
    expect(await log.lastRecorded('nowhere', 'by', '2099-01-01T00:00:00Z')).toBe(0);
  });
});

describe('on a long log', () => {
  const length = 100_000;

  beforeAll(async () => {
    // Two vendors have most of it; "early" is there at the beginning only, "rare" now and then.
    const events = Array.from({ length }, (_, i): Made => {
      const isRare = i % 10_000 === 777;
      return {
        vendor: i < 20_000 && i % 2 === 0 ? 'early' : isRare ? 'rare' : `V${i % 2}`,
        type: isRare ? 'PeriodClosed' : types[i % 3]!,
        actor: i % 20_000 === 777 ? 'rare' : 'operator',
        documents: isRare ? ['invoice/rare'] : i % 3 === 0 ? ['invoice/hot', `payment/P${i}`] : [`invoice/I${i}`],
      };
    });
    await fill('long', events);
    await owner.query('vacuum analyze log.events, log.event_documents, log.commits');
  });

  interface Plan {
    'Node Type': string;
    'Actual Rows': number;
    'Actual Loops': number;
    'Rows Removed by Filter'?: number;
    Plans?: Plan[];
  }

  /** How many rows a page takes out of tables and indexes, those that it then leaves out included. */
  const rowsRead = async (filter: EventFilter, after: number, through = length): Promise<number> => {
    const { text, values } = findingQuery(filter);
    const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
      // The fifth parameter is of the page around it.
      `explain (analyze, format json) select * from (${text}) f where $5::int is not null`,
      ['long', after, through, 101, 0, ...values],
    );
    const count = (plan: Plan): number =>
      (plan['Node Type'].includes('Scan') && !/Subquery|Function/.test(plan['Node Type'])
        ? (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops']
        : 0) + (plan.Plans ?? []).reduce((sum, one) => sum + count(one), 0);
    return count(rows[0]!['QUERY PLAN'][0].Plan);
  };

  it.each<[string, EventFilter]>([
    ['no filter', {}],
    ['a frequent type', { types: ['InvoicePosted'] }],
    ['a rare type', { types: ['PeriodClosed'] }],
    ['a type that there is none of', { types: ['PeriodReopened'] }],
    ['several types', { types: ['PeriodClosed', 'InvoicePosted', 'PeriodReopened'] }],
    ['the usual actor', { actor: 'operator' }],
    ['a rare actor', { actor: 'rare' }],
    ['nobody', { actor: 'nobody' }],
    ['a rare type and the usual actor', { types: ['PeriodClosed'], actor: 'operator' }],
    ['a frequent type and a rare actor', { types: ['InvoicePosted'], actor: 'rare' }],
    ['a large vendor', { vendorId: 'V1' }],
    ['a vendor of the past', { vendorId: 'early' }],
    ['a vendor that there is not', { vendorId: 'nobody' }],
    ['a rare vendor', { vendorId: 'rare' }],
    ['a large vendor and a rare type', { vendorId: 'V1', types: ['PeriodClosed'] }],
    ['a document', { document: 'invoice/rare' }],
    ['a document with a long history', { document: 'invoice/hot' }],
    ['a document and a vendor', { document: 'invoice/rare', vendorId: 'rare' }],
  ])('a page of %s reads little more than it shows, from anywhere', async (_name, filter) => {
    for (const [after, through] of [
      [0, length],
      [length / 2, length],
      [length - 5_000, length],
      [0, 200],
    ] as const) {
      const read = await rowsRead(filter, after, through);
      expect({ after, through, read, isLittle: read < 1_000 }).toMatchObject({ isLittle: true });
    }
  });

  it('has its pages, as each event says', async () => {
    const rare = Array.from({ length: 10 }, (_, i) => i * 10_000 + 778);
    const page = { after: 0, through: length, limit: 100 };
    expect(await positionsOf('long', { ...page, types: ['PeriodClosed'] })).toEqual(rare);
    expect(await positionsOf('long', { ...page, document: 'invoice/rare' })).toEqual(rare);
    expect(await positionsOf('long', { ...page, actor: 'rare' })).toEqual(rare.filter((_, i) => i % 2 === 0));
    expect(await positionsOf('long', { ...page, vendorId: 'early', after: 30_000 })).toEqual([]);
  });
});
