import type { LocalDate } from './calendar.js';
import { Amounts, type Decision, repeated, type Working } from './decision.js';
import type { CashDirection, DataOf, RecordedEvent } from './events.js';
import type { Amount, Currency } from './money.js';
import { type Made, madeBy, madeStill } from './open-item.js';
import { reject } from './rejection.js';

export interface StateCashBalance {
  readonly type: 'StateCashBalance';
  readonly id: string;
  readonly account: string;
  readonly currency: Currency;
  readonly on: LocalDate;
  readonly balance: Amount;
}
export interface ExpectCash {
  readonly type: 'ExpectCash';
  readonly id: string;
  readonly direction: CashDirection;
  readonly on: LocalDate;
  readonly amount: Amount;
  readonly currency: Currency;
  /** From "0" to "1". */
  readonly certainty: string;
  readonly vendorId?: string;
  readonly category?: string;
  readonly description?: string;
}
export interface WithdrawCashExpectation {
  readonly type: 'WithdrawCashExpectation';
  readonly expectationId: string;
  readonly reason: string;
}
export type CashCommand = StateCashBalance | ExpectCash | WithdrawCashExpectation;

/** What was on one of our accounts at the start of a day. */
export interface CashBalance {
  readonly kind: 'balance';
  readonly data: DataOf<'CashBalanceStated'>;
  readonly made: Made;
}

/** Cash that was expected to come in or go out, and still is unless withdrawn. */
export interface CashExpectation {
  readonly kind: 'expectation';
  readonly data: DataOf<'CashExpected'>;
  readonly withdrawn?: { readonly reason: string };
  readonly made: Made;
}

export const decideCash = (command: CashCommand, working: Working): Decision => {
  switch (command.type) {
    case 'StateCashBalance':
      return stateBalance(command, working);
    case 'ExpectCash':
      return expect(command, working);
    case 'WithdrawCashExpectation':
      return withdraw(command, working);
  }
};

const stateBalance = ({ type: _, id, ...rest }: StateCashBalance, working: Working): Decision => {
  const amounts = new Amounts(rest.currency);
  const balance = amounts.read(rest.balance, '/balance');
  amounts.check();
  working.findFresh(`balance/${id}`);
  const data = { ...rest, balanceId: id, balance: amounts.format(balance) };
  working.emit({ type: 'CashBalanceStated', effectiveOn: rest.on, data });
  return working.decision(`balance/${id}`);
};

const expect = (command: ExpectCash, working: Working): Decision => {
  const { type: _, id, ...rest } = command;
  const subject = `expectation/${id}` as const;
  if (repeated(working, subject, { ...command })) return working.unchanged(subject);
  if (rest.vendorId !== undefined) working.inBody(`vendor/${rest.vendorId}`, 'unknown-vendor');
  const amounts = new Amounts(rest.currency);
  const amount = amounts.positive(rest.amount, '/amount');
  amounts.check();
  const data = { ...rest, expectationId: id, amount: amounts.format(amount) };
  working.emit({ type: 'CashExpected', effectiveOn: rest.on, data });
  return working.decision(subject);
};

const withdraw = ({ expectationId, reason }: WithdrawCashExpectation, working: Working): Decision => {
  const subject = `expectation/${expectationId}` as const;
  if (working.inPath(subject).withdrawn) {
    reject('already-withdrawn', `The expectation ${expectationId} was withdrawn before.`);
  }
  working.emit({
    type: 'CashExpectationWithdrawn',
    effectiveOn: working.today,
    data: { expectationId, reason },
  });
  return working.decision(subject);
};

export const evolveExpectation = (
  expectation: CashExpectation | undefined,
  event: RecordedEvent,
): CashExpectation | undefined => {
  if (event.type === 'CashExpected') return { kind: 'expectation', data: event.data, made: madeBy(event) };
  if (event.type !== 'CashExpectationWithdrawn' || !expectation) return expectation;
  return {
    ...expectation,
    withdrawn: { reason: event.data.reason },
    made: madeStill(expectation.made, event),
  };
};
