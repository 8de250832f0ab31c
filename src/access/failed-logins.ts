import { LRUCache } from 'lru-cache';

/** How often an address, or a token's public part, may fail in a minute. */
const perAddress = 30;
const perPrefix = 10;
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
 * Counts failed logins by address and by the public part of the token, over minutes that begin with a failure. Whoever was
 * let in from an address stays so: others who guess from there, as from behind the same proxy, lock nobody out.
 */
export class FailedLogins {
  readonly #failures = new LRUCache<string, Window>({ max: inMemory });
  readonly #trusted = new LRUCache<string, true>({ max: inMemory, ttl: trustedForMs, updateAgeOnGet: true });

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /**
   * Asked before a token is looked at.
   *
   * @param hash of the token
   * @throws {TooManyFailures}
   */
  mayTry(address: string, prefix: string | undefined, hash: string): void {
    const byPrefix = prefix === undefined ? 0 : this.#leftMs(`p ${prefix}`, perPrefix);
    const heldUp = Math.max(this.#leftMs(`a ${address}`, perAddress), byPrefix);
    if (heldUp > 0 && !this.#trusted.get(`${hash} ${address}`)) throw new TooManyFailures(Math.ceil(heldUp / 1_000));
  }

  succeeded(address: string, hash: string): void {
    this.#trusted.set(`${hash} ${address}`, true);
  }

  /**
   * @param address undefined of a token that was good once: nobody guesses that
   * @param prefix  the public part of the token, if it has one
   * @returns whether this was the last attempt before more are held up: a reason to say so once
   */
  failed(address: string | undefined, prefix: string | undefined): boolean {
    const isLast = address !== undefined && this.#count(`a ${address}`) === perAddress;
    return (prefix !== undefined && this.#count(`p ${prefix}`) === perPrefix) || isLast;
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
