import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { NotAcceptableException } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Cell, sheetsOf } from '../../test/support/sheets.js';
import { sampleSize } from '../../test/support/seed.js';
import { fileOf } from './formats.js';
import { aboutMoment, amounts, days, type Line, numbers, type Table, texts } from './table.js';
import { mostRows } from './xlsx.js';

const columns = [...texts('row', 'name'), ...days('on'), ...numbers('count'), ...amounts('amount')];

const tableOf = (lines: readonly Line[], more: Partial<Table> = {}): Table => ({
  about: aboutMoment({ ledger: 'acme', asOf: '2024-02-29', knownAt: '2024-03-01T00:00:00.000001Z', position: 12 }),
  asked: { by: 'vendor', currency: null },
  columns,
  lines,
  size: () => lines.length,
  ...more,
});

const workbook = async (table: Table): Promise<Buffer> => buffer(await fileOf('xlsx', 'ageing', table));

const cellsIn = async (lines: readonly Line[]): Promise<readonly (readonly Cell[])[]> =>
  (await sheetsOf(await workbook(tableOf(lines))))[0]!.rows.slice(1);

const plain = { isBold: false } as const;
const none: Cell = { type: 'none', text: '', ...plain };

describe('a workbook', () => {
  it('has a header that stays in sight, the lines, and what they are about on a second sheet', async () => {
    const lines = [
      ['row', 'Amazon', '2024-02-29', -3, '-1234.50'],
      ['totals', null, null, null, '0.00'],
    ];
    const [report, parameters, ...more] = await sheetsOf(await workbook(tableOf(lines)));
    expect(more).toEqual([]);
    expect([report!.name, report!.frozenRows]).toEqual(['ageing', 1]);
    const bold = (text: string): Cell => ({ type: 'text', text, isBold: true });
    expect(report!.rows).toEqual([
      columns.map(({ name }) => bold(name)),
      [
        { type: 'text', text: 'row', ...plain },
        { type: 'text', text: 'Amazon', ...plain },
        { type: 'day', text: '2024-02-29', ...plain },
        { type: 'number', text: '-3', ...plain },
        { type: 'number', text: '-1234.50', ...plain },
      ],
      [bold('totals'), none, none, none, { type: 'number', text: '0.00', isBold: true }],
    ]);
    expect([parameters!.name, parameters!.frozenRows]).toEqual(['parameters', 1]);
    expect(parameters!.rows.map((row) => row.map(({ text }) => text))).toEqual([
      ['name', 'value'],
      ['ledger', 'acme'],
      ['asOf', '2024-02-29'],
      ['knownAt', '2024-03-01T00:00:00.000001Z'],
      ['position', '12'],
      ['by', 'vendor'],
      ['currency', ''],
    ]);
    expect(parameters!.rows[2]![1]!.type).toBe('day');
  });

  it('says what the table says, cell by cell, whatever is in it', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        '=1+1',
        '+1',
        '-1',
        '@SUM(A1)',
        '\t=1',
        '<&>"\'',
        '_x0041_',
        '_x005F_x0041_',
        '\ufffe\uffff',
        ' ',
        '1e9',
        'TRUE',
      ),
    );
    const amount = fc
      .tuple(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), fc.constantFrom(0, 2, 3, 4))
      .map(([minor, decimals]) => {
        const digits = (minor < 0n ? -minor : minor).toString().padStart(decimals + 1, '0');
        const whole = digits.slice(0, digits.length - decimals);
        return `${minor < 0n ? '-' : ''}${whole}${decimals === 0 ? '' : `.${digits.slice(-decimals)}`}`;
      });
    const day = fc
      .date({ min: new Date('1900-03-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10));
    const line = fc.tuple(text, text, day, fc.maxSafeInteger(), amount);
    const property = fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 30 }), async (lines) => {
      const cells = await cellsIn(lines);
      expect(cells.map((row) => row.map((cell) => cell.text))).toEqual(lines.map((values) => values.map(String)));
      for (const [first, name, on, count, sum] of cells) {
        for (const cell of [first!, name!]) expect(cell.type).toBe(cell.text === '' ? 'none' : 'text');
        expect([on!.type, count!.type]).toEqual(['day', 'number']);
        const digits = sum!.text.replace(/\D/g, '').replace(/^0+/, '');
        expect(sum!.type).toBe(digits.length > 15 ? 'text' : 'number');
      }
    });
    await fc.assert(property, { numRuns: sampleSize(30) });
  });

  it('has text as text, which nothing runs', async () => {
    const formulas = ["=cmd|' /C calc'!A0", '=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '=HYPERLINK("x","y")'];
    const cells = await cellsIn(formulas.map((text) => ['row', text, null, null, null]));
    expect(cells.map((row) => row[1])).toEqual(formulas.map((text) => ({ type: 'text', text, ...plain })));
  });

  it('rounds no amount: what is too long for a number is text', async () => {
    const written = [
      '999999999999999',
      '9999999999999.99',
      '99999999999.9999',
      '90071992547409.91',
      '-9007199254740991',
      '90071992546409.90',
      '10000000000000000',
    ];
    const cells = await cellsIn(written.map((amount) => ['row', null, null, null, amount]));
    expect(cells.map((row) => [row[4]!.text, row[4]!.type])).toEqual(
      written.map((amount, n) => [amount, n < 3 ? 'number' : 'text']),
    );
  });

  it('has a day before those that all spreadsheets count alike as text, and cuts what no cell holds', async () => {
    const [row] = await cellsIn([['row', 'x'.repeat(40_000), '1900-02-28', null, null]]);
    expect(row![2]).toEqual({ type: 'text', text: '1900-02-28', ...plain });
    expect(row![1]!.text).toBe(`${'x'.repeat(32_766)}…`);
  });

  it('has the same bytes for ever', async () => {
    const lines = Array.from({ length: 2_000 }, (_, n) => ['row', `Vendor ${n}`, '2024-02-29', n, `${n}.50`]);
    const bytes = await workbook(tableOf(lines));
    expect(await workbook(tableOf(lines))).toEqual(bytes);
    // Not to be changed with the code: workbooks that auditors hold would no longer be what we answer.
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      '3074f871d21c80150f399d8ff1cca379e505abd46813f9ff1ee64775babf1753',
    );
  });

  it('is made no further than it is read, and lets others have the thread', async () => {
    let made = 0;
    const lines = function* (): Generator<Line> {
      for (;;) {
        made += 1;
        yield ['row', `Vendor ${made}`, '2024-02-29', made, `${made}.50`];
      }
    };
    const file = await fileOf('xlsx', 'ageing', tableOf([], { lines: lines() }));
    let turns = 0;
    const other = setInterval(() => (turns += 1), 0);
    let length = 0;
    for await (const bytes of file) {
      length += (bytes as Uint8Array).length;
      if (length > 1_000_000) break;
    }
    clearInterval(other);
    expect(made).toBeLessThan(200_000);
    expect(turns).toBeGreaterThan(10);
  });

  it('is refused where a sheet does not hold it; as CSV it comes all the same', async () => {
    const long = tableOf([], { size: () => mostRows });
    await expect(fileOf('xlsx', 'ageing', long)).rejects.toThrow(NotAcceptableException);
    await expect(fileOf('xlsx', 'ageing', long)).rejects.toThrow(
      'This report has more rows than the 1,048,576 that a sheet holds: ask for it as CSV or JSON, or for less of it, such as one currency.',
    );
    await expect(fileOf('xlsx', 'ageing', { ...long, size: () => mostRows - 1 })).resolves.toBeDefined();
    await expect(fileOf('csv', 'ageing', long)).resolves.toBeDefined();
  });
});
