import { isDay, type Day } from './calendar.js';
import { decimalsOf, minorOf } from './money.js';

export type Json = Readonly<Record<string, unknown>>;

/** The request is not what the contract's table of commands asks for: 400. */
export class Malformed extends Error {}
/** The path names something that is not there: 404. */
export class NotFound extends Error {}

/** Reads a request's fields one by one, and refuses what the contract does not know. */
export class Body {
  constructor(
    private readonly json: Json,
    fields: readonly string[],
  ) {
    for (const name of Object.keys(json)) if (!fields.includes(name)) throw new Malformed(`unknown field ${name}`);
  }

  private read<Value>(name: string, reading: (raw: unknown) => Value | undefined): Value | undefined {
    const raw = this.json[name];
    if (raw === undefined) return undefined;
    const value = reading(raw);
    if (value === undefined) throw new Malformed(name);
    return value;
  }

  private need<Value>(name: string, value: Value | undefined): Value {
    if (value === undefined) throw new Malformed(`${name} is missing`);
    return value;
  }

  optionalText = (name: string): string | undefined =>
    this.read(name, (raw) => (typeof raw === 'string' ? raw : undefined));

  text = (name: string): string => this.need(name, this.optionalText(name));

  optionalId = (name: string): string | undefined =>
    this.read(name, (raw) =>
      typeof raw === 'string' && /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/.test(raw) ? raw : undefined,
    );

  /** An id that the model always wants from its caller, though the product would make one up. */
  id = (name = 'id'): string => this.need(name, this.optionalId(name));

  oneOf = (name: string, values: readonly string[]): string | undefined =>
    this.read(name, (raw) => values.find((value) => value === raw));

  optionalDay = (name: string): Day | undefined =>
    this.read(name, (raw) => (typeof raw === 'string' && isDay(raw) ? raw : undefined));

  day = (name: string): Day => this.need(name, this.optionalDay(name));

  flag = (name: string): boolean =>
    this.need(
      name,
      this.read(name, (raw) => (typeof raw === 'boolean' ? raw : undefined)),
    );

  count = (name: string): number =>
    this.need(
      name,
      this.read(name, (raw) => (typeof raw === 'number' && Number.isInteger(raw) && raw >= 0 ? raw : undefined)),
    );

  currency = (): string =>
    this.need(
      'currency',
      this.read('currency', (raw) => (typeof raw === 'string' && decimalsOf(raw) !== undefined ? raw : undefined)),
    );

  /** An amount above zero. */
  optionalMoney = (name: string, currency: string): bigint | undefined =>
    this.read(name, (raw) => {
      const minor = minorOf(raw, currency);
      return minor !== undefined && minor > 0n ? minor : undefined;
    });

  money = (name: string, currency: string): bigint => this.need(name, this.optionalMoney(name, currency));

  /** An amount of an invoice's line: any sign. */
  lineMoney = (name: string, currency: string): bigint | undefined => this.read(name, (raw) => minorOf(raw, currency));

  part = (name: string, fields: readonly string[]): Body | undefined =>
    this.read(name, (raw) => (isObject(raw) ? new Body(raw, fields) : undefined));

  /** An empty list equals an absent one. */
  list = (name: string, fields: readonly string[]): Body[] =>
    this.read(name, (raw) =>
      Array.isArray(raw) && raw.every(isObject) ? raw.map((part) => new Body(part, fields)) : undefined,
    ) ?? [];
}

const isObject = (raw: unknown): raw is Json => typeof raw === 'object' && raw !== null && !Array.isArray(raw);
