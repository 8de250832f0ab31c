import { addDays, type LocalDate } from './calendar.js';
import { type Decision, repeated, type Working } from './decision.js';
import type { DataOf, RecordedEvent, SealedText } from './events.js';
import { type Made, madeBy, madeStill } from './open-item.js';
import { reject } from './rejection.js';
import type { Vendor } from './vendors.js';

/** Says where a vendor is to be paid. Nothing is paid there before somebody else has approved it. */
export interface ProposeBankDetails {
  readonly type: 'ProposeBankDetails';
  readonly id: string;
  readonly vendorId: string;
  readonly sealed: SealedText;
  /** Equal for equal details, and of no use without the vendor's key. */
  readonly print: string;
  readonly comment?: string;
}
export interface ApproveBankDetails {
  readonly type: 'ApproveBankDetails';
  readonly vendorId: string;
  readonly bankDetailsId: string;
  readonly comment?: string;
}
/** Records that nobody can read a vendor's bank details any more: their key is destroyed. */
export interface EraseVendorDetails {
  readonly type: 'EraseVendorDetails';
  readonly vendorId: string;
  readonly reason: string;
}
export type BankDetailsCommand = ProposeBankDetails | ApproveBankDetails | EraseVendorDetails;

interface Approval {
  readonly by: string;
  /** The first day on which they may be paid to. */
  readonly effectiveFrom: LocalDate;
  readonly comment?: string;
}

/** Where a vendor is to be paid, unreadable without their key. */
export interface BankDetails {
  readonly kind: 'bank-details';
  readonly data: DataOf<'BankDetailsProposed'>;
  readonly approval?: Approval;
  readonly made: Made;
}

/** What a vendor account has of each of its bank details, in the order in which they were proposed. */
export interface BankDetailsState {
  readonly id: string;
  readonly effectiveFrom?: LocalDate;
  /** Counts the approvals of this vendor: of two that are effective the one approved last is in force. */
  readonly approvedAs?: number;
  readonly erased?: boolean;
}

export type BankDetailsStatus = 'proposed' | 'waiting' | 'in-force' | 'replaced' | 'erased';

export const decideBankDetails = (command: BankDetailsCommand, working: Working): Decision => {
  switch (command.type) {
    case 'ProposeBankDetails':
      return propose(command, working);
    case 'ApproveBankDetails':
      return approve(command, working);
    case 'EraseVendorDetails':
      return erase(command, working);
  }
};

const propose = ({ id, vendorId, sealed, print, comment }: ProposeBankDetails, working: Working): Decision => {
  const subject = `bank-details/${id}` as const;
  working.inPath(`vendor/${vendorId}`);
  if (repeated(working, subject, { id, vendorId, print, comment })) return working.unchanged(subject);
  const data = { bankDetailsId: id, vendorId, sealed, ...(comment !== undefined && { comment }) };
  working.emit({ type: 'BankDetailsProposed', effectiveOn: working.firstOpen(working.today), data });
  return working.decision(subject);
};

const approve = ({ vendorId, bankDetailsId, comment }: ApproveBankDetails, working: Working): Decision => {
  const subject = `bank-details/${bankDetailsId}` as const;
  const vendor = working.inPath(`vendor/${vendorId}`);
  const details = working.inPath(subject);
  if (details.data.vendorId !== vendorId)
    reject('not-found', `Vendor ${vendorId} has no bank details ${bankDetailsId}.`);
  if (statusOf(vendor, bankDetailsId, working.today) === 'erased')
    reject('bank-details-not-in-force', `Bank details ${bankDetailsId} are erased: propose them anew.`, {
      state: 'erased',
    });
  if (details.approval)
    reject('already-approved', `Bank details ${bankDetailsId} are approved already, by ${details.approval.by}.`);
  const { actor, policy } = working.circumstances;
  if (details.made.by === actor.id) {
    const duties = ['change-bank-details', 'change-bank-details'];
    const detail = `You proposed bank details ${bankDetailsId}: somebody else has to approve them, whatever your other roles.`;
    reject('segregation-of-duties', detail, { personId: actor.id, duties });
  }
  const effectiveFrom = addDays(working.today, policy.bankChangeWaitingDays ?? 0);
  working.emit({
    type: 'BankDetailsApproved',
    effectiveOn: working.firstOpen(working.today),
    data: { bankDetailsId, vendorId, effectiveFrom, ...(comment !== undefined && { comment }) },
  });
  return working.decision(subject);
};

/** Done already where nothing is left to erase: then it happens no second time. */
const erase = ({ vendorId, reason }: EraseVendorDetails, working: Working): Decision => {
  const subject = `vendor/${vendorId}` as const;
  if (working.inPath(subject).bankDetails.every(({ erased }) => erased)) return working.repeatsLast(subject);
  const effectiveOn = working.firstOpen(working.today);
  working.emit({ type: 'VendorDetailsErased', effectiveOn, data: { vendorId, reason } });
  return working.decision(subject);
};

/**
 * How some bank details of a vendor stand on a day.
 *
 * @returns undefined if the vendor has none of this id
 */
export const statusOf = (
  { bankDetails }: Pick<Vendor, 'bankDetails'>,
  id: string,
  today: LocalDate,
): BankDetailsStatus | undefined => {
  const details = bankDetails.find((one) => one.id === id);
  if (!details) return undefined;
  if (details.erased) return 'erased';
  if (details.approvedAs === undefined) return 'proposed';
  if (details.effectiveFrom! > today) return 'waiting';
  const { approvedAs } = details;
  const isReplaced = bankDetails.some(
    (one) => one.approvedAs !== undefined && one.approvedAs > approvedAs && one.effectiveFrom! <= today,
  );
  return isReplaced ? 'replaced' : 'in-force';
};

const why: Readonly<Record<Exclude<BankDetailsStatus, 'in-force'>, string>> = {
  proposed: 'nobody has approved them yet',
  waiting: 'their waiting time is not over',
  replaced: 'others have taken their place',
  erased: 'they are erased',
};

/**
 * A payment goes to bank details that are in force on the day of recording, or names none.
 *
 * @throws {Rejection} `unknown-bank-details`, `bank-details-not-in-force`
 */
export const mustBePaidTo = (vendor: Vendor, id: string, today: LocalDate): void => {
  const status = statusOf(vendor, id, today);
  if (status === undefined) {
    const detail = `Vendor ${vendor.facts.vendorId} has no bank details ${id}; propose them first, or correct the id.`;
    return reject('unknown-bank-details', detail);
  }
  if (status === 'in-force') return;
  const effectiveFrom = vendor.bankDetails.find((one) => one.id === id)!.effectiveFrom;
  const from = status === 'waiting' ? ` until ${effectiveFrom}` : '';
  reject('bank-details-not-in-force', `Bank details ${id} may not be paid to${from}: ${why[status]}.`, {
    state: status,
    effectiveFrom,
  });
};

export const evolveBankDetails = (details: BankDetails | undefined, event: RecordedEvent): BankDetails | undefined => {
  if (event.type === 'BankDetailsProposed') return { kind: 'bank-details', data: event.data, made: madeBy(event) };
  if (event.type !== 'BankDetailsApproved' || !details) return details;
  const { effectiveFrom, comment } = event.data;
  const approval = { by: event.actor.id, effectiveFrom, ...(comment !== undefined && { comment }) };
  return { ...details, approval, made: madeStill(details.made, event) };
};

/** A vendor's bank details after one more event of the account. */
export const evolveStates = (
  states: readonly BankDetailsState[],
  event: RecordedEvent,
): readonly BankDetailsState[] => {
  switch (event.type) {
    case 'BankDetailsProposed':
      return [...states, { id: event.data.bankDetailsId }];
    case 'BankDetailsApproved': {
      const { bankDetailsId, effectiveFrom } = event.data;
      const approvedAs = states.filter((one) => one.approvedAs !== undefined).length + 1;
      return states.map((one) => (one.id === bankDetailsId ? { ...one, effectiveFrom, approvedAs } : one));
    }
    case 'VendorDetailsErased':
      return states.map((one) => ({ ...one, erased: true }));
    default:
      return states;
  }
};
