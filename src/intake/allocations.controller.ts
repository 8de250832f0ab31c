import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { AllocationResource, AllocateBody, toAllocate } from './allocations.dto.js';
import { ApiId, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import { Lists } from './lists.js';
import { Reader } from './reader.js';
import { DocumentListQuery, ReadQuery } from './reading.dto.js';
import { renderAllocation } from './renders.js';
import { allocationResource } from './resources.js';
import { ReverseBody, toReversal } from './reversals.dto.js';
import { Checked } from './validation.js';

@LedgerRoutes('allocations')
export class AllocationsController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
  ) {}

  /** Sets (part of) a payment or credit note against an invoice or charge. */
  @Post()
  @Roles('clerk', 'treasurer')
  @Commands(AllocationResource)
  allocate(@TheCall() call: Call, @Body(Checked) body: AllocateBody): Promise<string> {
    return this.desk.carryOut(call, toAllocate(body), renderAllocation);
  }

  /** Takes an allocation back: the amount is on account again, and what it settled is open again. */
  @Post(':id/reversal')
  @Roles('clerk', 'treasurer')
  @ApiId('id', 'The allocation')
  @Commands(AllocationResource)
  reverse(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: ReverseBody): Promise<string> {
    return this.desk.carryOut(
      call,
      { type: 'ReverseAllocation', ...toReversal(body), allocationId: id },
      renderAllocation,
    );
  }

  /** Allocations, by vendor or by a word. */
  @Get()
  @AnyRole()
  @ListsOf(AllocationResource)
  list(@TheCall() call: Call, @Query(Checked) query: DocumentListQuery): Promise<string> {
    return this.lists.answer(call, 'allocation', query, allocationResource);
  }

  /** One allocation. */
  @Get(':id')
  @AnyRole()
  @ApiId('id', 'The allocation')
  @Shows(AllocationResource)
  get(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: ReadQuery): Promise<string> {
    return this.reader.answer(call, `allocation/${id}`, query, allocationResource);
  }
}
