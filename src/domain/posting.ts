import type { LocalDate } from './calendar.js';
import { accountFor, bankAccountIn, type Chart } from './chart-of-accounts.js';
import type { Document, DocumentOf } from './documents.js';
import { type AccountRole, type ApEvent, type DataOf, type DocumentName, type Line, sourceName } from './events.js';
import { type Currency, type Minor, parseMinor } from './money.js';

interface Side {
  readonly account: string;
  /** The account of the default chart in whose place it is: `payables`, `cash:main`, …; undefined where it is in none's. */
  readonly standsFor: string | undefined;
}

/** One side of a double entry. Exactly one of debit and credit is above zero, in minor units. */
export interface Posting extends Side {
  readonly effectiveOn: LocalDate;
  readonly currency: Currency;
  readonly debit: Minor;
  readonly credit: Minor;
}

/** The documents as they were before the event; with the ledger's the chart. */
export type Before = <N extends DocumentName>(name: N) => DocumentOf<N>;

/** The accounts of one entry. */
type Accounts = (role: AccountRole, bankAccount?: string) => Side;

/**
 * The accounts of an entry: those known when it was recorded, and in force on its day. A later change of the chart leaves
 * it as it is, and what takes it back takes it from where it is.
 *
 * @param on      the day of the entry
 * @param knownAt the position at which it was recorded
 */
const accountsOn =
  (chart: Chart, on: LocalDate, knownAt?: number): Accounts =>
  (role, bankAccount) => {
    const account = bankAccountIn(accountFor(chart, role, on, knownAt), bankAccount);
    const standsFor = bankAccountIn(role, bankAccount);
    return { account, standsFor: account === standsFor ? undefined : standsFor };
  };

/**
 * The balanced double entry of an event (contract, rule 12): per currency and day its debits are its credits. Events
 * that do not change what we owe have none. Credit with a vendor is an asset that allocations use up, so allocating
 * moves between the two accounts whose sum is the payables control account, and does not change it.
 */
export const postingsOf = (event: ApEvent, before: Before): Posting[] => {
  const chart = (): Chart => (before('ledger') as DocumentOf<'ledger'> | undefined)?.chart ?? [];
  const now = (on: LocalDate): Entry => ({ on, sign: 1n, accounts: accountsOn(chart(), on) });
  /** Mirrors what a document has made. */
  const back = (
    on: LocalDate,
    madeOn: LocalDate,
    { made }: { readonly made: { readonly position: number } },
  ): Entry => ({
    on,
    sign: -1n,
    accounts: accountsOn(chart(), madeOn, made.position),
  });
  switch (event.type) {
    case 'InvoicePosted':
      return invoiced(event.data, now(event.data.postingDate));
    case 'InvoiceReversed': {
      const invoice = before(`invoice/${event.data.invoiceId}`);
      return invoiced(invoice.posted, back(event.data.on, invoice.posted.postingDate, invoice));
    }
    case 'CreditNotePosted':
      return credited(event.data, now(event.data.date));
    case 'CreditNoteReversed': {
      const creditNote = before(`credit-note/${event.data.creditNoteId}`);
      return credited(creditNote.posted, back(event.data.on, creditNote.posted.date, creditNote));
    }
    case 'ChargePosted':
      return charged(event.data, now(event.data.on));
    case 'ChargeReversed': {
      const charge = before(`charge/${event.data.chargeId}`);
      return charged(charge.posted, back(event.data.on, charge.posted.on, charge));
    }
    case 'PaymentMade':
      return paid(event.data, now(event.data.paidOn));
    case 'PaymentReversed': {
      const payment = before(`payment/${event.data.paymentId}`);
      return paid(payment.posted, back(event.data.on, payment.posted.paidOn, payment));
    }
    case 'Allocated':
      return allocated(event.data, now(event.data.on));
    case 'AllocationReversed': {
      const allocation = before(`allocation/${event.data.allocationId}`);
      return allocated(allocation.data, back(event.data.on, allocation.data.on, allocation));
    }
    case 'RefundReceived':
      return refunded(event.data, before, now(event.data.on));
    case 'RefundReversed': {
      const refund = before(`refund/${event.data.refundId}`);
      return refunded(refund.data, before, back(event.data.on, refund.data.on, refund));
    }
    case 'WrittenOff':
      return writtenOff(event.data, now(event.data.on));
    case 'WriteOffReversed': {
      const writeOff = before(`write-off/${event.data.writeOffId}`);
      return writtenOff(writeOff.data, back(event.data.on, writeOff.data.on, writeOff));
    }
    default:
      return [];
  }
};

/** What is to be known of an entry beside its amounts; `sign` -1 for a reversal. */
interface Entry {
  readonly on: LocalDate;
  readonly sign: 1n | -1n;
  readonly accounts: Accounts;
}

/** Amounts by account, debits above zero, turned into postings of a day. */
const entry = (
  { on: effectiveOn, sign }: Entry,
  currency: Currency,
  sides: readonly (readonly [side: Side, debit: Minor])[],
): Posting[] => {
  const byAccount = new Map<string, { side: Side; debit: Minor }>();
  for (const [side, debit] of sides) {
    const key = `${side.account}\n${side.standsFor ?? ''}`;
    byAccount.set(key, { side, debit: (byAccount.get(key)?.debit ?? 0n) + sign * debit });
  }
  return [...byAccount.values()]
    .filter(({ debit }) => debit !== 0n)
    .map(({ side, debit }) => ({
      effectiveOn,
      account: side.account,
      standsFor: side.standsFor,
      currency,
      debit: debit > 0n ? debit : 0n,
      credit: debit < 0n ? -debit : 0n,
    }));
};

/** What lines cost: amounts on their accounts, taxes on the tax account. */
const costOf = (lines: readonly Line[], currency: Currency, accounts: Accounts): (readonly [Side, Minor])[] =>
  lines.flatMap(({ account, amount, tax }) => [
    [
      account === undefined ? accounts('expense') : { account, standsFor: undefined },
      parseMinor(amount, currency),
    ] as const,
    ...(tax === undefined ? [] : [[accounts('input-tax'), parseMinor(tax, currency)] as const]),
  ]);

const invoiced = ({ currency, lines, total }: DataOf<'InvoicePosted'>, one: Entry): Posting[] =>
  entry(one, currency, [
    ...costOf(lines, currency, one.accounts),
    [one.accounts('payables'), -parseMinor(total, currency)],
  ]);

const credited = ({ currency, lines, total }: DataOf<'CreditNotePosted'>, one: Entry): Posting[] => {
  const costs = costOf(lines ?? [{ amount: total }], currency, one.accounts);
  return entry(one, currency, [
    [one.accounts('on-account'), parseMinor(total, currency)],
    ...costs.map(([side, debit]) => [side, -debit] as const),
  ]);
};

const charged = ({ currency, amount, kind }: DataOf<'ChargePosted'>, one: Entry): Posting[] => {
  const minor = parseMinor(amount, currency);
  return entry(one, currency, [
    [one.accounts(kind), minor],
    [one.accounts('payables'), -minor],
  ]);
};

const paid = ({ currency, amount, bankAccount }: DataOf<'PaymentMade'>, one: Entry): Posting[] => {
  const minor = parseMinor(amount, currency);
  return entry(one, currency, [
    [one.accounts('on-account'), minor],
    [one.accounts('cash', bankAccount), -minor],
  ]);
};

const allocated = ({ currency, amount, discount, discountTax }: DataOf<'Allocated'>, one: Entry): Posting[] => {
  const minor = parseMinor(amount, currency);
  const off = discount === undefined ? 0n : parseMinor(discount, currency);
  const tax = discountTax === undefined ? 0n : parseMinor(discountTax, currency);
  return entry(one, currency, [
    [one.accounts('payables'), minor + off],
    [one.accounts('on-account'), -minor],
    [one.accounts('discount-received'), tax - off],
    [one.accounts('input-tax'), -tax],
  ]);
};

const refunded = ({ currency, amount, from }: DataOf<'RefundReceived'>, before: Before, one: Entry): Posting[] => {
  const minor = parseMinor(amount, currency);
  const source = before(sourceName(from)) as Document | undefined;
  // The money comes back to the account that it was paid from; a credit note does not say which that was.
  const bankAccount = source?.kind === 'payment' ? source.posted.bankAccount : undefined;
  return entry(one, currency, [
    [one.accounts('cash', bankAccount), minor],
    [one.accounts('on-account'), -minor],
  ]);
};

const writtenOff = ({ currency, amount }: DataOf<'WrittenOff'>, one: Entry): Posting[] => {
  const minor = parseMinor(amount, currency);
  return entry(one, currency, [
    [one.accounts('payables'), minor],
    [one.accounts('write-off'), -minor],
  ]);
};
