import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { CashPlan } from '../domain/cash-plan.js';
import type { Call } from './call.js';
import type { CashPlanListQuery } from './cash-plans.dto.js';
import { Lists } from './lists.js';
import type { Plain } from './plain.js';

/** The list of plans: from the books, since the log's lines of plans are long. */
@Injectable()
export class CashPlanLists {
  constructor(
    private readonly lists: Lists,
    private readonly dataSource: DataSource,
  ) {}

  /** Answers a page. */
  answer(call: Call, query: Plain<CashPlanListQuery>): Promise<string> {
    return this.lists.answerRows(call, 'plan', query, async ({ generation }, found) => {
      const rows = await this.dataSource.query<{ plan_id: string; facts: string; status: string }[]>(
        `select p.plan_id, p.facts, d.status
           from books.cash_plans p
           join books.documents d
             on d.ledger_id = p.ledger_id and d.generation = p.generation and d.kind = 'plan' and d.id = p.plan_id
          where p.ledger_id = $1 and p.generation = $2 and p.plan_id = any ($3)`,
        [call.ledgerId, generation, found],
      );
      const byId = new Map(rows.map((row) => [row.plan_id, row]));
      return found.flatMap((id) => {
        const row = byId.get(id);
        if (!row) return [];
        const { planId: _, ...facts } = JSON.parse(row.facts) as CashPlan['facts'];
        return [{ id, status: row.status, ...facts }];
      });
    });
  }
}
