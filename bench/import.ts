/** Taking in a log, verified on the way, against COPY of the rows that it becomes into the same indexed table. */
import pg from 'pg';
import { ledgerId } from './invoices.js';
import { takeIn, withLargeLog } from './large-log.js';
import type { Bench } from './main.js';
import { inTurn, timed } from './measuring.js';
import { copyOut } from './rows.js';

export const bulkImport: Bench = {
  name: 'import',
  run: ({ server, isSmall, rounds, tell, expect }) =>
    withLargeLog(isSmall ? 10_000 : 100_000, async (log) => {
      let databases = 0;
      let last = '';
      const ours = async () => {
        // A new one each time: there must be no such ledger yet.
        const { url } = await server.database(`import_${++databases}`, { migrated: true });
        last = url;
        return timed(async () => {
          await takeIn(url, log);
          return log.events;
        });
      };
      await ours();
      const client = new pg.Client({ connectionString: last });
      await client.connect();
      const rows = await copyOut(client, 'log.events', `ledger_id = '${ledgerId}'`);
      const theirs = async () => {
        await rows.makeTable();
        return timed(() => rows.copyIn());
      };
      const comparison = await inTurn(rounds, ours, theirs, tell);
      expect('rows that were copied', await rows.count(), log.events);
      await rows.remove();
      await client.end();
      const imported = new pg.Client({ connectionString: last });
      await imported.connect();
      const { rows: found } = await imported.query<{ count: string }>('select count(*) from log.events');
      expect('events in the log', Number(found[0]!.count), log.events);
      await imported.end();
      const what = 'bulk import (NDJSON), verified';
      return [{ what, against: 'COPY of its lines into the same indexed table', ...comparison, mark: 0.3 }];
    }),
};
