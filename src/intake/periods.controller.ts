import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { TotalsRecorder } from '../closing/totals-recorder.js';
import { evolve, type Ledger } from '../domain/documents.js';
import type { RecordedEvent } from '../domain/events.js';
import {
  changesOf,
  closedAlong,
  closedAlongLast,
  closedFrom,
  closingInForce,
  isClosed,
  isPeriod,
  type Months,
  namedPeriods,
  type PeriodTotals,
  totalsOf,
} from '../domain/periods.js';
import { EventLog } from '../event-log/event-log.js';
import type { Receipt } from '../event-log/log-store.js';
import { ApiPeriod, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk, type Render } from './command-desk.js';
import { readCursor, writeCursor } from './lists.js';
import { PeriodBody, PeriodResource, type ShownPeriodTotals, toPeriodCommand } from './periods.dto.js';
import type { Plain } from './plain.js';
import { Problem } from './problems.js';
import { Reader, send } from './reader.js';
import { PageQuery, ReadQuery } from './reading.dto.js';
import { Checked } from './validation.js';

@LedgerRoutes('periods')
export class PeriodsController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly log: EventLog,
    private readonly totals: TotalsRecorder,
  ) {}

  /**
   * Closes a month after its last day, and all months before it: nothing takes effect in them any more. What the books say
   * as of that day is recorded with it.
   */
  @Post(':period/close')
  @Roles('approver')
  @ApiPeriod()
  @Commands(PeriodResource)
  close(@TheCall() call: Call, @Param('period') period: string, @Body(Checked) body: PeriodBody): Promise<string> {
    return this.desk.carryOut(call, toPeriodCommand('ClosePeriod', period, body), rendering(period), {
      complete: (receipt) => this.withTotals(call.ledgerId, receipt),
    });
  }

  /** Opens the last closed month again; those before it stay closed. */
  @Post(':period/reopening')
  @Roles('approver')
  @ApiPeriod()
  @Commands(PeriodResource)
  reopen(@TheCall() call: Call, @Param('period') period: string, @Body(Checked) body: PeriodBody): Promise<string> {
    return this.desk.carryOut(call, toPeriodCommand('ReopenPeriod', period, body), rendering(period));
  }

  /** The months that were closed or reopened by name, earliest first. */
  @Get()
  @AnyRole()
  @ListsOf(PeriodResource)
  async list(@TheCall() call: Call, @Query(Checked) query: PageQuery): Promise<string> {
    const after = query.cursor === undefined ? '' : readCursor(query.cursor).id;
    const head = await this.reader.head(call.ledgerId, query.atLeast);
    const { history = [] } = (await this.log.document(call.ledgerId, 'ledger')) ?? {};
    const ledger = history.reduce<Ledger | undefined>(
      (before, event) => evolve('ledger', before, event) as Ledger,
      undefined,
    );
    const found = namedPeriods(history).filter((period) => period > after);
    const page = found.slice(0, Number(query.limit ?? 100));
    const position = Math.max(head.position, history.at(-1)?.position ?? 0);
    return send(call, position, {
      items: page.map((period) => periodIn(history, ledger!, period)),
      next: found.length > page.length ? writeCursor({ madeAt: 0, id: page.at(-1)! }) : null,
    });
  }

  /** One month, whether it is closed, and what closed it or opened it again. */
  @Get(':period')
  @AnyRole()
  @ApiPeriod()
  @Shows(PeriodResource)
  get(@TheCall() call: Call, @Param('period') period: string, @Query(Checked) query: ReadQuery): Promise<string> {
    if (!isPeriod(period))
      throw new Problem('not-found', `There is no period ${period}; a period is a month such as 2023-10.`);
    return this.reader.answer(
      call,
      'ledger',
      query,
      (ledger, { history }) => periodIn(history, ledger, period),
      (history) => changesOf(history, period),
    );
  }

  /** The answer to a closing with the totals that it was recorded with, if they are there within 5 seconds. */
  private async withTotals(ledgerId: string, receipt: Receipt): Promise<Receipt> {
    const totals = await this.totals.totalsAt(ledgerId, receipt.position);
    if (!totals) return receipt;
    const resource = JSON.parse(receipt.body) as Plain<PeriodResource>;
    return {
      ...receipt,
      position: Math.max(receipt.position, totals.position),
      body: JSON.stringify({ ...resource, totals: shownTotals(totals) }),
    };
  }
}

const periodIn = (history: readonly RecordedEvent[], ledger: Ledger, period: string): Plain<PeriodResource> => {
  const closing = closingInForce(history, period);
  return closing
    ? periodResource(ledger, period, closedAlong(period, closedFrom(history, closing)), totalsOf(history, closing))
    : periodResource(ledger, period, undefined);
};

const periodResource = (
  ledger: Ledger,
  period: string,
  alsoClosed: Months | undefined,
  totals?: PeriodTotals,
): Plain<PeriodResource> => ({
  id: period,
  status: isClosed(ledger, period) ? 'closed' : 'open',
  closedThrough: ledger.closedThrough,
  alsoClosed: alsoClosed ?? null,
  totals: totals ? shownTotals(totals) : null,
});

/** As they were recorded; the period is that of the resource. */
const shownTotals = ({ data: { period: _, ...totals } }: PeriodTotals): Plain<ShownPeriodTotals> => ({
  ...totals,
  currencies: [...totals.currencies],
});

const rendering =
  (period: string): Render<Ledger> =>
  (ledger) => ({ location: `/periods/${period}`, resource: periodResource(ledger, period, closedAlongLast(ledger)) });
