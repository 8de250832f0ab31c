import type { MigrationInterface, QueryRunner } from 'typeorm';
import { readSql } from './read-sql.js';

/** Holds with their reasons, and the plans that are under way. */
export class Plans1760000000007 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readSql('0007-plans'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table books.holds, books.plan_jobs');
  }
}
