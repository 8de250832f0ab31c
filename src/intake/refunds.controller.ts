import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { RefundResource, ReceiveRefundBody, toReceiveRefund } from './refunds.dto.js';
import { ApiId, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import { Lists } from './lists.js';
import { Reader } from './reader.js';
import { DocumentListQuery, ReadQuery } from './reading.dto.js';
import { renderRefund } from './renders.js';
import { refundResource } from './resources.js';
import { ReverseBody, toReversal } from './reversals.dto.js';
import { Checked } from './validation.js';

@LedgerRoutes('refunds')
export class RefundsController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
  ) {}

  /** Records that a vendor paid credit back. */
  @Post()
  @Roles('clerk', 'treasurer')
  @Commands(RefundResource)
  receive(@TheCall() call: Call, @Body(Checked) body: ReceiveRefundBody): Promise<string> {
    return this.desk.carryOut(call, toReceiveRefund(body), renderRefund);
  }

  /** Takes a refund back: the amount is on account again. */
  @Post(':id/reversal')
  @Roles('clerk', 'treasurer')
  @ApiId('id', 'The refund')
  @Commands(RefundResource)
  reverse(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: ReverseBody): Promise<string> {
    return this.desk.carryOut(call, { type: 'ReverseRefund', ...toReversal(body), refundId: id }, renderRefund);
  }

  /** Refunds, by vendor or by a word. */
  @Get()
  @AnyRole()
  @ListsOf(RefundResource)
  list(@TheCall() call: Call, @Query(Checked) query: DocumentListQuery): Promise<string> {
    return this.lists.answer(call, 'refund', query, refundResource);
  }

  /** One refund. */
  @Get(':id')
  @AnyRole()
  @ApiId('id', 'The refund')
  @Shows(RefundResource)
  get(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: ReadQuery): Promise<string> {
    return this.reader.answer(call, `refund/${id}`, query, refundResource);
  }
}
