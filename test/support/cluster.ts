/**
 * The database cluster of one test run: the one of DATABASE_URL_TEST, else a container where a Docker engine answers,
 * else the embedded PostgreSQL in a temporary folder. Each test file then takes a database of its own (database.ts).
 */
import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../src/database/migrate.js';
import { startEmbedded } from '../../src/database/embedded.js';

/** What the workers are told, by way of the environment. */
export interface Cluster {
  /** Of a role that may create roles and databases. */
  readonly url: string;
  /** Begins the name of everything that this run makes. */
  readonly prefix: string;
  /** A migrated database, to be cloned. */
  readonly template: string;
  readonly appUser: string;
  readonly appPassword: string;
}

interface Server {
  url: string;
  stop: () => Promise<void>;
}

let server: Server | undefined;
let cluster: Cluster | undefined;

export const startCluster = async (): Promise<void> => {
  server = (await fromUrl()) ?? (await inContainer()) ?? (await embedded());
  // Jest leaves without its teardown on these.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void stopCluster().finally(() => process.exit(1)));
  }

  const prefix = `duebook_test_${randomBytes(4).toString('hex')}`;
  cluster = {
    url: server.url,
    prefix,
    template: `${prefix}_template`,
    appUser: `${prefix}_server`,
    appPassword: randomBytes(12).toString('hex'),
  };
  await onServer(server.url, async (client) => {
    const { rowCount } = await client.query(`select from pg_roles where rolname = 'duebook_app'`);
    if (!rowCount) await client.query('create role duebook_app nologin');
    await client.query(`create role ${cluster!.appUser} login password '${cluster!.appPassword}' in role duebook_app`);
    await client.query(`create database ${cluster!.template} template template0 encoding 'UTF8'`);
  });
  await migrate(urlFor(server.url, cluster.template));
  process.env.TEST_CLUSTER = JSON.stringify(cluster);
};

export const stopCluster = async (): Promise<void> => {
  const [running, made] = [server, cluster];
  [server, cluster] = [undefined, undefined];
  if (!running) return;
  if (made && process.env.DATABASE_URL_TEST) {
    // This one outlives us, so it gets back what we took.
    await onServer(running.url, async (client) => {
      const { rows } = await client.query<{ datname: string }>(
        `select datname from pg_database where starts_with(datname, $1)`,
        [made.prefix],
      );
      for (const { datname } of rows) await client.query(`drop database ${datname} with (force)`);
      await client.query(`drop role ${made.appUser}`);
    });
  }
  await running.stop();
};

/** The same server, another database and, where given, another user. */
export const urlFor = (url: string, database: string, user?: string, password?: string): string => {
  const result = new URL(url);
  result.pathname = `/${database}`;
  if (user !== undefined) result.username = user;
  if (password !== undefined) result.password = password;
  return result.href;
};

export const onServer = async <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};

const fromUrl = async (): Promise<Server | undefined> => {
  const url = process.env.DATABASE_URL_TEST;
  return url ? Promise.resolve({ url, stop: () => Promise.resolve() }) : undefined;
};

const inContainer = async (): Promise<Server | undefined> => {
  if (!(await dockerAnswers())) return undefined;
  const image = process.env.POSTGRES_IMAGE ?? 'postgres:18';
  // Imported only here: it takes longer to load than the embedded server takes to start.
  const { PostgreSqlContainer } = await import('@testcontainers/postgresql');
  try {
    const container = await new PostgreSqlContainer(image).withUsername('postgres').start();
    return {
      url: container.getConnectionUri(),
      stop: async () => {
        await container.stop();
      },
    };
  } catch (error) {
    // An engine without a way to the registry is common; an image that was asked for by name has to work.
    if (process.env.POSTGRES_IMAGE) throw error;
    process.stderr.write(`No container from ${image} (${(error as Error).message}): using the embedded PostgreSQL.\n`);
    return undefined;
  }
};

const dockerAnswers = (): Promise<boolean> =>
  new Promise((resolve) => {
    const engine = new URL(process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock');
    const where =
      engine.protocol === 'unix:' ? { socketPath: engine.pathname } : { host: engine.hostname, port: engine.port };
    const ping = request({ ...where, path: '/_ping', timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy(new Error('no answer')));
    ping.on('error', () => {
      resolve(false);
    });
    ping.end();
  });

const embedded = async (): Promise<Server> => {
  await sweep();
  const directory = join(tmpdir(), `${folderPrefix}${String(process.pid)}`);
  // Tests lose nothing in a power cut, and run several times as fast. TEST_FSYNC=1 has them run as in production.
  const settings: Record<string, string> = process.env.TEST_FSYNC
    ? {}
    : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
  const postgres = await startEmbedded({
    directory,
    log: () => undefined,
    settings: { ...settings, max_connections: '200' },
  });
  return {
    url: postgres.url,
    stop: async () => {
      await postgres.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const folderPrefix = 'duebook-test-cluster-';

/** Runs that were killed leave their server behind, since it has a session of its own: joined, stopped and removed. */
const sweep = async (): Promise<void> => {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(folderPrefix) || isAlive(Number(name.slice(folderPrefix.length)))) continue;
    const directory = join(tmpdir(), name);
    try {
      const left = await startEmbedded({ directory, log: () => undefined });
      await left.stop();
      await rm(directory, { recursive: true, force: true });
    } catch (error) {
      process.stderr.write(`Left as it is: ${directory} (${(error as Error).message})\n`);
    }
  }
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
