/** Who may do what, over HTTP: every route for every role, and what becomes of tokens. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import type { App } from '../src/app.module.js';
import { type DeclaredRoute, declaredRoutes } from '../src/access/routes.js';
import { hashOf } from '../src/access/token-text.js';
import { installationRoles, type Role, roles } from '../src/domain/access.js';
import { LedgerClient, type Reply, startApp, testToken } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

let database: TestDatabase;
let app: App;
let operator: LedgerClient;
let installation: LedgerClient;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  operator = await new LedgerClient(app.url, 'own').open();
  await new LedgerClient(app.url, 'oth').open();
  installation = new LedgerClient(app.url, '_installation');
  // Until then the routes of its proof say that there is none yet.
  await operator.get('/audit/checkpoint?atLeast=1');
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

type Granted = readonly { readonly ledger: string; readonly roles: readonly Role[] }[];

/** A new token of somebody, who gets these roles with it. */
const issue = async (personId: string, ...grants: Granted): Promise<string> => {
  const { body } = await installation.record('/tokens', { personId, grants });
  return (body as { token: string }).token;
};
const own = (...of: Role[]): Granted[number] => ({ ledger: 'own', roles: of });
const as = (token: string, ledger = 'own'): LedgerClient => new LedgerClient(app.url, ledger, token);

const expectProblem = (reply: Reply, status: number, code: string, detail?: string): void => {
  expect([reply.status, reply.body?.type, reply.text]).toEqual([
    status,
    `/problems/${code}`,
    detail === undefined ? expect.any(String) : expect.stringContaining(detail),
  ]);
};

const routes = (): DeclaredRoute[] => declaredRoutes(app.nest.get(DiscoveryService, { strict: false }));

/** The request that a route is tried with: it names nothing that is there, and has nothing in it. */
const call = async ({ method, path }: DeclaredRoute, ledger: string, token: string): Promise<Reply> => {
  const address = path.replace(':ledger', ledger).replace(':position', '1').replaceAll(/:\w+/g, 'nothing');
  const response = await fetch(app.url + address, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(method === 'POST' && { 'content-type': 'application/json' }) },
    ...(method === 'POST' && { body: '{}' }),
  });
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
};

const inDocs = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

describe('every route', () => {
  it('says who may call it, and docs/api.md says the same', async () => {
    const who = ({ declared }: DeclaredRoute): string => {
      if (!declared) throw new Error('says nothing');
      if (declared.who === 'everybody') return 'everybody, without a token';
      if (declared.who === 'signed-in') return 'any valid token';
      const any = declared.who.length === roles.length ? 'any role' : declared.who.join(', ');
      return declared.orOfInstallation ? `${any}; also of \`_installation\`` : any;
    };
    const rows = routes().map((route) => `| \`${route.method} ${inDocs(route.path)}\` | ${who(route)} |`);
    expect(rows.length).toBeGreaterThan(80);
    const table = ['| route | roles |', '| --- | --- |', ...rows].join('\n');
    const docs = await readFile('docs/api.md', 'utf8');
    const [before = '', rest = ''] = docs.split('<!-- roles -->\n');
    const [documented = '', after] = rest.split('\n<!-- /roles -->');
    expect(after).toBeDefined();
    const plain = (text: string): string[] =>
      text
        .trim()
        .split('\n')
        .map((line) => line.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---'));
    if (process.env.TEST_UPDATE)
      await writeFile('docs/api.md', `${before}<!-- roles -->\n\n${table}\n\n<!-- /roles -->${after}`);
    else expect(plain(documented)).toEqual(plain(table));
  });

  it('is no other than those that the server has', () => {
    const served = routes().map(({ method, path }) => `${method} ${path}`);
    expect(new Set(served).size).toBe(served.length);
    const fastify: FastifyInstance = app.nest.getHttpAdapter().getInstance();
    const there = [...(fastify.served ?? [])].flatMap(([path, { methods }]) =>
      [...methods].map((method) => `${method} ${path}`),
    );
    // Beside them there is only what serves the API document, and HEAD, which asks for no more than GET.
    const others = there.filter((route) => !served.includes(route) && !served.includes(route.replace(/^HEAD/, 'GET')));
    expect(others.filter((route) => !/^(GET|HEAD) \/(docs|openapi\.json)/.test(route))).toEqual([]);
    expect(served.filter((route) => !there.includes(route))).toEqual([]);
  });

  it('does for each role what is declared, and shows nothing of a ledger in which one has none', async () => {
    const guarded = routes().filter(({ declared }) => declared!.who !== 'everybody');
    const expected = new Map<DeclaredRoute, Reply>();
    for (const route of guarded) expected.set(route, await call(route, 'own', testToken));
    const wrong: string[] = [];
    let tried = 0;
    for (const role of roles) {
      const token = await issue(`only-${role}`, own(role));
      const check = async (route: DeclaredRoute): Promise<void> => {
        const about = `${role}: ${route.method} ${route.path}`;
        const { who } = route.declared!;
        const hasLedger = route.path.includes(':ledger');
        const may = typeof who === 'string' || (hasLedger && who.includes(role));
        const here = await call(route, 'own', token);
        const baseline = expected.get(route)!;
        if (may) {
          // Allowed: then it goes on as for whoever has all roles.
          const isSame = here.status === baseline.status && (here.status < 400 || here.text === baseline.text);
          if (!isSame || [401, 403].includes(here.status)) wrong.push(`${about} own ${here.status} ${here.text}`);
        } else if (here.status !== 403 || here.body.type !== '/problems/forbidden') {
          wrong.push(`${about} own ${here.status} ${here.text}`);
        }
        tried += 1;
        if (!hasLedger) return;
        // Byte for byte as of a ledger that is not there, whatever the method.
        const [other, unknown] = [await call(route, 'oth', token), await call(route, 'non', token)];
        const headersOf = ({ headers }: Reply): string[] =>
          [...headers].filter(([name]) => name !== 'date').map(([name, value]) => `${name}: ${value}`);
        tried += 1;
        if (
          other.status !== 404 ||
          other.text !== unknown.text.replaceAll('/non', '/oth').replaceAll('ledger non', 'ledger oth') ||
          headersOf(other).join() !== headersOf(unknown).join()
        )
          wrong.push(`${about} other ${other.status} ${other.text}`);
      };
      for (let at = 0; at < guarded.length; at += 8) await Promise.all(guarded.slice(at, at + 8).map(check));
    }
    expect(wrong).toEqual([]);
    expect(tried).toBeGreaterThan(700);
    const { body } = await new LedgerClient(app.url, 'oth').get('/events');
    expect((body as { items: unknown[] }).items).toHaveLength(1);
  });

  it('that is for books says in _installation that there are none, and never fails', async () => {
    const guarded = routes().filter(({ path }) => path.includes(':ledger'));
    for (const route of guarded) {
      const reply = await call(route, '_installation', testToken);
      expect([route.path, reply.status < 500 || reply.status === 503, reply.text]).toEqual([
        route.path,
        true,
        expect.any(String),
      ]);
      const { who } = route.declared!;
      const isOfBooks = Array.isArray(who) && !installationRoles.some((role) => who.includes(role));
      if (isOfBooks) expectProblem(reply, 404, 'not-found', 'There are no books in _installation');
    }
  });
});

describe('a role', () => {
  it('that is recorded is the least that suffices', async () => {
    const token = await issue('least', own('clerk', 'approver', 'treasurer', 'admin'));
    const client = as(token);
    await client.record('/vendors', { id: 'least', name: 'Least' });
    const total = { currency: 'USD', lines: [{ amount: '9.00' }], total: '9.00' };
    await client.record('/invoices', {
      id: 'least',
      vendorId: 'least',
      number: '1',
      invoiceDate: '2024-01-02',
      ...total,
    });
    await client.record('/write-offs', { invoiceId: 'least', amount: '1.00', reason: 'x', on: '2024-01-03' });
    await client.record('/payments', { vendorId: 'least', paidOn: '2024-01-03', currency: 'USD', amount: '1.00' });
    await client.record('/access', { personId: 'least', roles: ['auditor'] });
    const { body } = await operator.get('/events?limit=1000');
    const events = body as { items: { actor: { id: string; role: string }; type: string }[] };
    const mine = events.items.filter(({ actor }) => actor.id === 'least');
    expect(mine.map(({ type, actor }) => [type, actor.role])).toEqual([
      ['VendorRegistered', 'clerk'],
      ['InvoicePosted', 'clerk'],
      ['WrittenOff', 'approver'],
      ['PaymentMade', 'treasurer'],
    ]);
    const access = (await installation.events()) as unknown as typeof events.items;
    expect(access.filter(({ actor }) => actor.id === 'least')).toMatchObject([
      { type: 'AccessGranted', actor: { role: 'admin' } },
    ]);
  });

  it('can be granted, seen and revoked by an admin of the ledger, and holds at once', async () => {
    const admin = as(await issue('admin-of-own', own('admin')));
    const token = await issue('new@example.com', { ledger: 'oth', roles: ['auditor'] });
    expectProblem(await as(token).get('/vendors'), 404, 'not-found', 'There is no ledger own.');

    const granted = await admin.post('/access', { personId: 'new@example.com', roles: ['clerk', 'auditor'] });
    expect(granted.status).toBe(201);
    expect(granted.headers.get('location')).toBe('/v1/ledgers/own/access/new%40example.com');
    // What there is in other ledgers is not shown.
    const roles_ = { roles: ['auditor', 'clerk'], granted: [{ ledger: 'own', roles: ['auditor', 'clerk'] }] };
    expect(granted.body).toEqual({ personId: 'new@example.com', ...roles_, position: expect.any(Number) });
    expect((await as(token).post('/vendors', { id: 'new', name: 'New' })).status).toBe(201);

    const read = await admin.get('/access/new%40example.com');
    expect(read.body).toMatchObject({ personId: 'new@example.com', ...roles_, history: [{ type: 'AccessGranted' }] });
    expect((read.body as { history: unknown[] }).history).toHaveLength(1);
    const list = (await admin.get('/access?limit=1')).body as { items: object[]; next: string };
    expect(list.items).toHaveLength(1);
    const all = (await admin.get(`/access?cursor=${list.next}&limit=1000`)).body as { items: { personId: string }[] };
    expect(all.items.map(({ personId }) => personId)).toContain('new@example.com');

    const why = { reason: 'left' };
    const revoked = await admin.post('/access/new%40example.com/revocation', { roles: ['clerk'], ...why });
    expect(revoked.body).toMatchObject({ roles: ['auditor'] });
    expectProblem(await as(token).post('/vendors', { name: 'Newer' }), 403, 'forbidden', 'The role auditor may not');
    await admin.record('/access/new%40example.com/revocation', why);
    expectProblem(await as(token).get('/vendors'), 404, 'not-found', 'There is no ledger own.');
    expectProblem(await admin.post('/access/new%40example.com/revocation', why), 422, 'not-granted');
    expectProblem(await admin.post('/access/nobody/revocation', why), 404, 'not-found');
  });

  it('is granted again without effect, and the answer says where it was granted', async () => {
    const grant = { personId: 'granted-again', roles: ['clerk'] };
    await operator.record('/access', grant);
    const { position } = (await operator.record('/access', { ...grant, roles: ['approver'] })).body;
    expect((await operator.record('/access', grant)).body.position).toBe(position);
  });

  it('is nothing that an admin of another ledger can ask about, nor do their keys meet', async () => {
    const admin = as(await issue('admin-of-own', own('admin')));
    await new LedgerClient(app.url, 'oth').record('/access', { personId: 'only-there', roles: ['clerk'] });
    const revocation = { reason: 'x' };
    const there = await admin.post('/access/only-there/revocation', revocation);
    const nowhere = await admin.post('/access/nobody-at-all/revocation', revocation);
    expect([there.status, nowhere.status]).toEqual([404, 404]);
    const headers = { 'idempotency-key': 'grant-1' };
    expect((await admin.post('/access', { personId: 'k1', roles: ['clerk'] }, headers)).status).toBe(201);
    expect(
      (await new LedgerClient(app.url, 'oth').post('/access', { personId: 'k2', roles: ['clerk'] }, headers)).status,
    ).toBe(201);
  });

  it('can be taken away from whoever has the longest id', async () => {
    const personId = 'p'.repeat(128);
    await operator.record('/access', { personId, roles: ['clerk'] });
    expect((await operator.get(`/access/${personId}`)).status).toBe(200);
    await operator.record(`/access/${personId}/revocation`, { reason: 'left' });
    expect((await installation.get(`/events?document=person/${personId}`)).body.items).toHaveLength(2);
  });

  it('in one ledger is none in another, whatever stands in path and body', async () => {
    const admin = as(await issue('admin-of-own-only', own('admin')), 'oth');
    const body = { personId: 'eve', roles: ['clerk'] };
    expectProblem(await admin.post('/access', body), 404, 'not-found', 'There is no ledger oth.');
    expectProblem(await admin.get('/access'), 404, 'not-found');
    expectProblem(await admin.get('/reports/access'), 404, 'not-found');
    const here = new LedgerClient(app.url, 'own', await issue('admin-of-own-only'));
    expectProblem(await here.post('/access', { ...body, everywhere: true }), 400, 'malformed', '/everywhere');
    expectProblem(await here.post('/access', { ...body, ledger: 'oth' }), 400, 'malformed', '/ledger');
    await new LedgerClient(app.url, 'oth').record('/vendors', { id: 'theirs', name: 'Theirs' });
    const clerk = as(await issue('clerk-of-own-only', own('clerk')));
    expectProblem(await clerk.get('/vendors/theirs'), 404, 'not-found');
    const invoice = {
      number: '1',
      invoiceDate: '2024-01-02',
      currency: 'USD',
      lines: [{ amount: '9.00' }],
      total: '9.00',
    };
    expectProblem(await clerk.post('/invoices', { vendorId: 'theirs', ...invoice }), 422, 'unknown-vendor');
    const there = new LedgerClient(app.url, '_installation', await issue('admin-of-own-only'));
    expectProblem(await there.get('/access'), 404, 'not-found');
    expectProblem(await there.post('/tokens', { personId: 'eve' }), 403, 'forbidden');
    expectProblem(await there.get('/tokens'), 403, 'forbidden');
  });

  it('everywhere holds in ledgers that are opened later, and an admin of the installation opens them', async () => {
    await installation.record('/access', { personId: 'chief', roles: ['admin'] });
    await installation.record('/access', { personId: 'chief', roles: ['auditor'], everywhere: true });
    const chief = as(await issue('chief'), 'later');
    await chief.open();
    expect((await chief.get('/vendors')).status).toBe(200);
    expectProblem(await chief.post('/vendors', { name: 'x' }), 403, 'forbidden');
    await chief.record('/access', { personId: 'chief', roles: ['clerk'] });
    expect((await chief.post('/vendors', { name: 'x' })).status).toBe(201);
    const clerk = as(await issue('clerk-of-own', own('clerk')), 'mine');
    await expect(clerk.open()).rejects.toThrow('/problems/forbidden');
  });

  it('decides which ledgers are listed', async () => {
    const ids = async (token: string): Promise<string[]> => {
      const reply = await fetch(`${app.url}/v1/ledgers`, { headers: { authorization: `Bearer ${token}` } });
      return ((await reply.json()) as { items: { id: string }[] }).items.map(({ id }) => id);
    };
    expect(await ids(await issue('lister', own('clerk')))).toEqual(['own']);
    expect(await ids(testToken)).toEqual(['later', 'oth', 'own']);
  });
});

describe('a token', () => {
  it('is shown once, and nowhere else', async () => {
    const about = { id: 'once', personId: 'once', description: 'x', grants: [own('clerk')] };
    const key = { 'idempotency-key': 'once' };
    const first = await installation.post('/tokens', about, key);
    expect(first.status).toBe(201);
    expect(first.headers.get('cache-control')).toBe('no-store');
    const { token, ...rest } = first.body as { token: string; prefix: string };
    expect(token.startsWith(`${rest.prefix}_`)).toBe(true);
    const repeated = await installation.post('/tokens', about, key);
    expect(repeated.headers.get('idempotency-replayed')).toBe('true');
    expect(repeated.body).toEqual(rest);
    const again = await installation.post('/tokens', about);
    expect([again.status, again.body]).toMatchObject([201, { prefix: rest.prefix }]);
    const everything = [again.text, repeated.text, (await installation.get('/tokens?q=once')).text];
    for (const path of ['/tokens/once', '/events?limit=1000', '/access/once', '/reports/access'])
      everything.push((await installation.get(path)).text);
    for (const text of everything) expect(text).not.toContain(token.slice(rest.prefix.length));
    // The log has its hash, by which nobody is let in.
    expect(everything.join()).toContain(hashOf(token));
    expectProblem(await as(hashOf(token)).get('/vendors'), 401, 'unauthorized');
  });

  it('tells when it was last used, and ends when it is revoked', async () => {
    const token = await issue('user', own('clerk'));
    const find = async () =>
      ((await installation.get('/tokens?q=user')).body as { items: { id: string; lastUsedAt?: string }[] }).items[0]!;
    const { id, lastUsedAt } = await find();
    expect(lastUsedAt).toBeUndefined();
    expect((await as(token).get('/vendors')).status).toBe(200);
    for (let tries = 0; tries < 50 && (await find()).lastUsedAt === undefined; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await find()).lastUsedAt).toMatch(/^\d{4}-.*Z$/);
    const reply = await installation.post(`/tokens/${id}/revocation`, { reason: 'lost' });
    expect(reply.body).toMatchObject({ id });
    expect((reply.body as { revoked: object }).revoked).toEqual({ reason: 'lost' });
    const refused = await as(token).get('/vendors');
    expectProblem(refused, 401, 'unauthorized', 'was revoked');
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="duebook", error="invalid_token"');
    expectProblem(await installation.post(`/tokens/${id}/revocation`, { reason: 'x' }), 409, 'already-revoked');
  });

  it('is told again of a request that comes again, also when its end has passed by then', async () => {
    const expiresAt = new Date(Date.now() + 1_500).toISOString().replace('Z', '000Z');
    const body = { id: 'brief', personId: 'brief', expiresAt, grants: [own('clerk')] };
    const headers = { 'idempotency-key': 'brief' };
    expect((await installation.post('/tokens', body, headers)).status).toBe(201);
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    const again = await installation.post('/tokens', body, headers);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect((await installation.post('/tokens', body)).status).toBe(201);
    expectProblem(await installation.post('/tokens', { ...body, id: 'late' }), 400, 'malformed', '"/expiresAt"');
  });

  it('that is issued or revoked through one instance is so for another one within a second or so', async () => {
    const other = await startApp(database);
    try {
      const token = await issue('elsewhere', own('clerk'));
      const there = new LedgerClient(other.url, 'own', token);
      expect((await there.get('/vendors')).status).toBe(200);
      await operator.record('/access/elsewhere/revocation', { reason: 'x' });
      const startedMs = Date.now();
      let status = 200;
      while (status === 200 && Date.now() - startedMs < 5_000) ({ status } = await there.get('/vendors'));
      expect(status).toBe(404);
      expect(Date.now() - startedMs).toBeLessThan(3_000);
    } finally {
      await other.close();
    }
  });

  it.each([
    [{ personId: 'a b' }, '/personId'],
    [{ personId: '../x' }, '/personId'],
    [{ personId: 'x\r\nSet-Cookie: a=b' }, '/personId'],
    [{ personId: 'operator' }, '/personId'],
    [{ personId: 'x', expiresAt: '2020-01-01T00:00:00Z' }, '/expiresAt'],
    [{ personId: 'x', expiresAt: 'tomorrow' }, '/expiresAt'],
    [{ personId: 'x', grants: [{ ledger: 'own', roles: ['root'] }] }, '/grants/0/roles'],
    [{ personId: 'x', grants: [{ ledger: 'own', roles: ['clerk', 'clerk'] }] }, '/grants/0/roles'],
    [{ personId: 'x', grants: [{ ledger: '**', roles: ['clerk'] }] }, '/grants/0/ledger'],
    [{ personId: 'x', grants: [{ ledger: '_installation', roles: ['clerk'] }] }, '/grants/0/roles'],
    [{ personId: 'x', hash: 'y' }, '/hash'],
    [{ personId: 'x', token: 'y' }, '/token'],
  ])('is not issued for %j', async (asked, pointer) => {
    const grants = [own('clerk')];
    expectProblem(await installation.post('/tokens', { grants, ...asked }), 400, 'malformed', `"${pointer}"`);
  });

  it('is not issued for a ledger that is not there, or for nobody', async () => {
    const grants = [{ ledger: 'nowhere', roles: ['clerk'] }];
    expectProblem(await installation.post('/tokens', { personId: 'x', grants }), 422, 'unknown-ledger');
    expectProblem(await installation.post('/tokens', { personId: 'nobody-yet' }), 422, 'unknown-person');
  });
});

describe('the ledger of access', () => {
  it('can’t be opened, nor posted to', async () => {
    await expect(installation.open()).rejects.toThrow('is kept for the ledger in which access is recorded');
    const keeper = as(await issue('keeper', { ledger: '_installation', roles: ['admin'] }), '_installation');
    const requests: [string, object][] = [
      ['/vendors', { name: 'x' }],
      ['/accounts', { account: '2110', name: 'Creditors', for: 'payables' }],
      ['/policy', { reason: 'x' }],
      ['/periods/2024-01/close', {}],
      ['/periods/2024-01/reopening', {}],
      ['/cash-plans', { minimumBalance: '0' }],
    ];
    const { text } = await installation.get('/events');
    for (const [path, body] of requests)
      for (const client of [installation, keeper])
        expectProblem(await client.post(path, body), 404, 'not-found', 'There are no books in _installation');
    expect((await installation.get('/events')).text).toBe(text);
    // Whoever has no role there does not even learn that.
    const stranger = as(await issue('stranger', own('approver')), '_installation');
    expectProblem(await stranger.post('/periods/2024-01/close'), 404, 'not-found', 'There is no ledger _installation');
  });

  it('is sealed and proven like any other', async () => {
    const head = Number((await installation.get('/events?limit=1')).headers.get('ledger-position'));
    const note = await installation.get(`/audit/checkpoint?atLeast=${head}`);
    expect([note.status, note.text.split('\n')[0]]).toEqual([200, expect.stringContaining('/_installation/')]);
  });

  it('tells who could do what on a day, as known at a position', async () => {
    const token = await issue('reported', own('clerk', 'approver'));
    await operator.record('/access/reported/revocation', { roles: ['approver'], reason: 'x' });
    const { position } = (await operator.post('/access', { personId: 'reported', roles: ['treasurer'] })).body as {
      position: number;
    };
    const today = new Date().toISOString().slice(0, 10);
    const report = async (query: string, client = operator) => {
      const { body } = await client.get(`/reports/access?${query}`);
      const { roles: held, ...rest } = body as { roles: { personId: string; role: string; until: string | null }[] };
      const mine = held.filter(({ personId }) => personId === 'reported');
      return { ...rest, held: mine.map(({ role, until }) => [role, until !== null]) };
    };
    const whole = await report(`asOf=${today}&knownAtPosition=${position}`);
    expect(whole).toMatchObject({ ledger: 'own', asOf: today, position });
    expect(whole.held).toEqual([
      ['clerk', false],
      ['approver', true],
      ['treasurer', false],
    ]);
    expect((await report(`asOf=${today}&knownAtPosition=${position - 1}`)).held).toHaveLength(2);
    expect((await report('asOf=2020-01-01')).held).toEqual([]);
    expect((await report('asOf=2100-01-01')).held).toEqual([
      ['clerk', false],
      ['treasurer', false],
    ]);
    // The same bytes for ever, and the same as a file.
    const query = `/reports/access?asOf=${today}&knownAtPosition=${position}`;
    const [first, second] = [await operator.get(query), await operator.get(query)];
    expect(second.text).toBe(first.text);
    const csv = (await operator.get(`${query}&format=csv`)).text.split('\r\n');
    const { roles: rows, tokens } = first.body as { roles: unknown[]; tokens: { personId: string }[] };
    expect(csv).toHaveLength(rows.length + tokens.length + 2);
    expect(tokens.filter(({ personId }) => personId === 'reported')).toHaveLength(1);
    // Who has the first token could always do everything.
    expect(rows).toContainEqual(expect.objectContaining({ personId: 'operator', ledger: '*', role: 'admin' }));
    expectProblem(await as(token).get('/reports/access'), 403, 'forbidden');
    expect(
      (await report('', as(await issue('looker', { ledger: '_installation', roles: ['auditor'] })))).held,
    ).toHaveLength(3);
  });
});
