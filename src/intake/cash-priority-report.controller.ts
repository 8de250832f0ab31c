import { Get, Headers, Query } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { AnyRole } from '../access/declared.js';
import { maxRuns, type PlanRequest, type Scenario } from '../cash-priority/model.js';
import { noCurrency } from '../domain/access.js';
import { faultOfAmount } from '../domain/money.js';
import { EventLog } from '../event-log/event-log.js';
import { ReportReader } from '../reports/as-of.js';
import { type Format, formatOf, formats, headersOf, mediaTypes } from '../reports/formats.js';
import { LedgerRoutes } from './api.js';
import { type Call, TheCall } from './call.js';
import { belows, CashPlanResource } from './cash-plans.dto.js';
import { CashPlans } from './cash-plans.service.js';
import { Currency, Day, Gap, Money, OneOf, Optional, Share, WholeText } from './fields.js';
import { MomentQueryDto } from './reading.dto.js';
import { planRequestOf, toPlanRequest } from './plan-request.js';
import { planResource } from './recorded-plans.js';
import { Checked, rejectQuery } from './validation.js';

/** What a plan can be asked for in single values. */
class CashPriorityQuery extends MomentQueryDto {
  /** By default the ledger's. */
  @Optional()
  @Currency()
  currency?: string;

  /** The reserve: what must be left every day. By default nothing. */
  @Optional()
  @Money({ zero: true, currencyIn: 'currency', example: '250000.00' })
  minimumBalance?: string;

  /** So many payment runs, the first on asOf; by default 13. */
  @Optional()
  @WholeText({ min: 1, max: maxRuns, example: 13 })
  periods?: string;

  /** So many days from run to run; by default 7. */
  @Optional()
  @WholeText({ min: 1, max: 366, example: 7 })
  periodDays?: string;

  /** By default one period after the last run. */
  @Optional()
  @Day({ example: '2024-01-30' })
  horizonEnd?: string;

  /** Every receipt comes so many days later. */
  @Optional()
  @WholeText({ min: 0, max: 3_650, example: 14 })
  receiptsSlipDays?: string;

  /** Receipts of a lower certainty are uncertain; by default `"0.5"`. */
  @Optional()
  @Share({ example: '0.5' })
  receiptsAtLeast?: string;

  /** What becomes of these: left out (the default), counted in full, or by their certainty. */
  @Optional()
  @OneOf(belows)
  receiptsBelow?: (typeof belows)[number];

  /** How close to the best plan it must be proven to be, as a share of its cost; by default `"0.001"`. */
  @Optional()
  @Gap()
  gap?: string;

  /** How the report comes. By default by Accept, and JSON where that leaves it open. */
  @Optional()
  @OneOf(formats)
  format?: Format;
}

@LedgerRoutes('reports')
export class CashPriorityReportController {
  constructor(
    private readonly plans: CashPlans,
    private readonly moments: ReportReader,
    private readonly log: EventLog,
  ) {}

  /** Which bills to pay, part-pay or defer, as a report: records nothing. */
  @Get('cash-priority')
  @AnyRole()
  @ApiOkResponse({
    description: 'The plan. The same moment and parameters give the same bytes for ever.',
    content: {
      'application/json': { schema: { $ref: getSchemaPath(CashPlanResource) } },
      [mediaTypes.csv]: { schema: { type: 'string' } },
      [mediaTypes.xlsx]: { schema: { type: 'string', format: 'binary' } },
    },
  })
  @ApiResponse({
    status: 406,
    description: '`not-acceptable`',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  })
  async report(
    @TheCall() call: Call,
    @Query(Checked) query: CashPriorityQuery,
    @Headers('accept') accept: string | undefined,
  ): Promise<Buffer> {
    const format = formatOf(query.format, accept);
    const { ledgerId, reply } = call;
    const moment = await this.moments.momentOf(ledgerId, query);
    const currency = query.currency ?? (await this.#currency(ledgerId));
    // Which currency it is in is known only now, where the query leaves that out.
    const fault = query.minimumBalance === undefined ? undefined : faultOfAmount(query.minimumBalance, currency);
    if (fault) rejectQuery([{ pointer: '/minimumBalance', detail: fault }]);
    const request = toPlanRequest(planRequestOf({ ...requestOf(query), currency }));
    const { text } = await this.plans.compute(call, { moment, currency, request, form: format });
    void reply.headers(headersOf('cash-priority', moment, format));
    if (format !== 'json') return text;
    const { ledger, knownAt } = moment;
    return planResource(JSON.stringify({ ledger, knownAt }), text);
  }

  async #currency(ledgerId: string): Promise<string> {
    const ledger = (await this.log.documents(ledgerId, ['ledger'])).get('ledger');
    if (ledger?.kind !== 'ledger') throw new Error(`ledger ${ledgerId} has no opening`);
    const { currency } = ledger.facts;
    return currency === noCurrency
      ? rejectQuery([{ pointer: '/currency', detail: 'must be given: this ledger has no currency of its own' }])
      : currency;
  }
}

const requestOf = (query: CashPriorityQuery): PlanRequest => {
  const { minimumBalance, periods, periodDays, horizonEnd, gap } = query;
  const { receiptsSlipDays, receiptsAtLeast: atLeast, receiptsBelow: below } = query;
  const receipts = { ...(atLeast !== undefined && { atLeast }), ...(below !== undefined && { below }) };
  const scenario: Scenario = {
    ...(receiptsSlipDays !== undefined && { receiptsSlipDays: Number(receiptsSlipDays) }),
    ...(Object.keys(receipts).length > 0 && { receipts }),
  };
  return {
    ...(minimumBalance !== undefined && { minimumBalance }),
    ...(periods !== undefined && { periods: Number(periods) }),
    ...(periodDays !== undefined && { periodDays: Number(periodDays) }),
    ...(horizonEnd !== undefined && { horizonEnd }),
    ...(gap !== undefined && { gap }),
    ...(Object.keys(scenario).length > 0 && { scenario }),
  };
};
