import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

// Other people's programs, and what they make of our files. Nothing here knows how the files are written.

const run = async (program: string, ...args: string[]): Promise<string> => {
  const { stdout, stderr } = await promisify(execFile)(program, args, {
    // hledger reads UTF-8 only where the locale says so.
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    maxBuffer: 100_000_000,
  });
  if (stderr !== '') throw new Error(`${program}: ${stderr}`);
  return stdout;
};

/** Whether a program is installed. */
export const isInstalled = (program: string): Promise<boolean> =>
  promisify(execFile)('which', [program]).then(
    () => true,
    () => false,
  );

/** Amounts of accounts: `balances[account][currency]`, written with the decimals of the currency, zeros left out. */
export type Balances = Record<string, Record<string, string>>;

export const isZero = (amount: string): boolean => /^-?[0.]+$/.test(amount);

const balancesIn = (rows: readonly (readonly string[])[]): Balances => {
  const balances: Balances = {};
  for (const [account, currency, amount] of rows) {
    if (isZero(amount!)) continue;
    balances[account!] = { ...balances[account!], [currency!]: amount! };
  }
  return balances;
};

/** The records of a file with a delimiter, quoted as RFC 4180 has it. */
export const recordsOf = (text: string, delimiter: string): string[][] => {
  const records: string[][] = [];
  let record: string[] = [];
  for (let at = 0; at < text.length;) {
    let field = '';
    if (text[at] === '"') {
      for (at += 1; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (text[at] === '"') at += 1;
        if (at >= text.length) throw new Error('a quotation mark is not closed');
        field += text.charAt(at);
      }
      at += 1;
    } else {
      while (at < text.length && text[at] !== delimiter && text[at] !== '\n') field += text.charAt(at++);
    }
    record.push(field);
    if (text[at] === '\n' || at >= text.length) {
      records.push(record);
      record = [];
    } else if (text[at] !== delimiter) {
      throw new Error(`a field goes on after its quotation mark: ${text.slice(at - 20, at + 20)}`);
    }
    at += 1;
  }
  return records;
};

/** The records of a file with a header line, by the names in it. */
export const rowsOf = (text: string): Record<string, string>[] => {
  const [names = [], ...records] = recordsOf(text, '|');
  return records.map((record) => {
    if (record.length !== names.length) throw new Error(`${record.length} fields, not ${names.length}`);
    return Object.fromEntries(names.map((name, n) => [name, record[n]!]));
  });
};

/** The names that hledger shows, as the accounts of the trial balance and, on control accounts, the vendor. */
const hledgerAccount = (name: string): string => {
  const [, control, vendor] = /^(?:liabilities:(payables):vendor|assets:(?:on-account):credit)\/(.*)$/.exec(name) ?? [];
  if (vendor !== undefined) return `${control ?? 'on-account'}|${vendor}`;
  const [, bank] = /^assets:cash:bank\/(.*)$/.exec(name) ?? [];
  return bank === undefined
    ? decodeURIComponent(name.slice(name.indexOf(':') + 1))
    : `cash:${decodeURIComponent(bank)}`;
};

/** What hledger makes of a journal, after its strict checks. @throws {Error} if it says anything */
export const hledger = async (file: string): Promise<Balances> => {
  await run('hledger', '-f', file, 'check', '--strict', 'ordereddates', 'payees', 'uniqueleafnames');
  const csv = await run('hledger', '-f', file, 'balance', '--flat', '-N', '-E', '-O', 'csv', '--layout', 'bare');
  const rows = recordsOf(csv, ',').slice(1);
  return balancesIn(rows.map(([name, currency, amount]) => [hledgerAccount(name!), currency!, amount!]));
};

const beancountAccount = (name: string): string => {
  const plain = (part: string): string =>
    part.replace(/--|-([0-9A-F]+)-/g, (_, code?: string) =>
      code === undefined ? '-' : String.fromCodePoint(parseInt(code, 16)),
    );
  const [, control, vendor] = /^(?:Liabilities:(Payables)|Assets:On-Account):V-(.*)$/.exec(name) ?? [];
  if (vendor !== undefined) return `${control ? 'payables' : 'on-account'}|${plain(vendor)}`;
  const [, bank] = /^Assets:Cash:B-(.*)$/.exec(name) ?? [];
  return bank === undefined ? plain(/:A-(.*)$/.exec(name)![1]!) : `cash:${plain(bank)}`;
};

/** What beancount makes of a ledger that `bean-check` takes. @throws {Error} if it says anything */
export const beancount = async (file: string): Promise<Balances> => {
  await run('bean-check', '--no-cache', file);
  // As text: numbers it rounds to the commonest number of decimals of all.
  const query = 'select account, currency, str(sum(number)) group by account, currency';
  const rows = recordsOf(await run('bean-query', '-f', 'csv', file, query), ',').slice(1);
  return balancesIn(
    rows.map(([name, currency, number]) => [
      beancountAccount(name!.trim()),
      currency!.trim(),
      /^Decimal\('(.*)'\)$/.exec(number!.trim())![1]!,
    ]),
  );
};
