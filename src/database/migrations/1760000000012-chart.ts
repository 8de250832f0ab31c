import type { MigrationInterface, QueryRunner } from 'typeorm';
import { readSql } from './read-sql.js';

/** The chart of accounts. */
export class Chart1760000000012 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readSql('0012-chart'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table books.accounts; alter table books.journal_lines drop column stands_for');
  }
}
