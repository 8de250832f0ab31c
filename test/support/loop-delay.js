/**
 * Loaded before a server: tells its parent, at each message, for how long its event loop was blocked at most since the
 * last, and how much memory it has. Time in which the machine gave the processor to others is none of its doing, and is left out where the system
 * says how much that was.
 */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 2;
const delay = monitorEventLoopDelay({ resolution: resolutionMs });
delay.enable();

/** For how long this thread was on a processor, in milliseconds; Infinity where nobody knows. */
const onProcessorMs = () => {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return Infinity;
  }
};
let [busyMs, last] = [0, onProcessorMs()];
setInterval(() => {
  const now = onProcessorMs();
  busyMs = Math.max(busyMs, now === Infinity ? Infinity : now - last);
  last = now;
}, resolutionMs).unref();

process.on('message', () => {
  const delayedMs = delay.max / 1e6 - resolutionMs;
  process.send({ delayedMs, blockedMs: Math.min(delayedMs, busyMs), residentBytes: process.memoryUsage.rss() });
  delay.reset();
  busyMs = 0;
});
// Whoever asks must not keep it from stopping.
process.channel?.unref();
