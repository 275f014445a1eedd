/** Aligned columns for a terminal. Cells hold printable text without colours; a column's `paint` is applied last. */

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** This one gives way where the terminal is too narrow: `end` keeps the end of a cell, which says most of a path. */
  readonly shrink?: 'start' | 'end';
  readonly paint?: (text: string) => string;
}

const GAP = '  ';
const NARROWEST = 12;

/** The lines of a table no wider than `width`, where that can be. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  paintTitle: (text: string) => string = (text) => text,
): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  );
  const shrinking = columns.findIndex(({ shrink }) => shrink !== undefined);
  const total = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (columns.length - 1);
  const shrunk = widths[shrinking];
  if (shrunk !== undefined && total > width) widths[shrinking] = Math.max(NARROWEST, shrunk - (total - width));
  const line = (cells: readonly string[], paint: (text: string, column: Column) => string): string =>
    columns
      .map((column, index) => {
        const isLast = index === columns.length - 1;
        return paint(fitted(cells[index] ?? '', widths[index] ?? 0, column, isLast), column);
      })
      .join(GAP)
      .trimEnd();
  return [
    line(
      columns.map(({ title }) => title),
      paintTitle,
    ),
    ...rows.map((row) => line(row, (text, { paint }) => (paint === undefined ? text : paint(text)))),
  ];
}

function fitted(cell: string, width: number, { align, shrink }: Column, isLast: boolean): string {
  const text = shrink === 'end' ? cutStart(cell, width) : cutEnd(cell, width);
  const padding = ' '.repeat(Math.max(0, width - displayWidth(text)));
  if (align === 'right') return padding + text;
  return isLast ? text : text + padding;
}

/** The beginning of a text, no wider than `width`. */
export function cutEnd(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let used = 1;
  for (const { segment } of SEGMENTER.segment(text)) {
    used += segmentWidth(segment);
    if (used > width) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** The end of a text, no wider than `width`. */
export function cutStart(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let used = 1;
  for (const { segment } of [...SEGMENTER.segment(text)].reverse()) {
    used += segmentWidth(segment);
    if (used > width) break;
    kept = segment + kept;
  }
  return `…${kept}`;
}

const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' });
// Scripts that take two columns for each character, and emoji.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const ASCII = /^[\x20-\x7e]*$/;

/** How many columns of a terminal a text takes. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of SEGMENTER.segment(text)) width += segmentWidth(segment);
  return width;
}

function segmentWidth(segment: string): number {
  if (WIDE.test(segment)) return 2;
  return /^\p{Mark}+$/u.test(segment) ? 0 : 1;
}
