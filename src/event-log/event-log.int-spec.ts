import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { invoice, openLedger, payment, poolOf, requestOf, settle, vendor } from '../../test/support/log.js';
import { tamper } from '../../test/support/audit.js';
import { checkLog } from '../../test/support/log-checks.js';
import type { Command } from '../domain/decider.js';
import { EventLog } from './event-log.js';
import { KeyReused, type Request } from './ledger-writer.js';
import { PgLogStore } from './log-store.js';
import { restOfLine } from './record.js';

let database: TestDatabase;
let owner: pg.Pool;
// Two instances of the application, as far from each other as two processes would be.
let pools: pg.Pool[];
let one: EventLog;
let other: EventLog;
let ledgers = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = poolOf(database.url, { max: 4 });
  pools = [poolOf(database.appUrl), poolOf(database.appUrl)];
  [one, other] = pools.map((pool) => new EventLog(pool)) as [EventLog, EventLog];
});
afterAll(async () => {
  for (const pool of [...pools, owner]) await pool.end();
  await database.drop();
});

type Run = (command: Command, more?: Partial<Request>) => ReturnType<EventLog['execute']>;

/** A new ledger with the vendors V1 and V2, and both instances as they see it. */
const begin = async (): Promise<{ ledgerId: string; here: Run; there: Run; types: () => Promise<string[]> }> => {
  ledgers += 1;
  const ledgerId = `ledger-${ledgers}`;
  const [here, there] = [one, other].map(
    (log): Run =>
      (command, more) =>
        log.execute(ledgerId, requestOf(command, more)),
  ) as [Run, Run];
  await here(openLedger(ledgerId));
  await Promise.all([here(vendor('V1')), here(vendor('V2'))]);
  const types = async (): Promise<string[]> => {
    await checkLog(owner, ledgerId);
    const lines = await one.linesAfter(ledgerId, 3, 10_000);
    return lines.map(({ line }) => (JSON.parse(line) as { type: string }).type);
  };
  return { ledgerId, here, there, types };
};

/** Holds the lock of a ledger, as an append under way does, until it is told to let go. */
const hold = async (ledgerId: string): Promise<() => Promise<void>> => {
  const client = await owner.connect();
  await client.query('begin');
  await client.query('select from log.ledgers where ledger_id = $1 for no key update', [ledgerId]);
  return async () => {
    await client.query('commit');
    client.release();
  };
};

/** Waits until so many calls of a function are waiting for a lock. */
const untilWaiting = async (what: string, count = 1): Promise<void> => {
  for (;;) {
    const { rowCount } = await owner.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like $1`,
      [`%${what}%`],
    );
    if (rowCount! >= count) return;
  }
};

/** Closes a period behind the writers' backs. */
const close = async (ledgerId: string, through: string): Promise<void> => {
  const data = { period: through.slice(0, 7), closedThrough: through };
  const event = { type: 'PeriodClosed', effectiveOn: '2024-02-15', data } as const;
  const key = `close ${through}`;
  await new PgLogStore(pools[0]!).append(
    ledgerId,
    [
      {
        key,
        requestHash: key,
        keep: true,
        status: 201,
        location: '/periods',
        body: '{}',
        position: 0,
        events: [event],
        eventIds: [`${ledgerId}-${through}`],
        rests: [restOfLine(event, { actor: { id: 'eva', role: 'approver' }, correlationId: key })],
        claims: [],
        looked: new Map(),
        after: [],
      },
    ],
    { batchId: randomUUID(), isAgain: false, expiresMs: Date.now() + 60_000 },
  );
};

describe('a key', () => {
  it('replays the answer to the same request, at any instance, and refuses another request', async () => {
    const { here, there, types } = await begin();
    const first = await here(invoice('I1'), { key: 'k', requestHash: 'h' });
    expect(first).toMatchObject({ replayed: false, receipt: { status: 201, position: 4, body: '{"kind":"invoice"}' } });
    for (const run of [here, there]) {
      const again = await run(invoice('I1'), { key: 'k', requestHash: 'h' });
      expect(again).toEqual({ replayed: true, receipt: first.receipt });
      await expect(run(invoice('I2'), { key: 'k', requestHash: 'h2' })).rejects.toBeInstanceOf(KeyReused);
    }
    expect(await types()).toEqual(['InvoicePosted']);
  });

  it('replays also when the command would be refused by now', async () => {
    const { here, there } = await begin();
    await here(invoice('I1'));
    const first = await here(payment('P1', [['I1', '100.00']]), { key: 'k', requestHash: 'h' });
    await here({ type: 'ReversePayment', paymentId: 'P1', reason: 'bounced' });
    const repeat = await there(payment('P1', [['I1', '100.00']]), { key: 'k', requestHash: 'h' });
    expect(repeat).toEqual({ replayed: true, receipt: first.receipt });
    // A request with another content under it is refused for the key, not for what else is wrong with it.
    await expect(there(payment('P9', [['none', '1.00']]), { key: 'k' })).rejects.toBeInstanceOf(KeyReused);
  });

  it('gives one event to many requests at the same time, at two instances', async () => {
    const { here, there, types } = await begin();
    const requests = Array.from({ length: 20 }, (_, i) =>
      (i % 2 ? here : there)({ type: 'ChangeVendor', vendorId: 'V1', name: 'Hill' }, { key: 'k', requestHash: 'h' }),
    );
    const answers = await Promise.all(requests);
    expect(new Set(answers.map(({ receipt }) => receipt.position)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await types()).toEqual(['VendorChanged']);
  });

  it('keeps the answer of a repeat by id, which changes nothing', async () => {
    const { here, there, types } = await begin();
    await here(invoice('I1'));
    const repeat = await here(invoice('I1'), { key: 'k', requestHash: 'h' });
    expect(repeat).toMatchObject({ replayed: false, receipt: { position: 4 } });
    await here({ type: 'ReverseInvoice', invoiceId: 'I1', reason: 'wrong' });
    expect(await there(invoice('I1'), { key: 'k', requestHash: 'h' })).toEqual({
      replayed: true,
      receipt: repeat.receipt,
    });
    expect(await types()).toEqual(['InvoicePosted', 'InvoiceReversed']);
  });

  it('is free again after a refusal, which is not kept', async () => {
    const { ledgerId, here, there } = await begin();
    await expect(here(payment('P1', [['I1', '1.00']]), { key: 'k' })).rejects.toMatchObject({
      code: 'unknown-invoice',
    });
    const { rowCount } = await owner.query(`select from log.receipts where ledger_id = $1 and key = 'k'`, [ledgerId]);
    expect(rowCount).toBe(0);
    expect(await there(invoice('I1'), { key: 'k' })).toMatchObject({ replayed: false });
  });

  it('belongs to its ledger', async () => {
    const [a, b] = [await begin(), await begin()];
    await a.here(invoice('I1'), { key: 'k', requestHash: 'a' });
    expect(await b.here(invoice('I1'), { key: 'k', requestHash: 'b' })).toMatchObject({ replayed: false });
  });

  it('stands on the line only if the caller chose it', async () => {
    const { ledgerId, here } = await begin();
    await here(invoice('I1'), { key: 'chosen' });
    await here(invoice('I2'));
    const lines = await one.linesAfter(ledgerId, 3, 10);
    const keys = lines.map(({ line }) => (JSON.parse(line) as { idempotencyKey?: string }).idempotencyKey);
    expect(keys).toEqual(['chosen', undefined]);
  });
});

describe('an id', () => {
  it('given at two instances at the same time with the same content makes one document', async () => {
    for (let i = 0; i < 10; i++) {
      const { here, there, types } = await begin();
      const answers = await Promise.all([here(invoice('I1')), there(invoice('I1')), here(invoice('I1'))]);
      expect(answers.map(({ receipt }) => receipt.position)).toEqual([4, 4, 4]);
      expect(await types()).toEqual(['InvoicePosted']);
    }
  });

  it('given at two instances at the same time with other content is refused to one of them', async () => {
    for (let i = 0; i < 10; i++) {
      const { here, there, types } = await begin();
      const { kept, failed } = await settle([here(invoice('I1')), there(invoice('I1', { number: 'other' }))]);
      expect(kept).toHaveLength(1);
      expect(failed).toMatchObject([{ code: 'id-already-used', facts: { id: 'I1' } }]);
      expect(await types()).toEqual(['InvoicePosted']);
    }
  });

  it('of an allocation is refused whichever payment brings it', async () => {
    const { here, there } = await begin();
    await Promise.all([here(invoice('I1')), here(invoice('I2'))]);
    const both = [here, there].map((run, n) =>
      run(
        payment(`P${n}`, [], {
          amount: '5.00',
          allocations: [{ id: 'A', to: { invoiceId: `I${n + 1}` }, amount: '5.00' }],
        }),
      ),
    );
    const { kept, failed } = await settle(both);
    expect(kept).toHaveLength(1);
    expect(failed).toMatchObject([{ code: 'id-already-used', facts: { id: 'A' } }]);
  });
});

describe('an invoice number', () => {
  it('posted at two instances at the same time is recorded once, and the other one is told by whom', async () => {
    for (let i = 0; i < 10; i++) {
      const { here, there, types } = await begin();
      const { kept, failed } = await settle([
        here(invoice('I1', { number: 'RE-007' })),
        there(invoice('I2', { number: 're 7' })),
      ]);
      expect(kept).toHaveLength(1);
      const holder = kept[0]!.receipt;
      const { rows } = await owner.query<{ document: string }>(
        'select document from log.event_documents where ledger_id = $1 and position = $2',
        [`ledger-${ledgers}`, holder.position],
      );
      expect(failed).toMatchObject([
        { code: 'duplicate-invoice', facts: { invoiceId: rows[0]!.document.replace('invoice/', '') } },
      ]);
      expect(await types()).toEqual(['InvoicePosted']);
    }
  });

  it('is recorded again where that is allowed, with a reason', async () => {
    const { here, there } = await begin();
    await here(invoice('I1', { number: 'A-1' }));
    await expect(there(invoice('I2', { number: 'A-1' }))).rejects.toMatchObject({ facts: { invoiceId: 'I1' } });
    await there(invoice('I2', { number: 'A-1', allowDuplicate: { reason: 'delivered twice' } }));
    await here({ type: 'ReverseInvoice', invoiceId: 'I1', reason: 'wrong' });
    await expect(here(invoice('I3', { number: 'A-1' }))).rejects.toMatchObject({ facts: { invoiceId: 'I2' } });
  });

  it('is free once its invoice is reversed, any number of times', async () => {
    const { here, there } = await begin();
    for (const id of ['I1', 'I2', 'I3']) {
      await here(invoice(id, { number: 'A-1' }));
      await expect(there(invoice('other', { number: 'A-1' }))).rejects.toMatchObject({ facts: { invoiceId: id } });
      await there({ type: 'ReverseInvoice', invoiceId: id, reason: 'wrong' });
    }
    // Its id stays used.
    await expect(here(invoice('I1', { number: 'A-2' }))).rejects.toMatchObject({ code: 'id-already-used' });
  });

  it('of another year, or another vendor, is another one; the one of another year is worth a notice', async () => {
    const { ledgerId, here, there } = await begin();
    await here(invoice('I1', { number: 'A-1' }));
    const nextYear = await there(invoice('I2', { number: 'a 01', invoiceDate: '2024-01-02', total: '7.00' }));
    expect(nextYear.receipt.notices).toEqual([{ value: 'number V1 A1', document: 'invoice/I1' }]);
    const elsewhere = await there(invoice('I3', { number: 'A-1', vendorId: 'V2' }));
    expect(elsewhere.receipt.notices).toEqual([]);
    // What was noticed then can be asked for later, whatever has happened since.
    await here({ type: 'ReverseInvoice', invoiceId: 'I1', reason: 'wrong' });
    const claims = [{ value: 'number V1 A1', qualifier: '2024' }];
    expect(await one.noticesAt(ledgerId, claims, nextYear.receipt.position)).toEqual(nextYear.receipt.notices);
    expect(await one.noticesAt(ledgerId, claims, nextYear.receipt.position + 100)).toEqual([]);
  });

  it('other than that of an invoice of the same amount and date is worth a notice', async () => {
    const { here, there } = await begin();
    await here(invoice('I1', { number: 'A-1' }));
    const alike = await there(invoice('I2', { number: 'B-9' }));
    expect(alike.receipt.notices).toEqual([{ value: 'amount V1 USD 100.00 2023-10-02', document: 'invoice/I1' }]);
    const other_ = await there(invoice('I3', { number: 'C-3', invoiceDate: '2023-10-03' }));
    expect(other_.receipt.notices).toEqual([]);
  });
});

describe('a closed period', () => {
  it('is closed to a writer that has not heard of it', async () => {
    const { ledgerId, here, types } = await begin();
    await here(invoice('I1'));
    await close(ledgerId, '2023-10-31');
    await expect(here(invoice('I2'))).rejects.toMatchObject({
      code: 'period-closed',
      facts: { closedThrough: '2023-10-31' },
    });
    await expect(here(payment('P1', [['I1', '1.00']]))).rejects.toMatchObject({ code: 'period-closed' });
    await here(invoice('I3', { postingDate: '2023-11-01' }));
    // Where the day is the ledger's to choose, it is the first open one.
    await here({ type: 'ReverseInvoice', invoiceId: 'I1', reason: 'wrong' });
    const { history } = (await one.document(ledgerId, 'invoice/I1'))!;
    expect(history.map(({ effectiveOn }) => effectiveOn)).toEqual(['2023-10-02', '2023-11-01']);
    expect(await types()).toEqual(['InvoicePosted', 'PeriodClosed', 'InvoicePosted', 'InvoiceReversed']);
  });

  it('lets nothing in behind it, however close the race', async () => {
    for (let i = 0; i < 5; i++) {
      const { ledgerId, here, there } = await begin();
      const letGo = await hold(ledgerId);
      // All are decided, sent and waiting for the lock before anybody has heard of the closing, in whatever order.
      const posting = [
        ...Array.from({ length: 20 }, (_, n) => here(invoice(`H${n}`))),
        ...Array.from({ length: 20 }, (_, n) => there(invoice(`T${n}`))),
      ];
      const closing = close(ledgerId, '2023-10-31');
      const settled = settle(posting);
      await untilWaiting('log.append', 3);
      await letGo();
      const { failed } = await settled;
      await closing;
      for (const one_ of failed) expect(one_).toMatchObject({ code: 'period-closed' });
      const { rows } = await owner.query<{ behind: number }>(
        `select count(*)::int as behind from log.events e join log.periods p on p.ledger_id = e.ledger_id and e.position > p.position
          where e.ledger_id = $1 and e.effective_on <= p.closed_through`,
        [ledgerId],
      );
      expect(rows).toEqual([{ behind: 0 }]);
      await checkLog(owner, ledgerId);
    }
  });
});

describe('a ledger', () => {
  it('that nobody has opened is not found, whatever is asked of it', async () => {
    for (const command of [vendor('V1'), invoice('I1'), payment('P1', [])]) {
      await expect(one.execute('nowhere', requestOf(command))).rejects.toMatchObject({ code: 'not-found' });
    }
    expect(await one.head('nowhere')).toBeUndefined();
    expect(await one.document('nowhere', 'vendor/V1')).toBeUndefined();
    await expect(one.positionAt('nowhere', '2024-01-01T00:00:00Z')).rejects.toMatchObject({ code: 'DB404' });
    expect(await one.ledgerIds()).not.toContain('nowhere');
  });

  it('can be opened after it was not found', async () => {
    await expect(one.execute('later', requestOf(vendor('V1')))).rejects.toMatchObject({ code: 'not-found' });
    await other.execute('later', requestOf(openLedger('later')));
    expect((await one.execute('later', requestOf(vendor('V1')))).receipt.position).toBe(2);
  });

  it('is opened once, at whichever instance, and not with other content', async () => {
    const id = 'opened-twice';
    const answers = await Promise.all(
      [one, other, one, other].map((log) => log.execute(id, requestOf(openLedger(id)))),
    );
    expect(answers.map(({ receipt }) => receipt.position)).toEqual([1, 1, 1, 1]);
    await expect(other.execute(id, requestOf(openLedger(id, { name: 'Other' })))).rejects.toMatchObject({
      code: 'id-already-used',
    });
    expect(await one.head(id)).toMatchObject({ position: 1 });
    expect(await one.ledgerIds()).toContain(id);
  });

  it('knows nothing of another ledger', async () => {
    const [a, b] = [await begin(), await begin()];
    await Promise.all([a, b].flatMap(({ here, there }) => [here(invoice('I1')), there(invoice('I2'))]));
    await b.here({ type: 'ReverseInvoice', invoiceId: 'I1', reason: 'wrong' });
    await expect(b.here(payment('P1', [['I1', '1.00']]))).rejects.toMatchObject({ code: 'over-allocated' });
    await a.here(payment('P1', [['I1', '1.00']]));
    expect(await a.types()).toEqual(['InvoicePosted', 'InvoicePosted', 'PaymentMade', 'Allocated']);
    expect(await b.types()).toEqual(['InvoicePosted', 'InvoicePosted', 'InvoiceReversed']);
  });

  it('does not wait for another ledger', async () => {
    const [a, b] = [await begin(), await begin()];
    const letGo = await hold(a.ledgerId);
    const waiting = a.here(invoice('I1'));
    await b.here(invoice('I1'));
    await letGo();
    await waiting;
  });

  it('takes odd text as it is, in everything that it stores', async () => {
    const { ledgerId, here, there } = await begin();
    const name = 'e\u0301≠\u00e9 \u2028 "quoted" \\ \ud83e\udd84 {a,b} \u{10ffff}';
    await here({ type: 'RegisterVendor', id: 'odd', name, kind: 'supplier' }, { key: 'k~!"\\{}', requestHash: 'h' });
    await there(invoice('I1', { vendorId: 'odd', number: 'Ñ"\\{ﬀ}/Ⅷ 007' }));
    await expect(here(invoice('I2', { vendorId: 'odd', number: 'ñ"ﬀⅧ7' }))).rejects.toMatchObject({
      code: 'duplicate-invoice',
    });
    expect((await there(vendor('odd', name), { key: 'k~!"\\{}', requestHash: 'h' })).replayed).toBe(true);
    expect((await one.document(ledgerId, 'vendor/odd'))!.document.facts.name).toBe(name);
    await checkLog(owner, ledgerId);
  });
});

describe('documents', () => {
  it('are read as they stand, with their history, and as they stood', async () => {
    const { ledgerId, here } = await begin();
    await here(invoice('I1'));
    await here(payment('P1', [['I1', '30.00']]));
    const { document, history } = (await other.document(ledgerId, 'invoice/I1'))!;
    expect(document.reductions).toMatchObject([{ amount: 3000n }]);
    expect(history.map(({ type, position }) => [type, position])).toEqual([
      ['InvoicePosted', 4],
      ['Allocated', 6],
    ]);
    const names = ['invoice/I1', 'payment/P1', 'invoice/none'] as const;
    expect([...(await other.documents(ledgerId, names)).keys()]).toEqual(['invoice/I1', 'payment/P1']);
    const before = await other.foldedAt(ledgerId, names, 5);
    expect(before.get('invoice/I1')).toMatchObject({ madeAt: 4, document: { reductions: [] } });
    expect(before.get('payment/P1')).toMatchObject({ madeAt: 5, document: { uses: [] } });
    expect(before.has('invoice/none')).toBe(false);
  });

  it('have their lines, page by page', async () => {
    const { ledgerId, here } = await begin();
    await Promise.all(Array.from({ length: 7 }, (_, i) => here(invoice(`I${i}`))));
    const pages = [
      await one.linesAfter(ledgerId, 0, 4),
      await one.linesAfter(ledgerId, 4, 4),
      await one.linesAfter(ledgerId, 8, 4),
    ];
    expect(pages.map((page) => page.map(({ position }) => position))).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10],
    ]);
    expect(await one.linesAfter(ledgerId, 10, 4)).toEqual([]);
  });
});

describe('the position at an instant', () => {
  const now = async (): Promise<string> => {
    const { rows } = await owner.query<{ now: string }>(
      `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now`,
    );
    return rows[0]!.now;
  };

  it('is the end of the last batch recorded by then, never the middle of one', async () => {
    const { ledgerId, here } = await begin();
    const start = await now();
    await Promise.all(['I1', 'I2', 'I3'].map((id) => here(invoice(id))));
    await here(
      payment('P1', [
        ['I1', '1.00'],
        ['I2', '1.00'],
      ]),
    );
    const { rows } = await owner.query<{ last: number; at: string; before: string }>(
      `select last_position::int as last, to_char(recorded_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at,
              to_char(recorded_at at time zone 'UTC' - interval '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as before
         from log.commits where ledger_id = $1 order by last_position`,
      [ledgerId],
    );
    let previous = 0;
    for (const { last, at, before } of rows) {
      expect(await one.positionAt(ledgerId, at)).toBe(last);
      expect(await one.positionAt(ledgerId, before)).toBe(previous);
      previous = last;
    }
    expect(await one.positionAt(ledgerId, start)).toBe(3);
    expect(await one.positionAt(ledgerId, '2000-01-01T00:00:00Z')).toBe(0);
    expect(await one.positionAt(ledgerId, await now())).toBe(previous);
  });

  it('is not known for an instant that has not come', async () => {
    const { ledgerId } = await begin();
    await expect(one.positionAt(ledgerId, '2999-01-01T00:00:00Z')).rejects.toMatchObject({ code: 'DB400' });
  });

  it('waits for an append that is under way, which may have taken its instant already', async () => {
    const { ledgerId, here } = await begin();
    const letGo = await hold(ledgerId);
    const asked = await now();
    let answered = false;
    const position = one.positionAt(ledgerId, asked).then((answer) => {
      answered = true;
      return answer;
    });
    await untilWaiting('position_at');
    expect(answered).toBe(false);
    await letGo();
    expect(await position).toBe(3);
    // Whatever is recorded from here on is later than what was asked for.
    await here(invoice('I1'));
    expect(await one.positionAt(ledgerId, asked)).toBe(3);
  });

  it('can be asked for by many at once', async () => {
    const { ledgerId } = await begin();
    const asked = await now();
    const answers = await Promise.all(Array.from({ length: 10 }, () => one.positionAt(ledgerId, asked)));
    expect(new Set(answers)).toEqual(new Set([3]));
  });
});

describe('the clock', () => {
  it('of the log never goes backwards, even if that of the database does', async () => {
    const { ledgerId, here } = await begin();
    // A log whose last batch is ahead of the clock, as after a clock that was put right.
    await owner.query('alter table log.commits disable trigger append_only');
    await owner.query(
      `update log.commits set recorded_at = recorded_at + interval '1 hour' where ledger_id = $1 and last_position = 3`,
      [ledgerId],
    );
    await owner.query('alter table log.commits enable trigger append_only');
    await here(invoice('I1'));
    await here(invoice('I2'));
    const { rows } = await owner.query<{ steps: string[] }>(
      `select array_agg((recorded_at - before)::text) as steps
         from (select recorded_at, lag(recorded_at) over (order by last_position) as before, last_position
                 from log.commits where ledger_id = $1) c where last_position > 3`,
      [ledgerId],
    );
    expect(rows[0]!.steps).toEqual(['00:00:00.000001', '00:00:00.000001']);
  });
});

describe('a ledger that is set back while it is in use', () => {
  /** As a restore does: with an instance of its own, whose memory is that of the state before. */
  const restored = async (position: number): Promise<{ ledgerId: string; log: EventLog; here: Run; there: Run }> => {
    const { ledgerId, there } = await begin();
    const log = new EventLog(pools[0]!);
    const here: Run = (command) => log.execute(ledgerId, requestOf(command));
    await here(invoice('I1'));
    await here(invoice('I2'));
    await here({ type: 'ChangeVendor', vendorId: 'V2', name: 'Lost' });
    const after = `where ledger_id = '${ledgerId}' and`;
    await tamper(
      database,
      ...['events', 'event_documents', 'claims'].map(
        (table) => `delete from log.${table} ${after} position > ${position}`,
      ),
      `delete from log.commits ${after} last_position > ${position}`,
      `delete from log.batches ${after} first_position > ${position}`,
    );
    return { ledgerId, log, here, there };
  };
  const pay = (invoiceId: string) => payment(`P-${invoiceId}`, [[invoiceId, '100.00']]);

  it('takes nothing that was decided on what was lost, whatever else has come to stand there', async () => {
    const { here, there } = await restored(4);
    await expect(here(pay('I2'))).rejects.toMatchObject({ code: 'unknown-invoice' });
    for (const id of ['I3', 'I4', 'I5']) await there(invoice(id));
    // What is known of V2 is later than anything that the log has of it, and what there is of it can be gone on with.
    const { receipt } = await here({ type: 'ChangeVendor', vendorId: 'V2', name: 'Found' });
    expect(receipt.position).toBe(8);
    expect((await here(pay('I1'))).receipt.position).toBe(10);
  });

  it('is decided on as it is once it is forgotten, also where the same document stands at the same place', async () => {
    const { ledgerId, log, here, there } = await restored(3);
    await there(invoice('I1', { total: '60.00' }));
    log.forget(ledgerId);
    await expect(here(pay('I1'))).rejects.toMatchObject({ code: 'over-allocated' });
  });
});

describe('one instance', () => {
  it('tells how far a ledger goes after each batch that it has appended', async () => {
    const { ledgerId, here } = await begin();
    const heard: number[] = [];
    one.onAppended((id, position) => {
      if (id === ledgerId) heard.push(position);
    });
    await here(invoice('I1'));
    await expect(here(payment('P1', [['none', '1.00']]))).rejects.toMatchObject({ code: 'unknown-invoice' });
    await here(payment('P1', [['I1', '1.00']]));
    expect(heard).toEqual([4, 6]);
    expect(await one.head(ledgerId)).toMatchObject({ position: 6 });
  });

  it('has the same key for prints of requests as any other on the database', async () => {
    expect(await one.requestKey()).toEqual(await other.requestKey());
    expect((await one.requestKey()).length).toBe(32);
  });

  it('is drained when everything is answered, however many ledgers it has', async () => {
    const { ledgerId, here } = await begin();
    const letGo = await hold(ledgerId);
    let answered = false;
    const waiting = here(invoice('I1')).then(() => {
      answered = true;
    });
    await untilWaiting('log.append');
    // More ledgers than one process remembers; that they don't exist makes no difference.
    await settle(Array.from({ length: 501 }, (_, i) => one.execute(`none-${i}`, requestOf(vendor('V1')))));
    // Nor that what it remembers of this one is forgotten meanwhile.
    one.forget(ledgerId);
    const drained = one.drain().then(() => answered);
    await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, 50))]);
    await letGo();
    await waiting;
    expect(await drained).toBe(true);
  });
});
