import type { PlanAnswer } from './cash-priority/model.js';
import { type Client, withServer } from './client.js';
import type { Config } from './config.js';
import { cashSteps, planDay, planRequest } from './demo-cash.js';
import { ageingDays, ledgerId, liabilitiesDay, steps } from './demo-founding-case.js';
import { planTables } from './plan-tables.js';
import { table, thousands } from './tables.js';

type Say = (text: string) => void;

/**
 * Loads the founding case over the API and shows what the reports say of it, and the plan for its cash. Uses the server
 * that runs with the same settings; where none does, starts one and stops it afterwards. Doing it again changes nothing.
 *
 * @throws {ConfigError | SecretFileError | StartError}
 */
export const runDemo = (config: Config, say: Say): Promise<void> =>
  withServer(config, async (client, isRunning) => {
    say(
      isRunning
        ? `Using the Duebook at ${client.url}.`
        : `No Duebook answers on port ${config.port}: started one for this, on ${client.url}.`,
    );
    await show(client, say);
    say(
      isRunning
        ? `\nThe same figures, and all others: ${client.url}/docs, ledger ${ledgerId}.`
        : `\nThe books stay: start Duebook, and look at ledger ${ledgerId} by its API.`,
    );
  });

type Row = Readonly<Record<string, string>>;

interface ByCurrency {
  readonly currencies: readonly { readonly currency: string; readonly rows: readonly Row[]; readonly totals: Row }[];
}

const base = `/v1/ledgers/${ledgerId}`;

const show = async (client: Client, say: Say): Promise<void> => {
  await load(client, say);

  say('\nWhat was owed in USD, by days late (due dates as agreed with the creditor; none of the deferrals was agreed)');
  const ageing = await Promise.all(
    ageingDays.map((day) => client.get<ByCurrency>(`${base}/reports/ageing?asOf=${day}`)),
  );
  const buckets = ['notDue', '1-30', '31-60', '61-90', 'over-90', 'total'];
  say(
    table(
      ['as of', ...buckets],
      ageing.map((report, i) => [ageingDays[i] ?? '', ...amounts(report.currencies[0]?.totals, buckets)]),
    ),
  );

  say(`\nLiabilities in USD by vendor on ${liabilitiesDay}`);
  const { currencies } = await client.get<ByCurrency>(`${base}/reports/liabilities?asOf=${liabilitiesDay}&by=vendor`);
  const columns = ['owed', 'overdue', 'deferredAgreed', 'deferredUnilateral', 'onAccount', 'total'];
  const [usd] = currencies;
  say(
    table(
      ['vendor', 'owed', 'overdue', 'deferred, agreed', 'deferred, not agreed', 'on account', 'total'],
      [
        ...(usd?.rows ?? []).map((row) => [row.vendorName ?? '', ...amounts(row, columns)]),
        ['all', ...amounts(usd?.totals, columns)],
      ],
    ),
  );

  say(`\nThe cash plan of ${planDay}`);
  say(facts);
  const response = await client.post(`${base}/cash-plans?dryRun=true`, planRequest);
  say(planTables((await response.json()) as PlanAnswer));
};

/** What the press report states, and what had to be assumed to make a plan of it. */
const facts = `
Facts (the press report): less than 4 million in the bank; AWS underpaid by 1 million for July, its 7 million for August
not to be paid; 1 million owed to Google Cloud, 600 thousand to CoreWeave; paying UK taxes late considered, so that US
staff is paid; 54 million a year of wages and operating costs, 11 million of revenue; 20 of Intel's 50 million paid in.
Assumptions: 3.9 million in the bank and a reserve of 250 thousand; days, terms and numbers of the bills; the even spread
of costs and revenue; when cloud providers suspend and what that costs; Intel's rest in mid-December, three to ten.
Sources of rates: the consequences of each vendor name theirs. Nothing here is legal advice.
`;

const load = async (client: Client, say: Say): Promise<void> => {
  let fresh = 0;
  let last = 0;
  const all = [...steps, ...cashSteps];
  for (const { path, body, key = String(body.id) } of all) {
    // One key for each step, for ever: sent again, it is answered again and recorded no second time.
    const response = await client.post(path === '' ? '/v1/ledgers' : `${base}${path}`, body, `demo ${key}`);
    const { position } = (await response.json()) as { position: number };
    if (response.headers.get('idempotency-replayed') !== 'true') fresh += 1;
    last = Math.max(last, position);
  }
  say(
    fresh === 0
      ? `The founding case is in ledger ${ledgerId} already, up to position ${last}: nothing changed.`
      : `Recorded ${fresh} of the founding case's ${all.length} commands in ledger ${ledgerId}, up to position ${last}.`,
  );
};

/** @example amounts({ total: '1234.50' }, ['total']) // ['1,234.50'] */
const amounts = (row: Row | undefined, columns: readonly string[]): string[] =>
  columns.map((column) => thousands(row?.[column] ?? '0.00'));
