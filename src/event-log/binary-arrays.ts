// Arrays in the binary format of Postgres. As text, every element would be escaped here and unescaped there, which for
// JSON, full of quotes as it is, costs more than everything else that is done to it on the way.

const arrayOf = <T>(
  elementType: number,
  values: readonly T[],
  sizeOf: (value: T) => number,
  write: (buffer: Buffer, value: T, at: number) => void,
): Buffer => {
  if (values.length === 0) {
    const empty = Buffer.alloc(12); // no dimensions, no nulls
    empty.writeInt32BE(elementType, 8);
    return empty;
  }
  const sizes = values.map(sizeOf);
  const buffer = Buffer.allocUnsafe(sizes.reduce((total, size) => total + 4 + size, 20));
  buffer.writeInt32BE(1, 0); // one dimension
  buffer.writeInt32BE(0, 4); // no nulls
  buffer.writeInt32BE(elementType, 8);
  buffer.writeInt32BE(values.length, 12);
  buffer.writeInt32BE(1, 16); // counted from 1
  let at = 20;
  values.forEach((value, i) => {
    at = buffer.writeInt32BE(sizes[i]!, at);
    write(buffer, value, at);
    at += sizes[i]!;
  });
  return buffer;
};

// The numbers are those of the types in pg_type, which never change.

export const textArray = (values: readonly string[]): Buffer =>
  arrayOf(
    25,
    values,
    (value) => Buffer.byteLength(value),
    (buffer, value, at) => void buffer.write(value, at),
  );

export const smallintArray = (values: readonly number[]): Buffer =>
  arrayOf(
    21,
    values,
    () => 2,
    (buffer, value, at) => void buffer.writeInt16BE(value, at),
  );

export const integerArray = (values: readonly number[]): Buffer =>
  arrayOf(
    23,
    values,
    () => 4,
    (buffer, value, at) => void buffer.writeInt32BE(value, at),
  );

export const bigintArray = (values: readonly number[]): Buffer =>
  arrayOf(
    20,
    values,
    () => 8,
    (buffer, value, at) => void buffer.writeBigInt64BE(BigInt(value), at),
  );
