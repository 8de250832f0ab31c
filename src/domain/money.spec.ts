import { describe, expect, it } from '@jest/globals';
import codes from 'currency-codes';
import fc from 'fast-check';
import { decimalsByCurrency } from './currencies.js';
import { decimalsOf, faultOfAmount, formatMinor, isCurrency, least, maxMinor, parseMinor, sum } from './money.js';

describe('an amount', () => {
  it.each([
    ['5', 'USD', 500n],
    ['5.0', 'USD', 500n],
    ['5.00', 'USD', 500n],
    ['0.01', 'USD', 1n],
    ['-0.05', 'USD', -5n],
    ['1000000.00', 'USD', 100_000_000n],
    ['0', 'USD', 0n],
    ['-0.00', 'USD', 0n],
    ['5', 'JPY', 5n],
    ['100', 'JPY', 100n],
    ['5', 'KWD', 5000n],
    ['5.1', 'KWD', 5100n],
    ['0.001', 'KWD', 1n],
    ['0.0001', 'CLF', 1n],
    ['90071992547409.91', 'USD', 9_007_199_254_740_991n],
    ['-90071992547409.91', 'USD', -9_007_199_254_740_991n],
    ['9007199254740991', 'JPY', 9_007_199_254_740_991n],
    ['9007199254740.991', 'KWD', 9_007_199_254_740_991n],
    ['900719925474.0991', 'CLF', 9_007_199_254_740_991n],
  ])('of %s %s is read as %s minor units', (text, currency, minor) => {
    expect(faultOfAmount(text, currency)).toBeUndefined();
    expect(parseMinor(text, currency)).toBe(minor);
  });

  it.each([
    ['', 'USD'],
    ['-', 'USD'],
    ['.', 'USD'],
    ['.5', 'USD'],
    ['5.', 'USD'],
    ['+5', 'USD'],
    ['--5', 'USD'],
    ['5-', 'USD'],
    ['05', 'USD'],
    ['00', 'USD'],
    ['1e3', 'USD'],
    ['1E3', 'USD'],
    ['0x10', 'USD'],
    ['Infinity', 'USD'],
    ['NaN', 'USD'],
    [' 5', 'USD'],
    ['5 ', 'USD'],
    ['5\n', 'USD'],
    ['1 000', 'USD'],
    ['1,000', 'USD'],
    ['1_000', 'USD'],
    ['5,00', 'USD'],
    ['$5', 'USD'],
    ['5.00.0', 'USD'],
    ['٥', 'USD'],
    ['５', 'USD'],
    ['5.001', 'USD'],
    ['5.000', 'USD'],
    ['5.0', 'JPY'],
    ['5.', 'JPY'],
    ['0.0001', 'KWD'],
    ['0.00001', 'CLF'],
    ['90071992547409.92', 'USD'],
    ['-90071992547409.92', 'USD'],
    ['9007199254740992', 'JPY'],
    ['9007199254740.992', 'KWD'],
    ['90071992547410', 'USD'],
    ['9'.repeat(400), 'JPY'],
    ['1' + '0'.repeat(1_000_000), 'USD'],
  ])('is not %.30j in %s', (text, currency) => {
    expect(faultOfAmount(text, currency)).toMatch(/^must /);
    expect(() => parseMinor(text, currency)).toThrow(RangeError);
  });

  it('says how many decimals it may have', () =>
    expect(faultOfAmount('1.0001', 'KWD')).toBe('must have at most 3 decimals in KWD'));
  it('says how large it may be', () =>
    expect(faultOfAmount('90071992547409.92', 'USD')).toBe('must be at most 90071992547409.91 USD'));

  it.each([
    [0n, 'USD', '0.00'],
    [-0n, 'USD', '0.00'],
    [5n, 'USD', '0.05'],
    [-5n, 'USD', '-0.05'],
    [123_456n, 'USD', '1234.56'],
    [-123_456n, 'USD', '-1234.56'],
    [0n, 'JPY', '0'],
    [-7n, 'JPY', '-7'],
    [7n, 'KWD', '0.007'],
    [7_000n, 'KWD', '7.000'],
    [7n, 'CLF', '0.0007'],
    [maxMinor, 'USD', '90071992547409.91'],
    [maxMinor * 1000n, 'USD', '90071992547409910.00'],
  ])('of %s minor units of %s is written with all its decimals', (minor, currency, text) =>
    expect(formatMinor(minor, currency)).toBe(text),
  );

  const anyCurrency = fc.constantFrom(...decimalsByCurrency.keys());
  const anyMinor = fc.bigInt({ min: -maxMinor, max: maxMinor });
  it('comes back as it was', () =>
    fc.assert(
      fc.property(
        anyMinor,
        anyCurrency,
        (minor, currency) => parseMinor(formatMinor(minor, currency), currency) === minor,
      ),
    ));
  it('may be written without zeros at its end', () =>
    fc.assert(
      fc.property(
        anyMinor,
        anyCurrency,
        (minor, currency) =>
          parseMinor(
            formatMinor(minor, currency)
              .replace(/(\.\d*?)0+$/, '$1')
              .replace(/\.$/, ''),
            currency,
          ) === minor,
      ),
    ));
  it('is written so that others read the same', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        (cents) => Number(formatMinor(BigInt(cents), 'USD')) === Number((cents / 100).toFixed(2)),
      ),
    ));
  it('is never anything else: whatever is no fault is plain digits', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '-', '+', 'e', ' ', ',') }),
        anyCurrency,
        (text, currency) => faultOfAmount(text, currency) !== undefined || /^-?\d+(\.\d+)?$/.test(text),
      ),
    ));
});

describe('a currency', () => {
  // Metals, bond units, the SDR and the like, test codes and no currency: nobody is invoiced in these.
  const notMoney = /^(XAG|XAU|XPD|XPT|XBA|XBB|XBC|XBD|XDR|XSU|XUA|XTS|XXX)$/;
  const listed = codes.data.filter(({ code }) => !notMoney.test(code));

  it('is every one that ISO 4217 lists, with its decimals', () => {
    expect(listed.length).toBeGreaterThan(150);
    expect(
      listed
        .map(({ code, digits }) => [code, decimalsByCurrency.get(code), digits])
        .filter(([, ours, theirs]) => ours !== theirs),
    ).toEqual([]);
  });
  it('is no other, but for the Caribbean guilder, which came after that list', () => {
    const known = new Set(listed.map(({ code }) => code));
    expect([...decimalsByCurrency.keys()].filter((code) => !known.has(code))).toEqual(['XCG']);
  });
  it.each([
    ['JPY', 0],
    ['USD', 2],
    ['KWD', 3],
    ['UYW', 4],
    ['XCG', 2],
  ])('%s has %i decimals', (code, decimals) => expect(decimalsOf(code)).toBe(decimals));
  it.each(['', 'usd', 'USDT', 'XAU', 'XXX', 'ZZZ', 'toString', '__proto__'])('is not %j', (code) => {
    expect(isCurrency(code)).toBe(false);
    expect(() => decimalsOf(code)).toThrow(RangeError);
  });
  it('is USD', () => expect(isCurrency('USD')).toBe(true));
});

describe('several amounts', () => {
  it('of none are nothing', () => expect(sum([])).toBe(0n));
  it('are summed exactly, however large', () =>
    expect(sum([maxMinor, maxMinor, 1n, -maxMinor])).toBe(9_007_199_254_740_992n));
  it('have a least one', () => expect([least(1n, 2n), least(2n, 1n), least(-1n, 0n)]).toEqual([1n, 1n, -1n]));
});
