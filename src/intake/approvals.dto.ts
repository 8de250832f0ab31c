import type { ApproveInvoice } from '../domain/approvals.js';
import { Optional, Text } from './fields.js';
import type { Plain } from './plain.js';
import { ShownDay } from './shown.dto.js';

export class ApprovalBody {
  @Optional()
  @Text({ max: 2_000, example: 'As ordered, and received in full' })
  comment?: string;
}

export const toApproveInvoice = (invoiceId: string, { comment }: Plain<ApprovalBody>): ApproveInvoice => ({
  type: 'ApproveInvoice',
  invoiceId,
  ...(comment !== undefined && { comment }),
});

/** Somebody's word that the invoice may be paid. */
export class ShownApproval {
  /** Who approved it. */
  by!: string;
  @ShownDay()
  on!: string;
  comment?: string;
}
