import type { DataOf } from '../domain/events.js';
import { parseMinor } from '../domain/money.js';
import type { Account } from './accounts.js';
import { TextColumn, type Texts } from './columns.js';

/** Judges who does what: approvals, and what the policy asks for before a bill is paid. By the rows of accounts. */
export class Control {
  /** By currency, in minor units: an invoice of more needs an approval. */
  #approvalAbove = new Map<string, number>();
  #twoPersonPayment = false;
  /** How many days after their approval bank details may be paid to. */
  bankChangeWaitingDays = 0;
  /** Who recorded each document. */
  readonly #by: TextColumn;
  readonly #correctors: People;
  readonly #approvers: People;
  readonly #payers: People;

  /** @param fault takes what is wrong with the event at hand */
  constructor(
    texts: Texts,
    private readonly fault: (text: string) => void,
  ) {
    this.#by = new TextColumn(texts);
    this.#correctors = new People(texts);
    this.#approvers = new People(texts);
    this.#payers = new People(texts);
  }

  set({ approvalAbove, twoPersonPayment = false, bankChangeWaitingDays = 0 }: DataOf<'PolicySet'>): void {
    this.#twoPersonPayment = twoPersonPayment;
    this.bankChangeWaitingDays = bankChangeWaitingDays;
    this.#approvalAbove = new Map();
    for (const { currency, amount } of approvalAbove) {
      const limit = Number(parseMinor(amount, currency));
      if (limit < 0) this.fault(`asks for an approval above ${amount} ${currency}, which is below zero`);
      if (this.#approvalAbove.has(currency)) this.fault(`names ${currency} twice`);
      this.#approvalAbove.set(currency, limit);
    }
  }

  made({ row }: Account, personId: string): void {
    this.#by.set(row, personId);
  }

  /** A credit note is set against an invoice, or what was set is taken back. */
  corrected(invoice: Account, creditNote: Account | undefined, personId: string): void {
    this.#correctors.add(invoice, personId);
    if (creditNote) this.#correctors.add(invoice, this.#by.get(creditNote.row));
  }

  approved(invoice: Account, personId: string, openInTheEnd: number): void {
    if (invoice.reversed) this.fault('approves an invoice that is reversed');
    else if (openInTheEnd <= 0) this.fault('approves an invoice of which nothing is open');
    if (this.#by.get(invoice.row) === personId) this.fault(`is ${personId}'s approval of what they entered`);
    if (this.#correctors.has(invoice, personId)) this.fault(`is ${personId}'s approval of what they corrected`);
    if (this.#approvers.has(invoice, personId)) this.fault(`is ${personId}'s second approval of the same invoice`);
    if (this.#twoPersonPayment && this.#payers.has(invoice, personId))
      this.fault(`is ${personId}'s approval of what they paid`);
    this.#approvers.add(invoice, personId);
  }

  paid(invoice: Account, payment: Account, personId: string): void {
    const limit = this.#approvalAbove.get(invoice.currency);
    if (limit !== undefined && invoice.total > limit && this.#approvers.of(invoice).length === 0)
      this.fault('pays an invoice that needs an approval and has none');
    for (const payer of new Set([personId, this.#by.get(payment.row)])) {
      this.#payers.add(invoice, payer);
      if (this.#twoPersonPayment && this.#isAlone(invoice, payer))
        this.fault(`is ${payer}'s alone, and takes two people`);
    }
  }

  /** Whether somebody entered or approved an invoice, and nobody else has approved it. */
  #isAlone(invoice: Account, personId: string): boolean {
    const approvers = this.#approvers.of(invoice);
    if (approvers.some((approver) => approver !== personId)) return false;
    return approvers.length > 0 || this.#by.get(invoice.row) === personId;
  }
}

/** Some people for each of many accounts: mostly none or one, which takes no more than a number. */
class People {
  readonly #first: TextColumn;
  readonly #others = new Map<number, Set<string>>();

  constructor(texts: Texts) {
    this.#first = new TextColumn(texts);
  }

  of({ row }: Account): string[] {
    const first = this.#first.get(row);
    return first === '' ? [] : [first, ...(this.#others.get(row) ?? [])];
  }

  has(account: Account, personId: string): boolean {
    return this.of(account).includes(personId);
  }

  add(account: Account, personId: string): void {
    const { row } = account;
    if (this.has(account, personId)) return;
    if (this.#first.get(row) === '') this.#first.set(row, personId);
    else this.#others.set(row, (this.#others.get(row) ?? new Set()).add(personId));
  }
}
