import { NotAcceptableException } from '@nestjs/common';
import { type Format, formats } from './queries.js';

const mediaTypes: Readonly<Record<Format, string>> = { json: 'application/json', csv: 'text/csv' };

/** The header `Content-Type` of each format. */
export const contentTypes: Readonly<Record<Format, string>> = {
  json: 'application/json; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
};

/** Nothing that the request accepts is something that a report comes as: 406. */
export class NotAcceptable extends NotAcceptableException {
  readonly code = 'not-acceptable';

  /** What to ask for instead. */
  readonly offered: readonly string[] = Object.values(mediaTypes);

  constructor() {
    super(
      `Reports come as ${Object.values(mediaTypes).join(' or ')}: accept one of these, or say ?format=json or csv.`,
    );
  }
}

/**
 * The format that a request asks for: by `?format`, else by `Accept`. Of what is equally welcome, that which is named
 * more precisely, then JSON.
 *
 * @throws {NotAcceptable}
 */
export const formatOf = (asked: Format | undefined, accept: string | undefined): Format => {
  if (asked !== undefined) return asked;
  const welcome = formats
    .map((format) => ({ format, ...qualityOf(accept, mediaTypes[format]) }))
    .filter(({ quality }) => quality > 0);
  const [best] = welcome.sort((a, b) => b.quality - a.quality || b.precision - a.precision);
  if (!best) throw new NotAcceptable();
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
