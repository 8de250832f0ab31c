import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import type { Invoice } from '../domain/open-item.js';
import { EventLog } from '../event-log/event-log.js';
import { ApiId, Commands, LedgerRoutes, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import { DeferralResource } from './deferral.dto.js';
import { DeferBody, toDeferInvoice, toWithdrawDeferral, WithdrawBody } from './deferrals.dto.js';
import { Problem } from './problems.js';
import { Reader } from './reader.js';
import { ReadQuery } from './reading.dto.js';
import { renderDeferral } from './renders.js';
import { deferralResource } from './resources.js';
import { Checked } from './validation.js';

@LedgerRoutes('invoices/:id/deferrals')
@ApiId('id', 'The invoice')
export class DeferralsController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly log: EventLog,
  ) {}

  /** Moves (part of) an open invoice to a later date: with the creditor's consent its due date, without it only our plan. */
  @Post()
  @Roles('treasurer')
  @Commands(DeferralResource)
  defer(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: DeferBody): Promise<string> {
    return this.desk.carryOut(call, toDeferInvoice(id, body), renderDeferral);
  }

  /** Takes back the last deferral in force: what it moved has the dates again that it had before. */
  @Post(':deferralId/withdrawal')
  @Roles('treasurer')
  @ApiId('deferralId', 'The deferral')
  @Commands(DeferralResource)
  withdraw(
    @TheCall() call: Call,
    @Param('id') id: string,
    @Param('deferralId') deferralId: string,
    @Body(Checked) body: WithdrawBody,
  ): Promise<string> {
    return this.desk.carryOut(call, toWithdrawDeferral(id, deferralId, body), renderDeferral);
  }

  /** One deferral, with the invoice as it stands. */
  @Get(':deferralId')
  @AnyRole()
  @ApiId('deferralId', 'The deferral')
  @Shows(DeferralResource)
  get(
    @TheCall() call: Call,
    @Param('id') id: string,
    @Param('deferralId') deferralId: string,
    @Query(Checked) query: ReadQuery,
  ): Promise<string> {
    return this.reader.answer(call, `deferral/${deferralId}`, query, async (deferral, { position, today }) => {
      const invoices = await this.log.foldedAt(call.ledgerId, [`invoice/${id}`], position);
      if (deferral.data.invoiceId !== id)
        throw new Problem('not-found', `Invoice ${id} has no deferral ${deferralId}.`);
      const invoice = invoices.get(`invoice/${id}`)!.document as Invoice;
      return deferralResource(deferral, invoice, today, await this.reader.policy(call.ledgerId));
    });
  }
}
