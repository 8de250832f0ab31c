import { setImmediate as nextTurn } from 'node:timers/promises';

// Some work has hundreds of thousands of rows. Whoever does that much takes turns with all requests.

/** A few milliseconds' worth, on a slow machine. */
const rowsPerTurn = 250;

/** Something to await at every row: now and then it lets others have the thread. */
export const takingTurns = (): (() => Promise<void> | undefined) => {
  let rows = 0;
  return () => {
    rows += 1;
    return rows % rowsPerTurn === 0 ? nextTurn() : undefined;
  };
};
