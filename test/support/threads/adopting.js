/** An adopting thread that does what the reason of an order, or else the name of the plan, says. */
import { parentPort, workerData } from 'node:worker_threads';

const { order, plan } = workerData;
switch (order?.reason ?? plan.planId) {
  case 'throw':
    throw new Error('broken');
  case 'end':
    break;
  case 'out of reach':
    parentPort.postMessage({ kind: 'failed', name: undefined, code: 'ECONNREFUSED', message: 'x', stack: 'x' });
    break;
  default:
    parentPort.postMessage({ kind: 'done', receipt: {}, replayed: false, body: new TextEncoder().encode('{}') });
}
