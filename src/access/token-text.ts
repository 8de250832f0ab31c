import { hash, randomBytes } from 'node:crypto';

/** A token that was just made. Only whoever it is for ever sees it: what is kept is its hash. */
export interface NewToken {
  readonly token: string;
  readonly prefix: string;
  readonly hash: string;
}

const prefixPattern = /^dbk_[A-Za-z0-9]{12}/;

/** A token of ours: `dbk_`, 12 characters to recognise it by, `_`, and 256 bits of chance. */
export const newToken = (): NewToken => {
  // Hexadecimal, so that no part of it looks like the separator.
  const prefix = `dbk_${randomBytes(6).toString('hex')}`;
  const token = `${prefix}_${randomBytes(32).toString('base64url')}`;
  return { token, prefix, hash: hashOf(token) };
};

/** SHA-256 in hexadecimal. Enough for what can't be guessed: slow hashes are for passwords. */
export const hashOf = (token: string): string => hash('sha256', token, 'hex');

/** The public part of what may be a token of ours; undefined of anything else, which may be secret from its beginning. */
export const prefixOf = (token: string): string | undefined => prefixPattern.exec(token)?.[0];
