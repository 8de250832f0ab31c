import { createPublicKey, type KeyObject } from 'node:crypto';
import pg from 'pg';
import { readKey, readOrMakeKey } from '../audit/keys.js';
import { Outside } from '../audit/outside.js';
import { installationBase, Sealer, type Sealing } from '../audit/sealer.js';
import { installationLedger } from '../domain/access.js';
import { EventLog } from '../event-log/event-log.js';
import { SecretFileError } from '../files/secret-file.js';
import { openDatabase } from '../start.js';
import { usage, UsageError } from './command.js';
import { settings } from './settings.js';

/** What commands that need the database work with. */
export interface Workplace {
  /** As the application. */
  readonly pool: pg.Pool;
  readonly log: EventLog;
  /** Connects as the owner of the log. */
  readonly ownerUrl: string;
  /** Where signed checkpoints are kept. */
  readonly outside: () => Promise<Outside>;
  /** Of the key of this installation; undefined if there is none yet. */
  readonly publicKey: () => Promise<KeyObject | undefined>;
  /** What sealing takes, with the key of this installation, which is made if there is none. */
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
  const report = (err: unknown): void => {
    logger.warn({ err }, 'the proof of a ledger');
  };
  const originBase = async (): Promise<string> => config.checkpointOrigin ?? installationBase(await log.requestKey());
  const outside = async (): Promise<Outside> =>
    new Outside(config.checkpointDirectory, await originBase(), config.checkpointUrl, report);
  const sealing = async (): Promise<Sealing> => ({
    base: await originBase(),
    privateKey: await readOrMakeKey(config).catch(inOneLine),
    outside: await outside(),
    nowMs: Date.now,
    report,
  });
  try {
    return await work({
      pool,
      log,
      ownerUrl: database.ownerUrl,
      outside,
      publicKey: async () => {
        const privateKey = await readKey(config).catch(inOneLine);
        return privateKey && createPublicKey(privateKey);
      },
      sealing,
      sealer: async () => new Sealer(pool, log, await sealing()),
    });
  } finally {
    await pool.end();
    await database.close();
  }
};

/** A key file that can't be used is for whoever runs the command to put right. */
const inOneLine = (error: unknown): never => {
  throw error instanceof SecretFileError ? new UsageError(error.message) : error;
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
