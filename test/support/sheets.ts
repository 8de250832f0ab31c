import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readXlsx } from 'hucre/xlsx';
import { recordsOf } from './extracts.js';

// Workbooks as other people's programs read them. Nothing here knows how they are written.

export interface Cell {
  readonly type: 'number' | 'text' | 'day' | 'formula' | 'none';
  /** An amount with the decimals that its format shows, a day as `YYYY-MM-DD`. */
  readonly text: string;
  readonly isBold: boolean;
}

export interface Sheet {
  readonly name: string;
  readonly frozenRows: number;
  /** All of the same length. */
  readonly rows: readonly (readonly Cell[])[];
}

/** The sheets of a workbook, by a library. */
export const sheetsOf = async (workbook: Uint8Array): Promise<Sheet[]> => {
  const { sheets } = await readXlsx(workbook, { readStyles: true });
  return sheets.map(({ name, freezePane, rows, cells }) => {
    const width = Math.max(...rows.map(({ length }) => length));
    return {
      name,
      frozenRows: freezePane?.rows ?? 0,
      rows: rows.map((_, row) =>
        Array.from({ length: width }, (__, column): Cell => {
          const cell = cells?.get(`${row},${column}`);
          const isBold = cell?.style?.font?.bold === true;
          const { value = null, formula } = cell ?? {};
          if (formula !== undefined) return { type: 'formula', text: formula, isBold };
          if (value === null || value === '') return { type: 'none', text: '', isBold };
          if (value instanceof Date) return { type: 'day', text: value.toISOString().slice(0, 10), isBold };
          if (typeof value === 'string') return { type: 'text', text: value, isBold };
          if (typeof value !== 'number') throw new Error(`a cell has ${String(value)}`);
          const [, decimals] = /^#,##0(?:\.(0+))?$/.exec(cell?.style?.numFmt ?? '') ?? [null];
          const text = decimals === null ? String(value) : value.toFixed(decimals?.length ?? 0);
          return { type: 'number', text, isBold };
        }),
      ),
    };
  });
};

/** The sheets of workbooks, by LibreOffice: of each workbook what its sheets show, row by row. */
export const shownByLibreOffice = async (
  workbooks: readonly Uint8Array[],
): Promise<ReadonlyMap<string, string[][]>[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'sheets-'));
  try {
    const files = workbooks.map((_, n) => join(folder, `${n}.xlsx`));
    for (const [n, workbook] of workbooks.entries()) await writeFile(files[n]!, workbook);
    // Tab between fields, quoted where needed, UTF-8, from line 1, cells as they are shown, formulas as such, every sheet.
    const filter = 'csv:Text - txt - csv (StarCalc):9,34,76,1,,0,false,true,true,false,false,-1';
    const profile = `-env:UserInstallation=file://${join(folder, 'profile')}`;
    const args = [profile, '--headless', '--convert-to', filter, '--outdir', folder, ...files];
    await promisify(execFile)('soffice', args, { maxBuffer: 100_000_000 });
    const names = await readdir(folder);
    return await Promise.all(
      files.map(async (_, n) => {
        const sheets = names.filter((name) => name.startsWith(`${n}-`) && name.endsWith('.csv'));
        return new Map(
          await Promise.all(
            sheets.map(async (name): Promise<[string, string[][]]> => {
              const text = await readFile(join(folder, name), 'utf8');
              return [name.slice(`${n}-`.length, -'.csv'.length), recordsOf(text, '\t')];
            }),
          ),
        );
      }),
    );
  } finally {
    await rm(folder, { recursive: true });
  }
};
