import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { readOrMakeSecret, readSecret, type Secret, SecretFileError } from '../files/secret-file.js';

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
 * @throws {SecretFileError}
 */
export const readOrMakeKey = async (settings: KeySettings): Promise<KeyObject> => {
  const { checkpointKeyFile: named } = settings;
  if (named !== undefined) return readNamed(named);
  return (await readOrMakeSecret(ownFile(settings), signingKey, newKey, 0o700)).value;
};

/**
 * The private key, if there is one by now.
 *
 * @throws {SecretFileError} also where the operator's is not there
 */
export const readKey = ({ checkpointKeyFile: named, ...settings }: KeySettings): Promise<KeyObject | undefined> =>
  named === undefined ? readSecret(ownFile(settings), signingKey) : readNamed(named);

const ownFile = ({ dataDirectory }: Pick<KeySettings, 'dataDirectory'>): string =>
  join(dataDirectory, 'keys', 'checkpoint.pem');

const readNamed = async (file: string): Promise<KeyObject> => {
  const key = await readSecret(file, signingKey);
  if (key) return key;
  throw new SecretFileError(`CHECKPOINT_KEY: there is no ${file}; make one with openssl genpkey -algorithm ed25519`);
};

const newKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

const signingKey: Secret<KeyObject> = {
  expected: 'Ed25519 private key in PEM (PKCS #8)',
  parse: (pem) => {
    try {
      const key = createPrivateKey(pem);
      return key.asymmetricKeyType === 'ed25519' ? key : undefined;
    } catch {
      return undefined;
    }
  },
};
