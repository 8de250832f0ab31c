import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { problems } from './intake/problems.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Responses = Operation['responses'];

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Serves the OpenAPI document at `/openapi.json` and a reader for it at `/docs`, both to everybody. */
export const serveApiDocument = (nest: NestFastifyApplication): void => {
  SwaggerModule.setup('docs', nest, () => apiDocument(nest), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Duebook: the API',
    swaggerOptions: { persistAuthorization: false, tagsSorter: 'alpha', docExpansion: 'none' },
  });
};

/** The API as OpenAPI 3.1, complete only in a build: there the compiler has added what the types and comments say. */
const apiDocument = (nest: NestFastifyApplication): OpenAPIObject => {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Duebook')
    .setVersion('1')
    .setDescription(description)
    .addServer('/', 'Where this document comes from')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The first token is printed at the first start.' })
    .build();
  const document = SwaggerModule.createDocument(nest, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}.${method}`,
  });
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: problemSchema },
  };
  document.tags = Object.entries(tags).map(([name, about]) => ({ name, description: about }));
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of methods) {
      const operation = item[method];
      if (operation) complete(operation, method, path);
    }
  }
  document.paths = Object.fromEntries(Object.entries(document.paths).sort(([a], [b]) => (a < b ? -1 : 1)));
  return document;
};

const description = `An event-sourced accounts-payable ledger.

Amounts are decimal strings in the document's currency, such as \`"1000000.00"\`. Days are \`YYYY-MM-DD\` in the ledger's
time zone; instants are RFC 3339 in UTC. Errors are \`application/problem+json\` (RFC 9457); their \`type\` leads to a page.
Every answer tells in the header \`Ledger-Position\` how far its data goes.`;

const tags: Readonly<Record<string, string>> = {
  access: 'Who may do what in a ledger, and the tokens that let people in',
  ledgers: 'The payables books of one legal entity each',
  vendors: 'Whoever we owe: suppliers, tax authorities, the payroll, landlords, lenders',
  invoices: 'What vendors charge us, and what becomes of it: deferrals, holds, disputes, reversal',
  'credit-notes': 'What vendors let us off',
  charges: 'Late interest, late fees and penalties that vendors charge us',
  payments: 'Cash that went out to vendors',
  allocations: 'Which payment or credit note settles what',
  refunds: 'Credit that vendors paid back',
  'write-offs': 'What we no longer expect to have to pay',
  cash: 'What is on our accounts, and what is expected to come in and go out',
  'cash-plans': 'Which bills to pay, part-pay or defer when cash is short, and what that costs',
  presets: 'What the law or common terms make of paying late, with sources',
  reports: 'What we owe, as of any day, as known at any moment',
  extracts: 'Files for the programs of auditors and accountants, of the same moments as the reports',
  events: 'The log: everything that was ever recorded, in order',
  audit: 'That the log is whole and unaltered: checkpoints and proofs that need no trust in this server',
  health: 'For whoever runs the process; without a token',
};

/** What holds for every route of one sort is said here, so that no route can forget it. */
const complete = (operation: Operation, method: (typeof methods)[number], path: string): void => {
  if (!path.startsWith('/v1/')) return;
  operation.security = [{ bearer: [] }];
  // What happens to an invoice stands with the invoices.
  operation.tags = operation.tags?.map((tag) => tag.split('/')[0] ?? tag);
  if (method === 'post') {
    operation.parameters = [
      ...(operation.parameters ?? []).filter((parameter) => !isHeader(parameter, 'idempotency-key')),
      idempotencyKey,
    ];
  }
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!response || '$ref' in response || !status.startsWith('2')) continue;
    response.headers = {
      ...response.headers,
      // The list of all ledgers speaks of no one log.
      ...((method === 'post' || path.includes('{ledger}')) && { 'Ledger-Position': ledgerPosition }),
      ...(method === 'post' && { 'Idempotency-Replayed': replayed }),
    };
  }
  const statuses = [
    '400',
    '401',
    '403',
    ...(path.includes('{') ? ['404'] : []),
    ...(method === 'post' ? ['409', '413', '415', '422', '429'] : []),
    '503',
  ];
  const refusals: Responses = Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: codesWith(Number(status)), content: { 'application/problem+json': { schema: problemRef } } },
    ]),
  );
  operation.responses = { ...refusals, ...operation.responses };
};

const isHeader = (parameter: NonNullable<Operation['parameters']>[number], name: string): boolean =>
  !('$ref' in parameter) && parameter.in === 'header' && parameter.name.toLowerCase() === name;

const codesWith = (status: number): string =>
  Object.entries(problems)
    .filter(([, problem]) => problem.status === status)
    .map(([code]) => `\`${code}\``)
    .join(', ');

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header' as const,
  required: false,
  description:
    'Makes the request safe to repeat: the same key with the same request is answered with what was answered first, at any later time, and recorded once.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x20-\\x7e]+$' },
};

const ledgerPosition = {
  description: 'The position in the ledger up to which the data goes',
  schema: { type: 'integer', minimum: 0 },
};

const replayed = {
  description: 'There, and `true`, if this is the stored answer to an earlier request with the same key',
  schema: { type: 'string' },
};

const problemRef = { $ref: '#/components/schemas/Problem' };

const problemSchema = {
  type: 'object',
  description: 'Why a request was refused (RFC 9457). The facts of the case stand beside these fields.',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: {
      type: 'string',
      format: 'uri-reference',
      examples: ['/problems/over-allocated'],
      enum: Object.keys(problems).map((code) => `/problems/${code}`),
    },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong in this case and what to do, in one sentence' },
    errors: {
      type: 'array',
      description: 'Every fault of a malformed request',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: {
          pointer: { type: 'string', format: 'json-pointer', examples: ['/lines/0/amount'] },
          detail: { type: 'string' },
        },
      },
    },
  },
};
