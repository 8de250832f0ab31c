import { DeferralEntry } from './deferrals.dto.js';
import { InvoiceResource } from './invoices.dto.js';
import { ShownEvent, ShownPosition } from './shown.dto.js';

/** A deferral by itself, with the invoice as it now stands. */
export class DeferralResource extends DeferralEntry {
  invoiceId!: string;
  vendorId!: string;
  currency!: string;
  invoice!: InvoiceResource;
  /** The position of the command's last event; in the answer to a command. */
  @ShownPosition()
  position?: number;
  /** Every event that made it what it is, in order; where it is read by its id. */
  history?: ShownEvent[];
}
