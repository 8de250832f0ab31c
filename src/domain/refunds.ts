import type { LocalDate } from './calendar.js';
import { mustBeOf } from './charges.js';
import { leastLeftFrom } from './credit-source.js';
import { Amounts, type Decision, repeated, type Working } from './decision.js';
import { sourceName, type SourceRef } from './events.js';
import type { Amount } from './money.js';
import { reject } from './rejection.js';
import { mustNotBeReversed, type Reverse, reversalDay } from './reversals.js';

/** The vendor pays credit back. */
export interface ReceiveRefund {
  readonly type: 'ReceiveRefund';
  readonly id: string;
  readonly vendorId: string;
  readonly from: SourceRef;
  readonly amount: Amount;
  readonly on: LocalDate;
}
export type ReverseRefund = Reverse<'ReverseRefund', 'refundId'>;
export type RefundCommand = ReceiveRefund | ReverseRefund;

export const decideRefund = (command: RefundCommand, working: Working): Decision =>
  command.type === 'ReceiveRefund' ? receive(command, working) : reverse(command, working);

const receive = (command: ReceiveRefund, working: Working): Decision => {
  const { id, vendorId, from, on } = command;
  const subject = `refund/${id}` as const;
  working.prefetch([`vendor/${vendorId}`, sourceName(from)]);
  if (repeated(working, subject, { ...command })) return working.unchanged(subject);

  working.inBody(`vendor/${vendorId}`, 'unknown-vendor');
  const source = working.source(from);
  mustBeOf(vendorId, source.vendorId);
  const amounts = new Amounts(source.currency);
  const amount = amounts.positive(command.amount, '/amount');
  amounts.check();
  working.mustBeOpen(on);
  const left = leastLeftFrom(source, on);
  if (amount > left) {
    reject(
      'over-allocated',
      `Of ${source.kind.replace('-', ' ')} ${source.id} ${amounts.format(left)} is left from ${on} on.`,
      { left: amounts.format(left), asked: amounts.format(amount), on },
    );
  }
  working.emit({
    type: 'RefundReceived',
    effectiveOn: on,
    data: { refundId: id, vendorId, from, currency: source.currency, amount: amounts.format(amount), on },
  });
  return working.decision(subject);
};

const reverse = (command: ReverseRefund, working: Working): Decision => {
  const { data, reversal } = working.inPath(`refund/${command.refundId}`);
  mustNotBeReversed(reversal);
  const on = reversalDay(working, command.on, data.on, []);
  working.emit({
    type: 'RefundReversed',
    effectiveOn: on,
    data: { refundId: data.refundId, vendorId: data.vendorId, from: data.from, reason: command.reason, on },
  });
  return working.decision(`refund/${data.refundId}`);
};
