import { open, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { rootOfLines, until } from '../../test/support/audit.js';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import type { Checkpoint } from './checkpoint.js';
import { importLog, ImportError } from './import.js';
import { leafHash } from './merkle.js';
import type { Finding } from './verify.js';
import { verifyFile } from './verify-file.js';

// What is written while the rest is not verified yet must be gone if anything is wrong with the rest. So the logs here
// have several pages.

/** Of some 1,800 bytes each: more than four pages. */
const size = 2_600;

let database: TestDatabase;
let admin: pg.Pool;
let ledgers = 0;
let ledgerId: string;
let file: string;
let lines: string[];

/** A ledger of vendors, three recorded at a time, each by a request with a key. */
const vendors = (): string[] =>
  Array.from({ length: size }, (_, n) => {
    const hex = (n + 1).toString(16).padStart(12, '0');
    const correlationId = `00000000-0000-4000-8000-${hex}`;
    const about =
      n === 0
        ? { type: 'LedgerOpened', data: { ledgerId, name: 'Many', currency: 'USD', timeZone: 'UTC' } }
        : {
            type: 'VendorRegistered',
            data: { vendorId: `v${n}`, name: `Vendor \\ "${n}" ${'ü'.repeat(700)}`, kind: 'supplier' },
          };
    return JSON.stringify({
      ledger: ledgerId,
      position: n + 1,
      id: `00000000-0000-7000-8000-${hex}`,
      type: about.type,
      version: 1,
      stream: n === 0 ? 'ledger' : `vendor/v${n}`,
      streamVersion: 1,
      effectiveOn: '2025-01-01',
      recordedAt: `2026-01-01T00:00:00.${String(Math.floor(n / 3)).padStart(6, '0')}Z`,
      actor: { id: 'ann', role: 'clerk' },
      idempotencyKey: `key-${n}`,
      correlationId,
      contentHash: correlationId.slice(0, 22),
      data: about.data,
    });
  });

const text = (some: readonly string[]): string => some.map((line) => `${line}\n`).join('');
const checkpointOf = (some: readonly string[]): Checkpoint => ({
  origin: `here.example/${ledgerId}/1`,
  size: some.length,
  root: rootOfLines(some),
});
const leavesOf = (some: readonly string[]): Buffer => Buffer.concat(some.map((line) => leafHash(line)));

/** Takes the file in. What is found is in order. */
const take = async (
  more: { checkpoint?: Checkpoint; leaves?: Buffer; progress?: (lines: number) => void } = {},
): Promise<{ findings: Finding[]; imported?: unknown; error?: unknown }> => {
  const { checkpoint = checkpointOf(lines), leaves, progress } = more;
  const findings: Finding[] = [];
  try {
    const about = { file, checkpoint, leaves, base: 'there.example' };
    const imported = await importLog(database.url, about, (finding) => findings.push(finding), progress);
    return { findings, imported };
  } catch (error) {
    return { findings, error };
  }
};

const tables = [
  ...['ledgers', 'events', 'event_documents', 'claims', 'commits', 'receipts', 'periods', 'batches', 'epochs'],
];

/** How many rows each table has of the ledger. */
const rowsOf = async (): Promise<Record<string, number>> => {
  const counts = await Promise.all(
    tables.map(async (table): Promise<[string, number]> => {
      const { rows } = await admin.query<{ count: number }>(
        `select count(*)::int as count from log.${table} where ledger_id = $1`,
        [ledgerId],
      );
      return [table, rows[0]!.count];
    }),
  );
  return Object.fromEntries(counts);
};
const nothing = Object.fromEntries(tables.map((table) => [table, 0]));
const everything = {
  ...nothing,
  ledgers: 1,
  epochs: 1,
  events: size,
  event_documents: size,
  commits: Math.ceil(size / 3),
  receipts: size,
};
const textInLog = async (): Promise<string> => {
  const { rows } = await admin.query<{ line: string }>(
    'select line from log.events where ledger_id = $1 order by position',
    [ledgerId],
  );
  return text(rows.map(({ line }) => line));
};
const notVerified = (findings: readonly Finding[]) =>
  new ImportError(`The export does not verify, so nothing was taken in: ${findings.length} findings.`);

beforeAll(async () => {
  database = await createTestDatabase();
  admin = new pg.Pool({ connectionString: database.url, max: 4 });
  await mkdir(database.folder, { recursive: true });
});
afterAll(async () => {
  await admin.end();
  await database.drop();
});
beforeEach(async () => {
  ledgerId = `many-${++ledgers}`;
  file = join(database.folder, `${ledgerId}.ndjson`);
  lines = vendors();
  await writeFile(file, text(lines));
});

describe('an export of several pages', () => {
  it('is taken in whole, byte for byte', async () => {
    const pages: number[] = [];
    const { findings, imported, error } = await take({ leaves: leavesOf(lines), progress: (done) => pages.push(done) });
    expect({ findings, error }).toEqual({ findings: [] });
    expect(imported).toEqual({ ledgerId, events: size, epoch: 2 });
    expect(pages.length).toBeGreaterThan(3);
    expect(await rowsOf()).toEqual(everything);
    expect((await textInLog()) === text(lines)).toBe(true);
  });

  it.each([
    [
      'a line that was changed',
      (some: string[]) => some.with(-1, some.at(-1)!.replace('"name":"V', '"name":"W')),
      true,
    ],
    [
      'one of which no hash tells',
      (some: string[]) => some.with(-1, some.at(-1)!.replace('"name":"V', '"name":"W')),
      false,
    ],
    [
      'a line in the middle that breaks a rule',
      (some: string[]) => some.with(1_300, some[1_300]!.replaceAll('v1300', 'v9')),
      false,
    ],
    [
      'a day that there is not',
      (some: string[]) => some.with(1_300, some[1_300]!.replace('2025-01-01', '2025-13-45')),
      false,
    ],
    ['a missing line', (some: string[]) => some.toSpliced(1_300, 1), true],
    ['a missing end', (some: string[]) => some.slice(0, -1), true],
  ])('with %s leaves nothing behind, and is told as verify tells it', async (_, change, hasHashes) => {
    const changed = change(lines);
    expect(changed).not.toEqual(lines);
    await writeFile(file, text(changed));
    const leaves = hasHashes ? leavesOf(lines) : undefined;
    const { findings, error } = await take({ leaves });
    expect(error).toEqual(notVerified(findings));
    expect(findings.length).toBeGreaterThan(0);
    expect(await rowsOf()).toEqual(nothing);
    const verified: Finding[] = [];
    const { root } = checkpointOf(lines);
    const commitments = [{ name: 'the checkpoint', isSigned: true, size, root }];
    await verifyFile({ file, commitments, leaves }, (finding) => verified.push(finding));
    expect(findings).toEqual(verified);
  });

  it('that ends in the middle of a line leaves nothing behind', async () => {
    await writeFile(file, text(lines).slice(0, -9));
    const { findings, error } = await take();
    expect(error).toEqual(notVerified(findings));
    expect(findings).toContainEqual(expect.objectContaining({ check: 'line', position: size }));
    expect(await rowsOf()).toEqual(nothing);
  });

  it('of which the checkpoint covers a part only leaves nothing behind', async () => {
    const { findings, error } = await take({ checkpoint: checkpointOf(lines.slice(0, 2_000)) });
    expect(findings).toEqual([]);
    expect(error).toEqual(
      new ImportError(
        `The checkpoint covers 2000 of ${size} events: export again once it covers all, or with --to 2000.`,
      ),
    );
    expect(await rowsOf()).toEqual(nothing);
  });

  it('goes in once, also where it is taken in twice at the same time', async () => {
    const both = await Promise.all([take(), take()]);
    expect(both.map(({ imported }) => imported).filter(Boolean)).toEqual([{ ledgerId, events: size, epoch: 2 }]);
    const there = new ImportError(`There is a ledger ${ledgerId} already: an export goes into an empty one.`);
    expect(both.map(({ error }) => error).filter(Boolean)).toEqual([there]);
    expect(await rowsOf()).toEqual(everything);
    // What is wrong with an export is told first.
    await writeFile(file, text(lines.slice(0, -1)));
    const { findings, error } = await take();
    expect(error).toEqual(notVerified(findings));
    expect(await rowsOf()).toEqual(everything);
  });
});

describe('while an export is taken in', () => {
  /** Does something once, when so many lines are done. */
  const onceAt = (wanted: number, act: () => void) => {
    let isDone = false;
    return (done: number): void => {
      if (isDone || done < wanted) return;
      isDone = true;
      act();
    };
  };

  it('the connection may be lost: then nothing is there, and the next one goes in', async () => {
    let cut: Promise<unknown> | undefined;
    const { imported, error } = await take({
      progress: onceAt(size / 2, () => {
        cut = admin.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'duebook import' and datname = current_database()`,
        );
      }),
    });
    await cut;
    expect(imported).toBeUndefined();
    expect(String(error)).toMatch(/^error: terminating connection|connection terminated|ECONNRESET|EPIPE/i);
    expect(await rowsOf()).toEqual(nothing);
    expect((await take()).imported).toMatchObject({ events: size });
    expect(await rowsOf()).toEqual(everything);
  });

  it('what was read of it may change: what was verified is what is written', async () => {
    const changed: Promise<void>[] = [];
    const { imported, error } = await take({
      progress: onceAt(1, () => {
        changed.push(overwrite(lines[1]!.replace('Vendor', 'Wendor'), Buffer.byteLength(lines[0]!) + 1));
      }),
    });
    await Promise.all(changed);
    expect({ imported, error }).toEqual({ imported: { ledgerId, events: size, epoch: 2 } });
    expect(await readFile(file, 'utf8')).toContain('Wendor');
    expect((await textInLog()) === text(lines)).toBe(true);
  });

  it('what is yet to be read may not', async () => {
    const before = Buffer.byteLength(text(lines.slice(0, -1)));
    const changed: Promise<void>[] = [];
    const { findings, error } = await take({
      leaves: leavesOf(lines),
      progress: onceAt(1, () => {
        changed.push(overwrite(lines.at(-1)!.replace('Vendor', 'Wendor'), before));
      }),
    });
    await Promise.all(changed);
    expect(error).toEqual(notVerified(findings));
    expect(findings).toContainEqual(expect.objectContaining({ check: 'hash', position: size }));
    expect(await rowsOf()).toEqual(nothing);
  });

  it('no more of it is read than the database takes', async () => {
    const holder = await admin.connect();
    let done = 0;
    let taking: ReturnType<typeof take> | undefined;
    try {
      await holder.query('begin; lock table log.event_documents in exclusive mode');
      taking = take({ progress: (lines) => (done = lines) });
      await until(async () => {
        const { rowCount } = await admin.query(
          `select from pg_stat_activity where application_name = 'duebook import' and datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rowCount === 1;
      });
      // However long it lasts: another page is verified meanwhile, and that is all.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(done).toBeGreaterThan(0);
      expect(done).toBeLessThan(size / 2);
    } finally {
      await holder.query('rollback');
      holder.release();
    }
    expect((await taking).imported).toMatchObject({ events: size });
  });

  const overwrite = async (line: string, at: number): Promise<void> => {
    const handle = await open(file, 'r+');
    await handle.write(Buffer.from(line), 0, Buffer.byteLength(line), at);
    await handle.close();
  };
});

it('an export without a line is told as such', async () => {
  await writeFile(file, '');
  const { findings, error } = await take({ checkpoint: checkpointOf([]) });
  expect(findings).toEqual([]);
  expect(error).toEqual(new ImportError('The export has no events, so there is nothing to take in.'));
  expect(await rowsOf()).toEqual(nothing);
});
