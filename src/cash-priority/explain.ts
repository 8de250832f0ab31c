/** Why each item is treated as it is, in words that a treasurer can repeat. */
import { spoken, toMinor } from './figures.js';
import type { DecisionKind } from './model.js';
import { holdText } from './problem.js';
import { dayOf, deferralText, type Facts, lateText, paymentText, requiredText } from './reasons.js';

export interface Told {
  readonly decision: DecisionKind;
  readonly reason: string;
}

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
