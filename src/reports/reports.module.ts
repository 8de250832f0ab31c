import { Module } from '@nestjs/common';
import type pg from 'pg';
import { EventLog } from '../event-log/event-log.js';
import { Books } from '../projections/books.js';
import { READ_POOL } from './read-pool.js';
import { ReportReader } from './as-of.js';
import { ReportsController } from './reports.controller.js';

/**
 * The reports over HTTP. It needs, from modules that the wiring makes global:
 *
 * - `EventLog`: where the log ends, which position belongs to an instant, the ledger's time zone
 * - `Books`: waiting until the books go as far as a report is to speak of
 * - `READ_POOL` (read-pool.ts): a `pg.Pool` that may select from the schemas `books` and `log`; each report takes one
 *   of its connections for as long as it reads
 *
 * What it throws beside plain errors: `Rejection` (`malformed`, `not-found`), `NotYetThere` (projections/books.ts) for
 * 503, and `NotAcceptableException` for 406.
 */
@Module({
  controllers: [ReportsController],
  providers: [
    {
      provide: ReportReader,
      inject: [EventLog, Books, READ_POOL],
      useFactory: (log: EventLog, books: Books, pool: pg.Pool) => new ReportReader(log, books, pool),
    },
  ],
  exports: [ReportReader],
})
export class ReportsModule {}
