import { describe, expect, it } from '@jest/globals';
import { bucketsOf } from './ageing.js';
import { edgesOf } from './queries.js';

describe('the buckets', () => {
  it.each([
    ['30,60,90', ['notDue', '1-30', '31-60', '61-90', 'over-90']],
    ['7', ['notDue', '1-7', 'over-7']],
    ['1,2', ['notDue', '1-1', '2-2', 'over-2']],
  ])('of %s', (edges, buckets) => {
    expect(bucketsOf(edgesOf(edges) ?? [])).toEqual(buckets);
  });

  it('have 1 to 20 edges', () => {
    const edges = Array.from({ length: 21 }, (_, i) => String(i + 1));
    expect(edgesOf(edges.slice(1).join(','))).toHaveLength(20);
    expect(edgesOf(edges.join(','))).toBeUndefined();
  });

  it.each(['', '0', '-1', '30,30', '60,30', '30,', '30, 60', '1.5', '1e2', '030', '1000000', 'x'])(
    'do not have the edges "%s"',
    (edges) => {
      expect(edgesOf(edges)).toBeUndefined();
    },
  );
});
