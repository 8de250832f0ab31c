import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { invoice, openLedger, payment, poolOf, requestOf, vendor } from '../../test/support/log.js';
import { sampleSize } from '../../test/support/seed.js';
import { EventLog } from '../event-log/event-log.js';
import { ProjectionWorker } from '../projections/worker.js';
import type { Moment } from '../reports/as-of.js';
import { inSnapshot } from '../reports/snapshot.js';
import { type DatedEntry, entriesOf } from './entries.js';
import { openingOf, type Read, type Source } from './reading.js';

const ledgerId = 'entries';
const days = ['2023-10-02', '2023-10-03', '2023-10-05', '2023-11-20', '2023-12-31'];

let database: TestDatabase;
let pool: pg.Pool;
let source: Source;
let reads = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = poolOf(database.appUrl);
  const log = new EventLog(pool);
  const execute = (command: Parameters<typeof requestOf>[0]) => log.execute(ledgerId, requestOf(command));
  await execute(openLedger(ledgerId));
  await execute(vendor('V1'));
  // Days in another order than positions, one of them with much more than the others.
  for (let n = 0; n < 60; n++) {
    const on = n < 30 ? days[(n * 3) % 5]! : '2023-11-20';
    await execute(invoice(`i${n}`, { invoiceDate: on, postingDate: on }));
    if (n % 4 === 0) await execute(payment(`p${n}`, [[`i${n}`, '40.00']], { paidOn: '2023-10-05' }));
  }
  await new ProjectionWorker(pool, log).catchUp(ledgerId);
  const position = (await log.head(ledgerId))!.position;
  const moment: Moment = { ledger: ledgerId, asOf: '2023-12-30', knownAt: null, position: position - 1 };
  const read: Read = (work) => {
    reads += 1;
    return inSnapshot(pool, ledgerId, moment.position, work);
  };
  source = { read, moment, ledger: await openingOf(read) };
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const pagesOf = async (...sizes: readonly number[]): Promise<(readonly DatedEntry[])[]> => {
  const pages: (readonly DatedEntry[])[] = [];
  reads = 0;
  for await (const page of entriesOf(source, ...sizes)) pages.push(page);
  return pages;
};

it('entries come whole and in order, however few lines are read or looked for at a time', async () => {
  const [all, ...more] = await pagesOf();
  expect(more).toEqual([]);
  // The days, the places, and the one page.
  expect(reads).toBe(3);
  const { rows } = await pool.query<{ on: string; position: number }>(
    `select effective_on::text as on, position::int from books.journal_lines
      where ledger_id = $1 and effective_on <= $2 and position <= $3`,
    [ledgerId, source.moment.asOf, source.moment.position],
  );
  const places = new Map(rows.map(({ on, position }) => [`${on} ${String(position).padStart(6, '0')}`, position]));
  const inOrder = [...places].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, position]) => position);
  expect(all!.map(({ position }) => position)).toEqual(inOrder);
  for (const { lines } of all!) expect(lines.reduce((sum, { amount }) => sum + amount, 0n)).toBe(0n);

  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 5, max: 60 }), fc.integer({ min: 5, max: 200 }), async (perRead, perLook) => {
      const pages = await pagesOf(perRead, perLook);
      expect(pages.flat()).toEqual(all);
      for (const page of pages)
        expect(page.length === 1 || page.reduce((sum, { lines }) => sum + lines.length, 0) <= perRead).toBe(true);
      expect(reads).toBeGreaterThan(pages.length + 1);
    }),
    { numRuns: sampleSize(6, 200) },
  );
});
