import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { SetAccount } from '../domain/accounts.js';
import { viewOf } from '../domain/chart-of-accounts.js';
import type { Ledger } from '../domain/documents.js';
import { Books } from '../projections/books.js';
import { type AccountBody, toSetAccount } from './accounts.dto.js';
import type { Call } from './call.js';
import { CommandDesk, type Render } from './command-desk.js';
import type { Plain } from './plain.js';
import { Reader } from './reader.js';

/** Looks up what no document knows of an account before it is put into the chart: whether lines name it. */
@Injectable()
export class AccountsDesk {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: Reader,
    private readonly books: Books,
    private readonly dataSource: DataSource,
  ) {}

  /** @returns the body of the answer, JSON */
  async set(call: Call, body: Plain<AccountBody>): Promise<string> {
    await this.reader.head(call.ledgerId);
    const onLines =
      body.for === undefined
        ? { isOnLines: false, linesThrough: 0 }
        : await this.#onLines(call.ledgerId, body.account, body.for === 'cash');
    const render: Render<Ledger> = ({ chart = [] }, { today }) => ({
      location: '/accounts',
      resource: viewOf(chart, body.account, today),
    });
    return this.desk.carryOut(call, toSetAccount(body, onLines), render);
  }

  /**
   * Whether lines name an account, and up to which position the books know that: what comes after it the log looks at.
   *
   * @param ofBanks also those that would be the accounts of bank accounts
   */
  async #onLines(
    ledgerId: string,
    account: string,
    ofBanks: boolean,
  ): Promise<Pick<SetAccount, 'isOnLines' | 'linesThrough'>> {
    const { generation, position } = await this.books.reach(ledgerId);
    const found = await this.dataSource.query<unknown[]>(
      `select from books.journal_lines
        where ledger_id = $1 and generation = $2 and stands_for is null
          and (account = $3 or $4 and starts_with(account, $3 || ':')) limit 1`,
      [ledgerId, generation, account, ofBanks],
    );
    return { isOnLines: found.length > 0, linesThrough: position };
  }
}
