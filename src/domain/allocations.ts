import { mustBeApproved, mustTakeTwo } from './approvals.js';
import { latest, type LocalDate } from './calendar.js';
import { mustBeOf } from './charges.js';
import { leastLeftFrom } from './credit-source.js';
import { Amounts, type Decision, repeated, withDefaultDay, type Working } from './decision.js';
import { mustBeEarned, taxIn } from './discounts.js';
import { type DocumentName, type ItemRef, itemName, sourceName, type SourceRef } from './events.js';
import type { Amount } from './money.js';
import { disputedWhenPaying, isHeld, type Item, leastOpenFrom } from './open-item.js';
import { reject, rejectMalformed } from './rejection.js';
import { mustNotBeReversed, type Reverse, reversalDay } from './reversals.js';

/** Part of a payment or credit note that is set against an item as soon as it is recorded. */
export interface NewAllocation {
  readonly id: string;
  readonly to: ItemRef;
  readonly amount: Amount;
  readonly discount?: Amount;
}
export interface Allocate extends NewAllocation {
  readonly type: 'Allocate';
  readonly from: SourceRef;
  readonly on?: LocalDate;
}
export type ReverseAllocation = Reverse<'ReverseAllocation', 'allocationId'>;
export type AllocationCommand = Allocate | ReverseAllocation;

export const decideAllocation = (command: AllocationCommand, working: Working): Decision => {
  if (command.type === 'ReverseAllocation') return reverse(command, working);
  const { type: _, ...allocation } = command;
  const subject = `allocation/${command.id}` as const;
  working.prefetch([sourceName(command.from), itemName(command.to)]);
  const defaultOn = (): LocalDate =>
    working.firstOpen(latest(working.item(command.to).owedFrom, working.source(command.from).date));
  const recordedOn = working.findFresh(subject)?.data.on;
  if (repeated(working, subject, { ...command }, () => withDefaultDay(command, recordedOn, defaultOn))) {
    return working.unchanged(subject);
  }
  allocate(working, allocation, '');
  return working.decision(subject);
};

/** Asks at once for everything that recording a payment or credit note with its allocations needs. */
export const prefetchFor = (
  working: Working,
  source: DocumentName,
  vendorId: string,
  allocations: readonly NewAllocation[],
): void => {
  working.prefetch(
    [`vendor/${vendorId}`, ...allocations.map(({ to }) => itemName(to))],
    [source, ...allocations.map(({ id }) => `allocation/${id}` as const)],
  );
};

/**
 * Sets (part of) a payment or credit note against an item (contract, rules 4, 5 and 10).
 *
 * @param pointer where the allocation stands in the request, for faults in its amounts
 * @throws {Rejection} `unknown-…`, `vendor-mismatch`, `currency-mismatch`, `on-hold`, `over-allocated`, `discount-expired`, `over-discounted`, `not-approved`, `segregation-of-duties`, `period-closed`, `id-already-used`
 */
export const allocate = (working: Working, allocation: Omit<Allocate, 'type'>, pointer: string): void => {
  const { id, from, to } = allocation;
  const name: DocumentName = `allocation/${id}`;
  if (working.findFresh(name))
    reject('id-already-used', `Allocation ${id} is already recorded; choose another id.`, { id });
  const source = working.source(from);
  const item = working.item(to);
  mustBeOf(source.vendorId, item.vendorId);
  if (source.currency !== item.currency) {
    reject(
      'currency-mismatch',
      `The ${source.kind.replace('-', ' ')} is in ${source.currency}, the ${item.kind} in ${item.currency}.`,
      { from: source.currency, to: item.currency },
    );
  }
  const amounts = new Amounts(item.currency);
  const amount = amounts.positive(allocation.amount, `${pointer}/amount`);
  const discount =
    allocation.discount === undefined ? undefined : amounts.positive(allocation.discount, `${pointer}/discount`);
  amounts.check();
  if (discount !== undefined && source.kind === 'credit-note') {
    const detail = 'must be left out: only a payment takes a discount, a credit note settles its amount';
    rejectMalformed([{ pointer: `${pointer}/discount`, detail }]);
  }

  if (allocation.on !== undefined) working.mustBeOpen(allocation.on);
  const on = working.firstOpen(latest(item.owedFrom, source.date, allocation.on));
  const settled = amount + (discount ?? 0n);
  if (source.kind === 'payment') {
    mustBeApproved(working, item);
    mustTakeTwo(working, item, source);
    mustBePayable(working, item, settled, on);
  }
  const open = leastOpenFrom(item, on);
  if (settled > open) {
    reject('over-allocated', `Of ${item.kind} ${item.id} ${amounts.format(open)} is open from ${on} on.`, {
      open: amounts.format(open),
      asked: amounts.format(settled),
      on,
    });
  }
  const left = leastLeftFrom(source, on);
  if (amount > left) {
    const what = `${source.kind.replace('-', ' ')} ${source.id}`;
    reject('over-allocated', `Of ${what} ${amounts.format(left)} is left from ${on} on.`, {
      left: amounts.format(left),
      asked: amounts.format(amount),
      on,
    });
  }
  if (discount !== undefined) mustBeEarned(item, discount, amount, source.date);
  working.emit({
    type: 'Allocated',
    effectiveOn: on,
    data: {
      allocationId: id,
      vendorId: item.vendorId,
      from,
      to,
      currency: item.currency,
      amount: amounts.format(amount),
      ...(discount !== undefined && {
        discount: amounts.format(discount),
        discountTax: amounts.format(taxIn(item, discount)),
      }),
      on,
    },
  });
};

/**
 * Held and disputed amounts are not paid (contract, rule 10). What counts is the day of recording.
 *
 * @throws {Rejection} `on-hold`
 */
const mustBePayable = (working: Working, item: Item, amount: bigint, on: LocalDate): void => {
  const { today } = working;
  const facts = { itemId: item.id };
  if (isHeld(item, today)) {
    reject('on-hold', `Invoice ${item.id} is on hold; release it first, or record the payment on account.`, facts);
  }
  if (item.disputes.length === 0) return;
  const format = new Amounts(item.currency);
  const disputed = disputedWhenPaying(item, today);
  const payable = leastOpenFrom(item, on) - disputed;
  if (disputed > 0n && amount > payable) {
    const detail = `Of invoice ${item.id} ${format.format(disputed)} is disputed; resolve the dispute first, or pay less.`;
    reject('on-hold', detail, {
      ...facts,
      disputed: format.format(disputed),
      payable: format.format(payable > 0n ? payable : 0n),
    });
  }
};

const reverse = (command: ReverseAllocation, working: Working): Decision => {
  const { data, reversal } = working.inPath(`allocation/${command.allocationId}`);
  mustNotBeReversed(reversal);
  const on = reversalDay(working, command.on, data.on, []);
  const { allocationId, vendorId, from, to } = data;
  working.emit({
    type: 'AllocationReversed',
    effectiveOn: on,
    data: { allocationId, vendorId, from, to, reason: command.reason, on },
  });
  return working.decision(`allocation/${allocationId}`);
};
