import { allocate, type NewAllocation, prefetchFor } from './allocations.js';
import { mustBePaidTo } from './bank-details.js';
import { latest, type LocalDate } from './calendar.js';
import type { Source } from './credit-source.js';
import { Amounts, type Decision, repeated, type Working } from './decision.js';
import { itemName } from './events.js';
import type { Amount, Currency } from './money.js';
import { reject } from './rejection.js';
import { mustNotBeReversed, type Reverse, reversalDay } from './reversals.js';

export interface MakePayment {
  readonly type: 'MakePayment';
  readonly id: string;
  readonly vendorId: string;
  readonly paidOn: LocalDate;
  readonly currency: Currency;
  readonly amount: Amount;
  readonly method?: string;
  readonly reference?: string;
  /** Our own cash account. */
  readonly bankAccount?: string;
  /** Where it went. */
  readonly bankDetailsId?: string;
  readonly allocations?: readonly NewAllocation[];
}
export type ReversePayment = Reverse<'ReversePayment', 'paymentId'>;
export type PaymentCommand = MakePayment | ReversePayment;

export const decidePayment = (command: PaymentCommand, working: Working): Decision =>
  command.type === 'MakePayment' ? make(command, working) : reverse(command, working);

const make = (command: MakePayment, working: Working): Decision => {
  const { type: _, id, allocations = [], ...rest } = command;
  const subject = `payment/${id}` as const;
  prefetchFor(working, subject, command.vendorId, allocations);
  if (repeated(working, subject, { ...command })) return working.unchanged(subject);

  const vendor = working.inBody(`vendor/${command.vendorId}`, 'unknown-vendor');
  if (command.bankDetailsId !== undefined) mustBePaidTo(vendor, command.bankDetailsId, working.today);
  const amounts = new Amounts(command.currency);
  const amount = amounts.positive(command.amount, '/amount');
  amounts.check();
  working.emit({
    type: 'PaymentMade',
    effectiveOn: working.mustBeOpen(command.paidOn),
    data: { ...rest, paymentId: id, amount: amounts.format(amount) },
  });
  allocations.forEach((allocation, i) =>
    allocate(working, { ...allocation, from: { paymentId: id } }, `/allocations/${i}`),
  );
  return working.decision(subject);
};

const reverse = (command: ReversePayment, working: Working): Decision => {
  const payment = working.inPath(`payment/${command.paymentId}`);
  const on = reverseSource(command, payment, working);
  working.emit({
    type: 'PaymentReversed',
    effectiveOn: on,
    data: { paymentId: payment.id, vendorId: payment.vendorId, reason: command.reason, on },
  });
  return working.decision(`payment/${payment.id}`);
};

/**
 * The rules for reversing a payment or credit note: its refunds must be reversed already, and the allocations that are
 * still in force end with it (contract, rule 8). They end first, so that at no position more is allocated than there is.
 *
 * @returns the day on which it takes effect
 * @throws {Rejection} `already-reversed`, `has-refunds`, and those of `reversalDay`
 */
export const reverseSource = (
  command: { readonly reason: string; readonly on?: LocalDate },
  source: Source,
  working: Working,
): LocalDate => {
  mustNotBeReversed(source.reversal);
  const inForce = source.uses.filter(({ endedOn }) => endedOn === undefined);
  const refunds = inForce
    .filter(({ allocation }) => !allocation)
    .map(({ document }) => document.slice(document.indexOf('/') + 1));
  if (refunds.length > 0) reject('has-refunds', 'Reverse its refunds first.', { refunds });
  const ended = source.uses.filter(({ endedOn }) => endedOn !== undefined);
  const on = reversalDay(working, command.on, source.date, ended);
  const allocations = inForce.flatMap(({ allocation }) => allocation ?? []);
  working.prefetch(
    allocations.flatMap(({ allocationId, to }) => [`allocation/${allocationId}` as const, itemName(to)]),
  );
  for (const { allocationId, vendorId, from, to, on: allocatedOn } of allocations) {
    const endsOn = latest(on, allocatedOn);
    working.emit({
      type: 'AllocationReversed',
      effectiveOn: endsOn,
      data: { allocationId, vendorId, from, to, reason: command.reason, on: endsOn },
    });
  }
  return on;
};
