import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { isISO31661Alpha2, ValidateBy, ValidateIf, ValidateNested, type ValidationArguments } from 'class-validator';
import { everyLedger, installationLedger, isPersonId } from '../domain/access.js';
import { isLocalDate, isTimeZone } from '../domain/calendar.js';
import { documentKinds, idPattern, isId } from '../domain/events.js';
import { faultOfAmount, isCurrency } from '../domain/money.js';
import { normalInstant } from '../reports/as-of.js';

// The fields that requests are made of, as class-validator decorators that also describe themselves in the API
// document. Each says in one sentence what is wrong, so that a client can show it beside the field.

/** What a check gets to know beside the value. */
export interface CheckArguments extends ValidationArguments {
  /** The whole body, where the check is part of it. Only our own validation tells; see validation.ts. */
  readonly root?: object;
}

/** Why a value is wrong, to be read after the name of the field; undefined if it is right. */
export type Check = (value: unknown, args: CheckArguments) => string | undefined;

type Described = Pick<ApiPropertyOptions, 'example' | 'description'>;

const all =
  (...decorators: readonly PropertyDecorator[]): PropertyDecorator =>
  (target, property) => {
    for (const decorate of decorators) decorate(target, property);
  };

const checkedBy = (name: string, check: Check, constraints: readonly unknown[] = []): PropertyDecorator =>
  ValidateBy({
    name,
    constraints: [...constraints],
    validator: {
      validate: (value: unknown, args?: ValidationArguments) => check(value, args!) === undefined,
      defaultMessage: (args?: ValidationArguments) => check(args!.value, args!) ?? '',
    },
  });

/** A field of its own type; absent, it is missing. */
const field = (name: string, check: Check, api: ApiPropertyOptions): PropertyDecorator =>
  all(
    checkedBy(name, (value, args) => (value === undefined ? 'is required' : check(value, args))),
    ApiProperty(api),
  );

const isAbsent = (value: unknown): boolean => value === undefined || (Array.isArray(value) && value.length === 0);

/** May be left out. An empty list counts as left out; null does not. */
export const Optional = (): PropertyDecorator =>
  all(
    ValidateIf((_object, value) => !isAbsent(value)),
    ApiProperty({ required: false }),
  );

/** May be left out if one of some other fields is there. Stands below the field's other decorators. */
export const RequiredWithout = (...others: readonly [string, ...string[]]): PropertyDecorator => {
  const oneOfThem = others.length === 1 ? others[0] : `one of ${others.join(', ')}`;
  return all(
    ValidateIf(
      (object: Record<string, unknown>, value) => !isAbsent(value) || others.every((name) => isAbsent(object[name])),
    ),
    checkedBy('requiredWithout', (value) =>
      isAbsent(value) ? `is required, or ${oneOfThem} in its place` : undefined,
    ),
    ApiProperty({ required: false }),
  );
};

/** Must be left out if another field is there. */
export const NotWith = (other: string): PropertyDecorator =>
  checkedBy('notWith', (_value, { object }) =>
    isAbsent((object as Record<string, unknown>)[other])
      ? undefined
      : `must not stand beside ${other}: give one of the two`,
  );

/** An id that a caller chose, or one that names something. */
export const Id = (api: Described = {}): PropertyDecorator =>
  field('id', (value) => (isId(value) ? undefined : 'must be 1 to 64 of A-Z a-z 0-9 . _ -, and not . or ..'), {
    type: String,
    minLength: 1,
    maxLength: 64,
    pattern: idPattern.source,
    ...api,
  });

/** The id of a ledger, or `*` for all of them. */
export const LedgerOrAll = (api: Described = {}): PropertyDecorator =>
  field(
    'ledgerOrAll',
    (value) => (value === everyLedger || isId(value) ? undefined : 'must be the id of a ledger, or * for all of them'),
    { type: String, minLength: 1, maxLength: 64, example: 'acme', ...api },
  );

const plainText = /^[\x20-\x7e]*$/;
// Control characters other than tab and newline, among them DEL and those of Latin-1.
const controls = /[\0-\x08\x0b-\x1f\x7f-\x9f]/;

/** As JSON Schema counts: in code points. */
const isLonger = (text: string, max: number): boolean =>
  text.length > max && (text.length > 2 * max || Array.from(text).length > max);

interface TextLimits extends Described {
  /** How many characters (Unicode code points) at most. */
  readonly max: number;
  /** May be empty, or all blanks. */
  readonly blank?: boolean;
  /** Without blanks around it and without line breaks: something that is compared. */
  readonly trimmed?: boolean;
}

export const faultOfText = (
  value: unknown,
  { max, blank = false, trimmed = false }: TextLimits,
): string | undefined => {
  if (typeof value !== 'string') return 'must be a text';
  if (isLonger(value, max)) return `must have at most ${max} characters`;
  if (!plainText.test(value)) {
    if (/\p{Surrogate}/u.test(value)) return 'must be well-formed Unicode: it has half of a surrogate pair';
    if (controls.test(value)) return 'must not have control characters other than tab and newline';
    if (trimmed && /[\t\n]/.test(value)) return 'must not have control characters';
  }
  if (!blank && !/\S/.test(value)) return 'must not be blank';
  return trimmed && value.trim() !== value ? 'must not begin or end with a blank' : undefined;
};

/** Names somebody: a human being or a program. */
export const PersonId = (api: Described = {}): PropertyDecorator =>
  field(
    'personId',
    (value) =>
      isPersonId(value)
        ? undefined
        : 'must be 1 to 128 of A-Z a-z 0-9 . _ @ + | ~ : -, and begin with a letter or a digit, such as an e-mail address',
    {
      type: String,
      minLength: 1,
      maxLength: 128,
      pattern: '^[A-Za-z0-9][A-Za-z0-9._@+|~:-]*$',
      example: 'ann@example.com',
      ...api,
    },
  );

/** A list of words out of some, each once, at least one. */
export const ListOfSome = (values: readonly string[], api: Described = {}): PropertyDecorator =>
  field(
    'listOfSome',
    (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.every((one) => values.includes(one as string)) &&
      new Set(value).size === value.length
        ? undefined
        : `must be a list of one or more of ${values.join(', ')}, each once`,
    { type: String, enum: [...values], isArray: true, minItems: 1, uniqueItems: true, ...api },
  );

/** The id of a ledger of somebody's, rather than our own. */
export const NotInstallation = (): PropertyDecorator =>
  checkedBy('notInstallation', (value) =>
    value === installationLedger ? 'is kept for the ledger in which access is recorded: choose another id' : undefined,
  );

/** A text for people. */
export const Text = ({ max, blank, trimmed, ...api }: TextLimits): PropertyDecorator =>
  field('text', (value) => faultOfText(value, { max, blank, trimmed }), {
    type: String,
    maxLength: max,
    ...(blank ? {} : { minLength: 1, pattern: '\\S' }),
    ...api,
  });

/** One of some words. */
export const OneOf = (values: readonly string[], api: Described & { default?: string } = {}): PropertyDecorator =>
  field('oneOf', (value) => (values.includes(value as string) ? undefined : `must be one of ${values.join(', ')}`), {
    type: String,
    enum: [...values],
    ...api,
  });

/** In a query, one of some words, or several with commas between them. */
export const SomeOf = (values: readonly string[], api: Described = {}): PropertyDecorator =>
  field(
    'someOf',
    (value) => {
      const wrong = typeof value === 'string' ? value.split(',').find((word) => !values.includes(word)) : '';
      return wrong === undefined ? undefined : `must be some of ${values.join(', ')}, with commas between them`;
    },
    { type: String, ...api },
  );

/** In a query, the name of a document in the log: its kind and its id. */
export const DocumentText = (api: Described = {}): PropertyDecorator =>
  field(
    'document',
    (value) => {
      const [kind = '', id = '', ...rest] = typeof value === 'string' ? value.split('/') : [];
      // An allocation that comes with a payment is named after it, and so may have a longer id than a caller can choose.
      const isName =
        kinds.has(kind) &&
        rest.length === 0 &&
        (kind === 'person' ? isPersonId(id) : /^[A-Za-z0-9._-]{1,70}$/.test(id));
      return isName || value === 'ledger'
        ? undefined
        : `must be a kind and an id, such as invoice/INV-1, or ledger; kinds are ${documentKinds.join(', ')}`;
    },
    { type: String, maxLength: 135, ...api },
  );

const kinds: ReadonlySet<string> = new Set(documentKinds);

// Requests name the same few thousand days again and again, and to look one up costs a fiftieth of finding out.
const knownDays = new Set<string>();
const maxKnownDays = 10_000;

const isDay = (value: unknown): boolean => {
  if (knownDays.has(value as string)) return true;
  if (typeof value !== 'string' || !isLocalDate(value)) return false;
  if (knownDays.size === maxKnownDays) knownDays.clear();
  knownDays.add(value);
  return true;
};

/** A day that exists, YYYY-MM-DD. */
export const Day = (api: Described = {}): PropertyDecorator =>
  field('day', (value) => (isDay(value) ? undefined : 'must be a day that exists, as YYYY-MM-DD'), {
    type: String,
    format: 'date',
    example: '2023-10-31',
    ...api,
  });

/** A list of days. */
export const Days = ({ max, ...api }: Described & { readonly max: number }): PropertyDecorator =>
  field(
    'days',
    (value) => {
      if (!Array.isArray(value)) return 'must be a list of days';
      if (value.length > max) return `must have at most ${max} entries`;
      const place = value.findIndex((day) => !isDay(day));
      return place < 0 ? undefined : `must be days that exist, as YYYY-MM-DD: see entry ${place}`;
    },
    { type: String, format: 'date', isArray: true, maxItems: max, ...api },
  );

/** A list of amounts, each above zero. */
export const Moneys = ({
  max,
  currencyIn,
  ...api
}: Described & { readonly max: number; readonly currencyIn: string }): PropertyDecorator =>
  field(
    'moneys',
    (value, { object, root = object }) => {
      if (!Array.isArray(value)) return 'must be a list of amounts';
      if (value.length > max) return `must have at most ${max} entries`;
      const currency = (root as Record<string, unknown>)[currencyIn];
      for (const [i, entry] of value.entries()) {
        const fault = faultOfMoney(entry, currency, false, false);
        if (fault !== undefined) return `${fault}: see entry ${i}`;
      }
      return undefined;
    },
    { type: String, isArray: true, maxItems: max, ...api },
  );

/** Not before the day in another field of the same object. */
export const NotBefore = (other: string): PropertyDecorator =>
  checkedBy('notBefore', (value, { object }) => {
    const earliest = (object as Record<string, unknown>)[other];
    return typeof value === 'string' && typeof earliest === 'string' && value < earliest
      ? `must not be before ${other}`
      : undefined;
  });

/** In a list, a day that must be later in each entry than in the one before. */
export const LaterThanBefore = (day: string): PropertyDecorator =>
  checkedBy('laterThanBefore', (value) => {
    if (!Array.isArray(value)) return undefined;
    const days = value.map((entry: unknown) => (entry as Record<string, unknown> | null)?.[day]);
    const place = days.findIndex((on, i) => i > 0 && typeof on === 'string' && on <= (days[i - 1] as string));
    return place < 0 ? undefined : `must be in the order of the days, each once: see entry ${place}`;
  });

interface MoneyOptions extends Described {
  /** May bear a leading minus. */
  readonly signed?: boolean;
  /** May be zero. */
  readonly zero?: boolean;
  /** The field of the whole body that names the currency; without it the currency is that of a document. */
  readonly currencyIn?: string;
}

const unsigned = /^(0|[1-9]\d*)(\.\d+)?$/;
const signed = /^-?(0|[1-9]\d*)(\.\d+)?$/;

const faultOfMoney = (
  value: unknown,
  currency: unknown,
  mayBeNegative: boolean,
  mayBeZero: boolean,
): string | undefined => {
  if (typeof value !== 'string') return 'must be a decimal string such as "1000.00", not a JSON number';
  if (!(mayBeNegative ? signed : unsigned).test(value)) {
    return mayBeNegative
      ? 'must be a decimal string such as "1000.00" or "-1000.00", without plus sign, exponent, blank or separator'
      : 'must be a decimal string such as "1000.00", without sign, exponent, blank or separator';
  }
  const fault = typeof currency === 'string' && isCurrency(currency) ? faultOfAmount(value, currency) : undefined;
  return fault ?? (mayBeNegative || mayBeZero || /[1-9]/.test(value) ? undefined : 'must be above zero');
};

/** An amount as a decimal string, above zero unless it may be zero or negative. */
export const Money = ({
  signed: mayBeNegative = false,
  zero = false,
  currencyIn,
  ...api
}: MoneyOptions = {}): PropertyDecorator =>
  field(
    'money',
    (value, { object, root = object }) =>
      faultOfMoney(
        value,
        // Of the object itself, where it has a currency of its own.
        currencyIn && ((Object.hasOwn(object, currencyIn) ? object : root) as Record<string, unknown>)[currencyIn],
        mayBeNegative,
        zero,
      ),
    {
      type: String,
      pattern: (mayBeNegative ? signed : unsigned).source,
      example: '1000000.00',
      ...api,
    },
  );

/** An instant in UTC. */
export const InstantText = (api: Described = {}): PropertyDecorator =>
  field(
    'instant',
    (value) =>
      typeof value === 'string' && normalInstant(value) !== undefined
        ? undefined
        : 'must be an instant in UTC with at most 6 decimals, such as 2023-10-31T09:00:00.000000Z',
    { type: String, format: 'date-time', example: '2023-10-31T09:00:00.000000Z', ...api },
  );

/**
 * A bank account: letters and digits, blanks between them allowed. What looks like an IBAN has to be one, so that a slip of
 * the pen is found here and not at the bank.
 */
export const AccountNumber = (api: Described = {}): PropertyDecorator =>
  field(
    'accountNumber',
    (value) => {
      const plain = typeof value === 'string' ? plainAccountNumber(value) : '';
      if (!/^[A-Z0-9]{4,34}$/.test(plain)) return 'must be an IBAN, or 4 to 34 letters and digits';
      if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(plain) || isIban(plain)) return undefined;
      return 'looks like an IBAN, and its check digits are wrong';
    },
    { type: String, example: 'GB82 WEST 1234 5698 7654 32', ...api },
  );

/** Without blanks, in upper case. */
export const plainAccountNumber = (text: string): string => text.replaceAll(/[ -]/g, '').toUpperCase();

/** ISO 13616: rearranged and read as a number, it leaves 1 when divided by 97. */
const isIban = (plain: string): boolean => {
  const digits = (plain.slice(4) + plain.slice(0, 4)).replaceAll(/[A-Z]/g, (letter) => String(parseInt(letter, 36)));
  return BigInt(digits) % 97n === 1n;
};

/** An ISO 4217 code. */
export const Currency = (api: Described = {}): PropertyDecorator =>
  field(
    'currency',
    (value) => (typeof value === 'string' && isCurrency(value) ? undefined : 'must be an ISO 4217 code such as "USD"'),
    {
      type: String,
      pattern: '^[A-Z]{3}$',
      example: 'USD',
      ...api,
    },
  );

/** An ISO 3166-1 alpha-2 code. */
export const Country = (api: Described = {}): PropertyDecorator =>
  field(
    'country',
    (value) =>
      typeof value === 'string' && /^[A-Z]{2}$/.test(value) && isISO31661Alpha2(value)
        ? undefined
        : 'must be an ISO 3166-1 alpha-2 code such as "GB"',
    { type: String, pattern: '^[A-Z]{2}$', example: 'GB', ...api },
  );

/** An IANA time zone. */
export const TimeZone = (api: Described = {}): PropertyDecorator =>
  field(
    'timeZone',
    (value) =>
      typeof value === 'string' && value.length <= 64 && isTimeZone(value)
        ? undefined
        : 'must be an IANA time zone such as "Europe/London" or "UTC"',
    { type: String, maxLength: 64, example: 'Europe/London', ...api },
  );

const percentPattern = /^(0|[1-9]\d?|100)(\.\d{1,2})?$/;

/** A percentage from 0 to 100 as a decimal string. */
export const Percent = (api: Described = {}): PropertyDecorator =>
  field(
    'percent',
    (value) =>
      typeof value === 'string' && percentPattern.test(value) && Number(value) <= 100
        ? undefined
        : 'must be a decimal string from "0" to "100" with at most 2 decimals',
    { type: String, pattern: percentPattern.source, example: '2.50', ...api },
  );

const ratePattern = /^(0|[1-9]\d{0,4})(\.\d{1,2})?$/;

/** A percentage of any size, at most 10,000: what a year or a penalty may come to. */
export const Rate = (api: Described = {}): PropertyDecorator =>
  field(
    'rate',
    (value) =>
      typeof value === 'string' && ratePattern.test(value) && Number(value) <= 10_000
        ? undefined
        : 'must be a decimal string from "0" to "10000" with at most 2 decimals',
    { type: String, pattern: ratePattern.source, example: '18.00', ...api },
  );

const sharePattern = /^(0(\.\d{1,4})?|1(\.0{1,4})?)$/;

/** How sure something is: a decimal string from 0 to 1. */
export const Share = (api: Described = {}): PropertyDecorator =>
  field(
    'share',
    (value) =>
      typeof value === 'string' && sharePattern.test(value)
        ? undefined
        : 'must be a decimal string from "0" to "1" with at most 4 decimals',
    { type: String, pattern: sharePattern.source, example: '0.9', ...api },
  );

const gapPattern = /^(0(\.\d{1,6})?|1(\.0{1,6})?)$/;

/** A share of a cost: a decimal string from 0 to 1. */
export const Gap = (api: Described = {}): PropertyDecorator =>
  field(
    'gap',
    (value) =>
      typeof value === 'string' && gapPattern.test(value)
        ? undefined
        : 'must be a decimal string from "0" to "1" with at most 6 decimals',
    { type: String, pattern: gapPattern.source, example: '0.001', ...api },
  );

/** A whole number, as a JSON number. */
export const Whole = ({
  min = 0,
  max,
  ...api
}: Described & { readonly min?: number; readonly max: number }): PropertyDecorator =>
  field(
    'whole',
    (value) =>
      Number.isInteger(value) && (value as number) >= min && (value as number) <= max
        ? undefined
        : `must be a whole number from ${min} to ${max}`,
    { type: 'integer', minimum: min, maximum: max, ...api },
  );

/** A whole number in a query, where everything is text. */
export const WholeText = ({
  min,
  max,
  ...api
}: Described & { readonly min: number; readonly max: number }): PropertyDecorator =>
  field(
    'wholeText',
    (value) =>
      typeof value === 'string' && /^(0|[1-9]\d{0,15})$/.test(value) && Number(value) >= min && Number(value) <= max
        ? undefined
        : `must be a whole number from ${min} to ${max}`,
    { type: 'integer', minimum: min, maximum: max, ...api },
  );

/** True or false. */
export const Flag = (api: Described = {}): PropertyDecorator =>
  field('flag', (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'), {
    type: Boolean,
    ...api,
  });

type Class = new () => object;

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where validation.ts finds the class of what is inside: the first constraint of these two. */
export const nesting: ReadonlySet<string> = new Set(['part', 'list']);

/** An object inside the body. */
export const Part = (type: () => Class, api: Described = {}): PropertyDecorator =>
  all(
    checkedBy(
      'part',
      (value) => (value === undefined ? 'is required' : isObject(value) ? undefined : 'must be an object'),
      [type],
    ),
    ValidateNested(),
    Type(type),
    ApiProperty({ type: () => type(), ...api }),
  );

/** A list of objects inside the body, at least one. */
export const ListOf = (type: () => Class, { max, ...api }: Described & { readonly max: number }): PropertyDecorator =>
  all(
    checkedBy(
      'list',
      (value) => {
        if (isAbsent(value)) return 'is required';
        if (!Array.isArray(value)) return 'must be a list';
        return value.length > max ? `must have at most ${max} entries` : undefined;
      },
      [type],
    ),
    ValidateNested({ each: true }),
    Type(type),
    ApiProperty({ type: () => type(), isArray: true, maxItems: max, ...api }),
  );
