import { Readable } from 'node:stream';
import { Get, Headers, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { AnyRole } from '../access/declared.js';
import { catalogue } from '../domain/events.js';
import { EventLog, type LogPage, type PageOfLog } from '../event-log/event-log.js';
import { LedgerRoutes } from './api.js';
import { type Call, TheCall } from './call.js';
import { Id, NotWith, OneOf, Optional, WholeText } from './fields.js';
import { Problem } from './problems.js';
import { Reader } from './reader.js';
import { ReadQuery } from './reading.dto.js';
import { Checked } from './validation.js';

const maxLimit = 1_000;
const defaultLimit = 100;
/** Large enough that a page costs little more than its lines, small enough that many exports fit into memory. */
const linesPerRead = 2_000;

class EventsQuery extends ReadQuery {
  /** Begins after this position. */
  @Optional()
  @WholeText({ min: 0, max: Number.MAX_SAFE_INTEGER, example: 0 })
  after?: string;

  /** The same as `after`: what the page before gave as `next`. */
  @Optional()
  @WholeText({ min: 0, max: Number.MAX_SAFE_INTEGER })
  @NotWith('after')
  cursor?: string;

  /** How many events at most; by default 100 in a page, and as many as there are in a stream. */
  @Optional()
  @WholeText({ min: 1, max: maxLimit })
  limit?: string;

  /** Only those on this vendor's account. */
  @Optional()
  @Id({ example: 'aws' })
  vendorId?: string;

  /** Only those of this type. */
  @Optional()
  @OneOf(Object.keys(catalogue).sort(), { example: 'InvoicePosted' })
  type?: string;
}

const lineSchema = {
  type: 'object',
  description: 'One event, as it was recorded and hashed',
  required: [
    'ledger',
    'position',
    'id',
    'type',
    'version',
    'stream',
    'streamVersion',
    'effectiveOn',
    'recordedAt',
    'actor',
    'correlationId',
    'data',
  ],
  properties: {
    ledger: { type: 'string' },
    position: { type: 'integer', minimum: 1 },
    id: { type: 'string', format: 'uuid' },
    type: { type: 'string', enum: Object.keys(catalogue).sort() },
    version: { type: 'integer', minimum: 1, description: 'Of the shape of `data`' },
    stream: { type: 'string', description: 'The vendor account, `vendor/<id>`, or `ledger`' },
    streamVersion: { type: 'integer', minimum: 1 },
    effectiveOn: { type: 'string', format: 'date' },
    recordedAt: { type: 'string', format: 'date-time' },
    actor: {
      type: 'object',
      required: ['id', 'role'],
      properties: { id: { type: 'string' }, role: { type: 'string' } },
    },
    idempotencyKey: { type: 'string' },
    correlationId: { type: 'string', description: 'The same for all events of one command' },
    contentHash: {
      type: 'string',
      description: 'A print of what the command said, on the first event of one that made a document',
    },
    data: { type: 'object', additionalProperties: true },
  },
};

@LedgerRoutes('events')
export class EventsController {
  constructor(
    private readonly log: EventLog,
    private readonly reader: Reader,
  ) {}

  /** The log in the order of positions: as a page, or as a stream with one event a line. */
  @Get()
  @AnyRole()
  @ApiOperation({
    description:
      'A page by default. With `Accept: application/x-ndjson` a stream up to where the log ends when the request comes, ' +
      'without a limit: line n of the whole log is position n, exactly as it was stored and hashed.',
  })
  @ApiOkResponse({
    description: 'The events',
    content: {
      'application/json': {
        schema: {
          type: 'object',
          required: ['items', 'next'],
          properties: {
            items: { type: 'array', items: lineSchema },
            next: {
              type: ['string', 'null'] as never,
              description: 'Where to go on, as `after` or `cursor`; null at the end',
            },
          },
        },
      },
      'application/x-ndjson': { schema: { type: 'string' } },
    },
  })
  async list(
    @TheCall() call: Call,
    @Query(Checked) query: EventsQuery,
    @Headers('accept') accept: string | undefined,
  ): Promise<StreamableFile | string> {
    const format = formatOf(accept);
    const head = await this.reader.head(call.ledgerId, query.atLeast);
    const asked: Asked = {
      after: Number(query.after ?? query.cursor ?? 0),
      through: head.position,
      vendorId: query.vendorId,
      type: query.type,
    };
    const limit = query.limit === undefined ? undefined : Number(query.limit);
    void call.reply.header('Ledger-Position', String(head.position)).header('Vary', 'Accept');
    return format === 'stream'
      ? this.#stream(call.ledgerId, asked, limit ?? Infinity)
      : this.#page(call, asked, limit ?? defaultLimit);
  }

  async #page({ ledgerId, reply }: Call, asked: Asked, limit: number): Promise<string> {
    const { lines, isLast } = await this.log.page(ledgerId, { ...asked, limit });
    const next = isLast ? 'null' : `"${lines.at(-1)?.position ?? asked.after}"`;
    void reply.header('Content-Type', 'application/json; charset=utf-8');
    // The lines are JSON as they stand.
    return `{"items":[${lines.map(({ line }) => line).join(',')}],"next":${next}}`;
  }

  async #stream(ledgerId: string, asked: Asked, limit: number): Promise<StreamableFile> {
    // What fails before the first line is answered as a problem; after it, only cutting the answer short is left.
    const first = await this.log.page(ledgerId, { ...asked, limit: Math.min(limit, linesPerRead) });
    // Not read ahead: the next page is fetched when the reader has taken the one before.
    const stream = Readable.from(this.#pages(ledgerId, asked, limit, first), { objectMode: false, highWaterMark: 1 });
    return new StreamableFile(stream, { type: 'application/x-ndjson' });
  }

  async *#pages(ledgerId: string, asked: Asked, limit: number, first: LogPage): AsyncGenerator<string> {
    let left = limit;
    for (let page = first; ;) {
      const last = page.lines.at(-1);
      if (!last) return;
      yield page.lines.map(({ line }) => `${line}\n`).join('');
      left -= page.lines.length;
      if (page.isLast || left === 0) return;
      page = await this.log.page(ledgerId, { ...asked, after: last.position, limit: Math.min(left, linesPerRead) });
    }
  }
}

type Asked = Omit<PageOfLog, 'limit'>;

/** @throws {Problem} `not-acceptable` */
const formatOf = (accept: string | undefined): 'page' | 'stream' => {
  const ranges = (accept?.trim() ? accept : '*/*').split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const quality = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1');
    return { type, quality: Number.isNaN(quality) ? 0 : quality };
  });
  const welcome = (...types: string[]): number =>
    Math.max(0, ...ranges.filter(({ type }) => types.includes(type)).map(({ quality }) => quality));
  // Only who asks for a stream by name gets one: a browser that takes anything is better off with a page.
  const stream = welcome('application/x-ndjson');
  const page = welcome('application/json', 'application/*', '*/*');
  if (stream === 0 && page === 0) {
    throw new Problem(
      'not-acceptable',
      'The log comes as application/json, in pages, or as application/x-ndjson, a line for each event.',
    );
  }
  return stream > 0 && stream >= page ? 'stream' : 'page';
};
