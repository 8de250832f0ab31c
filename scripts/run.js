/**
 * `npm start`, `npm run demo` and the like: builds where dist/ is missing or older than its sources, then runs the
 * program in this very process, so that signals and exit codes are its own.
 *
 *     node scripts/run.js main
 */
import { buildIfStale } from './build.js';

const [, , program, ...args] = process.argv;
buildIfStale();
const entry = new URL(`../dist/${program}.js`, import.meta.url);
process.argv.splice(1, process.argv.length, entry.pathname, ...args);
await import(entry.href);
