import type { LocalDate } from '../domain/calendar.js';
import { type Moment, rejectParameter } from '../reports/as-of.js';
import { beancountJournal } from './beancount.js';
import { firstDay } from './bills.js';
import { hledgerJournal } from './hledger.js';
import { invoicesReceived, invoicesReceivedLines } from './invoices-received.js';
import { openingOf, type Read, type Source } from './reading.js';
import { inFileName } from './standard.js';
import { supplierListing } from './supplier-listing.js';

/** A file for other programs, of one moment. */
export interface Extract {
  readonly file: string;
  /** In pieces, as they are read. */
  readonly content: AsyncIterable<string>;
}

type Make = (source: Source, from: LocalDate | undefined) => Extract | Promise<Extract>;

/** A file of the standard that is of a time: from the first day that something was posted on, if no other is named. */
const ofTime =
  (name: string, content: (source: Source, from: LocalDate) => AsyncIterable<string>): Make =>
  async (source, asked) => {
    const { asOf } = source.moment;
    if (asked !== undefined && asked > asOf) rejectParameter('from', `must not be after asOf, ${asOf}`);
    const from = asked ?? (await firstDay(source));
    return { file: `${name}_${inFileName(from)}_${inFileName(asOf)}.txt`, content: content(source, from) };
  };

const extracts = {
  'invoices-received': ofTime('Invoices_Received', invoicesReceived),
  'invoices-received-lines': ofTime('Invoices_Received_Lines', invoicesReceivedLines),
  'supplier-listing': (source) => ({
    file: `Supplier_Listing_${inFileName(source.moment.asOf)}.txt`,
    content: supplierListing(source),
  }),
  hledger: (source) => ({ file: `${source.moment.ledger}.hledger`, content: hledgerJournal(source) }),
  beancount: (source) => ({ file: `${source.moment.ledger}.beancount`, content: beancountJournal(source) }),
} satisfies Record<string, Make>;

export type ExtractName = keyof typeof extracts;

/**
 * Begins an extract.
 *
 * @param from of the files that are of a time: the first day of it
 * @throws {Rejection} `malformed` for a `from` after asOf
 */
export const extract = async (name: ExtractName, read: Read, moment: Moment, from?: LocalDate): Promise<Extract> => {
  const make: Make = extracts[name];
  return make({ read, moment, ledger: await openingOf(read) }, from);
};
