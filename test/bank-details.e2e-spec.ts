/** Where vendors are paid, over HTTP: changed by two people, after a while, and readable for those who pay. */
import { randomBytes } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { App } from '../src/app.module.js';
import { type Role, roles } from '../src/domain/access.js';
import { VendorKeys } from '../src/vault/vendor-keys.js';
import { LedgerClient, type Reply, startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

let database: TestDatabase;
let app: App;
let pool: pg.Pool;
let installation: LedgerClient;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  pool = new pg.Pool({ connectionString: database.appUrl, max: 2 });
  installation = new LedgerClient(app.url, '_installation');
});
afterAll(async () => {
  await pool.end();
  await app.close();
  await database.drop();
});

const person = async (ledger: string, personId: string, held: readonly Role[] = roles): Promise<LedgerClient> => {
  const { body } = await installation.record('/tokens', { personId, grants: [{ ledger, roles: held }] });
  return new LedgerClient(app.url, ledger, (body as { token: string }).token);
};
const told = ({ status, body }: Reply): [number, string] => [status, String(body.type).replace('/problems/', '')];
const payment = (id: string, bankDetailsId: string) => ({
  ...{ id, vendorId: 'aws', paidOn: '2024-02-10', currency: 'USD', amount: '5.00' },
  bankDetailsId,
});
const iban = 'GB82 WEST 1234 5698 7654 32';
const plain = 'GB82WEST12345698765432';

/** Every text that the database keeps of a ledger. */
const kept = async (ledger: string): Promise<string> => {
  const texts: string[] = [];
  for (const table of [
    'log.events',
    'log.receipts',
    'log.claims',
    'books.documents',
    'books.vendor_keys',
    'books.policies',
  ]) {
    const { rows } = await pool.query<{ text: string }>(`select t::text as text from ${table} t where ledger_id = $1`, [
      ledger,
    ]);
    texts.push(...rows.map(({ text }) => text));
  }
  return texts.join('\n');
};

describe('bank details', () => {
  it('are proposed by one and approved by another, wait, and are paid to; those who pay see all of them', async () => {
    const operator = await new LedgerClient(app.url, 'details').open();
    await operator.record('/vendors', { id: 'aws', name: 'AWS' });
    const [ann, bob, eve] = [
      await person('details', 'ann'),
      await person('details', 'bob', ['approver']),
      await person('details', 'eve', ['auditor']),
    ];
    const body = { id: 'B1', accountNumber: iban, holder: 'AWS EMEA', bankCode: 'WESTGB2L', comment: 'letter' };
    const asked = await ann.post('/vendors/aws/bank-details', body, { 'idempotency-key': 'once' });
    expect([asked.status, asked.headers.get('location')]).toEqual([
      201,
      '/v1/ledgers/details/vendors/aws/bank-details/B1',
    ]);
    const shown = { id: 'B1', vendorId: 'aws', status: 'proposed', comment: 'letter', proposedBy: 'ann', position: 3 };
    expect(asked.body).toEqual(shown);
    // The same again, however it is sealed this time.
    expect((await ann.record('/vendors/aws/bank-details', { ...body, accountNumber: plain })).body).toEqual(shown);
    const again = await ann.post('/vendors/aws/bank-details', body, { 'idempotency-key': 'once' });
    expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([asked.text, 'true']);
    const other = { ...body, accountNumber: 'DE89370400440532013000' };
    expect(told(await ann.post('/vendors/aws/bank-details', other))).toEqual([409, 'id-already-used']);

    expect(told(await ann.post('/payments', payment('P1', 'B1')))).toEqual([422, 'bank-details-not-in-force']);
    expect(told(await ann.post('/vendors/aws/bank-details/B1/approval'))).toEqual([422, 'segregation-of-duties']);
    expect(told(await eve.post('/vendors/aws/bank-details/B1/approval'))).toEqual([403, 'forbidden']);
    await operator.record('/policy', { bankChangeWaitingDays: 2, reason: 'x' });
    const day = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
    const approved = await bob.record('/vendors/aws/bank-details/B1/approval', { comment: 'called back' });
    expect(approved.body).toMatchObject({
      status: 'waiting',
      approval: { by: 'bob', effectiveFrom: day, comment: 'called back' },
    });
    const early = await ann.post('/payments', payment('P1', 'B1'));
    expect(told(early)).toEqual([422, 'bank-details-not-in-force']);
    expect(early.body).toMatchObject({ status: 422, state: 'waiting', effectiveFrom: day });

    await operator.record('/policy', { reason: 'x' });
    await ann.record('/vendors/aws/bank-details', { id: 'B2', accountNumber: '12345678', holder: 'AWS' });
    await bob.record('/vendors/aws/bank-details/B2/approval');
    expect((await ann.record('/payments', payment('P1', 'B2'))).body).toMatchObject({ bankDetailsId: 'B2' });
    expect(told(await ann.post('/payments', payment('P2', 'B9')))).toEqual([422, 'unknown-bank-details']);

    const whole = { accountNumber: plain, holder: 'AWS EMEA', bankCode: 'WESTGB2L' };
    const masked = { ...whole, accountNumber: '••••5432' };
    for (const [client, seen] of [
      [operator, whole],
      [ann, whole],
      [bob, masked],
      [eve, masked],
    ] as const) {
      const { body: one } = await client.get('/vendors/aws/bank-details/B1');
      expect(one).toMatchObject({ ...seen, status: 'waiting', history: [{ position: 3 }, { position: 5 }] });
      const { body: list } = await client.get('/vendors/aws/bank-details');
      expect(list.items).toMatchObject([seen, { id: 'B2', status: 'in-force' }]);
    }
    expect(told(await ann.get('/vendors/other/bank-details/B1'))).toEqual([404, 'not-found']);
    expect(told(await ann.post('/vendors/other/bank-details', body))).toEqual([404, 'not-found']);
  });

  it('say what is wrong with them, without repeating it', async () => {
    const operator = await new LedgerClient(app.url, 'faults').open();
    await operator.record('/vendors', { id: 'aws', name: 'AWS' });
    for (const accountNumber of ['GB82 WEST 1234 5698 7654 33', '123', 'GB82/WEST', 7, '']) {
      const reply = await operator.post('/vendors/aws/bank-details', { accountNumber });
      expect(told(reply)).toEqual([400, 'malformed']);
      expect(reply.body.errors).toMatchObject([{ pointer: '/accountNumber' }]);
      expect(reply.text).not.toMatch(/WEST|\b5698/);
    }
  });

  it('are in the database sealed only, and are unreadable for good once the key of the vendor is destroyed', async () => {
    const operator = await new LedgerClient(app.url, 'sealed').open();
    for (const id of ['aws', 'hmrc']) await operator.record('/vendors', { id, name: id });
    const details = { accountNumber: iban, holder: 'Amazon Holder' };
    await operator.post('/vendors/aws/bank-details', { id: 'B1', ...details }, { 'idempotency-key': 'k' });
    await operator.record('/vendors/hmrc/bank-details', { id: 'B2', ...details });
    await operator.get('/vendors/aws/bank-details?atLeast=5');
    const texts = await kept('sealed');
    expect(texts).toContain('B1');
    for (const secret of [plain, iban, 'Amazon Holder']) expect(texts).not.toContain(secret);
    // The last four as a value, masked or not: by chance ciphertext, keys and ids have any four digits somewhere.
    expect(texts).not.toMatch(/(?<![\w+/=-])5432(?![\w+/=-])/);

    expect(await new VendorKeys(pool, () => Promise.reject(new Error('not needed'))).destroy('sealed', 'aws')).toBe(1);
    const { body } = await operator.get('/vendors/aws/bank-details/B1');
    expect(body).toMatchObject({ id: 'B1', status: 'proposed' });
    expect(body).not.toHaveProperty('accountNumber');
    expect((await operator.get('/vendors/hmrc/bank-details/B2')).body).toMatchObject({ accountNumber: plain });
    const { body: next } = await operator.record('/vendors/aws/bank-details', { id: 'B3', ...details });
    expect(next.status).toBe('proposed');
    expect((await operator.get('/vendors/aws/bank-details/B3')).body).toMatchObject({ accountNumber: plain });
    expect((await operator.get('/vendors/aws/bank-details/B1')).body).not.toHaveProperty('accountNumber');
    // Nobody pays to what nobody can read.
    const approval = await operator.post('/vendors/aws/bank-details/B1/approval', {});
    expect([...told(approval), approval.body.state]).toEqual([422, 'bank-details-not-in-force', 'erased']);
  });

  it('are sealed anew each time, so that the log does not tell who has the same', async () => {
    const operator = new LedgerClient(app.url, 'sealed');
    await operator.record('/vendors/hmrc/bank-details', { id: 'B4', accountNumber: iban, holder: 'Amazon Holder' });
    const lines = (await operator.events()) as unknown as { type: string; data: any }[];
    const sealed = lines.flatMap(({ type, data }) => (type === 'BankDetailsProposed' ? [data] : []));
    const [one, other] = ['B2', 'B4'].map((id) => sealed.find((data) => data.bankDetailsId === id).sealed);
    expect(one.keyId).toBe(other.keyId);
    expect(one.content).not.toBe(other.content);
    // The nonce comes first: with one key no two may be the same.
    expect(one.content.slice(0, 16)).not.toBe(other.content.slice(0, 16));
    // The same is told by its print, and by whoever has the key only.
    const masterKey = randomBytes(32);
    const keys = new VendorKeys(pool, () => Promise.resolve(masterKey));
    const printOf = async (vendorId: string, text: string) => (await keys.seal('prints', vendorId, 'x', text)).print;
    const prints = [await printOf('a', 'one'), await printOf('a', 'one'), await printOf('a', 'two')];
    expect(prints[1]).toBe(prints[0]);
    expect(new Set([...prints, await printOf('b', 'one')]).size).toBe(3);
  });

  it('can be read by no installation with another master key, and it says so', async () => {
    const file = join(database.folder, 'other.key');
    await writeFile(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const stranger = await startApp(database, { MASTER_KEY: file });
    try {
      const client = new LedgerClient(stranger.url, 'sealed');
      for (const reply of [
        await client.get('/vendors/hmrc/bank-details/B2'),
        await client.post('/vendors/hmrc/bank-details', { accountNumber: '12345678' }),
      ])
        expect(told(reply)).toEqual([503, 'details-unreadable']);
      expect((await client.get('/vendors/hmrc')).status).toBe(200);
      // What was answered once is answered again, whatever key there is now.
      const details = { id: 'B1', accountNumber: iban, holder: 'Amazon Holder' };
      const again = await client.post('/vendors/aws/bank-details', details, { 'idempotency-key': 'k' });
      expect([again.status, again.body.id]).toEqual([201, 'B1']);
    } finally {
      await stranger.close();
    }
    await writeFile(file, 'short\n');
    await expect(startApp(database, { MASTER_KEY: file })).rejects.toThrow('holds no key');
    await chmod(file, 0o644);
    await expect(startApp(database, { MASTER_KEY: file })).rejects.toThrow('chmod 600');
    await expect(startApp(database, { MASTER_KEY: `${file}.none` })).rejects.toThrow('there is no');
  });
});
