import { addDays, daysBetween, lastDay, type LocalDate } from './calendar.js';
import { Amounts, type Claim, type Decision, repeated, type Warning, type Working } from './decision.js';
import type { DataOf, Line, Terms } from './events.js';
import { type Amount, type Currency, type Minor, sum } from './money.js';
import { isReserved } from './chart-of-accounts.js';
import type { Invoice } from './open-item.js';
import { reject, rejectMalformed } from './rejection.js';
import { type Reverse, reverseItem } from './reversals.js';

export interface PostInvoice {
  readonly type: 'PostInvoice';
  readonly id: string;
  readonly vendorId: string;
  readonly number: string;
  readonly invoiceDate: LocalDate;
  readonly postingDate: LocalDate;
  readonly currency: Currency;
  readonly lines: readonly Line[];
  readonly total: Amount;
  readonly dueDate?: LocalDate;
  readonly schedule?: readonly { readonly dueOn: LocalDate; readonly amount: Amount }[];
  readonly kind?: string;
  readonly servicePeriod?: { readonly from: LocalDate; readonly to: LocalDate };
  readonly description?: string;
  readonly allowDuplicate?: { readonly reason: string };
}
export type ReverseInvoice = Reverse<'ReverseInvoice', 'invoiceId'>;
export type InvoiceCommand = PostInvoice | ReverseInvoice;

export const decideInvoice = (command: InvoiceCommand, working: Working): Decision =>
  command.type === 'PostInvoice' ? post(command, working) : reverse(command, working);

const post = (command: PostInvoice, working: Working): Decision => {
  const { type: _, id, vendorId, currency, schedule, dueDate, lines, total: totalText, ...rest } = command;
  const subject = `invoice/${id}` as const;
  const isDueGiven = schedule !== undefined || dueDate !== undefined;
  if (repeated(working, subject, { ...command }, () => withDefaultDueDate(command, working.find(subject)!))) {
    if (!isDueGiven && !working.find(subject)?.posted.terms) working.warn(noTerms(command));
    return working.unchanged(subject);
  }

  const vendor = working.inBody(`vendor/${vendorId}`, 'unknown-vendor');
  const amounts = new Amounts(currency);
  const total = amounts.positive(totalText, '/total');
  const lineTotal = readLines(amounts, lines);
  const instalments = schedule?.map(({ dueOn, amount }, i) => ({
    dueOn,
    amount: amounts.positive(amount, `/schedule/${i}/amount`),
  }));
  amounts.check();
  checkAccounts(working, lines);
  mustAddUp(amounts, total, lineTotal);
  if (instalments && sum(instalments.map(({ amount }) => amount)) !== total) {
    reject(
      'schedule-mismatch',
      `The instalments add up to ${amounts.format(sum(instalments.map(({ amount }) => amount)))}, the total is ${amounts.format(total)}.`,
    );
  }
  working.mustBeOpen(command.postingDate);

  const { terms } = vendor.facts;
  if (!isDueGiven && !terms) working.warn(noTerms(command));
  const due = instalments ?? [{ dueOn: dueDate ?? dueByTerms(command.invoiceDate, terms), amount: total }];
  const data: DataOf<'InvoicePosted'> = {
    invoiceId: id,
    vendorId,
    currency,
    total: amounts.format(total),
    lines: formatLines(amounts, lines),
    schedule: due.map(({ dueOn, amount }) => ({ dueOn, amount: amounts.format(amount) })),
    ...(terms && { terms }),
    ...rest,
  };
  working.claim(...claimsOf(data, command.allowDuplicate === undefined, false));
  working.emit({ type: 'InvoicePosted', effectiveOn: command.postingDate, data });
  return working.decision(subject);
};

/** The other way to ask for the same: the due date named or left to the terms that the invoice was posted under. */
const withDefaultDueDate = (command: PostInvoice, { posted }: Invoice) => {
  if (command.schedule !== undefined || command.invoiceDate !== posted.invoiceDate) return [];
  const dueDate = dueByTerms(posted.invoiceDate, posted.terms);
  if (command.dueDate === undefined) return [{ ...command, dueDate }];
  return command.dueDate === dueDate ? [{ ...command, dueDate: undefined }] : [];
};

const noTerms = ({ invoiceDate }: PostInvoice): Warning => ({
  code: 'no-terms',
  detail: `Neither a due date nor terms of the vendor: due on the invoice date, ${invoiceDate}.`,
});

const dueByTerms = (invoiceDate: LocalDate, terms: Terms | undefined): LocalDate => {
  if (daysBetween(invoiceDate, lastDay) < (terms?.netDays ?? 0)) {
    rejectMalformed([{ pointer: '/invoiceDate', detail: `by the vendor's terms it would fall due after ${lastDay}` }]);
  }
  return addDays(invoiceDate, terms?.netDays ?? 0);
};

const reverse = (command: ReverseInvoice, working: Working): Decision => {
  const invoice = working.inPath(`invoice/${command.invoiceId}`);
  const on = reverseItem(command, invoice, working);
  working.claim(...claimsOf(invoice.posted, false, true));
  working.emit({
    type: 'InvoiceReversed',
    effectiveOn: on,
    data: { invoiceId: invoice.id, vendorId: invoice.vendorId, reason: command.reason, on },
  });
  return working.decision(`invoice/${invoice.id}`);
};

/** Amount and tax of all lines, in minor units. */
export const readLines = (amounts: Amounts, lines: readonly Line[]): Minor =>
  sum(
    lines.flatMap(({ amount, tax }, i) => [
      amounts.read(amount, `/lines/${i}/amount`),
      tax === undefined ? 0n : amounts.read(tax, `/lines/${i}/tax`),
    ]),
  );

/** The lines with every amount in full. */
export const formatLines = (amounts: Amounts, lines: readonly Line[]): Line[] =>
  lines.map((line, i) => ({
    ...line,
    amount: amounts.format(amounts.read(line.amount, `/lines/${i}/amount`)),
    ...(line.tax !== undefined && { tax: amounts.format(amounts.read(line.tax, `/lines/${i}/tax`)) }),
  }));

/** @throws {Rejection} `total-mismatch` */
export const mustAddUp = (amounts: Amounts, total: Minor, lineTotal: Minor): void => {
  if (total !== lineTotal) {
    reject(
      'total-mismatch',
      `The lines with their taxes add up to ${amounts.format(lineTotal)}, the total is ${amounts.format(total)}.`,
      {
        total: amounts.format(total),
        lines: amounts.format(lineTotal),
      },
    );
  }
};

/** The accounts that reports reconcile with are posted to by the ledger alone. @throws {Rejection} `reserved-account` */
export const checkAccounts = (working: Working, lines: readonly Line[]): void => {
  if (lines.every((line) => line.account === undefined)) return;
  const { chart = [] } = working.find('ledger') ?? {};
  const account = lines.find((line) => line.account !== undefined && isReserved(chart, line.account))?.account;
  if (account !== undefined)
    reject('reserved-account', `The ledger posts to ${account} itself; name an expense or asset account of yours.`, {
      account,
    });
};

/**
 * An invoice number as duplicates are looked for (contract, rule 3). A number without any letter or digit stays as it is.
 *
 * @example normalisedNumber('inv-007/2') // 'INV72'
 */
export const normalisedNumber = (number: string): string => {
  const plain = number
    .toUpperCase()
    .replace(/\p{Nd}+/gu, (digits) => digits.replace(/^0+(?=.)/u, ''))
    .replace(/[^\p{L}\p{N}]/gu, '');
  return plain === '' ? number : plain;
};

/** What of an invoice may stand on a vendor account only once, or is at least suspicious twice. */
export const claimsOf = (invoice: DataOf<'InvoicePosted'>, exclusive: boolean, released: boolean): Claim[] => {
  const { vendorId, number, invoiceDate, currency, total } = invoice;
  const normalised = normalisedNumber(number);
  return [
    { value: `number ${vendorId} ${normalised}`, qualifier: invoiceDate.slice(0, 4), exclusive, released },
    {
      value: `amount ${vendorId} ${currency} ${total} ${invoiceDate}`,
      qualifier: normalised,
      exclusive: false,
      released,
    },
  ];
};
