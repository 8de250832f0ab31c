import pino, { type Logger } from 'pino';
import { type App, createApp } from '../../src/app.module.js';
import { type Environment, readConfig } from '../../src/config.js';
import type { TestDatabase } from './database.js';

export const testToken = 'a-token-for-tests-only';

/** The whole application in this process, on a database of its own and a free port. */
export const startApp = (
  database: TestDatabase,
  settings: Environment = {},
  logger: Logger = pino({ level: 'silent' }),
): Promise<App> =>
  createApp(readConfig({ PORT: '0', DUEBOOK_DATA: database.folder, ...settings }), {
    url: database.appUrl,
    readUrl: database.appUrl,
    token: testToken,
    // A thread has a module loader of its own, so it runs from the build, which is there by now (global-setup.js).
    planningThread: new URL('../../dist/planning/thread.js', import.meta.url),
    logger,
  });

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** As it came. */
  readonly text: string;
  /** What the text says, where it is JSON. */
  readonly body: any;
}

/** Speaks to one ledger as an integrator would. */
export class LedgerClient {
  readonly base: string;

  constructor(
    url: string,
    readonly ledger: string,
    private readonly token = testToken,
  ) {
    this.base = `${url}/v1/ledgers/${ledger}`;
  }

  /** Opens the ledger. */
  async open(facts: { currency?: string; timeZone?: string; name?: string } = {}): Promise<this> {
    const url = this.base.slice(0, this.base.lastIndexOf('/'));
    const body = { id: this.ledger, name: 'Test', currency: 'USD', timeZone: 'UTC', ...facts };
    const reply = await this.#send('POST', url, {}, body);
    if (reply.status !== 201) throw new Error(`no ledger: ${reply.text}`);
    return this;
  }

  post(path: string, body: unknown = {}, headers: Record<string, string> = {}): Promise<Reply> {
    return this.#send('POST', this.base + path, headers, body);
  }

  /** @throws {Error} unless the answer is 201 */
  async record(path: string, body: unknown = {}): Promise<Reply> {
    const reply = await this.post(path, body);
    if (reply.status !== 201) throw new Error(`POST ${path} answered ${reply.status}: ${reply.text}`);
    return reply;
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
    return this.#send('GET', this.base + path, headers);
  }

  /** Every event of the log, as its lines say. */
  async events(): Promise<Record<string, never>[]> {
    const { text } = await this.get('/events', { accept: 'application/x-ndjson' });
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, never>);
  }

  delete(path: string): Promise<Reply> {
    return this.#send('DELETE', this.base + path, {});
  }

  /** A file, byte by byte. @throws {Error} unless the answer is 200 */
  async file(path: string, headers: Record<string, string> = {}): Promise<{ headers: Headers; bytes: Buffer }> {
    const response = await this.#fetch('GET', this.base + path, headers);
    if (response.status !== 200) throw new Error(`GET ${path} answered ${response.status}: ${await response.text()}`);
    return { headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
  }

  async #send(method: string, url: string, headers: Record<string, string>, body?: unknown): Promise<Reply> {
    const response = await this.#fetch(method, url, headers, body);
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  }

  #fetch(method: string, url: string, headers: Record<string, string>, body?: unknown): Promise<Response> {
    return fetch(url, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }
}
