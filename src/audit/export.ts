import { type FileHandle, open, readFile, stat, writeFile } from 'node:fs/promises';
import type pg from 'pg';
import { unlessCode } from '../files/unless-code.js';
import { parseCheckpoint } from './checkpoint.js';
import { GrowingTree, hashBytes, leafHash } from './merkle.js';
import { linesIn } from './log-file.js';
import { TreeStore } from './tree-store.js';

/** A file that an export can't go on with, and why. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}

const linesPerPage = 5_000;

/** The files of an export: the lines, and what verifies them. */
export const beside = (file: string) => ({
  checkpoint: `${file}.checkpoint`,
  publicKey: `${file}.public-key`,
  leaves: `${file}.leaves`,
});

export interface Exported {
  readonly events: number;
  /** How many of them were there already. */
  readonly resumedAt: number;
  /** How many of them the checkpoint beside covers. */
  readonly covered: number;
}

/**
 * Writes the lines of a log to a file, exactly as they are, and beside it the checkpoint, the public keys and the hashes
 * of the lines. A file that is there already is gone on with.
 *
 * @param through the last position
 * @throws {ExportError} if the file is of another log, or goes further
 */
export const exportLog = async (
  pool: pg.Pool,
  ledgerId: string,
  file: string,
  through: number,
  progress: (lines: number) => void = () => undefined,
): Promise<Exported> => {
  const store = new TreeStore(pool);
  const kept = await keptOf(file);
  if (kept.lines > through)
    throw new ExportError(`${file} has ${kept.lines} lines already, more than ${through}: name another file.`);
  if (!(await isBeginning(store, ledgerId, kept)))
    throw new ExportError(`${file} is not the beginning of an export of ledger ${ledgerId}. Name another file.`);
  const handle = await open(file, 'a');
  try {
    // A line that was cut short by the break is written again.
    await handle.truncate(kept.bytes);
    await writeLines(store, handle, ledgerId, kept.lines, through, progress);
    await handle.sync();
  } finally {
    await handle.close();
  }
  const { checkpoint, publicKey, leaves } = beside(file);
  const note = await store.note(ledgerId, through);
  await writeFile(leaves, leavesIn(file));
  if (note) await writeFile(checkpoint, note.note);
  await writeFile(publicKey, (await store.keys(ledgerId)).map((key) => `${key}\n`).join(''));
  return { events: through, resumedAt: kept.lines, covered: note?.size ?? 0 };
};

async function* leavesIn(file: string): AsyncGenerator<Buffer> {
  for await (const lines of linesIn(file)) yield Buffer.concat(lines.map(leafHash));
}

/** What a file has already. */
interface KeptLines {
  readonly lines: number;
  /** Of these lines. */
  readonly bytes: number;
  readonly last: Buffer | undefined;
  /** What stands after the last of them: a line that was cut short. */
  readonly rest: Buffer;
}

const keptOf = async (file: string): Promise<KeptLines> => {
  let [lines, bytes] = [0, 0];
  let last: Buffer | undefined;
  let rest: Buffer = Buffer.alloc(0);
  if (!(await stat(file).catch(unlessCode('ENOENT')))) return { lines, bytes, last, rest };
  for await (const page of linesIn(file, (cut) => (rest = cut))) {
    for (const line of page) bytes += line.length + 1;
    lines += page.length;
    last = Buffer.from(page.at(-1)!);
  }
  return { lines, bytes, last, rest };
};

/** Whether a file ends as the log goes there. Of another one nothing may be cut off. */
const isBeginning = async (store: TreeStore, ledgerId: string, { lines, last, rest }: KeptLines): Promise<boolean> => {
  const after = Math.max(lines - 1, 0);
  const texts = (await store.linesAfter(ledgerId, after, 2)).map(({ line }) => Buffer.from(line));
  if (last && !texts.shift()?.equals(last)) return false;
  return rest.length === 0 || rest.equals(texts[0]?.subarray(0, rest.length) ?? Buffer.alloc(0));
};

const writeLines = async (
  store: TreeStore,
  handle: FileHandle,
  ledgerId: string,
  from: number,
  through: number,
  progress: (lines: number) => void,
): Promise<void> => {
  for (let after = from; after < through;) {
    const lines = await store.linesAfter(ledgerId, after, Math.min(linesPerPage, through - after));
    const last = lines.at(-1)?.position;
    if (last === undefined)
      throw new ExportError(`ledger ${ledgerId} has nothing after position ${after}; run duebook verify`);
    await handle.appendFile(lines.map(({ line }) => `${line}\n`).join(''));
    after = last;
    progress(after);
  }
};

/** The hashes that came beside an export, if their tree is that of its checkpoint. */
export const readLeaves = async (file: string, note: string): Promise<Buffer | undefined> => {
  const bytes = await readFile(beside(file).leaves).catch(unlessCode('ENOENT'));
  if (!bytes) return undefined;
  const { size, root } = parseCheckpoint(note);
  const tree = new GrowingTree();
  for (let at = 0; at < size * hashBytes; at += hashBytes) {
    tree.add(bytes.subarray(at, at + hashBytes));
    tree.takeFull(); // kept by nobody here
  }
  return bytes.length >= size * hashBytes && tree.root().equals(root) ? bytes.subarray(0, size * hashBytes) : undefined;
};
