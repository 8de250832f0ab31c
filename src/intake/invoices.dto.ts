import { ShownApproval } from './approvals.dto.js';
import { uuidv7 } from '../event-log/uuid.js';
import type { PostInvoice } from '../domain/invoices.js';
import type { ItemStatus } from '../domain/status.js';
import { DeferralEntry } from './deferrals.dto.js';
import { Currency, Day, Id, ListOf, Money, NotBefore, NotWith, Optional, Part, Text } from './fields.js';
import { ShownDispute, ShownHold } from './holds-and-disputes.dto.js';
import { Shown, ShownAmount, ShownDay, ShownReversal } from './shown.dto.js';
import { TermsBody } from './vendors.dto.js';
import type { Plain } from './plain.js';

export class LineBody {
  @Optional()
  @Text({ max: 2_000, blank: true, example: 'Compute, September 2023' })
  description?: string;

  /** An expense or asset account of yours; by default `expense`. */
  @Optional()
  @Text({ max: 128, trimmed: true, example: '6420-hosting' })
  account?: string;

  /** Without tax; may be negative. */
  @Money({ signed: true, currencyIn: 'currency', example: '1000000.00' })
  amount!: string;

  /** May be negative. */
  @Optional()
  @Money({ signed: true, currencyIn: 'currency', example: '0.00' })
  tax?: string;
}

export class InstalmentBody {
  @Day()
  dueOn!: string;

  @Money({ currencyIn: 'currency' })
  amount!: string;
}

export class ServicePeriodBody {
  @Day({ example: '2023-09-01' })
  from!: string;

  /** The last day of it. */
  @Day({ example: '2023-09-30' })
  @NotBefore('from')
  to!: string;
}

export class AllowDuplicateBody {
  /** Why it is no duplicate. */
  @Text({ max: 2_000, example: 'The vendor numbers each site on its own' })
  reason!: string;
}

export class PostInvoiceBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'INV-2023-118' })
  id?: string;

  @Id({ example: 'aws' })
  vendorId!: string;

  /** As the vendor printed it. */
  @Text({ max: 128, example: 'EUINLU23-118' })
  number!: string;

  @Day({ example: '2023-10-01' })
  invoiceDate!: string;

  /** The day from which we owe it; by default the invoice date. */
  @Optional()
  @Day({ example: '2023-10-01' })
  postingDate?: string;

  @Currency()
  currency!: string;

  @ListOf(() => LineBody, { max: 1_000 })
  lines!: LineBody[];

  /** The sum of the lines with their taxes, above zero. */
  @Money({ currencyIn: 'currency' })
  total!: string;

  /** By default as the vendor's terms say, else the invoice date. Not beside a schedule. */
  @Optional()
  @Day()
  dueDate?: string;

  /** Instalments that add up to the total. Not beside a due date. */
  @Optional()
  @NotWith('dueDate')
  @ListOf(() => InstalmentBody, { max: 500 })
  schedule?: InstalmentBody[];

  /** A word that reports group by, where it is not the vendor's kind. */
  @Optional()
  @Text({ max: 64, trimmed: true, example: 'rent' })
  kind?: string;

  /** What the invoice is for: reports on accruals go by it. */
  @Optional()
  @Part(() => ServicePeriodBody)
  servicePeriod?: ServicePeriodBody;

  @Optional()
  @Text({ max: 2_000, blank: true, example: 'Cloud services, September 2023' })
  description?: string;

  /** Records it though its number is already on the vendor account. */
  @Optional()
  @Part(() => AllowDuplicateBody)
  allowDuplicate?: AllowDuplicateBody;
}

export const toPostInvoice = ({ id, postingDate, schedule, ...rest }: Plain<PostInvoiceBody>): PostInvoice => ({
  type: 'PostInvoice',
  ...rest,
  id: id ?? uuidv7(),
  postingDate: postingDate ?? rest.invoiceDate,
  ...(schedule && schedule.length > 0 && { schedule }),
});

export class ShownLine {
  description?: string;
  account?: string;
  @ShownAmount()
  amount!: string;
  @ShownAmount()
  tax?: string;
}

/** A part of the total, by the latest change of its dates. */
export class ShownInstalment {
  @ShownAmount()
  amount!: string;
  /** When it was due to begin with. */
  @ShownDay()
  originalDueOn!: string;
  /** When it is due, as agreed now. */
  @ShownDay()
  dueOn!: string;
  /** When we plan to pay it. */
  @ShownDay()
  plannedOn!: string;
  /** What is left of it, first due first. */
  @ShownAmount()
  open!: string;
}

/** Part of a payment or credit note that is set against the item. */
export class ShownSettlement {
  id!: string;
  /** `{ "paymentId" }` or `{ "creditNoteId" }`. */
  from!: { paymentId?: string; creditNoteId?: string };
  @ShownAmount()
  amount!: string;
  /** What the vendor lets us off beside it. */
  @ShownAmount()
  discount?: string;
  /** How much of the discount is tax; absent where nothing is. */
  @ShownAmount()
  discountTax?: string;
  @ShownDay()
  on!: string;
  status!: 'in-force' | 'reversed';
  /** The first day on which it no longer counts; absent while it is in force. */
  @ShownDay()
  endedOn?: string;
}

export class ShownWriteOff {
  id!: string;
  @ShownAmount()
  amount!: string;
  @ShownDay()
  on!: string;
  status!: 'in-force' | 'reversed';
  /** The first day on which it no longer counts; absent while it is in force. */
  @ShownDay()
  endedOn?: string;
}

export class WarningResource {
  /** `no-terms` or `possible-duplicate`. */
  code!: string;
  detail!: string;
  /** The invoice that it looks like. */
  invoiceId?: string;
}

export class InvoiceResource extends Shown {
  id!: string;
  vendorId!: string;
  number!: string;
  @ShownDay()
  invoiceDate!: string;
  @ShownDay()
  postingDate!: string;
  currency!: string;
  lines!: ShownLine[];
  @ShownAmount()
  total!: string;
  /** When it was due as posted, if at once; the schedule says what became of it. */
  @ShownDay()
  dueDate?: string;
  kind?: string;
  servicePeriod?: ServicePeriodBody;
  description?: string;
  allowDuplicate?: AllowDuplicateBody;
  /** The vendor's terms on the day of posting. */
  terms?: TermsBody;
  /** By everything recorded so far, whatever its day. */
  status!: ItemStatus;
  /** What is open when everything recorded so far has taken effect. */
  @ShownAmount()
  outstanding!: string;
  /** What of it is past its due date today. */
  @ShownAmount()
  overdue!: string;
  /** What of it is deferred, agreed or not, to today or later. */
  @ShownAmount()
  deferred!: string;
  /** What of it is disputed today. */
  @ShownAmount()
  disputed!: string;
  /** Whether it is on hold today. */
  onHold!: boolean;
  schedule!: ShownInstalment[];
  allocations!: ShownSettlement[];
  writeOffs!: ShownWriteOff[];
  deferrals!: DeferralEntry[];
  holds!: ShownHold[];
  disputes!: ShownDispute[];
  /** Whether the policy asks for an approval before it is paid, and it has none. */
  needsApproval!: boolean;
  approvals!: ShownApproval[];
  reversal?: ShownReversal;
  /** What looks wrong with it; where it is posted, and where it is read by its id. */
  warnings?: WarningResource[];
}
