import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { PaymentResource, MakePaymentBody, toMakePayment } from './payments.dto.js';
import { ApiId, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import { Lists } from './lists.js';
import { Reader } from './reader.js';
import { DocumentListQuery, ReadQuery } from './reading.dto.js';
import { renderPayment } from './renders.js';
import { paymentResource } from './resources.js';
import { ReverseBody, toReversal } from './reversals.dto.js';
import { Checked } from './validation.js';

@LedgerRoutes('payments')
export class PaymentsController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
  ) {}

  /** Records a payment that went out, and what of it settles what. The rest stays on account. */
  @Post()
  @Roles('treasurer')
  @Commands(PaymentResource)
  make(@TheCall() call: Call, @Body(Checked) body: MakePaymentBody): Promise<string> {
    return this.desk.carryOut(call, toMakePayment(body), renderPayment);
  }

  /** Takes a payment back, as when it bounced. Its allocations end with it, and what they settled is open again. */
  @Post(':id/reversal')
  @Roles('treasurer')
  @ApiId('id', 'The payment')
  @Commands(PaymentResource)
  reverse(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: ReverseBody): Promise<string> {
    return this.desk.carryOut(call, { type: 'ReversePayment', ...toReversal(body), paymentId: id }, renderPayment);
  }

  /** Payments, by vendor or by a word. */
  @Get()
  @AnyRole()
  @ListsOf(PaymentResource)
  list(@TheCall() call: Call, @Query(Checked) query: DocumentListQuery): Promise<string> {
    return this.lists.answer(call, 'payment', query, paymentResource);
  }

  /** One payment, with what it is used for. */
  @Get(':id')
  @AnyRole()
  @ApiId('id', 'The payment')
  @Shows(PaymentResource)
  get(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: ReadQuery): Promise<string> {
    return this.reader.answer(call, `payment/${id}`, query, paymentResource);
  }
}
