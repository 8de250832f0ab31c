import type { Instant, LocalDate } from '../domain/calendar.js';
import { chart, controlAccounts } from '../domain/chart-of-accounts.js';
import type { EventType } from '../domain/events.js';
import type { Currency, Minor } from '../domain/money.js';
import type { Moment } from '../reports/as-of.js';
import { dayText, inScope, instantText, scopeValues, vendorsThen } from '../reports/books-sql.js';
import { minorOf, type Sum } from '../reports/figures.js';
import type { Snapshot } from '../reports/snapshot.js';
import { placeAfter, type Source } from './reading.js';

// What journals for other programs are made from: the double entries in the order of their days. What stands on the
// control accounts comes from the open items, by vendor and by due date; everything else from the journal. So an entry
// balances only if the two agree about it, and the balances at the end are those of the journal.

/** An account of the journal; the two control accounts are one for each vendor. */
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

const balancesPerRead = 5_000;
const entriesPerRead = 2_000;

const control = `array[${controlAccounts.map((account) => `'${account}'`).join(', ')}]`;

const balancesQuery = `
  select vendor_id, account, currency, balance
    from (select case when account = any (${control}) then vendor_id else '' end as vendor_id, account, currency,
                 sum(debit - credit) as balance
            from books.journal_lines where ${inScope} group by 1, 2, 3) balances
   where (vendor_id, account, currency) > ($6, $7, $8)
   order by vendor_id, account, currency limit $9`;

interface BalanceRow {
  readonly vendor_id: string;
  readonly account: string;
  readonly currency: Currency;
  readonly balance: Sum;
}

/** The balance of every account that has entries, by currency; the accounts of no one vendor first, then by vendor. */
export async function* balancesOf({ read, moment }: Source): AsyncGenerator<readonly AccountBalance[]> {
  let after: BalanceRow | undefined = { vendor_id: '', account: '', currency: '', balance: null };
  while (after) {
    const place: BalanceRow = after;
    const rows = await read((snapshot) => {
      const values = [...scopeValues(snapshot, moment), place.vendor_id, place.account, place.currency];
      return snapshot.query<BalanceRow & Record<string, unknown>>(balancesQuery, [...values, balancesPerRead]);
    });
    yield rows.map(({ vendor_id: vendorId, account, currency, balance }) => ({
      account,
      vendorId: vendorId === '' ? undefined : vendorId,
      currency,
      balance: minorOf(balance),
    }));
    after = placeAfter(rows, balancesPerRead);
  }
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

const entriesQuery = `
  with page as (
    select effective_on, position
      from (select effective_on, position from books.journal_lines where ${inScope}
             union
            select effective_on, position from books.subledger_lines where ${inScope} and owed <> 0) places
     where (effective_on, position) > ($6::date, $7)
     order by effective_on, position limit $8
  ), lines as (
    select effective_on, position, 0 as part, line, account, currency, debit - credit as amount, vendor_id,
           item_type as kind, item_id as id, null::text as item, null::date as due_on, null::date as original_due_on,
           null::date as planned_on
      from page join books.journal_lines j using (effective_on, position)
     where j.ledger_id = $1 and j.generation = $2 and j.account <> all (${control})
    union all
    select effective_on, position, 1, line,
           case when item_type in ('invoice', 'charge') then '${chart.payables.account}' else '${chart.onAccount.account}' end,
           currency, -owed, vendor_id, item_type, item_id, item_type || '/' || item_id, due_on, original_due_on, planned_on
      from page join books.subledger_lines s using (effective_on, position)
     where s.ledger_id = $1 and s.generation = $2 and s.owed <> 0
  ), vendors as (${vendorsThen})
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
    left join vendors v on v.vendor_id = l.vendor_id
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

/** All entries that had taken effect by asOf, by day, then in the order of recording. */
export async function* entriesOf({ read, moment }: Source): AsyncGenerator<readonly DatedEntry[]> {
  let after: Pick<DatedEntry, 'on' | 'position'> | undefined = { on: '0100-01-01', position: 0 };
  while (after) {
    const place: Pick<DatedEntry, 'on' | 'position'> = after;
    const entries: readonly DatedEntry[] = await read((snapshot) => entriesAfter(snapshot, moment, place));
    yield entries;
    after = placeAfter(entries, entriesPerRead);
  }
}

const entriesAfter = async (
  snapshot: Snapshot,
  moment: Moment,
  after: Pick<DatedEntry, 'on' | 'position'>,
): Promise<DatedEntry[]> => {
  const values = [...scopeValues(snapshot, moment), after.on, after.position, entriesPerRead];
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
    row.account === chart.payables.account
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
