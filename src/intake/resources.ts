import type { LocalDate } from '../domain/calendar.js';
import { type CreditNote, leftInTheEnd, type Payment, type Source, type Use } from '../domain/credit-source.js';
import type { Allocation, DeferralRecord, Ledger, Refund, WriteOff } from '../domain/documents.js';
import type { DocumentName } from '../domain/events.js';
import { latest } from '../domain/calendar.js';
import { type Amount, formatMinor, least, type Minor, sum } from '../domain/money.js';
import {
  type Charge,
  type Deferral,
  disputedOn,
  type Invoice,
  isHeld,
  type Item,
  openInTheEnd,
  type Reduction,
} from '../domain/open-item.js';
import { lacksApproval, noPolicy, type Policy } from '../domain/policy.js';
import { deferralOf, openOf, type Schedule } from '../domain/schedule.js';
import { statusOf } from '../domain/status.js';
import type { Vendor } from '../domain/vendors.js';
import type { AllocationResource } from './allocations.dto.js';
import type { ChargeResource } from './charges.dto.js';
import type { CreditNoteResource } from './credit-notes.dto.js';
import type { DeferralResource } from './deferral.dto.js';
import type { DeferralEntry } from './deferrals.dto.js';
import type { ShownDispute, ShownHold } from './holds-and-disputes.dto.js';
import type { InvoiceResource, ShownInstalment, ShownSettlement, ShownWriteOff } from './invoices.dto.js';
import type { LedgerResource } from './ledgers.dto.js';
import type { PaymentResource, ShownAllocation, ShownRefund, SourceResource } from './payments.dto.js';
import type { RefundResource } from './refunds.dto.js';
import type { VendorResource } from './vendors.dto.js';
import type { WriteOffResource } from './write-offs.dto.js';
import type { Plain } from './plain.js';

// Documents as the API shows them: the same for the answer to a command, for a read by id and in lists. What was posted
// comes first, then what became of it. Fields without a value are left out by JSON.

const idIn = (name: DocumentName): string => name.slice(name.indexOf('/') + 1);

/** Whether something still counts, and the first day on which it no longer does. */
const stateOf = ({
  endedOn,
}: {
  readonly endedOn?: LocalDate;
}): { status: 'in-force' | 'reversed'; endedOn?: LocalDate } =>
  endedOn === undefined ? { status: 'in-force' } : { status: 'reversed', endedOn };

export const ledgerResource = ({ facts: { ledgerId, ...facts }, closedThrough }: Ledger): Plain<LedgerResource> => ({
  id: ledgerId,
  ...facts,
  closedThrough,
});

export const vendorResource = ({ facts: { vendorId, connected, ...facts } }: Vendor): Plain<VendorResource> => ({
  id: vendorId,
  ...facts,
  ...(connected && { connected }),
});

/** What is owed, as far as it is the same for invoices and charges. */
interface ItemView {
  readonly outstanding: string;
  readonly overdue: string;
  readonly deferred: string;
  readonly schedule: Plain<ShownInstalment>[];
  readonly allocations: Plain<ShownSettlement>[];
  readonly writeOffs: Plain<ShownWriteOff>[];
}

const itemView = (item: Item, today: LocalDate): ItemView => {
  const format = (minor: Minor): string => formatMinor(minor, item.currency);
  const outstanding = openInTheEnd(item);
  const { schedule } = item.schedules.at(-1)!;
  const open = openOf(schedule, item.total - outstanding);
  const openWhere = (applies: (instalment: Schedule[number]) => boolean): string =>
    format(sum(open.filter((_amount, place) => applies(schedule[place]!))));
  return {
    outstanding: format(outstanding),
    overdue: openWhere(({ dueOn }) => dueOn < today),
    deferred: openWhere((instalment) => deferralOf(instalment, today) !== undefined),
    schedule: schedule.map(({ amount, originalDueOn, dueOn, plannedOn }, place) => ({
      amount: format(amount),
      originalDueOn,
      dueOn,
      plannedOn,
      open: format(open[place]!),
    })),
    allocations: item.reductions.flatMap((reduction) =>
      reduction.source ? [settlement(reduction, reduction.source, format)] : [],
    ),
    writeOffs: item.reductions.flatMap((reduction) =>
      reduction.source
        ? []
        : [{ id: idIn(reduction.document), amount: format(reduction.amount), on: reduction.on, ...stateOf(reduction) }],
    ),
  };
};

/** An amount that is left out where there is nothing of it. */
const aboveZero = (amount: Amount | undefined): Amount | undefined =>
  amount !== undefined && /[1-9]/.test(amount) ? amount : undefined;

const settlement = (
  reduction: Reduction,
  source: DocumentName,
  format: (minor: Minor) => string,
): Plain<ShownSettlement> => ({
  id: idIn(reduction.document),
  from: source.startsWith('payment/') ? { paymentId: idIn(source) } : { creditNoteId: idIn(source) },
  amount: format(reduction.amount - reduction.discount),
  discount: reduction.discount > 0n ? format(reduction.discount) : undefined,
  discountTax: aboveZero(reduction.discountTax === undefined ? undefined : format(reduction.discountTax)),
  on: reduction.on,
  ...stateOf(reduction),
});

/**
 * An invoice with everything that has happened to it.
 *
 * @param today  what is overdue, deferred, disputed and on hold is so on this day; all other figures count everything
 *               recorded, whatever its day
 * @param policy of the ledger, where one is set
 */
export const invoiceResource = (
  invoice: Invoice,
  today: LocalDate,
  policy: Policy = noPolicy,
): Plain<InvoiceResource> => {
  const { posted } = invoice;
  const { outstanding, overdue, deferred, schedule, allocations, writeOffs } = itemView(invoice, today);
  const format = (minor: Minor): string => formatMinor(minor, invoice.currency);
  const { postingDate } = posted;
  return {
    id: invoice.id,
    vendorId: invoice.vendorId,
    number: posted.number,
    invoiceDate: posted.invoiceDate,
    postingDate,
    currency: invoice.currency,
    lines: posted.lines as Plain<InvoiceResource>['lines'],
    total: posted.total,
    dueDate: posted.schedule.length === 1 ? posted.schedule[0]!.dueOn : undefined,
    kind: posted.kind,
    servicePeriod: posted.servicePeriod,
    description: posted.description,
    allowDuplicate: posted.allowDuplicate,
    terms: posted.terms,
    status: statusOf(invoice),
    outstanding,
    overdue,
    deferred,
    // A dispute covers no more than what is open, also where that is settled on a later day.
    disputed: format(least(disputedOn(invoice, latest(today, postingDate)), openInTheEnd(invoice))),
    onHold: isHeld(invoice, today),
    schedule,
    allocations,
    writeOffs,
    deferrals: invoice.deferrals.map(deferralEntry),
    holds: invoice.holds.map(hold),
    disputes: invoice.disputes.map(({ on, amount, reason }): Plain<ShownDispute> => ({
      type: amount > 0n ? 'dispute' : 'resolution',
      on,
      amount: format(amount < 0n ? -amount : amount),
      reason,
    })),
    needsApproval: openInTheEnd(invoice) > 0n && lacksApproval(policy, invoice),
    approvals: invoice.approvals as Plain<InvoiceResource>['approvals'],
    reversal: invoice.reversal,
  };
};

const hold = ({ on, until, reason, releasedOn, releaseReason }: Invoice['holds'][number]): Plain<ShownHold> => ({
  on,
  until,
  reason,
  release: releasedOn === undefined ? undefined : { on: releasedOn, reason: releaseReason! },
});

const deferralEntry = ({ data, withdrawn }: Pick<Deferral, 'data' | 'withdrawn'>): Plain<DeferralEntry> => ({
  id: data.deferralId,
  until: data.until,
  amount: data.amount,
  agreed: data.agreed,
  reason: data.reason,
  reference: data.reference,
  on: data.on,
  status: withdrawn ? 'withdrawn' : 'in-force',
  withdrawal: withdrawn && { on: withdrawn.on, reason: withdrawn.reason },
});

/** @param invoice that the deferral is of, as it now stands */
export const deferralResource = (
  deferral: DeferralRecord,
  invoice: Invoice,
  today: LocalDate,
  policy?: Policy,
): Plain<DeferralResource> => ({
  ...deferralEntry(deferral),
  invoiceId: invoice.id,
  vendorId: invoice.vendorId,
  currency: invoice.currency,
  invoice: invoiceResource(invoice, today, policy),
});

/** @param today what is overdue is so on this day */
export const chargeResource = (charge: Charge, today: LocalDate): Plain<ChargeResource> => {
  const { chargeId, ...posted } = charge.posted;
  const { deferred: _, ...view } = itemView(charge, today);
  return { id: chargeId, ...posted, status: statusOf(charge), ...view, reversal: charge.reversal };
};

/** What a payment or credit note is used for, by everything recorded, whatever its day. */
const sourceView = (source: Source): Omit<Plain<SourceResource>, 'id' | 'vendorId' | 'currency'> => {
  const format = (minor: Minor): string => formatMinor(minor, source.currency);
  const inForce = source.uses.filter(({ endedOn }) => endedOn === undefined);
  const usedFor = (isAllocation: boolean): string =>
    format(sum(inForce.filter(({ allocation }) => Boolean(allocation) === isAllocation).map(({ amount }) => amount)));
  const left = leftInTheEnd(source);
  return {
    status: source.reversal ? 'reversed' : left === source.amount ? 'open' : left > 0n ? 'part-used' : 'used',
    allocated: usedFor(true),
    refunded: usedFor(false),
    onAccount: format(left),
    allocations: source.uses.flatMap((use): Plain<ShownAllocation>[] =>
      use.allocation ? [allocationOf(use, use.allocation)] : [],
    ),
    refunds: source.uses.flatMap((use): Plain<ShownRefund>[] =>
      use.allocation ? [] : [{ id: idIn(use.document), amount: format(use.amount), on: use.on, ...stateOf(use) }],
    ),
    reversal: source.reversal,
  };
};

const allocationOf = (
  use: Use,
  { allocationId, to, amount, discount, discountTax, on }: NonNullable<Use['allocation']>,
): Plain<ShownAllocation> => ({
  id: allocationId,
  to,
  amount,
  discount,
  discountTax: aboveZero(discountTax),
  on,
  ...stateOf(use),
});

export const paymentResource = (payment: Payment): Plain<PaymentResource> => {
  const { paymentId, ...posted } = payment.posted;
  return { id: paymentId, ...posted, ...sourceView(payment) };
};

export const creditNoteResource = (creditNote: CreditNote): Plain<CreditNoteResource> => {
  const { creditNoteId, lines, ...posted } = creditNote.posted;
  return { id: creditNoteId, ...posted, lines: lines as Plain<CreditNoteResource>['lines'], ...sourceView(creditNote) };
};

const reversible = ({
  reversal,
}: Pick<Allocation, 'reversal'>): {
  status: 'in-force' | 'reversed';
  reversal?: NonNullable<Allocation['reversal']>;
} => ({
  status: reversal ? 'reversed' : 'in-force',
  reversal,
});

export const allocationResource = (allocation: Allocation): Plain<AllocationResource> => {
  const { allocationId, discountTax, ...data } = allocation.data;
  return { id: allocationId, ...data, discountTax: aboveZero(discountTax), ...reversible(allocation) };
};

export const refundResource = (refund: Refund): Plain<RefundResource> => {
  const { refundId, ...data } = refund.data;
  return { id: refundId, ...data, ...reversible(refund) };
};

export const writeOffResource = (writeOff: WriteOff): Plain<WriteOffResource> => {
  const { writeOffId, item, ...data } = writeOff.data;
  return { id: writeOffId, ...item, ...data, ...reversible(writeOff) };
};
