/** The ageing by vendor, against the bare sum over the same lines that it can't do without. */
import pg from 'pg';
import { EventLog } from '#duebook/event-log/event-log.js';
import { Books } from '#duebook/projections/books.js';
import { Rebuild } from '#duebook/projections/rebuild.js';
import { ProjectionWorker } from '#duebook/projections/worker.js';
import { ageing as report } from '#duebook/reports/ageing.js';
import { type MomentQuery, ReportReader } from '#duebook/reports/as-of.js';
import { ledgerId } from './invoices.js';
import { takeIn, withLargeLog } from './large-log.js';
import type { Bench, Row } from './main.js';
import { inTurn, timed } from './measuring.js';

/** After every invoice and payment of the log, so that all of its lines count. */
const lastDay = '2026-03-31';

export const ageing: Bench = {
  name: 'ageing',
  run: ({ server, isSmall, rounds, tell, expect }) =>
    withLargeLog(isSmall ? 50_000 : 2_502_001, async (large) => {
      const database = await server.database('ageing', { migrated: true });
      await takeIn(database.url, large);
      const pool = new pg.Pool({ connectionString: database.appUrl });
      const log = new EventLog(pool);
      const rebuild = new Rebuild(pool, new ProjectionWorker(pool, log), ledgerId);
      const generation = await rebuild.build(large.events, () => undefined);
      await rebuild.swap(generation, large.events);
      const admin = new pg.Client({ connectionString: database.url });
      await admin.connect();
      await admin.query('vacuum analyze books.subledger_lines'); // as the server does by itself in time
      await admin.end();
      const reader = new ReportReader(log, new Books(pool), pool);

      const rows: Row[] = [];
      for (const [when, query, mark] of [
        ['today', { asOf: lastDay }, 1 / 2],
        [
          'a past day as known then',
          { asOf: '2025-06-30', knownAtPosition: String(Math.floor(large.events / 2)) },
          1 / 3,
        ],
      ] as const) {
        const position = Number('knownAtPosition' in query ? query.knownAtPosition : large.events);
        const owed = await sumOf(pool, generation, query.asOf, position);
        const ours = () =>
          timed(async () => {
            const total = await totalOf(reader, query);
            expect(`owed, ${when}`, total, owed);
            return 1;
          });
        const theirs = () =>
          timed(async () => {
            await bareSums(pool, generation, query.asOf, position);
            return 1;
          });
        const comparison = await inTurn(rounds, ours, theirs, tell);
        const size = `${large.invoices.toLocaleString('en-GB')} invoices, ${large.open.toLocaleString('en-GB')} open`;
        rows.push({
          what: `ageing by vendor of ${size}, ${when}`,
          against: 'select vendor, sum(owed) … group by vendor',
          ...comparison,
          mark,
        });
      }
      await pool.end();
      return rows;
    }),
};

const totalOf = async (reader: ReportReader, query: MomentQuery): Promise<number> => {
  const moment = await reader.momentOf(ledgerId, query);
  const { currencies } = await reader.read(moment, (snapshot) =>
    report(snapshot, moment, { basis: 'agreed', edges: [30, 60, 90], by: 'vendor' }),
  );
  return Math.round(Number(currencies[0]?.totals.total ?? 0) * 100);
};

const bareSums = async (
  pool: pg.Pool,
  generation: number,
  asOf: string,
  position: number,
): Promise<readonly { owed: string }[]> => {
  const { rows } = await pool.query<{ owed: string }>(
    `select vendor_id, sum(owed) as owed from books.subledger_lines
      where ledger_id = $1 and generation = $2 and effective_on <= $3 and position <= $4 group by vendor_id`,
    [ledgerId, generation, asOf, position],
  );
  return rows;
};

const sumOf = async (pool: pg.Pool, generation: number, asOf: string, position: number): Promise<number> =>
  (await bareSums(pool, generation, asOf, position)).reduce((sum, { owed }) => sum + Number(owed), 0);
