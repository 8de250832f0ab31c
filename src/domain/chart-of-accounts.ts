import type { LocalDate } from './calendar.js';
import type { AccountRole, AccountType, DataOf } from './events.js';

export interface Account {
  readonly account: string;
  readonly name: string;
  readonly type: AccountType;
}

/** The default chart: of all that the ledger posts to by itself an account, called like what it stands for. */
export const defaults = {
  payables: { account: 'payables', name: 'Accounts payable', type: 'liability' },
  'on-account': { account: 'on-account', name: 'Credit on account with vendors', type: 'asset' },
  cash: { account: 'cash', name: 'Cash at bank', type: 'asset' },
  expense: { account: 'expense', name: 'Expenses', type: 'expense' },
  'input-tax': { account: 'input-tax', name: 'Input tax', type: 'asset' },
  'late-interest': { account: 'late-interest', name: 'Late interest', type: 'expense' },
  'late-fee': { account: 'late-fee', name: 'Late fees', type: 'expense' },
  penalty: { account: 'penalty', name: 'Penalties', type: 'expense' },
  'discount-received': { account: 'discount-received', name: 'Settlement discounts received', type: 'income' },
  'write-off': { account: 'write-off', name: 'Liabilities written off', type: 'income' },
} as const satisfies Record<AccountRole, Account>;

const isRole = (text: string): text is AccountRole => Object.hasOwn(defaults, text);

/** What was said of an account, and the position at which it was recorded. */
export interface ChartEntry {
  readonly position: number;
  readonly data: DataOf<'AccountSet'>;
}

/**
 * What a ledger's chart changes of the default one, in the order of recording. Invoice lines may name further accounts,
 * which count as expense until the chart says otherwise.
 */
export type Chart = readonly ChartEntry[];

/** The two of which the sum is the payables control account (contract, rule 12). */
export const controlRoles: readonly AccountRole[] = ['payables', 'on-account'];

/** What only the ledger posts to. A line that named such an account would put what reports reconcile with out. */
const reserved: ReadonlySet<AccountRole> = new Set([...controlRoles, 'cash', 'discount-received', 'write-off']);
export const isOfLedgerAlone = (role: AccountRole): boolean => reserved.has(role);

/**
 * The account that stands for something in entries of a day.
 *
 * @param knownAt by what had been recorded up to this position
 */
export const accountFor = (chart: Chart, role: AccountRole, on: LocalDate, knownAt = Infinity): string => {
  let found: ChartEntry['data'] | undefined;
  // Of the same day the one recorded last.
  for (const { position, data } of chart)
    if (data.for === role && position <= knownAt && data.on <= on && (!found || data.on >= found.on)) found = data;
  return found?.account ?? role;
};

/** The account of one of our bank accounts: cash of its own where the payment names it. */
export const bankAccountIn = (cash: string, bankAccount: string | undefined): string =>
  bankAccount === undefined ? cash : `${cash}:${bankAccount}`;

/** The cash account that an account of one bank account belongs to. */
const cashOf = (chart: Chart, account: string): string | undefined =>
  [defaults.cash.account, ...chart.flatMap(({ data }) => (data.for === 'cash' ? [data.account] : []))].find((cash) =>
    account.startsWith(`${cash}:`),
  );

/** What an account stands for, or ever stood or is to stand for: one thing for good. Undefined for one of the user's own. */
export const roleOf = (chart: Chart, account: string): AccountRole | undefined => {
  if (isRole(account)) return account;
  const said = chart.find(({ data }) => data.account === account && data.for !== undefined)?.data.for;
  return said ?? (cashOf(chart, account) === undefined ? undefined : 'cash');
};

/** Whether the ledger alone posts to an account. */
export const isReserved = (chart: Chart, account: string): boolean => {
  const role = roleOf(chart, account);
  return role !== undefined && reserved.has(role);
};

/** Name and type of an account, as the chart says last. */
export const accountOf = (chart: Chart, account: string): Account => {
  const said = chart.findLast(({ data }) => data.account === account)?.data;
  if (said) return { account, name: said.name, type: said.type };
  if (isRole(account)) return defaults[account];
  const cash = cashOf(chart, account);
  if (cash === undefined) return { account, name: account, type: 'expense' };
  return { account, name: `${accountOf(chart, cash).name}: ${account.slice(cash.length + 1)}`, type: 'asset' };
};

/** An account of the chart, as it is on a day. */
export interface AccountView extends Account {
  readonly for?: AccountRole;
  /** Whether entries of that day are made on it; of one of the user's own, whether it is in the chart by then. */
  readonly inForce: boolean;
  /** The day from which it is what it is; undefined for what the default chart says. */
  readonly since?: LocalDate;
}

/** One account as it is on a day. Where it is not in force, `since` is when it was last, or will be. */
export const viewOf = (chart: Chart, account: string, asOf: LocalDate): AccountView => {
  const role = roleOf(chart, account);
  const said = chart.filter(({ data }) => data.account === account && (role === undefined || data.for === role));
  const days = said.map(({ data }) => data.on).sort();
  const since = role === undefined ? days[0] : (days.findLast((on) => on <= asOf) ?? days[0]);
  const view = { ...accountOf(chart, account), ...(since !== undefined && { since }) };
  if (role === undefined) return { ...view, inForce: since !== undefined && since <= asOf };
  const cash = account.slice(0, cashOf(chart, account)?.length);
  return { ...view, for: role, inForce: accountFor(chart, role, asOf) === cash };
};

/**
 * All accounts of the chart in the order in which they came into it, each with the position of the event that brought it,
 * 0 for those of the default chart. Others that lines name are in it once they are given a name.
 */
export const accountsIn = (chart: Chart): { readonly account: string; readonly madeAt: number }[] => {
  const madeAt = new Map<string, number>(Object.keys(defaults).map((account) => [account, 0]));
  for (const { position, data } of chart) if (!madeAt.has(data.account)) madeAt.set(data.account, position);
  return [...madeAt].map(([account, position]) => ({ account, madeAt: position }));
};
