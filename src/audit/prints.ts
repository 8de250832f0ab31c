import { hash } from 'node:crypto';

/**
 * A map from texts to small numbers that keeps 128 bits of SHA-256 of each text instead of the text: a million entries
 * take 40 MB, whatever their length.
 */
export class PrintMap {
  #prints = new Uint32Array(4 * 1024);
  #values = new Uint32Array(1024);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /**
   * Sets a value unless the text has one already.
   *
   * @param value above zero
   * @returns the value that was there before; 0 if none was
   */
  add(text: string, value: number): number {
    if (this.#count * 2 >= this.#values.length) this.#grow();
    const at = this.#find(printOf(text));
    const before = this.#values[at]!;
    if (before === 0) {
      this.#values[at] = value;
      this.#count += 1;
    }
    return before;
  }

  /** Replaces the value of a text. */
  set(text: string, value: number): void {
    this.add(text, value);
    this.#values[this.#find(printOf(text))] = value;
  }

  /** 0 if there is none. */
  get(text: string): number {
    return this.#values[this.#find(printOf(text))]!;
  }

  /** The place of a print, or the free one where it would go. */
  #find(print: Uint32Array): number {
    const mask = this.#values.length - 1;
    for (let at = print[0]! & mask; ; at = (at + 1) & mask) {
      if (this.#values[at] === 0) {
        this.#prints.set(print, at * 4);
        return at;
      }
      const place = at * 4;
      if (
        this.#prints[place] === print[0] &&
        this.#prints[place + 1] === print[1] &&
        this.#prints[place + 2] === print[2] &&
        this.#prints[place + 3] === print[3]
      )
        return at;
    }
  }

  #grow(): void {
    const [prints, values] = [this.#prints, this.#values];
    this.#prints = new Uint32Array(prints.length * 2);
    this.#values = new Uint32Array(values.length * 2);
    values.forEach((value, i) => {
      if (value !== 0) this.#values[this.#find(prints.subarray(i * 4, i * 4 + 4))] = value;
    });
  }
}

const printOf = (text: string): Uint32Array => {
  const bytes = hash('sha256', text, 'buffer');
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 16));
};
