import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeOnce } from '../files/make-once.js';
import { unlessCode } from '../files/unless-code.js';
import { keyBytes } from './sealing.js';

/** A file of the master key that can't be used, and what to do. */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
}

/** Where the key is that the keys of vendors are wrapped with. */
interface MasterKeySettings {
  /** Of the operator: has to be there. */
  readonly masterKeyFile: string | undefined;
  readonly dataDirectory: string;
}

/**
 * The master key: the operator's, else the one in the data folder, which is made at the first start. The file has 32 random
 * bytes in base64, and nobody but its owner may read it.
 *
 * @throws {MasterKeyError}
 */
export const readOrMakeMasterKey = async ({ masterKeyFile, dataDirectory }: MasterKeySettings): Promise<Buffer> => {
  if (masterKeyFile !== undefined)
    return (
      (await keyIn(masterKeyFile)) ??
      complain(`MASTER_KEY: there is no ${masterKeyFile}; make one with openssl rand -base64 32`)
    );
  const file = join(dataDirectory, 'keys', 'master.key');
  const kept = await keyIn(file);
  if (kept) return kept;
  const key = randomBytes(keyBytes);
  let isMade: boolean;
  try {
    isMade = await makeOnce(file, `${key.toString('base64')}\n`, 0o700);
  } catch (error) {
    throw new MasterKeyError(`DUEBOOK_DATA can't be written to: ${(error as Error).message}`);
  }
  return isMade ? key : ((await keyIn(file)) ?? complain(`${file} comes and goes`));
};

/** @returns undefined if there is no such file */
const keyIn = async (file: string): Promise<Buffer | undefined> => {
  let text: string;
  try {
    const found = await stat(file).catch(unlessCode('ENOENT'));
    if (!found) return undefined;
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0)
      return complain(`${file} may be read by others than its owner: chmod 600 it, or replace the key`);
    text = (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw error instanceof MasterKeyError
      ? error
      : new MasterKeyError(`${file} can't be read: ${(error as Error).message}`);
  }
  const key = Buffer.from(text, 'base64');
  return key.length === keyBytes && key.toString('base64') === text
    ? key
    : complain(`${file} holds no key: 32 bytes in base64, as openssl rand -base64 32 makes them`);
};

const complain = (message: string): never => {
  throw new MasterKeyError(message);
};
