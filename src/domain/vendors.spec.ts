import { describe, expect, it } from '@jest/globals';
import { after, changeVendor, event, given, today, vendor } from '../../test/support/domain.js';

const terms = { netDays: 30, discount: { percent: '2', days: 10 } };

describe('registering a vendor', () => {
  it('records what is known of it, today', () =>
    given()
      .when(vendor('V2', { name: 'HMRC', kind: 'tax-authority', country: 'GB', terms }))
      .then(
        event('VendorRegistered', '2024-02-15', {
          vendorId: 'V2',
          name: 'HMRC',
          kind: 'tax-authority',
          country: 'GB',
          terms,
        }),
      ));

  it('is refused where the id names another vendor', () =>
    given(vendor('V2'))
      .when(vendor('V2', { name: 'Another' }))
      .thenRejected('id-already-used', { id: 'V2' }));
  it('is refused where only the terms differ, by a day', () =>
    given(vendor('V2', { terms }))
      .when(vendor('V2', { terms: { ...terms, netDays: 31 } }))
      .thenRejected('id-already-used'));
  it('takes ids of another case for others', () =>
    given(vendor('v2'))
      .when(vendor('V2'))
      .then(event('VendorRegistered', '2024-02-15', { vendorId: 'V2', name: 'Vendor V2', kind: 'supplier' })));

  it('is quiet when repeated, also on another day', () =>
    given(vendor('V2', { terms }), today('2024-03-01')).when(vendor('V2', { terms })).thenNothing());
  it('is quiet when the percentage is only written differently', () =>
    given(vendor('V2', { terms }))
      .when(vendor('V2', { terms: { netDays: 30, discount: { percent: '2.00', days: 10 } } }))
      .thenNothing());
  it('is quiet where an absent field is one without a value', () =>
    given(vendor('V2'))
      .when(vendor('V2', { country: undefined, terms: undefined }))
      .thenNothing());
  it('is refused where only the connection differs', () =>
    given(vendor('V2', { connected: true }))
      .when(vendor('V2'))
      .thenRejected('id-already-used'));
  it('is quiet when repeated after a change', () =>
    given(vendor('V2'), changeVendor('V2', { name: 'New' }))
      .when(vendor('V2'))
      .thenNothing());
});

describe('changing a vendor', () => {
  it('records what changes and nothing else', () =>
    given()
      .when(changeVendor('V1', { name: 'Newer' }))
      .then(event('VendorChanged', '2024-02-15', { name: 'Newer' })));
  it('is refused for a vendor that is not there', () =>
    given()
      .when(changeVendor('V9', { name: 'Newer' }))
      .thenRejected('not-found'));
  it('leaves what it does not name', () => {
    const books = after(
      vendor('V2', { country: 'GB', terms }),
      changeVendor('V2', { name: 'Newer' }),
      changeVendor('V2', { terms: { netDays: 60 } }),
    );
    expect(books.get('vendor/V2').facts).toEqual({
      vendorId: 'V2',
      name: 'Newer',
      kind: 'supplier',
      country: 'GB',
      terms: { netDays: 60 },
    });
  });
});
