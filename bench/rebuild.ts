/** Rebuilding the books of a log, against COPY of the rows that they come to into the same indexed tables. */
import pg from 'pg';
import { EventLog } from '#duebook/event-log/event-log.js';
import { Rebuild } from '#duebook/projections/rebuild.js';
import { ProjectionWorker } from '#duebook/projections/worker.js';
import { ledgerId } from './invoices.js';
import { takeIn, withLargeLog } from './large-log.js';
import type { Bench } from './main.js';
import { inTurn, timed } from './measuring.js';
import { type CopiedRows, copyOut } from './rows.js';

const tables = ['subledger_lines', 'journal_lines', 'vendor_facts', 'documents', 'duties'];

export const rebuild: Bench = {
  name: 'rebuild',
  run: ({ server, isSmall, rounds, tell, expect }) =>
    withLargeLog(isSmall ? 20_000 : 100_000, async (large) => {
      const database = await server.database('rebuild', { migrated: true });
      await takeIn(database.url, large);
      const pool = new pg.Pool({ connectionString: database.appUrl });
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      const build = async () => {
        await server.checkpoint();
        return timed(async () => {
          // A worker of its own each time: none of the documents is in memory.
          const worker = new ProjectionWorker(pool, new EventLog(pool));
          await new Rebuild(pool, worker, ledgerId).build(large.events, () => undefined);
          return large.events;
        });
      };
      await build();
      const generation = `generation = (select min(generation) from books.checkpoints where ledger_id = '${ledgerId}')`;
      const rows: CopiedRows[] = [];
      for (const table of tables)
        rows.push(await copyOut(client, `books.${table}`, `ledger_id = '${ledgerId}' and ${generation}`));
      const copy = async () => {
        for (const one of rows) await one.makeTable();
        await server.checkpoint();
        return timed(async () => {
          for (const one of rows) await one.copyIn();
          return large.events;
        });
      };
      const comparison = await inTurn(rounds, build, copy, tell);
      for (const [i, table] of tables.entries()) {
        const { rows: found } = await client.query<{ count: string }>(
          `select count(*) / count(distinct generation) as count from books.${table} where ledger_id = '${ledgerId}'`,
        );
        expect(`rows of ${table} in each generation`, Number(found[0]!.count), await rows[i]!.count());
      }
      for (const one of rows) await one.remove();
      await client.end();
      await pool.end();
      const what = 'rebuild of the books';
      return [{ what, against: 'COPY of the same rows into the same indexed tables', ...comparison, mark: 0.5 }];
    }),
};
