/** What somebody sends who wants the server to fall over: of a process of its own, whose memory can be seen. */
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHttpAdapter } from '../src/intake/http.js';
import { testToken } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { AppProcess } from './support/process.js';
import { deep } from './support/seed.js';

const mebibyte = 1_048_576;

let database: TestDatabase;
let app: AppProcess;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await AppProcess.start({
    DATABASE_URL: database.appUrl,
    DATABASE_MIGRATION_URL: database.url,
    DUEBOOK_DATA: database.folder,
    DUEBOOK_TOKEN: testToken,
  });
});
afterAll(async () => {
  await app.stop();
  await database.drop();
});

/**
 * Sends a body piece by piece until the server has answered, or cut the connection.
 *
 * @returns the status, 0 where the connection was cut before there was one; and how much could be sent
 */
const send = async (
  pieces: Iterable<Buffer>,
  headers: Record<string, string | number>,
): Promise<{ status: number; sent: number }> => {
  const call = request(`${app.url}/v1/ledgers`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testToken}`, 'content-type': 'application/json', ...headers },
  });
  let status: number | undefined;
  const answered = new Promise<number>((resolve) => {
    call.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    call.on('error', () => resolve(0));
    call.on('close', () => resolve(0));
  });
  void answered.then((found) => (status = found));
  let sent = 0;
  for (const piece of pieces) {
    if (status !== undefined) break;
    sent += piece.length;
    if (!call.write(piece)) await Promise.race([once(call, 'drain').catch(() => undefined), answered]);
    else await sleep(0);
  }
  call.end();
  const result = { status: await answered, sent };
  call.destroy();
  return result;
};

const pieces = function* (count: number): Generator<Buffer> {
  const piece = Buffer.alloc(mebibyte, 'x');
  for (let n = 0; n < count; n++) yield piece;
};

/** By how many bytes the server's memory is larger afterwards. */
const growth = async (work: () => Promise<void>): Promise<number> => {
  const before = (await app.memory()).residentBytes;
  await work();
  return (await app.memory()).residentBytes - before;
};

const isServed = async (): Promise<void> => {
  const reply = await fetch(`${app.url}/health/live`, { signal: AbortSignal.timeout(5_000) });
  expect(reply.status).toBe(200);
};

describe('a body of 100 MB', () => {
  it.each([
    ['that says how long it is', { 'content-length': 100 * mebibyte }],
    ['that does not', { 'transfer-encoding': 'chunked' }],
    ['in a type that nobody reads', { 'transfer-encoding': 'chunked', 'content-type': 'text/plain' }],
  ])('%s is refused before it has come, by each of many, and takes no memory', async (_, headers) => {
    const grown = await growth(async () => {
      const results = await Promise.all(Array.from({ length: 10 }, () => send(pieces(100), headers)));
      for (const { status, sent } of results) {
        // Who goes on sending may find the connection cut before the answer is read.
        expect([0, 413, 415]).toContain(status);
        expect(sent).toBeLessThan(50 * mebibyte);
      }
    });
    expect(grown).toBeLessThan(100 * mebibyte);
    await isServed();
  });

  it('is told so where the answer is waited for', async () => {
    const call = request(`${app.url}/v1/ledgers`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${testToken}`,
        'content-type': 'application/json',
        'content-length': 100 * mebibyte,
      },
    });
    call.on('error', () => undefined);
    call.flushHeaders();
    const [response] = (await once(call, 'response')) as [{ statusCode: number }];
    expect(response.statusCode).toBe(413);
    call.destroy();
  });
});

describe('a compressed body', () => {
  it.each(['gzip', 'deflate', 'br', 'GZIP', 'identity, gzip'])('as %s is 415, and never unpacked', async (encoding) => {
    const bomb = gzipSync(Buffer.alloc(200 * mebibyte, '{"id":"x"}'));
    expect(bomb.length).toBeLessThan(mebibyte);
    const grown = await growth(async () => {
      for (let n = 0; n < 5; n++)
        expect((await send([bomb], { 'content-encoding': encoding, 'content-length': bomb.length })).status).toBe(415);
    });
    expect(grown).toBeLessThan(100 * mebibyte);
  });
});

describe('connections on which nothing comes', () => {
  const open = async (
    url: string,
    count: number,
    start: string,
  ): Promise<{ sockets: Socket[]; closed: () => number }> => {
    const { hostname, port } = new URL(url);
    let closed = 0;
    const sockets = await Promise.all(
      Array.from({ length: count }, async () => {
        const socket = connect(Number(port), hostname);
        socket.on('error', () => undefined);
        socket.on('close', () => (closed += 1));
        socket.resume();
        await once(socket, 'connect');
        socket.write(start);
        return socket;
      }),
    );
    return { sockets, closed: () => closed };
  };
  const starts = [
    ['at all', ''],
    ['after half a header', 'GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    [
      'after half a body',
      'POST /v1/ledgers HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ],
  ] as const;

  it.each(starts)('%s, 500 of them, keep nobody from being served', async (_, start) => {
    const { sockets } = await open(app.url, 500, start);
    try {
      for (let n = 0; n < 5; n++) await isServed();
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });

  it.each(starts)('%s are closed when their time is over', async (_, start) => {
    const times = { requestTimeout: 300, http: { headersTimeout: 200, connectionsCheckingInterval: 50 } };
    const adapter = createHttpAdapter(times);
    const fastify = adapter.getInstance();
    fastify.post('/v1/ledgers', () => ({}));
    const url = await fastify.listen({ port: 0, host: '127.0.0.1' });
    const { closed } = await open(url, 20, start);
    for (const deadline = Date.now() + 5_000; Date.now() < deadline && closed() < 20;) await sleep(20);
    expect(closed()).toBe(20);
    await fastify.close();
  });

  (deep ? it : it.skip).each(starts)('%s are closed by the server as it runs, within two minutes', async (_, start) => {
    const { closed } = await open(app.url, 100, start);
    for (const deadline = Date.now() + 120_000; Date.now() < deadline && closed() < 100;) await sleep(500);
    expect(closed()).toBe(100);
  });
});
