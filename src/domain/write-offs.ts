import type { LocalDate } from './calendar.js';
import { Amounts, type Decision, repeated, type Working } from './decision.js';
import type { ItemRef } from './events.js';
import type { Amount } from './money.js';
import { leastOpenFrom } from './open-item.js';
import { reject } from './rejection.js';
import { mustNotBeReversed, type Reverse, reversalDay } from './reversals.js';

export interface WriteOffItem {
  readonly type: 'WriteOff';
  readonly id: string;
  readonly item: ItemRef;
  /** Without it all that is open. */
  readonly amount?: Amount;
  readonly reason: string;
  readonly on: LocalDate;
}
export type ReverseWriteOff = Reverse<'ReverseWriteOff', 'writeOffId'>;
export type WriteOffCommand = WriteOffItem | ReverseWriteOff;

export const decideWriteOff = (command: WriteOffCommand, working: Working): Decision =>
  command.type === 'WriteOff' ? writeOff(command, working) : reverse(command, working);

const writeOff = (command: WriteOffItem, working: Working): Decision => {
  const { id, item: ref, reason, on } = command;
  const subject = `write-off/${id}` as const;
  if (repeated(working, subject, { ...command })) return working.unchanged(subject);

  const item = working.item(ref);
  const amounts = new Amounts(item.currency);
  const asked = command.amount === undefined ? undefined : amounts.positive(command.amount, '/amount');
  amounts.check();
  working.mustBeOpen(on);
  const open = leastOpenFrom(item, on);
  if (asked === undefined && open === 0n)
    reject('nothing-open', `Of ${item.kind} ${item.id} nothing is open from ${on} on.`, { on });
  const amount = asked ?? open;
  if (amount > open) {
    reject('over-allocated', `Of ${item.kind} ${item.id} ${amounts.format(open)} is open from ${on} on.`, {
      open: amounts.format(open),
      asked: amounts.format(amount),
      on,
    });
  }
  const data = {
    writeOffId: id,
    vendorId: item.vendorId,
    item: ref,
    currency: item.currency,
    amount: amounts.format(amount),
    reason,
    on,
  };
  working.emit({ type: 'WrittenOff', effectiveOn: on, data });
  return working.decision(subject);
};

const reverse = (command: ReverseWriteOff, working: Working): Decision => {
  const { data, reversal } = working.inPath(`write-off/${command.writeOffId}`);
  mustNotBeReversed(reversal);
  const on = reversalDay(working, command.on, data.on, []);
  working.emit({
    type: 'WriteOffReversed',
    effectiveOn: on,
    data: { writeOffId: data.writeOffId, vendorId: data.vendorId, item: data.item, reason: command.reason, on },
  });
  return working.decision(`write-off/${data.writeOffId}`);
};
