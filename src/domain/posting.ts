import type { LocalDate } from './calendar.js';
import { cashAccount, chargeAccount, chart } from './chart-of-accounts.js';
import type { Document, DocumentOf } from './documents.js';
import { type ApEvent, type DataOf, type DocumentName, type Line, sourceName } from './events.js';
import { type Currency, type Minor, parseMinor } from './money.js';

/** One side of a double entry. Exactly one of debit and credit is above zero, in minor units. */
export interface Posting {
  readonly effectiveOn: LocalDate;
  readonly account: string;
  readonly currency: Currency;
  readonly debit: Minor;
  readonly credit: Minor;
}

/** The documents as they were before the event. */
export type Before = <N extends DocumentName>(name: N) => DocumentOf<N>;

/**
 * The balanced double entry of an event (contract, rule 12): per currency and day its debits are its credits. Events
 * that do not change what we owe have none. Credit with a vendor is an asset that allocations use up, so allocating
 * moves between the two accounts whose sum is the payables control account, and does not change it.
 */
export const postingsOf = (event: ApEvent, before: Before): Posting[] => {
  switch (event.type) {
    case 'InvoicePosted':
      return invoiced(event.data, event.data.postingDate, 1n);
    case 'InvoiceReversed':
      return invoiced(before(`invoice/${event.data.invoiceId}`).posted, event.data.on, -1n);
    case 'CreditNotePosted':
      return credited(event.data, event.data.date, 1n);
    case 'CreditNoteReversed':
      return credited(before(`credit-note/${event.data.creditNoteId}`).posted, event.data.on, -1n);
    case 'ChargePosted':
      return charged(event.data, event.data.on, 1n);
    case 'ChargeReversed':
      return charged(before(`charge/${event.data.chargeId}`).posted, event.data.on, -1n);
    case 'PaymentMade':
      return paid(event.data, event.data.paidOn, 1n);
    case 'PaymentReversed':
      return paid(before(`payment/${event.data.paymentId}`).posted, event.data.on, -1n);
    case 'Allocated':
      return allocated(event.data, event.data.on, 1n);
    case 'AllocationReversed':
      return allocated(before(`allocation/${event.data.allocationId}`).data, event.data.on, -1n);
    case 'RefundReceived':
      return refunded(event.data, before, event.data.on, 1n);
    case 'RefundReversed':
      return refunded(before(`refund/${event.data.refundId}`).data, before, event.data.on, -1n);
    case 'WrittenOff':
      return writtenOff(event.data, event.data.on, 1n);
    case 'WriteOffReversed':
      return writtenOff(before(`write-off/${event.data.writeOffId}`).data, event.data.on, -1n);
    default:
      return [];
  }
};

/** Amounts by account, debits above zero, turned into postings of a day; `sign` -1 for a reversal. */
const entry = (
  effectiveOn: LocalDate,
  currency: Currency,
  sign: 1n | -1n,
  sides: readonly (readonly [account: string, debit: Minor])[],
): Posting[] => {
  const byAccount = new Map<string, Minor>();
  for (const [account, debit] of sides) byAccount.set(account, (byAccount.get(account) ?? 0n) + sign * debit);
  return [...byAccount]
    .filter(([, debit]) => debit !== 0n)
    .map(([account, debit]) => ({
      effectiveOn,
      account,
      currency,
      debit: debit > 0n ? debit : 0n,
      credit: debit < 0n ? -debit : 0n,
    }));
};

/** What lines cost: amounts on their accounts, taxes on the tax account. */
const costOf = (lines: readonly Line[], currency: Currency): (readonly [string, Minor])[] =>
  lines.flatMap(({ account, amount, tax }) => [
    [account ?? chart.expense.account, parseMinor(amount, currency)] as const,
    ...(tax === undefined ? [] : [[chart.inputTax.account, parseMinor(tax, currency)] as const]),
  ]);

const invoiced = ({ currency, lines, total }: DataOf<'InvoicePosted'>, on: LocalDate, sign: 1n | -1n): Posting[] =>
  entry(on, currency, sign, [...costOf(lines, currency), [chart.payables.account, -parseMinor(total, currency)]]);

const credited = ({ currency, lines, total }: DataOf<'CreditNotePosted'>, on: LocalDate, sign: 1n | -1n): Posting[] => {
  const amount = parseMinor(total, currency);
  const costs = lines ? costOf(lines, currency) : [[chart.expense.account, amount] as const];
  return entry(on, currency, sign, [
    [chart.onAccount.account, amount],
    ...costs.map(([account, debit]) => [account, -debit] as const),
  ]);
};

const charged = ({ currency, amount, kind }: DataOf<'ChargePosted'>, on: LocalDate, sign: 1n | -1n): Posting[] => {
  const minor = parseMinor(amount, currency);
  return entry(on, currency, sign, [
    [chargeAccount[kind], minor],
    [chart.payables.account, -minor],
  ]);
};

const paid = ({ currency, amount, bankAccount }: DataOf<'PaymentMade'>, on: LocalDate, sign: 1n | -1n): Posting[] => {
  const minor = parseMinor(amount, currency);
  return entry(on, currency, sign, [
    [chart.onAccount.account, minor],
    [cashAccount(bankAccount), -minor],
  ]);
};

const allocated = (
  { currency, amount, discount, discountTax }: DataOf<'Allocated'>,
  on: LocalDate,
  sign: 1n | -1n,
): Posting[] => {
  const minor = parseMinor(amount, currency);
  const off = discount === undefined ? 0n : parseMinor(discount, currency);
  const tax = discountTax === undefined ? 0n : parseMinor(discountTax, currency);
  return entry(on, currency, sign, [
    [chart.payables.account, minor + off],
    [chart.onAccount.account, -minor],
    [chart.discount.account, tax - off],
    [chart.inputTax.account, -tax],
  ]);
};

const refunded = (
  { currency, amount, from }: DataOf<'RefundReceived'>,
  before: Before,
  on: LocalDate,
  sign: 1n | -1n,
): Posting[] => {
  const minor = parseMinor(amount, currency);
  const source = before(sourceName(from)) as Document | undefined;
  // The money comes back to the account that it was paid from; a credit note does not say which that was.
  const bankAccount = source?.kind === 'payment' ? source.posted.bankAccount : undefined;
  return entry(on, currency, sign, [
    [cashAccount(bankAccount), minor],
    [chart.onAccount.account, -minor],
  ]);
};

const writtenOff = ({ currency, amount }: DataOf<'WrittenOff'>, on: LocalDate, sign: 1n | -1n): Posting[] => {
  const minor = parseMinor(amount, currency);
  return entry(on, currency, sign, [
    [chart.payables.account, minor],
    [chart.writeOff.account, -minor],
  ]);
};
