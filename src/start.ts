import pg from 'pg';
import type { Logger } from 'pino';
import type { App } from './app.module.js';
import { type Config, type DatabaseConfig, explainListenError } from './config.js';
import { EmbeddedPostgresError, startEmbedded } from './database/embedded.js';
import { migrate } from './database/migrate.js';
import { type FirstToken, readOrMakeToken } from './first-token.js';
import { StartError } from './start-error.js';

/** The whole application, running. */
export interface Running {
  /** Where it answers, without a slash at the end. */
  readonly url: string;
  readonly token: FirstToken;
  /** Lets what is under way end, then stops everything. Call it once. */
  close(): Promise<void>;
}

interface Database {
  /** Of the role that the application works as. */
  readonly url: string;
  readonly readUrl: string;
  /** Of the role that owns the schema. */
  readonly ownerUrl: string;
  close(): Promise<void>;
}

/**
 * Starts the application: the database, its schema, then the server.
 *
 * @throws {ConfigError | SecretFileError | StartError} where a setting, a file or the database has to be put right first
 */
export const start = async (config: Config, logger: Logger): Promise<Running> => {
  const database = await openDatabase(config, logger);
  let token: FirstToken;
  let app: App;
  try {
    // Not before there is a database: a new token is shown once, by a start that succeeds.
    token = await readOrMakeToken(config);
    // Not with the imports: commands need the database and not the whole server, which takes a second to load.
    const { createApp } = await import('./app.module.js');
    app = await createApp(config, { url: database.url, readUrl: database.readUrl, token: token.value, logger });
  } catch (error) {
    await database.close();
    throw explainListenError(error, config);
  }
  return {
    url: app.url,
    token,
    // The database last: until then, everything that was taken in has to be answered.
    close: async () => {
      await app.close();
      await database.close();
    },
  };
};

/**
 * Opens the database of the settings, its schema up to date. Any number of processes may have it open.
 *
 * @throws {StartError}
 */
export const openDatabase = (config: Config, logger: Logger): Promise<Database> =>
  config.database ? openGiven(config.database, logger) : openEmbedded(config, logger);

/** Brings the schema of the configured database up to date, without starting the application. */
export const migrateOnly = async (config: Config, logger: Logger): Promise<string[]> => {
  if (config.database) return migrateGiven(config.database);
  const postgres = await startPostgres(config, logger);
  try {
    return await migrate(postgres.url);
  } finally {
    await postgres.stop();
  }
};

const startPostgres = async (config: Config, logger: Logger) => {
  try {
    return await startEmbedded({
      directory: config.dataDirectory,
      log: (message) => {
        logger.info(message);
      },
    });
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw new StartError(error.message, { cause: error });
    throw error;
  }
};

const openEmbedded = async (config: Config, logger: Logger): Promise<Database> => {
  const postgres = await startPostgres(config, logger);
  try {
    await migrate(postgres.url);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  // Not as the owner, though it is our own server: the log is append-only for those who own nothing in it.
  return { url: postgres.appUrl, readUrl: postgres.appUrl, ownerUrl: postgres.url, close: () => postgres.stop() };
};

const migrateGiven = async (database: DatabaseConfig): Promise<string[]> => {
  const setting = database.migrationUrl === database.url ? 'DATABASE_URL' : 'DATABASE_MIGRATION_URL';
  await ask(setting, database.migrationUrl, async (client) => {
    const { rows } = await client.query<{ number: string; version: string }>(
      `select current_setting('server_version_num') as number, current_setting('server_version') as version`,
    );
    const [server] = rows;
    if (Number(server?.number) < oldestServer) {
      throw new StartError(
        `${setting}: Duebook needs PostgreSQL 15 or newer; this is ${server?.version ?? 'unknown'}.`,
      );
    }
  });
  try {
    return await migrate(database.migrationUrl);
  } catch (error) {
    if (codeOf(error) !== insufficientPrivilege) throw error;
    throw new StartError(
      `${setting}: role ${roleOf(database.migrationUrl)} may not set up the schema (${(error as Error).message}). ` +
        'Set DATABASE_MIGRATION_URL to a role that may; docs/operations.md says what it needs.',
      { cause: error },
    );
  }
};

const oldestServer = 150_000;
const insufficientPrivilege = '42501';

const openGiven = async (database: DatabaseConfig, logger: Logger): Promise<Database> => {
  const ran = await migrateGiven(database);
  if (ran.length > 0) logger.info({ migrations: ran }, 'the schema is up to date now');

  await ask('DATABASE_URL', database.url, async (client) => {
    const rights = await rightsOf(client);
    if (!rights.there) {
      throw new StartError(
        'DATABASE_URL names another database than DATABASE_MIGRATION_URL: this one has no schema "log".',
      );
    }
    if (!rights.canWork) {
      throw new StartError(
        `DATABASE_URL: role ${rights.role} needs the rights of duebook_app: grant duebook_app to ${rights.role}`,
      );
    }
    if (rights.canTamper) {
      logger.warn(
        `role ${rights.role} of DATABASE_URL owns the log or has rights to change it; ` +
          'give the application a role of its own that is only a member of duebook_app (docs/operations.md)',
      );
    }
  });
  if (database.readUrl !== database.url) {
    await ask('DATABASE_READ_URL', database.readUrl, async (client) => {
      const { there, canRead, role } = await rightsOf(client);
      if (!there || !canRead) {
        throw new StartError(
          `DATABASE_READ_URL: role ${role} can't read the books there: it needs to be a member of duebook_app in the same database, or in a replica of it.`,
        );
      }
    });
  }
  const { url, readUrl, migrationUrl } = database;
  return { url, readUrl, ownerUrl: migrationUrl, close: () => Promise.resolve() };
};

interface Rights {
  readonly role: string;
  readonly there: boolean;
  readonly canWork: boolean;
  readonly canRead: boolean;
  readonly canTamper: boolean;
}

const rightsOf = async (client: pg.Client): Promise<Rights> => {
  const { rows } = await client.query<Rights>(`
    select current_user as role,
           events.oid is not null and books.oid is not null as there,
           coalesce(has_table_privilege(books.oid, 'select'), false) as "canRead",
           coalesce(has_table_privilege(events.oid, 'select') and has_table_privilege(books.oid, 'insert')
                    and has_function_privilege(append.oid, 'execute'), false) as "canWork",
           coalesce(has_table_privilege(events.oid, 'insert, update, delete, truncate'), false) as "canTamper"
      from (select 1) one
      left join pg_namespace l on l.nspname = 'log'
      left join pg_namespace b on b.nspname = 'books'
      left join pg_class events on events.relnamespace = l.oid and events.relname = 'events'
      left join pg_class books on books.relnamespace = b.oid and books.relname = 'checkpoints'
      left join pg_proc append on append.pronamespace = l.oid and append.proname = 'append'`);
  const [rights] = rows;
  if (!rights) throw new Error('the catalogue gave no answer');
  return rights;
};

const connectTimeLimitMs = 10_000;

/** Does something on a connection of its own. @throws {StartError} if none can be had, naming the setting */
const ask = async (setting: string, url: string, work: (client: pg.Client) => Promise<void>): Promise<void> => {
  const client = await connect(setting, url);
  try {
    await work(client);
  } finally {
    await client.end();
  }
};

const connect = async (setting: string, url: string): Promise<pg.Client> => {
  let client: pg.Client | undefined;
  try {
    client = new pg.Client({
      connectionString: url,
      application_name: 'duebook start',
      connectionTimeoutMillis: connectTimeLimitMs,
    });
    client.on('error', () => undefined); // a connection that breaks fails what waits on it
    await client.connect();
    return client;
  } catch (error) {
    await client?.end().catch(() => undefined);
    throw new StartError(`${setting}: ${whyNot(error, url)}`, { cause: error });
  }
};

/** Why there is no connection, without the password. */
const whyNot = (error: unknown, url: string): string => {
  const { host, pathname } = new URL(url);
  const code = codeOf(error);
  switch (code) {
    case '28P01':
    case '28000':
      return `the server at ${host} does not let role ${roleOf(url)} in (${(error as Error).message}): check user and password.`;
    case '3D000':
      return `the server at ${host} has no database ${plain(pathname.slice(1))}: create it first.`;
    case '57P03':
      return `the server at ${host} is only just starting or stopping: try again in a moment.`;
    case '53300':
      return `the server at ${host} has no connection left to give.`;
    default: {
      const { message } = error as Error;
      const reason = message === '' ? (code ?? 'no reason given') : message;
      // Ours to say: pg asks for a password of the right type where none is given.
      if (reason.includes('client password must be a string')) {
        return `the server at ${host} asks role ${roleOf(url)} for a password, and the URL has none.`;
      }
      return /^(E(CONN|HOST|NET|TIMEDOUT|NOTFOUND|AI_AGAIN)|timeout)/.test(code ?? reason)
        ? `no PostgreSQL answers at ${host} (${code ?? reason}): is it running, and is this its address?`
        : `no connection to ${host}: ${reason}`;
    }
  }
};

const roleOf = (url: string): string => {
  const { username } = new URL(url);
  return username === '' ? '(none given)' : plain(username);
};

/** A part of a URL without its percent signs, if they are right. */
const plain = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** TypeORM wraps what the driver says. */
const codeOf = (error: unknown): string | undefined => {
  const { code, driverError } = error as { code?: string; driverError?: { code?: string } };
  return driverError?.code ?? code;
};
