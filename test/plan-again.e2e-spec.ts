/** A recorded plan made again from the log alone, elsewhere and under load; and plans at the command line. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { App } from '../src/app.module.js';
import { cashSteps, planRequest } from '../src/demo-cash.js';
import { steps } from '../src/demo-founding-case.js';
import { planTables } from '../src/plan-tables.js';
import { unpack } from '../src/planning/packed.js';
import { LedgerClient, startApp, testToken } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

const run = promisify(execFile);
const root = resolve('.');
let folder: string;
let database: TestDatabase;
let app: App;
let ledger: LedgerClient;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duebook-plan-'));
  const build = `import { buildIfStale } from './scripts/build.js'; buildIfStale();`;
  await run(process.execPath, ['--input-type=module', '-e', build]);
  database = await createTestDatabase();
  app = await startApp(database);
  ledger = await new LedgerClient(app.url, 'founding-case').open();
  for (const { path, body } of [...steps.slice(1), ...cashSteps]) await ledger.record(path, body);
}, 300_000);
afterAll(async () => {
  await app.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Reads the inputs that were recorded, plans, and says what comes out. */
const again = `
  import { readFileSync } from 'node:fs';
  import { planCash } from '${root}/dist/cash-priority/plan.js';
  import { loadSolver } from '${root}/dist/cash-priority/solver.js';
  process.stdout.write(JSON.stringify(await planCash(JSON.parse(readFileSync(process.argv[1], 'utf8')), await loadSolver())));
`;

describe('a plan that is in the log', () => {
  it('is made again in another process while the machine is busy, byte for byte', async () => {
    await ledger.post('/cash-plans', { ...planRequest, id: 'p', overrides: 2 });
    for (let found; found?.status !== 200;) found = await ledger.get('/cash-plans/p');
    const [event] = ((await ledger.events()) as any[]).filter(({ type }) => type === 'CashPlanProposed');
    const inputs = join(folder, 'inputs.json');
    await writeFile(inputs, await unpack(event.data.inputs));
    const busy = Array.from({ length: 3 }, () => new Worker('for (;;);', { eval: true }));
    try {
      const made = await run(process.execPath, ['--input-type=module', '-e', again, inputs], { maxBuffer: 1e8 });
      expect(made.stdout).toBe((await unpack(event.data.plan)).toString());
      expect(createHash('sha256').update(made.stdout).digest('hex')).toBe(event.data.planHash);
    } finally {
      await Promise.all(busy.map((worker) => worker.terminate()));
    }
  }, 120_000);
});

describe('duebook plan', () => {
  const options = ['--ledger', 'founding-case', '--as-of', '2023-10-31', '--minimum-balance', '250000'];
  const cli = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      DATABASE_URL: database.appUrl,
      DATABASE_MIGRATION_URL: database.url,
      DUEBOOK_DATA: database.folder,
      DUEBOOK_TOKEN: testToken,
      PORT: new URL(app.url).port,
    };
    try {
      return {
        code: 0,
        ...(await run(process.execPath, [resolve('dist/cli.js'), 'plan', ...args], { env, cwd: folder })),
      };
    } catch (error) {
      return error as { code: number; stdout: string; stderr: string };
    }
  };

  it('prints the plan as tables, and with --json as the API has it', async () => {
    const { body } = await ledger.get('/reports/cash-priority?asOf=2023-10-31&minimumBalance=250000');
    const [tables, json] = await Promise.all([cli(...options), cli(...options, '--json')]);
    expect(tables).toMatchObject({ code: 0, stdout: `${planTables(body)}\n` });
    expect(tables.stdout).toMatch(/AWS suspends +2023-12-15 +yes/);
    expect(json.code).toBe(0);
    expect(JSON.parse(json.stdout)).toEqual(body);
  }, 120_000);

  it('says what is wrong where no plan can be made', async () => {
    const none = await cli('--ledger', 'founding-case', '--as-of', '2023-10-31', '--currency', 'EUR');
    expect(none.code).not.toBe(0);
    expect(none.stderr).toContain('State a balance in EUR on or before 2023-10-31 first');
    const unknown = await cli('--ledger', 'nothing');
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain('There is no ledger nothing');
    const late = await cli('--ledger', 'founding-case', '--as-of', '9999-12-25');
    expect(late.stderr).toMatch(/errors names each fault.*\/asOf the plan must end on or before/);
    // Words for people, and not what a server and a client say to each other.
    for (const { stderr } of [none, unknown, late]) expect(stderr).not.toMatch(/[{}]|GET \/v1/);
    expect((await cli('--as-of', '2023-10-31')).stderr).toMatch(/required option.*--ledger/);
  }, 120_000);
});
