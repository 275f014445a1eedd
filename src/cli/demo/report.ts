import { out } from '../colors.ts';
import { bytes, count, duration, plural, printable } from '../format.ts';
import { type Column, table } from '../table.ts';
import type { Catalogue } from './catalogue.ts';
import { type RawPath, shownPath } from './paths.ts';
import { byExtension, duplicatesIn, failuresByReason, largest, type Totals } from './summary.ts';

const MOST_EXTENSIONS = 15;
const MOST_FILES = 10;
const MOST_GROUPS = 10;
const MOST_PATHS = 3;

export interface ReportOptions {
  /** As it is shown. */
  readonly dir: string;
  readonly totals: Totals;
  /** How many jobs this process did. */
  readonly jobsHere: number;
  readonly heldAtMost: number;
  /** Columns of the terminal. */
  readonly width: number;
}

/** The tables at the end of a run. */
export function report(catalogue: Catalogue, options: ReportOptions): string {
  const { width, totals, dir } = options;
  const sections = [
    [
      `${out.bold(printable(dir))}: ${plural(totals.files, 'file')} in ${plural(totals.directories, 'directory', 'directories')}, ` +
        `${bytes(totals.bytes)}, gzipped ${bytes(totals.gzipBytes)} (${ratio(totals.gzipBytes, totals.bytes)})`,
    ],
    extensions(catalogue, width),
    largestFiles(catalogue, width),
    duplicates(catalogue, width),
    failures(catalogue, width),
    ending(catalogue, options),
  ];
  return `\n${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const EXTENSIONS: readonly Column[] = [
  { title: 'extension' },
  { title: 'files', align: 'right' },
  { title: 'bytes', align: 'right' },
  { title: 'gzipped', align: 'right' },
  { title: 'ratio', align: 'right' },
  { title: 'time', align: 'right' },
];

function extensions(catalogue: Catalogue, width: number): string[] {
  const rows = byExtension(catalogue.files.values(), MOST_EXTENSIONS);
  if (rows.length === 0) return [];
  const cells = rows.map(({ extension, files, bytes: size, gzip, ms }) => [
    extension,
    count(files),
    bytes(size),
    bytes(gzip),
    ratio(gzip, size),
    duration(ms),
  ]);
  return table(EXTENSIONS, cells, width, out.dim);
}

const LARGEST: readonly Column[] = [
  { title: 'bytes', align: 'right' },
  { title: 'gzipped', align: 'right' },
  { title: 'largest files', shrink: 'end' },
];

function largestFiles(catalogue: Catalogue, width: number): string[] {
  const files = largest(catalogue.files.values(), MOST_FILES);
  if (files.length === 0) return [];
  const cells = files.map(({ bytes: size, gzip, path }) => [bytes(size), bytes(gzip), shownPath(path)]);
  return table(LARGEST, cells, width, out.dim);
}

const DUPLICATES: readonly Column[] = [
  { title: 'wasted', align: 'right' },
  { title: 'copies', align: 'right' },
  { title: 'each', align: 'right' },
  { title: 'the first of them', shrink: 'end' },
];

function duplicates(catalogue: Catalogue, width: number): string[] {
  const groups = duplicatesIn(catalogue.files.values());
  if (groups.length === 0) return [out.dim('no two files have the same content')];
  const wasted = groups.reduce((sum, group) => sum + group.wasted, 0);
  const head = `${plural(groups.length, 'group')} of files with the same content, ${bytes(wasted)} wasted`;
  const cells = groups
    .slice(0, MOST_GROUPS)
    .map((group) => [bytes(group.wasted), count(group.paths.length), bytes(group.bytes), first(group.paths)]);
  return [head, ...table(DUPLICATES, cells, width, out.dim)];
}

const FAILURES: readonly Column[] = [
  { title: 'failed', align: 'right' },
  { title: 'reason' },
  { title: 'path', shrink: 'end' },
];

function failures(catalogue: Catalogue, width: number): string[] {
  const groups = failuresByReason(catalogue);
  if (groups.length === 0) return [];
  const cells = groups.flatMap(({ reason, paths }) =>
    paths.slice(0, MOST_PATHS).map((path, index) => {
      const isLast = index === MOST_PATHS - 1 && paths.length > MOST_PATHS;
      const more = isLast ? ` and ${count(paths.length - MOST_PATHS)} more` : '';
      return [
        index === 0 ? count(paths.length) : '',
        index === 0 ? printable(reason) : '',
        `${shownPath(path)}${more}`,
      ];
    }),
  );
  return table(FAILURES, cells, width, out.dim);
}

function ending(catalogue: Catalogue, { totals, jobsHere, heldAtMost }: ReportOptions): string[] {
  const here = jobsHere === catalogue.done ? '' : ` (${count(jobsHere)} of them in this part of the run)`;
  const failed = catalogue.failures.size;
  return [
    `${out.bold(plural(catalogue.done, 'job'))}${here} in ${duration(totals.seconds * 1000)}: ` +
      `${out.bold(`${count(Math.round(totals.jobsPerSecond))} jobs/s`)}, ${count(heldAtMost)} held at most, ` +
      `${failed === 0 ? 'none failed' : out.red(`${count(failed)} failed`)}`,
    out.dim(`sha256 of the sorted list: ${totals.sha256OfSortedList}`),
  ];
}

function first(paths: readonly RawPath[]): string {
  return paths[0] === undefined ? '' : shownPath(paths[0]);
}

function ratio(gzip: number, size: number): string {
  return size === 0 ? '–' : `${Math.round((gzip / size) * 100)} %`;
}
