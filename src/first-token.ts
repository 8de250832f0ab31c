import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, ConfigError } from './config.js';
import { makeOnce } from './files/make-once.js';
import { unlessCode } from './files/unless-code.js';

/** The token that everything begins with: it has all roles. */
export interface FirstToken {
  readonly value: string;
  /** Where it is kept; undefined if it came with the settings. */
  readonly file: string | undefined;
  /** Whether it was made just now, and nobody knows it yet. */
  readonly isNew: boolean;
}

export const tokenFile = (config: Pick<Config, 'dataDirectory'>): string => join(config.dataDirectory, 'token');

/**
 * The token of the settings, else the one in the data folder, which is made if there is none.
 *
 * @throws {ConfigError} if what the file says can't be a token
 */
export const readOrMakeToken = async (config: Pick<Config, 'dataDirectory' | 'token'>): Promise<FirstToken> => {
  if (config.token !== undefined) return { value: config.token, file: undefined, isNew: false };
  const file = tokenFile(config);
  const kept = await readToken(file);
  if (kept !== undefined) return { value: kept, file, isNew: false };

  const value = randomBytes(32).toString('base64url');
  let isNew: boolean;
  try {
    isNew = await makeOnce(file, `${value}\n`);
  } catch (error) {
    throw new ConfigError([`DUEBOOK_DATA can't be written to: ${(error as Error).message}`]);
  }
  return isNew ? { value, file, isNew } : await readOrMakeToken(config);
};

/** The token in a file; undefined if there is no such file. */
export const readToken = async (file: string): Promise<string | undefined> => {
  const text = await readFile(file, 'utf8')
    .catch(unlessCode('ENOENT'))
    .catch((error: unknown) => {
      throw new ConfigError([`${file} can't be read: ${(error as Error).message}`]);
    });
  if (text === undefined) return undefined;
  const token = text.trim();
  if (!/^[\x21-\x7e]{16,}$/.test(token))
    throw new ConfigError([`${file} holds no token: remove it, and a new one is made`]);
  return token;
};
