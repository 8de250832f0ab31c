/**
 * The books once more, plainly: straight from the events, one minor unit at a time, without a thought for speed. The
 * laws compare the domain with this, so nothing here may come from the domain but the shape of an event.
 *
 * An item is a row of units of one cent each, in place order, each with its own three days. A deferral changes the days
 * of some units and never their order, so a split needs no rule of its own.
 */
import type { RecordedEvent } from '../../src/domain/events.js';

interface Unit {
  originalDueOn: string;
  dueOn: string;
  plannedOn: string;
}

/** All decimals are written out in events, so the digits are the minor units. */
export const unitsIn = (amount: string): number => Number(amount.replace('.', ''));

type Ref = Readonly<Record<string, string>>;
/** `paymentId: P1` as `payment/P1`. */
const nameOf = (ref: Ref): string => {
  const [[key, id] = ['', '']] = Object.entries(ref);
  return `${{ paymentId: 'payment', creditNoteId: 'credit-note', invoiceId: 'invoice', chargeId: 'charge' }[key] ?? ''}/${id}`;
};

interface Thing {
  readonly name: string;
  readonly owed: boolean;
  readonly currency: string;
  readonly amount: number;
  readonly on: string;
}

/** What was recorded, as plain lists. Later events are added; `at` questions go by what is there. */
export class Plain {
  readonly things: Thing[] = [];
  readonly #reversedOn = new Map<string, string>();
  readonly #takings: {
    id: string;
    from: string | undefined;
    to: string | undefined;
    cash: number;
    off: number;
    on: string;
  }[] = [];
  readonly #versions = new Map<
    string,
    { on: string; units: Unit[]; deferral?: { id: string; was: Map<number, Unit> }; withdrawn?: boolean }[]
  >();
  readonly #holds: { item: string; on: string; until: string | undefined; released: string[] }[] = [];
  readonly #disputes: { item: string; on: string; amount: number }[] = [];

  add(event: RecordedEvent): void {
    switch (event.type) {
      case 'InvoicePosted': {
        const { invoiceId, currency, total, postingDate, schedule } = event.data;
        this.#post({ name: `invoice/${invoiceId}`, owed: true, currency, amount: unitsIn(total), on: postingDate });
        this.#versions.set(`invoice/${invoiceId}`, [
          { on: '0000', units: schedule.flatMap(({ dueOn, amount }) => unitsDue(dueOn, unitsIn(amount))) },
        ]);
        break;
      }
      case 'ChargePosted': {
        const { chargeId, currency, amount, on, dueDate } = event.data;
        this.#post({ name: `charge/${chargeId}`, owed: true, currency, amount: unitsIn(amount), on });
        this.#versions.set(`charge/${chargeId}`, [{ on: '0000', units: unitsDue(dueDate, unitsIn(amount)) }]);
        break;
      }
      case 'PaymentMade':
        this.#post({
          name: `payment/${event.data.paymentId}`,
          owed: false,
          currency: event.data.currency,
          amount: unitsIn(event.data.amount),
          on: event.data.paidOn,
        });
        break;
      case 'CreditNotePosted':
        this.#post({
          name: `credit-note/${event.data.creditNoteId}`,
          owed: false,
          currency: event.data.currency,
          amount: unitsIn(event.data.total),
          on: event.data.date,
        });
        break;
      case 'Allocated': {
        const { allocationId, from, to, amount, discount = '0', on } = event.data;
        this.#takings.push({
          id: `allocation/${allocationId}`,
          from: nameOf(from),
          to: nameOf(to),
          cash: unitsIn(amount),
          off: unitsIn(discount),
          on,
        });
        break;
      }
      case 'RefundReceived':
        this.#takings.push({
          id: `refund/${event.data.refundId}`,
          from: nameOf(event.data.from),
          to: undefined,
          cash: unitsIn(event.data.amount),
          off: 0,
          on: event.data.on,
        });
        break;
      case 'WrittenOff':
        this.#takings.push({
          id: `write-off/${event.data.writeOffId}`,
          from: undefined,
          to: nameOf(event.data.item),
          cash: 0,
          off: unitsIn(event.data.amount),
          on: event.data.on,
        });
        break;
      case 'InvoiceReversed':
        this.#reversedOn.set(`invoice/${event.data.invoiceId}`, event.data.on);
        break;
      case 'ChargeReversed':
        this.#reversedOn.set(`charge/${event.data.chargeId}`, event.data.on);
        break;
      case 'PaymentReversed':
        this.#reversedOn.set(`payment/${event.data.paymentId}`, event.data.on);
        break;
      case 'CreditNoteReversed':
        this.#reversedOn.set(`credit-note/${event.data.creditNoteId}`, event.data.on);
        break;
      case 'AllocationReversed':
        this.#reversedOn.set(`allocation/${event.data.allocationId}`, event.data.on);
        break;
      case 'RefundReversed':
        this.#reversedOn.set(`refund/${event.data.refundId}`, event.data.on);
        break;
      case 'WriteOffReversed':
        this.#reversedOn.set(`write-off/${event.data.writeOffId}`, event.data.on);
        break;
      case 'PaymentDeferred':
        this.#defer(event.data);
        break;
      case 'DeferralWithdrawn':
        this.#withdraw(event.data);
        break;
      case 'InvoiceHeld':
        this.#holds.push({
          item: `invoice/${event.data.invoiceId}`,
          on: event.data.on,
          until: event.data.until,
          released: [],
        });
        break;
      case 'InvoiceReleased':
        // It ends the holds that hold on its day, and no hold that begins later.
        for (const hold of this.#holds)
          if (hold.item === `invoice/${event.data.invoiceId}` && holds(hold, event.data.on))
            hold.released.push(event.data.on);
        break;
      case 'InvoiceDisputed':
        this.#disputes.push({
          item: `invoice/${event.data.invoiceId}`,
          on: event.data.on,
          amount: unitsIn(event.data.amount),
        });
        break;
      case 'DisputeResolved':
        this.#disputes.push({
          item: `invoice/${event.data.invoiceId}`,
          on: event.data.on,
          amount: -unitsIn(event.data.amount),
        });
        break;
      default:
    }
  }

  #post(thing: Thing): void {
    this.things.push(thing);
  }

  #isInEffect(name: string, on: string, asOf: string): boolean {
    const end = this.#reversedOn.get(name);
    return on <= asOf && (end === undefined || asOf < end);
  }

  /** What is taken of something on a day: allocated or refunded of credit, settled of what is owed. */
  takenOf(name: string, asOf: string): number {
    let taken = 0;
    for (const { id, from, to, cash, off, on } of this.#takings) {
      if ((from === name || to === name) && this.#isInEffect(id, on, asOf)) taken += to === name ? cash + off : cash;
    }
    return taken;
  }

  /** What there is of something on a day, before anything is taken of it. */
  worthOf({ name, on, amount }: Thing, asOf: string): number {
    return this.#isInEffect(name, on, asOf) ? amount : 0;
  }

  /** What we owe in all on a day, per currency: open items less credit. */
  owedOn(asOf: string): Map<string, number> {
    const owed = new Map<string, number>();
    for (const thing of this.things) {
      const left = this.worthOf(thing, asOf) - this.takenOf(thing.name, asOf);
      owed.set(thing.currency, (owed.get(thing.currency) ?? 0) + (thing.owed ? left : -left));
    }
    return owed;
  }

  #versionOn(name: string, asOf: string): Unit[] {
    // A later change of the same day comes later in the list.
    return this.#versions
      .get(name)!
      .filter(({ on }) => on <= asOf)
      .at(-1)!.units;
  }

  /** The places of the units that are open on a day, first due first. */
  #openPlaces(thing: Thing, asOf: string, taken = this.takenOf(thing.name, asOf)): number[] {
    if (this.worthOf(thing, asOf) === 0) return [];
    const units = this.#versionOn(thing.name, asOf);
    const order = units
      .map((unit, place) => `${unit.dueOn} ${unit.originalDueOn} ${String(place).padStart(6, '0')}`)
      .sort();
    return order.map((key) => Number(key.slice(-6))).slice(taken);
  }

  #defer({
    deferralId,
    invoiceId,
    amount,
    until,
    agreed,
    on,
  }: Extract<RecordedEvent, { type: 'PaymentDeferred' }>['data']): void {
    const name = `invoice/${invoiceId}`;
    const thing = this.things.find((one) => one.name === name)!;
    const moved = this.#openPlaces(thing, on).slice(0, unitsIn(amount));
    const before = this.#versionOn(name, on);
    const units = before.map((unit, place) =>
      moved.includes(place) ? { ...unit, plannedOn: until, dueOn: agreed ? until : unit.dueOn } : unit,
    );
    this.#versions
      .get(name)!
      .push({ on, units, deferral: { id: deferralId, was: new Map(moved.map((place) => [place, before[place]!])) } });
  }

  #withdraw({ deferralId, invoiceId, on }: Extract<RecordedEvent, { type: 'DeferralWithdrawn' }>['data']): void {
    const name = `invoice/${invoiceId}`;
    const was = this.#versions.get(name)!.find(({ deferral }) => deferral?.id === deferralId)!.deferral!.was;
    const units = this.#versionOn(name, on).map((unit, place) => was.get(place) ?? unit);
    this.#versions.get(name)!.push({ on, units });
  }

  /** What is open of an item on a day, by its days, and how much of that is held and disputed; nothing left out but nothing. */
  cellsOf(name: string, asOf: string): Map<string, { owed: number; held: number; disputed: number }> {
    const thing = this.things.find((one) => one.name === name)!;
    const units = this.#versionOn(name, asOf);
    const places = this.#openPlaces(thing, asOf);
    const held = this.#holds.some((hold) => hold.item === name && holds(hold, asOf));
    let disputed = this.#disputes
      .filter(({ item, on }) => item === name && on <= asOf)
      .reduce((total, { amount }) => total + amount, 0);
    const cells = new Map<string, { owed: number; held: number; disputed: number }>();
    for (const place of places) {
      const { originalDueOn, dueOn, plannedOn } = units[place]!;
      const key = `${originalDueOn} ${dueOn} ${plannedOn}`;
      const cell = cells.get(key) ?? { owed: 0, held: 0, disputed: 0 };
      cell.owed += 1;
      if (held) cell.held += 1;
      if (disputed > 0) cell.disputed += 1;
      disputed -= 1;
      cells.set(key, cell);
    }
    return cells;
  }
}

const unitsDue = (dueOn: string, count: number): Unit[] =>
  Array.from({ length: count }, () => ({ originalDueOn: dueOn, dueOn, plannedOn: dueOn }));

const holds = (
  { on, until, released }: { on: string; until: string | undefined; released: readonly string[] },
  asOf: string,
): boolean => on <= asOf && (until === undefined || asOf < until) && released.every((day) => asOf < day);
