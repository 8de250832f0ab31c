import { isUtf8 } from 'node:buffer';
import { catalogue, type RecordedEvent, streamOf, upcast } from '../domain/events.js';
import { canonicalLine, type StoredLine } from '../event-log/record.js';
import { schemaFault } from './event-schemas.js';
import { GrowingTree, hashBytes, leafHash, type Tile } from './merkle.js';
import { PrintMap } from './prints.js';
import { Rules } from './rules.js';

/** Something that is wrong, and where. */
export interface Finding {
  readonly check: Check;
  /** The position, or the first of several; `null` where it is of no one position. */
  readonly position: number | null;
  /** The last position of several. */
  readonly through?: number;
  readonly detail: string;
}

export type Check =
  | 'line'
  | 'hash'
  | 'position'
  | 'recorded-at'
  | 'stream'
  | 'event-id'
  | 'command'
  | 'schema'
  | 'rule'
  | 'books-balance'
  | 'checkpoint'
  | 'signature'
  | 'table';

/** An event with all that stands on its line. */
export type EventOnLine = RecordedEvent & Pick<StoredLine, 'ledger' | 'stream' | 'streamVersion'>;

/** A tree that somebody committed to. */
export interface Commitment {
  /** How it is called in what is found. */
  readonly name: string;
  /** With a key that is trusted. */
  readonly isSigned: boolean;
  readonly size: number;
  readonly root: Buffer;
}

const shapes: readonly (readonly [name: string, isRight: (value: unknown) => boolean])[] = Object.entries({
  ledger: (value) => typeof value === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(value),
  position: (value) => Number.isSafeInteger(value) && (value as number) > 0,
  id: (value) => typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value),
  type: (value) => typeof value === 'string',
  version: (value) => Number.isSafeInteger(value),
  stream: (value) => typeof value === 'string',
  streamVersion: (value) => Number.isSafeInteger(value) && (value as number) > 0,
  effectiveOn: (value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value),
  recordedAt: (value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/.test(value),
  actor: (value) =>
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { id?: unknown }).id === 'string' &&
    typeof (value as { role?: unknown }).role === 'string',
  idempotencyKey: (value) => value === undefined || typeof value === 'string',
  correlationId: (value) => typeof value === 'string',
  data: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
} satisfies Record<string, (value: unknown) => boolean>);

/**
 * Checks a log line by line, in constant memory but for a few numbers of each document, command and stream: that its bytes
 * are those that were committed to, that it is whole and in order, and that its history keeps the rules. It trusts
 * nothing that comes with the log, and needs no key to decrypt anything.
 */
export class LogVerifier {
  readonly #tree = new GrowingTree();
  readonly #rules = new Rules(() => this.#tree.root());
  readonly #ids = new PrintMap();
  readonly #keys = new PrintMap();
  readonly #commands = new PrintMap();
  readonly #streams = new PrintMap();
  /** What is still to be compared, the smallest size first. */
  #due: Commitment[] = [];
  /** The last size at which the log agreed with what was committed to, and the last at which that was signed. */
  #agreed = 0;
  #covered = 0;
  readonly #contradicted = new Set<string>();
  #next = 1;
  #ledger: string | undefined;
  #recordedAt = '';
  /** The first position of the command that the last event is of, and its print. */
  #command: { readonly id: string; readonly at: number; readonly recordedAt: string } | undefined;
  #lines = 0;
  #good = 0;
  #faults = 0;

  /**
   * @param commitments the log has to agree with each of them
   * @param report      told of everything that is wrong, as it is found
   * @param leafAt      the hash that the line at a position had when it was sealed, where that is known
   */
  constructor(
    commitments: readonly Commitment[],
    private readonly report: (finding: Finding) => void,
    private readonly leafAt: (position: number) => Buffer | undefined = () => undefined,
  ) {
    this.expect(commitments);
  }

  /** The log has to agree with these as well: what covers no more than the lines so far comes too late. */
  expect(commitments: readonly Commitment[]): void {
    const due = commitments.filter(({ size }) => size > this.#lines);
    this.#due = [...this.#due, ...due].sort((a, b) => a.size - b.size);
  }

  get ledger(): string | undefined {
    return this.#ledger;
  }

  get lines(): number {
    return this.#lines;
  }

  /** How many lines were in order in themselves. */
  get good(): number {
    return this.#good;
  }

  /** How many lines are proven by signed commitments: by one whose tree is not that of the lines, none is. */
  get covered(): number {
    return this.#covered;
  }

  get root(): Buffer {
    return this.#tree.root();
  }

  /** How often the books were closed, and how many of these closings have no totals recorded. */
  get closings(): { readonly made: number; readonly withoutTotals: number } {
    return this.#rules.closings;
  }

  /** The tiles of the tree that have filled up since this was last called. Whoever never asks keeps them all in memory. */
  takeTiles(): Tile[] {
    return this.#tree.takeFull();
  }

  /**
   * Takes the next line.
   *
   * @param bytes without the newline
   * @returns its hash, and the event as it was read, if it is one and fits its schema
   */
  add(bytes: Buffer): { readonly leaf: Buffer; readonly event: EventOnLine | undefined } {
    this.#lines += 1;
    const leaf = leafHash(bytes);
    this.#tree.add(leaf);
    const faultsBefore = this.#faults;
    const wrong = (check: Check, position: number | null, detail: string): void => {
      this.#faults += 1;
      this.report({ check, position, detail });
    };
    const event = this.#read(bytes, leaf, wrong);
    if (this.#faults === faultsBefore) this.#good += 1;
    while (this.#due[0]?.size === this.#lines) this.#compare(this.#due.shift()!);
    return { leaf, event };
  }

  #compare({ name, isSigned, size, root }: Commitment): void {
    if (this.#tree.root().equals(root)) {
      this.#agreed = size;
      if (isSigned) this.#covered = size;
      return;
    }
    // What was changed before one of them is changed before all that follow it.
    if (this.#contradicted.has(name)) return;
    this.#contradicted.add(name);
    const before = this.#agreed;
    this.report({
      check: 'checkpoint',
      position: Math.min(before + 1, size),
      through: size,
      detail: `the first ${size} lines are not those that ${name} commits to`,
    });
  }

  /** Ends the log. What is found last is of no one position, as a rule. */
  end(): void {
    const unproven =
      this.#covered < this.#lines
        ? `, so that positions ${this.#covered + 1} to ${this.#lines} can't be checked against its root`
        : '';
    for (const { name, size } of this.#due) {
      this.report({
        check: 'checkpoint',
        position: this.#lines + 1,
        through: size,
        detail: `${name} covers ${size} events, and there are ${this.#lines}: the rest is missing${unproven}`,
      });
    }
    for (const detail of this.#rules.disagreements()) this.report({ check: 'books-balance', position: null, detail });
  }

  #read(
    bytes: Buffer,
    leaf: Buffer,
    wrong: (check: Check, position: number | null, detail: string) => void,
  ): EventOnLine | undefined {
    const expected = this.#next;
    let line: StoredLine;
    try {
      if (!isUtf8(bytes)) throw new Error('it is not UTF-8');
      const text = bytes.toString('utf8');
      line = JSON.parse(text) as StoredLine;
      if (JSON.stringify(line) !== text) throw new Error('it is not written as the log writes it');
      const fields = line as unknown as Readonly<Record<string, unknown>>;
      const odd = shapes.filter(([name, isRight]) => !isRight(fields[name]));
      if (odd.length > 0) throw new Error(`without a right ${odd.map(([name]) => name).join(', ')}`);
      if (!canonicalLine(line)) throw new Error('its fields are not those of the log, in their order');
    } catch (error) {
      wrong('line', expected, `line ${this.#lines} is no event: ${(error as Error).message}`);
      this.#next += 1;
      return undefined;
    }
    const { position } = line;
    const known = this.leafAt(position);
    if (known && !known.equals(leaf))
      wrong('hash', position, 'the line is not the one that was sealed at this position');

    if (position > expected) {
      missing(this.report, expected, position - 1, this.#lines);
      this.#next = position + 1;
    } else if (position < expected) {
      wrong('position', position, `position ${position} stands on line ${this.#lines}, after position ${expected - 1}`);
    } else {
      this.#next += 1;
    }
    this.#ledger ??= line.ledger;
    if (line.ledger !== this.#ledger) wrong('line', position, `it is of ledger ${line.ledger}, not ${this.#ledger}`);
    this.#checkOrder(line, wrong);

    const entry = Object.hasOwn(catalogue, line.type) ? catalogue[line.type as keyof typeof catalogue] : undefined;
    if (!entry || !(line.version >= 1 && line.version <= entry.version)) {
      wrong('schema', position, `this release does not know ${line.type} version ${line.version}`);
      return undefined;
    }
    const misfit = schemaFault(line);
    if (misfit !== undefined)
      wrong('schema', position, `it is not what ${line.type} version ${line.version} holds: ${misfit}`);
    // In place: to copy an event takes as long as to parse it.
    const event = Object.assign(line, { data: upcast(line.type, line.version, line.data) }) as unknown as EventOnLine;
    if (misfit === undefined && streamOf(event) !== line.stream)
      wrong('stream', position, `it is in stream ${line.stream}, and its data belong to ${streamOf(event)}`);
    // Also if it does not fit: what leans on it would look wrong without it.
    for (const detail of this.#rules.judge(event)) wrong('rule', position, `${line.type} ${detail}`);
    return misfit === undefined ? event : undefined;
  }

  #checkOrder(line: StoredLine, wrong: (check: Check, position: number | null, detail: string) => void): void {
    const { position, recordedAt, stream, streamVersion, id, correlationId, idempotencyKey, contentHash } = line;
    if (recordedAt < this.#recordedAt)
      wrong(
        'recorded-at',
        position,
        `it was recorded at ${recordedAt}, before the event in front of it (${this.#recordedAt})`,
      );
    else this.#recordedAt = recordedAt;

    const version = this.#streams.get(stream) + 1;
    if (streamVersion !== version)
      wrong('stream', position, `it is version ${streamVersion} of ${stream}, where ${version} comes next`);
    this.#streams.set(stream, Math.max(streamVersion, version - 1));

    const earlier = this.#ids.add(id, position);
    if (earlier !== 0) wrong('event-id', position, `its id is that of position ${earlier}`);

    if (this.#command?.id === correlationId) {
      if (this.#command.recordedAt !== recordedAt)
        wrong(
          'command',
          position,
          `it is of the command at position ${this.#command.at}, and was not recorded with it`,
        );
      if (contentHash !== undefined)
        wrong('command', position, 'it has a contentHash, and is not the first of its command');
    } else {
      const begun = this.#commands.add(correlationId, position);
      if (begun !== 0) wrong('command', position, `it is of the command at position ${begun}, apart from it`);
      this.#command = { id: correlationId, at: begun || position, recordedAt };
    }
    if (idempotencyKey !== undefined) {
      const first = this.#keys.add(idempotencyKey, this.#command.at);
      if (first !== 0 && first !== this.#command.at)
        wrong('command', position, `its idempotency key is that of the command at position ${first}`);
    }
  }
}

const missing = (report: (finding: Finding) => void, from: number, through: number, line: number): void => {
  report({
    check: 'position',
    position: from,
    ...(through > from && { through }),
    detail: `${through > from ? `positions ${from} to ${through} are` : `position ${from} is`} missing before line ${line}`,
  });
};

/** A list of leaf hashes, one after the other, as a function of the position. */
export const leavesOf =
  (leaves: Buffer) =>
  (position: number): Buffer | undefined => {
    const at = (position - 1) * hashBytes;
    return at + hashBytes <= leaves.length ? leaves.subarray(at, at + hashBytes) : undefined;
  };

/** What a verification of the database does not look at. */
export const notCheckedInDatabase = [
  'what was answered to requests (the status, location, body and notices in log.receipts, and the outcomes in log.batches), the prints of requests, and the keys of requests that recorded nothing: no line tells of them',
];

/** What no verification of a log can tell, or this one does not look at. */
export const notChecked = [
  'whether what was recorded is true, and whether everything that happened was recorded',
  'that a deferral moves to a later day than every date that it moves, that nothing on hold or disputed was paid, and who may do what: these depend on the moment of recording',
  'the content that each contentHash is a print of',
];
