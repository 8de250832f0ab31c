import { later, type Day } from './calendar.js';
import {
  factsOf,
  same,
  type Allocated,
  type Fact,
  type Instalment,
  type InvoiceHeld,
  type Known,
  type PaymentDeferred,
  type Posted,
  type Ref,
  type ReversibleType,
} from './facts.js';
import { least, sum } from './money.js';

// The contract's rules 4 to 8 and 10 as questions to a list of facts. Nothing is kept between two questions.

export const postedOf = (known: Known, item: Ref): Posted | undefined =>
  factsOf(known, 'Posted').find((posted) => same(posted.item, item));

export const isCredit = (item: Ref): boolean => item.type === 'credit-note' || item.type === 'payment';

const isInEffect = (from: Day, end: Day | undefined, asOf: Day): boolean =>
  from <= asOf && (end === undefined || asOf < end);

/** The day from which a document's own reversal takes effect. */
export const reversedOn = (known: Known, document: Ref<ReversibleType>): Day | undefined =>
  factsOf(known, 'Reversed').find((reversal) => same(reversal.of, document))?.on;

/**
 * The first day on which an allocation is no longer in effect: that of its own reversal; else that of its payment's
 * or credit note's, but never a day before the allocation itself (rule 8).
 */
export const allocationEnd = (known: Known, allocation: Allocated): Day | undefined => {
  const own = reversedOn(known, { type: 'allocation', id: allocation.id });
  if (own !== undefined) return own;
  const ofSource = reversedOn(known, allocation.from);
  return ofSource === undefined ? undefined : later(ofSource, allocation.on);
};

/** Something that leans on a document: what it takes away from it, from which day on, and up to which day. */
export interface Leaning {
  readonly fact: Fact;
  readonly amount: bigint;
  readonly on: Day;
  readonly end: Day | undefined;
}

/** Allocations with their discounts and write-offs (on invoices, charges), allocations and refunds (on credit). */
export const leaningOn = (known: Known, item: Ref): Leaning[] => [
  ...factsOf(known, 'Allocated')
    .filter((fact) => same(isCredit(item) ? fact.from : fact.to, item))
    .map((fact) => ({
      fact,
      amount: isCredit(item) ? fact.amount : fact.amount + fact.discount,
      on: fact.on,
      end: allocationEnd(known, fact),
    })),
  ...factsOf(known, 'WrittenOff')
    .filter((fact) => same(fact.item, item))
    .map((fact) => ({
      fact,
      amount: fact.amount,
      on: fact.on,
      end: reversedOn(known, { type: 'write-off', id: fact.id }),
    })),
  ...factsOf(known, 'RefundReceived')
    .filter((fact) => same(fact.from, item))
    .map((fact) => ({
      fact,
      amount: fact.amount,
      on: fact.on,
      end: reversedOn(known, { type: 'refund', id: fact.id }),
    })),
];

export const reductionsOf = (known: Known, item: Ref, asOf: Day): bigint =>
  sum(
    leaningOn(known, item)
      .filter(({ on, end }) => isInEffect(on, end, asOf))
      .map(({ amount }) => amount),
  );

/** Whether a document counts at all on a day: posted by then, and not reversed by then. */
const counts = (known: Known, posted: Posted, asOf: Day): boolean =>
  isInEffect(posted.on, reversedOn(known, posted.item), asOf);

/** What is open of an invoice or charge, or left of a credit note or payment; never below zero. */
export const openAmount = (known: Known, item: Ref, asOf: Day): bigint => {
  const posted = postedOf(known, item);
  if (!posted) return 0n;
  return (counts(known, posted, asOf) ? posted.amount : 0n) - reductionsOf(known, item, asOf);
};

/** The least that is open on a day and on every later one (rule 4). */
export const leastOpenFrom = (known: Known, item: Ref, from: Day): bigint => {
  // What is open changes only on days that some fact names.
  const days = known.map((fact) => fact.on).filter((day) => day > from);
  return [from, ...days].map((day) => openAmount(known, item, day)).reduce(least);
};

const byDueOn = (one: Instalment, other: Instalment): number => {
  if (one.dueOn !== other.dueOn) return one.dueOn < other.dueOn ? -1 : 1;
  if (one.originalDueOn !== other.originalDueOn) return one.originalDueOn < other.originalDueOn ? -1 : 1;
  return 0; // place: the sort is stable
};

/** How much of each instalment is used up: what comes first due is used up first (rule 6). */
const setOff = (
  schedule: readonly Instalment[],
  reductions: bigint,
): { instalment: Instalment; used: bigint; open: bigint }[] => {
  let left = reductions;
  return [...schedule].sort(byDueOn).map((instalment) => {
    const used = least(left, instalment.amount);
    left -= used;
    return { instalment, used, open: instalment.amount - used };
  });
};

const isScheduleChange = (fact: Fact): fact is Extract<Fact, { type: 'PaymentDeferred' | 'DeferralWithdrawn' }> =>
  fact.type === 'PaymentDeferred' || fact.type === 'DeferralWithdrawn';

/** Facts of one invoice that are in effect by a day, by effective date, then position. */
const inOrderOfEffect = <Kind extends Fact>(facts: readonly Kind[], asOf: Day): Kind[] =>
  facts.filter((fact) => fact.on <= asOf).sort((one, other) => (one.on < other.on ? -1 : one.on > other.on ? 1 : 0));

export const scheduleChangesOf = (
  known: Known,
  item: Ref,
): Extract<Fact, { type: 'PaymentDeferred' | 'DeferralWithdrawn' }>[] =>
  known.filter(isScheduleChange).filter((change) => same(change.item, item));

/** What a deferral would move, of which instalment: of what is open, what is due first. */
export const partsMoved = (
  schedule: readonly Instalment[],
  reductions: bigint,
  amount: bigint | undefined,
): { instalment: Instalment; used: bigint; moved: bigint }[] => {
  const parts = setOff(schedule, reductions);
  let left = amount ?? sum(parts.map(({ open }) => open));
  return parts.map(({ instalment, used, open }) => {
    const moved = least(left, open);
    left -= moved;
    return { instalment, used, moved };
  });
};

/** The whole schedule after a deferral: per instalment what was used up, then what moved, then the rest. */
const deferred = (schedule: readonly Instalment[], deferral: PaymentDeferred, knownThen: Known): Instalment[] =>
  partsMoved(schedule, reductionsOf(knownThen, deferral.item, deferral.on), deferral.amount)
    .flatMap(({ instalment, used, moved }) => [
      { ...instalment, amount: used },
      {
        ...instalment,
        amount: moved,
        plannedOn: deferral.until,
        dueOn: deferral.agreed ? deferral.until : instalment.dueOn,
      },
      { ...instalment, amount: instalment.amount - used - moved },
    ])
    .filter(({ amount }) => amount > 0n);

/** Deferrals still in force on a day with the schedule that each of them made; the last one can be withdrawn. */
const deferralsInForce = (
  known: Known,
  posted: Posted,
  asOf: Day,
): { deferral: PaymentDeferred; schedule: readonly Instalment[] }[] => {
  const inForce: { deferral: PaymentDeferred; schedule: readonly Instalment[] }[] = [];
  for (const change of inOrderOfEffect(scheduleChangesOf(known, posted.item), asOf)) {
    if (change.type === 'DeferralWithdrawn') {
      inForce.pop();
    } else {
      const before = inForce.at(-1)?.schedule ?? posted.schedule;
      // What a deferral moves is settled when it is recorded: what became known afterwards never changes it.
      const knownThen = known.slice(0, known.indexOf(change));
      inForce.push({ deferral: change, schedule: deferred(before, change, knownThen) });
    }
  }
  return inForce;
};

/** The schedule in force: that of the latest change, by effective date, then position (rule 6). */
export const scheduleOf = (known: Known, posted: Posted, asOf: Day): readonly Instalment[] =>
  deferralsInForce(known, posted, asOf).at(-1)?.schedule ?? posted.schedule;

export const lastDeferralInForce = (known: Known, posted: Posted): PaymentDeferred | undefined =>
  deferralsInForce(known, posted, '9999-12-31').at(-1)?.deferral;

/** What is open of each instalment of an invoice or charge, first due first; only what is above zero. */
export const openInstalments = (known: Known, item: Ref, asOf: Day): Instalment[] => {
  const posted = postedOf(known, item);
  if (!posted || !counts(known, posted, asOf)) return [];
  return setOff(scheduleOf(known, posted, asOf), reductionsOf(known, item, asOf))
    .map(({ instalment, open }) => ({ ...instalment, amount: open }))
    .filter(({ amount }) => amount > 0n);
};

/** How an open instalment is deferred on a day; never both ways (rule 7). */
export const deferralOf = (instalment: Instalment, asOf: Day): 'agreed' | 'unilateral' | undefined => {
  const { originalDueOn, dueOn, plannedOn } = instalment;
  if (plannedOn > dueOn && plannedOn >= asOf) return 'unilateral';
  if (dueOn > originalDueOn && dueOn >= asOf) return 'agreed';
  return undefined;
};

/** Whether a hold is in force on a day: begun, its `until` not reached, and no release since. */
export const isHeld = (known: Known, item: Ref, asOf: Day): boolean => {
  let holds: InvoiceHeld[] = [];
  for (const fact of inOrderOfEffect(known, asOf)) {
    if (fact.type === 'InvoiceHeld' && same(fact.item, item)) holds.push(fact);
    if (fact.type === 'InvoiceReleased' && same(fact.item, item)) holds = [];
  }
  return holds.some(({ until }) => until === undefined || asOf < until);
};

/** What disputes and resolutions leave, whatever is open. */
export const disputedInAll = (known: Known, item: Ref, asOf: Day): bigint => {
  let disputed = 0n;
  for (const fact of inOrderOfEffect(known, asOf)) {
    if (fact.type === 'InvoiceDisputed' && same(fact.item, item)) disputed += fact.amount;
    if (fact.type === 'DisputeResolved' && same(fact.item, item)) disputed -= least(disputed, fact.amount ?? disputed);
  }
  return disputed;
};

/** What is disputed on a day: at most what is open. */
export const disputedAmount = (known: Known, item: Ref, asOf: Day): bigint =>
  least(disputedInAll(known, item, asOf), openAmount(known, item, asOf));
