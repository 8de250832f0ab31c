import { readFile, stat } from 'node:fs/promises';
import { makeOnce } from './make-once.js';
import { unlessCode } from './unless-code.js';

/** A file of a secret that can't be used, and what to do. */
export class SecretFileError extends Error {
  override readonly name = 'SecretFileError';
}

/** What a file of a secret has in it. */
export interface Secret<T> {
  /** @returns undefined for a text that holds no such secret; what is wrong with it could repeat a part of it */
  readonly parse: (text: string) => T | undefined;
  /** What to say of such a file: it holds no … */
  readonly expected: string;
}

/**
 * Reads a secret, from a file that nobody but its owner may read.
 *
 * @returns undefined if there is no such file
 * @throws {SecretFileError}
 */
export const readSecret = async <T>(file: string, { parse, expected }: Secret<T>): Promise<T | undefined> => {
  const text = await readPrivate(file);
  if (text === undefined) return undefined;
  const secret = parse(text);
  if (secret === undefined) throw new SecretFileError(`${file} holds no ${expected}`);
  return secret;
};

/**
 * Reads a secret that is kept in the data folder, and makes it where there is none: at the first start.
 *
 * @param make writes a new one
 * @param folderMode of the folder, where it is made
 * @throws {SecretFileError}
 */
export const readOrMakeSecret = async <T>(
  file: string,
  secret: Secret<T>,
  make: () => string,
  folderMode?: number,
): Promise<{ readonly value: T; readonly isNew: boolean }> => {
  const kept = await readSecret(file, secret);
  if (kept !== undefined) return { value: kept, isNew: false };
  let isNew: boolean;
  try {
    isNew = await makeOnce(file, make(), folderMode);
  } catch (error) {
    throw new SecretFileError(`DUEBOOK_DATA can't be written to: ${(error as Error).message}`);
  }
  const value = await readSecret(file, secret);
  if (value === undefined) throw new SecretFileError(`${file} comes and goes`);
  return { value, isNew };
};

const readPrivate = async (file: string): Promise<string | undefined> => {
  try {
    const found = await stat(file).catch(unlessCode('ENOENT'));
    if (!found) return undefined;
    if (process.platform === 'win32' || (found.mode & 0o077) === 0) return await readFile(file, 'utf8');
  } catch (error) {
    throw new SecretFileError(`${file} can't be read: ${(error as Error).message}`);
  }
  throw new SecretFileError(`${file} may be read by others than its owner: chmod 600 it, or replace what is in it`);
};
