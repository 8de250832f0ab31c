import type { Decision, Working } from './decision.js';
import type { DataOf } from './events.js';
import { type Amount, type Currency, faultOfAmount, formatMinor, parseMinor } from './money.js';
import type { Item } from './open-item.js';
import { type Fault, rejectMalformed } from './rejection.js';

/** What should not all be done by one: entering or correcting an invoice, approving it, saying where its vendor is paid, paying. */
export const duties = ['enter', 'approve', 'change-bank-details', 'pay'] as const;
export type Duty = (typeof duties)[number];

/** Says what it takes in this ledger to pay. Replaces the policy before it as a whole. */
export interface SetPolicy {
  readonly type: 'SetPolicy';
  /** By currency, each once: an invoice of more than this amount needs an approval. */
  readonly approvalAbove: readonly { readonly currency: Currency; readonly amount: Amount }[];
  /** Nobody pays an invoice that they entered or approved, unless somebody else has approved it. */
  readonly twoPersonPayment?: boolean;
  /** How many days after their approval bank details of a vendor may be paid to. */
  readonly bankChangeWaitingDays?: number;
  readonly reason?: string;
}

/** What holds from now on, whatever was posted before. */
export type Policy = DataOf<'PolicySet'>;

/** What holds while no policy is set: nothing needs an approval. */
export const noPolicy: Policy = { approvalAbove: [] };

export const decidePolicy = ({ type: _, ...asked }: SetPolicy, working: Working): Decision => {
  const faults: Fault[] = [];
  const approvalAbove = asked.approvalAbove.map(({ currency, amount }, i) => {
    if (asked.approvalAbove.findIndex((other) => other.currency === currency) < i)
      faults.push({ pointer: `/approvalAbove/${i}/currency`, detail: `must not be named twice: ${currency}` });
    const isNegative = amount.startsWith('-') && /[1-9]/.test(amount);
    const fault = faultOfAmount(amount, currency) ?? (isNegative ? 'must not be below zero' : undefined);
    if (fault === undefined) return { currency, amount: formatMinor(parseMinor(amount, currency), currency) };
    faults.push({ pointer: `/approvalAbove/${i}/amount`, detail: fault });
    return { currency, amount };
  });
  if (faults.length > 0) rejectMalformed(faults);
  const data = { ...asked, approvalAbove };
  working.emit({ type: 'PolicySet', effectiveOn: working.firstOpen(working.today), data });
  return working.decision('ledger');
};

/**
 * Above which amount an item needs an approval.
 *
 * @returns in its currency, as text; undefined if it needs none: charges never do
 */
export const limitExceeded = ({ approvalAbove }: Policy, { kind, currency, total }: Item): Amount | undefined => {
  const limit = kind === 'invoice' ? approvalAbove.find((one) => one.currency === currency) : undefined;
  return limit && total > parseMinor(limit.amount, currency) ? limit.amount : undefined;
};

/** Whether an item may not be paid before somebody approves it. */
export const lacksApproval = (policy: Policy, item: Item): boolean =>
  item.approvals.length === 0 && limitExceeded(policy, item) !== undefined;
