import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { formatBundle } from './checkpoint.js';
import { consistencyRanges, inclusionRanges, leafHash, type Range, rootOf, subtreesOf } from './merkle.js';
import { TreeStore } from './tree-store.js';

/** What is asked for lies beyond what is sealed. */
export class BeyondTree extends Error {
  constructor(
    readonly asked: number,
    readonly size: number,
  ) {
    super(`the signed tree has ${size} events, not ${asked}`);
  }
}

const waitMs = 5_000;

/** Proofs about the log of a ledger, out of its tree. Each reads a few tiles, however long the log is. */
export class Proofs {
  readonly #store: TreeStore;

  constructor(pool: pg.Pool) {
    this.#store = new TreeStore(pool);
  }

  /**
   * The newest signed checkpoint, once it has a size.
   *
   * @param atLeast waits at most 5 seconds for it
   * @throws {BeyondTree}
   */
  async newest(ledgerId: string, atLeast: number): Promise<{ readonly size: number; readonly note: string }> {
    const deadline = Date.now() + waitMs;
    for (;;) {
      const newest = await this.#store.note(ledgerId);
      if (newest && newest.size >= atLeast) return newest;
      if (Date.now() > deadline) throw new BeyondTree(atLeast, newest?.size ?? 0);
      await sleep(50);
    }
  }

  /** The hash over the first so many lines, as many as there are at least: those after the last sealed one as they stand. */
  root(ledgerId: string, size: number): Promise<Buffer> {
    return this.#store.rootAt(ledgerId, size);
  }

  /** Verifier keys, one a line, the newest first. */
  async keys(ledgerId: string): Promise<string> {
    return (await this.#store.keys(ledgerId)).map((key) => `${key}\n`).join('');
  }

  /**
   * That a position is in the tree of a size.
   *
   * @param size at least `position`, at most what is sealed
   */
  async inclusion(ledgerId: string, position: number, size: number): Promise<{ leafHash: Buffer; proof: Buffer[] }> {
    const [line] = await this.#store.linesAfter(ledgerId, position - 1, 1);
    if (line?.position !== position) throw new BeyondTree(position, size);
    const proof = await this.#elements(ledgerId, inclusionRanges(position - 1, size), size);
    return { leafHash: leafHash(line.line), proof };
  }

  /**
   * That the tree of one size is the beginning of that of another.
   *
   * @param from at least 1, at most `to`
   * @param to   at most what is sealed
   */
  consistency(ledgerId: string, from: number, to: number): Promise<Buffer[]> {
    return this.#elements(ledgerId, consistencyRanges(from, to), to);
  }

  /** The line at a position with everything that proves it, for the newest signed checkpoint. @throws {BeyondTree} */
  async bundle(ledgerId: string, position: number): Promise<string> {
    const { size, note } = await this.newest(ledgerId, position);
    const [line] = await this.#store.linesAfter(ledgerId, position - 1, 1);
    if (line?.position !== position) throw new BeyondTree(position, size);
    const index = position - 1;
    const proof = await this.#elements(ledgerId, inclusionRanges(index, size), size);
    return formatBundle({ line: Buffer.from(line.line), index, proof, note });
  }

  /** The hash over each range, read all at once. */
  async #elements(ledgerId: string, ranges: readonly Range[], size: number): Promise<Buffer[]> {
    const parts = ranges.map(subtreesOf);
    const hashes = await this.#store.subtrees(ledgerId, parts.flat(), size);
    let at = 0;
    return parts.map(({ length }) => rootOf(hashes.slice(at, (at += length))));
  }
}
