import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Config } from './config.js';
import { readOrMakeSecret, readSecret, type Secret } from './files/secret-file.js';

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
 * @throws {SecretFileError} if what the file says can't be a token
 */
export const readOrMakeToken = async (config: Pick<Config, 'dataDirectory' | 'token'>): Promise<FirstToken> => {
  if (config.token !== undefined) return { value: config.token, file: undefined, isNew: false };
  const file = tokenFile(config);
  return { ...(await readOrMakeSecret(file, token, () => `${randomBytes(32).toString('base64url')}\n`)), file };
};

/** The token in a file; undefined if there is no such file. @throws {SecretFileError} */
export const readToken = (file: string): Promise<string | undefined> => readSecret(file, token);

const token: Secret<string> = {
  expected: 'token: remove it, and a new one is made',
  parse: (text) => (/^[\x21-\x7e]{16,}$/.test(text.trim()) ? text.trim() : undefined),
};
