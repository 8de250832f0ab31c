import { DataSource, type DataSourceOptions } from 'typeorm';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/**
 * The one way to a TypeORM data source. It never changes the schema: migrations are hand-written and run by
 * `migrate`, since what TypeORM would generate drops every constraint that no entity declares.
 */
export const createDataSource = (
  url: string,
  options: Partial<Omit<PostgresOptions, 'type' | 'url'>> = {},
): DataSource =>
  new DataSource({
    applicationName: 'duebook',
    ...options,
    type: 'postgres',
    url,
    synchronize: false,
    migrationsRun: false,
  });
