import type { LocalDate } from '../domain/calendar.js';
import { controlRoles } from '../domain/chart-of-accounts.js';
import type { EventType } from '../domain/events.js';
import { type Amount, type Currency, formatMinor } from '../domain/money.js';
import { reject } from '../domain/rejection.js';
import { type Moment, rejectParameter } from './as-of.js';
import { dayText, defaultAccount, inScope, scopeValues } from './books-sql.js';
import { byCurrency, minorOf, type Sum } from './figures.js';
import { takingTurns } from '../database/turns.js';
import type { Snapshot } from './snapshot.js';
import { aboutMoment, amounts, days, type Line, numbers, type Table, texts } from './table.js';

export interface StatementQuestion {
  readonly vendorId: string;
  /** The first day whose lines are shown; without it all are. */
  readonly from?: LocalDate | undefined;
  readonly currency?: Currency | undefined;
}

/** What a line of a vendor's account is about. */
const lineTypes: Partial<Record<EventType, string>> = {
  InvoicePosted: 'invoice',
  ChargePosted: 'charge',
  CreditNotePosted: 'credit-note',
  PaymentMade: 'payment',
  RefundReceived: 'refund',
  // Setting one document against another moves nothing between the vendor and us, but for what they let us off.
  Allocated: 'discount',
  WrittenOff: 'write-off',
  InvoiceReversed: 'reversal',
  ChargeReversed: 'reversal',
  CreditNoteReversed: 'reversal',
  PaymentReversed: 'reversal',
  RefundReversed: 'reversal',
  AllocationReversed: 'reversal',
  WriteOffReversed: 'reversal',
};

interface StatementLine {
  readonly on: LocalDate;
  readonly itemType: string;
  readonly itemId: string;
  /** The number on the document; of a discount or write-off, that on the item. */
  readonly number: string | null;
  /** Above zero: we owe more. */
  readonly amount: Amount;
  readonly balance: Amount;
  readonly position: number;
}

export interface StatementReport extends Moment {
  readonly vendorId: string;
  readonly currencies: readonly {
    readonly currency: Currency;
    readonly opening: Amount;
    readonly lines: readonly StatementLine[];
    readonly closing: Amount;
  }[];
}

interface Change {
  readonly currency: Currency;
  readonly on: LocalDate;
  readonly position: string;
  readonly event_type: EventType;
  readonly item_id: string;
  readonly number: string | null;
  readonly amount: Sum;
}

const vendorQuery = `
  select from books.vendor_facts where ledger_id = $1 and generation = $2 and vendor_id = $3 limit 1`;

const onControlAccount = `${inScope} and vendor_id = $6 and ${defaultAccount} = any ($7)`;

const openingQuery = `
  select currency, sum(credit - debit) as amount from books.journal_lines
   where ${onControlAccount} and effective_on < $8::date group by currency`;

/** What each event does to the account in all: an allocation takes from one control account what it adds to the other. */
const linesQuery = `
  with changes as (
    select currency, effective_on, position, event_type, item_type, item_id, sum(credit - debit) as amount
      from books.journal_lines where ${onControlAccount} and ($8::date is null or effective_on >= $8::date)
     group by currency, effective_on, position, event_type, item_type, item_id having sum(credit - debit) <> 0
  )
  select c.currency, ${dayText('c.effective_on')} as on, c.position, c.event_type, c.item_id, c.amount, d.number
    from changes c
    left join books.documents d
      on d.ledger_id = $1 and d.generation = $2 and d.kind = c.item_type and d.id = c.item_id
   order by c.currency, c.effective_on, c.position`;

/**
 * A vendor's account as the vendor would see it, from the control account of the journal.
 *
 * @throws {Rejection} `not-found` for a vendor that the ledger does not have; `malformed` for a `from` after asOf
 */
export const statement = async (
  snapshot: Snapshot,
  moment: Moment,
  { vendorId, from, currency: only }: StatementQuestion,
): Promise<StatementReport> => {
  if (from !== undefined && from > moment.asOf) rejectParameter('from', `must not be after asOf, ${moment.asOf}`);
  const { ledgerId, generation } = snapshot;
  // Before a vendor was registered nothing was on the account, and that is an answer; a vendor that never was is none.
  const [vendor] = await snapshot.query(vendorQuery, [ledgerId, generation, vendorId]);
  if (!vendor) return reject('not-found', `This ledger has no vendor ${vendorId}.`);

  const values = [...scopeValues(snapshot, moment, only), vendorId, controlRoles, from ?? null];
  const openings =
    from === undefined ? [] : await snapshot.query<{ currency: Currency; amount: Sum }>(openingQuery, values);
  const opening = new Map(openings.map(({ currency, amount }) => [currency, minorOf(amount)]));
  const changes = byCurrency(await snapshot.query<Change>(linesQuery, values));

  const currencies: StatementReport['currencies'][number][] = [];
  const turn = takingTurns();
  for (const currency of [...new Set([...opening.keys(), ...changes.keys()])].sort()) {
    const before = opening.get(currency) ?? 0n;
    let balance = before;
    const lines: StatementLine[] = [];
    for (const change of changes.get(currency) ?? []) {
      await turn();
      balance += minorOf(change.amount);
      lines.push(lineOf(change, formatMinor(balance, currency)));
    }
    currencies.push({
      currency,
      opening: formatMinor(before, currency),
      lines,
      closing: formatMinor(balance, currency),
    });
  }
  return { ...moment, vendorId, currencies };
};

const lineOf = (change: Change, balance: Amount): StatementLine => {
  const itemType = lineTypes[change.event_type];
  if (itemType === undefined) throw new Error(`no line of a statement is made of ${change.event_type}`);
  return {
    on: change.on,
    itemType,
    itemId: change.item_id,
    number: change.number,
    amount: formatMinor(minorOf(change.amount), change.currency),
    balance,
    position: Number(change.position),
  };
};

/** Opening, lines and closing of each currency. */
export const statementTable = (
  report: StatementReport,
  { from, currency }: Omit<StatementQuestion, 'vendorId'>,
): Table => ({
  about: [
    ...aboutMoment(report),
    { name: 'from', kind: 'day', value: from ?? null },
    { name: 'vendorId', kind: 'text', value: report.vendorId },
  ],
  asked: { currency: currency ?? null },
  columns: [
    ...texts('currency', 'row'),
    ...days('on'),
    ...texts('itemType', 'itemId', 'number'),
    ...amounts('amount', 'balance'),
    ...numbers('eventPosition'),
  ],
  lines: linesOf(report, from ?? null),
  size: () => report.currencies.reduce((size, { lines }) => size + lines.length + 2, 0),
});

function* linesOf({ asOf, currencies }: StatementReport, from: LocalDate | null): Generator<Line> {
  for (const { currency, opening, lines, closing } of currencies) {
    yield [currency, 'opening', from, null, null, null, null, opening, null];
    for (const { on, itemType, itemId, number, amount, balance, position } of lines)
      yield [currency, 'line', on, itemType, itemId, number, amount, balance, position];
    yield [currency, 'closing', asOf, null, null, null, null, closing, null];
  }
}
