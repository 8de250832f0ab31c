import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/** How far the books of a ledger go. */
export interface Extent {
  /** The generation that reports read. */
  readonly generation: number;
  /** The last event that is folded in; 0 before the first. */
  readonly position: number;
  /** When that event was recorded. */
  readonly recordedAt: string | undefined;
}

/** The books do not go as far as asked, and did not within the time that a request may wait. */
export class NotYetThere extends Error {
  constructor(
    readonly asked: number,
    readonly position: number,
  ) {
    super(`the books go up to position ${position}, not yet up to ${asked}`);
  }
}

/** The generation that a new ledger's books begin with. */
export const firstGeneration = 1;

const waitMs = 5_000;

/** What readers of the books share: which generation to read, and waiting until it goes far enough. */
export class Books {
  /** Asks whoever folds to look at a ledger now. */
  nudge: (ledgerId: string) => void = () => undefined;

  constructor(private readonly pool: pg.Pool) {}

  /**
   * Waits until the books hold every event up to a position.
   *
   * @param position without it, everything recorded so far
   * @throws {NotYetThere} after 5 seconds
   */
  async reach(ledgerId: string, position?: number): Promise<Extent> {
    const deadline = Date.now() + waitMs;
    let asked = position;
    for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 50)) {
      const { head, ...extent } = await this.#look(ledgerId);
      asked ??= head;
      if (extent.position >= asked) return extent;
      if (Date.now() > deadline) throw new NotYetThere(asked, extent.position);
      this.nudge(ledgerId);
      await sleep(pauseMs);
    }
  }

  async #look(ledgerId: string): Promise<Extent & { head: number }> {
    const { rows } = await this.pool.query<{
      generation: number | null;
      position: string | null;
      recorded_at: string | null;
      head: string | null;
    }>({
      name: 'books-extent',
      text: `select l.generation, c.position, to_char(c.recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as recorded_at,
                    (select last_position from log.commits where ledger_id = $1 order by last_position desc limit 1) as head
               from (select 1) one
               left join books.live l on l.ledger_id = $1
               left join books.checkpoints c on c.ledger_id = l.ledger_id and c.generation = l.generation`,
      values: [ledgerId],
    });
    const row = rows[0]!;
    return {
      generation: row.generation ?? firstGeneration,
      position: Number(row.position ?? 0),
      recordedAt: row.recorded_at ?? undefined,
      head: Number(row.head ?? 0),
    };
  }
}
