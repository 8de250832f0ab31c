import { allocate, type NewAllocation, prefetchFor } from './allocations.js';
import type { LocalDate } from './calendar.js';
import { Amounts, type Decision, repeated, type Working } from './decision.js';
import type { Line } from './events.js';
import { checkAccounts, formatLines, mustAddUp, readLines } from './invoices.js';
import type { Amount, Currency } from './money.js';
import { reverseSource } from './payments.js';
import type { Reverse } from './reversals.js';

export interface PostCreditNote {
  readonly type: 'PostCreditNote';
  readonly id: string;
  readonly vendorId: string;
  readonly number: string;
  readonly date: LocalDate;
  readonly currency: Currency;
  readonly total: Amount;
  readonly lines?: readonly Line[];
  readonly allocations?: readonly NewAllocation[];
}
export type ReverseCreditNote = Reverse<'ReverseCreditNote', 'creditNoteId'>;
export type CreditNoteCommand = PostCreditNote | ReverseCreditNote;

export const decideCreditNote = (command: CreditNoteCommand, working: Working): Decision =>
  command.type === 'PostCreditNote' ? post(command, working) : reverse(command, working);

const post = (command: PostCreditNote, working: Working): Decision => {
  const { type: _, id, vendorId, allocations = [], lines, ...rest } = command;
  const subject = `credit-note/${id}` as const;
  prefetchFor(working, subject, vendorId, allocations);
  if (repeated(working, subject, { ...command })) return working.unchanged(subject);

  working.inBody(`vendor/${vendorId}`, 'unknown-vendor');
  const amounts = new Amounts(command.currency);
  const total = amounts.positive(command.total, '/total');
  const lineTotal = lines && readLines(amounts, lines);
  amounts.check();
  if (lines && lineTotal !== undefined) {
    checkAccounts(working, lines);
    mustAddUp(amounts, total, lineTotal);
  }
  const data = {
    ...rest,
    creditNoteId: id,
    vendorId,
    total: amounts.format(total),
    ...(lines && { lines: formatLines(amounts, lines) }),
  };
  working.emit({ type: 'CreditNotePosted', effectiveOn: working.mustBeOpen(command.date), data });
  allocations.forEach((allocation, i) =>
    allocate(working, { ...allocation, from: { creditNoteId: id } }, `/allocations/${i}`),
  );
  return working.decision(subject);
};

const reverse = (command: ReverseCreditNote, working: Working): Decision => {
  const creditNote = working.inPath(`credit-note/${command.creditNoteId}`);
  const on = reverseSource(command, creditNote, working);
  const data = { creditNoteId: creditNote.id, vendorId: creditNote.vendorId, reason: command.reason, on };
  working.emit({ type: 'CreditNoteReversed', effectiveOn: on, data });
  return working.decision(`credit-note/${creditNote.id}`);
};
