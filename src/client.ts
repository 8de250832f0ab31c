import type { Config } from './config.js';
import { readToken, tokenFile } from './first-token.js';
import { createLogger } from './logging.js';
import { StartError } from './start-error.js';
import { start } from './start.js';

/** Speaks to a Duebook as any user does, over its API. */
export class Client {
  constructor(
    readonly url: string,
    private readonly token: string,
  ) {}

  /** @throws {StartError} unless it is answered well */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(`${this.url}${path}`, { ...init, headers });
    if (response.status === 401) throw new StartError(unknownToken);
    if (!response.ok)
      throw new StartError(refusalOf(`${init.method ?? 'GET'} ${path}`, response.status, await response.text()));
    return response;
  }

  async get<T>(path: string): Promise<T> {
    return (await (await this.fetch(path)).json()) as T;
  }

  /** Sends JSON, without recording anything twice: see the Idempotency-Key. */
  async post(path: string, body: unknown, key?: string): Promise<Response> {
    return this.fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) },
      body: JSON.stringify(body),
    });
  }
}

/** A problem in its own words; whatever else is answered, as it came. */
const refusalOf = (request: string, status: number, body: string): string => {
  try {
    const { detail, errors = [] } = JSON.parse(body) as {
      detail?: string;
      errors?: { pointer: string; detail: string }[];
    };
    if (detail !== undefined) return [detail, ...errors.map((fault) => `${fault.pointer} ${fault.detail}.`)].join(' ');
  } catch {
    // Not JSON: something between us and the server has answered.
  }
  return `${request} was answered with ${status}: ${body}`;
};

const unknownToken = 'The Duebook that answers does not take this token: set DUEBOOK_TOKEN to one of its.';

/**
 * Works with the server that runs with the same settings; where none does, starts one and stops it afterwards.
 *
 * @param work gets the client, and whether the server is one that was running already
 * @throws {ConfigError | SecretFileError | StartError}
 */
export const withServer = async (
  config: Config,
  work: (client: Client, isRunning: boolean) => Promise<void>,
): Promise<void> => {
  const running = await findRunning(config);
  if (running) return work(running, true);
  const ours = await start(
    { ...config, host: '127.0.0.1', port: 0 },
    createLogger(config.logLevel === 'info' ? 'warn' : config.logLevel),
  );
  try {
    await work(new Client(ours.url, ours.token.value), false);
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
