import type { DocumentName } from '../domain/events.js';
import { Column, TextColumn, type Texts } from './columns.js';
import { PrintMap } from './prints.js';

// What the rules keep of documents: a few numbers of each, in columns, since a log of a million events has as many. What
// is found is a view of one row, and may be thrown away.

/** What we owe on an invoice or charge, or what is left of a payment or credit note, by day. */
export class Account {
  constructor(
    private readonly of: Accounts,
    readonly row: number,
  ) {}

  get vendor(): string {
    return this.of.vendor.get(this.row);
  }
  get currency(): string {
    return this.of.currency.get(this.row);
  }
  get total(): number {
    return this.of.total.get(this.row);
  }
  /** The first day on which it counts. */
  get from(): string {
    return this.of.from.get(this.row);
  }
  /** Of the event that made it. */
  get position(): number {
    return this.of.position.get(this.row);
  }
  /** Whether it is a payment or credit note: what is left of it lessens what we owe. */
  get isCredit(): boolean {
    return this.of.isCredit.get(this.row) === 1;
  }
  get reversed(): boolean {
    return this.of.reversed.get(this.row) === 1;
  }
  set reversed(reversed: boolean) {
    this.of.reversed.set(this.row, reversed ? 1 : 0);
  }
  /** Allocations, write-offs and refunds that are in force. */
  get leaning(): number {
    return this.of.leaning.get(this.row);
  }
  set leaning(leaning: number) {
    this.of.leaning.set(this.row, leaning);
  }
  /** Our cash account that a payment was made from; empty if it does not say. */
  get bankAccount(): string {
    return this.of.bankAccount.get(this.row);
  }
  set bankAccount(bankAccount: string) {
    this.of.bankAccount.set(this.row, bankAccount);
  }
  /** The number of the last deferral that is in force; 0 if none is. */
  get deferral(): number {
    return this.of.deferral.get(this.row);
  }
  set deferral(deferral: number) {
    this.of.deferral.set(this.row, deferral);
  }
  /** The day of the latest deferral or withdrawal; empty before the first. */
  get deferredOn(): string {
    return this.of.deferredOn.get(this.row);
  }
  set deferredOn(day: string) {
    this.of.deferredOn.set(this.row, day);
  }

  /** From a day on there is more or less of it. */
  change(day: string, amount: number): void {
    this.of.change(this.row, day, amount);
  }

  openOn(day: string): number {
    return this.of.openOn(this.row, day);
  }

  /** The first day on which there is less than nothing of it. */
  firstDayBelowNothing(): string | undefined {
    return this.of.firstDayBelowNothing(this.row);
  }
}

export class Accounts {
  readonly #rows = new PrintMap();
  #count = 0;
  readonly vendor: TextColumn;
  readonly currency: TextColumn;
  readonly from: TextColumn;
  readonly bankAccount: TextColumn;
  readonly deferredOn: TextColumn;
  readonly total = new Column(Float64Array);
  readonly position = new Column(Uint32Array);
  readonly isCredit = new Column(Uint8Array);
  readonly reversed = new Column(Uint8Array);
  readonly leaning = new Column(Uint32Array);
  readonly deferral = new Column(Uint32Array);
  /** The first change of each account, and the one that follows each change by its day; 0 where none does. */
  readonly #firstChange = new Column(Uint32Array);
  readonly #nextChange = new Column(Uint32Array);
  readonly #day: TextColumn;
  readonly #amount = new Column(Float64Array);
  #changes = 0;

  constructor(texts: Texts) {
    this.vendor = new TextColumn(texts);
    this.currency = new TextColumn(texts);
    this.from = new TextColumn(texts);
    this.bankAccount = new TextColumn(texts);
    this.deferredOn = new TextColumn(texts);
    this.#day = new TextColumn(texts);
  }

  /** Of accounts; their rows count from 1. */
  get count(): number {
    return this.#count;
  }

  find(name: DocumentName): Account | undefined {
    return this.at(this.#rows.get(name));
  }

  /** @param row 0 for none */
  at(row: number): Account | undefined {
    return row === 0 ? undefined : new Account(this, row);
  }

  /** In place of an earlier one of the same name. */
  make(
    name: DocumentName,
    facts: Readonly<Pick<Account, 'vendor' | 'currency' | 'total' | 'from' | 'position' | 'isCredit'>>,
  ): Account {
    this.#count += 1;
    const row = this.#count;
    this.#rows.set(name, row);
    this.vendor.set(row, facts.vendor);
    this.currency.set(row, facts.currency);
    this.total.set(row, facts.total);
    this.from.set(row, facts.from);
    this.position.set(row, facts.position);
    this.isCredit.set(row, facts.isCredit ? 1 : 0);
    return new Account(this, row);
  }

  change(row: number, day: string, amount: number): void {
    let before = 0;
    let at = this.#firstChange.get(row);
    while (at !== 0 && this.#day.get(at) < day) {
      before = at;
      at = this.#nextChange.get(at);
    }
    if (at !== 0 && this.#day.get(at) === day) {
      this.#amount.set(at, this.#amount.get(at) + amount);
      return;
    }
    this.#changes += 1;
    const made = this.#changes;
    this.#day.set(made, day);
    this.#amount.set(made, amount);
    this.#nextChange.set(made, at);
    if (before === 0) this.#firstChange.set(row, made);
    else this.#nextChange.set(before, made);
  }

  openOn(row: number, day: string): number {
    let open = 0;
    for (let at = this.#firstChange.get(row); at !== 0 && this.#day.get(at) <= day; at = this.#nextChange.get(at))
      open += this.#amount.get(at);
    return open;
  }

  firstDayBelowNothing(row: number): string | undefined {
    let left = 0;
    for (let at = this.#firstChange.get(row); at !== 0; at = this.#nextChange.get(at)) {
      left += this.#amount.get(at);
      if (left < 0) return this.#day.get(at);
    }
    return undefined;
  }
}

/** Something that takes from an account: an allocation (from two of them), a write-off, a refund. */
export class Taking {
  constructor(
    private readonly of: Takings,
    private readonly row: number,
  ) {}

  get currency(): string {
    return this.of.currency.get(this.row);
  }
  get amount(): number {
    return this.of.amount.get(this.row);
  }
  get discount(): number {
    return this.of.discount.get(this.row);
  }
  /** How much of the discount is tax; undefined if it does not say. */
  get discountTax(): number | undefined {
    const tax = this.of.discountTax.get(this.row);
    return tax === 0 ? undefined : tax - 1;
  }
  get on(): string {
    return this.of.on.get(this.row);
  }
  /** Of the event that made it. */
  get position(): number {
    return this.of.position.get(this.row);
  }
  /** The payment or credit note that it uses up. */
  get from(): Account | undefined {
    return this.of.accounts.at(this.of.from.get(this.row));
  }
  /** The invoice or charge that it settles. */
  get to(): Account | undefined {
    return this.of.accounts.at(this.of.to.get(this.row));
  }
  get reversed(): boolean {
    return this.of.reversed.get(this.row) === 1;
  }
  set reversed(reversed: boolean) {
    this.of.reversed.set(this.row, reversed ? 1 : 0);
  }
}

export class Takings {
  readonly #rows = new PrintMap();
  #count = 0;
  readonly currency: TextColumn;
  readonly on: TextColumn;
  readonly amount = new Column(Float64Array);
  readonly discount = new Column(Float64Array);
  /** One more than it is; 0 for none. */
  readonly discountTax = new Column(Float64Array);
  readonly position = new Column(Uint32Array);
  readonly from = new Column(Uint32Array);
  readonly to = new Column(Uint32Array);
  readonly reversed = new Column(Uint8Array);

  constructor(
    readonly accounts: Accounts,
    texts: Texts,
  ) {
    this.currency = new TextColumn(texts);
    this.on = new TextColumn(texts);
  }

  find(name: DocumentName): Taking | undefined {
    const row = this.#rows.get(name);
    return row === 0 ? undefined : new Taking(this, row);
  }

  /** In place of an earlier one of the same name. */
  make(
    name: DocumentName,
    facts: Readonly<
      Pick<Taking, 'currency' | 'amount' | 'discount' | 'discountTax' | 'on' | 'position' | 'from' | 'to'>
    >,
  ): Taking {
    this.#count += 1;
    const row = this.#count;
    this.#rows.set(name, row);
    this.currency.set(row, facts.currency);
    this.amount.set(row, facts.amount);
    this.discount.set(row, facts.discount);
    this.discountTax.set(row, facts.discountTax === undefined ? 0 : facts.discountTax + 1);
    this.on.set(row, facts.on);
    this.position.set(row, facts.position);
    this.from.set(row, facts.from?.row ?? 0);
    this.to.set(row, facts.to?.row ?? 0);
    return new Taking(this, row);
  }
}
