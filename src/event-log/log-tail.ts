import type { EventLog } from './event-log.js';

interface Waiter {
  readonly beyond: number;
  readonly tell: (position: number) => void;
  readonly fail: (error: Error) => void;
}

/** How long what another instance appends may go unnoticed. */
const pollMs = 100;

/**
 * Tells those who follow a log when it has grown: at once of what this process appends, soon of what others do. However
 * many follow one ledger, it is asked for once.
 */
export class LogTail {
  readonly #waiting = new Map<string, Set<Waiter>>();

  constructor(private readonly log: Pick<EventLog, 'head' | 'onAppended'>) {
    log.onAppended((ledgerId, position) => {
      this.#tell(ledgerId, position);
    });
  }

  /**
   * Waits until a log goes beyond a position.
   *
   * @param waitMs how long at most
   * @param signal ends the waiting
   * @returns how far the log goes then; `undefined` if it did not grow
   * @throws {pg.DatabaseError} if the database can't be asked
   */
  grown(ledgerId: string, beyond: number, waitMs: number, signal: AbortSignal): Promise<number | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    const waiters = this.#waiting.get(ledgerId) ?? new Set();
    return new Promise<number | undefined>((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        waiters.delete(waiter);
      };
      const giveUp = (): void => {
        end();
        resolve(undefined);
      };
      const waiter: Waiter = {
        beyond,
        tell: (position) => {
          end();
          resolve(position);
        },
        fail: (error) => {
          end();
          reject(error);
        },
      };
      const timer = setTimeout(giveUp, waitMs);
      signal.addEventListener('abort', giveUp);
      waiters.add(waiter);
      if (this.#waiting.has(ledgerId)) return;
      this.#waiting.set(ledgerId, waiters);
      void this.#poll(ledgerId, waiters);
    });
  }

  /** Looks at a ledger as long as somebody waits for it. */
  async #poll(ledgerId: string, waiters: ReadonlySet<Waiter>): Promise<void> {
    while (waiters.size > 0) {
      try {
        const head = await this.log.head(ledgerId);
        this.#tell(ledgerId, head?.position ?? 0);
      } catch (error) {
        for (const { fail } of waiters) fail(error as Error);
      }
      if (waiters.size > 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    this.#waiting.delete(ledgerId);
  }

  #tell(ledgerId: string, position: number): void {
    for (const { beyond, tell } of this.#waiting.get(ledgerId) ?? []) if (position > beyond) tell(position);
  }
}
