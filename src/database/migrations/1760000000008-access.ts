import type { MigrationInterface, QueryRunner } from 'typeorm';
import { readSql } from './read-sql.js';

/** When each token was last used. */
export class Access1760000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readSql('0008-access'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table books.token_uses');
  }
}
