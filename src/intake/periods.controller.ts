import { Body, Get, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { evolve, type Ledger } from '../domain/documents.js';
import type { RecordedEvent } from '../domain/events.js';
import { isClosed, isPeriod } from '../domain/periods.js';
import { EventLog } from '../event-log/event-log.js';
import { ApiPeriod, Commands, LedgerRoutes, ListsOf, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk, type Render } from './command-desk.js';
import { readCursor, writeCursor } from './lists.js';
import { PeriodBody, PeriodResource, toPeriodCommand } from './periods.dto.js';
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
  ) {}

  /** Closes a month after its last day, and all months before it: nothing takes effect in them any more. */
  @Post(':period/close')
  @Roles('approver')
  @ApiPeriod()
  @Commands(PeriodResource)
  close(@TheCall() call: Call, @Param('period') period: string, @Body(Checked) body: PeriodBody): Promise<string> {
    return this.desk.carryOut(call, toPeriodCommand('ClosePeriod', period, body), rendering(period));
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
    const named = history.flatMap((event) => (isOfPeriods(event) ? [event.data.period] : []));
    const found = [...new Set(named)].sort().filter((period) => period > after);
    const page = found.slice(0, Number(query.limit ?? 100));
    const position = Math.max(head.position, history.at(-1)?.position ?? 0);
    return send(call, position, {
      items: page.map((period) => periodResource(ledger!, period)),
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
      (ledger) => periodResource(ledger, period),
      (history) => changesOf(history, period),
    );
  }
}

const periodResource = (ledger: Ledger, period: string): Plain<PeriodResource> => ({
  id: period,
  status: isClosed(ledger, period) ? 'closed' : 'open',
  closedThrough: ledger.closedThrough,
});

const rendering =
  (period: string): Render<Ledger> =>
  (ledger) => ({ location: `/periods/${period}`, resource: periodResource(ledger, period) });

type OfPeriods = Extract<RecordedEvent, { type: 'PeriodClosed' | 'PeriodReopened' }>;

const isOfPeriods = (event: RecordedEvent): event is OfPeriods =>
  event.type === 'PeriodClosed' || event.type === 'PeriodReopened';

/** What closed a month or opened it again, by its own name or by that of a later one. */
const changesOf = (history: readonly RecordedEvent[], period: string): RecordedEvent[] => {
  let wasClosed = false;
  return history.filter(isOfPeriods).filter(({ data: { closedThrough } }) => {
    const before = wasClosed;
    wasClosed = isClosed(closedThrough === null ? {} : { closedThrough }, period);
    return wasClosed !== before;
  });
};
