import { type Balance, balanceInTheEnd, balanceOn, type Change, leastFrom, stepsOf, withChanges } from './balance.js';
import { earliest, latest, type LocalDate } from './calendar.js';
import { type DataOf, type DocumentName, type RecordedEvent, sourceName } from './events.js';
import { type Currency, least, type Minor, most, parseMinor } from './money.js';
import { defer, firstDue, type Instalment, openOf, type Schedule } from './schedule.js';

/** Something that settles (part of) an item from a day on, until it is reversed. */
export interface Reduction {
  readonly document: DocumentName;
  /** The payment or credit note that an allocation comes from. */
  readonly source?: DocumentName;
  /** In minor units, discount included. */
  readonly amount: Minor;
  readonly discount: Minor;
  /** How much of the discount is tax; undefined where none of it was parted. */
  readonly discountTax?: Minor;
  readonly on: LocalDate;
  /** Who recorded it, and who ended it. */
  readonly by: string;
  readonly endedBy?: string;
  /** The first day on which it is no longer in effect. */
  readonly endedOn?: LocalDate;
}

export interface Deferral {
  readonly id: string;
  readonly data: DataOf<'PaymentDeferred'>;
  /** The schedule that it changed, which its withdrawal puts back. */
  readonly before: Schedule;
  readonly withdrawn?: DataOf<'DeferralWithdrawn'>;
}

interface Hold {
  readonly on: LocalDate;
  readonly until?: LocalDate;
  readonly reason: string;
  readonly releasedOn?: LocalDate;
  readonly releaseReason?: string;
}

/** Somebody's word that an invoice may be paid. */
interface Approval {
  readonly by: string;
  readonly on: LocalDate;
  readonly comment?: string;
}

/** A dispute (amount above zero) or a resolution (below zero). */
interface DisputeStep {
  readonly on: LocalDate;
  readonly amount: Minor;
  readonly reason: string;
}

/** The schedule that a change of dates left, from a day on. */
interface ScheduleVersion {
  readonly on: LocalDate;
  readonly schedule: Schedule;
}

/** What all items that we owe have in common: an invoice or a charge, with everything that has happened to it. */
interface ItemState {
  readonly id: string;
  readonly vendorId: string;
  readonly currency: Currency;
  /** In minor units. */
  readonly total: Minor;
  /** The day from which we owe it: an invoice's posting date, a charge's `on`. */
  readonly owedFrom: LocalDate;
  /** The day printed on it. */
  readonly documentDate: LocalDate;
  /** In the order of recording, which is also that of their days. The first is the schedule as posted. */
  readonly schedules: readonly ScheduleVersion[];
  readonly reductions: readonly Reduction[];
  /** What is owed in all: the total, less the reductions, and nothing once it is reversed. */
  readonly balance: Balance;
  readonly deferrals: readonly Deferral[];
  readonly holds: readonly Hold[];
  readonly disputes: readonly DisputeStep[];
  /** In the order of recording, each by another person. Always none of a charge. */
  readonly approvals: readonly Approval[];
  readonly reversal?: { readonly on: LocalDate; readonly reason: string };
  readonly made: Made;
}

/** How a document came into the log. */
export interface Made {
  readonly contentHash: string | undefined;
  readonly correlationId: string;
  /** The last event of the command that made it. */
  readonly position: number;
  /** The person who gave that command. */
  readonly by: string;
}

export interface Invoice extends ItemState {
  readonly kind: 'invoice';
  readonly posted: DataOf<'InvoicePosted'>;
}
export interface Charge extends ItemState {
  readonly kind: 'charge';
  readonly posted: DataOf<'ChargePosted'>;
}
export type Item = Invoice | Charge;

export const madeBy = (event: RecordedEvent): Made => ({
  contentHash: event.contentHash,
  correlationId: event.correlationId,
  position: event.position,
  by: event.actor.id,
});

/** A later event of the same command belongs to the making of the document too. */
export const madeStill = (made: Made, event: RecordedEvent): Made =>
  made.correlationId === event.correlationId ? { ...made, position: event.position } : made;

const single = (amount: Minor, dueOn: LocalDate): Instalment => ({
  amount,
  originalDueOn: dueOn,
  dueOn,
  plannedOn: dueOn,
});

// Written out in full: spreading one object into another costs more than all the rest of this.
const posted = (event: RecordedEvent): Item | undefined => {
  if (event.type === 'InvoicePosted') {
    const { data } = event;
    const schedule = data.schedule.map(({ amount, dueOn }) => single(parseMinor(amount, data.currency), dueOn));
    const total = parseMinor(data.total, data.currency);
    return {
      kind: 'invoice',
      id: data.invoiceId,
      vendorId: data.vendorId,
      currency: data.currency,
      total,
      owedFrom: data.postingDate,
      documentDate: data.invoiceDate,
      schedules: [{ on: data.postingDate, schedule }],
      reductions: [],
      balance: [{ on: data.postingDate, amount: total }],
      deferrals: [],
      holds: [],
      disputes: [],
      approvals: [],
      posted: data,
      made: madeBy(event),
    };
  }
  if (event.type === 'ChargePosted') {
    const { data } = event;
    const total = parseMinor(data.amount, data.currency);
    return {
      kind: 'charge',
      id: data.chargeId,
      vendorId: data.vendorId,
      currency: data.currency,
      total,
      owedFrom: data.on,
      documentDate: data.on,
      schedules: [{ on: data.on, schedule: [single(total, data.dueDate)] }],
      reductions: [],
      balance: [{ on: data.on, amount: total }],
      deferrals: [],
      holds: [],
      disputes: [],
      approvals: [],
      posted: data,
      made: madeBy(event),
    };
  }
  return undefined;
};

/** The item after one more event of its history. Never refuses: what is recorded has happened. */
export const evolveItem = (item: Item | undefined, event: RecordedEvent): Item | undefined => {
  if (!item) return posted(event);
  const change = changeOf(item, event);
  return change ? { ...item, ...change, made: madeStill(item.made, event) } : item;
};

const changeOf = (item: Item, event: RecordedEvent): Partial<ItemState> | undefined => {
  switch (event.type) {
    case 'Allocated': {
      const { data } = event;
      const discount = data.discount === undefined ? 0n : parseMinor(data.discount, item.currency);
      const reduction: Reduction = {
        document: `allocation/${data.allocationId}`,
        source: sourceName(data.from),
        amount: parseMinor(data.amount, item.currency) + discount,
        discount,
        ...(data.discountTax !== undefined && { discountTax: parseMinor(data.discountTax, item.currency) }),
        on: data.on,
        by: event.actor.id,
      };
      return reducedBy(item, reduction);
    }
    case 'WrittenOff': {
      const { data } = event;
      const reduction: Reduction = {
        document: `write-off/${data.writeOffId}`,
        amount: parseMinor(data.amount, item.currency),
        discount: 0n,
        on: data.on,
        by: event.actor.id,
      };
      return reducedBy(item, reduction);
    }
    case 'AllocationReversed':
      return noLongerReducedBy(item, `allocation/${event.data.allocationId}`, event);
    case 'WriteOffReversed':
      return noLongerReducedBy(item, `write-off/${event.data.writeOffId}`, event);
    case 'InvoiceReversed':
    case 'ChargeReversed': {
      const { on, reason } = event.data;
      // It takes away the whole: nothing settles the item any more by then.
      return { reversal: { on, reason }, balance: withChanges(item.balance, { on, amount: -item.total }) };
    }
    case 'PaymentDeferred': {
      const { data } = event;
      const { schedule, open } = openSchedule(item, data.on);
      const beyond = data.beyond === undefined ? 0n : parseMinor(data.beyond, item.currency);
      const stays = firstDue(schedule, open, beyond);
      const moved = firstDue(schedule, open, parseMinor(data.amount, item.currency), beyond);
      return {
        schedules: [
          ...item.schedules,
          { on: data.on, schedule: defer(schedule, open, moved, data.until, data.agreed, stays) },
        ],
        deferrals: [...item.deferrals, { id: data.deferralId, data, before: schedule }],
      };
    }
    case 'DeferralWithdrawn': {
      const { data } = event;
      return {
        // Only the last deferral in force can be withdrawn, so what it found is what would be in force without it.
        schedules: [
          ...item.schedules,
          { on: data.on, schedule: item.deferrals.find(({ id }) => id === data.deferralId)!.before },
        ],
        deferrals: item.deferrals.map((deferral) =>
          deferral.id === data.deferralId ? { ...deferral, withdrawn: data } : deferral,
        ),
      };
    }
    case 'InvoiceHeld': {
      const { on, until, reason } = event.data;
      return { holds: [...item.holds, { on, reason, ...(until !== undefined && { until }) }] };
    }
    case 'InvoiceReleased': {
      const { on, reason } = event.data;
      return {
        holds: item.holds.map((hold) =>
          holdsOn(hold, on) ? { ...hold, releasedOn: on, releaseReason: reason } : hold,
        ),
      };
    }
    case 'InvoiceDisputed': {
      const { on, amount, reason } = event.data;
      return { disputes: [...item.disputes, { on, reason, amount: parseMinor(amount, item.currency) }] };
    }
    case 'DisputeResolved': {
      const { on, amount, reason } = event.data;
      return { disputes: [...item.disputes, { on, reason, amount: -parseMinor(amount, item.currency) }] };
    }
    case 'InvoiceApproved': {
      const { comment } = event.data;
      const approval = { by: event.actor.id, on: event.effectiveOn, ...(comment !== undefined && { comment }) };
      return { approvals: [...item.approvals, approval] };
    }
    default:
      return undefined;
  }
};

const reducedBy = (item: Item, reduction: Reduction): Partial<ItemState> => ({
  reductions: [...item.reductions, reduction],
  balance: withChanges(item.balance, { on: reduction.on, amount: -reduction.amount }),
});

const noLongerReducedBy = (
  item: Item,
  document: DocumentName,
  { data: { on }, actor }: RecordedEvent & { readonly data: { readonly on: LocalDate } },
): Partial<ItemState> => {
  const { all, given } = endOne(item.reductions, document, { endedOn: on, endedBy: actor.id });
  return { reductions: all, balance: withChanges(item.balance, ...given) };
};

/**
 * Ends something that takes from a balance, and says what that gives back: nothing where it is not there, as in a
 * document in memory that is out of date. The log refuses what is decided on one.
 */
export const endOne = <T extends { readonly document: DocumentName; readonly amount: Minor }>(
  all: readonly T[],
  document: DocumentName,
  end: { readonly endedOn: LocalDate } & Partial<T>,
): { all: readonly T[]; given: readonly Change[] } => {
  const place = all.findIndex((one) => one.document === document);
  const one = all[place];
  return one
    ? { all: all.with(place, { ...one, ...end }), given: [{ on: end.endedOn, amount: one.amount }] }
    : { all, given: [] };
};

export const holdsOn = ({ on, until, releasedOn }: Hold, asOf: LocalDate): boolean =>
  on <= asOf && (until === undefined || asOf < until) && (releasedOn === undefined || asOf < releasedOn);

/** Whether something is on hold on a day, and the day at whose start the last hold in force ends, if one is known. */
export const holdOn = (item: Item, asOf: LocalDate): { readonly until?: LocalDate } | undefined => {
  const ends = item.holds
    .filter((one) => holdsOn(one, asOf))
    .map(({ until, releasedOn }) => (until === undefined ? releasedOn : earliest(until, releasedOn)));
  if (ends.length === 0) return undefined;
  const last = ends.reduce((one, other) => one && other && latest(one, other));
  return last === undefined ? {} : { until: last };
};

export const isHeld = (item: Item, asOf: LocalDate): boolean => item.holds.some((hold) => holdsOn(hold, asOf));

/**
 * The interpretation of an item's history, which everything else builds on: the schedule in force on a day and what is
 * open of each of its instalments (contract, rule 6). History recorded later may change what it says of an earlier day.
 *
 * @returns the schedule of the latest change by then, and per place what is open in minor units, never below zero
 */
export const openSchedule = (
  item: Item,
  asOf: LocalDate,
): { readonly schedule: Schedule; readonly open: readonly Minor[] } => {
  const { schedule } = item.schedules.findLast(({ on }) => on <= asOf) ?? item.schedules[0]!;
  return { schedule, open: openOf(schedule, item.total - openOn(item, asOf)) };
};

/** What is open in all on a day, in minor units. */
export const openOn = (item: Item, asOf: LocalDate): Minor => balanceOn(item.balance, asOf);

/** The least that is open on a day and on every later one, in minor units (contract, rule 4). */
export const leastOpenFrom = (item: Item, from: LocalDate): Minor => leastFrom(item.balance, from);

/** What is open when everything recorded has taken effect, in minor units. */
export const openInTheEnd = (item: Item): Minor => balanceInTheEnd(item.balance);

/** What is said to be disputed on a day, before it is capped at what is open. */
const disputedSum = (item: Item, asOf: LocalDate): Minor => balanceOn(stepsOf(item.disputes), asOf);

/** What is disputed on a day: never more than what is open. In minor units. */
export const disputedOn = (item: Item, asOf: LocalDate): Minor =>
  most(least(disputedSum(item, asOf), openOn(item, asOf)), 0n);

/**
 * What may not be paid for a dispute when a payment is recorded. What counts is that day, but for what is not owed yet,
 * which can be disputed all the same and is then not paid in advance.
 */
export const disputedWhenPaying = (item: Item, today: LocalDate): Minor =>
  most(least(disputedSum(item, today), openOn(item, latest(today, item.owedFrom))), 0n);

/** The least that is disputed on a day and on every later one: as much can be resolved. */
export const leastDisputedFrom = (item: Item, from: LocalDate): Minor => leastFrom(stepsOf(item.disputes), from);

/** A change, from a day on, of what is owed at one triple of dates. In minor units, above zero where we owe more. */
export interface Movement {
  readonly effectiveOn: LocalDate;
  readonly originalDueOn: LocalDate;
  readonly dueOn: LocalDate;
  readonly plannedOn: LocalDate;
  readonly owed: Minor;
  /** How much of `owed` is on hold. */
  readonly held: Minor;
  /** How much of `owed` is disputed, first due first. */
  readonly disputed: Minor;
}

/**
 * An item over all its days as changes: their sum over `effectiveOn <= D` is `openSchedule` at D, by dates.
 *
 * @returns one movement per day and triple of dates on which something changes; none is zero throughout
 */
export const movementsOf = (item: Item | undefined): Movement[] => {
  if (!item) return [];
  const days = new Set([
    ...item.balance.map(({ on }) => on),
    ...item.schedules.map(({ on }) => on),
    ...item.holds.flatMap(({ on, until, releasedOn }) => [on, until, releasedOn]),
    ...item.disputes.map(({ on }) => on),
  ]);
  const cells = new Map<string, Movement>();
  const movements: Movement[] = [];
  for (const day of [...days].filter((on) => on !== undefined).sort()) {
    const now = openByDates(item, day);
    for (const key of new Set([...cells.keys(), ...now.keys()])) {
      const before = cells.get(key);
      const after = now.get(key);
      const change = {
        owed: (after?.owed ?? 0n) - (before?.owed ?? 0n),
        held: (after?.held ?? 0n) - (before?.held ?? 0n),
        disputed: (after?.disputed ?? 0n) - (before?.disputed ?? 0n),
      };
      if (change.owed !== 0n || change.held !== 0n || change.disputed !== 0n)
        movements.push({ ...(after ?? before)!, ...change, effectiveOn: day });
      if (after) cells.set(key, after);
      else cells.delete(key);
    }
  }
  return movements;
};

const openByDates = (item: Item, asOf: LocalDate): Map<string, Movement> => {
  const { schedule, open } = openSchedule(item, asOf);
  const held = isHeld(item, asOf);
  const disputed = firstDue(schedule, open, disputedOn(item, asOf));
  const cells = new Map<string, Movement>();
  schedule.forEach(({ originalDueOn, dueOn, plannedOn }, place) => {
    if (open[place] === 0n) return;
    const key = `${originalDueOn}/${dueOn}/${plannedOn}`;
    const cell = cells.get(key);
    const owed = (cell?.owed ?? 0n) + open[place]!;
    cells.set(key, {
      effectiveOn: asOf,
      originalDueOn,
      dueOn,
      plannedOn,
      owed,
      held: held ? owed : 0n,
      disputed: (cell?.disputed ?? 0n) + disputed[place]!,
    });
  });
  return cells;
};
