/** The first session of the README does what it says: its commands are run by bash as they stand there. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { App } from '../src/app.module.js';
import { startApp, testToken } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';
import { runSteps, stepsOf } from './support/session.js';

let database: TestDatabase;
let app: App;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startApp(database);
  folder = await mkdtemp(join(tmpdir(), 'duebook-session-'));
  await mkdir(join(folder, '.duebook'));
  await writeFile(join(folder, '.duebook/token'), `${testToken}\n`);
});
afterAll(async () => {
  await app.close();
  await database.drop();
  await rm(folder, { recursive: true });
});

it('does what it says', async () => {
  const [, section] = /\n## A first session\n([^]*?)\n## /.exec(await readFile('README.md', 'utf8'))!;
  const steps = stepsOf(section!);
  expect(steps.filter(({ shown }) => shown !== undefined).length).toBeGreaterThan(5);
  await runSteps(steps, folder, (commands) => commands.replaceAll('http://127.0.0.1:3000', app.url));
});
