import { type Balance, balanceInTheEnd, balanceOn, leastFrom, withChanges } from './balance.js';
import type { LocalDate } from './calendar.js';
import type { DataOf, DocumentName, RecordedEvent } from './events.js';
import { itemName } from './events.js';
import { type Currency, type Minor, parseMinor } from './money.js';
import { endOne, type Made, madeBy, madeStill, type Movement } from './open-item.js';

/** An allocation or a refund: takes from a payment or credit note from a day on, until it is reversed. */
export interface Use {
  readonly document: DocumentName;
  /** The item that an allocation settles; none for a refund. */
  readonly item?: DocumentName;
  readonly allocation?: DataOf<'Allocated'>;
  readonly amount: Minor;
  readonly on: LocalDate;
  /** The first day on which it is no longer in effect. */
  readonly endedOn?: LocalDate;
}

interface SourceState {
  readonly id: string;
  readonly vendorId: string;
  readonly currency: Currency;
  /** In minor units, above zero. */
  readonly amount: Minor;
  /** A payment's `paidOn`, a credit note's `date`. */
  readonly date: LocalDate;
  readonly uses: readonly Use[];
  /** What is on account: the amount, less the uses, and nothing once it is reversed. */
  readonly balance: Balance;
  readonly reversal?: { readonly on: LocalDate; readonly reason: string };
  readonly made: Made;
}

export interface Payment extends SourceState {
  readonly kind: 'payment';
  readonly posted: DataOf<'PaymentMade'>;
}
export interface CreditNote extends SourceState {
  readonly kind: 'credit-note';
  readonly posted: DataOf<'CreditNotePosted'>;
}
/** What credit comes from. What of it is neither allocated nor refunded is on account. */
export type Source = Payment | CreditNote;

const posted = (event: RecordedEvent): Source | undefined => {
  if (event.type === 'PaymentMade') {
    const { data } = event;
    const amount = parseMinor(data.amount, data.currency);
    return {
      kind: 'payment',
      id: data.paymentId,
      vendorId: data.vendorId,
      currency: data.currency,
      amount,
      date: data.paidOn,
      uses: [],
      balance: [{ on: data.paidOn, amount }],
      posted: data,
      made: madeBy(event),
    };
  }
  if (event.type === 'CreditNotePosted') {
    const { data } = event;
    const amount = parseMinor(data.total, data.currency);
    return {
      kind: 'credit-note',
      id: data.creditNoteId,
      vendorId: data.vendorId,
      currency: data.currency,
      amount,
      date: data.date,
      uses: [],
      balance: [{ on: data.date, amount }],
      posted: data,
      made: madeBy(event),
    };
  }
  return undefined;
};

/** The payment or credit note after one more event of its history. */
export const evolveSource = (source: Source | undefined, event: RecordedEvent): Source | undefined => {
  if (!source) return posted(event);
  const change = changeOf(source, event);
  return change ? { ...source, ...change, made: madeStill(source.made, event) } : source;
};

const changeOf = (source: Source, event: RecordedEvent): Partial<SourceState> | undefined => {
  switch (event.type) {
    case 'Allocated': {
      const { data } = event;
      const use: Use = {
        document: `allocation/${data.allocationId}`,
        item: itemName(data.to),
        allocation: data,
        amount: parseMinor(data.amount, source.currency),
        on: data.on,
      };
      return usedBy(source, use);
    }
    case 'RefundReceived': {
      const { data } = event;
      const amount = parseMinor(data.amount, source.currency);
      return usedBy(source, { document: `refund/${data.refundId}`, amount, on: data.on });
    }
    case 'AllocationReversed':
      return noLongerUsedBy(source, `allocation/${event.data.allocationId}`, event.data.on);
    case 'RefundReversed':
      return noLongerUsedBy(source, `refund/${event.data.refundId}`, event.data.on);
    case 'PaymentReversed':
    case 'CreditNoteReversed': {
      const { on, reason } = event.data;
      return { reversal: { on, reason }, balance: withChanges(source.balance, { on, amount: -source.amount }) };
    }
    default:
      return undefined;
  }
};

const usedBy = (source: Source, use: Use): Partial<SourceState> => ({
  uses: [...source.uses, use],
  balance: withChanges(source.balance, { on: use.on, amount: -use.amount }),
});

const noLongerUsedBy = (source: Source, document: DocumentName, on: LocalDate): Partial<SourceState> => {
  const { all, given } = endOne(source.uses, document, { endedOn: on });
  return { uses: all, balance: withChanges(source.balance, ...given) };
};

/** What is on account on a day: neither allocated nor refunded. In minor units, never below zero. */
export const leftOn = (source: Source, asOf: LocalDate): Minor => balanceOn(source.balance, asOf);

/** The least that is on account on a day and on every later one, in minor units (contract, rule 4). */
export const leastLeftFrom = (source: Source, from: LocalDate): Minor => leastFrom(source.balance, from);

/** What is on account when everything recorded has taken effect, in minor units. */
export const leftInTheEnd = (source: Source): Minor => balanceInTheEnd(source.balance);

/** The credit of a payment or credit note over all its days, as changes: below zero, by its own date. */
export const creditMovementsOf = (source: Source | undefined): Movement[] =>
  source
    ? source.balance.map(({ on, amount }) => ({
        effectiveOn: on,
        originalDueOn: source.date,
        dueOn: source.date,
        plannedOn: source.date,
        owed: -amount,
        held: 0n,
        disputed: 0n,
      }))
    : [];
