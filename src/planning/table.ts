import type { Decision, PlanAnswer, PlanRequest } from '../cash-priority/model.js';
import type { Moment } from '../reports/as-of.js';
import { aboutMoment, amounts, days, type Line, numbers, type Table, texts } from '../reports/table.js';

const columns = [
  ...texts('currency', 'row', 'itemId', 'itemType', 'vendorId', 'vendorName', 'connected', 'number'),
  ...numbers('tier'),
  ...days('dueOn'),
  ...texts('decision'),
  ...amounts('outstanding'),
  ...days('on'),
  ...amounts('amount', 'cash', 'cost', 'costIfPaidNow', 'costIfNeverPaid'),
  ...texts('reason'),
];

/**
 * A plan as a table: a line per payment of each decision, one for what stays unpaid, and one with the cost of the
 * whole. A decision's costs stand on its first line only, so that a column adds up.
 */
export const planTable = (plan: PlanAnswer, moment: Moment, request: PlanRequest): Table => {
  const lines = [...plan.decisions.flatMap((decision) => linesOf(plan, decision)), totalsOf(plan)];
  return {
    about: aboutMoment(moment),
    asked: { currency: plan.currency, ...askedOf(request) },
    columns,
    lines,
    size: () => lines.length,
  };
};

/** The parameters by their names in the query of the report. */
const askedOf = ({ minimumBalance, periods, periodDays, horizonEnd, gap, scenario }: PlanRequest): Table['asked'] => {
  const asked = {
    minimumBalance,
    periods,
    periodDays,
    horizonEnd,
    receiptsSlipDays: scenario?.receiptsSlipDays,
    receiptsAtLeast: scenario?.receipts?.atLeast,
    receiptsBelow: scenario?.receipts?.below,
    gap,
  };
  return Object.fromEntries(
    Object.entries(asked).map(([name, value]) => [name, value === undefined ? null : String(value)]),
  );
};

const linesOf = ({ currency }: PlanAnswer, decision: Decision): Line[] =>
  partsOf(decision).map(({ on, amount, cash }, place) => {
    const once = (value: string): string | null => (place === 0 ? value : null);
    return [
      currency,
      on === null ? 'unpaid' : 'payment',
      decision.itemId,
      decision.kind,
      decision.vendorId,
      decision.vendor,
      decision.connected ? 'connected' : null,
      decision.number,
      decision.tier,
      decision.dueOn,
      decision.decision,
      once(decision.outstanding),
      on,
      amount,
      cash ?? null,
      once(decision.cost),
      once(decision.costIfPaidNow),
      once(decision.costIfNeverPaid),
      once(decision.reason),
    ];
  });

const totalsOf = ({ currency, cost }: PlanAnswer): Line => [
  currency,
  'totals',
  ...columns.slice(2).map(({ name }) => (name === 'cost' ? cost.total : null)),
];

const partsOf = (
  decision: Decision,
): { readonly on: string | null; readonly amount: string; readonly cash?: string }[] => [
  ...decision.payments,
  // The payments of an accepted offer are all its instalments, also those after the last run.
  ...(decision.offerId === undefined && /[1-9]/.test(decision.unpaid) ? [{ on: null, amount: decision.unpaid }] : []),
];
