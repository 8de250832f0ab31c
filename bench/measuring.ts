/** How the bench measures: closed loops, two sides in turn, and the median of their ratios. */

/** What the log is given: events that are built already, as other stores are, or commands that it is yet to decide. */
export type Kind = 'events' | 'commands';
export const what: Record<Kind, string> = { events: 'bare events', commands: 'whole commands' };

/** What one side did in one go. */
export interface Run {
  /** Operations that succeeded. */
  readonly count: number;
  readonly seconds: number;
}

export const perSecond = ({ count, seconds }: Run): number => count / seconds;

/** @param work returns how many operations it has done */
export const timed = async (work: () => Promise<number>): Promise<Run> => {
  const start = performance.now();
  const count = await work();
  return { count, seconds: (performance.now() - start) / 1000 };
};

/**
 * So many callers, each of which does the next thing as soon as its last one is done.
 *
 * @param once one operation of one caller (numbered from 0), true if it counts
 */
export const closedLoop = async (
  callers: number,
  seconds: number,
  once: (caller: number) => Promise<boolean>,
): Promise<Run> => {
  const start = performance.now();
  const end = start + seconds * 1000;
  let count = 0;
  const call = async (caller: number): Promise<void> => {
    while (performance.now() < end) if (await once(caller)) count += 1;
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  return { count, seconds: (performance.now() - start) / 1000 };
};

export interface Comparison {
  /** Median of the rounds' ratios, ours to theirs. */
  readonly ratio: number;
  /** Medians, per second. */
  readonly ours: number;
  readonly theirs: number;
}

/**
 * Measures two sides in turn. What else the machine does comes and goes within a round, so a ratio of two neighbours in
 * time says more than any figure of its own; the first round only warms both up.
 *
 * @param rounds counted ones; the side that begins alternates
 */
export const inTurn = async (
  rounds: number,
  ours: () => Promise<Run>,
  theirs: () => Promise<Run>,
  tell: (round: { ours: number; theirs: number }) => void = () => undefined,
): Promise<Comparison> => {
  const figures: { ours: number; theirs: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const figure = { ours: 0, theirs: 0 };
    const sides = [
      async () => void (figure.ours = perSecond(await ours())),
      async () => void (figure.theirs = perSecond(await theirs())),
    ];
    for (const side of round % 2 === 0 ? sides : sides.reverse()) await side();
    if (round === 0) continue;
    tell(figure);
    figures.push(figure);
  }
  return {
    ratio: median(figures.map((figure) => figure.ours / figure.theirs)),
    ours: median(figures.map((figure) => figure.ours)),
    theirs: median(figures.map((figure) => figure.theirs)),
  };
};

export const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
