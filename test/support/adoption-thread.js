/** The thread that adopts plans, on the sources. */
import { register } from '../../scripts/typescript.js';

register();
await import('../../src/planning/adoption-thread.ts');
