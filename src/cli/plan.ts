import type { PlanAnswer } from '../cash-priority/model.js';
import { withServer } from '../client.js';
import { planTables } from '../plan-tables.js';
import { type CommonOptions, outcome } from './command.js';
import { settings } from './settings.js';

/** What the options are called in the report's query. */
const parameters = [
  'asOf',
  'knownAtPosition',
  'currency',
  'minimumBalance',
  'periods',
  'periodDays',
  'horizonEnd',
  'receiptsSlipDays',
  'gap',
] as const;

export type PlanOptions = CommonOptions &
  Readonly<Partial<Record<(typeof parameters)[number], string>> & Record<'ledger', string>>;

export const plan = async (options: PlanOptions): Promise<void> => {
  await withServer(settings().config, async (client) => {
    const query = new URLSearchParams();
    for (const name of parameters) if (options[name] !== undefined) query.set(name, options[name]);
    const path = `/v1/ledgers/${encodeURIComponent(options.ledger)}/reports/cash-priority`;
    const answer = await client.get<PlanAnswer>(`${path}?${query.toString()}`);
    outcome(options, answer, [planTables(answer)]);
  });
};
