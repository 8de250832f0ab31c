import type { Source } from './credit-source.js';
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
  mustNotHavePaid(invoice, personId, working);
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

/**
 * Where two people are asked for, an approval that came after the payment would be that of one.
 *
 * @throws {Rejection} `segregation-of-duties`
 */
const mustNotHavePaid = (invoice: Invoice, personId: string, working: Working): void => {
  const { policy } = working.circumstances;
  if (!policy.twoPersonPayment) return;
  const payments = invoice.reductions.filter(({ source }) => source?.startsWith('payment/'));
  working.prefetch(payments.map(({ source }) => source!));
  if (!payments.some(({ source, by }) => by === personId || working.find(source!)?.made.by === personId)) return;
  const detail = `You paid (part of) invoice ${invoice.id}, and this ledger asks for two people: somebody else has to approve it.`;
  reject('segregation-of-duties', detail, { personId, duties: ['pay', 'approve'] });
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

/**
 * Where the policy asks for two people, nobody pays what they entered or approved, unless somebody else has approved it
 * too. Whoever sets a payment against an invoice pays it, and so does whoever made that payment.
 *
 * @throws {Rejection} `segregation-of-duties`
 */
export const mustTakeTwo = (working: Working, item: Item, payment: Source): void => {
  const { policy, actor } = working.circumstances;
  if (!policy.twoPersonPayment || item.kind !== 'invoice') return;
  for (const personId of new Set([actor.id, payment.made.by])) {
    if (item.approvals.some(({ by }) => by !== personId)) continue;
    const didApprove = item.approvals.length > 0;
    if (!didApprove && item.made.by !== personId) continue;
    const who = personId === actor.id ? 'You' : `The payment was made by ${personId}, who`;
    const detail = `${who} alone ${didApprove ? 'approved' : 'entered'} invoice ${item.id}, and this ledger asks for two people: somebody else has to approve it, or pay it.`;
    reject('segregation-of-duties', detail, {
      personId,
      itemId: item.id,
      duties: [didApprove ? 'approve' : 'enter', 'pay'],
    });
  }
};
