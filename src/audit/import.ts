import pg from 'pg';
import { type Cell, copyRows } from '../database/copy-rows.js';
import { type DocumentName, documentsOf, type RecordedEvent } from '../domain/events.js';
import { claimsOf } from '../domain/invoices.js';
import { readLine } from '../event-log/record.js';
import { type CommandKey, CommandKeys } from './command-keys.js';
import { epochIn, originOf } from './sealer.js';
import { leafHash } from './merkle.js';
import { linesIn } from './log-file.js';

/** An export that is not taken in, and why. */
export class ImportError extends Error {
  override readonly name = 'ImportError';
}

/** What is left of a receipt where only the line tells of the request: no request is like it. */
const unknownRequest = 'imported';

interface ImportedLog {
  readonly ledgerId: string;
  /** Of lines, all of which were verified before. */
  readonly file: string;
  /** The origin that the log was sealed as where it comes from. */
  readonly origin: string;
  /** What origins begin with here. */
  readonly base: string;
}

/**
 * Takes an export in as a ledger: the same lines, positions and hashes, byte for byte, in one transaction. What the log
 * keeps beside the lines is made from them: documents, batches, closings, the numbers that invoices hold, and the keys of
 * requests, which are then refused rather than recorded twice.
 *
 * @param ownerUrl of a role that may write to the log's tables: this does not go through the API
 * @throws {ImportError} if there is such a ledger already
 */
export const importLog = async (
  ownerUrl: string,
  { ledgerId, file, origin, base }: ImportedLog,
  progress: (lines: number) => void = () => undefined,
): Promise<{ readonly events: number; readonly epoch: number }> => {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'duebook import' });
  await client.connect();
  try {
    await client.query('begin');
    const { rowCount } = await client.query('insert into log.ledgers (ledger_id) values ($1) on conflict do nothing', [
      ledgerId,
    ]);
    if (rowCount === 0)
      throw new ImportError(`There is a ledger ${ledgerId} already: an export goes into an empty one.`);
    let events = 0;
    const batches = new Batches();
    const keys = new CommandKeys();
    for await (const lines of linesIn(file)) {
      const recorded = lines.map((line) => ({ line, event: readLine(line.toString('utf8')) }));
      await writeLines(client, ledgerId, recorded);
      await writeBeside(
        client,
        ledgerId,
        recorded.map(({ event }) => event),
        batches,
        keys,
      );
      events += lines.length;
      progress(events);
    }
    await copyRows(client, commitColumns, batches.end(ledgerId));
    await writeReceipts(client, ledgerId, keys.end());
    // A copy never goes on under the name of what it is a copy of.
    const epoch = epochIn(origin) + 1;
    await client.query('select log.open_epoch($1, $2, $3, $4, null)', [
      ledgerId,
      epoch,
      originOf(base, ledgerId, epoch),
      events,
    ]);
    await client.query('commit');
    return { events, epoch };
  } finally {
    await client.end();
  }
};

const commitColumns = 'log.commits (ledger_id, first_position, last_position, recorded_at)';

const writeLines = (
  client: pg.ClientBase,
  ledgerId: string,
  recorded: readonly { readonly line: Buffer; readonly event: RecordedEvent }[],
): Promise<void> =>
  copyRows(
    client,
    'log.events (ledger_id, position, stream, stream_version, type, effective_on, recorded_at, line, leaf_hash)',
    recorded.map(({ line, event }) => {
      // What was read has all that stands on its line.
      const { stream, streamVersion } = event as unknown as { readonly stream: string; readonly streamVersion: number };
      const { position, type, effectiveOn, recordedAt } = event;
      const text = line.toString('utf8');
      return [ledgerId, position, stream, streamVersion, type, effectiveOn, recordedAt, text, leafHash(line)];
    }),
  );

const writeBeside = async (
  client: pg.ClientBase,
  ledgerId: string,
  events: readonly RecordedEvent[],
  batches: Batches,
  keys: CommandKeys,
): Promise<void> => {
  const documents: Cell[][] = [];
  const claims: Cell[][] = [];
  const periods: Cell[][] = [];
  const commits: Cell[][] = [];
  const posted = await invoicesOf(client, ledgerId, events);
  for (const event of events) {
    const { position } = event;
    for (const name of new Set<DocumentName>(documentsOf(event))) documents.push([ledgerId, name, position]);
    commits.push(...batches.add(ledgerId, event));
    if (event.type === 'PeriodClosed' || event.type === 'PeriodReopened')
      periods.push([ledgerId, position, event.data.closedThrough]);
    if (event.type !== 'InvoicePosted' && event.type !== 'InvoiceReversed') continue;
    const released = event.type === 'InvoiceReversed';
    const invoice = released ? posted.get(event.data.invoiceId)! : event.data;
    for (const { value, qualifier } of claimsOf(invoice, false, released))
      claims.push([ledgerId, value, position, `invoice/${invoice.invoiceId}`, qualifier, released]);
  }
  await copyRows(client, 'log.event_documents (ledger_id, document, position)', documents);
  await copyRows(client, 'log.claims (ledger_id, value, position, document, qualifier, released)', claims);
  await copyRows(client, 'log.periods (ledger_id, position, closed_through)', periods);
  await copyRows(client, commitColumns, commits);
  await writeReceipts(client, ledgerId, keys.add(events));
};

/** The invoices that some events reverse, as they were posted: among these events, or before. */
export const invoicesOf = async (
  client: pg.ClientBase,
  ledgerId: string,
  events: readonly RecordedEvent[],
): Promise<Map<string, Extract<RecordedEvent, { type: 'InvoicePosted' }>['data']>> => {
  const reversed = events.flatMap((event) =>
    event.type === 'InvoiceReversed' ? [`invoice/${event.data.invoiceId}`] : [],
  );
  const { rows } = await client.query<{ line: string }>(
    `select e.line from log.event_documents d join log.events e on e.ledger_id = d.ledger_id and e.position = d.position
      where d.ledger_id = $1 and d.document = any ($2) and e.type = 'InvoicePosted'`,
    [ledgerId, reversed],
  );
  const all = [...rows.map(({ line }) => readLine(line)), ...events];
  return new Map(
    all.flatMap((event) => (event.type === 'InvoicePosted' ? [[event.data.invoiceId, event.data] as const] : [])),
  );
};

const writeReceipts = (client: pg.ClientBase, ledgerId: string, keys: readonly CommandKey[]): Promise<void> =>
  copyRows(
    client,
    'log.receipts (ledger_id, key, request_hash, status, location, body, first_position, last_position)',
    keys.map(({ key, first, last }) => [ledgerId, key, unknownRequest, 201, '', '', first, last]),
  );

/** The batches that a log was recorded in: what has the same instant came together. */
class Batches {
  #open: { first: number; last: number; recordedAt: string } | undefined;

  /** @returns the batch before, if the event begins another */
  add(ledgerId: string, { position, recordedAt }: RecordedEvent): Cell[][] {
    if (this.#open?.recordedAt === recordedAt) {
      this.#open.last = position;
      return [];
    }
    const ended = this.end(ledgerId);
    this.#open = { first: position, last: position, recordedAt };
    return ended;
  }

  end(ledgerId: string): Cell[][] {
    return this.#open ? [[ledgerId, this.#open.first, this.#open.last, this.#open.recordedAt]] : [];
  }
}
