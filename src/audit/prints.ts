import { hash } from 'node:crypto';

/** Whole numbers of a print of 128 bits. */
const words = 4;

/**
 * A map from texts to numbers above zero that keeps 128 bits of SHA-256 of each text instead of the text: a million
 * entries take 40 MB at most, whatever their length.
 */
export class PrintMap {
  /** One after the other, as they came. */
  #prints = new Uint32Array(64 * words);
  #values = new Uint32Array(64);
  #count = 0;
  /** By the print: which entry it is, counted from 1; 0 where there is none. At least a third are free. */
  #places = new Uint32Array(128); // a power of 2
  readonly #wanted = new Uint32Array(words);
  /** What was looked for last, and its place: what is found is set next, as a rule. */
  #text: string | undefined;
  #place = 0;

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
    const place = this.#find(text);
    const entry = this.#places[place]!;
    if (entry !== 0) return this.#values[entry - 1]!;
    this.#append(place, value);
    return 0;
  }

  /** Sets or replaces the value of a text. */
  set(text: string, value: number): void {
    const place = this.#find(text);
    const entry = this.#places[place]!;
    if (entry !== 0) this.#values[entry - 1] = value;
    else this.#append(place, value);
  }

  /** 0 if there is none. */
  get(text: string): number {
    const entry = this.#places[this.#find(text)]!;
    return entry === 0 ? 0 : this.#values[entry - 1]!;
  }

  /** The place of a text, or the free one where it would go. */
  #find(text: string): number {
    if (text !== this.#text) {
      this.#text = text;
      this.#place = this.#search(text);
    }
    return this.#place;
  }

  #search(text: string): number {
    const print = this.#wanted;
    // As a text: that costs a fifth of what asking for a buffer does.
    const bytes = hash('sha256', text, 'binary');
    for (let word = 0, at = 0; word < words; word++, at += 4)
      print[word] =
        bytes.charCodeAt(at) |
        (bytes.charCodeAt(at + 1) << 8) |
        (bytes.charCodeAt(at + 2) << 16) |
        (bytes.charCodeAt(at + 3) << 24);
    for (let place = this.#firstPlace(print[0]!); ; place = (place + 1) & (this.#places.length - 1)) {
      const entry = this.#places[place]!;
      if (entry === 0) return place;
      const at = (entry - 1) * words;
      if (
        this.#prints[at] === print[0] &&
        this.#prints[at + 1] === print[1] &&
        this.#prints[at + 2] === print[2] &&
        this.#prints[at + 3] === print[3]
      )
        return place;
    }
  }

  #firstPlace(word: number): number {
    return word & (this.#places.length - 1);
  }

  /** @param place where `#find` has found nothing */
  #append(place: number, value: number): void {
    if (this.#count === this.#values.length) {
      // By half: twice as long would be mostly empty.
      const longer = Math.ceil(this.#count * 1.5);
      this.#prints = lengthened(this.#prints, longer * words);
      this.#values = lengthened(this.#values, longer);
    }
    this.#prints.set(this.#wanted, this.#count * words);
    this.#values[this.#count] = value;
    this.#count += 1;
    this.#places[place] = this.#count;
    if (this.#count * 3 > this.#places.length * 2) this.#spread();
  }

  #spread(): void {
    this.#text = undefined;
    this.#places = new Uint32Array(this.#places.length * 2);
    for (let entry = 1; entry <= this.#count; entry++) {
      let place = this.#firstPlace(this.#prints[(entry - 1) * words]!);
      while (this.#places[place] !== 0) place = (place + 1) & (this.#places.length - 1);
      this.#places[place] = entry;
    }
  }
}

const lengthened = (numbers: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> => {
  const longer = new Uint32Array(length);
  longer.set(numbers);
  return longer;
};
