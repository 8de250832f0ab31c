import { describe, expect, it } from '@jest/globals';
import { cellsOf, csvLine, Figure } from './csv.js';

describe('a line of a CSV file', () => {
  it('ends with a line break and leaves empty what is not there', () => {
    expect(csvLine(['a', null, new Figure('-1.00')])).toBe('a,,-1.00\r\n');
  });

  it('quotes what would be read as the end of a cell', () => {
    expect(csvLine(['a,b', 'say "x"', 'two\nlines', 'two\r\nlines', ' blank '])).toBe(
      '"a,b","say ""x""","two\nlines","two\r\nlines", blank \r\n',
    );
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+44 20', "'+44 20"],
    ['-5', "'-5"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', `"'\r=1"`],
    ['=HYPERLINK("x","y")', `"'=HYPERLINK(""x"",""y"")"`],
    ['a=1', 'a=1'],
    ["'=1", "'=1"],
  ])('does not let a spreadsheet run the text %j', (cell, line) => {
    expect(csvLine([cell])).toBe(`${line}\r\n`);
  });

  it('leaves figures as they are', () => {
    expect(csvLine([new Figure('-5.00')])).toBe('-5.00\r\n');
  });

  it('takes the columns asked for, amounts as figures and text as text', () => {
    const row = { id: '-x', amount: '-1.00', daysLate: -3, number: null };
    expect(csvLine(cellsOf(row, ['amount', 'id', 'number', 'daysLate', 'other'], new Set(['id', 'number'])))).toBe(
      "-1.00,'-x,,-3,\r\n",
    );
  });
});
