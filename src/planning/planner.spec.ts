import { afterEach, describe, expect, it } from '@jest/globals';
import { PlanRefusal } from '../cash-priority/model.js';
import { NotYetThere } from '../projections/books.js';
import type { Job } from './job.js';
import { PlanCancelled, Planner, PlannerBusy, PlannerStopped, type Planning } from './planner.js';

const job = (does: string): Job => ({
  moment: { ledger: 'x', asOf: '2024-01-01', knownAt: null, position: 0 },
  currency: does,
  request: {},
  form: 'json',
});

let planner: Planner;
const reports: string[] = [];
const start = (): Planner => {
  reports.length = 0;
  planner = new Planner({
    url: '',
    thread: new URL('../../test/support/threads/scripted.js', import.meta.url),
    report: (_, message) => reports.push(message),
  });
  planner.start();
  return planner;
};
afterEach(() => planner.stop());

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};
const textOf = async ({ planned }: Planning): Promise<string> => (await planned).text.toString();

describe('the planner', () => {
  it('plans one after the other, in one thread', async () => {
    start();
    const all = ['a', 'b', 'c'].map((name) => planner.plan(job(name)));
    expect(await Promise.all(all.map(textOf))).toEqual(['a 1', 'b 2', 'c 3']);
    expect(reports).toEqual([]);
  });
  it('says whose turn it is', async () => {
    start();
    const turns: string[] = [];
    const first = planner.plan(job('hang'), () => turns.push('first'));
    const second = planner.plan(job('b'), () => turns.push('second'));
    await until(() => turns.length > 0);
    expect(turns).toEqual(['first']);
    first.cancel();
    await expect(first.planned).rejects.toThrow(PlanCancelled);
    expect(await textOf(second)).toBe('b 1');
    expect(turns).toEqual(['first', 'second']);
  });
  it('cancels what waits, and only that', async () => {
    start();
    const [first, second, third] = ['hang', 'b', 'c'].map((name) => planner.plan(job(name))) as [
      Planning,
      Planning,
      Planning,
    ];
    second.cancel();
    await expect(second.planned).rejects.toThrow(PlanCancelled);
    first.cancel();
    await expect(first.planned).rejects.toThrow(PlanCancelled);
    expect(await textOf(third)).toBe('c 1');
  });
  it('has nothing to cancel once it is done', async () => {
    start();
    const first = planner.plan(job('a'));
    expect(await textOf(first)).toBe('a 1');
    first.cancel();
    expect(await textOf(planner.plan(job('b')))).toBe('b 2');
  });
  it('hands on what the engine refuses, and that the books are behind', async () => {
    start();
    const refused = planner.plan(job('refuse')).planned;
    const behind = planner.plan(job('behind')).planned;
    await expect(refused).rejects.toThrow(PlanRefusal);
    await expect(refused).rejects.toMatchObject({ code: 'unknown-item', facts: { itemId: 'X' } });
    await expect(behind).rejects.toThrow(NotYetThere);
  });
  it('uses no thread again whose solver has thrown', async () => {
    start();
    await expect(planner.plan(job('fail')).planned).rejects.toThrow('broken');
    expect(await textOf(planner.plan(job('a')))).toBe('a 1');
  });
  it('begins a plan again whose thread died, once', async () => {
    start();
    const fatal = planner.plan(job('die'));
    const next = planner.plan(job('a'));
    await expect(fatal.planned).rejects.toThrow('ended over this plan');
    expect(await textOf(next)).toBe('a 1');
    expect(reports).toHaveLength(2);
  });
  it('tells everybody who waits that it stops', async () => {
    start();
    const all = ['hang', 'b'].map((name) => planner.plan(job(name)).planned);
    const outcomes = Promise.allSettled(all);
    await planner.stop();
    expect((await outcomes).map((one) => (one as PromiseRejectedResult).reason)).toEqual([
      expect.any(PlannerStopped),
      expect.any(PlannerStopped),
    ]);
    expect(() => planner.plan(job('a'))).toThrow(PlannerStopped);
  });
  it('lets no more wait than it may', () => {
    start();
    const outcomes: Promise<unknown>[] = [];
    expect(() => {
      for (let i = 0; i < 100; i++) outcomes.push(planner.plan(job('a')).planned.catch(() => undefined));
    }).toThrow(PlannerBusy);
    expect(outcomes.length).toBeGreaterThanOrEqual(50);
  });
});
