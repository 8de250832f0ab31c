import type { LocalDate } from './calendar.js';
import { accountOf, type Chart, defaults, isOfLedgerAlone, roleOf } from './chart-of-accounts.js';
import type { Decision, UnlessOnLines, Working } from './decision.js';
import type { AccountRole, AccountType } from './events.js';
import { reject, Rejection } from './rejection.js';

/** Names an account of the ledger's chart, and puts it in the place of another. */
export interface SetAccount {
  readonly type: 'SetAccount';
  readonly account: string;
  readonly name: string;
  /** By default what it is already, else what fits its use, else expense. */
  readonly accountType?: AccountType;
  /** What it stands for from `on` on. */
  readonly for?: AccountRole;
  readonly on?: LocalDate;
  /** Whether lines of invoices or credit notes name it: the books know, and no one document does. */
  readonly isOnLines: boolean;
  /** Up to which position the books know that. */
  readonly linesThrough: number;
}

export const decideAccount = (command: SetAccount, working: Working): Decision => {
  const { account, name, for: wanted, on } = command;
  const { chart = [] } = working.inPath('ledger');
  const stoodFor = roleOf(chart, account);
  if (wanted !== undefined) mustBeFree(chart, account, wanted);
  const role = wanted ?? stoodFor;
  const type = command.accountType ?? (role ? defaults[role].type : accountOf(chart, account).type);
  if (role && type !== defaults[role].type) {
    const detail = `Account ${account} stands for ${role}, which is of type ${defaults[role].type}; leave the type out, or name another account.`;
    reject('account-type-mismatch', detail, { account, for: role, accountType: defaults[role].type });
  }
  const day = working.effectiveDay(on, working.today);
  const data = { account, name, type, ...(wanted !== undefined && { for: wanted }), on: day };
  working.emit({ type: 'AccountSet', effectiveOn: day, data });
  const decision = working.decision('ledger');
  return wanted !== undefined && stoodFor === undefined && isOfLedgerAlone(wanted)
    ? { ...decision, unlessOnLines: mustNotBeOnLines(command, wanted) }
    : decision;
};

/**
 * Lines that name an account later are refused, since the chart has it then; those that are recorded at this moment, maybe
 * by another instance, only the log knows.
 *
 * @throws {Rejection} `account-in-use` if the books know already
 */
const mustNotBeOnLines = ({ account, isOnLines, linesThrough }: SetAccount, wanted: AccountRole): UnlessOnLines => {
  const detail = `Lines of invoices or credit notes are posted to ${account}; only Duebook may post to an account for ${wanted}, so name another one.`;
  const refusal = new Rejection('account-in-use', detail, { account });
  if (isOnLines) throw refusal;
  return { account, ofBanks: wanted === 'cash', after: linesThrough, refusal };
};

/**
 * An account stands for one thing for good: what was posted to it before would else change its meaning.
 *
 * @throws {Rejection} `account-in-use`, `reserved-account`
 */
const mustBeFree = (chart: Chart, account: string, wanted: AccountRole): void => {
  const role = roleOf(chart, account);
  if (role !== undefined && role !== wanted) {
    const isDefault = account === role || account.startsWith('cash:');
    const detail = `Account ${account} ${isDefault ? 'is that of the default chart' : 'stands already'} for ${role}; an account stands for one thing for good, so name another one.`;
    reject(isDefault ? 'reserved-account' : 'account-in-use', detail, { account, for: role });
  }
  const isBankAccount =
    role === 'cash' && account !== 'cash' && !chart.some((one) => one.data.account === account && one.data.for);
  if (isBankAccount) {
    const detail = `Account ${account} is that of one of your bank accounts; name another one for all of them.`;
    reject('account-in-use', detail, { account, for: role });
  }
  const ofBanks =
    wanted === 'cash' && role === undefined && chart.find((one) => one.data.account.startsWith(`${account}:`));
  if (ofBanks) {
    const detail = `Accounts that begin with ${account}: would be those of your bank accounts, and ${ofBanks.data.account} is another account already; name another one.`;
    reject('account-in-use', detail, { account });
  }
};
