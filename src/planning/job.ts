import type { PlanRefusalCode, PlanRequest } from '../cash-priority/model.js';
import type { DataOf } from '../domain/events.js';
import type { Currency } from '../domain/money.js';
import type { Moment } from '../reports/as-of.js';
import type { Format } from '../reports/formats.js';

/** What goes to the planning thread and what comes back: plain values, since they are copied. */
export interface Job {
  readonly moment: Moment;
  readonly currency: Currency;
  readonly request: PlanRequest;
  /** A plan to be recorded comes with all that is recorded; a report with its text alone. */
  readonly form: 'recorded' | Format;
}

export interface Planned {
  /** The plan as JSON in UTF-8, or as the file that was asked for. */
  readonly text: Buffer;
  /** What is recorded of it. */
  readonly recorded?: Omit<DataOf<'CashPlanProposed'>, 'planId'>;
}

export type Outcome =
  // Bytes that are handed over, not copied, and come without what makes them a buffer.
  | { readonly kind: 'planned'; readonly planned: Omit<Planned, 'text'> & { readonly text: Uint8Array } }
  | {
      readonly kind: 'refused';
      readonly code: PlanRefusalCode;
      readonly facts: Readonly<Record<string, string | number>>;
    }
  | { readonly kind: 'not-yet-there'; readonly asked: number; readonly position: number }
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string | undefined };
