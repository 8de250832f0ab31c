import { uuidv7 } from '../event-log/uuid.js';
import type { ExpectCash, StateCashBalance, WithdrawCashExpectation } from '../domain/cash.js';
import { type CashDirection, cashDirections } from '../domain/events.js';
import { Currency, Day, Id, Money, OneOf, Optional, Share, Text } from './fields.js';
import type { Plain } from './plain.js';
import { DocumentListQuery, PageQuery } from './reading.dto.js';
import { Shown, ShownAmount, ShownDay } from './shown.dto.js';

export class StateCashBalanceBody {
  /** One of our own accounts; that of payments which name it as `bankAccount`. */
  @Text({ max: 128, trimmed: true, example: 'main' })
  account!: string;

  @Currency()
  currency!: string;

  /** The balance is that at the start of this day. */
  @Day()
  on!: string;

  /** May be negative. */
  @Money({ signed: true, currencyIn: 'currency', example: '3900000.00' })
  balance!: string;
}

export class ExpectCashBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'WAGES-2023-11-15' })
  id?: string;

  /** An outflow that names a vendor is an expected bill: a plan decides it like one that has come. */
  @OneOf(cashDirections)
  direction!: CashDirection;

  /** The day on which it comes in, goes out, or falls due. */
  @Day({ example: '2023-11-15' })
  on!: string;

  @Money({ currencyIn: 'currency', example: '500000.00' })
  amount!: string;

  @Currency()
  currency!: string;

  /** How sure a receipt is: `"0"` to `"1"`, by default `"1"`. */
  @Optional()
  @Share()
  certainty?: string;

  @Optional()
  @Id({ example: 'payroll' })
  vendorId?: string;

  @Optional()
  @Text({ max: 64, trimmed: true, example: 'wages' })
  category?: string;

  @Optional()
  @Text({ max: 2_000, blank: true, example: 'US wages, first half of November' })
  description?: string;
}

export class WithdrawCashExpectationBody {
  @Text({ max: 2_000, example: 'The bill has come' })
  reason!: string;
}

export const toStateCashBalance = (body: Plain<StateCashBalanceBody>): StateCashBalance => ({
  type: 'StateCashBalance',
  ...body,
  id: uuidv7(),
});

export const toExpectCash = ({ id, certainty = '1', ...rest }: Plain<ExpectCashBody>): ExpectCash => ({
  type: 'ExpectCash',
  ...rest,
  id: id ?? uuidv7(),
  certainty,
});

export const toWithdrawCashExpectation = (
  expectationId: string,
  { reason }: Plain<WithdrawCashExpectationBody>,
): WithdrawCashExpectation => ({ type: 'WithdrawCashExpectation', expectationId, reason });

export class CashBalanceListQuery extends PageQuery {
  /** Part of the account's name, in upper or lower case. */
  @Optional()
  @Text({ max: 128 })
  q?: string;
}

const statuses = ['in-force', 'withdrawn'] as const;

export class CashExpectationListQuery extends DocumentListQuery {
  /** Only those that stand like this. */
  @Optional()
  @OneOf(statuses)
  status?: (typeof statuses)[number];

  /** Only those expected before this day. */
  @Optional()
  @Day()
  dueBefore?: string;
}

export class CashBalanceResource extends Shown {
  /** Of the server's making. */
  id!: string;
  account!: string;
  currency!: string;
  @ShownDay()
  on!: string;
  @ShownAmount()
  balance!: string;
}

export class ShownCashWithdrawal {
  reason!: string;
}

export class CashExpectationResource extends Shown {
  id!: string;
  direction!: CashDirection;
  @ShownDay()
  on!: string;
  @ShownAmount()
  amount!: string;
  currency!: string;
  certainty!: string;
  vendorId?: string;
  category?: string;
  description?: string;
  status!: 'in-force' | 'withdrawn';
  withdrawal?: ShownCashWithdrawal;
}
