import type pg from 'pg';
import { openCheckpoint } from './checkpoint.js';
import { hashBytes } from './merkle.js';
import { NoteError, type VerifierKey } from './note.js';
import type { Commitment, Finding } from './verify.js';

const rowsPerPage = 2_000;

/** The trees that were sealed and the notes that were signed of them, a page at a time: a ledger has one every second. */
export class KeptProofs {
  #through = 0;
  /** By what is wrong with them, the signed checkpoints at fault: an instance with a key of its own has signed many. */
  readonly #wrong = new Map<string, { readonly from: number; through: number; count: number }>();

  /** @param keys that are trusted */
  constructor(
    private readonly client: pg.ClientBase,
    private readonly ledgerId: string,
    private readonly keys: readonly VerifierKey[],
    private readonly found: (finding: Finding) => void,
  ) {}

  /** The size of the newest tree. */
  async sealedSize(): Promise<number> {
    const { rows } = await this.client.query<{ size: string }>(
      'select size from log.checkpoints where ledger_id = $1 order by size desc limit 1',
      [this.ledgerId],
    );
    return Number(rows[0]?.size ?? 0);
  }

  /**
   * Checks what is kept of trees up to a size, after those of the last call.
   *
   * @returns the trees, in order
   */
  async through(size: number): Promise<Commitment[]> {
    const all: Commitment[] = [];
    for (let isLast = false; !isLast;) {
      const page = await this.#page(size);
      isLast = page.length < rowsPerPage;
      const end = isLast ? size : page.at(-1)!.size;
      const signed = await this.#checkSignatures(page, end);
      // Beyond the log there may be any number: then the newest says enough.
      if (size === Number.MAX_SAFE_INTEGER) all.length = 0;
      all.push(...page.map((tree) => ({ ...tree, name: 'the sealed tree', isSigned: signed.has(tree.size) })));
      this.#through = end;
    }
    return all;
  }

  async #page(through: number): Promise<Pick<Commitment, 'size' | 'root'>[]> {
    const { rows } = await this.client.query<{ size: string; is_chained: boolean; root: Buffer }>({
      name: 'verify-trees',
      text: `select size, root, octet_length(leaves) = (size - previous_size) * ${hashBytes} and previous_size = coalesce(
                      (select p.size from log.checkpoints p where p.ledger_id = $1 and p.size < c.size
                        order by p.size desc limit 1), 0) as is_chained
               from log.checkpoints c where ledger_id = $1 and size > $2 and size <= $3 order by size limit ${rowsPerPage}`,
      values: [this.ledgerId, this.#through, through],
    });
    return rows.map(({ size, is_chained, root }) => {
      if (!is_chained)
        this.found({
          check: 'table',
          position: Number(size),
          detail: `log.checkpoints is not a chain at size ${size}`,
        });
      return { size: Number(size), root };
    });
  }

  /** @returns the sizes of which there is a good signature */
  async #checkSignatures(
    sealed: readonly Pick<Commitment, 'size' | 'root'>[],
    through: number,
  ): Promise<ReadonlySet<number>> {
    const good = new Set<number>();
    const roots = new Map(sealed.map(({ size, root }) => [size, root]));
    for (let after = this.#through, isLast = false; !isLast;) {
      const { rows } = await this.client.query<{ size: string; note: string }>({
        name: 'verify-notes',
        // All of one size on one page: those of several keys.
        text: `select size, note from log.signed_checkpoints where ledger_id = $1 and size > $2 and size <= $3
                order by size fetch first ${rowsPerPage} rows with ties`,
        values: [this.ledgerId, after, through],
      });
      for (const { size, note } of rows)
        if (this.#isSigned(Number(size), note, roots.get(Number(size)))) good.add(Number(size));
      isLast = rows.length < rowsPerPage;
      after = Number(rows.at(-1)?.size);
    }
    return good;
  }

  #isSigned(size: number, note: string, root: Buffer | undefined): boolean {
    try {
      const checkpoint = openCheckpoint(note, this.keys);
      if (checkpoint.size !== size || !root?.equals(checkpoint.root))
        throw new NoteError('it is not of the tree that was sealed');
      return true;
    } catch (error) {
      if (!(error instanceof NoteError)) throw error;
      const wrong = this.#wrong.get(error.message) ?? { from: size, through: size, count: 0 };
      wrong.through = size;
      wrong.count += 1;
      this.#wrong.set(error.message, wrong);
      return false;
    }
  }

  /** Says what is wrong with signatures, once of all that have the same fault. */
  end(): void {
    for (const [fault, { from, through, count }] of this.#wrong) {
      const what = count === 1 ? 'the signed checkpoint' : `${count} signed checkpoints,`;
      const sizes = count === 1 ? `of ${from} events` : `of ${from} to ${through} events`;
      const detail = `${what} ${sizes}: ${fault}`;
      this.found({ check: 'signature', position: from, ...(through > from && { through }), detail });
    }
  }
}
