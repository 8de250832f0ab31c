import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { ApiId, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { offerResource } from './cash.resources.js';
import { CommandDesk } from './command-desk.js';
import { Lists } from './lists.js';
import { OfferResource, RecordOfferBody, toRecordOffer } from './offers.dto.js';
import { Problem } from './problems.js';
import { Reader } from './reader.js';
import { PageQuery, ReadQuery } from './reading.dto.js';
import { renderOffer } from './renders.js';
import { Checked } from './validation.js';

@LedgerRoutes('invoices/:id/offers')
@ApiId('id', 'The invoice')
export class OffersController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
  ) {}

  /** Records an instalment plan or the like that the creditor offers. A cash plan may choose it; nothing else changes. */
  @Post()
  @Roles('clerk', 'treasurer')
  @Commands(OfferResource)
  record(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: RecordOfferBody): Promise<string> {
    return this.desk.carryOut(call, toRecordOffer(id, body), renderOffer);
  }

  /** The offers for an invoice. */
  @Get()
  @AnyRole()
  @ListsOf(OfferResource)
  list(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: PageQuery): Promise<string> {
    const { atLeast, cursor, limit } = query;
    return this.lists.answer(call, 'offer', { atLeast, cursor, limit, number: id }, offerResource);
  }

  /** One offer. */
  @Get(':offerId')
  @AnyRole()
  @ApiId('offerId', 'The offer')
  @Shows(OfferResource)
  get(
    @TheCall() call: Call,
    @Param('id') id: string,
    @Param('offerId') offerId: string,
    @Query(Checked) query: ReadQuery,
  ): Promise<string> {
    return this.reader.answer(call, `offer/${offerId}`, query, (offer) => {
      if (offer.data.invoiceId !== id) throw new Problem('not-found', `Invoice ${id} has no offer ${offerId}.`);
      return offerResource(offer);
    });
  }
}
