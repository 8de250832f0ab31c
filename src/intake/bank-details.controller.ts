import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import type { BankDetails } from '../domain/bank-details.js';
import { EventLog } from '../event-log/event-log.js';
import { ApiId, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { BankDetailsDesk } from './bank-details.desk.js';
import { BankDetailsApprovalBody, BankDetailsBody, BankDetailsResource } from './bank-details.dto.js';
import { type Call, TheCall } from './call.js';
import { Lists } from './lists.js';
import { Problem } from './problems.js';
import { Reader } from './reader.js';
import { PageQuery, ReadQuery } from './reading.dto.js';
import { Checked } from './validation.js';

@LedgerRoutes('vendors/:id/bank-details')
@ApiId('id', 'The vendor')
export class BankDetailsController {
  constructor(
    private readonly details: BankDetailsDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
    private readonly log: EventLog,
  ) {}

  /** Says where a vendor is to be paid. Nothing is paid there before somebody else has approved it. */
  @Post()
  @Roles('clerk')
  @Commands(BankDetailsResource)
  propose(@TheCall() call: Call, @Param('id') vendorId: string, @Body(Checked) body: BankDetailsBody): Promise<string> {
    return this.details.propose(call, vendorId, body);
  }

  /** Approves bank details that somebody else has proposed. They are in force once the policy's waiting time is over. */
  @Post(':detailsId/approval')
  @Roles('approver')
  @ApiId('detailsId', 'The bank details')
  @Commands(BankDetailsResource)
  approve(
    @TheCall() call: Call,
    @Param('id') vendorId: string,
    @Param('detailsId') id: string,
    @Body(Checked) body: BankDetailsApprovalBody,
  ): Promise<string> {
    return this.details.approve(call, vendorId, id, body);
  }

  /** All that were ever proposed for a vendor; account numbers whole only for treasurers. */
  @Get()
  @AnyRole()
  @ListsOf(BankDetailsResource)
  list(@TheCall() call: Call, @Param('id') vendorId: string, @Query(Checked) query: PageQuery): Promise<string> {
    const { cursor, limit, atLeast } = query;
    const asked = { cursor, limit, atLeast, vendorId };
    return this.lists.answerRows(call, 'bank-details', asked, async ({ position }, ids) => {
      const today = await this.reader.today(call.ledgerId);
      const names = ids.map((id) => `bank-details/${id}` as const);
      const vendor = await this.details.vendor(call.ledgerId, vendorId);
      const documents = await this.log.foldedAt(call.ledgerId, names, position);
      const all = names.map((name) => documents.get(name)!.document as BankDetails);
      return this.details.show(call, all, vendor, today);
    });
  }

  /** One of a vendor's bank details. */
  @Get(':detailsId')
  @AnyRole()
  @ApiId('detailsId', 'The bank details')
  @Shows(BankDetailsResource)
  get(
    @TheCall() call: Call,
    @Param('id') vendorId: string,
    @Param('detailsId') id: string,
    @Query(Checked) query: ReadQuery,
  ): Promise<string> {
    return this.reader.answer(call, `bank-details/${id}`, query, async (details, { today }) => {
      if (details.data.vendorId !== vendorId)
        throw new Problem('not-found', `Vendor ${vendorId} has no bank details ${id}.`);
      const vendor = await this.details.vendor(call.ledgerId, vendorId);
      const [shown] = await this.details.show(call, [details], vendor, today);
      return shown!;
    });
  }
}
