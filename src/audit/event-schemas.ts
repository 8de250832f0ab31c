import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { isLocalDate } from '../domain/calendar.js';
import type { StoredLine } from '../event-log/record.js';

/** The published schemas: one for each event and version that there ever was, made from the types of the code. */
const folder = new URL('../../docs/events/', import.meta.url);

/** Those that were seen already: a log has few days and names them often, and to look at one takes as long as at a line. */
const days = new Set<string>();
const isDay = (text: string): boolean => days.has(text) || (isLocalDate(text) && days.add(text).size > 0);

/** The schemas by type and version (`InvoicePosted.v1`), each read and compiled when the first such event comes. */
export const eventSchemas = new Ajv2020({ strict: true, formats: { date: isDay } });

const validatorOf = (name: string) =>
  eventSchemas.getSchema(name) ??
  eventSchemas
    .addSchema(JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as object, name)
    .getSchema(name)!;

/**
 * What in a line of the log does not fit the schema of its event, in words that begin with a JSON pointer into the line.
 *
 * @param line of a type and version that this release knows. It stays as it is
 * @returns undefined if it fits
 */
export const schemaFault = (line: StoredLine): string | undefined => {
  const validate = validatorOf(`${line.type}.v${line.version}`);
  // Where there are several forms, each says what is wrong with it: the last one sums up.
  return validate(line) ? undefined : inWords(validate.errors!.at(-1)!);
};

const kinds: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  string: 'a text',
  integer: 'a whole number',
  array: 'a list',
  object: 'an object',
};

const inWords = ({ keyword, instancePath, params, message }: ErrorObject): string => {
  switch (keyword) {
    case 'type':
      return `${instancePath} must be ${kinds[params.type as string]}`;
    case 'required':
      return `${instancePath}/${params.missingProperty} is missing`;
    case 'additionalProperties':
      return `${instancePath}/${params.additionalProperty} is no field of it`;
    case 'enum':
      return `${instancePath} must be one of ${(params.allowedValues as readonly string[]).join(', ')}`;
    case 'anyOf':
      return `${instancePath} has none of the forms that it may have`;
    default:
      return `${instancePath} ${message}`;
  }
};
