import type { Document } from '../domain/documents.js';
import { evolve } from '../domain/documents.js';
import { type DocumentName, documentsOf, type RecordedEvent } from '../domain/events.js';
import { formatMinor } from '../domain/money.js';
import { openInTheEnd } from '../domain/open-item.js';

/** One event of an invoice's story. */
export interface Told {
  readonly position: number;
  readonly type: string;
  readonly effectiveOn: string;
  readonly recordedAt: string;
  readonly actor: { readonly id: string; readonly role: string };
  /** What happened, in one sentence. */
  readonly text: string;
  /** What was open after it, when all that was recorded by then has taken effect: a decimal string. */
  readonly open: string;
}

/**
 * The whole story of an invoice, event by event.
 *
 * @param history the events of the invoice, and those that are about it, in the order of their positions
 */
export const explainInvoice = (invoiceId: string, history: readonly RecordedEvent[]): Told[] => {
  const name: DocumentName = `invoice/${invoiceId}`;
  let document: Document | undefined;
  return history.map((event) => {
    if (documentsOf(event).includes(name)) document = evolve(name, document, event);
    const { position, type, effectiveOn, recordedAt, actor } = event;
    const open = document?.kind === 'invoice' ? formatMinor(openInTheEnd(document), document.currency) : '';
    return { position, type, effectiveOn, recordedAt, actor, text: sentenceOf(event), open };
  });
};

const list = (parts: readonly string[]): string =>
  parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)!}`;

/** Sentences end once, also where they quote some. */
const sentenceOf = (event: RecordedEvent): string =>
  wordsOf(event)
    .replace(/\.+$/, '.')
    .replaceAll(/\.{2,}(?= )/g, '.');

const wordsOf = (event: RecordedEvent): string => {
  switch (event.type) {
    case 'InvoicePosted': {
      const { number, vendorId, total, currency, invoiceDate, schedule, allowDuplicate, description } = event.data;
      const due = schedule.map(({ dueOn, amount }) => (schedule.length === 1 ? dueOn : `${amount} on ${dueOn}`));
      return (
        `Invoice ${number} of ${vendorId}, dated ${invoiceDate}, was posted: ${total} ${currency}, due ${list(due)}.` +
        (description === undefined ? '' : ` It is for: ${description}.`) +
        (allowDuplicate ? ` Its number had been used before; it was let through: ${allowDuplicate.reason}.` : '')
      );
    }
    case 'InvoiceReversed':
      return `The invoice was reversed: ${event.data.reason}.`;
    case 'Allocated': {
      const { from, amount, currency, discount, discountTax } = event.data;
      const source = 'paymentId' in from ? `payment ${from.paymentId}` : `credit note ${from.creditNoteId}`;
      const tax = discountTax === undefined || Number(discountTax) === 0 ? '' : `, ${discountTax} of it tax`;
      const off =
        discount === undefined ? '' : `, and ${discount} ${currency} were let off as settlement discount${tax}`;
      return `${amount} ${currency} of ${source} were set against it${off}.`;
    }
    case 'AllocationReversed': {
      const { from, reason } = event.data;
      const source = 'paymentId' in from ? `payment ${from.paymentId}` : `credit note ${from.creditNoteId}`;
      return `What ${source} had settled of it is open again: ${reason}.`;
    }
    case 'WrittenOff':
      return `${event.data.amount} ${event.data.currency} were written off: ${event.data.reason}.`;
    case 'WriteOffReversed':
      return `A write-off was taken back: ${event.data.reason}.`;
    case 'PaymentDeferred': {
      const { amount, currency, beyond, until, agreed, reason } = event.data;
      const consent = agreed
        ? 'the creditor agreed, so it falls due then'
        : 'the creditor did not agree, so it goes on ageing';
      const after = beyond === undefined ? '' : ` (after the ${beyond} ${currency} that come first)`;
      return `${amount} ${currency}${after} were deferred to ${until}; ${consent}. Reason: ${reason}.`;
    }
    case 'DeferralWithdrawn':
      return `Deferral ${event.data.deferralId} was withdrawn: ${event.data.reason}.`;
    case 'InvoiceHeld':
      return `It was put on hold${event.data.until === undefined ? '' : ` until ${event.data.until}`}: ${event.data.reason}.`;
    case 'InvoiceReleased':
      return `It was released from hold: ${event.data.reason}.`;
    case 'InvoiceDisputed':
      return `${event.data.amount} ${event.data.currency} of it were disputed: ${event.data.reason}.`;
    case 'DisputeResolved':
      return `A dispute of ${event.data.amount} ${event.data.currency} was resolved: ${event.data.reason}.`;
    case 'InvoiceApproved': {
      const { comment } = event.data;
      return `${event.actor.id} approved it${comment === undefined ? '' : `: ${comment}`}.`;
    }
    case 'ConsequencesSet': {
      const { effectiveOn, source, presets = [] } = event.data;
      const filled = presets.length === 0 ? '' : `, filled in from ${list(presets.map(({ id }) => id))}`;
      return `What not paying it costs was set from ${effectiveOn} on${filled}. Source: ${source}.`;
    }
    case 'OfferRecorded': {
      const { offerId, cost, currency, schedule, validUntil, source } = event.data;
      const parts = schedule.map(({ on, amount }) => `${amount} on ${on}`);
      const limit = validUntil === undefined ? '' : `, to be accepted until ${validUntil}`;
      return `The creditor offered other instalments (offer ${offerId}), at a cost of ${cost} ${currency}: ${list(parts)}${limit}. Source: ${source}.`;
    }
    default:
      return `${event.type.replace(/(?<=[a-z])(?=[A-Z])/g, ' ')}.`;
  }
};
