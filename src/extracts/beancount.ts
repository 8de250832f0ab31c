import { addDays, type LocalDate, lastDay } from '../domain/calendar.js';
import { accountOf, type Chart } from '../domain/chart-of-accounts.js';
import { chartThen } from '../reports/chart.js';
import { formatMinor } from '../domain/money.js';
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

/** A ledger for beancount. The balance of each account is asserted at its end, exactly. */
export async function* beancountJournal(source: Source): AsyncGenerator<string> {
  const { moment, ledger } = source;
  const { asOf, knownAt, position } = moment;
  yield `; ${oneLine(`Ledger ${moment.ledger}`)} as of ${asOf}, as known at position ${position}, ${knownAt ?? 'before the first event'}\n`;
  yield `option "title" ${text(ledger.name)}\noption "operating_currency" "${ledger.currency}"\n\n`;
  const span = await spanOf(source);
  if (!span) return;
  yield span.currencies.map((currency) => `${span.firstDay} commodity ${currency}\n`).join('');
  const chart = await source.read((snapshot) => chartThen(snapshot, moment.position));
  const all = await balancesOf(source);
  let last: AccountOf | undefined;
  for (const balances of inParts(all)) {
    let opened = '';
    for (const next of balances) {
      if (!isSameAccount(last, next)) opened += opening(chart, next, span.firstDay);
      last = next;
    }
    yield opened;
  }
  for await (const entries of entriesOf(source)) yield entries.map((entry) => transaction(chart, entry)).join('');
  // A balance is that of the start of its day. After the last day that there is, there is none to assert it on.
  const after = [asOf, span.lastDay].find((day) => day < lastDay);
  if (after === undefined) return;
  for (const balances of inParts(all)) {
    yield balances
      .map(({ currency, balance, ...account }) => {
        // Without a tolerance beancount passes over a difference of one minor unit.
        const [exact, whole] = [0n, balance].map((minor) => formatMinor(minor, currency));
        return `\n${addDays(after, 1)} balance ${accountName(chart, account)}  ${whole} ~ ${exact} ${currency}\n`;
      })
      .join('');
  }
}

const opening = (chart: Chart, { account, vendorId }: AccountOf, on: LocalDate): string =>
  `${on} open ${accountName(chart, { account, vendorId })}\n  account: ${text(account)}\n${vendorId === undefined ? '' : `  vendor: "${vendorId}"\n`}`;

const transaction = (chart: Chart, entry: DatedEntry): string => {
  const head = `\n${entry.on} * ${text(entry.vendorName)} ${text(narrationOf(entry))} ^${entry.kind}/${entry.id}\n`;
  const about = `  position: ${entry.position}\n  type: "${entry.type}"\n  recorded: "${entry.recordedAt}"\n`;
  return `${head}${about}${entry.lines.map((line) => posting(chart, line)).join('')}`;
};

const posting = (chart: Chart, { currency, amount, item, dates, ...account }: EntryLine): string => {
  const facts = [
    ...(item === undefined ? [] : [`item: "${item}"`]),
    ...(dates ? [`due: ${dates.due}`, `odue: ${dates.originalDue}`, `planned: ${dates.planned}`] : []),
  ];
  return `  ${accountName(chart, account)}  ${formatMinor(amount, currency)} ${currency}\n${facts.map((fact) => `    ${fact}\n`).join('')}`;
};

/** A text in quotation marks, on one line. */
const text = (value: string): string => `"${oneLine(value).replace(/["\\]/g, '\\$&')}"`;

const tops = { asset: 'Assets', liability: 'Liabilities', expense: 'Expenses', income: 'Income' } as const;

/** @example accountName([], { account: 'payables', vendorId: 'aws' }) // 'Liabilities:Payables:V-aws' */
const accountName = (chart: Chart, { account, vendorId }: AccountOf): string => {
  if (vendorId !== undefined && account === 'payables') return `Liabilities:Payables:V-${encoded(vendorId)}`;
  if (vendorId !== undefined) return `Assets:On-Account:V-${encoded(vendorId)}`;
  const cash = 'cash:';
  if (account.startsWith(cash)) return `Assets:Cash:B-${encoded(account.slice(cash.length))}`;
  return `${tops[accountOf(chart, account).type]}:A-${encoded(account)}`;
};

/** A part of a name has letters, digits and hyphens only: all else is its code between hyphens, a hyphen is two. */
const encoded = (name: string): string =>
  name.replace(/[^A-Za-z0-9]/gu, (character) =>
    character === '-' ? '--' : `-${character.codePointAt(0)!.toString(16).toUpperCase()}-`,
  );
