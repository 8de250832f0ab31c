import { type BankDetails, type BankDetailsStatus, statusOf } from '../domain/bank-details.js';
import type { LocalDate } from '../domain/calendar.js';
import type { Vendor } from '../domain/vendors.js';
import { AccountNumber, Id, Optional, plainAccountNumber, Text } from './fields.js';
import type { Plain } from './plain.js';
import { Shown, ShownDay } from './shown.dto.js';

/** Where a vendor wants to be paid. */
export class BankDetailsBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'aws-iban' })
  id?: string;

  @AccountNumber()
  accountNumber!: string;

  /** In whose name the account is. */
  @Optional()
  @Text({ max: 256, example: 'Amazon Web Services EMEA SARL' })
  holder?: string;

  /** The bank's code, such as a BIC or a sort code. */
  @Optional()
  @Text({ max: 64, trimmed: true, example: 'WESTGB2L' })
  bankCode?: string;

  /** Where they come from; stays readable in the log for good. */
  @Optional()
  @Text({ max: 2_000, example: 'Letter of 3 October, called back on the number that we knew' })
  comment?: string;
}

export class BankDetailsApprovalBody {
  @Optional()
  @Text({ max: 2_000, example: 'Called back' })
  comment?: string;
}

/** What is sealed: as JSON, in this order. */
type Sealed = Pick<Plain<BankDetailsBody>, 'accountNumber' | 'holder' | 'bankCode'>;

export const toSealed = ({ accountNumber, holder, bankCode }: Plain<BankDetailsBody>): string =>
  JSON.stringify({ accountNumber: plainAccountNumber(accountNumber), holder, bankCode } satisfies Sealed);

export class ShownBankDetailsApproval {
  by!: string;
  /** The first day on which they may be paid to. */
  @ShownDay()
  effectiveFrom!: string;
  comment?: string;
}

export class BankDetailsResource extends Shown {
  id!: string;
  vendorId!: string;
  /** Today. */
  status!: BankDetailsStatus;
  /** Whole for treasurers, its last four characters for others; not in the answer to a command, and not once it is erased. */
  accountNumber?: string;
  holder?: string;
  bankCode?: string;
  comment?: string;
  proposedBy!: string;
  approval?: ShownBankDetailsApproval;
}

/** What everybody may see. */
export const bankDetailsResource = (
  { data, approval, made }: BankDetails,
  vendor: Pick<Vendor, 'bankDetails'>,
  today: LocalDate,
): Plain<BankDetailsResource> => ({
  id: data.bankDetailsId,
  vendorId: data.vendorId,
  status: statusOf(vendor, data.bankDetailsId, today)!,
  comment: data.comment,
  proposedBy: made.by,
  approval,
});

/** Its last four characters, and never more than half of it. */
const masked = (accountNumber: string): string =>
  `••••${accountNumber.slice(-Math.min(4, Math.floor(accountNumber.length / 2)))}`;

/** @param text what was sealed; undefined if nobody can read it any more */
export const shownDetails = (text: string | undefined, isForTreasurer: boolean): Partial<Sealed> => {
  if (text === undefined) return {};
  const { accountNumber, ...rest } = JSON.parse(text) as Sealed;
  return { accountNumber: isForTreasurer ? accountNumber : masked(accountNumber), ...rest };
};
