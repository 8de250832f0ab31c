import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { chance, invoice, openLedger, payment, poolOf, requestOf, settle, vendor } from '../../test/support/log.js';
import { checkLog } from '../../test/support/log-checks.js';
import { type Fate, Proxy } from '../../test/support/log-proxy.js';
import { seed } from '../../test/support/seed.js';
import type { Command } from '../domain/decider.js';
import { EventLog } from './event-log.js';
import { type Answer, defaultLimits, OutcomeUnknown, type Request } from './ledger-writer.js';
import { readLine } from './record.js';

let database: TestDatabase;
let owner: pg.Pool;
let proxy: Proxy;
let pool: pg.Pool;
let log: EventLog;
let ledgers = 0;
let ledger: string;

const run = (command: Command, more: Partial<Request> = {}): Promise<Answer> =>
  log.execute(ledger, requestOf(command, more));

beforeAll(async () => {
  database = await createTestDatabase();
  owner = poolOf(database.url, { max: 4 });
});
afterAll(async () => {
  await owner.end();
  await database.drop();
});
beforeEach(async () => {
  proxy = await Proxy.before(database.appUrl);
  pool = poolOf(proxy.url, { application_name: 'under test' });
  log = new EventLog(pool);
  ledgers += 1;
  ledger = `ledger-${ledgers}`;
  await run(openLedger(ledger));
  await run(vendor('V1'));
});
afterEach(async () => {
  await pool.end();
  await proxy.close();
});

/** Where the events of each caller's key end, and how many commands made them. */
const recorded = async (): Promise<Map<string, { position: number; commands: number }>> => {
  const found = new Map<string, { position: number; commands: Set<string> }>();
  for (const { line } of await new EventLog(owner).linesAfter(ledger, 0, 1_000_000)) {
    const { idempotencyKey, position, correlationId } = readLine(line);
    if (idempotencyKey === undefined) continue;
    const commands = found.get(idempotencyKey)?.commands ?? new Set();
    found.set(idempotencyKey, { position, commands: commands.add(correlationId) });
  }
  return new Map([...found].map(([key, { position, commands }]) => [key, { position, commands: commands.size }]));
};

/** Callers on one vendor account who ask and ask until they are told that it is enough. */
const keepAsking = async (callers: number, isEnough: () => boolean): Promise<Map<string, Answer>> => {
  const answers = new Map<string, Answer>();
  await run(invoice('hot', { total: '1000000.00' }));
  const ask = async (caller: number): Promise<void> => {
    for (let n = 0; !isEnough(); n++) {
      const key = `${caller}-${n}`;
      const number = `${String.fromCharCode(65 + caller)}${n}`;
      const command = n % 3 ? invoice(`I${key}`, { number }) : payment(`P${key}`, [['hot', '1.00']]);
      answers.set(key, await run(command, { key }));
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => ask(caller)));
  return answers;
};

const checkAnswers = async (answers: ReadonlyMap<string, Answer>): Promise<void> => {
  await checkLog(owner, ledger);
  const expected = [...answers].map(([key, { receipt }]) => [key, { position: receipt.position, commands: 1 }]);
  expect([...(await recorded())].sort()).toEqual(expected.sort());
};

describe('a connection that breaks', () => {
  it('under append after append, ended by the server, loses nothing and records nothing twice', async () => {
    let killed = 0;
    const kill = async (): Promise<void> => {
      while (killed < 20) {
        const { rows } = await owner.query<{ done: boolean }>(
          `select pg_terminate_backend(pid) as done from pg_stat_activity
            where datname = current_database() and application_name = 'under test' and state = 'active' and query like '%log.append%'`,
        );
        killed += rows.filter(({ done }) => done).length;
      }
    };
    const killing = kill();
    const answers = await keepAsking(16, () => killed >= 20);
    await killing;
    await checkAnswers(answers);
    expect([...answers.values()].filter(({ replayed }) => replayed)).toEqual([]);
  });

  it('on the way there or on the way back loses nothing and records nothing twice', async () => {
    const random = chance(seed);
    const fates: Fate[] = [];
    proxy.fateOf = () => {
      const dice = random();
      const fate = dice < 0.2 ? 'answer-lost' : dice < 0.4 ? 'request-lost' : undefined;
      if (fate) fates.push(fate);
      return fate;
    };
    const answers = await keepAsking(16, () => fates.length >= 20);
    await checkAnswers(answers);
    expect(new Set(fates)).toEqual(new Set(['answer-lost', 'request-lost']));
    // Nobody has asked twice: that the log was asked twice is nothing that a caller sees.
    expect([...answers.values()].filter(({ replayed }) => replayed)).toEqual([]);
  });

  it('while several commands rest on one another leaves each as it was answered', async () => {
    await run(invoice('I1'));
    let losses = 3;
    proxy.fateOf = () => (losses-- > 0 ? 'answer-lost' : undefined);
    const chain = [
      run(payment('P1', [['I1', '60.00']]), { key: 'a' }),
      run(payment('P2', [['I1', '40.00']]), { key: 'b' }),
      run(payment('P3', [['I1', '0.01']]), { key: 'c' }),
    ];
    const { kept, failed } = await settle(chain);
    expect(losses).toBeLessThan(0);
    expect(kept.map(({ replayed }) => replayed)).toEqual([false, false]);
    expect(failed).toMatchObject([{ code: 'over-allocated' }]);
    expect([...(await recorded()).keys()]).toEqual(['a', 'b']);
  });

  it('while documents are read costs nothing but time', async () => {
    await run(invoice('I1'));
    // Another instance, whose memory is empty; its connections are gone before it has read a thing.
    const elsewhere = new EventLog(pool);
    await pool.query('select');
    await owner.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'under test'`,
    );
    const answer = await elsewhere.execute(ledger, requestOf(payment('P1', [['I1', '1.00']])));
    expect(answer.receipt.position).toBe(5);
  });
});

describe('a database that is away for longer than a batch is sent again', () => {
  const away = (fate: Fate): void => {
    proxy.fateOf = () => {
      proxy.fateOf = () => undefined;
      setImmediate(() => {
        proxy.isDown = true;
      });
      return fate;
    };
  };
  beforeEach(() => {
    log = new EventLog(pool, { ...defaultLimits, resendMs: 1_000, decideMs: 1_000 });
  });

  it.each(['answer-lost', 'request-lost'] as const)(
    'leaves the outcome unknown (%s), and repeating the request with its key tells',
    async (fate) => {
      await run(invoice('I1'));
      const request = requestOf(payment('P1', [['I1', '5.00']]), { key: 'k' });
      away(fate);
      await expect(log.execute(ledger, request)).rejects.toBeInstanceOf(OutcomeUnknown);
      proxy.isDown = false;
      const answer = await log.execute(ledger, request);
      expect(answer).toMatchObject({ replayed: fate === 'answer-lost', receipt: { position: 5 } });
      expect(await recorded()).toEqual(new Map([['k', { position: 5, commands: 1 }]]));
      await checkLog(owner, ledger);
    },
  );

  it('has the writer go on with what there is when it is back', async () => {
    await run(invoice('I1'));
    away('answer-lost');
    const { failed } = await settle([run(payment('P1', [['I1', '60.00']])), run(payment('P2', [['I1', '30.00']]))]);
    expect(failed.every((error) => error instanceof OutcomeUnknown)).toBe(true);
    expect(failed).toHaveLength(2);
    proxy.isDown = false;
    // What it believed to come next has come: it has to see that, and not go on from what it knew before.
    await expect(run(payment('P3', [['I1', '60.00']]))).rejects.toMatchObject({ code: 'over-allocated' });
    await run(payment('P3', [['I1', '10.00']]));
    await checkLog(owner, ledger);
  });

  it('is one that does not answer at all, too, where queries have a time limit', async () => {
    await run(invoice('I1'));
    const impatient = poolOf(proxy.url, { query_timeout: 250 });
    try {
      const other = new EventLog(impatient);
      // Read first: only the append is to vanish.
      await expect(other.execute(ledger, requestOf(payment('P0', [['none', '1.00']])))).rejects.toMatchObject({
        code: 'unknown-invoice',
      });
      let losses = 1;
      proxy.fateOf = () => (losses-- > 0 ? 'swallowed' : undefined);
      const answer = await other.execute(ledger, requestOf(payment('P1', [['I1', '5.00']]), { key: 'k' }));
      expect(losses).toBeLessThan(0);
      expect(answer).toMatchObject({ replayed: false, receipt: { position: 5 } });
    } finally {
      await impatient.end();
    }
  });
});

describe('a command that Postgres refuses', () => {
  const bad = (key: string): Partial<Request> => ({
    key,
    // A NUL character, which is no text for Postgres.
    render: () => ({ location: '/', body: '\0' }),
  });

  it('does not spoil those that come with it', async () => {
    await run(invoice('I1'));
    const settled = await Promise.allSettled([
      run(invoice('A')),
      run(invoice('B'), bad('b')),
      run(payment('P1', [['I1', '60.00']])),
      run(payment('P2', [['B', '1.00']])),
      run(payment('P3', [['I1', '60.00']])),
      run(invoice('C'), bad('c')),
      run(payment('P4', [['I1', '40.00']])),
    ]);
    const outcomes = settled.map((one) =>
      one.status === 'fulfilled' ? 'recorded' : (one.reason as { code: string }).code,
    );
    expect(outcomes).toEqual([
      'recorded',
      '22021',
      'recorded',
      'unknown-invoice',
      'over-allocated',
      '22021',
      'recorded',
    ]);
    expect(await recorded()).toEqual(new Map());
    await checkLog(owner, ledger);
  });

  it('does not keep those from going on who come later', async () => {
    const callers = Array.from({ length: 8 }, async (_, caller) => {
      for (let n = 0; n < 10; n++) {
        const id = `I${caller}-${n}`;
        if (caller === 0) await expect(run(invoice(id), bad(id))).rejects.toMatchObject({ code: '22021' });
        else await run(invoice(id));
      }
    });
    await Promise.all(callers);
    await checkLog(owner, ledger);
    expect(await log.head(ledger)).toMatchObject({ position: 2 + 70 });
  });

  it('because somebody cancels it is tried again where it was not alone', async () => {
    const holder = await owner.connect();
    await holder.query('begin');
    await holder.query('select from log.ledgers where ledger_id = $1 for no key update', [ledger]);
    const answers = Promise.all(['I1', 'I2', 'I3'].map((id) => run(invoice(id))));
    for (let cancelled = 0; cancelled === 0;) {
      const { rowCount } = await owner.query(
        `select pg_cancel_backend(pid) from pg_stat_activity
          where datname = current_database() and application_name = 'under test' and wait_event_type = 'Lock'`,
      );
      cancelled = rowCount!;
    }
    await holder.query('commit');
    holder.release();
    expect((await answers).map(({ receipt }) => receipt.position).sort()).toEqual([3, 4, 5]);
    await checkLog(owner, ledger);
  });
});
