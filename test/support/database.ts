import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onServer, urlFor, type Cluster } from './cluster.js';

export interface TestDatabase {
  /** As the owner: for migrations, and for tampering. */
  readonly url: string;
  /** As the application connects: a member of `duebook_app`, which owns nothing. */
  readonly appUrl: string;
  /** The data folder of applications on this database. Theirs to make. */
  readonly folder: string;
  /** Also ends whatever is still connected. */
  drop(): Promise<void>;
}

/**
 * A database for one test file, cloned from the migrated template; with `migrated: false` an empty one.
 *
 * @example
 * let database: TestDatabase;
 * beforeAll(async () => (database = await createTestDatabase()));
 * afterAll(() => database.drop());
 */
export const createTestDatabase = async ({ migrated = true } = {}): Promise<TestDatabase> => {
  if (!process.env.TEST_CLUSTER) throw new Error('Only int and e2e tests have a database');
  const cluster = JSON.parse(process.env.TEST_CLUSTER) as Cluster;
  const name = `${cluster.prefix}_${randomBytes(4).toString('hex')}`;
  await onServer(cluster.url, (client) =>
    client.query(`create database ${name} template ${migrated ? cluster.template : 'template0'}`),
  );
  const folder = join(tmpdir(), name);
  return {
    folder,
    url: urlFor(cluster.url, name),
    appUrl: urlFor(cluster.url, name, cluster.appUser, cluster.appPassword),
    drop: async () => {
      await onServer(cluster.url, (client) => client.query(`drop database if exists ${name} with (force)`));
      await rm(folder, { recursive: true, force: true });
    },
  };
};
