import type { LocalDate } from '../domain/calendar.js';
import { assertNever } from '../domain/assert-never.js';
import { accountFor, type Chart } from '../domain/chart-of-accounts.js';
import {
  type AccountRole,
  documentsOf,
  type EventOf,
  type EventType,
  type Line,
  type RecordedEvent,
  type Recording,
  type Terms,
} from '../domain/events.js';
import { type Currency, type Minor, parseMinor } from '../domain/money.js';
import { readLine } from '../event-log/record.js';
import { dayText, inScope, scopeValues } from '../reports/books-sql.js';
import { chartThen } from '../reports/chart.js';
import type { Snapshot } from '../reports/snapshot.js';
import type { Source } from './reading.js';

// The documents by which vendors charge or credit us, one by one, as the files of the standard list them.

type Posted = EventOf<'InvoicePosted' | 'ChargePosted' | 'CreditNotePosted'> & Recording;

/** A document, or the reversal of one: then its amounts have the other sign. */
export interface Bill {
  /** Unique among all of them: a charge's and a credit note's begin with what it is, a reversal's ends so. */
  readonly id: string;
  readonly number: string | undefined;
  readonly vendorId: string;
  readonly date: LocalDate;
  /** When the first of it falls due, as it was posted. */
  readonly dueOn: LocalDate | undefined;
  readonly terms: Terms | undefined;
  readonly currency: Currency;
  /** Above zero: we owe more. */
  readonly total: Minor;
  readonly lines: readonly BillLine[];
  readonly entered: RecordedEvent;
  /** The last event that changed it: a reversal, deferral, hold, dispute, … */
  readonly modified: RecordedEvent | undefined;
  /** The last approval. */
  readonly approved: RecordedEvent | undefined;
}

export interface BillLine {
  readonly description: string | undefined;
  /** Without tax. On the debit side of one account and on the credit side of the other. */
  readonly amount: Minor;
  readonly tax: Minor | undefined;
  readonly debit: string;
  readonly credit: string;
  /** That of the tax, on the same side as `debit`. */
  readonly taxDebit: string;
}

const listedTypes: readonly EventType[] = [
  'InvoicePosted',
  'InvoiceReversed',
  'ChargePosted',
  'ChargeReversed',
  'CreditNotePosted',
  'CreditNoteReversed',
];

/** What changes a document itself; settling it does not. */
const modifyingTypes: readonly EventType[] = [
  'InvoiceReversed',
  'ChargeReversed',
  'CreditNoteReversed',
  'PaymentDeferred',
  'DeferralWithdrawn',
  'InvoiceHeld',
  'InvoiceReleased',
  'InvoiceDisputed',
  'DisputeResolved',
];

const billsPerRead = 500;
/** What one page may hold, its last line not counted: an event may be a megabyte. */
const bytesPerRead = 4_194_304;

const eventsQuery = `
  select position, line
    from (select position, line, octet_length(line) as bytes,
                 sum(octet_length(line)) over (order by position rows unbounded preceding) as so_far
            from (select position, line from log.events
                   where ledger_id = $1 and position > $2 and position <= $3 and type = any ($4)
                     and effective_on between $5::date and $6::date
                   order by position limit $7) page) sized
   where so_far - bytes < ${bytesPerRead}
   order by position`;

/** The events that made some documents, in their order, as far as they may be read at once: the first at least. */
const madeQuery = `
  select document, line
    from (select d.document, made.line, d.place, sum(octet_length(made.line)) over (order by d.place) as so_far,
                 octet_length(made.line) as bytes
            from unnest($2::text[]) with ordinality d (document, place)
           cross join lateral (select e.line from log.event_documents h join log.events e using (ledger_id, position)
                                where h.ledger_id = $1 and h.document = d.document
                                order by h.position limit 1) made) sized
   where so_far - bytes < ${bytesPerRead}
   order by place`;

/** The last event of some types of each document. */
const lastQuery = `
  select d.document, modified.line
    from unnest($2::text[]) d (document)
   cross join lateral (select e.line from log.event_documents h join log.events e using (ledger_id, position)
                        where h.ledger_id = $1 and h.document = d.document and h.position <= $3 and e.type = any ($4)
                        order by h.position desc limit 1) modified`;

/** The first day on which something was posted, of what the moment knows; asOf where nothing was. */
export const firstDay = async ({ read, moment }: Source): Promise<LocalDate> => {
  const [row] = await read((snapshot) =>
    snapshot.query<{ day: LocalDate | null }>(
      `select ${dayText('min(effective_on)')} as day from books.journal_lines where ${inScope} and event_type = any ($6)`,
      [...scopeValues(snapshot, moment), listedTypes],
    ),
  );
  return row?.day ?? moment.asOf;
};

/**
 * Invoices, charges and credit notes that were posted from a day up to asOf, and reversals in effect in that time, in
 * the order of recording.
 */
export async function* billsOf({ read, moment }: Source, from: LocalDate): AsyncGenerator<readonly Bill[]> {
  const chart = await read((snapshot) => chartThen(snapshot, moment.position));
  for (let after: number | undefined = 0; after !== undefined;) {
    const place: number = after;
    const page = await read(async (snapshot) => {
      const events = await eventsAfter(snapshot, place, [moment.position, listedTypes, from, moment.asOf]);
      return withTheirs(snapshot, events, moment.position);
    });
    yield page.map((listed) => billOf(listed, chart));
    // A page may end early, where the lines are long; only an empty one is the end.
    after = page.at(-1)?.event.position;
  }
}

const eventsAfter = async (snapshot: Snapshot, after: number, range: readonly unknown[]): Promise<RecordedEvent[]> => {
  const rows = await snapshot.query<{ line: string }>(eventsQuery, [snapshot.ledgerId, after, ...range, billsPerRead]);
  return rows.map(({ line }) => readLine(line));
};

const nameOf = (event: RecordedEvent): string => documentsOf(event)[0]!;

/** An event with what is told of its document. */
interface Listed {
  readonly event: RecordedEvent;
  readonly made: Posted;
  readonly modified: RecordedEvent | undefined;
  readonly approved: RecordedEvent | undefined;
}

/** Some events with what made and changed their documents; fewer of them where that is long. */
const withTheirs = async (
  snapshot: Snapshot,
  events: readonly RecordedEvent[],
  position: number,
): Promise<Listed[]> => {
  const [posted, reversals] = [isPosted, (event: RecordedEvent) => !isPosted(event)].map((which) =>
    events.filter(which).map(nameOf),
  );
  const made = await linesOfDocuments(snapshot, madeQuery, reversals!);
  const modified = await linesOfDocuments(snapshot, lastQuery, posted!, position, modifyingTypes);
  const approved = await linesOfDocuments(snapshot, lastQuery, posted!, position, ['InvoiceApproved']);
  const listed: Listed[] = [];
  for (const event of events) {
    const name = nameOf(event);
    const ofIt = isPosted(event) ? event : (made.get(name) as Posted | undefined);
    if (!ofIt && listed.length > 0) break;
    if (!ofIt) throw new Error(`nothing has made ${name}, which is reversed at position ${event.position}`);
    const of = <T>(found: ReadonlyMap<string, T>): T | undefined => (isPosted(event) ? found.get(name) : undefined);
    listed.push({ event, made: ofIt, modified: of(modified), approved: of(approved) });
  }
  return listed;
};

const isPosted = (event: RecordedEvent): event is Posted => event.type.endsWith('Posted');

const linesOfDocuments = async (
  snapshot: Snapshot,
  query: string,
  documents: readonly string[],
  ...values: readonly unknown[]
): Promise<Map<string, RecordedEvent>> => {
  const rows = await snapshot.query<{ document: string; line: string }>(query, [
    snapshot.ledgerId,
    documents,
    ...values,
  ]);
  return new Map(rows.map(({ document, line }) => [document, readLine(line)]));
};

const billOf = ({ event, made, modified, approved }: Listed, chart: Chart): Bill => {
  const bill = postedBill(made, chart);
  if (event === made) return { ...bill, entered: event, modified, approved };
  const lines = bill.lines.map((line) => ({
    ...line,
    amount: -line.amount,
    tax: line.tax === undefined ? undefined : -line.tax,
  }));
  const none = { modified: undefined, approved: undefined };
  return { ...bill, id: `${bill.id}/reversal`, total: -bill.total, lines, entered: event, ...none };
};

/** The accounts of a document's entry, which its reversal has too. */
type Accounts = (role: AccountRole) => string;

const postedBill = (
  { type, data, effectiveOn, position }: Posted,
  chart: Chart,
): Omit<Bill, 'entered' | 'modified' | 'approved'> => {
  const { vendorId, currency } = data;
  const common = { vendorId, currency, dueOn: undefined, terms: undefined, number: undefined };
  const accounts: Accounts = (role) => accountFor(chart, role, effectiveOn, position);
  switch (type) {
    case 'InvoicePosted': {
      const { invoiceId: id, number, invoiceDate: date, terms, total, schedule, lines } = data;
      const [dueOn] = schedule.map(({ dueOn: day }) => day).sort();
      const amounts = { total: parseMinor(total, currency), lines: linesOf(lines, currency, 1n, 'payables', accounts) };
      return { ...common, id, number, date, dueOn, terms, ...amounts };
    }
    case 'ChargePosted': {
      const total = parseMinor(data.amount, currency);
      const [line] = linesOf(
        [{ description: data.kind, account: accounts(data.kind), amount: data.amount }],
        currency,
        1n,
        'payables',
        accounts,
      );
      return { ...common, id: `charge/${data.chargeId}`, date: data.on, dueOn: data.dueDate, total, lines: [line!] };
    }
    case 'CreditNotePosted': {
      const { creditNoteId, number, date, total, lines = [{ amount: total }] } = data;
      const credited = linesOf(lines, currency, -1n, 'on-account', accounts);
      const id = `credit-note/${creditNoteId}`;
      return { ...common, id, number, date, total: -parseMinor(total, currency), lines: credited };
    }
    default:
      return assertNever(type);
  }
};

const linesOf = (
  lines: readonly Line[],
  currency: Currency,
  sign: 1n | -1n,
  credit: AccountRole,
  accounts: Accounts,
): BillLine[] =>
  lines.map(({ description, account, amount, tax }) => ({
    description,
    amount: sign * parseMinor(amount, currency),
    tax: tax === undefined ? undefined : sign * parseMinor(tax, currency),
    debit: account ?? accounts('expense'),
    credit: accounts(credit),
    taxDebit: accounts('input-tax'),
  }));
