import { isLocalDate, type Instant, type LocalDate } from '../domain/calendar.js';
import { accountOf, type Chart } from '../domain/chart-of-accounts.js';
import type { EventType } from '../domain/events.js';
import { type Amount, type Currency, formatMinor, type Minor } from '../domain/money.js';
import { type Moment, type MomentQuery, normalInstant, rejectParameter } from './as-of.js';
import { dayText, inScope, instantText, scopeValues } from './books-sql.js';
import { chartThen } from './chart.js';
import { minorOf } from './figures.js';
import type { Snapshot } from './snapshot.js';
import { aboutMoment, amounts, days, type Line as TableLine, numbers, type Table, texts } from './table.js';
import { mostRows } from './xlsx.js';

export interface JournalQuestion {
  readonly vendorId?: string | undefined;
  /** Entries that have a line on it; they come whole, since half an entry does not balance. */
  readonly account?: string | undefined;
  readonly currency?: Currency | undefined;
}

/** One side of a double entry. */
interface Line<Money> {
  readonly account: string;
  readonly name: string;
  readonly currency: Currency;
  readonly debit: Money;
  readonly credit: Money;
}

/** What one event posts on one day. Debits and credits are equal. */
interface Entry<Money> {
  readonly position: number;
  readonly effectiveOn: LocalDate;
  readonly recordedAt: Instant;
  readonly type: EventType;
  readonly documentType: string;
  readonly documentId: string;
  readonly vendorId: string;
  readonly lines: readonly Line<Money>[];
}

/** The entry after which a page begins: an event that posts on two days makes two entries. */
interface Place {
  readonly position: number;
  readonly effectiveOn: LocalDate;
}

export interface JournalReport extends Moment {
  readonly items: readonly Entry<Amount>[];
  readonly next: string | null;
}

/** Where a page goes on, and at which moment: all pages of a journal are of the same one. */
export interface Cursor extends Pick<Moment, 'asOf' | 'knownAt' | 'position'> {
  readonly after: Place;
}

const cursorOf = ({ asOf, knownAt, position, after }: Cursor): string =>
  Buffer.from(JSON.stringify([asOf, knownAt, position, after.position, after.effectiveOn])).toString('base64url');

/** @throws {Rejection} `malformed` for what is no cursor of ours */
export const readCursor = (text: string): Cursor => {
  const bad = (): never => rejectParameter('cursor', 'must be the `next` of an earlier page, unchanged');
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return bad();
  }
  if (!Array.isArray(parts) || parts.length !== 5) return bad();
  const [asOf, knownAt, position, afterPosition, effectiveOn] = parts as unknown[];
  const isDay = (value: unknown): value is LocalDate => typeof value === 'string' && isLocalDate(value);
  const isPosition = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  const isInstant = (value: unknown): value is Instant | null =>
    value === null || (typeof value === 'string' && normalInstant(value) === value);
  if (
    !isDay(asOf) ||
    !isInstant(knownAt) ||
    !isPosition(position) ||
    !isPosition(afterPosition) ||
    !isDay(effectiveOn)
  ) {
    return bad();
  }
  return { asOf, knownAt, position, after: { position: afterPosition, effectiveOn } };
};

/**
 * What to ask for to go on where a page ended.
 *
 * @throws {Rejection} `malformed` if the request names another moment than the page was of
 */
export const continued = (query: MomentQuery, { asOf, knownAt, position }: Cursor): MomentQuery => {
  const differs =
    (query.asOf ?? asOf) !== asOf ||
    (query.knownAtPosition !== undefined && Number(query.knownAtPosition) !== position) ||
    (query.knownAt !== undefined && normalInstant(query.knownAt) !== knownAt);
  if (differs)
    rejectParameter(
      'cursor',
      `is of a journal as of ${asOf} at position ${position}, and not of what is asked beside it`,
    );
  return { asOf, knownAtPosition: String(position), ...(query.atLeast !== undefined && { atLeast: query.atLeast }) };
};

interface Row {
  readonly position: string;
  readonly effective_on: LocalDate;
  readonly recorded_at: Instant;
  readonly event_type: EventType;
  readonly item_type: string;
  readonly item_id: string;
  readonly vendor_id: string;
  readonly account: string;
  readonly currency: Currency;
  readonly debit: string;
  readonly credit: string;
}

/** The entries after a place, as many as are asked for. */
const page = `
  with page as (
    select distinct position, effective_on from books.journal_lines
     where ${inScope} and ($6::text is null or vendor_id = $6) and ($7::text is null or account = $7)
       and position >= $8 and (position, effective_on) > ($8, $9::date)
     order by position, effective_on limit $10
  )`;

const linesOfPage = `
    from page p
    join books.journal_lines j
      on j.ledger_id = $1 and j.generation = $2 and j.position = p.position and j.effective_on = p.effective_on`;

/** `log.events` is asked for the instants only, by the keys of the page. */
const query = `${page}
  select j.position, ${dayText('j.effective_on')} as effective_on, ${instantText('e.recorded_at')} as recorded_at,
         j.event_type, j.item_type, j.item_id, j.vendor_id, j.account, j.currency, j.debit, j.credit
    ${linesOfPage}
    join log.events e on e.ledger_id = $1 and e.position = p.position
   order by j.position, j.effective_on, j.line`;

/** The lines, and one with the totals of each currency. */
const sizeQuery = `${page} select count(*) + count(distinct j.currency) as size ${linesOfPage}`;

const start: Place = { position: 0, effectiveOn: '0100-01-01' };

/** The entries after a place, in the order of recording, as many as there are up to a limit. Amounts in minor units. */
const entriesAfter = async (
  snapshot: Snapshot,
  moment: Moment,
  question: JournalQuestion,
  after: Place,
  limit: number,
): Promise<Entry<Minor>[]> => {
  const values = pageValues(snapshot, moment, question, after, limit);
  const entries = new Map<string, Entry<Minor> & { readonly lines: Line<Minor>[] }>();
  const chart = await chartThen(snapshot, moment.position);
  for (const row of await snapshot.query<Row>(query, values)) {
    const place = `${row.position}/${row.effective_on}`;
    const entry = entries.get(place);
    if (entry) entry.lines.push(lineOf(row, chart));
    else entries.set(place, entryOf(row, chart));
  }
  return [...entries.values()];
};

const pageValues = (
  snapshot: Snapshot,
  moment: Moment,
  { vendorId, account, currency }: JournalQuestion,
  after: Place,
  limit: number,
): unknown[] => [
  ...scopeValues(snapshot, moment, currency),
  ...[vendorId ?? null, account ?? null, after.position, after.effectiveOn, limit],
];

const entryOf = (row: Row, chart: Chart): Entry<Minor> & { readonly lines: Line<Minor>[] } => ({
  position: Number(row.position),
  effectiveOn: row.effective_on,
  recordedAt: row.recorded_at,
  type: row.event_type,
  documentType: row.item_type,
  documentId: row.item_id,
  vendorId: row.vendor_id,
  lines: [lineOf(row, chart)],
});

const lineOf = ({ account, currency, debit, credit }: Row, chart: Chart): Line<Minor> => ({
  account,
  name: accountOf(chart, account).name,
  currency,
  debit: minorOf(debit),
  credit: minorOf(credit),
});

const writtenEntry = (entry: Entry<Minor>): Entry<Amount> => ({
  ...entry,
  lines: entry.lines.map((line) => ({
    ...line,
    debit: formatMinor(line.debit, line.currency),
    credit: formatMinor(line.credit, line.currency),
  })),
});

/** One page of the double entries that had taken effect by asOf, in the order of recording. */
export const journal = async (
  snapshot: Snapshot,
  moment: Moment,
  question: JournalQuestion,
  after: Place = start,
  limit = 100,
): Promise<JournalReport> => {
  // One more than asked for tells whether there is a next page.
  const entries = await entriesAfter(snapshot, moment, question, after, limit + 1);
  const items = entries.slice(0, limit).map(writtenEntry);
  const last = items.at(-1);
  return { ...moment, items, next: last && entries.length > limit ? cursorOf({ ...moment, after: last }) : null };
};

const entriesPerRead = 1_000;

/** Runs queries of the books in a snapshot of its own. */
type Read = <T>(work: (snapshot: Snapshot) => Promise<T>) => Promise<T>;

/** The whole journal: a line a posting, and at the end one with the totals of each currency. */
export const journalTable = (read: Read, moment: Moment, question: JournalQuestion): Table => ({
  about: aboutMoment(moment),
  asked: {
    vendorId: question.vendorId ?? null,
    account: question.account ?? null,
    currency: question.currency ?? null,
  },
  columns: [
    ...texts('currency', 'row'),
    ...numbers('eventPosition'),
    ...days('effectiveOn'),
    ...texts('recordedAt', 'type', 'documentType', 'documentId', 'vendorId', 'account', 'name'),
    ...amounts('debit', 'credit'),
  ],
  lines: tableLines(read, moment, question),
  size: async () => {
    // Every entry has a line: with more of them than a sheet has rows, nobody needs to know how many more.
    const sizes = await read((snapshot) =>
      snapshot.query<{ size: string }>(sizeQuery, pageValues(snapshot, moment, question, start, mostRows)),
    );
    return Number(sizes[0]?.size);
  },
});

/**
 * Reads page by page, each in a snapshot of its own, so that a slow download keeps no transaction open: what is recorded
 * meanwhile changes nothing in what was known at the moment.
 */
async function* tableLines(read: Read, moment: Moment, question: JournalQuestion): AsyncGenerator<TableLine> {
  const totals = new Map<Currency, { debit: Minor; credit: Minor }>();
  let after: Place | undefined = start;
  while (after) {
    const place: Place = after;
    const entries: Entry<Minor>[] = await read((snapshot) =>
      entriesAfter(snapshot, moment, question, place, entriesPerRead),
    );
    for (const { lines, ...entry } of entries) {
      const { position, effectiveOn, recordedAt, type, documentType, documentId, vendorId } = entry;
      const about = [position, effectiveOn, recordedAt, type, documentType, documentId, vendorId];
      for (const { account, name, currency, debit, credit } of lines) {
        const total = totals.get(currency) ?? { debit: 0n, credit: 0n };
        totals.set(currency, { debit: total.debit + debit, credit: total.credit + credit });
        const sides = [debit, credit].map((minor) => formatMinor(minor, currency));
        yield [currency, 'row', ...about, account, name, ...sides];
      }
    }
    after = entries.length < entriesPerRead ? undefined : entries.at(-1);
  }
  for (const [currency, { debit, credit }] of [...totals].sort()) {
    const sides = [debit, credit].map((minor) => formatMinor(minor, currency));
    yield [currency, 'totals', ...Array<null>(9).fill(null), ...sides];
  }
}
