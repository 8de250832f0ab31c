/** For the branch that the types rule out. @throws {Error} always */
export const assertNever = (value: never): never => {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
};
