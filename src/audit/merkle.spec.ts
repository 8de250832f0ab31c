import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sampleSize } from '../../test/support/seed.js';
import {
  consistencyRanges,
  emptyRoot,
  GrowingTree,
  inclusionRanges,
  isConsistent,
  isIncluded,
  leafHash,
  type Range,
  rootOf,
  rootOfLevel,
  subtreesOf,
  type Tile,
} from './merkle.js';

interface Probe {
  readonly root: string;
  readonly root1: string;
  readonly root2: string;
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly size1: number;
  readonly size2: number;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly file: string;
  readonly desc: string;
  readonly wantErr: boolean;
}
const vectors = JSON.parse(readFileSync('test/merkle-vectors.json', 'utf8')) as {
  hashing: {
    emptyRoot: string;
    leaf: { input_utf8: string; hash: string }[];
    node: { left_utf8: string; right_utf8: string; hash: string }[];
  };
  tree: { leafInputs: string[]; leafHashes: string[]; rootsBySize: string[] };
  inclusion: { leafIndex: number; treeSize: number; proof: string[] }[];
  consistency: { size1: number; size2: number; proof: string[] }[];
  publishedProbes: { inclusion: Probe[]; consistency: Probe[] };
};
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const base64 = (text: string): Buffer => Buffer.from(text, 'base64');

/** The definition in RFC 6962, section 2.1, word for word: slow, and nothing of ours in it. */
const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const split = (n: number): number => 2 ** (Math.ceil(Math.log2(n)) - 1);
const mth = (leaves: readonly Buffer[]): Buffer => {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0]!;
  const k = split(leaves.length);
  return sha256(Buffer.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
};
const path = (m: number, leaves: readonly Buffer[]): Buffer[] => {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...path(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...path(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
};
const subproof = (m: number, leaves: readonly Buffer[], whole: boolean): Buffer[] => {
  if (m === leaves.length) return whole ? [] : [mth(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), whole), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
};

/** The elements of a proof from the leaves themselves. */
const elements = (ranges: readonly Range[], leaves: readonly Buffer[]): Buffer[] =>
  ranges.map((range) =>
    rootOf(
      subtreesOf(range).map(({ height, index }) =>
        rootOfLevel(leaves.slice(index * 2 ** height, (index + 1) * 2 ** height)),
      ),
    ),
  );

describe('the published vectors', () => {
  const leaves = vectors.tree.leafInputs.map((input) => leafHash(hex(input)));

  it('agree on hashes', () => {
    expect(emptyRoot).toEqual(hex(vectors.hashing.emptyRoot));
    for (const { input_utf8, hash } of vectors.hashing.leaf) expect(leafHash(input_utf8)).toEqual(hex(hash));
    for (const { left_utf8, right_utf8, hash } of vectors.hashing.node)
      expect(rootOf([Buffer.from(left_utf8), Buffer.from(right_utf8)])).toEqual(hex(hash));
    expect(leaves).toEqual(vectors.tree.leafHashes.map(hex));
  });

  it('agree on the root of each size', () => {
    const tree = new GrowingTree();
    expect(tree.root()).toEqual(hex(vectors.tree.rootsBySize[0]!));
    leaves.forEach((leaf, i) => {
      tree.add(leaf);
      expect(tree.root()).toEqual(hex(vectors.tree.rootsBySize[i + 1]!));
    });
  });

  it('agree on every inclusion proof', () => {
    expect(vectors.inclusion).toHaveLength(36);
    for (const { leafIndex, treeSize, proof } of vectors.inclusion) {
      expect(elements(inclusionRanges(leafIndex, treeSize), leaves)).toEqual(proof.map(hex));
      const root = hex(vectors.tree.rootsBySize[treeSize]!);
      expect(isIncluded(leaves[leafIndex]!, leafIndex, treeSize, proof.map(hex), root)).toBe(true);
    }
  });

  it('agree on every consistency proof', () => {
    expect(vectors.consistency).toHaveLength(36);
    for (const { size1, size2, proof } of vectors.consistency) {
      expect(elements(consistencyRanges(size1, size2), leaves)).toEqual(proof.map(hex));
      const [root1, root2] = [size1, size2].map((size) => hex(vectors.tree.rootsBySize[size]!));
      expect(isConsistent(size1, size2, proof.map(hex), root1!, root2!)).toBe(true);
    }
  });

  it.each(vectors.publishedProbes.inclusion.map((probe) => [`${probe.file}: ${probe.desc}`, probe] as const))(
    'inclusion, %s',
    (_, { leafHash: leaf, leafIdx, treeSize, proof, root, wantErr }) => {
      expect(isIncluded(base64(leaf), leafIdx, treeSize, (proof ?? []).map(base64), base64(root))).toBe(!wantErr);
    },
  );

  it.each(vectors.publishedProbes.consistency.map((probe) => [`${probe.file}: ${probe.desc}`, probe] as const))(
    'consistency, %s',
    (_, { size1, size2, proof, root1, root2, wantErr }) => {
      expect(isConsistent(size1, size2, (proof ?? []).map(base64), base64(root1), base64(root2))).toBe(!wantErr);
    },
  );
});

const someLeaves = Array.from({ length: 1_100 }, (_, n) => leafHash(`leaf ${n}`));
const size = fc.integer({ min: 1, max: 300 });

describe('a tree of any size', () => {
  it('has the root that the RFC defines', () => {
    const tree = new GrowingTree();
    someLeaves.forEach((leaf, n) => {
      tree.add(leaf);
      if (n < 70 || n % 37 === 0 || n % 256 < 3) expect(tree.root()).toEqual(mth(someLeaves.slice(0, n + 1)));
    });
  });

  it('has the proofs that the RFC defines, and they hold', () => {
    fc.assert(
      fc.property(size, fc.nat(), (n, dice) => {
        const leaves = someLeaves.slice(0, n);
        const index = dice % n;
        const proof = elements(inclusionRanges(index, n), leaves);
        expect(proof).toEqual(path(index, leaves));
        expect(isIncluded(leaves[index]!, index, n, proof, mth(leaves))).toBe(true);
        const from = index + 1;
        const consistency = elements(consistencyRanges(from, n), leaves);
        expect(consistency).toEqual(subproof(from, leaves, true));
        expect(isConsistent(from, n, consistency, mth(leaves.slice(0, from)), mth(leaves))).toBe(true);
      }),
      { numRuns: sampleSize(200, 5_000) },
    );
  });

  it('has no proof that holds for another leaf, place, size or root', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.nat(), fc.nat(), fc.nat({ max: 255 }), (n, a, b, bit) => {
        const leaves = someLeaves.slice(0, n);
        const [index, other] = [a % n, b % n];
        const proof = elements(inclusionRanges(index, n), leaves);
        const root = mth(leaves);
        if (other !== index) {
          expect(isIncluded(leaves[index]!, other, n, proof, root)).toBe(false);
          expect(isIncluded(leaves[other]!, index, n, proof, root)).toBe(false);
        }
        expect(isIncluded(leaves[index]!, index, n, [...proof, root], root)).toBe(false);
        expect(isIncluded(leaves[index]!, index, n, proof.slice(1), root)).toBe(false);
        const flipped = proof.map((one) => Buffer.from(one));
        flipped[bit % flipped.length]![bit % 32]! ^= 1 << (bit % 8);
        expect(isIncluded(leaves[index]!, index, n, flipped, root)).toBe(false);
      }),
      { numRuns: sampleSize(200, 5_000) },
    );
  });

  it('goes on from what is in no full tile as if it had never stopped', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_100 }), (stop) => {
        const whole = new GrowingTree();
        for (const leaf of someLeaves) whole.add(leaf);
        const first = new GrowingTree();
        for (const leaf of someLeaves.slice(0, stop)) first.add(leaf);
        const tiles = first.takeFull();
        const width = (level: number): number => 256 ** level;
        const open = [0, 1].map((level) => {
          const from = Math.floor(stop / width(level + 1)) * 256;
          const to = Math.floor(stop / width(level));
          return level === 0
            ? someLeaves.slice(from, to)
            : tiles.filter((tile) => tile.level === 0 && tile.index >= from).map(({ root }) => root);
        });
        const second = new GrowingTree(stop, open);
        expect(second.root()).toEqual(mth(someLeaves.slice(0, stop)));
        for (const leaf of someLeaves.slice(stop)) second.add(leaf);
        expect(second.root()).toEqual(whole.root());
        const plain = ({ level, index, root }: Tile) => ({ level, index, root: root.toString('hex') });
        expect([...tiles, ...second.takeFull()].map(plain)).toEqual(whole.takeFull().map(plain));
      }),
      { numRuns: sampleSize(30, 300) },
    );
  });

  it('has as its tiles what the RFC defines for their leaves, on every level', () => {
    const tree = new GrowingTree();
    const leaf = someLeaves[0]!;
    const count = 256 * 256 + 256;
    for (let n = 0; n < count; n++) tree.add(leaf);
    const tiles = tree.takeFull();
    expect(tiles.filter(({ level }) => level === 0)).toHaveLength(257);
    expect(tiles.filter(({ level }) => level === 1).map(({ index }) => index)).toEqual([0]);
    expect(tiles.filter(({ level }) => level === 0).map(({ index }) => index)).toEqual(
      Array.from({ length: 257 }, (_, n) => n),
    );
    expect(tiles.at(-2)!.root).toEqual(mth(Array.from({ length: 65_536 }, () => leaf)));
  });
});

describe('what can be no proof', () => {
  const root = mth(someLeaves.slice(0, 4));
  it.each([
    [-1, 4],
    [4, 4],
    [0.5, 4],
    [Number.NaN, 4],
    [0, Number.MAX_SAFE_INTEGER + 1],
    [0, 0],
  ])('holds for no leaf %d of %d', (index, treeSize) => {
    expect(isIncluded(someLeaves[0]!, index, treeSize, [], root)).toBe(false);
    expect(() => inclusionRanges(index, treeSize)).toThrow(RangeError);
  });
  it('has hashes of another length', () => {
    const proof = path(1, someLeaves.slice(0, 4));
    expect(isIncluded(someLeaves[1]!, 1, 4, proof, root)).toBe(true);
    expect(isIncluded(someLeaves[1]!, 1, 4, [proof[0]!, proof[1]!.subarray(1)], root)).toBe(false);
    expect(isIncluded(someLeaves[1]!.subarray(1), 1, 4, proof, root)).toBe(false);
  });
  it.each([
    [0, 4],
    [5, 4],
    [-1, 4],
    [1, 1.5],
  ])('is asked for from %d to %d', (from, to) => expect(() => consistencyRanges(from, to)).toThrow(RangeError));
  it('is anything but nothing where the smaller tree is empty', () => {
    expect(isConsistent(0, 4, [], emptyRoot, root)).toBe(true);
    expect(isConsistent(0, 4, [root], emptyRoot, root)).toBe(false);
    expect(isConsistent(0, 4, [], root, root)).toBe(false);
  });
});
