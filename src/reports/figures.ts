import { type Amount, type Currency, formatMinor, type Minor } from '../domain/money.js';

/** A sum as the database gives it: text, or null over no rows. */
export type Sum = string | null;

/** Amounts in minor units by the name of their column, in the order of the columns. */
export type Figures<Column extends string = string> = Readonly<Record<Column, Minor>>;

export const minorOf = (sum: Sum | undefined): Minor => BigInt(sum ?? 0);

/** Column by column, over all rows. With no rows every column is there, and zero. */
export const totalOf = <Column extends string>(
  columns: readonly Column[],
  rows: readonly Figures<Column>[],
): Figures<Column> =>
  Object.fromEntries(
    columns.map((column) => [column, rows.reduce((total, row) => total + row[column], 0n)]),
  ) as unknown as Figures<Column>;

/** The same columns, written with all decimals of the currency. */
export const written = <Column extends string>(figures: Figures<Column>, currency: Currency): Record<Column, Amount> =>
  Object.fromEntries(
    Object.entries<Minor>(figures).map(([column, minor]) => [column, formatMinor(minor, currency)]),
  ) as Record<Column, Amount>;

/** Adds amounts to a row, column by column, written with all decimals of the currency. */
export const withAmounts = <Cell>(
  row: Record<string, Cell>,
  columns: readonly string[],
  figures: readonly Minor[],
  currency: Currency,
): Record<string, Cell | Amount> => {
  const extended: Record<string, Cell | Amount> = row;
  columns.forEach((column, place) => (extended[column] = formatMinor(figures[place] ?? 0n, currency)));
  return extended;
};

/** Rows that the database has put in the order of their currencies, apart by currency. */
export const byCurrency = <R extends { readonly currency: Currency }>(rows: readonly R[]): Map<Currency, R[]> => {
  const parts = new Map<Currency, R[]>();
  for (const row of rows) {
    const part = parts.get(row.currency);
    if (part) part.push(row);
    else parts.set(row.currency, [row]);
  }
  return parts;
};
