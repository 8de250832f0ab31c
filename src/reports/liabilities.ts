import { controlRoles } from '../domain/chart-of-accounts.js';
import { type Amount, type Currency, formatMinor, type Minor } from '../domain/money.js';
import type { Moment } from './as-of.js';
import {
  asOfDay,
  dayText,
  defaultAccount,
  inScope,
  isAgreed,
  isCredit,
  isUnilateral,
  scopeValues,
  vendorsThen,
} from './books-sql.js';
import { byCurrency, type Figures, minorOf, type Sum, totalOf, written } from './figures.js';
import type { LiabilitiesBy } from './queries.js';
import type { Snapshot } from './snapshot.js';
import {
  aboutMoment,
  amounts,
  type Column as TableColumn,
  type Line,
  lineOf,
  sizeOf,
  type Table,
  texts,
} from './table.js';

export interface LiabilitiesQuestion {
  readonly by: LiabilitiesBy;
  readonly currency?: Currency | undefined;
}

type Row = Record<string, string | null>;

export interface LiabilitiesReport extends Moment {
  readonly currencies: readonly {
    readonly currency: Currency;
    readonly rows: readonly Row[];
    readonly totals: Readonly<Record<Column, Amount>>;
    /** Whether the table that the ageing reads says what the journal says. */
    readonly reconciliation: {
      readonly ageingTotal: Amount;
      readonly controlAccount: Amount;
      readonly difference: Amount;
    };
  }[];
}

const keyColumns: Readonly<Record<LiabilitiesBy, readonly TableColumn[]>> = {
  vendor: texts('vendorId', 'vendorName'),
  kind: texts('kind'),
  'due-month': texts('dueMonth'),
  maturity: texts('maturity'),
};
const columns = [
  'owed',
  'overdue',
  'deferredAgreed',
  'deferredUnilateral',
  'disputed',
  'held',
  'onAccount',
  'total',
] as const;
type Column = (typeof columns)[number];

interface Sums {
  readonly currency: Currency;
  readonly key: string;
  readonly vendor_name: string | null;
  readonly total: Sum;
  readonly overdue: Sum;
  readonly deferred_agreed: Sum;
  readonly deferred_unilateral: Sum;
  readonly disputed: Sum;
  readonly held: Sum;
  readonly on_account: Sum;
}

const sums = `
         sum(owed) as total,
         sum(owed) filter (where due_on < ${asOfDay} and not ${isCredit}) as overdue,
         sum(owed) filter (where ${isAgreed}) as deferred_agreed,
         sum(owed) filter (where ${isUnilateral}) as deferred_unilateral,
         sum(disputed) filter (where disputed <> 0) as disputed,
         sum(held) filter (where held <> 0) as held,
         -sum(owed) filter (where ${isCredit}) as on_account`;

const sumsOfSums = ['total', 'overdue', 'deferred_agreed', 'deferred_unilateral', 'disputed', 'held', 'on_account']
  .map((column) => `sum(${column}) as ${column}`)
  .join(', ');

/** Credit has no due date that anybody waits for. It comes after all dates. */
const onAccount = 'on-account';

const bands = ['overdue', '0-30', '31-90', '91-365', 'over-365', onAccount];
const band = `
  case when is_credit then '${onAccount}' when due_on < ${asOfDay} then 'overdue' when due_on <= ${asOfDay} + 30 then '0-30'
       when due_on <= ${asOfDay} + 90 then '31-90' when due_on <= ${asOfDay} + 365 then '91-365' else 'over-365' end`;
const dueMonth = `case when is_credit then '${onAccount}' else ${dayText('due_on', 'YYYY-MM')} end`;

/**
 * The lines are summed up by the columns that a row's key is made of, which are few, and only these sums by the key:
 * so that no name is looked up and no month written out line by line.
 */
const queries: Readonly<Record<LiabilitiesBy, string>> = {
  vendor: `
  with sums as (select currency, vendor_id, ${sums} from books.subledger_lines where ${inScope} group by currency, vendor_id)
  select s.*, s.vendor_id as key, v.name as vendor_name
    from sums s left join (${vendorsThen}) v on v.vendor_id = s.vendor_id
   order by s.currency, s.total desc, s.vendor_id`,

  kind: `
  with sums as (
    select currency, vendor_id, kind, ${sums} from books.subledger_lines where ${inScope} group by currency, vendor_id, kind
  ), kinds as (
    select s.*, coalesce(s.kind, v.kind, '') as key from sums s left join (${vendorsThen}) v on v.vendor_id = s.vendor_id
  )
  select currency, key, ${sumsOfSums} from kinds group by currency, key order by currency, sum(total) desc, key`,

  'due-month': `
  with sums as (
    select currency, due_on, ${isCredit} as is_credit, ${sums} from books.subledger_lines where ${inScope} group by 1, 2, 3
  ), keyed as (select *, ${dueMonth} as key from sums)
  select currency, key, ${sumsOfSums} from keyed group by currency, key
   order by currency, key = '${onAccount}', key`,

  maturity: `
  with sums as (
    select currency, due_on, ${isCredit} as is_credit, ${sums} from books.subledger_lines where ${inScope} group by 1, 2, 3
  ), keyed as (select *, ${band} as key from sums)
  select currency, key, ${sumsOfSums} from keyed group by currency, key
   order by currency, array_position('{${bands.join(',')}}'::text[], key)`,
};

const controlQuery = `
  select currency, sum(credit - debit) as balance from books.journal_lines
   where ${inScope} and ${defaultAccount} = any ($6) group by currency order by currency`;

/** What we owe by whom, by what or by when, before credit and after it, and whether the journal agrees. */
export const liabilities = async (
  snapshot: Snapshot,
  moment: Moment,
  { by, currency: only }: LiabilitiesQuestion,
): Promise<LiabilitiesReport> => {
  const values = scopeValues(snapshot, moment, only);
  const lines = byCurrency(await snapshot.query<Sums>(queries[by], values));
  const control = await snapshot.query<{ currency: Currency; balance: Sum }>(controlQuery, [...values, controlRoles]);
  const balances = new Map(control.map(({ currency, balance }) => [currency, minorOf(balance)]));

  const currencies = [...new Set([...lines.keys(), ...balances.keys()])].sort().flatMap((currency) => {
    const rows = (lines.get(currency) ?? [])
      .map((line) => ({ line, figures: figuresOf(line) }))
      .filter(({ figures }) => figures.owed !== 0n || figures.onAccount !== 0n);
    const controlAccount = balances.get(currency) ?? 0n;
    if (rows.length === 0 && controlAccount === 0n) return [];
    const totals = totalOf(
      columns,
      rows.map(({ figures }) => figures),
    );
    return [
      {
        currency,
        rows: rows.map(({ line, figures }) => ({ ...keyOf(by, line), ...written(figures, currency) })),
        totals: written(totals, currency),
        reconciliation: reconciliationOf(totals.total, controlAccount, currency),
      },
    ];
  });
  return { ...moment, currencies };
};

const figuresOf = (line: Sums): Figures<Column> => {
  const credit = minorOf(line.on_account);
  const total = minorOf(line.total);
  return {
    owed: total + credit,
    overdue: minorOf(line.overdue),
    deferredAgreed: minorOf(line.deferred_agreed),
    deferredUnilateral: minorOf(line.deferred_unilateral),
    disputed: minorOf(line.disputed),
    held: minorOf(line.held),
    onAccount: credit,
    total,
  };
};

const keyOf = (by: LiabilitiesBy, { key, vendor_name }: Sums): Row => {
  switch (by) {
    case 'vendor':
      return { vendorId: key, vendorName: vendor_name };
    case 'kind':
      return { kind: key };
    case 'due-month':
      return { dueMonth: key };
    case 'maturity':
      return { maturity: key };
  }
};

const reconciliationOf = (ageingTotal: Minor, controlAccount: Minor, currency: Currency) => ({
  ageingTotal: formatMinor(ageingTotal, currency),
  controlAccount: formatMinor(controlAccount, currency),
  difference: formatMinor(ageingTotal - controlAccount, currency),
});

/** A line a row, and one with totals and reconciliation of each currency. */
export const liabilitiesTable = (report: LiabilitiesReport, { by, currency }: LiabilitiesQuestion): Table => {
  const shown = [...keyColumns[by], ...amounts(...columns, 'ageingTotal', 'controlAccount', 'difference')];
  return {
    about: aboutMoment(report),
    asked: { by, currency: currency ?? null },
    columns: [...texts('currency', 'row'), ...shown],
    lines: linesOf(report, shown),
    size: () => sizeOf(report.currencies),
  };
};

function* linesOf({ currencies }: LiabilitiesReport, shown: readonly TableColumn[]): Generator<Line> {
  for (const { currency, rows, totals, reconciliation } of currencies) {
    for (const row of rows) yield [currency, 'row', ...lineOf(row, shown)];
    yield [currency, 'totals', ...lineOf({ ...totals, ...reconciliation }, shown)];
  }
}
