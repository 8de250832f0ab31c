import { describe, expect, it } from '@jest/globals';
import {
  after,
  allocate,
  changeVendor,
  charge,
  closed,
  creditNote,
  defer,
  dispute,
  hold,
  invoice,
  payment,
  refund,
  release,
  resolve,
  reverse,
  type Step,
  withdraw,
  writeOff,
} from '../../test/support/domain.js';
import {
  allocationResource,
  chargeResource,
  creditNoteResource,
  deferralResource,
  invoiceResource,
  ledgerResource,
  paymentResource,
  refundResource,
  vendorResource,
  writeOffResource,
} from './resources.js';

// Invoices are due on 2024-02-10 and it is 2024-02-15, unless a test says otherwise (test/support/domain.ts).
const day = '2024-02-15';

/** As it goes out: JSON leaves out what is undefined. */
const json = (value: object): unknown => JSON.parse(JSON.stringify(value));
const shown = (steps: readonly Step[], today = day) => json(invoiceResource(after(...steps).get('invoice/I1'), today));

describe('an invoice', () => {
  it('shows everything that was posted, in full', () => {
    const more = {
      lines: [{ description: 'Rent', account: '6100', amount: '100', tax: '20.5' }, { amount: '-0.5' }],
      kind: 'rent',
      servicePeriod: { from: '2024-01-01', to: '2024-01-31' },
      description: 'January',
      allowDuplicate: { reason: 'not one' },
    };
    expect(shown([invoice('I1', '120', more)])).toEqual({
      id: 'I1',
      vendorId: 'V1',
      number: 'I1',
      invoiceDate: '2024-01-10',
      postingDate: '2024-01-10',
      currency: 'USD',
      total: '120.00',
      dueDate: '2024-02-10',
      ...more,
      lines: [{ description: 'Rent', account: '6100', amount: '100.00', tax: '20.50' }, { amount: '-0.50' }],
      status: 'open',
      outstanding: '120.00',
      overdue: '120.00',
      deferred: '0.00',
      disputed: '0.00',
      onHold: false,
      schedule: [
        { amount: '120.00', originalDueOn: '2024-02-10', dueOn: '2024-02-10', plannedOn: '2024-02-10', open: '120.00' },
      ],
      allocations: [],
      writeOffs: [],
      deferrals: [],
      holds: [],
      disputes: [],
      needsApproval: false,
      approvals: [],
    });
  });

  it('is overdue from the day after its due date on', () => {
    expect(shown([invoice('I1', '1')], '2024-02-10')).toMatchObject({ overdue: '0.00' });
    expect(shown([invoice('I1', '1')], '2024-02-11')).toMatchObject({ overdue: '1.00' });
  });

  it('shows instalments, what is left of each, and no single due date', () => {
    const schedule = [
      { dueOn: '2024-03-10', amount: '60' },
      { dueOn: '2024-02-10', amount: '40' },
    ];
    const result = shown([invoice('I1', '100', { schedule }), payment('P1', '50', { allocations: [['I1', '50']] })]);
    expect(result).toMatchObject({
      status: 'part-paid',
      outstanding: '50.00',
      overdue: '0.00',
      schedule: [
        { dueOn: '2024-03-10', amount: '60.00', open: '50.00' },
        { dueOn: '2024-02-10', amount: '40.00', open: '0.00' },
      ],
    });
    expect(result).not.toHaveProperty('dueDate');
  });

  it('shows what settles it, and what no longer does', () => {
    const steps = [
      invoice('I1', '100'),
      payment('P1', '50', { allocations: [['I1', '40', '2']] }),
      creditNote('N1', '10', { allocations: [['I1', '10']] }),
      writeOff('W1', 'I1', { amount: '1' }),
      reverse('P1.1', '2024-02-20'),
    ];
    expect(shown(steps)).toMatchObject({
      outstanding: '89.00',
      allocations: [
        {
          id: 'P1.1',
          from: { paymentId: 'P1' },
          amount: '40.00',
          discount: '2.00',
          on: '2024-02-01',
          status: 'reversed',
          endedOn: '2024-02-20',
        },
        { id: 'N1.1', from: { creditNoteId: 'N1' }, amount: '10.00', status: 'in-force' },
      ],
      writeOffs: [{ id: 'W1', amount: '1.00', on: '2024-02-05', status: 'in-force' }],
    });
  });

  it.each([
    ['open', []],
    ['part-paid', [payment('P1', '40', { allocations: [['I1', '40']] })]],
    ['paid', [payment('P1', '100', { allocations: [['I1', '100']] })]],
    ['written-off', [payment('P1', '99', { allocations: [['I1', '99']] }), writeOff('W1', 'I1')]],
    ['part-paid', [writeOff('W1', 'I1', { amount: '1' })]],
    ['open', [writeOff('W1', 'I1'), reverse('W1')]],
    ['paid', [writeOff('W1', 'I1'), reverse('W1'), payment('P1', '100', { allocations: [['I1', '100']] })]],
    ['paid', [payment('P1', '100', { paidOn: '2030-01-01', allocations: [['I1', '100']] })]],
    ['reversed', [reverse('I1')]],
  ] as [string, Step[]][])('is %s', (status, steps) => {
    expect(shown([invoice('I1', '100'), ...steps])).toMatchObject({ status });
  });

  it('shows its deferrals, and counts what of it is deferred today', () => {
    const steps = [
      invoice('I1', '100'),
      defer('D1', 'I1', '2024-03-01', { amount: '30' }),
      defer('D2', 'I1', '2024-04-01', { amount: '50', agreed: false, reference: 'mail' }),
    ];
    expect(shown(steps)).toMatchObject({
      deferred: '80.00',
      overdue: '70.00',
      deferrals: [
        { id: 'D1', until: '2024-03-01', amount: '30.00', agreed: true, reason: 'cash', on: day, status: 'in-force' },
        { id: 'D2', until: '2024-04-01', amount: '50.00', agreed: false, reference: 'mail', status: 'in-force' },
      ],
    });
    expect(shown(steps, '2024-03-02')).toMatchObject({ deferred: '50.00', overdue: '100.00' });
    expect(shown([...steps, withdraw('D2', 'I1')])).toMatchObject({
      deferred: '30.00',
      deferrals: [{ status: 'in-force' }, { status: 'withdrawn', withdrawal: { on: day, reason: 'cash came in' } }],
    });
  });

  it('shows holds and disputes, and counts those in force today', () => {
    const steps = [
      invoice('I1', '100'),
      hold('I1', { until: '2024-03-01' }),
      dispute('I1', { amount: '60' }),
      resolve('I1', { amount: '20' }),
    ];
    expect(shown(steps)).toMatchObject({
      onHold: true,
      disputed: '40.00',
      holds: [{ on: day, until: '2024-03-01', reason: 'goods missing' }],
      disputes: [
        { type: 'dispute', on: day, amount: '60.00', reason: 'wrong price' },
        { type: 'resolution', on: day, amount: '20.00', reason: 'agreed' },
      ],
    });
    expect(shown(steps, '2024-03-01')).toMatchObject({ onHold: false });
    expect(shown([...steps, release('I1')])).toMatchObject({
      onHold: false,
      holds: [{ release: { on: day, reason: 'goods came' } }],
    });
    expect(
      shown([...steps, creditNote('N1', '90', { date: '2024-06-01', allocations: [['I1', '90']] })]),
    ).toMatchObject({ outstanding: '10.00', disputed: '10.00' });
  });

  it('shows its reversal, and nothing open any more', () => {
    expect(shown([invoice('I1', '100'), reverse('I1', '2024-02-20')])).toMatchObject({
      status: 'reversed',
      outstanding: '0.00',
      overdue: '0.00',
      schedule: [{ open: '0.00' }],
      reversal: { on: '2024-02-20', reason: 'mistake' },
    });
  });

  it('has the decimals of its currency', () => {
    expect(shown([invoice('I1', '100', { currency: 'JPY' })])).toMatchObject({
      total: '100',
      outstanding: '100',
      deferred: '0',
    });
  });
});

describe('a payment or credit note', () => {
  it.each([
    ['open', '0.00', '0.00', '100.00', []],
    ['part-used', '60.00', '0.00', '40.00', [allocate('A1', 'P1', 'I1', '60')]],
    ['used', '60.00', '40.00', '0.00', [allocate('A1', 'P1', 'I1', '60'), refund('R1', 'P1', '40')]],
    [
      'part-used',
      '0.00',
      '40.00',
      '60.00',
      [allocate('A1', 'P1', 'I1', '60'), refund('R1', 'P1', '40'), reverse('A1')],
    ],
    ['reversed', '0.00', '0.00', '0.00', [allocate('A1', 'P1', 'I1', '60'), reverse('P1')]],
  ] as [string, string, string, string, Step[]][])(
    'is %s: %s allocated, %s refunded, %s on account',
    (status, allocated, refunded, onAccount, steps) => {
      const books = after(invoice('I1', '100'), payment('P1', '100'), ...steps);
      expect(paymentResource(books.get('payment/P1'))).toMatchObject({ status, allocated, refunded, onAccount });
    },
  );

  it('shows what it is used for', () => {
    const books = after(
      invoice('I1', '100'),
      charge('C1', '5'),
      payment('P1', '100', {
        method: 'SEPA',
        reference: 'r',
        bankAccount: 'main',
        allocations: [
          ['I1', '60', '1'],
          ['C1', '5'],
        ],
      }),
      refund('R1', 'P1', '10'),
      reverse('R1', '2024-02-06'),
    );
    expect(json(paymentResource(books.get('payment/P1')))).toEqual({
      id: 'P1',
      vendorId: 'V1',
      paidOn: '2024-02-01',
      currency: 'USD',
      amount: '100.00',
      method: 'SEPA',
      reference: 'r',
      bankAccount: 'main',
      status: 'part-used',
      allocated: '65.00',
      refunded: '0.00',
      onAccount: '35.00',
      allocations: [
        {
          id: 'P1.1',
          to: { invoiceId: 'I1' },
          amount: '60.00',
          discount: '1.00',
          on: '2024-02-01',
          status: 'in-force',
        },
        { id: 'P1.2', to: { chargeId: 'C1' }, amount: '5.00', on: '2024-02-01', status: 'in-force' },
      ],
      refunds: [{ id: 'R1', amount: '10.00', on: '2024-02-05', status: 'reversed', endedOn: '2024-02-06' }],
    });
  });

  it('shows the lines of a credit note, if there are any', () => {
    const books = after(creditNote('N1', '10', { lines: [{ amount: '10' }] }), creditNote('N2', '5'));
    expect(json(creditNoteResource(books.get('credit-note/N1')))).toMatchObject({
      id: 'N1',
      number: 'N1',
      total: '10.00',
      lines: [{ amount: '10.00' }],
      onAccount: '10.00',
    });
    expect(json(creditNoteResource(books.get('credit-note/N2')))).not.toHaveProperty('lines');
  });
});

describe('the other documents', () => {
  it('show what was posted and what became of it', () => {
    const books = after(
      invoice('I1', '100'),
      charge('C1', '5', { invoiceId: 'I1' }),
      payment('P1', '100'),
      allocate('A1', 'P1', 'I1', '60'),
      refund('R1', 'P1', '10'),
      writeOff('W1', 'C1', { amount: '2' }),
      defer('D1', 'I1', '2024-03-01'),
      reverse('A1', '2024-02-20'),
    );
    expect(json(chargeResource(books.get('charge/C1'), '2024-03-01'))).toEqual({
      id: 'C1',
      vendorId: 'V1',
      invoiceId: 'I1',
      kind: 'late-fee',
      amount: '5.00',
      currency: 'USD',
      on: '2024-01-31',
      dueDate: '2024-02-29',
      status: 'part-paid',
      outstanding: '3.00',
      overdue: '3.00',
      schedule: [
        { amount: '5.00', originalDueOn: '2024-02-29', dueOn: '2024-02-29', plannedOn: '2024-02-29', open: '3.00' },
      ],
      allocations: [],
      writeOffs: [{ id: 'W1', amount: '2.00', on: '2024-02-05', status: 'in-force' }],
    });
    expect(json(allocationResource(books.get('allocation/A1')))).toEqual({
      id: 'A1',
      vendorId: 'V1',
      from: { paymentId: 'P1' },
      to: { invoiceId: 'I1' },
      currency: 'USD',
      amount: '60.00',
      on: '2024-02-01',
      status: 'reversed',
      reversal: { on: '2024-02-20', reason: 'mistake' },
    });
    expect(json(refundResource(books.get('refund/R1')))).toEqual({
      id: 'R1',
      vendorId: 'V1',
      from: { paymentId: 'P1' },
      currency: 'USD',
      amount: '10.00',
      on: '2024-02-05',
      status: 'in-force',
    });
    expect(json(writeOffResource(books.get('write-off/W1')))).toEqual({
      id: 'W1',
      vendorId: 'V1',
      chargeId: 'C1',
      currency: 'USD',
      amount: '2.00',
      reason: 'too small to chase',
      on: '2024-02-05',
      status: 'in-force',
    });
    const deferral = deferralResource(books.get('deferral/D1'), books.get('invoice/I1'), day);
    expect(deferral).toMatchObject({
      id: 'D1',
      invoiceId: 'I1',
      until: '2024-03-01',
      status: 'in-force',
      invoice: { id: 'I1', deferrals: [{ id: 'D1' }] },
    });
  });

  it('show a vendor and a ledger as they are known now', () => {
    const books = after(changeVendor('V1', { name: 'New name', terms: { netDays: 14 } }), closed('2024-01-31'));
    expect(json(vendorResource(books.get('vendor/V1')))).toEqual({
      id: 'V1',
      name: 'New name',
      kind: 'supplier',
      terms: { netDays: 14 },
    });
    expect(json(ledgerResource(books.get('ledger')))).toEqual({
      id: 'acme',
      name: 'Acme',
      currency: 'USD',
      timeZone: 'UTC',
      closedThrough: '2024-01-31',
    });
    expect(json(ledgerResource(after().get('ledger')))).not.toHaveProperty('closedThrough');
  });
});
