/** What more cash would save, as a staircase that names what each step brings. */
import { formatMinor, type Minor, parseMinor } from '../domain/money.js';
import type { Evaluation, Plan } from './evaluate.js';
import { spoken, toMinor } from './figures.js';
import type { PlanInput } from './model.js';
import type { Problem } from './problem.js';
import { dayOf } from './reasons.js';
import { underScenario } from './scenarios.js';
import type { Solved } from './stages.js';

const millions = [3n, 10n, 30n, 80n, 120n];

export interface Step {
  readonly on: string;
  readonly amount: Minor;
  readonly solved: Solved;
  readonly what: readonly string[];
}

export const newMoney = (
  problem: Problem,
  input: PlanInput,
  own: Solved,
  optimise: (problem: Problem) => Solved | undefined,
): Step[] => {
  const { currency, request } = input;
  const unit = parseMinor('1', currency) * 100_000n;
  const on = request.newMoney?.on ?? dayOf(problem, problem.runs[0]!);
  const amounts =
    request.newMoney?.amounts?.map((text) => parseMinor(text, currency)) ?? millions.map((tenths) => tenths * unit);
  const steps: Step[] = [];
  let before = own;
  for (const amount of amounts) {
    const expected = request.scenario ?? {};
    const extraCash = [...(expected.extraCash ?? []), { on, amount: formatMinor(amount, currency) }];
    const solved = optimise(underScenario(problem, input, { ...expected, extraCash }));
    if (!solved) continue;
    steps.push({ on, amount, solved, what: gains(problem, before, solved) });
    before = solved;
  }
  return steps;
};

const paidOf = (problem: Problem, plan: Plan, item: number): Minor =>
  problem.items[item]!.bills.reduce(
    (sum, bill) => sum + plan.settled[bill]!.reduce((all, { amount }) => all + amount, 0n),
    0n,
  );

/** What is better than before: what no longer stops, wages that come in time, the items that cost most less. */
const gains = (problem: Problem, before: Solved, after: Solved): string[] => {
  const { currency, vendors, items } = problem;
  const told: string[] = [];
  for (const [index, state] of after.evaluation.cutoffs.entries()) {
    const was = before.evaluation.cutoffs[index]!;
    if (state.cost >= was.cost) continue;
    const { name, cutoffs } = vendors[state.vendor]!;
    const cutoff = cutoffs[state.cutoff]!;
    const saved = spoken(toMinor(was.cost - state.cost), currency);
    told.push(
      state.fires
        ? `${name}: "${cutoff.name}" ends earlier, which saves ${saved}`
        : `${name}: "${cutoff.name}" on ${dayOf(problem, cutoff.on)} no longer happens, which saves ${saved}`,
    );
  }
  for (const [tier, late] of after.evaluation.lateness.entries()) {
    const was = before.evaluation.lateness[tier]!;
    if (late < was)
      told.push(
        late === 0n
          ? `tier ${tier} is paid in time`
          : `tier ${tier} is late by ${spoken(was - late, currency)} × days less`,
      );
  }
  const less = items
    .map((item, place) => ({
      item,
      place,
      saved: before.evaluation.itemCosts[place]! - after.evaluation.itemCosts[place]!,
    }))
    .filter(({ saved }) => saved > 0n)
    .sort((a, b) => (a.saved > b.saved ? -1 : a.saved < b.saved ? 1 : a.place - b.place));
  for (const { item, place, saved } of less.slice(0, 5)) {
    const more = paidOf(problem, after.plan, place) - paidOf(problem, before.plan, place);
    const how = more > 0n ? `${spoken(more, currency)} more is paid` : 'paid earlier';
    told.push(`${vendors[item.vendor]!.name} ${item.number}: ${how}, which saves ${spoken(toMinor(saved), currency)}`);
  }
  if (less.length > 5) {
    const rest = less.slice(5).reduce((sum, { saved }) => sum + saved, 0n);
    told.push(`${less.length - 5} more items, which saves ${spoken(toMinor(rest), currency)}`);
  }
  return told;
};

export const latenessOf = ({ lateness }: Evaluation): bigint => lateness.reduce((sum, each) => sum + each, 0n);
