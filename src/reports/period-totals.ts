import { controlRoles } from '../domain/chart-of-accounts.js';
import type { LocalDate } from '../domain/calendar.js';
import type { Ageing, DataOf } from '../domain/events.js';
import { type Currency, formatMinor } from '../domain/money.js';
import { basisColumn, bucketsOf, figuresOf, type Sums, sumsOf } from './ageing.js';
import type { Moment } from './as-of.js';
import { defaultAccount, inScope, isDeferred, scopeValues } from './books-sql.js';
import { minorOf, type Sum, withAmounts } from './figures.js';
import type { Snapshot } from './snapshot.js';

type Totals = DataOf<'PeriodTotalsRecorded'>;

/** As the shape of the event has it, which is on disk for good. */
const cut = { basis: 'agreed', edges: [30, 60, 90] } as const;

const ageingQuery = `
  select currency, ${sumsOf(cut, basisColumn[cut.basis], isDeferred)}
    from books.subledger_lines where ${inScope} group by currency`;

const controlQuery = `
  select currency, sum(credit - debit) as balance from books.journal_lines
   where ${inScope} and ${defaultAccount} = any ($6) group by currency`;

const countQuery = `
  select count(*) as events from log.events
   where ledger_id = $1 and position <= $2 and effective_on <= $3 and ($4::date is null or effective_on >= $4)`;

/**
 * What the books say when a period is closed: as of its last day, with everything up to the closing.
 *
 * @param closedFrom the first of the days that were closed; null for all up to the last one
 * @returns `events` and `currencies` as the event has them
 */
export const periodTotals = async (
  snapshot: Snapshot,
  moment: Moment,
  closedFrom: LocalDate | null,
): Promise<Pick<Totals, 'events' | 'currencies'>> => {
  const values = scopeValues(snapshot, moment);
  const items = await snapshot.query<Sums>(ageingQuery, values);
  const control = await snapshot.query<{ currency: Currency; balance: Sum }>(controlQuery, [...values, controlRoles]);
  const [count] = await snapshot.query<{ events: string }>(countQuery, [
    snapshot.ledgerId,
    moment.position,
    moment.asOf,
    closedFrom,
  ]);
  const sums = new Map(items.map((item) => [item.currency, item]));
  const balances = new Map(control.map(({ currency, balance }) => [currency, minorOf(balance)]));
  const currencies = [...new Set([...sums.keys(), ...balances.keys()])].sort().flatMap((currency) => {
    const item = sums.get(currency);
    const controlAccount = balances.get(currency) ?? 0n;
    const onAccount = minorOf(item?.on_account);
    const owed = minorOf(item?.total) + onAccount;
    if (owed === 0n && onAccount === 0n && controlAccount === 0n) return [];
    return [
      {
        currency,
        controlAccount: formatMinor(controlAccount, currency),
        owed: formatMinor(owed, currency),
        onAccount: formatMinor(onAccount, currency),
        ageing: ageingOf(item, currency),
      },
    ];
  });
  return { events: { recorded: moment.position, inPeriod: Number(count!.events) }, currencies };
};

const ageingOf = (item: Sums | undefined, currency: Currency): Ageing => {
  const columns = [...bucketsOf(cut.edges), 'total'];
  return withAmounts({}, columns, item ? figuresOf(item, cut.edges) : [], currency) as unknown as Ageing;
};
