import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';

const sliceLength = 65_536;

/** A text in slices of a good size for sending, each made only when it is wanted. */
export const inSlices = (parts: Parts): Readable => Readable.from(slicesOf(parts), { objectMode: false });

type Parts = Iterable<string> | AsyncIterable<string>;

/** After each slice others have the thread. */
export async function* slicesOf(parts: Parts): AsyncGenerator<string> {
  let slice: string[] = [];
  let length = 0;
  for await (const part of parts) {
    slice.push(part);
    length += part.length;
    if (length < sliceLength) continue;
    yield slice.join('');
    slice = [];
    length = 0;
    await nextTurn();
  }
  if (length > 0) yield slice.join('');
}

/**
 * What `JSON.stringify` makes of a value, row by row.
 *
 * @param value plain data, in which nothing is undefined and nothing writes itself
 */
export function* jsonParts(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    let before = '';
    yield '[';
    for (const element of value as readonly unknown[]) {
      yield before;
      yield* jsonParts(element);
      before = ',';
    }
    yield ']';
  } else if (isObject(value) && Object.values(value).some(isObject)) {
    let before = '';
    yield '{';
    for (const [name, property] of Object.entries(value)) {
      yield `${before}${JSON.stringify(name)}:`;
      yield* jsonParts(property);
      before = ',';
    }
    yield '}';
  } else {
    yield JSON.stringify(value);
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
