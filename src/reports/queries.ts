import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, ValidateBy, ValidateIf } from 'class-validator';
import { isLocalDate } from '../domain/calendar.js';
import { isCurrency } from '../domain/money.js';
import { normalInstant } from './as-of.js';
import { type Format, formats } from './formats.js';

// The query parameters of the reports. All are text, as they came; whoever uses one reads it.

type Context = Readonly<Record<string, unknown>>;

/** A parameter given once, as text that a test accepts. */
const Text = (accepts: (text: string, query: Context) => boolean, fault: string): PropertyDecorator =>
  ValidateBy({
    // Its name tells it from the other tests of the same parameter.
    name: fault,
    validator: {
      validate: (value, args) =>
        typeof value === 'string' && accepts(value, (args?.object ?? {}) as unknown as Context),
      defaultMessage: () => fault,
    },
  });

const OneOf = (values: readonly string[]): PropertyDecorator =>
  Text((text) => values.includes(text), `must be one of ${values.join(', ')}`);

export const Day = (): PropertyDecorator => Text(isLocalDate, 'must be a day that exists, as YYYY-MM-DD');

const anInstant = 'must be an instant in UTC with at most 6 decimals, such as 2023-10-31T09:00:00.000000Z';
const Instant = (): PropertyDecorator => Text((text) => normalInstant(text) !== undefined, anInstant);

const Position = (): PropertyDecorator =>
  Text((text) => /^(0|[1-9]\d{0,14})$/.test(text), 'must be a position: a whole number in digits');

const Id = (): PropertyDecorator =>
  Text((text) => /^[A-Za-z0-9._-]{1,64}$/.test(text), 'must be an id: 1 to 64 of A-Z a-z 0-9 . _ -');

/** What all reports take. */
export class ReportQuery {
  @ApiPropertyOptional({
    format: 'date',
    description:
      'The effective date that the report speaks of. Default: today in the ledger’s time zone. May lie in the future.',
  })
  @IsOptional()
  @Day()
  asOf?: string;

  @ApiPropertyOptional({
    format: 'date-time',
    description:
      'The report knows the events recorded up to this instant (RFC 3339, UTC, up to 6 decimals). Default: all.',
    example: '2023-10-31T09:00:00.000000Z',
  })
  @IsOptional()
  @Instant()
  knownAt?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description: 'The report knows the events up to this position. Instead of knownAt.',
  })
  @IsOptional()
  @Position()
  @Text((_, query) => query.knownAt === undefined, 'must not be given beside knownAt: they say the same in two ways')
  knownAtPosition?: string;

  @ApiPropertyOptional({ description: 'Only this currency (ISO 4217).', example: 'USD' })
  @IsOptional()
  @Text(isCurrency, 'must be an ISO 4217 currency code, such as USD')
  currency?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    description:
      'Waits, at most 5 seconds, until the books hold every event up to this position; else 503 not-yet-there.',
  })
  @IsOptional()
  @Position()
  atLeast?: string;

  @ApiPropertyOptional({
    enum: formats,
    description: 'How the report comes. Default: by Accept, and JSON where that leaves it open.',
  })
  @IsOptional()
  @OneOf(formats)
  format?: Format;
}

export const bases = ['agreed', 'contractual', 'invoice-date'] as const;
export type Basis = (typeof bases)[number];
export const ageingRows = ['vendor', 'invoice', 'kind'] as const;
export type AgeingBy = (typeof ageingRows)[number];

const maxEdges = 20;
const maxEdgeDays = 999_999;

/**
 * The edges of ageing buckets, in days.
 *
 * @returns `undefined` for a text that is no list of 1 to 20 increasing whole numbers above zero
 * @example edgesOf('30,60,90') // [30, 60, 90]
 */
export const edgesOf = (text: string): number[] | undefined => {
  const edges = text.split(',').map((part) => (/^[1-9]\d{0,5}$/.test(part) ? Number(part) : NaN));
  const increase = edges.every((edge, place) => edge > (place === 0 ? 0 : (edges[place - 1] ?? NaN)));
  return increase && edges.length <= maxEdges ? edges : undefined;
};

/** How a report puts open amounts into buckets. */
class BucketsQuery extends ReportQuery {
  @ApiPropertyOptional({
    enum: bases,
    default: 'agreed',
    description:
      'What lateness is counted from: the due date with agreed deferrals, the original due date, or the invoice date.',
  })
  @IsOptional()
  @OneOf(bases)
  basis?: Basis;

  @ApiPropertyOptional({
    default: '30,60,90',
    description: `The last days of the buckets: 1 to ${maxEdges} whole numbers from 1 to ${maxEdgeDays}, each larger than the one before.`,
  })
  @IsOptional()
  @Text(
    (text) => edgesOf(text) !== undefined,
    `must be 1 to ${maxEdges} whole numbers from 1 to ${maxEdgeDays}, each larger than the one before, such as 30,60,90`,
  )
  edges?: string;
}

export class AgeingQuery extends BucketsQuery {
  @ApiPropertyOptional({ enum: ageingRows, default: 'vendor', description: 'What a row stands for.' })
  @IsOptional()
  @OneOf(ageingRows)
  by?: AgeingBy;
}

/** Must be left out where one of these says the same. */
const Without = (...others: readonly string[]): PropertyDecorator =>
  Text(
    (_, query) => others.every((name) => query[name] === undefined),
    `must not be given beside ${others.join(' or ')}: give one of them`,
  );

export class ChangesQuery extends BucketsQuery {
  @ApiPropertyOptional({
    format: 'date-time',
    description:
      'Since when: what was recorded after this instant (as knownAt). Required, or fromPosition in its place.',
    example: '2023-09-30T17:00:00.000000Z',
  })
  @ValidateIf((query: ChangesQuery) => query.from !== undefined || query.fromPosition === undefined)
  @Text((text) => normalInstant(text) !== undefined, `${anInstant}; or give fromPosition in its place`)
  from?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, description: 'Since when: what came after this position.' })
  @IsOptional()
  @Position()
  @Without('from')
  fromPosition?: string;

  @ApiPropertyOptional({
    format: 'date-time',
    description: 'Until when: the same as knownAt. Default: everything recorded so far.',
    example: '2023-10-31T17:00:00.000000Z',
  })
  @IsOptional()
  @Instant()
  @Without('knownAt', 'knownAtPosition')
  to?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 0, description: 'Until when: the same as knownAtPosition.' })
  @IsOptional()
  @Position()
  @Without('to', 'knownAt', 'knownAtPosition')
  toPosition?: string;
}

export const liabilityRows = ['vendor', 'kind', 'due-month', 'maturity'] as const;
export type LiabilitiesBy = (typeof liabilityRows)[number];

export class LiabilitiesQuery extends ReportQuery {
  @ApiPropertyOptional({ enum: liabilityRows, default: 'vendor', description: 'What a row stands for.' })
  @IsOptional()
  @OneOf(liabilityRows)
  by?: LiabilitiesBy;
}

export class StatementQuery extends ReportQuery {
  @ApiProperty({ description: 'Whose account.' })
  @Id()
  vendorId!: string;

  @ApiPropertyOptional({
    format: 'date',
    description:
      'The first day whose lines are shown; what came before is the opening balance. Default: the beginning.',
  })
  @IsOptional()
  @Day()
  from?: string;
}

export class JournalQuery extends ReportQuery {
  @ApiPropertyOptional({ description: 'Only entries on this vendor’s account.' })
  @IsOptional()
  @Id()
  vendorId?: string;

  @ApiPropertyOptional({
    description: 'Only entries that have a line on this account; they come whole.',
    example: 'payables',
  })
  @IsOptional()
  @Text((text) => text !== '' && !/\p{Cc}/u.test(text), 'must be the name of an account, without control characters')
  account?: string;

  @ApiPropertyOptional({ description: 'Where to go on: `next` of the page before. JSON only.' })
  @IsOptional()
  cursor?: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 100,
    description: 'How many entries at most. JSON only.',
  })
  @IsOptional()
  @Text((text) => /^([1-9]\d{0,2}|1000)$/.test(text), 'must be a whole number from 1 to 1000')
  limit?: string;
}
