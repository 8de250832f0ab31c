import pg from 'pg';
import { inTransaction } from '../database/transaction.js';
import { isConnectionLoss } from '../event-log/ledger-writer.js';
import type { Checkpoint } from './checkpoint.js';
import { LogWriter } from './log-writer.js';
import { epochIn, originOf } from './sealer.js';
import type { EventOnLine, Finding } from './verify.js';
import { type Taker, verifyFile } from './verify-file.js';

/** An export that is not taken in, and why. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}

interface ImportedLog {
  readonly file: string;
  /** That the export has to agree with. */
  readonly checkpoint: Checkpoint;
  /** The hashes that came beside it, whose tree is that of the checkpoint. */
  readonly leaves: Buffer | undefined;
  /** What origins begin with here. */
  readonly base: string;
}

interface Imported {
  readonly ledgerId: string;
  readonly events: number;
  readonly epoch: number;
}

/**
 * Takes an export in as a ledger: the same lines, positions and hashes, byte for byte. The file is read once: while the
 * database writes a page of lines, the next one is verified, and the one transaction that they are written in ends well
 * only if the whole file has verified. What was verified is thus what was written, whatever becomes of the file meanwhile.
 *
 * @param ownerUrl of a role that may write to the log's tables: this does not go through the API
 * @param report   told of everything that is wrong with the export
 * @param progress told of the lines done
 * @throws {ImportError} if anything is wrong with it, the checkpoint does not cover all of it, or there is such a ledger
 */
export const importLog = async (
  ownerUrl: string,
  { file, checkpoint: { origin, size, root }, leaves, base }: ImportedLog,
  report: (finding: Finding) => void,
  progress: (lines: number) => void = () => undefined,
): Promise<Imported> => {
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 1, application_name: 'duebook import' });
  try {
    return await inTransaction(pool, 'begin', async (client) => {
      const writing = new Writing(client);
      const verified = await verifyFile(
        { file, commitments: [{ name: 'the checkpoint', isSigned: true, size, root }], leaves },
        (finding) => {
          writing.giveUp();
          report(finding);
        },
        progress,
        writing,
      );
      const { ledger: ledgerId, events, findings } = verified;
      if (findings > 0)
        throw new ImportError(`The export does not verify, so nothing was taken in: ${findings} findings.`);
      if (events > size)
        throw new ImportError(
          `The checkpoint covers ${size} of ${events} events: export again once it covers all, or with --to ${size}.`,
        );
      if (events === 0) throw new ImportError('The export has no events, so there is nothing to take in.');
      await writing.end();
      // A copy never goes on under the name of what it is a copy of.
      const epoch = epochIn(origin) + 1;
      const values = [ledgerId, epoch, originOf(base, ledgerId, epoch), events];
      await client.query('select log.open_epoch($1, $2, $3, $4, null)', values);
      return { ledgerId, events, epoch };
    });
  } finally {
    await pool.end();
  }
};

/** Writes pages of verified lines, each while the next one is verified. */
class Writing implements Taker {
  #log: LogWriter | undefined;
  #begun: Promise<void> | undefined;
  #page: Promise<void> = Promise.resolve();
  #hasFault = false;
  #refusal: Error | undefined;
  #isOver = false;

  /** @param client in a transaction */
  constructor(private readonly client: pg.ClientBase) {}

  /** Something is wrong with the export: what comes is not written, and nothing stays of what was. */
  giveUp(): void {
    this.#hasFault = true;
  }

  line(line: Buffer, leaf: Buffer, event: EventOnLine | undefined): void {
    if (this.#hasFault || this.#isOver) return;
    // Where nothing is wrong, every line is an event.
    this.#log ??= new LogWriter(this.client, event!.ledger);
    this.#log.add(line, leaf, event!);
  }

  /** Waits until the page before is written. */
  async page(): Promise<void> {
    await this.#page;
    if (this.#isOver) return;
    this.#page = this.#hasFault ? this.#rollBack() : this.#write();
    this.#page.catch(() => undefined); // heard at the next page, or at the end
  }

  /** @throws why the database did not take the log in */
  async end(): Promise<void> {
    await this.#page;
    if (this.#refusal) throw this.#refusal;
    await this.#log!.end();
  }

  async #write(): Promise<void> {
    try {
      const log = this.#log!;
      await (this.#begun ??= this.#begin(log.ledgerId));
      await log.write();
    } catch (error) {
      if (isConnectionLoss(error)) throw error;
      // The export is read to its end all the same: what is wrong with it, if anything is, says more.
      this.#refusal = error as Error;
      await this.#rollBack();
    }
  }

  async #begin(ledgerId: string): Promise<void> {
    const { rowCount } = await this.client.query(
      'insert into log.ledgers (ledger_id) values ($1) on conflict do nothing',
      [ledgerId],
    );
    if (rowCount === 0)
      throw new ImportError(`There is a ledger ${ledgerId} already: an export goes into an empty one.`);
  }

  /** At once: nobody is kept waiting while the rest is read. */
  async #rollBack(): Promise<void> {
    this.#isOver = true;
    await this.client.query('rollback');
  }
}
