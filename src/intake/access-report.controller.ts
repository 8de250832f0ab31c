import { Get, Headers, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiResponse } from '@nestjs/swagger';
import { RolesOverAccess } from '../access/declared.js';
import { type AccessHeld, accessOn, accessOver, type HeldRole } from '../access/history.js';
import { operatorId } from '../access/login.js';
import { everyLedger, installationLedger, roles } from '../domain/access.js';
import { dayIn } from '../domain/calendar.js';
import type { RecordedEvent } from '../domain/events.js';
import { EventLog } from '../event-log/event-log.js';
import { readLine } from '../event-log/record.js';
import { NotYetThere } from '../projections/books.js';
import { type Moment, normalInstant, rejectParameter, ReportReader } from '../reports/as-of.js';
import { fileOf, type Format, formatOf, formats, headersOf, mediaTypes } from '../reports/formats.js';
import { aboutMoment, type Line, type Table, texts } from '../reports/table.js';
import { isOf } from './access.dto.js';
import { LedgerRoutes } from './api.js';
import { type Call, TheCall } from './call.js';
import { OneOf, Optional } from './fields.js';
import { Reader } from './reader.js';
import { MomentQueryDto } from './reading.dto.js';
import { Checked } from './validation.js';

const linesPerPage = 1_000;

/** Positions are those of the log of `_installation`, and the day is one in UTC. */
class AccessQuery extends MomentQueryDto {
  /** How the report comes. By default by Accept, and JSON where that leaves it open. */
  @Optional()
  @OneOf(formats)
  format?: Format;
}

const text = { type: 'string' } as const;
const instant = { type: ['string', 'null'] as never, format: 'date-time' };
const by = {
  type: ['object', 'null'] as never,
  required: ['id', 'role'],
  properties: { id: text, role: text },
  description: 'Who did it, and in which role',
};
const answer = {
  type: 'object',
  required: ['ledger', 'asOf', 'knownAt', 'position', 'roles', 'tokens'],
  properties: {
    ledger: text,
    asOf: { type: 'string', format: 'date' },
    knownAt: { ...instant, description: 'As asked, else when the event at `position` was recorded' },
    position: { type: 'integer', minimum: 0, description: 'In the log of `_installation`' },
    roles: {
      type: 'array',
      description: 'By person, ledger, role and time',
      items: {
        type: 'object',
        required: ['personId', 'ledger', 'role', 'since', 'until', 'grantedBy', 'revokedBy'],
        properties: {
          personId: text,
          ledger: { ...text, description: '`*` for every ledger' },
          role: { ...text, enum: [...roles] },
          since: { ...instant, description: 'Null for the first token, which the settings let in' },
          until: { ...instant, description: 'Null while it holds' },
          grantedBy: by,
          revokedBy: by,
        },
      },
    },
    tokens: {
      type: 'array',
      description: 'Tokens of these people that were good on that day',
      items: {
        type: 'object',
        required: ['tokenId', 'personId', 'prefix', 'since', 'until', 'issuedBy', 'revokedBy'],
        properties: {
          tokenId: text,
          personId: text,
          prefix: text,
          since: instant,
          until: instant,
          issuedBy: by,
          revokedBy: by,
        },
      },
    },
  },
};

@LedgerRoutes('reports')
export class AccessReportController {
  constructor(
    private readonly reader: Reader,
    private readonly moments: ReportReader,
    private readonly log: EventLog,
  ) {}

  /** Who could do what in the ledger at any time of a day. */
  @Get('access')
  @RolesOverAccess('auditor', 'admin')
  @ApiOkResponse({
    description: 'The report. The same asOf and knownAt (or knownAtPosition) give the same bytes for ever.',
    content: {
      [mediaTypes.json]: { schema: answer },
      [mediaTypes.csv]: { schema: text },
      [mediaTypes.xlsx]: { schema: { ...text, format: 'binary' } },
    },
  })
  @ApiResponse({
    status: 406,
    description: '`not-acceptable`',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  })
  async access(
    @TheCall() call: Call,
    @Query(Checked) query: AccessQuery,
    @Headers('accept') accept: string | undefined,
  ): Promise<string | StreamableFile> {
    const { ledgerId, reply } = call;
    const format = formatOf(query.format, accept);
    if (ledgerId !== installationLedger) await this.reader.head(ledgerId);
    const moment = await this.#momentOf(ledgerId, query);
    const { roles: granted, tokens } = accessOver(await this.#events(moment.position));
    const held = accessOn({ roles: [...firstToken, ...granted], tokens }, moment.asOf, (ledger) =>
      isOf(ledgerId, ledger),
    );
    const sent =
      format === 'json'
        ? JSON.stringify({ ...moment, ...held })
        : new StreamableFile(await fileOf(format, 'access', tableOf(moment, held)));
    void reply.headers(headersOf('access', moment, format));
    return sent;
  }

  async #momentOf(ledgerId: string, query: AccessQuery): Promise<Moment> {
    if (await this.log.head(installationLedger))
      return { ...(await this.moments.momentOf(installationLedger, query)), ledger: ledgerId };
    // Nothing was granted yet, so it is not even opened. What is known of it is known whenever that was, not later.
    const { knownAt, knownAtPosition = '0', atLeast = '0' } = query;
    if (Number(atLeast) > 0) throw new NotYetThere(Number(atLeast), 0);
    if (Number(knownAtPosition) > 0)
      rejectParameter('knownAtPosition', 'must be at most 0, which is the last position of this ledger', { head: 0 });
    const instant = knownAt === undefined ? null : (normalInstant(knownAt) ?? null);
    if (instant !== null && Date.parse(instant) > Date.now())
      rejectParameter('knownAt', 'must not lie in the future: what will be known then is not known yet');
    return { ledger: ledgerId, asOf: query.asOf ?? dayIn('UTC', Date.now()), knownAt: instant, position: 0 };
  }

  async #events(through: number): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    while (events.length < through) {
      const limit = Math.min(linesPerPage, through - events.length);
      for (const { line } of await this.log.linesAfter(installationLedger, events.length, limit))
        events.push(readLine(line));
    }
    return events;
  }
}

/** It lets in whoever has it, whatever the log says. */
const firstToken: readonly HeldRole[] = roles.map((role) => ({
  personId: operatorId,
  ledger: everyLedger,
  role,
  since: null,
  until: null,
  grantedBy: null,
  revokedBy: null,
}));

/** A line for each role and each token. */
const tableOf = (moment: Moment, { roles: held, tokens }: AccessHeld): Table => {
  const lines = [
    ...held.map(({ personId, ledger, role, since, until, grantedBy, revokedBy }): Line => [
      ...[personId, 'role', ledger, role, null, since, until],
      ...[grantedBy?.id ?? null, revokedBy?.id ?? null],
    ]),
    ...tokens.map(({ personId, tokenId, since, until, issuedBy, revokedBy }): Line => [
      ...[personId, 'token', null, null, tokenId, since, until],
      ...[issuedBy.id, revokedBy?.id ?? null],
    ]),
  ];
  return {
    about: aboutMoment(moment),
    asked: {},
    columns: texts('personId', 'what', 'ledger', 'role', 'tokenId', 'since', 'until', 'givenBy', 'endedBy'),
    lines,
    size: () => lines.length,
  };
};
