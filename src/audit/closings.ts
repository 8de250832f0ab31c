import { addDays, daysBetween } from '../domain/calendar.js';
import type { DataOf, RecordedEvent } from '../domain/events.js';
import { formatMinor } from '../domain/money.js';
import type { Accounts } from './accounts.js';
import type { Schedules } from './schedules.js';

type Totals = DataOf<'PeriodTotalsRecorded'>;
type Event<T extends RecordedEvent['type']> = Extract<RecordedEvent, { type: T }>;

/** The first days late of each bucket, and what the event calls it. */
const buckets = [
  [Number.NEGATIVE_INFINITY, 'notDue'],
  [1, '1-30'],
  [31, '31-60'],
  [61, '61-90'],
  [91, 'over-90'],
] as const;
type Bucket = (typeof buckets)[number][1];

/** What is open in one currency, in minor units: sums of many documents, which may exceed what a plain number holds. */
interface Open {
  owed: bigint;
  onAccount: bigint;
  readonly late: Record<Bucket, bigint>;
}

/**
 * What closings close the books with, worked out from the lines when they come by, and compared with what is recorded of
 * it later. The books have no part in it.
 */
export class Closings {
  #made = 0;
  #recorded = 0;
  /** What is still to be recorded, the first closing first: its id, and its totals. */
  readonly #expected: { readonly id: string; readonly totals: Totals }[] = [];
  /** By day, how many events took effect. */
  readonly #effective = new Map<string, number>();

  /**
   * @param control by currency and day, with a blank between them: by how much the control account moves
   * @param rootNow of the tree over all lines so far
   * @param fault   takes what is wrong with the event at hand
   */
  constructor(
    private readonly accounts: Accounts,
    private readonly schedules: Schedules,
    private readonly control: ReadonlyMap<string, bigint>,
    private readonly rootNow: () => Buffer,
    private readonly fault: (text: string) => void,
  ) {}

  get made(): number {
    return this.#made;
  }

  /** How many have no totals: they were recorded before there were any, or a moment ago. */
  get withoutTotals(): number {
    return Math.max(0, this.#made - this.#recorded);
  }

  count({ effectiveOn }: RecordedEvent): void {
    this.#effective.set(effectiveOn, (this.#effective.get(effectiveOn) ?? 0) + 1);
  }

  /** @param closedBefore the last day that was closed before; empty if none was */
  closed({ id, position, data: { period, closedThrough } }: Event<'PeriodClosed'>, closedBefore: string): void {
    this.#made += 1;
    let inPeriod = 0;
    for (const [day, events] of this.#effective) if (day > closedBefore && day <= closedThrough) inPeriod += events;
    const totals = {
      period,
      closedFrom: closedBefore === '' ? null : addDays(closedBefore, 1),
      closedThrough,
      position,
      events: { recorded: position, inPeriod },
      currencies: this.#currenciesOn(closedThrough),
      checkpoint: { size: position, root: this.rootNow().toString('base64') },
    };
    this.#expected.push({ id, totals });
  }

  recorded({ causationId, data }: Event<'PeriodTotalsRecorded'>): void {
    this.#recorded += 1;
    const closing = this.#expected.shift();
    if (!closing) {
      this.fault('is of no closing, or of one whose totals are recorded already');
      return;
    }
    if (causationId !== closing.id) this.fault(`is not caused by the closing at position ${closing.totals.position}`);
    const said = figuresIn(data);
    for (const [name, figure] of figuresIn(closing.totals)) {
      const other = said.get(name) ?? 'missing';
      if (other !== figure)
        this.fault(`says that ${name} is ${other}, and by the lines up to its closing it is ${figure}`);
    }
  }

  #currenciesOn(day: string): Totals['currencies'] {
    const open = this.#openOn(day);
    const control = new Map<string, bigint>();
    for (const [key, amount] of this.control) {
      const [currency = '', on = ''] = key.split(' ');
      if (on <= day) control.set(currency, (control.get(currency) ?? 0n) + amount);
    }
    return [...new Set([...open.keys(), ...control.keys()])].sort().flatMap((currency) => {
      const { owed, onAccount, late } = open.get(currency) ?? nothing();
      const controlAccount = control.get(currency) ?? 0n;
      if (owed === 0n && onAccount === 0n && controlAccount === 0n) return [];
      const text = (minor: bigint): string => formatMinor(minor, currency);
      const ageing = Object.fromEntries(buckets.map(([, bucket]) => [bucket, text(late[bucket])]));
      return [
        {
          currency,
          controlAccount: text(controlAccount),
          owed: text(owed),
          onAccount: text(onAccount),
          ageing: { ...(ageing as Record<Bucket, string>), total: text(owed - onAccount) },
        },
      ];
    });
  }

  /** Of each currency what is open on a day, and how late it is. */
  #openOn(day: string): Map<string, Open> {
    const found = new Map<string, Open>();
    // A bucket for each of few days.
    const places = new Map<string, Bucket>();
    const bucketOf = (dueOn: string): Bucket => {
      let bucket = places.get(dueOn);
      if (!bucket) places.set(dueOn, (bucket = bucketFor(daysBetween(dueOn, day))));
      return bucket;
    };
    for (let row = 1; row <= this.accounts.count; row++) {
      const left = this.accounts.openOn(row, day);
      if (left === 0) continue;
      const currency = this.accounts.currency.get(row);
      let open = found.get(currency);
      if (!open) found.set(currency, (open = nothing()));
      if (this.accounts.isCredit.get(row) === 1) {
        open.onAccount += BigInt(left);
        open.late[bucketOf(this.accounts.from.get(row))] -= BigInt(left);
      } else {
        open.owed += BigInt(left);
        for (const { dueOn, amount } of this.schedules.openOn(row, day, this.accounts.total.get(row) - left))
          open.late[bucketOf(dueOn)] += BigInt(amount);
      }
    }
    return found;
  }
}

const nothing = (): Open => ({
  owed: 0n,
  onAccount: 0n,
  late: { notDue: 0n, '1-30': 0n, '31-60': 0n, '61-90': 0n, 'over-90': 0n },
});

const bucketFor = (daysLate: number): Bucket => buckets.findLast(([first]) => daysLate >= first)![1];

/** Every figure of some totals, by its name in a sentence; what there is too much of is seen in the list of currencies. */
const figuresIn = ({ currencies, events, checkpoint, ...about }: Totals): Map<string, string> => {
  const figures = new Map<string, string>();
  const add = (prefix: string, values: object): void => {
    for (const [name, value] of Object.entries(values))
      if (typeof value === 'object' && value !== null) add(`${prefix}${name} `, value as object);
      else figures.set(`${prefix}${name}`, String(value));
  };
  add('', about);
  add('events ', events);
  figures.set('the list of currencies', currencies.map(({ currency }) => currency).join(', ') || 'empty');
  for (const { currency, ...one } of currencies) add(`${currency} `, one);
  add('checkpoint ', checkpoint);
  return figures;
};
