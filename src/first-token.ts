import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Config, ConfigError } from './config.js';

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
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    await mkdir(config.dataDirectory, { recursive: true });
    await writeFile(draft, `${value}\n`, { mode: 0o600 });
  } catch (error) {
    throw new ConfigError([`DUEBOOK_DATA can't be written to: ${(error as Error).message}`]);
  }
  try {
    // Appears whole or not at all; of two processes that start at once, one makes it.
    await link(draft, file);
    return { value, file, isNew: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return await readOrMakeToken(config);
  } finally {
    await rm(draft);
  }
};

/** The token in a file; undefined if there is no such file. */
export const readToken = async (file: string): Promise<string | undefined> => {
  let text: string;
  try {
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError([`${file} can't be read: ${(error as Error).message}`]);
  }
  if (!/^[\x21-\x7e]{16,}$/.test(text))
    throw new ConfigError([`${file} holds no token: remove it, and a new one is made`]);
  return text;
};
