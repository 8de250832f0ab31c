import { Zip, ZipDeflate } from 'fflate';
import { fixedParts, rowsOf, sheetEnd, sheetPath, sheetStart } from './sheet-xml.js';
import { slicesOf } from './slices.js';
import { texts, type Column, type Table } from './table.js';

/** Rows that one sheet holds, its header among them. */
export const mostRows = 1_048_576;

/** Lines that sum up others stand out. */
const isSum = /^(totals|opening$|closing$)/;

/**
 * A table as an XLSX workbook: the report on one sheet and what it is about on another. The same table gives the same
 * bytes: nothing in it tells when it was made, and it is compressed here and not by the platform, whose bytes differ
 * from one version and one processor to another.
 *
 * @param name what the first sheet is called
 */
export async function* xlsxParts(name: string, table: Table): AsyncGenerator<Uint8Array> {
  const sheets = [name, 'parameters'];
  const parts: [path: string, content: Iterable<string> | AsyncIterable<string>][] = [
    ...Object.entries(fixedParts(sheets)).map(([path, content]): [string, string[]] => [path, [content]]),
    [sheetPath(0), sheetOf(table)],
    [sheetPath(1), parametersOf(table)],
  ];
  const ready: Uint8Array[] = [];
  const zip = new Zip((error, bytes) => {
    if (error) throw error;
    ready.push(bytes);
  });
  for (const [path, content] of parts) {
    const file = new ZipDeflate(path, { level: 3 });
    file.mtime = earliest;
    zip.add(file);
    let size = 0;
    for await (const slice of slicesOf(content)) {
      const bytes = Buffer.from(slice);
      size += bytes.length;
      if (size > mostBytes) throw new Error(`a workbook has a file of more than ${mostBytes} bytes`);
      file.push(bytes);
      yield* ready.splice(0);
    }
    file.push(new Uint8Array(0), true);
  }
  zip.end();
  yield* ready;
}

/** A longer file a zip file can't have in the form that all spreadsheets read. */
const mostBytes = 0xffff_ffff;

/** What a zip file can say at the least, in whichever time zone it is written. */
const earliest = new Date(1980, 0, 1);

async function* sheetOf({ columns, lines }: Table): AsyncGenerator<string> {
  const rowXml = rowsOf(columns);
  const sums = columns.findIndex(({ name }) => name === 'row');
  let number = 1;
  yield sheetStart(columns) + headerXml(columns);
  for await (const line of lines) {
    number += 1;
    if (number > mostRows) throw new Error('a report has more rows than a sheet holds: it should have been refused');
    yield rowXml(line, number, isSum.test(String(line[sums])));
  }
  yield sheetEnd;
}

const headerXml = (columns: readonly Column[]): string => {
  const names = columns.map(({ name }) => name);
  return rowsOf(texts(...names))(names, 1, true);
};

/** A name and a value in each row. */
const parametersOf = ({ about, asked }: Table): string[] => {
  const [name, text] = texts('name', 'value');
  const parameters = [
    ...about,
    ...Object.entries(asked).map(([asking, value]) => ({ name: asking, kind: 'text' as const, value })),
  ];
  const rows = parameters.map((parameter, place) =>
    rowsOf([name!, { name: 'value', kind: parameter.kind }])([parameter.name, parameter.value], place + 2, false),
  );
  return [sheetStart([name!, text!]), headerXml([name!, text!]), ...rows, sheetEnd];
};
