/** A planning thread that does what the currency of a job says: to see what the planner makes of it. */
import { parentPort } from 'node:worker_threads';

let jobs = 0;
parentPort.on('message', ({ currency }) => {
  jobs += 1;
  switch (currency) {
    case 'hang':
      // Blocks the thread as a solve does.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      break;
    case 'die':
      process.exit(3);
      break;
    case 'refuse':
      parentPort.postMessage({ kind: 'refused', code: 'unknown-item', facts: { itemId: 'X' } });
      return;
    case 'fail':
      parentPort.postMessage({ kind: 'failed', message: 'broken', stack: 'broken at x' });
      return;
    case 'behind':
      parentPort.postMessage({ kind: 'not-yet-there', asked: 9, position: 3 });
      return;
  }
  parentPort.postMessage({ kind: 'planned', planned: { text: new TextEncoder().encode(`${currency} ${jobs}`) } });
});
parentPort.postMessage('ready');
