import pg from 'pg';
import type { Logger } from 'pino';
import { readOrMakeKey } from '../audit/keys.js';
import { Outside } from '../audit/outside.js';
import { installationBase, Sealer, type Sealing } from '../audit/sealer.js';
import type { Config } from '../config.js';
import { installationLedger } from '../domain/access.js';
import { EventLog } from '../event-log/event-log.js';
import { openDatabase } from '../start.js';
import { settings, usage } from './command.js';

/** What commands that need the database work with. */
export interface Workplace {
  readonly config: Config;
  readonly logger: Logger;
  /** As the application. */
  readonly pool: pg.Pool;
  readonly log: EventLog;
  /** Connects as the owner of the log. */
  readonly ownerUrl: string;
  /** What sealing takes, with the key of this installation. */
  readonly sealing: () => Promise<Sealing>;
  /** Seals ledgers, and compares them with what is kept outside; not started. */
  readonly sealer: () => Promise<Sealer>;
}

/** Does something with the database of the settings: beside a running Duebook, or while none runs. */
export const atWork = async <T>(work: (workplace: Workplace) => Promise<T>): Promise<T> => {
  const { config, logger } = settings();
  const database = await openDatabase(config, logger);
  const pool = new pg.Pool({ connectionString: database.url, max: 6, application_name: 'duebook command' });
  pool.on('error', () => undefined); // what waits on a connection that breaks fails with it
  const log = new EventLog(pool);
  const sealing = async (): Promise<Sealing> => {
    const base = config.checkpointOrigin ?? installationBase(await log.requestKey());
    const report = (err: unknown): void => {
      logger.warn({ err }, 'the proof of a ledger');
    };
    const outside = new Outside(config.checkpointDirectory, base, config.checkpointUrl, report);
    return { base, privateKey: await readOrMakeKey(config), outside, nowMs: Date.now, report };
  };
  try {
    return await work({
      config,
      logger,
      pool,
      log,
      ownerUrl: database.ownerUrl,
      sealing,
      sealer: async () => new Sealer(pool, log, await sealing()),
    });
  } finally {
    await pool.end();
    await database.close();
  }
};

/** The ledger of a name, or the only one with books; that of access has to be named. @throws {UsageError} */
export const ledgerNamed = async (log: EventLog, name: string | undefined): Promise<string> => {
  const ids = await log.ledgerIds();
  if (name !== undefined)
    return ids.includes(name) ? name : usage(`There is no ledger ${name}. Those that there are: ${list(ids)}.`);
  const [only, ...others] = ids.filter((id) => id !== installationLedger);
  if (only === undefined) return usage('There is no ledger yet.');
  return others.length === 0 ? only : usage(`Name one of the ledgers: ${list(ids)}.`);
};

const list = (ids: readonly string[]): string => (ids.length === 0 ? 'none' : ids.join(', '));
