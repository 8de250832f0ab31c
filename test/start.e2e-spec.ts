import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { freePort } from './support/process.js';

/** One run of the application from the build, and what it said. */
class Run {
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.on('data', (text: Buffer) => (this.stdout += text.toString()));
    child.stderr?.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.ended = once(child, 'close').then(([code]) => code as number | null);
  }

  static of(settings: Readonly<Record<string, string>>, program = 'main', ...args: string[]): Run {
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, ...settings };
    return new Run(
      spawn(process.execPath, ['scripts/run.js', program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
  }

  /** @returns where it answers */
  async answers(): Promise<string> {
    for (const deadline = Date.now() + 120_000; Date.now() < deadline;) {
      const url = /Duebook answers at +(\S+)/.exec(this.stdout)?.[1];
      if (url) return url;
      if (this.child.exitCode !== null) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`it does not answer:\n${this.stdout}${this.stderr}`);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }
}

const timeLimitMs = 180_000;
const runs: Run[] = [];
let directory: string;
let database: TestDatabase;

const run = (settings: Readonly<Record<string, string>> = {}, ...args: string[]): Run => {
  const made = Run.of({ DUEBOOK_DATA: directory, PORT: '0', ...settings }, ...(args as [string?]));
  runs.push(made);
  return made;
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'duebook-start-'));
  await chmod(directory, 0o755); // so that the server's own account can reach it when the tests run as root
  database = await createTestDatabase({ migrated: false });
});
afterEach(async () => {
  for (const one of runs.splice(0)) {
    one.signal('SIGKILL');
    await one.ended;
  }
});
afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

const get = async (url: string, token?: string): Promise<{ status: number; body: unknown; headers: Headers }> => {
  const response = await fetch(url, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text,
  };
};

describe('the application with nothing set', () => {
  it(
    'starts on a database of its own, answers, and is there again with its data after a restart',
    async () => {
      const first = run();
      const url = await first.answers();
      const token = (await readFile(join(directory, 'token'), 'utf8')).trim();
      expect(first.stdout).toContain(`${url}/docs`);
      expect(first.stdout).toContain(join(directory, 'token'));
      expect(first.stdout).toContain(token);
      expect((await stat(join(directory, 'token'))).mode & 0o777).toBe(0o600);

      expect(await get(`${url}/health/live`)).toMatchObject({ status: 200, body: { status: 'live' } });
      expect(await get(`${url}/health/ready`)).toMatchObject({ status: 200, body: { status: 'ready' } });
      const opened = await fetch(`${url}/v1/ledgers`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ id: 'acme', name: 'Acme', currency: 'USD', timeZone: 'UTC' }),
      });
      expect(opened.status).toBe(201);
      first.signal('SIGINT');
      expect(await first.ended).toBe(0);
      await expect(stat(join(directory, 'postgres/data/postmaster.pid'))).rejects.toThrow('ENOENT');

      const second = run();
      const again = await second.answers();
      expect(second.stdout).not.toContain(token);
      expect(await get(`${again}/v1/ledgers/acme`, token)).toMatchObject({ status: 200, body: { id: 'acme' } });
      second.signal('SIGTERM');
      second.signal('SIGTERM'); // as under npm, which passes on what the terminal has sent already
      expect(await second.ended).toBe(0);
      expect(second.stderr).not.toContain('"level":"error"');
    },
    timeLimitMs,
  );

  it(
    'works as a role that can add to the log only through its functions',
    async () => {
      const app = run();
      await app.answers();
      const [, , , port] = (await readFile(join(directory, 'postgres/data/postmaster.pid'), 'utf8')).split('\n');
      const password = (await readFile(join(directory, 'pgpass'), 'utf8'))
        .split('\n')
        .find((line) => line.includes(':duebook_server:'))
        ?.split(':')
        .at(-1);
      const client = new pg.Client({
        host: '127.0.0.1',
        port: Number(port),
        database: 'duebook',
        user: 'duebook_server',
        password,
      });
      await client.connect();
      try {
        for (const statement of [
          'update log.events set line = line',
          'delete from log.events',
          'truncate log.events',
          `insert into log.ledgers values ('x')`,
        ]) {
          await expect(client.query(statement)).rejects.toThrow('permission denied');
        }
        // And it is the role that the application works as.
        const { rows } = await client.query(
          `select distinct usename from pg_stat_activity where application_name like 'duebook%'`,
        );
        expect(rows).toEqual([{ usename: 'duebook_server' }]);
      } finally {
        await client.end();
      }
    },
    timeLimitMs,
  );

  it(
    'ends at once on a second signal, and loses nothing by it',
    async () => {
      const app = run();
      const url = await app.answers();
      // A request that is under way keeps it from ending by itself.
      const token = (await readFile(join(directory, 'token'), 'utf8')).trim();
      const slow = await beginRequest(url, token);
      app.signal('SIGINT');
      while (!app.stdout.includes('once more')) await new Promise((resolve) => setTimeout(resolve, 10));
      await new Promise((resolve) => setTimeout(resolve, 600));
      app.signal('SIGINT');
      expect(await app.ended).toBe(130);
      slow.abort();
      const next = run();
      const again = await next.answers();
      expect(await get(`${again}/v1/ledgers/acme`, token)).toMatchObject({ status: 200 });
      next.signal('SIGINT');
      expect(await next.ended).toBe(0);
    },
    timeLimitMs,
  );
});

/** A request that is never finished. */
const beginRequest = async (url: string, token: string): Promise<AbortController> => {
  const controller = new AbortController();
  const asked = request(`${url}/v1/ledgers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': '1000' },
    signal: controller.signal,
  });
  asked.on('error', () => undefined);
  asked.write('{"id":');
  await once(asked, 'socket');
  await new Promise((resolve) => setTimeout(resolve, 200));
  return controller;
};

describe('the application with a database of yours', () => {
  const asOwner = () => ({ DATABASE_URL: database.appUrl, DATABASE_MIGRATION_URL: database.url });

  it(
    'migrates as one role and works as another, with the token of the settings',
    async () => {
      const app = run({ ...asOwner(), DUEBOOK_TOKEN: 'a-token-of-the-settings', LOG_LEVEL: 'trace' });
      const url = await app.answers();
      expect(app.stdout).not.toContain('a-token-of-the-settings');
      expect(app.stderr).not.toContain('could change');
      expect((await get(`${url}/health/ready`)).status).toBe(200);
      expect((await get(`${url}/v1/ledgers/none`, 'a-token-of-the-settings')).status).toBe(404);
      expect((await get(`${url}/v1/ledgers/none`, 'another-token-altogether')).status).toBe(401);
      app.signal('SIGTERM');
      expect(await app.ended).toBe(0);
      expect(app.stderr).toContain('/v1/ledgers/none');
      for (const secret of ['a-token-of-the-settings', 'another-token', new URL(database.appUrl).password]) {
        expect(app.stdout + app.stderr).not.toContain(secret);
      }
    },
    timeLimitMs,
  );

  it(
    'says so where one role owns everything',
    async () => {
      const app = run({ DATABASE_URL: database.url });
      await app.answers();
      expect(app.stderr).toContain('of DATABASE_URL owns the log');
    },
    timeLimitMs,
  );

  it(
    'is not ready while its schema is missing',
    async () => {
      const app = run(asOwner());
      const url = await app.answers();
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      try {
        await client.query('alter schema books rename to elsewhere');
        expect(await get(`${url}/health/ready`)).toMatchObject({ status: 503, body: { status: 'not-ready' } });
        expect((await get(`${url}/health/live`)).status).toBe(200);
      } finally {
        await client.query('alter schema elsewhere rename to books');
        await client.end();
      }
      expect((await get(`${url}/health/ready`)).status).toBe(200);
    },
    timeLimitMs,
  );
});

describe('a start that can not succeed', () => {
  const changed = (change: (url: URL) => void): string => {
    const url = new URL(database.url);
    change(url);
    return url.href;
  };

  const fails = async (settings: Readonly<Record<string, string>>, ...words: string[]): Promise<string> => {
    const app = run(settings);
    expect(await app.ended).toBe(1);
    for (const word of words) expect(app.stderr).toContain(word);
    expect(app.stderr).not.toMatch(/\n\s+at /); // no stack
    expect(app.stdout).toBe('');
    return app.stderr;
  };

  it(
    'names every wrong setting',
    () => fails({ LOG_LEVEL: 'loud', DUEBOOK_COLOUR: 'red' }, 'LOG_LEVEL', 'DUEBOOK_COLOUR'),
    timeLimitMs,
  );

  it(
    'names the port that is in use',
    async () => {
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as { port: number };
      await fails({ PORT: String(port), DATABASE_URL: database.url }, `PORT ${port} is in use`);
      other.close();
    },
    timeLimitMs,
  );

  it('names the database that does not answer', async () => {
    const port = await freePort();
    await fails(
      { DATABASE_URL: `postgres://app:s3cr3t-passw0rd@127.0.0.1:${port}/duebook` },
      'DATABASE_URL: no PostgreSQL answers',
      `127.0.0.1:${port}`,
    );
  });

  it('names the role with the wrong password, and keeps the password to itself', async () => {
    const said = await fails(
      { DATABASE_URL: changed((url) => (url.password = 's3cr3t-passw0rd')) },
      'DATABASE_URL',
      'check user and password',
    );
    expect(said).not.toContain('s3cr3t-passw0rd');
  });

  it('names the database that is not there', () =>
    fails({ DATABASE_URL: changed((url) => (url.pathname = '/nowhere')) }, 'DATABASE_URL', 'has no database nowhere'));

  it('names the role that may not set up the schema', async () => {
    const empty = await createTestDatabase({ migrated: false });
    await fails({ DATABASE_URL: empty.appUrl }, 'DATABASE_URL', 'may not set up the schema', 'DATABASE_MIGRATION_URL');
    await empty.drop();
  });

  it('names a token file that holds no token', async () => {
    const broken = await mkdtemp(join(tmpdir(), 'duebook-broken-'));
    const file = join(broken, 'token');
    await writeFile(file, 'short\n', { mode: 0o600 });
    await fails({ DUEBOOK_DATA: broken, DATABASE_URL: database.url }, file, 'holds no token');
    await chmod(file, 0o640);
    await fails({ DUEBOOK_DATA: broken, DATABASE_URL: database.url }, file, 'chmod 600');
    await rm(broken, { recursive: true });
  });
});

describe('the demonstration', () => {
  const figures = `
as of              notDue          1-30         31-60         61-90  over-90          total
----------  -------------  ------------  ------------  ------------  -------  -------------
2023-09-28  14,600,000.00          0.00          0.00          0.00     0.00  14,600,000.00
2023-10-31  14,800,000.00  2,150,000.00  1,000,000.00          0.00     0.00  17,950,000.00
2023-11-30  15,000,000.00  7,300,000.00  2,150,000.00  1,000,000.00     0.00  25,450,000.00
`;
  const vendors = `
vendor                         owed       overdue  deferred, agreed  deferred, not agreed  on account          total
--------------------  -------------  ------------  ----------------  --------------------  ----------  -------------
Amazon Web Services   15,500,000.00  1,000,000.00              0.00          7,000,000.00        0.00  15,500,000.00
Google Cloud           1,000,000.00  1,000,000.00              0.00                  0.00        0.00   1,000,000.00
HM Revenue & Customs     850,000.00    550,000.00              0.00            550,000.00        0.00     850,000.00
CoreWeave                600,000.00    600,000.00              0.00                  0.00        0.00     600,000.00
all                   17,950,000.00  3,150,000.00              0.00          7,550,000.00        0.00  17,950,000.00
`;

  it(
    'shows the founding case on a server of its own, and on the one that runs changes nothing',
    async () => {
      const port = String(await freePort());
      const alone = run({ PORT: port }, 'demo');
      expect(await alone.ended).toBe(0);
      expect(alone.stdout).toContain('Recorded 72');
      expect(alone.stdout).toContain(figures);
      expect(alone.stdout).toContain(vendors);
      expect(alone.stdout).toContain('What paying late costs under this plan: 12,831,157.26');
      for (const part of [
        'Facts (the press report)',
        'When each tier breaks',
        'What new money would save',
        'Nothing here is legal advice',
      ]) {
        expect(alone.stdout).toContain(part);
      }

      const app = run({ PORT: port });
      const url = await app.answers();
      const again = run({ PORT: port }, 'demo');
      expect(await again.ended).toBe(0);
      expect(again.stdout).toContain(`Using the Duebook at ${url}`);
      expect(again.stdout).toContain('up to position 73: nothing changed');
      expect(again.stdout).toContain(figures);
      const token = (await readFile(join(directory, 'token'), 'utf8')).trim();
      const { body } = await get(`${url}/v1/ledgers/founding-case/events`, token);
      expect((body as { items: object[] }).items).toHaveLength(73);

      const stranger = run({ PORT: port, DUEBOOK_TOKEN: 'not-the-token-of-it' }, 'demo');
      expect(await stranger.ended).toBe(1);
      expect(stranger.stderr).toContain('set DUEBOOK_TOKEN to one of its');
    },
    timeLimitMs,
  );

  it('says so where something else answers', async () => {
    const other = createHttpServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const lost = run({ PORT: String(port) }, 'demo');
    expect(await lost.ended).toBe(1);
    expect(lost.stderr).toContain('Something other than Duebook');
    other.close();
  });
});

describe('the command line', () => {
  const says = async (
    settings: Readonly<Record<string, string>>,
    ...args: string[]
  ): Promise<{ code: number | null; stdout: string; stderr: string }> => {
    const command = run(settings, 'cli', ...args);
    const code = await command.ended;
    return { code, stdout: command.stdout, stderr: command.stderr };
  };

  it('helps', async () => {
    const { code, stdout } = await says({}, '--help');
    expect(code).toBe(0);
    for (const word of ['duebook', 'migrate', 'demo']) expect(stdout).toContain(word);
    expect((await says({}, 'migrate', '--help')).stdout).toContain('DATABASE_MIGRATION_URL');
  });

  it('migrates', async () => {
    const empty = await createTestDatabase({ migrated: false });
    expect(await says({ DATABASE_URL: empty.url }, 'migrate')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Ran: '),
    });
    expect(await says({ DATABASE_URL: empty.url }, 'migrate')).toMatchObject({
      code: 0,
      stdout: 'The schema is up to date.\n',
    });
    await empty.drop();
  });

  it('fails on what it does not know, in a line', async () => {
    const { code, stderr } = await says({}, 'bake');
    expect(code).not.toBe(0);
    expect(stderr).toContain('bake');
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(await says({ PORT: 'x' }, 'migrate')).toMatchObject({ code: 1, stderr: expect.stringContaining('PORT') });
  });
});
