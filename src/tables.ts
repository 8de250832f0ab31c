/** @example thousands('1234.50') // '1,234.50' */
export const thousands = (amount: string): string => amount.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',');

/** Breaks a text between words, so that no line is longer than so many characters. */
export const wrapped = (text: string, width: number): string => {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
};

/**
 * Aligned columns, for a terminal: text to the left, figures to the right. A cell may have several lines.
 *
 * @param texts how many columns from the left are text; `textsAtEnd` how many from the right
 */
export const table = (
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { texts = 1, textsAtEnd = 0 }: { readonly texts?: number; readonly textsAtEnd?: number } = {},
): string => {
  const lines = rows.flatMap((row) => {
    const cells = row.map((cell) => cell.split('\n'));
    const height = Math.max(...cells.map(({ length }) => length));
    return Array.from({ length: height }, (_, n) => cells.map((cell) => cell[n] ?? ''));
  });
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]?.length ?? 0)));
  const isText = (i: number): boolean => i < texts || i >= head.length - textsAtEnd;
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (isText(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...lines.map(line)].join('\n');
};
