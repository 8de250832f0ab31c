import type { MigrationInterface, QueryRunner } from 'typeorm';
import { readSql } from './read-sql.js';

/** The keys of vendors. */
export class VendorKeys1760000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readSql('0010-vendor-keys'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table books.vendor_keys');
  }
}
