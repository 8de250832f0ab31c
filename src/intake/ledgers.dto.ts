import type { OpenLedger } from '../domain/ledgers.js';
import { Currency, Id, NotInstallation, Text, TimeZone } from './fields.js';
import { Shown, ShownDay } from './shown.dto.js';
import type { Plain } from './plain.js';

export class OpenLedgerBody {
  /** Names the ledger in every address; never changes. */
  @NotInstallation()
  @Id({ example: 'acme' })
  id!: string;

  /** The legal entity whose payables these are. */
  @Text({ max: 256, example: 'Acme Ltd' })
  name!: string;

  /** The currency that the entity reports in; documents may be in any. */
  @Currency()
  currency!: string;

  /** Where a day begins and ends for this ledger. */
  @TimeZone()
  timeZone!: string;
}

export const toOpenLedger = ({ id, name, currency, timeZone }: Plain<OpenLedgerBody>): OpenLedger => ({
  type: 'OpenLedger',
  id,
  name,
  currency,
  timeZone,
});

export class LedgerResource extends Shown {
  id!: string;
  name!: string;
  currency!: string;
  timeZone!: string;
  /** The last day of the last closed period; absent while none is closed. */
  @ShownDay()
  closedThrough?: string;
}
