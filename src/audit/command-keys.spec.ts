import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sampleSize } from '../../test/support/seed.js';
import type { RecordedEvent } from '../domain/events.js';
import { CommandKeys } from './command-keys.js';

it('tells the first and last position of each keyed command once, wherever a log is cut into pages', () => {
  const command = fc.record({ length: fc.integer({ min: 1, max: 4 }), isKeyed: fc.boolean() });
  fc.assert(
    fc.property(fc.array(command, { maxLength: 20 }), fc.integer({ min: 1, max: 7 }), (commands, perPage) => {
      const events: RecordedEvent[] = [];
      const expected: unknown[] = [];
      for (const [n, { length, isKeyed }] of commands.entries()) {
        const first = events.length + 1;
        const key = isKeyed ? { idempotencyKey: `k${n}` } : {};
        for (let i = 0; i < length; i++)
          events.push({ position: events.length + 1, correlationId: `c${n}`, ...key } as RecordedEvent);
        if (isKeyed) expected.push({ key: `k${n}`, first, last: events.length });
      }
      const keys = new CommandKeys();
      const told: unknown[] = [];
      for (let at = 0; at < events.length; at += perPage) {
        const ended = keys.add(events.slice(at, at + perPage));
        for (const { last } of ended) expect(last).toBeLessThanOrEqual(keys.through);
        told.push(...ended);
      }
      expect([...told, ...keys.end()]).toEqual(expected);
      expect(keys.last).toBe(events.length);
    }),
    { numRuns: sampleSize(100, 5_000) },
  );
});
