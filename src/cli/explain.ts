import { explainInvoice } from '../audit/explain.js';
import type { RecordedEvent } from '../domain/events.js';
import type { EventLog } from '../event-log/event-log.js';
import { readLine } from '../event-log/record.js';
import { type CommonOptions, outcome, usage } from './command.js';
import { atWork, ledgerNamed } from './workplace.js';

export interface ExplainOptions extends CommonOptions {
  readonly ledger?: string;
}

export const explain = async (id: string, options: ExplainOptions): Promise<void> => {
  await atWork(async ({ log }) => {
    const ledger = await ledgerNamed(log, options.ledger);
    const found = await log.document(ledger, `invoice/${id}`);
    if (found?.document.kind !== 'invoice') return usage(`Ledger ${ledger} has no invoice ${id}.`);
    const { currency, vendorId } = found.document;
    const beside = (await vendorEvents(log, ledger, vendorId)).filter(({ data }) => data.invoiceId === id);
    const history = [...found.history, ...beside].sort((a, b) => a.position - b.position);
    const events = explainInvoice(id, history);
    outcome(options, { ledger, invoice: id, currency, events }, [
      `Invoice ${id} in ledger ${ledger}`,
      ...events.flatMap(({ position, effectiveOn, recordedAt, actor, text, open }) => [
        '',
        `${effectiveOn}  ${text}`,
        `            Recorded ${recordedAt} by ${actor.id} (${actor.role}) at position ${position}. Open after it: ${open} ${currency}.`,
      ]),
    ]);
  });
};

/** What is recorded about invoices on a vendor's account and is no part of their own history, in order. */
type Beside = Extract<RecordedEvent, { type: 'OfferRecorded' | 'ConsequencesSet' }>;
const besideTypes: Beside['type'][] = ['OfferRecorded', 'ConsequencesSet'];

const vendorEvents = async (log: EventLog, ledgerId: string, vendorId: string): Promise<Beside[]> => {
  const events: RecordedEvent[] = [];
  for (let isLast = false; !isLast;) {
    const after = events.at(-1)?.position ?? 0;
    const page = await log.page(ledgerId, {
      after,
      through: Number.MAX_SAFE_INTEGER,
      limit: 1_000,
      vendorId,
      types: besideTypes,
    });
    events.push(...page.lines.map(({ line }) => readLine(line)));
    ({ isLast } = page);
  }
  return events as Beside[];
};
