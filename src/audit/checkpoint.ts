import type { KeyObject } from 'node:crypto';
import { hashBytes } from './merkle.js';
import { base64, NoteError, openNote, signNote, type VerifierKey } from './note.js';

/** What a log commits to: that its first `size` lines are those of one Merkle tree (c2sp.org/tlog-checkpoint). */
export interface Checkpoint {
  /** Names the ledger and the epoch; also the name of the key that signs. */
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

const textOf = ({ origin, size, root }: Checkpoint): string => `${origin}\n${size}\n${root.toString('base64')}\n`;

export const signCheckpoint = (checkpoint: Checkpoint, privateKey: KeyObject): string =>
  signNote(textOf(checkpoint), checkpoint.origin, privateKey);

/**
 * Reads the text of a checkpoint, whoever signed it. Lines after the root are passed over.
 *
 * @throws {NoteError}
 */
export const parseCheckpoint = (text: string): Checkpoint => {
  const [origin = '', size = '', root = ''] = text.split('\n');
  const bytes = base64(root);
  if (origin === '' || !/^(0|[1-9]\d{0,15})$/.test(size) || bytes?.length !== hashBytes)
    throw new NoteError('this is no checkpoint of a log');
  if (!Number.isSafeInteger(Number(size))) throw new NoteError('the size of the checkpoint is out of reach');
  return { origin, size: Number(size), root: bytes };
};

/**
 * Reads a signed checkpoint.
 *
 * @throws {NoteError} unless a known key signed it as its origin
 */
export const openCheckpoint = (note: string, known: readonly VerifierKey[]): Checkpoint => {
  const { text, signers } = openNote(note, known);
  const checkpoint = parseCheckpoint(text);
  if (!signers.some(({ name }) => name === checkpoint.origin))
    throw new NoteError(`it was not signed as ${checkpoint.origin}, which it says it comes from`);
  return checkpoint;
};

/** A proof that one line is in a log, which needs nothing but the log's public key (c2sp.org/tlog-proof). */
export interface ProofBundle {
  /** The line itself. */
  readonly line: Buffer;
  /** Its position less 1. */
  readonly index: number;
  readonly proof: readonly Buffer[];
  /** The signed checkpoint of the tree that the proof leads to. */
  readonly note: string;
}

const proofHeader = 'c2sp.org/tlog-proof@v1';

export const formatBundle = ({ line, index, proof, note }: ProofBundle): string =>
  [
    proofHeader,
    `extra ${line.toString('base64')}`,
    `index ${index}`,
    ...proof.map((one) => one.toString('base64')),
    '',
    note,
  ].join('\n');

/** @throws {NoteError} */
export const parseBundle = (text: string): ProofBundle => {
  const end = text.indexOf('\n\n');
  const [header, extra = '', index = '', ...proof] = text.slice(0, Math.max(end, 0)).split('\n');
  const line = extra.startsWith('extra ') ? base64(extra.slice(6)) : undefined;
  const hashes = proof.map(base64);
  if (header !== proofHeader || !line || !/^index (0|[1-9]\d{0,15})$/.test(index))
    throw new NoteError('this is no proof bundle');
  if (!hashes.every((one) => one?.length === hashBytes))
    throw new NoteError('the bundle has an element that is no hash');
  return { line, index: Number(index.slice(6)), proof: hashes as Buffer[], note: text.slice(end + 2) };
};
