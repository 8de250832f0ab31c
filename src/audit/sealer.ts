import { createPublicKey, hash, type KeyObject, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import type { EventLog } from '../event-log/event-log.js';
import { type Checkpoint, openCheckpoint, signCheckpoint } from './checkpoint.js';
import { GrowingTree, leafHash } from './merkle.js';
import { formatVerifierKey, NoteError, parseVerifierKeys, type VerifierKey, verifierKey } from './note.js';
import type { Outside } from './outside.js';
import { type Epoch, type SetBack, TreeStore } from './tree-store.js';

/** How often to look for what is not sealed: well within the second that a checkpoint may take. */
const roundMs = 400;
const leaseSeconds = 4;
/** Small enough that a page of long lines fits into memory. */
const linesPerPage = 4_096;
/** So many ledgers are sealed or compared at a time: fewer than there are connections. */
const ledgersAtATime = 3;
/** When a fault that stays is told again. */
const tellAgainMs = 60_000;
/** Trees that are kept at hand, of ledgers that were sealed lately. */
const treesInMemory = 200;

/** The log stands at an earlier state than a checkpoint that was signed: nothing may be appended to it. */
export class LedgerSetBack extends Error {
  override readonly name = 'LedgerSetBack';

  constructor(readonly setBack: SetBack) {
    super(
      `ledger ${setBack.ledgerId} contradicts its own signed checkpoint of ${setBack.size} events (${setBack.origin}): ` +
        'it was set back to an earlier state, or changed. Nothing is appended to it until an operator runs ' +
        `duebook epoch open ${setBack.ledgerId}`,
    );
  }
}

/**
 * What the origins of this installation begin with, unless the operator gives something better: the same for all
 * instances on one database and after a restore of it, and not that of any other.
 */
export const installationBase = (requestKey: Buffer): string =>
  `duebook-${hash('sha256', Buffer.concat([Buffer.from('origin\n'), requestKey]), 'hex').slice(0, 12)}`;

export const originOf = (base: string, ledgerId: string, epoch: number): string => `${base}/${ledgerId}/${epoch}`;

/** The epoch in the name of an origin; 0 if it has none. */
export const epochIn = (origin: string): number => Number(/\/([1-9]\d{0,8})$/.exec(origin)?.[1] ?? 0);

type Signed = Checkpoint & { readonly epoch: number };

export interface Sealing {
  /** What origins begin with. */
  readonly base: string;
  readonly privateKey: KeyObject;
  readonly outside: Outside;
  readonly nowMs: () => number;
  /** Told of every fault, and once of each ledger that was set back. */
  readonly report: (error: unknown) => void;
}

/**
 * Grows the Merkle trees of all ledgers as events arrive, and signs checkpoints of them. Any instance may do it, one at a
 * time per ledger by a lease; what keeps two of them from contradicting each other is that each checkpoint continues
 * exactly one other.
 *
 * It is also the watch over what was signed before: a log that no longer agrees with it takes nothing more.
 */
export class Sealer {
  readonly #holder = randomUUID();
  readonly #store: TreeStore;
  readonly #trees = new Map<string, GrowingTree>();
  /** The newest checkpoint of each ledger that is known to be signed, by us or by what was found outside. */
  readonly #signed = new Map<string, Signed>();
  readonly #setBacks = new Map<string, SetBack>();
  readonly #reported = new Set<string>();
  /** The ledgers that were ours to seal at some time. */
  readonly #leased = new Set<string>();
  /** By ledger, or of none, what was told last. */
  readonly #faults = new Map<string, { readonly text: string; readonly atMs: number }>();
  #wake: () => void = () => undefined;
  #stopping = false;
  #running: Promise<void> | undefined;

  /** @param pool connections of a role that may read the log and call its functions, not those that append */
  constructor(
    private readonly pool: pg.Pool,
    private readonly log: EventLog,
    private readonly sealing: Sealing,
  ) {
    this.#store = new TreeStore(pool);
  }

  /** The ledgers that nothing is appended to, for now. */
  get setBacks(): readonly SetBack[] {
    return [...this.#setBacks.values()];
  }

  /** @throws {LedgerSetBack} */
  mayAppend(ledgerId: string): void {
    const setBack = this.#setBacks.get(ledgerId);
    if (setBack) throw new LedgerSetBack(setBack);
  }

  /** Compares all ledgers with what is kept of them outside the database: before anything is appended. */
  async compareAll(): Promise<void> {
    await this.#learnSetBacks();
    const ledgerIds = new Set([...(await this.log.ledgerIds()), ...(await this.sealing.outside.ledgerIds())]);
    await severalAtATime(ledgerIds, async (ledgerId) => {
      await this.#compare(ledgerId);
    });
  }

  /** Compares one ledger: enough for who appends to no other. */
  async compare(ledgerId: string): Promise<void> {
    await this.#learnSetBacks();
    await this.#compare(ledgerId);
  }

  /**
   * Checks a new connection: behind the same address there may be another server by now, one that lost the last of what
   * was signed.
   *
   * @throws {Error} if a ledger was found set back: so that what was about to be sent is not
   */
  async check(client: pg.ClientBase): Promise<void> {
    const known = [...this.#signed].filter(([ledgerId]) => !this.#setBacks.has(ledgerId));
    if (known.length === 0) return;
    const { rows } = await client.query<{ ledger_id: string }>(
      `select k.ledger_id from unnest($1::text[], $2::bigint[], $3::bytea[]) k (ledger_id, size, root)
        where not exists (select from log.checkpoints c
                           where c.ledger_id = k.ledger_id and c.size = k.size and c.root = k.root)`,
      [known.map(([ledgerId]) => ledgerId), known.map(([, { size }]) => size), known.map(([, { root }]) => root)],
    );
    if (rows.length === 0) return;
    for (const { ledger_id: ledgerId } of rows) {
      const { epoch, size, origin, root } = this.#signed.get(ledgerId)!;
      this.#halt({ ledgerId, epoch, size, origin, root });
    }
    throw new Error('connection refused by us: the database behind it was set back');
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends after the round under way, and after what waits to be sent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#wake();
    await this.#running;
    // So that whoever comes next can seal at once. Leases that can't be given back run out by themselves.
    await this.pool
      .query('delete from books.sealers where ledger_id = any($1) and lease_holder = $2', [
        [...this.#leased],
        this.#holder,
      ])
      .catch(() => undefined);
    await this.sealing.outside.drain();
  }

  // A method, since it changes while we wait, which the compiler does not see in a field.
  #isStopping(): boolean {
    return this.#stopping;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping()) {
      const startedMs = this.sealing.nowMs();
      try {
        await this.#learnSetBacks();
        this.#faults.delete('');
        await severalAtATime(await this.#unsealed(), async (ledgerId) => {
          if (this.#isStopping()) return;
          try {
            await this.sealUp(ledgerId);
            this.#faults.delete(ledgerId);
          } catch (error) {
            // One ledger that can't be sealed is no reason not to seal the others.
            this.#trees.delete(ledgerId);
            this.#tell(ledgerId, error);
          }
        });
      } catch (error) {
        this.#tell('', error);
      }
      // Not woken by appends: events of the same moment share a checkpoint.
      const restMs = roundMs - (this.sealing.nowMs() - startedMs);
      if (!this.#isStopping()) await this.#pause(Math.max(restMs, roundMs / 4));
    }
  }

  /** Tells of a fault when it is a new one, and once a minute while it stays. */
  #tell(about: string, error: unknown): void {
    const text = String(error);
    const atMs = this.sealing.nowMs();
    const told = this.#faults.get(about);
    if (told?.text === text && atMs - told.atMs < tellAgainMs) return;
    this.#faults.set(about, { text, atMs });
    this.sealing.report(error);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** The ledgers whose log goes further than what is sealed or signed of it. */
  async #unsealed(): Promise<string[]> {
    const { rows } = await this.pool.query<{ ledger_id: string }>({
      name: 'ledgers-unsealed',
      text: `select l.ledger_id
               from log.ledgers l
              cross join lateral (select last_position from log.commits
                                   where ledger_id = l.ledger_id order by last_position desc limit 1) head
               left join lateral (select size from log.signed_checkpoints
                                   where ledger_id = l.ledger_id order by size desc limit 1) s on true
              where head.last_position > coalesce(s.size, 0)
              order by l.ledger_id`,
    });
    return rows.map(({ ledger_id }) => ledger_id).filter((ledgerId) => !this.#setBacks.has(ledgerId));
  }

  /**
   * Seals a ledger's log to its end and signs a checkpoint of it, unless another instance is at it.
   *
   * @throws {Error} if what is stored does not fit what was sealed before: then nothing is signed
   */
  async sealUp(ledgerId: string): Promise<void> {
    if (!(await this.#lease(ledgerId))) return;
    const epoch = await this.#epochOf(ledgerId);
    for (;;) {
      const grown = await this.#grow(ledgerId, epoch);
      if (grown === undefined) return;
      if (grown < linesPerPage || this.#isStopping()) break;
      await this.#lease(ledgerId);
    }
    await this.#signNewest(ledgerId, epoch);
  }

  async #lease(ledgerId: string): Promise<boolean> {
    const { rowCount } = await this.pool.query({
      name: 'sealer-lease',
      text: `insert into books.sealers as s (ledger_id, lease_holder, lease_until)
             values ($1, $2, clock_timestamp() + $3 * interval '1 second')
             on conflict (ledger_id) do update
                set lease_holder = excluded.lease_holder, lease_until = excluded.lease_until
              where s.lease_holder = $2 or s.lease_until < clock_timestamp()`,
      values: [ledgerId, this.#holder, leaseSeconds],
    });
    if (rowCount === 0) return false;
    this.#leased.add(ledgerId);
    return true;
  }

  async #epochOf(ledgerId: string): Promise<Epoch> {
    const newest = await this.#store.epoch(ledgerId);
    if (newest) return newest;
    const first = { epoch: 1, origin: originOf(this.sealing.base, ledgerId, 1), size: 0 };
    await this.#store.openEpoch(ledgerId, first);
    return (await this.#store.epoch(ledgerId)) ?? first;
  }

  /**
   * Takes the next lines into the tree and commits to it.
   *
   * @returns how many lines they were; `undefined` if another sealer was faster
   */
  async #grow(ledgerId: string, { epoch }: Epoch): Promise<number | undefined> {
    const sealed = await this.#store.sealed(ledgerId);
    const size = sealed?.size ?? 0;
    let tree = this.#trees.get(ledgerId);
    if (tree?.size !== size) {
      tree = new GrowingTree(size, await this.#store.open(ledgerId, size));
      // What was sealed has to be what the lines of today give, as far as they are read again here.
      if (sealed && !tree.root().equals(sealed.root))
        throw new Error(
          `the lines of ledger ${ledgerId} up to ${size} are not those that were sealed; run duebook verify`,
        );
    }
    this.#trees.delete(ledgerId);
    const lines = await this.#store.linesAfter(ledgerId, size, linesPerPage);
    const leaves: Buffer[] = [];
    for (const { position, line, leafHash: stored } of lines) {
      const leaf = leafHash(line);
      if (position !== tree.size + 1 || !leaf.equals(stored))
        throw new Error(`ledger ${ledgerId}: position ${position} is not as it was recorded; run duebook verify`);
      tree.add(leaf);
      leaves.push(leaf);
    }
    if (lines.length > 0) {
      const next = { size: tree.size, epoch, root: tree.root() };
      if (!(await this.#store.seal(ledgerId, size, next, leaves, tree.takeFull()))) return undefined;
    }
    this.#trees.set(ledgerId, tree);
    for (const oldest of this.#trees.keys()) {
      if (this.#trees.size <= treesInMemory) break;
      this.#trees.delete(oldest);
    }
    return lines.length;
  }

  /** Signs what is sealed, unless what was signed before contradicts it; shows it to the world, then keeps it. */
  async #signNewest(ledgerId: string, { epoch, origin }: Epoch): Promise<void> {
    const sealed = await this.#store.sealed(ledgerId);
    if (sealed?.epoch !== epoch || !(await this.#compare(ledgerId))) return;
    const { privateKey, outside, nowMs } = this.sealing;
    const checkpoint: Checkpoint = { origin, size: sealed.size, root: sealed.root };
    const note = signCheckpoint(checkpoint, privateKey);
    const key = verifierKey(origin, createPublicKey(privateKey));
    try {
      await outside.keep(ledgerId, note, key, new Date(nowMs()).toISOString().slice(0, 10));
    } catch (error) {
      // A full disk must not end the proof: it is kept in the database, and outside again with the next one.
      this.#tell(`${ledgerId} outside`, error);
    }
    await this.#store.keepNote(ledgerId, sealed.size, formatVerifierKey(key), note);
    this.#signed.set(ledgerId, { ...checkpoint, epoch });
  }

  /**
   * Compares a ledger with the newest checkpoint that is known to be signed of it.
   *
   * @returns false if the log contradicts it
   */
  async #compare(ledgerId: string): Promise<boolean> {
    if (this.#setBacks.has(ledgerId)) return false;
    const epochs = await this.#store.epochs(ledgerId);
    const epoch = epochs.at(-1)?.epoch ?? 0;
    const outside = await this.#keptOutside(ledgerId, epochs);
    const signed = this.#signed.get(ledgerId);
    // As a rule the two are one.
    const isSame = outside && signed && isDeepStrictEqual(outside, signed);
    for (const known of isSame ? [outside] : [outside, signed]) {
      // What was signed before a later epoch was opened is known to contradict.
      if (!known || known.epoch < epoch) continue;
      const sealed = await this.#store.sealed(ledgerId, known.size);
      if (known.epoch !== epoch || sealed?.epoch !== epoch || !sealed.root.equals(known.root)) {
        const { origin, size, root } = known;
        const setBack = { ledgerId, epoch: known.epoch, size, origin, root };
        this.#halt(setBack);
        await this.#store.recordSetBack(setBack);
        return false;
      }
      if (known.size >= (this.#signed.get(ledgerId)?.size ?? 0)) this.#signed.set(ledgerId, known);
    }
    return true;
  }

  /** The newest checkpoint kept outside that is one of this ledger, under any of its origins. */
  async #keptOutside(ledgerId: string, epochs: readonly Epoch[]): Promise<Signed | undefined> {
    const { base, outside } = this.sealing;
    const origins = epochs.map(({ origin }) => origin);
    let newest: Signed | undefined;
    for (const kept of await outside.newest(ledgerId, origins)) {
      try {
        const checkpoint = openCheckpoint(kept.note, await this.#keysFor(ledgerId, kept));
        const epoch = epochIn(checkpoint.origin);
        if (
          !origins.includes(checkpoint.origin) &&
          (epoch === 0 || checkpoint.origin !== originOf(base, ledgerId, epoch))
        )
          throw new NoteError(`it is of ${checkpoint.origin}`);
        if (!newest || epoch > newest.epoch || (epoch === newest.epoch && checkpoint.size > newest.size))
          newest = { ...checkpoint, epoch };
      } catch (error) {
        if (!(error instanceof NoteError)) throw error;
        const text = `the checkpoint kept of ledger ${ledgerId} says nothing: ${error.message}`;
        this.#tell(`${ledgerId} kept`, new Error(text, { cause: error }));
      }
    }
    return newest;
  }

  async #keysFor(ledgerId: string, kept: { readonly note: string; readonly keys: string }): Promise<VerifierKey[]> {
    const keys = parseVerifierKeys([kept.keys, ...(await this.#store.keys(ledgerId))].join('\n'));
    const [origin = ''] = kept.note.split('\n', 1);
    if (epochIn(origin) > 0) keys.push(verifierKey(origin, createPublicKey(this.sealing.privateKey)));
    return keys;
  }

  #halt(setBack: SetBack): void {
    this.#setBacks.set(setBack.ledgerId, setBack);
    this.#trees.delete(setBack.ledgerId);
    this.log.forget(setBack.ledgerId);
    const key = `${setBack.origin} ${setBack.size}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.sealing.report(new LedgerSetBack(setBack));
  }

  /** Takes over what other instances found, and lets go of ledgers of which a later epoch has been opened. */
  async #learnSetBacks(): Promise<void> {
    const recorded = new Map((await this.#store.setBacks()).map((setBack) => [setBack.ledgerId, setBack]));
    for (const setBack of recorded.values()) this.#halt(setBack);
    for (const [ledgerId, setBack] of this.#setBacks) {
      if (recorded.has(ledgerId)) continue;
      const epoch = await this.#store.epoch(ledgerId);
      if (epoch && epoch.epoch > setBack.epoch) {
        this.#setBacks.delete(ledgerId);
        this.#signed.delete(ledgerId);
      } else {
        // Found on the way to the database, and not written down yet.
        await this.#store.recordSetBack(setBack);
      }
    }
  }
}

/** Does something with each of many ledgers, a few of them at a time. */
const severalAtATime = async (
  ledgerIds: Iterable<string>,
  work: (ledgerId: string) => Promise<void>,
): Promise<void> => {
  const next = ledgerIds[Symbol.iterator]();
  const take = async (): Promise<void> => {
    for (let one = next.next(); !one.done; one = next.next()) await work(one.value);
  };
  await Promise.all(Array.from({ length: ledgersAtATime }, take));
};
