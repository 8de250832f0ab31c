import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { App } from '../src/app.module.js';
import { LedgerClient, startApp, testToken } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { faultsOf } from './support/event-schemas.js';
import { deep } from './support/seed.js';

// Bad input of every kind that the API's own description lets one think of: never a 500, always a problem that names
// what is wrong, and never half a command in the log.

interface Schema {
  $ref?: string;
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  example?: unknown;
  examples?: unknown[];
  default?: unknown;
  allOf?: Schema[];
  oneOf?: Schema[];
  pattern?: string;
  format?: string;
}

interface Operation {
  parameters?: { name: string; in: string; schema?: Schema }[];
  requestBody?: { content?: Record<string, { schema: Schema }> };
}

interface Description {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

let database: TestDatabase;
let app: App;
let client: LedgerClient;
let description: Description;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  client = await new LedgerClient(app.url, 'fuzz').open();
  await client.record('/vendors', { id: 'V', name: 'Vendor' });
  const invoice = {
    vendorId: 'V',
    invoiceDate: '2024-01-01',
    currency: 'USD',
    lines: [{ amount: '100.00' }],
    total: '100.00',
  };
  await client.record('/invoices', { ...invoice, id: 'X', number: 'X' });
  await client.record('/payments', { id: 'X', vendorId: 'V', paidOn: '2024-01-01', currency: 'USD', amount: '10.00' });
  description = JSON.parse(await readFile(new URL('openapi.json', import.meta.url), 'utf8')) as Description;
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

interface Raw {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Sends bytes as they are: what `fetch` would mend on the way is what is to be tried. */
const send = (
  method: string,
  path: string,
  body?: string | Buffer,
  headers: Record<string, string> = {},
): Promise<Raw> =>
  new Promise((resolve, reject) => {
    const url = new URL(app.url);
    const call = request(
      {
        host: url.hostname,
        port: url.port,
        method,
        path,
        headers: {
          authorization: `Bearer ${testToken}`,
          ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          ...headers,
        },
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            type: response.headers['content-type'] ?? '',
            text: Buffer.concat(parts).toString(),
          }),
        );
      },
    );
    // A server may refuse a body that is too large before it has read it all.
    call.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EPIPE' || error.code === 'ECONNRESET'
        ? resolve({
            status: 413,
            type: 'application/problem+json',
            text: '{"type":"/problems/payload-too-large","status":413}',
          })
        : reject(error),
    );
    call.end(body);
  });

const seen = new Map<number, number>();

const mustBeProper = (what: string, { status, type, text }: Raw): void => {
  seen.set(status, (seen.get(status) ?? 0) + 1);
  const said = `${what}\n${status} ${text.slice(0, 300)}`;
  if (status >= 500) throw new Error(said);
  if (status < 400) return;
  if (!type.startsWith('application/problem+json')) throw new Error(`no problem document: ${said}`);
  const problem = JSON.parse(text) as {
    type?: string;
    status?: number;
    errors?: { pointer: string; detail: string }[];
  };
  if (!problem.type?.startsWith('/problems/') || problem.status !== status) throw new Error(`an odd problem: ${said}`);
  if (/node_modules|\(.*:\d+:\d+\)|select .* from |insert into /.test(text)) throw new Error(`a look inside: ${said}`);
};

const resolved = (schema: Schema): Schema => {
  if (schema.$ref) return resolved(description.components.schemas[schema.$ref.split('/').at(-1)!]!);
  if (schema.allOf) return Object.assign({}, ...schema.allOf.map(resolved), schema, { allOf: undefined }) as Schema;
  return schema.oneOf ? resolved(schema.oneOf[0]!) : schema;
};

/** A value that looks right to the schema. */
const plausible = (schema: Schema, name = ''): unknown => {
  const s = resolved(schema);
  if (name === 'vendorId') return 'V';
  if (s.example !== undefined) return s.example;
  if (s.examples?.[0] !== undefined) return s.examples[0];
  if (s.enum) return s.enum[0];
  const type = Array.isArray(s.type) ? s.type[0] : s.type;
  if (type === 'array') return [plausible(s.items ?? {})];
  if (type === 'boolean') return true;
  if (type === 'number' || type === 'integer') return 1;
  if (type === 'object' || s.properties) {
    return Object.fromEntries(Object.entries(s.properties ?? {}).map(([key, one]) => [key, plausible(one, key)]));
  }
  if (s.format === 'date') return '2024-01-31';
  return /currency/i.test(name) ? 'USD' : /amount|total|tax/i.test(name) ? '1.00' : 'X';
};

const emptyList = 'an empty list';

const oddValues = (): [string, unknown][] => [
  ['null', null],
  ['a number', 12.5],
  ['a negative number', -1],
  ['a huge number', 1e308],
  ['a boolean', false],
  ['an empty string', ''],
  ['blanks', '   '],
  ['a long string', 'x'.repeat(20_000)],
  [emptyList, []],
  ['a list of lists', [[[[]]]]],
  ['a list of nulls', [null]],
  ['a long list', Array.from({ length: 3_000 }, () => ({}))],
  ['an empty object', {}],
  ['an object', { amount: { amount: {} }, constructor: 1, toString: 2 }],
  ['a NUL', 'a\u0000b'],
  ['a control character', 'a\u0007b'],
  ['a lone surrogate', '\ud800'],
  ['emoji and right-to-left', '👩‍👩‍👧‍👦‮ \u202e Ω'],
  ['a byte order mark', '\ufeffX'],
  ['SQL', `'; drop table log.events; --`],
  ['a template', '${7*7}{{7*7}}%s%n'],
  ['a path', '../../etc/passwd'],
  ['a huge amount', '99999999999999999999999999.99'],
  ['an exponent', '1e3'],
  ['a plus', '+1.00'],
  ['a comma', '1,000.00'],
  ['many decimals', '1.000000001'],
  ['minus zero', '-0.00'],
  ['zero', '0'],
  ['Arabic digits', '١٢٣'],
  ['no day', '2023-02-29'],
  ['a far day', '9999-12-31'],
  ['an early day', '0000-00-00'],
  ['an instant', '2024-01-01T00:00:00Z'],
  ['a word', 'true'],
];

/** Every place in a value, as the steps that lead to it. */
const placesIn = (value: unknown, path: (string | number)[] = []): (string | number)[][] => {
  if (typeof value !== 'object' || value === null) return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([key, one]) =>
      placesIn(one, [...path, Array.isArray(value) ? Number(key) : key]),
    ),
  ];
};

const changed = (value: any, [step, ...rest]: (string | number)[], to: unknown): unknown => {
  if (step === undefined) return to;
  const next = changed(value[step], rest, to);
  // What becomes undefined is left out where the value is written as JSON; of a list, null stands in its place.
  return Array.isArray(value) ? value.with(Number(step), next) : { ...value, [step]: next };
};

const operations = (): { method: string; path: string; operation: Operation }[] =>
  Object.entries(description.paths)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([path, methods]) =>
      Object.entries(methods)
        .filter(([method]) => ['get', 'post'].includes(method))
        .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );

const filled = (path: string, value = 'X'): string =>
  path.replace('{ledger}', 'fuzz').replace(/\{\w+\}/g, encodeURIComponent(value));

describe('bad input', () => {
  it('in any field of any body is named, and never a fault of ours', async () => {
    const posts = operations().filter(({ operation }) => operation.requestBody);
    expect(posts.length).toBeGreaterThan(20);
    for (const { method, path, operation } of posts) {
      const body = plausible(operation.requestBody!.content!['application/json']!.schema);
      const places = placesIn(body);
      const odd = oddValues();
      for (const [n, place] of places.entries()) {
        mustBeProper(
          `${path} without ${place.join('/')}`,
          await send(method, filled(path), place.length === 0 ? '' : JSON.stringify(changed(body, place, undefined))),
        );
        // Each field meets each value in the deep run; else every value is met, spread over the fields. An empty list
        // is as good as nothing wherever it stands, and so is easily taken for more.
        const values = deep ? odd : odd.filter(([name], i) => (i + n) % 4 === 0 || name === emptyList);
        for (const [name, value] of values) {
          const what = `${path} with ${name} at /${place.join('/')}`;
          const reply = await send(method, filled(path), JSON.stringify(changed(body, place, value)));
          mustBeProper(what, reply);
        }
      }
      const surplus = await send(method, filled(path), JSON.stringify({ ...(body as object), surplus: 1 }));
      mustBeProper(`${path} with a surplus field`, surplus);
      if (![400, 404].includes(surplus.status)) throw new Error(`${path} took a surplus field: ${surplus.text}`);
    }
  }, 3_600_000);

  it('as a whole body is refused', async () => {
    for (const { method, path, operation } of operations().filter(({ operation: one }) => one.requestBody)) {
      const text = JSON.stringify(plausible(operation.requestBody!.content!['application/json']!.schema));
      const target = filled(path);
      const bodies: [string, string | Buffer, Record<string, string>?][] = [
        ['nothing', ''],
        ['half of it', text.slice(0, text.length / 2)],
        ['a list', '[]'],
        ['null', 'null'],
        ['a string', '"x"'],
        ['a number', '1'],
        ['a duplicate key', `{"reason":"a","reason":"b",${text.slice(1)}`],
        ['a prototype', `{"__proto__":{"a":1},"constructor":{"prototype":{"a":1}},${text.slice(1)}`],
        ['deep nesting', `${'['.repeat(50_000)}${']'.repeat(50_000)}`],
        ['deep nesting in a field', `{"reason":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`],
        ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
        ['more than 1 MB', JSON.stringify({ reason: 'x'.repeat(1_200_000) })],
        ['1 MB of fields', `{${Array.from({ length: 50_000 }, (_, i) => `"f${i}":${i}`).join(',')}}`],
        ['another media type', text, { 'content-type': 'text/plain' }],
        ['XML', '<a/>', { 'content-type': 'application/xml' }],
        ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
        ['an odd media type', text, { 'content-type': 'application/json; charset=utf-16' }],
        ['no media type', text, { 'content-type': '' }],
        ['a body said to be compressed', text, { 'content-encoding': 'gzip' }],
        ['an odd key', text, { 'idempotency-key': 'é'.repeat(3) }],
        ['a long key', text, { 'idempotency-key': 'k'.repeat(256) }],
        ['an empty key', text, { 'idempotency-key': '' }],
      ];
      for (const [name, body, headers] of bodies) {
        const reply = await send(method, target, body, headers);
        mustBeProper(`${path} with ${name}`, reply);
        const allowed =
          name === 'nothing'
            ? [400, 404, 409, 415, 422]
            : name === 'no media type'
              ? [400, 404, 409, 415, 422, 201]
              : [400, 404, 413, 415];
        if (!allowed.includes(reply.status))
          throw new Error(`${path} took ${name}: ${reply.status} ${reply.text.slice(0, 200)}`);
      }
    }
  }, 600_000);

  it('that would speak for the server is refused, and every such field is named', async () => {
    const ours = {
      ledger: 'other',
      ledgerId: 'other',
      position: 1,
      actor: { id: 'eve', role: 'admin' },
      role: 'admin',
      recordedAt: '2020-01-01T00:00:00.000000Z',
      stream: 'ledger',
      streamVersion: 1,
      type: 'LedgerOpened',
      version: 1,
      status: 'paid',
      outstanding: '0.00',
      correlationId: 'x',
      leafHash: 'x',
      isAdmin: true,
    };
    let refused = 0;
    for (const { method, path, operation } of operations()) {
      const schema = operation.requestBody?.content?.['application/json']?.schema;
      if (!schema) continue;
      const known = Object.keys(resolved(schema).properties ?? {});
      const foreign = Object.entries(ours).filter(([name]) => !known.includes(name));
      const body = { ...(plausible(schema) as object), ...Object.fromEntries(foreign) };
      const reply = await send(method, filled(path), JSON.stringify(body));
      mustBeProper(`${path} with fields of ours`, reply);
      // What the path names may not be there, or the address may be another's business: then no body is looked at.
      if (reply.status === 404) continue;
      const { errors } = JSON.parse(reply.text) as { errors: { pointer: string }[] };
      expect([path, reply.status]).toEqual([path, 400]);
      expect([path, errors.map(({ pointer }) => pointer)]).toEqual([
        path,
        expect.arrayContaining(foreign.map(([name]) => `/${name}`)),
      ]);
      refused += 1;
    }
    expect(refused).toBeGreaterThan(20);
  }, 120_000);

  it('in a path or a query is refused', async () => {
    const ids = [
      '%',
      '%zz',
      '%00',
      '%2e%2e',
      '..',
      '.',
      '%ff',
      'a b',
      'x'.repeat(65),
      '💥',
      '%F0%9F%92%A5',
      `'--`,
      'a/b',
      '%2f',
    ];
    for (const { method, path, operation } of operations()) {
      for (const id of ids) {
        const target = path.replace('{ledger}', 'fuzz').replace(/\{\w+\}/g, () => encodeURI(id).replace(/%25/g, '%'));
        mustBeProper(`${method} ${path} with ${id}`, await send(method, target, method === 'POST' ? '{}' : undefined));
        mustBeProper(
          `${method} ${path} in ledger ${id}`,
          await send(
            method,
            path.replace(/\{\w+\}/g, () => encodeURI(id).replace(/%25/g, '%')),
            method === 'POST' ? '{}' : undefined,
          ),
        );
      }
      const names = (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name);
      for (const name of [...names, 'surplus', '__proto__', 'constructor']) {
        for (const value of [
          '',
          'x',
          '-1',
          '0',
          '1.5',
          '1e9',
          '99999999999999999999',
          '%00',
          '%ff',
          'x'.repeat(5_000),
          '2023-02-29',
          '9999-12-31',
          '[]',
          `a&${name}=b`,
        ]) {
          mustBeProper(
            `${method} ${path}?${name}=${value.slice(0, 50)}`,
            await send(method, `${filled(path)}?${name}=${value}`, method === 'POST' ? '{}' : undefined),
          );
        }
      }
      mustBeProper(`PUT ${path}`, await send('PUT', filled(path), '{}'));
      mustBeProper(`DELETE ${path}`, await send('DELETE', filled(path)));
    }
    expect(
      (await send('GET', filled('/v1/ledgers/{ledger}/reports/ageing'), undefined, { authorization: 'Bearer wrong' }))
        .status,
    ).toBe(401);
  }, 600_000);

  it('has left nothing half done', async () => {
    const events: any[] = await client.events();
    expect(events.map(({ position }) => position)).toEqual(events.map((_, i) => i + 1));
    // What is recorded is in the shape that it is said to have, and so the books could be folded up to the end.
    for (const event of events) expect(faultsOf(event)).toEqual([]);
    const { status, body } = await client.get(`/reports/liabilities?atLeast=${events.length}`);
    expect(status).toBe(200);
    for (const { reconciliation } of body.currencies) expect(reconciliation.difference).toMatch(/^0(\.0+)?$/);
    // Some of what was tried was good input after all, or this test would try nothing.
    expect(seen.get(201)).toBeGreaterThan(10);
    expect(seen.get(400)).toBeGreaterThan(1_000);
  });
});
