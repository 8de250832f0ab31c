import type { Chart, ChartEntry } from '../domain/chart-of-accounts.js';
import { type AccountRole, accountRoles, type DataOf, type Line } from '../domain/events.js';
import { type Currency, type Minor, parseMinor } from '../domain/money.js';

/** Which types of accounts fit what. */
const typeOf = (role: AccountRole): string =>
  role === 'payables'
    ? 'liability'
    : ['on-account', 'cash', 'input-tax'].includes(role)
      ? 'asset'
      : ['discount-received', 'write-off'].includes(role)
        ? 'income'
        : 'expense';

/** What lines of invoices and credit notes may not be posted to. */
const ofLedgerAlone: ReadonlySet<AccountRole> = new Set([
  'payables',
  'on-account',
  'cash',
  'discount-received',
  'write-off',
]);

/** Judges the chart of accounts: an account stands for one thing for good, and lines are on none that only the ledger posts to. */
export class ChartRules {
  readonly #entries: ChartEntry[] = [];
  readonly #roles = new Map<string, AccountRole>(accountRoles.map((role) => [role, role]));
  /** The accounts on which an amount stands by a line that names them. */
  readonly #onLines = new Set<string>();

  /** @param fault takes what is wrong with the event at hand */
  constructor(private readonly fault: (text: string) => void) {}

  get chart(): Chart {
    return this.#entries;
  }

  set(data: DataOf<'AccountSet'>, position: number): void {
    const { account, type, for: wanted } = data;
    const role = this.#roleOf(account);
    if (wanted !== undefined && role !== undefined && role !== wanted)
      this.fault(`has ${account} stand for ${wanted}, which stands for ${role}`);
    if (wanted !== undefined && role === undefined && ofLedgerAlone.has(wanted) && this.#isOnLines(account, wanted))
      this.fault(`has ${account} stand for ${wanted}, and lines before it are posted to it`);
    const stands = wanted ?? role;
    if (stands !== undefined && type !== typeOf(stands))
      this.fault(`says that ${account} is of type ${type}, and it stands for ${stands}`);
    if (wanted !== undefined) this.#roles.set(account, wanted);
    this.#entries.push({ position, data });
  }

  /** What the lines of a document name. What adds up to nothing on an account is no entry there. */
  name(lines: readonly Line[], currency: Currency): void {
    const amounts = new Map<string, Minor>();
    for (const { account, amount } of lines)
      if (account !== undefined) amounts.set(account, (amounts.get(account) ?? 0n) + parseMinor(amount, currency));
    for (const [account, amount] of amounts) {
      const role = this.#roleOf(account);
      if (role !== undefined && ofLedgerAlone.has(role))
        this.fault(`posts to ${account}, which only the ledger posts to`);
      else if (amount !== 0n) this.#onLines.add(account);
    }
  }

  #isOnLines(account: string, role: AccountRole): boolean {
    if (this.#onLines.has(account)) return true;
    return role === 'cash' && [...this.#onLines].some((other) => other.startsWith(`${account}:`));
  }

  #roleOf(account: string): AccountRole | undefined {
    const role = this.#roles.get(account);
    if (role !== undefined) return role;
    const isOfBank = [...this.#roles].some(([cash, one]) => one === 'cash' && account.startsWith(`${cash}:`));
    return isOfBank ? 'cash' : undefined;
  }
}
