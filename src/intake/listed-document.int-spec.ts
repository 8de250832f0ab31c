import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { createDataSource } from '../database/data-source.js';
import { intakeEntities } from './intake.module.js';
import { ListedDocument } from './listed-document.js';

let database: TestDatabase;
let dataSource: DataSource;

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await createDataSource(database.appUrl, { entities: [...intakeEntities] }).initialize();
});
afterAll(async () => {
  await dataSource.destroy();
  await database.drop();
});

describe('the entity of listed documents', () => {
  it('says the same as the table', async () => {
    const columns = await dataSource.query<{ name: string; type: string; nullable: boolean; key: boolean }[]>(`
      select a.attname as name, format_type(a.atttypid, null) as type, not a.attnotnull as nullable,
             coalesce(a.attnum = any (k.conkey), false) as key
        from pg_attribute a
        left join pg_constraint k on k.conrelid = a.attrelid and k.contype = 'p'
       where a.attrelid = 'books.documents'::regclass and a.attnum > 0 and not a.attisdropped
       order by a.attname`);
    const entity = dataSource.getMetadata(ListedDocument);
    expect(entity.tablePath).toBe('books.documents');
    const declared = entity.columns.map(({ databaseName, type, isNullable, isPrimary }) => ({
      name: databaseName,
      type: dataSource.driver.normalizeType({ type }),
      nullable: isNullable,
      key: isPrimary,
    }));
    expect(declared.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(columns);
  });

  it('reads positions as numbers', async () => {
    await dataSource.query(
      `insert into books.documents values ('l', 1, 'invoice', 'I1', 5, 7, 'v', 'n', 'open', '2024-01-31', 'n')`,
    );
    expect(await dataSource.getRepository(ListedDocument).findOneByOrFail({ ledgerId: 'l' })).toMatchObject({
      madeAt: 5,
      position: 7,
      dueOn: '2024-01-31',
    });
  });
});
