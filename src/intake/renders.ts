import type { Charge, Invoice } from '../domain/open-item.js';
import type { CreditNote, Payment } from '../domain/credit-source.js';
import type { Allocation, DeferralRecord, Ledger, Refund, WriteOff } from '../domain/documents.js';
import type { Policy } from '../domain/policy.js';
import type { Vendor } from '../domain/vendors.js';
import type { CashBalance, CashExpectation } from '../domain/cash.js';
import type { ConsequencesRecord } from '../domain/consequences.js';
import type { Offer } from '../domain/offers.js';
import type { Rendering } from '../event-log/ledger-writer.js';
import { cashBalanceResource, cashExpectationResource, consequencesResource, offerResource } from './cash.resources.js';
import type { Render } from './command-desk.js';
import {
  allocationResource,
  chargeResource,
  creditNoteResource,
  deferralResource,
  invoiceResource,
  ledgerResource,
  paymentResource,
  refundResource,
  vendorResource,
  writeOffResource,
} from './resources.js';

// What commands answer: the resource, and where it is below the ledger.

export const renderLedger: Render<Ledger> = (ledger) => ({ location: '', resource: ledgerResource(ledger) });

export const renderVendor: Render<Vendor> = (vendor) => ({
  location: `/vendors/${vendor.facts.vendorId}`,
  resource: vendorResource(vendor),
});

/** The policy of the ledger, on which every command is decided, so that it is in memory. */
const policyIn = ({ beside }: Rendering): Policy | undefined => (beside('ledger') as Ledger | undefined)?.policy;

export const renderInvoice: Render<Invoice> = (invoice, rendering) => ({
  location: `/invoices/${invoice.id}`,
  resource: invoiceResource(invoice, rendering.today, policyIn(rendering)),
});

/** An invoice that has just been posted: with what is odd about it, as far as the log has nothing to add. */
export const renderPostedInvoice: Render<Invoice> = (invoice, rendering) => ({
  location: `/invoices/${invoice.id}`,
  resource: { ...invoiceResource(invoice, rendering.today, policyIn(rendering)), warnings: rendering.warnings },
});

/** A deferral with its invoice, on which it was decided, so that it is in memory. */
export const renderDeferral: Render<DeferralRecord> = (deferral, rendering) => {
  const { invoiceId, deferralId } = deferral.data;
  const invoice = rendering.beside(`invoice/${invoiceId}`) as Invoice;
  return {
    location: `/invoices/${invoiceId}/deferrals/${deferralId}`,
    resource: deferralResource(deferral, invoice, rendering.today, policyIn(rendering)),
  };
};

export const renderCharge: Render<Charge> = (charge, { today }) => ({
  location: `/charges/${charge.id}`,
  resource: chargeResource(charge, today),
});

export const renderPayment: Render<Payment> = (payment) => ({
  location: `/payments/${payment.id}`,
  resource: paymentResource(payment),
});

export const renderCreditNote: Render<CreditNote> = (creditNote) => ({
  location: `/credit-notes/${creditNote.id}`,
  resource: creditNoteResource(creditNote),
});

export const renderAllocation: Render<Allocation> = (allocation) => ({
  location: `/allocations/${allocation.data.allocationId}`,
  resource: allocationResource(allocation),
});

export const renderRefund: Render<Refund> = (refund) => ({
  location: `/refunds/${refund.data.refundId}`,
  resource: refundResource(refund),
});

export const renderWriteOff: Render<WriteOff> = (writeOff) => ({
  location: `/write-offs/${writeOff.data.writeOffId}`,
  resource: writeOffResource(writeOff),
});

export const renderConsequences: Render<ConsequencesRecord> = (record, { today }) => ({
  location:
    record.invoiceId === undefined
      ? `/vendors/${record.vendorId}/consequences`
      : `/invoices/${record.invoiceId}/consequences`,
  resource: consequencesResource(record, record, today),
});

export const renderOffer: Render<Offer> = (offer) => ({
  location: `/invoices/${offer.data.invoiceId}/offers/${offer.data.offerId}`,
  resource: offerResource(offer),
});

export const renderCashBalance: Render<CashBalance> = (balance) => ({
  location: `/cash/balances/${balance.data.balanceId}`,
  resource: cashBalanceResource(balance),
});

export const renderCashExpectation: Render<CashExpectation> = (expectation) => ({
  location: `/cash/expectations/${expectation.data.expectationId}`,
  resource: cashExpectationResource(expectation),
});
