/** What if: receipts that slip, more cash, and which first run is least wrong whatever comes. */
import { addDays } from '../domain/calendar.js';
import { readCash } from './cash.js';
import { evaluate, type Evaluation, type Plan } from './evaluate.js';
import { ladder } from './ladder.js';
import type { PlanInput, Scenario } from './model.js';
import type { Problem } from './problem.js';
import type { Solved } from './stages.js';

export interface NamedScenario extends Scenario {
  readonly name: string;
}

/** At least five: as the request expects it, later by 1, 2 and 4 weeks, and without what is not certain. */
export const scenariosOf = ({ request }: PlanInput): readonly NamedScenario[] => {
  if (request.scenarios) return request.scenarios;
  const { receiptsSlipDays: _, ...expected } = request.scenario ?? {};
  return [
    { name: 'as expected', ...expected },
    ...[7, 14, 28].map((days) => ({ name: `receipts slip ${days} days`, ...expected, receiptsSlipDays: days })),
    { name: 'without the uncertain receipts', ...expected, receipts: { atLeast: '1', below: 'drop' as const } },
  ];
};

export const underScenario = (problem: Problem, input: PlanInput, scenario: Scenario): Problem => ({
  ...problem,
  cash: readCash(input, problem.runs, problem.horizonEnd, scenario),
});

/** A plan's payments on the first run, and the offers that it accepts: what can't be taken back later. */
export const firstRunOf = (plan: Plan): Plan => ({
  offers: plan.offers,
  settled: plan.settled.map((own) => own.filter(({ run }) => run === 0)),
});

const keyOf = (plan: Plan): string =>
  JSON.stringify([plan.settled.map((own) => own.map(({ amount }) => String(amount))), plan.offers]);

/** How wrong a first run is: late never-defer items first, then what breaks the reserve, then cost. */
export interface Regret {
  readonly lateness: bigint;
  readonly breach: bigint;
  readonly cost: bigint;
}

export const compareRegrets = (a: Regret, b: Regret): number => {
  for (const key of ['lateness', 'breach', 'cost'] as const) if (a[key] !== b[key]) return a[key] < b[key] ? -1 : 1;
  return 0;
};

export interface ScenarioOutcome {
  readonly scenario: NamedScenario;
  readonly solved: Solved;
  readonly firstBreachByTier: Readonly<Record<string, string | null>>;
  /** Of the plan's own first run. */
  readonly regret: Regret;
}

export interface Outlook {
  readonly scenarios: readonly ScenarioOutcome[];
  readonly recommended: { readonly from: string; readonly plan: Plan; readonly largest: Regret } | undefined;
}

type Optimise = (problem: Problem, firstRun?: Plan) => Solved | undefined;

const latenessOf = ({ lateness }: Evaluation): bigint => lateness.reduce((sum, each) => sum + each, 0n);

/**
 * Solves each scenario, and each again with the first run of each best plan: the largest regret of the plan's own first
 * run and the first run with the least.
 *
 * @param candidates how many other first runs are tried, those of the scenarios in order
 */
export const outlook = (
  problem: Problem,
  input: PlanInput,
  own: Solved,
  optimise: Optimise,
  candidates: number,
): Outlook => {
  const solved = scenariosOf(input).flatMap((scenario) => {
    const under = underScenario(problem, input, scenario);
    const best = optimise(under);
    return best ? [{ scenario, under, best }] : [];
  });
  const firsts = new Map([[keyOf(firstRunOf(own.plan)), { from: 'this plan', plan: firstRunOf(own.plan) }]]);
  for (const { scenario, best } of solved.slice(0, candidates)) {
    const plan = firstRunOf(best.plan);
    if (!firsts.has(keyOf(plan))) firsts.set(keyOf(plan), { from: scenario.name, plan });
  }
  const regretsOf = (first: Plan): Regret[] =>
    solved.map(({ under, best }) => {
      const { paid } = evaluate(under, first);
      // What is paid today is gone, also where it breaks the reserve later.
      const breach = paid[0]! > under.cash.caps[0]! ? paid[0]! - under.cash.caps[0]! : 0n;
      let out = 0n;
      const caps = under.cash.caps.map((cap, run) => ((out += paid[run]!) > cap ? out : cap));
      const again = optimise({ ...under, cash: { ...under.cash, caps } }, first);
      if (!again) return { lateness: latenessOf(best.evaluation) + 1n, breach, cost: 0n };
      const lateness = latenessOf(again.evaluation) - latenessOf(best.evaluation);
      const cost = again.evaluation.total - best.evaluation.total;
      // Two plans within the gap of each other are as good: no regret is below nothing.
      return { lateness: lateness > 0n ? lateness : 0n, breach, cost: cost > 0n ? cost : 0n };
    });
  const tried = [...firsts.values()].map(({ from, plan }) => {
    const regrets = regretsOf(plan);
    const largest = regrets.reduce((a, b) => (compareRegrets(a, b) < 0 ? b : a), {
      lateness: 0n,
      breach: 0n,
      cost: 0n,
    });
    return { from, plan, regrets, largest };
  });
  const [mine] = tried;
  const recommended = tried.reduce<(typeof tried)[number] | undefined>(
    (best, each) => (best && compareRegrets(best.largest, each.largest) <= 0 ? best : each),
    undefined,
  );
  return {
    scenarios: solved.map(({ scenario, under, best }, index) => ({
      scenario,
      solved: best,
      firstBreachByTier: Object.fromEntries(
        ladder(under).map(({ throughTier, first }) => [
          String(throughTier),
          first ? addDays(problem.asOf, problem.runs[first.run]!) : null,
        ]),
      ),
      regret: mine!.regrets[index]!,
    })),
    recommended: solved.length > 0 ? recommended : undefined,
  };
};
