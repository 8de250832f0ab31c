import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { WriteOffResource, WriteOffBody, toWriteOff } from './write-offs.dto.js';
import { ApiId, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import { Lists } from './lists.js';
import { Reader } from './reader.js';
import { DocumentListQuery, ReadQuery } from './reading.dto.js';
import { renderWriteOff } from './renders.js';
import { writeOffResource } from './resources.js';
import { ReverseBody, toReversal } from './reversals.dto.js';
import { Checked } from './validation.js';

@LedgerRoutes('write-offs')
export class WriteOffsController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
  ) {}

  /** Writes off (part of) what is open of an invoice or charge. */
  @Post()
  @Roles('approver')
  @Commands(WriteOffResource)
  writeOff(@TheCall() call: Call, @Body(Checked) body: WriteOffBody): Promise<string> {
    return this.desk.carryOut(call, toWriteOff(body), renderWriteOff);
  }

  /** Takes a write-off back: what it settled is open again. */
  @Post(':id/reversal')
  @Roles('approver')
  @ApiId('id', 'The write-off')
  @Commands(WriteOffResource)
  reverse(@TheCall() call: Call, @Param('id') id: string, @Body(Checked) body: ReverseBody): Promise<string> {
    return this.desk.carryOut(call, { type: 'ReverseWriteOff', ...toReversal(body), writeOffId: id }, renderWriteOff);
  }

  /** Write-offs, by vendor or by a word. */
  @Get()
  @AnyRole()
  @ListsOf(WriteOffResource)
  list(@TheCall() call: Call, @Query(Checked) query: DocumentListQuery): Promise<string> {
    return this.lists.answer(call, 'write-off', query, writeOffResource);
  }

  /** One write-off. */
  @Get(':id')
  @AnyRole()
  @ApiId('id', 'The write-off')
  @Shows(WriteOffResource)
  get(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: ReadQuery): Promise<string> {
    return this.reader.answer(call, `write-off/${id}`, query, writeOffResource);
  }
}
