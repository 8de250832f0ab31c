/** Small random plans, on a grid of whole amounts so that trying everything is possible. */
import { addDays } from '../../src/domain/calendar.js';
import type { Consequences, Cutoff, Offer, PlanInput, PlanItem } from '../../src/cash-priority/model.js';

/** A generator of numbers from 0 to 1 that is the same on every machine (mulberry32). */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const asOf = '2024-03-04';

/** Every amount of a sample is a multiple of this. */
export const grid = 100;

/** A plan of some bills and runs with every kind of consequence, small enough for brute force. */
export const tinyPlan = (seed: number): PlanInput => {
  const random = randomFrom(seed);
  const whole = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  const chance = (share: number): boolean => random() < share;
  const pick = <T>(...values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
  const amount = (units: number): string => `${units * grid}.00`;
  const percent = (most: number): string => (random() * most).toFixed(pick(0, 1, 2));
  const on = (day: number): string => addDays(asOf, day);

  const runCount = whole(2, 3);
  const runs: string[] = [];
  for (let run = 0, day = whole(0, 2); run < runCount; run += 1, day += whole(3, 9)) runs.push(on(day));
  const vendors = whole(1, 2);

  const consequences = (): Consequences => ({
    ...(chance(0.7) ? { tier: whole(0, 9) } : {}),
    ...(chance(0.2) ? { neverDefer: true } : {}),
    ...(chance(0.7) ? { lateInterest: { annualPercent: percent(90) } } : {}),
    ...(chance(0.2) ? { relationship: { annualPercent: percent(30) } } : {}),
    ...(chance(0.6)
      ? {
          steps: Array.from({ length: whole(1, 2) }, () => ({
            afterDays: whole(0, 20),
            ...(chance(0.7) ? { percent: percent(9) } : {}),
            ...(chance(0.5) ? { fixed: `${whole(1, 30)}.${whole(10, 99)}` } : {}),
            ...(chance(0.3) ? { annualPercent: percent(40) } : {}),
          })),
        }
      : {}),
    ...(chance(0.3) ? { unpaidAtEndPercent: percent(60) } : {}),
    ...(chance(0.5)
      ? {
          partial: {
            ...(chance(0.3) ? { allowed: false } : {}),
            ...(chance(0.4) ? { minimum: amount(whole(1, 2)) } : {}),
            ...(chance(0.4) ? { maxPayments: whole(1, 2) } : {}),
          },
        }
      : {}),
  });

  const items = Array.from({ length: whole(2, 4) }, (_, place): PlanItem => {
    const two = chance(0.15);
    const instalments = Array.from({ length: two ? 2 : 1 }, () => {
      const units = whole(1, two ? 2 : 3);
      const due = on(whole(-15, 30));
      return {
        dueOn: due,
        originalDueOn: due,
        plannedOn: due,
        amount: amount(units),
        ...(chance(0.1) ? { disputed: amount(whole(1, units)) } : {}),
      };
    });
    const open = instalments.reduce((sum, each) => sum + Number(each.amount), 0) / grid;
    const offers: Offer[] = [];
    if (chance(0.15)) {
      const first = whole(0, open);
      offers.push({
        id: `offer ${place}`,
        cost: `${whole(0, 40)}.00`,
        curesCutoffs: chance(0.5),
        schedule: [
          { on: on(whole(0, 10)), amount: amount(first) },
          { on: on(whole(11, 60)), amount: amount(open - first) },
        ].filter((each) => each.amount !== '0.00'),
        ...(chance(0.2) ? { validUntil: on(whole(-2, 3)) } : {}),
      });
    }
    return {
      itemId: `item ${place}`,
      kind: pick('invoice', 'charge', 'expected'),
      vendorId: `vendor ${whole(1, vendors)}`,
      number: `No ${place}`,
      instalments,
      consequences: consequences(),
      ...(chance(0.12)
        ? { hold: { reason: 'being looked at', ...(chance(0.6) ? { until: on(whole(1, 20)) } : {}) } }
        : {}),
      ...(chance(0.2) && open > 1 ? { discount: { until: on(whole(-2, 15)), amount: amount(1) } } : {}),
      ...(offers.length > 0 ? { offers } : {}),
    };
  });

  const cutoffs = (): Cutoff[] =>
    Array.from({ length: chance(0.5) ? whole(1, 2) : 0 }, (_, place) => ({
      name: `stops ${place}`,
      on: on(whole(-5, 30)),
      overdueDays: whole(0, 15),
      ...(chance(0.6) ? { tolerance: amount(whole(0, 3)) } : {}),
      cost: `${whole(0, 90)}.00`,
      ...(chance(0.5) ? { weekly: `${whole(0, 30)}.00` } : {}),
    }));

  return {
    asOf,
    position: 1,
    currency: 'USD',
    request: {
      runs,
      ...(chance(0.3) ? { minimumBalance: amount(whole(0, 4)) } : {}),
      ...(chance(0.5) ? { horizonEnd: addDays(runs.at(-1)!, whole(0, 20)) } : {}),
      ...(chance(0.1) ? { require: [{ itemId: items[0]!.itemId, ...(chance(0.5) ? { on: runs.at(-1)! } : {}) }] } : {}),
      ...(chance(0.1) ? { forbid: [{ itemId: items.at(-1)!.itemId }] } : {}),
      scenarios: [],
      newMoney: { amounts: [] },
      overrides: 0,
    },
    vendors: Array.from({ length: vendors }, (_, place) => ({
      id: `vendor ${place + 1}`,
      name: `Vendor ${place + 1}`,
      cutoffs: cutoffs(),
    })),
    items,
    accounts: [{ account: 'bank', on: asOf, balance: amount(whole(0, 6)), paidSince: '0.00' }],
    flows: Array.from({ length: whole(0, 3) }, (_, place) => ({
      id: `flow ${place}`,
      direction: chance(0.7) ? ('receipt' as const) : ('outflow' as const),
      on: on(whole(-3, 30)),
      amount: amount(whole(1, 3)),
      certainty: pick('1', '0.9', '0.3'),
    })),
  };
};

/** The same plan with odd cents everywhere, so that nothing falls on the grid. */
export const offGrid = (input: PlanInput, seed: number): PlanInput => {
  const random = randomFrom(seed ^ 0x5eed);
  const odd = (text: string): string => (Number(text) + Math.floor(random() * 9999) / 100).toFixed(2);
  return {
    ...input,
    accounts: input.accounts.map((account) => ({ ...account, balance: odd(account.balance) })),
    flows: input.flows.map((flow) => ({ ...flow, amount: odd(flow.amount) })),
    items: input.items.map(({ offers: _, ...item }) => ({
      ...item,
      instalments: item.instalments.map((each) => ({ ...each, amount: odd(each.amount) })),
    })),
  };
};

/** The same facts in another order. */
export const shuffled = (input: PlanInput, seed: number): PlanInput => {
  const random = randomFrom(seed);
  const mix = <T>(list: readonly T[]): T[] =>
    list
      .map((value) => ({ value, key: random() }))
      .sort((a, b) => a.key - b.key)
      .map(({ value }) => value);
  return {
    ...input,
    vendors: mix(input.vendors).map((vendor) => ({
      ...vendor,
      ...(vendor.cutoffs ? { cutoffs: mix(vendor.cutoffs) } : {}),
    })),
    items: mix(input.items).map((item) => ({
      ...item,
      instalments: mix(item.instalments),
      consequences: {
        ...item.consequences,
        ...(item.consequences.steps ? { steps: mix(item.consequences.steps) } : {}),
      },
      ...(item.offers ? { offers: mix(item.offers) } : {}),
    })),
    flows: mix(input.flows),
    accounts: mix(input.accounts),
  };
};
