import { describe, expect, it } from '@jest/globals';
import { Contended, OutcomeUnknown, TooBusy } from '../event-log/ledger-writer.js';
import type { PlanJob, PlanJobs } from '../planning/plan-jobs.js';
import { type Planner, PlannerBusy } from '../planning/planner.js';
import type { CommandDesk } from './command-desk.js';
import { PlanRuns } from './plan-runs.js';
import type { RecordedPlans } from './recorded-plans.js';

const job: PlanJob = {
  ledgerId: 'x',
  planId: 'p',
  content: JSON.stringify({ call: {}, request: { currency: 'USD' }, moment: {} }),
};

/** What becomes of a job on the list when computing or recording it fails, and that of one that others left. */
const fates = async (
  error: Error,
  at: 'computing' | 'recording',
  isTakenOver = false,
  note = (_what: string): unknown => undefined,
): Promise<string[]> => {
  const told: string[] = [];
  const tell = (what: string) => () => Promise.resolve(void told.push(what));
  const jobs = {
    mayRecord: () => Promise.resolve(true),
    remove: tell('removed'),
    release: tell('released'),
    fail: tell('failed'),
  };
  const planned = { text: Buffer.from('{}'), recorded: { planHash: 'h' } };
  const planner = {
    plan: () => {
      note('computed');
      if (at === 'computing') throw error;
      return { planned: Promise.resolve(planned), cancel: () => undefined };
    },
    stop: () => Promise.resolve(),
  };
  const runs = new PlanRuns(
    {
      answer: () => {
        note('brought');
        return Promise.reject(error);
      },
    } as unknown as CommandDesk,
    { find: () => Promise.resolve(undefined) } as unknown as RecordedPlans,
    planner as unknown as Planner,
    jobs as unknown as PlanJobs,
  );
  await expect(runs.begin(job, isTakenOver)).rejects.toBe(error);
  await runs.onModuleDestroy();
  return told;
};

describe('a plan that does not come about', () => {
  it('is brought to the log again, and not computed again, where others are in the way', async () => {
    const told: string[] = [];
    expect(await fates(new TooBusy(), 'recording', false, (what) => told.push(what))).toEqual(['released']);
    expect(told).toEqual(['computed', 'brought', 'brought', 'brought', 'brought']);
  });
  it('is left on the list where others were in the way of recording it', async () => {
    expect(await fates(new Contended(), 'recording')).toEqual(['released']);
    expect(await fates(new TooBusy(), 'recording')).toEqual(['released']);
  });
  it('is left to its lease where nobody knows whether it is recorded', async () => {
    expect(await fates(new OutcomeUnknown(), 'recording')).toEqual([]);
  });
  it('is taken off where as many wait as may and the one who asks is told so, and else waits for its turn', async () => {
    expect(await fates(new PlannerBusy(), 'computing')).toEqual(['removed']);
    expect(await fates(new PlannerBusy(), 'computing', true)).toEqual(['released']);
  });
  it('has failed for any other reason', async () => {
    expect(await fates(new Error('broken'), 'computing')).toEqual(['failed']);
  });
});
