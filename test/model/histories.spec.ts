import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ask, histories, questions, replay, type Step } from './histories.js';
import { journalOf } from './journal.js';
import { decimalOf, minorOf, sum } from './money.js';
import { openAmount, scheduleOf } from './open-items.js';
import { isAccepted, ReferenceLedger } from './reference.js';
import type { AgeingBy, LiabilitiesBy } from './reports.js';

// The model is checked by laws too: they would show a rule that it gets wrong in itself.

const TODAY = '2024-02-15';

const ledgerAfter = (history: readonly Step[]): ReferenceLedger => {
  const ledger = new ReferenceLedger({ currency: 'USD', timeZone: 'UTC', today: TODAY });
  replay(history, ledger);
  return ledger;
};

const moments = fc.array(fc.record({ day: fc.nat(400), position: fc.nat(200) }), { minLength: 1, maxLength: 6 });

const momentOf = (ledger: ReferenceLedger, { day, position }: { day: number; position: number }) => ({
  asOf: new Date(Date.parse('2023-10-20') + day * 86_400_000).toISOString().slice(0, 10),
  position: 1 + (position % ledger.head),
});

/** Tries a law on random histories, at random moments of each. */
const holdsAlways = (law: (ledger: ReferenceLedger, moment: { asOf: string; position: number }) => void): void => {
  fc.assert(
    fc.property(histories(), moments, (history, somewhen) => {
      const ledger = ledgerAfter(history);
      for (const moment of somewhen) law(ledger, momentOf(ledger, moment));
    }),
  );
};

describe('the model, over random histories', () => {
  it('owes the same by its open items and by its journal', () => {
    holdsAlways((ledger, moment) => {
      const control = ledger.controlAccount(moment);
      const { currencies } = ledger.liabilities(moment);
      for (const { currency, reconciliation } of currencies) {
        expect(reconciliation.difference).toBe(decimalOf(0n, currency));
        expect(reconciliation.controlAccount).toBe(control[currency]);
      }
      // A currency that no report names owes nothing.
      const named = currencies.map(({ currency }) => currency);
      for (const [currency, balance] of Object.entries(control))
        if (!named.includes(currency)) expect(balance).toBe(decimalOf(0n, currency));
    });
  });

  it('balances its journal, on every day', () => {
    holdsAlways((ledger, { asOf }) => {
      for (const currency of ['USD', 'JPY', 'KWD']) {
        const lines = journalOf(ledger.known).filter((line) => line.currency === currency && line.on <= asOf);
        expect(sum(lines.map(({ amount }) => amount))).toBe(0n);
      }
    });
  });

  it('has the same totals by whatever its rows are keyed', () => {
    holdsAlways((ledger, moment) => {
      const ageings = (['vendor', 'invoice', 'kind'] as AgeingBy[]).map((by) => ledger.ageing({ ...moment, by }));
      const liabilities = (['vendor', 'kind', 'due-month', 'maturity'] as LiabilitiesBy[]).map((by) =>
        ledger.liabilities({ ...moment, by }),
      );
      for (const reports of [ageings, liabilities]) {
        const [first, ...others] = reports.map(({ currencies }) => currencies.map(({ totals }) => totals));
        for (const other of others) expect(other).toEqual(first);
      }
      for (const { currency, rows, totals } of liabilities.flatMap(({ currencies }) => currencies))
        for (const column of ['owed', 'overdue', 'disputed', 'held', 'onAccount', 'total'])
          expect(decimalOf(sum(rows.map((row) => minorOf(row[column], currency) ?? 0n)), currency)).toBe(
            totals[column],
          );
    });
  });

  it('closes the statements of all vendors with what is owed', () => {
    holdsAlways((ledger, moment) => {
      const { currencies } = ledger.liabilities(moment);
      const closings = ['V1', 'V2', 'V3'].flatMap((vendorId) => ledger.statement({ ...moment, vendorId }).currencies);
      for (const currency of ['USD', 'JPY', 'KWD']) {
        const own = closings.filter((statement) => statement.currency === currency);
        const total = currencies.find((report) => report.currency === currency)?.totals.total;
        expect(decimalOf(sum(own.map(({ closing }) => minorOf(closing, currency) ?? 0n)), currency)).toBe(
          total ?? decimalOf(0n, currency),
        );
      }
    });
  });

  it('never has less than nothing open, and schedules that add up', () => {
    holdsAlways((ledger, { asOf, position }) => {
      const { known } = ledger;
      for (const posted of ledger.documents) {
        expect(openAmount(known, posted.item, asOf)).toBeGreaterThanOrEqual(0n);
        const { schedule } = posted;
        if (schedule.length === 0) continue;
        expect(sum(scheduleOf(known, posted, asOf).map(({ amount }) => amount))).toBe(posted.amount);
        const open = ledger.openInstalments(posted.item, { asOf, position });
        expect(decimalOf(sum(open.map(({ amount }) => minorOf(amount, posted.currency) ?? 0n)), posted.currency)).toBe(
          ledger.openAmount(posted.item, { asOf, position }),
        );
      }
    });
  });

  it('says of any moment the same after more was recorded', () => {
    fc.assert(
      fc.property(histories(), histories(), moments, (history, more, somewhen) => {
        const ledger = ledgerAfter(history);
        const asked = somewhen.map((moment) => momentOf(ledger, moment));
        const answers = () =>
          asked.flatMap((moment) => [
            ledger.ageing({ ...moment, by: 'invoice' }),
            ledger.liabilities({ ...moment, by: 'due-month' }),
            ledger.statement({ ...moment, vendorId: 'V1' }),
            ledger.controlAccount(moment),
          ]);
        const before = answers();
        replay(more, ledger);
        // Names and kinds too: what was not known then is not told now.
        expect(answers()).toEqual(before);
      }),
    );
  });

  it('answers any question that can be put to the product', () => {
    fc.assert(
      fc.property(histories(), questions, (history, question) => {
        const ledger = ledgerAfter(history);
        const { path, expected } = ask(question, ledger);
        const { pathname, searchParams } = new URL(path, 'http://localhost');
        expect(pathname).toBe(`/reports/${question.report}`);
        expect(searchParams.get('asOf')).toBe(expected.asOf);
        expect(searchParams.get('knownAtPosition')).toBe(String(expected.position));
        expect(expected.position).toBeLessThanOrEqual(ledger.head);
      }),
    );
  });
});

describe('random histories', () => {
  const walked = fc
    .sample(histories({ minLength: 30, maxLength: 60 }), { numRuns: 200, seed: 20_240_215 })
    .flatMap((history) => replay(history, new ReferenceLedger({ currency: 'USD', timeZone: 'UTC', today: TODAY })));

  it('are mostly accepted', () => {
    const accepted = walked.filter(({ expected }) => isAccepted(expected)).length;
    expect(accepted / walked.length).toBeGreaterThan(0.8);
    expect(accepted / walked.length).toBeLessThan(0.97);
  });

  it('do everything there is to do', () => {
    const done = new Set(walked.flatMap(({ step, expected }) => (step && isAccepted(expected) ? [step.action] : [])));
    expect(done.size).toBe(16);
    const reversed = new Set(
      walked
        .filter(({ expected }) => isAccepted(expected))
        .flatMap(({ request }) => /^\/[a-z-]+(?=\/[^/]+\/reversal$)/.exec(request.path) ?? []),
    );
    expect(reversed.size).toBe(7);
  });

  it.each([
    'id-already-used',
    'duplicate-invoice',
    'already-reversed',
    'not-found',
    'unknown-vendor',
    'unknown-invoice',
    'total-mismatch',
    'schedule-mismatch',
    'over-allocated',
    'discount-expired',
    'over-discounted',
    'over-deferred',
    'currency-mismatch',
    'vendor-mismatch',
    'until-not-later',
    'deferral-out-of-order',
    'not-the-last-deferral',
    'before-original',
    'nothing-open',
    'has-allocations',
    'has-refunds',
    'still-in-use',
    'on-hold',
  ])('are refused with %s', (code) => {
    const refusals = walked.filter(({ expected }) => !isAccepted(expected) && expected.codes.includes(code));
    expect(refusals.length).toBeGreaterThan(0);
  });

  it('are never refused for what the contract leaves open', () => {
    const open = ['malformed', 'not-held', 'over-disputed', 'nothing-disputed', 'over-resolved'];
    const refusals = walked.filter(({ expected }) => !isAccepted(expected) && open.includes(expected.code));
    expect(refusals.map(({ request }) => request)).toEqual([]);
  });
});
