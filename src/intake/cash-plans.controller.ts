import { Body, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { AnyRole, Roles } from '../access/declared.js';
import { unpack } from '../planning/packed.js';
import { ApiId, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall, TheCallWithQuery } from './call.js';
import { CashPlanLists } from './cash-plans.lists.js';
import {
  AdoptBody,
  AdoptionResource,
  CashPlanBody,
  CashPlanListQuery,
  CashPlanProgress,
  CashPlanResource,
  CashPlanSummary,
  DryRunQuery,
} from './cash-plans.dto.js';
import { CashPlans } from './cash-plans.service.js';
import { sendAnswer } from './command-desk.js';
import { Problem } from './problems.js';
import { Reader, send, shownEvent } from './reader.js';
import { planRequestOf, toPlanRequest } from './plan-request.js';
import { planHead, planResource, RecordedPlans } from './recorded-plans.js';
import { ReadQuery } from './reading.dto.js';
import { Checked } from './validation.js';

/** The resource is not done: where to look for it. */
const notDone = (call: Call, progress: CashPlanProgress): string => {
  void call.reply.code(202).headers({
    Location: `/v1/ledgers/${call.ledgerId}/cash-plans/${progress.id}`,
    'Content-Type': 'application/json; charset=utf-8',
    'Retry-After': '1',
  });
  return JSON.stringify(progress);
};

const ApiNotDone = (): MethodDecorator =>
  ApiResponse({
    status: 202,
    description: 'It is not done: look for it at its address',
    schema: { $ref: getSchemaPath(CashPlanProgress) },
  });

@LedgerRoutes('cash-plans')
@ApiExtraModels(CashPlanProgress)
export class CashPlansController {
  constructor(
    private readonly plans: CashPlans,
    private readonly reader: Reader,
    private readonly lists: CashPlanLists,
    private readonly recorded: RecordedPlans,
  ) {}

  /** Says which bills to pay, part-pay or defer, why, what that costs, and how close it is to the best plan. Changes nothing that we owe. */
  @Post()
  @Roles('treasurer')
  @Commands(CashPlanResource)
  @ApiOkResponse({ description: 'A dry run', type: CashPlanResource })
  @ApiNotDone()
  async propose(
    @TheCallWithQuery() call: Call,
    @Query(Checked) { dryRun }: DryRunQuery,
    @Body(Checked) { id, ...asked }: CashPlanBody,
  ): Promise<string | Buffer> {
    const request = planRequestOf(asked);
    if (dryRun === 'true') {
      const moment = await this.plans.moment(call.ledgerId, request);
      const { currency } = request;
      const job = { moment, currency, request: toPlanRequest(request), form: 'json' } as const;
      const { text } = await this.plans.compute(call, job);
      void call.reply.code(200).headers({
        'Ledger-Position': String(moment.position),
        'Content-Type': 'application/json; charset=utf-8',
      });
      return text;
    }
    const answer = await this.plans.propose(call, id, request);
    return 'body' in answer ? sendAnswer(call, answer) : notDone(call, answer);
  }

  /** Takes a plan on: defers what it defers, in one go, if everything it touches is still as it was. */
  @Post(':id/adoption')
  @Roles('treasurer')
  @ApiId('id', 'The plan')
  @Commands(AdoptionResource)
  async adopt(
    @TheCall() call: Call,
    @Param('id') id: string,
    @Body(Checked) body: AdoptBody,
  ): Promise<string | Buffer> {
    return sendAnswer(call, await this.plans.adopt(call, id, body));
  }

  /** What became of a plan that was adopted: the payments of its first run, and why each other bill is not among them. */
  @Get(':id/adoption')
  @AnyRole()
  @ApiId('id', 'The plan')
  @Shows(AdoptionResource)
  async adoption(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: ReadQuery): Promise<Buffer> {
    const { position } = await this.reader.head(call.ledgerId, query.atLeast);
    const shown = await this.plans.adoption(call.ledgerId, id);
    void call.reply.headers({
      'Ledger-Position': String(position),
      'Content-Type': 'application/json; charset=utf-8',
    });
    return shown;
  }

  /** The plans that were recorded. */
  @Get()
  @AnyRole()
  @ListsOf(CashPlanSummary)
  list(@TheCall() call: Call, @Query(Checked) query: CashPlanListQuery): Promise<string> {
    return this.lists.answer(call, query);
  }

  /** One plan. */
  @Get(':id')
  @AnyRole()
  @ApiId('id', 'The plan')
  @Shows(CashPlanResource)
  @ApiNotDone()
  async get(
    @TheCall() call: Call,
    @Param('id') id: string,
    @Query(Checked) query: ReadQuery,
  ): Promise<string | Buffer> {
    const { position } = await this.reader.head(call.ledgerId, query.atLeast);
    // In this order: what leaves the list is in the log.
    const progress = await this.plans.progress(call.ledgerId, id);
    if (progress?.status === 'queued' || progress?.status === 'running') return notDone(call, progress);
    if (progress) return send(call, position, progress);
    const plan = await this.recorded.find(call.ledgerId, id);
    if (!plan) throw new Problem('not-found', `This ledger has no plan ${id}.`);
    const { document, data, history } = plan;
    const events = history.map((event) =>
      // The long texts stand beside it, or in the log.
      event.type === 'CashPlanProposed'
        ? shownEvent({ ...event, data: { ...document.facts } as typeof event.data })
        : shownEvent(event),
    );
    const lastPosition = Math.max(position, history.at(-1)!.position);
    void call.reply.headers({
      'Ledger-Position': String(lastPosition),
      'Content-Type': 'application/json; charset=utf-8',
    });
    return planResource(planHead(document), await unpack(data.plan), { history: events });
  }

  /** Ends the computing of a plan. What is recorded stays. */
  @Delete(':id')
  @Roles('treasurer')
  @ApiId('id', 'The plan')
  @ApiOkResponse({ description: 'It will not be recorded', type: CashPlanProgress })
  async cancel(@TheCall() call: Call, @Param('id') id: string): Promise<string> {
    const { position } = await this.reader.head(call.ledgerId);
    return send(call, position, await this.plans.cancel(call.ledgerId, id));
  }
}
