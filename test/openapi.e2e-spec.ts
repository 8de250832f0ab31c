/**
 * The API document of the build: what the compiler's swagger plugin adds is not there when the tests transpile. It is
 * compared with the one that is committed, so that every change of the API shows in review. To take a change over:
 *
 *     TEST_UPDATE=1 npm run test:e2e -- test/openapi
 */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { format } from 'prettier';
import type { App } from '../src/app.module.js';
import { problems } from '../src/intake/problems.js';
import { startApp } from './support/app.js';
import { createTestDatabase, type TestDatabase } from './support/database.js';

const committed = 'test/openapi.json';

const program = `
  import { buildIfStale } from './scripts/build.js';
  buildIfStale();
  const { createApp } = await import('./dist/app.module.js');
  const { readConfig } = await import('./dist/config.js');
  const app = await createApp(readConfig({ PORT: '0', DUEBOOK_DATA: process.env.APP_DATA }), { url: process.env.APP_URL, token: 'a-token-for-tests-only' });
  const response = await fetch(app.url + '/openapi.json');
  process.stdout.write(await response.text());
  await app.close();
`;

interface Operation {
  operationId: string;
  summary?: string;
  tags?: string[];
  security?: object[];
  parameters?: { name: string; in: string }[];
  requestBody?: object;
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
}

let database: TestDatabase;
let document: { openapi: string; info: object; components: object; paths: Record<string, Record<string, Operation>> };

beforeAll(async () => {
  database = await createTestDatabase();
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, APP_URL: database.appUrl, APP_DATA: database.folder },
    maxBuffer: 100_000_000,
  });
  document = JSON.parse(stdout);
}, 180_000);
afterAll(() => database.drop());

const operations = (): { route: string; operation: Operation }[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
  );

describe('the API document', () => {
  it('is the one that is committed', async () => {
    const text = await format(JSON.stringify(document), { parser: 'json', printWidth: 120 });
    if (process.env.TEST_UPDATE) await writeFile(committed, text);
    expect(JSON.parse(text)).toEqual(JSON.parse(await readFile(committed, 'utf8')));
  });

  it('is OpenAPI 3.1, about Duebook', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Duebook' }, servers: [{ url: '/' }] });
  });

  it('refers to nothing that it does not have', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path!);
    const missing = refs.filter(
      (path) =>
        path.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document) ===
        undefined,
    );
    expect(missing).toEqual([]);
  });

  it('has a summary, a tag and a name of its own for every route', () => {
    expect(
      operations()
        .filter(({ operation }) => !operation.summary || !operation.tags?.length)
        .map(({ route }) => route),
    ).toEqual([]);
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('asks for a token everywhere but for health', () => {
    const open = operations().filter(({ operation }) => !operation.security?.length);
    expect(open.map(({ route }) => route).sort()).toEqual(['GET /health/live', 'GET /health/ready']);
  });

  it('has the Idempotency-Key on every POST, and on nothing else', () => {
    for (const { route, operation } of operations()) {
      const has = operation.parameters?.some(({ name }) => name === 'Idempotency-Key') ?? false;
      expect([route, has]).toEqual([route, route.startsWith('POST ')]);
    }
  });

  it('says what every answer looks like', () => {
    const silent = operations().flatMap(({ route, operation }) =>
      Object.entries(operation.responses)
        .filter(
          ([status, { content }]) => status !== '204' && Object.values(content ?? {}).every((type) => !type.schema),
        )
        .map(([status]) => `${route} ${status}`),
    );
    expect(silent).toEqual([]);
  });

  it('names every path parameter', () => {
    for (const { route, operation } of operations()) {
      const named = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect([
        route,
        operation.parameters
          ?.filter((parameter) => parameter.in === 'path')
          .map(({ name }) => name)
          .sort() ?? [],
      ]).toEqual([route, named.sort()]);
    }
  });

  it('is in British English', () => {
    const words = JSON.stringify(document)
      .toLowerCase()
      .match(/\b(\w+iz(e[sd]?|ing|ations?)|colors?|aging|honor\w*|favor\w*|center\w*|canceled)\b/g);
    expect((words ?? []).filter((word) => !/^(sizes?|unauthorized)$/.test(word))).toEqual([]);
  });
});

describe('the pages beside it', () => {
  let app: App;
  beforeAll(async () => {
    app = await startApp(database);
  });
  afterAll(() => app.close());

  it('are there for whoever has no token, and let no other page in', async () => {
    for (const path of ['/docs', '/docs/swagger-ui-init.js', '/docs/swagger-ui.css', '/openapi.json', '/problems']) {
      const { status, headers } = await fetch(app.url + path);
      expect([path, status]).toEqual([path, 200]);
      expect(headers.get('content-security-policy')).toContain(`script-src 'self'`);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  it('explain every problem that an answer can be', async () => {
    const list = await (await fetch(`${app.url}/problems`)).text();
    for (const [code, { title, status }] of Object.entries(problems)) {
      expect(list).toContain(`href="/problems/${code}"`);
      const answer = await fetch(`${app.url}/problems/${code}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const page = await answer.text();
      expect(page).toContain(title);
      expect(page).toContain(`HTTP status ${status}`);
    }
    for (const code of ['nothing-of-ours', 'constructor', '..%2Fdocs']) {
      expect((await fetch(`${app.url}/problems/${code}`)).status).toBe(404);
    }
  });
});
