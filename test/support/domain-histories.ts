/**
 * Random histories of one vendor account. What fast-check draws are dice; what they mean is decided by the books as they
 * stand, so that most commands are accepted and a history can be cut short anywhere.
 */
import fc from 'fast-check';
import type { Command } from '../../src/domain/decider.js';
import { accountRoles, type DocumentName } from '../../src/domain/events.js';
import { formatMinor } from '../../src/domain/money.js';
import { isHeld, leastOpenFrom, openInTheEnd } from '../../src/domain/open-item.js';
import { leastLeftFrom } from '../../src/domain/credit-source.js';
import { Rejection } from '../../src/domain/rejection.js';
import {
  account,
  allocate,
  Books,
  charge,
  closed,
  creditNote,
  defer,
  dispute,
  hold,
  invoice,
  ledger,
  payment,
  refund,
  release,
  resolve,
  reverse,
  vendor,
  withdraw,
  writeOff,
} from './domain.js';

/** Few days, so that things meet on one: the ends of months, a leap day, and the days before and after. */
export const days = [
  '2024-01-10',
  '2024-01-31',
  '2024-02-01',
  '2024-02-10',
  '2024-02-15',
  '2024-02-28',
  '2024-02-29',
  '2024-03-01',
  '2024-03-10',
  '2024-04-01',
] as const;
/** All on which something can change, and a day before and after everything. */
export const questioned = ['2024-01-01', ...days, '2024-05-01'] as const;
const closings = ['2024-01-31', '2024-02-29'] as const;

const kinds = [
  ...['invoice', 'invoice', 'invoice', 'charge', 'creditNote', 'payment', 'payment', 'payment', 'pay', 'pay', 'pay'],
  ...[
    'allocate',
    'allocate',
    'refund',
    'writeOff',
    'defer',
    'defer',
    'defer',
    'withdraw',
    'withdraw',
    'hold',
    'release',
    'dispute',
    'resolve',
  ],
  ...['reverse', 'reverse', 'reverse', 'close', 'reopen', 'wait', 'repeat', 'account'],
] as const;
type Kind = (typeof kinds)[number];

export interface Dice {
  readonly kind: Kind;
  readonly which: number;
  readonly other: number;
  readonly size: number;
  readonly day: number;
  readonly until: number;
  readonly named: boolean;
  readonly yes: boolean;
}
const dice: fc.Arbitrary<Dice> = fc.record({
  kind: fc.constantFrom(...kinds),
  which: fc.nat(30),
  other: fc.nat(30),
  size: fc.nat(12),
  day: fc.nat(days.length - 1),
  until: fc.nat(days.length - 1),
  named: fc.boolean(),
  yes: fc.boolean(),
});

export interface History {
  readonly currency: string;
  readonly throws: readonly Dice[];
}
export const histories: fc.Arbitrary<History> = fc.record({
  currency: fc.constantFrom('USD', 'JPY', 'KWD'),
  throws: fc.array(dice, { minLength: 1, maxLength: 40, size: 'max' }),
});

const pick = <T>(from: readonly T[], n: number): T | undefined => from[n % from.length];
const idsOf = (books: Books, ...kindsOf: string[]): string[] =>
  [...books.documents.keys()]
    .filter((name) => kindsOf.includes(name.split('/')[0]!))
    .map((name: DocumentName) => name.slice(name.indexOf('/') + 1));

/** Whether a command makes a document under an id of its own, so that its repetition is quiet. */
export const makesDocument = (command: Command): boolean => 'id' in command;

/** What one throw comes to; `undefined` where there is nothing to do it to. */
const commandOf = (
  books: Books,
  { currency }: History,
  { kind, which, other, size, day, until, named, yes }: Dice,
  made: readonly Command[],
): Command | undefined => {
  const n = String(books.position);
  const on = days[day]!;
  const onIf = named ? { on } : {};
  const money = (minor: number): string => formatMinor(BigInt(minor), currency);
  /** Mostly at most this much, at times a unit more. */
  const upTo = (most: bigint): string =>
    formatMinor(most > 0n ? (BigInt(size) % most) + (yes ? 1n : 2n) : 1n, currency);
  const item = pick(idsOf(books, 'invoice', 'charge'), which);
  const invoiceId = pick(idsOf(books, 'invoice'), which);
  const source = pick(idsOf(books, 'payment', 'credit-note'), other);
  switch (kind) {
    case 'invoice': {
      const second = 1 + (other % 6);
      const inTwo = yes && {
        schedule: [
          { dueOn: days[until]!, amount: money(size + 1) },
          { dueOn: days[which % days.length]!, amount: money(second) },
        ],
      };
      const total = size + 1 + (inTwo ? second : 0);
      const tax = Math.floor((total * (which % 4)) / 4);
      return invoice(`I${n}`, money(total), {
        currency,
        lines: [{ amount: money(total - tax), tax: money(tax) }],
        invoiceDate: '2024-01-10',
        postingDate: on,
        ...(inTwo || { dueDate: days[until]! }),
      });
    }
    case 'charge':
      return charge(`C${n}`, money(size + 1), { currency, on, dueDate: days[until]! });
    case 'creditNote':
    case 'payment': {
      const most = item === undefined ? 0n : leastOpenFrom(books.item(item), on);
      const amount = most > 0n ? upTo(most) : money(size + 1);
      const allocations = item !== undefined && named ? { allocations: [[item, amount] as const] } : {};
      return kind === 'payment'
        ? payment(`P${n}`, amount, { currency, paidOn: on, ...allocations })
        : creditNote(`N${n}`, amount, { currency, date: on, ...allocations });
    }
    case 'pay': {
      // More than one item at a time, with a discount and something left on account.
      const second = pick(idsOf(books, 'invoice', 'charge'), other);
      if (item === undefined || second === undefined) return undefined;
      return payment(`P${n}`, money(size + 3), {
        currency,
        paidOn: on,
        allocations: [
          [item, money(1), money(1)],
          [second, money(1 + (size % 2))],
        ],
      });
    }
    case 'allocate': {
      if (item === undefined || source === undefined) return undefined;
      const [open, left] = [leastOpenFrom(books.item(item), on), leastLeftFrom(books.source(source), on)];
      const discount = yes && size % 3 === 0 ? { discount: money(1) } : {};
      return allocate(`A${n}`, source, item, upTo(open < left ? open : left), { ...onIf, ...discount });
    }
    case 'refund':
      return source === undefined
        ? undefined
        : refund(`R${n}`, source, upTo(leastLeftFrom(books.source(source), on)), { on });
    case 'writeOff':
      return item === undefined
        ? undefined
        : writeOff(`W${n}`, item, { on, ...(named && { amount: upTo(leastOpenFrom(books.item(item), on)) }) });
    case 'defer':
      return invoiceId === undefined
        ? undefined
        : defer(`D${n}`, invoiceId, days[Math.max(until, 5)]!, {
            agreed: yes,
            ...onIf,
            ...(size > 3 && { amount: upTo(openInTheEnd(books.item(invoiceId))) }),
          });
    case 'withdraw': {
      const last =
        invoiceId === undefined ? undefined : books.item(invoiceId).deferrals.findLast(({ withdrawn }) => !withdrawn);
      return invoiceId === undefined || !last ? undefined : withdraw(last.id, invoiceId, onIf);
    }
    case 'hold':
      return invoiceId === undefined ? undefined : hold(invoiceId, { ...onIf, ...(yes && { until: days[until]! }) });
    case 'release': {
      const held = idsOf(books, 'invoice').filter((id) => isHeld(books.item(id), named ? on : books.today));
      const id = pick(held, which);
      return id === undefined ? undefined : release(id, onIf);
    }
    case 'dispute':
    case 'resolve': {
      const more = { ...onIf, ...(yes && { amount: money(1 + (size % 4)) }) };
      return invoiceId === undefined
        ? undefined
        : kind === 'dispute'
          ? dispute(invoiceId, more)
          : resolve(invoiceId, more);
    }
    case 'reverse': {
      const id = pick(
        idsOf(books, 'invoice', 'charge', 'payment', 'credit-note', 'allocation', 'refund', 'write-off'),
        which,
      );
      return id === undefined ? undefined : reverse(id, named ? on : undefined);
    }
    case 'account': {
      // An account that stands for something else already is refused.
      const role = pick(accountRoles, which);
      return account(`${role!.length}${other % 2}`, { for: role!, ...onIf });
    }
    case 'repeat':
      return pick(made, which);
    default:
      return undefined;
  }
};

/** One more throw. @returns the command, if it was accepted */
const take = (books: Books, history: History, one: Dice, made: readonly Command[]): Command | undefined => {
  if (one.kind === 'wait') {
    const next = days.find((day) => day > books.today);
    if (next !== undefined) books.today = next;
    return undefined;
  }
  const closedThrough = books.find('ledger')?.closedThrough;
  if (one.kind === 'close') {
    const next = closings.find((day) => day > (closedThrough ?? '') && day < books.today);
    if (next !== undefined) books.take(closed(next));
    return undefined;
  }
  if (one.kind === 'reopen') {
    if (closedThrough !== undefined)
      books.take(
        closedThrough === closings[0]
          ? closed(null)
          : {
              type: 'PeriodReopened',
              effectiveOn: closedThrough,
              data: { period: '2024-02', closedThrough: closings[0] },
            },
      );
    return undefined;
  }
  const command = commandOf(books, history, one, made);
  if (!command) return undefined;
  try {
    books.execute(command);
    return command;
  } catch (error) {
    // A refusal is an answer. Anything else is a bug, and fails the law under trial.
    if (error instanceof Rejection) return undefined;
    throw error;
  }
};

/**
 * Plays a history.
 *
 * @param watch called after each command that was accepted
 */
export const play = (
  history: History,
  watch: (books: Books, command: Command) => void = () => undefined,
): { books: Books; made: readonly Command[] } => {
  // Half is much, so that discounts of amounts as small as these are earned; until 2024-03-10.
  const terms = { netDays: 30, discount: { percent: '50', days: 60 } };
  const books = new Books().take(ledger({ currency: history.currency }), vendor('V1', { terms }));
  books.today = days[3];
  const made: Command[] = [];
  for (const one of history.throws) {
    const command = take(books, history, one, made);
    if (!command) continue;
    if (makesDocument(command)) made.push(command);
    watch(books, command);
  }
  return { books, made };
};
