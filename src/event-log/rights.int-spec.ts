import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { invoice, openLedger, poolOf, requestOf, vendor } from '../../test/support/log.js';
import { checkLog } from '../../test/support/log-checks.js';
import { EventLog } from './event-log.js';

const tables = [
  'batches',
  'checkpoints',
  'claims',
  'commits',
  'epochs',
  'event_documents',
  'events',
  'installation',
  'ledgers',
  'periods',
  'receipts',
  'set_backs',
  'signed_checkpoints',
  'tiles',
  'verifier_keys',
] as const;
const notAllowed = { code: '42501' };

let database: TestDatabase;
let app: pg.Pool;
let admin: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  app = poolOf(database.appUrl, { max: 4 });
  admin = poolOf(database.url, { max: 4 });
  const log = new EventLog(app);
  for (const command of [openLedger('acme'), vendor('V1'), invoice('I1')]) {
    await log.execute('acme', requestOf(command));
  }
});
afterAll(async () => {
  await app.end();
  await admin.end();
  await database.drop();
});

/** Tries statements in a transaction that is undone whatever comes of it. */
const attempt = async (pool: pg.Pool, ...statements: string[]): Promise<void> => {
  const client = await pool.connect();
  try {
    await client.query('begin');
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.query('rollback');
    client.release();
  }
};

describe('the tests', () => {
  it('know every table of the log', async () => {
    const { rows } = await admin.query<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'log'::regnamespace and relkind = 'r' order by relname`,
    );
    expect(rows.map(({ name }) => name)).toEqual([...tables]);
  });
});

describe('the application', () => {
  const column: Record<(typeof tables)[number], string> = {
    batches: 'outcomes',
    checkpoints: 'root',
    claims: 'value',
    commits: 'recorded_at',
    epochs: 'origin',
    event_documents: 'document',
    events: 'line',
    installation: 'request_key',
    ledgers: 'ledger_id',
    periods: 'closed_through',
    receipts: 'body',
    set_backs: 'root',
    signed_checkpoints: 'note',
    tiles: 'hashes',
    verifier_keys: 'key',
  };

  describe.each(tables)('may read log.%s', (table) => {
    it('and that is all', async () => {
      await attempt(app, `select * from log.${table}`);
      for (const statement of [
        `insert into log.${table} select * from log.${table}`,
        `update log.${table} set ${column[table]} = ${column[table]}`,
        `delete from log.${table}`,
        `truncate log.${table}`,
        `drop table log.${table}`,
        `alter table log.${table} disable trigger append_only`,
        `alter table log.${table} disable trigger all`,
        `drop trigger append_only on log.${table}`,
        `alter table log.${table} add column more int`,
        `alter table log.${table} owner to duebook_app`,
        `create rule gone as on delete to log.${table} do instead nothing`,
        `create index mine on log.${table} (ledger_id)`,
        // Nothing is given by who has nothing to give; that itself is only a warning.
        `grant all on log.${table} to duebook_app; delete from log.${table}`,
        `lock table log.${table} in access exclusive mode`,
        `select from log.${table} for update`,
        `merge into log.${table} t using (select 1) s on false when not matched then insert default values`,
        `copy log.${table} from stdin`,
      ]) {
        await expect(attempt(app, statement)).rejects.toMatchObject(notAllowed);
      }
    });
  });

  it.each([
    'create table log.mine (id int)',
    'create view log.mine as select 1',
    `create function log.mine() returns int language sql as 'select 1'`,
    'drop schema log cascade',
    'alter schema log rename to mine',
    'alter function log.append owner to duebook_app',
    'alter function log.append security invoker',
    'alter function log.append reset search_path',
    'drop function log.append',
    'set role duebook_owner',
    'set local role duebook_owner',
    'set session authorization duebook_owner',
    'grant duebook_owner to current_user',
    'set session_replication_role = replica',
    'reassign owned by duebook_owner to current_user',
    'create event trigger mine on sql_drop execute function log.refuse_change()',
  ])('may not %s', async (statement) => {
    await expect(attempt(app, statement)).rejects.toMatchObject(notAllowed);
  });

  it('may not put a function of the log in the place of another by a name that it finds first', async () => {
    // Tables of the session's own are looked for last: the log goes on reading and writing its own.
    await attempt(
      app,
      'create temp table ledgers (ledger_id text)',
      'create temp table commits (ledger_id text, last_position bigint, recorded_at timestamptz)',
      `insert into commits values ('acme', 999, '2000-01-01')`,
      'set local search_path = pg_temp, log',
      `do $$ begin
         if log.position_at('acme', '2000-01-02') <> 0 then raise exception 'read from elsewhere'; end if;
         if log.position_at('acme', clock_timestamp()) <> 3 then raise exception 'not read'; end if;
       end $$`,
    );
  });

  it('can do its work with these rights', async () => {
    const log = new EventLog(app);
    await log.execute('acme', requestOf(invoice('I2')));
    await log.positionAt('acme', '2024-01-01T00:00:00Z');
    await log.noticesAt('acme', [{ value: 'number V1 NI2', qualifier: '2024' }], 4);
    await log.requestKey();
    await checkLog(app, 'acme');
  });
});

describe('the owner of the log', () => {
  it('can not log in, and owns all of it', async () => {
    const { rows: roles } = await admin.query(
      `select rolname, rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication
         from pg_roles where rolname in ('duebook_owner', 'duebook_app') order by rolname`,
    );
    const plain = {
      rolcanlogin: false,
      rolsuper: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolbypassrls: false,
      rolreplication: false,
    };
    expect(roles).toEqual([
      { rolname: 'duebook_app', ...plain },
      { rolname: 'duebook_owner', ...plain },
    ]);
    const { rows: owners } = await admin.query(
      `select distinct pg_get_userbyid(owner) as owner from (
         select relowner as owner from pg_class where relnamespace = 'log'::regnamespace
         union all select proowner from pg_proc where pronamespace = 'log'::regnamespace
         union all select typowner from pg_type where typnamespace = 'log'::regnamespace
         union all select nspowner from pg_namespace where nspname = 'log') o`,
    );
    expect(owners).toEqual([{ owner: 'duebook_owner' }]);
  });

  it('is nobody that the application could become', async () => {
    const { rows } = await app.query(
      `select pg_has_role('duebook_owner', 'member') as owner, pg_has_role('duebook_app', 'member') as app,
              (select rolsuper from pg_roles where rolname = current_user) as super`,
    );
    expect(rows).toEqual([{ owner: false, app: true, super: false }]);
  });

  it.each(tables)('can not change or empty log.%s by mistake', async (table) => {
    for (const statement of [
      `update log.${table} set ledger_id = ledger_id`,
      `update log.${table} set ledger_id = ledger_id where false`,
      `delete from log.${table}`,
      `truncate log.${table}`,
    ]) {
      const failing = attempt(admin, 'set local role duebook_owner', statement);
      await expect(failing).rejects.toMatchObject({
        ...notAllowed,
        message: expect.stringContaining('append-only'),
      });
    }
  });

  it('can not either as a superuser', async () => {
    await expect(attempt(admin, 'delete from log.events')).rejects.toMatchObject({
      message: expect.stringContaining('append-only'),
    });
    await expect(attempt(admin, 'truncate log.events, log.commits')).rejects.toMatchObject({
      message: expect.stringContaining('append-only'),
    });
  });
});

describe('everybody else', () => {
  it('has no rights in the log, nor in the books', async () => {
    const { rows } = await admin.query(
      `select 'schema ' || nspname as what from pg_namespace, aclexplode(nspacl) a
        where nspname in ('log', 'books') and a.grantee = 0
        union all
       select relname from pg_class, aclexplode(relacl) a
        where relnamespace in ('log'::regnamespace, 'books'::regnamespace) and a.grantee = 0
        union all
       -- Without a list of its own a function may be called by everybody.
       select proname from pg_proc left join lateral aclexplode(proacl) a on true
        where pronamespace in ('log'::regnamespace, 'books'::regnamespace) and (proacl is null or a.grantee = 0)`,
    );
    expect(rows).toEqual([]);
  });

  it('who may log in sees nothing of it', async () => {
    const client = await admin.connect();
    try {
      // A role as any other application on the same server would have.
      await client.query('begin');
      await client.query('create role duebook_test_stranger');
      await client.query('set local role duebook_test_stranger');
      await client.query('savepoint here');
      for (const statement of [
        'select from log.events',
        'select from books.documents',
        `select log.position_at('acme', '2024-01-01')`,
        `select * from log.holder_beside('acme', 'v', 'q', 1)`,
      ]) {
        await expect(client.query(statement)).rejects.toMatchObject(notAllowed);
        await client.query('rollback to here');
      }
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

describe('the functions of the log', () => {
  it('that do what their caller may not are bound to their own names', async () => {
    const { rows } = await admin.query<{ name: string; definer: boolean; config: string[] | null; language: string }>(
      `select p.proname as name, prosecdef as definer, proconfig as config, lanname as language
         from pg_proc p join pg_language l on l.oid = p.prolang
        where pronamespace = 'log'::regnamespace order by proname`,
    );
    const definers = rows.filter(({ definer }) => definer);
    expect(definers.map(({ name }) => name)).toEqual([
      'append',
      'append_unless_on_lines',
      'keep_note',
      'open_epoch',
      'position_at',
      'record_set_back',
      'seal',
    ]);
    for (const { name, config } of rows) {
      // The trigger's function names nothing that could be found elsewhere.
      if (name !== 'refuse_change') expect(config).toContain('search_path=log, pg_temp');
    }
    expect(new Set(rows.map(({ language }) => language))).toEqual(new Set(['plpgsql', 'sql']));
  });
});
