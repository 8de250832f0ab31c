import type { ChargeKind } from './events.js';

/** What an account is: its balance stands on the debit side of assets and expenses, on the credit side of the others. */
export type AccountType = 'asset' | 'liability' | 'expense' | 'income';

export interface Account {
  readonly account: string;
  readonly name: string;
  readonly type: AccountType;
}

/** The default chart. Invoice lines may name accounts of the user's own beside it, which count as expense. */
export const chart = {
  payables: { account: 'payables', name: 'Accounts payable', type: 'liability' },
  onAccount: { account: 'on-account', name: 'Credit on account with vendors', type: 'asset' },
  cash: { account: 'cash', name: 'Cash at bank', type: 'asset' },
  expense: { account: 'expense', name: 'Expenses', type: 'expense' },
  inputTax: { account: 'input-tax', name: 'Input tax', type: 'asset' },
  lateInterest: { account: 'late-interest', name: 'Late interest', type: 'expense' },
  lateFee: { account: 'late-fee', name: 'Late fees', type: 'expense' },
  penalty: { account: 'penalty', name: 'Penalties', type: 'expense' },
  discount: { account: 'discount-received', name: 'Settlement discounts received', type: 'income' },
  writeOff: { account: 'write-off', name: 'Liabilities written off', type: 'income' },
} as const satisfies Record<string, Account>;

export const chargeAccount: Record<ChargeKind, string> = {
  'late-interest': chart.lateInterest.account,
  'late-fee': chart.lateFee.account,
  penalty: chart.penalty.account,
};

/** The two accounts whose balances together are the payables control account (contract, rule 12). */
export const controlAccounts: readonly string[] = [chart.payables.account, chart.onAccount.account];

const reserved: ReadonlySet<string> = new Set([
  ...controlAccounts,
  chart.cash.account,
  chart.discount.account,
  chart.writeOff.account,
]);

/** Whether the ledger alone posts to an account. A line that named such a one would put the control account out. */
export const isReserved = (account: string): boolean =>
  reserved.has(account) || account.startsWith(`${chart.cash.account}:`);

/** The account of one of our bank accounts: cash of its own where the payment names it. */
export const cashAccount = (bankAccount?: string): string =>
  bankAccount === undefined ? chart.cash.account : `${chart.cash.account}:${bankAccount}`;

const byCode = new Map<string, Account>(Object.values(chart).map((entry) => [entry.account, entry]));

/** Name and type of an account of the journal. */
export const accountOf = (account: string): Account => {
  const known = byCode.get(account);
  if (known) return known;
  if (account.startsWith('cash:')) return { account, name: `Cash at bank: ${account.slice(5)}`, type: 'asset' };
  return { account, name: account, type: 'expense' };
};
