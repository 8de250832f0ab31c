import type { Moment } from './as-of.js';

// A report as lines and columns: what its CSV file and its sheet have in common.

/** What stands in a column. Amounts are decimal strings, days `YYYY-MM-DD`, numbers whole and without a unit. */
export type Kind = 'text' | 'day' | 'amount' | 'number';

export interface Column {
  readonly name: string;
  readonly kind: Kind;
}

export type Value = string | number | null;

/** The values of a line, in the order of the columns. */
export type Line = readonly Value[];

export interface Table {
  /** What the report is about: the same for every line. */
  readonly about: readonly (Column & { readonly value: Value })[];
  /** What was asked for beside it, by the name of the parameter; null where nothing was. */
  readonly asked: Readonly<Record<string, string | null>>;
  /** One of them is named `row` where some lines sum up others. */
  readonly columns: readonly Column[];
  readonly lines: Iterable<Line> | AsyncIterable<Line>;
  /** How many lines there are; of more than a sheet holds, only that there are more. */
  readonly size: () => number | Promise<number>;
}

const columnsOf =
  (kind: Kind) =>
  (...names: readonly string[]): Column[] =>
    names.map((name) => ({ name, kind }));

export const texts = columnsOf('text');
export const days = columnsOf('day');
export const amounts = columnsOf('amount');
export const numbers = columnsOf('number');

/** What every table is about: a line cut out of it still says what it speaks of. */
export const aboutMoment = ({ ledger, asOf, knownAt, position }: Moment): Table['about'] => [
  { name: 'ledger', kind: 'text', value: ledger },
  { name: 'asOf', kind: 'day', value: asOf },
  { name: 'knownAt', kind: 'text', value: knownAt },
  { name: 'position', kind: 'number', value: position },
];

/** A row's values in the order of the columns; null where the row has none. */
export const lineOf = (row: Readonly<Record<string, Value>>, columns: readonly Column[]): Line =>
  columns.map(({ name }) => row[name] ?? null);

/** How many lines a report has that gives one to each row and one to the totals of each currency. */
export const sizeOf = (currencies: readonly { readonly rows: readonly unknown[] }[]): number =>
  currencies.reduce((size, { rows }) => size + rows.length + 1, 0);
