/** The bench's own PostgreSQL: embedded, in a temporary folder, with the durability that PostgreSQL has by default. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '#duebook/database/migrate.js';
import { startEmbedded } from '#duebook/database/embedded.js';

export interface Server {
  /** As the superuser, to the database `postgres`. */
  readonly url: string;
  /** Makes a database; `migrated` ones are the application's, and are used as its role. */
  database(name: string, options?: { migrated?: boolean }): Promise<Database>;
  /** Writes everything out, so that one side does not pay for what the other one left behind. */
  checkpoint(): Promise<void>;
  stop(): Promise<void>;
}

export interface Database {
  /** As the owner. */
  readonly url: string;
  /** As the application's role, which owns nothing. */
  readonly appUrl: string;
}

export const startServer = async (): Promise<Server> => {
  const directory = await mkdtemp(join(tmpdir(), 'duebook-bench-'));
  await chmod(directory, 0o711); // run by root, PostgreSQL has another account, which has to pass through
  // Room for two sides with 64 clients each; nothing else differs from what `npm start` runs on.
  const postgres = await startEmbedded({ directory, log: () => undefined, settings: { max_connections: '200' } });
  const admin = new pg.Client({ connectionString: withDatabase(postgres.url, 'postgres') });
  await admin.connect();
  return {
    url: withDatabase(postgres.url, 'postgres'),
    database: async (name, { migrated = false } = {}) => {
      await admin.query(`create database ${name}`);
      const database = { url: withDatabase(postgres.url, name), appUrl: withDatabase(postgres.appUrl, name) };
      if (migrated) await migrate(database.url);
      return database;
    },
    checkpoint: async () => {
      await admin.query('checkpoint');
    },
    stop: async () => {
      await admin.end();
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const withDatabase = (url: string, name: string): string => {
  const result = new URL(url);
  result.pathname = `/${name}`;
  return result.href;
};
