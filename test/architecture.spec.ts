/**
 * Who may import whom, as one table, and the domain's purity. The rooms are the stages that a command flows through;
 * an import against the flow is how a ledger's rules come to depend on its tables.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const rooms: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  files: [],
  database: ['files'],
  access: ['domain', 'event-log'],
  // Keys, and what is sealed with them.
  vault: ['domain', 'files'],
  'cash-priority': ['domain'],
  'event-log': ['domain', 'database'],
  projections: ['domain', 'event-log', 'database'],
  reports: ['domain', 'event-log', 'access', 'projections', 'database'],
  audit: ['domain', 'files', 'event-log', 'projections', 'database'],
  // What a closing records: figures of the books, and the tree over the log.
  closing: ['domain', 'event-log', 'projections', 'reports', 'audit'],
  extracts: ['domain', 'access', 'event-log', 'projections', 'database', 'reports'],
  // A way to start, like main.ts: it may wire.
  cli: [
    'domain',
    'files',
    'database',
    'access',
    'cash-priority',
    'event-log',
    'projections',
    'reports',
    'extracts',
    'audit',
    'vault',
  ],
  planning: ['domain', 'event-log', 'projections', 'database', 'reports', 'cash-priority'],
  intake: [
    'domain',
    'event-log',
    'access',
    'projections',
    'reports',
    'audit',
    'closing',
    'cash-priority',
    'planning',
    'vault',
  ],
};

/** Nest, TypeORM and the like decide nothing: what the domain needs, it has or is given. */
const packagesOf = (room: string, file: string): RegExp => {
  if (room === 'domain') return /^$/;
  if (room === 'cash-priority') return /^(node:|highs$)/;
  // A controller translates and hands over; tables are not its business.
  if (file.endsWith('.controller.ts')) return /^(?!pg$|pg-|typeorm$|@nestjs\/typeorm$)/;
  return /./;
};

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
  /** Only once what it is needed for is done. */
  readonly late: boolean;
}

interface Source {
  /** Below src/, with forward slashes: `domain/money.ts`. */
  readonly path: string;
  readonly room: string | undefined;
  readonly imports: readonly Import[];
  /** Calls that make the same inputs give different results. */
  readonly impure: readonly string[];
}

const parse = (path: string, text: string): Source => {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const imports: Import[] = [];
  const impure: string[] = [];
  const visit = (node: ts.Node): void => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      const clause = ts.isImportDeclaration(node) ? node.importClause : undefined;
      const named = clause?.namedBindings;
      const everyNameIsType =
        clause !== undefined &&
        clause.name === undefined &&
        named !== undefined &&
        ts.isNamedImports(named) &&
        named.elements.length > 0 &&
        named.elements.every((element) => element.isTypeOnly);
      imports.push({
        specifier: (node.moduleSpecifier as ts.StringLiteral).text,
        typeOnly:
          (ts.isExportDeclaration(node) ? node.isTypeOnly : clause?.phaseModifier === ts.SyntaxKind.TypeKeyword) ||
          everyNameIsType,
        late: false,
      });
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      // A computed specifier can't be judged; only the migrations need one.
      if (argument && ts.isStringLiteralLike(argument))
        imports.push({ specifier: argument.text, typeOnly: false, late: true });
    }
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
      imports.push({ specifier: node.argument.literal.text, typeOnly: true, late: false });
    }
    if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length)
      impure.push('new Date()');
    if (ts.isCallExpression(node) && node.expression.getText() === 'Date') impure.push('Date()');
    if (ts.isPropertyAccessExpression(node)) {
      const text = node.getText();
      if (
        /^(globalThis\.)?(Date\.now|Math\.random|performance\.\w+|process\.\w+|crypto\.\w+|console\.\w+)$/.test(text)
      ) {
        impure.push(text);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { path, room: path.includes('/') ? path.split('/')[0] : undefined, imports, impure };
};

/** Every breach in one source, in words. */
const breachesOf = (source: Source): string[] => {
  const breaches: string[] = [];
  const { path, room } = source;
  if (room !== undefined) {
    const allowed = rooms[room];
    if (!allowed) return [`${path}: there is no room "${room}" in the table`];
    for (const { specifier, typeOnly } of source.imports) {
      if (!specifier.startsWith('.')) {
        if (!packagesOf(room, path).test(specifier)) breaches.push(`${path} imports ${specifier}`);
        continue;
      }
      const target = posix.join(posix.dirname(path), specifier);
      const targetRoom = target.includes('/') ? target.split('/')[0] : undefined;
      if (targetRoom === room || (targetRoom !== undefined && allowed.includes(targetRoom))) continue;
      if (room === 'cli' && targetRoom === undefined) continue;
      // The wiring knows everybody, and nobody knows the wiring; the shape of the settings is no secret, though.
      if (target === 'config.js' && typeOnly && room !== 'domain') continue;
      breaches.push(`${path} imports ${target}`);
    }
  }
  if (room === 'domain') breaches.push(...source.impure.map((call) => `${path} uses ${call}`));
  return breaches;
};

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  // Tests may import whatever they test with.
  .filter((path) => path.endsWith('.ts') && !path.endsWith('spec.ts'))
  .map((path) => parse(path, readFileSync(join('src', path), 'utf8')));

describe('the rooms', () => {
  it('import only from where the table lets them', () => {
    expect(sources.length).toBeGreaterThan(10);
    expect(sources.flatMap(breachesOf)).toEqual([]);
  });

  it('form a flow without a circle', () => {
    const visit = (room: string, path: readonly string[]): void => {
      expect(path).not.toContain(room);
      for (const next of rooms[room] ?? []) visit(next, [...path, room]);
    };
    for (const room of Object.keys(rooms)) visit(room, []);
  });
});

describe('the command line', () => {
  it('loads no package but the one file of its own until it knows what to do', () => {
    const loaded = new Set(['cli.js']);
    const packages: string[] = [];
    for (const path of loaded) {
      const { imports } = sources.find((source) => source.path === path.replace(/\.js$/, '.ts'))!;
      for (const { specifier } of imports.filter(({ typeOnly, late }) => !typeOnly && !late)) {
        if (specifier.startsWith('.')) loaded.add(posix.join(posix.dirname(path), specifier));
        else if (!specifier.startsWith('node:')) packages.push(`${path} imports ${specifier}`);
      }
    }
    expect(loaded).toContain('cli/verify.command.js');
    expect(packages.sort()).toEqual(
      ['@nestjs/common', 'nest-commander', 'reflect-metadata'].map((name) => `cli/commander.js imports ${name}`),
    );
  });
});

describe('this test', () => {
  const breaches = (path: string, text: string) => breachesOf(parse(path, text));

  it.each([
    ['domain/x.ts', `import { Injectable } from '@nestjs/common';`],
    ['domain/x.ts', `import { createHash } from 'node:crypto';`],
    ['domain/x.ts', `import type { Config } from '../config.js';`],
    ['domain/x.ts', `export * from '../event-log/record.js';`],
    ['domain/x.ts', `const x = () => import('../event-log/record.js');`],
    ['domain/x.ts', `type X = import('../event-log/record.js').X;`],
    ['domain/x.ts', `export const now = () => Date.now();`],
    ['domain/x.ts', `export const now = () => new Date();`],
    ['domain/x.ts', `export const dice = () => Math.random();`],
    ['event-log/x.ts', `import { Ageing } from '../reports/ageing.js';`],
    ['reports/x.ts', `import { readConfig } from '../config.js';`],
    ['audit/x.ts', `import { AppModule } from '../app.module.js';`],
    ['intake/x.controller.ts', `import pg from 'pg';`],
    ['misc/x.ts', `export {};`],
  ])('sees the breach in %s: %s', (path, text) => {
    expect(breaches(path, text)).toHaveLength(1);
  });

  it.each([
    ['domain/x.ts', `import { money } from './money.js'; export const day = (text: string) => new Date(text);`],
    ['domain/holds/x.ts', `import { money } from '../money.js';`],
    ['event-log/x.ts', `import { createHash } from 'node:crypto'; import { money } from '../domain/money.js';`],
    ['reports/x.ts', `import type { Config } from '../config.js';`],
    ['reports/x.ts', `import { type Config } from '../config.js';`],
    ['intake/x.controller.ts', `import { Controller } from '@nestjs/common';`],
    ['main.ts', `import { AppModule } from './app.module.js'; import pg from 'pg';`],
  ])('lets %s be: %s', (path, text) => {
    expect(breaches(path, text)).toEqual([]);
  });
});
