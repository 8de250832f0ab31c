import { createHash } from 'node:crypto';
import { expect } from '@jest/globals';
import type pg from 'pg';
import { documentsOf, streamOf } from '../../src/domain/events.js';
import { readLine } from '../../src/event-log/record.js';

interface EventRow {
  position: string;
  stream: string;
  stream_version: string;
  type: string;
  effective_on: string;
  recorded_at: string;
  line: string;
  leaf_hash: Buffer;
}
interface CommitRow {
  first_position: string;
  last_position: string;
  recorded_at: string;
}

const instant = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Everything that always holds of a ledger's log in Postgres, whoever wrote it and however. */
export const checkLog = async (pool: pg.Pool, ledgerId: string): Promise<void> => {
  const { rows: events } = await pool.query<EventRow>(
    `select position, stream, stream_version, type, effective_on::text, ${instant('recorded_at')} as recorded_at, line, leaf_hash
       from log.events where ledger_id = $1 order by position`,
    [ledgerId],
  );
  const { rows: commits } = await pool.query<CommitRow>(
    `select first_position, last_position, ${instant('recorded_at')} as recorded_at
       from log.commits where ledger_id = $1 order by last_position`,
    [ledgerId],
  );
  const { rows: documents } = await pool.query<{ position: string; document: string }>(
    'select position, document from log.event_documents where ledger_id = $1 order by position, document',
    [ledgerId],
  );

  // Positions and commits: from 1 on without a hole or an overlap, each batch later than the one before.
  expect(events.map(({ position }) => Number(position))).toEqual(events.map((_, i) => i + 1));
  let end = 0;
  let last = '';
  const recordedAt = new Map<number, string>();
  for (const commit of commits) {
    expect(Number(commit.first_position)).toBe(end + 1);
    expect(Number(commit.last_position)).toBeGreaterThan(end);
    expect(commit.recorded_at > last).toBe(true);
    for (let position = end + 1; position <= Number(commit.last_position); position++) {
      recordedAt.set(position, commit.recorded_at);
    }
    end = Number(commit.last_position);
    last = commit.recorded_at;
  }
  expect(end).toBe(events.length);

  const versions = new Map<string, number>();
  const names: { position: string; document: string }[] = [];
  for (const row of events) {
    // The columns say what the line says, and the hash is of the line to the byte.
    const line = JSON.parse(row.line) as Record<string, unknown>;
    const event = readLine(row.line);
    const version = (versions.get(row.stream) ?? 0) + 1;
    versions.set(row.stream, version);
    expect(line).toMatchObject({
      ledger: ledgerId,
      position: Number(row.position),
      type: row.type,
      stream: row.stream,
      streamVersion: version,
      effectiveOn: row.effective_on,
      recordedAt: row.recorded_at,
    });
    expect(row).toMatchObject({
      stream: streamOf(event),
      stream_version: `${version}`,
      recorded_at: recordedAt.get(event.position),
    });
    const keys = [
      'ledger',
      'position',
      'id',
      'type',
      'version',
      'stream',
      'streamVersion',
      'effectiveOn',
      'recordedAt',
    ];
    expect(Object.keys(line).slice(0, 10)).toEqual([...keys, 'actor']);
    expect(row.leaf_hash).toEqual(createHash('sha256').update('\0').update(row.line, 'utf8').digest());
    for (const document of [...new Set(documentsOf(event))].sort((a, b) => (a < b ? -1 : 1))) {
      names.push({ position: row.position, document });
    }
  }
  expect(documents).toEqual(names);
};
