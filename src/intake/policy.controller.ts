import { Body, Get, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import type { Ledger } from '../domain/documents.js';
import { noPolicy } from '../domain/policy.js';
import { Commands, LedgerRoutes, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk, type Render } from './command-desk.js';
import { PolicyBody, policyResource, PolicyResource, toSetPolicy } from './policy.dto.js';
import { Reader } from './reader.js';
import { ReadQuery } from './reading.dto.js';
import { Checked } from './validation.js';

const renderPolicy: Render<Ledger> = ({ policy = noPolicy }) => ({
  location: '/policy',
  resource: policyResource(policy),
});

@LedgerRoutes('policy')
export class PolicyController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
  ) {}

  /** Says what it takes to pay in this ledger, from now on and whatever was posted before. */
  @Post()
  @Roles('admin')
  @Commands(PolicyResource)
  set(@TheCall() call: Call, @Body(Checked) body: PolicyBody): Promise<string> {
    return this.desk.carryOut(call, toSetPolicy(body), renderPolicy);
  }

  /** The policy in force, and all before it. Until one is set nothing is asked for. */
  @Get()
  @AnyRole()
  @Shows(PolicyResource)
  get(@TheCall() call: Call, @Query(Checked) query: ReadQuery): Promise<string> {
    return this.reader.answer(
      call,
      'ledger',
      query,
      ({ policy = noPolicy }) => policyResource(policy),
      (history) => history.filter(({ type }) => type === 'PolicySet'),
    );
  }
}
