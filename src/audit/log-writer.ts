import type pg from 'pg';
import { PackedRows } from '../database/copy-rows.js';
import { type DataOf, documentsOf, type RecordedEvent } from '../domain/events.js';
import { claimsOf } from '../domain/invoices.js';
import { readLine, type StoredLine } from '../event-log/record.js';
import { type CommandKey, CommandKeys } from './command-keys.js';
import { schemaFault } from './event-schemas.js';
import type { EventOnLine } from './verify.js';

/** What is left of a receipt where only the line tells of the request: no request is like it. */
const unknownRequest = 'imported';

const tables = {
  events: 'log.events (ledger_id, position, stream, stream_version, type, effective_on, recorded_at, line, leaf_hash)',
  documents: 'log.event_documents (ledger_id, document, position)',
  claims: 'log.claims (ledger_id, value, position, document, qualifier, released)',
  periods: 'log.periods (ledger_id, position, closed_through)',
  commits: 'log.commits (ledger_id, first_position, last_position, recorded_at)',
  receipts: 'log.receipts (ledger_id, key, request_hash, status, location, body, first_position, last_position)',
} as const;

/** What is yet to be written. */
class Page {
  readonly events = new PackedRows();
  readonly documents = new PackedRows();
  readonly claims = new PackedRows();
  readonly periods = new PackedRows();
  readonly commits = new PackedRows();
  readonly receipts = new PackedRows();
  readonly reversals: Extract<RecordedEvent, { type: 'InvoiceReversed' }>[] = [];
}

/**
 * Writes the lines of a log that is good, from the first on, in the transaction that is open. What the log keeps beside
 * them is made from them: documents, batches, closings, the numbers that invoices hold, and the keys of requests, which
 * are then refused rather than recorded twice.
 */
export class LogWriter {
  #page = new Page();
  readonly #batches = new Batches();
  readonly #keys = new CommandKeys();

  constructor(
    private readonly client: pg.ClientBase,
    readonly ledgerId: string,
  ) {}

  /** Takes the next line, given without its newline. */
  add(line: Buffer, leaf: Buffer, event: EventOnLine): void {
    const { ledgerId } = this;
    const { position, stream, streamVersion, type, effectiveOn, recordedAt } = event;
    const text = line.toString('utf8');
    this.#page.events.add([
      ...[ledgerId, position, stream, streamVersion, type, effectiveOn, recordedAt],
      ...[text, leaf],
    ]);
    for (const name of new Set(documentsOf(event))) this.#page.documents.add([ledgerId, name, position]);
    if (event.type === 'InvoicePosted') this.#claim(event.data, position, false);
    if (event.type === 'InvoiceReversed') this.#page.reversals.push(event);
    if (event.type === 'PeriodClosed' || event.type === 'PeriodReopened')
      this.#page.periods.add([ledgerId, position, event.data.closedThrough]);
    this.#addBatches(this.#batches.add(event));
    this.#addReceipts(this.#keys.add([event]));
  }

  /** Writes what was added. More may be added meanwhile, and is written next time. */
  async write(): Promise<void> {
    const page = this.#page;
    this.#page = new Page();
    await this.#copy(page, 'events', 'documents');
    // By now those reversed are there, also where they were posted on this page.
    const posted = await invoicesOf(this.client, this.ledgerId, page.reversals);
    for (const { position, data } of page.reversals) this.#claim(posted.get(data.invoiceId)!, position, true, page);
    await this.#copy(page, 'claims', 'periods', 'commits', 'receipts');
  }

  /** Writes the rest, with what is known only once no line follows. */
  async end(): Promise<void> {
    this.#addBatches(this.#batches.end());
    this.#addReceipts(this.#keys.end());
    await this.write();
  }

  #claim(invoice: DataOf<'InvoicePosted'>, position: number, released: boolean, page = this.#page): void {
    for (const { value, qualifier } of claimsOf(invoice, false, released))
      page.claims.add([this.ledgerId, value, position, `invoice/${invoice.invoiceId}`, qualifier, released]);
  }

  #addBatches(batches: readonly Batch[]): void {
    for (const { first, last, recordedAt } of batches) this.#page.commits.add([this.ledgerId, first, last, recordedAt]);
  }

  #addReceipts(keys: readonly CommandKey[]): void {
    for (const { key, first, last } of keys)
      this.#page.receipts.add([this.ledgerId, key, unknownRequest, 201, '', '', first, last]);
  }

  async #copy(page: Page, ...names: readonly (keyof typeof tables)[]): Promise<void> {
    for (const name of names) await page[name].copyTo(this.client, tables[name]);
  }
}

/** The event on a line, if it is one: what is wrong with a line that is none is found where it stands. */
const readable = (line: string): RecordedEvent[] => {
  try {
    const event = readLine(line);
    return schemaFault(JSON.parse(line) as StoredLine) === undefined ? [event] : [];
  } catch {
    return [];
  }
};

/** The invoices that some events reverse, as they were posted: among these events, or before. */
export const invoicesOf = async (
  client: pg.ClientBase,
  ledgerId: string,
  events: readonly RecordedEvent[],
): Promise<Map<string, DataOf<'InvoicePosted'>>> => {
  const reversed = events.flatMap((event) =>
    event.type === 'InvoiceReversed' ? [`invoice/${event.data.invoiceId}`] : [],
  );
  if (reversed.length === 0) return new Map();
  const { rows } = await client.query<{ line: string }>(
    `select e.line from log.event_documents d join log.events e on e.ledger_id = d.ledger_id and e.position = d.position
      where d.ledger_id = $1 and d.document = any ($2) and e.type = 'InvoicePosted'`,
    [ledgerId, reversed],
  );
  const all = [...rows.flatMap(({ line }) => readable(line)), ...events];
  return new Map(
    all.flatMap((event) => (event.type === 'InvoicePosted' ? [[event.data.invoiceId, event.data] as const] : [])),
  );
};

interface Batch {
  readonly first: number;
  last: number;
  readonly recordedAt: string;
}

/** The batches that a log was recorded in: what has the same instant came together. */
class Batches {
  #open: Batch | undefined;

  /** @returns the batch before, if the event begins another */
  add({ position, recordedAt }: RecordedEvent): Batch[] {
    if (this.#open?.recordedAt === recordedAt) {
      this.#open.last = position;
      return [];
    }
    const ended = this.end();
    this.#open = { first: position, last: position, recordedAt };
    return ended;
  }

  end(): Batch[] {
    return this.#open ? [this.#open] : [];
  }
}
