import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  after,
  allocate,
  approve,
  by,
  charge,
  type Books,
  creditNote,
  given,
  invoice,
  payment,
  policy,
  reverse,
  type Step,
  writeOff,
} from '../../test/support/domain.js';
import { sampleSize } from '../../test/support/seed.js';
import type { Command } from './decider.js';
import { Rejection } from './rejection.js';

// Ann gives the commands until a test says otherwise. Today is 2024-02-15.

const above = (amount: string, currency = 'USD') => policy({ approvalAbove: [{ currency, amount }] });
const bill = invoice('I1', '100.00');
const pay = payment('P1', '100.00', { allocations: [['I1', '100.00']] });

describe('a policy', () => {
  it('is set as a whole, amounts in full', () =>
    given()
      .when(policy({ approvalAbove: [{ currency: 'USD', amount: '5' }], reason: 'board' }))
      .then({
        type: 'PolicySet',
        effectiveOn: '2024-02-15',
        data: { approvalAbove: [{ currency: 'USD', amount: '5.00' }], reason: 'board' },
      }));
  it('names each currency once, and no amount below zero', () => {
    const twice = [
      { currency: 'USD', amount: '1' },
      { currency: 'USD', amount: '-2' },
    ];
    given()
      .when(policy({ approvalAbove: twice }))
      .thenMalformed('/approvalAbove/1/currency', '/approvalAbove/1/amount');
  });
  it('replaces the one before', () =>
    expect(after(above('1.00'), policy()).get('ledger').policy).toEqual({
      approvalAbove: [],
    }));
  it('makes the closing of a period no repeat of the one before it', () =>
    given({ type: 'ClosePeriod', period: '2024-01' }, policy())
      .when({ type: 'ClosePeriod', period: '2024-01' })
      .thenRejected('already-closed'));
});

describe('paying what needs an approval', () => {
  const refused = (steps: readonly Step[], command: Command): void =>
    given(...steps)
      .when(command)
      .thenRejected('not-approved', { itemId: 'I1', above: '99.99' });

  it('is refused by every route', () => {
    refused([bill, above('99.99')], pay);
    refused([above('99.99'), bill], payment('P1', '0.01', { allocations: [['I1', '0.01']] }));
    refused([bill, above('99.99'), payment('P1', '100.00')], allocate('A1', 'P1', 'I1', '1.00'));
    // Made while nothing was asked for, and set against it now.
    refused([bill, payment('P1', '100.00'), above('99.99')], allocate('A1', 'P1', 'I1', '1.00'));
  });
  it('is let through once somebody else has approved it, also in parts and again after it bounced', () => {
    const approved = [bill, above('99.99'), by('bob'), approve('I1'), by('ann')];
    expect(after(...approved, pay).open('I1', '2024-02-15')).toBe('0.00');
    expect(
      after(...approved, pay, reverse('P1'), payment('P2', '7', { allocations: [['I1', '7']] })).item('I1'),
    ).toEqual(expect.objectContaining({ approvals: [{ by: 'bob', on: '2024-02-15' }] }));
  });
  it('needs none up to the amount, in another currency, of a charge, or by a credit note', () => {
    after(bill, above('100.00'), pay);
    after(bill, above('0', 'EUR'), pay);
    after(charge('C1', '100.00'), above('0'), payment('P1', '100.00', { allocations: [['C1', '100.00']] }));
    after(bill, above('0'), creditNote('N1', '100.00', { allocations: [['I1', '100.00']] }));
    after(bill, above('0'), writeOff('W1', 'I1'));
  });
  it('goes by the policy of the moment', () => {
    refused([bill, above('500'), above('99.99')], pay);
    after(bill, above('99.99'), policy(), pay);
  });
});

describe('approving', () => {
  it('says who, when and why', () =>
    given(bill, by('bob'))
      .when(approve('I1', 'as ordered'))
      .then({
        type: 'InvoiceApproved',
        effectiveOn: '2024-02-15',
        data: { invoiceId: 'I1', vendorId: 'V1', comment: 'as ordered' },
      }));
  it('is not for whoever entered the invoice, whatever their role', () => {
    for (const role of ['approver', 'admin'])
      given(bill, by('ann', role))
        .when(approve('I1'))
        .thenRejected('segregation-of-duties', { personId: 'ann', duties: ['enter', 'approve'] });
  });
  it('is not for whoever corrected it: by a credit note, by setting one against it, by taking that back', () => {
    const own = (...steps: Step[]) =>
      given(bill, ...steps)
        .when(approve('I1'))
        .thenRejected('segregation-of-duties', { personId: 'bob' });
    own(by('bob'), creditNote('N1', '5.00', { allocations: [['I1', '5.00']] }));
    own(by('cid'), creditNote('N1', '5.00'), by('bob'), allocate('A1', 'N1', 'I1', '5.00'));
    own(by('bob'), creditNote('N1', '5.00'), by('cid'), allocate('A1', 'N1', 'I1', '5.00'), by('bob'));
    own(by('cid'), creditNote('N1', '5.00', { allocations: [['I1', '5.00']] }), by('bob'), reverse('N1.1'));
  });
  it('is for whoever has paid, disputed or held it', () => {
    after(bill, by('bob'), payment('P1', '5.00', { allocations: [['I1', '5.00']] }), approve('I1'));
  });
  it('is done once by each person', () =>
    given(bill, by('bob'), approve('I1'), by('cid'), approve('I1'), by('bob'))
      .when(approve('I1', 'again'))
      .thenRejected('already-approved', { personId: 'bob' }));
  it('is refused of what there is not, what is reversed, and what is paid', () => {
    given().when(approve('I1')).thenRejected('not-found');
    given(bill, reverse('I1'), by('bob')).when(approve('I1')).thenRejected('already-reversed');
    given(bill, pay, by('bob')).when(approve('I1')).thenRejected('nothing-open');
  });
  it('is done anew where the bill comes again', () =>
    given(
      bill,
      above('1'),
      by('bob'),
      approve('I1'),
      reverse('I1'),
      by('ann'),
      invoice('I2', '100.00', { number: 'I1' }),
    )
      .when(payment('P1', '100.00', { allocations: [['I2', '100.00']] }))
      .thenRejected('not-approved', { itemId: 'I2' }));
});

describe('where the policy asks for two people', () => {
  const two = policy({ twoPersonPayment: true });
  const alone = (personId: string, duty: string, command: Command, ...steps: readonly Step[]): void =>
    given(two, bill, ...steps)
      .when(command)
      .thenRejected('segregation-of-duties', { personId, itemId: 'I1', duties: [duty, 'pay'] });

  it('nobody pays what they entered and nobody has approved, by any route', () => {
    alone('ann', 'enter', pay);
    alone('ann', 'enter', pay, by('ann', 'admin'));
    alone('ann', 'enter', allocate('A1', 'P1', 'I1', '1.00'), by('bob'), payment('P1', '100.00'), by('ann'));
    alone('ann', 'enter', allocate('A1', 'P1', 'I1', '1.00'), payment('P1', '100.00'), by('bob'));
  });
  it('nobody pays what they alone approved', () => {
    alone('bob', 'approve', pay, by('bob'), approve('I1'));
    alone('bob', 'approve', allocate('A1', 'P1', 'I1', '1'), by('bob'), approve('I1'), payment('P1', '9'), by('ann'));
    after(two, bill, by('bob'), approve('I1'), by('cid'), approve('I1'), pay);
    after(two, bill, by('bob'), approve('I1'), by('cid'), approve('I1'), by('bob'), pay);
  });
  it('whoever entered it pays it once somebody else has approved it, and everybody else at once', () => {
    after(two, bill, by('bob'), approve('I1'), by('ann'), pay);
    after(two, bill, by('bob'), pay);
  });
  it('nobody approves afterwards what they paid', () => {
    const part = payment('P1', '5.00', { allocations: [['I1', '5.00']] });
    given(two, bill, by('bob'), part)
      .when(approve('I1'))
      .thenRejected('segregation-of-duties', { personId: 'bob', duties: ['pay', 'approve'] });
    given(two, bill, by('bob'), payment('P1', '5.00'), by('cid'), allocate('A1', 'P1', 'I1', '5.00'), by('bob'))
      .when(approve('I1'))
      .thenRejected('segregation-of-duties', { personId: 'bob' });
    after(two, bill, by('bob'), part, by('cid'), approve('I1'));
  });
  it('charges are paid, and credit notes set, by whoever entered them', () => {
    after(two, charge('C1', '5.00'), payment('P1', '5.00', { allocations: [['C1', '5.00']] }));
    after(two, bill, creditNote('N1', '5.00', { allocations: [['I1', '5.00']] }));
  });
});

// Three people who may all do everything, and few bills, so that they get in each other's way.

const people = ['ann', 'bob', 'cid'] as const;
const acts = fc.record({
  who: fc.constantFrom(...people),
  what: fc.constantFrom(
    'enter',
    'approve',
    'approve',
    'pay',
    'pay',
    'on account',
    'allocate',
    'credit',
    'undo',
    'policy',
    'two',
  ),
  which: fc.nat(3),
  size: fc.integer({ min: 1, max: 9 }),
});
type Act = typeof acts extends fc.Arbitrary<infer T> ? T : never;

const commandOf = ({ what, which, size }: Act, n: number): Command => {
  const [item, amount] = [`I${which}`, `${size}.00`];
  switch (what) {
    case 'enter':
      return invoice(item, `${5 + size}.00`);
    case 'approve':
      return approve(item);
    case 'pay':
      return payment(`P${n}`, amount, { allocations: [[item, amount]] });
    case 'on account':
      return payment(`PA${which}`, '20.00');
    case 'allocate':
      return allocate(`A${n}`, `PA${size % 4}`, item, amount);
    case 'credit':
      return creditNote(`N${n}`, '1.00', { allocations: [[item, '1.00']] });
    case 'undo':
      return reverse(which % 2 === 0 ? item : `PA${size % 4}`);
    case 'policy':
      return above(`${size}.00`);
    case 'two':
      return policy({ twoPersonPayment: true, approvalAbove: [{ currency: 'USD', amount: `${size}.00` }] });
  }
};

/** Plays some acts; what is refused has not happened. */
const played = (all: readonly Act[]): Books => {
  const books = after();
  all.forEach((act, n) => {
    books.actor = { id: act.who, role: 'admin' };
    try {
      books.execute(commandOf(act, n));
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
    }
  });
  return books;
};

const histories = fc.array(acts, { minLength: 4, maxLength: 60, size: 'max' });

describe('in every history', () => {
  it('nothing above the limit of the moment is paid before somebody approves who neither entered nor corrected it', () => {
    let [paid, approved] = [0, 0];
    fc.assert(
      fc.property(histories, (all) => {
        // From the events alone: what they say, and who recorded them.
        let limit = Infinity;
        const totals = new Map<string, number>();
        const hands = new Map<string, Set<string>>();
        const approvals = new Set<string>();
        const issuers = new Map<string, string>();
        for (const { type, data, actor } of played(all).events) {
          if (type === 'PolicySet') limit = Number(data.approvalAbove[0]!.amount);
          if (type === 'InvoicePosted') {
            totals.set(data.invoiceId, Number(data.total));
            hands.set(data.invoiceId, new Set([actor.id]));
          }
          if (type === 'CreditNotePosted') issuers.set(data.creditNoteId, actor.id);
          if (type === 'InvoiceApproved') {
            expect(hands.get(data.invoiceId)!.has(actor.id)).toBe(false);
            approvals.add(data.invoiceId);
            approved += 1;
          }
          if (type !== 'Allocated' || !('invoiceId' in data.to)) continue;
          const { invoiceId } = data.to;
          if ('creditNoteId' in data.from)
            hands.get(invoiceId)!.add(actor.id).add(issuers.get(data.from.creditNoteId)!);
          else {
            expect(totals.get(invoiceId)! > limit && !approvals.has(invoiceId)).toBe(false);
            if (totals.get(invoiceId)! > limit) paid += 1;
          }
        }
      }),
      { numRuns: sampleSize(200, 2_000) },
    );
    // What is never tried proves nothing.
    expect(Math.min(paid, approved)).toBeGreaterThan(5);
  });

  it('nobody has paid what they alone entered and approved, nor, where two are asked for, what they alone did either of', () => {
    let paid = 0;
    fc.assert(
      fc.property(histories, (all) => {
        let isForTwo = false;
        const enterers = new Map<string, string>();
        const approvers = new Map<string, Set<string>>();
        const payers = new Map<string, Set<string>>();
        const makers = new Map<string, string>();
        for (const { type, data, actor } of played(all).events) {
          if (type === 'PolicySet') isForTwo = data.twoPersonPayment === true;
          if (type === 'InvoicePosted') enterers.set(data.invoiceId, actor.id);
          if (type === 'PaymentMade') makers.set(data.paymentId, actor.id);
          if (type === 'InvoiceApproved') {
            approvers.set(data.invoiceId, (approvers.get(data.invoiceId) ?? new Set()).add(actor.id));
            expect(isForTwo && (payers.get(data.invoiceId)?.has(actor.id) ?? false)).toBe(false);
          }
          if (type !== 'Allocated' || !('invoiceId' in data.to) || !('paymentId' in data.from)) continue;
          const { invoiceId } = data.to;
          const approvedBy = [...(approvers.get(invoiceId) ?? [])];
          for (const payer of [actor.id, makers.get(data.from.paymentId)!]) {
            payers.set(invoiceId, (payers.get(invoiceId) ?? new Set()).add(payer));
            const isOnlyApprover = approvedBy.join() === payer;
            const didEnter = enterers.get(invoiceId) === payer;
            expect(isOnlyApprover && didEnter).toBe(false);
            if (!isForTwo) continue;
            expect(isOnlyApprover || (approvedBy.length === 0 && didEnter)).toBe(false);
            paid += 1;
          }
        }
      }),
      { numRuns: sampleSize(200, 2_000) },
    );
    expect(paid).toBeGreaterThan(5);
  });
});
