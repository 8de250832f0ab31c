import { uuidv7 } from '../event-log/uuid.js';
import { type VendorKind, vendorKinds } from '../domain/events.js';
import type { ChangeVendor, RegisterVendor } from '../domain/vendors.js';
import { Country, Flag, Id, OneOf, Optional, Part, Percent, RequiredWithout, Text, Whole } from './fields.js';
import { Shown } from './shown.dto.js';
import type { Plain } from './plain.js';

/** How long a payment may take, in days: longer is somebody's typing error. */
const maxDays = 3_650;

export class DiscountBody {
  /** What the vendor lets us off for paying early. */
  @Percent({ example: '2.00' })
  percent!: string;

  /** Within how many days of the invoice date. */
  @Whole({ max: maxDays, example: 10 })
  days!: number;
}

export class TermsBody {
  /** Due so many days after the invoice date. */
  @Whole({ max: maxDays, example: 30 })
  netDays!: number;

  @Optional()
  @Part(() => DiscountBody)
  discount?: DiscountBody;
}

export class RegisterVendorBody {
  /** By default a UUID of the server's making. */
  @Optional()
  @Id({ example: 'aws' })
  id?: string;

  @Text({ max: 256, example: 'Amazon Web Services EMEA SARL' })
  name!: string;

  /** By default `supplier`. */
  @Optional()
  @OneOf(vendorKinds, { default: 'supplier' })
  kind?: VendorKind;

  @Optional()
  @Country({ example: 'LU' })
  country?: string;

  /** What holds for invoices that say nothing themselves. */
  @Optional()
  @Part(() => TermsBody)
  terms?: TermsBody;

  /** Whether they are a connected party (a director's company, a relative, the group): plans flag them. By default they are not. */
  @Optional()
  @Flag()
  connected?: boolean;
}

/** At least one of these; what is left out stays as it is. */
export class ChangeVendorBody {
  @Text({ max: 256, example: 'Amazon Web Services EMEA SARL' })
  @RequiredWithout('kind', 'country', 'terms', 'connected')
  name?: string;

  @Optional()
  @OneOf(vendorKinds)
  kind?: VendorKind;

  @Optional()
  @Country({ example: 'LU' })
  country?: string;

  /** Replaces the terms before. Invoices keep the terms of the day on which they were posted. */
  @Optional()
  @Part(() => TermsBody)
  terms?: TermsBody;

  @Optional()
  @Flag()
  connected?: boolean;
}

export const toRegisterVendor = ({ id, kind, connected, ...rest }: Plain<RegisterVendorBody>): RegisterVendor => ({
  type: 'RegisterVendor',
  ...rest,
  id: id ?? uuidv7(),
  kind: kind ?? 'supplier',
  ...(connected && { connected }),
});

export const toChangeVendor = (vendorId: string, changes: Plain<ChangeVendorBody>): ChangeVendor => ({
  type: 'ChangeVendor',
  ...changes,
  vendorId,
});

export class VendorResource extends Shown {
  id!: string;
  name!: string;
  kind!: VendorKind;
  country?: string;
  terms?: TermsBody;
  /** Absent where they are not. */
  connected?: boolean;
}
