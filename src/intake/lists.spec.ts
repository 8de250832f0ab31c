import { describe, expect, it } from '@jest/globals';
import { Rejection } from '../domain/rejection.js';
import { readCursor, writeCursor } from './lists.js';

describe('a cursor', () => {
  it.each([
    { madeAt: 0, id: 'a' },
    { madeAt: 123_456_789, id: `${'x'.repeat(64)}.1000` },
    { madeAt: 1, id: '...' },
  ])('is read as it was written: %j', (cursor) => {
    expect(readCursor(writeCursor(cursor))).toEqual(cursor);
  });

  it.each([
    '',
    'x',
    '!!!',
    'MSBh=',
    ' MSBh',
    'MSBhIGI',
    'MDEgYQ',
    'LTEgYQ',
    'MSAK',
    'MSA',
    'IGE',
    'MWUzIGE',
    Buffer.from('1 a/b').toString('base64url'),
    Buffer.from([0x31, 0x20, 0xff]).toString('base64url'),
  ])('is none of what no page ended with: %j', (text) => {
    expect(() => readCursor(text)).toThrow(Rejection);
  });
});
