import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import pino from 'pino';
import { openCheckpoint, parseBundle } from '../src/audit/checkpoint.js';
import { isConsistent, isIncluded, leafHash } from '../src/audit/merkle.js';
import { parseVerifierKeys } from '../src/audit/note.js';
import type { App } from '../src/app.module.js';
import { LedgerClient, startApp } from './support/app.js';
import { copyOf, linesOf, rootOfLines, tamper, until, vendors } from './support/audit.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

const bytes = (texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text, 'base64'));
const timeLimitMs = 120_000;

const checkpointOf = async (ledger: LedgerClient, atLeast = 1) => {
  const reply = await ledger.get(`/audit/checkpoint?atLeast=${atLeast}`);
  expect(reply.status).toBe(200);
  const keys = parseVerifierKeys((await ledger.get('/audit/public-key')).text);
  return { ...openCheckpoint(reply.text, keys), note: reply.text, reply, keys };
};

describe('the proof of a log', () => {
  let database: TestDatabase;
  let app: App;
  let ledger: LedgerClient;
  let lines: string[];
  const count = 300;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startApp(database);
    ledger = await new LedgerClient(app.url, 'proved').open();
    // In two parts, so that the tree is sealed more than once on its way over the first full tile.
    await vendors(ledger, 'a', 150);
    await checkpointOf(ledger, 151);
    await vendors(ledger, 'b', count - 151);
    await checkpointOf(ledger, count);
    lines = await linesOf(ledger);
  }, timeLimitMs);
  afterAll(async () => {
    await app.close();
    await database.drop();
  });

  it('has a checkpoint of all of it, signed as its origin, the root of which anybody can compute', async () => {
    const { origin, size, root, reply } = await checkpointOf(ledger, count);
    expect(reply.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(reply.headers.get('ledger-position')).toBe(String(count));
    expect(origin).toMatch(/^duebook-[0-9a-f]{12}\/proved\/1$/);
    expect(size).toBe(count);
    expect(root).toEqual(rootOfLines(lines));
  });

  it('follows what is recorded within a second', async () => {
    const other = await new LedgerClient(app.url, 'prompt').open();
    const tookMs: number[] = [];
    for (let n = 2; n <= 6; n++) {
      await sleep(100 * n);
      await other.record('/vendors', { id: `v${n}`, name: 'V' });
      const sinceMs = performance.now();
      await checkpointOf(other, n);
      tookMs.push(performance.now() - sinceMs);
    }
    // Most of them: a machine that has something else to do may hold one up.
    expect(tookMs.sort((a, b) => a - b)[2]).toBeLessThan(1_000);
  });

  it('proves of every position that it is in the tree, and of none that it is elsewhere', async () => {
    const { root, size } = await checkpointOf(ledger);
    for (const position of [1, 2, 3, 128, 255, 256, 257, 258, 299, 300]) {
      const { body } = await ledger.get(`/audit/inclusion?position=${position}`);
      const leaf = Buffer.from(body.leafHash, 'base64');
      expect(leaf).toEqual(leafHash(lines[position - 1]!));
      expect(isIncluded(leaf, position - 1, size, bytes(body.proof), root)).toBe(true);
      expect(isIncluded(leaf, position, size, bytes(body.proof), root)).toBe(false);
    }
  });

  it('proves the same of every earlier tree', async () => {
    for (const [position, size] of [
      [1, 1],
      [1, 2],
      [7, 9],
      [200, 255],
      [200, 256],
      [256, 257],
      [100, 299],
    ] as const) {
      const { body } = await ledger.get(`/audit/inclusion?position=${position}&size=${size}`);
      const root = rootOfLines(lines.slice(0, size));
      expect(isIncluded(Buffer.from(body.leafHash, 'base64'), position - 1, size, bytes(body.proof), root)).toBe(true);
    }
  });

  it('proves of every tree that it is the beginning of a later one', async () => {
    for (const [from, to] of [
      [1, 1],
      [1, 300],
      [151, 300],
      [255, 256],
      [256, 257],
      [256, 300],
      [129, 277],
      [300, 300],
    ] as const) {
      const { body } = await ledger.get(`/audit/consistency?from=${from}&to=${to}`);
      const [small, large] = [from, to].map((size) => rootOfLines(lines.slice(0, size)));
      expect(isConsistent(from, to, bytes(body.proof), small!, large!)).toBe(true);
    }
    const { body } = await ledger.get('/audit/consistency?from=151');
    expect(isConsistent(151, count, bytes(body.proof), rootOfLines(lines.slice(0, 151)), rootOfLines(lines))).toBe(
      true,
    );
  });

  it('gives a bundle for each event that needs nothing beside it but the key', async () => {
    const { keys } = await checkpointOf(ledger);
    for (const position of [1, 256, 257, 300]) {
      const { text, headers } = await ledger.get(`/audit/events/${position}/proof`);
      expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
      const { line, index, proof, note } = parseBundle(text);
      const { size, root } = openCheckpoint(note, keys);
      expect(line.toString()).toBe(lines[position - 1]);
      expect(index).toBe(position - 1);
      expect(isIncluded(leafHash(line), index, size, proof, root)).toBe(true);
    }
  });

  it.each([
    ['/audit/inclusion', 400],
    ['/audit/inclusion?position=0', 400],
    ['/audit/inclusion?position=1e2', 400],
    ['/audit/inclusion?position=301', 400],
    ['/audit/inclusion?position=3&size=2', 400],
    ['/audit/inclusion?position=3&size=301', 400],
    ['/audit/consistency?to=3', 400],
    ['/audit/consistency?from=0', 400],
    ['/audit/consistency?from=4&to=3', 400],
    ['/audit/consistency?from=4&to=301', 400],
    ['/audit/checkpoint?size=3', 400],
    ['/audit/events/0/proof', 404],
    ['/audit/events/301/proof', 404],
    ['/audit/events/x/proof', 404],
  ])('does not answer %s: %d', async (path, status) => {
    const reply = await ledger.get(path);
    expect(reply.status).toBe(status);
    expect(reply.body.type).toBe(status === 400 ? '/problems/malformed' : '/problems/not-found');
  });

  it('of a ledger that there is not is not found', async () => {
    const none = new LedgerClient(app.url, 'none');
    for (const path of ['/audit/checkpoint', '/audit/public-key', '/audit/inclusion?position=1'])
      expect((await none.get(path)).status).toBe(404);
  });

  it('keeps its key to itself, and its checkpoints outside the database', async () => {
    const file = join(database.folder, 'keys/checkpoint.pem');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const { origin, note } = await checkpointOf(ledger);
    const folder = join(database.folder, 'checkpoints', origin.split('/')[0]!, 'proved');
    expect(await readFile(join(folder, 'latest'), 'utf8')).toBe(note);
    const today = new Date().toISOString().slice(0, 10);
    expect((await readdir(folder)).sort()).toEqual([today, 'latest', 'public-keys'].sort());
    expect(await readFile(join(folder, 'public-keys'), 'utf8')).toBe((await ledger.get('/audit/public-key')).text);
  });
});

describe('the keys', () => {
  let database: TestDatabase;
  let app: App | undefined;

  beforeAll(async () => (database = await createTestDatabase()));
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });
  afterAll(() => database.drop());

  const newKey = async (name: string): Promise<string> => {
    const file = join(database.folder, name);
    await mkdir(database.folder, { recursive: true });
    const { privateKey } = generateKeyPairSync('ed25519');
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    return file;
  };

  it(
    'may be replaced: what was signed with an earlier one can still be verified',
    async () => {
      const settings = { CHECKPOINT_ORIGIN: 'ledger.example.com/books' };
      app = await startApp(database, { ...settings, CHECKPOINT_KEY: await newKey('one.pem') });
      let ledger = await new LedgerClient(app.url, 'Keys').open();
      const first = await checkpointOf(ledger);
      expect(first.origin).toBe('ledger.example.com/books/Keys/1');
      await app.close();
      // As they are kept where upper and lower case may be the same.
      expect(await readdir(join(database.folder, 'checkpoints/ledger.example.com/books'))).toEqual(['~keys']);

      app = await startApp(database, { ...settings, CHECKPOINT_KEY: await newKey('two.pem') });
      ledger = new LedgerClient(app.url, 'Keys');
      await ledger.record('/vendors', { id: 'v', name: 'V' });
      const second = await checkpointOf(ledger, 2);
      expect(second.keys).toHaveLength(2);
      expect(openCheckpoint(second.note, [second.keys[0]!]).size).toBe(2);
      expect(() => openCheckpoint(second.note, [second.keys[1]!])).toThrow('no known key');
      expect(openCheckpoint(first.note, second.keys).size).toBe(1);
    },
    timeLimitMs,
  );

  it('of the operator have to be there, to be keys, and to be nobody else’s', async () => {
    await mkdir(database.folder, { recursive: true });
    const missing = join(database.folder, 'missing.pem');
    await expect(startApp(database, { CHECKPOINT_KEY: missing })).rejects.toThrow('there is no');
    const text = join(database.folder, 'text.pem');
    await writeFile(text, 'hello', { mode: 0o600 });
    await expect(startApp(database, { CHECKPOINT_KEY: text })).rejects.toThrow('holds no Ed25519 private key');
    const open = await newKey('open.pem');
    await chmod(open, 0o644);
    await expect(startApp(database, { CHECKPOINT_KEY: open })).rejects.toThrow('chmod 600');
  });
});

describe('two instances on one database', () => {
  it(
    'never contradict each other, whoever seals',
    async () => {
      const database = await createTestDatabase();
      const other = { ...database, folder: `${database.folder}-other` };
      const apps = [await startApp(database), await startApp(other, { CHECKPOINT_KEY: '' })];
      const pool = new pg.Pool({ connectionString: database.appUrl });
      try {
        const clients = apps.map((app) => new LedgerClient(app.url, 'two'));
        await clients[0]!.open();
        for (let round = 0; round < 8; round++) {
          await Promise.all(clients.map((client, n) => vendors(client, `r${round}-${n}-`, 40)));
          // The one that seals goes away in the middle, and the other one has to take over.
          if (round === 4) await apps[0]!.close();
          if (round === 4) clients.shift();
        }
        const [ledger] = clients;
        const lines = await linesOf(ledger!);
        await until(async () => (await ledger!.get('/audit/checkpoint')).text.includes(`\n${lines.length}\n`));
        const { rows } = await pool.query<{ note: string }>('select note from log.signed_checkpoints order by size');
        expect(rows.length).toBeGreaterThan(2);
        const keys = parseVerifierKeys((await ledger!.get('/audit/public-key')).text);
        for (const { note } of rows) {
          const { size, root } = openCheckpoint(note, keys);
          expect(root).toEqual(rootOfLines(lines.slice(0, size)));
        }
      } finally {
        await pool.end();
        await apps[1]!.close();
        await rm(other.folder, { recursive: true, force: true });
        await database.drop();
      }
    },
    timeLimitMs,
  );
});

describe('an instance that stops', () => {
  it('leaves its ledgers to whoever comes next, at once', async () => {
    const database = await createTestDatabase();
    const app = await startApp(database);
    const client = await new LedgerClient(app.url, 'left').open();
    await checkpointOf(client);
    const pool = new pg.Pool({ connectionString: database.appUrl });
    const leases = async (): Promise<unknown[]> => (await pool.query('select ledger_id from books.sealers')).rows;
    try {
      expect(await leases()).toContainEqual({ ledger_id: 'left' });
      await app.close();
      expect(await leases()).toEqual([]);
    } finally {
      await pool.end();
      await database.drop();
    }
  });
});

describe('a ledger that can’t be sealed', () => {
  it(
    'is told of once, and the others are sealed',
    async () => {
      const database = await createTestDatabase();
      let app = await startApp(database);
      await checkpointOf(await new LedgerClient(app.url, 'changed').open());
      await app.close();
      await tamper(database, `update log.events set line = replace(line, '"name":"Test"', '"name":"Rest"')`);
      const logged: { err?: { message: string } }[] = [];
      const logger = pino({ level: 'error' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
      app = await startApp(database, {}, logger);
      try {
        await new LedgerClient(app.url, 'changed').record('/vendors', { id: 'v', name: 'V' });
        await until(() => Promise.resolve(logged.length > 0));
        await sleep(1_500);
        await checkpointOf(await new LedgerClient(app.url, 'other').open());
        expect(logged.map(({ err }) => err?.message)).toEqual([expect.stringContaining('not those that were sealed')]);
      } finally {
        await app.close();
        await database.drop();
      }
    },
    timeLimitMs,
  );
});

describe('a webhook', () => {
  it(
    'is sent every checkpoint, and may fail without harm',
    async () => {
      const got: string[] = [];
      let answer = 500;
      const server = createServer((request, response) => {
        let text = '';
        request.on('data', (chunk: Buffer) => (text += chunk.toString()));
        request.on('end', () => {
          got.push(text);
          response.writeHead(answer).end();
        });
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const database = await createTestDatabase();
      const app = await startApp(database, { CHECKPOINT_URL: `http://127.0.0.1:${port}/notes` });
      try {
        const ledger = await new LedgerClient(app.url, 'hook').open();
        const first = await checkpointOf(ledger);
        await until(() => Promise.resolve(got.includes(first.note)));
        answer = 204;
        await ledger.record('/vendors', { id: 'v', name: 'V' });
        const second = await checkpointOf(ledger, 2);
        await until(() => Promise.resolve(got.includes(second.note)));
      } finally {
        await app.close();
        server.closeAllConnections();
        server.close();
        await database.drop();
      }
    },
    timeLimitMs,
  );
});

describe('a database that is restored to an earlier state', () => {
  it(
    'is told by what was signed under another origin, before and after that was changed',
    async () => {
      const database = await createTestDatabase();
      const [old, renamed] = ['old.example', 'new.example'].map((origin) => ({ CHECKPOINT_ORIGIN: origin }));
      let app = await startApp(database, old);
      await checkpointOf(await new LedgerClient(app.url, 'moved').open());
      await app.close();
      const backup = await copyOf(database);
      app = await startApp(database, old);
      await new LedgerClient(app.url, 'moved').record('/vendors', { id: 'v', name: 'V' });
      await checkpointOf(new LedgerClient(app.url, 'moved'), 2);
      await app.close();
      try {
        // What tells is in the folder of the origin before.
        app = await startApp(backup, renamed);
        expect((await fetch(`${app.url}/health/ready`)).status).toBe(503);
        await app.close();
        // A ledger goes on under the origin that it has, in the folder of the new one; and that is looked at as well.
        app = await startApp(database, renamed);
        await new LedgerClient(app.url, 'moved').record('/vendors', { id: 'w', name: 'W' });
        expect((await checkpointOf(new LedgerClient(app.url, 'moved'), 3)).origin).toBe('old.example/moved/1');
        await app.close();
        const kept = join(database.folder, 'checkpoints');
        expect(await readFile(join(kept, 'new.example/moved/latest'), 'utf8')).toContain('old.example/moved/1\n3\n');
        await rm(join(kept, 'old.example'), { recursive: true });
        app = await startApp(backup, renamed);
        expect((await fetch(`${app.url}/health/ready`)).status).toBe(503);
      } finally {
        await app.close();
        await backup.drop();
        await database.drop();
      }
    },
    timeLimitMs,
  );

  it(
    'takes nothing more of the ledger that was set back, and says so',
    async () => {
      const database = await createTestDatabase();
      let app = await startApp(database);
      let ledger = await new LedgerClient(app.url, 'back').open();
      const quiet = await new LedgerClient(app.url, 'quiet').open();
      await checkpointOf(ledger);
      await checkpointOf(quiet);
      await app.close();
      const backup = await copyOf(database);
      app = await startApp(database);
      ledger = new LedgerClient(app.url, 'back');
      await ledger.record('/vendors', { id: 'v', name: 'V' });
      const signed = await checkpointOf(ledger, 2);
      await app.close();

      const logged: { level: string; msg: string }[] = [];
      const logger = pino(
        { level: 'info', formatters: { level: (level) => ({ level }) } },
        { write: (line: string) => void logged.push(JSON.parse(line)) },
      );
      app = await startApp(backup, {}, logger);
      try {
        ledger = new LedgerClient(app.url, 'back');
        const ready = await fetch(`${app.url}/health/ready`);
        expect([ready.status, await ready.json()]).toEqual([503, { status: 'set-back' }]);
        expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
        expect(logged.filter(({ level }) => level === 'fatal').map(({ msg }) => msg)).toEqual([
          expect.stringContaining('duebook epoch open back'),
        ]);
        const refused = await ledger.post('/vendors', { id: 'w', name: 'W' });
        expect([refused.status, refused.body.type]).toEqual([503, '/problems/ledger-set-back']);
        expect(refused.body.detail).toContain('signed checkpoint of 2 events');
        // Everything can be read, and what was not set back goes on.
        expect((await ledger.get('/events')).body.items).toHaveLength(1);
        await new LedgerClient(app.url, 'quiet').record('/vendors', { id: 'w', name: 'W' });
        // Nothing is signed beside what was signed before, and what is kept outside stays.
        await sleep(1_000);
        expect((await ledger.get('/audit/checkpoint')).text).toContain('\n1\n');
        const folder = join(database.folder, 'checkpoints', signed.origin.split('/')[0]!, 'back');
        expect(await readFile(join(folder, 'latest'), 'utf8')).toBe(signed.note);

        // Another instance has nothing outside to compare with, and learns it from the first.
        const other = await startApp({ ...backup, folder: `${backup.folder}-other` });
        expect((await new LedgerClient(other.url, 'back').post('/vendors', { id: 'x', name: 'X' })).status).toBe(503);
        await other.close();
        await rm(`${backup.folder}-other`, { recursive: true, force: true });
      } finally {
        await app.close();
        await backup.drop();
        await database.drop();
      }
    },
    timeLimitMs,
  );
});
