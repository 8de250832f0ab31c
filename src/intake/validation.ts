import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { getMetadataStorage, type ValidatorConstraintInterface } from 'class-validator';
import { type Fault, reject, rejectMalformed } from '../domain/rejection.js';
import { type CheckArguments, nesting } from './fields.js';

type Class = abstract new (...args: never[]) => object;
type Values = Readonly<Record<string, unknown>>;

/** A property of a class with everything that its decorators say, put together once. */
interface Field {
  readonly name: string;
  /** All must agree that the property is to be looked at. */
  readonly conditions: readonly ((object: object, value: unknown) => boolean)[];
  readonly constraints: readonly {
    readonly instance: ValidatorConstraintInterface;
    readonly arguments: unknown[];
    readonly message: unknown;
  }[];
  /** The class of an object inside, or of each entry of a list. */
  readonly inside: (() => Shape) | undefined;
}

/**
 * What class-validator's metadata of a class say, compiled. class-validator itself looks everything up again for each
 * object and makes an error object for each property, right or wrong; with a class instance to be made first, that costs
 * more than all the rest of a request. Here plain JSON is checked as it is. The same decorators judge either way, which a
 * test compares; of several that object to one property, the first speaks.
 */
class Shape {
  readonly #fields: readonly Field[];
  readonly #names: ReadonlySet<string>;

  readonly #typeName: string;

  constructor(type: Class) {
    this.#typeName = type.name;
    this.#fields = fieldsOf(type);
    this.#names = new Set(this.#fields.map(({ name }) => name));
  }

  /**
   * Checks one object and what is inside it.
   *
   * @param pointer where it stands in the body (RFC 6901)
   * @param faults gets every fault
   */
  check(object: Values, root: object, pointer: string, faults: Fault[]): void {
    let known = 0;
    for (const { name, conditions, constraints, inside } of this.#fields) {
      const value = object[name];
      if (value !== undefined) known += 1;
      if (conditions.length > 0 && !conditions.every((applies) => applies(object, value))) continue;
      let isRight = true;
      for (const { instance, arguments: constraintArguments, message } of constraints) {
        const args: CheckArguments = {
          value,
          property: name,
          object,
          root,
          constraints: constraintArguments,
          targetName: this.#typeName,
        };
        if (instance.validate(value, args) === true) continue;
        faults.push({
          pointer: `${pointer}/${name}`,
          detail: typeof message === 'string' ? message : (instance.defaultMessage?.(args) ?? 'is wrong'),
        });
        isRight = false;
        break;
      }
      if (!isRight || !inside) continue;
      if (Array.isArray(value)) {
        value.forEach((entry: unknown, i) => inside().checkInside(entry, root, `${pointer}/${name}/${i}`, faults));
      } else inside().checkInside(value, root, `${pointer}/${name}`, faults);
    }
    const keys = Object.keys(object);
    if (keys.length === known) return;
    for (const key of keys) {
      if (this.#names.has(key)) continue;
      faults.push({
        pointer: `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        detail: 'is not known here',
      });
    }
  }

  checkInside(value: unknown, root: object, pointer: string, faults: Fault[]): void {
    if (isObject(value)) this.check(value, root, pointer, faults);
    else faults.push({ pointer, detail: 'must be an object' });
  }
}

const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const shapes = new Map<Class, Shape>();

const shapeOf = (type: Class): Shape => {
  let shape = shapes.get(type);
  if (!shape) {
    shape = new Shape(type);
    shapes.set(type, shape);
  }
  return shape;
};

const fieldsOf = (type: Class): Field[] => {
  const storage = getMetadataStorage();
  const grouped = storage.groupByPropertyName(storage.getTargetValidationMetadatas(type, '', false, false));
  return Object.entries(grouped).map(([name, metadatas]): Field => {
    const conditions: Field['conditions'][number][] = [];
    const constraints: Field['constraints'][number][] = [];
    let inside: Field['inside'];
    for (const metadata of metadatas) {
      switch (metadata.type) {
        case 'conditionalValidation':
          conditions.push(metadata.constraints[0] as Field['conditions'][number]);
          break;
        case 'customValidation':
          for (const { instance } of storage.getTargetValidatorConstraints(metadata.constraintCls)) {
            constraints.push({ instance, arguments: metadata.constraints, message: metadata.message });
          }
          if (nesting.has(metadata.name ?? '')) {
            const [typeInside] = metadata.constraints as [() => Class];
            inside = () => shapeOf(typeInside());
          }
          break;
        case 'nestedValidation':
        case 'whitelistValidation':
          break;
        default:
          throw new Error(`${type.name}.${name}: validation does not know ${metadata.type}`);
      }
      if (metadata.each && !inside && metadata.type !== 'nestedValidation') {
        throw new Error(`${type.name}.${name}: validation of each entry takes ListOf`);
      }
    }
    return { name, conditions, constraints, inside };
  });
};

/**
 * Every fault of a value that should be what a class describes, in the order of the class.
 *
 * @param value as JSON.parse made it; undefined counts as an empty object
 */
export const faultsOf = (type: Class, value: unknown): Fault[] => {
  const faults: Fault[] = [];
  const object = value ?? (value === undefined ? {} : null);
  shapeOf(type).checkInside(object, object ?? {}, '', faults);
  return faults;
};

/**
 * A body without the fields that are empty lists: each says as much as one that is absent, whatever it would hold
 * otherwise. What has none stays the object that it is.
 */
export const withoutEmptyLists = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const entries = value.map(withoutEmptyLists);
    return entries.some((entry, i) => entry !== value[i]) ? entries : value;
  }
  let changed: Record<string, unknown> | undefined;
  for (const [name, inside] of Object.entries(value)) {
    const isEmpty = Array.isArray(inside) && inside.length === 0;
    const left = isEmpty ? undefined : withoutEmptyLists(inside);
    if (left === inside) continue;
    changed ??= { ...value };
    if (isEmpty) Reflect.deleteProperty(changed, name);
    else changed[name] = left;
  }
  return changed ?? value;
};

/**
 * Lets only bodies and queries through that are what the parameter's class describes, as plain objects without empty
 * lists.
 *
 * @throws {Rejection} `malformed`, naming every fault
 */
@Injectable()
export class Checked implements PipeTransform {
  transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
    const faults = faultsOf(metatype as Class, value);
    if (faults.length === 0) return withoutEmptyLists(value ?? {});
    return type === 'query'
      ? rejectQuery(faults.map((fault) => repeatedOr(fault, value as Values)))
      : rejectMalformed(faults);
  }
}

/** @throws {Rejection} `malformed` */
export const rejectQuery = (errors: readonly Fault[]): never =>
  reject('malformed', 'The query is not what this route takes; errors names each parameter that is wrong.', { errors });

/** A parameter that is given twice comes as a list, which is wrong whatever is in it. */
const repeatedOr = (fault: Fault, query: Values): Fault =>
  Array.isArray(query[fault.pointer.slice(1)]) ? { ...fault, detail: 'must be given only once' } : fault;
