import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { verifierKey } from './note.js';
import { Outside } from './outside.js';

it('does not hold up an end for a receiver that never answers, however much waits to be sent', async () => {
  const limitMs = 400;
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const folder = await mkdtemp(join(tmpdir(), 'outside-'));
  const told: string[] = [];
  const url = `http://127.0.0.1:${port}/`;
  const outside = new Outside(folder, 'example.com', url, (error) => told.push((error as Error).message), limitMs);
  try {
    const key = verifierKey('example.com/a/1', generateKeyPairSync('ed25519').publicKey);
    for (let n = 0; n < 8; n++) await outside.keep(`ledger-${n}`, `note ${n}`, key, '2024-01-31');
    const startedMs = performance.now();
    await outside.drain();
    // One after the other they would take eight times the limit.
    expect(performance.now() - startedMs).toBeLessThan(5 * limitMs);
    expect(told).toContainEqual(expect.stringMatching(/^not sent any more: .*ledger-7$/));
    // What could not be sent is kept all the same.
    expect(await readFile(join(folder, 'example.com/ledger-7/latest'), 'utf8')).toBe('note 7');
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  }
});
