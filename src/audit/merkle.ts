import { hash } from 'node:crypto';

// The Merkle tree of RFC 6962 and RFC 9162, sections 2.1.1 to 2.1.4: pure, over hashes of 32 bytes. Leaf indexes count
// from 0, so that position n of a log is leaf n - 1.

const leafPrefix = 0;
const nodePrefix = 1;

export const hashBytes = 32;

/** By way of a text, which costs half of what asking for a buffer does. */
const sha256 = (bytes: Buffer): Buffer => Buffer.from(hash('sha256', bytes, 'binary'), 'binary');

/** The root of a tree without leaves. */
export const emptyRoot: Buffer = sha256(Buffer.alloc(0));

/** Where what is to be hashed is put together: to make room each time costs as much as the hash of a short line. */
let room = Buffer.alloc(4_096);

const hashOf = (prefix: number, ...parts: readonly Buffer[]): Buffer => {
  const size = parts.reduce((sum, part) => sum + part.length, 1);
  if (room.length < size) room = Buffer.alloc(size);
  room[0] = prefix;
  let at = 1;
  for (const part of parts) {
    room.set(part, at);
    at += part.length;
  }
  return sha256(room.subarray(0, size));
};

/** The hash of a line of the log, given without its newline. */
export const leafHash = (line: string | Buffer): Buffer =>
  hashOf(leafPrefix, typeof line === 'string' ? Buffer.from(line, 'utf8') : line);

const nodeHash = (left: Buffer, right: Buffer): Buffer => hashOf(nodePrefix, left, right);

/** A subtree that is full: the 2^height leaves from `index` * 2^height on. Its hash never changes. */
export interface Subtree {
  readonly height: number;
  readonly index: number;
}

/** Leaves from `begin` on, before `end`. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** The largest power of two below a size of at least 2: how many leaves are on the left. */
const leftOf = (size: number): number => {
  let left = 1;
  while (left * 2 < size) left *= 2;
  return left;
};

/** The full subtrees that a range of a tree falls into, from left to right. `rootOf` makes one hash of theirs. */
export const subtreesOf = ({ begin, end }: Range): Subtree[] => {
  const subtrees: Subtree[] = [];
  for (let at = begin; at < end;) {
    let height = 0;
    let width = 1;
    while (at % (width * 2) === 0 && at + width * 2 <= end) {
      width *= 2;
      height += 1;
    }
    subtrees.push({ height, index: at / width });
    at += width;
  }
  return subtrees;
};

/** The hash over neighbouring subtrees, each smaller than the one before: what is left over hangs on the right. */
export const rootOf = (hashes: readonly Buffer[]): Buffer =>
  hashes.length === 0 ? emptyRoot : hashes.reduceRight((right, left) => nodeHash(left, right));

/** The root of leaves or of full subtrees of one height. */
export const rootOfLevel = (hashes: readonly Buffer[]): Buffer => {
  if (hashes.length === 0) return emptyRoot;
  let level = hashes;
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) above.push(nodeHash(level[i]!, level[i + 1]!));
    if (level.length % 2 === 1) above.push(level.at(-1)!);
    level = above;
  }
  return level[0]!;
};

/**
 * What an inclusion proof consists of: ranges, the hash of each of which is an element, from the leaf to the root.
 *
 * @throws {RangeError} if the tree has no such leaf
 */
export const inclusionRanges = (index: number, size: number): Range[] => {
  if (!isCount(index) || !isCount(size) || index >= size) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  const ranges: Range[] = [];
  for (let begin = 0, end = size; end - begin > 1;) {
    const middle = begin + leftOf(end - begin);
    if (index < middle) {
      ranges.push({ begin: middle, end });
      end = middle;
    } else {
      ranges.push({ begin, end: middle });
      begin = middle;
    }
  }
  return ranges.reverse();
};

/**
 * What a proof consists of that the tree of `from` leaves is the beginning of that of `to`: ranges as above.
 *
 * @throws {RangeError} unless 0 < from <= to
 */
export const consistencyRanges = (from: number, to: number): Range[] => {
  if (!isCount(from) || !isCount(to) || from === 0 || from > to)
    throw new RangeError(`no tree of ${from} within one of ${to}`);
  const ranges: Range[] = [];
  let begin = 0;
  let end = to;
  while (end > from) {
    const middle = begin + leftOf(end - begin);
    if (from <= middle) {
      ranges.push({ begin: middle, end });
      end = middle;
    } else {
      ranges.push({ begin, end: middle });
      begin = middle;
    }
  }
  // What ends where the smaller tree ends is its whole only if it begins at 0: then whoever checks has its root.
  if (begin > 0) ranges.push({ begin, end });
  return ranges.reverse();
};

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const areHashes = (hashes: readonly Buffer[]): boolean => hashes.every(({ length }) => length === hashBytes);
const half = (value: number): number => Math.floor(value / 2);
const isOdd = (value: number): boolean => value % 2 === 1;

/** Whether a proof shows that a leaf is in the tree of a root (RFC 9162, section 2.1.3.2). */
export const isIncluded = (
  leaf: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
  root: Buffer,
): boolean => {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leaf, root, ...proof])) return false;
  let at = index;
  let last = size - 1;
  let computed = leaf;
  for (const element of proof) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      computed = nodeHash(element, computed);
      while (!isOdd(at) && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      computed = nodeHash(computed, element);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && computed.equals(root);
};

/** Whether a proof shows that one tree is the beginning of another one (RFC 9162, section 2.1.4.2). */
export const isConsistent = (
  from: number,
  to: number,
  proof: readonly Buffer[],
  rootFrom: Buffer,
  rootTo: Buffer,
): boolean => {
  if (!isCount(from) || !isCount(to) || from > to) return false;
  // Everything begins with nothing.
  if (from === 0) return proof.length === 0 && rootFrom.equals(emptyRoot);
  if (from === to) return proof.length === 0 && rootFrom.equals(rootTo);
  if (!areHashes([rootFrom, rootTo, ...proof])) return false;
  const isPowerOfTwo = leftOf(from + 1) === from;
  const [first, ...rest] = isPowerOfTwo ? [rootFrom, ...proof] : proof;
  if (!first) return false;
  let at = from - 1;
  let last = to - 1;
  while (isOdd(at)) {
    at = half(at);
    last = half(last);
  }
  let small = first;
  let large = first;
  for (const element of rest) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      small = nodeHash(element, small);
      large = nodeHash(element, large);
      while (!isOdd(at) && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      large = nodeHash(large, element);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && small.equals(rootFrom) && large.equals(rootTo);
};

/** How many hashes of one level a tile holds: 2^8, as in C2SP tlog-tiles. */
export const tileWidth = 256;
export const tileHeight = 8;

/** A full tile: 256 hashes in a row of the subtrees of height 8 * level. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly hashes: readonly Buffer[];
  /** The hash over all of them, which is one of those a level above. */
  readonly root: Buffer;
}

/**
 * A tree that grows leaf by leaf. It keeps only what is not in a full tile yet, at most 255 hashes a level, so adding a
 * leaf costs about one hash whatever the size.
 */
export class GrowingTree {
  readonly #levels: Buffer[][];
  #size: number;
  /** Full tiles since they were last taken, in the order in which they filled up. */
  #full: Tile[] = [];

  /**
   * @param levels by level, what is not in a full tile of that level yet; leaves first
   */
  constructor(size = 0, levels: readonly (readonly Buffer[])[] = []) {
    this.#size = size;
    this.#levels = levels.map((level) => [...level]);
  }

  get size(): number {
    return this.#size;
  }

  add(leaf: Buffer): void {
    this.#size += 1;
    let hash = leaf;
    for (let level = 0, width = tileWidth; ; level++, width *= tileWidth) {
      const open = (this.#levels[level] ??= []);
      open.push(hash);
      if (open.length < tileWidth) return;
      const root = rootOfLevel(open);
      this.#full.push({ level, index: this.#size / width - 1, hashes: open, root });
      this.#levels[level] = [];
      hash = root;
    }
  }

  /** The tiles that have filled up since this was last called. */
  takeFull(): Tile[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  root(): Buffer {
    // Each level is the left neighbour of everything below it.
    let right: Buffer | undefined;
    for (const open of this.#levels) {
      if (open.length === 0) continue;
      const subtrees = subtreesOf({ begin: 0, end: open.length }).map(({ height, index }) =>
        rootOfLevel(open.slice(index * 2 ** height, (index + 1) * 2 ** height)),
      );
      right = rootOf(right ? [...subtrees, right] : subtrees);
    }
    return right ?? emptyRoot;
  }
}
