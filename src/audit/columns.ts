type Cells = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/**
 * One number of each of many documents, by the document's number: a tenth of what as many objects take. 0 where nothing
 * was set.
 */
export class Column {
  /** @param make such as `Uint32Array`: what numbers it may hold */
  constructor(private readonly make: new (length: number) => Cells) {
    this.#cells = new make(64);
  }

  #cells: Cells;

  get(row: number): number {
    return this.#cells[row] ?? 0;
  }

  set(row: number, value: number): void {
    if (row >= this.#cells.length) {
      // By half: twice as long would be mostly empty.
      const longer = new this.make(Math.max(row + 1, Math.ceil(this.#cells.length * 1.5)));
      longer.set(this.#cells);
      this.#cells = longer;
    }
    this.#cells[row] = value;
  }
}

/** Texts that many documents share, such as days and vendors, each kept once under a number from 1 on. */
export class Texts {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [''];

  numberOf(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#texts.push(text) - 1;
      this.#numbers.set(text, number);
    }
    return number;
  }

  /** The empty text for 0. */
  at(number: number): string {
    return this.#texts[number]!;
  }
}

/** A column of such texts. */
export class TextColumn {
  readonly #numbers = new Column(Uint32Array);

  constructor(private readonly texts: Texts) {}

  get(row: number): string {
    return this.texts.at(this.#numbers.get(row));
  }

  set(row: number, text: string): void {
    this.#numbers.set(row, this.texts.numberOf(text));
  }
}
