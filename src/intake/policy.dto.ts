import type { Policy, SetPolicy } from '../domain/policy.js';
import { Currency, Flag, ListOf, Money, Optional, Text, Whole } from './fields.js';
import type { Plain } from './plain.js';
import { Shown, ShownAmount } from './shown.dto.js';

export class ApprovalAboveBody {
  @Currency()
  currency!: string;

  /** An invoice of more than this needs an approval; with `"0"` every one does. */
  @Money({ zero: true, currencyIn: 'currency', example: '10000.00' })
  amount!: string;
}

/** What it takes to pay. Replaces the policy before it as a whole: what is left out is not asked for any more. */
export class PolicyBody {
  /** Which invoices need an approval before they are paid. In currencies that are not named none does. */
  @Optional()
  @ListOf(() => ApprovalAboveBody, { max: 200 })
  approvalAbove?: ApprovalAboveBody[];

  /** Nobody pays an invoice that they entered or approved, unless somebody else has approved it. */
  @Optional()
  @Flag()
  twoPersonPayment?: boolean;

  /** How many days after their approval bank details of a vendor may be paid to; by default at once. */
  @Optional()
  @Whole({ min: 0, max: 365, example: 3 })
  bankChangeWaitingDays?: number;

  /** Why; stays in the books for good. */
  @Text({ max: 2_000, example: 'Resolved by the board on 12 October' })
  reason!: string;
}

export const toSetPolicy = ({
  approvalAbove = [],
  twoPersonPayment = false,
  bankChangeWaitingDays = 0,
  reason,
}: Plain<PolicyBody>): SetPolicy => ({
  type: 'SetPolicy',
  approvalAbove,
  ...(twoPersonPayment && { twoPersonPayment }),
  ...(bankChangeWaitingDays > 0 && { bankChangeWaitingDays }),
  reason,
});

export class ShownApprovalAbove {
  currency!: string;
  @ShownAmount()
  amount!: string;
}

export class PolicyResource extends Shown {
  /** Which invoices need an approval before they are paid: those of more than an amount. By currency. */
  approvalAbove!: ShownApprovalAbove[];
  /** Whether nobody pays an invoice that they entered or approved, unless somebody else has approved it. */
  twoPersonPayment!: boolean;
  /** How many days after their approval bank details may be paid to. */
  bankChangeWaitingDays!: number;
  reason?: string;
}

export const policyResource = (policy: Policy): Plain<PolicyResource> => ({
  twoPersonPayment: false,
  bankChangeWaitingDays: 0,
  ...policy,
  approvalAbove: [...policy.approvalAbove],
});
