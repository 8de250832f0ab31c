import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';

// Signed notes as C2SP has them (c2sp.org/signed-note), with Ed25519 keys.

/** A note, a key or a checkpoint that can't be trusted, and why. */
export class NoteError extends Error {
  override readonly name = 'NoteError';
}

/** A key that notes are checked with, under the name that it signs as. */
export interface VerifierKey {
  readonly name: string;
  /** 4 bytes. */
  readonly id: Buffer;
  readonly publicKey: KeyObject;
}

const ed25519 = 1;
/** What stands before the 32 bytes of an Ed25519 key in its DER form (RFC 8410). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const maxBytes = 1_000_000;
const maxSignatures = 100;

const rawOf = (publicKey: KeyObject): Buffer =>
  publicKey.export({ type: 'spki', format: 'der' }).subarray(spkiPrefix.length);

/** No blanks of any alphabet and no plus sign: those separate the parts of a key. */
const isName = (name: string): boolean => /^[^\s+\p{Cc}]+$/u.test(name);

/** The key as it signs under a name. */
export const verifierKey = (name: string, publicKey: KeyObject): VerifierKey => {
  if (!isName(name)) throw new NoteError(`"${name}" can't be the name of a key`);
  if (publicKey.asymmetricKeyType !== 'ed25519') throw new NoteError('the key is not an Ed25519 key');
  const text = Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(ed25519), rawOf(publicKey)]);
  return { name, id: hash('sha256', text, 'buffer').subarray(0, 4), publicKey };
};

/** A verifier key as one line: `name+id+key`. */
export const formatVerifierKey = ({ name, id, publicKey }: VerifierKey): string =>
  `${name}+${id.toString('hex')}+${Buffer.concat([Buffer.of(ed25519), rawOf(publicKey)]).toString('base64')}`;

/** @throws {NoteError} */
export const parseVerifierKey = (text: string): VerifierKey => {
  const [, name = '', id = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const bytes = base64(encoded);
  if (!isName(name) || bytes?.length !== 33) throw new NoteError(`this is no verifier key: ${text}`);
  if (bytes[0] !== ed25519) throw new NoteError(`the key of ${name} is not an Ed25519 key`);
  const publicKey = createPublicKey({
    key: Buffer.concat([spkiPrefix, bytes.subarray(1)]),
    format: 'der',
    type: 'spki',
  });
  const key = verifierKey(name, publicKey);
  if (key.id.toString('hex') !== id) throw new NoteError(`the key of ${name} does not have the id ${id}`);
  return key;
};

/** Verifier keys, one a line. @throws {NoteError} */
export const parseVerifierKeys = (text: string): VerifierKey[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map(parseVerifierKey);

/** Base64 as RFC 4648 writes it and in no other way; else `undefined`. */
export const base64 = (text: string): Buffer | undefined => {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
};

/**
 * Signs a text that ends with a newline.
 *
 * @param name of the signer: for a checkpoint, its origin
 */
export const signNote = (text: string, name: string, privateKey: KeyObject): string => {
  const { id } = verifierKey(name, createPublicKey(privateKey));
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n— ${name} ${signature.toString('base64')}\n`;
};

/**
 * Reads a note and checks its signatures. Those of unknown keys are passed over.
 *
 * @returns the text, with its last newline, and the keys that signed it
 * @throws {NoteError} if no known key signed it, or a signature of a known key is wrong
 */
export const openNote = (
  note: string,
  known: readonly VerifierKey[],
): { readonly text: string; readonly signers: readonly VerifierKey[] } => {
  if (Buffer.byteLength(note) > maxBytes) throw new NoteError('the note is too long');
  // What can't stand in a note, and what UTF-8 could not be decoded to.
  if (/[^\n\P{Cc}]|\ufffd/u.test(note)) throw new NoteError('the note has control characters or is not UTF-8');
  const at = note.lastIndexOf('\n\n');
  if (at < 0 || !note.endsWith('\n')) throw new NoteError('the note has no signature');
  const text = note.slice(0, at + 1);
  const lines = note.slice(at + 2, -1).split('\n');
  if (lines.length > maxSignatures) throw new NoteError('the note has too many signatures');
  const signers: VerifierKey[] = [];
  for (const line of lines) {
    const [, name = '', encoded = ''] = /^— (\S+) (\S+)$/.exec(line) ?? [];
    const bytes = base64(encoded);
    if (!isName(name) || !bytes || bytes.length < 5) throw new NoteError('the note has a malformed signature');
    const key = known.find((one) => one.name === name && one.id.equals(bytes.subarray(0, 4)));
    if (!key) continue;
    if (!verify(null, Buffer.from(text), key.publicKey, bytes.subarray(4)))
      throw new NoteError(`the signature of ${name} is wrong`);
    if (!signers.includes(key)) signers.push(key);
  }
  if (signers.length === 0) throw new NoteError('no known key has signed it');
  return { text, signers };
};
