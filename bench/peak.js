/** Loaded before a program: leaves in a file how much memory it held at most, in KiB. */
import { writeFileSync } from 'node:fs';

process.on('exit', () => writeFileSync(process.env.BENCH_PEAK, String(process.resourceUsage().maxRSS)));
