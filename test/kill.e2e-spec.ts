import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LedgerClient, testToken } from './support/app.js';
import { AppProcess } from './support/process.js';
import { sampleSize, seed } from './support/seed.js';

let directory: string;

const start = (): Promise<AppProcess> => AppProcess.start({ DUEBOOK_DATA: directory, DUEBOOK_TOKEN: testToken });

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'duebook-kill-'));
  await chmod(directory, 0o755); // so that the server's own user can reach it when the tests run as root
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

interface Sent {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly key: string;
  /** Missing while no answer has come. */
  answer?: { status: number; text: string };
}

const callers = 16;

describe('an application that is killed in mid-load', () => {
  it('has everything it acknowledged, and repeats make no second event', async () => {
    let random = seed;
    const chance = (below: number): number => {
      random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
      return Math.floor((random / 2 ** 32) * below);
    };
    const sent: Sent[] = [];
    let invoices = 0;

    /** Posts until the application is gone; whatever was not answered stays without an answer. */
    const callUntilKilled = async (client: LedgerClient, isKilled: () => boolean): Promise<void> => {
      while (!isKilled()) {
        invoices += 1;
        const id = `I${invoices}`;
        const invoice: Sent = {
          path: '/invoices',
          key: `key-${id}`,
          body: {
            id,
            vendorId: `V${chance(3)}`,
            number: id,
            invoiceDate: '2024-02-29',
            currency: 'USD',
            lines: [{ amount: '10.00' }],
            total: '10.00',
            dueDate: '2024-03-31',
          },
        };
        sent.push(invoice);
        if (!(await send(client, invoice))) return;
        if (chance(2) === 0) continue;
        const payment: Sent = {
          path: '/payments',
          key: `key-P${id}`,
          body: {
            id: `P${id}`,
            vendorId: invoice.body.vendorId,
            paidOn: '2024-03-15',
            currency: 'USD',
            amount: '4.00',
            allocations: [{ invoiceId: id, amount: '3.00' }],
          },
        };
        sent.push(payment);
        if (!(await send(client, payment))) return;
      }
    };

    const send = async (client: LedgerClient, command: Sent): Promise<boolean> => {
      const reply = await client
        .post(command.path, command.body, { 'idempotency-key': command.key })
        .catch(() => undefined);
      if (reply) command.answer = { status: reply.status, text: reply.text };
      return reply !== undefined;
    };

    let app = await start();
    const first = await new LedgerClient(app.url, 'killed').open();
    for (const vendor of ['V0', 'V1', 'V2']) await first.record('/vendors', { id: vendor, name: vendor });

    for (let round = 0; round < sampleSize(3, 50); round++) {
      const client = new LedgerClient(app.url, 'killed');
      let killed = false;
      const calls = Array.from({ length: callers }, () => callUntilKilled(client, () => killed));
      await new Promise((resolve) => setTimeout(resolve, 200 + chance(600)));
      const dying = app.kill();
      killed = true;
      await dying;
      await Promise.all(calls);

      app = await start();
      const again = new LedgerClient(app.url, 'killed');
      const unanswered = sent.filter(({ answer }) => !answer);
      for (const command of unanswered) expect(await send(again, command)).toBe(true);
    }

    const client = new LedgerClient(app.url, 'killed');
    expect(sent.filter(({ answer }) => answer?.status !== 201)).toEqual([]);
    expect(sent.length).toBeGreaterThan(20);

    // Whoever repeats what was answered gets the same bytes.
    for (let i = 0; i < 50; i++) {
      const command = sent[chance(sent.length)]!;
      const reply = await client.post(command.path, command.body, { 'idempotency-key': command.key });
      expect(reply.headers.get('idempotency-replayed')).toBe('true');
      expect(reply.text).toBe(command.answer!.text);
    }

    const events: any[] = await client.events();
    expect(events.map(({ position }) => position)).toEqual(events.map((_, i) => i + 1));
    const commandsByKey = new Map<string, Set<string>>();
    for (const { idempotencyKey, correlationId } of events) {
      if (!idempotencyKey) continue;
      commandsByKey.set(idempotencyKey, (commandsByKey.get(idempotencyKey) ?? new Set()).add(correlationId));
    }
    expect([...commandsByKey].filter(([, commands]) => commands.size !== 1)).toEqual([]);
    expect([...commandsByKey.keys()].sort()).toEqual(sent.map(({ key }) => key).sort());
    const posted = events.filter(({ type }) => type === 'InvoicePosted').map(({ data }) => data.invoiceId);
    expect(new Set(posted).size).toBe(posted.length);

    const payments = sent.filter(({ path }) => path === '/payments').length;
    const { body } = await client.get('/reports/ageing?asOf=2024-04-30');
    expect(body.currencies[0].totals.total).toBe(`${posted.length * 10 - payments * 4}.00`);

    expect(await app.stop()).toBe(0);
  }, 3_600_000);
});
