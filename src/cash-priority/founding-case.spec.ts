/** The founding case, as a treasurer would read it. Its books are facts and assumptions; see where its input is made. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { foundingCase } from '../../test/support/founding-case-plan.js';
import type { Decision, PlanAnswer } from './model.js';
import { planCash } from './plan.js';
import { loadSolver } from './solver.js';

let plan: PlanAnswer;
beforeAll(async () => {
  plan = await planCash(foundingCase(), await loadSolver());
}, 120_000);

const decision = (itemId: string): Decision => plan.decisions.find((each) => each.itemId === itemId)!;
const cents = (text: string): number => Math.round(Number(text) * 100);

describe('the plan of the founding case', () => {
  it('is proven', () => {
    expect(plan).toMatchObject({ method: 'optimum', proven: true, reproducible: true, impossible: [] });
    expect(plan.cost.total).toBe('12831157.26');
  });

  it('pays all wages in time', () => {
    for (const { dueOn, payments, unpaid, tier } of plan.decisions.filter(({ neverDefer }) => neverDefer)) {
      expect({ tier, unpaid }).toEqual({ tier: 0, unpaid: '0.00' });
      for (const { on } of payments) expect(on <= dueOn).toBe(true);
    }
  });

  it('pays wages no earlier than on their last run in time', () => {
    expect(decision('UK wages 2023-11-30').payments).toEqual([{ on: '2023-11-28', amount: '800000.00' }]);
    expect(plan.proposal.payments.map(({ itemId }) => itemId)).toEqual(
      expect.arrayContaining(['UK wages 2023-10-31', 'US wages 2023-10-31']),
    );
  });

  it('defers AWS whole, for half of it would not avoid the suspension', () => {
    for (const itemId of ['AWS-2023-07', 'AWS-2023-08', 'AWS-2023-09', 'AWS-2023-10'])
      expect(decision(itemId)).toMatchObject({ decision: 'defer', payments: [] });
    expect(decision('AWS-2023-08').reason).toContain(
      'AWS suspends (2023-12-15) happens, at USD 8,100,000.00: it would take USD 6,000,000.00 more by then',
    );
    expect(plan.cutoffs.find(({ vendorId }) => vendorId === 'aws')).toMatchObject({ fires: true, cost: '8100000.00' });
  });

  it('pays HMRC late, as was considered', () => {
    for (const itemId of ['PAYE-2023-09', 'VAT-2023-Q3']) expect(decision(itemId).decision).toBe('defer');
  });

  it('says when each tier breaks', () => {
    expect(
      plan.ladder.map(({ throughTier, firstBreach, shortAtFirst }) => [throughTier, firstBreach, shortAtFirst]),
    ).toEqual([
      [0, null, '0.00'],
      [1, '2023-12-26', '257692.32'],
      [2, '2023-11-28', '528846.16'],
      [3, '2023-10-31', '7975000.00'],
      [5, '2023-10-31', '8575000.00'],
    ]);
  });

  it('says what new money would save, and by what', () => {
    expect(plan.newMoney.map(({ amount, proven }) => [amount, proven])).toEqual(
      ['300000.00', '1000000.00', '3000000.00', '8000000.00', '12000000.00'].map((amount) => [amount, true]),
    );
    const saves = plan.newMoney.map((step) => cents(step.saves));
    expect(saves.every((each, index) => each > (saves[index - 1] ?? 0))).toBe(true);
    expect(plan.newMoney[0]!.saves).toBe('1896926.03');
    expect(plan.newMoney[0]!.what[0]).toContain('"CoreWeave cuts off" on 2023-11-20 no longer happens');
    expect(plan.newMoney[2]!.what[0]).toContain('"Google suspends" on 2023-12-01 no longer happens');
    expect(plan.newMoney[3]!.what.join()).toContain('"AWS suspends" on 2023-12-15 no longer happens');
  });

  it('is no dearer than any rule that pays wages first', () => {
    expect(plan.comparisons).toHaveLength(5);
    for (const { comparable, cost } of plan.comparisons) {
      expect(comparable).toBe(true);
      expect(cents(cost)).toBeGreaterThanOrEqual(cents(plan.cost.total));
    }
  });

  it('looks at five scenarios, and recommends a first run', () => {
    expect(plan.scenarios).toHaveLength(5);
    expect(plan.scenarios[0]).toMatchObject({ name: 'as expected', regret: '0.00' });
    // If receipts slip two weeks, wages can't be paid on time whatever is done now.
    expect(plan.scenarios[2]!.firstBreachByTier).toMatchObject({ '0': '2024-01-09' });
    expect(plan.recommendation!.payments.map(({ itemId }) => itemId)).toEqual(
      expect.arrayContaining(['UK wages 2023-10-31', 'US wages 2023-10-31']),
    );
  });

  it('states what an override costs as a fresh plan has it', async () => {
    const solver = await loadSolver();
    const known = decision('AWS-2023-09');
    expect(known).toMatchObject({ runnerUp: 'pay all of it; the cash for that is not there' });
    const quick = { newMoney: { amounts: [] }, scenarios: [], overrides: 0 };
    for (const itemId of ['CW-2023-09', 'UK wages 2023-12-31']) {
      const { flipsAt, runnerUp } = decision(itemId);
      const forced = runnerUp!.startsWith('leave')
        ? { forbid: [{ itemId }] }
        : { require: [{ itemId, ...(runnerUp!.includes('2023-10-31') ? { on: '2023-10-31' } : {}) }] };
      const fresh = await planCash(foundingCase({ ...quick, ...forced }), solver);
      const difference = cents(fresh.cost.total) - cents(plan.cost.total);
      expect(Math.abs(difference - cents(flipsAt!))).toBeLessThanOrEqual(0.001 * cents(plan.cost.total));
    }
  });

  it('balances: every row closes where the next one opens', () => {
    for (const [index, row] of plan.cash.entries()) {
      expect(cents(row.opening) + cents(row.receipts) - cents(row.outflows) - cents(row.payments)).toBe(
        cents(row.closing),
      );
      if (index > 0) expect(row.opening).toBe(plan.cash[index - 1]!.closing);
      expect(cents(row.headroom)).toBeGreaterThanOrEqual(0);
    }
  });
});
