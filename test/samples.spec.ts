/**
 * One stored line per event and version. What was once written has to be read for ever, so a released sample never
 * changes: a new version of an event adds a file and touches none.
 *
 * To add one: write the line, and `sha256sum <file> >> SHA256SUMS` in its folder.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { catalogue, documentsOf, type EventType, streamOf, upcast } from '../src/domain/events.js';
import { type Document, evolve } from '../src/domain/documents.js';
import { isLocalDate } from '../src/domain/calendar.js';
import type { DocumentName } from '../src/domain/events.js';
import { readLine, restOfLine } from '../src/event-log/record.js';

const folder = new URL('./samples/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
/** Without the newline at the end of the file, which is no part of the line. */
const lineIn = (file: string): string => read(file).replace(/\n$/, '');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const types = Object.keys(catalogue) as EventType[];

const inOrder = files
  .map((file) => ({ file, line: lineIn(file), event: readLine(lineIn(file)) }))
  .sort((a, b) => a.event.position - b.event.position);

describe('the samples', () => {
  it('are one for each event in its current version', () => {
    const missing = types.filter((type) => !files.includes(`${type}.v${catalogue[type].version}.json`));
    expect(missing).toEqual([]);
  });

  it('are one for each version that there ever was, and no others', () => {
    const expected = types.flatMap((type) =>
      Array.from({ length: catalogue[type].version }, (_, n) => `${type}.v${n + 1}.json`),
    );
    expect([...files].sort()).toEqual(expected.sort());
  });

  it('are as they were released, every one of them', () => {
    const sums = read('SHA256SUMS')
      .trim()
      .split('\n')
      .map((line) => line.split('  ') as [string, string]);
    for (const [sum, file] of sums)
      expect([file, createHash('sha256').update(read(file)).digest('hex')]).toEqual([file, sum]);
    expect(sums.map(([, file]) => file).sort()).toEqual([...files].sort());
  });

  it.each(files)('%s is one line of a log', (file) => {
    const line = lineIn(file);
    expect(line).not.toMatch(/[\r\n]/);
    const stored = JSON.parse(line) as Record<string, unknown>;
    expect(`${String(stored.type)}.v${String(stored.version)}.json`).toBe(file);
    const always = [
      'ledger',
      'position',
      'id',
      'type',
      'version',
      'stream',
      'streamVersion',
      'effectiveOn',
      'recordedAt',
      'actor',
      'correlationId',
      'data',
    ];
    const keys = Object.keys(stored);
    expect(always.filter((key) => !keys.includes(key))).toEqual([]);
    const sometimes = ['idempotencyKey', 'causationId', 'contentHash'];
    expect(keys.filter((key) => !always.includes(key) && !sometimes.includes(key))).toEqual([]);
    // As the log writes it: no blanks, and its keys in this order.
    expect(JSON.stringify(stored)).toBe(line);
    expect(keys.filter((key) => always.includes(key))).toEqual(always);
    expect(isLocalDate(String(stored.effectiveOn))).toBe(true);
    expect(stored.recordedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  });

  it.each(files)('%s is read', (file) => {
    const event = readLine(lineIn(file));
    const stored = JSON.parse(lineIn(file)) as Record<string, unknown>;
    expect(event).toMatchObject({
      type: stored.type,
      position: stored.position,
      effectiveOn: stored.effectiveOn,
      actor: stored.actor,
    });
    expect(streamOf(event)).toBe(stored.stream);
    expect(documentsOf(event).length).toBeGreaterThan(0);
  });

  it.each(types)('%s is still written like its sample', (type) => {
    const line = lineIn(`${type}.v${catalogue[type].version}.json`);
    const { actor, correlationId, causationId, idempotencyKey, contentHash, ...event } = readLine(line);
    const rest = restOfLine(event, {
      actor,
      correlationId,
      ...(causationId !== undefined && { causationId }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(contentHash !== undefined && { contentHash }),
    });
    expect(line.endsWith(`,${rest}`)).toBe(true);
  });

  it('are a log together: gapless, each stream too, and every event finds what it is about', () => {
    const current = inOrder.filter(
      ({ file, event }) => file === `${event.type}.v${catalogue[event.type].version}.json`,
    );
    expect(current.map(({ event }) => event.position)).toEqual(current.map((_, n) => n + 1));
    const versions = new Map<string, number>();
    const documents = new Map<DocumentName, Document>();
    for (const { line, event } of current) {
      const { stream, streamVersion } = JSON.parse(line) as { stream: string; streamVersion: number };
      versions.set(stream, (versions.get(stream) ?? 0) + 1);
      expect(streamVersion).toBe(versions.get(stream));
      for (const name of documentsOf(event)) {
        const document = evolve(name, documents.get(name), event);
        expect([event.type, document]).toEqual([event.type, expect.objectContaining({ kind: name.split('/')[0] })]);
        documents.set(name, document!);
      }
    }
  });
});

describe('an event of an older version', () => {
  // Only for this test: as if the posting date had come with version 2, and the reason had been renamed with version 3.
  const evolved = {
    InvoicePosted: {
      version: 3,
      upcast: {
        1: (data: Readonly<Record<string, unknown>>) => ({ ...data, postingDate: data.invoiceDate }),
        2: ({ why, ...data }: Readonly<Record<string, unknown>>) => ({ ...data, description: why }),
      },
    },
  };

  it('is brought to the present one step by step', () => {
    expect(upcast('InvoicePosted', 1, { invoiceDate: '2024-01-10', why: 'rent' }, evolved)).toEqual({
      invoiceDate: '2024-01-10',
      postingDate: '2024-01-10',
      description: 'rent',
    });
    expect(upcast('InvoicePosted', 2, { postingDate: '2024-02-01', why: 'rent' }, evolved)).toEqual({
      postingDate: '2024-02-01',
      description: 'rent',
    });
  });
  it('stays as it is in the present one', () => {
    const data = { postingDate: '2024-02-01', description: 'rent' };
    expect(upcast('InvoicePosted', 3, data, evolved)).toBe(data);
  });
  it('leaves what was read alone', () => {
    const data = Object.freeze({ invoiceDate: '2024-01-10', why: 'rent' });
    upcast('InvoicePosted', 1, data, evolved);
    expect(data).toEqual({ invoiceDate: '2024-01-10', why: 'rent' });
  });
  it('is not read where a step is missing', () =>
    expect(() => upcast('X', 1, {}, { X: { version: 2 } })).toThrow('no upcast takes X from version 1 to 2'));
  it('is brought to the present by every catalogue entry that has a past', () => {
    for (const type of types) {
      const { version, upcast: steps = {} } = catalogue[type];
      expect(Object.keys(steps).map(Number)).toEqual(Array.from({ length: version - 1 }, (_, n) => n + 1));
    }
  });
});

describe('an event that this release does not know', () => {
  const line = lineIn('InvoicePosted.v1.json');

  it.each(['InvoiceShredded', 'invoicePosted', '', 'toString', 'constructor', '__proto__'])(
    'is not read over: type %j',
    (type) =>
      expect(() => readLine(line.replace('"type":"InvoicePosted"', `"type":"${type}"`))).toThrow('does not know'),
  );
  it.each(['2', '99', '0', '-1', 'null', '"x"'])('is not read over: version %s', (version) => {
    const other = line.replace('"version":1', `"version":${version}`);
    expect(other).not.toBe(line);
    expect(() => readLine(other)).toThrow('does not know');
  });
  it('is not read over: no version', () =>
    expect(() => readLine(line.replace('"version":1,', ''))).toThrow('does not know'));
  it('is no line at all', () => expect(() => readLine(line.slice(0, -1))).toThrow(SyntaxError));
});
