import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { SealedText } from '../domain/events.js';
import { keyBytes, printOf, seal, unseal } from './sealing.js';

/** The key of a vendor is there, but it is not this installation's master key that it was wrapped with. */
export class WrongMasterKey extends Error {
  override readonly name = 'WrongMasterKey';
}

interface VendorKey {
  readonly id: string;
  readonly key: Buffer;
}

/**
 * A key for each vendor, in a table and wrapped by the master key. What is sealed with one can be read while it is there,
 * and by nobody once it is destroyed. Keys are not kept in memory: destroyed is destroyed for all instances.
 */
export class VendorKeys {
  constructor(
    private readonly pool: pg.Pool,
    private readonly masterKey: () => Promise<Buffer>,
  ) {}

  /**
   * Seals something about a vendor, with their key; makes one if they have none.
   *
   * @param subject what it is about, such as `bank-details/B1`
   * @returns the sealed text, and a print of it that is the same whenever the same is sealed with that key
   */
  async seal(
    ledgerId: string,
    vendorId: string,
    subject: string,
    text: string,
  ): Promise<{ sealed: SealedText; print: string }> {
    let found = await this.#find(ledgerId, vendorId);
    // Again, where the one that was made is destroyed in between.
    while (!found) {
      await this.#make(ledgerId, vendorId);
      found = await this.#find(ledgerId, vendorId);
    }
    const { id: keyId, key } = found;
    const content = Buffer.from(text);
    const sealed = seal(key, content, about(ledgerId, vendorId, subject)).toString('base64');
    return { sealed: { encoding: 'aes-256-gcm+base64', keyId, content: sealed }, print: printOf(key, content) };
  }

  /**
   * What was sealed about a vendor, in the same order; undefined where its key was destroyed.
   *
   * @throws {WrongMasterKey}
   */
  async unseal(
    ledgerId: string,
    vendorId: string,
    all: readonly { readonly subject: string; readonly sealed: SealedText }[],
  ): Promise<(string | undefined)[]> {
    const found = await this.#find(ledgerId, vendorId);
    return all.map(({ subject, sealed: { keyId, content } }) =>
      found?.id === keyId
        ? unseal(found.key, Buffer.from(content, 'base64'), about(ledgerId, vendorId, subject)).toString()
        : undefined,
    );
  }

  /** Destroys what there is of a vendor's keys. @returns how many */
  async destroy(ledgerId: string, vendorId: string): Promise<number> {
    const { rowCount } = await this.pool.query(
      'delete from books.vendor_keys where ledger_id = $1 and vendor_id = $2',
      [ledgerId, vendorId],
    );
    return rowCount ?? 0;
  }

  async #find(ledgerId: string, vendorId: string): Promise<VendorKey | undefined> {
    const { rows } = await this.pool.query<{ key_id: string; wrapped: Buffer }>(
      'select key_id, wrapped from books.vendor_keys where ledger_id = $1 and vendor_id = $2',
      [ledgerId, vendorId],
    );
    const [row] = rows;
    if (!row) return undefined;
    const masterKey = await this.masterKey();
    try {
      const key = unseal(masterKey, row.wrapped, about(ledgerId, vendorId, row.key_id));
      return { id: row.key_id, key };
    } catch (error) {
      throw new WrongMasterKey('The keys of vendors were wrapped with another MASTER_KEY than the one set here', {
        cause: error,
      });
    }
  }

  async #make(ledgerId: string, vendorId: string): Promise<void> {
    const [id, key] = [randomBytes(12).toString('hex'), randomBytes(keyBytes)];
    const wrapped = seal(await this.masterKey(), key, about(ledgerId, vendorId, id));
    // Of two that make one at once, one does.
    await this.pool.query(
      `insert into books.vendor_keys (ledger_id, vendor_id, key_id, wrapped) values ($1, $2, $3, $4) on conflict do nothing`,
      [ledgerId, vendorId, id, wrapped],
    );
  }
}

const about = (...what: readonly string[]): string => what.join('/');
