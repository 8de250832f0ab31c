import { swcOptions } from './scripts/swc.js';

/** One project per speed: `unit` needs nothing, `int` a database, `e2e` a database and the whole application. */
const project = (displayName, testMatch, more = {}) => ({
  displayName,
  testMatch: testMatch.map((pattern) => `<rootDir>/${pattern}`),
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '\\.ts$': ['@swc/jest', swcOptions] },
  setupFiles: ['reflect-metadata', '<rootDir>/test/support/seed.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  ...more,
});

// Both database projects name the same files, so Jest runs them once: one cluster per run, a database per test file.
const onCluster = {
  globalSetup: '<rootDir>/test/support/global-setup.js',
  globalTeardown: '<rootDir>/test/support/global-teardown.js',
};

// One seed for the whole run, whichever worker a test lands in: the same always, so that a test that fails does so for
// what has changed. Deep runs draw anew, to look where nobody has looked.
process.env.TEST_SEED ??= process.env.TEST_DEEP ? String(Math.floor(Math.random() * 0x8000_0000)) : '20230831';
// Other tools read this file too, and have nothing to draw.
if (/\bjest(\.js)?$/.test(process.argv[1] ?? '')) {
  process.stderr.write(`Random samples: TEST_SEED=${process.env.TEST_SEED}${process.env.TEST_DEEP ? ' TEST_DEEP=1' : ''}
`);
}

export default {
  maxWorkers: 2,
  testTimeout: process.env.TEST_DEEP ? 600_000 : 120_000,
  projects: [
    project('unit', ['src/**/*.spec.ts', 'test/**/*.spec.ts']),
    project('int', ['src/**/*.int-spec.ts', 'test/**/*.int-spec.ts'], onCluster),
    project('e2e', ['test/**/*.e2e-spec.ts'], onCluster),
  ],
};
