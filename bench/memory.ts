/** What the commands that go through a whole log hold in memory at most, each in a process of its own. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beside } from '#duebook/audit/export.js';
import { ledgerId } from './invoices.js';
import { withLargeLog } from './large-log.js';
import type { Bench } from './main.js';
import type { MarkRow } from './plan.js';

const run = promisify(execFile);
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const peak = new URL('peak.js', import.meta.url).href;
const markBytes = 512 * 1024 * 1024;

export const memory: Bench = {
  name: 'memory',
  run: ({ server, isSmall, expect }) =>
    withLargeLog(isSmall ? 50_000 : 1_000_000, async (log) => {
      const { url, appUrl } = await server.database('memory', { migrated: true });
      const { file, events } = log;
      const folder = `${file}.data`;
      const peakFile = `${file}.peak`;
      const env = {
        ...process.env,
        DATABASE_URL: appUrl,
        DATABASE_MIGRATION_URL: url,
        DUEBOOK_DATA: folder,
        BENCH_PEAK: peakFile,
      };
      const rows: MarkRow[] = [];
      const measure = async (what: string, args: readonly string[], counted: string): Promise<void> => {
        const startedMs = performance.now();
        const { stdout } = await run(process.execPath, [`--import=${peak}`, cli, ...args, '--json'], { env });
        const seconds = (performance.now() - startedMs) / 1_000;
        const outcome = JSON.parse(stdout) as Readonly<Record<string, unknown>>;
        expect(`${what}: ${counted}`, Number(outcome[counted]), events);
        if ('ok' in outcome) expect(`${what}: findings`, outcome.ok === true ? 0 : 1, 0);
        const bytes = Number(await readFile(peakFile, 'utf8')) * 1024;
        process.stderr.write(`memory: ${what}: ${inMiB(bytes)}, ${seconds.toFixed(1)} s\n`);
        rows.push({
          what: `memory of duebook ${what}, ${events.toLocaleString('en-GB')} events`,
          measured: inMiB(bytes),
          wanted: `< ${inMiB(markBytes)}`,
          ratio: markBytes / bytes,
          mark: 1,
        });
      };
      const { checkpoint, publicKey } = beside(file);
      const proof = ['--checkpoint', checkpoint, '--public-key', publicKey];
      await measure('verify --export', ['verify', '--export', file, ...proof], 'events');
      await measure('import', ['import', file], 'events');
      await measure('verify', ['verify', ledgerId], 'events');
      // Nobody has folded the ledger yet: the first time there is nothing to compare with.
      await run(process.execPath, [cli, 'replay', ledgerId, '--swap'], { env });
      await measure('replay', ['replay', ledgerId, '--swap'], 'position');
      await measure('export', ['export', ledgerId, '--out', join(folder, 'again.ndjson')], 'events');
      return rows;
    }),
};

const inMiB = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
