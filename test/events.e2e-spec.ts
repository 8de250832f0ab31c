import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { App } from '../src/app.module.js';
import { LedgerClient, startApp, testToken } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

const ndjson = { accept: 'application/x-ndjson' };

let database: TestDatabase;
let app: App;
let ledger: LedgerClient;

const invoice = (id: string, vendorId: string) => ({
  id,
  vendorId,
  number: id,
  invoiceDate: '2024-01-31',
  currency: 'USD',
  lines: [{ amount: '100.00' }],
  total: '100.00',
  dueDate: '2024-02-29',
  description: 'x'.repeat(500),
});

const invoices = 2_500;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  ledger = await new LedgerClient(app.url, 'log').open();
  for (const id of ['aws', 'hmrc']) await ledger.record('/vendors', { id, name: id });
  // More than one read of the export takes at a time, and more than a page may hold.
  for (let from = 1; from <= invoices; from += 100) {
    const some = Array.from({ length: 100 }, (_, i) => from + i);
    await Promise.all(some.map((n) => ledger.record('/invoices', invoice(`I${n}`, n % 50 === 0 ? 'hmrc' : 'aws'))));
  }
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

interface Line {
  position: number;
  type: string;
  stream: string;
}

const parse = (line: string): Line => JSON.parse(line) as Line;

const count = invoices + 3;

const lines = async (query = ''): Promise<string[]> => {
  const { text } = await ledger.get(`/events${query}`, ndjson);
  return text.split('\n').slice(0, -1);
};

describe('the export', () => {
  it('has every event as one line, line n being position n, to the head', async () => {
    const { status, headers, text } = await ledger.get('/events', ndjson);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('application/x-ndjson');
    expect(headers.get('ledger-position')).toBe(String(count));
    expect(text.endsWith('\n')).toBe(true);
    const events = text
      .split('\n')
      .slice(0, -1)
      .map((line) => parse(line));
    expect(events.map(({ position }) => position)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    expect(events[0]).toMatchObject({ ledger: 'log', type: 'LedgerOpened', stream: 'ledger', streamVersion: 1 });
  });

  it('has the exact text that was stored', async () => {
    const stored = await app.log.linesAfter('log', 0, count);
    expect(await lines()).toEqual(stored.map(({ line }) => line));
  });

  it('begins after a position', async () => {
    expect(await lines(`?after=${count - 2}`)).toEqual((await lines()).slice(-2));
    expect(await lines(`?after=${count}`)).toEqual([]);
    expect(await lines(`?after=${count + 1_000}`)).toEqual([]);
  });

  it('ends after as many lines as are asked for', async () => {
    expect(await lines('?limit=3')).toEqual((await lines()).slice(0, 3));
  });

  it('can be of one vendor account and of one type', async () => {
    const ofVendor = (await lines('?vendorId=hmrc')).map((line) => parse(line));
    expect(ofVendor).toHaveLength(invoices / 50 + 1);
    expect(ofVendor.every(({ stream }) => stream === 'vendor/hmrc')).toBe(true);
    expect(await lines('?type=VendorRegistered')).toHaveLength(2);
    expect(await lines('?type=VendorRegistered&vendorId=hmrc')).toHaveLength(1);
    expect(await lines('?type=InvoicePosted')).toHaveLength(invoices);
    expect(await lines('?vendorId=nobody')).toEqual([]);
  });

  it('can be of one document, of several types and of one actor, and of all that at once', async () => {
    expect((await lines('?document=invoice/I7')).map((line) => parse(line).type)).toEqual(['InvoicePosted']);
    expect((await lines('?document=vendor/hmrc')).map((line) => parse(line).type)).toEqual(['VendorRegistered']);
    expect((await lines('?document=ledger')).map((line) => parse(line).type)).toEqual(['LedgerOpened']);
    expect(await lines('?document=invoice/nothing')).toEqual([]);
    expect(await lines('?document=payment/I7')).toEqual([]);
    expect(await lines('?type=VendorRegistered,LedgerOpened')).toEqual((await lines()).slice(0, 3));
    expect(await lines('?type=LedgerOpened,VendorRegistered,LedgerOpened')).toHaveLength(3);
    expect(await lines('?actor=operator')).toHaveLength(count);
    expect(await lines('?actor=oper')).toEqual([]);
    expect(await lines('?actor=operator&type=VendorRegistered&vendorId=hmrc')).toHaveLength(1);
    expect(await lines('?actor=operator&document=invoice/I50&vendorId=hmrc')).toHaveLength(1);
    expect(await lines('?actor=operator&document=invoice/I50&vendorId=aws')).toEqual([]);
  });

  it('can be of what was recorded between two instants, both included', async () => {
    const all = (await lines()).map((line) => JSON.parse(line) as { position: number; recordedAt: string });
    const [first, last] = [all[10]!.recordedAt, all[1_500]!.recordedAt];
    const expected = all.filter(({ recordedAt }) => recordedAt >= first && recordedAt <= last);
    const positions = async (query: string) => (await lines(query)).map((line) => parse(line).position);
    expect(await positions(`?from=${first}&to=${last}`)).toEqual(expected.map(({ position }) => position));
    expect(await positions(`?from=${first}&to=${last}&vendorId=hmrc&type=InvoicePosted`)).toEqual(
      (await positions('?vendorId=hmrc&type=InvoicePosted')).filter(
        (position) => position >= expected[0]!.position && position <= expected.at(-1)!.position,
      ),
    );
    expect(await positions(`?from=${first}&after=2000`)).toEqual(await positions('?after=2000'));
    expect(await positions(`?from=${all.at(-1)!.recordedAt}`)).toContain(count);
    expect(await lines('?to=2020-01-01T00:00:00Z')).toEqual([]);
    expect(await lines('?from=2099-01-01T00:00:00Z')).toEqual([]);
    expect(await lines('?to=2099-01-01T00:00:00Z')).toHaveLength(count);
  });

  it('ends at the head that there was when it began', async () => {
    const other = await new LedgerClient(app.url, 'growing').open();
    await other.record('/vendors', { id: 'aws', name: 'AWS' });
    for (let i = 0; i < 30; i++) {
      const [{ text, headers }] = await Promise.all([
        other.get('/events', ndjson),
        other.record('/invoices', invoice(`I${i}`, 'aws')),
      ]);
      expect(text.split('\n').length - 1).toBe(Number(headers.get('ledger-position')));
    }
  });

  describe('of long lines', () => {
    const wide = () => new LedgerClient(app.url, 'wide');
    const longLines = 40;

    beforeAll(async () => {
      await wide().open();
      await wide().record('/vendors', { id: 'aws', name: 'AWS' });
      const some = Array.from({ length: 450 }, () => ({ description: 'y'.repeat(2_000), amount: '1.00' }));
      // 36 MB: more than what connections take up on the way.
      for (let i = 0; i < longLines; i++)
        await wide().record('/invoices', { ...invoice(`W${i}`, 'aws'), lines: some, total: '450.00' });
    });

    it('reads no further than its reader takes, in small pages', async () => {
      const read = countReads();
      const response = await begin(wide());
      await new Promise((resolve) => setTimeout(resolve, 500));
      const untouched = read.pages;
      let found = 0;
      for await (const chunk of response as AsyncIterable<Buffer>) found += chunk.toString().split('\n').length - 1;
      read.stop();
      expect(found).toBe(longLines + 2);
      expect(read.pages).toBeGreaterThan(5);
      expect(untouched).toBeLessThan(read.pages);
    });

    it('stops reading when its reader goes away', async () => {
      const read = countReads();
      const response = await begin(wide());
      response.destroy();
      await new Promise((resolve) => setTimeout(resolve, 300));
      const whenGone = read.pages;
      await new Promise((resolve) => setTimeout(resolve, 300));
      read.stop();
      expect(read.pages).toBe(whenGone);
      expect(read.pages).toBeLessThan(6);
      expect(await lines('?limit=1')).toHaveLength(1); // and the server is none the worse for it
    });

    it('has fewer of them in a page than were asked for, and says where to go on', async () => {
      const { body } = await wide().get('/events?limit=1000');
      expect(body.items.length).toBeLessThan(longLines);
      expect(body.next).toBe(String(body.items.length));
    });
  });

  /** An answer whose body nobody has read yet. */
  const begin = async ({ base }: LedgerClient): Promise<IncomingMessage> => {
    const asked = request(`${base}/events`, { headers: { authorization: `Bearer ${testToken}`, ...ndjson } }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return response;
  };

  /** Counts the reads of the log from here on. */
  const countReads = () => {
    const page = app.log.page;
    const counter = {
      pages: 0,
      stop: () => {
        app.log.page = page;
      },
    };
    app.log.page = (...args) => {
      counter.pages += 1;
      return page.apply(app.log, args);
    };
    return counter;
  };
});

describe('pages of the log', () => {
  it('follow each other without a gap, whichever way they are asked for', async () => {
    for (const parameter of [
      'after',
      'cursor',
      'type=InvoicePosted,LedgerOpened,VendorRegistered&after',
      'actor=operator&after',
    ]) {
      const positions: number[] = [];
      let next: string | null = '0';
      while (next !== null) {
        const { body, headers } = await ledger.get(`/events?limit=1000&${parameter}=${next}`);
        expect(headers.get('ledger-position')).toBe(String(count));
        positions.push(...(body.items as Line[]).map(({ position }) => position));
        next = body.next;
      }
      expect(positions).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    }
  });

  it('have 100 events, or as many as are asked for', async () => {
    const { body, headers } = await ledger.get('/events');
    expect(headers.get('content-type')).toMatch('application/json');
    expect(body.items).toHaveLength(100);
    expect(body.next).toBe('100');
    expect((await ledger.get('/events?limit=1')).body.items).toHaveLength(1);
    expect((await ledger.get(`/events?limit=1000&after=${count - 1_000}`)).body).toMatchObject({ next: null });
    expect((await ledger.get('/events?type=VendorRegistered&limit=1')).body).toMatchObject({ next: '2' });
    expect((await ledger.get('/events?type=VendorRegistered&limit=2')).body).toMatchObject({ next: null });
    expect((await ledger.get(`/events?after=${count}`)).body).toEqual({ items: [], next: null });
  });

  it('have the events as their lines say', async () => {
    const { body } = await ledger.get('/events?limit=1000');
    expect(body.items).toEqual((await lines('?limit=1000')).map((line) => parse(line)));
  });

  it('wait for a position that is still to come', async () => {
    const waiting = ledger.get(`/events?after=${count}&atLeast=${count + 1}&type=VendorChanged`);
    await ledger.record('/vendors/aws/changes', { name: 'Amazon' });
    expect((await waiting).body.items).toHaveLength(1);
  });

  it.each([
    ['?after=-1', '/after'],
    ['?after=1.5', '/after'],
    ['?after=1&after=2', '/after'],
    ['?after=1&cursor=1', '/cursor'],
    ['?limit=0', '/limit'],
    ['?limit=1001', '/limit'],
    ['?limit=', '/limit'],
    ['?type=invoicePosted', '/type'],
    ['?type=InvoicePosted,', '/type'],
    ['?type=InvoicePosted,Nothing', '/type'],
    ['?type=', '/type'],
    ['?type=InvoicePosted&type=PaymentMade', '/type'],
    ['?vendorId=a%20b', '/vendorId'],
    ['?document=I1', '/document'],
    ['?document=bill/I1', '/document'],
    ['?document=invoice/', '/document'],
    ['?document=invoice/I1/more', '/document'],
    ['?document=constructor/I1', '/document'],
    ['?actor=', '/actor'],
    ['?from=2024-01-31', '/from'],
    ['?to=2024-01-31T00:00:00%2B01:00', '/to'],
    ['?from=2024-02-01T00:00:00Z&to=2024-01-31T23:59:59.999999Z', '/from'],
    ['?vendor=aws', '/vendor'],
    ['?atLeast=x', '/atLeast'],
  ])('refuse %s', async (query, pointer) => {
    for (const headers of [{}, ndjson]) {
      const { status, body } = await ledger
        .get(`/events${query}`, headers)
        .then((reply) => ({ ...reply, body: JSON.parse(reply.text) }));
      expect(status).toBe(400);
      expect(body.errors).toEqual([{ pointer, detail: expect.any(String) }]);
    }
  });

  it('are of a ledger that there is', async () => {
    const nowhere = new LedgerClient(app.url, 'nowhere');
    for (const headers of [{}, ndjson]) {
      const { status, headers: sent } = await nowhere.get('/events', headers);
      expect(status).toBe(404);
      expect(sent.get('content-type')).toMatch('application/problem+json');
    }
  });

  it.each([
    ['application/x-ndjson', 'application/x-ndjson'],
    ['application/json;q=0.5, application/x-ndjson', 'application/x-ndjson'],
    ['application/json, application/x-ndjson;q=0.5', 'application/json; charset=utf-8'],
    ['text/html, */*;q=0.1', 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['application/json;q=0.1, */*;q=0.9, application/x-ndjson;q=0.5', 'application/x-ndjson'],
  ])('to who accepts %s come as %s', async (accept, type) => {
    const { headers, status } = await ledger.get('/events?limit=1', { accept });
    expect([status, headers.get('content-type')]).toEqual([200, type]);
  });

  it('come as nothing else', async () => {
    for (const accept of ['text/csv', 'application/json;q=0, */*', 'application/x-ndjson;q=lots']) {
      const { status, text } = await ledger.get('/events', { accept });
      expect([accept, status]).toEqual([accept, 406]);
      expect(JSON.parse(text).type).toBe('/problems/not-acceptable');
    }
  });

  it('need a token', async () => {
    expect((await new LedgerClient(app.url, 'log', 'not-a-token-of-ours').get('/events')).status).toBe(401);
  });
});
