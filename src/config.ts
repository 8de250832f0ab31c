import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Every setting of the application, checked. Nothing else in `src/` reads the environment. */
export interface Config {
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
  /** Undefined: the embedded PostgreSQL in `dataDirectory`. */
  readonly database: DatabaseConfig | undefined;
  /** Absolute. Embedded database, keys, checkpoints, token. */
  readonly dataDirectory: string;
  /** Absolute. Where signed checkpoints are put, out of the database's reach. */
  readonly checkpointDirectory: string;
  /** Where signed checkpoints are sent as well. */
  readonly checkpointUrl: string | undefined;
  /** Absolute. The private key that checkpoints are signed with; one in `dataDirectory` where none is given. */
  readonly checkpointKeyFile: string | undefined;
  /** What the origins of checkpoints begin with; a name of the installation's own where none is given. */
  readonly checkpointOrigin: string | undefined;
  /** Absolute. The key that the keys of vendors are wrapped with; one in `dataDirectory` where none is given. */
  readonly masterKeyFile: string | undefined;
  /** A first token with all roles. */
  readonly token: string | undefined;
  /** Whose access tokens (OpenID Connect) let people in as well. */
  readonly oidc: OidcConfig | undefined;
  /** Addresses and networks of the proxies in front: what these say of where a request comes from is believed. */
  readonly trustedProxies: readonly string[];
  readonly logLevel: LogLevel;
}

export interface OidcConfig {
  /** As `iss` has it. */
  readonly issuer: string;
  /** One of those in `aud`. */
  readonly audience: string;
  /** Where the keys are. */
  readonly jwksUrl: string;
  /** The claim that has the roles; a path with dots, where there is none of that name. */
  readonly rolesClaim: string;
  /** The claim that names the person. */
  readonly personClaim: string;
}

export interface DatabaseConfig {
  readonly url: string;
  /** For the owner of the schema; `url` where none is given. */
  readonly migrationUrl: string;
  /** For reports: a replica, perhaps. `url` where none is given. */
  readonly readUrl: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that the start refuses, all faults at once: nobody should have to find them one start at a time. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly string[]) {
    super(`Duebook can't start with these settings:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
}

/**
 * Reads and checks the settings. A setting that is set to nothing counts as not set, as compose files do it.
 * No message repeats a value that could be a secret.
 *
 * @throws {ConfigError} naming every wrong or unknown setting
 */
export const readConfig = (env: Environment): Config => {
  const faults: string[] = [];
  const known = new Set<string>();

  const setting = <T>(name: string, fallback: T, parse: (text: string) => T): T => {
    known.add(name);
    const text = env[name]?.trim();
    if (!text) return fallback;
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof SettingFault)) throw error;
      faults.push(`${name} ${error.message}`);
      return fallback;
    }
  };

  const dataDirectory = setting('DUEBOOK_DATA', resolve('.duebook'), (text) => resolve(text));
  const url = setting<string | undefined>('DATABASE_URL', undefined, postgresUrl);
  const migrationUrl = setting('DATABASE_MIGRATION_URL', url, postgresUrl);
  const readUrl = setting('DATABASE_READ_URL', url, postgresUrl);
  for (const name of ['DATABASE_MIGRATION_URL', 'DATABASE_READ_URL']) {
    if (env[name]?.trim() && !env.DATABASE_URL?.trim()) faults.push(`${name} needs DATABASE_URL beside it`);
  }

  const issuer = setting<string | undefined>('OIDC_ISSUER', undefined, httpUrl);
  const audience = setting<string | undefined>('OIDC_AUDIENCE', undefined, printable);
  const jwksUrl = setting<string | undefined>('OIDC_JWKS_URL', undefined, httpUrl);
  const rolesClaim = setting('OIDC_ROLES_CLAIM', 'duebook', printable);
  const personClaim = setting('OIDC_PERSON_CLAIM', 'sub', printable);
  for (const name of ['OIDC_AUDIENCE', 'OIDC_JWKS_URL', 'OIDC_ROLES_CLAIM', 'OIDC_PERSON_CLAIM'] as const) {
    if (env[name]?.trim() && !env.OIDC_ISSUER?.trim()) faults.push(`${name} needs OIDC_ISSUER beside it`);
  }
  for (const name of ['OIDC_AUDIENCE', 'OIDC_JWKS_URL'] as const) {
    if (env.OIDC_ISSUER?.trim() && !env[name]?.trim()) faults.push(`OIDC_ISSUER needs ${name} beside it`);
  }

  const config: Config = {
    host: setting('HOST', '127.0.0.1', hostName),
    port: setting('PORT', 3000, portNumber),
    database: url && migrationUrl && readUrl ? { url, migrationUrl, readUrl } : undefined,
    dataDirectory,
    checkpointDirectory: setting('CHECKPOINT_DIR', join(dataDirectory, 'checkpoints'), (text) => resolve(text)),
    checkpointUrl: setting<string | undefined>('CHECKPOINT_URL', undefined, httpUrl),
    checkpointKeyFile: setting<string | undefined>('CHECKPOINT_KEY', undefined, (text) => resolve(text)),
    checkpointOrigin: setting<string | undefined>('CHECKPOINT_ORIGIN', undefined, originBase),
    masterKeyFile: setting<string | undefined>('MASTER_KEY', undefined, (text) => resolve(text)),
    token: setting<string | undefined>('DUEBOOK_TOKEN', undefined, bearerToken),
    oidc: issuer && audience && jwksUrl ? { issuer, audience, jwksUrl, rolesClaim, personClaim } : undefined,
    trustedProxies: setting<readonly string[]>('TRUSTED_PROXIES', [], networks),
    logLevel: setting<LogLevel>('LOG_LEVEL', 'info', logLevel),
  };

  // A misspelt setting that is passed over looks like one that took effect. Only our own prefix is ours to judge.
  const ours = [...known].filter((name) => name.startsWith('DUEBOOK_'));
  for (const name of Object.keys(env).sort()) {
    if (name.startsWith('DUEBOOK_') && !known.has(name)) {
      faults.push(`${name} is not a setting of Duebook; those that begin like this are ${ours.join(' and ')}`);
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
};

/** What is set outside wins over the folder's `.env`. */
export const readEnvironment = (outside: Environment = process.env, directory = process.cwd()): Environment => {
  let text: string;
  try {
    text = readFileSync(join(directory, '.env'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new ConfigError([`.env can't be read: ${(error as Error).message}`]);
    }
    return outside;
  }
  const set = Object.entries(outside).filter(([, value]) => value !== undefined && value !== '');
  return { ...parseEnv(text), ...Object.fromEntries(set) };
};

/** Why `listen` failed, in the words of the settings to change; any other error as it is. */
export const explainListenError = (error: unknown, { host, port }: Pick<Config, 'host' | 'port'>): unknown => {
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case 'EADDRINUSE':
      return new ConfigError([
        `PORT ${String(port)} is in use on ${host} already: stop what uses it, or set another PORT`,
      ]);
    case 'EACCES':
      return new ConfigError([`PORT ${String(port)} may not be used by this account: set one above 1023`]);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigError([`HOST ${host} is no address of this machine: use 127.0.0.1, or 0.0.0.0 for all of them`]);
    default:
      return error;
  }
};

class SettingFault extends Error {}

const fault = (message: string): never => {
  throw new SettingFault(message);
};

const portNumber = (text: string): number =>
  /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : fault(`is not a port from 0 to 65535: "${text}"`);

const hostName = (text: string): string =>
  /^[\w.:%-]+$/.test(text) ? text : fault(`is not a host name or an address: "${text}"`);

const logLevel = (text: string): LogLevel =>
  logLevels.find((level) => level === text) ?? fault(`is not one of ${logLevels.join(', ')}: "${text}"`);

const bearerToken = (text: string): string => {
  if (text.length < 16) fault('is too short: a token needs at least 16 characters');
  if (!/^[\x21-\x7e]+$/.test(text)) fault('may only have printable ASCII characters without blanks, as an HTTP header');
  return text;
};

const postgresUrl = (text: string): string =>
  ['postgres:', 'postgresql:'].includes(schemeOf(text))
    ? text
    : fault('is not a URL like postgres://user:password@host:5432/database');

const httpUrl = (text: string): string =>
  ['http:', 'https:'].includes(schemeOf(text)) ? text : fault('is not a URL that begins with https:// or http://');

const printable = (text: string): string =>
  /^[\x21-\x7e]{1,255}$/.test(text) ? text : fault('may only have printable ASCII characters without blanks');

const networks = (text: string): readonly string[] =>
  text.split(',').map((part) => {
    const [address = '', bits, ...more] = part.trim().split('/');
    const most = isIP(address) === 6 ? 128 : 32;
    const isGood =
      isIP(address) > 0 &&
      more.length === 0 &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most));
    return isGood
      ? part.trim()
      : fault(`is not a list of addresses and networks like 10.0.0.1,10.1.0.0/16: "${part.trim()}"`);
  });

const originBase = (text: string): string =>
  /^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)*$/.test(text)
    ? text
    : fault(`is not a name like ledger.example.com/books, without a scheme and a slash at the end: "${text}"`);

const schemeOf = (text: string): string => (URL.canParse(text) ? new URL(text).protocol : '');
