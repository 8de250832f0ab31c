import { describe, expect, it } from '@jest/globals';
import { normalInstant } from './as-of.js';

describe('an instant', () => {
  it.each([
    ['2023-10-31T09:00:00Z', '2023-10-31T09:00:00.000000Z'],
    ['2023-10-31T09:00:00.5Z', '2023-10-31T09:00:00.500000Z'],
    ['2023-10-31T23:59:59.123456Z', '2023-10-31T23:59:59.123456Z'],
    ['2023-10-31T09:00:00+00:00', '2023-10-31T09:00:00.000000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000000Z'],
  ])('%s is written %s', (text, normal) => {
    expect(normalInstant(text)).toBe(normal);
  });

  it.each([
    '',
    '2023-10-31',
    '2023-10-31T09:00:00',
    '2023-10-31 09:00:00Z',
    '2023-10-31T09:00Z',
    '2023-10-31T09:00:00.Z',
    '2023-10-31T09:00:00.1234567Z',
    '2023-10-31T09:00:00+01:00',
    '2023-10-31T24:00:00Z',
    '2023-10-31T09:60:00Z',
    // A leap second would be another instant once it is written the way we write them.
    '2016-12-31T23:59:60Z',
    '2023-02-29T09:00:00Z',
    '0000-01-01T00:00:00Z',
    '٢٠٢٣-10-31T09:00:00Z',
  ])('%s is none', (text) => {
    expect(normalInstant(text)).toBeUndefined();
  });
});
