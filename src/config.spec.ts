import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, explainListenError, readConfig, readEnvironment, type Environment } from './config.js';

const faultsOf = (env: Environment): readonly string[] => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

describe('settings', () => {
  it('need nothing: the default is an embedded database and a local server', () => {
    expect(readConfig({ PATH: '/usr/bin' })).toEqual({
      host: '127.0.0.1',
      port: 3000,
      database: undefined,
      dataDirectory: resolve('.duebook'),
      checkpointDirectory: resolve('.duebook/checkpoints'),
      checkpointUrl: undefined,
      checkpointKeyFile: undefined,
      checkpointOrigin: undefined,
      masterKeyFile: undefined,
      token: undefined,
      oidc: undefined,
      trustedProxies: [],
      logLevel: 'info',
    });
  });

  it('are taken as given', () => {
    const config = readConfig({
      HOST: '0.0.0.0',
      PORT: '8080',
      DATABASE_URL: 'postgres://app:secret@db:5432/duebook',
      DATABASE_MIGRATION_URL: 'postgresql://owner:secret@db/duebook',
      DUEBOOK_DATA: '/srv/duebook',
      DUEBOOK_TOKEN: '0123456789abcdef',
      LOG_LEVEL: 'warn',
    });
    expect(config).toMatchObject({ host: '0.0.0.0', port: 8080, token: '0123456789abcdef', logLevel: 'warn' });
    expect(config).toMatchObject({ dataDirectory: '/srv/duebook', checkpointDirectory: '/srv/duebook/checkpoints' });
    expect(config.database).toEqual({
      url: 'postgres://app:secret@db:5432/duebook',
      migrationUrl: 'postgresql://owner:secret@db/duebook',
      readUrl: 'postgres://app:secret@db:5432/duebook',
    });
  });

  it('count as not set where they are empty', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: ' ', DUEBOOK_TOKEN: '' })).toEqual(readConfig({}));
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '3000x'],
    ['PORT', '-1'],
    ['HOST', 'http://localhost'],
    ['DATABASE_URL', 'localhost:5432'],
    ['DATABASE_URL', 'mysql://root@localhost/duebook'],
    ['DUEBOOK_TOKEN', 'fifteen-letters'],
    ['DUEBOOK_TOKEN', 'a blank is no part of a token'],
    ['LOG_LEVEL', 'verbose'],
    ['CHECKPOINT_URL', 'ftp://example.org'],
    ['DATABASE_READ_URL', 'postgres://replica/duebook'], // without DATABASE_URL
    ['OIDC_AUDIENCE', 'duebook'], // without OIDC_ISSUER
    ['TRUSTED_PROXIES', 'localhost'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '0.0.0.0/0'],
    ['DUEBOOK_TOKNE', '0123456789abcdef'],
    ['DUEBOOK_', ''],
  ])('name %s when it is %j', (name, value) => {
    const faults = faultsOf({ [name]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${name} `));
  });

  it('are refused all at once', () => {
    const env = { PORT: 'x', LOG_LEVEL: 'loud', DUEBOOK_TOKEN: 'short', DUEBOOK_COLOUR: 'red' };
    expect(faultsOf(env).map((fault) => fault.split(' ')[0])).toEqual([
      'PORT',
      'DUEBOOK_TOKEN',
      'LOG_LEVEL',
      'DUEBOOK_COLOUR',
    ]);
  });

  it('keep secrets out of the message', () => {
    const faults = faultsOf({ DUEBOOK_TOKEN: 'hunter2', DATABASE_URL: 'mysql://root:hunter2@localhost' });
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain('hunter2');
  });
});

describe('.env', () => {
  it('fills in what is not set outside', () => {
    const directory = mkdtempSync(join(tmpdir(), 'duebook-env-'));
    try {
      writeFileSync(join(directory, '.env'), '# ours\nPORT=4000\nLOG_LEVEL="debug"\nHOST=::1\n');
      const env = readEnvironment({ PORT: '5000', HOST: '' }, directory);
      expect(env).toMatchObject({ PORT: '5000', LOG_LEVEL: 'debug', HOST: '::1' });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('may be missing', () => {
    expect(readEnvironment({ PORT: '5000' }, join(tmpdir(), 'nowhere-at-all'))).toEqual({ PORT: '5000' });
  });
});

describe('a port that cannot be had', () => {
  it('is named, with the setting to change', async () => {
    const first = createServer().listen(0, '127.0.0.1');
    await once(first, 'listening');
    const { port } = first.address() as { port: number };
    const second = createServer().listen(port, '127.0.0.1');
    const [error] = (await once(second, 'error')) as [unknown];
    first.close();
    expect(explainListenError(error, { host: '127.0.0.1', port })).toMatchObject({
      message: expect.stringContaining(`PORT ${String(port)} is in use on 127.0.0.1 already`),
    });
  });

  it('leaves other errors alone', () => {
    const error = new Error('something else');
    expect(explainListenError(error, { host: 'localhost', port: 1 })).toBe(error);
  });
});
