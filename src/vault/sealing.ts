import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

// AES-256-GCM: nobody without the key can read what is sealed, or put something else in its place.

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** How long a key is, in bytes. */
export const keyBytes = 32;

/** @returns nonce, ciphertext and tag, one after the other */
export const seal = (key: Buffer, content: Buffer, about: string): Buffer => {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(about));
  return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
};

/**
 * @param about what it was sealed with: sealed about one thing it can't be passed off as being about another
 * @throws {Error} if it was not sealed with this key, about this, or was changed since
 */
export const unseal = (key: Buffer, sealed: Buffer, about: string): Buffer => {
  const nonce = sealed.subarray(0, nonceBytes);
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
    .setAAD(Buffer.from(about))
    .setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
};

/** Equal for equal content under one key; without the key nobody can try out what the content was. */
export const printOf = (key: Buffer, content: Buffer): string =>
  createHmac('sha256', key).update(content).digest('base64url');
