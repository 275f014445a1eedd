import type { Source } from './sources.ts';

/**
 * Who may import whom, as docs/internals.md shows it. `*` is any room but those in `onlyForTests`; `backends/*` is each
 * backend, and as a row of its own it is the same rule for each, so that no backend imports its sibling.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  core: [],
  contract: ['runtime', 'core'],
  'contract/conformance': ['contract', 'runtime', 'core'],
  runtime: ['core'],
  processors: ['runtime', 'core'],
  metrics: ['core'],
  'backends/*': ['contract', 'runtime', 'core'],
  // The files directly in src/backends/, which open any backend by its URL.
  backends: ['backends/*', 'contract', 'runtime', 'core'],
  // Recurring schedules: what they say, when they come, and what may be done to them.
  schedules: ['contract', 'runtime', 'core'],
  client: ['backends', 'inspector', 'schedules', 'runtime', 'contract', 'core'],
  inspector: ['contract', 'core'],
  scheduler: ['schedules', 'contract', 'runtime', 'core'],
  manager: ['backends', 'scheduler', 'schedules', 'processors', 'runtime', 'contract', 'core'],
  dashboard: ['inspector', 'metrics', 'core'],
  testing: ['backends/memory', 'client', 'processors', 'contract', 'core'],
  cli: ['*'],
  index: ['backends', 'manager', 'client', 'inspector', 'schedules', 'contract', 'core'],
};

const onlyForTests = ['testing', 'contract/conformance'];

/** The room a file belongs to: the folder below src/, except where a folder holds several rooms. */
export function roomOf(path: string): string {
  const [top = '', second, ...deeper] = path.split('/');
  if (second === undefined) return top.replace(/\.tsx?$/, '');
  if (top === 'contract' && second === 'conformance') return 'contract/conformance';
  if (top === 'backends' && deeper.length > 0) return `backends/${second}`;
  return top;
}

export function strayFiles(sources: readonly Source[]): string[] {
  return sources.filter(({ path }) => rowOf(roomOf(path)) === undefined).map(({ path }) => `src/${path} is in no room`);
}

export function forbiddenImports(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ relative, target }) => relative && !allows(roomOf(path), roomOf(target)))
      .map(({ target }) => `src/${path} imports src/${target}: ${roomOf(path)} may not import ${roomOf(target)}`),
  );
}

function allows(from: string, to: string): boolean {
  if (from === to) return true;
  const allowed = rowOf(from) ?? [];
  if (allowed.includes('*') && !onlyForTests.includes(to)) return true;
  return allowed.includes(to) || (to.startsWith('backends/') && allowed.includes('backends/*'));
}

function rowOf(room: string): readonly string[] | undefined {
  return mayImport[room.startsWith('backends/') ? 'backends/*' : room];
}

/** An import that names no file of ours would pass every other rule unseen. */
export function unresolvedImports(sources: readonly Source[]): string[] {
  const paths = new Set(sources.map(({ path }) => path));
  return sources.flatMap(({ path, imports }) =>
    imports
      .filter(({ relative, target }) => relative && !paths.has(target))
      .map(({ target }) => `src/${path} imports src/${target}, which is not there`),
  );
}

/** Cycles of files, type imports included: each as `a.ts → b.ts → a.ts`. */
export function importCycles(sources: readonly Source[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    for (const { relative, target } of byPath.get(path)?.imports ?? []) {
      if (relative) visit(target, [...trail, path]);
    }
    done.add(path);
  };
  for (const { path } of sources) visit(path, []);
  return cycles;
}

/** @param excused Paths from src/, each with the reason why the file may be longer. */
export function longFiles(sources: readonly Source[], limit: number, excused: ReadonlyMap<string, string>): string[] {
  return sources
    .filter(({ path, lines }) => lines > limit && !excused.has(path))
    .map(({ path, lines }) => `src/${path} has ${lines} lines, and the limit is ${limit}`);
}

/** The core is pure: the one package it names is types alone. */
export function impureCore(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path }) => roomOf(path) === 'core')
    .flatMap(({ path, imports }) =>
      imports
        .filter(({ relative }) => !relative)
        .filter(({ target, typeOnly }) => !(typeOnly && target === '@standard-schema/spec'))
        .map(({ target }) => `src/${path} imports ${target}`),
    );
}

const LATER_ROOMS = ['client', 'manager', 'processors', 'scheduler', 'schedules'];
const LATER_PACKAGES = ['croner', 'ioredis', 'jiti', 'pino'];

/** All commands are declared at every start: what one of them runs is imported when it runs. */
export function loadedTooSoon(sources: readonly Source[]): string[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const seen = new Set<string>();
  const visit = (path: string): string[] => {
    if (seen.has(path)) return [];
    seen.add(path);
    const atOnce = (byPath.get(path)?.imports ?? []).filter(({ typeOnly, isLater }) => !typeOnly && !isLater);
    return atOnce.flatMap(({ relative, target }) => {
      const room = relative ? roomOf(target) : '';
      const isLate = LATER_ROOMS.includes(room) || room.startsWith('backends/') || LATER_PACKAGES.includes(target);
      if (isLate) return [`src/${path} loads ${relative ? `src/${target}` : target} at the start of every command`];
      return relative ? visit(target) : [];
    });
  };
  return visit('cli/index.ts');
}

/** Time is handed in, as a clock, so that tests can be the clock. */
export function ambientTime(sources: readonly Source[]): string[] {
  const rooms = ['runtime', 'cli', 'contract/conformance'];
  return sources
    .filter(({ path }) => !rooms.includes(roomOf(path)))
    .flatMap(({ path, ambient, imports }) => [
      ...ambient.filter((name) => name !== 'console').map((name) => `src/${path} uses ${name}`),
      ...imports
        .filter(({ target }) => /^(node:)?timers(\/promises)?$/.test(target))
        .map(({ target }) => `src/${path} imports ${target}`),
    ]);
}

/** A library does not print: what there is to say goes to the log the application gave it. */
export function printing(sources: readonly Source[]): string[] {
  return sources
    .filter(({ path, ambient }) => roomOf(path) !== 'cli' && ambient.includes('console'))
    .map(({ path }) => `src/${path} uses console`);
}

/** Each store's client is named in its own backend only, and SQLite's two packages are chosen between in one file. */
export function strayClients(sources: readonly Source[]): string[] {
  const redis = sources.filter(({ imports }) => imports.some(({ target }) => /^ioredis(\/|$)/.test(target)));
  const sqlite = sources.filter(({ strings }) =>
    strings.some((text) => text === 'node:sqlite' || text === '@photostructure/sqlite'),
  );
  return [
    ...redis.filter(({ path }) => roomOf(path) !== 'backends/redis').map(({ path }) => `src/${path} imports ioredis`),
    ...sqlite
      .filter(({ path }, index) => roomOf(path) !== 'backends/sqlite' || index > 0)
      .map(({ path }) => `src/${path} names a SQLite package`),
  ];
}
