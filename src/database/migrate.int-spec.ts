import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { createDataSource } from './data-source.js';
import { migrate } from './migrate.js';

describe('migrations', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase({ migrated: false });
  });
  afterAll(() => database.drop());

  it('run once, however many instances start at the same moment', async () => {
    const runs = await Promise.all([migrate(database.url), migrate(database.url), migrate(database.url)]);
    const ran = runs.filter((names) => names.length > 0);
    expect(ran).toHaveLength(1);
    expect(await migrate(database.url)).toEqual([]);

    const dataSource = await createDataSource(database.url).initialize();
    try {
      const recorded = await dataSource.query<{ name: string }[]>('select name from migrations order by id');
      expect(recorded.map(({ name }) => name)).toEqual(ran[0]);
    } finally {
      await dataSource.destroy();
    }
  });
});

describe('a test database', () => {
  it('is migrated, its own, and reached by the application without being owned by it', async () => {
    const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    try {
      expect(one.url).not.toBe(other.url);
      expect(await migrate(one.url)).toEqual([]);
      const application = await createDataSource(one.appUrl).initialize();
      try {
        const rows = await application.query<unknown[]>(
          `select rolsuper, pg_has_role('duebook_app', 'member') app from pg_roles where rolname = current_user`,
        );
        expect(rows).toEqual([{ rolsuper: false, app: true }]);
      } finally {
        await application.destroy();
      }
    } finally {
      await Promise.all([one.drop(), other.drop()]);
    }
  });
});
