import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse } from '@nestjs/swagger';
import { duties } from '../domain/policy.js';
import { mediaTypes } from './formats.js';
import { bases } from './queries.js';

// What the reports answer, for the OpenAPI document: their columns depend on the request, which no class can say.

type Schema = NonNullable<Extract<Parameters<typeof ApiOkResponse>[0], { schema: unknown }>>['schema'];

const text: Schema = { type: 'string' };
const nullableText = { type: ['string', 'null'] } as unknown as Schema; // OpenAPI 3.1; the types know 3.0 only
const day: Schema = { type: 'string', format: 'date' };
const position: Schema = { type: 'integer', minimum: 0 };
const amount: Schema = { type: 'string', pattern: String.raw`^-?\d+(\.\d+)?$`, example: '1000000.00' };
const currency: Schema = { type: 'string', example: 'USD' };

const object = (properties: Record<string, Schema>, more: Partial<Exclude<Schema, { $ref: string }>> = {}): Schema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
  ...more,
});
const list = (items: Schema): Schema => ({ type: 'array', items });
const each = <C extends string>(columns: readonly C[], schema: Schema): Record<C, Schema> =>
  Object.fromEntries(columns.map((column) => [column, schema])) as Record<C, Schema>;

const moment = {
  ledger: text,
  asOf: day,
  knownAt: {
    type: ['string', 'null'],
    format: 'date-time',
    description: 'As asked, in UTC with microseconds; else when the event at `position` was recorded.',
  } as unknown as Schema,
  position: { ...position, description: 'The last event taken into account.' } as Schema,
};
const report = (properties: Record<string, Schema>): Schema => object({ ...moment, ...properties });
const perCurrency = (properties: Record<string, Schema>): Schema => list(object({ currency, ...properties }));

const ageingColumns = each(['total', 'onAccount', 'deferred', 'held', 'disputed'], amount);

const ageingBasis: Schema = { type: 'string', enum: [...bases] };
const ageingBuckets: Schema = { ...list(text), example: ['notDue', '1-30', '31-60', '61-90', 'over-90'] };
const itemTypes: Schema = { type: 'string', enum: ['invoice', 'charge', 'credit-note', 'payment'] };

const ageingAnswer = report({
  basis: ageingBasis,
  buckets: ageingBuckets,
  currencies: perCurrency({
    rows: list({
      type: 'object',
      description:
        'Largest total first. By vendor: vendorId, vendorName. By invoice: also itemId, itemType, number, dueOn, daysLate. By kind: kind. Then an amount for each bucket, and the columns that all rows have.',
      required: Object.keys(ageingColumns),
      properties: {
        vendorId: text,
        vendorName: nullableText,
        itemId: text,
        itemType: itemTypes,
        number: nullableText,
        dueOn: day,
        daysLate: { type: 'integer', description: 'Below zero if not due yet.' },
        kind: text,
        ...ageingColumns,
      },
      additionalProperties: amount,
    }),
    totals: object(ageingColumns, { additionalProperties: amount }),
  }),
});

const liabilitiesColumns = each(
  ['owed', 'overdue', 'deferredAgreed', 'deferredUnilateral', 'disputed', 'held', 'onAccount', 'total'],
  amount,
);

const liabilitiesAnswer = report({
  currencies: perCurrency({
    rows: list({
      type: 'object',
      description:
        'vendorId and vendorName, kind, dueMonth or maturity. Vendors and kinds: largest total first; months and bands in their order, those in which nothing is open left out, credit as `on-account` at the end.',
      required: Object.keys(liabilitiesColumns),
      properties: {
        vendorId: text,
        vendorName: nullableText,
        kind: text,
        dueMonth: { type: 'string', example: '2023-10' },
        maturity: { type: 'string', enum: ['overdue', '0-30', '31-90', '91-365', 'over-365', 'on-account'] },
        ...liabilitiesColumns,
      },
    }),
    totals: object(liabilitiesColumns),
    reconciliation: object(each(['ageingTotal', 'controlAccount', 'difference'], amount)),
  }),
});

const statementAnswer = report({
  vendorId: text,
  currencies: perCurrency({
    opening: amount,
    lines: list(
      object({
        on: day,
        itemType: {
          type: 'string',
          enum: ['invoice', 'charge', 'credit-note', 'payment', 'refund', 'discount', 'write-off', 'reversal'],
        },
        itemId: text,
        number: nullableText,
        amount: { ...amount, description: 'Above zero: we owe more.' },
        balance: amount,
        position,
      }),
    ),
    closing: amount,
  }),
});

const sides = each(['debits', 'credits', 'balance'], amount);

const trialBalanceAnswer = report({
  currencies: perCurrency({
    rows: list(
      object({
        account: text,
        name: text,
        type: { type: 'string', enum: ['asset', 'liability', 'expense', 'income'] },
        ...sides,
      }),
    ),
    totals: object(sides),
  }),
});

const journalAnswer = report({
  items: list(
    object({
      position,
      effectiveOn: day,
      recordedAt: { type: 'string', format: 'date-time' },
      type: { type: 'string', description: 'The type of the event.', example: 'InvoicePosted' },
      documentType: text,
      documentId: text,
      vendorId: text,
      lines: list(object({ account: text, name: text, currency, debit: amount, credit: amount })),
    }),
  ),
  next: { ...nullableText, description: 'The cursor of the next page.' },
});

const change = (properties: Record<string, Schema>): Schema =>
  object({
    ...properties,
    from: object(ageingColumns, { additionalProperties: amount, description: 'What the ageing said at first.' }),
    change: object(ageingColumns, { additionalProperties: amount, description: '`to` without `from`.' }),
    to: object(ageingColumns, { additionalProperties: amount, description: 'What the ageing says at last.' }),
  });

const changesAnswer = report({
  from: object({ knownAt: moment.knownAt, position }),
  basis: ageingBasis,
  buckets: ageingBuckets,
  currencies: perCurrency({
    rows: list(change({ vendorId: text, vendorName: nullableText })),
    totals: change({}),
    events: list(
      object(
        {
          position,
          type: { type: 'string', description: 'The type of the event.', example: 'InvoicePosted' },
          recordedAt: { type: 'string', format: 'date-time' },
          effectiveOn: day,
          actor: object({ id: text, role: text }),
          vendorId: text,
          ...ageingColumns,
          items: list(
            object(
              { itemType: itemTypes, itemId: text, number: nullableText, ...ageingColumns },
              { additionalProperties: amount },
            ),
          ),
        },
        { additionalProperties: amount, description: 'An amount for each bucket, in all and of each item.' },
      ),
    ),
  }),
});

const duty: Schema = { type: 'string', enum: [...duties] };

const dutiesAnswer = report({
  cases: list(
    object(
      {
        personId: text,
        vendorId: text,
        vendorName: nullableText,
        invoiceId: text,
        number: nullableText,
        currency,
        total: amount,
        duties: { ...list(duty), description: 'At least two.' },
        acts: list(object({ duty, position })),
      },
      { description: 'One person and one invoice. By vendor, invoice and person.' },
    ),
  ),
});

const answers = {
  ageing: ageingAnswer,
  liabilities: liabilitiesAnswer,
  statement: statementAnswer,
  'trial-balance': trialBalanceAnswer,
  journal: journalAnswer,
  changes: changesAnswer,
  duties: dutiesAnswer,
};

/** Describes a report in the OpenAPI document. What holds for every route is added there. */
export const Answers = (name: keyof typeof answers, summary: string): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary }),
    ApiOkResponse({
      description: 'The report. The same asOf and knownAt (or knownAtPosition) give the same bytes for ever.',
      content: {
        [mediaTypes.json]: { schema: answers[name] },
        [mediaTypes.csv]: { schema: text },
        [mediaTypes.xlsx]: { schema: { type: 'string', format: 'binary' } },
      },
    }),
    ApiResponse({
      status: 406,
      description: '`not-acceptable`',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    }),
  );
