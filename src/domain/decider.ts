import { type AccessCommand, decideAccess, installationLedger, noBooks } from './access.js';
import { decideAccount, type SetAccount } from './accounts.js';
import { type AllocationCommand, decideAllocation } from './allocations.js';
import { type ApproveInvoice, decideApproval } from './approvals.js';
import { type BankDetailsCommand, decideBankDetails } from './bank-details.js';
import { type CashPlanCommand, decideCashPlan } from './cash-plan.js';
import { type CashCommand, decideCash } from './cash.js';
import { type ChargeCommand, decideCharge } from './charges.js';
import { decideConsequences, type SetConsequences } from './consequences.js';
import { type CreditNoteCommand, decideCreditNote } from './credit-notes.js';
import type { Decision, Working } from './decision.js';
import { decideDeferral, type DeferralCommand } from './deferrals.js';
import { decideHoldOrDispute, type HoldOrDisputeCommand } from './holds-and-disputes.js';
import { decideInvoice, type InvoiceCommand } from './invoices.js';
import { decideLedger, type LedgerCommand } from './ledgers.js';
import { decideOffer, type RecordOffer } from './offers.js';
import { decidePeriod, type PeriodCommand } from './periods.js';
import { decidePayment, type PaymentCommand } from './payments.js';
import { decidePolicy, type SetPolicy } from './policy.js';
import { decideRefund, type RefundCommand } from './refunds.js';
import { reject } from './rejection.js';
import { decideVendor, type VendorCommand } from './vendors.js';
import { decideWriteOff, type WriteOffCommand } from './write-offs.js';

/** An order to the ledger. Amounts are decimal strings as the user wrote them: their currency is often the document's. */
export type Command =
  | LedgerCommand
  | PeriodCommand
  | SetPolicy
  | SetAccount
  | VendorCommand
  | BankDetailsCommand
  | InvoiceCommand
  | CreditNoteCommand
  | ChargeCommand
  | PaymentCommand
  | AllocationCommand
  | RefundCommand
  | WriteOffCommand
  | DeferralCommand
  | HoldOrDisputeCommand
  | ApproveInvoice
  | SetConsequences
  | RecordOffer
  | CashCommand
  | CashPlanCommand
  | AccessCommand;

type DeciderOf<C> = (command: C, working: Working) => Decision;

/** Which noun decides which command. */
const deciders: { readonly [T in Command['type']]: DeciderOf<Extract<Command, { type: T }>> } = {
  OpenLedger: decideLedger,
  OpenEpoch: decideLedger,
  ClosePeriod: decidePeriod,
  ReopenPeriod: decidePeriod,
  RecordPeriodTotals: decidePeriod,
  SetPolicy: decidePolicy,
  SetAccount: decideAccount,
  RegisterVendor: decideVendor,
  ChangeVendor: decideVendor,
  ProposeBankDetails: decideBankDetails,
  ApproveBankDetails: decideBankDetails,
  EraseVendorDetails: decideBankDetails,
  PostInvoice: decideInvoice,
  ReverseInvoice: decideInvoice,
  PostCreditNote: decideCreditNote,
  ReverseCreditNote: decideCreditNote,
  PostCharge: decideCharge,
  ReverseCharge: decideCharge,
  MakePayment: decidePayment,
  ReversePayment: decidePayment,
  Allocate: decideAllocation,
  ReverseAllocation: decideAllocation,
  ReceiveRefund: decideRefund,
  ReverseRefund: decideRefund,
  WriteOff: decideWriteOff,
  ReverseWriteOff: decideWriteOff,
  DeferInvoice: decideDeferral,
  WithdrawDeferral: decideDeferral,
  HoldInvoice: decideHoldOrDispute,
  ReleaseInvoice: decideHoldOrDispute,
  DisputeInvoice: decideHoldOrDispute,
  ResolveDispute: decideHoldOrDispute,
  ApproveInvoice: decideApproval,
  SetConsequences: decideConsequences,
  RecordOffer: decideOffer,
  StateCashBalance: decideCash,
  ExpectCash: decideCash,
  WithdrawCashExpectation: decideCash,
  ProposeCashPlan: decideCashPlan,
  AdoptCashPlan: decideCashPlan,
  GrantAccess: decideAccess,
  RevokeAccess: decideAccess,
  IssueToken: decideAccess,
  RevokeToken: decideAccess,
  AssertAccess: decideAccess,
};

/** What can be done to a ledger whatever is in it. */
const ofAnyLedger: ReadonlySet<DeciderOf<never>> = new Set<DeciderOf<never>>([decideLedger, decideAccess]);

/**
 * What a command comes to, from the documents that it concerns. Pure: clock, ids and documents come in through `working`.
 *
 * @throws {Rejection} if a rule refuses it
 * @throws {Unloaded}  if it needs documents that are not in memory
 */
export const decide = (command: Command, working: Working): Decision => {
  const decider = deciders[command.type] as DeciderOf<Command>;
  const hasNoBooks = working.find('ledger')?.facts.ledgerId === installationLedger;
  if (hasNoBooks && !ofAnyLedger.has(decider)) reject('not-found', noBooks);
  return decider(command, working);
};
