import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { App } from '../src/app.module.js';
import { ask, histories, questions, walk } from './model/histories.js';
import { isAccepted, ReferenceLedger } from './model/reference.js';
import { LedgerClient, startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { dayIn, noonZone } from './support/noon.js';
import { sampleSize } from './support/seed.js';

let database: TestDatabase;
let app: App;
let ledgers = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

/** Puts one question at a position to the product and compares it with the model's answer. */
const compare = async (client: LedgerClient, ledger: ReferenceLedger, question: Parameters<typeof ask>[0]) => {
  const { path, expected } = ask(question, ledger);
  const reply = await client.get(path);
  expect(reply.status).toBe(200);
  const { ledger: name, knownAt, ...said } = reply.body;
  expect(name).toBe(client.ledger);
  if (question.report === 'changes') await takeOutLines(client, said);
  if (question.report === 'statement') {
    await takeOutBalances(client, said);
    putInOrder(expected);
  }
  expect({ path, said }).toEqual({ path, said: expected });
  return { path, text: reply.text, knownAt: knownAt as string };
};

/**
 * Takes out of a report of changes what stands on the lines of the log, once it is what these say. What ends with a
 * reversal is one fact to the model, and events of their own before it to the product.
 */
const takeOutLines = async (client: LedgerClient, said: Record<string, any>): Promise<void> => {
  const lines: any[] = await client.events();
  expect(said.from.knownAt).toBe(lines[said.from.position - 1]?.recordedAt ?? null);
  said.from = said.from.position;
  for (const part of said.currencies) {
    const events: any[] = [];
    for (const { type, recordedAt, effectiveOn, actor, ...event } of part.events) {
      expect(lines[event.position - 1]).toMatchObject({
        position: event.position,
        type,
        recordedAt,
        effectiveOn,
        actor,
      });
      // Which of the items that one event moves comes first is left open.
      event.items.sort((one: any, other: any) => (nameOf(one) < nameOf(other) ? -1 : 1));
      const fact = lines[reversalOf(lines, event.position) - 1];
      const before = events.at(-1);
      if (before?.position === fact.position) events.splice(-1, 1, together(before, event));
      else events.push({ ...event, position: fact.position });
    }
    part.events = events;
  }
};

/**
 * Takes out of a statement the balance after each line, once it is what the lines before it make it. A discount that ends
 * with the reversal of its payment is at the place of that to the model, and has an event of its own to the product.
 */
const takeOutBalances = async (client: LedgerClient, said: Record<string, any>): Promise<void> => {
  const events: any[] = await client.events();
  for (const { opening, lines, closing } of said.currencies) {
    let balance = opening;
    let [day, place] = ['', 0];
    for (const line of lines) {
      balance = plus(balance, line.amount);
      expect(line.balance).toBe(balance);
      expect(line.on > day || (line.on === day && line.position >= place)).toBe(true);
      [day, place] = [line.on, line.position];
      line.position = reversalOf(events, line.position);
    }
    expect(closing).toBe(balance);
  }
  putInOrder(said);
};

/** Without balances, and with the lines of one event in the order of their ids: which comes first is left open. */
const putInOrder = (said: Record<string, any>): void => {
  for (const part of said.currencies) {
    part.lines.sort(
      (one: any, other: any) =>
        (one.on < other.on ? -1 : one.on > other.on ? 1 : 0) ||
        one.position - other.position ||
        (one.itemId < other.itemId ? -1 : 1),
    );
    for (const line of part.lines) delete line.balance;
  }
};

const nameOf = ({ itemType, itemId }: any): string => `${itemType} ${itemId}`;

/** The position of the reversal in whose command an allocation ends; that of the event itself if it is no such end. */
const reversalOf = (lines: readonly any[], position: number): number => {
  const { type, correlationId } = lines[position - 1];
  const last = lines.findLast((line) => line.correlationId === correlationId);
  return type === 'AllocationReversed' && /^(Payment|CreditNote)Reversed$/.test(last.type) ? last.position : position;
};

/** What two events moved in all, items that are as before left out. */
const together = (one: any, other: any): any => {
  const added = (some: any, more: any = {}): any =>
    Object.fromEntries(
      Object.entries<any>(some).map(([name, value]) => [name, isAmount(name) ? plus(value, more[name]) : value]),
    );
  const items = new Map<string, any>(one.items.map((item: any) => [nameOf(item), item]));
  for (const item of other.items) items.set(nameOf(item), added(item, items.get(nameOf(item))));
  const moved = [...items].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item);
  const isMoved = (item: any): boolean => Object.entries<any>(item).some(([name, v]) => isAmount(name) && !isZero(v));
  return { ...added(one, other), items: moved.filter(isMoved) };
};

const isAmount = (name: string): boolean =>
  !['position', 'vendorId', 'items', 'itemType', 'itemId', 'number'].includes(name);

/** Adds amounts of as many decimals. */
const plus = (one: string, other = one.replaceAll(/\d/g, '0')): string => {
  const decimals = one.split('.')[1]?.length ?? 0;
  const minor = BigInt(one.replace('.', '')) + BigInt(other.replace('.', ''));
  const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, '0');
  const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  return minor < 0n ? `-${text}` : text;
};

/** What stands on some accounts together by the trial balance, per currency, credit above zero. */
const creditOn = (accounts: readonly string[], trialBalance: any): Record<string, string> =>
  Object.fromEntries(
    trialBalance.currencies.map(({ currency, rows, totals }: Record<string, any>) => {
      expect(totals.debits).toBe(totals.credits);
      const control = rows.filter(({ account }: Record<string, any>) => accounts.includes(account));
      const decimals = String(totals.debits).split('.')[1]?.length ?? 0;
      let minor = 0n;
      for (const { balance } of control) minor -= BigInt(String(balance).replace('.', ''));
      const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, '0');
      const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
      return [currency, minor < 0n ? `-${text}` : text];
    }),
  );

const isZero = (amount: string): boolean => /^-?[0.]+$/.test(amount);
const withoutZeros = (amounts: Record<string, string>) =>
  Object.fromEntries(Object.entries(amounts).filter(([, amount]) => !isZero(amount)));

describe('random histories over HTTP', () => {
  it('are judged and reported as the independent model does', async () => {
    await fc.assert(
      fc.asyncProperty(
        histories({ minLength: 10, maxLength: 60 }),
        fc.array(questions, { minLength: 12, maxLength: 12 }),
        async (history, asked) => {
          const timeZone = noonZone();
          ledgers += 1;
          const client = await new LedgerClient(app.url, `model-${ledgers}`).open({ timeZone });
          const ledger = new ReferenceLedger({ currency: 'USD', timeZone, today: dayIn(timeZone) });
          // By then all vendors are there: a statement of one that never was is a 404, and has a test of its own.
          const half = Math.floor(history.length / 2);
          const early: { path: string; text: string; knownAt: string }[] = [];
          let steps = 0;
          for (const { request, expected, step } of walk(history, ledger)) {
            const reply = await client.post(request.path, request.body);
            const outcome = isAccepted(expected)
              ? reply.status === 201
              : reply.status >= 400 && expected.codes.includes(String(reply.body.type).replace('/problems/', ''));
            if (!outcome) {
              throw new Error(
                `${client.ledger}: ${JSON.stringify(request)} answered ${reply.status} ${reply.text}, expected ${JSON.stringify(expected)}`,
              );
            }
            if (reply.status === 201) ledger.recorded(reply.body.position as number);
            if (step === undefined) continue;
            steps += 1;
            if (steps === half)
              for (const question of asked.slice(0, 4)) early.push(await compare(client, ledger, question));
          }
          for (const question of asked) await compare(client, ledger, question);
          for (const { path, text, knownAt } of early) {
            // Whatever was recorded since, backdated or not: the same two dates, the same bytes.
            expect((await client.get(path)).text).toBe(text);
            const position = Number(/knownAtPosition=(\d+)/.exec(path)?.[1]);
            // In the middle of a command an instant can't say what a position says.
            if (!ledger.positions.includes(position)) continue;
            const byInstant = path.replace(/knownAtPosition=\d+/, `knownAt=${encodeURIComponent(knownAt)}`);
            expect((await client.get(byInstant)).text).toBe(text);
          }
          for (const { position, day } of asked.slice(0, 3)) {
            const at = ledger.positions[position % ledger.positions.length]!;
            const asOf = new Date(Date.parse(ledger.today) + ((day % 200) - 120) * 86_400_000)
              .toISOString()
              .slice(0, 10);
            const moment = { asOf, position: at };
            const { body } = await client.get(`/reports/trial-balance?asOf=${asOf}&knownAtPosition=${at}`);
            const said = (...accounts: string[]) => withoutZeros(creditOn(accounts, body));
            expect(said('payables', 'on-account')).toEqual(withoutZeros(ledger.controlAccount(moment)));
            expect(said('input-tax')).toEqual(withoutZeros(ledger.creditOn('tax', moment)));
            expect(said('discount-received')).toEqual(withoutZeros(ledger.creditOn('discount-received', moment)));
            const liabilities = await client.get(`/reports/liabilities?asOf=${asOf}&knownAtPosition=${at}`);
            for (const { reconciliation } of liabilities.body.currencies)
              expect(isZero(reconciliation.difference)).toBe(true);
          }
        },
      ),
      // To make a failing history smaller takes long: by then at the latest it is shown as it is.
      {
        numRuns: sampleSize(25, 1_000),
        interruptAfterTimeLimit: sampleSize(300_000, 3_000_000),
        markInterruptAsFailure: true,
      },
    );
  }, 3_600_000);
});
