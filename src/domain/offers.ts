import type { LocalDate } from './calendar.js';
import { Amounts, type Decision, repeated, type Working } from './decision.js';
import type { DataOf } from './events.js';
import { type Amount, sum } from './money.js';
import { type Made, openInTheEnd } from './open-item.js';
import { reject } from './rejection.js';

export interface RecordOffer {
  readonly type: 'RecordOffer';
  readonly id: string;
  readonly invoiceId: string;
  readonly cost: Amount;
  readonly curesCutoffs: boolean;
  readonly schedule: readonly { readonly on: LocalDate; readonly amount: Amount }[];
  readonly validUntil?: LocalDate;
  readonly source: string;
}

/** An instalment plan or the like that a creditor offers: nothing has changed until a plan that takes it is adopted. */
export interface Offer {
  readonly kind: 'offer';
  readonly data: DataOf<'OfferRecorded'>;
  readonly made: Made;
}

export const decideOffer = (command: RecordOffer, working: Working): Decision => {
  const { type: _, id, invoiceId, cost, schedule, ...rest } = command;
  const subject = `offer/${id}` as const;
  const invoice = working.inPath(`invoice/${invoiceId}`);
  if (repeated(working, subject, { ...command })) return working.unchanged(subject);

  const amounts = new Amounts(invoice.currency);
  const costMinor = amounts.read(cost, '/cost');
  const instalments = schedule.map(({ on, amount }, i) => ({
    on,
    amount: amounts.positive(amount, `/schedule/${i}/amount`),
  }));
  amounts.check();
  const open = openInTheEnd(invoice);
  if (open === 0n) reject('nothing-open', `Of invoice ${invoice.id} nothing is open.`);
  const total = sum(instalments.map(({ amount }) => amount));
  if (total !== open) {
    reject(
      'schedule-mismatch',
      `The instalments add up to ${amounts.format(total)}; of invoice ${invoice.id} ${amounts.format(open)} is open.`,
      { schedule: amounts.format(total), open: amounts.format(open) },
    );
  }
  working.emit({
    type: 'OfferRecorded',
    effectiveOn: working.today,
    data: {
      ...rest,
      offerId: id,
      invoiceId,
      vendorId: invoice.vendorId,
      currency: invoice.currency,
      cost: amounts.format(costMinor),
      schedule: instalments.map(({ on, amount }) => ({ on, amount: amounts.format(amount) })),
    },
  });
  return working.decision(subject);
};
