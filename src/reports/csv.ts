import type { Column, Kind, Table, Value } from './table.js';

/** What a spreadsheet would take for the beginning of a formula. */
const formulaStart = /^[=+\-@\t\r]/;

/** A number stands as it is, minus sign and all: a spreadsheet should read it as one. */
const isFigure = (kind: Kind): boolean => kind === 'amount' || kind === 'number';

const cellOf = (value: Value, kind: Kind): string => {
  if (value === null) return '';
  if (isFigure(kind)) return String(value);
  const text = formulaStart.test(String(value)) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const cellsOf = (values: readonly Value[], columns: readonly Column[]): string =>
  columns.map(({ kind }, place) => cellOf(values[place] ?? null, kind)).join(',');

/**
 * A table as a CSV file (RFC 4180), line by line. Every line begins with what the table is about. Text that a
 * spreadsheet would run as a formula gets a leading apostrophe.
 */
export async function* csvParts({ about, columns, lines }: Table): AsyncGenerator<string> {
  const echo = cellsOf(
    about.map(({ value }) => value),
    about,
  );
  yield `${[...about, ...columns].map(({ name }) => name).join(',')}\r\n`;
  for await (const line of lines) yield `${echo},${cellsOf(line, columns)}\r\n`;
}
