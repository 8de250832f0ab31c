import { describe, expect, it } from '@jest/globals';
import {
  after,
  creditNote,
  defer,
  hold,
  invoice,
  payment,
  reverse,
  type Step,
  writeOff,
} from '../../test/support/domain.js';
import { nextDueOn, statusOf } from './status.js';

const paid = (amount: string, paidOn = '2024-02-01') =>
  payment('P1', amount, { paidOn, allocations: [['I1', amount]] });
const of = (...steps: Step[]) => after(invoice('I1', '100'), ...steps).item('I1');

describe('the status of an invoice', () => {
  it.each<[string, Step[]]>([
    ['open', []],
    ['open', [hold('I1'), defer('D1', 'I1', '2024-04-01')]],
    ['part-paid', [paid('0.01')]],
    ['part-paid', [paid('99.99')]],
    ['part-paid', [creditNote('N1', '5', { allocations: [['I1', '5']] })]],
    ['paid', [paid('100')]],
    ['paid', [paid('100', '2030-01-01')]],
    ['open', [paid('100'), reverse('P1')]],
    ['written-off', [writeOff('W1', 'I1')]],
    ['written-off', [paid('99.99'), writeOff('W1', 'I1')]],
    ['part-paid', [writeOff('W1', 'I1', { amount: '1' })]],
    ['paid', [writeOff('W1', 'I1', { amount: '1' }), reverse('W1'), paid('100')]],
    ['reversed', [reverse('I1')]],
    ['reversed', [paid('100'), reverse('P1'), reverse('I1', '2030-01-01')]],
  ])('is %s', (status, steps) => expect(statusOf(of(...steps))).toBe(status));
});

describe('the next due date', () => {
  const inTwo = invoice('I1', '100', {
    schedule: [
      { dueOn: '2024-03-10', amount: '30' },
      { dueOn: '2024-02-10', amount: '70' },
    ],
  });
  it('is that of what is open and falls due first', () =>
    expect(nextDueOn(after(inTwo).item('I1'))).toBe('2024-02-10'));
  it('is that of the next instalment once the first is settled', () =>
    expect(nextDueOn(after(inTwo, paid('70')).item('I1'))).toBe('2024-03-10'));
  it('is that of the first while a cent of it is open', () =>
    expect(nextDueOn(after(inTwo, paid('69.99')).item('I1'))).toBe('2024-02-10'));
  it('is the agreed one', () => expect(nextDueOn(of(defer('D1', 'I1', '2024-04-01')))).toBe('2024-04-01'));
  it('is not the planned one', () =>
    expect(nextDueOn(of(defer('D1', 'I1', '2024-04-01', { agreed: false })))).toBe('2024-02-10'));
  it('is none where nothing is open', () => expect(nextDueOn(of(paid('100')))).toBeUndefined());
});
