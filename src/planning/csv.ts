import type { Decision, PlanAnswer } from '../cash-priority/model.js';
import type { Moment } from '../reports/as-of.js';
import { type Cell, csvLine, Figure, momentCells, momentColumns } from '../reports/csv.js';

const columns = [
  'currency',
  'row',
  'itemId',
  'itemType',
  'vendorId',
  'vendorName',
  'connected',
  'number',
  'tier',
  'dueOn',
  'decision',
  'outstanding',
  'on',
  'amount',
  'cash',
  'cost',
  'costIfPaidNow',
  'costIfNeverPaid',
  'reason',
];

/**
 * A plan as a CSV file: a line per payment of each decision, one for what stays unpaid, and one with the cost of the
 * whole. A decision's costs stand on its first line only, so that a column adds up.
 */
export const planCsv = (plan: PlanAnswer, moment: Moment): string => {
  const echo = (row: string): Cell[] => [...momentCells(moment), plan.currency, row];
  const lines = plan.decisions.flatMap((decision) =>
    partsOf(decision).map(({ on, amount, cash }, i) => {
      const figure = (text: string): Cell => (i === 0 ? new Figure(text) : null);
      return csvLine([
        ...echo(on === null ? 'unpaid' : 'payment'),
        decision.itemId,
        decision.kind,
        decision.vendorId,
        decision.vendor,
        decision.connected ? 'connected' : null,
        decision.number,
        new Figure(String(decision.tier)),
        decision.dueOn,
        decision.decision,
        figure(decision.outstanding),
        on,
        new Figure(amount),
        cash === undefined ? null : new Figure(cash),
        figure(decision.cost),
        figure(decision.costIfPaidNow),
        figure(decision.costIfNeverPaid),
        i === 0 ? decision.reason : null,
      ]);
    }),
  );
  const totals = columns.slice(2).map((column) => (column === 'cost' ? new Figure(plan.cost.total) : null));
  return [csvLine([...momentColumns, ...columns]), ...lines, csvLine([...echo('totals'), ...totals])].join('');
};

const partsOf = (
  decision: Decision,
): { readonly on: string | null; readonly amount: string; readonly cash?: string }[] => [
  ...decision.payments,
  // The payments of an accepted offer are all its instalments, also those after the last run.
  ...(decision.offerId === undefined && /[1-9]/.test(decision.unpaid) ? [{ on: null, amount: decision.unpaid }] : []),
];
