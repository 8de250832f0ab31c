/** A company's bills in the shape that real ones have: a few large, many small, tiers, and vendors that can stop us. */
import { addDays } from '../../src/domain/calendar.js';
import { randomFrom } from './plan-samples.js';
import type { Consequences, PlanInput, PlanItem, PlanVendor } from '../../src/cash-priority/model.js';

export interface Shape {
  readonly seed: number;
  readonly bills: number;
  readonly cutoffs: number;
  /** Cash over the horizon as a share of what falls due in it. */
  readonly cash: number;
}

const asOf = '2024-01-08';

export const companyPlan = ({ seed, bills, cutoffs, cash }: Shape): PlanInput => {
  const random = randomFrom(seed);
  const whole = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  const chance = (share: number): boolean => random() < share;
  const pick = <T>(...values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  // Log-normal with a heavy tail, from some tens to some hundred thousands.
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const amountOf = (): number => Math.max(20, Math.round(Math.exp(7.5 + 1.6 * normal()) * 100) / 100);
  const text = (value: number): string => value.toFixed(2);
  const on = (day: number): string => addDays(asOf, day);

  const vendorCount = Math.max(cutoffs * 2, Math.ceil(bills / 12));
  const vendorOf = (): number => Math.floor(vendorCount * random() ** 1.5);
  const terms: Consequences[] = Array.from({ length: vendorCount }, () => {
    const tier = pick(2, 3, 4, 5, 5, 5, 5, 5);
    return {
      tier,
      lateInterest: { annualPercent: text(pick(0, 0, 4, 8, 8, 12.5, 18, 24)) },
      ...(chance(0.4) ? { relationship: { annualPercent: text(pick(2, 5, 10)) } } : {}),
      ...(chance(0.35)
        ? {
            steps: [
              {
                afterDays: pick(0, 15, 30),
                percent: text(pick(1, 2, 3, 5)),
                ...(chance(0.3) ? { fixed: '40.00' } : {}),
              },
            ],
          }
        : {}),
      ...(chance(0.15) ? { unpaidAtEndPercent: text(pick(5, 10, 20)) } : {}),
      ...(chance(0.3)
        ? { partial: { allowed: false } }
        : chance(0.4)
          ? { partial: { allowed: true, minimum: '500.00', maxPayments: 3 } }
          : {}),
    };
  });
  const items: PlanItem[] = [];
  let due = 0;
  for (let place = 0; place < bills; place += 1) {
    const vendor = vendorOf();
    const amount = amountOf();
    const dueOn = on(whole(-60, 85));
    due += amount;
    items.push({
      itemId: `bill-${String(place).padStart(6, '0')}`,
      kind: 'invoice',
      vendorId: `vendor-${vendor}`,
      number: `B${place}`,
      instalments: [{ dueOn, originalDueOn: dueOn, plannedOn: dueOn, amount: text(amount) }],
      consequences: terms[vendor]!,
      ...(chance(0.05) ? { discount: { until: on(whole(0, 30)), amount: text(Math.floor(amount * 2) / 100) } } : {}),
      ...(chance(0.01) ? { hold: { reason: 'no goods receipt' } } : {}),
    });
  }
  // Wages every other week, never deferred, and the tax withheld from them.
  for (let week = 0; week < 13; week += 2) {
    const wages = Math.round(due * 0.012);
    for (const [name, tier, share] of [
      ['wages', 0, 1],
      ['withheld', 1, 0.35],
    ] as const)
      items.push({
        itemId: `${name}-${week}`,
        kind: 'expected',
        vendorId: name,
        number: `${name} ${week}`,
        instalments: [
          {
            dueOn: on(week * 7 + 4),
            originalDueOn: on(week * 7 + 4),
            plannedOn: on(week * 7 + 4),
            amount: text(wages * share),
          },
        ],
        consequences: { tier, neverDefer: true, steps: [{ afterDays: 0, percent: tier === 0 ? '100.00' : '2.00' }] },
      });
  }
  const owed = new Map<string, number>();
  for (const { vendorId, instalments } of items)
    owed.set(vendorId, (owed.get(vendorId) ?? 0) + Number(instalments[0]!.amount));
  const vendors: PlanVendor[] = Array.from({ length: vendorCount }, (_, place) => {
    const total = owed.get(`vendor-${place}`) ?? 0;
    return {
      id: `vendor-${place}`,
      name: `Vendor ${place}`,
      ...(place < cutoffs
        ? {
            cutoffs: [
              {
                name: `Vendor ${place} stops`,
                on: on(whole(7, 80)),
                overdueDays: pick(0, 15, 30),
                tolerance: text(Math.round(total * pick(0, 0, 0.1, 0.25))),
                cost: text(Math.round(total * (0.2 + random()))),
                ...(chance(0.6) ? { weekly: text(Math.round(total * 0.03)) } : {}),
              },
            ],
          }
        : {}),
    };
  });
  const weekly = (due * (1 + 0.012 * 7 * 1.35) * cash) / 13;
  return {
    asOf,
    position: bills,
    currency: 'USD',
    request: { minimumBalance: text(weekly / 4), scenarios: [], newMoney: { amounts: [] }, overrides: 0 },
    vendors: [...vendors, { id: 'wages', name: 'Wages' }, { id: 'withheld', name: 'Withheld tax' }],
    items,
    accounts: [{ account: 'bank', on: asOf, balance: text(weekly * 1.5), paidSince: '0.00' }],
    flows: Array.from({ length: 13 }, (_, week) => ({
      id: `receipts-${week}`,
      direction: 'receipt' as const,
      on: on(week * 7 + 2),
      amount: text(weekly * (0.6 + 0.8 * random())),
      certainty: '0.9',
    })),
  };
};
