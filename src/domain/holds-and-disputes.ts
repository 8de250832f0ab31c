import { latest, type LocalDate } from './calendar.js';
import { Amounts, type Decision, type Working } from './decision.js';
import type { Amount } from './money.js';
import { disputedOn, type Invoice, isHeld, leastDisputedFrom, openOn } from './open-item.js';
import { reject } from './rejection.js';

export interface HoldInvoice {
  readonly type: 'HoldInvoice';
  readonly invoiceId: string;
  readonly reason: string;
  readonly until?: LocalDate;
  readonly on?: LocalDate;
}
export interface ReleaseInvoice {
  readonly type: 'ReleaseInvoice';
  readonly invoiceId: string;
  readonly reason: string;
  readonly on?: LocalDate;
}
export interface DisputeInvoice {
  readonly type: 'DisputeInvoice';
  readonly invoiceId: string;
  /** Without it all that is open and not yet disputed. */
  readonly amount?: Amount;
  readonly reason: string;
  readonly on?: LocalDate;
}
export interface ResolveDispute {
  readonly type: 'ResolveDispute';
  readonly invoiceId: string;
  /** Without it all that is disputed. */
  readonly amount?: Amount;
  readonly reason: string;
  readonly on?: LocalDate;
}
export type HoldOrDisputeCommand = HoldInvoice | ReleaseInvoice | DisputeInvoice | ResolveDispute;

export const decideHoldOrDispute = (command: HoldOrDisputeCommand, working: Working): Decision => {
  const invoice = working.inPath(`invoice/${command.invoiceId}`);
  const on = working.effectiveDay(command.on, working.today);
  const { id: invoiceId, vendorId, currency } = invoice;
  const { reason } = command;
  switch (command.type) {
    case 'HoldInvoice': {
      const { until } = command;
      if (openOn(invoice, latest(on, invoice.owedFrom)) === 0n)
        reject('nothing-open', `Of invoice ${invoiceId} nothing is open on ${on} that could be held.`, { on });
      if (until !== undefined && until <= on)
        reject('until-not-later', `The hold begins on ${on} and ends at the start of until: name a later day.`, {
          until,
          on,
        });
      if (isHeld(invoice, on))
        reject('already-on-hold', `Invoice ${invoiceId} is on hold on ${on}; release it first.`, { on });
      working.emit({
        type: 'InvoiceHeld',
        effectiveOn: on,
        data: { invoiceId, vendorId, reason, ...(until !== undefined && { until }), on },
      });
      break;
    }
    case 'ReleaseInvoice':
      if (!isHeld(invoice, on)) reject('not-on-hold', `Invoice ${invoiceId} is not on hold on ${on}.`, { on });
      working.emit({ type: 'InvoiceReleased', effectiveOn: on, data: { invoiceId, vendorId, reason, on } });
      break;
    case 'DisputeInvoice':
      working.emit({
        type: 'InvoiceDisputed',
        effectiveOn: on,
        data: { invoiceId, vendorId, currency, amount: disputable(invoice, command, on), reason, on },
      });
      break;
    case 'ResolveDispute':
      working.emit({
        type: 'DisputeResolved',
        effectiveOn: on,
        data: { invoiceId, vendorId, currency, amount: resolvable(invoice, command, on), reason, on },
      });
      break;
  }
  return working.decision(`invoice/${invoiceId}`);
};

const disputable = (invoice: Invoice, { amount }: DisputeInvoice, on: LocalDate): Amount => {
  const amounts = new Amounts(invoice.currency);
  const asked = amount === undefined ? undefined : amounts.positive(amount, '/amount');
  amounts.check();
  const day = latest(on, invoice.owedFrom);
  const left = openOn(invoice, day) - disputedOn(invoice, day);
  if (left === 0n)
    reject('nothing-open', `Of invoice ${invoice.id} nothing is open on ${on} that is not disputed yet.`, { on });
  if (asked !== undefined && asked > left) {
    reject('over-disputed', `Of invoice ${invoice.id} ${amounts.format(left)} is open on ${on} and not disputed yet.`, {
      left: amounts.format(left),
      asked: amounts.format(asked),
      on,
    });
  }
  return amounts.format(asked ?? left);
};

const resolvable = (invoice: Invoice, { amount }: ResolveDispute, on: LocalDate): Amount => {
  const amounts = new Amounts(invoice.currency);
  const asked = amount === undefined ? undefined : amounts.positive(amount, '/amount');
  amounts.check();
  const disputed = leastDisputedFrom(invoice, on);
  if (disputed <= 0n) reject('nothing-disputed', `Of invoice ${invoice.id} nothing is disputed on ${on}.`, { on });
  if (asked !== undefined && asked > disputed) {
    reject('over-resolved', `Of invoice ${invoice.id} ${amounts.format(disputed)} is disputed on ${on}.`, {
      disputed: amounts.format(disputed),
      asked: amounts.format(asked),
      on,
    });
  }
  return amounts.format(asked ?? disputed);
};
