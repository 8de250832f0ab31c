import { setImmediate as afterPromises } from 'node:timers/promises';
import type { Timers } from '../../src/event-log/ledger-writer.js';
import { chance } from './log.js';

interface Due {
  readonly at: number;
  /** Among what is due at the same instant chance decides: so that every interleaving comes up with some seed. */
  readonly order: number;
  readonly run: () => void;
}

/** A clock that stands still until it is turned, and chance from a seed: the same seed gives the same run. */
export class FakeTimers implements Timers {
  #now = Date.UTC(2024, 1, 15, 12);
  #due: Due[] = [];
  #ids = 0;
  readonly random: () => number;

  constructor(seed: number) {
    this.random = chance(seed);
  }

  readonly nowMs = (): number => this.#now;

  readonly soon = (task: () => void): void => {
    this.#schedule(0, task);
  };

  readonly sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      this.#schedule(ms, resolve);
    });

  readonly uuid = (): string => {
    this.#ids += 1;
    return `event-${this.#ids}`;
  };

  #schedule(ms: number, run: () => void): void {
    this.#due.push({ at: this.#now + ms, order: this.random(), run });
  }

  /** Does what is due, one thing after the other, until something has come true. Fails if nothing is due before it has. */
  async runUntil(isDone: () => boolean, limitMs = 600_000): Promise<void> {
    const end = this.#now + limitMs;
    await afterPromises();
    while (!isDone()) {
      const next = this.#due.reduce<Due | undefined>(
        (a, b) => (!a || b.at < a.at || (b.at === a.at && b.order < a.order) ? b : a),
        undefined,
      );
      if (!next) throw new Error('nothing is due any more, and it has not come true');
      if (next.at > end) throw new Error(`it has not come true within ${limitMs} ms`);
      this.#due = this.#due.filter((due) => due !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await afterPromises();
    }
  }
}
