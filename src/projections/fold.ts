import { type Document, type DocumentOf, evolve, idIn, kindOf } from '../domain/documents.js';
import { documentsOf, type DocumentName, type EventType, type RecordedEvent } from '../domain/events.js';
import { type Posting, postingsOf } from '../domain/posting.js';
import { type CashRow, cashRowsOf } from './cash-rows.js';
import { type DocumentRow, documentRowOf } from './document-rows.js';
import { type DutyRow, dutyRowsOf } from './duties.js';
import { type SubledgerLine, subledgerLinesOf } from './subledger-lines.js';

/** What an event makes a row of, with the place that tells rows of one event apart. */
type Placed<T> = T & { readonly position: number; readonly line: number };

export interface JournalLine extends Posting {
  readonly eventType: EventType;
  readonly itemType: string;
  readonly itemId: string;
  readonly vendorId: string;
}

export interface VendorFact {
  readonly position: number;
  readonly vendorId: string;
  readonly name: string;
  readonly kind: string;
  readonly connected: boolean;
}

/** The rows that some events in a row add to the books. */
export interface Rows {
  readonly subledgerLines: SubledgerLine[];
  readonly journalLines: Placed<JournalLine>[];
  readonly vendorFacts: VendorFact[];
  readonly cash: CashRow[];
  readonly duties: Placed<DutyRow>[];
  /** The documents that changed, as they stand after the last event. */
  readonly documents: (DocumentRow & {
    readonly name: DocumentName;
    readonly madeAt: number;
    readonly position: number;
  })[];
}

/** A document while the books are folded, and the position of the event that made it. */
export interface Folded {
  readonly document: Document | undefined;
  readonly madeAt: number;
}

/** The events that make the document that they are about: nobody has to look for an earlier history of it. */
const making: ReadonlySet<EventType> = new Set([
  'LedgerOpened',
  'VendorRegistered',
  'InvoicePosted',
  'CreditNotePosted',
  'ChargePosted',
  'PaymentMade',
  'Allocated',
  'RefundReceived',
  'WrittenOff',
  'PaymentDeferred',
  'BankDetailsProposed',
  'OfferRecorded',
  'CashBalanceStated',
  'CashExpected',
  'CashPlanProposed',
  'TokenIssued',
]);

/** The documents whose history before these events is needed to fold them. */
export const neededFor = (events: readonly RecordedEvent[]): Set<DocumentName> => {
  const needed = new Set<DocumentName>();
  const made = new Set<DocumentName>();
  for (const event of events) {
    const [about, ...others] = documentsOf(event);
    if (making.has(event.type)) made.add(about!);
    for (const name of [about!, ...others]) if (!made.has(name)) needed.add(name);
  }
  // Entries are made by the chart of accounts, which is the ledger's.
  if (!made.has('ledger')) needed.add('ledger');
  return needed;
};

/**
 * Folds events into all books in one pass, so that the books never disagree.
 *
 * @param documents what the events before made of the documents that `neededFor` names; brought up to date in place
 */
export const fold = (events: readonly RecordedEvent[], documents: Map<DocumentName, Folded>): Rows => {
  const rows: Rows = { subledgerLines: [], journalLines: [], vendorFacts: [], cash: [], duties: [], documents: [] };
  const changed = new Map<DocumentName, number>();
  for (const event of events) {
    const { position } = event;
    const names = documentsOf(event);
    const before = <N extends DocumentName>(name: N): DocumentOf<N> => documents.get(name)?.document as DocumentOf<N>;
    const { type: eventType } = event;
    const itemType = kindOf(names[0]!);
    const itemId = idIn(names[0]!);
    const vendorId = 'vendorId' in event.data ? (event.data.vendorId ?? '') : '';
    // Field by field, as in subledgerLinesOf.
    postingsOf(event, before).forEach(({ effectiveOn, account, standsFor, currency, debit, credit }, line) =>
      rows.journalLines.push({
        effectiveOn,
        account,
        standsFor,
        currency,
        debit,
        credit,
        eventType,
        itemType,
        itemId,
        vendorId,
        position,
        line,
      }),
    );
    rows.cash.push(...cashRowsOf(event));
    dutyRowsOf(event, before).forEach(
      ({ effectiveOn, duty, personId, vendorId: of, invoiceId, currency, amount }, line) =>
        rows.duties.push({ effectiveOn, duty, personId, vendorId: of, invoiceId, currency, amount, position, line }),
    );
    let line = 0;
    for (const name of names) {
      const folded = documents.get(name);
      const after = evolve(name, folded?.document, event);
      const lines = subledgerLinesOf(folded?.document, after, position, line);
      rows.subledgerLines.push(...lines);
      line += lines.length;
      documents.set(name, { document: after, madeAt: folded?.madeAt ?? position });
      changed.set(name, position);
      if (after?.kind === 'vendor')
        rows.vendorFacts.push({
          position,
          vendorId: after.facts.vendorId,
          name: after.facts.name,
          kind: after.facts.kind,
          connected: after.facts.connected ?? false,
        });
    }
  }
  for (const [name, position] of changed) {
    const { document, madeAt } = documents.get(name)!;
    if (!document) continue;
    const row = documentRowOf(document, (other) => documents.get(other)?.document);
    const { vendorId, number, status, dueOn, search } = row;
    rows.documents.push({ vendorId, number, status, dueOn, search, name, madeAt, position });
  }
  return rows;
};
