import type { DocumentOf } from '../domain/documents.js';
import { type DocumentName, type RecordedEvent, sourceName } from '../domain/events.js';
import { parseMinor } from '../domain/money.js';
import type { Duty } from '../domain/policy.js';

/** That somebody did one of the duties that should not all be one person's. */
export interface DutyRow {
  readonly effectiveOn: string;
  readonly duty: Duty;
  readonly personId: string;
  readonly vendorId: string;
  /** None where bank details of the vendor are changed. */
  readonly invoiceId?: string;
  /** Of the invoice as it was posted, in minor units: on the row of its posting only. */
  readonly currency?: string;
  readonly amount?: bigint;
}

/**
 * Which duties an event is the doing of. Whoever sets a payment against an invoice pays it, and so does whoever made that
 * payment; in the same way both correct it who issue a credit note and set it against the invoice.
 *
 * @param before the documents as the events before made them
 */
export const dutyRowsOf = (
  event: RecordedEvent,
  before: <N extends DocumentName>(name: N) => DocumentOf<N>,
): DutyRow[] => {
  const { effectiveOn, actor } = event;
  switch (event.type) {
    case 'InvoicePosted': {
      const { invoiceId, vendorId, currency, total } = event.data;
      const amount = parseMinor(total, currency);
      return [{ effectiveOn, duty: 'enter', personId: actor.id, vendorId, invoiceId, currency, amount }];
    }
    case 'InvoiceReversed':
    case 'InvoiceApproved': {
      const { invoiceId, vendorId } = event.data;
      const duty = event.type === 'InvoiceApproved' ? 'approve' : 'enter';
      return [{ effectiveOn, duty, personId: actor.id, vendorId, invoiceId }];
    }
    case 'BankDetailsProposed':
    case 'BankDetailsApproved':
      return [{ effectiveOn, duty: 'change-bank-details', personId: actor.id, vendorId: event.data.vendorId }];
    case 'Allocated':
    case 'AllocationReversed': {
      const { from, to, vendorId } = event.data;
      if (!('invoiceId' in to)) return [];
      const isPayment = 'paymentId' in from;
      // Taking a payment back pays nothing.
      if (isPayment && event.type === 'AllocationReversed') return [];
      const persons = [actor.id];
      if (event.type === 'Allocated') persons.push(before(sourceName(from)).made.by);
      const row = { effectiveOn, duty: isPayment ? 'pay' : 'enter', vendorId, invoiceId: to.invoiceId } as const;
      return [...new Set(persons)].map((personId) => ({ ...row, personId }));
    }
    default:
      return [];
  }
};
