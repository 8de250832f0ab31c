import { isUtf8 } from 'node:buffer';
import type { Fault } from '../domain/rejection.js';
import { Problem } from './problems.js';

/** How deep a body may be nested. Nothing that we take needs more than four. */
const maxDepth = 32;

/**
 * Reads a body. Stricter than `JSON.parse`: an object with the same key twice means two things to two readers, so it is
 * refused rather than read one way.
 *
 * @param bytes as sent; empty counts as an empty object
 * @throws {Problem} `malformed`
 */
export const parseBody = (bytes: Buffer): unknown => {
  if (bytes.length === 0) return {};
  if (!isUtf8(bytes)) throw malformed('The body is not well-formed UTF-8.');
  const text = bytes.toString();
  const { members, depth } = survey(text);
  if (depth > maxDepth) throw malformed(`The body is nested more than ${maxDepth} levels deep.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The parser's own words say where, but quote the body, which may hold what is none of the log's business.
    const place = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw malformed(place === undefined ? 'The body is not JSON.' : `The body is not JSON from character ${place} on.`);
  }
  if (membersOf(value) !== members) {
    const errors = repeatedKeys(text);
    throw new Problem('malformed', 'The body has an object with the same key twice; errors names each.', { errors });
  }
  return value;
};

const malformed = (detail: string): Problem => new Problem('malformed', detail, { errors: [{ pointer: '', detail }] });

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openList = 0x5b;
const backslash = 0x5c;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;

/** The place of the quote that ends the string which begins at a place; the length of the text if none does. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === backslash) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return text.length;
};

/**
 * How many members the objects of a JSON text have in all, repeated keys counted each time, and how deep it is nested.
 * For a text that is no JSON the numbers mean nothing.
 */
const survey = (text: string): { members: number; depth: number } => {
  let members = 0;
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case quote:
        i = endOfString(text, i);
        break;
      case colon:
        members += 1;
        break;
      case openObject:
      case openList:
        depth += 1;
        if (depth > deepest) deepest = depth;
        break;
      case closeObject:
      case closeList:
        depth -= 1;
        break;
    }
  }
  return { members, depth: deepest };
};

/** How many members the objects in a value have in all. */
const membersOf = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const entry of value) members += membersOf(entry);
    return members;
  }
  for (const one of Object.values(value)) members += 1 + membersOf(one);
  return members;
};

/** An object or list that is being read, with the place in it that has been reached. */
interface Open {
  /** The keys so far; of a list none. */
  readonly keys: Set<string> | undefined;
  key: string;
  place: number;
}

/** Where a well-formed JSON text has a key for the second time. Slow, for the case that there is one. */
const repeatedKeys = (text: string): Fault[] => {
  const faults: Fault[] = [];
  const open: Open[] = [];
  const pointer = (): string =>
    open.map(({ keys, key, place }) => `/${keys ? key.replaceAll('~', '~0').replaceAll('/', '~1') : place}`).join('');
  let string = '';
  for (let i = 0; i < text.length; i++) {
    const inside = open.at(-1);
    switch (text.charCodeAt(i)) {
      case quote: {
        const end = endOfString(text, i);
        string = text.slice(i, end + 1);
        i = end;
        break;
      }
      case colon: {
        // Escapes make different texts of one key.
        const key = JSON.parse(string) as string;
        inside!.key = key;
        if (inside!.keys!.has(key)) faults.push({ pointer: pointer(), detail: 'is given more than once' });
        inside!.keys!.add(key);
        break;
      }
      case comma:
        inside!.place += 1;
        break;
      case openObject:
        open.push({ keys: new Set(), key: '', place: 0 });
        break;
      case openList:
        open.push({ keys: undefined, key: '', place: 0 });
        break;
      case closeObject:
      case closeList:
        open.pop();
        break;
    }
  }
  return faults;
};
