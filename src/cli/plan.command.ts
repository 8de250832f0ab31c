import { DuebookCommand } from './command.js';
import { Command, Option } from './commander.js';
import type { PlanOptions } from './plan.js';

@Command({
  name: 'plan',
  description: 'Say which bills to pay, part-pay or defer, as tables; records nothing',
})
export class PlanCommand extends DuebookCommand {
  async run(_: string[], options: PlanOptions): Promise<void> {
    const { plan } = await import('./plan.js');
    await plan(options);
  }

  @Option({ flags: '--ledger <id>', description: 'The ledger', required: true })
  ledger(id: string): string {
    return id;
  }

  @Option({ flags: '--as-of <day>', description: 'The day of the plan; by default today' })
  asOf(day: string): string {
    return day;
  }

  @Option({ flags: '--known-at-position <n>', description: 'Take the events up to this position into account' })
  knownAtPosition(position: string): string {
    return position;
  }

  @Option({ flags: '--currency <code>', description: 'By default that of the ledger' })
  currency(code: string): string {
    return code;
  }

  @Option({ flags: '--minimum-balance <amount>', description: 'The reserve; by default nothing' })
  minimumBalance(amount: string): string {
    return amount;
  }

  @Option({ flags: '--periods <n>', description: 'How many payment runs; by default 13' })
  periods(count: string): string {
    return count;
  }

  @Option({ flags: '--period-days <n>', description: 'How many days from run to run; by default 7' })
  periodDays(days: string): string {
    return days;
  }

  @Option({ flags: '--horizon-end <day>', description: 'By default one period after the last run' })
  horizonEnd(day: string): string {
    return day;
  }

  @Option({ flags: '--receipts-slip-days <n>', description: 'Every receipt comes so many days later' })
  receiptsSlipDays(days: string): string {
    return days;
  }

  @Option({ flags: '--gap <share>', description: 'How close to the best plan; by default 0.001' })
  gap(share: string): string {
    return share;
  }
}
