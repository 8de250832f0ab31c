import { accountOf } from '../domain/chart-of-accounts.js';
import type { AccountType } from '../domain/events.js';
import type { Amount, Currency } from '../domain/money.js';
import type { Moment } from './as-of.js';
import { inScope, scopeValues } from './books-sql.js';
import { chartThen } from './chart.js';
import { byCurrency, minorOf, type Sum, totalOf, written } from './figures.js';
import type { Snapshot } from './snapshot.js';
import { aboutMoment, amounts, type Line, lineOf, sizeOf, type Table, texts } from './table.js';

/** Both sides of an account, and the debits less the credits. */
type Sides = Readonly<Record<'debits' | 'credits' | 'balance', Amount>>;

export interface TrialBalanceReport extends Moment {
  readonly currencies: readonly {
    readonly currency: Currency;
    readonly rows: readonly (Sides & {
      readonly account: string;
      readonly name: string;
      readonly type: AccountType;
    })[];
    /** The debits are the credits, and the balance is zero, as long as the books are whole. */
    readonly totals: Sides;
  }[];
}

interface Sums {
  readonly currency: Currency;
  readonly account: string;
  readonly debits: Sum;
  readonly credits: Sum;
}

const query = `
  select currency, account, sum(debit) as debits, sum(credit) as credits from books.journal_lines
   where ${inScope} group by currency, account order by currency, account`;

const columns = ['debits', 'credits', 'balance'] as const;

/** What stands on each account, one that has come to zero again included: it had its turnover. */
export const trialBalance = async (
  snapshot: Snapshot,
  moment: Moment,
  only?: Currency,
): Promise<TrialBalanceReport> => {
  const sums = await snapshot.query<Sums>(query, scopeValues(snapshot, moment, only));
  const chart = await chartThen(snapshot, moment.position);
  const currencies = [...byCurrency(sums)].map(([currency, inCurrency]) => {
    const lines = inCurrency.map(({ account, ...sides }) => {
      const [debits, credits] = [minorOf(sides.debits), minorOf(sides.credits)];
      return { about: accountOf(chart, account), figures: { debits, credits, balance: debits - credits } };
    });
    const totals = totalOf(
      columns,
      lines.map(({ figures }) => figures),
    );
    return {
      currency,
      rows: lines.map(({ about: { account, name, type }, figures }) => ({
        account,
        name,
        type,
        ...written(figures, currency),
      })),
      totals: written(totals, currency),
    };
  });
  return { ...moment, currencies };
};

const shown = [...texts('account', 'name', 'type'), ...amounts(...columns)];

/** A line an account, and one with the totals of each currency. */
export const trialBalanceTable = (report: TrialBalanceReport, only?: Currency): Table => ({
  about: aboutMoment(report),
  asked: { currency: only ?? null },
  columns: [...texts('currency', 'row'), ...shown],
  lines: linesOf(report),
  size: () => sizeOf(report.currencies),
});

function* linesOf({ currencies }: TrialBalanceReport): Generator<Line> {
  for (const { currency, rows, totals } of currencies) {
    for (const row of rows) yield [currency, 'row', ...lineOf(row, shown)];
    yield [currency, 'totals', ...lineOf({ ...totals }, shown)];
  }
}
