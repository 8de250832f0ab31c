import type { LocalDate } from './calendar.js';
import { Amounts, type Decision, repeated, withDefaultDay, type Working } from './decision.js';
import { type Amount, sum } from './money.js';
import { type Invoice, openSchedule } from './open-item.js';
import { reject } from './rejection.js';
import { firstDue } from './schedule.js';

export interface DeferInvoice {
  readonly type: 'DeferInvoice';
  readonly invoiceId: string;
  readonly id: string;
  readonly until: LocalDate;
  /** Without it all that is open on the day. */
  readonly amount?: Amount;
  readonly agreed: boolean;
  readonly reason: string;
  readonly reference?: string;
  readonly on?: LocalDate;
}
export interface WithdrawDeferral {
  readonly type: 'WithdrawDeferral';
  readonly invoiceId: string;
  readonly deferralId: string;
  readonly reason: string;
  readonly on?: LocalDate;
}
export type DeferralCommand = DeferInvoice | WithdrawDeferral;

export const decideDeferral = (command: DeferralCommand, working: Working): Decision =>
  command.type === 'DeferInvoice' ? defer(command, working) : withdraw(command, working);

const defer = (command: DeferInvoice, working: Working): Decision => {
  const { type: _, id, until, agreed, invoiceId, ...rest } = command;
  const subject = `deferral/${id}` as const;
  const invoice = working.inPath(`invoice/${invoiceId}`);
  const recordedOn = working.findFresh(subject)?.data.on;
  if (repeated(working, subject, { ...command }, () => withDefaultDay(command, recordedOn, () => working.today))) {
    return working.unchanged(subject);
  }

  const amounts = new Amounts(invoice.currency);
  const asked = command.amount === undefined ? undefined : amounts.positive(command.amount, '/amount');
  amounts.check();
  const on = working.effectiveDay(command.on, working.today);
  mustComeLast(invoice, on);
  const { schedule, open } = openSchedule(invoice, on);
  const openInAll = sum(open);
  if (openInAll === 0n) reject('nothing-open', `Of invoice ${invoice.id} nothing is open on ${on}.`, { on });
  const amount = asked ?? openInAll;
  if (amount > openInAll) {
    reject('over-deferred', `Of invoice ${invoice.id} ${amounts.format(openInAll)} is open on ${on}.`, {
      open: amounts.format(openInAll),
      asked: amounts.format(amount),
      on,
    });
  }
  const moved = firstDue(schedule, open, amount);
  const replaced = schedule
    .filter((_instalment, place) => moved[place]! > 0n)
    .map((instalment) => (agreed ? instalment.dueOn : instalment.plannedOn))
    .reduce((a, b) => (a > b ? a : b));
  if (until <= replaced) {
    reject(
      'until-not-later',
      `It would move what ${agreed ? 'falls due' : 'is planned'} on ${replaced}: until must be later than that.`,
      { until, replaced },
    );
  }
  const data = {
    ...rest,
    deferralId: id,
    invoiceId,
    vendorId: invoice.vendorId,
    currency: invoice.currency,
    amount: amounts.format(amount),
    until,
    agreed,
    on,
  };
  working.emit({ type: 'PaymentDeferred', effectiveOn: on, data });
  return working.decision(subject);
};

/** Deferrals and withdrawals of one item are recorded in the order of their days. @throws {Rejection} `deferral-out-of-order` */
const mustComeLast = (invoice: Invoice, on: LocalDate): void => {
  const last = invoice.deferrals
    .flatMap(({ data, withdrawn }) => [data.on, ...(withdrawn ? [withdrawn.on] : [])])
    .reduce<LocalDate | undefined>((a, b) => (a === undefined || b > a ? b : a), undefined);
  if (last !== undefined && on < last) {
    reject(
      'deferral-out-of-order',
      `The latest deferral or withdrawal is of ${last}: on must not be before that day.`,
      { on, latest: last },
    );
  }
};

const withdraw = (command: WithdrawDeferral, working: Working): Decision => {
  const { invoiceId, deferralId, reason } = command;
  const invoice = working.inPath(`invoice/${invoiceId}`);
  const deferral =
    invoice.deferrals.find(({ id }) => id === deferralId) ??
    reject('not-found', `Invoice ${invoiceId} has no deferral ${deferralId}.`);
  const last = invoice.deferrals.findLast(({ withdrawn }) => !withdrawn);
  if (last !== deferral) {
    reject(
      'not-the-last-deferral',
      deferral.withdrawn ? 'It is withdrawn already.' : `Withdraw ${last!.id} first: it is the last in force.`,
      { last: last?.id ?? null },
    );
  }
  const on = working.effectiveDay(command.on, working.today);
  mustComeLast(invoice, on);
  working.emit({
    type: 'DeferralWithdrawn',
    effectiveOn: on,
    data: { deferralId, invoiceId, vendorId: invoice.vendorId, reason, on },
  });
  return working.decision(`deferral/${deferralId}`);
};
