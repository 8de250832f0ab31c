import { daysBetween } from '../domain/calendar.js';
import type { Column, Kind, Line, Value } from './table.js';

// SpreadsheetML (ECMA-376), as far as a report needs it: two sheets, text in the cells themselves, one style per kind.

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relationships = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const packages = 'http://schemas.openxmlformats.org/package/2006';
const types = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** By the number of decimals; ISO 4217 has none beyond four. */
const amountFormats = ['#,##0', '#,##0.0', '#,##0.00', '#,##0.000', '#,##0.0000'];
/** Formats of our own have numbers from here on. */
const firstFormat = 164;
const dayFormat = firstFormat + amountFormats.length;
/** Text stays text, also once somebody has edited the cell. */
const textFormat = 49;

/** Each style twice, the second time in bold. */
const styles = [
  { format: 0 },
  { format: textFormat },
  { format: textFormat, alignment: 'right' },
  { format: dayFormat },
  ...amountFormats.map((_, decimals) => ({ format: firstFormat + decimals })),
] as const;
const [numberStyle, textStyle, textOfAmountStyle, dayStyle, amountStyle] = [0, 1, 2, 3, 4];

const stylesXml = (): string => {
  const formats = [...amountFormats, 'yyyy-mm-dd'];
  const style = (bold: number) => (one: { readonly format: number; readonly alignment?: string }) => {
    const alignment = one.alignment === undefined ? '' : `<alignment horizontal="${one.alignment}"/>`;
    return `<xf numFmtId="${one.format}" fontId="${bold}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"${alignment ? ' applyAlignment="1"' : ''}>${alignment}</xf>`;
  };
  const font = (bold: string): string => `<font>${bold}<sz val="11"/><name val="Calibri"/><family val="2"/></font>`;
  return [
    `${declaration}<styleSheet xmlns="${main}"><numFmts count="${formats.length}">`,
    ...formats.map((code, place) => `<numFmt numFmtId="${firstFormat + place}" formatCode="${code}"/>`),
    `</numFmts><fonts count="2">${font('')}${font('<b/>')}</fonts>`,
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>',
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>',
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>',
    `<cellXfs count="${2 * styles.length}">${styles.map(style(0)).join('')}${styles.map(style(1)).join('')}</cellXfs>`,
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
  ].join('');
};

/** All files of a workbook but its sheets, by path. No day of making and no author: they would be other bytes each time. */
export const fixedParts = (sheets: readonly string[]): Readonly<Record<string, string>> => ({
  '[Content_Types].xml': `${declaration}<Types xmlns="${packages}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${types}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${types}.styles+xml"/>${sheets.map((_, place) => `<Override PartName="/${sheetPath(place)}" ContentType="${types}.worksheet+xml"/>`).join('')}</Types>`,
  '_rels/.rels': `${declaration}<Relationships xmlns="${packages}/relationships"><Relationship Id="rId1" Type="${relationships}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  'xl/workbook.xml': `${declaration}<workbook xmlns="${main}" xmlns:r="${relationships}"><sheets>${sheets.map((name, place) => `<sheet name="${escaped(name)}" sheetId="${place + 1}" r:id="rId${place + 1}"/>`).join('')}</sheets></workbook>`,
  'xl/_rels/workbook.xml.rels': `${declaration}<Relationships xmlns="${packages}/relationships">${sheets.map((_, place) => `<Relationship Id="rId${place + 1}" Type="${relationships}/worksheet" Target="worksheets/sheet${place + 1}.xml"/>`).join('')}<Relationship Id="rId${sheets.length + 1}" Type="${relationships}/styles" Target="styles.xml"/></Relationships>`,
  'xl/styles.xml': stylesXml(),
});

export const sheetPath = (place: number): string => `xl/worksheets/sheet${place + 1}.xml`;

const widths: Readonly<Record<Kind, number>> = { text: 24, day: 12, amount: 18, number: 12 };

/** The beginning of a sheet, up to its first row; the first row stays in sight. */
export const sheetStart = (columns: readonly Column[]): string => {
  const cols = columns.map(
    ({ kind }, place) => `<col min="${place + 1}" max="${place + 1}" width="${widths[kind]}" customWidth="1"/>`,
  );
  return `${declaration}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${cols.join('')}</cols><sheetData>`;
};

export const sheetEnd = '</sheetData></worksheet>';

/** @example letterOf(27) // 'AB' */
const letterOf = (place: number): string =>
  (place < 26 ? '' : letterOf(Math.floor(place / 26) - 1)) + String.fromCharCode(65 + (place % 26));

/** Writes the rows of a sheet. `number` counts from 1. */
export const rowsOf = (columns: readonly Column[]): ((line: Line, number: number, isBold: boolean) => string) => {
  const places = columns.map(({ kind }, place) => ({ kind, letter: letterOf(place) }));
  return (line, number, isBold) => {
    const cells = places.map(({ kind, letter }, place) => {
      const value = line[place] ?? null;
      return value === null ? '' : cellXml(value, kind, `${letter}${number}`, isBold);
    });
    return `<row r="${number}">${cells.join('')}</row>`;
  };
};

const cellXml = (value: Exclude<Value, null>, kind: Kind, place: string, isBold: boolean): string => {
  const cell = (style: number, rest: string): string =>
    `<c r="${place}" s="${style + (isBold ? styles.length : 0)}"${rest}</c>`;
  const text = String(value);
  switch (kind) {
    case 'number':
      return cell(numberStyle, `><v>${text}</v>`);
    case 'amount':
      return fitsANumber(text)
        ? cell(amountStyle + decimalsIn(text), `><v>${text}</v>`)
        : cell(textOfAmountStyle, inline(text));
    case 'day':
      return firstDay <= text && text <= '9999-12-31'
        ? cell(dayStyle, `><v>${daysBetween(dayZero, text)}</v>`)
        : cell(textStyle, inline(text));
    case 'text':
      return cell(textStyle, inline(text));
  }
};

/** Days are counted from here; before the first one spreadsheets differ, since some have a 29 February 1900. */
const dayZero = '1899-12-30';
const firstDay = '1900-03-01';

const decimalsIn = (amount: string): number => (amount.includes('.') ? amount.length - amount.indexOf('.') - 1 : 0);

/**
 * Whether a spreadsheet's number holds an amount exactly: a binary number of 64 bits holds any 15 digits. Zeros at the end
 * count too: of 90071992546409.90 some programs would show the last digit as 1.
 */
const fitsANumber = (amount: string): boolean => amount.replace(/[-.]/g, '').replace(/^0+/, '').length <= 15;

/** A cell holds no more characters than these. */
const mostCharacters = 32_767;

const inline = (text: string): string => {
  const held = text.length > mostCharacters ? `${text.slice(0, mostCharacters - 1)}…` : text;
  return ` t="inlineStr"><is><t xml:space="preserve">${escaped(held)}</t></is>`;
};

/**
 * What is no character of XML is written `_xFFFF_` (ECMA-376 part 1, 22.9.2.19), and so text that looks like that must
 * be written so too.
 */
const escaped = (text: string): string =>
  text
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
    .replace(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, (character) => {
      const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
      return `_x${code}_`;
    })
    .replace(/[&<>"]/g, (character) => entities[character]!);

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
