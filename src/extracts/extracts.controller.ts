import { Readable } from 'node:stream';
import { applyDecorators, Controller, Get, Inject, Param, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiPropertyOptional, ApiTags, OmitType } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { AnyRole } from '../access/declared.js';
import { ReportReader } from '../reports/as-of.js';
import { Day, ReportQuery } from '../reports/queries.js';
import { QueryPipe } from '../reports/query.pipe.js';
import { extract, type ExtractName } from './extracts.js';

/** An extract is of all currencies, and comes in one format. */
class ExtractQuery extends OmitType(ReportQuery, ['currency', 'format']) {}

class InvoicesQuery extends ExtractQuery {
  @ApiPropertyOptional({
    format: 'date',
    description: 'The first day whose postings are listed. Default: the first day that there is one.',
  })
  @IsOptional()
  @Day()
  from?: string;
}

const Described = (summary: string, description: string): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary, description }),
    ApiOkResponse({
      description: 'The file. The same asOf and knownAt (or knownAtPosition) give the same bytes for ever.',
      content: { 'text/plain': { schema: { type: 'string' } } },
    }),
  );

const standard = 'AICPA Audit Data Standards, Procure to Pay (July 2015): pipe-delimited UTF-8 with a header line.';

@ApiTags('extracts')
@ApiParam({ name: 'ledger', description: 'The ledger', schema: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' } })
@Controller('v1/ledgers/:ledger/extracts')
export class ExtractsController {
  constructor(@Inject(ReportReader) private readonly reader: ReportReader) {}

  @Get('invoices-received')
  @AnyRole()
  @Described('Invoices_Received: invoices, charges and credit notes, and their reversals', standard)
  invoicesReceived(
    @Param('ledger') ledger: string,
    @Query(QueryPipe) query: InvoicesQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.#answer('invoices-received', ledger, query, reply);
  }

  @Get('invoices-received-lines')
  @AnyRole()
  @Described('Invoices_Received_Lines: their lines, with the accounts that they were posted to', standard)
  invoicesReceivedLines(
    @Param('ledger') ledger: string,
    @Query(QueryPipe) query: InvoicesQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.#answer('invoices-received-lines', ledger, query, reply);
  }

  @Get('supplier-listing')
  @AnyRole()
  @Described('Supplier_Listing: all vendors, with the names and terms known then', standard)
  supplierListing(
    @Param('ledger') ledger: string,
    @Query(QueryPipe) query: ExtractQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.#answer('supplier-listing', ledger, query, reply);
  }

  @Get('hledger')
  @AnyRole()
  @Described('The double entries as a journal for hledger', 'Ends with an assertion of the balance of each account.')
  hledger(
    @Param('ledger') ledger: string,
    @Query(QueryPipe) query: ExtractQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.#answer('hledger', ledger, query, reply);
  }

  @Get('beancount')
  @AnyRole()
  @Described('The double entries as a ledger for beancount', 'Ends with an assertion of the balance of each account.')
  beancount(
    @Param('ledger') ledger: string,
    @Query(QueryPipe) query: ExtractQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.#answer('beancount', ledger, query, reply);
  }

  async #answer(
    name: ExtractName,
    ledger: string,
    query: ExtractQuery & { readonly from?: string },
    reply: FastifyReply,
  ): Promise<StreamableFile> {
    const moment = await this.reader.momentOf(ledger, query);
    const { file, content } = await extract(name, (work) => this.reader.read(moment, work), moment, query.from);
    void reply.header('ledger-position', String(moment.position));
    // Not read ahead: the next part is made when the reader has taken the one before.
    return new StreamableFile(Readable.from(content, { objectMode: false, highWaterMark: 1 }), {
      type: 'text/plain; charset=utf-8',
      disposition: `attachment; filename="${file}"`,
    });
  }
}
