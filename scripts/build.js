import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
// Removed with dist/ at the beginning of each build and written at its end: its time is the time of the build.
const built = `${root}dist/.tsbuildinfo`;
const inputs = [
  'src',
  'scripts/bundle.js',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
];
// As `npm run build`.
const steps = [['node_modules/@nestjs/cli/bin/nest.js', 'build'], ['scripts/bundle.js']];

/** Builds unless dist/ is newer than everything it is made from. Where there are no sources, dist/ is all there is. */
export const buildIfStale = () => {
  const source = Math.max(...inputs.map((name) => newest(root + name)));
  if (source === 0 || newest(built) > source) return;
  process.stderr.write('Building …\n');
  for (const step of steps) {
    // What it says goes to stderr: stdout belongs to the program that runs next.
    const { status } = spawnSync(process.execPath, step, { cwd: root, stdio: ['ignore', 2, 2] });
    if (status !== 0) process.exit(status ?? 1);
  }
};

/** The latest change of a file, or in a folder; 0 if there is nothing. A folder's own time tells of files removed. */
const newest = (path) => {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
};
