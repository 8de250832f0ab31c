import type { MigrationInterface, QueryRunner } from 'typeorm';
import { readSql } from './read-sql.js';

/** What finds events by type, actor, vendor account and instant. */
export class EventFilters1760000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(await readSql('0005-event-filters'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index log.events_by_type, log.events_by_actor, log.commits_by_instant;
      drop function log.stream_version_at`);
  }
}
