import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { NotYetThere } from '../projections/books.js';

/** The books of one ledger as they stood at one moment: every query of a report sees the same rows. */
export interface Snapshot {
  readonly ledgerId: string;
  /** The generation of the books that is live in this snapshot. */
  readonly generation: number;
  /** Rows as `pg` gives them: bigint and numeric come as text. */
  query<R extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]>;
}

const waitMs = 5_000;

/**
 * Reads the books in one REPEATABLE READ snapshot, so that a generation swapped in meanwhile can't mix with the old one.
 * A replica may not hold yet what the primary has folded: then it looks again.
 *
 * @param position the books have to go at least so far
 * @throws {NotYetThere} if they don't within 5 seconds
 */
export const inSnapshot = async <T>(
  pool: pg.Pool,
  ledgerId: string,
  position: number,
  work: (snapshot: Snapshot) => Promise<T>,
): Promise<T> => {
  const deadline = Date.now() + waitMs;
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    const outcome = await readOnly(pool, async (client): Promise<{ answer: T } | { folded: number }> => {
      const { generation, folded } = await extentOf(client, ledgerId);
      // Nothing is folded at position 0, which every ledger has reached.
      if (folded < position) return { folded };
      const query = async <R extends pg.QueryResultRow>(text: string, values: readonly unknown[]): Promise<R[]> =>
        (await client.query<R>(text, [...values])).rows;
      return { answer: await work({ ledgerId, generation, query }) };
    });
    if ('answer' in outcome) return outcome.answer;
    if (Date.now() > deadline) throw new NotYetThere(position, outcome.folded);
    await sleep(pauseMs);
  }
};

const extentOf = async (client: pg.PoolClient, ledgerId: string): Promise<{ generation: number; folded: number }> => {
  const { rows } = await client.query<{ generation: number; position: string }>({
    name: 'report-extent',
    text: `select c.generation, c.position
             from books.live l join books.checkpoints c on c.ledger_id = l.ledger_id and c.generation = l.generation
            where l.ledger_id = $1`,
    values: [ledgerId],
  });
  const [row] = rows;
  return row ? { generation: row.generation, folded: Number(row.position) } : { generation: 0, folded: 0 };
};

const readOnly = async <T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
  const client = await pool.connect();
  let broken = true;
  // A connection that is cut between two queries tells nobody but the client; unheard, its error would end the process.
  const hear = (): void => undefined;
  client.on('error', hear);
  try {
    await client.query('begin isolation level repeatable read read only');
    try {
      const result = await work(client);
      await client.query('commit');
      broken = false;
      return result;
    } catch (error) {
      // What went wrong first is what to tell; whether the rollback works only decides what becomes of the connection.
      broken = await client.query('rollback').then(
        () => false,
        () => true,
      );
      throw error;
    }
  } finally {
    if (!broken) client.removeListener('error', hear);
    // A connection whose transaction could not be ended is not given to anybody else.
    client.release(broken);
  }
};
