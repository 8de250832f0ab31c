import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';

// What keeps one schema valid on a single Postgres and on Citus, where a ledger's rows lie together on one worker.

let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const all = async <T extends pg.QueryResultRow>(text: string): Promise<T[]> => (await client.query<T>(text)).rows;

interface Source {
  schema: string;
  name: string;
  arguments: string;
  source: string;
}
const functions = (): Promise<Source[]> =>
  all<Source>(
    `select nspname as schema, proname as name, pg_get_function_arguments(p.oid) as arguments, prosrc as source
       from pg_proc p join pg_namespace n on n.oid = pronamespace
      where nspname in ('log', 'books') and prorettype <> 'trigger'::regtype order by 1, 2`,
  );

/** The text of a function without its comments and the contents of its strings. */
const bare = (source: string): string =>
  source
    .replaceAll(/--[^\n]*/g, '')
    .replaceAll(/\/\*.*?\*\//gs, '')
    .replaceAll(/'(?:[^']|'')*'/g, `''`);

describe('the schemas log and books', () => {
  it('are all that there is beside the list of migrations', async () => {
    const rows = await all<{ name: string }>(
      `select nspname as name from pg_namespace
        where nspname !~ '^pg_' and nspname <> 'information_schema' order by nspname`,
    );
    expect(rows.map(({ name }) => name)).toEqual(['books', 'log', 'public']);
    const inPublic = await all<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm')`,
    );
    expect(inPublic).toEqual([{ name: 'migrations' }]);
  });

  it('have the ledger first in every table, never null, and compared byte by byte', async () => {
    const rows = await all(
      `select c.relname as name, a.attname as column, a.attnotnull as required, l.collname as collation,
              format_type(a.atttypid, null) as type
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum = 1
         left join pg_collation l on l.oid = a.attcollation
        where c.relnamespace in ('log'::regnamespace, 'books'::regnamespace) and c.relkind = 'r' order by 1`,
    );
    expect(rows.length).toBeGreaterThanOrEqual(14);
    for (const row of rows) {
      expect(row).toMatchObject({ column: 'ledger_id', required: true, collation: 'C', type: 'text' });
    }
  });

  it('have a primary key on every table, and the ledger first in every index', async () => {
    const without = await all(
      `select relname from pg_class c where relnamespace in ('log'::regnamespace, 'books'::regnamespace) and relkind = 'r'
          and not exists (select from pg_index where indrelid = c.oid and indisprimary)`,
    );
    expect(without).toEqual([]);
    const indexes = await all<{ name: string; first: string; is_partial: boolean; is_unique: boolean }>(
      `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid, 1, false) as first,
              i.indpred is not null as is_partial, i.indisunique as is_unique
         from pg_index i join pg_class c on c.oid = i.indrelid
        where c.relnamespace in ('log'::regnamespace, 'books'::regnamespace) order by 1`,
    );
    expect(indexes.length).toBeGreaterThanOrEqual(14);
    for (const { name, first } of indexes) expect({ name, first }).toEqual({ name, first: 'ledger_id' });
  });

  it('have no constraint that would look at another row, and nothing that would number them', async () => {
    const constraints = await all<{ type: string }>(
      `select distinct contype as type from pg_constraint
        where connamespace in ('log'::regnamespace, 'books'::regnamespace) and contype not in ('p', 'n')`,
    );
    expect(constraints).toEqual([]); // no foreign keys, no exclusions, and unique rules are indexes
    const others = await all(
      `select relname, relkind from pg_class
        where relnamespace in ('log'::regnamespace, 'books'::regnamespace) and relkind not in ('r', 'i')
          and relname !~ '^pg_toast'`,
    );
    expect(others).toEqual([]); // no sequences, views or partitions
    const generated = await all(
      `select attrelid::regclass::text from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace in ('log'::regnamespace, 'books'::regnamespace) and (attidentity <> '' or attgenerated <> '')`,
    );
    expect(generated).toEqual([]);
  });

  it('have no rules or policies, and no triggers but those that refuse', async () => {
    const rules = await all(
      `select rulename from pg_rules where schemaname in ('log', 'books')
        union all select policyname from pg_policies where schemaname in ('log', 'books')`,
    );
    expect(rules).toEqual([]);
    const triggers = await all<{ relation: string; name: string; calls: string; enabled: string; definition: string }>(
      `select tgrelid::regclass::text as relation, tgname as name, tgfoid::regproc::text as calls, tgenabled as enabled,
              pg_get_triggerdef(t.oid) as definition
         from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where c.relnamespace in ('log'::regnamespace, 'books'::regnamespace) order by 1`,
    );
    const logTables = await all(
      `select oid::regclass::text as relation from pg_class
        where relnamespace = 'log'::regnamespace and relkind = 'r' order by 1`,
    );
    expect(triggers.map(({ relation }) => ({ relation }))).toEqual(logTables);
    for (const trigger of triggers) {
      expect(trigger).toMatchObject({ name: 'append_only', calls: 'log.refuse_change', enabled: 'O' });
      const when = /BEFORE (.*) ON/.exec(trigger.definition)![1]!.split(' OR ').sort();
      expect(when).toEqual(['DELETE', 'TRUNCATE', 'UPDATE']);
    }
  });

  it('store what was hashed as text, and nothing of an event as jsonb, which would change it', async () => {
    const rows = await all(
      `select column_name, data_type from information_schema.columns
        where table_schema = 'log' and table_name = 'events' order by ordinal_position`,
    );
    expect(rows).toContainEqual({ column_name: 'line', data_type: 'text' });
    expect(rows).toContainEqual({ column_name: 'leaf_hash', data_type: 'bytea' });
    expect(rows.filter(({ data_type }) => String(data_type).startsWith('json'))).toEqual([]);
  });

  it('keep positions of the log as whole numbers of 64 bits, and instants with their zone', async () => {
    const rows = await all(
      `select table_schema, table_name, column_name, data_type from information_schema.columns
        where table_schema in ('log', 'books')
          and ((column_name ~ 'position$|^made_at$' and data_type <> 'bigint')
            or (column_name ~ '_(at|until)$' and column_name <> 'made_at' and data_type <> 'timestamp with time zone')
            or data_type in ('real', 'double precision', 'money', 'timestamp without time zone'))`,
    );
    expect(rows).toEqual([]);
  });
});

describe('the functions of the log', () => {
  it('have the ledger as their first argument', async () => {
    for (const { name, arguments: args, source } of await functions()) {
      // What reads and writes nothing may run anywhere.
      if (!/\b(from|into)\b/i.test(bare(source))) continue;
      expect({ name, first: args.split(',')[0] }).toEqual({ name, first: 'p_ledger text' });
    }
  });

  it('lock rows of their ledger and nothing else, and wake nobody up', async () => {
    for (const { name, source } of await functions()) {
      const text = bare(source).toLowerCase();
      for (const word of [
        /\bnotify\b/,
        /pg_notify/,
        /advisory/,
        /\block\s+table\b/,
        /\bset_config\b/,
        /\bnextval\b/,
        /\bexecute\b/,
        /\bdblink\b/,
        /\bcommit;/,
        /\brollback\b/,
        /\bmax\s*\(/, // the newest row is read from the end of an index
      ]) {
        expect({ name, word, found: word.test(text) }).toEqual({ name, word, found: false });
      }
    }
  });

  it('never update or delete', async () => {
    for (const { name, source } of await functions()) {
      // `for no key update` is a lock.
      const text = bare(source)
        .toLowerCase()
        .replaceAll(/for no key update/g, '');
      expect({ name, found: /\b(update|delete|truncate|merge)\b/.exec(text)?.[0] }).toEqual({ name, found: undefined });
    }
  });

  it('name the ledger wherever they touch a table', async () => {
    const tables = (
      await all<{ name: string }>(
        `select relname as name from pg_class where relnamespace = 'log'::regnamespace and relkind = 'r'`,
      )
    ).map(({ name }) => name);
    let touched = 0;
    for (const { name, source } of await functions()) {
      const text = bare(source);
      for (const table of tables) {
        const insert = new RegExp(`insert\\s+into\\s+(?:log\\.)?${table}\\s*\\(\\s*(\\w+)`, 'gi');
        for (const [, first] of text.matchAll(insert)) {
          touched += 1;
          expect({ name, table, first }).toEqual({ name, table, first: 'ledger_id' });
        }
        // Read: right after the name of the table, before anything else is read, its ledger is compared.
        const read = new RegExp(`(?:from|join)\\s+(?:log\\.)?${table}\\b(.*?)(?=\\b(?:from|join)\\b|;|$)`, 'gis');
        for (const [, rest] of text.matchAll(read)) {
          touched += 1;
          const isCompared = /\bledger_id\s*=\s*(p_ledger|\w+\.ledger_id)/.test(rest!);
          expect({ name, table, rest, isCompared }).toMatchObject({ isCompared: true });
        }
      }
    }
    expect(touched).toBeGreaterThan(15);
  });

  it('recognise nothing by the name of a constraint, which differs from worker to worker', async () => {
    for (const { name, source } of await functions()) {
      expect({ name, found: /constraint_name|on conflict on constraint/i.test(source) }).toEqual({
        name,
        found: false,
      });
    }
  });
});

describe('the books', () => {
  it('belong to the application, and have no functions', async () => {
    const rows = await all(
      `select distinct pg_get_userbyid(relowner) as owner from pg_class where relnamespace = 'books'::regnamespace
        union select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'books'`,
    );
    expect(rows).toEqual([{ owner: 'duebook_app' }]);
    expect((await functions()).filter(({ schema }) => schema === 'books')).toEqual([]);
  });

  it('have every row say which generation it belongs to and which event made it', async () => {
    const rows = await all<{ name: string; columns: string[] }>(
      `select table_name::text as name, array_agg(column_name::text order by column_name) as columns
         from information_schema.columns where table_schema = 'books' group by 1 order by 1`,
    );
    for (const { name, columns } of rows) {
      // The pointer itself, leases on what is no book, plans that are not in the log yet, when tokens were used, and keys.
      if (['live', 'sealers', 'plan_jobs', 'token_uses', 'vendor_keys'].includes(name)) continue;
      expect({ name, columns }).toEqual({
        name,
        columns: expect.arrayContaining(['ledger_id', 'generation', 'position']),
      });
    }
  });
});
