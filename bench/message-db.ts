/** The event store message-db, as its package has it: its own install.sh, without psql. */
import { readFile } from 'node:fs/promises';
import pg from 'pg';

/** In the schema `message_store` of a database. */
export const installMessageDb = async (url: string): Promise<void> => {
  const folder = new URL('../node_modules/@eventide/message-db/database/', import.meta.url);
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const files = [
    ...['schema/message-store', 'extensions/pgcrypto', 'tables/messages', 'types/message'],
    ...[
      'message-store-version',
      'hash-64',
      'acquire-lock',
      'category',
      'is-category',
      'id',
      'cardinal-id',
      'stream-version',
      'write-message',
      'get-category-messages',
    ].map((name) => `functions/${name}`),
    ...['messages-id', 'messages-stream', 'messages-category'].map((name) => `indexes/${name}`),
  ];
  for (const file of files) {
    await admin.query('set search_path = message_store, public');
    await admin.query(await readFile(new URL(`${file}.sql`, folder), 'utf8'));
  }
  await admin.end();
};

/** Where its functions find its tables. */
export const messageDbPath = '-c search_path=message_store,public';
