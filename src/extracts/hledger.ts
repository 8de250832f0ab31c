import { accountOf, type Chart } from '../domain/chart-of-accounts.js';
import { chartThen } from '../reports/chart.js';
import { type Currency, decimalsOf, formatMinor } from '../domain/money.js';
import {
  type AccountOf,
  balancesOf,
  type DatedEntry,
  entriesOf,
  type EntryLine,
  inParts,
  isSameAccount,
  narrationOf,
  oneLine,
  spanOf,
} from './entries.js';
import type { Source } from './reading.js';

// The dialect that `hledger check --strict ordereddates payees uniqueleafnames` takes without a word: every commodity,
// account and payee is declared, two blanks stand before an amount, and balances are asserted exactly.

/** Of entries that are no one vendor's. */
const ownPayee = 'Duebook';

/** A journal for hledger. The balance of each account is asserted at its end. */
export async function* hledgerJournal(source: Source): AsyncGenerator<string> {
  const { moment, ledger } = source;
  const { asOf, knownAt, position } = moment;
  yield `; ${oneLine(`${ledger.name} (ledger ${moment.ledger})`)} as of ${asOf}, as known at position ${position}, ${knownAt ?? 'before the first event'}\n`;
  const span = await spanOf(source);
  if (!span) return;
  yield `${span.currencies.map(commodity).join('')}decimal-mark .\n\npayee ${ownPayee}\n`;
  const chart = await source.read((snapshot) => chartThen(snapshot, moment.position));
  const all = await balancesOf(source);
  let last: AccountOf | undefined;
  for (const balances of inParts(all)) {
    let text = '';
    for (const next of balances) {
      if (next.vendorId !== undefined && next.vendorId !== last?.vendorId) text += `payee ${next.vendorId}\n`;
      if (!isSameAccount(last, next)) text += `account ${accountName(chart, next)}\n`;
      last = next;
    }
    yield text;
  }
  for await (const entries of entriesOf(source)) yield entries.map((entry) => transaction(chart, entry)).join('');
  for (const balances of inParts(all)) {
    yield balances
      .map(({ currency, balance, ...account }) => {
        const [none, whole] = [0n, balance].map((minor) => `${formatMinor(minor, currency)} ${currency}`);
        return `\n${asOf} * (check) ${account.vendorId ?? ownPayee} | balance\n    ${accountName(chart, account)}  ${none} = ${whole}\n`;
      })
      .join('');
  }
}

/** @example commodity('USD') // 'commodity 1000.00 USD\n' */
const commodity = (currency: Currency): string => `commodity 1000.${'0'.repeat(decimalsOf(currency))} ${currency}\n`;

const transaction = (chart: Chart, entry: DatedEntry): string => {
  const note = `${oneLine(entry.vendorName)}: ${narrationOf(entry)}`;
  // The payee ends at the first |, which a note may have; a semicolon would begin a comment.
  const head = `${entry.on} * (${entry.id}) ${entry.vendorId} | ${note.replaceAll(';', ',')}`;
  const tags = `position:${entry.position}, type:${entry.type}, recorded:${entry.recordedAt}`;
  return `\n${head}  ; ${tags}\n${entry.lines.map((line) => posting(chart, line)).join('')}`;
};

const posting = (chart: Chart, { currency, amount, item, dates, ...account }: EntryLine): string => {
  const tags = [
    ...(item === undefined ? [] : [`item:${item}`]),
    ...(dates ? [`due:${dates.due}`, `odue:${dates.originalDue}`, `planned:${dates.planned}`] : []),
  ];
  const comment = tags.length === 0 ? '' : `  ; ${tags.join(', ')}`;
  return `    ${accountName(chart, account)}  ${formatMinor(amount, currency)} ${currency}${comment}\n`;
};

const tops = { asset: 'assets', liability: 'liabilities', expense: 'expenses', income: 'income' } as const;

/**
 * The name of an account. No two accounts end in the same part: ids stand after a slash, which nothing else has.
 *
 * @example accountName([], { account: 'payables', vendorId: 'aws' }) // 'liabilities:payables:vendor/aws'
 */
const accountName = (chart: Chart, { account, vendorId }: AccountOf): string => {
  if (vendorId !== undefined && account === 'payables') return `liabilities:payables:vendor/${vendorId}`;
  if (vendorId !== undefined) return `assets:on-account:credit/${vendorId}`;
  const cash = 'cash:';
  if (account.startsWith(cash)) return `assets:cash:bank/${encoded(account.slice(cash.length))}`;
  return `${tops[accountOf(chart, account).type]}:${encoded(account)}`;
};

/** Whatever could mean something to hledger, as in URLs; single blanks between words are left. */
const encoded = (name: string): string =>
  name.replace(/^ | $| (?= )|(?<= ) |[^\p{L}\p{N}._ -]/gu, (part) =>
    [...Buffer.from(part)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
