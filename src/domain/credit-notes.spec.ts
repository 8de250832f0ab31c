import { describe, expect, it } from '@jest/globals';
import {
  after,
  allocate,
  allocated,
  allocationReversed,
  closed,
  creditNote,
  dispute,
  event,
  given,
  hold,
  invoice,
  payment,
  refund,
  reverse,
  today,
  vendor,
} from '../../test/support/domain.js';

const posted = (more: { total?: string; date?: string; lines?: { amount: string; tax?: string }[] } = {}) =>
  event('CreditNotePosted', more.date ?? '2024-01-20', {
    creditNoteId: 'N1',
    number: 'N1',
    date: '2024-01-20',
    currency: 'USD',
    total: '30.00',
    ...more,
  });

describe('posting a credit note', () => {
  it('records it', () => given().when(creditNote('N1', '30')).then(posted()));
  it('keeps its lines, with every amount in full', () =>
    given()
      .when(creditNote('N1', '30', { lines: [{ amount: '25' }, { amount: '6', tax: '-1' }] }))
      .then(posted({ lines: [{ amount: '25.00' }, { amount: '6.00', tax: '-1.00' }] })));
  it('settles invoices, on the later of its date and theirs', () =>
    given(invoice('I1', '20'), invoice('I2', '20', { postingDate: '2024-01-25' }))
      .when(
        creditNote('N1', '30', {
          allocations: [
            ['I1', '20'],
            ['I2', '10'],
          ],
        }),
      )
      .then(
        posted(),
        allocated('N1.1', 'N1', 'I1', '20.00', '2024-01-20'),
        allocated('N1.2', 'N1', 'I2', '10.00', '2024-01-25'),
      ));
  it('leaves what is more than the invoice on account', () => {
    const books = after(invoice('I1', '20'), creditNote('N1', '30', { allocations: [['I1', '20']] }));
    expect([books.open('I1', '2024-01-20'), books.left('N1', '2024-01-20')]).toEqual(['0.00', '10.00']);
  });
  it('is refused where it would settle a cent more than the invoice', () =>
    given(invoice('I1', '20'))
      .when(creditNote('N1', '30', { allocations: [['I1', '20.01']] }))
      .thenRejected('over-allocated', { open: '20.00', asked: '20.01' }));
  it('is refused where its allocations are a cent more than itself', () =>
    given(invoice('I1', '20'), invoice('I2', '20'))
      .when(
        creditNote('N1', '30', {
          allocations: [
            ['I1', '20'],
            ['I2', '10.01'],
          ],
        }),
      )
      .thenRejected('over-allocated', { left: '10.00' }));
  it('may settle what is on hold', () =>
    expect(
      given(invoice('I1', '20'), hold('I1')).when(creditNote('N1', '20', { allocations: [['I1', '20']] })).decision
        .events,
    ).toHaveLength(2));
  it('may settle what is disputed', () =>
    expect(
      given(invoice('I1', '20'), dispute('I1')).when(creditNote('N1', '20', { allocations: [['I1', '20']] })).decision
        .events,
    ).toHaveLength(2));

  it.each([['0'], ['0.00'], ['-5'], ['5.001']])('is refused with a total of %s', (total) =>
    given().when(creditNote('N1', total)).thenMalformed('/total'),
  );
  it.each([['29.99'], ['30.01']])('is refused where its lines add up to %s', (amount) =>
    given()
      .when(creditNote('N1', '30', { lines: [{ amount }] }))
      .thenRejected('total-mismatch', { total: '30.00', lines: amount }),
  );
  it('is refused on accounts that the ledger keeps', () =>
    given()
      .when(creditNote('N1', '30', { lines: [{ amount: '30', account: 'payables' }] }))
      .thenRejected('reserved-account'));
  it('is refused for a vendor that is not there', () =>
    given()
      .when(creditNote('N1', '30', { vendorId: 'V9' }))
      .thenRejected('unknown-vendor'));
  it('is refused against an invoice that is not there', () =>
    given()
      .when(creditNote('N1', '30', { allocations: [['I9', '1']] }))
      .thenRejected('unknown-invoice'));
  it('is refused against an invoice of another vendor', () =>
    given(vendor('V2'), invoice('I1', '20', { vendorId: 'V2' }))
      .when(creditNote('N1', '30', { allocations: [['I1', '1']] }))
      .thenRejected('vendor-mismatch'));
  it('is refused against an invoice in another currency', () =>
    given(invoice('I1', '20', { currency: 'EUR' }))
      .when(creditNote('N1', '30', { allocations: [['I1', '1']] }))
      .thenRejected('currency-mismatch'));
  it('is refused on the last closed day', () =>
    given(closed('2024-01-20')).when(creditNote('N1', '30')).thenRejected('period-closed'));
  it('is taken on the first open day', () => given(closed('2024-01-19')).when(creditNote('N1', '30')).then(posted()));

  it('is quiet when repeated, amounts written differently', () =>
    given(
      invoice('I1', '20'),
      creditNote('N1', '30', { allocations: [['I1', '5.00']], lines: [{ amount: '30.0' }] }),
      today('2024-03-01'),
    )
      .when(creditNote('N1', '30.00', { allocations: [['I1', '5']], lines: [{ amount: '30' }] }))
      .thenNothing());
  it.each([
    ['total', creditNote('N1', '30.01')],
    ['date', creditNote('N1', '30', { date: '2024-01-21' })],
    ['number', creditNote('N1', '30', { number: 'X' })],
    ['allocation', creditNote('N1', '30', { allocations: [['I1', '1']] })],
  ])('is refused with the same id and another %s', (_what, command) =>
    given(invoice('I1', '20'), creditNote('N1', '30')).when(command).thenRejected('id-already-used', { id: 'N1' }),
  );
});

describe('reversing a credit note', () => {
  const reversed = (on: string) => event('CreditNoteReversed', on, { creditNoteId: 'N1', reason: 'mistake', on });
  const allocatedOn5th = [
    invoice('I1', '20'),
    creditNote('N1', '30'),
    allocate('A1', 'N1', 'I1', '20', { on: '2024-02-05' }),
  ] as const;

  it('takes effect on its date', () => given(creditNote('N1', '30')).when(reverse('N1')).then(reversed('2024-01-20')));
  it('is refused a day before', () =>
    given(creditNote('N1', '30')).when(reverse('N1', '2024-01-19')).thenRejected('before-original'));
  it('ends its allocations first, each on the later of the two days', () =>
    given(...allocatedOn5th)
      .when(reverse('N1'))
      .then(allocationReversed('A1', 'N1', 'I1', '2024-02-05'), reversed('2024-01-20')));
  it('ends them on its own day where that is later', () =>
    given(...allocatedOn5th)
      .when(reverse('N1', '2024-02-06'))
      .then(allocationReversed('A1', 'N1', 'I1', '2024-02-06'), reversed('2024-02-06')));
  it('reopens what they settled', () => {
    const books = after(...allocatedOn5th, reverse('N1', '2024-03-01'));
    expect([
      books.open('I1', '2024-02-29'),
      books.open('I1', '2024-03-01'),
      books.left('N1', '2024-02-29'),
      books.left('N1', '2024-03-01'),
    ]).toEqual(['0.00', '20.00', '10.00', '0.00']);
  });
  it('is refused while a refund is in effect', () =>
    given(creditNote('N1', '30'), refund('R1', 'N1', '0.01'))
      .when(reverse('N1'))
      .thenRejected('has-refunds', { refunds: ['R1'] }));
  it('takes effect once the refund has ended', () =>
    given(creditNote('N1', '30'), refund('R1', 'N1', '5'), reverse('R1', '2024-02-09'))
      .when(reverse('N1'))
      .then(reversed('2024-02-09')));
  it('is refused the second time', () =>
    given(creditNote('N1', '30'), reverse('N1')).when(reverse('N1')).thenRejected('already-reversed'));
  it('is refused for one that is not there', () =>
    given(payment('N1', '3')).when(reverse('N1')).thenRejected('not-found'));
  it('takes effect on the first open day', () =>
    given(creditNote('N1', '30'), closed('2024-01-31')).when(reverse('N1')).then(reversed('2024-02-01')));
  it('is refused on a closed day', () =>
    given(creditNote('N1', '30'), closed('2024-01-31'))
      .when(reverse('N1', '2024-01-31'))
      .thenRejected('period-closed'));
});
