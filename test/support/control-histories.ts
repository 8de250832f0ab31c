/**
 * Random histories of a ledger that asks for something: several persons who may each do everything, policies that come and
 * go, bills that wait for an approval or are on hold, and months that are closed and reopened. What fast-check draws are
 * dice; what they mean is decided by the books as they stand.
 */
import fc from 'fast-check';
import type { Command } from '../../src/domain/decider.js';
import { formatMinor } from '../../src/domain/money.js';
import { Rejection } from '../../src/domain/rejection.js';
import {
  allocate,
  approve,
  Books,
  creditNote,
  defer,
  hold,
  invoice,
  ledger,
  payment,
  policy,
  release,
  reverse,
  vendor,
  writeOff,
} from './domain.js';

const frequency = {
  policy: 2,
  invoice: 5,
  approve: 6,
  pay: 7,
  onAccount: 2,
  allocate: 4,
  creditNote: 2,
  writeOff: 1,
  hold: 2,
  release: 1,
  defer: 1,
  reverse: 3,
  close: 3,
  reopen: 2,
  wait: 2,
} as const;
type Kind = keyof typeof frequency;

const days = [
  '2024-01-10',
  '2024-01-31',
  '2024-02-01',
  '2024-02-15',
  '2024-02-29',
  '2024-03-10',
  '2024-04-01',
] as const;
const periods = ['2024-01', '2024-02', '2024-03'] as const;
const persons = ['ann', 'bob', 'eve'] as const;

const dice = fc.record({
  kind: fc.oneof(
    ...Object.entries(frequency).map(([kind, weight]) => ({ arbitrary: fc.constant(kind as Kind), weight })),
  ),
  by: fc.constantFrom(...persons),
  which: fc.nat(20),
  other: fc.nat(20),
  size: fc.nat(8),
  on: fc.constantFrom(...days),
  named: fc.boolean(),
  yes: fc.boolean(),
});
type Dice = typeof dice extends fc.Arbitrary<infer T> ? T : never;

export const controlHistories: fc.Arbitrary<readonly Dice[]> = fc.array(dice, {
  minLength: 10,
  maxLength: 60,
  size: 'max',
});

const money = (minor: number): string => formatMinor(BigInt(minor), 'USD');
const pick = <T>(from: readonly T[], n: number): T | undefined => from[n % from.length];
const idsOf = (books: Books, ...kinds: string[]): string[] =>
  [...books.documents.keys()]
    .filter((name) => kinds.includes(name.split('/')[0]!))
    .map((name) => name.slice(name.indexOf('/') + 1));

const commandOf = (books: Books, one: Dice): Command | undefined => {
  const { kind, which, other, size, on, named, yes } = one;
  const n = String(books.position);
  const invoiceId = pick(idsOf(books, 'invoice'), which);
  const onIf = named ? { on } : {};
  switch (kind) {
    case 'policy':
      return policy({
        approvalAbove: named ? [{ currency: 'USD', amount: money(size) }] : [],
        ...(yes && { twoPersonPayment: true }),
      });
    case 'invoice':
      return invoice(`I${n}`, money(size + 1), {
        invoiceDate: '2024-01-10',
        postingDate: on,
        dueDate: days[other % 7]!,
      });
    case 'onAccount':
      return payment(`P${n}`, money(size + 1), { paidOn: on });
    case 'creditNote':
      return creditNote(`N${n}`, money(size + 1), {
        date: on,
        ...(invoiceId !== undefined && named && { allocations: [[invoiceId, money(1)] as const] }),
      });
    case 'close':
    case 'reopen':
      return { type: kind === 'close' ? 'ClosePeriod' : 'ReopenPeriod', period: pick(periods, which)!, reason: n };
    case 'reverse': {
      const id = pick(idsOf(books, 'payment', 'credit-note', 'allocation', 'invoice'), which);
      return id === undefined ? undefined : reverse(id, named ? on : undefined);
    }
    case 'wait':
      return undefined;
    default:
      return invoiceId === undefined ? undefined : ofInvoice(kind, invoiceId, books, one, onIf);
  }
};

const ofInvoice = (
  kind: Kind,
  invoiceId: string,
  books: Books,
  { other, size, on, yes }: Dice,
  onIf: { on?: string },
): Command | undefined => {
  const n = String(books.position);
  const source = pick(idsOf(books, 'payment', 'payment', 'credit-note'), other);
  switch (kind) {
    case 'approve':
      return approve(invoiceId);
    case 'pay': {
      const amount = money(1 + (size % 3));
      return payment(`P${n}`, amount, { paidOn: on, allocations: [[invoiceId, amount]] });
    }
    case 'allocate':
      return source === undefined ? undefined : allocate(`A${n}`, source, invoiceId, money(1 + (size % 2)), onIf);
    case 'writeOff':
      return writeOff(`W${n}`, invoiceId, { on, amount: money(1) });
    case 'hold':
      return hold(invoiceId, { ...onIf, ...(yes && { until: days[4] }) });
    case 'release':
      return release(invoiceId, onIf);
    case 'defer':
      return defer(`D${n}`, invoiceId, '2024-06-30', { agreed: yes, ...onIf });
    default:
      return undefined;
  }
};

/** What became of the commands of a history. */
export interface Played {
  readonly books: Books;
  readonly refusals: ReadonlyMap<string, number>;
}

/** Plays a history. What is refused has its code counted. */
export const playControl = (history: readonly Dice[]): Played => {
  const books = new Books().take(ledger(), vendor('V1'));
  const refusals = new Map<string, number>();
  for (const one of history) {
    books.actor = { id: one.by, role: 'approver' };
    if (one.kind === 'wait') books.today = days.find((day) => day > books.today) ?? books.today;
    const command = commandOf(books, one);
    if (!command) continue;
    try {
      books.execute(command);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      refusals.set(error.code, (refusals.get(error.code) ?? 0) + 1);
    }
  }
  return { books, refusals };
};
