import { LRUCache } from 'lru-cache';

/** How often an address may fail in a minute, or a token that is known by its public part or its hash. */
const perAddress = 30;
const perToken = 10;
const windowMs = 60_000;
/** How long a token that was right from an address is not held up by what else comes from there. */
const trustedForMs = 600_000;
// However many addresses there are: those that have not been heard of the longest are forgotten first.
const inMemory = 20_000;

interface Window {
  readonly startedMs: number;
  count: number;
}

/** Too many attempts have failed: nothing is looked at until some time has passed. */
export class TooManyFailures extends Error {
  constructor(readonly retryAfterSeconds: number) {
    super('too many failed logins');
  }
}

/**
 * Counts failed logins by address and by what a token is known by, over minutes that begin with a failure. Whoever was
 * let in from an address stays so: others who guess from there, as from behind the same proxy, lock nobody out.
 */
export class FailedLogins {
  readonly #failures = new LRUCache<string, Window>({ max: inMemory });
  readonly #trusted = new LRUCache<string, true>({ max: inMemory, ttl: trustedForMs, updateAgeOnGet: true });

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /**
   * Asked before a token is looked at.
   *
   * @param known what is counted beside the address: the public part of a token, else its hash
   * @param hash of the token
   * @throws {TooManyFailures}
   */
  mayTry(address: string, known: string, hash: string): void {
    const heldUp = Math.max(this.#leftMs(`a ${address}`, perAddress), this.#leftMs(`k ${known}`, perToken));
    if (heldUp > 0 && !this.#trusted.get(`${hash} ${address}`)) throw new TooManyFailures(Math.ceil(heldUp / 1_000));
  }

  succeeded(address: string, hash: string): void {
    this.#trusted.set(`${hash} ${address}`, true);
  }

  /**
   * @param address undefined of a token that was good once: nobody guesses that
   * @param known   its public part, or the hash of one that was good once; undefined of what is nothing at all
   * @returns whether this was the last attempt before more are held up: a reason to say so once
   */
  failed(address: string | undefined, known: string | undefined): boolean {
    const isLast = address !== undefined && this.#count(`a ${address}`) === perAddress;
    return (known !== undefined && this.#count(`k ${known}`) === perToken) || isLast;
  }

  #count(key: string): number {
    let window = this.#failures.get(key);
    if (!window || this.nowMs() - window.startedMs >= windowMs) {
      window = { startedMs: this.nowMs(), count: 0 };
      this.#failures.set(key, window);
    }
    window.count += 1;
    return window.count;
  }

  /** How long the minute still lasts in which there were too many; 0 where there were not. */
  #leftMs(key: string, most: number): number {
    const window = this.#failures.peek(key);
    if (!window || window.count < most) return 0;
    return Math.max(0, window.startedMs + windowMs - this.nowMs());
  }
}
