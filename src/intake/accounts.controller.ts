import { Body, Get, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { accountsIn, viewOf } from '../domain/chart-of-accounts.js';
import type { Ledger } from '../domain/documents.js';
import { EventLog } from '../event-log/event-log.js';
import { ReportReader } from '../reports/as-of.js';
import { AccountsDesk } from './accounts.desk.js';
import { AccountBody, AccountListQuery, AccountResource } from './accounts.dto.js';
import { Commands, LedgerRoutes, ListsOf } from './api.js';
import { type Call, TheCall } from './call.js';
import { type Cursor, writeCursor } from './lists.js';
import { send } from './reader.js';
import { Checked, rejectQuery } from './validation.js';

@LedgerRoutes('accounts')
export class AccountsController {
  constructor(
    private readonly desk: AccountsDesk,
    private readonly moments: ReportReader,
    private readonly log: EventLog,
  ) {}

  /** Names an account of the chart, or puts it in the place of another for entries from a day on. */
  @Post()
  @Roles('approver', 'admin')
  @Commands(AccountResource)
  set(@TheCall() call: Call, @Body(Checked) body: AccountBody): Promise<string> {
    return this.desk.set(call, body);
  }

  /** The chart of accounts on a day, as known at a moment, in the order in which accounts came into it. */
  @Get()
  @AnyRole()
  @ListsOf(AccountResource)
  async list(@TheCall() call: Call, @Query(Checked) query: AccountListQuery): Promise<string> {
    const { position, asOf } = await this.moments.momentOf(call.ledgerId, query);
    const ledger = (await this.log.foldedAt(call.ledgerId, ['ledger'], position)).get('ledger')?.document as
      Ledger | undefined;
    const chart = ledger?.chart ?? [];
    const found = after(accountsIn(chart), query.cursor);
    const page = found.slice(0, Number(query.limit ?? 100));
    return send(call, position, {
      items: page.map(({ account }) => viewOf(chart, account, asOf)),
      next: found.length > page.length ? writeCursor(cursorOf(page.at(-1)!)) : null,
    });
  }
}

type Listed = ReturnType<typeof accountsIn>[number];

/** An event brings one account; those of the default chart have names that a cursor may have. */
const cursorOf = ({ account, madeAt }: Listed): Cursor => ({ madeAt, id: madeAt === 0 ? account : 'account' });

/** What comes after the page that ended with a cursor. @throws {Rejection} `malformed` for one that no page ended with */
const after = (accounts: Listed[], cursor: string | undefined): Listed[] => {
  if (cursor === undefined) return accounts;
  const last = accounts.findIndex((one) => writeCursor(cursorOf(one)) === cursor);
  return last < 0
    ? rejectQuery([{ pointer: '/cursor', detail: 'must be what an earlier page gave as next' }])
    : accounts.slice(last + 1);
};
