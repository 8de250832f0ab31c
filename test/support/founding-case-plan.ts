/** The founding case on 2023-10-31 as the input of a cash plan, by hand: what is reported and what is assumed. */
import type { Consequences, PlanInput, PlanItem, PlanRequest } from '../../src/cash-priority/model.js';

const asOf = '2023-10-31';

const item = (
  itemId: string,
  vendorId: string,
  dueOn: string,
  amount: string,
  consequences: Consequences,
  kind: PlanItem['kind'] = 'expected',
  plannedOn = dueOn,
): PlanItem => ({
  itemId,
  kind,
  vendorId,
  number: itemId,
  instalments: [{ dueOn, originalDueOn: dueOn, plannedOn, amount }],
  consequences,
});

const monthly: Consequences = { tier: 3, lateInterest: { annualPercent: '18.00' } };
const wages: Consequences = { tier: 0, neverDefer: true, steps: [{ afterDays: 0, percent: '100.00' }] };
const withheld: Consequences = {
  tier: 1,
  steps: [
    { afterDays: 0, percent: '2.00' },
    { afterDays: 5, percent: '3.00' },
    { afterDays: 15, percent: '5.00' },
  ],
  unpaidAtEndPercent: '100.00',
};
const paye: Consequences = {
  tier: 2,
  lateInterest: { annualPercent: '7.75' },
  steps: [{ afterDays: 0, percent: '1.00' }],
};
const vat: Consequences = {
  tier: 2,
  lateInterest: { annualPercent: '7.75' },
  steps: [
    { afterDays: 15, percent: '2.00' },
    { afterDays: 30, percent: '2.00', annualPercent: '4.00' },
  ],
};
const trade: Consequences = { tier: 5, lateInterest: { annualPercent: '13.00' } };

const fridays = Array.from({ length: 13 }, (_, week) =>
  new Date(Date.UTC(2023, 10, 3 + 7 * week)).toISOString().slice(0, 10),
);

export const foundingCase = (request: PlanRequest = {}): PlanInput => ({
  asOf,
  position: 12,
  currency: 'USD',
  request: { minimumBalance: '250000.00', newMoney: { on: '2023-11-10' }, ...request },
  vendors: [
    {
      id: 'aws',
      name: 'Amazon Web Services',
      cutoffs: [
        {
          name: 'AWS suspends',
          on: '2023-12-15',
          overdueDays: 30,
          tolerance: '2000000.00',
          cost: '6000000.00',
          weekly: '350000.00',
        },
      ],
    },
    {
      id: 'google-cloud',
      name: 'Google Cloud',
      cutoffs: [{ name: 'Google suspends', on: '2023-12-01', overdueDays: 30, cost: '900000.00', weekly: '50000.00' }],
    },
    {
      id: 'coreweave',
      name: 'CoreWeave',
      cutoffs: [
        { name: 'CoreWeave cuts off', on: '2023-11-20', overdueDays: 30, cost: '1200000.00', weekly: '100000.00' },
      ],
    },
    { id: 'hmrc', name: 'HM Revenue & Customs' },
    { id: 'us-staff', name: 'US staff' },
    { id: 'irs', name: 'US withheld tax' },
    { id: 'uk-staff', name: 'UK staff' },
    { id: 'others', name: 'Other suppliers' },
  ],
  items: [
    item('AWS-2023-07', 'aws', '2023-09-30', '1000000.00', monthly, 'invoice'),
    item('AWS-2023-08', 'aws', '2023-10-31', '7000000.00', monthly, 'invoice', '2023-12-15'),
    item('AWS-2023-09', 'aws', '2023-11-30', '7500000.00', monthly, 'invoice'),
    item('AWS-2023-10', 'aws', '2023-12-31', '7500000.00', monthly),
    item('GCP-2023-09', 'google-cloud', '2023-10-30', '1000000.00', monthly, 'invoice'),
    item('CW-2023-09', 'coreweave', '2023-10-15', '600000.00', monthly, 'invoice'),
    item('PAYE-2023-09', 'hmrc', '2023-10-22', '550000.00', paye, 'invoice', '2024-01-22'),
    item('VAT-2023-Q3', 'hmrc', '2023-11-07', '300000.00', vat, 'invoice'),
    ...['2023-10-31', '2023-11-15', '2023-11-30', '2023-12-15', '2023-12-31', '2024-01-15'].map((day) =>
      item(`US wages ${day}`, 'us-staff', day, '500000.00', wages),
    ),
    ...['2023-11-03', '2023-11-18', '2023-12-03', '2023-12-18', '2024-01-03', '2024-01-18'].map((day) =>
      item(`US withheld tax ${day}`, 'irs', day, '175000.00', withheld),
    ),
    ...['2023-10-31', '2023-11-30', '2023-12-31'].map((day) =>
      item(`UK wages ${day}`, 'uk-staff', day, '800000.00', { tier: 0, neverDefer: true }),
    ),
    ...['2023-11-22', '2023-12-22', '2024-01-22'].map((day) => item(`PAYE ${day}`, 'hmrc', day, '550000.00', paye)),
    ...[
      '2023-10-31',
      '2023-11-10',
      '2023-11-20',
      '2023-11-30',
      '2023-12-10',
      '2023-12-20',
      '2023-12-31',
      '2024-01-10',
      '2024-01-20',
    ].map((day) => item(`Other suppliers ${day}`, 'others', day, '600000.00', trade)),
  ],
  accounts: [{ account: 'bank', on: asOf, balance: '3900000.00', paidSince: '0.00' }],
  flows: [
    ...fridays.map((on) => ({
      id: `receipts ${on}`,
      direction: 'receipt' as const,
      on,
      amount: '211538.46',
      certainty: '0.9',
    })),
    { id: 'intel', direction: 'receipt', on: '2023-12-15', amount: '30000000.00', certainty: '0.3' },
  ],
});
