import { later, type Day } from './calendar.js';
import { same, type Allocated, type Known, type Posted, type Ref, type ReversibleType } from './facts.js';

/** One line of a double entry in minor units: debits above zero, credits below. */
interface JournalLine {
  readonly account: string;
  readonly currency: string;
  readonly on: Day;
  readonly amount: bigint;
}

/** The two accounts that make up the payables control account. */
const CONTROL: readonly string[] = ['payables', 'on-account'];

interface Entry {
  readonly document: Ref<ReversibleType>;
  /** The payment or credit note that an allocation comes from: its reversal takes the allocation along. */
  readonly from: Ref | undefined;
  readonly on: Day;
  readonly lines: readonly JournalLine[];
}

const entryOf = (
  document: Ref<ReversibleType>,
  currency: string,
  on: Day,
  amounts: readonly (readonly [account: string, amount: bigint])[],
  from?: Ref,
): Entry => ({
  document,
  from,
  on,
  lines: amounts.filter(([, amount]) => amount !== 0n).map(([account, amount]) => ({ account, currency, on, amount })),
});

const entryOfPosted = ({ item, currency, on, amount, contra }: Posted): Entry => {
  const isOwed = item.type === 'invoice' || item.type === 'charge';
  const control = isOwed ? (['payables', -amount] as const) : (['on-account', amount] as const);
  return entryOf(item, currency, on, [
    control,
    ...contra.map((line) => [line.account, isOwed ? line.amount : -line.amount] as const),
  ]);
};

const entryOfAllocated = ({ id, from, amount, discount, discountTax, on }: Allocated, currency: string): Entry =>
  entryOf(
    { type: 'allocation', id },
    currency,
    on,
    [
      ['payables', amount + discount],
      ['on-account', -amount],
      ['discount-received', discountTax - discount],
      ['tax', -discountTax],
    ],
    from,
  );

/**
 * The journal: the double-entry lines of every fact that changes what we owe, in the order of recording. It follows
 * entries and mirrors them, and never asks what is open: so it can disagree with the open items if one of the two
 * is wrong.
 */
export const journalOf = (known: Known): JournalLine[] => {
  const standing: Entry[] = []; // entries that no reversal has mirrored yet
  const lines: JournalLine[] = [];
  const currencies = new Map<string, string>();
  const currencyOf = (item: Ref): string => currencies.get(`${item.type}/${item.id}`) ?? '?';
  const enter = (entry: Entry): void => {
    standing.push(entry);
    lines.push(...entry.lines);
  };
  const mirror = (entry: Entry, on: Day): void => {
    standing.splice(standing.indexOf(entry), 1);
    lines.push(...entry.lines.map((line) => ({ ...line, on, amount: -line.amount })));
  };
  for (const fact of known) {
    switch (fact.type) {
      case 'Posted':
        currencies.set(`${fact.item.type}/${fact.item.id}`, fact.currency);
        enter(entryOfPosted(fact));
        break;
      case 'Allocated':
        enter(entryOfAllocated(fact, currencyOf(fact.from)));
        break;
      case 'RefundReceived':
        enter(
          entryOf({ type: 'refund', id: fact.id }, currencyOf(fact.from), fact.on, [
            ['cash', fact.amount],
            ['on-account', -fact.amount],
          ]),
        );
        break;
      case 'WrittenOff':
        enter(
          entryOf({ type: 'write-off', id: fact.id }, currencyOf(fact.item), fact.on, [
            ['payables', fact.amount],
            ['written-off', -fact.amount],
          ]),
        );
        break;
      case 'Reversed':
        for (const entry of [...standing]) {
          if (same(entry.document, fact.of)) mirror(entry, fact.on);
          else if (entry.from && same(entry.from, fact.of)) mirror(entry, later(fact.on, entry.on));
        }
        break;
      default: // schedules, holds, disputes and vendors change nothing in what we owe
    }
  }
  return lines;
};

/** What stands on some accounts together per currency on a day, credit above zero. Currencies never named are absent. */
export const creditOn = (known: Known, accounts: readonly string[], asOf: Day): Map<string, bigint> => {
  const balances = new Map<string, bigint>();
  for (const { account, currency, on, amount } of journalOf(known)) {
    if (accounts.includes(account) && on <= asOf) balances.set(currency, (balances.get(currency) ?? 0n) - amount);
  }
  return balances;
};

/** What the control account says per currency on a day: above zero where we owe. */
export const controlOf = (known: Known, asOf: Day): Map<string, bigint> => creditOn(known, CONTROL, asOf);
