/** Books under control, over HTTP: what it takes to pay a bill, for persons who may each do everything. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { App } from '../src/app.module.js';
import { type Role, roles } from '../src/domain/access.js';
import { LedgerClient, type Reply, startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

let database: TestDatabase;
let app: App;
let installation: LedgerClient;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  installation = new LedgerClient(app.url, '_installation');
});
afterAll(async () => {
  await app.close();
  await database.drop();
});

/** A new ledger with one vendor; whoever has the first token, and others who have the roles named there. */
const ledgerOf = async <P extends string>(
  ledger: string,
  people: Readonly<Record<P, readonly Role[]>>,
): Promise<Record<P | 'operator', LedgerClient>> => {
  const operator = await new LedgerClient(app.url, ledger).open();
  await operator.record('/vendors', { id: 'aws', name: 'AWS' });
  const clients: Record<string, LedgerClient> = { operator };
  for (const [personId, held] of Object.entries<readonly Role[]>(people)) {
    const { body } = await installation.record('/tokens', { personId, grants: [{ ledger, roles: held }] });
    clients[personId] = new LedgerClient(app.url, ledger, (body as { token: string }).token);
  }
  return clients;
};
const everything = roles;
const invoice = (id: string, total = '100.00') => ({
  id,
  vendorId: 'aws',
  number: id,
  invoiceDate: '2024-01-31',
  currency: 'USD',
  lines: [{ amount: total }],
  total,
  dueDate: '2024-02-29',
});
const payment = (id: string, amount: string, ...invoiceIds: string[]) => ({
  id,
  vendorId: 'aws',
  paidOn: '2024-02-10',
  currency: 'USD',
  amount,
  allocations: invoiceIds.map((invoiceId) => ({ invoiceId, amount })),
});
const told = ({ status, body }: Reply): [number, string] => [status, String(body.type).replace('/problems/', '')];

describe('a policy', () => {
  it('is not there to begin with, is set by an admin, replaced as a whole, and shown with those before it', async () => {
    const { operator, ann } = await ledgerOf('policies', { ann: ['clerk', 'approver', 'treasurer'] });
    expect((await ann.get('/policy')).body).toEqual({
      approvalAbove: [],
      twoPersonPayment: false,
      bankChangeWaitingDays: 0,
      history: [],
    });
    expect(told(await ann.post('/policy', { reason: 'x' }))).toEqual([403, 'forbidden']);
    const set = await operator.record('/policy', {
      approvalAbove: [{ currency: 'USD', amount: '50' }],
      reason: 'the board',
    });
    expect(set.headers.get('location')).toBe('/v1/ledgers/policies/policy');
    expect(set.body).toEqual({
      approvalAbove: [{ currency: 'USD', amount: '50.00' }],
      twoPersonPayment: false,
      bankChangeWaitingDays: 0,
      reason: 'the board',
      position: 3,
    });
    await operator.record('/policy', { approvalAbove: [], reason: 'x' });
    expect((await ann.get('/policy')).body).toMatchObject({
      approvalAbove: [],
      history: [
        { position: 3, type: 'PolicySet', actor: { id: 'operator' }, data: { reason: 'the board' } },
        { position: 4, type: 'PolicySet', data: { approvalAbove: [], reason: 'x' } },
      ],
    });
    const wrong = await operator.post('/policy', {
      approvalAbove: [
        { currency: 'USD', amount: 1 },
        { currency: 'XYZ', amount: '-1' },
      ],
      quorum: 3,
      reason: 'x',
    });
    expect(told(wrong)).toEqual([400, 'malformed']);
    expect(wrong.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
      '/approvalAbove/0/amount',
      '/approvalAbove/1/amount',
      '/approvalAbove/1/currency',
      '/quorum',
    ]);
    const fine = await operator.post('/policy', { approvalAbove: [{ currency: 'JPY', amount: '1.5' }], reason: 'x' });
    expect(fine.body.errors).toMatchObject([{ pointer: '/approvalAbove/0/amount' }]);
    const both = await operator.post('/policy', {
      approvalAbove: [{ currency: 'JPY', amount: '1.5' }],
      quorum: 3,
      reason: 'x',
    });
    expect(both.body.errors).toMatchObject([{ pointer: '/approvalAbove/0/amount' }, { pointer: '/quorum' }]);
    const twice = [
      { currency: 'USD', amount: '1' },
      { currency: 'USD', amount: '2' },
    ];
    expect((await operator.post('/policy', { approvalAbove: twice, reason: 'x' })).body.errors).toMatchObject([
      { pointer: '/approvalAbove/1/currency' },
    ]);
  });
});

it('has no policy where there are no books', async () => {
  await ledgerOf('books', { ann: ['clerk'] });
  expect(told(await installation.post('/policy', { reason: 'x' }))).toEqual([404, 'not-found']);
});

describe('an invoice that needs an approval', () => {
  it('is paid by no route before it has one', async () => {
    const { operator, ann, bob } = await ledgerOf('approvals', { ann: everything, bob: ['approver'] });
    await ann.record('/invoices', invoice('I1'));
    await ann.record('/invoices', invoice('I2', '50.00'));
    await ann.record('/payments', payment('P0', '500.00'));
    await operator.record('/policy', { approvalAbove: [{ currency: 'USD', amount: '50.00' }], reason: 'x' });

    const head = (await ann.events()).length;
    const onAccount = { from: { paymentId: 'P0' }, to: { invoiceId: 'I1' }, amount: '1.00' };
    for (const client of [ann, operator]) {
      const refused = await client.post('/payments', payment('P1', '1.00', 'I1'));
      expect(told(refused)).toEqual([422, 'not-approved']);
      expect(refused.body).toMatchObject({ itemId: 'I1', above: '50.00' });
      expect(told(await client.post('/payments', payment('P1', '25.00', 'I2', 'I1')))).toEqual([422, 'not-approved']);
      expect(told(await client.post('/allocations', onAccount))).toEqual([422, 'not-approved']);
    }
    expect(await ann.events()).toHaveLength(head);
    await ann.record('/payments', payment('P2', '50.00', 'I2'));

    expect((await bob.get('/invoices/I1')).body.needsApproval).toBe(true);
    const { items } = (await bob.get('/invoices')).body as { items: { id: string; needsApproval: boolean }[] };
    expect(items.map(({ id, needsApproval }) => [id, needsApproval])).toEqual([
      ['I1', true],
      ['I2', false],
    ]);
    // Ann is an approver too, and an admin; but she entered it.
    const own = await ann.post('/invoices/I1/approvals', { comment: 'mine' });
    expect(told(own)).toEqual([422, 'segregation-of-duties']);
    expect(own.body).toMatchObject({ personId: 'ann', duties: ['enter', 'approve'] });
    const approved = await bob.record('/invoices/I1/approvals', { comment: 'as ordered' });
    expect(approved.headers.get('location')).toBe('/v1/ledgers/approvals/invoices/I1');
    expect(approved.body.needsApproval).toBe(false);
    expect(approved.body.approvals).toEqual([{ by: 'bob', on: expect.any(String), comment: 'as ordered' }]);
    expect(told(await bob.post('/invoices/I1/approvals'))).toEqual([422, 'already-approved']);
    expect(told(await bob.post('/payments', payment('P1', '1.00', 'I1')))).toEqual([403, 'forbidden']);

    await ann.record('/allocations', onAccount);
    await ann.record('/payments', payment('P3', '99.00', 'I1'));
    const { body } = await bob.get('/invoices/I1');
    expect(body).toMatchObject({ status: 'paid', approvals: [{ by: 'bob' }] });
    expect(body.history.map(({ type }: { type: string }) => type)).toContain('InvoiceApproved');
    expect(told(await bob.post('/invoices/I1/approvals'))).toEqual([422, 'nothing-open']);
    expect(told(await bob.post('/invoices/I9/approvals'))).toEqual([404, 'not-found']);
    expect((await bob.post('/invoices/I1/approvals', { remark: 'x' })).status).toBe(400);
  });

  it('is blocked in a cash plan, which is stale once it is approved, and once a policy asks for an approval', async () => {
    const { operator, ann, bob } = await ledgerOf('plans', { ann: everything, bob: everything });
    await ann.record('/invoices', invoice('I1'));
    await ann.record('/invoices', invoice('I2', '10.00'));
    await ann.record('/vendors/aws/consequences', { effectiveOn: '2024-01-01', neverDefer: true, source: 'x' });
    await ann.record('/cash/balances', { account: 'main', currency: 'USD', on: '2024-02-01', balance: '500.00' });
    const plan = async (id: string): Promise<{ decisions: { itemId: string }[] }> => {
      await ann.post('/cash-plans', { id, asOf: '2024-02-01', currency: 'USD' });
      for (;;) {
        const { status, body } = await ann.get(`/cash-plans/${id}`);
        if (status === 200) return body as { decisions: { itemId: string }[] };
        expect([status, body.status]).toEqual([202, expect.stringMatching(/queued|running/)]);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const of = ({ decisions }: { decisions: { itemId: string }[] }, id: string) =>
      decisions.find(({ itemId }) => itemId === id);
    const free = await plan('free');
    expect(of(free, 'I1')).toMatchObject({ decision: 'pay' });

    await operator.record('/policy', { approvalAbove: [{ currency: 'USD', amount: '10.00' }], reason: 'x' });
    const stale = await ann.post('/cash-plans/free/adoption');
    expect(told(stale)).toEqual([409, 'stale-plan']);
    expect(stale.body.changed).toEqual([{ itemId: 'I1', what: 'needs an approval' }]);

    const barred = await plan('barred');
    expect(of(barred, 'I2')).toMatchObject({ decision: 'pay' });
    expect(of(barred, 'I1')).toMatchObject({
      decision: 'blocked',
      hold: { reason: 'not approved, and above 10.00 USD', unapproved: true },
      payments: [],
    });
    await ann.record('/cash-plans/barred/adoption');

    await bob.record('/invoices/I1/approvals');
    expect(of(await plan('approved'), 'I1')).toMatchObject({ decision: 'pay' });
    await plan('again');
    await operator.record('/policy', { reason: 'x' });
    await ann.record('/cash-plans/again/adoption');
  });
});

describe('the report of duties', () => {
  /** The same from the lines of the log alone, for one person and one invoice after the other. */
  const casesIn = (events: readonly any[], asOf: string, position: number): object[] => {
    const known = events.filter((event) => event.position <= position);
    const maker = (id: string, name: string): string =>
      known.find(({ type, data }) => /^(PaymentMade|CreditNotePosted)$/.test(type) && data[name] === id).actor.id;
    const acts = known
      .filter(({ effectiveOn }) => effectiveOn <= asOf)
      .flatMap(({ type, data, actor, position: at }) => {
        const act = (duty: string, personId = actor.id, invoiceId = data.invoiceId) => ({
          key: `${personId} ${invoiceId}`,
          duty,
          position: at,
        });
        if (type === 'InvoicePosted' || type === 'InvoiceReversed') return [act('enter')];
        if (type === 'InvoiceApproved') return [act('approve')];
        // A change of where a vendor is paid is about each of their invoices.
        if (type.startsWith('BankDetails'))
          return known
            .filter((one) => one.type === 'InvoicePosted' && one.data.vendorId === data.vendorId)
            .map((one) => act('change-bank-details', actor.id, one.data.invoiceId));
        if (!type.startsWith('Allocat') || !data.to.invoiceId) return [];
        const [kind, id] = Object.entries(data.from)[0] as [string, string];
        if (type === 'AllocationReversed')
          return kind === 'creditNoteId' ? [act('enter', actor.id, data.to.invoiceId)] : [];
        const duty = kind === 'paymentId' ? 'pay' : 'enter';
        return [...new Set<string>([actor.id, maker(id, kind)])].map((one) => act(duty, one, data.to.invoiceId));
      });
    return [...new Set(acts.map(({ key }) => key))].flatMap((key) => {
      const own = acts.filter((one) => one.key === key).map(({ duty, position: at }) => ({ duty, position: at }));
      const done = ['enter', 'approve', 'change-bank-details', 'pay'].filter((duty) =>
        own.some((one) => one.duty === duty),
      );
      const [personId, invoiceId] = key.split(' ');
      const { number, total } = known.find(({ type, data }) => type === 'InvoicePosted' && data.invoiceId === invoiceId)
        .data as { number: string; total: string };
      return done.length < 2
        ? []
        : [
            {
              personId,
              vendorId: 'aws',
              vendorName: 'AWS',
              invoiceId,
              number,
              currency: 'USD',
              total,
              duties: done,
              acts: own,
            },
          ];
    });
  };
  const inOrder = (cases: readonly any[]): object[] =>
    [...cases].sort((a, b) => (`${a.invoiceId} ${a.personId}` < `${b.invoiceId} ${b.personId}` ? -1 : 1));

  it('has every case in which one person did two of them, at any two dates, and no other', async () => {
    const { ann, bob, cid, eve } = await ledgerOf('duties', {
      ann: everything,
      bob: everything,
      cid: everything,
      eve: ['auditor'],
    });
    const note = (id: string, ...allocations: object[]) => ({
      ...{ id, vendorId: 'aws', number: id, date: '2024-02-05', currency: 'USD', total: '9.00' },
      ...(allocations.length > 0 && { allocations }),
    });
    for (const [id, client] of [
      ['I1', ann],
      ['I2', bob],
      ['I3', ann],
      ['I4', cid],
    ] as const)
      await client.record('/invoices', invoice(id));
    await bob.record('/invoices/I1/approvals', { comment: 'yes' });
    await bob.record('/payments', payment('P1', '30.00', 'I1'));
    await ann.record('/payments', payment('P2', '30.00', 'I1'));
    // Made by one and set against it by another: both have paid.
    await cid.record('/payments', payment('P3', '30.00'));
    const onAccount = { from: { paymentId: 'P3' }, to: { invoiceId: 'I2' }, amount: '10.00' };
    await bob.record('/allocations', { ...onAccount, id: 'A1', on: '2024-03-05' });
    await cid.record('/allocations', { ...onAccount, id: 'A2', to: { invoiceId: 'I4' } });
    await cid.record('/credit-notes', note('N1'));
    await bob.record('/allocations', {
      id: 'A3',
      from: { creditNoteId: 'N1' },
      to: { invoiceId: 'I3' },
      amount: '4.00',
    });
    await bob.record('/payments', payment('P4', '5.00', 'I3'));
    await cid.record('/payments', payment('P5', '5.00', 'I3'));
    await ann.record('/allocations/A3/reversal', { reason: 'wrong one' });
    // What is taken back was done all the same.
    await ann.record('/payments/P2/reversal', { reason: 'bounced', on: '2024-02-20' });
    await bob.record('/invoices/I4/approvals');
    await ann.record('/vendors/aws/bank-details', { id: 'B1', accountNumber: '12345678' });
    await bob.record('/vendors/aws/bank-details/B1/approval');
    const events: any[] = await eve.events();
    expect(told(await new LedgerClient(app.url, 'duties', 'x').get('/reports/duties'))[0]).toBe(401);

    let [seen, most] = [0, 0];
    for (const { position } of events)
      for (const asOf of ['2024-01-30', '2024-02-09', '2024-02-10', '2024-03-05', '2099-12-31']) {
        const { status, body } = await eve.get(`/reports/duties?asOf=${asOf}&knownAtPosition=${position}`);
        expect([status, body.asOf, body.position]).toEqual([200, asOf, position]);
        expect(body.cases).toEqual(inOrder(casesIn(events, asOf, position)));
        const { length } = body.cases as unknown[];
        seen += length;
        most = Math.max(most, length);
      }
    expect([seen > 50, most]).toEqual([true, 8]);
    expect((await eve.get('/reports/duties?currency=EUR')).body.cases).toEqual([]);

    const csv = await eve.get('/reports/duties?asOf=2024-02-10&format=csv');
    expect(csv.headers.get('content-disposition')).toContain('duties-duties-2024-02-10.csv');
    const lines = csv.text.split('\r\n');
    expect(lines[0]).toBe(
      'ledger,asOf,knownAt,position,personId,vendorId,vendorName,invoiceId,number,currency,total,enter,approve,change-bank-details,pay',
    );
    expect(lines[1]).toMatch(/,ann,aws,AWS,I1,I1,USD,100\.00,3,,,11$/);
    expect(told(await new LedgerClient(app.url, 'duties').get('/reports/duties?format=xls'))).toEqual([
      400,
      'malformed',
    ]);
  });
});

it('the books of an earlier release, which had passed the events before, tell the same duties', async () => {
  const sql = await readFile(new URL('../src/database/migrations/sql/0009-control.sql', import.meta.url), 'utf8');
  const [insert] = /with passed as[^]*?from done;/.exec(sql)!;
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    // Approvals and bank details came with that migration.
    const duties = async (): Promise<object[]> =>
      (
        await client.query<object>(
          `select * from books.duties where duty in ('enter', 'pay') order by ledger_id, generation, position, line`,
        )
      ).rows;
    await client.query('begin');
    const folded = await duties();
    expect(folded.length).toBeGreaterThan(20);
    await client.query('delete from books.duties');
    await client.query(insert);
    expect(await duties()).toEqual(folded);
  } finally {
    await client.query('rollback');
    await client.end();
  }
});

describe('persons who hold every role', () => {
  const alone = (reply: Reply, personId: string, ...duties: string[]): void => {
    expect(told(reply)).toEqual([422, 'segregation-of-duties']);
    expect(reply.body).toMatchObject({ personId, duties });
  };

  it('pay nothing that they alone entered or approved where two people are asked for, and no admin gets around it', async () => {
    const { operator, ann, bob, cid } = await ledgerOf('two', { ann: everything, bob: everything, cid: everything });
    await operator.record('/policy', {
      approvalAbove: [{ currency: 'USD', amount: '50.00' }],
      twoPersonPayment: true,
      reason: 'x',
    });
    for (const id of ['I1', 'I2']) await ann.record('/invoices', invoice(id));
    await ann.record('/invoices', invoice('I3', '50.00'));
    await operator.record('/invoices', invoice('I4', '50.00'));

    // Below the limit no approval is needed, but two people are all the same.
    alone(await ann.post('/payments', payment('P3', '50.00', 'I3')), 'ann', 'enter', 'pay');
    await bob.record('/payments', payment('P3', '50.00', 'I3'));
    alone(await operator.post('/payments', payment('P4', '50.00', 'I4')), 'operator', 'enter', 'pay');
    alone(await operator.post('/invoices/I4/approvals'), 'operator', 'enter', 'approve');

    // Bob approves and would pay, with his own payment or by setting against it what another paid on account.
    await bob.record('/invoices/I1/approvals');
    alone(await bob.post('/payments', payment('P1', '100.00', 'I1')), 'bob', 'approve', 'pay');
    await cid.record('/payments', payment('P0', '100.00'));
    const onAccount = { from: { paymentId: 'P0' }, to: { invoiceId: 'I1' }, amount: '10.00' };
    alone(await bob.post('/allocations', onAccount), 'bob', 'approve', 'pay');
    // Nor does anybody else set against it what he paid.
    await bob.record('/payments', payment('PB', '10.00'));
    alone(await cid.post('/allocations', { ...onAccount, from: { paymentId: 'PB' } }), 'bob', 'approve', 'pay');
    // With another token he is the same person, and as an admin too.
    const { body } = await installation.record('/tokens', {
      personId: 'bob',
      grants: [{ ledger: '_installation', roles: ['admin'] }],
    });
    const asAdmin = new LedgerClient(app.url, 'two', (body as { token: string }).token);
    alone(await asAdmin.post('/payments', payment('P1', '100.00', 'I1')), 'bob', 'approve', 'pay');

    await cid.record('/invoices/I1/approvals');
    await bob.record('/payments', payment('P1', '100.00', 'I1'));

    // Whoever has paid a part does not approve the rest of it.
    await bob.record('/invoices/I2/approvals');
    await cid.record('/payments', payment('P2', '40.00', 'I2'));
    alone(await cid.post('/invoices/I2/approvals'), 'cid', 'pay', 'approve');
    await ann.record('/payments', payment('P5', '60.00', 'I2'));
  });
});
