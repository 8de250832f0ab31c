import type { LocalDate } from './calendar.js';
import { Amounts, type Decision, repeated, type Working } from './decision.js';
import type { ChargeKind } from './events.js';
import type { Amount, Currency } from './money.js';
import { reject } from './rejection.js';
import { type Reverse, reverseItem } from './reversals.js';

export interface PostCharge {
  readonly type: 'PostCharge';
  readonly id: string;
  readonly vendorId: string;
  readonly invoiceId?: string;
  readonly kind: ChargeKind;
  readonly amount: Amount;
  readonly currency: Currency;
  readonly on: LocalDate;
  readonly dueDate: LocalDate;
}
export type ReverseCharge = Reverse<'ReverseCharge', 'chargeId'>;
export type ChargeCommand = PostCharge | ReverseCharge;

export const decideCharge = (command: ChargeCommand, working: Working): Decision =>
  command.type === 'PostCharge' ? post(command, working) : reverse(command, working);

const post = (command: PostCharge, working: Working): Decision => {
  const { type: _, id, ...rest } = command;
  const subject = `charge/${id}` as const;
  if (repeated(working, subject, { ...command })) return working.unchanged(subject);

  working.inBody(`vendor/${command.vendorId}`, 'unknown-vendor');
  if (command.invoiceId !== undefined) {
    const invoice = working.inBody(`invoice/${command.invoiceId}`, 'unknown-invoice');
    mustBeOf(command.vendorId, invoice.vendorId);
  }
  const amounts = new Amounts(command.currency);
  const amount = amounts.positive(command.amount, '/amount');
  amounts.check();
  working.emit({
    type: 'ChargePosted',
    effectiveOn: working.mustBeOpen(command.on),
    data: { ...rest, chargeId: id, amount: amounts.format(amount) },
  });
  return working.decision(subject);
};

const reverse = (command: ReverseCharge, working: Working): Decision => {
  const charge = working.inPath(`charge/${command.chargeId}`);
  const on = reverseItem(command, charge, working);
  working.emit({
    type: 'ChargeReversed',
    effectiveOn: on,
    data: { chargeId: charge.id, vendorId: charge.vendorId, reason: command.reason, on },
  });
  return working.decision(`charge/${charge.id}`);
};

/** @throws {Rejection} `vendor-mismatch` */
export const mustBeOf = (vendorId: string, other: string): void => {
  if (vendorId !== other)
    reject('vendor-mismatch', `One belongs to vendor ${vendorId}, the other to ${other}.`, { vendorId, other });
};
