/**
 * The shape of a class without the class. The classes of bodies and resources only tell validation and the API document
 * what the fields are: what goes in and out is plain JSON, of which nothing is ever made an instance.
 */
export type Plain<T> = T extends readonly (infer U)[]
  ? Plain<U>[]
  : T extends object
    ? { [K in keyof T]: Plain<T[K]> }
    : T;
