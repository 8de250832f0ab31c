import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { EventLog } from '#duebook/event-log/event-log.js';
import { bareAppends } from './bare.js';
import { invoice, ledgerId, openLedger, requestOf, vendorCount } from './invoices.js';
import { checkLog } from './log.js';
import type { Bench, Row } from './main.js';
import { closedLoop, inTurn, type Run, what } from './measuring.js';

const callers = 64;

/** Events, and whole commands with all their rules, against the least that any service does per request: insert one row, durably. */
export const appends: Bench = {
  name: 'appends',
  run: async ({ server, rounds, seconds, tell, expect }) => {
    const rows: Row[] = [];
    for (const kind of ['events', 'commands'] as const) {
      const ours = await server.database(`appends_${kind}`, { migrated: true });
      const pool = new pg.Pool({ connectionString: ours.appUrl });
      const log = new EventLog(pool);
      await openLedger(log);
      const bare = bareAppends(pool);

      let n = 0;
      let acknowledged = 0;
      const appendOne = async (): Promise<boolean> => {
        if (kind === 'events') await bare('a', n++, vendorCount);
        else await log.execute(ledgerId, requestOf(invoice('a', n++)));
        acknowledged += 1;
        return true;
      };
      const append = async (): Promise<Run> => {
        await server.checkpoint();
        return closedLoop(callers, seconds, appendOne);
      };

      const before = (await log.head(ledgerId))!.position;
      await closedLoop(1, 0.2, appendOne);
      const [sample] = await log.linesAfter(ledgerId, before, 1);
      const inserts = await singleInserts(await server.database(`inserts_${kind}`), sample!.line);
      const insert = async (): Promise<Run> => {
        await server.checkpoint();
        return inserts.run(seconds);
      };

      const comparison = await inTurn(rounds, append, insert, tell);
      await checkLog(pool, before, acknowledged, expect);
      expect(`rows of ${inserts.by}`, await inserts.count(), inserts.acknowledged());
      await inserts.end();
      await pool.end();
      rows.push({
        what: `appends of ${what[kind]}, 64 callers, one ledger, in process`,
        against: `single-row inserts, 64 clients (${inserts.by})`,
        ...comparison,
        mark: kind === 'events' ? 1.5 : undefined,
      });
    }
    return rows;
  },
};

interface SingleInserts {
  readonly by: string;
  run(seconds: number): Promise<Run>;
  acknowledged(): number;
  count(): Promise<number>;
  end(): Promise<void>;
}

/** As PostgreSQL's own benchmark does it where that is installed: it costs less of the machine than clients in Node. */
const singleInserts = async ({ url }: { url: string }, line: string): Promise<SingleInserts> => {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query(
    'create table lines (id bigint generated always as identity primary key, recorded_at timestamptz not null default now(), line text not null)',
  );
  const count = async (): Promise<number> =>
    Number((await admin.query<{ count: string }>('select count(*) from lines')).rows[0]!.count);
  let acknowledged = 0;
  const hasPgbench = spawnSync('pgbench', ['--version']).status === 0;

  if (!hasPgbench) {
    const clients = await Promise.all(
      Array.from({ length: callers }, async () => {
        const client = new pg.Client({ connectionString: url });
        await client.connect();
        return client;
      }),
    );
    return {
      by: 'pg',
      acknowledged: () => acknowledged,
      run: (seconds) =>
        closedLoop(callers, seconds, async (caller) => {
          await clients[caller]!.query({
            name: 'insert',
            text: 'insert into lines (line) values ($1)',
            values: [line],
          });
          acknowledged += 1;
          return true;
        }),
      count,
      end: async () => {
        await Promise.all(clients.map((client) => client.end()));
        await admin.end();
      },
    };
  }

  const directory = await mkdtemp(join(tmpdir(), 'duebook-bench-'));
  const script = join(directory, 'insert.sql');
  await writeFile(script, `insert into lines (line) values ('${line.replaceAll("'", "''")}');\n`);
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    by: 'pgbench',
    acknowledged: () => acknowledged,
    run: async (seconds) => {
      const options = [
        `--client=${String(callers)}`,
        '--jobs=2',
        `--time=${String(Math.ceil(seconds))}`,
        '--protocol=prepared',
        '--no-vacuum',
        `--file=${script}`,
      ];
      const child = spawn('pgbench', [...options, '-h', hostname, '-p', port, '-U', username, pathname.slice(1)], {
        env: { ...process.env, PGPASSWORD: password },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => void (said += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()));
      await new Promise((resolve) => child.once('close', resolve));
      const done = Number(/transactions actually processed: (\d+)/.exec(said)?.[1]);
      // The time that connecting takes is left out, as it is on our side.
      const rate = Number(/^tps = ([\d.]+)/m.exec(said)?.[1]);
      if (!done || !rate) throw new Error(`pgbench failed: ${said}`);
      acknowledged += done;
      return { count: done, seconds: done / rate };
    },
    count,
    end: async () => {
      await admin.end();
      await rm(directory, { recursive: true });
    },
  };
};
