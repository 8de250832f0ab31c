import { setImmediate as nextTurn } from 'node:timers/promises';

// Some work has hundreds of thousands of rows. Whoever does that much takes turns with all requests.

/**
 * Something to await at every row: now and then it lets others have the thread.
 *
 * @param rowsPerTurn by default a few milliseconds' worth, on a slow machine
 */
export const takingTurns = (rowsPerTurn = 250): (() => Promise<void> | undefined) => {
  let rows = 0;
  return () => {
    rows += 1;
    return rows % rowsPerTurn === 0 ? nextTurn() : undefined;
  };
};
