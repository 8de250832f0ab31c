import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AnyRole, Roles, SignedIn } from '../access/declared.js';
import { ApiId, Commands, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import { LedgerResource, OpenLedgerBody, toOpenLedger } from './ledgers.dto.js';
import { Lists } from './lists.js';
import { Reader } from './reader.js';
import { LedgerListQuery, ReadQuery } from './reading.dto.js';
import { renderLedger } from './renders.js';
import { ledgerResource } from './resources.js';
import { Checked } from './validation.js';

@Controller('v1/ledgers')
@ApiTags('ledgers')
export class LedgersController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
  ) {}

  /** Opens the payables books of one legal entity. */
  @Post()
  @Roles('admin')
  @Commands(LedgerResource)
  open(@TheCall() call: Call, @Body(Checked) body: OpenLedgerBody): Promise<string> {
    return this.desk.carryOut(call, toOpenLedger(body), renderLedger, { ledgerId: body.id });
  }

  /** All ledgers, by id. */
  @Get()
  @SignedIn()
  @ListsOf(LedgerResource)
  list(@TheCall() call: Call, @Query(Checked) query: LedgerListQuery): Promise<string> {
    return this.lists.answerLedgers(call, query);
  }

  /** One ledger, and how far it is closed. */
  @Get(':ledger')
  @AnyRole()
  @ApiId('ledger', 'The ledger')
  @Shows(LedgerResource)
  get(@TheCall() call: Call, @Query(Checked) query: ReadQuery): Promise<string> {
    return this.reader.answer(call, 'ledger', query, ledgerResource);
  }
}
