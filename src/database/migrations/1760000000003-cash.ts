import type { MigrationInterface, QueryRunner } from 'typeorm';
import { readSql } from './read-sql.js';

/** What cash plans are made from, as further books. */
export class Cash1760000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readSql('0003-cash'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index books.journal_lines_of_cash;
      drop table books.consequences, books.offers, books.cash_balances, books.cash_expectations, books.settlement_discounts,
        books.cash_plans`);
  }
}
