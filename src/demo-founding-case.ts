/**
 * The case that Duebook was founded on: a press report of October 2023 about a company in London with less than 4
 * million dollars in the bank, turned into books. What the report states is called reported, what had to be assumed to
 * make books of it assumed.
 */
export interface Step {
  /** Path below the ledger; empty for the ledger itself. */
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What makes it this step and no other, where that is not its id. */
  readonly key?: string;
}

export const ledgerId = 'founding-case';

const ledger: Step = {
  path: '',
  body: { id: ledgerId, name: 'The founding case', currency: 'USD', timeZone: 'Europe/London' },
};

const vendors: readonly Step[] = [
  { id: 'aws', name: 'Amazon Web Services', kind: 'supplier', country: 'US', terms: { netDays: 60 } },
  { id: 'google-cloud', name: 'Google Cloud', kind: 'supplier', country: 'US', terms: { netDays: 30 } },
  { id: 'coreweave', name: 'CoreWeave', kind: 'supplier', country: 'US', terms: { netDays: 30 } },
  { id: 'hmrc', name: 'HM Revenue & Customs', kind: 'tax-authority', country: 'GB' },
].map((body) => ({ path: '/vendors', body }));

const invoice = (
  id: string,
  vendorId: string,
  number: string,
  invoiceDate: string,
  dueDate: string,
  total: string,
  description: string,
): Step => ({
  path: '/invoices',
  body: { id, vendorId, number, invoiceDate, currency: 'USD', lines: [{ amount: total }], total, dueDate, description },
});

const invoices: readonly Step[] = [
  invoice(
    'aws-2023-07',
    'aws',
    'AWS-2023-07',
    '2023-08-01',
    '2023-09-30',
    '7000000.00',
    'Computing in July 2023. Reported: underpaid by 1,000,000. Total, number and dates assumed.',
  ),
  invoice(
    'aws-2023-08',
    'aws',
    'AWS-2023-08',
    '2023-09-01',
    '2023-10-31',
    '7000000.00',
    'Computing in August 2023. Reported: 7,000,000, not to be paid at the end of October. Number and dates assumed.',
  ),
  invoice(
    'aws-2023-09',
    'aws',
    'AWS-2023-09',
    '2023-10-01',
    '2023-11-30',
    '7500000.00',
    'Computing in September 2023. Reported: outstanding. Total, number and dates assumed.',
  ),
  invoice(
    'aws-2023-10',
    'aws',
    'AWS-2023-10',
    '2023-11-01',
    '2023-12-31',
    '7500000.00',
    'Computing in October 2023. Reported: outstanding. Total, number and dates assumed.',
  ),
  invoice(
    'gcp-2023-09',
    'google-cloud',
    'GCP-2023-09',
    '2023-09-30',
    '2023-10-30',
    '1000000.00',
    'Computing. Reported: 1,000,000 owed. Number and dates assumed.',
  ),
  invoice(
    'cw-2023-09',
    'coreweave',
    'CW-2023-09',
    '2023-09-15',
    '2023-10-15',
    '600000.00',
    'Computing. Reported: 600,000 owed. Number and dates assumed.',
  ),
  invoice(
    'paye-2023-09',
    'hmrc',
    'PAYE-2023-09',
    '2023-09-30',
    '2023-10-22',
    '550000.00',
    'Tax on UK wages of September 2023. Reported: paying UK taxes late was considered. Total, number and dates assumed.',
  ),
  invoice(
    'vat-2023-q3',
    'hmrc',
    'VAT-2023-Q3',
    '2023-09-30',
    '2023-11-07',
    '300000.00',
    'Value added tax, third quarter of 2023. All of it assumed.',
  ),
];

const payments: readonly Step[] = [
  {
    path: '/payments',
    body: {
      id: 'aws-2023-07-paid',
      vendorId: 'aws',
      paidOn: '2023-09-29',
      currency: 'USD',
      amount: '6000000.00',
      reference: 'assumed: day and amount; reported: 1,000,000 short',
      allocations: [{ invoiceId: 'aws-2023-07', amount: '6000000.00' }],
    },
  },
];

const deferrals: readonly Step[] = [
  {
    path: '/invoices/paye-2023-09/deferrals',
    body: {
      id: 'paye-2023-09-deferred',
      on: '2023-10-20',
      until: '2024-01-22',
      agreed: false,
      reason: 'To pay wages first. Reported: that it was considered. Both days assumed.',
    },
  },
  {
    path: '/invoices/aws-2023-08/deferrals',
    body: {
      id: 'aws-2023-08-deferred',
      on: '2023-10-31',
      until: '2023-12-15',
      agreed: false,
      reason: 'No cash. Reported: not to be paid at the end of October. Until when: assumed.',
    },
  },
];

/** In the order in which they can be recorded. */
export const steps: readonly Step[] = [ledger, ...vendors, ...invoices, ...payments, ...deferrals];

/** The days whose ageing the case is about, and the day whose liabilities are shown by vendor. */
export const ageingDays = ['2023-09-28', '2023-10-31', '2023-11-30'];
export const liabilitiesDay = '2023-10-31';
