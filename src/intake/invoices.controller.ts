import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { claimsOf } from '../domain/invoices.js';
import type { Invoice } from '../domain/open-item.js';
import { EventLog } from '../event-log/event-log.js';
import type { Notice } from '../event-log/log-store.js';
import { ApiId, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import { warningsOf } from './idempotency.js';
import { InvoiceResource, PostInvoiceBody, toPostInvoice } from './invoices.dto.js';
import { Lists } from './lists.js';
import { Reader } from './reader.js';
import { ItemListQuery, ReadQuery } from './reading.dto.js';
import { renderInvoice, renderPostedInvoice } from './renders.js';
import { invoiceResource } from './resources.js';
import { ReverseBody, toReversal } from './reversals.dto.js';
import { Checked } from './validation.js';

@LedgerRoutes('invoices')
export class InvoicesController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
    private readonly log: EventLog,
  ) {}

  /** Posts an invoice: from its posting date on we owe it. Refused with 409 if its number is on the vendor account already. */
  @Post()
  @Roles('clerk')
  @Commands(InvoiceResource)
  post(@TheCall() call: Call, @Body(Checked) body: PostInvoiceBody): Promise<string> {
    let earlier: Invoice | undefined;
    const render: typeof renderPostedInvoice = (invoice, rendering) => {
      // What is only about to be recorded has no position yet. A repeat gets the warnings of the first time.
      if (invoice.made.position > 0) earlier = invoice;
      return renderPostedInvoice(invoice, rendering);
    };
    return this.desk.carryOut(call, toPostInvoice(body), render, {
      notices: () => earlier && this.#notices(call.ledgerId, earlier, earlier.made.position),
    });
  }

  /** Takes an invoice back, once nothing settles it any more. Its number is free again. */
  @Post(':id/reversal')
  @Roles('clerk')
  @ApiId('id', 'The invoice')
  @Commands(InvoiceResource)
  reverse(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: ReverseBody): Promise<string> {
    return this.desk.carryOut(call, { type: 'ReverseInvoice', ...toReversal(body), invoiceId: id }, renderInvoice);
  }

  /** Invoices, by vendor, by status, by due date or by a word. */
  @Get()
  @AnyRole()
  @ListsOf(InvoiceResource)
  async list(@TheCall() call: Call, @Query(Checked) query: ItemListQuery): Promise<string> {
    const policy = await this.reader.policy(call.ledgerId);
    return this.lists.answer(call, 'invoice', query, (invoice, today) => invoiceResource(invoice, today, policy));
  }

  /** One invoice with its schedule, allocations, deferrals, holds, disputes and history. */
  @Get(':id')
  @AnyRole()
  @ApiId('id', 'The invoice')
  @Shows(InvoiceResource)
  get(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: ReadQuery): Promise<string> {
    return this.reader.answer(call, `invoice/${id}`, query, async (invoice, { today, history }) => {
      const notices = await this.#notices(call.ledgerId, invoice, history[0]!.position);
      const policy = await this.reader.policy(call.ledgerId);
      return { ...invoiceResource(invoice, today, policy), warnings: warningsOf(notices) };
    });
  }

  /** What the log noticed about an invoice when it was recorded. */
  #notices(ledgerId: string, { posted }: Invoice, position: number): Promise<readonly Notice[]> {
    return this.log.noticesAt(ledgerId, claimsOf(posted, true, false), position);
  }
}
