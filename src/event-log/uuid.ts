import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

// Asking the system for 16 random bytes costs more than all the rest of making an id.
const pool = Buffer.alloc(4_096);
let used = pool.length;

/** A new UUIDv7. */
export const uuidv7 = (): string => {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += 16;
  return v7({ random: pool.subarray(used - 16, used) });
};
