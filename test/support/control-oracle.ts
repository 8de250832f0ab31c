/**
 * What must never be found in a log, whatever was asked of the ledger: told from its events alone, by plain lists, with
 * nothing of the domain but the shape of an event.
 */
import type { RecordedEvent } from '../../src/domain/events.js';

interface Bill {
  readonly enteredBy: string;
  readonly currency: string;
  /** Minor units, since events write out all decimals. */
  readonly total: bigint;
  readonly approvers: string[];
  /** Who set credit notes against it, or made these, or took them back. */
  readonly correctors: string[];
  readonly payers: string[];
  readonly holds: { readonly on: string; readonly until: string | undefined; readonly released: string[] }[];
}

const minor = (amount: string): bigint => BigInt(amount.replace('.', ''));

/** The events that a closed period does not keep out: plans, and what they are made from. */
const isForPlanning = (type: string): boolean => /^(Consequences|Offer|Cash)/.test(type);

/**
 * Every breach in a log, in words.
 *
 * @param dayOf the day that it is in the ledger at an instant
 */
export const breachesIn = (
  events: readonly RecordedEvent[],
  dayOf: (instant: string) => string = (instant) => instant.slice(0, 10),
): string[] => {
  const breaches: string[] = [];
  const bills = new Map<string, Bill>();
  const madeBy = new Map<string, string>();
  let limits = new Map<string, bigint>();
  let takesTwo = false;
  let closedThrough = '';
  for (const event of events) {
    const { actor, effectiveOn, position } = event;
    const breach = (text: string): void => void breaches.push(`${position} ${event.type}: ${text}`);
    if (effectiveOn <= closedThrough && !isForPlanning(event.type))
      breach(`in effect on ${effectiveOn}, and closed through ${closedThrough}`);
    switch (event.type) {
      case 'PeriodClosed':
      case 'PeriodReopened':
        closedThrough = event.data.closedThrough ?? '';
        break;
      case 'PolicySet':
        limits = new Map(event.data.approvalAbove.map(({ currency, amount }) => [currency, minor(amount)]));
        takesTwo = event.data.twoPersonPayment === true;
        break;
      case 'InvoicePosted': {
        const { invoiceId, currency, total } = event.data;
        const lists = { approvers: [], correctors: [], payers: [], holds: [] };
        bills.set(invoiceId, { enteredBy: actor.id, currency, total: minor(total), ...lists });
        break;
      }
      case 'PaymentMade':
        madeBy.set(event.data.paymentId, actor.id);
        break;
      case 'CreditNotePosted':
        madeBy.set(event.data.creditNoteId, actor.id);
        break;
      case 'InvoiceHeld':
        bills.get(event.data.invoiceId)!.holds.push({ on: event.data.on, until: event.data.until, released: [] });
        break;
      case 'InvoiceReleased':
        for (const hold of bills.get(event.data.invoiceId)!.holds)
          if (isInForce(hold, event.data.on)) hold.released.push(event.data.on);
        break;
      case 'InvoiceApproved': {
        const bill = bills.get(event.data.invoiceId)!;
        if (bill.enteredBy === actor.id) breach('by whoever entered it');
        if (bill.correctors.includes(actor.id)) breach('by whoever corrected it');
        if (bill.approvers.includes(actor.id)) breach('twice by the same person');
        if (takesTwo && bill.payers.includes(actor.id)) breach('by whoever paid it, where it takes two');
        bill.approvers.push(actor.id);
        break;
      }
      case 'Allocated': {
        const { from, to } = event.data;
        if (!('invoiceId' in to)) break;
        const bill = bills.get(to.invoiceId)!;
        if ('creditNoteId' in from) {
          bill.correctors.push(actor.id, madeBy.get(from.creditNoteId)!);
          break;
        }
        const limit = limits.get(bill.currency);
        if (limit !== undefined && bill.total > limit && bill.approvers.length === 0)
          breach('paid before it was approved');
        if (bill.holds.some((hold) => isInForce(hold, dayOf(event.recordedAt)))) breach('paid while it was on hold');
        for (const payer of [actor.id, madeBy.get(from.paymentId)!]) {
          bill.payers.push(payer);
          if (!takesTwo) continue;
          const others = bill.approvers.filter((approver) => approver !== payer);
          if ([bill.enteredBy, ...bill.approvers].every((person) => person === payer))
            breach(`paid by ${payer}, who alone entered and approved it`);
          else if (
            others.length === 0 &&
            [bill.enteredBy, ...bill.approvers].includes(payer) &&
            bill.approvers.length > 0
          )
            breach(`paid by ${payer}, who alone approved it`);
        }
        break;
      }
      case 'AllocationReversed': {
        const { from, to } = event.data;
        if ('creditNoteId' in from && 'invoiceId' in to) bills.get(to.invoiceId)!.correctors.push(actor.id);
        break;
      }
      default:
    }
  }
  return breaches;
};

const isInForce = ({ on, until, released }: Bill['holds'][number], day: string): boolean =>
  on <= day && (until === undefined || day < until) && released.every((end) => day < end);
