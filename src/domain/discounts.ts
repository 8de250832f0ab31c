import { addDays, daysBetween, lastDay, type LocalDate } from './calendar.js';
import { formatMinor, least, type Minor, most, parseMinor, sum } from './money.js';
import type { Invoice, Item } from './open-item.js';
import { reject } from './rejection.js';
import type { DataOf } from './events.js';

// Settlement discounts: what a vendor lets us off for paying early, by the terms that an invoice was posted under.

/** A settlement discount that terms give. */
interface DiscountTerms {
  /** The last day on which a payment earns it. */
  readonly until: LocalDate;
  /** In hundredths of one per cent. */
  readonly percent: bigint;
}

/** What the terms of an invoice give for paying early; undefined if nothing. */
export const discountTermsOf = ({
  invoiceDate,
  terms,
}: Pick<DataOf<'InvoicePosted'>, 'invoiceDate' | 'terms'>): DiscountTerms | undefined => {
  if (!terms?.discount) return undefined;
  const { percent, days } = terms.discount;
  const until = daysBetween(invoiceDate, lastDay) < days ? lastDay : addDays(invoiceDate, days);
  return { until, percent: hundredths(percent) };
};

/** A percentage with at most two decimals, in hundredths of one per cent. @example hundredths('2.5') // 250n */
export const hundredths = (percent: string): bigint => {
  const [whole = '0', fraction = ''] = percent.split('.');
  return BigInt(whole + fraction.padEnd(2, '0'));
};

/** `amount` × `share` ÷ `whole`, rounded half up. None is below zero, `whole` is above it. */
const shareOf = (amount: Minor, share: bigint, whole: bigint): Minor => (2n * amount * share + whole) / (2n * whole);

const offOf = (settled: Minor, { percent }: DiscountTerms): Minor => shareOf(settled, percent, 10_000n);

/** The allocations of an item that are in force and took a discount. */
const takenOf = ({ reductions }: Item): Item['reductions'] =>
  reductions.filter(({ endedOn, discount }) => endedOn === undefined && discount > 0n);

/**
 * A discount is taken in time and for what it settles. Each allocation takes its share of what it settles, cash and
 * discount together; all of one invoice take no more than their share of all that they settle, so that rounding many
 * parts gains nothing. Without terms the discount is what the vendor granted, whatever that was.
 *
 * @param amount the cash beside the discount
 * @param paidOn the day on which the payment was made
 * @throws {Rejection} `discount-expired`, `over-discounted`
 */
export const mustBeEarned = (item: Item, discount: Minor, amount: Minor, paidOn: LocalDate): void => {
  const terms = item.kind === 'invoice' ? discountTermsOf(item.posted) : undefined;
  if (!terms) return;
  if (paidOn > terms.until) {
    const detail = `The terms of invoice ${item.id} give a discount on what is paid by ${terms.until}; the payment is of ${paidOn}. Leave the discount out, or have the vendor issue a credit note.`;
    reject('discount-expired', detail, { paidOn, lastDay: terms.until });
  }
  const taken = takenOf(item);
  const settled = discount + amount;
  const ofAll = offOf(settled + sum(taken.map((one) => one.amount)), terms) - sum(taken.map((one) => one.discount));
  const allowed = most(0n, least(offOf(settled, terms), ofAll));
  if (discount > allowed) {
    const format = (minor: Minor): string => formatMinor(minor, item.currency);
    const { percent } = (item as Invoice).posted.terms!.discount!;
    const detail = `The terms of invoice ${item.id} give ${percent} %: ${format(allowed)} where ${format(settled)} is settled, discount included. Take no more than that, or have the vendor issue a credit note.`;
    reject('over-discounted', detail, { allowed: format(allowed), asked: format(discount), settled: format(settled) });
  }
};

/**
 * The part of a discount that is tax: the invoice's own share of tax. The parts of all discounts of one invoice add up
 * to the tax in their sum, each rounded half up.
 */
export const taxIn = (item: Item, discount: Minor): Minor => {
  if (item.kind !== 'invoice') return 0n;
  const { lines, currency } = item.posted;
  const tax = sum(lines.map((line) => (line.tax === undefined ? 0n : parseMinor(line.tax, currency))));
  // With lines below zero the taxes can be so too, or exceed the total.
  const share = least(most(tax, 0n), item.total);
  const split = takenOf(item).flatMap(({ discount: off, discountTax }) =>
    discountTax === undefined ? [] : [{ off, discountTax }],
  );
  const inAll = shareOf(discount + sum(split.map(({ off }) => off)), share, item.total);
  return most(0n, least(discount, inAll - sum(split.map(({ discountTax }) => discountTax))));
};
