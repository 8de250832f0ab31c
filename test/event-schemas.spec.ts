/**
 * The schemas of the events are those that the types make. To take a change of the types over:
 *
 *     TEST_UPDATE=1 npm run test:unit -- --testPathPatterns event-schemas
 *
 * A shape that was released does not change: a new one gets a new version, and the old schema stays.
 */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { catalogue, type EventType } from '../src/domain/events.js';
import { faultsOf, schemaFiles, schemaFolder } from './support/event-schemas.js';

type Json = Record<string, any>;

const samples = Object.entries(catalogue).flatMap(([type, { version }]) =>
  Array.from({ length: version }, (_, n) => `${type}.v${n + 1}.json`),
);
const sample = (file: string): Json =>
  JSON.parse(readFileSync(new URL(`samples/${file}`, import.meta.url), 'utf8')) as Json;

describe('the schemas of the events', () => {
  it('are those that the types make', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'schemas-'));
    try {
      await promisify(execFile)(process.execPath, ['scripts/event-schemas.js', folder]);
      if (process.env.TEST_UPDATE) await cp(folder, fileURLToPath(schemaFolder), { recursive: true });
      const made = await readdir(folder);
      expect(made.length).toBe(Object.keys(catalogue).length);
      for (const file of made)
        expect([file, await readFile(new URL(file, schemaFolder), 'utf8')]).toEqual([
          file,
          await readFile(join(folder, file), 'utf8'),
        ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('are one for each version that there ever was, and no others', () => {
    expect([...schemaFiles].sort()).toEqual([...samples].sort());
  });

  it.each(samples)('accept the stored sample %s', (file) => {
    expect(faultsOf(sample(file))).toEqual([]);
  });

  it.each(samples)('refuse %s without any one of its fields', (file) => {
    const optional = ['idempotencyKey', 'causationId', 'contentHash'];
    const line = sample(file);
    for (const name of Object.keys(line).filter((key) => !optional.includes(key))) {
      const { [name]: _, ...rest } = line;
      expect([name, faultsOf(rest).length > 0]).toEqual([name, true]);
    }
    const { required } = JSON.parse(readFileSync(new URL(file, schemaFolder), 'utf8')).properties.data as Json;
    for (const name of (required ?? []) as string[]) {
      const { [name]: _, ...data } = line.data as Json;
      expect(faultsOf({ ...line, data })).toEqual([expect.stringContaining(`must have required property '${name}'`)]);
    }
  });

  it.each(samples)('refuse %s with a field that it does not have', (file) => {
    const line = sample(file);
    expect(faultsOf({ ...line, note: 'x' })).toEqual([expect.stringContaining('additional')]);
    expect(faultsOf({ ...line, data: { ...line.data, note: 'x' } })).toEqual([expect.stringContaining('additional')]);
  });

  const broken: readonly (readonly [EventType, string, (line: Json) => void])[] = [
    ['InvoicePosted', '/position', (line) => (line.position = 0)],
    ['InvoicePosted', '/position', (line) => (line.position = 1.5)],
    ['InvoicePosted', '/recordedAt', (line) => (line.recordedAt = '2024-01-31T09:00:00Z')],
    ['InvoicePosted', '/effectiveOn', (line) => (line.effectiveOn = '2024-02-30')],
    ['InvoicePosted', '/stream', (line) => (line.stream = 'vendors/x')],
    ['InvoicePosted', '/id', (line) => (line.id = 'x')],
    ['InvoicePosted', '/actor', (line) => delete line.actor.role],
    ['InvoicePosted', '/data/total', (line) => (line.data.total = 120)],
    ['InvoicePosted', '/data/total', (line) => (line.data.total = '1e3')],
    ['InvoicePosted', '/data/currency', (line) => (line.data.currency = 'usd')],
    ['InvoicePosted', '/data/schedule/0/dueOn', (line) => (line.data.schedule[0].dueOn = '31.1.2024')],
    ['InvoicePosted', '/data/lines/0', (line) => (line.data.lines[0].price = '1.00')],
    ['InvoicePosted', '/data/vendorId', (line) => (line.data.vendorId = 'a b')],
    ['VendorRegistered', '/data/kind', (line) => (line.data.kind = 'friend')],
    ['ChargePosted', '/data/kind', (line) => (line.data.kind = 'fine')],
    ['Allocated', '/data/from', (line) => (line.data.from = { invoiceId: 'i' })],
    ['PaymentDeferred', '/data/agreed', (line) => (line.data.agreed = 'yes')],
    ['ConsequencesSet', '/data/steps/0/afterDays', (line) => (line.data.steps[0].afterDays = 1.5)],
  ];
  it.each(broken)('refuse a broken %s: %s', (type, pointer, spoil) => {
    const line = sample(`${type}.v${catalogue[type].version}.json`);
    spoil(line);
    const faults = faultsOf(line);
    expect(faults.some((fault) => fault.split(' ')[1] === pointer)).toBe(true);
  });

  it('refuse an event that there is not', () => {
    expect(faultsOf({ ...sample('InvoicePosted.v1.json'), version: 99 })).toEqual([
      'there is no schema InvoicePosted.v99.json',
    ]);
  });
});
