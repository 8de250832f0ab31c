import { evolve } from '../domain/documents.js';
import type { DocumentName, RecordedEvent } from '../domain/events.js';
import type { Vendor } from '../domain/vendors.js';
import { readLine } from '../event-log/record.js';
import type { Moment } from '../reports/as-of.js';
import type { Snapshot } from '../reports/snapshot.js';
import { record, recordOf } from './delimited.js';
import type { Source } from './reading.js';
import { recordedBy, termsFields, termsOf, userFields } from './standard.js';

const names = [
  'Supplier_Account_ID',
  'Supplier_Account_Name',
  'Supplier_Group',
  'Supplier_Physical_Street_Address1',
  'Supplier_Physical_Street_Address2',
  'Supplier_Physical_City',
  'Supplier_Physical_State_Province',
  'Supplier_Physical_ZipPostalCode',
  'Supplier_Physical_Country',
  'Supplier_TIN',
  'Supplier_Billing_Address1',
  'Supplier_Billing_Address2',
  'Supplier_Billing_City',
  'Supplier_Billing_State_Province',
  'Supplier_Billing_ZipPostalCode',
  'Supplier_Billing_Country',
  'Active_Date',
  'Inactive_Date',
  'Transaction_Credit_Limit',
  'Overall_Credit_Limit',
  ...termsFields,
  ...userFields,
  'Primary_Contact_Name',
  'Primary_Contact_Phone',
  'Primary_Contact_Email',
];

/** A vendor as the events up to the position made it. */
interface KnownVendor {
  readonly vendor: Vendor;
  readonly registered: RecordedEvent;
  readonly changed: RecordedEvent | undefined;
}

const vendorsPerRead = 500;

const documentsQuery = `
  select distinct document from log.event_documents
   where ledger_id = $1 and document > $2 and document < 'vendor0' and position <= $3
   order by document limit $4`;

const historiesQuery = `
  select h.document, e.line from log.event_documents h join log.events e using (ledger_id, position)
   where h.ledger_id = $1 and h.document = any ($2) and h.position <= $3 order by h.document, h.position`;

/** All vendors known at the moment, by id, with the names and terms known then. */
export async function* supplierListing({ read, moment, ledger }: Source): AsyncGenerator<string> {
  yield record(names);
  // "vendor0" is what follows all that begin with "vendor/".
  for (let after: string | undefined = 'vendor/'; after !== undefined;) {
    const place: string = after;
    const { documents, vendors } = await read((snapshot) => vendorsAfter(snapshot, moment, place));
    yield vendors.map((known) => listed(known, ledger.timeZone)).join('');
    after = documents.length < vendorsPerRead ? undefined : documents.at(-1);
  }
}

const vendorsAfter = async (
  snapshot: Snapshot,
  { position }: Moment,
  after: string,
): Promise<{ documents: readonly string[]; vendors: readonly KnownVendor[] }> => {
  const { ledgerId } = snapshot;
  const found = await snapshot.query<{ document: string }>(documentsQuery, [ledgerId, after, position, vendorsPerRead]);
  const documents = found.map(({ document }) => document);
  const events = new Map<string, RecordedEvent[]>(documents.map((document) => [document, []]));
  for (const row of await snapshot.query<{ document: string; line: string }>(historiesQuery, [
    ledgerId,
    documents,
    position,
  ]))
    events.get(row.document)!.push(readLine(row.line));
  const vendors = [...events].map(([document, history]): KnownVendor => {
    let vendor: Vendor | undefined;
    for (const event of history) vendor = evolve(document as DocumentName, vendor, event) as Vendor;
    return { vendor: vendor!, registered: history[0]!, changed: history.slice(1).at(-1) };
  });
  return { documents, vendors };
};

const listed = ({ vendor: { facts }, registered, changed }: KnownVendor, timeZone: string): string =>
  recordOf(names, {
    Supplier_Account_ID: facts.vendorId,
    Supplier_Account_Name: facts.name,
    Supplier_Group: facts.kind,
    Supplier_Physical_Country: facts.country,
    Active_Date: registered.effectiveOn,
    ...termsOf(facts.terms),
    ...recordedBy('Entered', registered, timeZone),
    ...recordedBy('Last_Modified', changed, timeZone),
  });
