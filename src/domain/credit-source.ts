import { balanceOn, type Change, leastFrom, stepsOf, taking } from './balance.js';
import type { LocalDate } from './calendar.js';
import type { DataOf, DocumentName, RecordedEvent } from './events.js';
import { itemName } from './events.js';
import { type Currency, type Minor, parseMinor, sum } from './money.js';
import { ended, type Made, madeBy, madeStill, type Movement } from './open-item.js';

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
      return { uses: [...source.uses, use] };
    }
    case 'RefundReceived': {
      const { data } = event;
      return {
        uses: [
          ...source.uses,
          { document: `refund/${data.refundId}`, amount: parseMinor(data.amount, source.currency), on: data.on },
        ],
      };
    }
    case 'AllocationReversed':
      return { uses: ended(source.uses, `allocation/${event.data.allocationId}`, event.data.on) };
    case 'RefundReversed':
      return { uses: ended(source.uses, `refund/${event.data.refundId}`, event.data.on) };
    case 'PaymentReversed':
    case 'CreditNoteReversed':
      return { reversal: { on: event.data.on, reason: event.data.reason } };
    default:
      return undefined;
  }
};

/** What is on account, as changes by day. */
const changesOf = (source: Source): Change[] => [
  { on: source.date, amount: source.amount },
  ...source.uses.flatMap(taking),
  ...(source.reversal ? [{ on: source.reversal.on, amount: -source.amount }] : []),
];

/** What is on account on a day: neither allocated nor refunded. In minor units, never below zero. */
export const leftOn = (source: Source, asOf: LocalDate): Minor => balanceOn(changesOf(source), asOf);

/** The least that is on account on a day and on every later one, in minor units (contract, rule 4). */
export const leastLeftFrom = (source: Source, from: LocalDate): Minor => leastFrom(changesOf(source), from);

/** What is on account when everything recorded has taken effect, in minor units. */
export const leftInTheEnd = (source: Source): Minor => sum(changesOf(source).map(({ amount }) => amount));

/** The credit of a payment or credit note over all its days, as changes: below zero, by its own date. */
export const creditMovementsOf = (source: Source | undefined): Movement[] =>
  source
    ? stepsOf(changesOf(source)).map(({ on, amount }) => ({
        effectiveOn: on,
        originalDueOn: source.date,
        dueOn: source.date,
        plannedOn: source.date,
        owed: -amount,
        held: 0n,
        disputed: 0n,
      }))
    : [];
