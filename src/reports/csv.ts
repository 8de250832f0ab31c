import type { Moment } from './as-of.js';

/** A number as it is to stand in a CSV file: a spreadsheet should read it as one, minus sign and all. */
export class Figure {
  constructor(readonly text: string) {}
}

export type Cell = string | Figure | null;

/** A row's values as cells: amounts and numbers are figures, the columns named are text. */
export const cellsOf = (
  row: Readonly<Record<string, string | number | null>>,
  columns: readonly string[],
  texts: ReadonlySet<string>,
): Cell[] =>
  columns.map((column) => {
    const value = row[column] ?? null;
    return value === null || texts.has(column) ? (value as string | null) : new Figure(String(value));
  });

/** What a spreadsheet would take for the beginning of a formula. */
const formulaStart = /^[=+\-@\t\r]/;

const textOf = (cell: Cell): string => {
  if (cell === null) return '';
  if (cell instanceof Figure) return cell.text;
  const text = formulaStart.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/**
 * One line of a CSV file (RFC 4180), its line break included. Text that a spreadsheet would run as a formula gets a
 * leading apostrophe.
 */
export const csvLine = (cells: readonly Cell[]): string => `${cells.map(textOf).join(',')}\r\n`;

/** The columns that every file begins with: a line cut out of it still says what it speaks of. */
export const momentColumns: readonly string[] = ['ledger', 'asOf', 'knownAt', 'position'];

export const momentCells = ({ ledger, asOf, knownAt, position }: Moment): Cell[] => [
  ledger,
  asOf,
  knownAt,
  new Figure(String(position)),
];
