import type { Document } from '../domain/documents.js';
import { type DocumentName, itemName, sourceName } from '../domain/events.js';
import { nextDueOn, statusOf } from '../domain/status.js';

/** A document as lists find it. */
export interface DocumentRow {
  readonly vendorId: string | undefined;
  /** The number on it; of an allocation or write-off that of its item, of a refund that of its source; of an offer the id of its invoice. */
  readonly number: string | undefined;
  readonly status: string | undefined;
  /** When the first of what is open falls due. */
  readonly dueOn: string | undefined;
  /** What a search looks in, in lower case. */
  readonly search: string;
}

/**
 * What lists know of a document.
 *
 * @param beside the other documents as they stand
 */
export const documentRowOf = (
  document: Document,
  beside: (name: DocumentName) => Document | undefined,
): DocumentRow => {
  const row = (
    vendorId: string | undefined,
    number: string | undefined,
    status: string | undefined,
    ...words: (string | undefined)[]
  ): DocumentRow => ({
    vendorId,
    number,
    status,
    dueOn: document.kind === 'invoice' || document.kind === 'charge' ? nextDueOn(document) : undefined,
    search: [number, ...words]
      .filter((word) => word !== undefined)
      .join('\n')
      .toLowerCase(),
  });
  const reversed = 'reversal' in document && document.reversal ? 'reversed' : undefined;
  switch (document.kind) {
    case 'ledger':
      return row(undefined, undefined, undefined, document.facts.name);
    case 'vendor':
      return row(document.facts.vendorId, undefined, undefined, document.facts.vendorId, document.facts.name);
    case 'invoice':
      return row(
        document.vendorId,
        document.posted.number,
        statusOf(document),
        document.id,
        document.posted.description,
      );
    case 'charge':
      return row(document.vendorId, undefined, statusOf(document), document.id);
    case 'credit-note':
      return row(document.vendorId, document.posted.number, reversed, document.id);
    case 'payment':
      return row(document.vendorId, document.posted.reference, reversed, document.id);
    case 'allocation':
      return row(
        document.data.vendorId,
        numberOf(beside(itemName(document.data.to))),
        reversed,
        document.data.allocationId,
      );
    case 'refund':
      return row(
        document.data.vendorId,
        numberOf(beside(sourceName(document.data.from))),
        reversed,
        document.data.refundId,
      );
    case 'write-off':
      return row(
        document.data.vendorId,
        numberOf(beside(itemName(document.data.item))),
        reversed,
        document.data.writeOffId,
      );
    case 'deferral':
      return row(
        document.data.vendorId,
        undefined,
        document.withdrawn ? 'withdrawn' : 'in-force',
        document.data.deferralId,
        document.data.reason,
      );
    case 'bank-details':
      return row(document.data.vendorId, undefined, undefined, document.data.bankDetailsId);
    case 'vendor-consequences':
    case 'invoice-consequences':
      return row(document.vendorId, document.invoiceId, undefined);
    case 'offer': {
      const { offerId, invoiceId, vendorId, source } = document.data;
      return row(vendorId, invoiceId, undefined, offerId, source);
    }
    case 'balance':
      return row(undefined, undefined, undefined, document.data.account);
    case 'plan':
      return row(undefined, undefined, document.adopted ? 'adopted' : 'proposed', document.facts.planId);
    case 'person':
      return row(undefined, undefined, undefined, document.id);
    case 'token': {
      const { tokenId, personId, description } = document.facts;
      return row(undefined, undefined, document.revoked ? 'revoked' : undefined, tokenId, personId, description);
    }
    case 'expectation': {
      const { expectationId, vendorId, category, description, on } = document.data;
      const status = document.withdrawn ? 'withdrawn' : 'in-force';
      return { ...row(vendorId, undefined, status, expectationId, category, description), dueOn: on };
    }
  }
};

const numberOf = (document: Document | undefined): string | undefined => {
  if (document?.kind === 'invoice' || document?.kind === 'credit-note') return document.posted.number;
  return document?.kind === 'payment' ? document.posted.reference : undefined;
};
