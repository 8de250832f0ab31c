import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { faultsOf } from '../../test/support/event-schemas.js';
import { sampleSize } from '../../test/support/seed.js';
import type { StoredLine } from '../event-log/record.js';
import { schemaFault } from './event-schemas.js';

type Json = Record<string, any>;

const folder = new URL('../../test/samples/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const sample = (file: string): Json => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Json;
const fault = (line: Json): string | undefined => schemaFault(line as StoredLine);

/** Every place within some data, as the keys that lead there. */
const placesIn = (value: unknown): string[][] =>
  typeof value !== 'object' || value === null
    ? [[]]
    : [[], ...Object.entries(value).flatMap(([key, inner]) => placesIn(inner).map((path) => [key, ...path]))];

describe('what does not fit the schema of its event', () => {
  it('is nothing in the samples of all times, which stay as they are', () => {
    for (const file of files) {
      const line = sample(file);
      expect([file, fault(line)]).toEqual([file, undefined]);
      expect(line).toEqual(sample(file));
    }
  });

  it.each<[string, string, (data: Json) => void]>([
    ['VendorRegistered.v1', '/data/connected must be true or false', (data) => (data.connected = [])],
    ['InvoicePosted.v1', '/data/schedule/0/dueOn must be a text', (data) => (data.schedule[0].dueOn = [])],
    ['InvoicePosted.v1', '/data/allowDuplicate must be an object', (data) => (data.allowDuplicate = [])],
    ['InvoicePosted.v1', '/data/lines must be a list', (data) => (data.lines = {})],
    ['InvoicePosted.v1', '/data/number must be a text', (data) => (data.number = 5)],
    ['InvoicePosted.v1', '/data/dueDate is no field of it', (data) => (data.dueDate = [])],
    ['InvoicePosted.v1', '/data/total is missing', (data) => delete data.total],
    ['InvoicePosted.v1', '/data/terms/netDays must be a whole number', (data) => (data.terms = { netDays: '30' })],
    ['InvoicePosted.v1', '/data/invoiceDate must match format "date"', (data) => (data.invoiceDate = '2024-02-30')],
    ['ChargePosted.v1', '/data/kind must be one of late-interest, late-fee, penalty', (data) => (data.kind = 'fine')],
    ['Allocated.v1', '/data/from has none of the forms that it may have', (data) => (data.from = {})],
    ['Allocated.v1', '/data/discountTax is no field of it', (data) => (data.discountTax = '1.00')],
  ])('of %s is told: %s', (name, expected, spoil) => {
    const line = sample(`${name}.json`);
    spoil(line.data as Json);
    expect(fault(line)).toBe(expected);
  });

  it('is told wherever something else stands, and only then', () => {
    fc.assert(
      fc.property(fc.constantFrom(...files), fc.nat(), fc.jsonValue({ maxDepth: 1 }), (file, n, other) => {
        const line = sample(file);
        const places = placesIn(line.data).slice(1);
        fc.pre(places.length > 0);
        const place = places[n % places.length]!;
        let holder = line.data as Json;
        for (const key of place.slice(0, -1)) holder = holder[key] as Json;
        holder[place.at(-1)!] = other;
        expect(fault(line) !== undefined).toBe(faultsOf(line).length > 0);
        expect(fault(line) ?? '/data').toMatch(/^\/data\b/);
      }),
      { numRuns: sampleSize(500) },
    );
  });
});
