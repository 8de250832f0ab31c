import type { MigrationInterface, QueryRunner } from 'typeorm';
import { readSql } from './read-sql.js';

/** Event log, commits and append. There is no way down: an audit log is not dropped. */
export class Log1760000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readSql('0001-log'));
  }

  down(): Promise<void> {
    return Promise.reject(new Error('the log is not dropped'));
  }
}
