import type { MigrationInterface, QueryRunner } from 'typeorm';
import { readSql } from './read-sql.js';

/** The Merkle tree over the log and what was signed of it. There is no way down: a proof is not dropped. */
export class Audit1760000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readSql('0004-audit'));
  }

  down(): Promise<void> {
    return Promise.reject(new Error('The proof of the log is not dropped.'));
  }
}
