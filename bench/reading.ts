/** Reading a whole log in pages, against message-db reading the same events by position. */
import pg from 'pg';
import { copyRows } from '#duebook/database/copy-rows.js';
import { EventLog } from '#duebook/event-log/event-log.js';
import { linesIn } from '#duebook/audit/log-file.js';
import { ledgerId } from './invoices.js';
import { takeIn, withLargeLog } from './large-log.js';
import type { Bench } from './main.js';
import { inTurn, timed } from './measuring.js';
import { installMessageDb, messageDbPath } from './message-db.js';

const perPage = 1_000;

export const reading: Bench = {
  name: 'reading',
  run: ({ server, isSmall, rounds, tell, expect }) =>
    withLargeLog(isSmall ? 20_000 : 200_000, async (large) => {
      const database = await server.database('reading', { migrated: true });
      await takeIn(database.url, large);
      const pool = new pg.Pool({ connectionString: database.appUrl });
      const log = new EventLog(pool);
      const { url } = await server.database('reading_theirs');
      await installMessageDb(url);
      const theirs = new pg.Client({ connectionString: url, options: messageDbPath });
      await theirs.connect();
      await writeMessages(theirs, large.file);

      const readOurs = () =>
        timed(async () => {
          let read = 0;
          for (let after = 0; ;) {
            const lines = await log.linesAfter(ledgerId, after, perPage);
            read += lines.length;
            if (lines.length < perPage) break;
            after = lines.at(-1)!.position;
          }
          expect('events read', read, large.events);
          return read;
        });
      const readTheirs = () =>
        timed(async () => {
          let read = 0;
          for (let from = 1; ;) {
            const { rows } = await theirs.query<{ global_position: string; data: string }>({
              name: 'messages',
              text: `select * from get_category_messages('account', $1, $2)`,
              values: [from, perPage],
            });
            read += rows.length;
            if (rows.length < perPage) break;
            from = Number(rows.at(-1)!.global_position) + 1;
          }
          expect('messages read', read, large.events);
          return read;
        });
      const comparison = await inTurn(rounds, readOurs, readTheirs, tell);
      await theirs.end();
      await pool.end();
      const what = 'reading the log, 1,000 events a page';
      return [{ what, against: 'message-db reading by position', ...comparison, mark: 1 }];
    }),
};

/** The same events, each in a stream of its vendor and all of one category. */
const writeMessages = async (client: pg.Client, file: string): Promise<void> => {
  let n = 0;
  for await (const lines of linesIn(file)) {
    const rows = lines.map((line) => {
      const { stream, streamVersion, type, data } = JSON.parse(line.toString()) as Record<string, never>;
      n += 1;
      return [n, streamVersion, `account-${String(stream)}`, type, JSON.stringify(data), '{}'];
    });
    await copyRows(client, 'messages (global_position, position, stream_name, type, data, metadata)', rows);
  }
  await client.query('analyze messages');
};
