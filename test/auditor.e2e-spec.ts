/** What an auditor relies on: a log that was tampered with is found out, and books that are rebuilt are those that were. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { openCheckpoint, signCheckpoint } from '../src/audit/checkpoint.js';
import { beside, exportLog, readLeaves } from '../src/audit/export.js';
import { importLog, ImportError } from '../src/audit/import.js';
import { formatVerifierKey, parseVerifierKeys, type VerifierKey, verifierKey } from '../src/audit/note.js';
import { GrowingTree, leafHash } from '../src/audit/merkle.js';
import type { Commitment, Finding } from '../src/audit/verify.js';
import { verifyDatabase } from '../src/audit/verify-database.js';
import { verifyFile } from '../src/audit/verify-file.js';
import type { App } from '../src/app.module.js';
import { EventLog } from '../src/event-log/event-log.js';
import { Rebuild } from '../src/projections/rebuild.js';
import { ProjectionWorker } from '../src/projections/worker.js';
import { histories, walk } from './model/histories.js';
import { ReferenceLedger } from './model/reference.js';
import { LedgerClient, startApp } from './support/app.js';
import { copyOf, linesOf, tamper, until } from './support/audit.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { sampleSize } from './support/seed.js';

const timeLimitMs = 600_000;

const invoice = (id: string, vendorId = 'v1') => ({
  id,
  vendorId,
  number: id,
  invoiceDate: '2024-01-31',
  currency: 'USD',
  lines: [{ amount: '100.00', tax: '20.00' }],
  total: '120.00',
  dueDate: '2024-02-29',
});

/** Opens the history of the model over HTTP. */
const record = async (client: LedgerClient, history: Parameters<typeof walk>[0]): Promise<void> => {
  const today = new Date().toISOString().slice(0, 10);
  await client.open({ timeZone: 'UTC' });
  const ledger = new ReferenceLedger({ currency: 'USD', timeZone: 'UTC', today });
  for (const { request } of walk(history, ledger)) {
    const reply = await client.post(request.path, request.body);
    if (reply.status === 201) ledger.recorded(reply.body.position as number);
  }
  // Around them things take effect, and after them too.
  for (const monthsAgo of [4, 2, 1]) await client.record(`/periods/${monthBefore(today, monthsAgo)}/close`);
};

const monthBefore = (today: string, months: number): string => {
  const [year = 0, month = 0] = today.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1 - months, 1)).toISOString().slice(0, 7);
};

/** In place of an empty list. */
const forgedCurrencies = JSON.stringify([
  {
    currency: 'USD',
    controlAccount: '1.00',
    owed: '1.00',
    onAccount: '0.00',
    ageing: { notDue: '1.00', '1-30': '0.00', '31-60': '0.00', '61-90': '0.00', 'over-90': '0.00', total: '1.00' },
  },
]);

/** Waits until a checkpoint covers the whole log. @returns it, and the keys */
const sealed = async (client: LedgerClient) => {
  const { headers } = await client.get('/events?limit=1');
  const position = headers.get('ledger-position')!;
  // An application that has just come to a hundred ledgers has more to seal than a request waits for.
  let reply = await client.get(`/audit/checkpoint?atLeast=${position}`);
  while (reply.status === 503) reply = await client.get(`/audit/checkpoint?atLeast=${position}`);
  const { text: note } = reply;
  const text = (await client.get('/audit/public-key')).text;
  const keys = parseVerifierKeys(text);
  return { note, text, keys, ...openCheckpoint(note, keys) };
};

/** Of what is good. */
const noFinding = (finding: Finding): never => {
  throw new Error(JSON.stringify(finding));
};

const verified = async (
  database: TestDatabase,
  ledger: string,
  keys: readonly VerifierKey[],
  since: readonly Commitment[] = [],
): Promise<{ findings: Finding[]; covered: number }> => {
  const pool = new pg.Pool({ connectionString: database.appUrl });
  const findings: Finding[] = [];
  try {
    const { covered } = await verifyDatabase(pool, ledger, keys, since, (finding) => findings.push(finding));
    return { findings, covered };
  } finally {
    await pool.end();
  }
};

const findingsIn = async (...what: Parameters<typeof verified>): Promise<Finding[]> =>
  (await verified(...what)).findings;

describe('random histories', () => {
  let database: TestDatabase;
  let other: TestDatabase;
  let app: App;
  let pools: pg.Pool[];
  let count = 0;

  beforeAll(async () => {
    [database, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    app = await startApp(database);
    pools = [database, other].map(({ appUrl }) => new pg.Pool({ connectionString: appUrl }));
    await mkdir(database.folder, { recursive: true });
  });
  afterAll(async () => {
    for (const pool of pools) await pool.end();
    await app.close();
    await database.drop();
    await other.drop();
  });

  it(
    'verify, are replayed to the same books, and are the same log once exported and imported',
    async () => {
      await fc.assert(
        fc.asyncProperty(histories({ minLength: 20, maxLength: 60 }), async (history) => {
          const ledgerId = `history-${++count}`;
          const client = new LedgerClient(app.url, ledgerId);
          await record(client, history);
          const { keys, size, root, note } = await sealed(client);
          const lines = await linesOf(client);
          expect(size).toBe(lines.length);
          expect(await findingsIn(database, ledgerId, keys)).toEqual([]);
          const closings = lines.filter((line) => line.includes('"type":"PeriodTotalsRecorded"'));
          expect(closings).toHaveLength(3);

          // The live books go as far as the log by now.
          expect((await client.get(`/reports/ageing?atLeast=${size}`)).status).toBe(200);
          const worker = new ProjectionWorker(pools[0]!, new EventLog(pools[0]!));
          const rebuild = new Rebuild(pools[0]!, worker, ledgerId);
          const generation = await rebuild.build(size, () => undefined);
          const { agreeing, differences, movedOn } = await rebuild.compare(generation, size);
          expect({ differences, movedOn }).toEqual({ differences: [], movedOn: 0 });
          expect(Object.values(agreeing).reduce((sum, rows) => sum + rows, 0)).toBeGreaterThan(0);
          // As the books stood before, too: only documents that have changed since can't be compared.
          const half = Math.ceil(size / 2);
          const earlier = await rebuild.build(half, () => undefined);
          expect((await rebuild.compare(earlier, half)).differences).toEqual([]);
          await rebuild.clear();

          const file = join(database.folder, `${ledgerId}.ndjson`);
          // In two parts, the first of them cut short.
          await exportLog(pools[0]!, ledgerId, file, half);
          await writeFile(file, (await readFile(file)).subarray(0, -7));
          const exported = await exportLog(pools[0]!, ledgerId, file, size);
          expect(exported).toMatchObject({ events: size, covered: size, resumedAt: half - 1 });
          expect(await readFile(file, 'utf8')).toBe(lines.map((line) => `${line}\n`).join(''));
          expect(await readFile(beside(file).checkpoint, 'utf8')).toBe(note);
          const leaves = await readLeaves(file, note);
          expect(leaves).toHaveLength(32 * size);
          const findings: Finding[] = [];
          const commitments = [{ name: 'the checkpoint', isSigned: true, size, root }];
          await verifyFile({ file, commitments, leaves }, (finding) => findings.push(finding));
          expect(findings).toEqual([]);

          const importing = { file, checkpoint: openCheckpoint(note, keys), leaves, base: 'elsewhere.example' };
          expect(await importLog(other.url, importing, noFinding)).toEqual({ ledgerId, events: size, epoch: 2 });
          await expect(importLog(other.url, importing, noFinding)).rejects.toThrow(ImportError);
          // Its tables, but for the ids of batches that nothing tells apart, are those of the original.
          for (const table of ['events', 'event_documents', 'claims', 'periods', 'commits']) {
            const [original, copy] = await Promise.all(
              pools.map((pool) =>
                pool.query(`select * from log.${table} where ledger_id = $1 order by 1, 2, 3`, [ledgerId]),
              ),
            );
            expect({ table, rows: copy!.rows }).toEqual({ table, rows: original!.rows });
          }
        }),
        { numRuns: sampleSize(4, 100) },
      );
    },
    timeLimitMs,
  );

  it('are not written over a file of something else', async () => {
    const client = await new LedgerClient(app.url, 'own-file').open();
    await client.record('/vendors', { id: 'v1', name: 'V' });
    const [first, second] = await linesOf(client);
    const file = join(database.folder, 'own-file.ndjson');
    for (const text of ['my notes', `${first}x`, `${first}\nmy notes`, `${first}\n${second}\nmy notes`, '\n']) {
      await writeFile(file, text);
      await expect(exportLog(pools[0]!, 'own-file', file, 2)).rejects.toThrow('is not the beginning of an export');
      expect(await readFile(file, 'utf8')).toBe(text);
    }
    for (const text of ['', first!.slice(0, 9), first!, `${first}\n`, `${first}\n${second!.slice(0, 9)}`]) {
      await writeFile(file, text);
      await exportLog(pools[0]!, 'own-file', file, 2);
      expect(await readFile(file, 'utf8')).toBe(`${first}\n${second}\n`);
    }
  });

  it(
    'are taken in by an application that goes on with them',
    async () => {
      const ledgerId = 'goes-on';
      const client = await new LedgerClient(app.url, ledgerId).open();
      await client.record('/vendors', { id: 'v1', name: 'V' });
      const key = { 'idempotency-key': 'once' };
      expect((await client.post('/invoices', invoice('i1'), key)).status).toBe(201);
      const { size, note, keys } = await sealed(client);
      const file = join(database.folder, 'goes-on.ndjson');
      await exportLog(pools[0]!, ledgerId, file, size);
      const checkpoint = openCheckpoint(note, keys);
      await importLog(other.url, { file, checkpoint, leaves: undefined, base: 'elsewhere.example/x' }, noFinding);
      const second = await startApp(other);
      try {
        const there = new LedgerClient(second.url, ledgerId);
        expect(await linesOf(there)).toEqual(await linesOf(client));
        // The same id and content is a no-op, the same number a duplicate, and a key that was used records nothing.
        const again = await there.post('/invoices', invoice('i1'));
        expect([again.status, again.body.position]).toEqual([201, 3]);
        const twice = await there.post('/invoices', { ...invoice('i2'), number: 'i1' });
        expect(twice.body.type).toBe('/problems/duplicate-invoice');
        const reused = await there.post('/invoices', invoice('i3'), key);
        expect(reused.body.type).toBe('/problems/idempotency-key-reused');
        await there.record('/invoices', invoice('i4'));
        const proof = await sealed(there);
        expect([proof.origin, proof.size]).toEqual(['elsewhere.example/x/goes-on/2', 4]);
        const ageing = '/reports/ageing?asOf=2024-03-31&knownAtPosition=3';
        expect((await there.get(ageing)).text).toBe((await client.get(ageing)).text);
      } finally {
        await second.close();
      }
    },
    timeLimitMs,
  );
});

describe('tampering', () => {
  let database: TestDatabase;
  let keys: VerifierKey[];
  let early: Commitment;
  let late: Commitment;
  let note: string;
  let lines: string[];
  const ledger = 'acme';

  beforeAll(async () => {
    database = await createTestDatabase();
    const app = await startApp(database);
    const client = await new LedgerClient(app.url, ledger).open();
    await client.record('/vendors', { id: 'v1', name: 'V' });
    // Over the first full tile, so that both sorts of places are there: in a full tile, and after it.
    for (let n = 0; n < 280; n += 20)
      await Promise.all(Array.from({ length: 20 }, (_, i) => client.record('/invoices', invoice(`i${n + i}`))));
    const first = await sealed(client);
    early = { name: 'the earlier checkpoint', isSigned: true, size: first.size, root: first.root };
    const payment = {
      id: 'p1',
      vendorId: 'v1',
      paidOn: '2024-02-10',
      currency: 'USD',
      amount: '120.00',
      allocations: [{ invoiceId: 'i1', amount: '120.00' }],
    };
    const key = { 'idempotency-key': 'pay i1' };
    expect((await client.post('/payments', payment, key)).body.position).toBe(284);
    await client.record('/vendors', { id: 'v2', name: 'W' });
    await client.record('/invoices/i2/reversal', { reason: 'Not ours', on: '2024-02-10' });
    await client.record('/periods/2023-12/close');
    const last = await sealed(client);
    late = { name: 'the checkpoint', isSigned: true, size: last.size, root: last.root };
    ({ keys, note } = last);
    lines = await linesOf(client);
    expect((await client.get(`/reports/ageing?atLeast=${last.size}`)).status).toBe(200);
    await app.close();
    await mkdir(database.folder, { recursive: true });
  }, timeLimitMs);
  afterAll(() => database.drop());

  /** What is found after somebody who may do everything has changed something. */
  const after = async (
    statements: readonly string[],
    { trusted = keys, since = [] as Commitment[] } = {},
  ): Promise<Finding[]> => {
    const copy = await copyOf(database);
    try {
      await tamper(copy, ...statements);
      return await findingsIn(copy, ledger, trusted, since);
    } finally {
      await copy.drop();
    }
  };
  const at = (position: number, check: Finding['check']) => expect.objectContaining({ position, check });
  const where = (position: number): string => `where ledger_id = '${ledger}' and position = ${position}`;
  /** SQL that makes the hash beside a line that of the line. */
  const rehash = (condition: string): string =>
    `update log.events set leaf_hash = sha256('\\x00'::bytea || convert_to(line, 'UTF8')) ${condition}`;
  const change = (position: number): string =>
    `update log.events set line = replace(line, '"amount":"100.00"', '"amount":"100.01"') ${where(position)}`;

  it('is not found where there was none', async () => expect(await after([])).toEqual([]));

  it.each([10, 255, 256, 257, 270])('with one byte of the line at %d', async (position) => {
    const findings = await after([change(position)]);
    expect(findings).toContainEqual(at(position, 'hash'));
    // The invoice no longer adds up either.
    expect(findings).toContainEqual(at(position, 'rule'));
  });

  it.each([10, 270])('with a line and the hash beside it, at %d', async (position) => {
    const text = `update log.events set line = replace(line, '2024-02-29', '2024-03-29') ${where(position)}`;
    const findings = await after([text, rehash(where(position))]);
    expect(findings).toContainEqual(at(position, 'hash'));
    expect(findings.filter(({ check }) => check === 'checkpoint')).toHaveLength(1);
  });

  it('and counts as covered only what a signed tree over these very lines proves', async () => {
    const coveredAfter = async (statements: readonly string[]): Promise<number> => {
      const copy = await copyOf(database);
      try {
        await tamper(copy, ...statements);
        return (await verified(copy, ledger, keys)).covered;
      } finally {
        await copy.drop();
      }
    };
    expect(await coveredAfter([])).toBe(late.size);
    expect(await coveredAfter([change(10)])).toBeLessThan(10);
    const paidOn = `update log.events set line = replace(line, '2024-02-10', '2024-02-11') ${where(283)}`;
    expect(await coveredAfter([paidOn])).toBe(early.size);
    const unsigned = `delete from log.signed_checkpoints where ledger_id = '${ledger}' and size > ${early.size}`;
    expect(await coveredAfter([unsigned])).toBe(early.size);
  });

  it('with data that are not of the shape of their event', async () => {
    const posted = lines.findIndex((line) => line.includes('"invoiceId":"i2"')) + 1;
    const findings = await after([
      `update log.events set line = replace(line, '"name":"V"', '"name":"V","connected":[]') ${where(2)}`,
      // Reversed later on: what it gives up then can't be told.
      `update log.events set line = replace(line, '"number":"i2"', '"number":5') ${where(posted)}`,
    ]);
    const detail = 'it is not what VendorRegistered version 1 holds: /data/connected must be true or false';
    expect(findings).toContainEqual({ check: 'schema', position: 2, detail });
    expect(findings).toContainEqual(at(posted, 'schema'));
  });

  it('with an event that is gone', async () => {
    expect(await after([`delete from log.events ${where(100)}`])).toContainEqual(at(100, 'position'));
  });

  it('with the last events gone', async () => {
    const findings = await after([`delete from log.events where ledger_id = '${ledger}' and position > 283`]);
    expect(findings).toContainEqual(
      expect.objectContaining({ position: 284, through: late.size, check: 'checkpoint' }),
    );
  });

  it('with two events that changed places', async () => {
    const findings = await after([
      `update log.events set position = 0 ${where(50)}`,
      `update log.events set position = 50 ${where(51)}`,
      `update log.events set position = 51 ${where(0)}`,
    ]);
    expect(findings).toContainEqual(at(50, 'position'));
    expect(findings).toContainEqual(at(51, 'position'));
  });

  it('with an event that was slipped in', async () => {
    const next = late.size + 1;
    const forged = lines[60]!
      .replace('"position":61', `"position":${next}`)
      .replace(/"streamVersion":\d+/, '"streamVersion":9999')
      .replaceAll('i58', 'forged');
    const findings = await after([
      `insert into log.events select ledger_id, ${next}, stream, 9999, type, effective_on, recorded_at, $l$${forged}$l$, '\\x00' from log.events ${where(61)}`,
    ]);
    for (const check of ['hash', 'table', 'event-id', 'stream', 'recorded-at'] as const)
      expect(findings).toContainEqual(at(next, check));
  });

  it('with a tail that was written anew, with every hash of it', async () => {
    // As thorough as can be: lines, hashes, tree, checkpoints and their signatures, with the key of the house.
    const pem = await readFile(join(database.folder, 'keys/checkpoint.pem'));
    const tree = new GrowingTree();
    let totals = '';
    const changed = lines.map((line, i) => {
      let text = i >= 279 ? line.replaceAll('2024-01-31', '2024-01-30') : line;
      // The totals of the closing have the root of what was before them.
      if (line.includes('"type":"PeriodTotalsRecorded"'))
        totals = text = text.replace(/"root":"[^"]+"/, `"root":"${tree.root().toString('base64')}"`);
      tree.add(leafHash(text));
      return text;
    });
    const leaves = changed.map((line) => leafHash(line));
    const { origin } = openCheckpoint(note, keys);
    const forged = { origin, size: late.size, root: tree.root() };
    const signed = signCheckpoint(forged, createPrivateKey(pem));
    const of = `where ledger_id = '${ledger}'`;
    const statements = [
      `update log.events set line = replace(line, '2024-01-31', '2024-01-30'), effective_on = case when effective_on = '2024-01-31' then '2024-01-30' else effective_on end ${of} and position >= 280`,
      `update log.events set line = $l$${totals}$l$ ${of} and type = 'PeriodTotalsRecorded'`,
      rehash(`${of} and position >= 280`),
      `update log.claims set value = replace(value, '2024-01-31', '2024-01-30') ${of} and position between 280 and 282`,
      `delete from log.checkpoints ${of}`,
      `delete from log.signed_checkpoints ${of}`,
      `insert into log.checkpoints (ledger_id, size, previous_size, epoch, root, leaves, sealed_at)
       values ('${ledger}', ${forged.size}, 0, 1, '\\x${forged.root.toString('hex')}', '\\x${Buffer.concat(leaves).toString('hex')}', now())`,
      `insert into log.signed_checkpoints values ('${ledger}', ${forged.size}, (select key from log.verifier_keys limit 1), $n$${signed}$n$)`,
    ];
    // In itself nothing is wrong with it.
    expect(await after(statements)).toEqual([]);
    // What somebody kept tells.
    expect(await after(statements, { since: [early] })).toEqual([
      expect.objectContaining({ check: 'checkpoint', position: 1, through: early.size }),
    ]);
    expect(await after(statements, { since: [late] })).toEqual([
      expect.objectContaining({ check: 'checkpoint', through: late.size }),
    ]);
  });

  it('with a checkpoint that another key has signed', async () => {
    const { origin, size, root } = openCheckpoint(note, keys);
    const { privateKey } = generateKeyPairSync('ed25519');
    const signed = signCheckpoint({ origin, size, root }, privateKey);
    const key = formatVerifierKey(verifierKey(origin, createPublicKey(privateKey)));
    const findings = await after([
      `insert into log.verifier_keys values ('${ledger}', '${key}', 1)`,
      `update log.signed_checkpoints set note = $n$${signed}$n$, key = '${key}' where size = ${size}`,
    ]);
    expect(findings).toEqual([at(size, 'signature')]);
  });

  it('with thousands of signatures, which are told once', async () => {
    const signed = `insert into log.signed_checkpoints select 'acme', n % 280 + 1, 'key ' || n, $n$${note}$n$ from generate_series(1, 4500) n`;
    const [finding, ...others] = await after([signed]);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ check: 'signature', position: 1, through: 280 });
    expect(finding!.detail).toBe('4500 signed checkpoints, of 1 to 280 events: it is not of the tree that was sealed');
  });

  it('with a tree that does not continue the one before, and with trees beyond the log', async () => {
    const [tree, last] = [early, late].map(({ size }) => `where ledger_id = 'acme' and size = ${size}`);
    const of = `ledger_id, size + 1000 + n, size + 999 + n, epoch, root, '\\x', sealed_at`;
    const findings = await after([
      `update log.checkpoints set leaves = '\\x00' ${tree}`,
      `insert into log.checkpoints select ${of} from log.checkpoints, generate_series(1, 3000) n ${last}`,
    ]);
    expect(findings).toContainEqual(at(early.size, 'table'));
    expect(findings.filter(({ check }) => check === 'checkpoint')).toEqual([
      expect.objectContaining({ position: late.size + 1, through: late.size + 4_000 }),
    ]);
  });

  it.each([
    ['the root', /"root":"[^"]+"/, `"root":"${'A'.repeat(43)}="`, 'checkpoint root'],
    ['the number of events', '"recorded":287', '"recorded":286', 'events recorded'],
    ['the currencies', '"currencies":[]', `"currencies":${forgedCurrencies}`, 'the list of currencies'],
    ['its closing', '"position":287', '"position":286', 'position'],
  ])('with the totals of a closing, and the hash beside them: %s', async (_, from, to, figure) => {
    const line = lines[287]!;
    const [start, data = ''] = line.split('"data":');
    const changed = `${start}"data":${data.replace(from, to)}`;
    expect(changed).not.toBe(line);
    const findings = await after([`update log.events set line = $l$${changed}$l$ ${where(288)}`, rehash(where(288))]);
    const detail = expect.stringContaining(`PeriodTotalsRecorded says that ${figure} is`);
    expect(findings).toContainEqual(expect.objectContaining({ check: 'rule', position: 288, detail }));
  });

  it('with what a closing had counted, and every hash of it', async () => {
    // Somebody who may do all but rewrite the totals: they no longer agree with the lines.
    const findings = await after([change(10), rehash(where(10))]);
    const detail = expect.stringContaining('PeriodTotalsRecorded says that checkpoint root is');
    expect(findings).toContainEqual(expect.objectContaining({ check: 'rule', position: 288, detail }));
  });

  const acme = "where ledger_id = 'acme'";
  it.each<[string, string, number, Finding['check']?]>([
    ['a batch', `delete from log.commits ${acme} and first_position = 1`, 1],
    ['a batch that begins later', `update log.commits set first_position = 2 ${acme} and last_position = 1`, 1],
    ['a batch beyond the end', `insert into log.commits values ('acme', 999, 900, now())`, 900],
    [
      'the instant of a batch',
      `update log.commits set recorded_at = now() ${acme} and last_position = 1`,
      1,
      'recorded-at',
    ],
    ['a document', `delete from log.event_documents ${acme} and document = 'invoice/i1'`, 284],
    ['a document too many', `insert into log.event_documents values ('acme', 'invoice/i1', 30)`, 30],
    ['a document beyond the end', `insert into log.event_documents values ('acme', 'invoice/i1', 999)`, 999],
    ['the stream', `update log.events set stream = 'vendor/v2' ${acme} and position = 30`, 30],
    ['the version in the stream', `update log.events set stream_version = 999 ${acme} and position = 30`, 30],
    ['the type', `update log.events set type = 'InvoiceReversed' ${acme} and position = 30`, 30],
    ['the day', `update log.events set effective_on = '2024-01-01' ${acme} and position = 30`, 30],
    [
      'the instant',
      `update log.events set recorded_at = recorded_at + interval '1 day' ${acme} and position = 30`,
      30,
      'recorded-at',
    ],
    ['a claim', `delete from log.claims ${acme} and position = 30 and value like 'number %'`, 30],
    [
      'the number claimed',
      `update log.claims set value = 'number v1 X' ${acme} and position = 30 and value like 'number %'`,
      30,
    ],
    [
      'the year of a claim',
      `update log.claims set qualifier = '2023' ${acme} and position = 30 and value like 'number %'`,
      30,
    ],
    ['who claims', `update log.claims set document = 'invoice/i9' ${acme} and position = 30`, 30],
    ['a claim that is given up', `update log.claims set released = true ${acme} and position = 30`, 30],
    ['a claim that is not given up', `update log.claims set released = false ${acme} and position = 286`, 286],
    [
      'a claim of no invoice',
      `insert into log.claims values ('acme', 'number v1 Y', 2, 'invoice/i9', '2024', false)`,
      2,
    ],
    ['the key of a request', `update log.receipts set key = 'other' ${acme} and first_position = 283`, 283],
    ['a receipt', `delete from log.receipts ${acme} and first_position = 283`, 283],
    ['how far a receipt goes', `update log.receipts set last_position = 285 ${acme} and first_position = 283`, 283],
    ['a receipt of nobody', `insert into log.receipts values ('acme', 'k', 'x', 201, '', '', 30, 30)`, 30],
    ['a closing', `delete from log.periods ${acme}`, 287],
    ['the day of a closing', `update log.periods set closed_through = '2024-01-31' ${acme}`, 287],
    ['a closing of no event', `insert into log.periods values ('acme', 30, '2023-12-31')`, 30],
    ['a tile of the tree', `update log.tiles set hashes = hashes || '\\x00' ${acme} and level = 0`, 1],
    ['the place of a batch', `update log.batches set first_position = 999 ${acme} and first_position = 285`, 999],
    ['when a batch came', `update log.batches set recorded_at = now() ${acme} and first_position = 285`, 285],
  ])('beside the lines: %s', async (_, statement, position, check = 'table') => {
    expect(await after([statement])).toContainEqual(at(position, check));
  });

  it('with a row of the books, which the replay finds and puts right', async () => {
    const copy = await copyOf(database);
    const pool = new pg.Pool({ connectionString: copy.appUrl });
    try {
      await tamper(
        copy,
        `update books.subledger_lines set owed = owed + 1 where position = 30`,
        `delete from books.journal_lines where position = 40 and line = 0`,
        `update books.documents set status = 'paid' where id = 'i5'`,
      );
      const rebuild = new Rebuild(pool, new ProjectionWorker(pool, new EventLog(pool)), ledger);
      const generation = await rebuild.build(late.size, () => undefined);
      const { differing, differences } = await rebuild.compare(generation, late.size);
      expect(differing).toBe(3);
      expect(differences.map(({ table, key }) => [table, key.position ?? key.id])).toEqual([
        ['documents', 'i5'],
        ['journal_lines', 40],
        ['subledger_lines', 30],
      ]);
      expect(differences[1]!.live).toBeUndefined();
      expect(await rebuild.swap(generation, late.size)).toBe(late.size);
      await rebuild.clear();
      const again = await rebuild.build(late.size, () => undefined);
      expect((await rebuild.compare(again, late.size)).differing).toBe(0);
      const { rows } = await pool.query('select distinct generation from books.subledger_lines order by 1');
      expect(rows.map((row: { generation: number }) => row.generation)).toEqual([generation, again]);
    } finally {
      await pool.end();
      await copy.drop();
    }
  });

  describe('with an export', () => {
    const verify = async (name: string, text: string, hashes = true, commitments = [early, late]) => {
      const file = join(database.folder, `${name}.ndjson`);
      await writeFile(file, text);
      await writeFile(beside(file).leaves, Buffer.concat(lines.map((line) => leafHash(line))));
      const findings: Finding[] = [];
      const leaves = hashes ? await readLeaves(file, note) : undefined;
      const { covered } = await verifyFile({ file, commitments, leaves }, (one) => findings.push(one));
      return { findings, covered };
    };
    const check = async (...what: Parameters<typeof verify>): Promise<Finding[]> => (await verify(...what)).findings;
    const text = (some: readonly string[]): string => some.map((line) => `${line}\n`).join('');

    it('that is as it was is not found', async () => expect(await check('good', text(lines))).toEqual([]));

    it('that ends early', async () => {
      const findings = await check('short', text(lines.slice(0, 200)));
      expect(findings).toContainEqual(
        expect.objectContaining({ check: 'checkpoint', position: 201, through: late.size }),
      );
    });
    it('that ends in the middle of a line', async () => {
      const findings = await check('cut', text(lines).slice(0, -9));
      expect(findings).toContainEqual(at(lines.length, 'line'));
    });
    it('that has another order', async () => {
      const some = [...lines];
      [some[20], some[70]] = [some[70]!, some[20]!];
      const findings = await check('order', text(some));
      expect(findings).toContainEqual(at(21, 'position'));
      expect(findings.filter(({ position }) => position !== null && position > 71 && position < 280)).toEqual([]);
    });
    it('that lacks a line, has one twice, or has an empty one', async () => {
      expect(await check('lacks', text([...lines.slice(0, 9), ...lines.slice(10)]))).toContainEqual(at(10, 'position'));
      expect(await check('twice', text([...lines.slice(0, 9), lines[8]!, ...lines.slice(9)]))).toContainEqual(
        at(9, 'position'),
      );
      expect(await check('empty', text([...lines.slice(0, 9), '', ...lines.slice(9)]))).toContainEqual(at(10, 'line'));
    });
    it('that has one byte changed, which the hashes beside it tell; without them, between which checkpoints', async () => {
      const some = lines.map((line, i) => (i === 122 ? line.replace('2024-02-29', '2024-02-28') : line));
      expect(await check('byte', text(some))).toContainEqual(at(123, 'hash'));
      expect(await check('byte', text(some), false)).toContainEqual(
        expect.objectContaining({ check: 'checkpoint', position: 1, through: early.size }),
      );
    });
    it('of which only that is covered whose root comes out', async () => {
      const forged = (n: number) => lines.map((line, i) => (i === n - 1 ? line.replace('2024-02', '2024-03') : line));
      expect(await verify('whole', text(lines))).toEqual({ findings: [], covered: late.size });

      // Cut off, the checkpoint says nothing of what is left, be it forged or not; an earlier one does.
      const missing = (from: number, through: number) => ({
        check: 'checkpoint',
        position: through + 1,
        through: late.size,
        detail: `the checkpoint covers ${late.size} events, and there are ${through}: the rest is missing, so that positions ${from} to ${through} can't be checked against its root`,
      });
      for (const some of [lines, forged(12)])
        expect(await verify('cut-off', text(some.slice(0, 200)), false, [late])).toEqual({
          findings: [missing(1, 200)],
          covered: 0,
        });
      expect(await verify('cut-late', text(lines.slice(0, early.size + 1)), false)).toEqual({
        findings: [missing(early.size + 1, early.size + 1)],
        covered: early.size,
      });

      // All there and one altered: the hashes tell which, and prove nothing.
      const { findings, covered } = await verify('altered', text(forged(12)));
      expect(findings).toContainEqual(at(12, 'hash'));
      expect(covered).toBe(0);
      expect((await verify('altered-late', text(forged(early.size + 1)))).covered).toBe(early.size);
    });
    it('that has data of another shape, and nothing else', async () => {
      // Up to the closing, whose totals have the root of what was before them.
      const spoilt = (position: number, more: object) =>
        lines.slice(0, early.size).map((line, i) => {
          const { data, ...rest } = JSON.parse(line) as { data: object };
          return i === position - 1 ? JSON.stringify({ ...rest, data: { ...data, ...more } }) : line;
        });
      const cases: readonly (readonly [number, object, string])[] = [
        [2, { connected: [] }, 'VendorRegistered version 1 holds: /data/connected must be true or false'],
        [5, { dueDate: [] }, 'InvoicePosted version 1 holds: /data/dueDate is no field of it'],
        [5, { allowDuplicate: [] }, 'InvoicePosted version 1 holds: /data/allowDuplicate must be an object'],
        [5, { description: 7 }, 'InvoicePosted version 1 holds: /data/description must be a text'],
      ];
      for (const [position, more, misfit] of cases) {
        const findings = await check('shape', text(spoilt(position, more)));
        expect(findings.filter(({ check }) => check !== 'checkpoint' && check !== 'hash')).toEqual([
          { check: 'schema', position, detail: `it is not what ${misfit}` },
        ]);
      }
      const schedule = [{ dueOn: [], amount: '120.00' }];
      expect(await check('shape', text(spoilt(5, { schedule })))).toContainEqual(
        expect.objectContaining({
          check: 'schema',
          detail: expect.stringContaining('/data/schedule/0/dueOn must be a text'),
        }),
      );
    });
    it('that is of another ledger, of an unknown event, or not written by the log', async () => {
      const swap = (n: number, from: string, to: string) =>
        text(lines.map((line, i) => (i === n - 1 ? line.replace(from, to) : line)));
      expect(await check('ledger', swap(5, '"ledger":"acme"', '"ledger":"acne"'))).toContainEqual(at(5, 'line'));
      expect(await check('schema', swap(5, 'InvoicePosted', 'InvoiceEaten'))).toContainEqual(at(5, 'schema'));
      expect(await check('version', swap(5, '"version":1', '"version":2'))).toContainEqual(at(5, 'schema'));
      expect(await check('blank', swap(5, '"ledger":"acme",', '"ledger": "acme",'))).toContainEqual(at(5, 'line'));
      expect(await check('twice-key', swap(5, '"position":5,', '"position":5,"position":5,'))).toContainEqual(
        at(5, 'line'),
      );
    });
  });
});

describe('books that are rebuilt', () => {
  let database: TestDatabase;
  let app: App;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startApp(database);
    pool = new pg.Pool({ connectionString: database.appUrl });
  });
  afterAll(async () => {
    await pool.end();
    await app.close();
    await database.drop();
  });

  it(
    'are the live ones also where those were folded by workers that died over it',
    async () => {
      const client = await new LedgerClient(app.url, 'crash').open();
      await client.record('/vendors', { id: 'v1', name: 'V' });
      const state = { isDone: false };
      const killing = (async () => {
        while (!state.isDone) {
          await pool
            .query(
              `select pg_terminate_backend(pid) from pg_stat_activity
                             where application_name = 'duebook worker' and datname = current_database()`,
            )
            .catch(() => undefined);
          await new Promise((resolve) => setTimeout(resolve, 15));
        }
      })();
      for (let n = 0; n < 400; n += 20)
        await Promise.all(Array.from({ length: 20 }, (_, i) => client.record('/invoices', invoice(`i${n + i}`))));
      state.isDone = true;
      await killing;
      const { body } = await until(async () => {
        const reply = await client.get('/reports/ageing?atLeast=402');
        return reply.status === 200 && reply;
      }, 60_000);
      expect(body.currencies[0].totals.total).toBe('48000.00');
      const rebuild = new Rebuild(pool, new ProjectionWorker(pool, new EventLog(pool)), 'crash');
      const generation = await rebuild.build(402, () => undefined);
      const compared = await rebuild.compare(generation, 402);
      expect(compared).toMatchObject({ differing: 0, movedOn: 0 });
      await rebuild.clear();
    },
    timeLimitMs,
  );

  it(
    'are put in place while others write and read, and no reader sees an error or a mixture',
    async () => {
      const client = await new LedgerClient(app.url, 'swap').open();
      await client.record('/vendors', { id: 'v1', name: 'V' });
      for (let n = 0; n < 100; n += 20)
        await Promise.all(Array.from({ length: 20 }, (_, i) => client.record('/invoices', invoice(`s${n + i}`))));
      const state = { isDone: false };
      let posted = 100;
      const writing = (async () => {
        while (!state.isDone)
          await Promise.all(Array.from({ length: 5 }, () => client.record('/invoices', invoice(`s${posted++}`))));
      })();
      let reads = 0;
      const reading = Array.from({ length: 3 }, async () => {
        while (!state.isDone) {
          const { status, body, text } = await client.get('/reports/liabilities?asOf=2024-03-31');
          if (status !== 200) throw new Error(text);
          // Each event from position 3 on is an invoice of 120.00: a mixture of two generations would not add up.
          const [{ totals, reconciliation }] = body.currencies;
          expect(totals.total).toBe(`${(body.position - 2) * 120}.00`);
          expect(reconciliation.difference).toBe('0.00');
          reads += 1;
        }
      });
      const rebuild = new Rebuild(pool, new ProjectionWorker(pool, new EventLog(pool)), 'swap');
      for (let round = 0; round < 4; round++) {
        const { generation: before, position } = (await rebuild.live())!;
        const generation = await rebuild.build(position, () => undefined);
        expect((await rebuild.compare(generation, position)).differences).toEqual([]);
        await rebuild.swap(generation, position);
        expect((await rebuild.live())!.generation).toBe(generation);
        expect(generation).toBeGreaterThan(before);
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      state.isDone = true;
      await writing;
      await Promise.all(reading);
      expect(reads).toBeGreaterThan(20);
      const { body } = await client.get(`/reports/liabilities?asOf=2024-03-31&atLeast=${posted + 2}`);
      expect(body.currencies[0].totals.total).toBe(`${posted * 120}.00`);
      await until(async () => {
        await rebuild.clear();
        const { rows } = await pool.query<{ count: string }>(
          `select count(distinct generation) from books.subledger_lines where ledger_id = 'swap'`,
        );
        return rows[0]!.count === '1';
      }, 20_000);
    },
    timeLimitMs,
  );
});
