/**
 * `npm run bench`: measures the build, not the sources. The bench itself is TypeScript that imports
 * `#duebook/….js` (package.json, "imports"): types from src/, code from dist/.
 */
import { buildIfStale } from '../scripts/build.js';
import { register } from '../scripts/typescript.js';

buildIfStale();
register();
await import('./main.ts');
