/**
 * Random histories over HTTP, of several persons, that are closed in the middle: whatever is tried afterwards, no report as
 * of the closed days changes, the totals are those of the independent model, and no breach of the ledger's policy is found
 * in the log.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { App } from '../src/app.module.js';
import { readLine } from '../src/event-log/record.js';
import { addDays, lastOfMonth } from './model/calendar.js';
import { histories, walk } from './model/histories.js';
import { isAccepted, ReferenceLedger } from './model/reference.js';
import { LedgerClient, startApp } from './support/app.js';
import { linesOf } from './support/audit.js';
import { breachesIn } from './support/control-oracle.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { dayIn, noonZone } from './support/noon.js';
import { sampleSize } from './support/seed.js';

let database: TestDatabase;
let app: App;
let ledgers = 0;
const persons = ['ann', 'bob', 'eve'] as const;
const tokens = new Map<string, string>();

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  const installation = new LedgerClient(app.url, '_installation');
  const roles = ['clerk', 'approver', 'treasurer', 'admin'];
  for (const personId of persons) {
    const { body } = await installation.record('/tokens', { personId, grants: [{ ledger: '*', roles }] });
    tokens.set(personId, body.token as string);
  }
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

const monthBefore = (today: string, months: number): string => {
  const [year = 0, month = 0] = today.split('-').map(Number);
  return new Date(Date.UTC(year, month - 1 - months, 1)).toISOString().slice(0, 7);
};

const reports = [
  '/reports/ageing?by=vendor',
  '/reports/ageing?by=invoice&basis=contractual',
  '/reports/liabilities?by=due-month',
  '/reports/liabilities?by=maturity',
  '/reports/trial-balance?',
  '/reports/journal?',
] as const;

/** What the reports say as of a day, without up to which event they know it, and the names that vendors have by then. */
const reported = async (client: LedgerClient, asOf: string): Promise<string[]> =>
  Promise.all(
    reports.map(async (path) => {
      const { status, body } = await client.get(`${path}&asOf=${asOf}`);
      expect([path, status]).toEqual([path, 200]);
      const { knownAt: _, position: __, ...said } = body;
      return JSON.stringify(said, (name, value: unknown) => (name === 'vendorName' ? undefined : value));
    }),
  );

/** What comes beside the commands of the model: who sends a request, and what is done before it. */
const besides = fc.record({
  by: fc.constantFrom(...persons),
  what: fc.constantFrom('nothing', 'nothing', 'nothing', 'policy', 'approve', 'approve'),
  which: fc.nat(30),
  two: fc.boolean(),
});

describe('random histories that are closed in the middle', () => {
  it('keep what they were closed with, in every report, and the policy of the day', async () => {
    const answers = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(
        histories({ minLength: 40, maxLength: 70 }),
        fc.array(besides, { minLength: 30, maxLength: 30 }),
        fc.integer({ min: 1, max: 3 }),
        async (history, others, monthsAgo) => {
          ledgers += 1;
          const timeZone = noonZone();
          const today = dayIn(timeZone);
          const client = await new LedgerClient(app.url, `closed-${ledgers}`).open({ timeZone });
          const clients = persons.map((person) => new LedgerClient(app.url, client.ledger, tokens.get(person)));
          const ledger = new ReferenceLedger({ currency: 'USD', timeZone, today });
          const half = Math.floor(history.length / 2);
          const period = monthBefore(today, monthsAgo);
          const asOf = lastOfMonth(`${period}-01`);
          const days = [asOf, addDays(asOf, -20)];
          let before: string[][] = [];
          let [steps, position] = [0, 0];
          for (const { request, expected, step } of walk(history, ledger)) {
            if (step !== undefined) steps += 1;
            if (steps <= half) {
              const reply = await client.post(request.path, request.body);
              expect([request.path, reply.status === 201]).toEqual([request.path, isAccepted(expected)]);
              if (reply.status !== 201) continue;
              ledger.recorded(reply.body.position as number);
              position = ledger.positions.at(-1)!;
              continue;
            }
            if (before.length === 0) {
              const { body } = await client.record(`/periods/${period}/close`);
              expect(body.totals.currencies).toEqual(modelTotals(ledger, asOf, position));
              before = await Promise.all(days.map((day) => reported(client, day)));
            }
            // From here on the model only says what to try: it knows neither periods nor policies.
            const { by, what, which, two } = others[steps % others.length]!;
            const sender = clients[persons.indexOf(by)]!;
            if (what === 'policy')
              await sender.record('/policy', {
                approvalAbove: [{ currency: 'USD', amount: String(which * 20) }],
                twoPersonPayment: two,
                reason: 'x',
              });
            if (what === 'approve') await sender.post(`/invoices/I${which % 12}/approvals`);
            const { status, body } = await sender.post(request.path, request.body);
            const answer = status === 201 ? 'recorded' : String(body.type).replace('/problems/', '');
            answers.set(answer, (answers.get(answer) ?? 0) + 1);
          }
          if (before.length === 0) return;
          expect(await Promise.all(days.map((day) => reported(client, day)))).toEqual(before);
          const { body: kept } = await client.get(`/periods/${period}`);
          expect(kept.totals.currencies).toEqual(modelTotals(ledger, asOf, position));
          const events = (await linesOf(client)).map(readLine);
          expect(breachesIn(events, (instant) => dayIn(timeZone, new Date(instant)))).toEqual([]);
        },
      ),
      {
        numRuns: sampleSize(6, 300),
        interruptAfterTimeLimit: sampleSize(120_000, 3_000_000),
        markInterruptAsFailure: true,
      },
    );
    expect(answers.get('recorded')).toBeGreaterThan(20);
    expect(answers.get('period-closed')).toBeGreaterThan(5);
  }, 3_600_000);
});

/** What the model says of a closing, in the shape of the totals. */
const modelTotals = (ledger: ReferenceLedger, asOf: string, position: number): object[] => {
  const control = ledger.controlAccount({ asOf, position });
  const liabilities = ledger.liabilities({ asOf, position });
  return ledger.ageing({ asOf, position }).currencies.map(({ currency, totals }) => {
    const { owed, onAccount } = liabilities.currencies.find((one) => one.currency === currency)!.totals;
    const { notDue, '1-30': a, '31-60': b, '61-90': c, 'over-90': d, total } = totals;
    const ageing = { notDue, '1-30': a, '31-60': b, '61-90': c, 'over-90': d, total };
    return { currency, controlAccount: control[currency], owed, onAccount, ageing };
  });
};
