import type { MigrationInterface, QueryRunner } from 'typeorm';
import { readSql } from './read-sql.js';

/** The gate of the chart of accounts. */
export class AccountsOnLines1760000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readSql('0013-accounts-on-lines'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function log.append_unless_on_lines');
  }
}
