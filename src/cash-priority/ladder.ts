/** When the money runs out, tier by tier, if everything up to that tier is paid as late as it may be: no solver needed. */
import type { Minor } from '../domain/money.js';
import { lastOnOrBefore, type Problem } from './problem.js';

export interface Rung {
  readonly throughTier: number;
  /** The run in whose interval the reserve is first breached, and by how much it is at worst in that interval. */
  readonly first: { readonly run: number; readonly short: Minor } | undefined;
  readonly peak: { readonly run: number; readonly short: Minor } | undefined;
}

/** The last run that pays something in time: the first one for what is late already. */
export const lastRunInTime = ({ runs }: Problem, due: number): number => Math.max(0, lastOnOrBefore(runs, due));

/** One rung per tier that has something to pay inside the horizon, each with all the tiers above it. */
export const ladder = (problem: Problem): Rung[] => {
  const { runs, items, bills, horizonEnd, cash } = problem;
  const byTier = new Map<number, Minor[]>();
  for (const bill of bills) {
    const { tier, from } = items[bill.item]!;
    for (const { due, payable } of bill.parts) {
      if (due > horizonEnd || payable === 0n) continue;
      const paid = byTier.get(tier) ?? runs.map(() => 0n);
      byTier.set(tier, paid);
      paid[Math.max(from, lastRunInTime(problem, due))]! += payable;
    }
  }
  const sums = runs.map(() => 0n);
  return [...byTier.keys()]
    .sort((a, b) => a - b)
    .map((throughTier) => {
      for (const [run, paid] of byTier.get(throughTier)!.entries()) sums[run]! += paid;
      let out = 0n;
      let first: Rung['first'];
      let peak: Rung['peak'];
      for (const run of runs.keys()) {
        out += sums[run]!;
        const short = out - cash.spare[run]!;
        if (short <= 0n) continue;
        first ??= { run, short };
        if (short > (peak?.short ?? 0n)) peak = { run, short };
      }
      return { throughTier, first, peak };
    });
};
