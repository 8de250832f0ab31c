import { ApiPropertyOptional } from '@nestjs/swagger';
import { maxRuns } from '../cash-priority/model.js';
import {
  Currency,
  Day,
  Days,
  Gap,
  Id,
  ListOf,
  Money,
  Moneys,
  NotWith,
  OneOf,
  Optional,
  Part,
  Share,
  Text,
  Whole,
} from './fields.js';
import { PageQuery } from './reading.dto.js';
import { Shown, ShownAmount, ShownDay, ShownEvent, ShownPosition } from './shown.dto.js';

const maxItems = 10_000;
const maxPeriodDays = 366;
const maxSlipDays = 3_650;

export class RequireBody {
  /** As plans name it: the id of the invoice, charge or expectation. */
  @Text({ max: 80, trimmed: true, example: 'INV-2023-118' })
  itemId!: string;

  /** To be paid in full on or before this day; by default on any run. */
  @Optional()
  @Day({ example: '2023-11-14' })
  on?: string;
}

export class ForbidBody {
  /** As plans name it. */
  @Text({ max: 80, trimmed: true, example: 'INV-2023-118' })
  itemId!: string;
}

export const belows = ['drop', 'keep', 'weigh'] as const;

export class ReceiptsBody {
  /** Receipts of a lower certainty are uncertain; by default `"0.5"`. */
  @Optional()
  @Share({ example: '0.5' })
  atLeast?: string;

  /** What becomes of these: left out (the default), counted in full, or by their certainty. */
  @Optional()
  @OneOf(belows, { default: 'drop' })
  below?: (typeof belows)[number];
}

export class ExtraCashBody {
  @Day({ example: '2023-11-10' })
  on!: string;

  @Money({ currencyIn: 'currency' })
  amount!: string;
}

export class ScenarioBody {
  /** Every receipt comes so many days later. */
  @Optional()
  @Whole({ max: maxSlipDays, example: 14 })
  receiptsSlipDays?: number;

  @Optional()
  @Part(() => ReceiptsBody)
  receipts?: ReceiptsBody;

  @Optional()
  @ListOf(() => ExtraCashBody, { max: 100 })
  extraCash?: ExtraCashBody[];
}

export class NamedScenarioBody extends ScenarioBody {
  @Text({ max: 128, example: 'receipts slip 14 days' })
  name!: string;
}

export class NewMoneyBody {
  /** When it comes; by default on the first run. */
  @Optional()
  @Day({ example: '2023-11-10' })
  on?: string;

  /** How much more there could be; by default 0.3, 1, 3, 8 and 12 million. */
  @Optional()
  @Moneys({ max: 20, currencyIn: 'currency', example: ['300000.00', '1000000.00'] })
  amounts?: string[];
}

/** What a plan is asked for. */
export class CashPlanBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'CP-2023-10-31' })
  id?: string;

  /** The day of the plan; by default today in the ledger's time zone. */
  @Optional()
  @Day()
  asOf?: string;

  /** Takes into account the events up to this position; by default everything recorded before the request. */
  @Optional()
  @Whole({ max: Number.MAX_SAFE_INTEGER, example: 42 })
  knownAtPosition?: number;

  @Currency()
  currency!: string;

  /** The reserve: what must be left every day. By default nothing. */
  @Optional()
  @Money({ zero: true, currencyIn: 'currency', example: '250000.00' })
  minimumBalance?: string;

  /** The days of payment, in order, none before asOf. */
  @Optional()
  @Days({ max: maxRuns, example: ['2023-10-31', '2023-11-07'] })
  @NotWith('periods')
  @NotWith('periodDays')
  runs?: string[];

  /** So many payment runs, the first on asOf; by default 13. */
  @Optional()
  @Whole({ min: 1, max: maxRuns, example: 13 })
  periods?: number;

  /** So many days from run to run; by default 7. */
  @Optional()
  @Whole({ min: 1, max: maxPeriodDays, example: 7 })
  periodDays?: number;

  /** By default one period after the last run. */
  @Optional()
  @Day({ example: '2024-01-30' })
  horizonEnd?: string;

  /** Items that must be paid. */
  @Optional()
  @ListOf(() => RequireBody, { max: maxItems })
  require?: RequireBody[];

  /** Items that must not be paid. */
  @Optional()
  @ListOf(() => ForbidBody, { max: maxItems })
  forbid?: ForbidBody[];

  /** How receipts are taken. */
  @Optional()
  @Part(() => ScenarioBody)
  scenario?: ScenarioBody;

  /** How close to the best plan it must be proven to be, as a share of its cost; by default `"0.001"`. */
  @Optional()
  @Gap()
  gap?: string;

  /** Compared with the plan; by default receipts as expected, 1, 2 and 4 weeks late, and without the uncertain ones. */
  @Optional()
  @ListOf(() => NamedScenarioBody, { max: 20 })
  scenarios?: NamedScenarioBody[];

  @Optional()
  @Part(() => NewMoneyBody)
  newMoney?: NewMoneyBody;

  /** For how many decisions the price of overriding is found by solving again; by default by the number of bills. */
  @Optional()
  @Whole({ max: 1_000, example: 20 })
  overrides?: number;
}

export class DryRunQuery {
  /** With `true` nothing is recorded: the answer, 200, is all there is of the plan. */
  @Optional()
  @OneOf(['true', 'false'])
  dryRun?: 'true' | 'false';
}

export class AdoptBody {
  /** What its deferrals give as their reason; by default the plan's id. */
  @Optional()
  @Text({ max: 2_000, example: 'Decided by the board on 31 October' })
  reason?: string;

  /** The day from which the deferrals count; by default the day of the plan, or the first open day after it. */
  @Optional()
  @Day()
  on?: string;
}

export class CashPlanListQuery extends PageQuery {
  /** Only those that stand like this. */
  @Optional()
  @OneOf(['proposed', 'adopted'])
  status?: 'proposed' | 'adopted';
}

/** A plan as lists show it. */
export class CashPlanSummary {
  id!: string;
  status!: 'proposed' | 'adopted';
  @ShownDay()
  asOf!: string;
  /** The last event that it takes into account. */
  @ShownPosition()
  position!: number;
  currency!: string;
  engine!: string;
  /** Whether its gap to the best plan is proven to be as small as asked. */
  proven!: boolean;
  /** Whether the same inputs give the same plan, byte for byte, on any machine. */
  reproducible!: boolean;
  /** What not paying in time costs under this plan. */
  @ShownAmount()
  cost!: string;
  /** No plan costs less. */
  @ShownAmount()
  lowerBound!: string;
  gap!: string;
  /** SHA-256 of what it was made from, in its canonical form. */
  inputsHash!: string;
  /** SHA-256 of the text of the plan. */
  planHash!: string;
}

class ShownAdoption {
  @ShownDay()
  on!: string;
  /** How many deferrals were recorded. */
  deferrals!: number;
  /** How many were withdrawn. */
  withdrawals!: number;
  /** How many charges were recorded, for offers that were accepted. */
  charges!: number;
}

/** A plan that is not done, or never will be. */
export class CashPlanProgress {
  id!: string;
  status!: 'queued' | 'running' | 'failed' | 'cancelled';
  /** Why it failed, as a problem. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  problem?: object;
}

class ShownProposedPayment {
  itemId!: string;
  vendorId!: string;
  vendorName!: string;
  number!: string;
  /** What is settled. */
  @ShownAmount()
  amount!: string;
  /** What is paid, where a discount makes it less. */
  @ShownAmount()
  cash?: string;
  offerId?: string;
}

class ShownProposal {
  /** The first payment run. */
  @ShownDay()
  on!: string;
  payments!: ShownProposedPayment[];
}

class ShownException {
  itemId!: string;
  vendorId!: string;
  vendorName!: string;
  number!: string;
  /** Why it is not paid in the first run. */
  reason!: string;
}

export class AdoptionResource extends Shown {
  id!: string;
  status!: 'adopted';
  adoption!: ShownAdoption;
  /** What to pay in the first run. */
  proposal!: ShownProposal;
  /** What is not paid in the first run, and why. */
  exceptions!: ShownException[];
}

/** A plan: what was asked for, what to do with each bill and why, cash by run, and what else could be. */
export class CashPlanResource extends CashPlanSummary {
  adoption?: ShownAdoption;
  history?: ShownEvent[];
}
