import { setImmediate as afterPromises } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chance, invoice, nowMs, openLedger, payment, requestOf, today, vendor } from '../../test/support/log.js';
import { closedThrough, foldOf, LogInMemory } from '../../test/support/log-in-memory.js';
import { FakeTimers } from '../../test/support/log-timers.js';
import { sampleSize } from '../../test/support/seed.js';
import { type Command, decide } from '../domain/decider.js';
import { type Decision, Working } from '../domain/decision.js';
import { type ApEvent, documentsOf, type DocumentName, type RecordedEvent } from '../domain/events.js';
import { claimsOf } from '../domain/invoices.js';
import { noPolicy } from '../domain/policy.js';
import { Rejection } from '../domain/rejection.js';
import { DocumentsInMemory, type Known } from './documents-in-memory.js';
import {
  type Answer,
  Contended,
  defaultLimits,
  KeyReused,
  LedgerWriter,
  type Limits,
  OutcomeUnknown,
  type Request,
  TooBusy,
} from './ledger-writer.js';
import type { Entry, LogStore, Sending, Verdict } from './log-store.js';
import { fingerprint } from './record.js';

const connectionLost = () => Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });

/** What happens on the way to a log and back. Every kind is the chance of it per call. */
interface Faults {
  /** The connection is gone before the request is sent. */
  readonly lostRequest: number;
  /** The request is carried out, and its answer does not arrive. */
  readonly lostAnswer: number;
  /** As the one before, and it is carried out only after the caller has given up on it, and maybe much later. */
  readonly late: number;
}

const noFaults: Faults = { lostRequest: 0, lostAnswer: 0, late: 0 };

/** What of a log is not changed where a test changes how it appends. */
const besides = (log: LogStore): Omit<LogStore, 'append'> => ({
  clockMs: () => log.clockMs(),
  load: (ledgerId, names) => log.load(ledgerId, names),
});

/** A log behind a network: calls take a while, and now and then the connection breaks. */
class DistantLog implements LogStore {
  isAway = false;

  constructor(
    private readonly log: LogStore,
    private readonly timers: FakeTimers,
    private readonly faults: Faults = noFaults,
  ) {}

  append(ledgerId: string, batch: readonly Entry[], sending: Sending): Promise<Verdict[]> {
    return this.#call(() => this.log.append(ledgerId, batch, sending), true);
  }

  clockMs(): number | Promise<number> {
    return this.log.clockMs();
  }

  load(ledgerId: string, names: readonly DocumentName[]): Promise<Map<DocumentName, Known>> {
    return this.#call(() => this.log.load(ledgerId, names), false);
  }

  async #call<T>(work: () => Promise<T>, isWrite: boolean): Promise<T> {
    const { sleep, random } = this.timers;
    await sleep(random() * 3);
    const dice = random();
    const { lostRequest, lostAnswer, late } = this.faults;
    if (this.isAway || dice < lostRequest) throw connectionLost();
    if (isWrite && dice < lostRequest + late) {
      void sleep(random() * (random() < 0.3 ? 6_000 : 600))
        .then(work)
        .catch(() => undefined);
      throw connectionLost();
    }
    const result = await work();
    await sleep(random() * 3);
    if (dice > 1 - lostAnswer) throw connectionLost();
    return result;
  }
}

const writerOn = (
  store: LogStore,
  timers: FakeTimers,
  {
    limits = {},
    documents = new DocumentsInMemory(1_000),
  }: { limits?: Partial<Limits>; documents?: DocumentsInMemory } = {},
): LedgerWriter => new LedgerWriter('acme', store, documents, timers, () => undefined, { ...defaultLimits, ...limits });

/** Waits for an answer with the clock of the simulation. */
const answered = async <T>(timers: FakeTimers, promise: Promise<T>, limitMs?: number): Promise<T> => {
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  promise.then(done, done);
  await timers.runUntil(() => isDone, limitMs);
  return promise;
};

/** A writer on a log of its own with a ledger and a vendor V1 in it. */
const begun = async (limits: Partial<Limits> = {}, store: (log: LogInMemory) => LogStore = (log) => log) => {
  const timers = new FakeTimers(1);
  const log = new LogInMemory();
  const writer = writerOn(store(log), timers, { limits });
  const run = (command: Command, more: Partial<Request> = {}): Promise<Answer> =>
    writer.execute(requestOf(command, more));
  await answered(timers, run(openLedger('acme')));
  await answered(timers, run(vendor('V1')));
  return { timers, log, writer, run };
};

describe('the writer of a ledger', () => {
  it('carries out what it is asked while a batch is under way as one next batch', async () => {
    const { timers, log, run } = await begun();
    const before = log.batches.length;
    const first = run(invoice('I1'));
    await answered(timers, Promise.all([first, ...['I2', 'I3', 'I4'].map((id) => run(invoice(id)))]));
    expect(log.batches.slice(before).map((batch) => batch.length)).toEqual([4]);
  });

  it('decides a command on what an earlier one of the same batch has changed', async () => {
    const { timers, log, run } = await begun();
    const before = log.batches.length;
    const answers = [run(invoice('I1')), run(payment('P1', [['I1', '60.00']])), run(payment('P2', [['I1', '40.00']]))];
    await answered(timers, Promise.all(answers));
    await expect(answered(timers, run(payment('P3', [['I1', '0.01']])))).rejects.toMatchObject({
      code: 'over-allocated',
    });
    expect(log.batches.slice(before).map((batch) => batch.length)).toEqual([3, 1]);
  });

  it('refuses what an earlier command of the same batch leaves no room for', async () => {
    const { timers, run } = await begun();
    const answers = [run(invoice('I1')), run(payment('P1', [['I1', '60.00']])), run(payment('P2', [['I1', '60.00']]))];
    await answered(timers, Promise.allSettled(answers));
    await expect(answers[2]).rejects.toMatchObject({ code: 'over-allocated', facts: { open: '40.00' } });
  });

  it('decides again what was decided on a command that the log then refuses', async () => {
    const { timers, log, run } = await begun();
    await answered(timers, run(vendor('V2'), { key: 'used' }));
    // The key is another request's, so this payment is not recorded; the next one had been decided behind it.
    await answered(timers, run(invoice('I1')));
    const refused = run(payment('P1', [['I1', '60.00']]), { key: 'used' });
    const next = run(payment('P2', [['I1', '60.00']]), { key: 'free' });
    await answered(timers, Promise.allSettled([refused, next]));
    await expect(refused).rejects.toBeInstanceOf(KeyReused);
    expect((await next).receipt.position).toBe(log.events.length);
  });

  it('answers a repeat that comes while the first is under way only when that is recorded', async () => {
    const { timers, log, run } = await begun();
    const [first, second] = await answered(timers, Promise.all([run(invoice('I1')), run(invoice('I1'))]));
    expect(second.receipt.position).toBe(first.receipt.position);
    expect(log.events).toHaveLength(3);
  });

  it('has the second request with a key wait for the first', async () => {
    const { timers, log, run } = await begun();
    const requests = Array.from({ length: 5 }, () => run(invoice('I1'), { key: 'k' }));
    const answers = await answered(timers, Promise.all(requests));
    expect(answers.map(({ replayed }) => replayed)).toEqual([false, true, true, true, true]);
    expect(new Set(answers.map(({ receipt }) => receipt.position))).toEqual(new Set([3]));
    expect(log.events).toHaveLength(3);
  });

  it('lets the second request with a key through if the first was refused', async () => {
    const { timers, run } = await begun();
    const refused = run(payment('P1', [['I1', '1.00']]), { key: 'k' });
    const posted = run(invoice('I1'), { key: 'k' });
    await answered(timers, Promise.allSettled([refused, posted]));
    await expect(refused).rejects.toMatchObject({ code: 'unknown-invoice' });
    expect((await posted).replayed).toBe(false);
  });

  it('lets in as many as it may, and tells the others that it is busy', async () => {
    const { timers, log, run, writer } = await begun({ maxWaiting: 3 });
    const answers = ['I1', 'I2', 'I3', 'I4', 'I5'].map((id) => run(invoice(id)));
    const settled = await answered(timers, Promise.allSettled(answers));
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    await expect(answers[3]).rejects.toBeInstanceOf(TooBusy);
    expect(writer.isIdle).toBe(true);
    await answered(timers, run(invoice('I4')));
    expect(log.events).toHaveLength(6);
  });

  it('ends a batch where it would grow too large, but never splits a command', async () => {
    const { timers, log, run } = await begun({ maxEventsPerBatch: 4 });
    await answered(timers, Promise.all(['I1', 'I2', 'I3', 'I4', 'I5', 'I6'].map((id) => run(invoice(id)))));
    const before = log.batches.length;
    const all = ['I1', 'I2', 'I3', 'I4', 'I5', 'I6'].map((id) => [id, '1.00'] as const);
    await answered(timers, Promise.all([run(invoice('I7')), run(payment('P1', all)), run(invoice('I8'))]));
    const sizes = log.batches.slice(before).map((batch) => batch.map(({ events }) => events.length));
    expect(sizes).toEqual([[1], [7], [1]]);
  });

  it('ends a batch where it would be too many bytes', async () => {
    const { timers, log, run } = await begun({ maxBytesPerBatch: 2_000 });
    const before = log.batches.length;
    const description = 'x'.repeat(1_200);
    await answered(timers, Promise.all(['I1', 'I2', 'I3'].map((id) => run(invoice(id, { description })))));
    expect(log.batches.slice(before).map((batch) => batch.length)).toEqual([1, 1, 1]);
  });

  it('refuses a command of more events than one may make', async () => {
    const { timers, log, run } = await begun({ maxEventsPerCommand: 3 });
    const ids = ['I1', 'I2', 'I3'];
    await answered(timers, Promise.all(ids.map((id) => run(invoice(id)))));
    const tooMany = run(
      payment(
        'P1',
        ids.map((id) => [id, '1.00'] as const),
      ),
    );
    await expect(answered(timers, tooMany)).rejects.toMatchObject({ code: 'malformed' });
    await answered(
      timers,
      run(
        payment('P1', [
          ['I1', '1.00'],
          ['I2', '1.00'],
        ]),
      ),
    );
    expect(log.events).toHaveLength(2 + 3 + 3);
  });

  it('has the log look at the lines before it takes an account into the chart, in a batch of its own', async () => {
    const { timers, log, run } = await begun();
    const set = (account: string): Command => ({
      ...{ type: 'SetAccount', account, name: account, for: 'payables' },
      ...{ isOnLines: false, linesThrough: log.events.length },
    });
    const [taken, free] = [set('2110'), set('2111')];
    const on = (account: string) => ({ lines: [{ amount: '100.00', account }] });
    await answered(timers, run(vendor('V2'), { key: 'used' }));
    const before = log.batches.length;
    const told = await answered(
      timers,
      Promise.allSettled([
        ...[run(invoice('I1', on('2110'))), run(taken), run(taken, { key: 'used' }), run(invoice('I2'))],
        ...[run(free), run(invoice('I3', on('2111'))), run(invoice('I4'))],
      ]),
    );
    const refused = (code: string) => ({ status: 'rejected', reason: { code } });
    expect(told).toMatchObject([
      { status: 'fulfilled' },
      refused('account-in-use'),
      { reason: expect.any(KeyReused) },
      { status: 'fulfilled' },
      { status: 'fulfilled' },
      refused('reserved-account'),
      { status: 'fulfilled' },
    ]);
    const batches = log.batches.slice(before).filter((batch) => batch.some(({ unlessOnLines }) => unlessOnLines));
    expect(new Set(batches.map((batch) => batch.length))).toEqual(new Set([1]));
  });

  it('gives up on a document that others keep changing, with nothing recorded', async () => {
    const timers = new FakeTimers(1);
    const log = new LogInMemory();
    // Whatever is asked for, the other instance has changed something of it before.
    const isUnlucky = { now: false };
    const store: LogStore = {
      ...besides(log),
      append: (ledgerId, batch, sending) =>
        isUnlucky.now
          ? Promise.resolve(batch.map(() => ({ verdict: 'conflict' })))
          : log.append(ledgerId, batch, sending),
    };
    const writer = writerOn(store, timers, { limits: { decideMs: 500 } });
    await answered(timers, writer.execute(requestOf(openLedger('acme'))));
    isUnlucky.now = true;
    await expect(answered(timers, writer.execute(requestOf(vendor('V1'))), 2_000)).rejects.toBeInstanceOf(Contended);
    isUnlucky.now = false;
    await answered(timers, writer.execute(requestOf(vendor('V1'))));
    expect(log.events).toHaveLength(2);
  });

  it('says that there is no ledger, to a whole batch, and opens it when it is asked to', async () => {
    const timers = new FakeTimers(1);
    const log = new LogInMemory();
    const writer = writerOn(log, timers);
    const refused = [vendor('V1'), invoice('I1')].map((command) => writer.execute(requestOf(command)));
    await answered(timers, Promise.allSettled(refused));
    for (const one of refused) await expect(one).rejects.toMatchObject({ code: 'not-found' });
    const both = Promise.all([openLedger('acme'), vendor('V1')].map((command) => writer.execute(requestOf(command))));
    await answered(timers, both);
    expect(log.events.map(({ type }) => type)).toEqual(['LedgerOpened', 'VendorRegistered']);
  });
});

describe('a lost connection', () => {
  it('has the batch sent again, and answers what the first sending did', async () => {
    let lose = 0;
    const { timers, log, run } = await begun({}, (inner) => ({
      ...besides(inner),
      append: async (ledgerId, batch, sending) => {
        const verdicts = await inner.append(ledgerId, batch, sending);
        lose -= 1;
        if (lose >= 0) throw connectionLost();
        return verdicts;
      },
    }));
    lose = 2;
    const answers = await answered(
      timers,
      Promise.all([run(invoice('I1'), { key: 'k' }), run(payment('P1', [['I1', '5.00']]))]),
    );
    expect(answers.map(({ replayed, receipt }) => [replayed, receipt.position])).toEqual([
      [false, 3],
      [false, 5],
    ]);
    expect(log.events).toHaveLength(5);
    expect((await answered(timers, run(invoice('I1'), { key: 'k' }))).replayed).toBe(true);
  });

  it('is an unknown outcome after a while, and repeating the request with its key tells', async () => {
    const timers = new FakeTimers(3);
    const log = new LogInMemory();
    const distant = new DistantLog(log, timers);
    const writer = writerOn(distant, timers, { limits: { resendMs: 1_000, decideMs: 1_000 } });
    await answered(timers, writer.execute(requestOf(openLedger('acme'))));
    await answered(timers, writer.execute(requestOf(vendor('V1'))));
    const request = requestOf(invoice('I1'), { key: 'k' });
    const first = writer.execute(request);
    const failed = answered(timers, first, 3_000);
    distant.isAway = true;
    await expect(failed).rejects.toBeInstanceOf(OutcomeUnknown);
    distant.isAway = false;
    const again = await answered(timers, writer.execute(request));
    expect(again.receipt.position).toBe(3);
    expect(log.events).toHaveLength(3);
  });

  // What follows are faults that were found: each test says what ought to be so, and fails as long as it is not.
  it('leaves the outcome unknown if what fails after it is no lost connection', async () => {
    // A statement that is cancelled, a role that may not log in any more: the second sending did nothing, the first may have.
    let sent = 0;
    const { timers, log, run } = await begun({}, (inner) => ({
      ...besides(inner),
      append: async (ledgerId, batch, sending) => {
        if (batch[0]!.key !== 'k') return inner.append(ledgerId, batch, sending);
        sent += 1;
        if (sent > 1) throw Object.assign(new Error('canceling statement due to statement timeout'), { code: '57014' });
        await inner.append(ledgerId, batch, sending);
        throw connectionLost();
      },
    }));
    const answer = answered(timers, run(invoice('I1'), { key: 'k' }));
    await expect(answer).rejects.toBeInstanceOf(OutcomeUnknown);
    expect(log.events).toHaveLength(3);
  });

  it('is what a name server that does not answer for a while is', async () => {
    let sent = 0;
    const { timers, log, run } = await begun({}, (inner) => ({
      ...besides(inner),
      append: async (ledgerId, batch, sending) => {
        if (batch[0]!.key !== 'k') return inner.append(ledgerId, batch, sending);
        sent += 1;
        if (sent === 2) throw Object.assign(new Error('getaddrinfo EAI_AGAIN db'), { code: 'EAI_AGAIN' });
        const verdicts = await inner.append(ledgerId, batch, sending);
        if (sent === 1) throw connectionLost();
        return verdicts;
      },
    }));
    expect((await answered(timers, run(invoice('I1'), { key: 'k' }))).receipt.position).toBe(3);
    expect(log.events).toHaveLength(3);
  });
});

describe('a sending that was given up and comes through after all', () => {
  /** A writer whose first sending of I1 hangs on the way, and what lets it through; all further ones as the test says. */
  const delayed = async (isAnsweredAgain: boolean) => {
    const timers = new FakeTimers(1);
    const log = new LogInMemory(true, timers.nowMs);
    let letThrough: (() => Promise<unknown>) | undefined;
    const writer = writerOn(
      {
        ...besides(log),
        append: (ledgerId, batch, sending) => {
          if (batch[0]!.key !== 'late') return log.append(ledgerId, batch, sending);
          letThrough ??= () => log.append(ledgerId, batch, sending).catch(() => undefined);
          return sending.isAgain && isAnsweredAgain
            ? log.append(ledgerId, batch, sending)
            : Promise.reject(connectionLost());
        },
      },
      timers,
      { limits: { resendMs: 1_000 } },
    );
    const other = writerOn(log, timers);
    const run = (on: LedgerWriter, command: Command, more: Partial<Request> = {}): Promise<Answer> =>
      answered(timers, on.execute(requestOf(command, more)));
    for (const command of [openLedger('acme'), vendor('V1')]) await run(writer, command);
    await run(other, invoice('I0', { number: 'N' }));
    return { timers, log, writer, other, run, letThrough: () => letThrough!() };
  };
  const late = invoice('I1', { number: 'N' });
  const takeBack: Command = { type: 'ReverseInvoice', invoiceId: 'I0', reason: 'a mistake' };

  it('does nothing any more once it was sent again and refused, though the number has become free', async () => {
    const { log, writer, other, run, letThrough } = await delayed(true);
    await expect(run(writer, late, { key: 'late' })).rejects.toMatchObject({ code: 'duplicate-invoice' });
    await run(other, takeBack);
    await letThrough();
    expect(log.events.map(({ type }) => type)).toEqual([
      'LedgerOpened',
      'VendorRegistered',
      'InvoicePosted',
      'InvoiceReversed',
    ]);
    expect((await run(other, late, { key: 'late' })).receipt.position).toBe(5);
  });

  it('does nothing any more once its outcome was said to be unknown, whatever another instance has answered', async () => {
    const { log, writer, other, run, letThrough } = await delayed(false);
    await expect(run(writer, late, { key: 'late' })).rejects.toBeInstanceOf(OutcomeUnknown);
    await expect(run(other, late, { key: 'late' })).rejects.toMatchObject({ code: 'duplicate-invoice' });
    await run(other, takeBack);
    await letThrough();
    expect(log.events).toHaveLength(4);
  });
});

describe('one command that fails', () => {
  /** A log that refuses a whole batch for one command in it, as Postgres does for a NUL character. */
  const squeamish = (inner: LogInMemory): LogStore => ({
    ...besides(inner),
    append: (ledgerId, batch, sending) =>
      batch.some(({ body }) => body.includes('\0'))
        ? Promise.reject(Object.assign(new Error('invalid byte sequence for encoding "UTF8": 0x00'), { code: '22021' }))
        : inner.append(ledgerId, batch, sending),
  });
  const bad: Partial<Request> = { render: () => ({ location: '/', body: '\0' }) };

  it('does not spoil the others of its batch', async () => {
    const { timers, log, run } = await begun({}, squeamish);
    const answers = [
      run(invoice('I1')),
      run(invoice('I2'), bad),
      run(payment('P1', [['I1', '10.00']])),
      run(payment('P2', [['I2', '10.00']])),
      run(invoice('I3')),
    ];
    const settled = await answered(timers, Promise.allSettled(answers));
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    await expect(answers[1]).rejects.toMatchObject({ code: '22021' });
    await expect(answers[3]).rejects.toMatchObject({ code: 'unknown-invoice' });
    expect(log.events.filter(({ type }) => type === 'InvoicePosted')).toHaveLength(2);
  });

  it('does not leave the others of its batch behind those who keep coming', async () => {
    const { timers, run } = await begun({}, (log) => squeamish(log));
    const first = [run(invoice('B'), bad), ...Array.from({ length: 9 }, (_, i) => run(invoice(`I${i}`)))];
    let answeredOfFirst = 0;
    for (const one of first) {
      const done = (): void => {
        answeredOfFirst += 1;
      };
      one.then(done, done);
    }
    // Whoever is answered asks again at once, as callers under load do.
    let answeredLater = 0;
    const keepAsking = async (caller: number): Promise<void> => {
      await first[caller];
      for (let i = 0; i < 100; i++) {
        await run(invoice(`I${caller}-${i}`));
        answeredLater += 1;
      }
    };
    const later = [1, 2, 3].map(keepAsking);
    await timers.runUntil(() => answeredOfFirst === first.length);
    expect(answeredLater).toBeLessThan(50);
    await answered(timers, Promise.all(later));
  });

  it('by showing its document leaves nothing behind that others are decided on', async () => {
    const { timers, log, run } = await begun();
    const broken = run(invoice('I1'), {
      render: () => {
        throw new TypeError('a fault in the rendering');
      },
    });
    await expect(answered(timers, broken)).rejects.toBeInstanceOf(TypeError);
    await expect(answered(timers, run(payment('P1', [['I1', '10.00']])))).rejects.toMatchObject({
      code: 'unknown-invoice',
    });
    await answered(timers, run(invoice('I1')));
    expect(log.events.map(({ type }) => type)).toEqual(['LedgerOpened', 'VendorRegistered', 'InvoicePosted']);
  });

  it('of more documents than fit into memory is carried out all the same', async () => {
    const timers = new FakeTimers(1);
    const log = new LogInMemory();
    let loads = 0;
    const store: LogStore = {
      clockMs: () => log.clockMs(),
      append: (ledgerId, batch, sending) => log.append(ledgerId, batch, sending),
      load: async (ledgerId, names) => {
        loads += 1;
        // Over and over again the same ones: it would never end.
        if (loads > 200) throw new Error('loaded 200 times');
        return log.load(ledgerId, names);
      },
    };
    const ids = Array.from({ length: 12 }, (_, i) => `I${i}`);
    const writer = writerOn(store, timers, { documents: new DocumentsInMemory(10) });
    for (const command of [openLedger('acme'), vendor('V1'), ...ids.map((id) => invoice(id))]) {
      await answered(timers, writer.execute(requestOf(command)));
    }
    const paid = writer.execute(
      requestOf(
        payment(
          'P1',
          ids.map((id) => [id, '1.00'] as const),
        ),
      ),
    );
    expect((await answered(timers, paid)).receipt.position).toBe(2 + 12 + 13);
  });

  it('of many new documents reads them in one go when it is decided again', async () => {
    const timers = new FakeTimers(1);
    const log = new LogInMemory();
    let loads = 0;
    const store: LogStore = {
      clockMs: () => log.clockMs(),
      append: (ledgerId, batch, sending) => log.append(ledgerId, batch, sending),
      load: (ledgerId, names) => {
        loads += 1;
        return log.load(ledgerId, names);
      },
    };
    const ids = Array.from({ length: 30 }, (_, i) => `I${i}`);
    const writer = writerOn(store, timers);
    const other = writerOn(log, timers);
    for (const command of [openLedger('acme'), vendor('V1'), ...ids.map((id) => invoice(id))]) {
      await answered(timers, writer.execute(requestOf(command)));
    }
    // Somebody else pays first, so that what is in memory here is out of date once.
    await answered(timers, other.execute(requestOf(payment('P0', [['I0', '1.00']]))));
    loads = 0;
    await answered(
      timers,
      writer.execute(
        requestOf(
          payment(
            'P1',
            ids.map((id) => [id, '1.00'] as const),
          ),
        ),
      ),
    );
    expect(loads).toBeLessThan(10);
  });
});

/** A caller's random commands on few documents, so that they meet: what they come to depends on who comes first. */
const randomCommand = (random: () => number): Command => {
  const below = (n: number): number => Math.floor(random() * n);
  const day = (from: string, span: number): string =>
    new Date(Date.parse(from) + below(span) * 86_400_000).toISOString().slice(0, 10);
  const invoiceId = `I${below(12)}`;
  const vendorId = `V${1 + below(2)}`;
  const amount = `${1 + below(70)}.00`;
  const reason = 'so it is';
  switch (below(15)) {
    case 0:
      return vendor(`V${1 + below(3)}`, random() < 0.8 ? 'Vale' : 'Hill');
    case 1:
      return { type: 'ChangeVendor', vendorId, name: `Vale ${below(5)}` };
    case 2:
    case 3:
    case 4: {
      const id = `I${below(30)}`;
      return invoice(id, {
        vendorId,
        number: `N-${below(15)}`,
        invoiceDate: day('2023-12-20', 20),
        postingDate: '2024-01-10',
        ...(random() < 0.2 && { allowDuplicate: { reason } }),
      });
    }
    case 5:
    case 6: {
      const other = `I${below(12)}`;
      const paid = [[invoiceId, amount] as const, ...(other !== invoiceId ? [[other, '3.00'] as const] : [])];
      return payment(`P${below(40)}`, paid, { vendorId, paidOn: day('2024-01-01', 40) });
    }
    case 7:
      return payment(`P${below(40)}`, [], { vendorId, paidOn: '2024-01-20', amount });
    case 8:
      return { type: 'Allocate', id: `A${below(60)}`, from: { paymentId: `P${below(40)}` }, to: { invoiceId }, amount };
    case 9:
      return { type: 'ReversePayment', paymentId: `P${below(40)}`, reason };
    case 10:
      return { type: 'ReverseInvoice', invoiceId, reason };
    case 11:
      return { type: 'ReverseAllocation', allocationId: `P${below(40)}.${1 + below(2)}`, reason };
    case 12:
      return random() < 0.5
        ? { type: 'HoldInvoice', invoiceId, reason }
        : { type: 'ReleaseInvoice', invoiceId, reason };
    case 13: {
      const until = day('2024-03-01', 60);
      return { type: 'DeferInvoice', id: `D${below(20)}`, invoiceId, until, agreed: random() < 0.5, reason };
    }
    default:
      return { type: 'WithdrawDeferral', invoiceId, deferralId: `D${below(20)}`, reason };
  }
};

interface Told {
  readonly request: Request;
  /** How far the log went when the request was made, and when it was answered. */
  readonly from: number;
  readonly through: number;
  readonly outcome: Answer | Rejection;
}

/** What the rules say to a command after the events up to a position. */
const decidedAt = (log: LogInMemory, { command, actor }: Request, position: number): Decision | Rejection => {
  const find = (name: DocumentName) => foldOf(log.events, name, position);
  const circumstances = {
    today,
    closedThrough: closedThrough(log.events.slice(0, position)),
    policy: noPolicy,
    actor,
    fingerprint,
  };
  try {
    if (command.type !== 'OpenLedger' && !find('ledger')) return new Rejection('not-found', '');
    return decide(command, new Working({ find, findFresh: find }, circumstances));
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
};

const bare = ({ type, effectiveOn, data }: ApEvent): ApEvent => ({ type, effectiveOn, data }) as ApEvent;

/** Whether another invoice held the number that this command claims, after the events up to a position. */
const isTaken = (log: LogInMemory, { events }: Decision, position: number): boolean => {
  const [posted] = events;
  if (posted?.type !== 'InvoicePosted' || posted.data.allowDuplicate) return false;
  const [mine] = claimsOf(posted.data, true, false);
  return log.events.slice(0, position).some((event) => {
    if (event.type !== 'InvoicePosted') return false;
    const [theirs] = claimsOf(event.data, true, false);
    const holder = foldOf(log.events, `invoice/${event.data.invoiceId}`, position);
    return (
      theirs!.value === mine!.value &&
      theirs!.qualifier === mine!.qualifier &&
      !(holder && 'reversal' in holder && holder.reversal)
    );
  });
};

interface Simulation {
  readonly seed: number;
  readonly writers: number;
  readonly callers: number;
  readonly commands: number;
  readonly faults: Faults;
  readonly limits?: Partial<Limits>;
}

const simulate = async ({ seed, writers, callers, commands, faults, limits = {} }: Simulation): Promise<void> => {
  const timers = new FakeTimers(seed);
  const log = new LogInMemory(true, timers.nowMs);
  const random = chance(seed + 1);
  const memories = Array.from({ length: writers }, () => new DocumentsInMemory(200));
  const instances = memories.map((documents) =>
    writerOn(new DistantLog(log, timers, faults), timers, { documents, limits: { resendMs: 1_000, ...limits } }),
  );
  const told: Told[] = [];
  const gaveUp: Request[] = [];

  const call = async (caller: number): Promise<void> => {
    const keys: Request[] = [];
    for (let i = 0; i < commands; i++) {
      const isFirst = caller === 0 && i === 0;
      // Now and then a request comes again, and to any instance: a caller who did not hear the answer.
      const repeated = keys[Math.floor(random() * keys.length * 6)];
      const command = isFirst ? openLedger('acme') : randomCommand(random);
      const request = repeated ?? requestOf(command, { key: `${caller}-${i}`, correlationId: `${caller}-${i}` });
      keys.push(request);
      const from = log.events.length;
      for (;;) {
        try {
          const outcome = await instances[Math.floor(random() * writers)]!.execute(request);
          told.push({ request, from, through: log.events.length, outcome });
          break;
        } catch (error) {
          if (error instanceof Rejection) {
            told.push({ request, from, through: log.events.length, outcome: error });
            break;
          }
          const isExpected = error instanceof OutcomeUnknown || error instanceof TooBusy || error instanceof Contended;
          // A load that failed for too long is answered with its own error; nothing was sent then.
          if (!isExpected && (error as { code?: string }).code !== 'ECONNRESET') throw error;
          if (error instanceof Contended) {
            gaveUp.push(request);
            break;
          }
          await timers.sleep(200);
        }
      }
    }
  };
  await answered(timers, Promise.all(Array.from({ length: callers }, (_, caller) => call(caller))), 3_600_000);

  // Nothing is left behind, and none of the commands is still waiting.
  expect(instances.map(({ isIdle }) => isIdle)).toEqual(instances.map(() => true));

  // Positions without a hole, and the events of one command side by side.
  expect(log.events.map(({ position }) => position)).toEqual(log.events.map((_, i) => i + 1));
  const byKey = new Map<string, RecordedEvent[]>();
  for (const event of log.events)
    byKey.set(event.idempotencyKey!, [...(byKey.get(event.idempotencyKey!) ?? []), event]);
  for (const events of byKey.values()) {
    expect(events.at(-1)!.position - events[0]!.position).toBe(events.length - 1);
  }

  const requests = new Map(told.map(({ request }) => [request.key!, request]));
  for (const key of byKey.keys()) expect(requests.has(key)).toBe(true);
  for (const { key } of gaveUp) expect(byKey.has(key!)).toBe(false);
  for (const { request, from, through, outcome } of told) {
    const events = byKey.get(request.key!);
    const whenever = Array.from({ length: through - from + 1 }, (_, i) => from + i);
    if (outcome instanceof Rejection) {
      // Not recorded, unless the caller asked again later and then was told so.
      const isToldLater = told.some((other) => other.request.key === request.key && other.from >= through);
      const isRecorded = events !== undefined && (events[0]!.position <= through || !isToldLater);
      expect({ command: request.command, isRecorded }).toMatchObject({ isRecorded: false });
      // At some moment between question and answer the rules did say so.
      const isRight = whenever.some((position) => {
        const decided = decidedAt(log, request, position);
        if (outcome.code !== 'duplicate-invoice') return decided instanceof Rejection && decided.code === outcome.code;
        return !(decided instanceof Rejection) && isTaken(log, decided, position);
      });
      expect({ command: request.command, code: outcome.code, isRight }).toMatchObject({ isRight: true });
    } else if (events) {
      // Exactly what the rules make of the command on exactly what stands before it.
      expect(outcome.receipt.position).toBe(events.at(-1)!.position);
      const decided = decidedAt(log, request, events[0]!.position - 1);
      if (decided instanceof Rejection) throw decided;
      expect(events.map(bare)).toEqual(decided.events.map(bare));
      expect(isTaken(log, decided, events[0]!.position - 1)).toBe(false);
    } else {
      const before = decidedAt(log, request, outcome.receipt.position);
      expect(before instanceof Rejection ? before : before.events).toEqual([]);
    }
  }

  // What is in memory is what the log makes of it, up to where the memory knows it; with one writer that is the end.
  const names = new Set(log.events.flatMap(documentsOf));
  for (const memory of memories) {
    for (const name of names) {
      expect(memory.isAhead(name)).toBe(false);
      const view = memory.view(false);
      let document;
      try {
        document = view.find(name);
      } catch {
        continue; // not in memory
      }
      const position = view.looked.get(name)!;
      expect(document).toEqual(foldOf(log.events, name, position));
      const last = log.events.findLast((event) => documentsOf(event).includes(name))!.position;
      if (writers === 1) expect(position).toBe(last);
    }
  }
};

describe('the writer, simulated', () => {
  const seeds = fc.integer({ min: 0, max: 2 ** 31 });
  const check = (numRuns: number, simulation: Omit<Simulation, 'seed'>): Promise<void> =>
    fc.assert(
      fc.asyncProperty(seeds, (seed) => simulate({ seed, ...simulation })),
      { numRuns: sampleSize(numRuns) },
    );

  it('alone, without a fault', () => check(10, { writers: 1, callers: 8, commands: 12, faults: noFaults }));

  it('with a second writer on the same log', () =>
    check(10, { writers: 2, callers: 8, commands: 12, faults: noFaults }));

  it('with answers and requests that are lost', () =>
    check(10, { writers: 1, callers: 8, commands: 12, faults: { lostRequest: 0.1, lostAnswer: 0.15, late: 0 } }));

  it('with three writers and calls that come through after they were given up', () =>
    check(10, { writers: 3, callers: 9, commands: 10, faults: { lostRequest: 0.1, lostAnswer: 0.15, late: 0.15 } }));

  it('with little memory for documents, small batches and a short queue', () =>
    check(8, {
      writers: 2,
      callers: 8,
      commands: 10,
      faults: { lostRequest: 0.05, lostAnswer: 0.1, late: 0.05 },
      limits: { maxEventsPerBatch: 3, maxBytesPerBatch: 1_500, maxWaiting: 3 },
    }));

  it('draws the same run from the same seed', async () => {
    const runs = [];
    for (let i = 0; i < 2; i++) {
      const timers = new FakeTimers(7);
      const log = new LogInMemory();
      const writer = writerOn(new DistantLog(log, timers), timers);
      const random = chance(8);
      await answered(timers, writer.execute(requestOf(openLedger('acme'), { key: 'o', correlationId: 'o' })));
      const all = Array.from({ length: 40 }, (_, n) =>
        writer.execute(requestOf(randomCommand(random), { key: `${n}`, correlationId: `${n}` })),
      );
      await answered(timers, Promise.allSettled(all));
      await afterPromises();
      runs.push(log.lines);
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[0]!.length).toBeGreaterThan(5);
    expect(nowMs).toBe(new FakeTimers(0).nowMs());
  });
});
