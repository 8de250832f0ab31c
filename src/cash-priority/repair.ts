/** A solver's fractions as whole minor units that keep every limit, and payments no earlier than they need be. */
import type { Minor } from '../domain/money.js';
import { judgementsOf, optionCash, optionCost, optionLateness } from './costs.js';
import type { Plan, Settlement } from './evaluate.js';
import type { Programme } from './programme.js';
import type { Problem } from './problem.js';

const tiny = 1e-6;

/** The plan nearest to a solution; what rounding breaks by some minor units is put right, nothing else is. */
export const planOf = (problem: Problem, programme: Programme, values: Float64Array): Plan => {
  const weights = problem.bills.map((): { run: number; weight: number }[] => []);
  const offers: (number | undefined)[] = problem.items.map(() => undefined);
  for (const [column, meaning] of programme.columns.entries()) {
    const value = values[column]!;
    if (value <= tiny) continue;
    if (meaning.is === 'pay') weights[meaning.bill]!.push({ run: meaning.run, weight: value });
    else if (meaning.is === 'offer' && value > 0.5) offers[meaning.item] = meaning.offer;
  }
  const settled = weights.map((own, place) =>
    offers[problem.bills[place]!.item] === undefined ? settlementsOf(problem, place, own) : [],
  );
  const plan: Plan = { settled, offers };
  balance(problem, settled, plan.offers);
  return plan;
};

const settlementsOf = (
  problem: Problem,
  place: number,
  weights: readonly { readonly run: number; readonly weight: number }[],
): Settlement[] => {
  const { amount, whole, item } = problem.bills[place]!;
  const byRun = [...weights].sort((a, b) => a.run - b.run);
  if (whole || byRun.length === 1) {
    const [best] = [...byRun].sort((a, b) => b.weight - a.weight);
    if (!best) return [];
    if (best.weight > 1 - tiny || (whole && best.weight > 0.5)) return [{ run: best.run, amount }];
    if (whole) return [];
  }
  const settled: Settlement[] = [];
  let cumulative = 0;
  let paid = 0n;
  for (const { run, weight } of byRun) {
    cumulative += weight;
    const upTo = cumulative > 1 - tiny ? amount : BigInt(Math.round(cumulative * Number(amount)));
    if (upTo > paid) settled.push({ run, amount: upTo - paid });
    paid = upTo > paid ? upTo : paid;
  }
  return atLeast(settled, problem.items[item]!.minimum < amount ? problem.items[item]!.minimum : amount);
};

/** Payments that rounding has brought just below the minimum take what they lack from the largest other one. */
const atLeast = (settled: Settlement[], minimum: Minor): Settlement[] => {
  if (settled.length < 2 || settled.every(({ amount }) => amount >= minimum)) return settled;
  const raised = settled.map(({ run, amount }) => ({ run, amount: amount < minimum ? minimum : amount }));
  const extra = raised.reduce((sum, { amount }, index) => sum + amount - settled[index]!.amount, 0n);
  const largest = raised.reduce((best, each) => (each.amount > best.amount ? each : best));
  return raised.map((each) => (each === largest ? { ...each, amount: each.amount - extra } : each));
};

const cashPaid = (problem: Problem, settled: readonly (readonly Settlement[])[], offers: Plan['offers']): Minor[] => {
  const paid = problem.runs.map(() => 0n);
  for (const [place, own] of settled.entries()) {
    const bill = problem.bills[place]!;
    for (const { run, amount } of own) paid[run]! += amount === bill.amount ? optionCash(bill, run) : amount;
  }
  for (const [place, offer] of offers.entries())
    if (offer !== undefined)
      for (const { run, amount } of problem.items[place]!.offers[offer]!.schedule)
        if (run !== undefined) paid[run]! += amount;
  return paid;
};

/** How much more may be paid up to each run; below zero where too much is. */
const spareUpTo = (problem: Problem, paid: readonly Minor[]): Minor[] => {
  let sum = 0n;
  const spare = problem.cash.caps.map((cap, run) => cap - (sum += paid[run]!));
  for (let run = spare.length - 2; run >= 0; run -= 1) if (spare[run + 1]! < spare[run]!) spare[run] = spare[run + 1]!;
  return spare;
};

/** Takes what rounding overspent from bills that are paid in part anyway, and gives them what is left over. */
const balance = (problem: Problem, settled: Settlement[][], offers: Plan['offers']): void => {
  const { bills, items } = problem;
  const partial = [...settled.keys()].filter((place) => {
    const own = settled[place]!;
    const bill = bills[place]!;
    return own.length > 0 && !bill.whole && (own.length > 1 || own[0]!.amount < bill.amount);
  });
  if (partial.length === 0) return;
  // Never-defer items first when there is something to have, last when there is something to give up.
  const rank = (place: number): number => {
    const item = items[bills[place]!.item]!;
    return item.neverDefer ? item.tier : 10 + item.tier;
  };
  partial.sort((a, b) => rank(a) - rank(b) || a - b);
  for (const place of [...partial].reverse()) {
    const minimum = items[bills[place]!.item]!.minimum;
    for (const [index, { run, amount }] of settled[place]!.entries()) {
      const short = -spareUpTo(problem, cashPaid(problem, settled, offers))[run]!;
      if (short <= 0n) continue;
      const cut = short < amount - minimum ? short : amount - minimum;
      if (cut <= 0n) continue;
      settled[place]![index] = { run, amount: amount - cut };
      const next = settled[place]![index + 1];
      if (next) settled[place]![index + 1] = { run: next.run, amount: next.amount + cut };
    }
  }
  for (const place of partial) {
    for (const [index, { run, amount }] of settled[place]!.entries()) {
      const spare = spareUpTo(problem, cashPaid(problem, settled, offers))[run]!;
      const next = settled[place]![index + 1];
      const open = next
        ? next.amount - items[bills[place]!.item]!.minimum
        : bills[place]!.amount - settled[place]!.reduce((sum, each) => sum + each.amount, 0n);
      const more = spare < open ? spare : open;
      if (more <= 0n) continue;
      settled[place]![index] = { run, amount: amount + more };
      if (next) settled[place]![index + 1] = { run: next.run, amount: next.amount - more };
    }
  }
  for (const place of partial) settled[place] = settled[place]!.filter(({ amount }) => amount > 0n);
};

/** Moves every payment to the last run that is as good: cash is kept as long as keeping it costs nothing. */
export const keepCash = (problem: Problem, plan: Plan): Plan => ({
  ...plan,
  settled: plan.settled.map((own, place) => {
    const bill = problem.bills[place]!;
    const item = problem.items[bill.item]!;
    if (own.length === 0 || item.bills.length > 1) return own;
    const judged = new Set<number>();
    for (const cutoff of problem.vendors[item.vendor]!.cutoffs)
      for (const { day, run } of judgementsOf(problem, cutoff))
        if (bill.parts.some(({ due }) => due + cutoff.overdueDays <= day)) judged.add(run);
    const later = new Map<number, Minor>();
    for (const { run, amount } of own) {
      let best = run;
      for (let next = run + 1; next < problem.runs.length && !judged.has(next - 1); next += 1) {
        if (!isAsGood(problem, place, run, next)) break;
        best = next;
      }
      later.set(best, (later.get(best) ?? 0n) + amount);
    }
    return [...later].sort(([a], [b]) => a - b).map(([run, amount]) => ({ run, amount }));
  }),
});

const isAsGood = (problem: Problem, place: number, run: number, next: number): boolean => {
  const bill = problem.bills[place]!;
  const item = problem.items[bill.item]!;
  return (
    (item.requiredBy === undefined || next <= item.requiredBy) &&
    optionCost(problem, bill, next) === optionCost(problem, bill, run) &&
    optionCash(bill, next) === optionCash(bill, run) &&
    (!item.neverDefer || optionLateness(problem, bill, next) === optionLateness(problem, bill, run))
  );
};
