import { daysBetween } from '../domain/calendar.js';
import type { Amount, Currency, Minor } from '../domain/money.js';
import type { Moment } from './as-of.js';
import { asOfDay, dayText, inScope, isCredit, isDeferred, scopeValues, vendorsThen } from './books-sql.js';
import { byCurrency, minorOf, type Sum, withAmounts } from './figures.js';
import type { AgeingBy, Basis } from './queries.js';
import { takingTurns } from '../database/turns.js';
import type { Snapshot } from './snapshot.js';
import {
  aboutMoment,
  amounts,
  type Column,
  days,
  type Line,
  lineOf,
  numbers,
  sizeOf,
  type Table,
  texts,
} from './table.js';

/** How open amounts are put into buckets. */
export interface AgeingCut {
  readonly basis: Basis;
  /** The last days of the buckets, increasing, in days late. */
  readonly edges: readonly number[];
}

export interface AgeingQuestion extends AgeingCut {
  readonly by: AgeingBy;
  readonly currency?: Currency | undefined;
}

type Row = Record<string, string | number | null>;

export interface AgeingReport extends Moment {
  readonly basis: Basis;
  readonly buckets: readonly string[];
  readonly currencies: readonly {
    readonly currency: Currency;
    readonly rows: readonly Row[];
    readonly totals: Readonly<Record<string, Amount>>;
  }[];
}

/** @example bucketsOf([30, 60]) // ['notDue', '1-30', '31-60', 'over-60'] */
export const bucketsOf = (edges: readonly number[]): string[] => [
  'notDue',
  ...edges.map((edge, place) => `${(edges[place - 1] ?? 0) + 1}-${edge}`),
  `over-${edges.at(-1) ?? 0}`,
];

/** Which of its dates an instalment ages by. */
export const basisColumn: Readonly<Record<Basis, string>> = {
  agreed: 'due_on',
  contractual: 'original_due_on',
  'invoice-date': 'document_date',
};

const vendorColumns = texts('vendorId', 'vendorName');
const keyColumns: Readonly<Record<AgeingBy, readonly Column[]>> = {
  vendor: vendorColumns,
  invoice: [...vendorColumns, ...texts('itemId', 'itemType', 'number'), ...days('dueOn'), ...numbers('daysLate')],
  kind: texts('kind'),
};
export const otherColumns = ['onAccount', 'deferred', 'held', 'disputed'] as const;

/** What `sumsOf` finds. */
export interface Sums {
  readonly currency: Currency;
  readonly total: Sum;
  readonly on_account: Sum;
  readonly deferred: Sum;
  readonly held: Sum;
  readonly disputed: Sum;
  /** What is late by more than 0 days, by more than the first edge, the second … */
  readonly [late: `late_${number}`]: Sum;
}
interface VendorSums extends Sums {
  readonly vendor_id: string;
  readonly name: string | null;
}
interface KindSums extends Sums {
  readonly kind: string;
}
interface ItemSums extends VendorSums {
  readonly item_id: string;
  readonly item_type: string;
  readonly number: string | null;
  readonly due_on: string;
}

/**
 * One pass over the lines, with one comparison of dates a bucket: what is late by more than each edge is summed up, and
 * a bucket is the difference of two such sums. The edges are numbers that intake has checked.
 */
export const sumsOf = ({ edges }: AgeingCut, date: string, deferred: string): string => `
  sum(owed) as total,
  ${[0, ...edges].map((edge, place) => `sum(owed) filter (where ${date} < ${asOfDay} - ${edge}) as late_${place}`).join(',\n  ')},
  -sum(owed) filter (where ${isCredit}) as on_account,
  sum(owed) filter (where ${deferred}) as deferred,
  sum(held) filter (where held <> 0) as held,
  sum(disputed) filter (where disputed <> 0) as disputed`;

/** The columns of `sumsOf`. */
export const sumColumns = ({ edges }: AgeingCut): string[] => [
  'total',
  ...[0, ...edges].map((_, place) => `late_${place}`),
  'on_account',
  'deferred',
  'held',
  'disputed',
];

const vendorQuery = (question: AgeingQuestion): string => `
  with sums as (
    select currency, vendor_id, ${sumsOf(question, basisColumn[question.basis], isDeferred)}
      from books.subledger_lines where ${inScope} group by currency, vendor_id
  )
  select s.*, v.name from sums s left join (${vendorsThen}) v on v.vendor_id = s.vendor_id
   order by s.currency, s.total desc, s.vendor_id`;

/** By vendor first: which kind a vendor is of, where the invoice says none, need not be looked up line by line. */
const kindQuery = (question: AgeingQuestion): string => {
  const columns = sumColumns(question);
  return `
  with sums as (
    select currency, vendor_id, kind as own_kind, ${sumsOf(question, basisColumn[question.basis], isDeferred)}
      from books.subledger_lines where ${inScope} group by currency, vendor_id, kind
  )
  select s.currency, coalesce(s.own_kind, v.kind, '') as kind, ${columns.map((column) => `sum(s.${column}) as ${column}`).join(', ')}
    from sums s left join (${vendorsThen}) v on v.vendor_id = s.vendor_id
   group by s.currency, coalesce(s.own_kind, v.kind, '')
   order by s.currency, sum(s.total) desc, coalesce(s.own_kind, v.kind, '')`;
};

/**
 * By instalment first: a row's date is that of the oldest one that is still open. Materialised, so that all lines go
 * through a hash table once and only what is open is sorted; else the planner sorts all lines to group them twice.
 */
const invoiceQuery = (question: AgeingQuestion): string => `
  with instalments as materialized (
    select currency, vendor_id, item_type, item_id, ${basisColumn[question.basis]} as basis_on, ${isDeferred} as deferred,
           sum(owed) as owed, sum(held) as held, sum(disputed) as disputed
      from books.subledger_lines where ${inScope}
     group by 1, 2, 3, 4, 5, 6 having sum(owed) <> 0
  ), sums as (
    select currency, vendor_id, item_type, item_id, ${dayText('min(basis_on)')} as due_on, ${sumsOf(question, 'basis_on', 'deferred')}
      from instalments group by 1, 2, 3, 4
  )
  select s.*, v.name, d.number
    from sums s
    left join (${vendorsThen}) v on v.vendor_id = s.vendor_id
    left join books.documents d
      on d.ledger_id = $1 and d.generation = $2 and d.kind = s.item_type and d.id = s.item_id
   order by s.currency, s.total desc, s.item_id, s.item_type`;

/** What we owe by how late it is, net of the credit that we have with each vendor. */
export const ageing = async (snapshot: Snapshot, moment: Moment, question: AgeingQuestion): Promise<AgeingReport> => {
  const found = await sumsFor(snapshot, scopeValues(snapshot, moment, question.currency), question);
  const buckets = bucketsOf(question.edges);
  const columns = figureColumns(question.edges);
  // A row is made from one that has all columns: adding them one by one makes an object that costs ten times as much.
  const blank: Row = Object.fromEntries(
    [...keyColumns[question.by].map(({ name }) => name), ...columns].map((column) => [column, null]),
  );
  const currencies: AgeingReport['currencies'][number][] = [];
  const turn = takingTurns();
  for (const [currency, inCurrency] of byCurrency(found)) {
    // There can be hundreds of thousands of rows: each is made once, and its figures are not kept beside it.
    const totals = columns.map(() => 0n);
    const rows: Row[] = [];
    for (const sums of inCurrency) {
      await turn();
      const figures = figuresOf(sums, question.edges);
      figures.forEach((minor, place) => (totals[place] = (totals[place] ?? 0n) + minor));
      // Buckets and total come first; without any of them there is nothing to show.
      if (figures.slice(0, buckets.length + 1).some((minor) => minor !== 0n)) {
        rows.push(withAmounts({ ...blank, ...keysOf(sums, moment) }, columns, figures, currency));
      }
    }
    // A currency in which nothing is open any more is left out: neither owed, nor credit.
    const [total, onAccount] = totals.slice(buckets.length);
    if (total !== 0n || onAccount !== 0n)
      currencies.push({ currency, rows, totals: withAmounts<Amount>({}, columns, totals, currency) });
  }
  return { ...moment, basis: question.basis, buckets, currencies };
};

const sumsFor = (
  snapshot: Snapshot,
  values: readonly unknown[],
  question: AgeingQuestion,
): Promise<(VendorSums | KindSums | ItemSums)[]> => {
  switch (question.by) {
    case 'vendor':
      return snapshot.query<VendorSums>(vendorQuery(question), values);
    case 'kind':
      return snapshot.query<KindSums>(kindQuery(question), values);
    case 'invoice':
      return snapshot.query<ItemSums>(invoiceQuery(question), values);
  }
};

const keysOf = (sums: VendorSums | KindSums | ItemSums, { asOf }: Moment): Row => {
  if ('kind' in sums) return { kind: sums.kind };
  const vendor = { vendorId: sums.vendor_id, vendorName: sums.name };
  if (!('item_id' in sums)) return vendor;
  const { item_id, item_type, number, due_on } = sums;
  return {
    ...vendor,
    itemId: item_id,
    itemType: item_type,
    number,
    dueOn: due_on,
    daysLate: daysBetween(due_on, asOf),
  };
};

/** The columns that all rows have: the buckets, total, and the others. */
export const figureColumns = (edges: readonly number[]): string[] => [...bucketsOf(edges), 'total', ...otherColumns];

/** In the order of `figureColumns`. */
export const figuresOf = (sums: Sums, edges: readonly number[]): Minor[] => {
  const total = minorOf(sums.total);
  // Each bucket is what is late by more than its lower edge, without what is late by more than its upper one.
  const late = [total, ...[0, ...edges].map((_, place) => minorOf(sums[`late_${place}`]))];
  const inBuckets = late.map((minor, place) => minor - (late[place + 1] ?? 0n));
  return [...inBuckets, total, ...[sums.on_account, sums.deferred, sums.held, sums.disputed].map(minorOf)];
};

/** A line a row, and one with the totals of each currency. */
export const ageingTable = (
  report: AgeingReport,
  { by, edges, currency }: Pick<AgeingQuestion, 'by' | 'edges' | 'currency'>,
): Table => {
  const shown = [...keyColumns[by], ...amounts(...report.buckets, 'total', ...otherColumns)];
  return {
    about: [...aboutMoment(report), { name: 'basis', kind: 'text', value: report.basis }],
    asked: { by, edges: edges.join(','), currency: currency ?? null },
    columns: [...texts('currency', 'row'), ...shown],
    lines: linesOf(report, shown),
    size: () => sizeOf(report.currencies),
  };
};

function* linesOf({ currencies }: AgeingReport, shown: readonly Column[]): Generator<Line> {
  for (const { currency, rows, totals } of currencies) {
    for (const row of rows) yield [currency, 'row', ...lineOf(row, shown)];
    yield [currency, 'totals', ...lineOf(totals, shown)];
  }
}
