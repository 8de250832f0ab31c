import fc from 'fast-check';

/** `npm run test:deep`: the same tests, with samples large enough to be left alone with. */
export const deep = Boolean(process.env.TEST_DEEP);

/** One of two numbers, by how deep this run looks. */
export const sampleSize = (normal: number, whenDeep = normal * 20): number => (deep ? whenDeep : normal);

/** So many of a list, others with each seed; all of them in a deep run. */
export const someOf = <T>(list: readonly T[], count: number): T[] =>
  deep
    ? [...list]
    : fc.sample(fc.subarray([...list], { minLength: count, maxLength: count }), { seed, numRuns: 1 }).flat();

/** Set for the whole run by jest.config.js, which prints it; set it again to draw the same samples again. */
export const seed = Number(process.env.TEST_SEED);
if (!Number.isInteger(seed)) throw new Error(`TEST_SEED is not a whole number: ${String(process.env.TEST_SEED)}`);

// Loaded before every test file (jest.config.js), so that a plain `fc.assert(fc.property(…))` has all this.
fc.configureGlobal({ seed, numRuns: sampleSize(100) });
