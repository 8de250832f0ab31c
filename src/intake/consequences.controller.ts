import { Body, Get, Injectable, Param, Post, Query } from '@nestjs/common';
import { AnyRole, Roles } from '../access/declared.js';
import { inForceOn } from '../domain/consequences.js';
import type { DocumentOf } from '../domain/documents.js';
import type { DocumentName } from '../domain/events.js';
import { EventLog } from '../event-log/event-log.js';
import { type Moment, ReportReader } from '../reports/as-of.js';
import { ApiId, Commands, LedgerRoutes, Shows } from './api.js';
import { type Call, TheCall } from './call.js';
import { CommandDesk } from './command-desk.js';
import {
  ConsequencesResource,
  InvoiceConsequencesBody,
  toSetConsequences,
  VendorConsequencesBody,
} from './consequences.dto.js';
import { consequencesResource, mergedConsequences } from './cash.resources.js';
import { Problem } from './problems.js';
import { send } from './reader.js';
import { MomentQueryDto } from './reading.dto.js';
import { renderConsequences } from './renders.js';
import { Checked } from './validation.js';

/** Reads what not paying costs, on a day, as known at a moment. */
@Injectable()
export class ConsequencesReader {
  constructor(
    private readonly log: EventLog,
    private readonly moments: ReportReader,
  ) {}

  /** @throws {Problem} `not-found` without such a vendor */
  async ofVendor(call: Call, vendorId: string, query: MomentQueryDto): Promise<string> {
    const moment = await this.moments.momentOf(call.ledgerId, query);
    await this.#mustBeThere(`vendor/${vendorId}`, moment);
    const record = await this.#at(`vendor-consequences/${vendorId}`, moment);
    return send(call, moment.position, {
      ...consequencesResource({ vendorId }, record, moment.asOf),
      knownAt: moment.knownAt,
    });
  }

  /** @throws {Problem} `not-found` without such an invoice */
  async ofInvoice(call: Call, invoiceId: string, query: MomentQueryDto): Promise<string> {
    const moment = await this.moments.momentOf(call.ledgerId, query);
    const { vendorId } = await this.#mustBeThere(`invoice/${invoiceId}`, moment);
    const vendors = await this.#at(`vendor-consequences/${vendorId}`, moment);
    const own = await this.#at(`invoice-consequences/${invoiceId}`, moment);
    const { asOf, knownAt, position } = moment;
    return send(call, position, {
      ...consequencesResource({ vendorId, invoiceId }, own, asOf),
      knownAt,
      merged: mergedConsequences(inForceOn(vendors, asOf), inForceOn(own, asOf)),
    });
  }

  async #at<N extends DocumentName>(name: N, { ledger, position }: Moment): Promise<DocumentOf<N> | undefined> {
    return (await this.log.foldedAt(ledger, [name], position)).get(name)?.document as DocumentOf<N> | undefined;
  }

  async #mustBeThere<N extends DocumentName>(name: N, moment: Moment): Promise<DocumentOf<N>> {
    const document = await this.#at(name, moment);
    if (!document) throw new Problem('not-found', `This ledger has no ${name.replace('/', ' ')}.`);
    return document;
  }
}

@LedgerRoutes('vendors/:id/consequences')
@ApiId('id', 'The vendor')
export class VendorConsequencesController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: ConsequencesReader,
  ) {}

  /** Says what not paying a vendor costs from a day on, with its source. Replaces as a whole what was set before. */
  @Post()
  @Roles('clerk', 'treasurer')
  @Commands(ConsequencesResource)
  set(
    @TheCall() call: Call,
    @Param('id') vendorId: string,
    @Body(Checked) body: VendorConsequencesBody,
  ): Promise<string> {
    return this.desk.carryOut(call, toSetConsequences({ vendorId }, body), renderConsequences);
  }

  /** What not paying a vendor costs on a day, as known at a moment, and every set there was. */
  @Get()
  @AnyRole()
  @Shows(ConsequencesResource)
  get(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: MomentQueryDto): Promise<string> {
    return this.reader.ofVendor(call, id, query);
  }
}

@LedgerRoutes('invoices/:id/consequences')
@ApiId('id', 'The invoice')
export class InvoiceConsequencesController {
  constructor(
    private readonly desk: CommandDesk,
    private readonly reader: ConsequencesReader,
  ) {}

  /** Says what not paying one invoice costs, where that differs from what its vendor's bills cost. */
  @Post()
  @Roles('clerk', 'treasurer')
  @Commands(ConsequencesResource)
  set(
    @TheCall() call: Call,
    @Param('id') invoiceId: string,
    @Body(Checked) body: InvoiceConsequencesBody,
  ): Promise<string> {
    return this.desk.carryOut(call, toSetConsequences({ invoiceId }, body), renderConsequences);
  }

  /** What not paying an invoice costs on a day, as known at a moment, by itself and over its vendor's. */
  @Get()
  @AnyRole()
  @Shows(ConsequencesResource)
  get(@TheCall() call: Call, @Param('id') id: string, @Query(Checked) query: MomentQueryDto): Promise<string> {
    return this.reader.ofInvoice(call, id, query);
  }
}
