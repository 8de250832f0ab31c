import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { ApiId, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import { Lists } from './lists.js';
import { Reader } from './reader.js';
import { ReadQuery, VendorListQuery } from './reading.dto.js';
import { renderVendor } from './renders.js';
import { vendorResource } from './resources.js';
import { Checked } from './validation.js';
import {
  ChangeVendorBody,
  RegisterVendorBody,
  toChangeVendor,
  toRegisterVendor,
  VendorResource,
} from './vendors.dto.js';

@LedgerRoutes('vendors')
export class VendorsController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
  ) {}

  /** Registers whoever we owe, or will. */
  @Post()
  @Roles('clerk')
  @Commands(VendorResource)
  register(@TheCall() call: Call, @Body(Checked) body: RegisterVendorBody): Promise<string> {
    return this.desk.carryOut(call, toRegisterVendor(body), renderVendor);
  }

  /** Changes what is known about a vendor from now on; what was recorded before stays as it was. */
  @Post(':id/changes')
  @Roles('clerk')
  @ApiId('id', 'The vendor')
  @Commands(VendorResource)
  change(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: ChangeVendorBody): Promise<string> {
    return this.desk.carryOut(call, toChangeVendor(id, body), renderVendor);
  }

  /** All vendors. */
  @Get()
  @AnyRole()
  @ListsOf(VendorResource)
  list(@TheCall() call: Call, @Query(Checked) query: VendorListQuery): Promise<string> {
    return this.lists.answer(call, 'vendor', query, vendorResource);
  }

  /** One vendor. */
  @Get(':id')
  @AnyRole()
  @ApiId('id', 'The vendor')
  @Shows(VendorResource)
  get(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: ReadQuery): Promise<string> {
    return this.reader.answer(call, `vendor/${id}`, query, vendorResource);
  }
}
