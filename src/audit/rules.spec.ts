import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { noCurrency } from '../domain/access.js';
import { type History, histories, play } from '../../test/support/domain-histories.js';
import { sampleSize } from '../../test/support/seed.js';
import type { AccountRole, AccountType, ApEvent, DataOf, EventType, RecordedEvent } from '../domain/events.js';
import { Accounts } from './accounts.js';
import { Texts } from './columns.js';
import { PrintMap } from './prints.js';
import { Rules } from './rules.js';

const event = <T extends EventType>(type: T, effectiveOn: string, data: DataOf<T>): ApEvent =>
  ({ type, effectiveOn, data }) as ApEvent;

const opened = event('LedgerOpened', '2024-01-02', {
  ledgerId: 'acme',
  name: 'Acme',
  currency: 'USD',
  timeZone: 'UTC',
});
const registered = (vendorId: string): ApEvent =>
  event('VendorRegistered', '2024-01-02', { vendorId, name: vendorId, kind: 'supplier' });
const posted = (invoiceId: string, more: Partial<DataOf<'InvoicePosted'>> = {}): ApEvent => {
  const data = {
    invoiceId,
    vendorId: 'V1',
    number: `N-${invoiceId}`,
    invoiceDate: '2024-02-01',
    postingDate: '2024-02-01',
    currency: 'USD',
    lines: [{ amount: '100.00', tax: '20.00' }],
    total: '120.00',
    schedule: [{ dueOn: '2024-03-01', amount: '120.00' }],
    ...more,
  };
  return event('InvoicePosted', data.postingDate, data);
};
const paid = (paymentId: string, more: Partial<DataOf<'PaymentMade'>> = {}): ApEvent => {
  const data = { paymentId, vendorId: 'V1', paidOn: '2024-02-10', currency: 'USD', amount: '120.00', ...more };
  return event('PaymentMade', data.paidOn, data);
};
const allocated = (allocationId: string, more: Partial<DataOf<'Allocated'>> = {}): ApEvent => {
  const data = {
    allocationId,
    vendorId: 'V1',
    from: { paymentId: 'P1' },
    to: { invoiceId: 'I1' },
    currency: 'USD',
    amount: '120.00',
    on: '2024-02-10',
    ...more,
  };
  return event('Allocated', data.on, data);
};
const charted = (account: string, type: AccountType, role?: AccountRole): ApEvent =>
  event('AccountSet', '2024-02-01', { account, name: account, type, on: '2024-02-01', ...(role && { for: role }) });
/** An invoice of one line, on an account, and one of nothing on another. */
const linesOn = (account: string, other = account): Partial<DataOf<'InvoicePosted'>> => ({
  lines: [
    { account, amount: '120.00' },
    { account: other, amount: '0.00' },
  ],
});
/** 2 % if it is paid by 11 February. */
const early = posted('I1', { terms: { netDays: 30, discount: { percent: '2', days: 10 } } });
const discounted = (
  allocationId: string,
  amount: string,
  discount: string,
  discountTax: string,
  more: Partial<DataOf<'Allocated'>> = {},
): ApEvent => allocated(allocationId, { amount, discount, discountTax, on: '2024-02-11', ...more });
const invoiceReversed = (on: string): ApEvent =>
  event('InvoiceReversed', on, { invoiceId: 'I1', vendorId: 'V1', reason: 'x', on });
const paymentReversed = (on: string): ApEvent =>
  event('PaymentReversed', on, { paymentId: 'P1', vendorId: 'V1', reason: 'x', on });
const allocationReversed = (on: string, more: Partial<DataOf<'AllocationReversed'>> = {}): ApEvent =>
  event('AllocationReversed', on, {
    allocationId: 'A1',
    vendorId: 'V1',
    from: { paymentId: 'P1' },
    to: { invoiceId: 'I1' },
    reason: 'x',
    on,
    ...more,
  });
const deferred = (deferralId: string, on: string, amount = '120.00'): ApEvent =>
  event('PaymentDeferred', on, {
    deferralId,
    invoiceId: 'I1',
    vendorId: 'V1',
    currency: 'USD',
    amount,
    until: '2024-06-01',
    agreed: true,
    reason: 'x',
    on,
  });
const withdrawn = (deferralId: string, on: string): ApEvent =>
  event('DeferralWithdrawn', on, { deferralId, invoiceId: 'I1', vendorId: 'V1', reason: 'x', on });
const moved = (deferralId: string, amount: string, beyond: string): ApEvent => {
  const later = deferred(deferralId, '2024-02-03', amount);
  return { ...later, data: { ...later.data, beyond } } as ApEvent;
};
const consequences = (more: Partial<DataOf<'ConsequencesSet'>> = {}): ApEvent =>
  event('ConsequencesSet', '2024-01-01', { vendorId: 'V1', effectiveOn: '2024-01-01', source: 'x', tier: 3, ...more });
const offered = (offerId: string, more: Partial<DataOf<'OfferRecorded'>> = {}): ApEvent =>
  event('OfferRecorded', '2024-02-03', {
    offerId,
    invoiceId: 'I1',
    vendorId: 'V1',
    currency: 'USD',
    cost: '5.00',
    curesCutoffs: true,
    schedule: [
      { on: '2024-04-01', amount: '60.00' },
      { on: '2024-05-01', amount: '60.00' },
    ],
    source: 'x',
    ...more,
  });
const stated = (balanceId: string, balance = '-5.00'): ApEvent =>
  event('CashBalanceStated', '2024-02-03', { balanceId, account: 'main', currency: 'USD', on: '2024-02-03', balance });
const expected = (expectationId: string, more: Partial<DataOf<'CashExpected'>> = {}): ApEvent => {
  const what = { direction: 'outflow', on: '2024-03-05', amount: '40.00', currency: 'USD', certainty: '0.95' } as const;
  return event('CashExpected', '2024-03-05', { expectationId, ...what, ...more });
};
const unexpected = (expectationId: string): ApEvent =>
  event('CashExpectationWithdrawn', '2024-02-03', { expectationId, reason: 'x' });
const packed = (text: string) =>
  ({ encoding: 'gzip+base64', bytes: text.length, content: gzipSync(text).toString('base64') }) as const;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const proposed = (planId: string, more: Partial<DataOf<'CashPlanProposed'>> = {}): ApEvent =>
  event('CashPlanProposed', '2024-02-03', {
    planId,
    asOf: '2024-02-03',
    position: 3,
    currency: 'USD',
    engine: 'x',
    proven: true,
    reproducible: true,
    cost: '12.00',
    lowerBound: '11.99',
    gap: '0.000834',
    inputs: packed('{"a":1}'),
    inputsHash: sha256('{"a":1}'),
    plan: packed('{"b":2}'),
    planHash: sha256('{"b":2}'),
    ...more,
  });
const adopted = (planId: string, more: Partial<DataOf<'CashPlanAdopted'>> = {}): ApEvent => {
  const data = { planId, on: '2024-02-03', deferrals: 0, withdrawals: 0, charges: 0, ...more };
  return event('CashPlanAdopted', data.on, data);
};
const closed = (on: string, closedThrough: string): ApEvent =>
  event('PeriodClosed', on, { period: closedThrough.slice(0, 7), closedThrough });

/** The same event, recorded by somebody else than ann. */
const by = (id: string, one: ApEvent): ApEvent => ({ ...one, actor: { id, role: 'clerk' } }) as unknown as ApEvent;
const policySet = (amount: string): ApEvent =>
  event('PolicySet', '2024-02-02', { approvalAbove: [{ currency: 'USD', amount }] });
const proposedDetails = (bankDetailsId: string, vendorId = 'V1'): ApEvent =>
  event('BankDetailsProposed', '2024-02-02', {
    bankDetailsId,
    vendorId,
    sealed: { encoding: 'aes-256-gcm+base64', keyId: 'k', content: 'x' },
  });
const approvedDetails = (bankDetailsId: string, effectiveFrom = '2024-02-03', vendorId = 'V1'): ApEvent =>
  by('bob', event('BankDetailsApproved', '2024-02-03', { bankDetailsId, vendorId, effectiveFrom }));
const erasedDetails = event('VendorDetailsErased', '2024-02-04', { vendorId: 'V1', reason: 'x' });
const waiting = event('PolicySet', '2024-02-02', { approvalAbove: [], bankChangeWaitingDays: 5 });
const twoPersons = event('PolicySet', '2024-02-02', { approvalAbove: [], twoPersonPayment: true });
const approved = (invoiceId = 'I1'): ApEvent => event('InvoiceApproved', '2024-02-03', { invoiceId, vendorId: 'V1' });
const credited = event('CreditNotePosted', '2024-02-03', {
  creditNoteId: 'N1',
  vendorId: 'V1',
  number: 'N1',
  date: '2024-02-03',
  currency: 'USD',
  total: '20.00',
});
const setAgainst = allocated('A9', { from: { creditNoteId: 'N1' }, amount: '20.00' });

const installed = event('LedgerOpened', '2024-01-02', {
  ledgerId: '_installation',
  name: 'Access',
  currency: noCurrency,
  timeZone: 'UTC',
});
const granted = (ledger: string, ...roles: DataOf<'AccessGranted'>['roles']): ApEvent =>
  event('AccessGranted', '2024-02-03', { personId: 'ann', ledger, roles });
const revoked = (ledger: string, ...roles: DataOf<'AccessRevoked'>['roles']): ApEvent =>
  event('AccessRevoked', '2024-02-03', { personId: 'ann', ledger, roles, reason: 'x' });
const issued = (tokenId: string, more: Partial<DataOf<'TokenIssued'>> = {}): ApEvent => {
  const about = { personId: 'ann', expiresAt: '2024-06-01T00:00:00.000000Z', prefix: 'dbk_x', hash: sha256(tokenId) };
  return event('TokenIssued', '2024-02-03', { tokenId, ...about, ...more });
};
const tokenRevoked = (tokenId: string, personId = 'ann'): ApEvent =>
  event('TokenRevoked', '2024-02-03', { tokenId, personId, reason: 'x' });

const asserted = (issuedAt: string, ...roles: DataOf<'AccessGranted'>['roles']): ApEvent =>
  event('AccessAsserted', '2024-02-03', {
    personId: 'ann',
    issuer: 'https://login.example.com/',
    issuedAt: `${issuedAt}T00:00:00.000000Z`,
    grants: [{ ledger: '_installation', roles }],
  });

/** What is found in a history, and in the end. */
const faultsOf = (...events: readonly ApEvent[]): string[] => {
  const rules = new Rules(() => Buffer.alloc(32, 7));
  const found = events.flatMap((one, n) =>
    rules.judge({
      actor: { id: 'ann', role: 'clerk' },
      ...one,
      position: n + 1,
      recordedAt: `${one.effectiveOn}T09:00:00.000000Z`,
    } as RecordedEvent),
  );
  return [...found, ...rules.disagreements()];
};
const start = [opened, registered('V1'), registered('V2')] as const;

describe('a history that keeps the rules', () => {
  it.each([
    [
      'a payment and its end',
      [posted('I1'), paid('P1'), allocated('A1'), paymentReversed('2024-02-20'), allocationReversed('2024-02-20')],
    ],
    [
      'a reversal once nothing leans on it',
      [posted('I1'), paid('P1'), allocated('A1'), allocationReversed('2024-02-11'), invoiceReversed('2024-02-11')],
    ],
    [
      'a number again after its invoice was reversed',
      [posted('I1'), invoiceReversed('2024-02-01'), posted('I2', { number: 'N-I1' })],
    ],
    [
      'a number again with a reason',
      [posted('I1'), posted('I2', { number: 'n i1', allowDuplicate: { reason: 'two' } })],
    ],
    ['a number again in another year', [posted('I1'), posted('I2', { number: 'N-I1', invoiceDate: '2023-02-01' })]],
    [
      'other accounts for payables and credit, changed between what is posted and what takes it back',
      [
        posted('I1'),
        charted('2110', 'liability', 'payables'),
        paid('P1'),
        allocated('A1'),
        charted('1300', 'asset', 'on-account'),
        charted('payables', 'liability', 'payables'),
        allocationReversed('2024-02-12'),
        invoiceReversed('2024-02-12'),
      ],
    ],
    [
      'an account for payables that only lines of nothing name, and one for expenses that lines are posted to',
      [
        posted('I1', linesOn('5000', '2110')),
        posted('I3', {
          lines: ['200.00', '-80.00', '5.00', '-5.00'].map((amount, n) => ({
            account: n < 2 ? '5000' : '2110',
            amount,
          })),
        }),
        charted('2110', 'liability', 'payables'),
        charted('5000', 'expense', 'expense'),
        posted('I2', linesOn('5000')),
      ],
    ],
    ['a settlement discount', [posted('I1'), paid('P1'), discounted('A1', '117.60', '2.40', '0.40')]],
    [
      'a settlement discount of before its terms were a rule',
      [
        early,
        paid('P1', { paidOn: '2024-02-12' }),
        allocated('A1', { amount: '100.00', discount: '20.00', on: '2024-02-12' }),
        allocationReversed('2024-02-12'),
      ],
    ],
    [
      'a discount by the terms, in two parts, one of them anew',
      [
        early,
        paid('P1', { paidOn: '2024-02-11' }),
        discounted('A1', '49.00', '1.00', '0.17'),
        discounted('A2', '68.60', '1.40', '0.23'),
        allocationReversed('2024-02-11'),
        discounted('A3', '49.00', '1.00', '0.17'),
      ],
    ],
    [
      'deferrals, the last of which is withdrawn',
      [
        posted('I1'),
        deferred('D1', '2024-02-03'),
        deferred('D2', '2024-02-04'),
        withdrawn('D2', '2024-02-05'),
        withdrawn('D1', '2024-02-05'),
      ],
    ],
    [
      'an invoice that needs an approval and is paid with one',
      [policySet('119.99'), posted('I1'), paid('P1'), by('bob', approved()), allocated('A1')],
    ],
    ['an invoice just below what needs an approval', [policySet('120.00'), posted('I1'), paid('P1'), allocated('A1')]],
    [
      'an invoice that needed an approval under an earlier policy',
      [policySet('0.00'), posted('I1'), paid('P1'), policySet('500.00'), allocated('A1')],
    ],
    [
      'two people, where two are asked for: one entered, one paid',
      [twoPersons, posted('I1'), by('bob', paid('P1')), by('bob', allocated('A1'))],
    ],
    [
      'two people: one entered and paid, one approved',
      [twoPersons, posted('I1'), by('bob', approved()), paid('P1'), allocated('A1')],
    ],
    ['one person, before two were asked for', [posted('I1'), paid('P1'), allocated('A1'), twoPersons]],
    [
      'bank details, paid to once they are approved',
      [proposedDetails('B1'), approvedDetails('B1'), paid('P1', { bankDetailsId: 'B1' })],
    ],
    [
      'bank details, paid to once they have waited, and replaced',
      [
        waiting,
        proposedDetails('B1'),
        approvedDetails('B1', '2024-02-08'),
        paid('P1', { bankDetailsId: 'B1' }),
        proposedDetails('B2'),
        approvedDetails('B2', '2024-02-20'),
        paid('P2', { bankDetailsId: 'B1' }),
        paid('P3', { paidOn: '2024-02-22', bankDetailsId: 'B2' }),
      ],
    ],
    [
      'bank details that are erased, and others',
      [proposedDetails('B1'), erasedDetails, proposedDetails('B2'), approvedDetails('B2')],
    ],
    ['a credit note against what nobody has approved', [policySet('0.00'), posted('I1'), credited, setAgainst]],
    ['two approvals', [posted('I1'), by('bob', approved()), by('cid', approved())]],
    ['a closing, and what comes after it', [closed('2024-02-05', '2024-01-31'), posted('I1')]],
    [
      'yen, which have no decimals',
      [
        posted('I1', {
          currency: 'JPY',
          lines: [{ amount: '120' }],
          total: '120',
          schedule: [{ dueOn: '2024-03-01', amount: '120' }],
        }),
        invoiceReversed('2024-02-02'),
      ],
    ],
    ['a part moved beyond another', [posted('I1'), moved('D1', '20.00', '100.00'), moved('D2', '60.00', '40.00')]],
    ['consequences, also before a closing', [posted('I1'), consequences(), consequences({ invoiceId: 'I1' })]],
    ['an offer for what is open', [posted('I1'), offered('O1')]],
    ['balances, and cash that is expected no longer', [stated('B1'), expected('E1'), unexpected('E1')]],
    [
      'a plan, and its adoption with what it made',
      [posted('I1'), proposed('CP1'), deferred('D1', '2024-02-03'), adopted('CP1', { deferrals: 1 })],
    ],
  ] as const)('has no fault: %s', (_, events) => expect(faultsOf(...start, ...events)).toEqual([]));
});

it('what the rules of the books let through has no fault, discounts included', () =>
  fc.assert(
    fc.property(histories, (history: History) => {
      const rules = new Rules(() => Buffer.alloc(32, 7));
      for (const one of play(history).books.events) expect([one.type, rules.judge(one)]).toEqual([one.type, []]);
      expect(rules.disagreements()).toEqual([]);
    }),
    { numRuns: sampleSize(40, 1_500) },
  ));

it('a history of access that keeps the rules has no fault', () =>
  expect(
    faultsOf(
      ...[installed, granted('acme', 'clerk', 'admin'), granted('*', 'clerk'), issued('T1'), revoked('acme', 'clerk')],
      ...[granted('acme', 'clerk'), tokenRevoked('T1'), issued('T2'), granted('_installation', 'auditor')],
      ...[asserted('2024-02-02', 'auditor', 'admin'), asserted('2024-02-02'), asserted('2024-02-03', 'auditor')],
    ),
  ).toEqual([]));

describe('a fault is found:', () => {
  it.each<[string, readonly ApEvent[]]>([
    [
      'has 2110 stand for cash, which stands for payables',
      [...start, charted('2110', 'liability', 'payables'), charted('2110', 'asset', 'cash')],
    ],
    [
      'has cash:main stand for payables, which stands for cash',
      [...start, charted('cash:main', 'liability', 'payables')],
    ],
    [
      'has 2110 stand for payables, and lines before it are posted to it',
      [...start, posted('I1', linesOn('2110')), charted('2110', 'liability', 'payables')],
    ],
    [
      'has 1000 stand for cash, and lines before it are posted to it',
      [...start, posted('I1', linesOn('1000:main')), charted('1000', 'asset', 'cash')],
    ],
    [
      'posts to 2110, which only the ledger posts to',
      [...start, charted('2110', 'liability', 'payables'), posted('I1', linesOn('2110'))],
    ],
    ['says that 2110 is of type asset, and it stands for payables', [...start, charted('2110', 'asset', 'payables')]],
    [
      'which was to be had until 2024-02-11',
      [
        ...start,
        early,
        paid('P1', { paidOn: '2024-02-12' }),
        discounted('A1', '117.60', '2.40', '0.40', { on: '2024-02-12' }),
      ],
    ],
    [
      "more than the 2 % of its invoice's terms",
      [...start, early, paid('P1'), discounted('A1', '117.59', '2.41', '0.40')],
    ],
    [
      "more than the 2 % of its invoice's terms",
      [...start, early, paid('P1'), discounted('A1', '0.24', '0.01', '0.00'), discounted('A2', '0.24', '0.01', '0.00')],
    ],
    ['not the share of tax in its invoice', [...start, early, paid('P1'), discounted('A1', '117.60', '2.40', '0.41')]],
    [
      'not the share of tax in its invoice',
      [
        ...start,
        early,
        paid('P1'),
        discounted('A1', '49.00', '1.00', '0.17'),
        discounted('A2', '49.00', '1.00', '0.17'),
      ],
    ],
    [
      'takes a discount from a credit note',
      [...start, posted('I1'), credited, discounted('A1', '9.80', '0.20', '0.03', { from: { creditNoteId: 'N1' } })],
    ],
    ['does not belong into the ledger acme', [opened, granted('acme', 'clerk')]],
    ['does not belong into the ledger _installation', [installed, registered('V1')]],
    [
      'grants ann the role clerk, who has it in acme already',
      [installed, granted('acme', 'clerk'), granted('acme', 'clerk')],
    ],
    ['grants clerk, which is no role in _installation', [installed, granted('_installation', 'clerk')]],
    ['grants nothing', [installed, granted('acme')]],
    ['revokes nothing', [installed, revoked('acme')]],
    ['of ann, who has it not in acme', [installed, granted('*', 'clerk'), revoked('acme', 'clerk')]],
    ['uses the id of token T1 again', [installed, issued('T1'), issued('T1')]],
    ['what is no SHA-256', [installed, issued('T1', { hash: 'a-token-itself' })]],
    ['that has expired already', [installed, issued('T1', { expiresAt: '2024-02-01T00:00:00.000000Z' })]],
    ['revokes token T1, which there is not', [installed, tokenRevoked('T1')]],
    ['which is revoked already', [installed, issued('T1'), tokenRevoked('T1'), tokenRevoked('T1')]],
    ['is older than what was said of ann before', [installed, asserted('2024-02-02'), asserted('2024-02-01')]],
    ['grants clerk, which is no role in _installation', [installed, asserted('2024-02-02', 'clerk')]],
    ["revokes token T1, which is ann's", [installed, issued('T1'), tokenRevoked('T1', 'bob')]],
    ['comes before the ledger is opened', [registered('V1')]],
    ['opens a ledger that is open already', [opened, opened]],
    ['registers vendor V1 again', [...start, registered('V1')]],
    ['names vendor V9, who is not registered', [...start, posted('I1', { vendorId: 'V9' })]],
    ['uses the id of invoice I1 again', [...start, posted('I1'), posted('I1', { number: 'other' })]],
    ['a total that is not the sum of its lines', [...start, posted('I1', { lines: [{ amount: '100.00' }] })]],
    ['debits and credits that differ by', [...start, posted('I1', { lines: [{ amount: '100.00' }] })]],
    [
      'a schedule that does not add up',
      [...start, posted('I1', { schedule: [{ dueOn: '2024-03-01', amount: '119.99' }] })],
    ],
    [
      'posts to payables, which only the ledger posts to',
      [...start, posted('I1', { lines: [{ amount: '120.00', account: 'payables' }] })],
    ],
    ['the invoice at position 4 has already', [...start, posted('I1'), posted('I2', { number: 'n/i01' })]],
    [
      'the invoice at position 5 has already',
      [
        ...[...start, posted('I1'), posted('I2', { number: 'N-I1', allowDuplicate: { reason: 'two' } })],
        ...[invoiceReversed('2024-02-20'), posted('I3', { number: 'N-I1' })],
      ],
    ],
    [
      'takes effect on 2024-02-02, and its data that it is 2024-02-01',
      [...start, { ...posted('I1'), effectiveOn: '2024-02-02' }],
    ],
    ['not above zero', [...start, paid('P1', { amount: '0.00' })]],
    ["can't be read as PaymentMade", [...start, paid('P1', { amount: '1e3' })]],
    ['names invoice I1, which there is not', [...start, paid('P1'), allocated('A1')]],
    [
      'pays an invoice that needs an approval and has none',
      [...start, policySet('119.99'), posted('I1'), paid('P1'), allocated('A1')],
    ],
    [
      'pays an invoice that needs an approval and has none',
      [...start, posted('I1'), paid('P1'), policySet('0.00'), allocated('A1')],
    ],
    ["is ann's alone, and takes two people", [...start, twoPersons, posted('I1'), paid('P1'), allocated('A1')]],
    [
      "is ann's alone, and takes two people",
      [...start, twoPersons, posted('I1'), paid('P1'), by('bob', allocated('A1'))],
    ],
    [
      "is bob's alone, and takes two people",
      [...start, twoPersons, posted('I1'), by('bob', approved()), paid('P1'), by('bob', allocated('A1'))],
    ],
    [
      "is bob's approval of what they paid",
      [
        ...start,
        twoPersons,
        posted('I1'),
        by('bob', paid('P1')),
        by('cid', allocated('A1', { amount: '5.00' })),
        by('bob', approved()),
      ],
    ],
    ['uses the id of bank details B1 again', [...start, proposedDetails('B1'), proposedDetails('B1')]],
    ['names bank details B1, which there are not', [...start, approvedDetails('B1')]],
    ["names bank details B1, which are vendor V2's", [...start, proposedDetails('B1', 'V2'), approvedDetails('B1')]],
    ['which are approved already', [...start, proposedDetails('B1'), approvedDetails('B1'), approvedDetails('B1')]],
    ["is bob's approval of what they proposed", [...start, by('bob', proposedDetails('B1')), approvedDetails('B1')]],
    ['before 5 days have passed', [...start, waiting, proposedDetails('B1'), approvedDetails('B1', '2024-02-05')]],
    [
      'approves bank details B1, which are erased',
      [...start, proposedDetails('B1'), erasedDetails, approvedDetails('B1')],
    ],
    ['names bank details B1, which there are not', [...start, paid('P1', { bankDetailsId: 'B1' })]],
    ['which nobody has approved', [...start, proposedDetails('B1'), paid('P1', { bankDetailsId: 'B1' })]],
    [
      'which are to wait until 2024-02-20',
      [...start, proposedDetails('B1'), approvedDetails('B1', '2024-02-20'), paid('P1', { bankDetailsId: 'B1' })],
    ],
    [
      'pays to bank details B1, which are erased',
      [...start, proposedDetails('B1'), approvedDetails('B1'), erasedDetails, paid('P1', { bankDetailsId: 'B1' })],
    ],
    [
      'whose place others have taken',
      [
        ...start,
        proposedDetails('B1'),
        approvedDetails('B1'),
        proposedDetails('B2'),
        approvedDetails('B2'),
        paid('P1', { bankDetailsId: 'B1' }),
      ],
    ],
    ["is ann's approval of what they entered", [...start, posted('I1'), approved()]],
    [
      "is bob's approval of what they corrected",
      [...start, posted('I1'), credited, by('bob', setAgainst), by('bob', approved())],
    ],
    [
      "is cid's approval of what they corrected",
      [...start, posted('I1'), by('cid', credited), by('bob', setAgainst), by('cid', approved())],
    ],
    [
      "is cid's approval of what they corrected",
      [
        ...start,
        posted('I1'),
        credited,
        setAgainst,
        by('cid', allocationReversed('2024-02-11', { allocationId: 'A9', from: { creditNoteId: 'N1' } })),
        by('cid', approved()),
      ],
    ],
    [
      "is bob's second approval of the same invoice",
      [...start, posted('I1'), by('bob', approved()), by('bob', approved())],
    ],
    [
      'approves an invoice that is reversed',
      [...start, posted('I1'), invoiceReversed('2024-02-11'), by('bob', approved())],
    ],
    [
      'approves an invoice of which nothing is open',
      [...start, posted('I1'), paid('P1'), allocated('A1'), by('bob', approved())],
    ],
    ['names invoice I7, which there is not', [...start, by('bob', approved('I7'))]],
    ['which is below zero', [...start, policySet('-1.00')]],
    [
      'names USD twice',
      [
        ...start,
        event('PolicySet', '2024-02-02', {
          approvalAbove: [
            { currency: 'USD', amount: '1.00' },
            { currency: 'USD', amount: '2.00' },
          ],
        }),
      ],
    ],
    ['names payment P1, which there is not', [...start, posted('I1'), allocated('A1')]],
    [
      "names payment P1, which is vendor V2's",
      [...start, posted('I1'), paid('P1', { vendorId: 'V2' }), allocated('A1')],
    ],
    [
      'names payment P1, which is in JPY',
      [...start, posted('I1'), paid('P1', { currency: 'JPY', amount: '120' }), allocated('A1')],
    ],
    [
      'leaves invoice I1 with less than nothing on 2024-02-10',
      [...start, posted('I1'), paid('P1', { amount: '900.00' }), allocated('A1', { amount: '120.01' })],
    ],
    [
      'leaves payment P1 with less than nothing',
      [...start, posted('I1'), paid('P1', { amount: '119.99' }), allocated('A1')],
    ],
    [
      'leaves payment P1 with less than nothing on 2024-02-08',
      [...start, posted('I1'), paid('P1'), allocated('A1', { on: '2024-02-08' })],
    ],
    [
      'before it counts',
      [...start, posted('I1'), paid('P1', { paidOn: '2024-01-20' }), allocated('A1', { on: '2024-01-20' })],
    ],
    [
      'uses the id of allocation A1 again',
      [...start, posted('I1'), paid('P1'), allocated('A1', { amount: '1.00' }), allocated('A1', { amount: '1.00' })],
    ],
    [
      'allocations or write-offs still lean on',
      [...start, posted('I1'), paid('P1'), allocated('A1'), invoiceReversed('2024-02-20')],
    ],
    [
      'which is reversed already',
      [...start, posted('I1'), invoiceReversed('2024-02-20'), invoiceReversed('2024-02-20')],
    ],
    ['before the day from which it counts', [...start, posted('I1'), invoiceReversed('2024-01-20')]],
    [
      'takes from invoice I1, which is reversed',
      [...start, posted('I1'), paid('P1'), invoiceReversed('2024-02-20'), allocated('A1')],
    ],
    [
      'something still leans on it',
      [...start, posted('I1'), paid('P1'), allocated('A1'), paymentReversed('2024-02-20')],
    ],
    ['allocation A1, which there is not', [...start, posted('I1'), paid('P1'), allocationReversed('2024-02-20')]],
    [
      'allocation A1 before it takes effect',
      [...start, posted('I1'), paid('P1'), allocated('A1'), allocationReversed('2024-02-09')],
    ],
    [
      'reverses allocation A1 of payment P2, from which it does not take',
      [
        ...start,
        posted('I1'),
        paid('P1'),
        paid('P2'),
        allocated('A1'),
        allocationReversed('2024-02-11', { from: { paymentId: 'P2' } }),
      ],
    ],
    ['more than was open on its day', [...start, posted('I1'), deferred('D1', '2024-02-03', '120.01')]],
    [
      'before the latest deferral',
      [...start, posted('I1'), deferred('D1', '2024-02-03'), deferred('D2', '2024-02-02')],
    ],
    [
      'not the last deferral in force',
      [
        ...start,
        posted('I1'),
        deferred('D1', '2024-02-03'),
        deferred('D2', '2024-02-04'),
        withdrawn('D1', '2024-02-05'),
      ],
    ],
    ['the books are closed through 2024-02-29', [...start, closed('2024-03-02', '2024-02-29'), posted('I1')]],
    [
      'closes what is closed already',
      [...start, closed('2024-03-02', '2024-02-29'), closed('2024-03-02', '2024-01-31')],
    ],
    [
      'reopens what is not closed',
      [...start, event('PeriodReopened', '2024-02-02', { period: '2024-01', closedThrough: null })],
    ],
    ['more than was open on its day', [...start, posted('I1'), moved('D1', '20.00', '100.01')]],
    ['what stays as it is 0.00', [...start, posted('I1'), moved('D1', '20.00', '0.00')]],
    ['names vendor V9', [...start, consequences({ vendorId: 'V9' })]],
    ['names invoice I9, which there is not', [...start, consequences({ invoiceId: 'I9' })]],
    ["which is vendor V1's", [...start, posted('I1'), consequences({ vendorId: 'V2', invoiceId: 'I1' })]],
    ['its data that it is 2024-01-05', [...start, consequences({ effectiveOn: '2024-01-05' })]],
    ['do not add up to what is open', [...start, posted('I1'), paid('P1'), allocated('A1'), offered('O1')]],
    ['uses the id of offer O1 again', [...start, posted('I1'), offered('O1'), offered('O1')]],
    ['a cost below zero', [...start, posted('I1'), offered('O1', { cost: '-1.00' })]],
    ['uses the id of balance B1 again', [...start, stated('B1'), stated('B1')]],
    ["can't be read as CashBalanceStated", [...start, stated('B1', 'much')]],
    ['uses the id of expectation E1 again', [...start, expected('E1'), expected('E1')]],
    ['the amount 0.00', [...start, expected('E1', { amount: '0.00' })]],
    ['not from 0 to 1', [...start, expected('E1', { certainty: '1.01' })]],
    ['names vendor V9', [...start, expected('E1', { vendorId: 'V9' })]],
    ['expectation E1, which there is not', [...start, unexpected('E1')]],
    ['expectation E1, which is withdrawn already', [...start, expected('E1'), unexpected('E1'), unexpected('E1')]],
    ['uses the id of plan CP1 again', [...start, proposed('CP1'), proposed('CP1')]],
    ['takes events up to position 4 into account', [...start, proposed('CP1', { position: 4 })]],
    ['less than the least that is possible', [...start, proposed('CP1', { lowerBound: '12.01' })]],
    ['not those of its inputsHash', [...start, proposed('CP1', { inputs: packed('{"a":2}') })]],
    ['not that of its planHash', [...start, proposed('CP1', { planHash: sha256('other') })]],
    ['adopts plan CP1, which there is not', [...start, adopted('CP1')]],
    ['adopts plan CP1, which is adopted already', [...start, proposed('CP1'), adopted('CP1'), adopted('CP1')]],
    ['as of a day before its own', [...start, proposed('CP1'), adopted('CP1', { on: '2024-02-02' })]],
    ['made 1 deferrals, and its command made 0', [...start, proposed('CP1'), adopted('CP1', { deferrals: 1 })]],
  ])('%s', (expected, events) => expect(faultsOf(...events)).toContainEqual(expect.stringContaining(expected)));
});

describe('amounts by day', () => {
  it('are what the changes up to a day add up to, in whatever order these come', () => {
    const day = fc.integer({ min: 1, max: 9 }).map((n) => `2024-01-0${n}`);
    const change = fc.record({ row: fc.integer({ min: 0, max: 4 }), day, amount: fc.integer({ min: -9, max: 9 }) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), day, (changes, asked) => {
        const accounts = new Accounts(new Texts());
        const facts = { vendor: 'V', currency: 'USD', total: 0, from: '', position: 1, isCredit: false };
        const made = Array.from({ length: 5 }, (_, n) => accounts.make(`invoice/${n}`, facts));
        for (const { row, day, amount } of changes) made[row]!.change(day, amount);
        for (const [n, account] of made.entries()) {
          const open = (until: string): number =>
            changes.reduce((sum, { row, day, amount }) => (row === n && day <= until ? sum + amount : sum), 0);
          expect(account.openOn(asked)).toBe(open(asked));
          const days = changes.filter(({ row }) => row === n).map(({ day }) => day);
          expect(account.firstDayBelowNothing()).toBe(days.sort().find((one) => open(one) < 0));
        }
      }),
      { numRuns: sampleSize(100, 5_000) },
    );
  });
});

describe('a map of prints', () => {
  it('keeps the first value of each of many texts, and forgets none while it grows', () => {
    const map = new PrintMap();
    const count = 20_000;
    for (let n = 1; n <= count; n++) expect(map.add(`text ${n}`, n)).toBe(0);
    for (let n = 1; n <= count; n += 7) expect(map.add(`text ${n}`, 1)).toBe(n);
    expect(map.size).toBe(count);
    expect(map.get('another')).toBe(0);
    map.set('text 5', 77);
    expect(map.get('text 5')).toBe(77);
    map.set('another', 78);
    expect([map.get('another'), map.size]).toEqual([78, count + 1]);
  });
});
