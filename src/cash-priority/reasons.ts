/** The sentences of a decision on one item: what is required, what is late, why it is paid and why it waits. */
import { addDays } from '../domain/calendar.js';
import type { Minor } from '../domain/money.js';
import { optionCash, optionCost } from './costs.js';
import type { Evaluation, Plan, Settlement } from './evaluate.js';
import { priceText, spoken, toMinor } from './figures.js';
import type { Item, Problem } from './problem.js';

export interface Facts {
  readonly problem: Problem;
  readonly plan: Plan;
  readonly evaluation: Evaluation;
  /** Places of the items of which something is paid, or an offer accepted. */
  readonly paid: readonly number[];
  /** Per item, if nothing of it is paid. */
  readonly ifNever: readonly bigint[];
  /** Per run, what one more minor unit of cash would save, in cost units. */
  readonly worth: readonly bigint[];
}

export const dayOf = ({ asOf }: Problem, day: number): string => addDays(asOf, day);

/** What is not paid of a required item by the run that it is required by: 0 where that is met, or nothing is required. */
export const requiredShort = ({ items, bills }: Problem, plan: Plan, place: number): Minor => {
  const { requiredBy, bills: own, offers } = items[place]!;
  if (requiredBy === undefined) return 0n;
  const offer = plan.offers[place];
  const payments = offer === undefined ? own.flatMap((bill) => plan.settled[bill]!) : offers[offer]!.schedule;
  const all = own.reduce((sum, bill) => sum + bills[bill]!.amount, 0n);
  return payments.reduce(
    (left, { run, amount }) => (run !== undefined && run <= requiredBy ? left - amount : left),
    all,
  );
};

/** The first run on which there would be cash for the least that may be paid of an item if nothing else were paid. */
const firstAffordable = ({ items, bills, cash }: Problem, place: number): number | undefined => {
  const item = items[place]!;
  const bill = item.bills.map((each) => bills[each]!).find(({ amount }) => amount > 0n)!;
  const part = item.minimum > 1n ? item.minimum : 1n;
  const run = cash.caps.findIndex((cap, each) => {
    const whole = optionCash(bill, each);
    return each >= item.from && cap >= (bill.whole || whole < part ? whole : part);
  });
  return run < 0 ? undefined : run;
};

const reserveText = ({ cash, currency }: Problem): string =>
  `the balance has to keep the reserve of ${spoken(cash.reserve, currency)}`;

/** @param run the first with cash for it */
const noCashText = (problem: Problem, run: number | undefined): string =>
  `there is no cash for it ${run === undefined ? 'on any run' : `before ${dayOf(problem, problem.runs[run]!)}`}: ${reserveText(problem)}`;

const comesFirst = ({ neverDefer, requiredBy }: Item): boolean => neverDefer || requiredBy !== undefined;

const isOtherPaid = ({ problem, paid }: Facts, place: number, is: (item: Item) => boolean): boolean =>
  paid.some((other) => other !== place && is(problem.items[other]!));

/** Why nothing is paid of an item: it costs nothing, or there is no cash at all for it, or more to be saved elsewhere. */
export const deferralText = (facts: Facts, place: number, fires: boolean): string => {
  const { problem, ifNever, worth } = facts;
  const { items, bills, runs, currency, horizonEnd } = problem;
  const { from, bills: own } = items[place]!;
  const due = bills[own[0]!]!.parts[0]!.due;
  if (ifNever[place] === 0n && !fires)
    return due > horizonEnd
      ? `Due on ${dayOf(problem, due)}, after the plan ends; leaving it costs nothing until then.`
      : 'Leaving it costs nothing inside the plan, so the cash is kept for what does.';
  const affordable = firstAffordable(problem, place);
  const run = affordable ?? from;
  const saved = own
    .map((bill) => bills[bill]!)
    .reduce((sum, bill) => sum + optionCost(problem, bill, undefined) - optionCost(problem, bill, run), 0n);
  const then =
    run === 0 ? 'now' : `on ${dayOf(problem, runs[run]!)}${run > from ? ' (no earlier run has cash for it)' : ''}`;
  if (saved <= 0n) return `Paying it ${then} would by itself save nothing against not paying.`;
  const costs = `Not paying costs ${spoken(toMinor(saved), currency)} more than paying ${then}`;
  if (affordable === undefined) return `${costs}, but ${noCashText(problem, undefined)}.`;
  if (isOtherPaid(facts, place, (item) => !comesFirst(item)))
    return `${costs}, and ties up no cash; a unit of cash saves ${priceText(worth[run]!)} or more elsewhere.`;
  return isOtherPaid(facts, place, comesFirst)
    ? `${costs}, but the cash goes to what is never deferred or required.`
    : `${costs}.`;
};

/** Why an item is paid, in whole or in part. */
export const paymentText = (
  { problem, evaluation, ifNever, worth }: Facts,
  place: number,
  settled: readonly Settlement[],
  payable: Minor,
): string => {
  const { runs, currency } = problem;
  const paid = settled.reduce((sum, { amount }) => sum + amount, 0n);
  const first = settled.reduce((least, { run }) => Math.min(least, run), Infinity);
  const last = settled.reduce((most, { run }) => Math.max(most, run), -1);
  const how = paid === payable && problem.items[place]!.disputed === 0n ? 'Paid' : `${spoken(paid, currency)} paid`;
  const when =
    first === last
      ? `on ${dayOf(problem, runs[first]!)}`
      : `from ${dayOf(problem, runs[first]!)} to ${dayOf(problem, runs[last]!)}`;
  const saved = spoken(toMinor(ifNever[place]! - evaluation.itemCosts[place]!), currency);
  return `${how} ${when}: that saves ${saved} against not paying; one more unit of cash would save ${priceText(worth[first]!)} then.`;
};

/** Why a never-defer item is late. */
export const lateText = (facts: Facts, place: number, paid: Minor, last: number): string => {
  const { problem } = facts;
  const { tier } = problem.items[place]!;
  if (firstAffordable(problem, place) === undefined) return noCashText(problem, undefined);
  const some =
    paid === 0n
      ? 'nothing can be paid'
      : `${spoken(paid, problem.currency)} is paid, the last of it on ${dayOf(problem, problem.runs[last]!)}`;
  return isOtherPaid(facts, place, (other) => other.neverDefer && other.tier <= tier)
    ? `${some} beside what else is never deferred up to this tier`
    : `${some}, for ${reserveText(problem)}`;
};

/** Whether what the request requires is paid when it does, and why not. */
export const requiredText = (facts: Facts, place: number, payable: Minor): string => {
  const { problem, plan } = facts;
  const { runs, items, currency } = problem;
  const requiredBy = items[place]!.requiredBy!;
  const day = dayOf(problem, runs[requiredBy]!);
  const short = requiredShort(problem, plan, place);
  if (short === 0n) return `Required by the request, and paid by ${day}.`;
  const run = firstAffordable(problem, place);
  const why =
    run === undefined || run > requiredBy
      ? noCashText(problem, run)
      : isOtherPaid(facts, place, comesFirst)
        ? `${reserveText(problem)}, and something else is never deferred or required too`
        : reserveText(problem);
  return `Required by ${day}, but ${spoken(short, currency)} of ${spoken(payable, currency)} can't be paid by then: ${why}.`;
};
