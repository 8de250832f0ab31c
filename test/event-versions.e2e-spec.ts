/**
 * What a new version of an event is, shown with one that only this test has: as if a later release asked every invoice
 * for a description. Lines that an earlier release wrote are never touched; they are brought to the present shape as they
 * are read, and verified as they were written.
 */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { explainInvoice } from '../src/audit/explain.js';
import { openCheckpoint } from '../src/audit/checkpoint.js';
import { parseVerifierKeys } from '../src/audit/note.js';
import { eventSchemas } from '../src/audit/event-schemas.js';
import type { Finding } from '../src/audit/verify.js';
import { verifyDatabase } from '../src/audit/verify-database.js';
import type { App } from '../src/app.module.js';
import { catalogue } from '../src/domain/events.js';
import { EventLog } from '../src/event-log/event-log.js';
import { Rebuild } from '../src/projections/rebuild.js';
import { ProjectionWorker } from '../src/projections/worker.js';
import { LedgerClient, startApp } from './support/app.js';
import { linesOf, rootOfLines, tamper } from './support/audit.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { schemaFolder } from './support/event-schemas.js';

const presentRelease = catalogue.InvoicePosted;
const added = 'Posted before descriptions were asked for';

const become = (entry: typeof presentRelease): void => {
  Object.assign(catalogue, { InvoicePosted: entry });
};
/** This is all that a new version takes, beside a sample: a schema, its number, and how the one before is read. */
const becomeNextRelease = (): void => {
  if (!eventSchemas.getSchema('InvoicePosted.v2')) eventSchemas.addSchema(nextSchema(), 'InvoicePosted.v2');
  become({ version: 2, upcast: { 1: (data) => ({ ...data, description: data.description ?? added }) } });
};

/** As the types of the later release would make it. */
const nextSchema = (): object => {
  const { properties, ...rest } = JSON.parse(
    readFileSync(new URL('InvoicePosted.v1.json', schemaFolder), 'utf8'),
  ) as Record<'properties', Record<'data', { required: string[] }>>;
  const data = { ...properties.data, required: [...properties.data.required, 'description'] };
  return { ...rest, properties: { ...properties, version: { const: 2 }, data } };
};

let database: TestDatabase;
let pool: pg.Pool;
let app: App;
let client: LedgerClient;

/** Stops the application and starts it anew, so that nothing read before stays in memory. */
const restart = async (): Promise<void> => {
  await app.close();
  app = await startApp(database);
  client = new LedgerClient(app.url, 'versions');
};

const invoice = (id: string) => ({
  id,
  vendorId: 'v',
  number: id,
  invoiceDate: '2024-01-31',
  currency: 'USD',
  lines: [{ amount: '100.00' }],
  total: '100.00',
  dueDate: '2024-02-29',
});

const verified = async (): Promise<{ findings: Finding[]; root: Buffer; size: number }> => {
  const { headers } = await client.get('/events?limit=1');
  const { text } = await client.get(`/audit/checkpoint?atLeast=${headers.get('ledger-position')}`);
  const keys = parseVerifierKeys((await client.get('/audit/public-key')).text);
  const { root, size } = openCheckpoint(text, keys);
  const findings: Finding[] = [];
  await verifyDatabase(pool, 'versions', keys, [], (finding) => findings.push(finding));
  return { findings, root, size };
};

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.appUrl });
  app = await startApp(database);
  client = await new LedgerClient(app.url, 'versions').open();
  await client.record('/vendors', { id: 'v', name: 'V' });
  await client.record('/invoices', invoice('old'));
  await client.record('/invoices', {
    ...invoice('old-2'),
    number: 'old-2',
    total: '5.00',
    lines: [{ amount: '5.00' }],
  });
});
afterEach(() => {
  become(presentRelease);
});
afterAll(async () => {
  await app.close();
  await pool.end();
  await database.drop();
});

describe('a new version of an event', () => {
  it('is written from then on; what was written before is read in its shape, and proven as it stands', async () => {
    const before = await linesOf(client);
    const early = await verified();
    expect(before.map((line) => (JSON.parse(line) as { version: number }).version)).toEqual([1, 1, 1, 1]);
    expect(before.join('')).not.toContain(added);

    becomeNextRelease();
    await restart();
    await client.record('/invoices', { ...invoice('new'), description: 'As asked' });

    // Loaded: rules and routes see the present shape, whichever version a line is.
    expect((await client.get('/invoices/old')).body).toMatchObject({ description: added, status: 'open' });
    expect((await client.get('/invoices/new')).body).toMatchObject({ description: 'As asked' });
    const paid = await client.record('/payments', {
      vendorId: 'v',
      paidOn: '2024-02-01',
      currency: 'USD',
      amount: '100.00',
      allocations: [{ invoiceId: 'old', amount: '100.00' }],
    });
    expect(paid.status).toBe(201);
    expect((await client.get('/invoices/old')).body).toMatchObject({ description: added, status: 'paid' });

    // Stored: not a byte of the old lines has changed, and the new one says its version.
    const lines = await linesOf(client);
    expect(lines.slice(0, before.length)).toEqual(before);
    expect(JSON.parse(lines[before.length]!)).toMatchObject({ type: 'InvoicePosted', version: 2 });

    // Verified: over the text as it was stored, not as it is read.
    const late = await verified();
    expect(late).toMatchObject({ findings: [], size: lines.length });
    expect(late.root).toEqual(rootOfLines(lines));
    expect(early.root).toEqual(rootOfLines(before));

    // Folded: books that are rebuilt have the present shape throughout.
    await client.get(`/reports/ageing?atLeast=${lines.length}`);
    const log = new EventLog(pool);
    const rebuild = new Rebuild(pool, new ProjectionWorker(pool, log), 'versions');
    const generation = await rebuild.build(lines.length, () => undefined);
    const { differences } = await rebuild.compare(generation, lines.length);
    // Only what was folded by the release before, and not touched since, lacks what the upcast adds.
    expect(differences.map(({ table, rebuilt }) => [table, rebuilt?.id])).toEqual([['documents', 'old-2']]);
    expect(differences[0]!.rebuilt?.search).toContain(added.toLowerCase());
    await rebuild.clear();

    // Explained.
    const found = await log.document('versions', 'invoice/old');
    expect(explainInvoice('old', found!.history).map(({ type, text, open }) => ({ type, text, open }))).toEqual([
      { type: 'InvoicePosted', text: expect.stringContaining(added), open: '100.00' },
      { type: 'Allocated', text: expect.any(String), open: '0.00' },
    ]);
  });

  it('is not read over by a release that does not know it yet', async () => {
    await restart();
    const position = 5;
    const { findings } = await verified();
    expect(findings).toContainEqual({
      check: 'schema',
      position,
      detail: 'this release does not know InvoicePosted version 2',
    });
    expect((await client.get('/invoices/new')).status).toBe(500);
    expect((await client.get('/invoices/old')).body).not.toHaveProperty('description');
  });

  it('hides no change of an old line: a description written into it is found', async () => {
    becomeNextRelease();
    await restart();
    expect((await verified()).findings).toEqual([]);
    const altered = `update log.events set line = replace(line, '"total":"5.00"', '"total":"5.00","description":"${added}"')`;
    await tamper(database, `${altered} where ledger_id = 'versions' and position = 4`);
    expect((await verified()).findings).toContainEqual(expect.objectContaining({ check: 'hash', position: 4 }));
  });
});
