import { readFile } from 'node:fs/promises';

/** The text of `sql/<name>.sql`. A released file is frozen: a change is a further file. */
export const readSql = (name: string): Promise<string> =>
  readFile(new URL(`./sql/${name}.sql`, import.meta.url), 'utf8');
