import type { Decision, Working } from './decision.js';
import { type Invoice, type Item, openInTheEnd } from './open-item.js';
import { lacksApproval, limitExceeded } from './policy.js';
import { reject } from './rejection.js';
import { mustNotBeReversed } from './reversals.js';

/** Says that an invoice may be paid. */
export interface ApproveInvoice {
  readonly type: 'ApproveInvoice';
  readonly invoiceId: string;
  readonly comment?: string;
}

export const decideApproval = ({ invoiceId, comment }: ApproveInvoice, working: Working): Decision => {
  const subject = `invoice/${invoiceId}` as const;
  const invoice = working.inPath(subject);
  const personId = working.circumstances.actor.id;
  mustNotBeReversed(invoice.reversal);
  if (openInTheEnd(invoice) === 0n)
    reject('nothing-open', `Of invoice ${invoiceId} nothing is open any more that could be paid.`);
  if (invoice.approvals.some(({ by }) => by === personId)) {
    const detail = `You have approved invoice ${invoiceId} before; a second approval has to come from somebody else.`;
    reject('already-approved', detail, { personId });
  }
  mustNotBeTheirOwn(invoice, personId, working);
  working.emit({
    type: 'InvoiceApproved',
    effectiveOn: working.firstOpen(working.today),
    data: { invoiceId, vendorId: invoice.vendorId, ...(comment !== undefined && { comment }) },
  });
  return working.decision(subject);
};

/** @throws {Rejection} `segregation-of-duties` for whoever entered or corrected the invoice */
const mustNotBeTheirOwn = (invoice: Invoice, personId: string, working: Working): void => {
  const didEnter = invoice.made.by === personId;
  if (didEnter || correctorsOf(invoice, working).has(personId)) {
    const detail = `You ${didEnter ? 'entered' : 'corrected'} invoice ${invoice.id}: somebody else has to approve it, whatever your other roles.`;
    reject('segregation-of-duties', detail, { personId, duties: ['enter', 'approve'] });
  }
};

/** Who changed what an invoice comes to: set a credit note against it, issued that credit note, or took it back. */
const correctorsOf = ({ reductions }: Invoice, working: Working): Set<string> => {
  const credits = reductions.filter(({ source }) => source?.startsWith('credit-note/'));
  working.prefetch(credits.map(({ source }) => source!));
  const persons = credits.flatMap(({ source, by, endedBy }) => [working.find(source!)?.made.by, by, endedBy]);
  return new Set(persons.filter((person) => person !== undefined));
};

/**
 * What the policy of the moment asks for before (part of) an item is paid.
 *
 * @throws {Rejection} `not-approved`
 */
export const mustBeApproved = (working: Working, item: Item): void => {
  const { policy } = working.circumstances;
  if (!lacksApproval(policy, item)) return;
  const above = limitExceeded(policy, item);
  const detail = `Invoice ${item.id} is of more than ${above} ${item.currency} and nobody has approved it; have it approved first, or record the payment on account.`;
  reject('not-approved', detail, { itemId: item.id, above });
};
