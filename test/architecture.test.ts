// Keeps src/ as docs/internals.md describes it: the rooms and who may import whom, no import cycles, no long files,
// time and output only where they belong. Each rule is first shown to catch a breach of it.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  ambientTime,
  forbiddenImports,
  importCycles,
  impureCore,
  loadedTooSoon,
  longFiles,
  printing,
  roomOf,
  strayClients,
  strayFiles,
  unresolvedImports,
} from './architecture/rules.ts';
import { readSource, readSources, type Source } from './architecture/sources.ts';

const root = join(import.meta.dirname, '..');
const sources = readSources(join(root, 'src'));

const longestFile = 400;
/** Files that are longer for a good reason: path from src/ → the reason. */
const excusedFiles = new Map<string, string>();

/** Files that exist only here. */
function files(texts: Record<string, string>): Source[] {
  return Object.entries(texts).map(([path, text]) => readSource(path, text));
}

test('there are sources to check', () => {
  expect(sources.length).toBeGreaterThan(0);
});

describe('rooms', () => {
  test('every file is in a room', () => {
    expect(strayFiles(files({ 'helpers/text.ts': '', 'text.ts': '', 'index.ts': '' }))).toEqual([
      'src/helpers/text.ts is in no room',
      'src/text.ts is in no room',
    ]);
    expect(strayFiles(sources)).toEqual([]);
  });

  test.each([
    ['index.ts', 'index'],
    ['core/cron/parse.ts', 'core'],
    ['backends/open.ts', 'backends'],
    ['backends/redis/keys.ts', 'backends/redis'],
    ['contract/backend.ts', 'contract'],
    ['contract/conformance/locks.ts', 'contract/conformance'],
  ])('%s belongs to %s', (path, room) => {
    expect(roomOf(path)).toBe(room);
  });

  test.each([
    ['a value', 'core/a.ts', "import { x } from '../runtime/b.ts';"],
    ['a type', 'core/a.ts', "import type { X } from '../contract/b.ts';"],
    ['an export', 'client/a.ts', "export { x } from '../manager/b.ts';"],
    ['everything', 'client/a.ts', "export * from '../manager/b.ts';"],
    ['a type by import()', 'inspector/a.ts', "type X = import('../client/b.ts').X;"],
    ['at run time', 'processors/inline.ts', "await import('../manager/b.ts');"],
    ['a sibling', 'backends/redis/a.ts', "import { x } from '../sqlite/b.ts';"],
    ['the opener of backends', 'backends/redis/a.ts', "import { x } from '../open.ts';"],
    ['one backend, where only their opener may', 'client/a.ts', "import { x } from '../backends/redis/b.ts';"],
    ['the suite', 'cli/a.ts', "import { x } from '../contract/conformance/b.ts';"],
    ['the testing room', 'cli/a.ts', "import { x } from '../testing/b.ts';"],
  ])('an import that is forbidden is found: %s', (_, path, text) => {
    expect(forbiddenImports(files({ [path]: text }))).toHaveLength(1);
  });

  test.each([
    ['its own room', 'core/a.ts', "import { x } from './b.ts';"],
    ['a room of its row', 'backends/redis/a.ts', "import { x } from '../../contract/b.ts';"],
    ['any room, from the command line', 'cli/a.ts', "import { x } from '../backends/sqlite/b.ts';"],
    ['in a comment', 'core/a.ts', "// import { x } from '../manager/b.ts';"],
    ['in a string', 'core/a.ts', "const example = `import { x } from '../manager/b.ts';`;"],
  ])('an import that is allowed is not: %s', (_, path, text) => {
    expect(forbiddenImports(files({ [path]: text }))).toEqual([]);
  });

  test('import only the rooms they may', () => {
    expect(forbiddenImports(sources)).toEqual([]);
  });
});

test('every relative import names a source file', () => {
  expect(unresolvedImports(files({ 'core/a.ts': "import { b } from './b.js';", 'core/b.ts': '' }))).toEqual([
    'src/core/a.ts imports src/core/b.js, which is not there',
  ]);
  expect(unresolvedImports(sources)).toEqual([]);
});

test('no file imports itself, over whatever others', () => {
  const circle = files({
    'core/a.ts': "import type { B } from './b.ts';",
    'core/b.ts': "export { c } from './c.ts';",
    'core/c.ts': "import { b } from './b.ts'; import './d.ts';",
    'core/d.ts': '',
  });
  expect(importCycles(circle)).toEqual(['core/b.ts → core/c.ts → core/b.ts']);
  expect(importCycles(files({ 'core/a.ts': "import './a.ts';" }))).toEqual(['core/a.ts → core/a.ts']);
  expect(importCycles(sources)).toEqual([]);
});

test(`no file has more than ${longestFile} lines`, () => {
  const [long, short] = ['x;\n'.repeat(longestFile + 1), 'x;\n'.repeat(longestFile)];
  const example = files({ 'core/a.ts': long, 'core/b.ts': short, 'backends/redis/lua/c.lua': long });
  expect(longFiles(example, longestFile, new Map([['core/a.ts', 'a table']]))).toEqual([
    `src/backends/redis/lua/c.lua has ${longestFile + 1} lines, and the limit is ${longestFile}`,
  ]);
  expect(longFiles(sources, longestFile, excusedFiles)).toEqual([]);
});

test('the core imports no package and nothing of Node', () => {
  const example = files({
    'core/a.ts': "import { join } from 'node:path'; import type { StandardSchemaV1 } from '@standard-schema/spec';",
    'core/b.ts': "import { StandardSchemaV1 } from '@standard-schema/spec';",
    'manager/c.ts': "import 'node:path';",
  });
  expect(impureCore(example)).toEqual([
    'src/core/a.ts imports node:path',
    'src/core/b.ts imports @standard-schema/spec',
  ]);
  expect(impureCore(sources)).toEqual([]);
});

test('a command loads what it runs, and nothing else', () => {
  const example = files({
    'cli/index.ts': "import './program.ts'; const { x } = await import('../manager/manager.ts');",
    'cli/program.ts': "import type { Y } from '../client/y.ts'; import './start.ts'; import './stats.ts';",
    'cli/start.ts': "import { Manager } from '../manager/manager.ts';",
    'cli/stats.ts': "import { pino } from 'pino';",
    'cli/alone.ts': "import '../manager/manager.ts';",
  });
  expect(loadedTooSoon(example)).toEqual([
    'src/cli/start.ts loads src/manager/manager.ts at the start of every command',
    'src/cli/stats.ts loads pino at the start of every command',
  ]);
  expect(loadedTooSoon(sources)).toEqual([]);
});

test('clocks and timers are taken from runtime', () => {
  const text = `
    const now = Date.now(); const today = new Date(); const text = Date();
    setTimeout(run, 1); globalThis.setInterval(run, 1); setImmediate(run);
    // Date.now() in a comment
    const then = new Date(now); socket.setTimeout(1); const doc = 'setTimeout(run, 1)';`;
  expect(ambientTime(files({ 'manager/a.ts': text }))).toEqual([
    'src/manager/a.ts uses Date.now',
    'src/manager/a.ts uses new Date()',
    'src/manager/a.ts uses Date()',
    'src/manager/a.ts uses setTimeout()',
    'src/manager/a.ts uses setInterval()',
    'src/manager/a.ts uses setImmediate()',
  ]);
  expect(ambientTime(files({ 'core/a.ts': "import { setTimeout } from 'node:timers/promises';" }))).toEqual([
    'src/core/a.ts imports node:timers/promises',
  ]);
  expect(ambientTime(files({ 'runtime/a.ts': text, 'cli/a.ts': text }))).toEqual([]);
  expect(ambientTime(sources)).toEqual([]);
});

test('only the command line prints', () => {
  expect(printing(files({ 'manager/a.ts': 'console.error(1);', 'cli/a.ts': 'console.log(1);' }))).toEqual([
    'src/manager/a.ts uses console',
  ]);
  expect(printing(sources)).toEqual([]);
});

test("each store's client is used in its backend alone", () => {
  const example = files({
    'backends/redis/connection.ts': "import { Redis } from 'ioredis';",
    'manager/a.ts': "import type { RedisOptions } from 'ioredis';",
    'backends/sqlite/connection.ts': "process.getBuiltinModule('node:sqlite'); await import('@photostructure/sqlite');",
    'backends/sqlite/other.ts': "import { DatabaseSync } from 'node:sqlite';",
  });
  expect(strayClients(example)).toEqual([
    'src/manager/a.ts imports ioredis',
    'src/backends/sqlite/other.ts names a SQLite package',
  ]);
  expect(strayClients(sources)).toEqual([]);
});

test('every entry of the package is a source file', () => {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const built = JSON.stringify([exports, bin]).match(/\.\/dist\/[^"]+\.js/g) ?? [];
  const missing = built
    .map((file) => file.replace('./dist/', 'src/').replace(/\.js$/, '.ts'))
    .filter((file) => !existsSync(join(root, file)));
  expect(built).not.toEqual([]);
  expect(missing).toEqual([]);
});
