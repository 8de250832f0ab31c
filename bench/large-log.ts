/** Logs of any size, as an export has them: made line by line, as fast as a disk takes them, and good in every check. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Checkpoint, signCheckpoint } from '#duebook/audit/checkpoint.js';
import { beside, readLeaves } from '#duebook/audit/export.js';
import { importLog } from '#duebook/audit/import.js';
import { GrowingTree, leafHash } from '#duebook/audit/merkle.js';
import { formatVerifierKey, verifierKey } from '#duebook/audit/note.js';
import { type ApEvent, streamOf } from '#duebook/domain/events.js';
import { invoice, ledgerId } from './invoices.js';

/** Of ten invoices six are paid one by one, two with one payment, and two are open: 25 events. */
const invoicesPerBlock = 10;
const eventsPerBlock = 25;
const vendors = 2_000;
/** Events that are recorded at one instant. */
const eventsPerBatch = 50;
const linesPerWrite = 2_000;

export interface LargeLog {
  readonly file: string;
  readonly checkpoint: Checkpoint;
  readonly events: number;
  readonly invoices: number;
  /** How many of the invoices are not paid. */
  readonly open: number;
}

/** Writes a log to a temporary folder, does something with it, and removes it. */
export const withLargeLog = async <T>(about: number, work: (log: LargeLog) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), 'duebook-bench-'));
  try {
    return await work(await writeLargeLog(join(folder, 'large.ndjson'), about));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Takes a log in as a ledger, as `duebook import` does. */
export const takeIn = async (url: string, { file, checkpoint }: LargeLog): Promise<void> => {
  const leaves = await readLeaves(file, await readFile(beside(file).checkpoint, 'utf8'));
  await importLog(url, { file, checkpoint, leaves, base: 'bench.example.com/copy' }, ({ position, detail }) => {
    throw new Error(`position ${position}: ${detail}`);
  });
};

/** How many blocks make about so many events. */
const blocksOf = (events: number): number => Math.max(1, Math.floor((events - 1 - vendors) / eventsPerBlock));

/**
 * Writes an export of about so many events, with its checkpoint and key beside it. The same for the same size, but for
 * the key. What is paid is paid some time after it was posted, when much else has been posted.
 */
export const writeLargeLog = async (file: string, about: number): Promise<LargeLog> => {
  const blocks = blocksOf(about);
  const tree = new GrowingTree();
  const hashes: Buffer[] = [];
  const versions = new Map<string, number>();
  const handle = await open(file, 'w');
  const leaves = await open(beside(file).leaves, 'w');
  const lines: string[] = [];
  const flush = async (): Promise<void> => {
    await handle.write(lines.join(''));
    await leaves.write(Buffer.concat(hashes));
    tree.takeFull();
    lines.length = 0;
    hashes.length = 0;
  };
  let position = 0;
  for (const events of history(blocks)) {
    const correlationId = uuid(position + 1, '4');
    const recordedAt = instantOf(position + 1);
    for (const [n, event] of events.entries()) {
      position += 1;
      const stream = streamOf(event);
      const streamVersion = (versions.get(stream) ?? 0) + 1;
      versions.set(stream, streamVersion);
      const line = JSON.stringify({
        ledger: ledgerId,
        position,
        id: uuid(position, '7'),
        type: event.type,
        version: 1,
        stream,
        streamVersion,
        effectiveOn: event.effectiveOn,
        recordedAt,
        actor: { id: 'integration', role: 'clerk' },
        idempotencyKey: correlationId,
        correlationId,
        ...(n === 0 && { contentHash: correlationId.slice(0, 22) }),
        data: event.data,
      });
      lines.push(`${line}\n`);
      const leaf = leafHash(line);
      tree.add(leaf);
      hashes.push(leaf);
    }
    if (lines.length >= linesPerWrite) await flush();
  }
  await flush();
  await handle.close();
  await leaves.close();
  const { privateKey } = generateKeyPairSync('ed25519');
  const origin = `bench.example.com/${ledgerId}/1`;
  const checkpoint = { origin, size: position, root: tree.root() };
  await writeFile(beside(file).checkpoint, signCheckpoint(checkpoint, privateKey));
  await writeFile(beside(file).publicKey, `${formatVerifierKey(verifierKey(origin, createPublicKey(privateKey)))}\n`);
  return { file, checkpoint, events: position, invoices: blocks * invoicesPerBlock, open: blocks * 2 };
};

/** The events of one command after another. */
function* history(blocks: number): Generator<readonly ApEvent[]> {
  yield [
    {
      type: 'LedgerOpened',
      effectiveOn: '2025-01-01',
      data: { ledgerId, name: 'Acme', currency: 'USD', timeZone: 'UTC' },
    },
  ];
  for (let n = 0; n < vendors; n++)
    yield [
      {
        type: 'VendorRegistered',
        effectiveOn: '2025-01-01',
        data: { vendorId: `vendor-${n}`, name: `Vendor ${n}`, kind: 'supplier', terms: { netDays: 30 } },
      },
    ];
  const later = Math.ceil(blocks / 24);
  for (let block = 0; block < blocks + later; block++) {
    if (block < blocks) yield* postings(block);
    if (block >= later) yield* payments(block - later);
  }
}

const invoicesOf = (block: number) =>
  Array.from({ length: invoicesPerBlock }, (_, n) => ({
    ...invoice('large', block * invoicesPerBlock + n),
    vendorId: `vendor-${block % vendors}`,
  }));

function* postings(block: number): Generator<readonly ApEvent[]> {
  for (const { type: _, id: invoiceId, dueDate, ...posted } of invoicesOf(block)) {
    const schedule = [{ dueOn: dueDate!, amount: posted.total }];
    yield [{ type: 'InvoicePosted', effectiveOn: posted.postingDate, data: { invoiceId, ...posted, schedule } }];
  }
}

function* payments(block: number): Generator<readonly ApEvent[]> {
  const invoices = invoicesOf(block);
  for (const paid of [[0], [1], [2], [3], [4], [5], [6, 7]]) {
    const bills = paid.map((n) => invoices[n]!);
    const { id, vendorId, currency } = bills[0]!;
    const on = bills
      .map(({ dueDate }) => dueDate!)
      .sort()
      .at(-1)!;
    const paymentId = `paid-${id}`;
    const cents = bills.reduce((sum, { total }) => sum + Math.round(Number(total) * 100), 0);
    yield [
      {
        type: 'PaymentMade',
        effectiveOn: on,
        data: { paymentId, vendorId, paidOn: on, currency, amount: (cents / 100).toFixed(2), bankAccount: 'main' },
      },
      ...bills.map(({ id: invoiceId, total }, n): ApEvent => ({
        type: 'Allocated',
        effectiveOn: on,
        data: {
          allocationId: `${paymentId}.${n + 1}`,
          vendorId,
          from: { paymentId },
          to: { invoiceId },
          currency,
          amount: total,
          on,
        },
      })),
    ];
  }
}

/** One for each number and version. */
const uuid = (n: number, version: string): string => {
  const hex = n.toString(16).padStart(12, '0');
  return `${hex.slice(4)}-0000-${version}000-8000-${hex}`;
};

const firstMs = Date.UTC(2026, 0, 1);

const instantOf = (position: number): string => {
  const batch = Math.floor((position - 1) / eventsPerBatch);
  return `${new Date(firstMs + batch * 20).toISOString().slice(0, -1)}000Z`;
};
