/** Prices for the certificate: those of a linear programme, rounded, and the best pressures to be had at them. */
import { judgementsOf, optionCash, optionCost } from './costs.js';
import type { Problem } from './problem.js';

/** In cost units (minor unit × 3,650,000), none below zero. */
export interface Prices {
  /** Per run, of one minor unit of cash, none above that of the run before. */
  readonly cash: readonly bigint[];
  /** Per tier, of one minor unit × day late. */
  readonly lateness: readonly bigint[];
  /** By `vendor/cutoff/place of the judgement`: of one minor unit too late for it. */
  readonly pressure: ReadonlyMap<string, bigint>;
}

/**
 * @param cash per run, in cost units per minor unit
 * @param lateness per tier, in cost units per minor unit × day
 */
export const pricesFrom = (problem: Problem, cash: readonly number[], lateness: readonly number[]): Prices => {
  const whole = (value: number): bigint => BigInt(Math.round(Math.max(0, value)));
  const rounded = cash.map(whole);
  // Cash that is there earlier is there later too, so it is never worth less.
  for (let run = rounded.length - 2; run >= 0; run -= 1)
    if (rounded[run]! < rounded[run + 1]!) rounded[run] = rounded[run + 1]!;
  return { cash: rounded, lateness: lateness.map(whole), pressure: pressures(problem, rounded.map(Number)) };
};

/** For each way in which a cut-off may have to be passed, the pressure that makes the highest bound. */
const pressures = (problem: Problem, cash: readonly number[]): Map<string, bigint> => {
  const found = new Map<string, bigint>();
  for (const [vendorPlace, vendor] of problem.vendors.entries()) {
    const bills = vendor.items.flatMap((item) => problem.items[item]!.bills.map((place) => problem.bills[place]!));
    // Worth computing once per vendor: every judgement looks at the same options.
    let options: { run: number; sum: number }[][] | undefined;
    for (const [cutoffPlace, cutoff] of vendor.cutoffs.entries()) {
      for (const [place, { day, run: lastRun }] of judgementsOf(problem, cutoff).entries()) {
        options ??= bills.map((bill) => [
          ...problem.runs.flatMap((_, run) =>
            run < problem.items[bill.item]!.from
              ? []
              : [{ run, sum: Number(optionCost(problem, bill, run)) + cash[run]! * Number(optionCash(bill, run)) }],
          ),
          { run: Infinity, sum: Number(optionCost(problem, bill, undefined)) },
        ]);
        // What each late bill would have to be paid more per minor unit to be paid in time.
        const steps: { price: number; amount: number }[] = [];
        let tolerance = Number(cutoff.tolerance);
        for (const [index, bill] of bills.entries()) {
          let late = 0n;
          for (const part of bill.parts)
            if (part.due + cutoff.overdueDays <= day) {
              late += part.payable;
              tolerance -= Number(part.blocked);
            }
          if (late === 0n) continue;
          let early = Infinity;
          let any = Infinity;
          for (const { run, sum } of options[index]!) {
            any = Math.min(any, sum);
            if (run <= lastRun) early = Math.min(early, sum);
          }
          if (early > any) steps.push({ price: (early - any) / Number(late), amount: Number(late) });
        }
        steps.sort((a, b) => a.price - b.price);
        // The price at which what is left unpaid just fits the tolerance.
        let left = steps.reduce((sum, { amount }) => sum + amount, 0);
        for (const { price, amount } of steps) {
          if (left <= tolerance) break;
          found.set(`${vendorPlace}/${cutoffPlace}/${place}`, BigInt(Math.ceil(Math.min(price, 1e15))));
          left -= amount;
        }
      }
    }
  }
  return found;
};
