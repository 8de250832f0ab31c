import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeOnce } from '../files/make-once.js';
import { unlessCode } from '../files/unless-code.js';

/** A key file that can't be used, and what to do. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

/** Where the key is that checkpoints are signed with. */
export interface KeySettings {
  /** Of the operator: has to be there. */
  readonly checkpointKeyFile: string | undefined;
  readonly dataDirectory: string;
}

/**
 * The private key that checkpoints are signed with: the operator's, else the one in the data folder, which is made at the
 * first start. The file is PEM (PKCS #8), and nobody but its owner may read it.
 *
 * @throws {KeyFileError}
 */
export const readOrMakeKey = async (settings: KeySettings): Promise<KeyObject> => {
  const kept = await readKey(settings);
  if (kept) return kept;
  const file = ownFile(settings);
  const { privateKey } = generateKeyPairSync('ed25519');
  let isMade: boolean;
  try {
    isMade = await makeOnce(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), 0o700);
  } catch (error) {
    throw new KeyFileError(`DUEBOOK_DATA can't be written to: ${(error as Error).message}`);
  }
  return isMade ? privateKey : ((await keyIn(file)) ?? complain(`${file} comes and goes`));
};

const ownFile = ({ dataDirectory }: KeySettings): string => join(dataDirectory, 'keys', 'checkpoint.pem');

/**
 * The private key, if there is one by now.
 *
 * @throws {KeyFileError} also where the operator's is not there
 */
export const readKey = async (settings: KeySettings): Promise<KeyObject | undefined> => {
  const { checkpointKeyFile: named } = settings;
  if (named === undefined) return keyIn(ownFile(settings));
  return (
    (await keyIn(named)) ??
    complain(`CHECKPOINT_KEY: there is no ${named}; make one with openssl genpkey -algorithm ed25519`)
  );
};

/** @returns undefined if there is no such file */
const keyIn = async (file: string): Promise<KeyObject | undefined> => {
  let pem: Buffer;
  try {
    const found = await stat(file).catch(unlessCode('ENOENT'));
    if (!found) return undefined;
    if (process.platform !== 'win32' && (found.mode & 0o077) !== 0)
      return complain(`${file} may be read by others than its owner: chmod 600 it, or replace the key`);
    pem = await readFile(file);
  } catch (error) {
    throw error instanceof KeyFileError
      ? error
      : new KeyFileError(`${file} can't be read: ${(error as Error).message}`);
  }
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below: what OpenSSL has to say of it helps nobody, and could repeat a part of it.
  }
  return complain(`${file} holds no Ed25519 private key in PEM (PKCS #8)`);
};

const complain = (message: string): never => {
  throw new KeyFileError(message);
};
