import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { poolOf } from '../../test/support/log.js';
import { checkLog } from '../../test/support/log-checks.js';
import { LogInMemory } from '../../test/support/log-in-memory.js';
import { sampleSize } from '../../test/support/seed.js';
import type { Claim, UnlessOnLines } from '../domain/decision.js';
import { type ApEvent, type DocumentName, documentsOf, type Line } from '../domain/events.js';
import { Rejection } from '../domain/rejection.js';
import { type Entry, PgLogStore, type Sending, type Verdict } from './log-store.js';
import { restOfLine } from './record.js';
import { uuidv7 } from './uuid.js';

let database: TestDatabase;
let pool: pg.Pool;
let store: PgLogStore;
let ledgers = 0;
let ledger: string;

const opened = (ledgerId: string): ApEvent => ({
  type: 'LedgerOpened',
  effectiveOn: '2024-02-15',
  data: { ledgerId, name: 'Acme', currency: 'USD', timeZone: 'UTC' },
});
const registered = (vendorId: string, name = 'Vale'): ApEvent => ({
  type: 'VendorRegistered',
  effectiveOn: '2024-02-15',
  data: { vendorId, name, kind: 'supplier' },
});
const changed = (vendorId: string, effectiveOn = '2024-02-15'): ApEvent => ({
  type: 'VendorChanged',
  effectiveOn,
  data: { vendorId, name: 'Hill' },
});
const closed = (period: string, through: string): ApEvent => ({
  type: 'PeriodClosed',
  effectiveOn: '2024-02-15',
  data: { period, closedThrough: through },
});
const reopened = (period: string, through: string | null): ApEvent => ({
  type: 'PeriodReopened',
  effectiveOn: '2024-02-15',
  data: { period, closedThrough: through },
});

const posted = (type: 'InvoicePosted' | 'CreditNotePosted', lines: readonly Line[] | undefined): ApEvent =>
  ({
    type,
    effectiveOn: '2024-02-15',
    data: { invoiceId: 'I1', creditNoteId: 'N1', vendorId: 'V1', ...(lines && { lines }) },
  }) as unknown as ApEvent;
const charted = (account: string): ApEvent => ({
  type: 'AccountSet',
  effectiveOn: '2024-02-15',
  data: { account, name: account, type: 'asset', for: 'cash', on: '2024-02-15' },
});
const unless = (account: string, ofBanks: boolean, after: number): UnlessOnLines => ({
  ...{ account, ofBanks, after },
  refusal: new Rejection('account-in-use', ''),
});

interface Wanted {
  readonly key: string;
  readonly requestHash?: string;
  readonly events?: readonly ApEvent[];
  readonly claims?: readonly Partial<Claim>[];
  readonly unlessOnLines?: UnlessOnLines;
  readonly looked?: Readonly<Record<string, number>>;
  readonly after?: readonly number[];
  readonly keep?: boolean;
  readonly position?: number;
}

/** A command as the writer would send it. */
const entry = ({
  key,
  requestHash = key,
  events = [],
  claims = [],
  looked = {},
  after = [],
  ...more
}: Wanted): Entry => ({
  key,
  requestHash,
  keep: more.keep ?? events.length > 0,
  status: 201,
  location: `/of/${key}`,
  body: `{"of":"${key}"}`,
  position: more.position ?? 0,
  events,
  eventIds: events.map(() => uuidv7()),
  rests: events.map((event) =>
    restOfLine(event, { actor: { id: 'ann', role: 'clerk' }, correlationId: key, idempotencyKey: key }),
  ),
  claims: claims.map((claim) => ({ value: 'v', qualifier: 'q', exclusive: true, released: false, ...claim })),
  unlessOnLines: more.unlessOnLines,
  looked: new Map(Object.entries(looked)) as Map<DocumentName, number>,
  after,
});

/** The first sending of a batch, with time enough. */
const sending = (more: Partial<Sending> = {}): Sending => ({
  batchId: uuidv7(),
  isAgain: false,
  expiresMs: Date.now() + 60_000,
  ...more,
});

const append = (...batch: Wanted[]): Promise<Verdict[]> => store.append(ledger, batch.map(entry), sending());

/** Just the verdicts, with who or what is in the way. */
const judged = (verdicts: readonly Verdict[]): string[] =>
  verdicts.map((one) => {
    if (one.verdict === 'taken') return `taken by ${one.by}`;
    return one.verdict === 'closed' ? `closed through ${one.through}` : one.verdict;
  });

beforeAll(async () => {
  database = await createTestDatabase();
  pool = poolOf(database.appUrl);
  store = new PgLogStore(pool);
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  ledgers += 1;
  ledger = `ledger-${ledgers}`;
  await append({ key: 'open', events: [opened(ledger)] });
});

describe('appending, a command on its own', () => {
  it('numbers its events from the first on and answers with the last position', async () => {
    const [verdict] = await append({ key: 'a', events: [registered('V1'), changed('V1')] });
    expect(verdict).toMatchObject({
      verdict: 'appended',
      firstPosition: 2,
      receipt: { position: 3, body: '{"of":"a"}' },
    });
    await checkLog(pool, ledger);
  });

  it('replays the answer to a key that comes again with the same request', async () => {
    const [first] = await append({ key: 'a', events: [registered('V1')] });
    const [again] = await append({ key: 'a', events: [registered('V1')], looked: { 'vendor/V1': 0 } });
    expect(again).toEqual({ verdict: 'replayed', receipt: (first as { receipt: unknown }).receipt });
    await checkLog(pool, ledger);
  });

  it('refuses a key that comes again with another request, whatever else is wrong with it', async () => {
    await append({ key: 'a', events: [registered('V1')] });
    const reused = { key: 'a', requestHash: 'other', events: [registered('V2')] };
    expect(judged(await append({ ...reused, looked: { ledger: 0 } }))).toEqual(['reused']);
  });

  it('is in conflict with events that its decision did not know', async () => {
    await append({ key: 'a', events: [registered('V1')] });
    expect(judged(await append({ key: 'b', events: [changed('V1')], looked: { 'vendor/V1': 0 } }))).toEqual([
      'conflict',
    ]);
    expect(judged(await append({ key: 'b', events: [changed('V1')], looked: { 'vendor/V1': 2 } }))).toEqual([
      'appended',
    ]);
  });

  it('confirms what a refusal rests on, without keeping anything', async () => {
    const refusal = { key: 'r', looked: { 'vendor/V1': 0 } };
    expect(judged(await append(refusal))).toEqual(['appended']);
    await append({ key: 'a', events: [registered('V1')] });
    expect(judged(await append(refusal))).toEqual(['conflict']);
    const { rows } = await pool.query(`select key from log.receipts where ledger_id = $1 order by key`, [ledger]);
    expect(rows).toEqual([{ key: 'a' }, { key: 'open' }]);
  });

  it('keeps the answer of a command that changes nothing, where it is asked to', async () => {
    await append({ key: 'a', events: [registered('V1')] });
    const nothing = { key: 'again', keep: true, position: 2, looked: { 'vendor/V1': 2 } };
    expect(await append(nothing)).toMatchObject([{ verdict: 'appended', receipt: { position: 2 } }]);
    await append({ key: 'b', events: [changed('V1')] });
    expect(await append(nothing)).toMatchObject([
      { verdict: 'replayed', receipt: { position: 2, location: '/of/again' } },
    ]);
  });

  it('does not get a value that another document holds, until that gives it up', async () => {
    await append({ key: 'a', events: [registered('V1')], claims: [{}] });
    const wants = { key: 'b', events: [registered('V2')], claims: [{}] };
    expect(judged(await append(wants))).toEqual(['taken by vendor/V1']);
    await append({ key: 'c', events: [changed('V1')], claims: [{ released: true, exclusive: false }] });
    expect(judged(await append(wants))).toEqual(['appended']);
    expect(judged(await append({ ...wants, key: 'd', events: [registered('V3')] }))).toEqual(['taken by vendor/V2']);
  });

  it('may share a value, which stays held as long as one document has it', async () => {
    await append({ key: 'a', events: [registered('V1')], claims: [{}] });
    await append({ key: 'b', events: [registered('V2')], claims: [{ exclusive: false }] });
    await append({ key: 'c', events: [changed('V1')], claims: [{ released: true, exclusive: false }] });
    expect(judged(await append({ key: 'd', events: [registered('V3')], claims: [{}] }))).toEqual([
      'taken by vendor/V2',
    ]);
  });

  it('is told of others who hold the value with another qualifier', async () => {
    await append({ key: 'a', events: [registered('V1')], claims: [{ qualifier: '2022' }] });
    const [b] = await append({ key: 'b', events: [registered('V2')], claims: [{ qualifier: '2023' }] });
    expect(b).toMatchObject({ verdict: 'appended', receipt: { notices: [{ value: 'v', document: 'vendor/V1' }] } });
    const [again] = await append({ key: 'b' });
    expect(again).toMatchObject({ verdict: 'replayed', receipt: { notices: [{ value: 'v', document: 'vendor/V1' }] } });
    await append({
      key: 'c',
      events: [changed('V1')],
      claims: [{ qualifier: '2022', released: true, exclusive: false }],
    });
    const [d] = await append({ key: 'd', events: [registered('V3')], claims: [{ qualifier: '2024' }] });
    expect(d).toMatchObject({ receipt: { notices: [{ value: 'v', document: 'vendor/V2' }] } });
  });

  it('has no effect on a day that is closed, unless the books are opened again', async () => {
    await append({ key: 'close', events: [closed('2023-10', '2023-10-31')] });
    const late = { key: 'a', events: [changed('V1', '2023-10-31')] };
    expect(judged(await append(late))).toEqual(['closed through 2023-10-31']);
    expect(judged(await append({ key: 'b', events: [changed('V1', '2023-11-01')] }))).toEqual(['appended']);
    await append({ key: 'open again', events: [reopened('2023-10', null)] });
    expect(judged(await append(late))).toEqual(['appended']);
  });

  it('goes by what the commands before it in its batch have closed and opened', async () => {
    await append({ key: 'a', events: [registered('V1')] }, { key: 'close', events: [closed('2023-10', '2023-10-31')] });
    const late = (key: string) => ({ key, events: [changed('V1', '2023-10-31')] });
    const verdicts = await append(
      late('b'),
      { key: 'open again', events: [reopened('2023-10', '2023-09-30')] },
      late('c'),
      { key: 'close again', events: [closed('2023-10', '2023-10-31')] },
      late('d'),
    );
    const through = 'closed through 2023-10-31';
    expect(judged(verdicts)).toEqual([through, 'appended', 'appended', 'appended', through]);
    await checkLog(pool, ledger);
  });

  it('is refused as a whole for one event on a closed day', async () => {
    await append({ key: 'close', events: [closed('2023-10', '2023-10-31')] });
    const two = { key: 'a', events: [registered('V1'), changed('V1', '2023-10-31')] };
    expect(judged(await append(two))).toEqual(['closed through 2023-10-31']);
    await checkLog(pool, ledger);
  });

  it('takes effect once, however often its batch is sent, and is answered as at first', async () => {
    await append({ key: 'a', events: [registered('V1')], claims: [{ qualifier: '2022' }] });
    const batch = [
      entry({ key: 'b', events: [registered('V2')], claims: [{ qualifier: '2023' }] }),
      entry({ key: 'c', events: [registered('V3')], looked: { ledger: 0 } }),
      { ...entry({ key: 'd', events: [registered('V4')] }), key: undefined },
    ];
    const first = sending();
    const verdicts = await store.append(ledger, batch, first);
    expect(judged(verdicts)).toEqual(['appended', 'conflict', 'appended']);
    await append({ key: 'e', events: [changed('V4')] });
    for (const again of [{ ...first, isAgain: true }, first]) {
      expect(await store.append(ledger, batch, again)).toEqual(verdicts);
    }
    await checkLog(pool, ledger);
  });

  it('has no effect any more once its batch was sent again to no effect', async () => {
    await append({ key: 'a', events: [registered('V1')], claims: [{}] });
    const wants = [{ ...entry({ key: 'b', events: [registered('V2')], claims: [{}] }), key: undefined }];
    const first = sending();
    expect(judged(await store.append(ledger, wants, { ...first, isAgain: true }))).toEqual(['taken by vendor/V1']);
    await append({ key: 'c', events: [changed('V1')], claims: [{ released: true, exclusive: false }] });
    expect(judged(await store.append(ledger, wants, first))).toEqual(['taken by vendor/V1']);
    expect(judged(await store.append(ledger, wants, sending()))).toEqual(['appended']);
    await checkLog(pool, ledger);
  });

  it('has no effect after its batch has expired, but is answered if it had one before', async () => {
    const early = sending();
    const [verdict] = await store.append(ledger, [entry({ key: 'a', events: [registered('V1')] })], early);
    const expiresMs = Date.now() - 1;
    const [again] = await store.append(ledger, [entry({ key: 'a', events: [registered('V1')] })], {
      ...early,
      expiresMs,
    });
    expect(again).toMatchObject({
      verdict: 'appended',
      firstPosition: (verdict as { firstPosition: number }).firstPosition,
    });
    const late = store.append(ledger, [entry({ key: 'b', events: [registered('V2')] })], sending({ expiresMs }));
    await expect(late).rejects.toMatchObject({ code: 'DB410' });
    await checkLog(pool, ledger);
  });

  it('is read from where a document is known, and comes to the same', async () => {
    await append({ key: 'a', events: [registered('V1'), registered('V2')] });
    const names: DocumentName[] = ['vendor/V1', 'vendor/V2', 'vendor/V3', 'vendor/V1'];
    const early = await store.load(ledger, names);
    await append({ key: 'b', events: [changed('V1'), registered('V3')] });
    const known = new Map([...early].filter(([name]) => name !== 'vendor/V3'));
    const late = await store.load(ledger, names, known);
    expect(late).toEqual(await store.load(ledger, names));
    expect(late.get('vendor/V1')).not.toEqual(early.get('vendor/V1'));
    const read = await store.histories(ledger, names, undefined, known);
    expect(read.map(({ document, event }) => [document, event.type])).toEqual([
      ['vendor/V1', 'VendorRegistered'],
      ['vendor/V2', 'VendorRegistered'],
      ['vendor/V1', 'VendorChanged'],
      ['vendor/V3', 'VendorRegistered'],
    ]);
  });

  it('is read anew where what is known of it is not in the log any more', async () => {
    await append({ key: 'a', events: [registered('V1'), registered('V2'), changed('V1')] });
    const known = await store.load(ledger, ['vendor/V1', 'vendor/V2']);
    // As after a restore: the change is lost, and something else has its position.
    const lost = new Map([...known].map(([name, one]) => [name, { ...one, position: one.position + 10 }]));
    expect(await store.load(ledger, ['vendor/V1', 'vendor/V2'], lost)).toEqual(known);
    const looked = { 'vendor/V1': 14 };
    expect(judged(await append({ key: 'b', events: [changed('V1')], looked }))).toEqual(['conflict']);
  });

  it('can ask the clock of the database, and goes by its own for a minute, which may be slewed meanwhile', async () => {
    for (const asked of [new PgLogStore(pool), store]) {
      const { rows: before } = await pool.query<{ ms: number }>(
        `select date_part('epoch', clock_timestamp()) * 1000 as ms`,
      );
      const ms = await asked.clockMs();
      const { rows: after } = await pool.query<{ ms: number }>(
        `select date_part('epoch', clock_timestamp()) * 1000 as ms`,
      );
      expect(ms).toBeLessThanOrEqual(after[0]!.ms + (asked === store ? 250 : 0));
      expect(ms).toBeGreaterThan(before[0]!.ms - 60_000);
    }
  });

  it('needs its ledger to be open', async () => {
    await expect(
      store.append('nowhere', [entry({ key: 'a', events: [registered('V1')] })], sending()),
    ).rejects.toMatchObject({
      code: 'DB404',
    });
    const { rowCount } = await pool.query(`select from log.ledgers where ledger_id = 'nowhere'`);
    expect(rowCount).toBe(0);
  });

  it('may come with no others at all', async () => {
    expect(await append()).toEqual([]);
    await checkLog(pool, ledger);
  });
});

describe('appending an account unless it is on lines', () => {
  const asked = { key: 'set', events: [charted('1000')], unlessOnLines: unless('1000', true, 0) };

  it('leaves nothing behind where it is, and may be sent again', async () => {
    await append({ key: 'a', events: [posted('InvoicePosted', [{ amount: '1.00', account: '1000:main' }])] });
    const batch = [entry(asked)];
    const sent = sending();
    expect(judged(await store.append(ledger, batch, sent))).toEqual(['on-lines']);
    expect(judged(await store.append(ledger, batch, { ...sent, isAgain: true }))).toEqual(['on-lines']);
    const { rows } = await pool.query('select key from log.receipts where ledger_id = $1 order by key', [ledger]);
    expect(rows).toEqual([{ key: 'a' }, { key: 'open' }]);
    await checkLog(pool, ledger);
  });

  it('else goes on as with any other, once however often it is sent', async () => {
    const batch = [entry({ ...asked, looked: { ledger: 1 } })];
    const sent = sending();
    const first = await store.append(ledger, batch, sent);
    expect(judged(first)).toEqual(['appended']);
    expect(await store.append(ledger, batch, { ...sent, isAgain: true })).toEqual(first);
    expect(judged(await append({ ...asked, looked: { ledger: 1 } }))).toEqual(['replayed']);
    expect(judged(await append({ ...asked, key: 'other', looked: { ledger: 1 } }))).toEqual(['conflict']);
    await expect(store.append('nowhere', batch, sending())).rejects.toMatchObject({ code: 'DB404' });
    await checkLog(pool, ledger);
  });
});

describe('appending, commands side by side', () => {
  it('gives each its own verdict, and numbers what is accepted as if nothing else had been there', async () => {
    await append({ key: 'a', events: [registered('V1')], claims: [{}] }, { key: 'b', events: [registered('V2')] });
    await append({ key: 'close', events: [closed('2023-10', '2023-10-31')] });
    const verdicts = await append(
      { key: 'a', events: [registered('V1')] },
      { key: 'c', events: [registered('V3'), changed('V3')] },
      { key: 'b', requestHash: 'other', events: [registered('V4')] },
      { key: 'd', events: [changed('V2')], looked: { 'vendor/V2': 1 } },
      { key: 'e', events: [registered('V5')], claims: [{}] },
      { key: 'f', events: [changed('V1', '2023-10-15')] },
      { key: 'g', looked: { 'vendor/V9': 0 } },
      { key: 'h', events: [changed('V1')] },
    );
    expect(judged(verdicts)).toEqual([
      'replayed',
      'appended',
      'reused',
      'conflict',
      'taken by vendor/V1',
      'closed through 2023-10-31',
      'appended',
      'appended',
    ]);
    expect(verdicts[1]).toMatchObject({ firstPosition: 5, receipt: { position: 6 } });
    expect(verdicts[7]).toMatchObject({ firstPosition: 7, receipt: { position: 7 } });
    await checkLog(pool, ledger);
    const { rows } = await pool.query('select key from log.receipts where ledger_id = $1 order by key', [ledger]);
    expect(rows.map(({ key }: { key: string }) => key)).toEqual(['a', 'b', 'c', 'close', 'h', 'open']);
  });

  it('has a command wait for another decision if one that it was decided on is not appended', async () => {
    await append({ key: 'a', events: [registered('V1')] });
    const verdicts = await append(
      { key: 'a', requestHash: 'other', events: [registered('V2')] },
      { key: 'b', events: [changed('V2')], after: [0] },
      { key: 'c', events: [changed('V2')], after: [1] },
      { key: 'd', events: [registered('V3')] },
      { key: 'e', events: [changed('V3')], after: [3] },
      { key: 'f', after: [2] },
    );
    expect(judged(verdicts)).toEqual(['reused', 'conflict', 'conflict', 'appended', 'appended', 'conflict']);
    await checkLog(pool, ledger);
  });

  it('has a follower decided again also if the one before is only replayed', async () => {
    await append({ key: 'a', events: [registered('V1')] });
    const verdicts = await append({ key: 'a' }, { key: 'b', events: [changed('V1')], after: [0] });
    expect(judged(verdicts)).toEqual(['replayed', 'conflict']);
  });

  it('gives a value to the first of two, and to the second if the first is not appended', async () => {
    const both = [
      { key: 'a', events: [registered('V1')], claims: [{}] },
      { key: 'b', events: [registered('V2')], claims: [{}] },
    ];
    expect(judged(await append({ ...both[0]!, looked: { ledger: 0 } }, both[1]!))).toEqual(['conflict', 'appended']);
    expect(
      judged(await append(...both.map((one) => ({ ...one, claims: [{ value: 'w' }], key: `${one.key}2` })))),
    ).toEqual(['appended', 'taken by vendor/V1']);
  });

  it('tells the second of two in one batch of the first', async () => {
    const verdicts = await append(
      { key: 'a', events: [registered('V1')], claims: [{ qualifier: '2022' }] },
      { key: 'b', events: [registered('V2')], claims: [{ qualifier: '2023' }] },
    );
    expect(verdicts[0]).toMatchObject({ receipt: { notices: [] } });
    expect(verdicts[1]).toMatchObject({ receipt: { notices: [{ value: 'v', document: 'vendor/V1' }] } });
  });

  it('numbers the events of several streams each from 1 on', async () => {
    await append(
      { key: 'a', events: [registered('V1'), changed('V1')] },
      { key: 'b', events: [registered('V2')] },
      { key: 'c', events: [changed('V1'), changed('V2'), changed('V1')] },
    );
    await checkLog(pool, ledger);
    const { rows } = await pool.query(
      `select stream, stream_version::int as version from log.events where ledger_id = $1 order by position`,
      [ledger],
    );
    expect(rows).toEqual([
      { stream: 'ledger', version: 1 },
      { stream: 'vendor/V1', version: 1 },
      { stream: 'vendor/V1', version: 2 },
      { stream: 'vendor/V2', version: 1 },
      { stream: 'vendor/V1', version: 3 },
      { stream: 'vendor/V2', version: 2 },
      { stream: 'vendor/V1', version: 4 },
    ]);
  });

  it('closes a period for what comes behind it in the same batch', async () => {
    const verdicts = await append(
      { key: 'before', events: [changed('V1', '2023-10-15')] },
      { key: 'close', events: [closed('2023-10', '2023-10-31')] },
      { key: 'behind', events: [changed('V1', '2023-10-15')] },
    );
    expect(judged(verdicts)).toEqual(['appended', 'appended', 'closed through 2023-10-31']);
  });

  it('leaves nothing behind of a batch that fails', async () => {
    const bad = entry({ key: 'b', events: [registered('V2')] });
    const batch = [entry({ key: 'a', events: [registered('V1')], claims: [{}] }), { ...bad, location: '/\0' }];
    await expect(store.append(ledger, batch, sending())).rejects.toMatchObject({ code: '22021' });
    const { rows } = await pool.query('select key from log.receipts where ledger_id = $1', [ledger]);
    expect(rows).toEqual([{ key: 'open' }]);
    expect(judged(await append({ key: 'a', events: [registered('V1')], claims: [{}] }))).toEqual(['appended']);
    await checkLog(pool, ledger);
  });
});

describe('what is stored', () => {
  const odd = [
    'Ödön & Söhne 株式会社 🧾👩‍👩‍👧',
    'e\u0301 is not \u00e9',
    'a\u2028b\u2029c\ufeffd\u200be\u00a0f',
    'quotes " and \\ and \' and {a,"b"} and NULL and \\N',
    'tab\tnewline\nreturn\rbell\u0007 nul\u0000',
    'half of a pair \ud83e alone \udd84',
    '\u{10ffff}\uffff',
    '',
  ];

  it.each(odd)('is to the byte what was written: %j', async (name) => {
    await append({ key: `odd ${name.length}`, events: [registered('V1', name)] });
    const { rows } = await pool.query<{ line: string }>(
      'select line from log.events where ledger_id = $1 and position = 2',
      [ledger],
    );
    expect((JSON.parse(rows[0]!.line) as { data: unknown }).data).toEqual({ vendorId: 'V1', name, kind: 'supplier' });
    await checkLog(pool, ledger);
  });

  it('holds any text in what is not JSON too, but for a NUL character', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uuid(), fc.string({ unit: 'binary' }), async (key, text) => {
        const plain = text.replaceAll('\0', '').toWellFormed();
        const one = { ...entry({ key, events: [registered('V1')] }), body: plain, location: plain, requestHash: plain };
        await store.append(ledger, [one], sending());
        const [again] = await store.append(ledger, [one], sending());
        expect(again).toMatchObject({ verdict: 'replayed', receipt: { body: plain, location: plain } });
      }),
      { numRuns: sampleSize(30) },
    );
  });
});

describe('the log in memory, which simulations use', () => {
  const names = ['V1', 'V2', 'V3'];
  const commands = fc.record({
    key: fc.nat(25),
    hash: fc.constantFrom('same', 'same', 'same', 'other'),
    events: fc.array(
      fc.oneof(
        fc.constantFrom(...names).map((id) => changed(id)),
        fc.constantFrom(...names).map((id) => changed(id, '2023-10-15')),
        fc.constantFrom(...names).map((id) => registered(id)),
        { arbitrary: fc.constant(closed('2023-10', '2023-10-31')), weight: 1 },
        { arbitrary: fc.constant(reopened('2023-10', null)), weight: 1 },
      ),
      { maxLength: 3 },
    ),
    claim: fc.option(
      fc.record({
        value: fc.constantFrom('v', 'w'),
        qualifier: fc.constantFrom('2022', '2023'),
        exclusive: fc.boolean(),
        released: fc.boolean(),
      }),
    ),
    // How many events ago what it looked at was known; below zero, of a state that the log does not have.
    looked: fc.dictionary(
      fc.constantFrom('ledger', 'vendor/V1', 'vendor/V2', 'vendor/V3'),
      fc.integer({ min: -1, max: 6 }),
      { maxKeys: 2 },
    ),
    after: fc.array(fc.nat(6), { maxLength: 1 }),
    keep: fc.boolean(),
  });

  it('judges, numbers and writes as the one in Postgres does', async () => {
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uniqueArray(commands, { maxLength: 7, selector: ({ key }) => key }), { maxLength: 8 }),
        async (batches) => {
          runs += 1;
          const ledgerId = `alike-${runs}`;
          const memory = new LogInMemory(false);
          const start = [entry({ key: 'open', events: [opened(ledgerId)] })];
          await Promise.all([memory.append(ledgerId, start, sending()), store.append(ledgerId, start, sending())]);
          for (const batch of batches) {
            const head = memory.events.length;
            const lastOf = (name: string, through: number): number =>
              memory.events.findLast(
                (one) => one.position <= through && documentsOf(one).includes(name as DocumentName),
              )?.position ?? 0;
            const entries = batch.map(({ key, hash, events, claim, looked, after, keep }, place) =>
              entry({
                key: `${key}`,
                requestHash: hash,
                events,
                claims: claim && events.length > 0 ? [{ ...claim, exclusive: claim.exclusive && !claim.released }] : [],
                looked: Object.fromEntries(
                  Object.entries(looked).map(([name, ago]) => [name, ago < 0 ? head - ago : lastOf(name, head - ago)]),
                ),
                after: after.filter((other) => other < place),
                keep: keep || events.length > 0,
                position: head,
              }),
            );
            const [there, here] = await Promise.all([
              store.append(ledgerId, entries, sending()),
              memory.append(ledgerId, entries, sending()),
            ]);
            const bare = (verdicts: readonly Verdict[]): unknown[] =>
              verdicts.map((one) =>
                one.verdict === 'appended' && one.receipt.position === head ? one.verdict : { ...one, recordedAt: '' },
              );
            expect(bare(there)).toEqual(bare(here));
          }
          const { rows } = await pool.query<{ line: string }>(
            'select line from log.events where ledger_id = $1 order by position',
            [ledgerId],
          );
          const timeless = (line: string): string => line.replace(/"recordedAt":"[^"]*"/, '');
          expect(rows.map(({ line }) => timeless(line))).toEqual(memory.lines.map(timeless));
        },
      ),
      { numRuns: sampleSize(60) },
    );
  });

  it('looks at lines as the one in Postgres does, and so records an account or does not', async () => {
    let runs = 0;
    const accounts = fc.constantFrom(undefined, '1000', '1000:a', '10', '100%');
    const lines = fc.array(
      fc
        .record({ account: accounts, amount: fc.constantFrom('5.00', '-5.00', '0.00', '1') })
        .map(({ account, amount }): Line => ({ amount, ...(account !== undefined && { account }) })),
      { maxLength: 3 },
    );
    const told = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('InvoicePosted', 'CreditNotePosted'), fc.option(lines)), { maxLength: 4 }),
        fc.constantFrom('1000', '10', '100%', '1'),
        fc.boolean(),
        fc.integer({ min: 0, max: 6 }),
        async (history, account, ofBanks, after) => {
          runs += 1;
          const ledgerId = `lines-${runs}`;
          const memory = new LogInMemory(false);
          const both = (...batch: Wanted[]): Promise<Verdict[]>[] => {
            const entries = batch.map(entry);
            return [store, memory].map((log) => log.append(ledgerId, entries, sending()));
          };
          await Promise.all(both({ key: 'open', events: [opened(ledgerId)] }));
          const events = history.map(([type, some]) => posted(type, some ?? undefined));
          await Promise.all(both({ key: 'lines', events }));
          const asked = { key: 'set', events: [charted(account)], unlessOnLines: unless(account, ofBanks, after) };
          const [there, here] = await Promise.all(both(asked));
          expect(judged(there!)).toEqual(judged(here!));
          told.set(there![0]!.verdict, (told.get(there![0]!.verdict) ?? 0) + 1);
          await checkLog(pool, ledgerId);
        },
      ),
      { numRuns: sampleSize(60) },
    );
    expect([...told.keys()].sort()).toEqual(['appended', 'on-lines']);
  });
});
