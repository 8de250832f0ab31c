import type pg from 'pg';
import { inTransaction, snapshot } from '../database/transaction.js';
import type { ProjectionWorker } from './worker.js';

/** A row of the rebuilt books that is not that of the live ones. */
export interface Difference {
  readonly table: string;
  /** What tells the row from others. */
  readonly key: Readonly<Record<string, unknown>>;
  /** `undefined` where there is none. */
  readonly live: Readonly<Record<string, unknown>> | undefined;
  readonly rebuilt: Readonly<Record<string, unknown>> | undefined;
}

export interface Comparison {
  /** By table, how many rows are the same. */
  readonly agreeing: Readonly<Record<string, number>>;
  readonly differing: number;
  /** The first of them, table by table. */
  readonly differences: readonly Difference[];
  /** Rows that the live books have changed since the position compared at, and that could not be compared. */
  readonly movedOn: number;
}

const shownPerTable = 1_000;
const rowsPerRemoval = 20_000;

/** Rebuilds books beside the live ones, compares the two, and changes them over. */
export class Rebuild {
  constructor(
    private readonly pool: pg.Pool,
    private readonly worker: ProjectionWorker,
    private readonly ledgerId: string,
  ) {}

  /** Which generation reports read, and how far it goes. */
  async live(): Promise<{ generation: number; position: number } | undefined> {
    const { rows } = await this.pool.query<{ generation: number; position: string }>(
      `select l.generation, c.position from books.live l
         join books.checkpoints c on c.ledger_id = l.ledger_id and c.generation = l.generation
        where l.ledger_id = $1`,
      [this.ledgerId],
    );
    return rows[0] && { generation: rows[0].generation, position: Number(rows[0].position) };
  }

  /**
   * Folds the log from its beginning into a new generation.
   *
   * @returns the generation
   */
  async build(through: number, progress: (position: number) => void): Promise<number> {
    const generation = await this.worker.beginGeneration(this.ledgerId);
    await this.worker.foldInto(this.ledgerId, generation, 0, through, progress);
    return generation;
  }

  /**
   * Compares a generation with the live one, row by row, as of a position that both have reached. Rows are only ever
   * added, but for those of documents as they stand: which of these the live books have changed since is not compared.
   */
  compare(generation: number, position: number): Promise<Comparison> {
    return inTransaction(this.pool, snapshot, async (client) => {
      const agreeing: Record<string, number> = {};
      const differences: Difference[] = [];
      let [differing, movedOn] = [0, 0];
      for (const { table, columns, key } of await tables(client)) {
        const { counts, shown } = await this.#compareTable(client, table, columns, key, generation, position);
        agreeing[table] = Number(counts.agreeing);
        differing += Number(counts.differing);
        movedOn += Number(counts.moved_on);
        differences.push(...shown);
      }
      return { agreeing, differing, differences, movedOn };
    });
  }

  async #compareTable(
    client: pg.ClientBase,
    table: string,
    columns: readonly string[],
    key: readonly string[],
    generation: number,
    position: number,
  ): Promise<{ counts: { agreeing: string; differing: string; moved_on: string }; shown: Difference[] }> {
    const list = (side: string, names: readonly string[]): string => names.map((name) => `${side}.${name}`).join(', ');
    const joined = `
      from (select * from books.${table} where ledger_id = $1
              and generation = (select generation from books.live where ledger_id = $1)) l
      full join (select * from books.${table} where ledger_id = $1 and generation = $2) r
        on ${key.map((name) => `l.${name} = r.${name}`).join(' and ')}`;
    const isSame = `(${list('l', columns)}) is not distinct from (${list('r', columns)})`;
    const isLater = 'coalesce(l.position > $3, false)';
    const values = [this.ledgerId, generation, position];
    const { rows } = await client.query<{ agreeing: string; differing: string; moved_on: string }>(
      `select count(*) filter (where not ${isLater} and l.position is not null and r.position is not null and ${isSame}) as agreeing,
              count(*) filter (where not ${isLater} and (l.position is null or r.position is null or not ${isSame})) as differing,
              count(*) filter (where ${isLater} and r.position is not null) as moved_on ${joined}`,
      values,
    );
    const counts = rows[0]!;
    if (counts.differing === '0') return { counts, shown: [] };
    const { rows: shown } = await client.query<{
      live: Record<string, unknown> | null;
      rebuilt: Record<string, unknown> | null;
    }>(
      `select case when l.position is null then null else to_jsonb(l) end as live,
              case when r.position is null then null else to_jsonb(r) end as rebuilt ${joined}
        where not ${isLater} and (l.position is null or r.position is null or not ${isSame})
        order by coalesce(l.position, r.position) limit ${shownPerTable}`,
      values,
    );
    const only = (row: Record<string, unknown> | null, names: readonly string[]) =>
      row ? Object.fromEntries(names.map((name) => [name, row[name]])) : undefined;
    return {
      counts,
      shown: shown.map(({ live, rebuilt }) => ({
        table,
        key: only(live ?? rebuilt, key)!,
        live: only(live, columns),
        rebuilt: only(rebuilt, columns),
      })),
    };
  }

  /**
   * Makes a generation the live one. Whoever folds the live one waits for that moment, and goes on with the new one;
   * whoever reads has all of the one or all of the other.
   *
   * @param position how far the generation goes
   * @returns how far it goes now
   */
  async swap(generation: number, position: number): Promise<number> {
    let at = position;
    // Near enough first, while nobody waits.
    for (let round = 0; round < 20; round++) {
      const live = await this.live();
      if (!live || live.position <= at) break;
      await this.worker.foldInto(this.ledgerId, generation, at, live.position);
      at = live.position;
    }
    return inTransaction(this.pool, 'begin', async (client) => {
      const { rows } = await client.query<{ position: string }>(
        `select c.position from books.live l
           join books.checkpoints c on c.ledger_id = l.ledger_id and c.generation = l.generation
          where l.ledger_id = $1 for update of l, c`,
        [this.ledgerId],
      );
      const goal = Number(rows[0]?.position ?? 0);
      if (goal > at) await this.worker.foldInto(this.ledgerId, generation, at, goal);
      at = Math.max(at, goal);
      await client.query(
        `update books.checkpoints set lease_holder = null, lease_until = null where ledger_id = $1 and generation = $2`,
        [this.ledgerId, generation],
      );
      await client.query(
        `insert into books.live (ledger_id, generation) values ($1, $2)
         on conflict (ledger_id) do update set generation = excluded.generation`,
        [this.ledgerId, generation],
      );
      return at;
    });
  }

  /**
   * Removes every generation that is not live and that nobody folds any more, in small steps. Whoever still reads one has
   * it in a snapshot of their own.
   */
  async clear(): Promise<void> {
    const { rows } = await this.pool.query<{ generation: number }>(
      `select c.generation from books.checkpoints c
        where c.ledger_id = $1 and c.generation <> coalesce((select generation from books.live where ledger_id = $1), -1)
          and (c.lease_holder is null or c.lease_until < clock_timestamp() or c.lease_holder = $2)`,
      [this.ledgerId, this.worker.holder],
    );
    for (const { generation } of rows) {
      // First the checkpoint: nobody goes on with what is half gone.
      await this.pool.query('delete from books.checkpoints where ledger_id = $1 and generation = $2', [
        this.ledgerId,
        generation,
      ]);
      await this.#remove(generation);
    }
  }

  async #remove(generation: number): Promise<void> {
    for (const { table } of await tables(this.pool)) {
      for (let removed = rowsPerRemoval; removed === rowsPerRemoval;) {
        const { rowCount } = await this.pool.query(
          `delete from books.${table} where ctid = any (array (
             select ctid from books.${table} where ledger_id = $1 and generation = $2 limit ${rowsPerRemoval}))`,
          [this.ledgerId, generation],
        );
        removed = rowCount ?? 0;
      }
    }
  }
}

/** The tables of the books that are folded from the log, with their columns and what tells rows apart. */
const tables = async (
  client: pg.ClientBase | pg.Pool,
): Promise<{ table: string; columns: string[]; key: string[] }[]> => {
  const { rows } = await client.query<{ table: string; columns: string[]; key: string[] }>(
    `select c.relname as table,
            (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attname <> all ('{ledger_id,generation}')) as columns,
            (select array_agg(a.attname::text order by a.attnum) from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
              where i.indrelid = c.oid and i.indisprimary and a.attname <> all ('{ledger_id,generation}')) as key
       from pg_class c
      where c.relnamespace = 'books'::regnamespace and c.relkind = 'r' and c.relname not in ('live', 'checkpoints', 'sealers', 'plan_jobs', 'token_uses', 'vendor_keys')
      order by c.relname`,
  );
  return rows;
};
