import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readOrMakeSecret, readSecret, type Secret, SecretFileError } from '../files/secret-file.js';
import { keyBytes } from './sealing.js';

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
 * @throws {SecretFileError}
 */
export const readOrMakeMasterKey = async ({ masterKeyFile, dataDirectory }: MasterKeySettings): Promise<Buffer> => {
  if (masterKeyFile === undefined) {
    const file = join(dataDirectory, 'keys', 'master.key');
    return (await readOrMakeSecret(file, masterKey, newKey, 0o700)).value;
  }
  const key = await readSecret(masterKeyFile, masterKey);
  if (key) return key;
  throw new SecretFileError(`MASTER_KEY: there is no ${masterKeyFile}; make one with openssl rand -base64 32`);
};

const newKey = (): string => `${randomBytes(keyBytes).toString('base64')}\n`;

const masterKey: Secret<Buffer> = {
  expected: 'key: 32 bytes in base64, as openssl rand -base64 32 makes them',
  parse: (text) => {
    const key = Buffer.from(text.trim(), 'base64');
    return key.length === keyBytes && key.toString('base64') === text.trim() ? key : undefined;
  },
};
