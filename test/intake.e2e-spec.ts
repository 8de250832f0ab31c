import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { App } from '../src/app.module.js';
import { LedgerClient, type Reply, startApp, testToken } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

// The commands and documents over HTTP, as an integrator meets them. What the rules say in each case is tested in the
// domain; here it is that every route asks them, and what comes back.

let database: TestDatabase;
let app: App;
let ledgers = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

/** A new ledger with the vendor `aws`, due 30 days after the invoice date. */
const openLedger = async (): Promise<LedgerClient> => {
  const client = await new LedgerClient(app.url, `l${++ledgers}`).open();
  await client.record('/vendors', { id: 'aws', name: 'AWS', terms: { netDays: 30 } });
  return client;
};

const invoice = (id: string, total = '100.00', more: object = {}): object => ({
  id,
  vendorId: 'aws',
  number: id,
  invoiceDate: '2023-10-01',
  currency: 'USD',
  lines: [{ amount: total }],
  total,
  ...more,
});
const payment = (id: string, amount: string, more: object = {}): object => ({
  id,
  vendorId: 'aws',
  paidOn: '2023-10-10',
  currency: 'USD',
  amount,
  ...more,
});
const creditNote = (id: string, total: string, more: object = {}): object => ({
  id,
  vendorId: 'aws',
  number: id,
  date: '2023-10-10',
  currency: 'USD',
  total,
  ...more,
});

interface Page {
  readonly items: readonly { readonly id: string }[];
  readonly next: string | null;
}

/** Sends bytes as they are. */
const send = async (
  method: string,
  path: string,
  init: { headers?: Record<string, string>; body?: string | Uint8Array<ArrayBuffer>; token?: string } = {},
): Promise<Reply> => {
  const { headers = {}, body, token = testToken } = init;
  const response = await fetch(app.url + path, {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text === '' ? undefined : JSON.parse(text) };
};

const expectProblem = (reply: Reply, status: number, code: string, more: object = {}): void => {
  expect(reply.body).toMatchObject({
    type: `/problems/${code}`,
    status,
    title: expect.any(String),
    detail: expect.any(String),
    ...more,
  });
  expect(reply.status).toBe(status);
  expect(reply.headers.get('content-type')).toContain('application/problem+json');
};

/** What was answered, what it says where it is said to be, and what the list says: all the same resource. */
const expectResource = async (
  client: LedgerClient,
  reply: Reply,
  location: string,
  expected: object,
): Promise<void> => {
  expect(reply.body).toMatchObject(expected);
  expect(reply.status).toBe(201);
  expect(reply.headers.get('location')).toBe(`/v1/ledgers/${client.ledger}${location}`);
  expect(reply.headers.get('ledger-position')).toBe(String(reply.body.position));
  const { position, warnings: _, ...resource } = reply.body as { position: number; warnings: unknown };
  const read = await client.get(`${location}?atLeast=${position}`);
  expect(read.body).toMatchObject(resource);
  expect(Number(read.headers.get('ledger-position'))).toBeGreaterThanOrEqual(position);
  expect((read.body as { history: unknown[] }).history.at(-1)).toEqual({
    position,
    type: expect.any(String),
    effectiveOn: expect.any(String),
    recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    actor: { id: 'operator', role: 'admin' },
    data: expect.any(Object),
  });
};

describe('a ledger', () => {
  it('is opened, read and listed', async () => {
    const facts = { id: 'acme', name: 'Acme Ltd', currency: 'GBP', timeZone: 'Europe/London' };
    const opened = await send('POST', '/v1/ledgers', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(facts),
    });
    expect(opened.status).toBe(201);
    expect(opened.headers.get('location')).toBe('/v1/ledgers/acme');
    expect(opened.body).toEqual({ ...facts, position: 1 });
    const read = await send('GET', '/v1/ledgers/acme');
    expect(read.body).toMatchObject({ ...facts, history: [{ position: 1, type: 'LedgerOpened' }] });
    expect(read.headers.get('ledger-position')).toBe('1');
    await new LedgerClient(app.url, 'acme-2').open();
    const first = await send('GET', '/v1/ledgers?limit=1');
    expect(first.body.items).toHaveLength(1);
    const all: unknown[] = [];
    for (let next: string | null = ''; next !== null;) {
      const { body }: Reply = await send('GET', `/v1/ledgers?limit=1${next && `&cursor=${next}`}`);
      const page = body as Page;
      all.push(...page.items);
      ({ next } = page);
    }
    expect(all).toEqual(expect.arrayContaining([facts, expect.objectContaining({ id: 'acme-2' })]));
  });

  it('can be opened again as it was, and not otherwise', async () => {
    const client = await new LedgerClient(app.url, 'again').open();
    await client.open();
    await expect(client.open({ currency: 'EUR' })).rejects.toThrow('id-already-used');
  });

  it('that is unknown is 404 on every route', async () => {
    const nowhere = new LedgerClient(app.url, 'nowhere');
    const reason = { reason: 'x' };
    const item = { invoiceId: 'I1' };
    const posts: [string, object][] = [
      ['/vendors', { name: 'x' }],
      ['/vendors/aws/changes', { name: 'x' }],
      ['/invoices', invoice('I1')],
      ['/credit-notes', creditNote('N1', '1')],
      [
        '/charges',
        { vendorId: 'aws', kind: 'penalty', amount: '1', currency: 'USD', on: '2023-10-31', dueDate: '2023-11-30' },
      ],
      ['/payments', payment('P1', '1')],
      ['/allocations', { from: { paymentId: 'P1' }, to: item, amount: '1' }],
      ['/refunds', { vendorId: 'aws', from: { paymentId: 'P1' }, amount: '1', on: '2023-10-31' }],
      ['/write-offs', { ...item, ...reason, on: '2023-10-31' }],
      ...['invoices', 'credit-notes', 'charges', 'payments', 'allocations', 'refunds', 'write-offs'].map(
        (noun): [string, object] => [`/${noun}/X/reversal`, reason],
      ),
      ['/invoices/I1/deferrals', { until: '2024-01-01', agreed: true, ...reason }],
      ['/invoices/I1/deferrals/D1/withdrawal', reason],
      ...['holds', 'holds/release', 'disputes', 'disputes/resolution'].map((what): [string, object] => [
        `/invoices/I1/${what}`,
        reason,
      ]),
    ];
    for (const [path, body] of posts) expectProblem(await nowhere.post(path, body), 404, 'not-found');
    const nouns = [
      'vendors',
      'invoices',
      'credit-notes',
      'charges',
      'payments',
      'allocations',
      'refunds',
      'write-offs',
    ];
    const gets = ['', ...nouns.flatMap((noun) => [`/${noun}`, `/${noun}/X`]), '/invoices/I1/deferrals/D1'];
    for (const path of gets) expectProblem(await nowhere.get(path), 404, 'not-found');
    expect((await send('GET', '/v1/ledgers?limit=1000')).text).not.toContain('nowhere');
  });
});

describe('a vendor', () => {
  it('is registered and changed', async () => {
    const client = await openLedger();
    const registered = await client.post('/vendors', {
      name: 'Landlord',
      kind: 'landlord',
      country: 'GB',
      terms: { netDays: 14, discount: { percent: '2', days: 7 } },
    });
    const { id } = registered.body;
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-/);
    await expectResource(client, registered, `/vendors/${id}`, {
      id,
      name: 'Landlord',
      kind: 'landlord',
      country: 'GB',
    });
    const changed = await client.post(`/vendors/${id}/changes`, { name: 'Landlord plc' });
    await expectResource(client, changed, `/vendors/${id}`, {
      name: 'Landlord plc',
      kind: 'landlord',
      country: 'GB',
      terms: { netDays: 14 },
    });
    expectProblem(await client.post('/vendors/nobody/changes', { name: 'x' }), 404, 'not-found');
    expectProblem(await client.post(`/vendors/${id}/changes`), 400, 'malformed', { errors: [{ pointer: '/name' }] });
  });
});

describe('an invoice', () => {
  it('is posted, with the due date that the vendor terms say', async () => {
    const client = await openLedger();
    const reply = await client.post('/invoices', invoice('I1', '100'));
    await expectResource(client, reply, '/invoices/I1', {
      postingDate: '2023-10-01',
      dueDate: '2023-10-31',
      total: '100.00',
      status: 'open',
      outstanding: '100.00',
      overdue: '100.00',
      terms: { netDays: 30 },
    });
    expect(reply.body.warnings).toEqual([]);
  });

  it('warns where something is odd, again when it is repeated or read', async () => {
    const client = await openLedger();
    await client.record('/vendors', { id: 'plain', name: 'No terms' });
    await client.record('/invoices', invoice('I1', '100', { number: 'A-7' }));
    const sameAmount = { code: 'possible-duplicate', detail: expect.stringContaining('amount'), invoiceId: 'I1' };
    const sameNumber = { code: 'possible-duplicate', detail: expect.stringContaining('number'), invoiceId: 'I1' };
    const alike = invoice('I2', '100', { number: 'A-8' });
    for (const reply of [
      await client.record('/invoices', alike),
      await client.record('/invoices', alike),
      await client.get('/invoices/I2'),
    ]) {
      expect(reply.body.warnings).toEqual([sameAmount]);
    }
    const nextYear = await client.record(
      '/invoices',
      invoice('I3', '55', { number: 'a 007', invoiceDate: '2024-10-01' }),
    );
    expect(nextYear.body.warnings).toEqual([sameNumber]);
    const noTerms = await client.record('/invoices', invoice('I4', '5', { vendorId: 'plain' }));
    expect(noTerms.body).toMatchObject({ dueDate: '2023-10-01', warnings: [{ code: 'no-terms' }] });
    const keyed = { 'idempotency-key': 'warned' };
    const first = await client.post('/invoices', invoice('I5', '100', { number: 'A-9' }), keyed);
    expect(first.body.warnings).toEqual([sameAmount]);
    expect((await client.post('/invoices', invoice('I5', '100', { number: 'A-9' }), keyed)).text).toBe(first.text);
  });

  it('is refused by the rules', async () => {
    const client = await openLedger();
    await client.record('/invoices', invoice('I1', '100', { number: 'A-7' }));
    expectProblem(await client.post('/invoices', invoice('I2', '5', { number: 'a 007' })), 409, 'duplicate-invoice', {
      invoiceId: 'I1',
    });
    expectProblem(await client.post('/invoices', invoice('I2', '5', { vendorId: 'nobody' })), 422, 'unknown-vendor');
    expectProblem(await client.post('/invoices', invoice('I2', '5', { total: '6' })), 422, 'total-mismatch', {
      total: '6.00',
      lines: '5.00',
    });
    expectProblem(
      await client.post('/invoices', invoice('I2', '5', { schedule: [{ dueOn: '2023-11-01', amount: '4' }] })),
      422,
      'schedule-mismatch',
    );
    expectProblem(
      await client.post('/invoices', invoice('I2', '5', { lines: [{ amount: '5', account: 'payables' }] })),
      422,
      'reserved-account',
    );
    const allowed = await client.post(
      '/invoices',
      invoice('I2', '5', { number: 'a 007', allowDuplicate: { reason: 'other site' } }),
    );
    expect(allowed.status).toBe(201);
    expect((await client.get('')).headers.get('ledger-position')).toBe(String(allowed.body.position));
  });

  it('is reversed once nothing settles it', async () => {
    const client = await openLedger();
    await client.record('/invoices', invoice('I1'));
    await client.record('/payments', payment('P1', '40', { allocations: [{ invoiceId: 'I1', amount: '40' }] }));
    expectProblem(await client.post('/invoices/I1/reversal', { reason: 'wrong' }), 422, 'has-allocations', {
      allocations: ['P1.1'],
    });
    await client.record('/allocations/P1.1/reversal', { reason: 'wrong' });
    expectProblem(
      await client.post('/invoices/I1/reversal', { reason: 'wrong', on: '2023-09-30' }),
      422,
      'before-original',
    );
    const reversed = await client.post('/invoices/I1/reversal', { reason: 'wrong' });
    await expectResource(client, reversed, '/invoices/I1', {
      status: 'reversed',
      outstanding: '0.00',
      reversal: { reason: 'wrong' },
    });
    expectProblem(await client.post('/invoices/I1/reversal', { reason: 'wrong' }), 409, 'already-reversed');
    expectProblem(await client.post('/invoices/I9/reversal', { reason: 'wrong' }), 404, 'not-found');
    await client.record('/invoices', invoice('I2', '100', { number: 'I1' }));
  });

  it('is deferred, and the deferral withdrawn', async () => {
    const client = await openLedger();
    await client.record('/invoices', invoice('I1'));
    const deferral = { id: 'D1', until: '2099-01-01', amount: '30', agreed: true, reason: 'cash', reference: 'mail' };
    const deferred = await client.post('/invoices/I1/deferrals', deferral);
    await expectResource(client, deferred, '/invoices/I1/deferrals/D1', {
      ...deferral,
      amount: '30.00',
      invoiceId: 'I1',
      status: 'in-force',
      invoice: {
        deferred: '30.00',
        overdue: '70.00',
        deferrals: [{ id: 'D1' }],
        schedule: [{ dueOn: '2099-01-01' }, { dueOn: '2023-10-31' }],
      },
    });
    expectProblem(
      await client.post('/invoices/I1/deferrals', { until: '2023-10-31', agreed: true, reason: 'x' }),
      422,
      'until-not-later',
    );
    expectProblem(
      await client.post('/invoices/I1/deferrals', { until: '2099-01-01', amount: '101', agreed: false, reason: 'x' }),
      422,
      'over-deferred',
    );
    expectProblem(
      await client.post('/invoices/I1/deferrals', {
        until: '2099-01-01',
        agreed: false,
        reason: 'x',
        on: '2023-10-31',
      }),
      422,
      'deferral-out-of-order',
    );
    const planned = await client.record('/invoices/I1/deferrals', { until: '2099-02-01', agreed: false, reason: 'x' });
    expectProblem(
      await client.post('/invoices/I1/deferrals/D1/withdrawal', { reason: 'paid' }),
      422,
      'not-the-last-deferral',
    );
    await client.record(`/invoices/I1/deferrals/${planned.body.id}/withdrawal`, { reason: 'paid' });
    const withdrawn = await client.post('/invoices/I1/deferrals/D1/withdrawal', { reason: 'paid' });
    await expectResource(client, withdrawn, '/invoices/I1/deferrals/D1', {
      status: 'withdrawn',
      withdrawal: { reason: 'paid' },
      invoice: { overdue: '100.00', deferred: '0.00' },
    });
    expectProblem(await client.post('/invoices/I1/deferrals/D9/withdrawal', { reason: 'paid' }), 404, 'not-found');
    await client.record('/invoices', invoice('I2', '7'));
    expectProblem(await client.get('/invoices/I2/deferrals/D1'), 404, 'not-found');
    expectProblem(await client.post('/invoices/I9/deferrals', deferral), 404, 'not-found');
  });

  it('is held and disputed, and may not be paid meanwhile', async () => {
    const client = await openLedger();
    await client.record('/invoices', invoice('I1'));
    const pay = (id: string, amount: string) =>
      client.post('/payments', payment(id, amount, { allocations: [{ invoiceId: 'I1', amount }] }));
    await expectResource(
      client,
      await client.post('/invoices/I1/holds', { reason: 'goods', until: '2099-01-01' }),
      '/invoices/I1',
      {
        onHold: true,
        holds: [{ reason: 'goods', until: '2099-01-01' }],
      },
    );
    expectProblem(await pay('P1', '5'), 422, 'on-hold');
    expectProblem(await client.post('/invoices/I1/holds', { reason: 'goods' }), 422, 'already-on-hold');
    await expectResource(client, await client.post('/invoices/I1/holds/release', { reason: 'came' }), '/invoices/I1', {
      onHold: false,
      holds: [{ release: { reason: 'came' } }],
    });
    expectProblem(await client.post('/invoices/I1/holds/release', { reason: 'came' }), 422, 'not-on-hold');
    await expectResource(
      client,
      await client.post('/invoices/I1/disputes', { reason: 'price', amount: '60' }),
      '/invoices/I1',
      { disputed: '60.00' },
    );
    expectProblem(await pay('P1', '41'), 422, 'on-hold', { disputed: '60.00', payable: '40.00' });
    expectProblem(await client.post('/invoices/I1/disputes', { reason: 'price', amount: '41' }), 422, 'over-disputed');
    expectProblem(
      await client.post('/invoices/I1/disputes/resolution', { reason: 'agreed', amount: '61' }),
      422,
      'over-resolved',
    );
    await expectResource(
      client,
      await client.post('/invoices/I1/disputes/resolution', { reason: 'agreed' }),
      '/invoices/I1',
      {
        disputed: '0.00',
        disputes: [{ type: 'dispute' }, { type: 'resolution', amount: '60.00' }],
      },
    );
    expect((await pay('P1', '100')).status).toBe(201);
    expectProblem(await client.post('/invoices/I9/holds', { reason: 'x' }), 404, 'not-found');
  });
});

describe('payments, credit notes and charges', () => {
  it('are recorded, with allocations named after them', async () => {
    const client = await openLedger();
    await client.record('/invoices', invoice('I1'));
    const late = {
      id: 'C1',
      vendorId: 'aws',
      invoiceId: 'I1',
      kind: 'late-fee',
      amount: '5',
      currency: 'USD',
      on: '2023-10-05',
      dueDate: '2023-11-05',
    };
    await expectResource(client, await client.post('/charges', late), '/charges/C1', {
      ...late,
      amount: '5.00',
      status: 'open',
      outstanding: '5.00',
      overdue: '5.00',
    });
    const allocations = [
      { invoiceId: 'I1', amount: '60', discount: '1' },
      { id: 'mine', chargeId: 'C1', amount: '5' },
    ];
    await expectResource(
      client,
      await client.post('/payments', payment('P1', '70', { method: 'SEPA', bankAccount: 'main', allocations })),
      '/payments/P1',
      {
        amount: '70.00',
        status: 'part-used',
        allocated: '65.00',
        onAccount: '5.00',
        allocations: [
          { id: 'P1.1', to: { invoiceId: 'I1' }, amount: '60.00', discount: '1.00' },
          { id: 'mine', to: { chargeId: 'C1' } },
        ],
      },
    );
    await expectResource(
      client,
      await client.post('/credit-notes', creditNote('N1', '10', { allocations: [{ invoiceId: 'I1', amount: '9' }] })),
      '/credit-notes/N1',
      {
        total: '10.00',
        onAccount: '1.00',
        allocations: [{ id: 'N1.1', status: 'in-force' }],
      },
    );
    expect((await client.get('/charges/C1')).body).toMatchObject({
      status: 'paid',
      allocations: [{ id: 'mine', from: { paymentId: 'P1' } }],
    });
    expect((await client.get('/invoices/I1')).body).toMatchObject({
      status: 'part-paid',
      outstanding: '30.00',
      allocations: [{ id: 'P1.1' }, { id: 'N1.1', from: { creditNoteId: 'N1' } }],
    });
    expect((await client.get('/allocations/P1.1')).body).toMatchObject({
      id: 'P1.1',
      from: { paymentId: 'P1' },
      to: { invoiceId: 'I1' },
      on: '2023-10-10',
    });
  });

  it('are refused whole if one allocation is', async () => {
    const client = await openLedger();
    await client.record('/invoices', invoice('I1'));
    const { body: before } = await client.get('');
    const allocations = [
      { invoiceId: 'I1', amount: '60' },
      { invoiceId: 'I1', amount: '41' },
    ];
    expectProblem(await client.post('/payments', payment('P1', '101', { allocations })), 422, 'over-allocated', {
      open: '40.00',
      asked: '41.00',
    });
    expectProblem(
      await client.post('/payments', payment('P1', '10', { allocations: [{ invoiceId: 'I9', amount: '1' }] })),
      422,
      'unknown-invoice',
    );
    expectProblem(
      await client.post('/payments', payment('P1', '10', { allocations: [{ chargeId: 'C9', amount: '1' }] })),
      422,
      'unknown-charge',
    );
    expectProblem(
      await client.post(
        '/payments',
        payment('P1', '10', { currency: 'EUR', allocations: [{ invoiceId: 'I1', amount: '1' }] }),
      ),
      422,
      'currency-mismatch',
    );
    expectProblem(await client.post('/payments', payment('P1', '10', { vendorId: 'nobody' })), 422, 'unknown-vendor');
    await client.record('/vendors', { id: 'other', name: 'Other' });
    expectProblem(
      await client.post(
        '/credit-notes',
        creditNote('N1', '10', { vendorId: 'other', allocations: [{ invoiceId: 'I1', amount: '1' }] }),
      ),
      422,
      'vendor-mismatch',
    );
    const { body: after } = await client.get('');
    expect(after).toEqual(before);
    expectProblem(await client.get('/payments/P1'), 404, 'not-found');
  });

  it('are reversed, and open what they settled', async () => {
    const client = await openLedger();
    await client.record('/invoices', invoice('I1'));
    await client.record('/payments', payment('P1', '100', { allocations: [{ invoiceId: 'I1', amount: '90' }] }));
    await client.record('/refunds', {
      id: 'R1',
      vendorId: 'aws',
      from: { paymentId: 'P1' },
      amount: '10',
      on: '2023-10-12',
    });
    expectProblem(await client.post('/payments/P1/reversal', { reason: 'bounced' }), 422, 'has-refunds', {
      refunds: ['R1'],
    });
    await expectResource(
      client,
      await client.post('/refunds/R1/reversal', { reason: 'error', on: '2023-10-13' }),
      '/refunds/R1',
      { status: 'reversed' },
    );
    expectProblem(
      await client.post('/payments/P1/reversal', { reason: 'bounced', on: '2023-10-12' }),
      422,
      'still-in-use',
    );
    await expectResource(
      client,
      await client.post('/payments/P1/reversal', { reason: 'bounced', on: '2023-10-20' }),
      '/payments/P1',
      {
        status: 'reversed',
        onAccount: '0.00',
        reversal: { on: '2023-10-20', reason: 'bounced' },
        allocations: [{ id: 'P1.1', status: 'reversed', endedOn: '2023-10-20' }],
      },
    );
    expect((await client.get('/invoices/I1')).body).toMatchObject({ status: 'open', outstanding: '100.00' });
    for (const [noun, post] of [
      ['credit-notes', creditNote('X', '5')],
      [
        'charges',
        {
          id: 'X',
          vendorId: 'aws',
          kind: 'penalty',
          amount: '5',
          currency: 'USD',
          on: '2023-10-05',
          dueDate: '2023-11-05',
        },
      ],
    ] as const) {
      await client.record(`/${noun}`, post);
      await expectResource(client, await client.post(`/${noun}/X/reversal`, { reason: 'wrong' }), `/${noun}/X`, {
        status: 'reversed',
      });
      expectProblem(await client.post(`/${noun}/X/reversal`, { reason: 'wrong' }), 409, 'already-reversed');
      expectProblem(await client.post(`/${noun}/Y/reversal`, { reason: 'wrong' }), 404, 'not-found');
    }
  });
});

describe('allocations, refunds and write-offs', () => {
  it('are recorded and reversed', async () => {
    const client = await openLedger();
    await client.record('/invoices', invoice('I1'));
    await client.record('/payments', payment('P1', '100'));
    const allocation = { id: 'A1', from: { paymentId: 'P1' }, to: { invoiceId: 'I1' }, amount: '60' };
    await expectResource(client, await client.post('/allocations', allocation), '/allocations/A1', {
      ...allocation,
      amount: '60.00',
      on: '2023-10-10',
      status: 'in-force',
    });
    const refund = { id: 'R1', vendorId: 'aws', from: { paymentId: 'P1' }, amount: '10', on: '2023-10-12' };
    await expectResource(client, await client.post('/refunds', refund), '/refunds/R1', {
      ...refund,
      amount: '10.00',
      currency: 'USD',
      status: 'in-force',
    });
    const writeOff = { id: 'W1', invoiceId: 'I1', reason: 'too small', on: '2023-10-15' };
    await expectResource(client, await client.post('/write-offs', writeOff), '/write-offs/W1', {
      ...writeOff,
      amount: '40.00',
      status: 'in-force',
    });
    expect((await client.get('/invoices/I1')).body).toMatchObject({
      status: 'written-off',
      writeOffs: [{ id: 'W1', amount: '40.00' }],
    });
    expect((await client.get('/payments/P1')).body).toMatchObject({
      allocated: '60.00',
      refunded: '10.00',
      onAccount: '30.00',
    });

    expectProblem(await client.post('/allocations', { ...allocation, id: 'A2', amount: '31' }), 422, 'over-allocated');
    expectProblem(
      await client.post('/allocations', { ...allocation, id: 'A2', from: { creditNoteId: 'N9' } }),
      422,
      'unknown-credit-note',
    );
    expectProblem(await client.post('/refunds', { ...refund, id: 'R2', amount: '31' }), 422, 'over-allocated');
    expectProblem(
      await client.post('/refunds', { ...refund, id: 'R2', from: { paymentId: 'P9' } }),
      422,
      'unknown-payment',
    );
    expectProblem(await client.post('/write-offs', { ...writeOff, id: 'W2' }), 422, 'nothing-open');
    expectProblem(await client.post('/refunds', { ...refund, id: 'R2', amount: '0.001' }), 400, 'malformed', {
      errors: [{ pointer: '/amount' }],
    });

    for (const [path, status] of [
      ['/write-offs/W1', 'reversed'],
      ['/allocations/A1', 'reversed'],
    ] as const) {
      await expectResource(client, await client.post(`${path}/reversal`, { reason: 'error' }), path, {
        status,
        reversal: { reason: 'error' },
      });
      expectProblem(await client.post(`${path}/reversal`, { reason: 'error' }), 409, 'already-reversed');
    }
    expect((await client.get('/invoices/I1')).body).toMatchObject({ status: 'open', outstanding: '100.00' });
  });
});

describe('an id', () => {
  it('with the same content again is answered as it stands, and nothing is recorded', async () => {
    const client = await openLedger();
    const first = await client.record('/invoices', invoice('I1', '100'));
    const again = await client.post('/invoices', invoice('I1', '100.0', { postingDate: '2023-10-01', schedule: [] }));
    expect(again.status).toBe(201);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('idempotency-replayed')).toBeNull();
    await client.record('/payments', payment('P1', '40', { allocations: [{ invoiceId: 'I1', amount: '40' }] }));
    expect(
      (
        await client.record(
          '/payments',
          payment('P1', '40.00', { allocations: [{ invoiceId: 'I1', amount: '40.00' }] }),
        )
      ).body.position,
    ).toBe(5);
    expect((await client.record('/invoices', invoice('I1'))).body).toMatchObject({ status: 'part-paid', position: 3 });
    expect((await client.get('')).headers.get('ledger-position')).toBe('5');
  });

  it('with other content is refused, for every kind of document', async () => {
    const client = await openLedger();
    await client.record('/invoices', invoice('X'));
    const documents: [string, object, object][] = [
      ['/vendors', { id: 'X', name: 'X' }, { name: 'Y' }],
      ['/invoices', invoice('X'), { description: 'other' }],
      ['/payments', payment('X', '50'), { method: 'cheque' }],
      ['/credit-notes', creditNote('X', '50'), { number: 'Y' }],
      [
        '/charges',
        {
          id: 'X',
          vendorId: 'aws',
          kind: 'penalty',
          amount: '1',
          currency: 'USD',
          on: '2023-10-31',
          dueDate: '2023-11-30',
        },
        { kind: 'late-fee' },
      ],
      ['/allocations', { id: 'X', from: { paymentId: 'X' }, to: { invoiceId: 'X' }, amount: '1' }, { amount: '2' }],
      [
        '/refunds',
        { id: 'X', vendorId: 'aws', from: { creditNoteId: 'X' }, amount: '1', on: '2023-10-31' },
        { on: '2023-11-01' },
      ],
      ['/write-offs', { id: 'X', invoiceId: 'X', amount: '1', reason: 'x', on: '2023-10-31' }, { reason: 'y' }],
      ['/invoices/X/deferrals', { id: 'X', until: '2099-01-01', agreed: true, reason: 'x' }, { agreed: false }],
    ];
    for (const [path, body, change] of documents) {
      const first = await client.record(path, body);
      expect((await client.record(path, body)).body.position).toBe(first.body.position);
      expectProblem(await client.post(path, { ...body, ...change }), 409, 'id-already-used', { id: 'X' });
    }
  });

  it('that is malformed names nothing', async () => {
    const client = await openLedger();
    for (const id of ['%20', 'a%2Fb', '..%2f', 'x'.repeat(200), '%00', 'ä', 'a%0A']) {
      expectProblem(await client.get(`/invoices/${id}`), 404, 'not-found');
      expectProblem(await client.post(`/invoices/${id}/reversal`, { reason: 'x' }), 404, 'not-found');
      expectProblem(await send('GET', `/v1/ledgers/${id}/invoices`), 404, 'not-found');
    }
  });

  it('of an allocation may be longer than one that a caller can choose', async () => {
    const client = await openLedger();
    await client.record('/invoices', invoice('I1'));
    const id = 'P'.repeat(64);
    await client.record('/payments', payment(id, '5', { allocations: [{ invoiceId: 'I1', amount: '5' }] }));
    expect((await client.get(`/allocations/${id}.1`)).body.id).toBe(`${id}.1`);
    await client.record(`/allocations/${id}.1/reversal`, { reason: 'x' });
  });
});

describe('the idempotency key', () => {
  it('replays the first answer, also after the resource has changed', async () => {
    const client = await openLedger();
    const key = { 'idempotency-key': 'k1' };
    const body = { ...invoice('I1'), id: undefined };
    const first = await client.post('/invoices', body, key);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    await client.record(`/invoices/${first.body.id}/holds`, { reason: 'x' });
    const again = await client.post('/invoices', Object.fromEntries(Object.entries(body).reverse()), key);
    expect(again.text).toBe(first.text);
    expect(again.status).toBe(201);
    for (const header of ['location', 'ledger-position', 'content-type'])
      expect(again.headers.get(header)).toBe(first.headers.get(header));
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expectProblem(await client.post('/invoices', { ...body, number: 'other' }, key), 422, 'idempotency-key-reused');
    expectProblem(await client.post('/payments', payment('P1', '1'), key), 422, 'idempotency-key-reused');
    const other = await openLedger();
    expect((await other.post('/payments', payment('P1', '1'), key)).status).toBe(201);
  });

  it('lets of requests at the same time one through, and answers all alike', async () => {
    const client = await openLedger();
    const body = { ...invoice('I1'), id: undefined };
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => client.post('/invoices', body, { 'idempotency-key': 'same' })),
    );
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 201));
    expect(replies.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
    expect((await client.get('')).headers.get('ledger-position')).toBe('3');
    const [one, two] = await Promise.all([
      client.post('/payments', payment('P1', '1'), { 'idempotency-key': 'clash' }),
      client.post('/payments', payment('P2', '2'), { 'idempotency-key': 'clash' }),
    ]);
    expect([one.status, two.status].sort()).toEqual([201, 422]);
  });

  it('is free again after a refusal', async () => {
    const client = await openLedger();
    const key = { 'idempotency-key': 'retry' };
    expectProblem(
      await client.post('/invoices', invoice('I1', '5', { vendorId: 'later' }), key),
      422,
      'unknown-vendor',
    );
    await client.record('/vendors', { id: 'later', name: 'Later' });
    expect((await client.post('/invoices', invoice('I1', '5', { vendorId: 'later' }), key)).status).toBe(201);
  });

  it('opens a ledger once', async () => {
    const open = (name: string) =>
      send('POST', '/v1/ledgers', {
        headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
        body: JSON.stringify({ id: 'keyed', name, currency: 'USD', timeZone: 'UTC' }),
      });
    expect((await open('A')).headers.get('idempotency-replayed')).toBeNull();
    expect((await open('A')).headers.get('idempotency-replayed')).toBe('true');
    expectProblem(await open('B'), 422, 'idempotency-key-reused');
  });

  it('has 1 to 255 printable characters', async () => {
    const client = await openLedger();
    expectProblem(
      await client.post('/vendors', { name: 'x' }, { 'idempotency-key': 'x'.repeat(256) }),
      400,
      'malformed',
    );
    expectProblem(await client.post('/vendors', { name: 'x' }, { 'idempotency-key': 'é' }), 400, 'malformed');
    expectProblem(await client.post('/vendors', { name: 'x' }, { 'idempotency-key': '' }), 400, 'malformed');
  });
});

describe('a malformed request', () => {
  const json = { 'content-type': 'application/json' };
  let client: LedgerClient;
  let path: string;
  beforeAll(async () => {
    client = await openLedger();
    path = `/v1/ledgers/${client.ledger}/invoices`;
  });

  it('has all its faults named at once', async () => {
    const body = {
      ...invoice('.', '1.001'),
      lines: [{ amount: '1.001' }, { amount: 7, x: 1 }],
      dueDate: '2023-02-29',
      y: null,
    };
    expectProblem(await client.post('/invoices', body), 400, 'malformed', {
      instance: path,
      errors: [
        { pointer: '/id' },
        { pointer: '/lines/0/amount', detail: 'must have at most 2 decimals in USD' },
        { pointer: '/lines/1/amount' },
        { pointer: '/lines/1/x' },
        { pointer: '/total' },
        { pointer: '/dueDate' },
        { pointer: '/y' },
      ].map((fault) => ({ detail: expect.any(String), ...fault })),
    });
  });

  it.each<[string, string | Uint8Array<ArrayBuffer>, RegExp]>([
    ['no JSON', '{"id":', /not JSON/],
    ['invalid UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), /UTF-8/],
    ['nested too deep', '['.repeat(100) + ']'.repeat(100), /32 levels/],
    ['a key twice', '{"total":"1","total":"2"}', /same key twice/],
    ['a list', '[]', /not what this route takes/],
    ['null', 'null', /not what this route takes/],
    ['an odd prototype', '{"__proto__":{"total":"1"}}', /not what this route takes/],
    ['half a surrogate', '{"number":"\\ud800"}', /not what this route takes/],
  ])('with %s is 400', async (_, body, detail) => {
    expectProblem(await send('POST', path, { headers: json, body }), 400, 'malformed', {
      detail: expect.stringMatching(detail),
      errors: expect.any(Array),
    });
  });

  it('without a body has its missing fields named', async () => {
    const missing = {
      errors: ['/vendorId', '/number', '/invoiceDate', '/currency', '/lines', '/total'].map((pointer) => ({
        pointer,
        detail: 'is required',
      })),
    };
    expectProblem(await send('POST', path), 400, 'malformed', missing);
    expectProblem(await send('POST', path, { headers: json }), 400, 'malformed', missing);
    expectProblem(await send('POST', path, { headers: json, body: '' }), 400, 'malformed', missing);
  });

  it('is 415 with anything but plain JSON, and 413 when it is too large', async () => {
    const body = JSON.stringify(invoice('I1'));
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/xml',
      'application/merge-patch+json',
      'application/json; charset=latin1',
      'nonsense',
    ];
    for (const type of types)
      expectProblem(
        await send('POST', path, { headers: { 'content-type': type }, body }),
        415,
        'unsupported-media-type',
      );
    expectProblem(
      await send('POST', path, { headers: { ...json, 'content-encoding': 'gzip' }, body }),
      415,
      'unsupported-media-type',
    );
    expectProblem(
      await send('POST', path, { headers: json, body: `"${'x'.repeat(1_048_576)}"` }),
      413,
      'payload-too-large',
    );
    expect(
      (await send('POST', path, { headers: { 'content-type': 'Application/JSON ; charset="UTF-8"' }, body })).status,
    ).toBe(201);
  });

  it('has no odd query', async () => {
    for (const query of [
      'x=1',
      'limit=0',
      'limit=1&limit=2',
      'limit=',
      'limit=1.5',
      'cursor=%00',
      'q=%00',
      'status=late',
      'dueBefore=2023-02-29',
      'atLeast=-1',
      'vendorId=..',
      'q=',
      '__proto__=1',
      '=1',
      'q[a]=1',
      'q[]=1',
    ]) {
      expectProblem(await client.get(`/invoices?${query}`), 400, 'malformed', {
        errors: [{ pointer: expect.any(String), detail: expect.any(String) }],
      });
    }
    expectProblem(await client.post('/invoices?dryRun=true', invoice('I7')), 400, 'malformed', {
      errors: [{ pointer: '/dryRun' }],
    });
    expect((await client.get('/invoices?q=%ZZ%FF%C0%80')).status).toBe(200);
  });

  it('has an address that can be read', async () => {
    for (const address of ['/v1/ledgers/%ZZ/invoices', '/v1/ledgers/%FF', '/v1/ledgers/%C0%80/invoices', '/%']) {
      const reply = await send('GET', address);
      expect([400, 404]).toContain(reply.status);
      expect(reply.headers.get('content-type')).toContain('application/problem+json');
    }
  });
});

describe('an address', () => {
  it('is answered to nobody without a token, before anything is read', async () => {
    const client = await openLedger();
    const path = `/v1/ledgers/${client.ledger}/invoices`;
    const no = await send('GET', path, { token: '' });
    expectProblem(no, 401, 'unauthorized');
    expect(no.headers.get('www-authenticate')).toBe('Bearer realm="duebook"');
    const wrong = await send('POST', path, {
      token: `${testToken}x`,
      headers: { 'content-type': 'text/plain' },
      body: 'x'.repeat(2_000_000),
    }).catch(() => undefined);
    if (wrong) {
      expectProblem(wrong, 401, 'unauthorized');
      expect(wrong.headers.get('www-authenticate')).toBe('Bearer realm="duebook", error="invalid_token"');
    }
    for (const other of ['/v1/ledgers', '/v1/ledgers/nowhere', '/v1/nothing', '/v1/ledgers/%76/invoices'])
      expectProblem(await send('GET', other, { token: 'x' }), 401, 'unauthorized');
  });

  it('says what it takes', async () => {
    const client = await openLedger();
    const path = `/v1/ledgers/${client.ledger}/invoices`;
    const put = await send('PUT', path, { headers: { 'content-type': 'application/json' }, body: '{}' });
    expectProblem(put, 405, 'method-not-allowed');
    expect(put.headers.get('allow')).toBe('GET, HEAD, POST, OPTIONS');
    expect((await send('DELETE', `${path}/I1/reversal`)).headers.get('allow')).toBe('POST, OPTIONS');
    const options = await send('OPTIONS', path);
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, POST, OPTIONS']);
    const head = await send('HEAD', path);
    expect([head.status, head.text, head.headers.get('ledger-position')]).toEqual([200, '', '2']);
    expectProblem(await send('GET', `${path}/`), 404, 'not-found');
    expectProblem(await send('GET', '/v1/nothing'), 404, 'not-found');
  });
});

describe('a list', () => {
  it('is paged in the order of recording, without a gap or a repeat', async () => {
    const client = await openLedger();
    for (let i = 1; i <= 7; i++) await client.record('/invoices', invoice(`I${i}`, `${i}`));
    const seen: string[] = [];
    let cursor = '';
    do {
      const { status, body, headers } = await client.get(`/invoices?limit=3${cursor && `&cursor=${cursor}`}`);
      expect(status).toBe(200);
      expect(headers.get('ledger-position')).toBe(String(9 + Math.max(0, seen.length / 3)));
      const page = body as Page;
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next ?? '';
      // What is recorded meanwhile comes at the end.
      await client.record('/invoices', invoice(`J${seen.length}`, '50', { number: `J${seen.length}` }));
    } while (cursor !== '' && seen.length < 12);
    expect(seen.slice(0, 9)).toEqual(['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'J3', 'J6']);
    expectProblem(await client.get('/invoices?cursor=made-up'), 400, 'malformed', { errors: [{ pointer: '/cursor' }] });
    const all = await client.get('/invoices');
    expect(all.body.next).toBeNull();
    expect(all.body.items[0]).toEqual(expect.objectContaining({ id: 'I1', status: 'open', outstanding: '1.00' }));
    expect(all.body.items[0]).not.toHaveProperty('history');
  });

  it('of invoices is filtered', async () => {
    const client = await openLedger();
    await client.record('/vendors', { id: 'other', name: 'The Other One' });
    await client.record('/invoices', invoice('I1', '10', { number: 'EUINLU23-118', dueDate: '2023-10-20' }));
    await client.record('/invoices', invoice('I2', '20', { vendorId: 'other', dueDate: '2023-11-20' }));
    await client.record('/invoices', invoice('I3', '30', { description: 'Cloud 100% _everything_' }));
    await client.record(
      '/payments',
      payment('P1', '35', {
        allocations: [
          { invoiceId: 'I1', amount: '10' },
          { invoiceId: 'I3', amount: '5' },
        ],
      }),
    );
    const ids = async (query: string): Promise<string[]> => {
      const { body } = await client.get(`/invoices?${query}`);
      return (body as Page).items.map(({ id }) => id);
    };
    expect(await ids('vendorId=other')).toEqual(['I2']);
    expect(await ids('vendorId=nobody')).toEqual([]);
    expect(await ids('status=paid')).toEqual(['I1']);
    expect(await ids('status=part-paid&vendorId=aws')).toEqual(['I3']);
    expect(await ids('dueBefore=2023-11-20')).toEqual(['I3']);
    expect(await ids('dueBefore=2023-11-21')).toEqual(['I2', 'I3']);
    expect(await ids('q=euinlu')).toEqual(['I1']);
    expect(await ids(`q=${encodeURIComponent('100% _')}`)).toEqual(['I3']);
    expect(await ids('q=%25')).toEqual(['I3']);
    const vendors = await client.get('/vendors?q=OTHER');
    expect(vendors.body.items).toEqual([{ id: 'other', name: 'The Other One', kind: 'supplier' }]);
    for (const [noun, count] of [
      ['vendors', 2],
      ['credit-notes', 0],
      ['charges', 0],
      ['payments', 1],
      ['allocations', 2],
      ['refunds', 0],
      ['write-offs', 0],
    ] as const) {
      const { status, body } = await client.get(`/${noun}`);
      expect([noun, status, body.items.length]).toEqual([noun, 200, count]);
    }
  });

  it('and a document wait for data that is not there yet, but not for ever', async () => {
    const client = await openLedger();
    const waiting = client.get('/invoices/I1?atLeast=3');
    const listing = client.get('/invoices?atLeast=3');
    await client.record('/invoices', invoice('I1'));
    expect((await waiting).body).toMatchObject({ id: 'I1' });
    expect((await listing).body.items).toHaveLength(1);
    const late = await Promise.all([
      client.get('/invoices/I1?atLeast=99'),
      client.get('/invoices?atLeast=99'),
      client.get('?atLeast=99'),
    ]);
    for (const reply of late) {
      expectProblem(reply, 503, 'not-yet-there', { asked: 99, position: 3 });
      expect(reply.headers.get('retry-after')).toBe('1');
    }
  });
});
