import type { MigrationInterface, QueryRunner } from 'typeorm';
import { readSql } from './read-sql.js';

/** Which vendors are connected parties. */
export class ConnectedVendors1760000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readSql('0011-connected-vendors'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table books.vendor_facts drop column connected');
  }
}
