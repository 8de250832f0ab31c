import { Readable } from 'node:stream';
// Not the whole of Nest, which takes long to load: the planning thread makes files too.
import { NotAcceptableException } from '@nestjs/common/exceptions/not-acceptable.exception.js';
import type { Moment } from './as-of.js';
import { csvParts } from './csv.js';
import { inSlices } from './slices.js';
import type { Table } from './table.js';
import { mostRows, xlsxParts } from './xlsx.js';

export const formats = ['json', 'csv', 'xlsx'] as const;
export type Format = (typeof formats)[number];

/** What each format is called in `Accept`. */
export const mediaTypes: Readonly<Record<Format, string>> = {
  json: 'application/json',
  csv: 'text/csv',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** The headers of a report. @param name its own, as in its address */
export const headersOf = (
  name: string,
  { ledger, asOf, position }: Omit<Moment, 'knownAt'>,
  format: Format,
): Record<string, string> => ({
  'content-type': mediaTypes[format] + (format === 'xlsx' ? '' : '; charset=utf-8'),
  'ledger-position': String(position),
  vary: 'accept',
  ...(format !== 'json' && { 'content-disposition': `attachment; filename="${name}-${ledger}-${asOf}.${format}"` }),
});

/**
 * A report's table as a file.
 *
 * @param name the report's own, as in its address
 * @throws {NotAcceptableException} if it has more rows than a sheet holds
 */
export const fileOf = async (format: Exclude<Format, 'json'>, name: string, table: Table): Promise<Readable> => {
  if (format === 'csv') return inSlices(csvParts(table));
  if ((await table.size()) >= mostRows) {
    const most = mostRows.toLocaleString('en-GB');
    throw new NotAcceptableException(
      `This report has more rows than the ${most} that a sheet holds: ask for it as CSV or JSON, or for less of it, such as one currency.`,
    );
  }
  return Readable.from(xlsxParts(name, table), { objectMode: false });
};

/**
 * The format that a request asks for: by `?format`, else by `Accept`. Of what is equally welcome, that which is named
 * more precisely, then JSON.
 *
 * @throws {NotAcceptableException}
 */
export const formatOf = (asked: Format | undefined, accept: string | undefined): Format => {
  if (asked !== undefined) return asked;
  const welcome = formats
    .map((format) => ({ format, ...qualityOf(accept, mediaTypes[format]) }))
    .filter(({ quality }) => quality > 0);
  const [best] = welcome.sort((a, b) => b.quality - a.quality || b.precision - a.precision);
  if (!best) {
    const offered = Object.values(mediaTypes).join(', ');
    throw new NotAcceptableException(
      `Reports come as ${offered}: accept one of these, or say ?format=${formats.join(', ')}.`,
    );
  }
  return best.format;
};

/**
 * How welcome a media type is by `Accept`: the most precise range that it falls under says it (RFC 9110, 12.5.1).
 *
 * @returns the quality, 0 to 1, where 0 means "not this"; and how precise that range is: 2 where it names the type
 *   itself, 1 a part of it, 0 everything, -1 where there is none
 */
export const qualityOf = (accept: string | undefined, type: string): { quality: number; precision: number } =>
  rangesOf(accept?.trim() ? accept : '*/*')
    .filter((range) => covers(range.type, type))
    .map((range) => ({ quality: range.quality, precision: precision(range.type) }))
    .reduce((best, next) => (best.precision >= next.precision ? best : next), { quality: 0, precision: -1 });

interface Range {
  readonly type: string;
  /** 0 to 1; 0 means "not this". */
  readonly quality: number;
}

const rangesOf = (accept: string): Range[] =>
  accept.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const isGood = quality === undefined || /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(quality);
    return { type, quality: isGood ? Number(quality ?? 1) : 0 };
  });

const covers = (range: string, type: string): boolean =>
  range === '*/*' || range === type || (range.endsWith('/*') && type.startsWith(range.slice(0, -1)));

const precision = (range: string): number => (range === '*/*' ? 0 : range.endsWith('/*') ? 1 : 2);
