import { Body, Param, Post } from '@nestjs/common';
import { Roles } from '../access/declared.js';
import { ApiId, Commands, LedgerRoutes } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import {
  DisputeBody,
  HoldBody,
  ReleaseBody,
  ResolutionBody,
  toDisputeInvoice,
  toHoldInvoice,
  toReleaseInvoice,
  toResolveDispute,
} from './holds-and-disputes.dto.js';
import { InvoiceResource } from './invoices.dto.js';
import { renderInvoice } from './renders.js';
import { Checked } from './validation.js';

@LedgerRoutes('invoices/:id')
@ApiId('id', 'The invoice')
export class HoldsAndDisputesController {
  constructor(private readonly desk: CommandDesk) {}

  /** Puts an invoice on hold: no payment may settle it. It stays a liability and goes on ageing. */
  @Post('holds')
  @Roles('clerk', 'approver')
  @Commands(InvoiceResource)
  hold(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: HoldBody): Promise<string> {
    return this.desk.carryOut(call, toHoldInvoice(id, body), renderInvoice);
  }

  /** Ends the hold on an invoice. */
  @Post('holds/release')
  @Roles('clerk', 'approver')
  @Commands(InvoiceResource)
  release(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: ReleaseBody): Promise<string> {
    return this.desk.carryOut(call, toReleaseInvoice(id, body), renderInvoice);
  }

  /** Disputes (part of) what is open: no payment may settle it. It stays a liability and goes on ageing. */
  @Post('disputes')
  @Roles('clerk', 'approver')
  @Commands(InvoiceResource)
  dispute(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: DisputeBody): Promise<string> {
    return this.desk.carryOut(call, toDisputeInvoice(id, body), renderInvoice);
  }

  /** Resolves (part of) what is disputed: payments may settle it again. */
  @Post('disputes/resolution')
  @Roles('clerk', 'approver')
  @Commands(InvoiceResource)
  resolve(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: ResolutionBody): Promise<string> {
    return this.desk.carryOut(call, toResolveDispute(id, body), renderInvoice);
  }
}
