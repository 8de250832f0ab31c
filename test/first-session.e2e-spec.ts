/** The first session of the README does what it says: its commands are run by bash as they stand there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { App } from '../src/app.module.js';
import { startApp, testToken } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

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

interface Step {
  readonly commands: string;
  /** What the README shows of its output; undefined if nothing. */
  readonly shown: string | undefined;
}

/** The commands of a section, each with the output that stands somewhere before the next commands. */
const stepsOf = (readme: string): Step[] => {
  const section = /\n## A first session\n([^]*?)\n## /.exec(readme)![1]!;
  const blocks = [...section.matchAll(/```(sh|text)\n([^]*?)```/g)].map(([, kind, text]) => ({ kind, text: text! }));
  return blocks.flatMap(({ kind, text }, i) =>
    kind === 'sh' ? [{ commands: text, shown: blocks[i + 1]?.kind === 'text' ? blocks[i + 1]!.text : undefined }] : [],
  );
};

it('does what it says', async () => {
  const steps = stepsOf(await readFile('README.md', 'utf8'));
  expect(steps.filter(({ shown }) => shown !== undefined).length).toBeGreaterThan(5);
  const mark = '-- next step --';
  const script = steps
    .map(({ commands }) => `${commands.replaceAll('http://127.0.0.1:3000', app.url)}\necho '${mark}'`)
    .join('\n');

  const bash = spawn('bash', ['-s'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  let output = '';
  bash.stdout.on('data', (text: Buffer) => (output += text.toString()));
  bash.stdin.end(script);
  expect(await once(bash, 'close')).toEqual([0, null]);

  const outputs = output.split(`${mark}\n`).slice(0, -1);
  expect(outputs).toEqual(steps.map(({ shown }) => shown ?? ''));
});
