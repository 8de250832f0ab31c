import type pg from 'pg';
import { inTransaction, snapshot } from '../database/transaction.js';
import type { RecordedEvent } from '../domain/events.js';
import type { VerifierKey } from './note.js';
import { checkBatches, KeptBeside, SealedTiles } from './verify-beside.js';
import { KeptProofs } from './verify-proofs.js';
import { type Commitment, type Finding, leavesOf, LogVerifier } from './verify.js';

const linesPerPage = 2_000;

export interface Verified {
  readonly ledger: string;
  readonly events: number;
  /** Lines that were in order in themselves. */
  readonly good: number;
  /** How many of the events a signed checkpoint covers whose tree is that of the lines. */
  readonly covered: number;
  readonly root: Buffer;
  /** How often the books were closed, and how many of these closings have no totals recorded. */
  readonly closings: { readonly made: number; readonly withoutTotals: number };
  readonly findings: number;
}

interface Row {
  position: string;
  stream: string;
  stream_version: string;
  type: string;
  effective_on: string;
  recorded_at: string;
  line: string;
  leaf_hash: Buffer;
}

const instant = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/**
 * Verifies a ledger in its database, all of it in one snapshot: the lines themselves, what stands beside them in the log's
 * tables, every tree that was sealed, and every signature.
 *
 * @param keys     that are trusted
 * @param since    checkpoints that somebody kept
 * @param report   told of everything that is wrong
 * @param progress told of the lines done
 */
export const verifyDatabase = (
  pool: pg.Pool,
  ledgerId: string,
  keys: readonly VerifierKey[],
  since: readonly Commitment[],
  report: (finding: Finding) => void,
  progress: (lines: number) => void = () => undefined,
): Promise<Verified> =>
  inTransaction(pool, snapshot, (client) => verify(client, ledgerId, keys, since, report, progress));

const verify = async (
  client: pg.PoolClient,
  ledgerId: string,
  keys: readonly VerifierKey[],
  since: readonly Commitment[],
  report: (finding: Finding) => void,
  progress: (lines: number) => void,
): Promise<Verified> => {
  let findings = 0;
  const found = (finding: Finding): void => {
    findings += 1;
    report(finding);
  };
  const leaves = { from: 0, bytes: Buffer.alloc(0) };
  const verifier = new LogVerifier(since, found, (position) =>
    position > leaves.from ? leavesOf(leaves.bytes)(position - leaves.from) : undefined,
  );
  const proofs = new KeptProofs(client, ledgerId, keys, found);
  const commits = new Commits(client, ledgerId, found);
  const beside = new KeptBeside(client, ledgerId, found);
  const tiles = new SealedTiles(client, ledgerId, await proofs.sealedSize(), found);
  for (let after = 0; ;) {
    const { rows } = await client.query<Row>({
      name: 'verify-page',
      text: `select position, stream, stream_version, type, effective_on::text, ${instant('recorded_at')} as recorded_at, line, leaf_hash
               from log.events where ledger_id = $1 and position > $2 order by position limit $3`,
      values: [ledgerId, after, linesPerPage],
    });
    if (rows.length === 0) break;
    const last = Number(rows.at(-1)!.position);
    Object.assign(leaves, await leavesBetween(client, ledgerId, after, last));
    verifier.expect(await proofs.through(last));
    const events: RecordedEvent[] = [];
    const unread = new Set<number>();
    for (const row of rows) {
      const position = Number(row.position);
      const { leaf, event } = verifier.add(Buffer.from(row.line));
      if (!leaf.equals(row.leaf_hash))
        found({ check: 'hash', position, detail: 'the hash beside the line is not that of the line' });
      await commits.check(position, row.recorded_at);
      if (event) {
        checkColumns(row, event, found);
        events.push(event);
      } else unread.add(position);
    }
    await beside.check(events, unread, last);
    await tiles.check(verifier.takeTiles());
    after = last;
    progress(verifier.lines);
  }
  verifier.expect((await proofs.through(Number.MAX_SAFE_INTEGER)).slice(-1));
  verifier.end();
  proofs.end();
  await commits.end(verifier.lines);
  await beside.end();
  tiles.end();
  await checkBatches(client, ledgerId, found);
  const { lines: events, good, covered, root, closings } = verifier;
  return { ledger: ledgerId, events, good, covered, root, closings, findings };
};

/** What the lines after a position, and before another, were when they were sealed. */
const leavesBetween = async (
  client: pg.PoolClient,
  ledgerId: string,
  after: number,
  through: number,
): Promise<{ from: number; bytes: Buffer }> => {
  const { rows } = await client.query<{ previous_size: string; leaves: Buffer }>({
    name: 'verify-leaves',
    text: `select previous_size, leaves from log.checkpoints
            where ledger_id = $1 and size > $2
              and size <= coalesce((select size from log.checkpoints where ledger_id = $1 and size >= $3
                                     order by size limit 1), $3)
            order by size`,
    values: [ledgerId, after, through],
  });
  return { from: Number(rows[0]?.previous_size ?? 0), bytes: Buffer.concat(rows.map(({ leaves }) => leaves)) };
};

/** The columns only repeat what the line says. */
const checkColumns = (row: Row, event: RecordedEvent, found: (finding: Finding) => void): void => {
  const line = event as unknown as Readonly<Record<string, unknown>>;
  const columns = {
    position: Number(row.position),
    stream: row.stream,
    streamVersion: Number(row.stream_version),
    type: row.type,
    effectiveOn: row.effective_on,
    recordedAt: row.recorded_at,
  };
  for (const [name, value] of Object.entries(columns)) {
    if (line[name] !== value)
      found({
        check: name === 'position' ? 'position' : 'table',
        position: Number(row.position),
        detail: `the line says ${name} ${String(line[name])}, the table ${value}`,
      });
  }
};

interface CommitRow {
  readonly first_position: string;
  readonly last_position: string;
  readonly recorded_at: string;
}

/** The batches in which the log was recorded: without a hole, each with one instant of its own. */
class Commits {
  #rows: CommitRow[] = [];
  #at = 0;
  #isRead = false;
  #end = 0;

  constructor(
    private readonly client: pg.PoolClient,
    private readonly ledgerId: string,
    private readonly found: (finding: Finding) => void,
  ) {}

  /** @param position in ascending order */
  async check(position: number, recordedAt: string): Promise<void> {
    while (position > this.#end) {
      const row = await this.#next();
      if (!row) {
        this.found({ check: 'table', position, detail: 'log.commits has no batch that it is of' });
        return;
      }
      if (Number(row.first_position) !== this.#end + 1)
        this.found({ check: 'table', position: this.#end + 1, detail: 'log.commits has a hole' });
      this.#end = Number(row.last_position);
    }
    const row = this.#rows[this.#at - 1];
    if (row && Number(row.first_position) <= position && row.recorded_at !== recordedAt)
      this.found({
        check: 'recorded-at',
        position,
        detail: `it was recorded at ${recordedAt}, its batch at ${row.recorded_at}`,
      });
  }

  async #next(): Promise<CommitRow | undefined> {
    if (this.#at === this.#rows.length && !this.#isRead) {
      const { rows } = await this.client.query<CommitRow>({
        name: 'verify-commits',
        text: `select first_position, last_position, ${instant('recorded_at')} as recorded_at from log.commits
                where ledger_id = $1 and last_position > $2 order by last_position limit 5000`,
        values: [this.ledgerId, this.#end],
      });
      this.#rows = rows;
      this.#at = 0;
      this.#isRead = rows.length === 0;
    }
    const row = this.#rows[this.#at];
    if (row) this.#at += 1;
    return row;
  }

  async end(lines: number): Promise<void> {
    for (let row = await this.#next(); row; row = await this.#next()) {
      this.#end = Number(row.last_position);
      this.found({
        check: 'table',
        position: Number(row.first_position),
        through: Number(row.last_position),
        detail: `log.commits has a batch beyond the ${lines} events that there are`,
      });
    }
  }
}
