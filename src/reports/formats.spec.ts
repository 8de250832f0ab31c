import { describe, expect, it } from '@jest/globals';
import { NotAcceptableException } from '@nestjs/common';
import { formatOf } from './formats.js';

describe('the format of a report', () => {
  it.each([
    [undefined, 'json'],
    ['', 'json'],
    ['*/*', 'json'],
    ['application/json', 'json'],
    ['application/*', 'json'],
    ['text/csv', 'csv'],
    ['text/*', 'csv'],
    ['TEXT/CSV; charset=utf-8', 'csv'],
    ['text/csv, */*', 'csv'],
    ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'xlsx'],
    ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet, text/csv;q=0.9', 'xlsx'],
    ['application/*;q=0.5, application/json;q=0', 'xlsx'],
    ['text/csv, application/json', 'json'],
    ['text/csv;q=0.9, application/json;q=0.8', 'csv'],
    ['text/csv;q=0.5, */*;q=0.1', 'csv'],
    ['application/json, text/plain, */*', 'json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'json'],
    // The more precise range says how welcome a type is, even if a wider one says more.
    ['application/json;q=0, */*', 'csv'],
    ['application/json;q=0.1, */*;q=0.9', 'csv'],
  ] as const)('of Accept: %s is %s', (accept, format) => {
    expect(formatOf(undefined, accept)).toBe(format);
  });

  it('is what the query says, whatever Accept says', () => {
    expect(formatOf('csv', 'application/json')).toBe('csv');
    expect(formatOf('json', 'application/xml')).toBe('json');
  });

  it.each(['application/xml', 'image/*', 'application/json;q=0', '*/*;q=0', 'application/json;q=lots', 'csv'])(
    'is refused for Accept: %s',
    (accept) => {
      expect(() => formatOf(undefined, accept)).toThrow(NotAcceptableException);
    },
  );
});
