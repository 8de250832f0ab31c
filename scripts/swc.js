/**
 * How SWC reads our TypeScript where `tsc` is not asked: in Jest, and in `typescript.js` for the bench and the tests'
 * set-up. It has to agree with tsconfig.json, or decorators would mean one thing in a test and another in production.
 */
export const swcOptions = {
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'es6' },
  jsc: {
    target: 'es2023',
    keepClassNames: true,
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
};
