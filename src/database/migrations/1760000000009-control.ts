import type { MigrationInterface, QueryRunner } from 'typeorm';
import { readSql } from './read-sql.js';

/** Who did what about which invoice, and the policies. */
export class Control1760000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readSql('0009-control'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table books.duties, books.policies');
  }
}
