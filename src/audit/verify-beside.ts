import type pg from 'pg';
import { documentsOf, type RecordedEvent } from '../domain/events.js';
import { claimsOf } from '../domain/invoices.js';
import { type CommandKey, CommandKeys } from './command-keys.js';
import { invoicesOf } from './log-writer.js';
import { type Tile, tileWidth } from './merkle.js';
import type { Finding } from './verify.js';

const rowsPerFetch = 5_000;

/** A row beside the log, in words that tell it from every other, and the position that it is kept for. */
interface Row {
  readonly position: number;
  readonly text: string;
}

/** The documents whose history an event is part of. */
const documentRows = (event: RecordedEvent): Row[] =>
  [...new Set(documentsOf(event))].map((text) => ({ position: event.position, text }));

const periodRows = (event: RecordedEvent): Row[] =>
  event.type === 'PeriodClosed' || event.type === 'PeriodReopened'
    ? [{ position: event.position, text: event.data.closedThrough ?? 'nothing' }]
    : [];

/** What invoices hold and give up: their numbers, and what makes them look alike. */
const claimRows = async (client: pg.ClientBase, ledgerId: string, events: readonly RecordedEvent[]): Promise<Row[]> => {
  const posted = await invoicesOf(client, ledgerId, events);
  return events.flatMap((event) => {
    if (event.type !== 'InvoicePosted' && event.type !== 'InvoiceReversed') return [];
    const isReleased = event.type === 'InvoiceReversed';
    const invoice = isReleased ? posted.get(event.data.invoiceId) : event.data;
    // One that there is not is found as a fault of the event.
    if (!invoice) return [];
    return claimsOf(invoice, false, isReleased).map(({ value, qualifier }) => ({
      position: event.position,
      text: `${value} (${qualifier}) of invoice/${invoice.invoiceId}${isReleased ? ', released' : ''}`,
    }));
  });
};

const receiptRows = (keys: readonly CommandKey[]): Row[] =>
  keys.map(({ key, first, last }) => ({ position: first, text: `key ${key} of positions ${first} to ${last}` }));

/** A table, read in the order of the positions that its rows are for, and compared with what the lines make. */
class Table {
  #rows: Row[] = [];
  #at = 0;
  #isOpen = false;

  /** @param sql selects `position` and `text` of the rows of a ledger, `$1` */
  constructor(
    private readonly client: pg.ClientBase,
    private readonly ledgerId: string,
    private readonly name: string,
    private readonly sql: string,
    private readonly found: (finding: Finding) => void,
  ) {}

  /**
   * Compares the rows up to a position, after the one of the last call.
   *
   * @param unread positions of lines that are no events: what is kept for them can't be judged
   */
  async check(expected: readonly Row[], unread: ReadonlySet<number>, through: number): Promise<void> {
    const keyOf = ({ position, text }: Row): string => `${position} ${text}`;
    const lacking = new Map(expected.map((row) => [keyOf(row), row]));
    for (let row = await this.#next(); row && row.position <= through; row = await this.#next()) {
      this.#at += 1;
      if (!lacking.delete(keyOf(row)) && !unread.has(row.position))
        this.#wrong(row.position, `${this.name} has what no line makes: ${row.text}`);
    }
    for (const { position, text } of lacking.values()) this.#wrong(position, `${this.name} lacks ${text}`);
  }

  /** What is kept for positions after the last line. */
  async end(): Promise<void> {
    const first = await this.#next();
    if (!first) return;
    let last = first;
    for (let row: Row | undefined = first; row; row = await this.#next()) {
      last = row;
      this.#at += 1;
    }
    const detail = `${this.name} has rows beyond the events that there are`;
    this.found({ check: 'table', position: first.position, through: last.position, detail });
  }

  /** The row at hand, until it is passed by. */
  async #next(): Promise<Row | undefined> {
    if (this.#at === this.#rows.length && (!this.#isOpen || this.#rows.length > 0)) {
      const cursor = `verify_${this.name.replace('log.', '')}`;
      if (!this.#isOpen)
        await this.client.query(`declare ${cursor} cursor for ${this.sql} order by 1, 2`, [this.ledgerId]);
      this.#isOpen = true;
      const { rows } = await this.client.query<{ position: string; text: string }>(
        `fetch ${rowsPerFetch} from ${cursor}`,
      );
      this.#rows = rows.map(({ position, text }) => ({ position: Number(position), text }));
      this.#at = 0;
    }
    return this.#rows[this.#at];
  }

  #wrong(position: number, detail: string): void {
    this.found({ check: 'table', position, detail });
  }
}

/** What the log keeps beside its lines, so that it need not read them: all of it can be made from them again. */
export class KeptBeside {
  readonly #documents: Table;
  readonly #periods: Table;
  readonly #claims: Table;
  readonly #receipts: Table;
  readonly #keys = new CommandKeys();

  /** @param client in a transaction that sees one state of the database */
  constructor(
    private readonly client: pg.ClientBase,
    private readonly ledgerId: string,
    found: (finding: Finding) => void,
  ) {
    const table = (name: string, sql: string): Table => new Table(client, ledgerId, name, sql, found);
    this.#documents = table(
      'log.event_documents',
      'select position, document as text from log.event_documents where ledger_id = $1',
    );
    this.#periods = table(
      'log.periods',
      `select position, coalesce(closed_through::text, 'nothing') as text from log.periods where ledger_id = $1`,
    );
    this.#claims = table(
      'log.claims',
      `select position, value || ' (' || qualifier || ') of ' || document || case when released then ', released' else '' end as text
         from log.claims where ledger_id = $1`,
    );
    // Those of requests that recorded nothing have no first position.
    this.#receipts = table(
      'log.receipts',
      `select first_position as position, 'key ' || key || ' of positions ' || first_position || ' to ' || last_position as text
         from log.receipts where ledger_id = $1 and first_position is not null`,
    );
  }

  /**
   * Compares what is kept with what some lines in a row make.
   *
   * @param events  as they were read, in order
   * @param unread  the positions of those of the lines that are no events
   * @param through the position of the last line
   */
  async check(events: readonly RecordedEvent[], unread: ReadonlySet<number>, through: number): Promise<void> {
    await this.#documents.check(events.flatMap(documentRows), unread, through);
    await this.#periods.check(events.flatMap(periodRows), unread, through);
    await this.#claims.check(await claimRows(this.client, this.ledgerId, events), unread, through);
    const receipts = receiptRows(this.#keys.add(events));
    await this.#receipts.check(receipts, unread, this.#keys.through);
  }

  async end(): Promise<void> {
    await this.#documents.end();
    await this.#periods.end();
    await this.#claims.end();
    await this.#receipts.check(receiptRows(this.#keys.end()), new Set(), this.#keys.last);
    await this.#receipts.end();
  }
}

/**
 * The batches of log.batches have each a place in the log: behind all that was recorded before them, and before what was
 * recorded later. Several may have the same place, if only one of them recorded anything.
 */
export const checkBatches = async (
  client: pg.ClientBase,
  ledgerId: string,
  found: (finding: Finding) => void,
): Promise<void> => {
  const { rows } = await client.query<{ batch_id: string; first_position: string }>(
    `select b.batch_id, b.first_position
       from log.batches b
       left join lateral (select recorded_at from log.commits
                           where ledger_id = $1 and last_position = b.first_position - 1) before on true
       left join lateral (select first_position, recorded_at from log.commits
                           where ledger_id = $1 and last_position >= b.first_position
                           order by last_position limit 1) own on true
      where b.ledger_id = $1
        and (b.first_position <> 1 and before.recorded_at is null
             or b.recorded_at <= before.recorded_at
             or b.recorded_at > own.recorded_at
             or b.first_position <> own.first_position)
      order by b.first_position`,
    [ledgerId],
  );
  for (const { batch_id, first_position } of rows)
    found({
      check: 'table',
      position: Number(first_position),
      detail: `log.batches has batch ${batch_id} where or when none was recorded`,
    });
};

/** The tiles that proofs are made of have the hashes of the tree over the lines. */
export class SealedTiles {
  #wrong: { readonly from: number; through: number; count: number } | undefined;

  /** @param size of the newest tree that was sealed: further tiles are not kept yet */
  constructor(
    private readonly client: pg.ClientBase,
    private readonly ledgerId: string,
    private readonly size: number,
    private readonly found: (finding: Finding) => void,
  ) {}

  async check(tiles: readonly Tile[]): Promise<void> {
    const kept = tiles.filter((tile) => endOf(tile) <= this.size);
    const { rows } = await this.client.query<{ place: string }>({
      name: 'verify-tiles',
      text: `select t.place from unnest($2::int[], $3::bigint[], $4::bytea[], $5::bytea[]) with ordinality t (level, index, root, hashes, place)
              where not exists (select from log.tiles k
                                 where k.ledger_id = $1 and k.level = t.level and k.index = t.index
                                   and k.root = t.root and k.hashes = t.hashes)
              order by t.place`,
      values: [
        this.ledgerId,
        kept.map(({ level }) => level),
        kept.map(({ index }) => index),
        kept.map(({ root }) => root),
        kept.map(({ hashes }) => Buffer.concat(hashes)),
      ],
    });
    for (const { place } of rows) {
      const tile = kept[Number(place) - 1]!;
      this.#wrong ??= { from: endOf(tile) - linesOf(tile) + 1, through: 0, count: 0 };
      this.#wrong.through = Math.max(this.#wrong.through, endOf(tile));
      this.#wrong.count += 1;
    }
  }

  /** Once, since a line that is missing makes all tiles after it others. */
  end(): void {
    if (!this.#wrong) return;
    const { from, through, count } = this.#wrong;
    const detail = `log.tiles does not have the hashes of these lines: ${count} ${count === 1 ? 'tile' : 'tiles'}`;
    this.found({ check: 'table', position: from, through, detail });
  }
}

/** How many lines a tile is over. */
const linesOf = ({ level }: Tile): number => tileWidth ** (level + 1);

/** The last position that a tile is over. */
const endOf = (tile: Tile): number => (tile.index + 1) * linesOf(tile);
