import { createHash } from 'node:crypto';

/** Lists whose order is part of what was asked; every other list is a set. */
const ordered = new Set(['scenarios', 'amounts']);

/**
 * JSON that is the same for the same facts: keys in order, sets sorted by their own text, `undefined` left out.
 *
 * @param value plain JSON data
 */
export const canonicalJson = (value: unknown, key = ''): string => {
  if (Array.isArray(value)) {
    const texts = value.map((each) => canonicalJson(each));
    return `[${(ordered.has(key) ? texts : texts.sort(byText)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, each]) => each !== undefined);
    entries.sort(([a], [b]) => byText(a, b));
    return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${canonicalJson(each, name)}`).join(',')}}`;
  }
  return JSON.stringify(value);
};

/** @returns SHA-256 in lower-case hex of a text in UTF-8 */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

// By code units: a locale's order differs from machine to machine.
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
