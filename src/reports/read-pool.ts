/** Injection token of the `pg.Pool` that reports read from. A replica will do: reports wait until it has caught up. */
export const READ_POOL = Symbol('READ_POOL');
