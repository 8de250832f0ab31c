import type { LocalDate } from '../domain/calendar.js';
import { defaults } from '../domain/chart-of-accounts.js';
import { type Currency, formatMinor, type Minor, sum } from '../domain/money.js';
import { type Bill, type BillLine, billsOf } from './bills.js';
import { record, recordOf } from './delimited.js';
import type { Source } from './reading.js';
import {
  recordedBy,
  segmentFields,
  taxAccountFields,
  taxFields,
  termsFields,
  termsOf,
  userFields,
} from './standard.js';

const names = [
  'Invoice_ID',
  'Invoice_Number',
  'Invoice_Date',
  'Invoice_Fiscal_Year',
  'Invoice_Period',
  'Invoice_Due_Date',
  'Purchase_Order_ID',
  'Business_Unit_Code',
  'Supplier_Account_ID',
  ...termsFields,
  ...userFields,
  'Invoice_Amount',
  'Invoice_Amount_Currency',
  'Invoice_Amount_Reporting',
  'Invoice_Reporting_Currency',
  'Invoice_Amount_Local',
  'Invoice_Local_Currency',
  ...taxFields,
  ...segmentFields,
];

/** Invoices, charges and credit notes, and their reversals: a record each, with the amount that it adds to what we owe. */
export async function* invoicesReceived(source: Source, from: LocalDate): AsyncGenerator<string> {
  yield record(names);
  for await (const bills of billsOf(source, from)) yield bills.map((bill) => billRecord(bill, source)).join('');
}

const billRecord = (bill: Bill, { ledger, moment }: Source): string => {
  const { date, currency, total, lines, terms } = bill;
  const taxes = lines.flatMap(({ tax }) => (tax === undefined ? [] : [tax]));
  return recordOf(names, {
    Invoice_ID: bill.id,
    Invoice_Number: bill.number,
    Invoice_Date: date,
    Invoice_Fiscal_Year: date.slice(0, 4),
    Invoice_Period: `M${Number(date.slice(5, 7))}`,
    Invoice_Due_Date: bill.dueOn,
    Business_Unit_Code: moment.ledger,
    Supplier_Account_ID: bill.vendorId,
    ...termsOf(terms),
    ...recordedBy('Entered', bill.entered, ledger.timeZone),
    ...recordedBy('Approved', bill.approved, ledger.timeZone),
    ...recordedBy('Last_Modified', bill.modified, ledger.timeZone),
    ...amountFields('Invoice', total, currency, ledger.currency),
    ...taxOf(taxes.length === 0 ? undefined : sum(taxes), currency),
  });
};

const lineNames = [
  'Invoice_ID',
  'Invoice_Line_ID',
  'Purchase_Order_ID',
  'Purchase_Order_Line_ID',
  'Invoice_Product_ID',
  'Invoice_Product_Description',
  'Invoice_Product_Group_01',
  'Invoice_Product_Group_02',
  'Invoice_Line_Amount',
  'Invoice_Line_Amount_Currency',
  'Invoice_Line_Amount_Reporting',
  'Invoice_Line_Reporting_Currency',
  'Invoice_Line_Amount_Local',
  'Invoice_Line_Local_Currency',
  ...taxFields,
  'GL_Line_Debit_Account_Number',
  'GL_Line_Credit_Account_Number',
  ...taxAccountFields,
  ...segmentFields,
];

/** The lines of the same documents: amounts without tax, and the tax beside them. */
export async function* invoicesReceivedLines(source: Source, from: LocalDate): AsyncGenerator<string> {
  yield record(lineNames);
  for await (const bills of billsOf(source, from))
    for (const bill of bills) yield bill.lines.map((line, n) => lineRecord(bill, line, n + 1, source)).join('');
}

const lineRecord = ({ id, currency }: Bill, line: BillLine, number: number, { ledger }: Source): string =>
  recordOf(lineNames, {
    Invoice_ID: id,
    Invoice_Line_ID: String(number),
    Invoice_Product_Description: line.description,
    ...amountFields('Invoice_Line', line.amount, currency, ledger.currency),
    ...taxOf(line.tax, currency),
    GL_Line_Debit_Account_Number: line.debit,
    GL_Line_Credit_Account_Number: line.credit,
    ...(line.tax !== undefined && {
      GL_Tax1_Debit_Account_Number: line.taxDebit,
      GL_Tax1_Credit_Account_Number: line.credit,
    }),
  });

/**
 * An amount three times, as the standard wants it. The ledger knows no exchange rates: the local amount is in the
 * document's own currency too, and a reporting amount there is only where that is the ledger's.
 */
const amountFields = (
  prefix: 'Invoice' | 'Invoice_Line',
  minor: Minor,
  currency: Currency,
  reporting: Currency,
): Record<string, string> => {
  const amount = formatMinor(minor, currency);
  return {
    [`${prefix}_Amount`]: amount,
    [`${prefix}_Amount_Currency`]: currency,
    ...(currency === reporting && {
      [`${prefix}_Amount_Reporting`]: amount,
      [`${prefix}_Reporting_Currency`]: currency,
    }),
    [`${prefix}_Amount_Local`]: amount,
    [`${prefix}_Local_Currency`]: currency,
  };
};

/** The ledger knows one tax, by the account that it is posted to. */
const taxOf = (tax: Minor | undefined, currency: Currency): Record<string, string> =>
  tax === undefined
    ? {}
    : {
        Tax1_Type: defaults['input-tax'].account,
        Tax1_Type_Description: defaults['input-tax'].name,
        Tax1_Local: formatMinor(tax, currency),
      };
