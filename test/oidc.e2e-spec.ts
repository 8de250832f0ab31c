/** Access tokens of an identity provider, good and bad, and many failed logins, over HTTP. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type GenerateKeyPairResult,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose';
import { pino } from 'pino';
import type { App } from '../src/app.module.js';
import { LedgerClient, type Reply, startApp, testToken } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

const issuer = 'https://login.example.com/';
const audience = 'duebook';

let database: TestDatabase;
let app: App;
let provider: Server;
let published: object[] = [];
let looks = 0;
let isDown = false;
let rsa: GenerateKeyPairResult;
let ec: GenerateKeyPairResult;
let stranger: GenerateKeyPairResult;
const logged: string[] = [];

beforeAll(async () => {
  const extractable = { extractable: true };
  rsa = await generateKeyPair('RS256', extractable);
  ec = await generateKeyPair('ES256', extractable);
  stranger = await generateKeyPair('RS256', extractable);
  published = [{ ...(await exportJWK(rsa.publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }];
  provider = createServer((_, reply) => {
    looks += 1;
    if (isDown) reply.writeHead(500).end();
    else reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: published }));
  }).listen(0, '127.0.0.1');
  await once(provider, 'listening');
  database = await createTestDatabase();
  app = await startApp(
    database,
    settings(),
    pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) }),
  );
  await new LedgerClient(app.url, 'own').open();
  await new LedgerClient(app.url, 'oth').open();
});
afterAll(async () => {
  await app.close();
  await database.drop();
  provider.close();
});

const settings = () => ({
  OIDC_ISSUER: issuer,
  OIDC_AUDIENCE: audience,
  OIDC_JWKS_URL: `http://127.0.0.1:${(provider.address() as AddressInfo).port}/keys`,
  OIDC_ROLES_CLAIM: 'access.duebook',
  TRUSTED_PROXIES: '127.0.0.1',
});

const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

interface Signing {
  readonly alg?: string;
  readonly kid?: string;
  readonly key?: CryptoKey | Uint8Array;
  readonly header?: object;
}

/** An access token, good unless it is said otherwise; a claim that is undefined is left out. */
const tokenOf = (
  claims: JWTPayload = {},
  { alg = 'RS256', kid = 'one', key = rsa.privateKey, header }: Signing = {},
): Promise<string> =>
  new SignJWT({
    iss: issuer,
    aud: audience,
    sub: 'ann@example.com',
    iat: nowSeconds(),
    exp: nowSeconds() + 300,
    ...claims,
  })
    .setProtectedHeader({ alg, kid, ...header })
    .sign(key);

const roles = (claim: unknown): JWTPayload => ({ access: { duebook: claim } });
const as = (token: string, ledger = 'own'): LedgerClient => new LedgerClient(app.url, ledger, token);
// Each from an address of its own, so that they don't hold each other up.
let addresses = 0;
const from = (address = `10.1.${Math.floor(addresses / 250)}.${addresses++ % 250}`) => ({ 'x-forwarded-for': address });

const expectProblem = (reply: Reply, status: number, code: string, detail = ''): void => {
  expect([reply.status, reply.body?.type, reply.text]).toEqual([
    status,
    `/problems/${code}`,
    expect.stringContaining(detail),
  ]);
};

describe('an access token', () => {
  it('lets somebody in with the roles of its claim, and the log has what it said', async () => {
    const ann = as(await tokenOf(roles(['own:clerk', 'own:treasurer'])));
    expect((await ann.post('/vendors', { id: 'v', name: 'V' })).status).toBe(201);
    const { body } = await ann.get('/vendors/v');
    expect(body).toMatchObject({ history: [{ actor: { id: 'ann@example.com', role: 'clerk' } }] });
    expectProblem(await ann.post('/write-offs', {}), 403, 'forbidden', 'The roles clerk, treasurer may not do this');
    expectProblem(await as(await tokenOf(roles(['own:clerk'])), 'oth').get('/vendors'), 404, 'not-found');

    const installation = new LedgerClient(app.url, '_installation');
    const said = async (): Promise<unknown[]> => {
      const events = (await installation.events()) as unknown as { type: string; data: unknown }[];
      return events.filter(({ type }) => type === 'AccessAsserted').map(({ data }) => data);
    };
    const before = await said();
    expect(before[0]).toMatchObject({
      personId: 'ann@example.com',
      issuer,
      grants: [{ ledger: 'own', roles: ['clerk', 'treasurer'] }],
    });
    // The same again is no news; and what an older token says is none either.
    await as(await tokenOf({ ...roles(['own:clerk']), iat: nowSeconds() - 100 })).get('/vendors');
    expect(await said()).toHaveLength(before.length);
    const held = (
      (await new LedgerClient(app.url, 'own').get('/reports/access')).body as {
        roles: { personId: string; role: string; grantedBy: unknown }[];
      }
    ).roles;
    expect(held).toContainEqual(
      expect.objectContaining({
        personId: 'ann@example.com',
        role: 'treasurer',
        grantedBy: { id: issuer, role: 'issuer' },
      }),
    );
  });

  it.each([
    ['a text', 'own:clerk oth:auditor', 201],
    ['a list', ['own:clerk', 'nonsense', 7, null], 201],
    ['an object', { own: ['clerk'], '': 'admin' }, 201],
    ['everywhere', { '*': 'clerk' }, 201],
    ['an auditor', 'own:auditor', 403],
    ['another ledger', 'oth:admin', 404],
    ['garbage', [[['own:clerk']], { own: 'clerk' }], 404],
    ['a number', 42, 404],
    ['nothing', undefined, 404],
  ])('with %s as its claim does what that says', async (_, claim, status) => {
    const client = as(await tokenOf({ ...roles(claim), sub: `claims-${String(status)}` }));
    expect((await client.post('/vendors', { name: 'x' }, from())).status).toBe(status);
  });

  it('does no more than the newest one says, if it is an older one', async () => {
    const older = as(await tokenOf({ ...roles(['own:clerk', 'own:auditor']), sub: 'twice', iat: nowSeconds() - 100 }));
    const newer = as(await tokenOf({ ...roles('own:auditor'), sub: 'twice', iat: nowSeconds() - 50 }));
    expect((await older.post('/vendors', { name: 'x' })).status).toBe(201);
    expect((await newer.get('/vendors')).status).toBe(200);
    expectProblem(await older.post('/vendors', { name: 'x' }), 403, 'forbidden');
    expect((await older.get('/vendors')).status).toBe(200);
  });

  it('of the same second adds to the other, once', async () => {
    const iat = nowSeconds() - 10;
    const [read, write] = [
      as(await tokenOf({ ...roles('own:auditor'), sub: 'both-at-once', iat })),
      as(await tokenOf({ ...roles('own:clerk'), sub: 'both-at-once', iat })),
    ];
    for (let n = 0; n < 3; n++) {
      expect((await read.get('/vendors')).status).toBe(200);
      expect((await write.post('/vendors', { name: 'x' })).status).toBe(201);
    }
    const events = (await new LedgerClient(app.url, '_installation').events()) as unknown as { data: any }[];
    expect(events.filter(({ data }) => data.personId === 'both-at-once').map(({ data }) => data.grants)).toEqual([
      [{ ledger: 'own', roles: ['auditor'] }],
      [{ ledger: 'own', roles: ['auditor', 'clerk'] }],
    ]);
  });

  it('is seen in the ledgers that it speaks of, and what it says of others is not', async () => {
    await as(await tokenOf({ ...roles(['own:clerk', 'oth:auditor']), sub: 'seen' })).get('/vendors');
    const own = new LedgerClient(app.url, 'own');
    const { body } = await own.get('/access/seen');
    expect(body).toMatchObject({ personId: 'seen', roles: ['clerk'], history: [{ type: 'AccessAsserted' }] });
    expect(JSON.stringify(body)).not.toContain('"oth"');
    expect((await own.get('/access?limit=1000')).body.items).toContainEqual(
      expect.objectContaining({ personId: 'seen', roles: ['clerk'] }),
    );
  });

  it('also lets do what was granted to the same person', async () => {
    await new LedgerClient(app.url, 'oth').record('/access', { personId: 'both', roles: ['auditor'] });
    const token = await tokenOf({ ...roles('own:clerk'), sub: 'both' });
    expect((await as(token, 'oth').get('/vendors')).status).toBe(200);
    expect((await as(token, 'own').get('/vendors')).status).toBe(200);
  });

  const text = new TextEncoder();
  const attacks: Readonly<Record<string, () => Promise<string>>> = {
    'has expired': () => tokenOf({ ...roles('own:admin'), exp: nowSeconds() - 31 }),
    'never expires': () => tokenOf({ ...roles('own:admin'), exp: undefined }),
    'is not valid yet': () => tokenOf({ ...roles('own:admin'), nbf: nowSeconds() + 60 }),
    'does not say when it was issued': () => tokenOf({ ...roles('own:admin'), iat: undefined }),
    'was issued in a time to come': () => tokenOf({ ...roles('own:admin'), iat: nowSeconds() + 3_600 }),
    'has its time in milliseconds': () => tokenOf({ ...roles('own:admin'), iat: Date.now() }),
    'was issued before all time': () => tokenOf({ ...roles('own:admin'), iat: -1 }),
    'is of another issuer': () => tokenOf({ ...roles('own:admin'), iss: 'https://login.example.com' }),
    'is of no issuer': () => tokenOf({ ...roles('own:admin'), iss: undefined }),
    'is for somebody else': () => tokenOf({ ...roles('own:admin'), aud: ['payroll', 'duebook2'] }),
    'is for nobody': () => tokenOf({ ...roles('own:admin'), aud: undefined }),
    'names nobody': () => tokenOf({ ...roles('own:admin'), sub: undefined }),
    'names somebody with a line break': () => tokenOf({ ...roles('own:admin'), sub: 'ann\r\nx: y' }),
    'names the operator': () => tokenOf({ ...roles('own:admin'), sub: 'operator' }),
    'is signed with another key': () => tokenOf(roles('own:admin'), { key: stranger.privateKey }),
    'is signed with a key that is not published': () =>
      tokenOf(roles('own:admin'), { key: stranger.privateKey, kid: 'two' }),
    'brings its own key': async () =>
      tokenOf(roles('own:admin'), {
        key: stranger.privateKey,
        kid: 'two',
        header: { jwk: await exportJWK(stranger.publicKey) },
      }),
    'says where its key is': () =>
      tokenOf(roles('own:admin'), { key: stranger.privateKey, kid: 'two', header: { jku: 'http://127.0.0.1:1/keys' } }),
    'is signed with HS256 and the public key (PEM)': async () =>
      tokenOf(roles('own:admin'), { alg: 'HS256', key: text.encode(await exportSPKI(rsa.publicKey)) }),
    'is signed with HS256 and the public key (modulus)': async () =>
      tokenOf(roles('own:admin'), { alg: 'HS256', key: text.encode((await exportJWK(rsa.publicKey)).n) }),
    'is not signed (alg none)': () =>
      Promise.resolve(
        new UnsecuredJWT({ ...roles('own:admin'), sub: 'eve', iat: nowSeconds() })
          .setIssuer(issuer)
          .setAudience(audience)
          .setExpirationTime('5m')
          .encode(),
      ),
    'is good but for its last part': async () =>
      `${(await tokenOf(roles('own:admin'))).split('.').slice(0, 2).join('.')}.`,
    'has another payload than was signed': async () => {
      const [[head = ''], [, body = ''], [, , sign = '']] = [
        (await tokenOf(roles('own:clerk'))).split('.'),
        (await tokenOf(roles('own:admin'))).split('.'),
        (await tokenOf(roles('own:clerk'))).split('.'),
      ];
      return `${head}.${body}.${sign}`;
    },
  };
  it.each(Object.keys(attacks))('that %s lets nobody in', async (name) => {
    const reply = await as(await attacks[name]!()).get('/vendors', from());
    expectProblem(reply, 401, 'unauthorized');
    expect(reply.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('that expired a moment ago is let in by a clock that is a little slow', async () => {
    const client = as(await tokenOf({ ...roles('own:clerk'), exp: nowSeconds() - 2 }));
    expect((await client.get('/vendors')).status).toBe(200);
  });

  it('of a new key is taken as soon as that is published, and the keys are not asked for each time', async () => {
    const other = await startApp(database, settings());
    try {
      const old = await tokenOf(roles('own:clerk'));
      const there = (token: string) => new LedgerClient(other.url, 'own', token);
      const before = looks;
      for (let n = 0; n < 5; n++)
        expect((await there(await tokenOf(roles('own:clerk'))).get('/vendors')).status).toBe(200);
      expect(looks).toBe(before + 1);
      // An unknown key makes it look again, but not for everybody who makes one up.
      const next = { ...(await exportJWK(ec.publicKey)), kid: 'next', alg: 'ES256', use: 'sig' };
      published = [...published, next];
      const made = await tokenOf(roles('own:clerk'), { alg: 'ES256', kid: 'next', key: ec.privateKey });
      let status = 0;
      for (const deadline = Date.now() + 9_000; status !== 200 && Date.now() < deadline;) {
        ({ status } = await there(made).get('/vendors', from()));
        if (status !== 200) await new Promise((resolve) => setTimeout(resolve, 250));
      }
      expect(status).toBe(200);
      expect(looks).toBeLessThanOrEqual(before + 3);
      expect((await there(old).get('/vendors')).status).toBe(200);
    } finally {
      await other.close();
    }
  });

  it('can’t be judged while the keys can’t be had; other tokens can', async () => {
    isDown = true;
    const other = await startApp(database, settings());
    try {
      const reply = await new LedgerClient(other.url, 'own', await tokenOf(roles('own:clerk'))).get('/vendors');
      expectProblem(reply, 503, 'no-identity-keys');
      expect((await new LedgerClient(other.url, 'own').get('/vendors')).status).toBe(200);
    } finally {
      isDown = false;
      await other.close();
    }
  });
});

describe('many failed logins', () => {
  it('of one token that was good once are held up by it, and nobody else is', async () => {
    const expired = as(await tokenOf({ ...roles('own:clerk'), sub: 'late', exp: nowSeconds() - 60 }));
    const headers = from('192.0.2.2');
    const statuses: number[] = [];
    for (let n = 0; n < 12; n++) statuses.push((await expired.get('/vendors', headers)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    const other = await tokenOf({ ...roles('own:clerk'), sub: 'late' });
    expect((await as(other).get('/vendors', headers)).status).toBe(200);
  });

  it('are held up by address, logged without the token, and lock out nobody who was in before', async () => {
    const headers = from('192.0.2.1');
    const good = new LedgerClient(app.url, 'own');
    expect((await good.get('/vendors', headers)).status).toBe(200);
    logged.length = 0;
    const statuses: number[] = [];
    for (let n = 0; n < 34; n++) statuses.push((await as(`a-wrong-secret-${n}`).get('/vendors', headers)).status);
    expect(statuses).toEqual([...Array<number>(30).fill(401), ...Array<number>(4).fill(429)]);
    const held = await as('a-wrong-secret').get('/vendors', headers);
    expectProblem(held, 429, 'too-many-failed-logins');
    expect(Number(held.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(held.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect((await good.get('/vendors', headers)).status).toBe(200);
    expect((await good.get('/vendors', from())).status).toBe(200);
    // A signature can't be guessed: nobody has to wait with a good one, and a bad one is neither counted nor told.
    const signed = await tokenOf({ ...roles('own:clerk'), sub: 'colleague' });
    expect((await as(signed).get('/vendors', headers)).status).toBe(200);
    const forged = await tokenOf(roles('own:admin'), { key: stranger.privateKey });
    expectProblem(await as(forged).get('/vendors', headers), 429, 'too-many-failed-logins');
    const lines = logged.map((line) => JSON.parse(line) as { level: number; address: string; msg: string });
    expect(lines).toHaveLength(30);
    expect(lines[0]).toMatchObject({ level: 40, address: '192.0.2.1', msg: 'a login failed' });
    expect(lines.at(-1)!.msg).toBe('a login failed; more are held up for a minute');
    expect(logged.join()).not.toContain('a-wrong-secret');
    expect(logged.join()).not.toContain(testToken);
  });
});
