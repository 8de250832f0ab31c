/** Rows of a table as COPY writes them, to be copied into another table that is indexed in the same way. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';

export interface CopiedRows {
  /** An empty table of the same columns and indexes, in place of the last one. */
  makeTable(): Promise<void>;
  /** @returns how many rows there are */
  copyIn(): Promise<number>;
  count(): Promise<number>;
  remove(): Promise<void>;
}

/** @param condition SQL, which rows */
export const copyOut = async (client: pg.Client, table: string, condition: string): Promise<CopiedRows> => {
  const folder = await mkdtemp(join(tmpdir(), 'duebook-bench-'));
  const file = join(folder, 'rows');
  const stream = client.query(copyTo(`copy (select * from ${table} where ${condition}) to stdout`));
  await pipeline(stream, createWriteStream(file));
  const rows = stream.rowCount;
  const copy = `copied_${table.replace('.', '_')}`;
  return {
    makeTable: async () => {
      await client.query(`drop table if exists ${copy}; create table ${copy} (like ${table} including all)`);
    },
    copyIn: async () => {
      await pipeline(createReadStream(file), client.query(copyFrom(`copy ${copy} from stdin`)));
      return rows;
    },
    count: async () => Number((await client.query<{ count: string }>(`select count(*) from ${copy}`)).rows[0]!.count),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
};
