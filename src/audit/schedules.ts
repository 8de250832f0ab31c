import { Column, TextColumn, type Texts } from './columns.js';

/** A part of an item that falls due on one day. In minor units. */
export interface Part {
  readonly amount: number;
  readonly dueOn: string;
  readonly originalDueOn: string;
}

/**
 * When what we owe falls due, agreed deferrals taken in: of each item the schedules that it had, in columns. They are kept
 * as amounts by day and no more, since only that matters for what is late: a deferral that nobody agreed to moves nothing
 * here, and where it cuts an instalment in two, both parts fall due on the same day.
 */
export class Schedules {
  /** By the row of an account: its newest schedule; 0 if it has none. */
  readonly #newest = new Column(Uint32Array);
  /** Of each schedule the day from which it is in force, the one before it, and its first part. */
  readonly #from: TextColumn;
  readonly #before = new Column(Uint32Array);
  readonly #firstPart = new Column(Uint32Array);
  #schedules = 0;
  /** The parts of a schedule in the order in which they are settled; 0 ends it. They are never changed. */
  readonly #nextPart = new Column(Uint32Array);
  readonly #amount = new Column(Float64Array);
  readonly #dueOn: TextColumn;
  readonly #originalDueOn: TextColumn;
  #parts = 0;

  constructor(texts: Texts) {
    this.#from = new TextColumn(texts);
    this.#dueOn = new TextColumn(texts);
    this.#originalDueOn = new TextColumn(texts);
  }

  /** An item is posted. */
  post(row: number, on: string, instalments: readonly { readonly amount: number; readonly dueOn: string }[]): void {
    this.#add(row, on, this.#write(instalments.map((one) => ({ ...one, originalDueOn: one.dueOn }))));
  }

  /**
   * The creditor agrees to a later day.
   *
   * @param settled how much of the item was settled on that day
   * @param beyond  how much of what was open and falls due first stays as it is
   * @returns what puts back the schedule that there was
   */
  defer(row: number, on: string, settled: number, beyond: number, amount: number, until: string): number {
    const before = this.#newest.get(row);
    let [done, stays, moves] = [settled, beyond, amount];
    const parts: Part[] = [];
    for (const part of this.#partsOf(before)) {
      const closed = Math.min(done, part.amount);
      const staying = Math.min(stays, part.amount - closed);
      const moving = Math.min(moves, part.amount - closed - staying);
      [done, stays, moves] = [done - closed, stays - staying, moves - moving];
      if (part.amount > moving) parts.push({ ...part, amount: part.amount - moving });
      if (moving > 0) parts.push({ ...part, amount: moving, dueOn: until });
    }
    this.#add(row, on, this.#write(parts));
    return before;
  }

  /** A deferral is withdrawn. @param schedule as `defer` returned it */
  restore(row: number, on: string, schedule: number): void {
    this.#add(row, on, this.#firstPart.get(schedule));
  }

  /** What is open of an item on a day, by when it falls due. @param settled how much of it is settled by then */
  *openOn(row: number, day: string, settled: number): Generator<Part> {
    let schedule = this.#newest.get(row);
    while (this.#before.get(schedule) !== 0 && this.#from.get(schedule) > day) schedule = this.#before.get(schedule);
    let done = settled;
    for (const part of this.#partsOf(schedule)) {
      const closed = Math.min(done, part.amount);
      done -= closed;
      if (part.amount > closed) yield { ...part, amount: part.amount - closed };
    }
  }

  #add(row: number, on: string, firstPart: number): void {
    this.#schedules += 1;
    this.#from.set(this.#schedules, on);
    this.#before.set(this.#schedules, this.#newest.get(row));
    this.#firstPart.set(this.#schedules, firstPart);
    this.#newest.set(row, this.#schedules);
  }

  /** @returns the first of the parts */
  #write(parts: readonly Part[]): number {
    const sorted = [...parts].sort((a, b) => inOrder(a.dueOn, b.dueOn) || inOrder(a.originalDueOn, b.originalDueOn));
    for (const [n, { amount, dueOn, originalDueOn }] of sorted.entries()) {
      this.#parts += 1;
      this.#amount.set(this.#parts, amount);
      this.#dueOn.set(this.#parts, dueOn);
      this.#originalDueOn.set(this.#parts, originalDueOn);
      this.#nextPart.set(this.#parts, n === sorted.length - 1 ? 0 : this.#parts + 1);
    }
    return sorted.length === 0 ? 0 : this.#parts - sorted.length + 1;
  }

  *#partsOf(schedule: number): Generator<Part> {
    for (let part = this.#firstPart.get(schedule); part !== 0; part = this.#nextPart.get(part))
      yield {
        amount: this.#amount.get(part),
        dueOn: this.#dueOn.get(part),
        originalDueOn: this.#originalDueOn.get(part),
      };
  }
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
