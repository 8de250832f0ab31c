/**
 * One record of a pipe-delimited file, its line break included. A field that has the delimiter, a quotation mark or a
 * line break in it is quoted as in CSV (RFC 4180), so that whoever reads it so gets back what was recorded, to the
 * character: nothing is replaced, and nothing put before what a spreadsheet would take for a formula.
 */
export const record = (fields: readonly string[]): string => `${fields.map(quoted).join('|')}\n`;

const quoted = (field: string): string => (/[|"\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);

/**
 * The fields of a record in the order of their names; those that are not given are empty.
 *
 * @throws {Error} for a field that is none of the names: a mistake in our code
 */
export const recordOf = (names: readonly string[], fields: Readonly<Record<string, string | undefined>>): string => {
  const odd = Object.keys(fields).filter((name) => !names.includes(name));
  if (odd.length > 0) throw new Error(`this file has no field ${odd.join(', ')}`);
  return record(names.map((name) => fields[name] ?? ''));
};
