import { describe, it } from '@jest/globals';
import { closed, event, given, invoice, payment, reverse } from '../../test/support/domain.js';
import type { RecordOffer } from './offers.js';

const offer = (more: Partial<RecordOffer> = {}): RecordOffer => ({
  type: 'RecordOffer',
  id: 'O1',
  invoiceId: 'I1',
  cost: '2.5',
  curesCutoffs: true,
  schedule: [
    { on: '2024-03-31', amount: '60' },
    { on: '2024-04-30', amount: '40' },
  ],
  source: 'a letter',
  ...more,
});
const recorded = (more: object = {}) =>
  event('OfferRecorded', '2024-02-15', {
    offerId: 'O1',
    invoiceId: 'I1',
    currency: 'USD',
    cost: '2.50',
    curesCutoffs: true,
    schedule: [
      { on: '2024-03-31', amount: '60.00' },
      { on: '2024-04-30', amount: '40.00' },
    ],
    source: 'a letter',
    ...more,
  });

describe('recording an offer', () => {
  it('keeps its schedule and its cost, in full', () => given(invoice('I1', '100')).when(offer()).then(recorded()));
  it('keeps until when it can be accepted', () =>
    given(invoice('I1', '100'))
      .when(offer({ validUntil: '2024-03-01' }))
      .then(recorded({ validUntil: '2024-03-01' })));
  it('may cost nothing', () =>
    given(invoice('I1', '100'))
      .when(offer({ cost: '0' }))
      .then(recorded({ cost: '0.00' })));
  it('covers what a payment has left', () =>
    given(invoice('I1', '130'), payment('P1', '30', { allocations: [['I1', '30']] }))
      .when(offer())
      .then(recorded()));
  it('is possible while the books are closed', () =>
    given(invoice('I1', '100'), closed('2024-01-31')).when(offer()).then(recorded()));
  it('is recorded once, however often it is sent', () =>
    given(invoice('I1', '100'), offer())
      .when(offer({ cost: '2.50' }))
      .thenNothing());
  it('is refused under an id that another offer has', () =>
    given(invoice('I1', '100'), offer())
      .when(offer({ cost: '3' }))
      .thenRejected('id-already-used', { id: 'O1' }));
  it.each(['99.99', '100.01'])('is refused where its instalments do not add up to what is open: %s', (open) =>
    given(invoice('I1', open)).when(offer()).thenRejected('schedule-mismatch', { schedule: '100.00', open }),
  );
  it('is refused where nothing is open', () =>
    given(invoice('I1', '100'), reverse('I1')).when(offer()).thenRejected('nothing-open'));
  it('is refused for an invoice that is not there', () => given().when(offer()).thenRejected('not-found'));
  it('names every amount that is none', () =>
    given(invoice('I1', '100'))
      .when(offer({ cost: '0.001', schedule: [{ on: '2024-03-31', amount: '0' }] }))
      .thenMalformed('/cost', '/schedule/0/amount'));
});
