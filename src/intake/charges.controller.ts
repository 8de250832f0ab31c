import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { ChargeResource, PostChargeBody, toPostCharge } from './charges.dto.js';
import { ApiId, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import { Lists } from './lists.js';
import { Reader } from './reader.js';
import { ItemListQuery, ReadQuery } from './reading.dto.js';
import { renderCharge } from './renders.js';
import { chargeResource } from './resources.js';
import { ReverseBody, toReversal } from './reversals.dto.js';
import { Checked } from './validation.js';

@LedgerRoutes('charges')
export class ChargesController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
  ) {}

  /** Posts late interest, a late fee or a penalty that a vendor charges us. */
  @Post()
  @Roles('clerk')
  @Commands(ChargeResource)
  post(@TheCall() call: Call, @Body(Checked) body: PostChargeBody): Promise<string> {
    return this.desk.carryOut(call, toPostCharge(body), renderCharge);
  }

  /** Takes a charge back, once nothing settles it any more. */
  @Post(':id/reversal')
  @Roles('clerk')
  @ApiId('id', 'The charge')
  @Commands(ChargeResource)
  reverse(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: ReverseBody): Promise<string> {
    return this.desk.carryOut(call, { type: 'ReverseCharge', ...toReversal(body), chargeId: id }, renderCharge);
  }

  /** Charges, by vendor, by status, by due date or by a word. */
  @Get()
  @AnyRole()
  @ListsOf(ChargeResource)
  list(@TheCall() call: Call, @Query(Checked) query: ItemListQuery): Promise<string> {
    return this.lists.answer(call, 'charge', query, chargeResource);
  }

  /** One charge, with what settles it. */
  @Get(':id')
  @AnyRole()
  @ApiId('id', 'The charge')
  @Shows(ChargeResource)
  get(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: ReadQuery): Promise<string> {
    return this.reader.answer(call, `charge/${id}`, query, (charge, { today }) => chargeResource(charge, today));
  }
}
