import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startEmbedded, type EmbeddedPostgres } from './embedded.js';

const asRoot = process.getuid?.() === 0;

let directory: string;
let started: EmbeddedPostgres[];
let said: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'duebook-embedded-'));
  await chmod(directory, 0o755);
  started = [];
  said = [];
});

afterEach(async () => {
  for (const postgres of started) await postgres.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Most of a start is waiting for the disk, which has no part in who starts what, and what is found again. */
const quick = { fsync: 'off' };

const start = async (
  where = directory,
  settings: Readonly<Record<string, string>> = quick,
): Promise<EmbeddedPostgres> => {
  const postgres = await startEmbedded({ directory: where, log: (message) => said.push(message), settings });
  started.push(postgres);
  return postgres;
};

const query = async <Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
};

const pidOf = async (): Promise<number> =>
  Number((await readFile(join(directory, 'postgres/data/postmaster.pid'), 'utf8')).split('\n')[0]);

/** Not by its process number: a process that has ended keeps it until its parent takes note. */
const isUp = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

/** Another process that starts the server of `directory` and waits to be killed. */
const startElsewhere = async (): Promise<ChildProcess> => {
  const at = (path: string) => JSON.stringify(new URL(path, pathToFileURL(`${process.cwd()}/`)).href);
  const program = `
    const { register } = await import(${at('scripts/typescript.js')});
    register();
    const { startEmbedded } = await import(${at('src/database/embedded.ts')});
    await startEmbedded({ directory: ${JSON.stringify(directory)}, log: () => undefined });
    console.log('started');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    detached: true, // a process group of its own, so that a test can send the whole group what Ctrl-C sends
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
};

describe('the embedded PostgreSQL', () => {
  it('starts with UTF-8, durable, local and behind passwords', async () => {
    const { url, appUrl, port } = await start(directory, {});
    const [settings] = await query(
      url,
      `select current_setting('server_encoding') encoding, current_setting('fsync') fsync,
              current_setting('synchronous_commit') commit, current_setting('listen_addresses') listen,
              current_setting('unix_socket_directories') sockets, current_setting('password_encryption') passwords,
              (select count(*)::int from pg_hba_file_rules where auth_method <> 'scram-sha-256') open_doors,
              'a' < 'B' sorts_by_language`,
    );
    expect(settings).toEqual({
      encoding: 'UTF8',
      fsync: 'on',
      commit: 'on',
      listen: '127.0.0.1',
      sockets: '',
      passwords: 'scram-sha-256',
      open_doors: 0,
      sorts_by_language: false,
    });
    await expect(query(`postgres://postgres:wrong@127.0.0.1:${String(port)}/duebook`, 'select')).rejects.toThrow(
      /password/,
    );
    expect(
      await query(
        appUrl,
        `select rolsuper, pg_has_role('duebook_app', 'member') app from pg_roles where rolname = current_user`,
      ),
    ).toEqual([{ rolsuper: false, app: true }]);
  });

  it('keeps its passwords where only we can read them', async () => {
    const { url } = await start();
    const { mode } = await stat(join(directory, 'pgpass'));
    expect(mode & 0o777).toBe(0o600);
    const text = await readFile(join(directory, 'pgpass'), 'utf8');
    expect(text).toContain(`:${new URL(url).password}\n`);
    expect(
      new Set(
        text
          .trim()
          .split('\n')
          .map((line) => line.split(':').at(-1)),
      ).size,
    ).toBe(2);
  });

  it('finds its data again', async () => {
    const first = await start();
    await query(first.url, `create table t as select 'here' as v`);
    await first.stop();
    expect(await isUp(first.port)).toBe(false);

    const second = await start();
    expect(second.adopted).toBe(false);
    expect(await query(second.url, 'select v from t')).toEqual([{ v: 'here' }]);
  });

  it('is shared by all who start it, and stopped by the last', async () => {
    const [first, second] = await Promise.all([start(), start()]);
    expect(second.port).toBe(first.port);
    expect([first.adopted, second.adopted].sort()).toEqual([false, true]);
    await first.stop();
    await first.stop(); // a second time changes nothing
    expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await second.stop();
    expect(await isUp(first.port)).toBe(false);
  });

  it('survives the Ctrl-C and the SIGKILL of the application, and is adopted by the next', async () => {
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const application = await startElsewhere();
      const pid = await pidOf();
      process.kill(-application.pid!, signal); // the group, as the terminal does
      await once(application, 'exit');

      const next = await start();
      expect(next.adopted).toBe(true);
      expect(await pidOf()).toBe(pid);
      await next.stop(); // the dead one counts no more
      expect(await isUp(next.port)).toBe(false);
    }
  });

  it('recovers after it was killed itself, and loses nothing', async () => {
    const first = await start();
    await query(first.url, 'create table t as select 42 as v');
    const client = new pg.Client({ connectionString: first.url });
    client.on('error', () => undefined);
    await client.connect(); // its backend notices a little later than we do that its server is gone
    const busy = client.query('select pg_sleep(60)').catch(() => undefined);
    process.kill(await pidOf(), 'SIGKILL');
    const second = await start();
    await busy;
    expect(second.adopted).toBe(false);
    expect(await query(second.url, 'select v from t')).toEqual([{ v: 42 }]);
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('is not misled by a postmaster.pid whose number now belongs to another process', async () => {
    const first = await start();
    const file = join(directory, 'postgres/data/postmaster.pid');
    const lines = (await readFile(file, 'utf8')).split('\n');
    await first.stop();
    const bystander = spawn('sleep', ['600'], {
      ...(asRoot && { uid: (await stat(join(directory, 'postgres/data'))).uid }),
    });
    try {
      await writeFile(file, [String(bystander.pid), ...lines.slice(1)].join('\n'));
      const second = await start();
      expect(second.adopted).toBe(false);
      expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    } finally {
      bystander.kill();
    }
  });

  it('starts anew where a first start was cut short', async () => {
    await mkdir(join(directory, 'postgres/draft-half/data/base'), { recursive: true });
    const holder = spawn('true');
    await once(holder, 'exit');
    await writeFile(join(directory, 'postgres.lock'), `${String(holder.pid)} 1`);
    const { url } = await start();
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect((await readdir(join(directory, 'postgres'))).sort()).toEqual(['data', 'server.log', 'users']);
  });

  it('says what to do where the passwords are lost', async () => {
    const first = await start();
    await first.stop();
    await rm(join(directory, 'pgpass'));
    await expect(start()).rejects.toThrow(/pgpass is missing or damaged.*Put it back from a backup/);
  });

  it('says what the server said where it does not start', async () => {
    const failing = startEmbedded({
      directory,
      log: () => undefined,
      settings: { ...quick, shared_buffers: '1 parsec' },
    });
    await expect(failing).rejects.toThrow(/did not start[^]*invalid value for parameter "shared_buffers"/);
  });

  it('takes settings as they are, whatever the shell makes of them', async () => {
    const value = `it's $HOME "quoted"`;
    const postgres = await startEmbedded({
      directory,
      log: () => undefined,
      settings: { ...quick, cluster_name: value },
    });
    started.push(postgres);
    expect(await query(postgres.url, 'show cluster_name')).toEqual([{ cluster_name: value }]);
  });

  (asRoot ? it : it.skip)('runs from elsewhere where root keeps folders that nobody else can enter', async () => {
    const closed = join(directory, 'closed');
    await mkdir(closed, { mode: 0o700 });
    const elsewhere = async () => {
      const postgres = await start(join(closed, 'data'));
      return [postgres, await realpath(join(closed, 'data/postgres'))] as const;
    };
    const [first, place] = await elsewhere();
    try {
      await query(first.url, 'create table t as select 7 as v');
      await first.stop();
      const [second, again] = await elsewhere();
      expect(again).toBe(place);
      expect(place.startsWith(directory)).toBe(false);
      expect(await readFile(join(place, 'belongs-to'), 'utf8')).toBe(`${join(closed, 'data')}\n`);
      expect(await query(second.url, 'select v from t')).toEqual([{ v: 7 }]);
      await second.stop();
    } finally {
      await rm(place, { recursive: true });
    }
  });
});
