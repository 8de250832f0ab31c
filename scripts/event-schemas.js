/**
 * Writes the JSON Schema (2020-12) of every event in its current version, made from the types of src/domain/events.ts
 * and the line of src/event-log/record.ts. Those of older versions stay as they are.
 *
 *     node scripts/event-schemas.js docs/events
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { createGenerator } from 'ts-json-schema-generator';
import { register } from './typescript.js';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));

const generator = createGenerator({
  path: path('src/event-log/record.ts'),
  tsconfig: path('tsconfig.json'),
  jsDoc: 'extended',
  // `npm run check` has checked them.
  skipTypeCheck: true,
  additionalProperties: false,
});

/** The schema of a type, as 2020-12 spells it. */
const schemaOf = (type) => {
  const { definitions } = generator.createSchema(type);
  const text = JSON.stringify(definitions)
    .replaceAll('#/definitions/', '#/$defs/')
    // The log has no other numbers: amounts and percentages are texts.
    .replaceAll('"type":"number"', '"type":"integer"');
  const { [type]: schema, ...$defs } = JSON.parse(text);
  return { schema, $defs };
};

/** The definitions that a schema refers to, and those that they refer to, by name. */
const reachable = (schema, $defs, found = {}) => {
  for (const [, name] of JSON.stringify(schema).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
    if (found[name]) continue;
    found[name] = $defs[name];
    reachable($defs[name], $defs, found);
  }
  return found;
};

register();
const { catalogue } = await import('../src/domain/events.ts');
const shapes = schemaOf('Shapes');
const line = schemaOf('StoredLine');
const folder = process.argv[2] ?? path('docs/events');

for (const [type, { version }] of Object.entries(catalogue)) {
  const { description, ...data } = shapes.schema.properties[type];
  const properties = { ...line.schema.properties, type: { const: type }, version: { const: version }, data };
  const definitions = Object.entries(reachable(properties, { ...shapes.$defs, ...line.$defs })).sort();
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `${type}, version ${version}`,
    ...(description && { description }),
    type: 'object',
    properties,
    required: line.schema.required,
    additionalProperties: false,
    $defs: Object.fromEntries(definitions),
  };
  const options = await resolveConfig(path('package.json'));
  const text = await format(JSON.stringify(schema), { ...options, parser: 'json' });
  writeFileSync(`${folder}/${type}.v${version}.json`, text);
}
