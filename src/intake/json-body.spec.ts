import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseBody } from './json-body.js';
import type { Problem } from './problems.js';

const parse = (text: string): unknown => parseBody(Buffer.from(text));
const refusal = (bytes: string | Buffer): Problem => {
  try {
    parseBody(Buffer.from(bytes as string));
  } catch (error) {
    return error as Problem;
  }
  throw new Error('it was taken');
};

describe('reading a body', () => {
  it('takes whatever is JSON', () => {
    expect(parse(' {"a":[1,"x:{[\\"",{"b":null}],"c\\u0022:":{}} ')).toEqual({
      a: [1, 'x:{["', { b: null }],
      'c":': {},
    });
    expect(parse('')).toEqual({});
    expect(parse('"text: with a colon"')).toBe('text: with a colon');
    expect(parse('{"\\\\":1,"\\\\\\"":2}')).toEqual({ '\\': 1, '\\"': 2 });
  });

  it('takes every value that can be written as JSON', () => {
    fc.assert(fc.property(fc.json(), (text) => expect(parse(text)).toEqual(JSON.parse(text))));
  });

  it.each([
    '{',
    '{"a":}',
    '[1,]',
    '{"a":1}}',
    'nul',
    "{'a':1}",
    '\u{feff}{}',
    '{"a":"\n"}',
    '"',
    '"\\',
    ':::',
    '{"a":1 "b":2}',
  ])('refuses %j', (text) => {
    expect(refusal(text)).toMatchObject({ code: 'malformed' });
  });

  it('refuses what is no UTF-8, and does not repeat it', () => {
    const { code, detail } = refusal(Buffer.from([0x22, 0xff, 0x22]));
    expect({ code, detail }).toEqual({ code: 'malformed', detail: 'The body is not well-formed UTF-8.' });
    expect(refusal('{"secret').message).not.toContain('secret');
  });

  it('refuses what is nested too deep, however large', () => {
    expect(parse(`${'['.repeat(32)}${']'.repeat(32)}`)).toBeDefined();
    expect(refusal(`${'['.repeat(33)}${']'.repeat(33)}`).detail).toContain('32 levels');
    expect(refusal('['.repeat(1_000_000)).detail).toContain('32 levels');
    expect(parse(JSON.stringify('['.repeat(100)))).toBe('['.repeat(100));
  });

  it.each([
    ['{"a":1,"a":1}', ['/a']],
    ['{"a":1,"\\u0061":2}', ['/a']],
    [
      '{"lines":[{"amount":"1"},{"amount":"1","tax":"2","amount":"3"}],"x":{"y":{"z":[],"z":{}}}}',
      ['/lines/1/amount', '/x/y/z'],
    ],
    ['{"__proto__":{},"__proto__":{}}', ['/__proto__']],
    ['{"":1,"":2}', ['/']],
    ['{"a/b~":1,"a/b~":2,"a/b~":3}', ['/a~1b~0', '/a~1b~0']],
    ['{"1":1,"1":2}', ['/1']],
  ])('refuses the same key twice: %s', (text, expected) => {
    const { code, facts } = refusal(text);
    expect(code).toBe('malformed');
    expect(facts.errors).toEqual(expected.map((pointer) => ({ pointer, detail: 'is given more than once' })));
  });

  it('does not mistake the same key in two objects for one', () => {
    expect(parse('{"a":{"a":[{"a":1},{"a":2}]},"b":{"a":1}}')).toBeDefined();
  });
});
