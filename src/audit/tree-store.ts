import type pg from 'pg';
import { inTransaction } from '../database/transaction.js';
import {
  GrowingTree,
  hashBytes,
  leafHash,
  type Subtree,
  type Tile,
  tileHeight,
  tileWidth,
  rootOfLevel,
} from './merkle.js';

/** Under which name a ledger's checkpoints are signed from some size on. */
export interface Epoch {
  readonly epoch: number;
  readonly origin: string;
  readonly size: number;
}

/** The tree at a size that was committed to. */
export interface Sealed {
  readonly size: number;
  readonly epoch: number;
  readonly root: Buffer;
}

/** A signed checkpoint, found outside the database, that the log contradicts. */
export interface SetBack {
  readonly ledgerId: string;
  readonly epoch: number;
  readonly size: number;
  readonly origin: string;
  readonly root: Buffer;
}

const linesPerPage = 1_000;

/** How many subtrees of one level the tree of a size has that are full. */
const fullAt = (level: number, size: number): number => Math.floor(size / tileWidth ** level);

/** The Merkle trees of the logs, in the database. */
export class TreeStore {
  /** @param pool connections of a role that may read the log and call its functions */
  constructor(private readonly pool: pg.Pool) {}

  /** The newest epoch; `undefined` before the first checkpoint. */
  async epoch(ledgerId: string): Promise<Epoch | undefined> {
    return (await this.epochs(ledgerId)).at(-1);
  }

  async epochs(ledgerId: string): Promise<Epoch[]> {
    const { rows } = await this.pool.query<{ epoch: number; origin: string; size: string }>({
      name: 'epochs',
      text: 'select epoch, origin, size from log.epochs where ledger_id = $1 order by epoch',
      values: [ledgerId],
    });
    return rows.map(({ size, ...row }) => ({ ...row, size: Number(size) }));
  }

  /** @param statement what the operator signed for it */
  async openEpoch(ledgerId: string, { epoch, origin, size }: Epoch, statement?: string): Promise<void> {
    await this.pool.query('select log.open_epoch($1, $2, $3, $4, $5)', [ledgerId, epoch, origin, size, statement]);
  }

  /** The newest tree that was committed to, or that of a size. */
  async sealed(ledgerId: string, size?: number): Promise<Sealed | undefined> {
    const { rows } = await this.pool.query<{ size: string; epoch: number; root: Buffer }>({
      name: size === undefined ? 'sealed' : 'sealed-at',
      text: `select size, epoch, root from log.checkpoints where ledger_id = $1 ${size === undefined ? '' : 'and size = $2'}
              order by size desc limit 1`,
      values: size === undefined ? [ledgerId] : [ledgerId, size],
    });
    const [row] = rows;
    return row && { ...row, size: Number(row.size) };
  }

  /**
   * Commits to a tree that continues the one sealed last, for good: on disk, and on every standby that commits wait for.
   *
   * @param leaves the hashes of the lines that it has more
   * @param tiles  those that have filled up with them
   * @returns false if another sealer was faster
   */
  async seal(
    ledgerId: string,
    previous: number,
    sealed: Sealed,
    leaves: readonly Buffer[],
    tiles: readonly Tile[],
  ): Promise<boolean> {
    return inTransaction(this.pool, 'begin', async (client) => {
      // Nothing may be signed that a crash could still take back. What is before it in the WAL comes with it.
      await client.query('set local synchronous_commit = on');
      const { rows } = await client.query<{ is_sealed: boolean }>({
        name: 'seal',
        text: 'select log.seal($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) as is_sealed',
        values: [
          ledgerId,
          previous,
          sealed.size,
          sealed.epoch,
          sealed.root,
          Buffer.concat(leaves),
          tiles.map(({ level }) => level),
          tiles.map(({ index }) => index),
          tiles.map(({ root }) => root),
          tiles.map(({ hashes }) => Buffer.concat(hashes)),
        ],
      });
      return rows[0]!.is_sealed;
    });
  }

  async keepNote(ledgerId: string, size: number, key: string, note: string): Promise<void> {
    await this.pool.query('select log.keep_note($1, $2, $3, $4)', [ledgerId, size, key, note]);
  }

  /** The newest signed checkpoint, of at most a size where one is given. */
  async note(
    ledgerId: string,
    atMost = Number.MAX_SAFE_INTEGER,
  ): Promise<{ readonly size: number; readonly note: string } | undefined> {
    const { rows } = await this.pool.query<{ size: string; note: string }>({
      name: 'note',
      // A key that was replaced may have signed the same size too: the newer key's note.
      text: `select s.size, s.note from log.signed_checkpoints s
               join log.verifier_keys k on k.ledger_id = s.ledger_id and k.key = s.key
              where s.ledger_id = $1 and s.size <= $2
              order by s.size desc, k.first_size desc limit 1`,
      values: [ledgerId, atMost],
    });
    const [row] = rows;
    return row && { size: Number(row.size), note: row.note };
  }

  /** The verifier keys of a ledger, those in use first last. */
  async keys(ledgerId: string): Promise<string[]> {
    const { rows } = await this.pool.query<{ key: string }>({
      name: 'verifier-keys',
      text: 'select key from log.verifier_keys where ledger_id = $1 order by first_size desc, key',
      values: [ledgerId],
    });
    return rows.map(({ key }) => key);
  }

  async recordSetBack({ ledgerId, epoch, size, origin, root }: SetBack): Promise<void> {
    await this.pool.query('select log.record_set_back($1, $2, $3, $4, $5)', [ledgerId, epoch, size, origin, root]);
  }

  /** What was found to contradict ledgers, and no later epoch has been opened since. The newest of each. */
  async setBacks(): Promise<SetBack[]> {
    const { rows } = await this.pool.query<{
      ledger_id: string;
      epoch: number;
      size: string;
      origin: string;
      root: Buffer;
    }>({
      name: 'set-backs',
      text: `select distinct on (s.ledger_id) s.ledger_id, s.epoch, s.size, s.origin, s.root
               from log.set_backs s
               left join lateral (select epoch from log.epochs where ledger_id = s.ledger_id
                                   order by epoch desc limit 1) e on true
              where s.epoch >= coalesce(e.epoch, 0)
              order by s.ledger_id, s.epoch desc, s.size desc`,
    });
    return rows.map(({ ledger_id, size, ...row }) => ({ ledgerId: ledger_id, size: Number(size), ...row }));
  }

  /** Lines after a position with the hash that the log has of each. */
  async linesAfter(
    ledgerId: string,
    position: number,
    limit: number,
  ): Promise<{ readonly position: number; readonly line: string; readonly leafHash: Buffer }[]> {
    const { rows } = await this.pool.query<{ position: string; line: string; leaf_hash: Buffer }>({
      name: 'lines-to-seal',
      text: `select position, line, leaf_hash from log.events
              where ledger_id = $1 and position > $2 and position <= $2 + $3 order by position`,
      values: [ledgerId, position, limit],
    });
    return rows.map((row) => ({ position: Number(row.position), line: row.line, leafHash: row.leaf_hash }));
  }

  /**
   * The hashes of one tile as far as they are there in the tree of a size: of a full tile all 256, of the last one of its
   * level those of its subtrees that are full. Those of lines are made of the lines.
   */
  async hashes(ledgerId: string, level: number, index: number, size: number): Promise<Buffer[]> {
    const first = index * tileWidth;
    if (fullAt(level, size) >= first + tileWidth) {
      const { rows } = await this.pool.query<{ hashes: Buffer }>({
        name: 'tile',
        text: 'select hashes from log.tiles where ledger_id = $1 and level = $2 and index = $3',
        values: [ledgerId, level, index],
      });
      const [row] = rows;
      if (!row) throw new Error(`the tree of ${ledgerId} has no tile ${level}/${index}`);
      return Array.from({ length: tileWidth }, (_, i) => row.hashes.subarray(i * hashBytes, (i + 1) * hashBytes));
    }
    const count = Math.max(0, fullAt(level, size) - first);
    if (count === 0) return [];
    if (level === 0) return (await this.linesAfter(ledgerId, first, count)).map(({ line }) => leafHash(line));
    const { rows } = await this.pool.query<{ root: Buffer }>({
      name: 'tile-roots',
      text: `select root from log.tiles where ledger_id = $1 and level = $2 and index >= $3 and index < $3 + $4 order by index`,
      values: [ledgerId, level - 1, first, count],
    });
    return rows.map(({ root }) => root);
  }

  /** What of the tree of a size is in no full tile, by level: with it a tree goes on growing. */
  async open(ledgerId: string, size: number): Promise<Buffer[][]> {
    const levels: Buffer[][] = [];
    for (let level = 0; fullAt(level, size) > 0; level++) {
      const index = Math.floor(fullAt(level, size) / tileWidth);
      levels.push(await this.hashes(ledgerId, level, index, size));
    }
    return levels;
  }

  /** The root of the tree over the first so many lines, whether they are sealed by now or not. */
  async rootAt(ledgerId: string, size: number): Promise<Buffer> {
    const sealed = Math.min(size, (await this.sealed(ledgerId))?.size ?? 0);
    const tree = new GrowingTree(sealed, await this.open(ledgerId, sealed));
    while (tree.size < size) {
      const lines = await this.linesAfter(ledgerId, tree.size, Math.min(size - tree.size, linesPerPage));
      if (lines.length === 0) throw new Error(`ledger ${ledgerId} has ${tree.size} lines, not ${size}`);
      for (const { line } of lines) tree.add(leafHash(line));
      tree.takeFull();
    }
    return tree.root();
  }

  /** The hashes of full subtrees of the tree of a size. Reads each tile once. */
  async subtrees(ledgerId: string, wanted: readonly Subtree[], size: number): Promise<Buffer[]> {
    const tiles = new Map<string, Promise<Buffer[]>>();
    return Promise.all(
      wanted.map(async ({ height, index }) => {
        const level = Math.floor(height / tileHeight);
        const width = 2 ** (height % tileHeight);
        const first = index * width;
        const tile = Math.floor(first / tileWidth);
        const key = `${level}/${tile}`;
        let hashes = tiles.get(key);
        if (!hashes) tiles.set(key, (hashes = this.hashes(ledgerId, level, tile, size)));
        const at = first - tile * tileWidth;
        const part = (await hashes).slice(at, at + width);
        if (part.length !== width) throw new Error(`the tree of ${ledgerId} lacks hashes of tile ${key}`);
        return rootOfLevel(part);
      }),
    );
  }
}
