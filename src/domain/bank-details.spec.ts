import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  after,
  approveDetails,
  by,
  given,
  payment,
  policy,
  propose,
  type Step,
  today,
  vendor,
} from '../../test/support/domain.js';
import { sampleSize } from '../../test/support/seed.js';
import { addDays } from './calendar.js';
import type { Command } from './decider.js';
import { Rejection } from './rejection.js';

// Ann gives the commands until a test says otherwise. Today is 2024-02-15.

const erase: Command = { type: 'EraseVendorDetails', vendorId: 'V1', reason: 'asked to' };
const waiting = policy({ bankChangeWaitingDays: 3 });
const payTo = (bankDetailsId: string, id = 'P1') => payment(id, '5.00', { bankDetailsId });
const inForce = [propose('B1'), by('bob'), approveDetails('B1')];

describe('bank details', () => {
  it('are proposed sealed, and approved by somebody else from a day on', () => {
    given()
      .when(propose('B1', { comment: 'letter' }))
      .then({
        type: 'BankDetailsProposed',
        effectiveOn: '2024-02-15',
        data: {
          bankDetailsId: 'B1',
          vendorId: 'V1',
          sealed: { encoding: 'aes-256-gcm+base64', keyId: 'k', content: 'B1' },
          comment: 'letter',
        },
      });
    given(waiting, propose('B1'), by('bob'))
      .when(approveDetails('B1'))
      .then({
        type: 'BankDetailsApproved',
        effectiveOn: '2024-02-15',
        data: { bankDetailsId: 'B1', vendorId: 'V1', effectiveFrom: '2024-02-18' },
      });
  });
  it('are known again by their print, not by how they are sealed', () => {
    const sealed = { encoding: 'aes-256-gcm+base64', keyId: 'k', content: 'sealed anew' } as const;
    given(propose('B1')).when(propose('B1', { sealed })).thenNothing();
    given(propose('B1'))
      .when(propose('B1', { print: 'other' }))
      .thenRejected('id-already-used');
  });
  it('are approved by nobody who proposed them, whatever their role, and once', () => {
    given(propose('B1'), by('ann', 'admin'))
      .when(approveDetails('B1'))
      .thenRejected('segregation-of-duties', { personId: 'ann' });
    given(...inForce, by('cid'))
      .when(approveDetails('B1'))
      .thenRejected('already-approved');
  });
  it('are of one vendor, whom there has to be', () => {
    given()
      .when(propose('B1', { vendorId: 'V9' }))
      .thenRejected('not-found');
    given().when(approveDetails('B1')).thenRejected('not-found');
    given(vendor('V2'), propose('B1'), by('bob')).when(approveDetails('B1', 'V2')).thenRejected('not-found');
  });
});

describe('a payment', () => {
  const refused = (status: string, ...steps: Step[]): void =>
    given(...steps)
      .when(payTo('B1'))
      .thenRejected('bank-details-not-in-force', { state: status });

  it('names where it went, if that is in force', () => {
    expect(after(...inForce, payTo('B1')).get('payment/P1').posted.bankDetailsId).toBe('B1');
    after(waiting, ...inForce, today('2024-02-18'), payTo('B1'));
    after(payment('P1', '5.00'));
  });
  it('is refused where nobody has approved it, where it waits, is replaced or erased', () => {
    refused('proposed', propose('B1'));
    refused('waiting', waiting, ...inForce, today('2024-02-17'));
    refused('replaced', ...inForce, propose('B2'), by('ann'), approveDetails('B2'));
    refused('erased', ...inForce, erase);
    given(...inForce, vendor('V2'))
      .when(payment('P1', '5.00', { vendorId: 'V2', bankDetailsId: 'B1' }))
      .thenRejected('unknown-bank-details');
  });
  it('goes to the old ones as long as the new ones wait', () => {
    const changed = [...inForce, waiting, propose('B2'), by('ann'), approveDetails('B2')];
    after(...changed, today('2024-02-17'), payTo('B1'));
    after(...changed, today('2024-02-18'), payTo('B2'));
    given(...changed, today('2024-02-18'))
      .when(payTo('B1'))
      .thenRejected('bank-details-not-in-force', { state: 'replaced' });
  });
});

describe('erasing', () => {
  it('is recorded once, and again where there is something new', () => {
    const event = {
      type: 'VendorDetailsErased',
      effectiveOn: '2024-02-15',
      data: { vendorId: 'V1', reason: 'asked to' },
    };
    given(propose('B1'))
      .when(erase)
      .then(event as never);
    given(propose('B1'), erase).when(erase).thenNothing();
    given().when(erase).thenNothing();
    given(propose('B1'), erase, propose('B2'))
      .when(erase)
      .then(event as never);
  });
  it('lets nobody approve what cannot be read any more', () =>
    given(propose('B1'), erase, by('bob'))
      .when(approveDetails('B1'))
      .thenRejected('bank-details-not-in-force', { state: 'erased' }));
});

const acts = fc.record({
  who: fc.constantFrom('ann', 'bob', 'cid'),
  what: fc.constantFrom('propose', 'approve', 'approve', 'pay', 'pay', 'wait', 'erase', 'policy'),
  which: fc.nat(3),
});

describe('in every history', () => {
  it('what was paid to had been approved by another than had proposed it, and had waited since', () => {
    let paid = 0;
    fc.assert(
      fc.property(fc.array(acts, { minLength: 6, maxLength: 60, size: 'max' }), (all) => {
        const books = after();
        all.forEach(({ who, what, which }, n) => {
          books.actor = { id: who, role: 'admin' };
          const id = `B${which}`;
          if (what === 'wait') books.today = addDays(books.today, which + 1);
          else
            try {
              if (what === 'propose') books.execute(propose(id));
              if (what === 'approve') books.execute(approveDetails(id));
              if (what === 'pay') books.execute(payTo(id, `P${n}`));
              if (what === 'erase' && which === 0) books.execute(erase);
              if (what === 'policy') books.execute(policy({ bankChangeWaitingDays: which }));
            } catch (error) {
              if (!(error instanceof Rejection)) throw error;
            }
        });
        // From the events alone.
        let days = 0;
        const open = new Map<string, { by: string; from?: string }>();
        let inForceNow: string[] = [];
        for (const { type, data, actor, recordedAt } of books.events) {
          const day = recordedAt.slice(0, 10);
          if (type === 'PolicySet') days = data.bankChangeWaitingDays ?? 0;
          if (type === 'BankDetailsProposed') open.set(data.bankDetailsId, { by: actor.id });
          if (type === 'BankDetailsApproved') {
            expect(open.get(data.bankDetailsId)!.by).not.toBe(actor.id);
            open.get(data.bankDetailsId)!.from = addDays(day, days);
            inForceNow = [...inForceNow, data.bankDetailsId];
          }
          if (type === 'VendorDetailsErased') open.clear();
          if (type === 'PaymentMade') {
            const effective = inForceNow.filter((id) => open.get(id)?.from !== undefined && open.get(id)!.from! <= day);
            expect(data.bankDetailsId).toBe(effective.at(-1));
            paid += 1;
          }
        }
      }),
      { numRuns: sampleSize(200, 2_000) },
    );
    expect(paid).toBeGreaterThan(5);
  });
});
