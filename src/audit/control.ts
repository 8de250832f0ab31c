import type { DataOf } from '../domain/events.js';
import { parseMinor } from '../domain/money.js';
import type { Account } from './accounts.js';
import { TextColumn, type Texts } from './columns.js';

/** Judges who does what: approvals, and what the policy asks for before a bill is paid. By the rows of accounts. */
export class Control {
  /** By currency, in minor units: an invoice of more needs an approval. */
  #approvalAbove = new Map<string, number>();
  /** Who recorded each document. */
  readonly #by: TextColumn;
  readonly #correctors = new Map<number, Set<string>>();
  readonly #approvers = new Map<number, Set<string>>();

  /** @param fault takes what is wrong with the event at hand */
  constructor(
    texts: Texts,
    private readonly fault: (text: string) => void,
  ) {
    this.#by = new TextColumn(texts);
  }

  set({ approvalAbove }: DataOf<'PolicySet'>): void {
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
    const correctors = setIn(this.#correctors, invoice.row).add(personId);
    if (creditNote) correctors.add(this.#by.get(creditNote.row));
  }

  approved(invoice: Account, personId: string, openInTheEnd: number): void {
    const approvers = setIn(this.#approvers, invoice.row);
    if (invoice.reversed) this.fault('approves an invoice that is reversed');
    else if (openInTheEnd <= 0) this.fault('approves an invoice of which nothing is open');
    if (this.#by.get(invoice.row) === personId) this.fault(`is ${personId}'s approval of what they entered`);
    if (this.#correctors.get(invoice.row)?.has(personId))
      this.fault(`is ${personId}'s approval of what they corrected`);
    if (approvers.has(personId)) this.fault(`is ${personId}'s second approval of the same invoice`);
    approvers.add(personId);
  }

  paid(invoice: Account): void {
    const limit = this.#approvalAbove.get(invoice.currency);
    const isApproved = (this.#approvers.get(invoice.row)?.size ?? 0) > 0;
    if (limit !== undefined && invoice.total > limit && !isApproved)
      this.fault('pays an invoice that needs an approval and has none');
  }
}

const setIn = (sets: Map<number, Set<string>>, row: number): Set<string> => {
  const set = sets.get(row) ?? new Set();
  sets.set(row, set);
  return set;
};
