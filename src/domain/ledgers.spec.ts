import { describe, expect, it } from '@jest/globals';
import {
  account,
  after,
  afterNothingBut,
  closed,
  given,
  givenNothingBut,
  invoice,
  ledger,
  payment,
  policy,
  today,
  vendor,
} from '../../test/support/domain.js';
import { installationLedger } from './access.js';
import type { Command } from './decider.js';

const opened = {
  type: 'LedgerOpened',
  effectiveOn: '2024-02-15',
  data: { ledgerId: 'acme', name: 'Acme', currency: 'USD', timeZone: 'UTC' },
} as const;

describe('opening a ledger', () => {
  it('records its name, currency and time zone, today', () => givenNothingBut().when(ledger()).then(opened));
  it('is the first event of the books', () =>
    expect(afterNothingBut(ledger()).events).toMatchObject([{ ...opened, position: 1 }]));

  it.each([[{ name: 'Beta' }], [{ currency: 'EUR' }], [{ timeZone: 'Europe/London' }]])(
    'is refused with other content: %j',
    (other) => givenNothingBut(ledger()).when(ledger(other)).thenRejected('id-already-used'),
  );

  it('names the ledger that it is refused for', () =>
    givenNothingBut(ledger())
      .when(ledger({ name: 'Beta' }))
      .thenRejected('id-already-used', { id: 'acme' }));

  it('is quiet when repeated, also on another day', () =>
    givenNothingBut(ledger(), today('2024-03-01')).when(ledger()).thenNothing());
  it('is quiet when repeated after a period was closed', () =>
    givenNothingBut(ledger(), closed('2024-01-31')).when(ledger()).thenNothing());
});

describe('the ledger', () => {
  const closedThrough = (...days: Parameters<typeof closed>[0][]) =>
    after(...days.map(closed)).get('ledger').closedThrough;

  it('is closed through no day at first', () => expect(closedThrough()).toBeUndefined());
  it('is closed through the day of the last closing', () =>
    expect(closedThrough('2024-01-31', '2024-02-29')).toBe('2024-02-29'));
  it('is closed through no day after the only closing is undone', () =>
    expect(closedThrough('2024-01-31', null)).toBeUndefined());
  it('keeps what it was opened with', () =>
    expect(after(closed('2024-01-31'), closed(null)).get('ledger').facts.name).toBe('Acme'));

  it('is closed through the day before after the last of two is reopened', () => {
    const reopened = {
      type: 'PeriodReopened',
      effectiveOn: '2024-02-29',
      data: { period: '2024-02', closedThrough: '2024-01-31' },
    } as const;
    expect(after(closed('2024-01-31'), closed('2024-02-29'), reopened).get('ledger').closedThrough).toBe('2024-01-31');
  });

  it('does not mind what happens to others', () =>
    given(closed('2024-01-31'))
      .when(ledger({ id: 'acme', name: 'B' }))
      .thenRejected('id-already-used'));
});

describe('the ledger in which access is recorded', () => {
  const access = ledger({ id: installationLedger });
  const commands: readonly Command[] = [
    { type: 'ClosePeriod', period: '2024-01' },
    { type: 'ReopenPeriod', period: '2024-01' },
    { type: 'WithdrawCashExpectation', expectationId: 'E1', reason: 'x' },
    ...[account('1'), policy(), vendor('V1'), invoice('I1', '1.00'), payment('P1', '1.00')],
  ];
  it.each(commands)('has no books: $type is refused', (command) =>
    givenNothingBut(access).when(command).thenRejected('not-found'),
  );
  it('takes what is about access, and goes on after it was set back', () => {
    const grant = { ledger: 'acme', roles: ['clerk'] } as const;
    const books = afterNothingBut(access, { type: 'GrantAccess', personId: 'bob', grant });
    expect(books.events.map(({ type }) => type)).toEqual(['LedgerOpened', 'AccessGranted']);
    givenNothingBut(access).when(access).thenNothing();
  });
});
