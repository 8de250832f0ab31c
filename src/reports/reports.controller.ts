import { Readable } from 'node:stream';
import { Controller, Get, Headers, Inject, Param, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AnyRole, Roles } from '../access/declared.js';
import { ageing, ageingTable } from './ageing.js';
import { Answers } from './answers.js';
import { type Moment, rejectParameter, ReportReader } from './as-of.js';
import { changes, changingEvents, movedItems } from './changes.js';
import { changesJson, changesTable, type ReadEvents } from './changes-formats.js';
import { dutiesReport, dutiesTable } from './duties.js';
import { fileOf, formatOf, headersOf } from './formats.js';
import { continued, journal, journalTable, readCursor } from './journal.js';
import { liabilities, liabilitiesTable } from './liabilities.js';
import {
  AgeingQuery,
  ChangesQuery,
  edgesOf,
  JournalQuery,
  LiabilitiesQuery,
  ReportQuery,
  StatementQuery,
} from './queries.js';
import { QueryPipe } from './query.pipe.js';
import { inSlices, jsonParts } from './slices.js';
import type { Snapshot } from './snapshot.js';
import { statement, statementTable } from './statement.js';
import type { Table } from './table.js';
import { trialBalance, trialBalanceTable } from './trial-balance.js';

/** What a request brings beside its query. */
interface Exchange {
  readonly name: string;
  readonly ledger: string;
  readonly accept: string | undefined;
  readonly reply: FastifyReply;
}

@ApiTags('reports')
@ApiParam({ name: 'ledger', description: 'The ledger', schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' } })
@Controller('v1/ledgers/:ledger/reports')
export class ReportsController {
  constructor(@Inject(ReportReader) private readonly reader: ReportReader) {}

  @Get('ageing')
  @AnyRole()
  @Answers('ageing', 'What we owe by how late it is')
  ageing(
    @Param('ledger') ledger: string,
    @Query(QueryPipe) query: AgeingQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { basis = 'agreed', by = 'vendor', currency } = query;
    const edges = edgesOf(query.edges ?? '30,60,90') ?? [];
    return this.#answer(
      { name: 'ageing', ledger, accept, reply },
      query,
      (snapshot, moment) => ageing(snapshot, moment, { basis, edges, by, currency }),
      (report) => ageingTable(report, { by, edges, currency }),
    );
  }

  @Get('liabilities')
  @AnyRole()
  @Answers('liabilities', 'What we owe, before credit and after it, and whether the journal agrees')
  liabilities(
    @Param('ledger') ledger: string,
    @Query(QueryPipe) query: LiabilitiesQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { by = 'vendor', currency } = query;
    return this.#answer(
      { name: 'liabilities', ledger, accept, reply },
      query,
      (snapshot, moment) => liabilities(snapshot, moment, { by, currency }),
      (report) => liabilitiesTable(report, { by, currency }),
    );
  }

  @Get('statement')
  @AnyRole()
  @Answers('statement', 'A vendor’s account, to agree with the vendor’s own statement')
  statement(
    @Param('ledger') ledger: string,
    @Query(QueryPipe) query: StatementQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.#answer(
      { name: 'statement', ledger, accept, reply },
      query,
      (snapshot, moment) => statement(snapshot, moment, query),
      (report) => statementTable(report, query),
    );
  }

  @Get('trial-balance')
  @AnyRole()
  @Answers('trial-balance', 'Debits, credits and balance of every account')
  trialBalance(
    @Param('ledger') ledger: string,
    @Query(QueryPipe) query: ReportQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.#answer(
      { name: 'trial-balance', ledger, accept, reply },
      query,
      (snapshot, moment) => trialBalance(snapshot, moment, query.currency),
      (report) => trialBalanceTable(report, query.currency),
    );
  }

  @Get('duties')
  @Roles('auditor', 'admin')
  @Answers('duties', 'Where one person did two things about an invoice that two people should do')
  duties(
    @Param('ledger') ledger: string,
    @Query(QueryPipe) query: ReportQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.#answer(
      { name: 'duties', ledger, accept, reply },
      query,
      (snapshot, moment) => dutiesReport(snapshot, moment, query.currency),
      (report) => dutiesTable(report, query.currency),
    );
  }

  @Get('changes')
  @AnyRole()
  @Answers('changes', 'What the ageing said at one moment and at another, and the events that moved it')
  async changes(
    @Param('ledger') ledger: string,
    @Query(QueryPipe) query: ChangesQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const format = formatOf(query.format, accept);
    const { basis = 'agreed', currency } = query;
    const { from, to } = await this.reader.momentsOf(ledger, query);
    const question = { basis, edges: edgesOf(query.edges ?? '30,60,90') ?? [], from, currency };
    const report = await this.reader.read(to, (snapshot) => changes(snapshot, to, question));
    const events: ReadEvents = (only) => changingEvents((work) => this.reader.read(to, work), to, question, only);
    const moved = (): Promise<number> => this.reader.read(to, (snapshot) => movedItems(snapshot, to, question));
    const sent =
      format === 'json'
        ? Readable.from(changesJson(report, events))
        : await fileOf(format, 'changes', changesTable(report, question, events, moved));
    void reply.headers(headersOf('changes', to, format));
    return new StreamableFile(sent);
  }

  @Get('journal')
  @AnyRole()
  @Answers('journal', 'The double entries in the order of recording; as CSV and XLSX without pages')
  async journal(
    @Param('ledger') ledger: string,
    @Query(QueryPipe) query: JournalQuery,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const format = formatOf(query.format, accept);
    if (format !== 'json') {
      for (const name of ['cursor', 'limit'] as const) {
        if (query[name] !== undefined) rejectParameter(name, 'must be left out: a file has the whole journal');
      }
      const moment = await this.reader.momentOf(ledger, query);
      const table = journalTable((work) => this.reader.read(moment, work), moment, query);
      const file = await fileOf(format, 'journal', table);
      void reply.headers(headersOf('journal', moment, format));
      return new StreamableFile(file);
    }
    const cursor = query.cursor === undefined ? undefined : readCursor(query.cursor);
    const found = await this.reader.momentOf(ledger, cursor ? continued(query, cursor) : query);
    const moment = cursor ? { ...found, knownAt: cursor.knownAt } : found;
    const limit = Number(query.limit ?? 100);
    const page = await this.reader.read(moment, (snapshot) => journal(snapshot, moment, query, cursor?.after, limit));
    void reply.headers(headersOf('journal', moment, format));
    return page;
  }

  async #answer<Report extends Moment>(
    { name, ledger, accept, reply }: Exchange,
    query: ReportQuery,
    read: (snapshot: Snapshot, moment: Moment) => Promise<Report>,
    table: (report: Report) => Table,
  ): Promise<StreamableFile> {
    const format = formatOf(query.format, accept);
    const moment = await this.reader.momentOf(ledger, query);
    const report = await this.reader.read(moment, (snapshot) => read(snapshot, moment));
    const sent = format === 'json' ? inSlices(jsonParts(report)) : await fileOf(format, name, table(report));
    void reply.headers(headersOf(name, moment, format));
    return new StreamableFile(sent);
  }
}
