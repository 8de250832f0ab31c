import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openNote, parseVerifierKeys } from '../src/audit/note.js';
import type { App } from '../src/app.module.js';
import { LedgerClient, startApp, testToken } from './support/app.js';
import { copyOf, until } from './support/audit.js';
import { onServer } from './support/cluster.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { someOf } from './support/seed.js';
import { runSteps, stepsOf } from './support/session.js';

const timeLimitMs = 300_000;
const cli = resolve('dist/cli.js');

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duebook-cli-'));
  const build = `import { buildIfStale } from './scripts/build.js'; buildIfStale();`;
  await promisify(execFile)(process.execPath, ['--input-type=module', '-e', build]);
}, timeLimitMs);
afterAll(() => rm(folder, { recursive: true, force: true }));

const envOf = (database: TestDatabase, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  DATABASE_URL: database.appUrl,
  DATABASE_MIGRATION_URL: database.url,
  DUEBOOK_DATA: database.folder,
  ...more,
});

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = async (env: NodeJS.ProcessEnv, ...args: string[]): Promise<Ran> => {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [cli, ...args], { env, cwd: folder });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
};

describe('the auditor’s first hour', () => {
  it(
    'is as docs/auditing.md says',
    async () => {
      const database = await createTestDatabase();
      const data = { ...database, folder: join(folder, '.duebook') };
      const app = await startApp(data);
      try {
        await mkdir(data.folder, { recursive: true });
        await writeFile(join(data.folder, 'token'), `${testToken}\n`, { mode: 0o600 });
        const env = envOf(data, { DUEBOOK_TOKEN: testToken, PORT: new URL(app.url).port });
        expect(await run(env, 'demo')).toMatchObject({ code: 0 });
        await new LedgerClient(app.url, 'founding-case').get('/audit/checkpoint?atLeast=17');
        const steps = stepsOf(await readFile('docs/auditing.md', 'utf8'));
        expect(steps.filter(({ shown }) => shown !== undefined).length).toBeGreaterThan(5);
        const adapted = (commands: string): string =>
          commands
            .replaceAll('http://127.0.0.1:3000', app.url)
            .replaceAll('npx duebook', `'${process.execPath}' '${cli}'`);
        await runSteps(steps, folder, adapted, env);
      } finally {
        await app.close();
        await database.drop();
      }
    },
    timeLimitMs,
  );
});

describe('a command', () => {
  let database: TestDatabase;
  let app: App;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startApp(database);
    const client = await new LedgerClient(app.url, 'acme').open();
    await client.record('/vendors', { id: 'v', name: 'V' });
    await client.get('/audit/checkpoint?atLeast=2');
    await client.get('/reports/ageing?atLeast=2');
  }, timeLimitMs);
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it.each([
    [['verify'], { ok: true, ledger: 'acme', events: 2, covered: 2, findings: [] }],
    [['export', '--out', 'json.ndjson'], { ledger: 'acme', events: 2, covered: 2, resumedAt: 0 }],
    [['export', '--csv', '--out', 'books'], { ledger: 'acme' }],
    [
      ['export', '--audit-data', '--beancount', '--hledger', '--out', 'extracts', '--as-of', '2024-01-31', '--to', '2'],
      {
        ledger: 'acme',
        asOf: '2024-01-31',
        position: 2,
        files: [
          'extracts/Invoices_Received_20240131_20240131.txt',
          'extracts/Invoices_Received_Lines_20240131_20240131.txt',
          'extracts/Supplier_Listing_20240131.txt',
          'extracts/acme.hledger',
          'extracts/acme.beancount',
        ],
      },
    ],
    [['replay'], { ok: true, position: 2, differing: 0 }],
    [['migrate'], { ran: [] }],
  ] as const)('%j prints one JSON value with --json', async (args, expected) => {
    const { code, stdout } = await run(envOf(database), ...args, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject(expected);
  });

  const mistakes: readonly (readonly [args: readonly string[], told: string])[] = [
    [['verify', 'none'], 'There is no ledger none'],
    [['verify', 'acme', 'more'], 'too many arguments'],
    [['verify', '--export', 'nothing.ndjson'], 'Say --checkpoint'],
    [['verify', '--checkpoint', 'x'], 'goes with --export'],
    [['export', '--to', '3'], 'has 2 events'],
    [['export', '--csv', '--to', '3'], 'has 2 events'],
    [['export', '--to', 'x'], 'is no position'],
    [['export', '--hledger', '--to', '3'], '--to must be at most 2'],
    [['export', '--hledger', '--as-of', '2024-02-30'], '--as-of must be a day that exists'],
    [['export', '--hledger', '--known-at', 'noon'], '--known-at must be an instant'],
    [['export', '--hledger', '--known-at', '2999-01-01T00:00:00Z'], '--known-at must not be later'],
    [['export', '--hledger', '--known-at', '2024-01-01T00:00:00Z', '--to', '1'], 'Give --known-at or --to'],
    [['export', '--hledger', '--csv'], 'not for both'],
    [['export', '--hledger', '--from', '2024-01-01'], '--from goes with --audit-data'],
    [['export', '--audit-data', '--as-of', '2024-01-01', '--from', '2024-01-02'], '--from must not be after asOf'],
    [['export', '--as-of', '2024-01-01'], '--as-of goes with an extract'],
    [['replay', '--as-of-position', '9'], 'go up to position 2'],
    [['replay', '--as-of-position', '1', '--swap'], 'leave --as-of-position out'],
    [['import', 'nothing.ndjson'], "can't be read"],
    [['explain', 'invoice', 'none'], 'has no invoice none'],
    [['epoch', 'open'], '--reason'],
    [['epoch', 'open', '--reason', 'for fun'], 'needs no new epoch'],
    [['token', 'create'], '--person'],
    [['token', 'create', '--person', 'a b'], 'names nobody'],
    [['token', 'create', '--person', 'operator', '--grant', 'acme:clerk'], 'personId is kept for Duebook itself'],
    [['token', 'create', '--person', 'ann', '--grant', 'acme'], 'grants nothing'],
    [['token', 'create', '--person', 'ann', '--grant', 'acme:root'], 'grants nothing'],
    [['token', 'create', '--person', 'ann', '--grant', 'nowhere:clerk'], 'There is no ledger nowhere'],
    [['token', 'create', '--person', 'nobody-yet'], 'Nobody called nobody-yet has a role'],
    [['token', 'create', '--person', 'ann', '--expires', 'soon'], 'is no day'],
    [['token', 'create', '--person', 'ann', '--expires', '2020-01-01'], 'must lie in the future'],
    [['token', 'revoke', 'none', '--reason', 'x'], 'has no token none'],
    [['token', 'revoke', 'none'], '--reason'],
    [['fly'], 'unknown command'],
  ];
  it.each(someOf(mistakes, 12))('%j says what is wrong, and fails', async (args, expected) => {
    const { code, stderr } = await run(envOf(database), ...args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(expected);
    expect(stderr).not.toContain('    at ');
  });

  it('writes the extracts that come over HTTP', async () => {
    const moment = ['--as-of', '2024-01-31', '--out', 'same'];
    expect(await run(envOf(database), 'export', '--audit-data', '--hledger', ...moment)).toMatchObject({ code: 0 });
    for (const [file, route] of [
      ['Supplier_Listing_20240131.txt', 'supplier-listing'],
      ['Invoices_Received_20240131_20240131.txt', 'invoices-received'],
      ['acme.hledger', 'hledger'],
    ] as const) {
      const { text } = await new LedgerClient(app.url, 'acme').get(`/extracts/${route}?asOf=2024-01-31`);
      expect(await readFile(join(folder, 'same', file), 'utf8')).toBe(text);
    }
  });

  const commands = [
    ...['demo', 'epoch open', 'explain invoice', 'export', 'import', 'migrate', 'replay', 'verify'],
    ...['token create', 'token list', 'token revoke'],
  ];
  it.each(someOf(commands, 4))('%s has a help text', async (name) => {
    const { code, stdout } = await run(envOf(database), ...name.split(' '), '--help');
    expect(code).toBe(0);
    expect(stdout).toContain('--json');
  });

  it(
    'issues, lists and revokes tokens beside a running Duebook, and verify covers that',
    async () => {
      const env = envOf(database);
      const grants = ['--grant', 'acme:clerk,approver', '--grant', '*:auditor'];
      const about = ['--person', 'ann@example.com', '--id', 'scanner', '--description', 'on the second floor'];
      const made = await run(env, 'token', 'create', ...about, ...grants, '--json');
      expect(made).toMatchObject({ code: 0, stderr: '' });
      const { token, prefix } = JSON.parse(made.stdout) as { token: string; prefix: string };
      const ann = new LedgerClient(app.url, 'acme', token);
      expect(await ann.post('/vendors', { id: 'anns', name: 'Ann’s' })).toMatchObject({ status: 201 });
      expect((await ann.get('/vendors/anns')).body).toMatchObject({
        history: [{ actor: { id: 'ann@example.com', role: 'clerk' } }],
      });

      const again = await run(env, 'token', 'create', ...about, ...grants);
      expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('was issued before')]);
      const { tokens } = JSON.parse((await run(env, 'token', 'list', '--json')).stdout) as { tokens: object[] };
      expect(tokens).toEqual([expect.objectContaining({ id: 'scanner', personId: 'ann@example.com', prefix })]);
      const listed = await run(env, 'token', 'list');
      expect(listed.stdout).toContain(`scanner  ${prefix}…  ann@example.com  expires `);
      expect(JSON.stringify([tokens, listed])).not.toContain(token.slice(prefix.length));

      expect(await run(env, 'token', 'revoke', 'scanner', '--reason', 'sold')).toMatchObject({ code: 0 });
      await until(async () => (await ann.get('/vendors')).status === 401);
      const twice = await run(env, 'token', 'revoke', 'scanner', '--reason', 'sold');
      expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('was revoked at')]);

      const access = new LedgerClient(app.url, '_installation');
      const events = await access.events();
      expect(events.map(({ type }) => type)).toEqual([
        ...['LedgerOpened', 'TokenIssued', 'AccessGranted', 'AccessGranted', 'TokenRevoked'],
      ]);
      await access.get('/audit/checkpoint?atLeast=5');
      await access.get('/tokens?atLeast=5');
      const verified = await run(env, 'verify', '_installation', '--json');
      expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, ledger: '_installation', events: 5, covered: 5 });
      expect(JSON.parse((await run(env, 'replay', '_installation', '--json')).stdout)).toMatchObject({ ok: true });
      // The ledger of access has to be named: whoever has one with books still needs no name.
      expect(JSON.parse((await run(env, 'export', '--json', '--out', 'one.ndjson')).stdout)).toMatchObject({
        ledger: 'acme',
      });
    },
    timeLimitMs,
  );

  it('that verifies needs a key and makes none, and says what is wrong with one in a line', async () => {
    const elsewhere = { DUEBOOK_DATA: join(folder, 'elsewhere') };
    const lost = await run(envOf(database, elsewhere), 'verify', 'acme');
    expect([lost.code, lost.stderr]).toEqual([1, expect.stringContaining('say --public-key FILE')]);
    await writeFile(join(folder, 'acme.key'), (await new LedgerClient(app.url, 'acme').get('/audit/public-key')).text);
    expect((await run(envOf(database, elsewhere), 'verify', 'acme', '--public-key', 'acme.key')).code).toBe(0);
    await expect(readdir(elsewhere.DUEBOOK_DATA)).rejects.toThrow('ENOENT');
    const { code, stderr } = await run(envOf(database, { CHECKPOINT_KEY: join(folder, 'none.pem') }), 'verify', 'acme');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^CHECKPOINT_KEY: there is no [^\n]+\n$/)]);
  });

  it('that verifies names what is wrong, and fails', async () => {
    const env = envOf(database);
    expect((await run(env, 'export', '--out', 'wrong.ndjson')).code).toBe(0);
    const file = join(folder, 'wrong.ndjson');
    await writeFile(file, (await readFile(file, 'utf8')).replace('"name":"V"', '"name":"W"'));
    const args = ['--checkpoint', `${file}.checkpoint`, '--public-key', `${file}.public-key`];
    const { code, stdout } = await run(env, 'verify', '--export', file, ...args);
    expect(code).toBe(1);
    expect(stdout).toContain('position 2: the line is not the one that was sealed');
    const imported = await run(env, 'import', file);
    expect(imported.code).toBe(1);
    expect(imported.stderr).toContain('does not verify');
  });

  it(
    'that imports makes the same ledger elsewhere, and seals it',
    async () => {
      const env = envOf(database);
      expect((await run(env, 'export', '--out', 'moving.ndjson')).code).toBe(0);
      const events = (await readFile(join(folder, 'moving.ndjson'), 'utf8')).trim().split('\n').length;
      const other = await createTestDatabase();
      try {
        const there = envOf(other);
        const imported = await run(there, 'import', 'moving.ndjson', '--json');
        expect(imported).toMatchObject({ code: 0 });
        expect(JSON.parse(imported.stdout)).toMatchObject({ ledger: 'acme', events, epoch: 2 });
        expect((await run(there, 'import', 'moving.ndjson')).stderr).toContain('There is a ledger acme already');
        expect((await run(there, 'export', '--out', 'moved.ndjson')).stdout).toContain(
          `a checkpoint of ${events} events`,
        );
        expect(await readFile(join(folder, 'moved.ndjson'), 'utf8')).toBe(
          await readFile(join(folder, 'moving.ndjson'), 'utf8'),
        );
        expect(await readFile(join(folder, 'moved.ndjson.checkpoint'), 'utf8')).toContain(`/acme/2\n${events}\n`);
        expect((await run(there, 'verify')).code).toBe(0);
        const early = await run(there, 'export', '--csv', '--out', 'early');
        expect([early.code, early.stderr]).toEqual([
          1,
          expect.stringContaining(`The books go up to position 0 only, not ${events}`),
        ]);
        const built = await run(there, 'replay', '--swap');
        expect([built.code, built.stdout]).toEqual([0, expect.stringContaining('no books yet')]);
        expect(built.stdout).toContain(`live ones now, from position ${events}`);
        expect((await run(there, 'replay')).code).toBe(0);
      } finally {
        await other.drop();
      }
    },
    timeLimitMs,
  );
});

describe('a ledger that was set back', () => {
  it(
    'goes on once an operator has opened an epoch, with an event and a signed statement',
    async () => {
      const database = await createTestDatabase();
      let app = await startApp(database);
      let client = await new LedgerClient(app.url, 'back').open();
      const first = (await client.get('/audit/checkpoint')).text;
      await app.close();
      const backup = await copyOf(database);
      app = await startApp(database);
      await new LedgerClient(app.url, 'back').record('/vendors', { id: 'lost', name: 'Lost' });
      const lost = (await new LedgerClient(app.url, 'back').get('/audit/checkpoint?atLeast=2')).text;
      await app.close();

      // Under another name from here on: what was signed before lies in another folder.
      const renamed = { CHECKPOINT_ORIGIN: 'new.example' };
      app = await startApp(backup, renamed);
      try {
        client = new LedgerClient(app.url, 'back');
        expect((await client.post('/vendors', { id: 'v', name: 'V' })).status).toBe(503);
        const { code, stdout } = await run(
          envOf(backup, renamed),
          ...['epoch', 'open', 'back', '--reason', 'Restored', '--json'],
        );
        expect(code).toBe(0);
        const opened = JSON.parse(stdout) as { epoch: number; origin: string; position: number; statement: string };
        expect(opened).toMatchObject({ ledger: 'back', epoch: 2, position: 2 });
        // The application notices by itself.
        await until(async () => (await client.post('/vendors', { id: 'v', name: 'V' })).status === 201);
        expect((await fetch(`${app.url}/health/ready`)).status).toBe(200);
        const { body } = await client.get('/events?type=EpochOpened');
        const [origin, size, root] = lost.split('\n');
        expect(body.items).toMatchObject([
          { position: 2, data: { epoch: 2, reason: 'Restored', previous: { origin, size: Number(size), root } } },
        ]);
        const { text } = await client.get('/audit/checkpoint?atLeast=3');
        expect(text).toMatch(/^new\.example\/back\/2\n3\n/);
        const keys = parseVerifierKeys((await client.get('/audit/public-key')).text);
        expect(openNote(opened.statement, keys).text).toContain(
          `previous ${origin} ${size} ${root}\nreason Restored\n`,
        );
        const kept = join(database.folder, 'checkpoints', 'new.example', 'back');
        expect(await readFile(join(kept, 'epoch-2'), 'utf8')).toBe(opened.statement);
        // What was signed before it still holds, but for what was lost.
        await writeFile(join(folder, 'first'), first);
        await writeFile(join(folder, 'lost'), lost);
        expect(
          await readFile(join(database.folder, 'checkpoints', origin!.split('/')[0]!, 'back', 'latest'), 'utf8'),
        ).toBe(lost);
        expect((await run(envOf(backup, renamed), 'verify', 'back', '--since', 'first')).code).toBe(0);
        const found = await run(envOf(backup, renamed), 'verify', 'back', '--since', 'lost');
        expect([found.code, found.stdout]).toEqual([1, expect.stringContaining('the earlier checkpoint lost')]);
      } finally {
        await app.close();
        await backup.drop();
        await database.drop();
      }
    },
    timeLimitMs,
  );

  it(
    'is noticed on the first new connection, when the database is exchanged while Duebook runs',
    async () => {
      const database = await createTestDatabase();
      let app = await startApp(database);
      await new LedgerClient(app.url, 'live').open();
      await new LedgerClient(app.url, 'live').get('/audit/checkpoint');
      await app.close();
      const backup = await copyOf(database);
      app = await startApp(database);
      const client = new LedgerClient(app.url, 'live');
      await client.record('/vendors', { id: 'v', name: 'V' });
      await client.get('/audit/checkpoint?atLeast=2');
      try {
        // Behind the same name there is an earlier state now.
        await exchange(database, backup);
        const reply = await client.post('/vendors', { id: 'w', name: 'W' });
        expect(reply.status).toBe(503);
        expect(['/problems/ledger-set-back', '/problems/outcome-unknown']).toContain(reply.body.type);
        const again = await client.post('/vendors', { id: 'w', name: 'W' });
        expect(again.body.type).toBe('/problems/ledger-set-back');
        expect((await client.get('/events')).body.items).toHaveLength(1);
        // What it remembers of the vendor that was lost is forgotten: nothing is decided on it.
        expect((await run(envOf(database), 'epoch', 'open', 'live', '--reason', 'Failed over')).code).toBe(0);
        await until(async () => (await client.post('/vendors', { id: 'w', name: 'W' })).status === 201);
        const money = { paidOn: '2024-01-31', currency: 'USD', amount: '1.00' };
        const orphan = await client.post('/payments', { ...money, vendorId: 'v' });
        expect([orphan.status, orphan.body.type]).toEqual([422, '/problems/unknown-vendor']);
        expect((await client.get('/audit/checkpoint?atLeast=3')).text).toContain('/live/2\n3\n');
      } finally {
        await app.close();
        await backup.drop();
        await database.drop();
      }
    },
    timeLimitMs,
  );
});

/** Gives each of two databases the name of the other, whoever is connected. */
const exchange = async (one: TestDatabase, other: TestDatabase): Promise<void> => {
  const admin = new URL(one.url);
  const [a, b] = [one, other].map(({ url }) => new URL(url).pathname.slice(1));
  admin.pathname = '/postgres';
  await onServer(admin.href, async (client) => {
    for (const [from, to] of [
      [a, 'exchanging'],
      [b, a],
      ['exchanging', b],
    ]) {
      await client.query(`alter database ${from} allow_connections false`);
      await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${from}'`);
      await until(async () => {
        const { rowCount } = await client.query(`select from pg_stat_activity where datname = '${from}'`);
        return rowCount === 0;
      });
      await client.query(`alter database ${from} rename to ${to}`);
    }
    for (const name of [a, b]) await client.query(`alter database ${name} allow_connections true`);
  });
};

describe('erasing a vendor’s details', () => {
  it(
    'destroys the key, records that once, says what backups hold, and the log verifies as before',
    async () => {
      const database = await createTestDatabase();
      const app = await startApp(database);
      try {
        const client = await new LedgerClient(app.url, 'acme').open();
        await client.record('/vendors', { id: 'aws', name: 'AWS' });
        await client.record('/vendors/aws/bank-details', { id: 'B1', accountNumber: '12345678' });
        expect((await client.get('/vendors/aws/bank-details/B1')).body.accountNumber).toBe('12345678');
        const env = envOf(database);
        expect(await run(env, 'erase', 'vendor-details', 'aws')).toMatchObject({ code: 1 });
        const unknown = await run(env, 'erase', 'vendor-details', 'none', '--reason', 'x');
        expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('has no vendor none')]);

        const erased = await run(env, 'erase', 'vendor-details', 'aws', '--reason', 'Asked to');
        expect([erased.code, erased.stdout]).toEqual([
          0,
          expect.stringContaining('hold the wrapped key until they expire'),
        ]);
        const { body } = await client.get('/vendors/aws/bank-details/B1?atLeast=4');
        expect(body).toMatchObject({ id: 'B1', status: 'erased' });
        expect(body).not.toHaveProperty('accountNumber');
        const again = await run(env, 'erase', 'vendor-details', 'aws', '--reason', 'Asked to', '--json');
        expect(JSON.parse(again.stdout)).toEqual({ ledger: 'acme', vendorId: 'aws', destroyed: 0 });

        const events: any[] = await client.events();
        expect(events.map(({ type }) => type)).toEqual([
          'LedgerOpened',
          'VendorRegistered',
          'BankDetailsProposed',
          'VendorDetailsErased',
        ]);
        await client.get('/audit/checkpoint?atLeast=4');
        await client.get('/reports/ageing?atLeast=4');
        // Neither needs a key: none is left, and the master key is not looked for.
        const elsewhere = { ...env, MASTER_KEY: join(folder, 'no-such-file') };
        expect(await run(elsewhere, 'verify')).toMatchObject({ code: 0 });
        expect(await run(elsewhere, 'replay')).toMatchObject({ code: 0 });
      } finally {
        await app.close();
        await database.drop();
      }
    },
    timeLimitMs,
  );
});
