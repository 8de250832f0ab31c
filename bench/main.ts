import { ageing } from './ageing.js';
import { appends } from './appends.js';
import { http } from './http.js';
import { bulkImport } from './import.js';
import { loop } from './loop.js';
import type { Comparison } from './measuring.js';
import { memory } from './memory.js';
import { peers } from './peers.js';
import { type MarkRow, plan } from './plan.js';
import { reading } from './reading.js';
import { rebuild } from './rebuild.js';
import { type Server, startServer } from './server.js';
import { verify } from './verify.js';

export interface Row extends Comparison {
  readonly what: string;
  readonly against: string;
  /** The least ratio that is good enough; undefined where no mark was set for what is measured. */
  readonly mark: number | undefined;
}

export interface Context {
  readonly server: Server;
  /** Whether logs and plans are to be smaller than what the marks speak of, for a quick look. */
  readonly isSmall: boolean;
  /** How often each side is measured; the figure is the median. */
  readonly rounds: number;
  /** How long each time. */
  readonly seconds: number;
  /** Shows the figures of one round. */
  readonly tell: (figures: { ours: number; theirs: number }) => void;
  /** Completeness: what was acknowledged has to be there. */
  readonly expect: (what: string, found: number, expected: number) => void;
}

export interface Bench {
  readonly name: string;
  readonly run: (context: Context) => Promise<readonly (Row | MarkRow)[]>;
}

const benches: readonly Bench[] = [appends, peers, http, bulkImport, reading, rebuild, verify, memory, ageing, loop];

/** @returns the exit code: 0 whether or not marks are reached, 1 if anything that was acknowledged is missing */
export const main = async (args: readonly string[]): Promise<number> => {
  const json = args.includes('--json');
  const option = (name: string, otherwise: number): number =>
    Number(args.find((arg) => arg.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise);
  const names = args.filter((arg) => !arg.startsWith('--'));
  const known = [...benches.map(({ name }) => name), 'plan'];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`No such bench: ${unknown.join(', ')}. There are ${known.join(', ')}.`);

  const faults: string[] = [];
  const rows: Row[] = [];
  const marks: MarkRow[] = [];
  for (const bench of benches) {
    if (names.length > 0 && !names.includes(bench.name)) continue;
    // A server for each, so that none pays for what another one filled.
    const server = await startServer();
    try {
      const context: Context = {
        server,
        isSmall: args.includes('--small'),
        rounds: option('rounds', 5),
        seconds: option('seconds', 4),
        tell: ({ ours, theirs }) =>
          process.stderr.write(`${bench.name}: ${figure(ours)} / ${figure(theirs)} = ${(ours / theirs).toFixed(2)}\n`),
        expect: (what, found, expected) => {
          if (found !== expected)
            faults.push(`${bench.name}: ${what}: ${String(found)} instead of ${String(expected)}`);
        },
      };
      for (const row of await bench.run(context)) {
        if ('against' in row) rows.push(row);
        else marks.push(row);
      }
    } catch (error) {
      // Before the server stops: what that does to the connections that are left would hide it.
      console.error(error);
      throw error;
    } finally {
      await server.stop();
    }
  }
  // Needs no server, and takes long: `npm run bench -- plan`, with --small without the plans of 20,000 bills.
  if (names.length === 0 || names.includes('plan'))
    marks.push(...(await plan(option('rounds', 5), !args.includes('--small'))));
  if (marks.length > 0)
    console.table(
      marks.map(({ what, measured, wanted, ratio }) => ({
        what,
        measured,
        wanted,
        ratio: ratio.toFixed(2),
        reached: ratio >= 1,
      })),
    );
  if (rows.length > 0)
    console.table(
      rows.map(({ what, against, ours, theirs, ratio, mark }) => ({
        what,
        against,
        ours: figure(ours),
        theirs: figure(theirs),
        ratio: ratio.toFixed(2),
        mark: mark ?? '–',
        reached: reached(ratio, mark) ?? '–',
      })),
    );
  for (const fault of faults) console.error(`INCOMPLETE: ${fault}`);
  if (json)
    console.log(
      JSON.stringify({
        rows: [...rows, ...marks].map(({ what, ratio, mark }) => ({
          what,
          ratio,
          mark: mark ?? null,
          reached: reached(ratio, mark),
        })),
      }),
    );
  return faults.length > 0 ? 1 : 0;
};

/** Whether a ratio is good enough; null where nobody has said what would be. */
const reached = (ratio: number, mark: number | undefined): boolean | null =>
  mark === undefined ? null : ratio >= mark;

const figure = (perSecond: number): string =>
  `${perSecond < 10 ? perSecond.toFixed(2) : Math.round(perSecond).toLocaleString('en-GB')}/s`;

process.exitCode = await main(process.argv.slice(2));
