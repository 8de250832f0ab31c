import { applyDecorators, Controller } from '@nestjs/common';
import { ApiCreatedResponse, ApiExtraModels, ApiOkResponse, ApiParam, ApiTags, getSchemaPath } from '@nestjs/swagger';

type Class = new () => object;

const idSchema = { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9._-]+$' } as const;

/** An id in the path, described. */
export const ApiId = (name: string, description: string): MethodDecorator & ClassDecorator =>
  ApiParam({ name, description, schema: idSchema });

/** A month in the path, described. */
export const ApiPeriod = (): MethodDecorator & ClassDecorator =>
  ApiParam({
    name: 'period',
    description: 'The month',
    schema: { type: 'string', pattern: String.raw`^\d{4}-\d{2}$`, example: '2023-10' },
  });

/** The routes of one noun. */
export const LedgerRoutes = (noun: string): ClassDecorator =>
  applyDecorators(Controller(`v1/ledgers/:ledger/${noun}`), ApiTags(noun), ApiId('ledger', 'The ledger'));

/** A command: answered with the resource as it now stands. */
export const Commands = (type: Class): MethodDecorator =>
  applyDecorators(
    ApiCreatedResponse({
      description: 'Recorded. The resource as it now stands, with the position of the last event',
      type,
      headers: {
        Location: { description: 'Where the resource is', schema: { type: 'string', format: 'uri-reference' } },
      },
    }),
  );

/** A read by id. */
export const Shows = (type: Class): MethodDecorator =>
  applyDecorators(ApiOkResponse({ description: 'The resource as it stands, with its history', type }));

/** A page of a list. */
export const ListsOf = (type: Class): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(type),
    ApiOkResponse({
      description: 'A page, in the order in which they were made',
      schema: {
        type: 'object',
        required: ['items', 'next'],
        properties: {
          items: { type: 'array', items: { $ref: getSchemaPath(type) } },
          next: {
            oneOf: [{ type: 'string' }, { type: 'null' }],
            description: 'The cursor of the page after this one; null if this is the last',
          },
        },
      },
    }),
  );
