import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { isLocalDate } from '../domain/calendar.js';
import { Rejection } from '../domain/rejection.js';
import type { EventLog } from '../event-log/event-log.js';
import { extract, type ExtractName } from '../extracts/extracts.js';
import { Books, NotYetThere } from '../projections/books.js';
import { type Moment, normalInstant, ReportReader } from '../reports/as-of.js';
import { usage } from './command.js';

/** What `duebook export` takes for extracts. */
export interface ExtractOptions {
  readonly out?: string;
  readonly to?: number;
  readonly auditData?: boolean;
  readonly hledger?: boolean;
  readonly beancount?: boolean;
  readonly asOf?: string;
  readonly knownAt?: string;
  readonly from?: string;
}

/** @throws {UsageError} for options that only extracts have, without one */
export const extractsAskedFor = ({ auditData, hledger, beancount, ...options }: ExtractOptions): ExtractName[] => {
  const names: ExtractName[] = [
    ...(auditData ? (['invoices-received', 'invoices-received-lines', 'supplier-listing'] as const) : []),
    ...(hledger ? (['hledger'] as const) : []),
    ...(beancount ? (['beancount'] as const) : []),
  ];
  const { asOf, knownAt, from, to } = options;
  for (const [option, value] of Object.entries({ '--as-of': asOf, '--known-at': knownAt, '--from': from }))
    if (names.length === 0 && value !== undefined)
      usage(`${option} goes with an extract: --audit-data, --hledger or --beancount.`);
  if (from !== undefined && !auditData) usage('--from goes with --audit-data.');
  if (knownAt !== undefined && to !== undefined) usage('Give --known-at or --to: they say the same in two ways.');
  for (const [option, day] of Object.entries({ '--as-of': asOf, '--from': from }))
    if (day !== undefined && !isLocalDate(day)) usage(`${option} must be a day that exists, as YYYY-MM-DD.`);
  if (knownAt !== undefined && normalInstant(knownAt) === undefined)
    usage('--known-at must be an instant in UTC with at most 6 decimals, such as 2023-10-31T09:00:00.000000Z.');
  return names;
};

/** Writes extracts of one moment into a folder, which is made. */
export const writeExtracts = async (
  pool: pg.Pool,
  log: EventLog,
  ledgerId: string,
  names: readonly ExtractName[],
  { out = '.', to, asOf, knownAt, from }: ExtractOptions,
): Promise<Moment & { readonly files: readonly string[] }> => {
  const reader = new ReportReader(log, new Books(pool), pool);
  try {
    const moment = await reader.momentOf(ledgerId, {
      ...(asOf !== undefined && { asOf }),
      ...(knownAt !== undefined && { knownAt }),
      ...(to !== undefined && { knownAtPosition: String(to) }),
    });
    await mkdir(out, { recursive: true });
    const files: string[] = [];
    for (const name of names) {
      const { file, content } = await extract(name, (work) => reader.read(moment, work), moment, from);
      const path = join(out, file);
      await writeWhole(path, Readable.from(content));
      files.push(path);
    }
    return { ...moment, files };
  } catch (error) {
    if (error instanceof NotYetThere) return notYetThere(error);
    if (error instanceof Rejection) return usage(reasonsOf(error));
    throw error;
  }
};

/** Writes a file that is there only once it is whole: what is written until then is `<file>.part`. */
export const writeWhole = async (file: string, content: Readable): Promise<void> => {
  const part = `${file}.part`;
  try {
    await pipeline(content, createWriteStream(part));
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
};

/** Waits until the books go as far as a position. @throws {UsageError} if they don't within 5 seconds */
export const booksUpTo = async (pool: pg.Pool, ledgerId: string, position: number): Promise<void> => {
  try {
    await new Books(pool).reach(ledgerId, position);
  } catch (error) {
    if (error instanceof NotYetThere) notYetThere(error);
    throw error;
  }
};

const notYetThere = ({ position, asked }: NotYetThere): never => {
  const less = position > 0 ? `, or say --to ${position}` : '';
  return usage(
    `The books go up to position ${position} only, not ${asked}: start Duebook, which folds them further${less}.`,
  );
};

/** A refusal in words: what is at fault with which option. */
const reasonsOf = ({ detail, facts: { errors = [] } }: Rejection): string =>
  errors.length === 0
    ? detail
    : errors.map(({ pointer, detail: fault }) => `${optionOf[pointer] ?? pointer} ${fault}.`).join(' ');

const optionOf: Readonly<Record<string, string>> = {
  '/knownAtPosition': '--to',
  '/knownAt': '--known-at',
  '/from': '--from',
};
