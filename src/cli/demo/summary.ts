import { createHash } from 'node:crypto';
import type { Catalogue } from './catalogue.ts';
import { extensionOf, type RawPath, toBytes } from './paths.ts';
import type { FileResult } from './results.ts';

/** What `--json` prints. */
export interface Totals {
  readonly files: number;
  /** The catalogued directory itself is one of them. */
  readonly directories: number;
  readonly bytes: number;
  readonly gzipBytes: number;
  /** Files and directories that could not be read; they are not among the others. */
  readonly failed: number;
  /** Of this process's part, where a run was resumed. */
  readonly seconds: number;
  readonly jobsPerSecond: number;
  /** Over a line `<sha256>  <relative path>\n` for each file, sorted by path in byte order. */
  readonly sha256OfSortedList: string;
}

/** @param part how many jobs this process did, and in how many milliseconds */
export function totalsOf(catalogue: Catalogue, part: { readonly jobs: number; readonly ms: number }): Totals {
  const files = [...catalogue.files.values()];
  const seconds = part.ms / 1000;
  return {
    files: files.length,
    directories: catalogue.directories.size,
    bytes: sum(files, ({ bytes }) => bytes),
    gzipBytes: sum(files, ({ gzip }) => gzip),
    failed: catalogue.failures.size,
    seconds: Math.round(part.ms) / 1000,
    jobsPerSecond: Math.round((part.jobs / Math.max(seconds, 0.001)) * 10) / 10,
    sha256OfSortedList: hashOfList(files),
  };
}

function hashOfList(files: readonly FileResult[]): string {
  const hash = createHash('sha256');
  // A character is a byte here, so this is the order of the bytes.
  for (const { path, sha256 } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    hash.update(`${sha256}  `).update(toBytes(path)).update('\n');
  }
  return hash.digest('hex');
}

export interface ExtensionRow {
  readonly extension: string;
  readonly files: number;
  readonly bytes: number;
  readonly gzip: number;
  readonly ms: number;
}

/** By extension, the most bytes first; what comes after the first `most` is one row `others`. */
export function byExtension(files: Iterable<FileResult>, most: number): ExtensionRow[] {
  const groups = groupBy(files, ({ path }) => extensionOf(path));
  const rows = [...groups].map(([extension, group]) => rowOf(extension, group));
  rows.sort((a, b) => b.bytes - a.bytes || (a.extension < b.extension ? -1 : 1));
  // One row left over would take the place of the row `others` itself.
  if (rows.length <= most + 1) return rows;
  const rest = rows.slice(most).flatMap(({ extension }) => groups.get(extension) ?? []);
  return [...rows.slice(0, most), rowOf(`${rows.length - most} others`, rest)];
}

function rowOf(extension: string, files: readonly FileResult[]): ExtensionRow {
  return {
    extension,
    files: files.length,
    bytes: sum(files, ({ bytes }) => bytes),
    gzip: sum(files, ({ gzip }) => gzip),
    ms: sum(files, ({ ms }) => ms),
  };
}

export function largest(files: Iterable<FileResult>, most: number): FileResult[] {
  return [...files].sort((a, b) => b.bytes - a.bytes || (a.path < b.path ? -1 : 1)).slice(0, most);
}

/** Files with the same content. */
export interface Duplicates {
  readonly paths: readonly RawPath[];
  /** Of one of them. */
  readonly bytes: number;
  readonly wasted: number;
}

/** All groups of files with the same content, the most wasted bytes first. */
export function duplicatesIn(files: Iterable<FileResult>): Duplicates[] {
  return [...groupBy(files, ({ sha256 }) => sha256).values()]
    .filter((group) => group.length > 1)
    .map((group) => {
      const bytes = group[0]?.bytes ?? 0;
      return { paths: group.map(({ path }) => path).sort(), bytes, wasted: bytes * (group.length - 1) };
    })
    .sort((a, b) => b.wasted - a.wasted || b.paths.length - a.paths.length);
}

/** Why how many failed, the most frequent reason first. */
export function failuresByReason(catalogue: Catalogue): { reason: string; paths: readonly RawPath[] }[] {
  return [...groupBy(catalogue.failures.values(), ({ reason }) => reason)]
    .map(([reason, group]) => ({ reason, paths: group.map(({ path }) => path).sort() }))
    .sort((a, b) => b.paths.length - a.paths.length);
}

function groupBy<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

function sum<Item>(items: readonly Item[], numberOf: (item: Item) => number): number {
  return items.reduce((total, item) => total + numberOf(item), 0);
}
