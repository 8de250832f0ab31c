import type { Instant, LocalDate } from '../domain/calendar.js';
import { controlRoles } from '../domain/chart-of-accounts.js';
import type { EventType } from '../domain/events.js';
import type { Currency, Minor } from '../domain/money.js';
import type { Moment } from '../reports/as-of.js';
import { dayText, defaultAccount, inScope, instantText, scopeValues } from '../reports/books-sql.js';
import { minorOf, type Sum } from '../reports/figures.js';
import type { Snapshot } from '../reports/snapshot.js';
import type { Source } from './reading.js';

// What journals for other programs are made from: the double entries in the order of their days. What stands on the
// control accounts comes from the open items, by vendor and by due date; everything else from the journal. So an entry
// balances only if the two agree about it, and the balances at the end are those of the journal.

/**
 * An account of the journal. What ever stood for payables or on-account is one account for each vendor, under the name
 * that it has in the default chart.
 */
export interface AccountOf {
  readonly account: string;
  readonly vendorId: string | undefined;
}

export const isSameAccount = (a: AccountOf | undefined, b: AccountOf): boolean =>
  a?.account === b.account && a.vendorId === b.vendorId;

export interface AccountBalance extends AccountOf {
  readonly currency: Currency;
  /** Debits less credits. */
  readonly balance: Minor;
}

export interface EntryLine extends AccountOf {
  readonly currency: Currency;
  /** Above zero on the debit side, else on the credit side. */
  readonly amount: Minor;
  /** On a control account: what it is about. */
  readonly item: string | undefined;
  /** On the account of what we owe: the days that it is aged and planned by. */
  readonly dates: { readonly due: LocalDate; readonly originalDue: LocalDate; readonly planned: LocalDate } | undefined;
}

/** What one event posts on one day, moves of due dates included. */
export interface DatedEntry {
  readonly on: LocalDate;
  readonly position: number;
  readonly recordedAt: Instant;
  readonly type: EventType;
  /** The document that it is about: its kind and its id. */
  readonly kind: string;
  readonly id: string;
  /** The number on that document, where it has one. */
  readonly number: string | undefined;
  readonly vendorId: string;
  readonly vendorName: string;
  readonly lines: readonly EntryLine[];
}

/** Few enough to be written without keeping other requests waiting, and to be read by their keys. */
const linesPerRead = 4_000;

/** To look for entries by their days takes a look at every line of the ledger: enough for that to be done seldom. */
const linesPerLook = 200_000;

const control = `array[${controlRoles.map((account) => `'${account}'`).join(', ')}]`;

const balancesQuery = `
  select case when ${defaultAccount} = any (${control}) then vendor_id else '' end as vendor_id,
         case when ${defaultAccount} = any (${control}) then ${defaultAccount} else account end as account, currency,
         sum(debit - credit) as balance
    from books.journal_lines where ${inScope} group by 1, 2, 3 order by 1, 2, 3`;

interface BalanceRow extends Record<string, unknown> {
  readonly vendor_id: string;
  readonly account: string;
  readonly currency: Currency;
  readonly balance: Sum;
}

/** The balance of every account that has entries, by currency; the accounts of no one vendor first, then by vendor. */
export const balancesOf = async ({ read, moment }: Source): Promise<readonly AccountBalance[]> => {
  const rows = await read((snapshot) => snapshot.query<BalanceRow>(balancesQuery, scopeValues(snapshot, moment)));
  return rows.map(({ vendor_id: vendorId, account, currency, balance }) => ({
    account,
    vendorId: vendorId === '' ? undefined : vendorId,
    currency,
    balance: minorOf(balance),
  }));
};

/** Balances, so many at a time as can be written without keeping other requests waiting. */
export function* inParts(balances: readonly AccountBalance[]): Generator<readonly AccountBalance[]> {
  for (let at = 0; at < balances.length; at += linesPerRead) yield balances.slice(at, at + linesPerRead);
}

/** The currencies of all entries, in order, and the days of the first and the last of them. */
export interface Span {
  readonly currencies: readonly Currency[];
  readonly firstDay: LocalDate;
  readonly lastDay: LocalDate;
}

/** @returns undefined where there are no entries */
export const spanOf = async ({ read, moment }: Source): Promise<Span | undefined> => {
  const rows = await read((snapshot) =>
    snapshot.query<{ currency: Currency; first: LocalDate; last: LocalDate }>(
      `select currency, ${dayText('min(effective_on)')} as first, ${dayText('max(effective_on)')} as last
         from books.journal_lines where ${inScope} group by currency order by currency`,
      scopeValues(snapshot, moment),
    ),
  );
  const [first] = rows.map((row) => row.first).sort();
  const last = rows
    .map((row) => row.last)
    .sort()
    .at(-1);
  return first && last
    ? { currencies: rows.map(({ currency }) => currency), firstDay: first, lastDay: last }
    : undefined;
};

/** Days on which there are entries, and how many lines each has. As many as the calendar has, and no more. */
const daysQuery = `
  select ${dayText('effective_on')} as on, sum(lines)::float8 as lines
    from (select effective_on, count(*) as lines from books.journal_lines where ${inScope} group by effective_on
           union all
          select effective_on, count(*) from books.subledger_lines where ${inScope} and owed <> 0
           group by effective_on) days
   group by effective_on order by effective_on`;

interface DayRow extends Record<string, unknown> {
  readonly on: LocalDate;
  readonly lines: number;
}

const afterPlace = '(effective_on, position) > ($6::date, $7::bigint) and effective_on <= $8::date';

/** Where the entries after a place are, through a day: of each day the positions, and how many lines each has. */
const placesQuery = `
  select ${dayText('effective_on')} as on, array_agg(position::float8 order by position) as positions,
         array_agg(lines order by position) as lines
    from (select effective_on, position, count(*)::int as lines
            from (select effective_on, position from books.journal_lines where ${inScope} and ${afterPlace}
                   union all
                  select effective_on, position from books.subledger_lines where ${inScope} and ${afterPlace}
                     and owed <> 0) lines
           group by effective_on, position order by effective_on, position limit $9) places
   group by effective_on order by effective_on`;

interface PlacesRow extends Record<string, unknown> {
  readonly on: LocalDate;
  readonly positions: readonly number[];
  readonly lines: readonly number[];
}

const entriesQuery = `
  with page as (
    select * from unnest($4::date[], $5::bigint[]) page (effective_on, position)
  ), lines as (
    select effective_on, position, 0 as part, line, account, currency, debit - credit as amount, vendor_id,
           item_type as kind, item_id as id, null::text as item, null::date as due_on, null::date as original_due_on,
           null::date as planned_on
      from page join books.journal_lines j using (effective_on, position)
     where j.ledger_id = $1 and j.generation = $2 and ${defaultAccount} <> all (${control})
    union all
    select effective_on, position, 1, line,
           case when item_type in ('invoice', 'charge') then 'payables' else 'on-account' end,
           currency, -owed, vendor_id, item_type, item_id, item_type || '/' || item_id, due_on, original_due_on, planned_on
      from page join books.subledger_lines s using (effective_on, position)
     where s.ledger_id = $1 and s.generation = $2 and s.owed <> 0
  )
  select ${dayText('l.effective_on')} as on, l.position, ${instantText('e.recorded_at')} as recorded_at, e.type,
         coalesce(j.item_type, l.kind) as kind, coalesce(j.item_id, l.id) as id, d.number, l.vendor_id,
         v.name as vendor_name, l.account, l.currency, l.amount, l.item, ${dayText('l.due_on')} as due_on,
         ${dayText('l.original_due_on')} as original_due_on, ${dayText('l.planned_on')} as planned_on
    from lines l
    join log.events e on e.ledger_id = $1 and e.position = l.position
    left join lateral (select item_type, item_id from books.journal_lines
                        where ledger_id = $1 and generation = $2 and position = l.position order by line limit 1) j on true
    left join books.documents d on d.ledger_id = $1 and d.generation = $2 and d.kind = coalesce(j.item_type, l.kind)
                               and d.id = coalesce(j.item_id, l.id)
    left join lateral (select name from books.vendor_facts
                        where ledger_id = $1 and generation = $2 and vendor_id = l.vendor_id and position <= $3
                        order by position desc limit 1) v on true
   order by l.effective_on, l.position, l.part, l.line`;

interface EntryRow extends Record<string, unknown> {
  readonly on: LocalDate;
  readonly position: string;
  readonly recorded_at: Instant;
  readonly type: EventType;
  readonly kind: string;
  readonly id: string;
  readonly number: string | null;
  readonly vendor_id: string;
  readonly vendor_name: string | null;
  readonly account: string;
  readonly currency: Currency;
  readonly amount: string;
  readonly item: string | null;
  readonly due_on: LocalDate;
  readonly original_due_on: LocalDate;
  readonly planned_on: LocalDate;
}

/**
 * All entries that had taken effect by asOf, by day, then in the order of recording.
 *
 * @param perRead how many lines a page has at most, unless it is one entry
 * @param perLook of how many lines the places are kept in memory at most
 */
export async function* entriesOf(
  source: Source,
  perRead: number = linesPerRead,
  perLook: number = linesPerLook,
): AsyncGenerator<readonly DatedEntry[]> {
  const { read, moment } = source;
  for await (const days of placesOf(source, perLook))
    for (const page of pagesOf(days, perRead)) yield await read((snapshot) => entriesAt(snapshot, moment, page));
}

type Place = readonly [on: LocalDate, position: number];

async function* placesOf({ read, moment }: Source, perLook: number): AsyncGenerator<readonly PlacesRow[]> {
  const days = await read((snapshot) => snapshot.query<DayRow>(daysQuery, scopeValues(snapshot, moment)));
  for (const [first, last] of spansOf(days, perLook)) {
    // A day may have more than are kept at a time.
    for (let after: Place | undefined = [first, 0]; after;) {
      const place: Place = after;
      const rows: PlacesRow[] = await read((snapshot) =>
        snapshot.query<PlacesRow>(placesQuery, [...scopeValues(snapshot, moment), ...place, last, perLook]),
      );
      yield rows;
      const found = rows.reduce((sum, { positions }) => sum + positions.length, 0);
      const end = rows.at(-1);
      after = end && found === perLook ? [end.on, end.positions.at(-1)!] : undefined;
    }
  }
}

/** The first and last of as many days in a row as have not too many lines; one at least. */
function* spansOf(days: readonly DayRow[], perLook: number): Generator<readonly [first: LocalDate, last: LocalDate]> {
  let span: [LocalDate, LocalDate] | undefined;
  let left = perLook;
  for (const { on, lines } of days) {
    left -= lines;
    if (span && left >= 0) span[1] = on;
    else {
      if (span) yield span;
      span = [on, on];
      left = perLook - lines;
    }
  }
  if (span) yield span;
}

/** As many places as have not too many lines; one at least. */
function* pagesOf(days: readonly PlacesRow[], perRead: number): Generator<readonly Place[]> {
  let page: Place[] = [];
  let left = perRead;
  for (const { on, positions, lines } of days) {
    for (const [n, position] of positions.entries()) {
      left -= lines[n]!;
      if (left < 0 && page.length > 0) {
        yield page;
        page = [];
        left = perRead - lines[n]!;
      }
      page.push([on, position]);
    }
  }
  if (page.length > 0) yield page;
}

const entriesAt = async (snapshot: Snapshot, moment: Moment, page: readonly Place[]): Promise<DatedEntry[]> => {
  const { ledgerId, generation } = snapshot;
  const values = [ledgerId, generation, moment.position, page.map(([on]) => on), page.map(([, position]) => position)];
  const entries = new Map<string, DatedEntry & { readonly lines: EntryLine[] }>();
  for (const row of await snapshot.query<EntryRow>(entriesQuery, values)) {
    const place = `${row.on}/${row.position}`;
    const entry = entries.get(place);
    if (entry) entry.lines.push(lineOf(row));
    else entries.set(place, entryOf(row));
  }
  return [...entries.values()];
};

const entryOf = (row: EntryRow): DatedEntry & { readonly lines: EntryLine[] } => ({
  on: row.on,
  position: Number(row.position),
  recordedAt: row.recorded_at,
  type: row.type,
  kind: row.kind,
  id: row.id,
  number: row.number ?? undefined,
  vendorId: row.vendor_id,
  vendorName: row.vendor_name ?? row.vendor_id,
  lines: [lineOf(row)],
});

const lineOf = (row: EntryRow): EntryLine => ({
  account: row.account,
  vendorId: row.item === null ? undefined : row.vendor_id,
  currency: row.currency,
  amount: minorOf(row.amount),
  item: row.item ?? undefined,
  dates:
    row.item !== null && row.account === 'payables'
      ? { due: row.due_on, originalDue: row.original_due_on, planned: row.planned_on }
      : undefined,
});

const names: Partial<Record<EventType, string>> = {
  InvoicePosted: 'invoice',
  InvoiceReversed: 'reversal of invoice',
  CreditNotePosted: 'credit note',
  CreditNoteReversed: 'reversal of credit note',
  ChargePosted: 'charge',
  ChargeReversed: 'reversal of charge',
  PaymentMade: 'payment',
  PaymentReversed: 'reversal of payment',
  Allocated: 'allocation',
  AllocationReversed: 'reversal of allocation',
  RefundReceived: 'refund',
  RefundReversed: 'reversal of refund',
  WrittenOff: 'write-off',
  WriteOffReversed: 'reversal of write-off',
  PaymentDeferred: 'deferral of invoice',
  DeferralWithdrawn: 'withdrawal of a deferral of invoice',
};

/** What an entry is, in words on one line. @example 'invoice july (AWS-2023-07)' */
export const narrationOf = ({ type, id, number }: DatedEntry): string =>
  oneLine(`${names[type] ?? type} ${id}${number === undefined ? '' : ` (${number})`}`);

/** Line breaks, tabs and runs of blanks as one blank: text for a format that ends at the end of the line. */
export const oneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
