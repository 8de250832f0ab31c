/** Why each item is treated as it is, in words that a treasurer can repeat. */
import { addDays } from '../domain/calendar.js';
import type { Minor } from '../domain/money.js';
import { optionCash, optionCost } from './costs.js';
import type { Evaluation, Plan, Settlement } from './evaluate.js';
import { priceText, spoken, toMinor } from './figures.js';
import type { DecisionKind } from './model.js';
import { holdText, type Problem } from './problem.js';

export interface Told {
  readonly decision: DecisionKind;
  readonly reason: string;
}

export interface Facts {
  readonly problem: Problem;
  readonly plan: Plan;
  readonly evaluation: Evaluation;
  /** Per item, if nothing of it is paid. */
  readonly ifNever: readonly bigint[];
  /** Per run, what one more minor unit of cash would save, in cost units. */
  readonly worth: readonly bigint[];
}

export const dayOf = ({ asOf }: Problem, day: number): string => addDays(asOf, day);

/** Cut-offs that a bill of an item counts for. */
const cutoffsOf = (
  { problem, evaluation }: Facts,
  place: number,
): { name: string; fires: boolean; cost: bigint; lacks: bigint }[] => {
  const item = problem.items[place]!;
  return evaluation.cutoffs
    .filter(({ vendor }) => vendor === item.vendor)
    .filter(({ cutoff }) => {
      const { on, overdueDays } = problem.vendors[item.vendor]!.cutoffs[cutoff]!;
      return (
        on <= problem.horizonEnd &&
        item.bills.some((bill) => problem.bills[bill]!.parts.some(({ due }) => due + overdueDays <= on))
      );
    })
    .map(({ vendor, cutoff, fires, cost, overdue }) => {
      const terms = problem.vendors[vendor]!.cutoffs[cutoff]!;
      return {
        name: `${terms.name} (${dayOf(problem, terms.on)})`,
        fires,
        cost: fires ? cost : terms.cost * 3_650_000n,
        lacks: overdue - terms.tolerance,
      };
    });
};

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

const noCashText = (problem: Problem): string => `there is no cash for it on any run: ${reserveText(problem)}`;

/** Why nothing is paid of an item: it costs nothing, or there is no cash at all for it, or more to be saved elsewhere. */
const deferralText = ({ problem, evaluation, ifNever, worth }: Facts, place: number, fires: boolean): string => {
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
  if (affordable === undefined) return `${costs}, but ${noCashText(problem)}.`;
  // Whatever is paid is another item: nothing is of this one.
  const elsewhere = evaluation.paid.some((paid) => paid > 0n);
  return `${costs}${elsewhere ? `, and ties up no cash; a unit of cash saves ${priceText(worth[run]!)} or more elsewhere` : ''}.`;
};

const paymentText = (
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
const lateText = ({ problem, plan }: Facts, place: number, paid: Minor, last: number): string => {
  const { tier } = problem.items[place]!;
  if (firstAffordable(problem, place) === undefined) return noCashText(problem);
  const some =
    paid === 0n
      ? 'nothing can be paid'
      : `${spoken(paid, problem.currency)} is paid, the last of it on ${dayOf(problem, problem.runs[last]!)}`;
  const isBefore = (item: Problem['items'][number], other: number): boolean =>
    other !== place &&
    item.neverDefer &&
    item.tier <= tier &&
    (plan.offers[other] !== undefined || item.bills.some((bill) => plan.settled[bill]!.length > 0));
  return problem.items.some(isBefore)
    ? `${some} beside what else is never deferred up to this tier`
    : `${some}, for ${reserveText(problem)}`;
};

const requiredText = ({ problem, plan }: Facts, place: number, payable: Minor): string => {
  const day = dayOf(problem, problem.runs[problem.items[place]!.requiredBy!]!);
  const short = requiredShort(problem, plan, place);
  if (short === 0n) return `Required by the request, and paid by ${day}.`;
  const why =
    firstAffordable(problem, place) === undefined
      ? noCashText(problem)
      : `${reserveText(problem)}, and what is never deferred comes first`;
  const { currency } = problem;
  return `Required by ${day}, but ${spoken(short, currency)} of ${spoken(payable, currency)} can't be paid by then: ${why}.`;
};

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const explain = (facts: Facts, place: number): Told => {
  const { problem, plan, evaluation, ifNever } = facts;
  const item = problem.items[place]!;
  const { currency, runs, horizonEnd } = problem;
  const say = (cost: bigint): string => spoken(toMinor(cost), currency);
  const payable = item.bills.reduce((sum, bill) => sum + problem.bills[bill]!.amount, 0n);
  if (item.blocked !== undefined) return { decision: 'blocked', reason: `May not be paid: ${item.blocked}.` };
  if (payable === 0n) return { decision: 'blocked', reason: 'May not be paid: all of it is disputed.' };

  const offer = plan.offers[place];
  if (offer !== undefined) {
    const { id, cost, curesCutoffs } = item.offers[offer]!;
    const cure = curesCutoffs ? ' and no longer counts for cut-offs' : '';
    return {
      decision: 'defer',
      reason: `Accept offer ${id}: it costs ${spoken(cost, currency)}${cure}; not paying would cost ${say(ifNever[place]!)}.`,
    };
  }

  const settled = item.bills.flatMap((bill) => plan.settled[bill]!);
  const paid = settled.reduce((sum, { amount }) => sum + amount, 0n);
  const decision = paid === 0n ? 'defer' : paid < payable || item.disputed > 0n ? 'pay-part' : 'pay';
  const last = settled.reduce((most, { run }) => Math.max(most, run), -1);
  const cutoffs = cutoffsOf(facts, place);
  // What ends inside the plan bars only the runs before it.
  const sentences: string[] = item.hold ? [`${sentence(holdText(item.hold))}.`] : [];
  const due = problem.bills[item.bills[0]!]!.parts[0]!.due;

  if (item.neverDefer) {
    const late = evaluation.lateness[item.tier]! > 0n;
    const inTime = paid === payable && item.bills.every((bill) => paidInTime(facts, bill));
    if (inTime) sentences.push(`Tier ${item.tier} is never deferred: paid in time, on ${dayOf(problem, runs[last]!)}.`);
    else if (due > horizonEnd) sentences.push(`Never deferred, but due only after the plan ends.`);
    else if (late)
      sentences.push(
        `Tier ${item.tier} is never deferred, but the cash is not there: ${lateText(facts, place, paid, last)}.`,
      );
  }
  if (item.requiredBy !== undefined) sentences.push(requiredText(facts, place, payable));
  if (!item.neverDefer && item.requiredBy === undefined) {
    const fires = cutoffs.some((cutoff) => cutoff.fires);
    sentences.push(
      decision === 'defer' ? deferralText(facts, place, fires) : paymentText(facts, place, settled, payable),
    );
  }
  for (const { name, fires, cost, lacks } of cutoffs) {
    if (fires && decision !== 'pay')
      sentences.push(
        `${name} happens, at ${say(cost)}: it would take ${spoken(lacks, currency)} more by then, and less than that avoids nothing.`,
      );
    else if (!fires && paid > 0n) sentences.push(`Helps to avoid ${name}, which would cost ${say(cost)} or more.`);
  }
  if (item.disputed > 0n) sentences.push(`${spoken(item.disputed, currency)} of it is disputed and may not be paid.`);
  return { decision, reason: sentences.join(' ') };
};

const paidInTime = ({ problem, plan }: Facts, place: number): boolean => {
  const bill = problem.bills[place]!;
  const deadline = Math.max(bill.parts[0]!.due, problem.runs[problem.items[bill.item]!.from]!);
  return bill.amount === 0n || plan.settled[place]!.every(({ run }) => problem.runs[run]! <= deadline);
};
