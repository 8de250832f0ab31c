import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { LedgerClient } from './app.js';
import { onServer } from './cluster.js';
import type { TestDatabase } from './database.js';

const sha256 = (...parts: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

/** The root over lines of a log as RFC 6962 defines it, with nothing of ours in it. */
export const rootOfLines = (lines: readonly string[]): Buffer => {
  const of = (leaves: readonly Buffer[]): Buffer => {
    if (leaves.length === 0) return sha256();
    if (leaves.length === 1) return leaves[0]!;
    const k = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
    return sha256(Buffer.of(1), of(leaves.slice(0, k)), of(leaves.slice(k)));
  };
  return of(lines.map((line) => sha256(Buffer.of(0), Buffer.from(line))));
};

/** The log, line by line. */
export const linesOf = async (ledger: LedgerClient): Promise<string[]> =>
  (await ledger.get('/events', { accept: 'application/x-ndjson' })).text.split('\n').slice(0, -1);

/** Records so many vendors, all at once. */
export const vendors = async (ledger: LedgerClient, prefix: string, count: number): Promise<void> => {
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      ledger.record('/vendors', { id: `${prefix}${n}`, name: `Vendor ${prefix}${n}` }),
    ),
  );
};

/** Asks again until it is so. */
export const until = async <T>(ask: () => Promise<T | undefined | false>, limitMs = 10_000): Promise<T> => {
  for (const deadline = Date.now() + limitMs; ;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error('it never came to be so');
    await sleep(25);
  }
};

/** A copy of a database as it stands now: what a backup is. Ends whoever is connected to it. */
export const copyOf = async (database: TestDatabase): Promise<TestDatabase> => {
  const name = new URL(database.url).pathname.slice(1);
  const copy = `${name}_copy_${Math.random().toString(36).slice(2, 8)}`;
  const admin = new URL(database.url);
  admin.pathname = '/postgres';
  const work = <T>(text: string): Promise<T> => onServer(admin.href, (client) => client.query(text) as Promise<T>);
  await work(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
  await work(`create database ${copy} template ${name}`);
  const renamed = (url: string): string => {
    const result = new URL(url);
    result.pathname = `/${copy}`;
    return result.href;
  };
  return {
    url: renamed(database.url),
    appUrl: renamed(database.appUrl),
    folder: database.folder,
    drop: async () => {
      await work(`drop database if exists ${copy} with (force)`);
    },
  };
};

/** Does something as the owner of everything, triggers out of the way: what no role of ours may. */
export const tamper = async (database: TestDatabase, ...statements: readonly string[]): Promise<void> => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('set session_replication_role = replica');
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
};
