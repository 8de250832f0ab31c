import { describe, expect, it } from '@jest/globals';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { takingTurns } from '../database/turns.js';
import { inSlices, jsonParts } from './slices.js';

describe('a report in slices', () => {
  it('is what JSON.stringify makes of it, to the byte', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect([...jsonParts(value)].join('')).toBe(JSON.stringify(value));
      }),
    );
  });

  it('comes row by row', () => {
    const rows = Array.from({ length: 10 }, (_, n) => ({ id: `R${n}`, total: '0.01' }));
    const longest = Math.max(...[...jsonParts({ currencies: [{ rows }] })].map(({ length }) => length));
    expect(longest).toBe(JSON.stringify(rows[0]).length);
  });

  it('is sent whole, whatever the length of its parts', async () => {
    const parts = ['', 'a'.repeat(70_000), 'é', 'b'.repeat(65_536), '', 'c'];
    expect(await text(inSlices(parts))).toBe(parts.join(''));
    expect(await text(inSlices([]))).toBe('');
  });

  it('lets others have the thread while it is made and while it is sent', async () => {
    let turns = 0;
    let ended = false;
    const other = (): void => {
      turns += 1;
      if (!ended) setImmediate(other);
    };
    setImmediate(other);
    const turn = takingTurns();
    for (let row = 0; row < 50_000; row++) await turn();
    const made = turns;
    expect(made).toBeGreaterThanOrEqual(49);
    await text(inSlices(Array.from({ length: 50 }, () => 'x'.repeat(65_536))));
    ended = true;
    expect(turns - made).toBeGreaterThanOrEqual(49);
  });

  it('is made no further than it is read', async () => {
    let made = 0;
    const parts = function* (): Generator<string> {
      for (;;) {
        made += 1;
        yield 'x'.repeat(65_536);
      }
    };
    const slices = inSlices(parts());
    for await (const slice of slices) {
      expect(slice).toHaveLength(65_536);
      break;
    }
    expect(made).toBeLessThan(10);
  });
});
