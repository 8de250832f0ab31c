import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

export type Cell = string | number | bigint | boolean | Buffer | null | undefined;

/**
 * Adds rows in bulk, in the transaction that is open.
 *
 * @param target table and columns, such as `books.live (ledger_id, generation)`
 */
export const copyRows = async (
  client: pg.ClientBase,
  target: string,
  rows: readonly (readonly Cell[])[],
): Promise<void> => {
  if (rows.length === 0) return;
  await copy(client, target, Readable.from(slicesOf(rows)));
};

const copy = (client: pg.ClientBase, target: string, rows: Readable): Promise<void> =>
  pipeline(rows, client.query(copyFrom(`copy ${target} from stdin`)));

const rowsPerSlice = 1_000;

/** Others have the thread between two slices. */
async function* slicesOf(rows: readonly (readonly Cell[])[]): AsyncGenerator<string> {
  for (let from = 0; from < rows.length; from += rowsPerSlice) {
    if (from > 0) await nextTurn();
    const slice = rows.slice(from, from + rowsPerSlice);
    yield slice.map(rowText).join('');
  }
}

/** Rows for COPY that are packed as they come, so that what they are made from need not be kept until they are written. */
export class PackedRows {
  #texts: string[] = [];
  readonly #packs: Buffer[] = [];

  add(row: readonly Cell[]): void {
    this.#texts.push(rowText(row));
    if (this.#texts.length === rowsPerPack) this.#pack();
  }

  /** Adds them to a table, as `copyRows` does. */
  async copyTo(client: pg.ClientBase, target: string): Promise<void> {
    if (this.#texts.length > 0) this.#pack();
    if (this.#packs.length > 0) await copy(client, target, Readable.from(this.#packs));
  }

  #pack(): void {
    this.#packs.push(Buffer.from(this.#texts.join('')));
    this.#texts = [];
  }
}

const rowsPerPack = 100;

const rowText = (row: readonly Cell[]): string => `${row.map(textOf).join('\t')}\n`;

const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A value in the text format of COPY. */
const textOf = (value: Cell): string => {
  if (value === undefined || value === null) return '\\N';
  if (typeof value === 'string') return value.replace(/[\\\t\n\r]/g, (sign) => escapes[sign]!);
  return Buffer.isBuffer(value) ? `\\\\x${value.toString('hex')}` : String(value);
};
