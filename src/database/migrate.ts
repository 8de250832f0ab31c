import { readdir } from 'node:fs/promises';
import pg from 'pg';
import type { MigrationInterface } from 'typeorm';

type MigrationClass = new () => MigrationInterface;

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
    if (await haveRun(migrations, guard)) return [];
    // Not with the imports: nearly every start finds nothing to run, and TypeORM takes long to load.
    const { createDataSource } = await import('./data-source.js');
    const dataSource = await createDataSource(url, { migrations, migrationsTableName }).initialize();
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

/** The table that TypeORM keeps the names of those that ran in. */
const migrationsTableName = 'migrations';

const haveRun = async (migrations: readonly MigrationClass[], client: pg.Client): Promise<boolean> => {
  const { rowCount } = await client.query(`select where to_regclass('${migrationsTableName}') is not null`);
  if (!rowCount) return false;
  const { rows } = await client.query<{ name: string }>(`select name from ${migrationsTableName}`);
  const ran = new Set(rows.map(({ name }) => name));
  return migrations.every(({ name }) => ran.has(name));
};

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
