import { takingTurns } from '../database/turns.js';
import type { Instant, LocalDate } from '../domain/calendar.js';
import type { EventType } from '../domain/events.js';
import type { Amount, Currency, Minor } from '../domain/money.js';
import {
  type AgeingCut,
  basisColumn,
  bucketsOf,
  figureColumns,
  figuresOf,
  type Sums,
  sumColumns,
  sumsOf,
} from './ageing.js';
import type { KnownUpTo, Moment } from './as-of.js';
import { dayText, inScope, instantText, isDeferred, scopeValues, vendorsThen } from './books-sql.js';
import { byCurrency, withAmounts } from './figures.js';
import type { Basis } from './queries.js';
import type { Snapshot } from './snapshot.js';

export interface ChangesQuestion extends AgeingCut {
  /** What was known at first; the moment of the report is what was known at last. */
  readonly from: KnownUpTo;
  readonly currency?: Currency | undefined;
}

/** By the columns of an ageing. */
export type Amounts = Readonly<Record<string, Amount>>;

/** What the ageing said at first, by how much that moved, and what it said at last: `from` + `change` = `to`. */
export interface Change {
  readonly from: Amounts;
  readonly change: Amounts;
  readonly to: Amounts;
}

/** What moved in one currency, without the events that moved it. */
export interface CurrencyChanges {
  readonly currency: Currency;
  readonly rows: readonly ({ readonly vendorId: string; readonly vendorName: string | null } & Change)[];
  readonly totals: Change;
}

export interface ChangesReport extends Moment {
  readonly from: KnownUpTo;
  readonly basis: Basis;
  readonly buckets: readonly string[];
  readonly currencies: readonly CurrencyChanges[];
}

/** An event that moved something: by how much in all, and of each item. */
export interface ChangingEvent {
  readonly position: number;
  readonly type: EventType;
  readonly recordedAt: Instant;
  readonly effectiveOn: LocalDate;
  readonly actor: { readonly id: string; readonly role: string };
  readonly vendorId: string;
  readonly amounts: Amounts;
  readonly items: readonly {
    readonly itemType: string;
    readonly itemId: string;
    readonly number: string | null;
    readonly amounts: Amounts;
  }[];
}

interface ChangeRow extends Sums {
  readonly what: 'change' | 'from' | 'all';
  readonly vendor_id: string | null;
  readonly name: string | null;
}

const afterFirst = 'position > $6';

const sums = (cut: AgeingCut): string => sumsOf(cut, basisColumn[cut.basis], isDeferred);

/** What each event moved of each item. What it moves back and forth within the same columns moved nothing. */
const movedQuery = (cut: AgeingCut): string => `
    select * from (
      select currency, vendor_id, ${sums(cut)}
        from books.subledger_lines where ${inScope} and ${afterFirst} group by currency, vendor_id, position, item_type, item_id
    ) one where ${sumColumns(cut)
      .map((column) => `${column} <> 0`)
      .join(' or ')}`;

/** Lines are differences, so what changed is the sum over those that the events in between have added. */
const changesQuery = (cut: AgeingCut): string => {
  const columns = sumColumns(cut);
  const added = columns.map((column) => `sum(${column}) as ${column}`).join(', ');
  return `
  with moved as (${movedQuery(cut)}), changes as materialized (
    select currency, vendor_id, ${added} from moved group by currency, vendor_id
  ), before as materialized (
    select currency, vendor_id, ${sums(cut)}
      from books.subledger_lines where ${inScope} and position <= $6 and currency in (select currency from changes)
     group by currency, vendor_id
  ), found as (
    select 'change' as what, currency, vendor_id, ${columns.join(', ')} from changes
     union all
    select 'from', currency, vendor_id, ${columns.join(', ')} from before
     where (currency, vendor_id) in (select currency, vendor_id from changes)
     union all
    select 'all', currency, null, ${added} from before group by currency
  )
  select f.*, v.name
    from found f
    left join (${vendorsThen}) v on v.vendor_id = f.vendor_id
    left join before b on f.what = 'change' and b.currency = f.currency and b.vendor_id = f.vendor_id
   order by f.currency, f.total + coalesce(b.total, 0) desc, f.vendor_id`;
};

/** What moved between two moments, without the events that moved it. */
export const changes = async (
  snapshot: Snapshot,
  moment: Moment,
  question: ChangesQuestion,
): Promise<ChangesReport> => {
  const { basis, edges, from, currency: only } = question;
  const values = [...scopeValues(snapshot, moment, only), from.position];
  const found = await snapshot.query<ChangeRow>(changesQuery(question), values);
  const currencies: CurrencyChanges[] = [];
  for (const [currency, rows] of byCurrency(found)) currencies.push(await changesIn(currency, rows, edges));
  return { ...moment, from, basis, buckets: bucketsOf(edges), currencies };
};

const changesIn = async (
  currency: Currency,
  rows: readonly ChangeRow[],
  edges: readonly number[],
): Promise<CurrencyChanges> => {
  const columns = figureColumns(edges);
  const amounts = (figures: readonly Minor[]): Amounts => withAmounts<Amount>({}, columns, figures, currency);
  const none = columns.map(() => 0n);
  const plus = (one: readonly Minor[], other: readonly Minor[]): Minor[] =>
    one.map((minor, place) => minor + (other[place] ?? 0n));
  const changeOf = (from: readonly Minor[], change: readonly Minor[]): Change => ({
    from: amounts(from),
    change: amounts(change),
    to: amounts(plus(from, change)),
  });

  const turn = takingTurns();
  const before = new Map<string | null, Minor[]>();
  for (const row of rows) if (row.what !== 'change') before.set(row.vendor_id, figuresOf(row, edges));
  let all = none;
  const moved: CurrencyChanges['rows'][number][] = [];
  for (const row of rows) {
    if (row.what !== 'change') continue;
    await turn();
    const [from, change] = [before.get(row.vendor_id) ?? none, figuresOf(row, edges)];
    all = plus(all, change);
    moved.push({ vendorId: row.vendor_id ?? '', vendorName: row.name, ...changeOf(from, change) });
  }
  return { currency, rows: moved, totals: changeOf(before.get(null) ?? none, all) };
};

/** How many items the events moved in all, each counted with each event. */
export const movedItems = async (
  snapshot: Snapshot,
  moment: Moment,
  { from, currency, ...cut }: ChangesQuestion,
): Promise<number> => {
  const values = [...scopeValues(snapshot, moment, currency), from.position];
  const counts = await snapshot.query<{ count: string }>(`select count(*) from (${movedQuery(cut)}) moved`, values);
  return Number(counts[0]?.count);
};

interface EventRow extends Sums {
  readonly position: string;
  readonly vendor_id: string;
  readonly item_type: string;
  readonly item_id: string;
  readonly number: string | null;
  readonly type: EventType;
  readonly effective_on: LocalDate;
  readonly recorded_at: Instant;
  readonly actor: { readonly id: string; readonly role: string };
}

/** `log.events` is asked by the keys of the page. */
const eventsQuery = (cut: AgeingCut): string => `
  with page as (
    select distinct position from books.subledger_lines where ${inScope} and ${afterFirst} order by position limit $7
  ), moved as (
    select currency, position, vendor_id, item_type, item_id, min(line) as first_line, ${sums(cut)}
      from books.subledger_lines where ${inScope} and ${afterFirst} and position <= (select max(position) from page)
     group by currency, position, vendor_id, item_type, item_id
  )
  select m.*, d.number, e.type, ${dayText('e.effective_on')} as effective_on, ${instantText('e.recorded_at')} as recorded_at,
         e.line::json -> 'actor' as actor
    from moved m
    join log.events e on e.ledger_id = $1 and e.position = m.position
    left join books.documents d
      on d.ledger_id = $1 and d.generation = $2 and d.kind = m.item_type and d.id = m.item_id
   order by m.position, m.first_line`;

/**
 * The events that moved something in one currency, in order, some at a time. Each part is read in a snapshot of its own,
 * so that a slow reader keeps no transaction open: what is recorded meanwhile changes nothing in what was known.
 *
 * @param read runs queries of the books in a snapshot
 */
export async function* changingEvents(
  read: (work: (snapshot: Snapshot) => Promise<EventRow[]>) => Promise<EventRow[]>,
  moment: Moment,
  { from, ...cut }: ChangesQuestion,
  currency: Currency,
): AsyncGenerator<ChangingEvent[]> {
  let after: number | undefined = from.position;
  while (after !== undefined) {
    const first: number = after;
    const rows = await read((snapshot) =>
      snapshot.query<EventRow>(eventsQuery(cut), [...scopeValues(snapshot, moment, currency), first, eventsPerRead]),
    );
    const byEvent = new Map<string, EventRow[]>();
    for (const row of rows) byEvent.set(row.position, [...(byEvent.get(row.position) ?? []), row]);
    yield [...byEvent.values()].flatMap((items) => eventOf(items, cut.edges, currency));
    after = byEvent.size < eventsPerRead ? undefined : Number(rows.at(-1)?.position);
  }
}

/** Few enough to be written without keeping other requests waiting. */
const eventsPerRead = 250;

const eventOf = (rows: readonly EventRow[], edges: readonly number[], currency: Currency): ChangingEvent[] => {
  const columns = figureColumns(edges);
  const moved = rows
    .map((row) => ({ row, figures: figuresOf(row, edges) }))
    .filter(({ figures }) => figures.some((minor) => minor !== 0n));
  const [first] = moved;
  if (!first) return [];
  const { position, type, recorded_at, effective_on, actor, vendor_id } = first.row;
  const sum = columns.map((_, place) => moved.reduce((all, { figures }) => all + (figures[place] ?? 0n), 0n));
  const amounts = (figures: readonly Minor[]): Amounts => withAmounts<Amount>({}, columns, figures, currency);
  return [
    {
      position: Number(position),
      type,
      recordedAt: recorded_at,
      effectiveOn: effective_on,
      actor,
      vendorId: vendor_id,
      amounts: amounts(sum),
      items: moved.map(({ row, figures }) => ({
        itemType: row.item_type,
        itemId: row.item_id,
        number: row.number,
        amounts: amounts(figures),
      })),
    },
  ];
};
