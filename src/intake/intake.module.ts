import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import { AccessModule } from '../access/access.module.js';
import { ExecuteHandler } from '../event-log/execute.js';
import { ReportsModule } from '../reports/reports.module.js';
import { AccessController } from './access.controller.js';
import { AccessDesk } from './access-desk.js';
import { AccessReportController } from './access-report.controller.js';
import { AccountsController } from './accounts.controller.js';
import { AccountsDesk } from './accounts.desk.js';
import { AllocationsController } from './allocations.controller.js';
import { ApprovalsController } from './approvals.controller.js';
import { AuditController } from './audit.controller.js';
import { BankDetailsController } from './bank-details.controller.js';
import { BankDetailsDesk } from './bank-details.desk.js';
import { CashPlansController } from './cash-plans.controller.js';
import { CashPlanLists } from './cash-plans.lists.js';
import { CashPlans } from './cash-plans.service.js';
import { CashController } from './cash.controller.js';
import { CashPriorityReportController } from './cash-priority-report.controller.js';
import { ChargesController } from './charges.controller.js';
import { CommandDesk } from './command-desk.js';
import {
  ConsequencesReader,
  InvoiceConsequencesController,
  VendorConsequencesController,
} from './consequences.controller.js';
import { CreditNotesController } from './credit-notes.controller.js';
import { DeferralsController } from './deferrals.controller.js';
import { EventStreams } from './event-streams.js';
import { EventsController } from './events.controller.js';
import { HoldsAndDisputesController } from './holds-and-disputes.controller.js';
import { InvoicesController } from './invoices.controller.js';
import { LedgersController } from './ledgers.controller.js';
import { ListedDocument } from './listed-document.js';
import { Lists } from './lists.js';
import { OffersController } from './offers.controller.js';
import { PaymentsController } from './payments.controller.js';
import { PeriodsController } from './periods.controller.js';
import { PlanRuns } from './plan-runs.js';
import { PolicyController } from './policy.controller.js';
import { PresetsController } from './presets.controller.js';
import { ProblemFilter } from './problem.filter.js';
import { Reader } from './reader.js';
import { RecordedPlans } from './recorded-plans.js';
import { RefundsController } from './refunds.controller.js';
import { TokensController } from './tokens.controller.js';
import { VendorsController } from './vendors.controller.js';
import { WriteOffsController } from './write-offs.controller.js';

/** The entities that the application's TypeORM data source has to know for this room. */
export const intakeEntities: readonly (new () => object)[] = [ListedDocument];

/**
 * The commands and the documents over HTTP. It also brings, for the whole application, the guard (through AccessModule)
 * and the filter that answers every error as a problem.
 *
 * Needs, from a global module of the application:
 * - `EventLog` (class of event-log/event-log.ts)
 * - `Books` (class of projections/books.ts)
 * - `Proofs` (class of audit/proofs.ts)
 * - `TotalsRecorder` (class of closing/totals-recorder.ts)
 * - `DataSource` (class of typeorm), initialised with `entities: [...intakeEntities]`
 * - `Planner`, `PlanJobs` and `Adopter` (classes of planning/planner.ts, plan-jobs.ts and adopter.ts)
 * - `AccessDirectory`, `Login`, `TokenUses` (classes of access/)
 *
 * The application is to be made on `createHttpAdapter()` of intake/http.ts, with `{ bodyParser: false }`.
 */
@Module({
  imports: [AccessModule, CqrsModule.forRoot(), ReportsModule],
  controllers: [
    LedgersController,
    VendorsController,
    BankDetailsController,
    InvoicesController,
    DeferralsController,
    HoldsAndDisputesController,
    ApprovalsController,
    CreditNotesController,
    ChargesController,
    PaymentsController,
    AllocationsController,
    RefundsController,
    WriteOffsController,
    EventsController,
    AuditController,
    VendorConsequencesController,
    InvoiceConsequencesController,
    OffersController,
    CashController,
    CashPlansController,
    CashPriorityReportController,
    PeriodsController,
    PolicyController,
    AccountsController,
    PresetsController,
    AccessController,
    AccessReportController,
    TokensController,
  ],
  providers: [
    AccessDesk,
    AccountsDesk,
    BankDetailsDesk,
    CashPlanLists,
    CashPlans,
    CommandDesk,
    ConsequencesReader,
    EventStreams,
    PlanRuns,
    Reader,
    RecordedPlans,
    Lists,
    ExecuteHandler,
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
})
export class IntakeModule {}
