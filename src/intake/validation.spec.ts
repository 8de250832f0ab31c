import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';
import fc from 'fast-check';
import { AllocateBody } from './allocations.dto.js';
import { PostChargeBody } from './charges.dto.js';
import { PostCreditNoteBody, toPostCreditNote } from './credit-notes.dto.js';
import { DeferBody } from './deferrals.dto.js';
import { PostInvoiceBody, toPostInvoice } from './invoices.dto.js';
import { OpenLedgerBody } from './ledgers.dto.js';
import { MakePaymentBody, toMakePayment } from './payments.dto.js';
import { ItemListQuery, LedgerListQuery } from './reading.dto.js';
import { Checked, faultsOf, withoutEmptyLists } from './validation.js';
import { ChangeVendorBody, RegisterVendorBody, toChangeVendor, toRegisterVendor } from './vendors.dto.js';
import { toWriteOff, WriteOffBody } from './write-offs.dto.js';

const invoice = {
  id: 'INV-1',
  vendorId: 'aws',
  number: 'A-1',
  invoiceDate: '2023-10-01',
  currency: 'USD',
  lines: [{ amount: '90.00', tax: '10.00' }],
  total: '100.00',
};

const pointers = (type: new () => object, body: unknown): string[] =>
  faultsOf(type, body).map(({ pointer }) => pointer);
const without = (name: keyof typeof invoice): object =>
  Object.fromEntries(Object.entries(invoice).filter(([key]) => key !== name));

describe('a body', () => {
  it('passes as it is', () => {
    expect(faultsOf(PostInvoiceBody, invoice)).toEqual([]);
    expect(new Checked().transform(invoice, { type: 'body', metatype: PostInvoiceBody })).toBe(invoice);
  });

  it('has all its faults named at once, each where it is', () => {
    const body = {
      id: '..',
      vendorId: 7,
      number: ' ',
      invoiceDate: '2023-02-29',
      postingDate: null,
      currency: 'JPY',
      lines: [{ amount: '1.5' }, { amount: 5, tax: '+1' }, 'x', { amount: '-1', price: '2' }],
      total: '-100',
      dueDate: '2023-10-31',
      schedule: [{ dueOn: '31.10.2023', amount: '0' }],
      servicePeriod: { from: '2023-10-31', to: '2023-10-01' },
      'a/b~c': 1,
    };
    expect(faultsOf(PostInvoiceBody, body)).toEqual([
      { pointer: '/id', detail: expect.stringContaining('1 to 64') },
      { pointer: '/vendorId', detail: expect.stringContaining('1 to 64') },
      { pointer: '/number', detail: 'must not be blank' },
      { pointer: '/invoiceDate', detail: expect.stringContaining('day that exists') },
      { pointer: '/postingDate', detail: expect.stringContaining('day that exists') },
      { pointer: '/lines/0/amount', detail: 'must have at most 0 decimals in JPY' },
      { pointer: '/lines/1/amount', detail: expect.stringContaining('not a JSON number') },
      { pointer: '/lines/1/tax', detail: expect.stringContaining('without plus sign') },
      { pointer: '/lines/2', detail: 'must be an object' },
      { pointer: '/lines/3/price', detail: 'is not known here' },
      { pointer: '/total', detail: expect.stringContaining('without sign') },
      { pointer: '/schedule', detail: 'must not stand beside dueDate: give one of the two' },
      { pointer: '/servicePeriod/to', detail: 'must not be before from' },
      { pointer: '/a~1b~0c', detail: 'is not known here' },
    ]);
  });

  it.each(['vendorId', 'number', 'invoiceDate', 'currency', 'lines', 'total'] as const)('needs %s', (name) => {
    expect(faultsOf(PostInvoiceBody, without(name))).toEqual([{ pointer: `/${name}`, detail: 'is required' }]);
  });

  it.each([null, [], 'text', 7, true])('must be an object, not %j', (body) => {
    expect(faultsOf(PostInvoiceBody, body)).toEqual([{ pointer: '', detail: 'must be an object' }]);
  });

  it('that is not there counts as an empty object', () => {
    expect(pointers(ChangeVendorBody, undefined)).toEqual(['/name']);
  });

  it('takes an empty list as an absent one', () => {
    expect(faultsOf(PostInvoiceBody, { ...invoice, dueDate: '2023-10-31', schedule: [] })).toEqual([]);
    expect(pointers(PostInvoiceBody, { ...invoice, lines: [] })).toEqual(['/lines']);
    expect(toPostInvoice({ ...invoice, schedule: [] })).not.toHaveProperty('schedule');
    const payment = { id: 'P', vendorId: 'aws', paidOn: '2023-10-01', currency: 'USD', amount: '1', allocations: [] };
    expect(toMakePayment(payment)).not.toHaveProperty('allocations');
    const note = {
      vendorId: 'aws',
      number: 'C',
      date: '2023-10-01',
      currency: 'USD',
      total: '1',
      lines: [],
      allocations: [],
    };
    expect(Object.keys(toPostCreditNote(note))).not.toEqual(expect.arrayContaining(['lines']));
  });

  it('comes without its empty lists, wherever they stand', () => {
    const empty = { dueDate: [], allowDuplicate: [], schedule: [], lines: [{ amount: '1', account: [] }] };
    expect(new Checked().transform({ ...invoice, ...empty }, { type: 'body', metatype: PostInvoiceBody })).toEqual({
      ...invoice,
      lines: [{ amount: '1' }],
    });
    // As it is, where there is nothing to leave out.
    expect(new Checked().transform(invoice, { type: 'body', metatype: PostInvoiceBody })).toBe(invoice);
    expect(withoutEmptyLists([[], { a: [[]], b: { c: [] }, d: null, e: '' }])).toEqual([
      [],
      { a: [[]], b: {}, d: null, e: '' },
    ]);
    expect(pointers(ChangeVendorBody, { connected: [] })).toEqual(['/name']);
  });

  it('takes no null anywhere', () => {
    const full = {
      ...invoice,
      postingDate: '2023-10-01',
      dueDate: '2023-10-31',
      kind: 'rent',
      servicePeriod: { from: '2023-10-01', to: '2023-10-31' },
      description: 'x',
      allowDuplicate: { reason: 'x' },
    };
    expect(faultsOf(PostInvoiceBody, full)).toEqual([]);
    for (const name of Object.keys(full))
      expect(pointers(PostInvoiceBody, { ...full, [name]: null })).toContain(`/${name}`);
    expect(pointers(PostInvoiceBody, { ...invoice, schedule: null })).toEqual(['/schedule']);
  });

  it('has no key that an object has from its prototype', () => {
    const body = JSON.parse('{"constructor":1,"__proto__":{"x":1},"toString":1}') as object;
    expect(pointers(PostInvoiceBody, { ...body, ...invoice })).toEqual(['/constructor', '/__proto__', '/toString']);
    expect(pointers(PostInvoiceBody, JSON.parse(`{"__proto__":{},${JSON.stringify(invoice).slice(1)}`))).toEqual([
      '/__proto__',
    ]);
  });

  it('has bounds', () => {
    const lines = (count: number) => Array.from({ length: count }, () => ({ amount: '1' }));
    expect(pointers(PostInvoiceBody, { ...invoice, lines: lines(1_000) })).toEqual([]);
    expect(pointers(PostInvoiceBody, { ...invoice, lines: lines(1_001) })).toEqual(['/lines']);
    const schedule = Array.from({ length: 501 }, () => ({ dueOn: '2023-10-31', amount: '1' }));
    expect(pointers(PostInvoiceBody, { ...invoice, schedule })).toEqual(['/schedule']);
    const allocations = Array.from({ length: 1_001 }, () => ({ invoiceId: 'I', amount: '1' }));
    expect(
      pointers(MakePaymentBody, { vendorId: 'v', paidOn: '2023-10-31', currency: 'USD', amount: '1', allocations }),
    ).toEqual(['/allocations']);
  });
});

describe('an amount', () => {
  const totalIs = (total: unknown, currency = 'USD'): string | undefined =>
    faultsOf(PostInvoiceBody, { ...invoice, currency, lines: [{ amount: '1' }], total })[0]?.detail;

  it.each(['1', '1.5', '0.01', '1000000.00', '90071992547409.91'])('can be %s', (total) => {
    expect(totalIs(total)).toBeUndefined();
  });

  it.each([
    '',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '01',
    '1.',
    '.5',
    '1e3',
    '1,000',
    '1_000',
    '٣',
    '0x10',
    'NaN',
    '1.234',
    '0',
    '0.00',
    '90071992547409.92',
    '1'.repeat(400),
    1,
    1.5,
    true,
    {},
    ['1'],
  ])('cannot be %j', (total) => {
    expect(totalIs(total)).toEqual(expect.any(String));
  });

  it('has the decimals of its currency, to the largest that the ledger keeps', () => {
    expect(totalIs('9007199254740991', 'JPY')).toBeUndefined();
    expect(totalIs('9007199254740992', 'JPY')).toContain('must be at most 9007199254740991 JPY');
    expect(totalIs('1.0', 'JPY')).toContain('at most 0 decimals');
    expect(totalIs('1.234', 'KWD')).toBeUndefined();
    expect(totalIs('1.2345', 'KWD')).toContain('at most 3 decimals');
  });

  it('may be negative or nothing in a line and its tax alone', () => {
    const lineIs = (line: object) => pointers(PostInvoiceBody, { ...invoice, lines: [line] });
    expect(lineIs({ amount: '-5.00', tax: '-1' })).toEqual([]);
    expect(lineIs({ amount: '0', tax: '0.00' })).toEqual([]);
    expect(lineIs({ amount: '--5' })).toEqual(['/lines/0/amount']);
  });

  it('is only read as text where the currency is wrong, or that of another document', () => {
    expect(pointers(PostInvoiceBody, { ...invoice, currency: 'XXX', total: '1.2345' })).toEqual(['/currency']);
    expect(pointers(DeferBody, { until: '2023-10-31', agreed: true, reason: 'x', amount: '1.2345' })).toEqual([]);
  });
});

describe('a text', () => {
  const numberIs = (number: unknown) => faultsOf(PostInvoiceBody, { ...invoice, number })[0]?.detail;

  it.each(['A-1', 'Nº 7', 'two\nlines', 'a\ttab', '请', '🧾', 'x'.repeat(128), '🧾'.repeat(128)])(
    'can be %j',
    (number) => {
      expect(numberIs(number)).toBeUndefined();
    },
  );

  it.each([
    '',
    ' ',
    '\n\t',
    '\u0000',
    'a\rb',
    'a\u001bb',
    'a\u007fb',
    'a\u0085b',
    'a\ud800b',
    '\udc00',
    'x'.repeat(129),
    '🧾'.repeat(129),
    7,
    {},
  ])('cannot be %j', (number) => {
    expect(numberIs(number)).toEqual(expect.any(String));
  });

  it('may be blank where it is only a remark', () => {
    expect(faultsOf(PostInvoiceBody, { ...invoice, description: '' })).toEqual([]);
    expect(pointers(PostInvoiceBody, { ...invoice, allowDuplicate: { reason: ' ' } })).toEqual([
      '/allowDuplicate/reason',
    ]);
  });

  it('has no blanks around it where it names an account', () => {
    for (const account of [' cash', 'cash ', 'a\nb', '']) {
      expect(pointers(PostInvoiceBody, { ...invoice, lines: [{ amount: '1', account }] })).toEqual([
        '/lines/0/account',
      ]);
    }
    expect(faultsOf(PostInvoiceBody, { ...invoice, lines: [{ amount: '1', account: '6420 Hosting' }] })).toEqual([]);
  });
});

describe('other fields', () => {
  const vendor = { id: 'v', name: 'V' };
  it.each([
    [{ country: 'GB' }, []],
    [{ country: 'gb' }, ['/country']],
    [{ country: 'ZZ' }, ['/country']],
    [{ kind: 'friend' }, ['/kind']],
    [{ terms: { netDays: 0 } }, []],
    [{ terms: { netDays: 3_650, discount: { percent: '2.50', days: 10 } } }, []],
    [{ terms: {} }, ['/terms/netDays']],
    [{ terms: [] }, []],
    [{ terms: [1] }, ['/terms']],
    [{ terms: { netDays: '30' } }, ['/terms/netDays']],
    [{ terms: { netDays: 30.5 } }, ['/terms/netDays']],
    [{ terms: { netDays: -1 } }, ['/terms/netDays']],
    [{ terms: { netDays: 3_651 } }, ['/terms/netDays']],
    [{ terms: { netDays: 30, discount: { percent: '100.01', days: 1 } } }, ['/terms/discount/percent']],
    [{ terms: { netDays: 30, discount: { percent: '1.234', days: 1 } } }, ['/terms/discount/percent']],
    [{ terms: { netDays: 30, discount: { percent: 2, days: 1 } } }, ['/terms/discount/percent']],
    [{ terms: { netDays: 30, discount: { percent: '100', days: 0 } } }, []],
  ])('of a vendor: %j', (more, expected) => {
    expect(pointers(RegisterVendorBody, { ...vendor, ...more })).toEqual(expected);
  });

  it.each([
    ['UTC', true],
    ['Europe/London', true],
    ['+01:00', false],
    ['Middle/Earth', false],
    ['', false],
  ])('of a ledger: time zone %s', (timeZone, isOne) => {
    const faults = pointers(OpenLedgerBody, { id: 'a', name: 'A', currency: 'USD', timeZone });
    expect(faults).toEqual(isOne ? [] : ['/timeZone']);
  });

  it.each(['a', 'A.b_c-9', '...', 'x'.repeat(64)])('an id can be %s', (id) => {
    expect(pointers(RegisterVendorBody, { ...vendor, id })).toEqual([]);
  });
  it.each(['', '.', '..', 'a b', 'a/b', 'ä', 'x'.repeat(65), 'a\n', 1])('an id cannot be %j', (id) => {
    expect(pointers(RegisterVendorBody, { ...vendor, id })).toEqual(['/id']);
  });

  it('name a day that exists', () => {
    const onIs = (on: unknown) =>
      pointers(PostChargeBody, {
        vendorId: 'v',
        kind: 'late-fee',
        amount: '1',
        currency: 'USD',
        on,
        dueDate: '2024-02-29',
      });
    for (const on of ['2024-02-29', '9999-12-31', '0100-01-01', '2024-02-29']) expect(onIs(on)).toEqual([]);
    for (const on of ['2023-02-29', '2024-13-01', '2024-1-1', '0000-01-01', '2024-02-29T00:00:00Z', '', 20240229])
      expect(onIs(on)).toEqual(['/on']);
  });

  it('name exactly one item and exactly one source', () => {
    const allocation = (from: unknown, to: unknown) => faultsOf(AllocateBody, { from, to, amount: '1' });
    expect(allocation({ paymentId: 'P' }, { chargeId: 'C' })).toEqual([]);
    expect(allocation({}, { invoiceId: 'I', chargeId: 'C' })).toEqual([
      { pointer: '/from/paymentId', detail: 'is required, or creditNoteId in its place' },
      { pointer: '/to/chargeId', detail: 'must not stand beside invoiceId: give one of the two' },
    ]);
    expect(pointers(WriteOffBody, { reason: 'x', on: '2023-10-31' })).toEqual(['/invoiceId']);
    expect(
      pointers(PostCreditNoteBody, {
        vendorId: 'v',
        number: 'n',
        date: '2023-10-31',
        currency: 'USD',
        total: '1',
        allocations: [{ invoiceId: 'I', amount: '1', discount: '1' }],
      }),
    ).toEqual(['/allocations/0/discount']);
  });

  it('change at least one thing about a vendor', () => {
    expect(faultsOf(ChangeVendorBody, {})).toEqual([
      { pointer: '/name', detail: 'is required, or one of kind, country, terms, connected in its place' },
    ]);
    expect(faultsOf(ChangeVendorBody, { country: 'GB' })).toEqual([]);
    expect(faultsOf(ChangeVendorBody, { connected: false })).toEqual([]);
    expect(pointers(ChangeVendorBody, { connected: 'no' })).toEqual(['/connected']);
  });
});

describe('a query', () => {
  it('is as strict, and has each parameter once', () => {
    expect(
      pointers(ItemListQuery, {
        limit: '0',
        atLeast: '1e3',
        status: 'late',
        dueBefore: 'today',
        vendorId: '',
        q: '\0',
        x: '1',
      }),
    ).toEqual(['/status', '/dueBefore', '/atLeast', '/limit', '/vendorId', '/q', '/x']);
    expect(pointers(LedgerListQuery, { limit: '1001', atLeast: '1' })).toEqual(['/limit', '/atLeast']);
    expect(() => new Checked().transform({ limit: ['1', '2'] }, { type: 'query', metatype: ItemListQuery })).toThrow(
      expect.objectContaining({ facts: { errors: [{ pointer: '/limit', detail: 'must be given only once' }] } }),
    );
  });
});

describe('what becomes a command', () => {
  it('has its defaults', () => {
    expect(toPostInvoice(invoice)).toMatchObject({ type: 'PostInvoice', id: 'INV-1', postingDate: '2023-10-01' });
    expect(toPostInvoice({ ...invoice, postingDate: '2023-10-05', id: undefined })).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      postingDate: '2023-10-05',
    });
    expect(toRegisterVendor({ name: 'V' })).toMatchObject({ kind: 'supplier', name: 'V' });
    const allocations = [
      { invoiceId: 'I', amount: '1' },
      { id: 'own', chargeId: 'C', amount: '2', discount: '3' },
      { invoiceId: 'J', amount: '4' },
    ];
    expect(
      toMakePayment({ id: 'P', vendorId: 'v', paidOn: '2023-10-01', currency: 'USD', amount: '7', allocations })
        .allocations,
    ).toEqual([
      { id: 'P.1', to: { invoiceId: 'I' }, amount: '1' },
      { id: 'own', to: { chargeId: 'C' }, amount: '2', discount: '3' },
      { id: 'P.3', to: { invoiceId: 'J' }, amount: '4' },
    ]);
    expect(toWriteOff({ id: 'W', chargeId: 'C', reason: 'x', on: '2023-10-01' })).toEqual({
      type: 'WriteOff',
      id: 'W',
      item: { chargeId: 'C' },
      reason: 'x',
      on: '2023-10-01',
    });
  });

  it('leaves out what the request leaves out: a change without a name keeps the name', () => {
    expect(Object.keys(toChangeVendor('v', { country: 'GB' }))).toEqual(['type', 'country', 'vendorId']);
  });
});

/** Pointers that class-validator itself finds fault with. */
const byClassValidator = (type: new () => object, body: object): string[] => {
  const flat = (errors: readonly ValidationError[], at: string): string[] =>
    errors.flatMap(({ property, constraints, children = [] }) => [
      ...(constraints ? [`${at}/${property}`] : []),
      ...flat(children, `${at}/${property}`),
    ]);
  return flat(validateSync(plainToInstance(type, body), { whitelist: true, forbidNonWhitelisted: true }), '');
};

describe('the compiled validation', () => {
  // Without decimals, so that no amount depends on the currency of the whole body, which class-validator does not show
  // to checks of what is inside.
  const value = (right: fc.Arbitrary<unknown>) =>
    fc.oneof(
      { weight: 4, arbitrary: right },
      { weight: 1, arbitrary: fc.constantFrom(undefined, null, '', 'x', '-1', '7', 7, true, [], {}, '2023-02-30') },
    );
  const day = value(fc.constantFrom('2023-10-01', '2024-02-29'));
  const amount = value(fc.constantFrom('1', '250', '-3'));
  const object = (shape: Record<string, fc.Arbitrary<unknown>>) => fc.record(shape, { requiredKeys: [] });
  const body = object({
    id: value(fc.constant('I-1')),
    vendorId: value(fc.constant('v')),
    number: value(fc.constant('n')),
    invoiceDate: day,
    postingDate: day,
    currency: value(fc.constantFrom('USD', 'JPY')),
    lines: value(
      fc.array(object({ amount, tax: amount, account: value(fc.constant('a')), other: value(fc.constant(1)) }), {
        maxLength: 3,
      }),
    ),
    total: amount,
    dueDate: day,
    schedule: value(fc.array(object({ dueOn: day, amount }), { maxLength: 3 })),
    servicePeriod: value(object({ from: day, to: day })),
    allowDuplicate: value(object({ reason: value(fc.constant('r')) })),
    unknown: value(fc.constant(1)),
  });

  it('says what class-validator says of the same decorators', () => {
    fc.assert(
      fc.property(body, (sent) => {
        const plain = JSON.parse(JSON.stringify(sent)) as object;
        const ours = new Set(pointers(PostInvoiceBody, plain));
        const theirs = new Set(byClassValidator(PostInvoiceBody, plain));
        expect([...ours].filter((pointer) => !theirs.has(pointer))).toEqual([]);
        // It goes on inside what is wrong as such; we don't.
        const more = [...theirs].filter(
          (pointer) => !ours.has(pointer) && ![...ours].some((ours_) => pointer.startsWith(`${ours_}/`)),
        );
        expect(more).toEqual([]);
      }),
    );
  });
});
