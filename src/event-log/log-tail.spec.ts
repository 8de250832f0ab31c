import { describe, expect, it } from '@jest/globals';
import { LogTail } from './log-tail.js';

/** A log that grows when it is told to; `here` is what this process appends, which it tells at once. */
const logAt = (position: number) => {
  const log = {
    position,
    looks: 0,
    isBroken: false,
    listener: (_ledgerId: string, _position: number): void => undefined,
    onAppended: (listener: (ledgerId: string, position: number) => void) => {
      log.listener = listener;
    },
    head: () => {
      log.looks += 1;
      return log.isBroken
        ? Promise.reject(new Error('no database'))
        : Promise.resolve({ position: log.position, recordedAt: undefined });
    },
    here: (to: number, ledgerId = 'a') => {
      log.position = to;
      log.listener(ledgerId, to);
    },
  };
  return log;
};

const never = () => new AbortController().signal;

describe('the tail of a log', () => {
  it('tells at once what is there already, and what this process appends', async () => {
    const log = logAt(5);
    const tail = new LogTail(log);
    expect(await tail.grown('a', 4, 1_000, never())).toBe(5);
    const waiting = tail.grown('a', 5, 1_000, never());
    await new Promise((resolve) => setTimeout(resolve, 5));
    log.here(7);
    expect(await waiting).toBe(7);
    // Once for each who came to wait: not again to find this.
    expect(log.looks).toBe(2);
  });

  it('tells soon what others append', async () => {
    const log = logAt(5);
    const waiting = new LogTail(log).grown('a', 5, 1_000, never());
    await new Promise((resolve) => setTimeout(resolve, 5));
    log.position = 6;
    expect(await waiting).toBe(6);
  });

  it('tells nobody of another ledger, or of what is known already', async () => {
    const log = logAt(5);
    const waiting = new LogTail(log).grown('a', 5, 50, never());
    log.here(5);
    log.listener('b', 9);
    expect(await waiting).toBeUndefined();
  });

  it('gives up after a time, or when it is told to', async () => {
    const log = logAt(5);
    const tail = new LogTail(log);
    expect(await tail.grown('a', 5, 10, never())).toBeUndefined();
    const stop = new AbortController();
    const waiting = tail.grown('a', 5, 60_000, stop.signal);
    stop.abort();
    expect(await waiting).toBeUndefined();
    expect(await tail.grown('a', 4, 60_000, stop.signal)).toBeUndefined();
  });

  it('looks once for all who wait, and not when nobody does', async () => {
    const log = logAt(5);
    const tail = new LogTail(log);
    await Promise.all(Array.from({ length: 50 }, () => tail.grown('a', 5, 150, never())));
    expect(log.looks).toBeLessThanOrEqual(3);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(log.looks).toBeLessThanOrEqual(3);
  });

  it('tells all who wait that it can not look, and the next that it can again', async () => {
    const log = logAt(5);
    log.isBroken = true;
    const tail = new LogTail(log);
    const [one, other] = await Promise.allSettled([
      tail.grown('a', 5, 1_000, never()),
      tail.grown('a', 5, 1_000, never()),
    ]);
    expect([one.status, other.status]).toEqual(['rejected', 'rejected']);
    log.isBroken = false;
    log.position = 6;
    expect(await tail.grown('a', 5, 1_000, never())).toBe(6);
  });
});
