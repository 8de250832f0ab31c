import { Body, Param, Post } from '@nestjs/common';
import { Roles } from '../access/declared.js';
import { ApiId, Commands, LedgerRoutes } from './api.js';
import { ApprovalBody, toApproveInvoice } from './approvals.dto.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import { InvoiceResource } from './invoices.dto.js';
import { renderInvoice } from './renders.js';
import { Checked } from './validation.js';

@LedgerRoutes('invoices/:id/approvals')
@ApiId('id', 'The invoice')
export class ApprovalsController {
  constructor(private readonly desk: CommandDesk) {}

  /** Says that an invoice may be paid. Refused to whoever entered or corrected it. */
  @Post()
  @Roles('approver')
  @Commands(InvoiceResource)
  approve(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: ApprovalBody): Promise<string> {
    return this.desk.carryOut(call, toApproveInvoice(id, body), renderInvoice);
  }
}
