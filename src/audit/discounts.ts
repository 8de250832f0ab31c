import { addDays, daysBetween, lastDay } from '../domain/calendar.js';
import type { DataOf } from '../domain/events.js';
import { parseMinor } from '../domain/money.js';
import type { Account, Taking } from './accounts.js';
import { Column, TextColumn, type Texts } from './columns.js';

/** What the discounts of one invoice that are in force add up to. */
interface Taken {
  /** Cash and discount together. */
  settled: number;
  off: number;
  /** The part of `off` whose tax was parted, and that tax. */
  parted: number;
  tax: number;
}

type Discount = Pick<Taking, 'amount' | 'discount' | 'discountTax'>;

/**
 * Judges settlement discounts by the terms that an invoice was posted under. Those that were recorded before there was
 * this rule do not say how much of them is tax: they count and are not judged.
 */
export class DiscountRules {
  readonly #tax = new Column(Float64Array);
  /** In hundredths of one per cent, and the last day; an empty day where the terms give no discount. */
  readonly #percent = new Column(Uint32Array);
  readonly #until: TextColumn;
  readonly #taken = new Map<number, Taken>();

  /** @param fault takes what is wrong with the event at hand */
  constructor(
    texts: Texts,
    private readonly fault: (text: string) => void,
  ) {
    this.#until = new TextColumn(texts);
  }

  posted({ row, total }: Account, { lines, currency, invoiceDate, terms }: DataOf<'InvoicePosted'>): void {
    const tax = lines.reduce((sum, line) => sum + (line.tax ? Number(parseMinor(line.tax, currency)) : 0), 0);
    // What a line below zero makes of it is cut at nothing and at the total.
    this.#tax.set(row, Math.min(Math.max(tax, 0), total));
    if (!terms?.discount) return;
    const { percent, days } = terms.discount;
    this.#percent.set(row, Math.round(Number(percent) * 100));
    this.#until.set(row, days > daysBetween(invoiceDate, lastDay) ? lastDay : addDays(invoiceDate, days));
  }

  /** @param paidOn the day of the payment */
  took({ row, total }: Account, { amount, discount, discountTax }: Discount, paidOn: string): void {
    const taken = this.#taken.get(row) ?? { settled: 0, off: 0, parted: 0, tax: 0 };
    this.#taken.set(row, taken);
    taken.settled += amount + discount;
    taken.off += discount;
    if (discountTax === undefined) return;
    taken.parted += discount;
    taken.tax += discountTax;
    const until = this.#until.get(row);
    const percent = this.#percent.get(row);
    if (until !== '') {
      if (paidOn > until)
        this.fault(`takes a discount for what was paid on ${paidOn}, which was to be had until ${until}`);
      const tooMuch = (off: number, settled: number): boolean => off > halfUp(settled, percent, 10_000);
      if (tooMuch(discount, amount + discount) || tooMuch(taken.off, taken.settled))
        this.fault(`takes a discount of more than the ${percent / 100} % of its invoice's terms`);
    }
    const expected = halfUp(taken.parted, this.#tax.get(row), total) - (taken.tax - discountTax);
    if (discountTax !== Math.min(Math.max(expected, 0), discount))
      this.fault('has as the tax in its discount what is not the share of tax in its invoice');
  }

  gaveBack({ row }: Account, { amount, discount, discountTax }: Discount): void {
    const taken = this.#taken.get(row)!;
    taken.settled -= amount + discount;
    taken.off -= discount;
    if (discountTax === undefined) return;
    taken.parted -= discount;
    taken.tax -= discountTax;
  }
}

/** `amount` × `share` ÷ `whole`, half a unit counting as one. The product may be past what a number holds exactly. */
const halfUp = (amount: number, share: number, whole: number): number => {
  const product = BigInt(amount) * BigInt(share);
  const rest = product % BigInt(whole);
  return Number(product / BigInt(whole)) + (rest * 2n >= BigInt(whole) ? 1 : 0);
};
