import type pg from 'pg';
import { installationLedger } from '../domain/access.js';

/** How often it is written down, at most, that a token is used. */
const writtenEveryMs = 60_000;

/** When each token was last used, to the minute. Beside the log: it proves nothing, and is lost with a backup. */
export class TokenUses {
  readonly #writtenAtMs = new Map<string, number>();

  constructor(
    private readonly pool: pg.Pool,
    private readonly report: (error: unknown) => void,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Costs the request nothing: it is written later, if at all. */
  note(tokenId: string): void {
    const nowMs = this.nowMs();
    if (nowMs - (this.#writtenAtMs.get(tokenId) ?? -Infinity) < writtenEveryMs) return;
    this.#writtenAtMs.set(tokenId, nowMs);
    this.pool
      .query({
        name: 'token-used',
        text: `insert into books.token_uses as u (ledger_id, token_id, last_used_at)
               values ($1, $2, clock_timestamp())
               on conflict (ledger_id, token_id) do update set last_used_at = excluded.last_used_at
                where u.last_used_at < excluded.last_used_at`,
        values: [installationLedger, tokenId],
      })
      .catch(this.report);
  }

  /** @returns by token RFC 3339 in UTC with microseconds; tokens that were never used are left out */
  async of(tokenIds: readonly string[]): Promise<Map<string, string>> {
    const { rows } = await this.pool.query<{ token_id: string; at: string }>(
      `select token_id, to_char(last_used_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
         from books.token_uses where ledger_id = $1 and token_id = any ($2)`,
      [installationLedger, tokenIds],
    );
    return new Map(rows.map(({ token_id, at }) => [token_id, at]));
  }
}
