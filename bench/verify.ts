/** Verifying an export, against the least that it takes: SHA-256 over the same bytes. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { beside, readLeaves } from '#duebook/audit/export.js';
import { verifyFile } from '#duebook/audit/verify-file.js';
import { type LargeLog, withLargeLog } from './large-log.js';
import type { Bench } from './main.js';
import { inTurn, timed } from './measuring.js';

export const verify: Bench = {
  name: 'verify',
  run: ({ isSmall, rounds, tell, expect }) =>
    withLargeLog(isSmall ? 20_000 : 200_000, async (log) => {
      const ours = () =>
        timed(async () => {
          const { events, findings } = await verifyExport(log);
          expect('findings', findings, 0);
          return events;
        });
      const theirs = () =>
        timed(async () => {
          const hash = createHash('sha256');
          for await (const bytes of createReadStream(log.file) as AsyncIterable<Buffer>) hash.update(bytes);
          hash.digest();
          return log.events;
        });
      const comparison = await inTurn(rounds, ours, theirs, tell);
      const what = 'verify: every line, hash and accounting rule of an export';
      return [{ what, against: 'SHA-256 over the same bytes', ...comparison, mark: undefined }];
    }),
};

/** As `duebook verify --export` does it. */
const verifyExport = async ({ file, checkpoint: { size, root } }: LargeLog) => {
  const note = await readFile(beside(file).checkpoint, 'utf8');
  const commitments = [{ name: 'the checkpoint', isSigned: true, size, root }];
  return verifyFile({ file, commitments, leaves: await readLeaves(file, note) }, () => undefined);
};
