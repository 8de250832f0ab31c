import { describe, expect, it } from '@jest/globals';
import type { PlanInput } from '../cash-priority/model.js';
import { planCash } from '../cash-priority/plan.js';
import { loadSolver } from '../cash-priority/solver.js';
import type { Line, Value } from '../reports/table.js';
import { planTable } from './table.js';

const dueOn = '2024-01-10';
const bill = (itemId: string, amount: string) => ({
  itemId,
  kind: 'invoice' as const,
  vendorId: 'v',
  number: `No ${itemId}`,
  instalments: [{ dueOn, originalDueOn: dueOn, plannedOn: dueOn, amount }],
});
/** Two runs, and cash for half of what is open: paying late costs dear, and for one bill there is an offer. */
const input: PlanInput = {
  asOf: '2024-01-08',
  position: 7,
  currency: 'USD',
  request: { periods: 2, scenarios: [], newMoney: { amounts: [] }, overrides: 0 },
  vendors: [{ id: 'v', name: 'Vale' }],
  items: [
    {
      ...bill('offered', '300.00'),
      consequences: { unpaidAtEndPercent: '90.00' },
      offers: [
        {
          id: 'o',
          cost: '1.00',
          curesCutoffs: false,
          schedule: ['2024-01-08', '2024-01-15', '2024-06-01'].map((on) => ({ on, amount: '100.00' })),
        },
      ],
    },
    { ...bill('split', '100.00'), consequences: { unpaidAtEndPercent: '10.00' } },
  ],
  accounts: [{ account: 'main', on: '2024-01-08', balance: '260.00', paidSince: '0.00' }],
  flows: [],
};

describe('a plan as a table', () => {
  it('adds up to what is outstanding, bill by bill, also where an offer goes beyond the last run', async () => {
    const plan = await planCash(input, await loadSolver());
    expect(plan.decisions.map(({ itemId, offerId, unpaid }) => [itemId, offerId, unpaid])).toEqual([
      ['offered', 'o', '100.00'],
      ['split', undefined, '40.00'],
    ]);
    const moment = { ledger: 'x', asOf: '2024-01-08', knownAt: null, position: 7 };
    const { columns, lines: made, size, asked } = planTable(plan, moment, input.request);
    const lines: Line[] = [];
    for await (const line of made) lines.push(line);
    expect(lines).toHaveLength(await size());
    expect(asked).toMatchObject({ currency: 'USD', periods: '2', horizonEnd: null });
    const column = (name: string, line: Line): Value => line[columns.findIndex((one) => one.name === name)] ?? null;
    const rows = lines.map((line) =>
      ['row', 'itemId', 'on', 'amount', 'outstanding'].map((name) => column(name, line)),
    );
    expect(rows).toEqual([
      ['payment', 'offered', '2024-01-08', '100.00', '300.00'],
      ['payment', 'offered', '2024-01-15', '100.00', null],
      ['payment', 'offered', '2024-06-01', '100.00', null],
      ['payment', 'split', expect.any(String), '60.00', '100.00'],
      ['unpaid', 'split', null, '40.00', null],
      ['totals', null, null, null, null],
    ]);
    expect(lines.map((line) => column('cost', line)).at(-1)).toBe(plan.cost.total);
  });
});
