import type { Decision, PlanAnswer } from './cash-priority/model.js';
import { table, thousands, wrapped } from './tables.js';

/** A plan as text for a meeting: what to pay, what waits and at what cost, what breaks and when, and what would change it. */
export const planTables = (plan: PlanAnswer): string =>
  [
    heading(plan),
    impossible(plan),
    ladder(plan),
    decisions(plan),
    cash(plan),
    cutoffs(plan),
    comparisons(plan),
    scenarios(plan),
    newMoney(plan),
    notes(plan),
  ]
    .filter((part) => part !== '')
    .join('\n\n');

const heading = (plan: PlanAnswer): string => {
  const { cost } = plan;
  const parts = [
    ['interest', cost.interest],
    ['relationships', cost.relationship],
    ['penalties', cost.penalties],
    ['cut-offs', cost.cutoffs],
    ['discounts lost', cost.discounts],
    ['offers', cost.offers],
  ] as const;
  const made = parts
    .filter(([, amount]) => /[1-9]/.test(amount))
    .map(([name, amount]) => `${name} ${thousands(amount)}`);
  return [
    `As of ${plan.asOf}, ${plan.currency}, ${plan.runs.length} payment runs up to ${plan.runs.at(-1) ?? ''}, horizon to ${plan.horizonEnd}, known up to position ${plan.position}.`,
    `What paying late costs under this plan: ${thousands(cost.total)}${made.length > 0 ? ` (${made.join(', ')})` : ''}.`,
    `No plan costs less than ${thousands(plan.lowerBound)}: the gap is ${plan.gap}, ${plan.proven ? 'proven' : 'not proven'}.`,
    `Engine ${plan.engine}, inputs ${plan.inputsHash}.`,
  ].join('\n');
};

const impossible = ({ impossible: limits }: PlanAnswer): string =>
  limits.length === 0
    ? ''
    : `What can't be met, whatever is paid\n${limits.map(({ on, detail }) => `  ${on}: ${detail}`).join('\n')}`;

const orNone = (text: string | null): string => text ?? 'never';

const ladder = ({ ladder: rows }: PlanAnswer): string =>
  `When each tier breaks, if all up to it were paid in time\n${table(
    ['through tier', 'breaks in the run of', 'short then', 'short at the worst', 'on'],
    rows.map((row) => [
      String(row.throughTier),
      orNone(row.firstBreach),
      thousands(row.shortAtFirst),
      thousands(row.peakShort),
      row.peakOn ?? '',
    ]),
    { texts: 2, textsAtEnd: 1 },
  )}`;

const order: Readonly<Record<Decision['decision'], number>> = { pay: 0, 'pay-part': 1, defer: 2, blocked: 3 };

const decisions = ({ decisions: all }: PlanAnswer): string => {
  const rows = [...all].sort(
    (a, b) =>
      order[a.decision] - order[b.decision] ||
      a.tier - b.tier ||
      (a.dueOn < b.dueOn ? -1 : a.dueOn > b.dueOn ? 1 : a.itemId < b.itemId ? -1 : 1),
  );
  return `What to do with each bill\n${table(
    ['decision', 'tier', 'vendor', 'bill', 'due', 'outstanding', 'cost', 'unpaid', 'paid on', 'why'],
    rows.map((one) => [
      one.decision,
      String(one.tier),
      one.connected ? `${short(one.vendor, 22)}\n(connected)` : short(one.vendor, 22),
      short(one.number, 30),
      one.dueOn,
      thousands(one.outstanding),
      thousands(one.cost),
      thousands(one.unpaid),
      one.payments.map(({ on, amount }) => (one.payments.length > 1 ? `${on} ${thousands(amount)}` : on)).join('\n') ||
        '-',
      wrapped(one.reason, 70),
    ]),
    { texts: 5, textsAtEnd: 2 },
  )}`;
};

const short = (text: string, length: number): string => {
  const [line = ''] = text.split('\n');
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`;
};

const cash = ({ cash: rows }: PlanAnswer): string =>
  `Cash by payment run\n${table(
    ['run', 'opening', 'receipts', 'fixed outflows', 'payments', 'closing', 'above reserve', 'one more is worth'],
    rows.map((row) => [
      row.on,
      ...[row.opening, row.receipts, row.outflows, row.payments, row.closing, row.headroom].map(thousands),
      row.price,
    ]),
  )}`;

const cutoffs = ({ cutoffs: rows }: PlanAnswer): string =>
  rows.length === 0
    ? ''
    : `Cut-offs\n${table(
        ['cut-off', 'on', 'happens', 'late enough then', 'tolerated', 'cost'],
        rows.map((row) => [
          row.name,
          row.on,
          row.fires ? 'yes' : 'no',
          ...[row.overdue, row.tolerance, row.cost].map(thousands),
        ]),
        { texts: 3 },
      )}`;

const comparisons = ({ comparisons: rows, cost }: PlanAnswer): string =>
  `What simple rules would cost (this plan: ${thousands(cost.total)})\n${table(
    ['rule', 'cost', 'wages and the like late, amount × days', 'can be compared'],
    rows.map((row) => [
      row.rule,
      thousands(row.cost),
      thousands(row.neverDeferLateness),
      row.comparable ? 'yes' : 'no: it treats what is never deferred otherwise',
    ]),
    { textsAtEnd: 1 },
  )}`;

const scenarios = ({ scenarios: rows, recommendation }: PlanAnswer): string => {
  const lines = table(
    ['if', 'cost', 'regret of the first run', 'regret, wages late', 'first tier to break'],
    rows.map((row) => [
      row.name,
      thousands(row.cost),
      thousands(row.regret),
      thousands(row.regretLateness),
      firstToBreak(row.firstBreachByTier),
    ]),
    { textsAtEnd: 1 },
  );
  const advice = recommendation
    ? `\nThe first run that is least wrong whatever comes is that for "${recommendation.from}": it costs at most ${thousands(recommendation.largestRegret)} more than the best.`
    : '';
  return rows.length === 0 ? '' : `If receipts do not come as expected\n${lines}${advice}`;
};

const firstToBreak = (breaches: Readonly<Record<string, string | null>>): string => {
  const broken = Object.entries(breaches)
    .filter((entry): entry is [string, string] => entry[1] !== null)
    .sort(([a], [b]) => Number(a) - Number(b));
  const [first] = broken;
  return first ? `${first[0]} in the run of ${first[1]}` : 'none';
};

const newMoney = ({ newMoney: rows }: PlanAnswer): string =>
  rows.length === 0
    ? ''
    : `What new money would save\n${table(
        ['more cash', 'on', 'cost then', 'saves', 'wages late less', 'what it saves'],
        rows.map((row) => [
          thousands(row.amount),
          row.on,
          thousands(row.cost),
          thousands(row.saves),
          thousands(row.savesLateness),
          row.what.map((what) => wrapped(what, 80)).join('\n'),
        ]),
        { texts: 2, textsAtEnd: 1 },
      )}`;

const notes = ({ notes: all }: PlanAnswer): string =>
  [...all.map((note) => `Note: ${note}`), 'Nothing here is legal advice.'].join('\n');
