import type pg from 'pg';

/**
 * Does something in one transaction, on a connection of its own.
 *
 * @param begin the statement that begins it, such as `begin isolation level repeatable read read only`
 * @throws what the work or the connection failed with: then the transaction is undone
 */
export const inTransaction = async <T>(
  pool: pg.Pool,
  begin: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> => {
  const client = await pool.connect();
  // A connection that is cut tells nobody but the client: unheard, its error would end the process, and a COPY under way
  // would wait for ever.
  let hear: (error: Error) => void = () => undefined;
  const lost = new Promise<never>((_resolve, reject) => {
    hear = reject;
    client.on('error', hear);
  });
  lost.catch(() => undefined);
  const all = async (): Promise<T> => {
    await client.query(begin);
    const result = await work(client);
    await client.query('commit');
    return result;
  };
  try {
    const result = await Promise.race([all(), lost]);
    client.removeListener('error', hear);
    client.release();
    return result;
  } catch (error) {
    // Its end undoes what it did.
    client.release(true);
    throw error;
  }
};

export const snapshot = 'begin isolation level repeatable read read only';
