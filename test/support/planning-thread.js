/** The planning thread on the sources: under Jest there is no build, and a thread has a module loader of its own. */
import { register } from '../../scripts/typescript.js';

register();
await import('../../src/planning/thread.ts');
