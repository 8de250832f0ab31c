import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { App } from '../src/app.module.js';
import { EventStreams } from '../src/intake/event-streams.js';
import { LedgerClient, startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { EventReader } from './support/event-reader.js';
import { sampleSize } from './support/seed.js';

// The log as a stream that goes on with what is recorded, from two instances on one database.

let database: TestDatabase;
let apps: [App, App];
const readers: EventReader[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  apps = [await startApp(database), await startApp(database)];
});
afterAll(async () => {
  for (const reader of readers) reader.leave();
  for (const app of apps) await app.close();
  await database.drop();
});

const vendorOf = (id: string) => ({ id, name: `Vendor ${id}` });
const invoice = (id: string, vendorId: string, more: object = {}) => ({
  id,
  vendorId,
  number: id,
  invoiceDate: '2024-01-31',
  currency: 'USD',
  lines: [{ amount: '100.00' }],
  total: '100.00',
  dueDate: '2024-02-29',
  ...more,
});

/** A ledger with the vendors aws and hmrc, at position 3, as both instances have it. */
const begin = async (ledger: string): Promise<[LedgerClient, LedgerClient]> => {
  const clients: [LedgerClient, LedgerClient] = [
    await new LedgerClient(apps[0].url, ledger).open(),
    new LedgerClient(apps[1].url, ledger),
  ];
  for (const id of ['aws', 'hmrc']) await clients[0].record('/vendors', vendorOf(id));
  return clients;
};

const follow = async ({ base }: LedgerClient, query = '', lastEventId?: number): Promise<EventReader> => {
  const reader = await EventReader.open(`${base}/events${query}`, lastEventId);
  readers.push(reader);
  return reader;
};

/** The positions that the export has. */
const exported = async (client: LedgerClient, query = ''): Promise<number[]> => {
  const { text } = await client.get(`/events${query}`, { accept: 'application/x-ndjson' });
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { position: number }).position);
};

describe('a stream that follows the log', () => {
  it('has what there is, then what either instance records, as the lines that are stored', async () => {
    const [here, there] = await begin('following');
    const reader = await follow(here);
    const { headers } = reader.response;
    expect(headers['content-type']).toBe('text/event-stream');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['ledger-position']).toBe('3');
    await reader.until(({ seen }) => seen.length === 3);
    await here.record('/invoices', invoice('I1', 'aws'));
    await reader.until(({ seen }) => seen.length === 4);
    await there.record('/invoices', invoice('I2', 'aws'));
    await reader.until(({ seen }) => seen.length === 5);
    const stored = await apps[0].log.linesAfter('following', 0, 10);
    expect(reader.seen).toEqual(stored.map(({ position, line }) => ({ id: position, data: line })));
  });

  it('begins after a position, after an event that was seen, or with an instant', async () => {
    const [here] = await begin('beginning');
    const { body } = await here.get('/events');
    for (const [query, lastEventId, first] of [
      ['?after=1', undefined, 2],
      ['?cursor=2', undefined, 3],
      ['?after=1', 2, 3],
      ['', 0, 1],
      [`?from=${body.items[1].recordedAt}`, undefined, 2],
      [`?from=${body.items[1].recordedAt}`, 0, 2],
      [`?from=${body.items[0].recordedAt}&after=2`, undefined, 3],
    ] as const) {
      const reader = await follow(here, query, lastEventId);
      await reader.until(({ seen }) => seen.length > 0);
      expect([query, lastEventId, reader.positions[0]]).toEqual([query, lastEventId, first]);
    }
  });

  it('shows nothing before an instant that has not come yet', async () => {
    const [here] = await begin('awaited');
    const from = new Date(Date.now() + 1_500).toISOString();
    const reader = await follow(here, `?from=${from}`);
    const other = await follow(here);
    for (const id of ['early', 'too-early']) await here.record('/vendors', vendorOf(id));
    await other.until(({ seen }) => seen.length === 5);
    await sleep(Date.parse(from) - Date.now() + 100);
    for (const id of ['late', 'later']) await here.record('/vendors', vendorOf(id));
    await reader.until(({ seen }) => seen.length === 2);
    expect(reader.seen.map(({ id }) => id)).toEqual([6, 7]);
  });

  it('has only what is asked for', async () => {
    const [here, there] = await begin('filtered');
    const queries = {
      '?vendorId=hmrc': [3, 5],
      '?type=InvoicePosted': [4, 5],
      '?type=InvoiceHeld,InvoicePosted&vendorId=aws': [4, 6],
      '?document=invoice/I1': [4, 6],
      '?actor=operator&type=InvoiceHeld': [6],
      '?document=invoice/I3': [],
      '?actor=nobody': [],
    };
    // So that a stream itself says when it has looked through everything.
    const streams = apps[0].nest.get(EventStreams);
    const usual = streams.heartbeatMs;
    streams.heartbeatMs = 30;
    const following = await Promise.all(
      Object.entries(queries).map(async ([query, expected]) => ({
        query,
        expected,
        reader: await follow(here, query),
      })),
    );
    await here.record('/invoices', invoice('I1', 'aws'));
    await there.record('/invoices', invoice('I2', 'hmrc'));
    await there.record('/invoices/I1/holds', { reason: 'goods missing' });
    for (const { query, expected, reader } of following) {
      await reader.until(
        ({ seen, comments }) =>
          seen.length >= expected.length && comments.at(-1)?.includes('looked through up to position 6') === true,
      );
      expect([query, reader.positions]).toEqual([query, expected]);
      expect([query, await exported(there, query)]).toEqual([query, expected]);
      reader.leave();
    }
    streams.heartbeatMs = usual;
  });

  it('ends when the token is revoked or the role, and shows nothing of what comes then', async () => {
    const [here] = await begin('revoking');
    const installation = new LedgerClient(apps[0].url, '_installation');
    const grants = [{ ledger: 'revoking', roles: ['auditor'] }];
    const tokens: { id: string; token: string }[] = [];
    for (const personId of ['ann', 'bob'])
      tokens.push((await installation.record('/tokens', { personId, grants })).body);
    const following = await Promise.all(
      tokens.map(({ token }) => EventReader.open(`${here.base}/events`, undefined, token)),
    );
    readers.push(...following);
    for (const reader of following) await reader.until(({ seen }) => seen.length === 3);
    await installation.record(`/tokens/${tokens[0]!.id}/revocation`, { reason: 'lost' });
    await here.record('/access/bob/revocation', { reason: 'left' });
    await here.record('/vendors', vendorOf('secret'));
    for (const reader of following) {
      expect(await reader.over).toBe('ended');
      expect(reader.positions).toEqual([1, 2, 3]);
    }
  });

  it.each(['', '?vendorId=hmrc', '?type=InvoicePosted,InvoiceHeld'])(
    'loses and repeats nothing (%s), however often it breaks while both instances record',
    async (query) => {
      const clients = await begin(`breaking-${query.length}`);
      const rounds = sampleSize(12, 100);
      const state = { isOver: false };
      const recording = (async () => {
        for (let round = 0; round < rounds; round++) {
          await Promise.all(
            clients.flatMap((client, i) =>
              ['aws', 'hmrc'].map((vendorId) =>
                client.record('/invoices', invoice(`I${round}-${i}-${vendorId}`, vendorId)),
              ),
            ),
          );
          await sleep(round % 7);
        }
        state.isOver = true;
      })();
      const positions: number[] = [];
      let breaks = 0;
      const goOn = async (): Promise<void> => {
        const reader = await follow(clients[breaks % 2]!, query, positions.at(-1));
        await Promise.race([reader.until(({ seen }) => seen.length > breaks % 5), sleep(200)]);
        // By the client, or by whatever is between it and us.
        if (breaks % 2 === 0) reader.leave();
        else reader.response.socket.destroy();
        positions.push(...reader.positions);
        breaks += 1;
      };
      while (!state.isOver) await goOn();
      await recording;
      const all = await exported(clients[0], query);
      while (positions.length < all.length) await goOn();
      expect(positions).toEqual(all);
      expect(breaks).toBeGreaterThan(2);
    },
  );

  it('says now and then that it is alive, and how far it has looked', async () => {
    const [here] = await begin('quiet');
    const streams = apps[0].nest.get(EventStreams);
    const usual = streams.heartbeatMs;
    expect(usual).toBeLessThan(30_000);
    streams.heartbeatMs = 30;
    try {
      const reader = await follow(here, '?type=PeriodClosed');
      await reader.until(({ comments }) => comments.length >= 2);
      await here.record('/invoices', invoice('I1', 'aws'));
      await reader.until(({ comments }) => comments.at(-1) === 'looked through up to position 4');
      expect(reader.comments[0]).toBe('looked through up to position 3');
      expect(reader.seen).toEqual([]);
      reader.leave();
    } finally {
      streams.heartbeatMs = usual;
    }
  });

  it('is cut, not ended, when the log can not be read on', async () => {
    const [here] = await begin('failing');
    const reader = await follow(here);
    await reader.until(({ seen }) => seen.length === 3);
    const { log } = apps[0];
    const page = log.page;
    log.page = () => Promise.reject(new Error('no database'));
    try {
      await here.record('/invoices', invoice('I1', 'aws'));
      expect(await reader.over).toBe('cut');
    } finally {
      log.page = page;
    }
    const again = await follow(here, '', reader.positions.at(-1));
    await again.until(({ seen }) => seen.length === 1);
    expect(again.positions).toEqual([4]);
  });

  it('reads no further than its reader takes', async () => {
    const [here] = await begin('slow');
    const some = Array.from({ length: 400 }, () => ({ description: 'y'.repeat(2_000), amount: '1.00' }));
    // 40 MB in all: more than what connections take up on the way.
    const record = (from: number) =>
      Promise.all(
        Array.from({ length: 25 }, (_, i) =>
          here.record('/invoices', invoice(`W${from + i}`, 'aws', { lines: some, total: '400.00' })),
        ),
      );
    await record(0);
    const { log } = apps[0];
    const page = log.page;
    let lines = 0;
    log.page = async (...args) => {
      const read = await page.apply(log, args);
      if (args[0] === 'slow') lines += read.lines.length;
      return read;
    };
    try {
      const reader = await EventReader.wait(`${here.base}/events`);
      readers.push(reader);
      await sleep(300);
      await record(25);
      await sleep(300);
      expect(lines).toBeLessThan(40);
      let last = 0;
      for await (const text of reader.response as AsyncIterable<string>) {
        for (const [, id] of text.matchAll(/^id: (\d+)$/gm)) last = Number(id);
        if (last >= 53) break;
      }
      expect(lines).toBe(53);
    } finally {
      log.page = page;
    }
  });

  it('looks at the log no longer when its reader is gone, and once for all who follow it', async () => {
    const [here] = await begin('gone');
    const { log } = apps[0];
    const head = log.head;
    let looks = 0;
    log.head = (ledgerId) => {
      if (ledgerId === 'gone') looks += 1;
      return head.call(log, ledgerId);
    };
    try {
      const following = await Promise.all(Array.from({ length: 10 }, () => follow(here)));
      for (const reader of following) await reader.until(({ seen }) => seen.length === 3);
      const before = looks;
      await sleep(500);
      // Ten times a second, and each of them looked once when it began.
      expect(looks - before).toBeLessThan(10);
      expect(looks - before).toBeGreaterThan(0);
      for (const reader of following) reader.leave();
      await sleep(300);
      const whenGone = looks;
      await sleep(300);
      expect(looks).toBe(whenGone);
    } finally {
      log.head = head;
    }
  });

  it('ends properly when the application stops', async () => {
    const [here] = await begin('stopping');
    const third = await startApp(database);
    const client = new LedgerClient(third.url, 'stopping');
    const reader = await follow(client, '?vendorId=aws');
    await reader.until(({ seen }) => seen.length === 1);
    const startMs = performance.now();
    await third.close();
    expect(await reader.over).toBe('ended');
    expect(performance.now() - startMs).toBeLessThan(5_000);
    await here.record('/invoices', invoice('I1', 'aws'));
    const again = await follow(here, '?vendorId=aws', reader.positions.at(-1));
    await again.until(({ seen }) => seen.length === 1);
    expect(again.positions).toEqual([4]);
  });
});

describe('what can not be followed', () => {
  let client: LedgerClient;
  beforeAll(async () => {
    [client] = await begin('refusing');
  });

  it.each([
    ['?limit=5', undefined, '/limit'],
    ['?to=2024-01-01T00:00:00Z', undefined, '/to'],
    ['?after=4', undefined, '/after'],
    ['?cursor=4', undefined, '/cursor'],
    ['?type=Nothing', undefined, '/type'],
    ['', '4', ''],
    ['', '-1', ''],
    ['', '1, 2', ''],
    ['', 'x'.repeat(30), ''],
  ])('is refused: %s, after %s', async (query, lastEventId, pointer) => {
    const reply = await client.get(`/events${query}`, {
      accept: 'text/event-stream',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    });
    expect(reply.status).toBe(400);
    expect(reply.body.errors).toEqual([{ pointer, detail: expect.any(String) }]);
  });

  it('is a ledger that there is not', async () => {
    const nowhere = new LedgerClient(apps[0].url, 'nowhere');
    const { status, body } = await nowhere.get('/events', { accept: 'text/event-stream' });
    expect([status, body.type]).toEqual([404, '/problems/not-found']);
  });
});
