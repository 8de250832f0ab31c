import { type Comparison, Rebuild } from '../projections/rebuild.js';
import { ProjectionWorker } from '../projections/worker.js';
import { type CommonOptions, outcome, Progress, usage } from './command.js';
import { atWork, ledgerNamed } from './workplace.js';

export interface ReplayOptions extends CommonOptions {
  readonly asOfPosition?: number;
  readonly swap?: boolean;
}

export const replay = async (name: string | undefined, options: ReplayOptions): Promise<void> => {
  if (options.swap && options.asOfPosition !== undefined)
    usage('--swap puts all of the books in place: leave --as-of-position out.');
  await atWork(async ({ pool, log }) => {
    const ledgerId = await ledgerNamed(log, name);
    const worker = new ProjectionWorker(pool, log);
    const rebuild = new Rebuild(pool, worker, ledgerId);
    await rebuild.clear();
    const live = await rebuild.live();
    const head = (await log.head(ledgerId))?.position ?? 0;
    if (!live && !options.swap)
      usage(`Ledger ${ledgerId} has no books yet to compare with: start Duebook, or use --swap.`);
    const through = options.asOfPosition ?? live?.position ?? head;
    if (live && through > live.position)
      usage(`The live books go up to position ${live.position} so far, not ${through}.`);
    const progress = new Progress('Rebuilding', through);
    const startedMs = performance.now();
    const generation = await rebuild.build(through, (position) => {
      progress.to(position);
    });
    const seconds = (performance.now() - startedMs) / 1_000;
    progress.end();
    const compared = live ? await rebuild.compare(generation, through) : nothingToCompare;
    const swappedAt = options.swap ? await rebuild.swap(generation, through) : undefined;
    await clear(rebuild, pool, ledgerId, generation, options.swap === true);
    const agreeing = Object.values(compared.agreeing).reduce((sum, count) => sum + count, 0);
    const isWell = compared.differing === 0;
    if (!isWell) process.exitCode = 1;
    const { differing, differences, movedOn } = compared;
    outcome(
      options,
      {
        ok: isWell,
        ledger: ledgerId,
        position: through,
        compared: live !== undefined,
        agreeing: compared.agreeing,
        differing,
        differences,
        movedOn,
        swappedAt,
      },
      [
        `Rebuilt the books of ledger ${ledgerId} as of position ${through} in ${seconds.toFixed(1)} s.`,
        live ? `${agreeing} rows agree, ${differing} differ.` : 'There were no books yet, so nothing was compared.',
        ...differences.map(
          ({ table, key, live: before, rebuilt }) =>
            `  ${table} ${JSON.stringify(key)}\n    live    ${JSON.stringify(before ?? null)}\n    rebuilt ${JSON.stringify(rebuilt ?? null)}`,
        ),
        ...(differing > differences.length ? [`  … and ${differing - differences.length} more`] : []),
        ...(movedOn > 0 ? [`Not compared: ${movedOn} documents that the live books have changed since.`] : []),
        ...(swappedAt === undefined ? [] : [`The rebuilt books are the live ones now, from position ${swappedAt} on.`]),
      ],
    );
  });
};

/** Of a ledger that was imported and that no server has folded yet. */
const nothingToCompare: Comparison = { agreeing: {}, differing: 0, differences: [], movedOn: 0 };

/** Whoever folded the old books until now lets go of them within a moment. */
const clear = async (
  rebuild: Rebuild,
  pool: { query: (text: string, values: unknown[]) => Promise<{ rowCount: number | null }> },
  ledgerId: string,
  generation: number,
  isLive: boolean,
): Promise<void> => {
  const others = isLive ? 'generation <> $2' : 'generation = $2';
  for (let round = 0; round < 20; round++) {
    await rebuild.clear();
    const { rowCount } = await pool.query(`select from books.checkpoints where ledger_id = $1 and ${others}`, [
      ledgerId,
      generation,
    ]);
    if (rowCount === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
};
