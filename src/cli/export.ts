import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { inTransaction, snapshot } from '../database/transaction.js';
import { beside, ExportError, exportLog } from '../audit/export.js';
import { type CommonOptions, outcome, Progress, usage, UsageError } from './command.js';
import { booksUpTo, type ExtractOptions, extractsAskedFor, writeExtracts, writeWhole } from './extracts.js';
import { atWork, ledgerNamed } from './workplace.js';

export interface ExportOptions extends CommonOptions, ExtractOptions {
  readonly csv?: boolean;
}

export const exportLedger = async (name: string | undefined, options: ExportOptions): Promise<void> => {
  const extracts = extractsAskedFor(options);
  if (extracts.length > 0 && options.csv) usage('Ask for --csv or for an extract, not for both.');
  await atWork(async ({ pool, log }) => {
    const ledgerId = await ledgerNamed(log, name);
    if (extracts.length > 0) {
      const { files, ...moment } = await writeExtracts(pool, log, ledgerId, extracts, options);
      outcome(options, { ...moment, files }, [
        `As of ${moment.asOf}, as known at position ${moment.position}, wrote`,
        ...files.map((file) => `  ${file}`),
      ]);
      return;
    }
    const head = (await log.head(ledgerId))?.position ?? 0;
    const through = options.to ?? head;
    if (through > head) usage(`Ledger ${ledgerId} has ${head} events, not ${through}.`);
    if (options.csv) {
      await booksUpTo(pool, ledgerId, through);
      const files = await exportBooks(pool, ledgerId, options.out ?? ledgerId, through);
      outcome(options, { ledger: ledgerId, files }, [
        `Wrote ${files.map(({ file, rows }) => `${rows} rows to ${file}`).join(', ')}.`,
      ]);
      return;
    }
    const file = options.out ?? `${ledgerId}.ndjson`;
    const progress = new Progress('Exporting', through);
    try {
      const { events, resumedAt, covered } = await exportLog(pool, ledgerId, file, through, (lines) => {
        progress.to(lines);
      });
      progress.end();
      outcome(options, { ledger: ledgerId, file, ...beside(file), events, resumedAt, covered }, [
        `Wrote ${events - resumedAt} events of ledger ${ledgerId} to ${file}, ${events} in all.`,
        covered === 0
          ? 'No checkpoint covers them yet.'
          : `Beside it: a checkpoint of ${covered} events, the public keys, the hashes of the lines.`,
      ]);
    } catch (error) {
      throw error instanceof ExportError ? new UsageError(error.message) : error;
    }
  });
};

/** The lines of the live books, each table in one file. */
const exportBooks = (
  pool: pg.Pool,
  ledgerId: string,
  out: string,
  to: number,
): Promise<{ file: string; rows: number }[]> =>
  inTransaction(pool, snapshot, async (client) => {
    const files: { file: string; rows: number }[] = [];
    for (const [name, columns] of Object.entries(tables)) {
      const file = `${out}.${name}.csv`;
      // COPY takes no parameters; what is put in was looked up, or is a number.
      const stream = client.query(
        copyTo(`copy (select ${columns} from books.${name}_lines
                 where ledger_id = ${client.escapeLiteral(ledgerId)} and position <= ${to}
                   and generation = (select generation from books.live where ledger_id = ${client.escapeLiteral(ledgerId)})
                 order by position, line) to stdout with (format csv, header)`),
      );
      await writeWhole(file, stream);
      files.push({ file, rows: stream.rowCount });
    }
    return files;
  });

/** Amounts are in minor units of the currency beside them. */
const tables: Readonly<Record<string, string>> = {
  subledger:
    'position, line, effective_on, currency, vendor_id, item_type, item_id, document_date, original_due_on, due_on, planned_on, owed, held, disputed, kind',
  journal: 'position, line, effective_on, event_type, item_type, item_id, vendor_id, account, currency, debit, credit',
};
