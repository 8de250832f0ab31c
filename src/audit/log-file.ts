import { createReadStream } from 'node:fs';

const newline = 0x0a;

/**
 * The lines of a file, a page at a time: bytes as they are, without the newline.
 *
 * @param onRest told of what stands after the last newline: a line that was cut short
 */
export async function* linesIn(
  file: string,
  onRest: (rest: Buffer) => void = () => undefined,
): AsyncGenerator<readonly Buffer[]> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 1_048_576 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, from)) {
      lines.push(bytes.subarray(from, at));
      from = at + 1;
    }
    rest = bytes.subarray(from);
    if (lines.length > 0) yield lines;
  }
  if (rest.length > 0) onRest(rest);
}
