import type { ItemRef, SourceRef } from '../domain/events.js';
import { Id, NotWith, Optional, RequiredWithout } from './fields.js';
import type { Plain } from './plain.js';

/** What is owed: an invoice or a charge. */
export class ItemRefBody {
  @Id({ example: 'INV-2023-118' })
  @RequiredWithout('chargeId')
  invoiceId?: string;

  @Optional()
  @NotWith('invoiceId')
  @Id({ example: 'LF-7' })
  chargeId?: string;
}

/** Where credit comes from: a payment or a credit note. */
export class SourceRefBody {
  @Id({ example: 'P-2023-44' })
  @RequiredWithout('creditNoteId')
  paymentId?: string;

  @Optional()
  @NotWith('paymentId')
  @Id({ example: 'CN-9' })
  creditNoteId?: string;
}

// Validation has seen to it that exactly one of the two is there.

export const toItemRef = ({ invoiceId, chargeId }: Plain<ItemRefBody>): ItemRef =>
  invoiceId === undefined ? { chargeId: chargeId! } : { invoiceId };

export const toSourceRef = ({ paymentId, creditNoteId }: Plain<SourceRefBody>): SourceRef =>
  paymentId === undefined ? { creditNoteId: creditNoteId! } : { paymentId };
