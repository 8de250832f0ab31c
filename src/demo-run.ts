import { ageingDays, ledgerId, liabilitiesDay, type Step, steps } from './demo-founding-case.js';
import type { Config } from './config.js';
import { readToken, tokenFile } from './first-token.js';
import { createLogger } from './logging.js';
import { start, StartError } from './start.js';

type Say = (text: string) => void;

/**
 * Loads the founding case over the API and shows what the reports say of it. Uses the server that runs with the same
 * settings; where none does, starts one and stops it afterwards. Doing it again changes nothing.
 *
 * @throws {ConfigError | StartError}
 */
export const runDemo = async (config: Config, say: Say): Promise<void> => {
  const running = await findRunning(config);
  if (running) {
    say(`Using the Duebook at ${running.url}.`);
    await show(running, say);
    say(`\nThe same figures, and all others: ${running.url}/docs, ledger ${ledgerId}.`);
    return;
  }
  const ours = await start(
    { ...config, host: '127.0.0.1', port: 0 },
    createLogger(config.logLevel === 'info' ? 'warn' : config.logLevel),
  );
  try {
    say(`No Duebook answers on port ${config.port}: started one for this, on ${ours.url}.`);
    await show(new Client(ours.url, ours.token.value), say);
    say(`\nThe books stay: start Duebook, and look at ledger ${ledgerId} by its API.`);
  } finally {
    await ours.close();
  }
};

const findRunning = async (config: Config): Promise<Client | undefined> => {
  if (config.port === 0) return undefined;
  // A server that listens on every address is reached on this one.
  const host = ['0.0.0.0', '::'].includes(config.host) ? '127.0.0.1' : config.host;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${config.port}`;
  try {
    const response = await fetch(`${url}/openapi.json`, { signal: AbortSignal.timeout(2_000) });
    const document = (await response.json()) as { info?: { title?: string } };
    if (document.info?.title !== 'Duebook')
      throw new StartError(`Something other than Duebook answers at ${url}: set PORT.`);
  } catch (error) {
    if (error instanceof StartError) throw error;
    if (error instanceof SyntaxError) throw new StartError(`Something other than Duebook answers at ${url}: set PORT.`);
    return undefined;
  }
  const token = config.token ?? (await readToken(tokenFile(config)));
  if (token === undefined) {
    throw new StartError(
      `A Duebook answers at ${url}; set DUEBOOK_TOKEN to a token of its, or DUEBOOK_DATA to its data folder.`,
    );
  }
  return new Client(url, token);
};

class Client {
  constructor(
    readonly url: string,
    private readonly token: string,
  ) {}

  async post({ path, body }: Step): Promise<{ position: number; replayed: boolean }> {
    const where = path === '' ? '/v1/ledgers' : `/v1/ledgers/${ledgerId}${path}`;
    const response = await this.#fetch(where, {
      method: 'POST',
      // One key for each step, for ever: sent again, it is answered again and recorded no second time.
      headers: { 'content-type': 'application/json', 'idempotency-key': `demo ${body.id}` },
      body: JSON.stringify(body),
    });
    const { position } = (await response.json()) as { position: number };
    return { position, replayed: response.headers.get('idempotency-replayed') === 'true' };
  }

  async report<T>(query: string): Promise<T> {
    const response = await this.#fetch(`/v1/ledgers/${ledgerId}/reports/${query}`);
    return (await response.json()) as T;
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(`${this.url}${path}`, { ...init, headers });
    if (!response.ok)
      throw new StartError(
        `${init.method ?? 'GET'} ${path} was answered with ${response.status}: ${await response.text()}`,
      );
    return response;
  }
}

type Row = Readonly<Record<string, string>>;

interface ByCurrency {
  readonly currencies: readonly { readonly currency: string; readonly rows: readonly Row[]; readonly totals: Row }[];
}

const show = async (client: Client, say: Say): Promise<void> => {
  await load(client, say);

  say('\nWhat was owed in USD, by days late (due dates as agreed with the creditor; none of the deferrals was agreed)');
  const ageing = await Promise.all(ageingDays.map((day) => client.report<ByCurrency>(`ageing?asOf=${day}`)));
  const buckets = ['notDue', '1-30', '31-60', '61-90', 'over-90', 'total'];
  say(
    table(
      ['as of', ...buckets],
      ageing.map((report, i) => [ageingDays[i] ?? '', ...amounts(report.currencies[0]?.totals, buckets)]),
    ),
  );

  say(`\nLiabilities in USD by vendor on ${liabilitiesDay}`);
  const { currencies } = await client.report<ByCurrency>(`liabilities?asOf=${liabilitiesDay}&by=vendor`);
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
};

const load = async (client: Client, say: Say): Promise<void> => {
  let fresh = 0;
  let last = 0;
  for (const step of steps) {
    const { position, replayed } = await client.post(step);
    if (!replayed) fresh += 1;
    last = Math.max(last, position);
  }
  say(
    fresh === 0
      ? `The founding case is in ledger ${ledgerId} already, up to position ${last}: nothing changed.`
      : `Recorded ${fresh} of the founding case's ${steps.length} commands in ledger ${ledgerId}, up to position ${last}.`,
  );
};

/** @example amounts({ total: '1234.50' }, ['total']) // ['1,234.50'] */
const amounts = (row: Row | undefined, columns: readonly string[]): string[] =>
  columns.map((column) => (row?.[column] ?? '0.00').replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ','));

/** Aligned columns: the first to the left, amounts to the right. */
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
};
