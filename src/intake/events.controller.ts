import { Get, Headers, Ip, Query, StreamableFile } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { AnyRole } from '../access/declared.js';
import { Login } from '../access/login.js';
import { catalogue, type DocumentName, type EventType } from '../domain/events.js';
import { rejectMalformed } from '../domain/rejection.js';
import { EventLog } from '../event-log/event-log.js';
import type { StoredLine } from '../event-log/record.js';
import { normalInstant } from '../reports/as-of.js';
import { qualityOf } from '../reports/formats.js';
import { LedgerRoutes } from './api.js';
import { type Call, TheCall } from './call.js';
import { type Asked, EventStreams } from './event-streams.js';
import { DocumentText, Id, InstantText, NotWith, Optional, SomeOf, Text, WholeText } from './fields.js';
import type { Plain } from './plain.js';
import { Problem } from './problems.js';
import { Reader } from './reader.js';
import { ReadQuery } from './reading.dto.js';
import { Checked, rejectQuery } from './validation.js';

const maxLimit = 1_000;
const defaultLimit = 100;
const eventTypes = Object.keys(catalogue).sort();

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

  /** Only those in the history of this document: its kind and its id, or `ledger`. */
  @Optional()
  @DocumentText({ example: 'invoice/INV-1' })
  document?: string;

  /** Only those of this type, or of one of several, with commas between them. */
  @Optional()
  @SomeOf(eventTypes, { example: 'InvoicePosted,InvoiceReversed' })
  type?: string;

  /** Only those that this actor recorded. */
  @Optional()
  @Text({ max: 200, example: 'operator' })
  actor?: string;

  /** Only those recorded at this instant or later. */
  @Optional()
  @InstantText()
  from?: string;

  /** Only those recorded at this instant or earlier. Not for a stream that follows the log. */
  @Optional()
  @InstantText()
  to?: string;
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
    type: { type: 'string', enum: eventTypes },
    version: { type: 'integer', minimum: 1, description: 'Of the shape of `data`' },
    stream: {
      type: 'string',
      description:
        'The vendor account, `vendor/<id>`; or `cash`, `plan/<id>`, `ledger`; `person/<id>` in the ledger of access',
    },
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
    causationId: { type: 'string', description: 'On no event yet: of what an event was recorded for' },
    contentHash: {
      type: 'string',
      description: 'A print of what the command said, on the first event of one that made a document',
    },
    data: { type: 'object', additionalProperties: true },
  } satisfies Record<keyof StoredLine, object>,
};

@LedgerRoutes('events')
export class EventsController {
  constructor(
    private readonly log: EventLog,
    private readonly reader: Reader,
    private readonly streams: EventStreams,
    private readonly login: Login,
  ) {}

  /** The log in the order of positions: as a page, as a stream with one event a line, or as a stream that follows it. */
  @Get()
  @AnyRole()
  @ApiOperation({
    description:
      'A page by default. With `Accept: application/x-ndjson` a stream up to where the log ends when the request comes, ' +
      'without a limit: line n of the whole log is position n, exactly as it was stored and hashed. With ' +
      '`Accept: text/event-stream` a stream of server-sent events that goes on with what is recorded from then on.',
  })
  @ApiHeader({
    name: 'Last-Event-ID',
    description: 'Of a stream that follows the log: goes on after this position, whatever `after` says.',
    schema: { type: 'integer', minimum: 0 },
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
      'text/event-stream': {
        schema: { type: 'string', description: 'Events with the position as `id` and the line as `data`' },
      },
    },
  })
  async list(
    @TheCall() call: Call,
    @Query(Checked) query: EventsQuery,
    @Headers('accept') accept: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Headers('authorization') authorization: string | undefined,
    @Ip() address: string,
  ): Promise<StreamableFile | string> {
    const format = formatOf(accept);
    const { ledgerId, reply } = call;
    const { position: head } = await this.reader.head(ledgerId, query.atLeast);
    void reply.header('Ledger-Position', String(head)).header('Vary', 'Accept');
    if (format === 'text/event-stream') {
      const mayGoOn = async (): Promise<boolean> => {
        const who = await this.login.identify(authorization, address);
        return !('refused' in who) && who.rolesIn(ledgerId).length > 0;
      };
      return this.#follow(call, query, head, lastEventId, mayGoOn);
    }
    const asked = await this.#asked(ledgerId, query, head);
    const limit = query.limit === undefined ? undefined : Number(query.limit);
    if (format === 'application/json') return this.#page(call, asked, limit ?? defaultLimit);
    return new StreamableFile(await this.streams.lines(ledgerId, asked, limit ?? Infinity), { type: format });
  }

  async #page({ ledgerId, reply }: Call, asked: Asked, limit: number): Promise<string> {
    const { lines, isLast } = await this.log.page(ledgerId, { ...asked, limit });
    const next = isLast ? 'null' : `"${lines.at(-1)?.position ?? asked.after}"`;
    void reply.header('Content-Type', 'application/json; charset=utf-8');
    // The lines are JSON as they stand.
    return `{"items":[${lines.map(({ line }) => line).join(',')}],"next":${next}}`;
  }

  async #follow(
    { ledgerId, reply }: Call,
    query: Plain<EventsQuery>,
    head: number,
    lastEventId: string | undefined,
    mayGoOn: () => Promise<boolean>,
  ): Promise<StreamableFile> {
    const endless = (['limit', 'to'] as const).filter((name) => query[name] !== undefined);
    if (endless.length > 0) {
      const detail = 'must be left out: a stream that follows the log has no end';
      rejectQuery(endless.map((name) => ({ pointer: `/${name}`, detail })));
    }
    // A browser that comes back has the address that it began with, and says in the header how far it got.
    const place = lastEventId ? { after: positionIn(lastEventId) } : { after: query.after, cursor: query.cursor };
    // What this reader has seen is not in the log any more: to wait until it grows again would leave events out.
    if (Number(place.after ?? place.cursor ?? 0) > head) {
      const detail = `is beyond the log, which ends at position ${head}`;
      if (lastEventId) rejectMalformed([{ pointer: '', detail: `The header Last-Event-ID ${detail}.` }]);
      rejectQuery([{ pointer: place.after === undefined ? '/cursor' : '/after', detail }]);
    }
    const asked = await this.#asked(ledgerId, { ...query, cursor: undefined, ...place }, head);
    void reply.headers({ 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' });
    return new StreamableFile(await this.streams.live(ledgerId, asked, query.from, mayGoOn), {
      type: 'text/event-stream',
    });
  }

  async #asked(ledgerId: string, query: Plain<EventsQuery>, head: number): Promise<Asked> {
    const { after, cursor, vendorId, document, type, actor, from, to } = query;
    if (from !== undefined && to !== undefined && normalInstant(from)! > normalInstant(to)!)
      rejectQuery([{ pointer: '/from', detail: 'must not be later than to' }]);
    const [start, end] = await Promise.all([
      this.#start(ledgerId, from),
      to === undefined ? head : this.log.lastRecorded(ledgerId, 'by', to),
    ]);
    return {
      after: Math.max(Number(after ?? cursor ?? 0), start),
      through: Math.min(head, end),
      vendorId,
      document: document as DocumentName | undefined,
      types: type?.split(',') as EventType[] | undefined,
      actor,
    };
  }

  /** The position after which the events of an instant come. */
  async #start(ledgerId: string, from: string | undefined): Promise<number> {
    return from === undefined ? 0 : this.log.lastRecorded(ledgerId, 'before', from);
  }
}

/** @throws {Rejection} `malformed` */
const positionIn = (lastEventId: string): string =>
  /^(0|[1-9]\d{0,14})$/.test(lastEventId)
    ? lastEventId
    : rejectMalformed([
        { pointer: '', detail: 'The header Last-Event-ID must be the id of an event of this stream: its position.' },
      ]);

/** @throws {Problem} `not-acceptable` */
const formatOf = (accept: string | undefined): Format => {
  const best = formats
    .map((format) => ({ format, ...qualityOf(accept, format) }))
    // Only who asks for a stream by name gets one: a browser that takes anything is better off with a page.
    .filter(({ format, precision }) => format === 'application/json' || precision === 2)
    .reduce((one, other) => (other.quality > one.quality ? other : one));
  if (best.quality > 0) return best.format;
  throw new Problem(
    'not-acceptable',
    'The log comes as application/json, in pages; as application/x-ndjson, a line for each event; or as text/event-stream, which goes on with what is recorded.',
  );
};

/** Of what is equally welcome, the first. */
const formats = ['application/x-ndjson', 'text/event-stream', 'application/json'] as const;
type Format = (typeof formats)[number];
