import { readdir } from 'node:fs/promises';
import pg from 'pg';
import { DataSource, type DataSourceOptions, type MigrationInterface } from 'typeorm';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;
type MigrationClass = new () => MigrationInterface;

/**
 * The one way to a TypeORM data source. It never changes the schema: migrations are hand-written and run by
 * `migrate`, since what TypeORM would generate drops every constraint that no entity declares.
 */
export const createDataSource = (
  url: string,
  options: Partial<Omit<PostgresOptions, 'type' | 'url'>> = {},
): DataSource =>
  new DataSource({
    applicationName: 'duebook',
    migrationsTableName: 'migrations',
    ...options,
    type: 'postgres',
    url,
    synchronize: false,
    migrationsRun: false,
  });

/**
 * Brings the schema up to date, each migration in a transaction of its own. Of several instances that start at once
 * one migrates while the others wait, and these then find nothing left to do.
 *
 * @param url of the role that is to own the schema
 * @returns the names of the migrations that ran, in order
 */
export const migrate = async (url: string): Promise<string[]> => {
  const migrations = await loadMigrations();
  // A connection of its own: the lock is the session's, so it ends with us however we end.
  const guard = new pg.Client({ connectionString: url, application_name: 'duebook migration lock' });
  guard.on('error', () => undefined); // losing it fails the query that waits, or else costs no more than the lock
  await guard.connect();
  try {
    await guard.query('select pg_advisory_lock($1)', [migrationLock]);
    const dataSource = await createDataSource(url, { migrations }).initialize();
    try {
      const done = await dataSource.runMigrations({ transaction: 'each' });
      return done.map(({ name }) => name);
    } finally {
      await dataSource.destroy();
    }
  } finally {
    await guard.end();
  }
};

/** Any number will do, as long as nothing else in this database takes the same advisory lock. */
const migrationLock = 0x64_75_65_62; // "dueb"

/**
 * The classes of `migrations/<timestamp>-<name>`: .js in a build, .ts in tests. Imported here rather than by
 * TypeORM's own file patterns, which don't work under a test runner that has its own module loader.
 */
const loadMigrations = async (): Promise<MigrationClass[]> => {
  const directory = new URL('./migrations/', import.meta.url);
  const files = (await readdir(directory)).filter((name) => /^\d+-[\w-]+\.(js|ts)$/.test(name)).sort();
  const classes: MigrationClass[] = [];
  // One after the other: Jest's module loader trips over imports that share what they import in turn.
  for (const name of files) {
    const module = (await import(new URL(name, directory).href)) as Record<string, unknown>;
    classes.push(...Object.values(module).filter(isClass));
  }
  return classes;
};

const isClass = (value: unknown): value is MigrationClass => typeof value === 'function';
