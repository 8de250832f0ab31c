/** What is said of a bill for which there is not enough cash. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Consequences, PlanAnswer, PlanInput } from './model.js';
import { planCash } from './plan.js';
import { loadSolver, type Solver } from './solver.js';

let solver: Solver;
beforeAll(async () => {
  solver = await loadSolver();
});

const day = '2026-11-26';
const invoice = (itemId: string, amount: string, consequences: Consequences): PlanInput['items'][number] => ({
  itemId,
  kind: 'invoice',
  vendorId: 'v',
  number: `No ${itemId}`,
  instalments: [{ dueOn: '2026-10-31', originalDueOn: '2026-10-31', plannedOn: '2026-10-31', amount }],
  consequences,
});
const interest: Consequences = { lateInterest: { annualPercent: '36.50' } };

const planned = (
  balance: string,
  items: PlanInput['items'],
  request: PlanInput['request'] = {},
  flows: PlanInput['flows'] = [],
): Promise<PlanAnswer> =>
  planCash(
    {
      asOf: day,
      position: 1,
      currency: 'USD',
      request: { periods: 2, scenarios: [], newMoney: { amounts: [] }, overrides: 0, ...request },
      vendors: [{ id: 'v', name: 'V' }],
      items,
      accounts: [{ account: 'bank', on: day, balance, paidSince: '0.00' }],
      flows,
    },
    solver,
  );
const reasons = ({ decisions }: PlanAnswer): string[] => decisions.map(({ reason }) => reason);

describe('what is required', () => {
  it('and can not all be paid is told per item, with the day and the amount that is short then', async () => {
    const items = [invoice('t', '200.00', interest), invoice('u', '500.00', interest)];
    const plan = await planned('100.00', items, { require: [{ itemId: 'u', on: '2026-11-30' }] }, [
      { id: 'r', direction: 'receipt', on: '2026-12-01', amount: '50.00' },
    ]);
    expect(plan.impossible).toEqual([
      {
        what: 'required',
        itemId: 'u',
        on: day,
        amount: '400.00',
        detail:
          "No u is required by 2026-11-26, but USD 400.00 of USD 500.00 can't be paid by then without breaking the reserve, a never-defer tier or something else that is required.",
      },
    ]);
    expect(reasons(plan)[1]).toBe(
      "Required by 2026-11-26, but USD 400.00 of USD 500.00 can't be paid by then: the balance has to keep the reserve of USD 0.00.",
    );
  });

  it('and can be paid is told with its day, and so is what has no cash at all', async () => {
    const items = [invoice('u', '500.00', interest)];
    const met = await planned('500.00', items, { require: [{ itemId: 'u' }] });
    expect([met.impossible, reasons(met)]).toEqual([[], ['Required by the request, and paid by 2026-12-03.']]);
    const none = await planned('90.00', items, { require: [{ itemId: 'u' }], minimumBalance: '90.00' });
    expect(none.impossible).toMatchObject([{ what: 'required', itemId: 'u', on: '2026-12-03', amount: '500.00' }]);
    expect(reasons(none)).toEqual([
      "Required by 2026-12-03, but USD 500.00 of USD 500.00 can't be paid by then: there is no cash for it on any run: the balance has to keep the reserve of USD 90.00.",
    ]);
  });

  it('says what else takes the cash, or from when there is any', async () => {
    const items = [invoice('u', '500.00', interest), invoice('w', '80.00', { tier: 0, neverDefer: true })];
    const plan = await planned('100.00', items, { require: [{ itemId: 'u' }] });
    expect(reasons(plan)[0]).toBe(
      "Required by 2026-12-03, but USD 480.00 of USD 500.00 can't be paid by then: the balance has to keep the reserve of USD 0.00, and something else is never deferred or required too.",
    );
    const later = await planned('0.00', [items[0]!], { require: [{ itemId: 'u', on: day }] }, [
      { id: 'r', direction: 'receipt', on: '2026-12-01', amount: '900.00' },
    ]);
    expect(reasons(later)[0]).toContain(
      "can't be paid by then: there is no cash for it before 2026-12-03: the balance",
    );
  });

  it('is told where it is never deferred too', async () => {
    const items = [invoice('u', '500.00', { tier: 0, neverDefer: true })];
    const plan = await planned('100.00', items, { require: [{ itemId: 'u' }] });
    expect(plan.impossible).toMatchObject([
      { what: 'never-defer', tier: 0 },
      { what: 'required', itemId: 'u', amount: '400.00' },
    ]);
    expect(reasons(plan)[0]).toMatch(/^Tier 0 is never deferred, .* Required by 2026-12-03, but USD 400\.00 of /);
  });
});

describe('a bill that waits', () => {
  it('has no other bill to blame where there is no cash for it', async () => {
    const plan = await planned('50.00', [invoice('i', '500.00', interest)], { minimumBalance: '50.00' });
    expect(reasons(plan)).toEqual([
      'Not paying costs USD 7.00 more than paying now, but there is no cash for it on any run: the balance has to keep the reserve of USD 50.00.',
    ]);
    const wages = invoice('w', '50.00', { tier: 0, neverDefer: true });
    expect(reasons(await planned('50.00', [invoice('i', '500.00', interest), wages]))[0]).toBe(
      'Not paying costs USD 7.00 more than paying now, but the cash goes to what is never deferred or required.',
    );
    const whole = await planned('499.99', [invoice('i', '500.00', { ...interest, partial: { allowed: false } })]);
    expect(reasons(whole)[0]).toContain('there is no cash for it on any run');
  });

  it('is compared with the first run that has cash for it, and with what is paid instead', async () => {
    const items = [
      invoice('dear', '100.00', { lateInterest: { annualPercent: '73.00' } }),
      invoice('i', '500.00', interest),
    ];
    expect(reasons(await planned('100.00', items))[1]).toBe(
      'Not paying costs USD 7.00 more than paying now, and ties up no cash; a unit of cash saves 0.0140 or more elsewhere.',
    );
    const later = await planned('0.00', items, {}, [
      { id: 'r', direction: 'receipt', on: '2026-12-01', amount: '100.00' },
    ]);
    expect(reasons(later)[1]).toBe(
      'Not paying costs USD 3.50 more than paying on 2026-12-03 (no earlier run has cash for it), and ties up no cash; a unit of cash saves 0.0070 or more elsewhere.',
    );
  });

  it('is late for want of cash where nothing comes before it, though it is never deferred', async () => {
    const wages = invoice('w', '500.00', { tier: 0, neverDefer: true });
    expect(reasons(await planned('0.00', [wages]))).toEqual([
      'Tier 0 is never deferred, but the cash is not there: there is no cash for it on any run: the balance has to keep the reserve of USD 0.00.',
    ]);
    expect(reasons(await planned('100.00', [wages]))).toEqual([
      'Tier 0 is never deferred, but the cash is not there: USD 100.00 is paid, the last of it on 2026-11-26, for the balance has to keep the reserve of USD 0.00.',
    ]);
    const taxes = invoice('x', '500.00', { tier: 1, neverDefer: true });
    expect(reasons(await planned('100.00', [wages, taxes]))[1]).toBe(
      'Tier 1 is never deferred, but the cash is not there: nothing can be paid beside what else is never deferred up to this tier.',
    );
  });
});
