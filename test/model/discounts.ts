import { addDays, type Day } from './calendar.js';
import { factsOf, same, type Allocated, type Known, type Posted } from './facts.js';
import { sum } from './money.js';
import { allocationEnd } from './open-items.js';

// What terms give for paying early, in minor units.

/** The last day on which a payment earns the discount of an invoice's terms. */
export const lastDayFor = ({ datedOn, discount }: Posted): Day | undefined =>
  discount && addDays(datedOn, discount.days);

/** Rounded to the nearest, and up from the half on. */
const nearest = (numerator: bigint, denominator: bigint): bigint => {
  const rest = numerator % denominator;
  return (numerator - rest) / denominator + (rest + rest >= denominator ? 1n : 0n);
};

/** The allocations of an item with a discount that nothing has ended so far. */
const discounted = (known: Known, { item }: Posted): Allocated[] =>
  factsOf(known, 'Allocated').filter(
    (fact) => fact.discount > 0n && same(fact.to, item) && allocationEnd(known, fact) === undefined,
  );

/** Whether the terms give a discount on what it settles, amount and discount together; without any they never say no. */
export const isWithinTerms = (
  known: Known,
  posted: Posted,
  { amount, discount }: Pick<Allocated, 'amount' | 'discount'>,
): boolean => {
  if (!posted.discount) return true;
  const [whole = '', fraction = ''] = posted.discount.percent.split('.');
  const percent = BigInt(whole) * 100n + BigInt(fraction.padEnd(2, '0'));
  const all = [{ amount, discount }, ...discounted(known, posted)];
  return [[all[0]!], all].every(
    (some) =>
      sum(some.map((one) => one.discount)) <=
      nearest(sum(some.map((one) => one.amount + one.discount)) * percent, 10_000n),
  );
};

/** How much of a discount is tax: so much that all of them together have the invoice's share, to the nearest. */
export const taxIn = (known: Known, posted: Posted, discount: bigint): bigint => {
  if (posted.item.type !== 'invoice') return 0n;
  const tax = sum(posted.contra.filter(({ account }) => account === 'tax').map(({ amount }) => amount));
  const before = discounted(known, posted);
  const share = tax < 0n ? 0n : tax > posted.amount ? posted.amount : tax;
  const inAll = nearest(sum([discount, ...before.map((fact) => fact.discount)]) * share, posted.amount);
  const left = inAll - sum(before.map((fact) => fact.discountTax));
  return left < 0n ? 0n : left > discount ? discount : left;
};
