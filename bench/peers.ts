/** Other event stores on Postgres, as their packages have them, on the same server. */
import { randomUUID } from 'node:crypto';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';
import { EventLog } from '#duebook/event-log/event-log.js';
import { bareAppends } from './bare.js';
import { invoice, ledgerId, openLedger, requestOf } from './invoices.js';
import { checkLog } from './log.js';
import type { Bench, Context, Row } from './main.js';
import { closedLoop, inTurn, type Kind, type Run, what } from './measuring.js';
import { installMessageDb, messageDbPath } from './message-db.js';
import type { Database } from './server.js';

const callers = 64;

/** An event store that appends the n-th invoice to a stream, optimistically. */
interface Peer {
  readonly name: string;
  /** @returns false where somebody else was first */
  append(stream: string, n: number): Promise<boolean>;
  /** How many events are there to be read. */
  count(): Promise<number>;
  end(): Promise<void>;
}

export const peers: Bench = {
  name: 'peers',
  run: async (context) => {
    const rows: Row[] = [];
    for (const open of [emmett, messageDb]) {
      for (const isHot of [false, true]) {
        for (const kind of ['events', 'commands'] as const) rows.push(await compare(context, open, isHot, kind));
      }
    }
    return rows;
  },
};

let databases = 0;

const compare = async (
  { server, rounds, seconds, tell, expect }: Context,
  open: (database: Database) => Promise<Peer>,
  isHot: boolean,
  kind: Kind,
): Promise<Row> => {
  databases += 1;
  const vendors = isHot ? 1 : callers;
  const pool = new pg.Pool({
    connectionString: (await server.database(`ours_${databases}`, { migrated: true })).appUrl,
  });
  const log = new EventLog(pool);
  await openLedger(log, vendors);
  const bare = bareAppends(pool);
  const before = (await log.head(ledgerId))!.position;
  const peer = await open(await server.database(`theirs_${databases}`));

  let n = 0;
  let acknowledged = 0;
  const ours = async (): Promise<Run> => {
    await server.checkpoint();
    return closedLoop(callers, seconds, async () => {
      if (kind === 'events') await bare('p', n++, vendors);
      else await log.execute(ledgerId, requestOf(invoice('p', n++, vendors)));
      acknowledged += 1;
      return true;
    });
  };
  let written = 0;
  const theirs = async (): Promise<Run> => {
    await server.checkpoint();
    return closedLoop(callers, seconds, async (caller) => {
      const isAppended = await peer.append(isHot ? 'account-hot' : `account-${caller}`, n++);
      if (isAppended) written += 1;
      return isAppended;
    });
  };
  const comparison = await inTurn(rounds, ours, theirs, tell);
  await checkLog(pool, before, acknowledged, expect);
  expect(`events of ${peer.name}`, await peer.count(), written);
  await peer.end();
  await pool.end();
  const streams = isHot ? 'one hot stream' : 'distinct streams';
  return {
    what: `appends of ${what[kind]}, 64 callers, ${streams}`,
    against: peer.name,
    ...comparison,
    // The peers append events that are built already, and so did the prototype that the marks were taken from.
    mark: kind === 'events' ? (isHot ? 50 : 6) : undefined,
  };
};

/** Versions of streams as the callers know them: who is told that they are wrong reads the stream's version again. */
class Versions {
  readonly #known = new Map<string, bigint>();

  get(stream: string): bigint | undefined {
    return this.#known.get(stream);
  }

  set(stream: string, version: bigint): void {
    this.#known.set(stream, version);
  }
}

const emmett = async ({ url }: Database): Promise<Peer> => {
  const store = getPostgreSQLEventStore(url);
  await store.schema.migrate();
  const versions = new Versions();
  const reader = new pg.Pool({ connectionString: url, max: 1 });
  return {
    name: 'emmett-postgresql',
    append: async (stream, n) => {
      const { type: _, ...data } = invoice('e', n);
      const known = versions.get(stream);
      try {
        const { nextExpectedStreamVersion } = await store.appendToStream(stream, [{ type: 'InvoicePosted', data }], {
          expectedStreamVersion: known ?? 'STREAM_DOES_NOT_EXIST',
        });
        versions.set(stream, nextExpectedStreamVersion);
        return true;
      } catch (error) {
        if (!/concurrency|expected/i.test(`${(error as Error).name} ${(error as Error).message}`)) throw error;
        const { rows } = await reader.query<{ version: string }>({
          name: 'stream-version',
          text: 'select stream_position as version from emt_streams where stream_id = $1',
          values: [stream],
        });
        if (rows[0]) versions.set(stream, BigInt(rows[0].version));
        return false;
      }
    },
    count: async () => {
      const { rows } = await reader.query<{ count: string }>('select count(*) from emt_messages');
      return Number(rows[0]!.count);
    },
    end: async () => {
      await store.close();
      await reader.end();
    },
  };
};

const messageDb = async ({ url }: Database): Promise<Peer> => {
  await installMessageDb(url);
  const pool = new pg.Pool({ connectionString: url, max: callers, options: messageDbPath });
  const versions = new Versions();
  return {
    name: 'message-db',
    append: async (stream, n) => {
      const { type: _, ...data } = invoice('m', n);
      try {
        const { rows } = await pool.query<{ version: string }>({
          name: 'write-message',
          text: 'select write_message($1, $2, $3, $4, $5, $6) as version',
          values: [randomUUID(), stream, 'InvoicePosted', data, {}, versions.get(stream) ?? -1n],
        });
        versions.set(stream, BigInt(rows[0]!.version));
        return true;
      } catch (error) {
        if (!/wrong expected version/i.test((error as Error).message)) throw error;
        const { rows } = await pool.query<{ version: string | null }>({
          name: 'stream-version',
          text: 'select stream_version($1) as version',
          values: [stream],
        });
        versions.set(stream, BigInt(rows[0]!.version ?? -1));
        return false;
      }
    },
    count: async () => Number((await pool.query<{ count: string }>('select count(*) from messages')).rows[0]!.count),
    end: () => pool.end(),
  };
};
