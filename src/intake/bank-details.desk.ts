import { Injectable } from '@nestjs/common';
import type { BankDetails } from '../domain/bank-details.js';
import type { LocalDate } from '../domain/calendar.js';
import type { Vendor } from '../domain/vendors.js';
import { reject } from '../domain/rejection.js';
import { EventLog } from '../event-log/event-log.js';
import { uuidv7 } from '../event-log/uuid.js';
import { VendorKeys, WrongMasterKey } from '../vault/vendor-keys.js';
import {
  type BankDetailsApprovalBody,
  type BankDetailsBody,
  type BankDetailsResource,
  bankDetailsResource,
  shownDetails,
  toSealed,
} from './bank-details.dto.js';
import type { Call } from './call.js';
import { CommandDesk, type Render, sendAnswer } from './command-desk.js';
import type { Plain } from './plain.js';
import { Problem } from './problems.js';

/** What is answered to a command is kept, and so has nothing in it that is sealed. */
const render: Render<BankDetails> = (details, { today, beside }) => {
  const { bankDetailsId, vendorId } = details.data;
  const vendor = beside(`vendor/${vendorId}`) as Vendor;
  return {
    location: `/vendors/${vendorId}/bank-details/${bankDetailsId}`,
    resource: bankDetailsResource(details, vendor, today),
  };
};

/** Seals bank details before anything is made of them, and shows them to whoever may see them. */
@Injectable()
export class BankDetailsDesk {
  constructor(
    private readonly desk: CommandDesk,
    private readonly log: EventLog,
    private readonly keys: VendorKeys,
  ) {}

  async propose(call: Call, vendorId: string, body: Plain<BankDetailsBody>): Promise<string> {
    const { ledgerId } = call;
    // What was answered once needs no key, which may be another one by now, or none.
    const kept = await this.desk.replay(call);
    if (kept) return sendAnswer(call, kept);
    // No key is made for a vendor that there is not.
    await this.vendor(ledgerId, vendorId);
    const { id = uuidv7(), comment } = body;
    const { sealed, print } = await readable(this.keys.seal(ledgerId, vendorId, subject(id), toSealed(body)));
    const command = { type: 'ProposeBankDetails', id, vendorId, sealed, print } as const;
    return this.desk.carryOut(call, { ...command, ...(comment !== undefined && { comment }) }, render);
  }

  async approve(
    call: Call,
    vendorId: string,
    bankDetailsId: string,
    body: Plain<BankDetailsApprovalBody>,
  ): Promise<string> {
    const replayed = await this.desk.replay(call);
    if (replayed) return sendAnswer(call, replayed);
    await this.#mustBeReadable(call.ledgerId, vendorId, bankDetailsId);
    return this.desk.carryOut(call, { type: 'ApproveBankDetails', ...body, vendorId, bankDetailsId }, render);
  }

  /**
   * What was proposed while the key was being destroyed is sealed with that key, and nobody could pay to it.
   *
   * @throws {Rejection} `bank-details-not-in-force`
   */
  async #mustBeReadable(ledgerId: string, vendorId: string, bankDetailsId: string): Promise<void> {
    const name = `bank-details/${bankDetailsId}` as const;
    const details = (await this.log.documents(ledgerId, [name])).get(name) as BankDetails | undefined;
    // What is not there, or another vendor's, the rules refuse.
    if (details?.data.vendorId !== vendorId) return;
    const [text] = await readable(
      this.keys.unseal(ledgerId, vendorId, [{ subject: subject(bankDetailsId), sealed: details.data.sealed }]),
    );
    if (text === undefined) {
      const detail = `Bank details ${bankDetailsId} are erased: propose them anew.`;
      reject('bank-details-not-in-force', detail, { state: 'erased' });
    }
  }

  /** @throws {Problem} `not-found` */
  async vendor(ledgerId: string, vendorId: string): Promise<Vendor> {
    const name = `vendor/${vendorId}` as const;
    const vendor = (await this.log.documents(ledgerId, [name])).get(name) as Vendor | undefined;
    if (!vendor) throw new Problem('not-found', `This ledger has no vendor ${vendorId}.`);
    return vendor;
  }

  /** Bank details of a vendor with what the caller may see of them. */
  async show(
    call: Call,
    all: readonly BankDetails[],
    vendor: Vendor,
    today: LocalDate,
  ): Promise<Plain<BankDetailsResource>[]> {
    const { ledgerId, principal } = call;
    const mayReadAll = principal.rolesIn(ledgerId).includes('treasurer');
    const sealed = all.map(({ data }) => ({ subject: subject(data.bankDetailsId), sealed: data.sealed }));
    const texts = await readable(this.keys.unseal(ledgerId, vendor.facts.vendorId, sealed));
    return all.map((details, n) => ({
      ...bankDetailsResource(details, vendor, today),
      ...shownDetails(texts[n], mayReadAll),
    }));
  }
}

const subject = (id: string): string => `bank-details/${id}`;

/** @throws {Problem} `details-unreadable` where another master key is set than the one that was used */
const readable = <T>(task: Promise<T>): Promise<T> =>
  task.catch((error: unknown) => {
    if (error instanceof WrongMasterKey) throw new Problem('details-unreadable', `${error.message}.`);
    throw error;
  });
