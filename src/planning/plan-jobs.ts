import { randomUUID } from 'node:crypto';
import type pg from 'pg';

/** A plan that was asked for and is not recorded yet. */
export interface PlanJob {
  readonly ledgerId: string;
  readonly planId: string;
  /** JSON: who asked, for what, and the moment that the plan is of. */
  readonly content: string;
}

/** Once it is being recorded, nothing can take it back. */
export type JobStatus = 'queued' | 'running' | 'recording' | 'failed' | 'cancelled';

export interface StandingJob extends PlanJob {
  readonly status: JobStatus;
  readonly requestPrint: string;
  readonly requestKey: string | undefined;
  /** JSON: why it failed. */
  readonly problem: string | undefined;
}

interface Row {
  readonly ledger_id: string;
  readonly plan_id: string;
  readonly job: string;
  readonly status: JobStatus;
  readonly request_print: string;
  readonly request_key: string | null;
  readonly problem: string | null;
}

/** Whoever dies leaves what it had to the others after so long. */
const leaseSeconds = 5;
/** A plan over which so many processes have died is not begun again. */
const mostAttempts = 3;
const keptSeconds = 3_600;

const columns = 'ledger_id, plan_id, job, status, request_print, request_key, problem';
const lease = `clock_timestamp() + ${leaseSeconds} * interval '1 second'`;

const standing = (row: Row): StandingJob => ({
  ledgerId: row.ledger_id,
  planId: row.plan_id,
  content: row.job,
  status: row.status,
  requestPrint: row.request_print,
  requestKey: row.request_key ?? undefined,
  problem: row.problem ?? undefined,
});

/**
 * The plans that are under way, for all instances: whoever holds one computes it and says so every second; one that
 * nobody holds any more is anybody's. What is recorded has left this list.
 */
export class PlanJobs {
  readonly holder = randomUUID();

  constructor(private readonly pool: pg.Pool) {}

  /**
   * Puts a plan on the list, held by this instance.
   *
   * @returns undefined; or what is on it already under the same id, or with the same key
   */
  async begin(job: PlanJob, print: string, key: string | undefined): Promise<StandingJob | undefined> {
    const { ledgerId, planId, content } = job;
    for (;;) {
      const begun = await this.#rows(
        `insert into books.plan_jobs as j
           (ledger_id, plan_id, status, request_print, request_key, job, attempts, holder, held_until, changed_at)
         values ($1, $2, 'queued', $3, $4, $5, 1, $6, ${lease}, clock_timestamp())
         on conflict (ledger_id, plan_id) do update
            set status = excluded.status, request_print = excluded.request_print, request_key = excluded.request_key,
                job = excluded.job, attempts = 1, holder = excluded.holder, held_until = excluded.held_until,
                changed_at = excluded.changed_at, problem = null
          where j.status in ('failed', 'cancelled')
         returning ${columns}`,
        [ledgerId, planId, print, key ?? null, content, this.holder],
      ).catch((error: unknown) => {
        // Another one has this key.
        if ((error as { code?: string }).code === '23505') return [];
        throw error;
      });
      if (begun.length > 0) return undefined;
      const other =
        (await this.find(ledgerId, planId)) ?? (key === undefined ? undefined : await this.#byKey(ledgerId, key));
      // What was in the way may be gone by now.
      if (other) return other;
    }
  }

  async find(ledgerId: string, planId: string): Promise<StandingJob | undefined> {
    const [row] = await this.#rows(`select ${columns} from books.plan_jobs where ledger_id = $1 and plan_id = $2`, [
      ledgerId,
      planId,
    ]);
    return row && standing(row);
  }

  async #byKey(ledgerId: string, key: string): Promise<StandingJob | undefined> {
    const [row] = await this.#rows(
      `select ${columns} from books.plan_jobs
        where ledger_id = $1 and request_key = $2 and status in ('queued', 'running', 'recording')`,
      [ledgerId, key],
    );
    return row && standing(row);
  }

  /** It is its turn. */
  async run(job: PlanJob): Promise<void> {
    await this.#move(job, ['queued'], `status = 'running'`);
  }

  /** @returns whether it may be recorded: nobody has cancelled it or taken it over */
  mayRecord(job: PlanJob): Promise<boolean> {
    return this.#move(job, ['queued', 'running', 'recording'], `status = 'recording'`);
  }

  async fail(job: PlanJob, problem: object): Promise<void> {
    await this.#move(
      job,
      ['queued', 'running', 'recording'],
      `status = 'failed', problem = $5`,
      JSON.stringify(problem),
    );
  }

  /** Leaves it to whoever comes next. */
  async release(job: PlanJob): Promise<void> {
    const given = `status = 'queued', holder = null, held_until = null, attempts = attempts - 1`;
    await this.#move(job, ['queued', 'running', 'recording'], given);
  }

  /** @returns whether there was something to cancel, at whichever instance */
  async cancel(ledgerId: string, planId: string): Promise<boolean> {
    const rows = await this.#rows(
      `update books.plan_jobs set status = 'cancelled', changed_at = clock_timestamp()
        where ledger_id = $1 and plan_id = $2 and status in ('queued', 'running') returning ${columns}`,
      [ledgerId, planId],
    );
    return rows.length > 0;
  }

  /** It is recorded, or refused before it was begun. */
  async remove({ ledgerId, planId, content }: PlanJob): Promise<void> {
    await this.#rows(`delete from books.plan_jobs where ledger_id = $1 and plan_id = $2 and holder = $3 and job = $4`, [
      ledgerId,
      planId,
      this.holder,
      content,
    ]);
  }

  /** Says that these are being computed here. @returns those that are still this instance's and not cancelled */
  async renew(jobs: readonly PlanJob[]): Promise<StandingJob[]> {
    const rows = await this.#rows(
      `update books.plan_jobs set held_until = ${lease}
        where holder = $1 and status in ('queued', 'running', 'recording')
          and (ledger_id, plan_id) in (select * from unnest($2::text[], $3::text[])) returning ${columns}`,
      [this.holder, jobs.map(({ ledgerId }) => ledgerId), jobs.map(({ planId }) => planId)],
    );
    return rows.map(standing);
  }

  /**
   * Takes over what nobody holds any more, or gives it up where too many have died over it.
   *
   * @param most how many at most
   * @param problem why those are given up
   */
  async takeOver(most: number, problem: object): Promise<StandingJob[]> {
    const rows = await this.#rows(
      `update books.plan_jobs j
          set status = case when attempts < $3 then 'queued' else 'failed' end, attempts = attempts + 1,
              problem = case when attempts < $3 then null else $4 end,
              holder = $1, held_until = ${lease}, changed_at = clock_timestamp()
        where (ledger_id, plan_id) in
              (select ledger_id, plan_id from books.plan_jobs
                where status in ('queued', 'running', 'recording')
                  and (held_until is null or held_until < clock_timestamp())
                order by changed_at limit $2 for update skip locked)
       returning ${columns}`,
      [this.holder, most, mostAttempts, JSON.stringify(problem)],
    );
    return rows.map(standing).filter(({ status }) => status === 'queued');
  }

  /** What came to nothing is answered for an hour. */
  async forget(): Promise<void> {
    await this.#rows(
      `delete from books.plan_jobs
        where status in ('failed', 'cancelled') and changed_at < clock_timestamp() - ${keptSeconds} * interval '1 second'`,
      [],
    );
  }

  /** @returns whether it was still this instance's and the same request, and stood as it had to */
  async #move(
    { ledgerId, planId, content }: PlanJob,
    from: readonly JobStatus[],
    set: string,
    ...more: readonly string[]
  ): Promise<boolean> {
    const rows = await this.#rows(
      `update books.plan_jobs set ${set}, changed_at = clock_timestamp()
        where ledger_id = $1 and plan_id = $2 and holder = $3 and job = $4
          and status in (${from.map((one) => `'${one}'`).join(', ')})
       returning ${columns}`,
      [ledgerId, planId, this.holder, content, ...more],
    );
    return rows.length > 0;
  }

  async #rows(text: string, values: readonly unknown[]): Promise<Row[]> {
    return (await this.pool.query<Row>(text, [...values])).rows;
  }
}
