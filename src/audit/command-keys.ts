import type { RecordedEvent } from '../domain/events.js';

/** The key that a caller gave a request, and the first and last position of what that recorded. */
export interface CommandKey {
  readonly key: string;
  readonly first: number;
  readonly last: number;
}

/** The keys on the lines of a log, page by page: what a command has recorded is known once another one begins. */
export class CommandKeys {
  #open:
    { readonly key: string | undefined; readonly command: string; readonly first: number; last: number } | undefined;

  /** The last position whose command has ended. */
  get through(): number {
    return (this.#open?.first ?? 1) - 1;
  }

  /** The last position of all. */
  get last(): number {
    return this.#open?.last ?? 0;
  }

  /** @returns those of the commands that have ended */
  add(events: readonly RecordedEvent[]): CommandKey[] {
    const ended: CommandKey[] = [];
    for (const { correlationId: command, idempotencyKey: key, position } of events) {
      if (this.#open?.command === command) this.#open.last = position;
      else {
        ended.push(...this.end());
        this.#open = { key, command, first: position, last: position };
      }
    }
    return ended;
  }

  /** @returns that of the command that is open */
  end(): CommandKey[] {
    if (this.#open?.key === undefined) return [];
    const { key, first, last } = this.#open;
    return [{ key, first, last }];
  }
}
