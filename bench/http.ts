/** Whole requests, durable and with all rules, against the same server that checks a request and does nothing more. */
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import pg from 'pg';
import { createApp } from '#duebook/app.module.js';
import { readConfig } from '#duebook/config.js';
import { createHttpAdapter } from '#duebook/intake/http.js';
import { PostInvoiceBody, toPostInvoice } from '#duebook/intake/invoices.dto.js';
import { Checked } from '#duebook/intake/validation.js';
import { ledgerId } from './invoices.js';
import { checkLog } from './log.js';
import type { Bench } from './main.js';
import { inTurn, type Run } from './measuring.js';

const connections = 64;
const token = 'a-token-for-the-bench-only';
const vendors = 50;

@Controller('v1/ledgers/:ledger/invoices')
class EchoController {
  /** Reads, checks, translates and answers, as the real one does, and records nothing. */
  @Post()
  post(@Body(Checked) body: PostInvoiceBody): object {
    return { ...toPostInvoice(body), position: 1 };
  }
}

@Module({ controllers: [EchoController] })
class EchoModule {}

export const http: Bench = {
  name: 'http',
  run: async ({ server, rounds, seconds, tell, expect }) => {
    const database = await server.database('http', { migrated: true });
    const folder = await mkdtemp(join(tmpdir(), 'duebook-bench-'));
    const app = await createApp(readConfig({ PORT: '0', DUEBOOK_DATA: folder }), { url: database.appUrl, token });
    const post = async (path: string, body: object): Promise<void> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const reply = await fetch(`${app.url}/v1${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      if (reply.status !== 201) throw new Error(await reply.text());
    };
    await post('/ledgers', { id: ledgerId, name: 'Acme', currency: 'USD', timeZone: 'UTC' });
    for (let n = 0; n < vendors; n++)
      await post(`/ledgers/${ledgerId}/vendors`, { id: `vendor-${n}`, name: `Vendor ${n}` });

    const echo = await NestFactory.create<NestFastifyApplication>(EchoModule, createHttpAdapter(), {
      bodyParser: false,
      logger: false,
    });
    await echo.listen(0, '127.0.0.1');

    let acknowledged = 0;
    let round = 0;
    /** From a process of its own, so that the clients' work is not the server's. */
    const load = async (url: string, isOurs: boolean): Promise<Run> => {
      await server.checkpoint();
      round += 1;
      const client = fork(fileURLToPath(new URL('client.js', import.meta.url)), [
        JSON.stringify({
          url: `${url}/v1/ledgers/${ledgerId}/invoices`,
          token,
          connections,
          seconds,
          vendors,
          // A letter at the end: without its hyphens 1-12 would be the same number as 11-2.
          run: `${round}r`,
        }),
      ]);
      const [done] = (await once(client, 'message')) as [Run & { refused: number }];
      expect('requests refused', done.refused, 0);
      if (isOurs) acknowledged += done.count;
      return done;
    };
    const comparison = await inTurn(
      rounds,
      () => load(app.url, true),
      async () => load(await echo.getUrl(), false),
      tell,
    );
    const pool = new pg.Pool({ connectionString: database.appUrl });
    await checkLog(pool, 1 + vendors, acknowledged, expect);
    await pool.end();
    await echo.close();
    await app.close();
    await rm(folder, { recursive: true, force: true });
    const what = 'POST /invoices over HTTP, 64 connections, all rules, durable';
    return [{ what, against: 'the same server, a validated POST without a database', ...comparison, mark: 0.5 }];
  },
};
