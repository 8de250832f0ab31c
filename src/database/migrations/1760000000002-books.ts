import type { MigrationInterface, QueryRunner } from 'typeorm';
import { readSql } from './read-sql.js';

/** The books: what the log says, in the shape that reports read. They can be rebuilt from it at any time. */
export class Books1760000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readSql('0002-books'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop schema books cascade');
  }
}
