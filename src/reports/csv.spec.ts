import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { fileOf } from './formats.js';
import { amounts, days, type Line, lineOf, numbers, texts } from './table.js';

const columns = [...texts('name', 'other'), ...days('on'), ...numbers('count'), ...amounts('amount')];

/** The lines below the header. */
const written = async (...lines: Line[]): Promise<string> => {
  const about = [{ name: 'ledger', kind: 'text' as const, value: 'acme' }];
  const file = await text(await fileOf('csv', 'test', { about, asked: {}, columns, lines, size: () => lines.length }));
  const header = 'ledger,name,other,on,count,amount\r\n';
  expect(file.startsWith(header)).toBe(true);
  return file.slice(header.length);
};

describe('a CSV file', () => {
  it('says on every line what it is about, and leaves empty what is not there', async () => {
    expect(await written(['a', null, '2024-02-29', -3, '-1.00'], ['b', null, null, null, null])).toBe(
      'acme,a,,2024-02-29,-3,-1.00\r\nacme,b,,,,\r\n',
    );
  });

  it('quotes what would be read as the end of a cell', async () => {
    for (const [cell, line] of [
      ['a,b', '"a,b"'],
      ['say "x"', '"say ""x"""'],
      ['two\nlines', '"two\nlines"'],
      ['two\r\nlines', '"two\r\nlines"'],
      [' blank ', ' blank '],
    ] as const)
      expect(await written([cell, null, null, null, null])).toBe(`acme,${line},,,,\r\n`);
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+44 20', "'+44 20"],
    ['-5', "'-5"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', `"'\r=1"`],
    ['=HYPERLINK("x","y")', `"'=HYPERLINK(""x"",""y"")"`],
    ["=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"],
    ['a=1', 'a=1'],
    ["'=1", "'=1"],
  ])('does not let a spreadsheet run the text %j', async (cell, line) => {
    expect(await written(['x', cell, null, null, null])).toBe(`acme,x,${line},,,\r\n`);
  });

  it('has of a row what its columns name', async () => {
    const row = { amount: '-1.00', name: '-x', count: -3, further: 'y' };
    expect(await written(lineOf(row, columns))).toBe("acme,'-x,,,-3,-1.00\r\n");
  });
});
