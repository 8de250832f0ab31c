import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { ApiId, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import {
  CashBalanceListQuery,
  CashBalanceResource,
  CashExpectationListQuery,
  CashExpectationResource,
  ExpectCashBody,
  StateCashBalanceBody,
  toExpectCash,
  toStateCashBalance,
  toWithdrawCashExpectation,
  WithdrawCashExpectationBody,
} from './cash.dto.js';
import { cashBalanceResource, cashExpectationResource } from './cash.resources.js';
import { CommandDesk } from './command-desk.js';
import { Lists } from './lists.js';
import { Reader } from './reader.js';
import { ReadQuery } from './reading.dto.js';
import { renderCashBalance, renderCashExpectation } from './renders.js';
import { Checked } from './validation.js';

@LedgerRoutes('cash')
export class CashController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly lists: Lists,
  ) {}

  /** States what is on an account of ours at the start of a day. Of one day the last statement counts. */
  @Post('balances')
  @Roles('treasurer')
  @Commands(CashBalanceResource)
  state(@TheCall() call: Call, @Body(Checked) body: StateCashBalanceBody): Promise<string> {
    return this.desk.carryOut(call, toStateCashBalance(body), renderCashBalance);
  }

  /** The balances that were stated. */
  @Get('balances')
  @AnyRole()
  @ListsOf(CashBalanceResource)
  balances(@TheCall() call: Call, @Query(Checked) query: CashBalanceListQuery): Promise<string> {
    return this.lists.answer(call, 'balance', query, cashBalanceResource);
  }

  /** One balance. */
  @Get('balances/:id')
  @AnyRole()
  @ApiId('id', 'The balance')
  @Shows(CashBalanceResource)
  balance(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: ReadQuery): Promise<string> {
    return this.reader.answer(call, `balance/${id}`, query, cashBalanceResource);
  }

  /** Records cash that is to come in or go out: a receipt, a fixed outflow, or, of a vendor, a bill that is to come. */
  @Post('expectations')
  @Roles('treasurer')
  @Commands(CashExpectationResource)
  expect(@TheCall() call: Call, @Body(Checked) body: ExpectCashBody): Promise<string> {
    return this.desk.carryOut(call, toExpectCash(body), renderCashExpectation);
  }

  /** No longer expects it: it will not come, or the bill has come and is an invoice now. */
  @Post('expectations/:id/withdrawal')
  @Roles('treasurer')
  @ApiId('id', 'The expectation')
  @Commands(CashExpectationResource)
  withdraw(
    @TheCall() call: Call,
    @Param('id') id: string,
    @Body(Checked) body: WithdrawCashExpectationBody,
  ): Promise<string> {
    return this.desk.carryOut(call, toWithdrawCashExpectation(id, body), renderCashExpectation);
  }

  /** What is and was expected, by vendor, by status, by day or by a word. */
  @Get('expectations')
  @AnyRole()
  @ListsOf(CashExpectationResource)
  expectations(@TheCall() call: Call, @Query(Checked) query: CashExpectationListQuery): Promise<string> {
    return this.lists.answer(call, 'expectation', query, cashExpectationResource);
  }

  /** One expectation. */
  @Get('expectations/:id')
  @AnyRole()
  @ApiId('id', 'The expectation')
  @Shows(CashExpectationResource)
  expectation(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: ReadQuery): Promise<string> {
    return this.reader.answer(call, `expectation/${id}`, query, cashExpectationResource);
  }
}
