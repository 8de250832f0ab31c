import type { Chart, ChartEntry } from '../domain/chart-of-accounts.js';
import { type AccountRole, accountRoles, type DataOf } from '../domain/events.js';

/** Which types of accounts fit what. */
const typeOf = (role: AccountRole): string =>
  role === 'payables'
    ? 'liability'
    : ['on-account', 'cash', 'input-tax'].includes(role)
      ? 'asset'
      : ['discount-received', 'write-off'].includes(role)
        ? 'income'
        : 'expense';

/**
 * Judges the chart of accounts: an account stands for one thing for good. Lines that name an account of which an instance
 * did not know yet that the chart had just taken it are no fault: entries say themselves what they stand for.
 */
export class ChartRules {
  readonly #entries: ChartEntry[] = [];
  readonly #roles = new Map<string, AccountRole>(accountRoles.map((role) => [role, role]));

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
    const stands = wanted ?? role;
    if (stands !== undefined && type !== typeOf(stands))
      this.fault(`says that ${account} is of type ${type}, and it stands for ${stands}`);
    if (wanted !== undefined) this.#roles.set(account, wanted);
    this.#entries.push({ position, data });
  }

  #roleOf(account: string): AccountRole | undefined {
    const role = this.#roles.get(account);
    if (role !== undefined) return role;
    const isOfBank = [...this.#roles].some(([cash, one]) => one === 'cash' && account.startsWith(`${cash}:`));
    return isOfBank ? 'cash' : undefined;
  }
}
