import { ApiProperty } from '@nestjs/swagger';

// How the fields of answers are described in the API document, where their TypeScript type does not say enough.

/** An amount with all decimals of its currency; may be below zero only where it says so. */
export const ShownAmount = (): PropertyDecorator =>
  ApiProperty({ type: String, pattern: '^-?(0|[1-9]\\d*)(\\.\\d+)?$', example: '1000000.00' });

export const ShownDay = (): PropertyDecorator => ApiProperty({ type: String, format: 'date', example: '2023-10-31' });

export const ShownInstant = (): PropertyDecorator =>
  ApiProperty({ type: String, format: 'date-time', example: '2023-10-31T09:00:00.000000Z' });

export const ShownPosition = (): PropertyDecorator => ApiProperty({ type: 'integer', minimum: 1, example: 42 });

/** Who did something, in which role. */
export class ShownActor {
  id!: string;
  role!: string;
}

/** A recorded event, as far as it concerns the document. */
export class ShownEvent {
  /** Its place in the ledger. */
  @ShownPosition()
  position!: number;
  /** What happened, such as `InvoicePosted`. */
  type!: string;
  /** The day from which it counts. */
  @ShownDay()
  effectiveOn!: string;
  @ShownInstant()
  recordedAt!: string;
  actor!: ShownActor;
  /** What was recorded. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  data!: object;
}

/** What stands beside every resource. */
export class Shown {
  /** The position of the command's last event; in the answer to a command. */
  @ShownPosition()
  position?: number;
  /** Every event that made it what it is, in order; where it is read by its id. */
  history?: ShownEvent[];
}

/** When and why something was taken back. */
export class ShownReversal {
  /** The first day on which it no longer counts. */
  @ShownDay()
  on!: string;
  reason!: string;
}
