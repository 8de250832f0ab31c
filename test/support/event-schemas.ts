import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { isLocalDate } from '../../src/domain/calendar.js';

export const schemaFolder = new URL('../../docs/events/', import.meta.url);
export const schemaFiles = readdirSync(schemaFolder).filter((file) => file.endsWith('.json'));

const ajv = new Ajv2020({ strict: true, allErrors: true, formats: { date: isLocalDate } });
const validators = new Map<string, ValidateFunction>(
  schemaFiles.map((file) => [
    file,
    ajv.compile(JSON.parse(readFileSync(new URL(file, schemaFolder), 'utf8')) as object),
  ]),
);

/** What is wrong with a line of the log by the schema of its event and version, in words; nothing if it is right. */
export const faultsOf = (line: Readonly<Record<string, unknown>>): string[] => {
  const file = `${String(line.type)}.v${String(line.version)}.json`;
  const validate = validators.get(file);
  if (!validate) return [`there is no schema ${file}`];
  validate(line);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${file} ${instancePath} ${message} ${JSON.stringify(params)}`,
  );
};
