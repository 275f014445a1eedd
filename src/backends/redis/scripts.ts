import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  CLAIM_BUDGET,
  GRANT_BUDGET,
  MOST_CHARACTERS,
  MOST_PASSES,
  MOST_WATCHERS,
  PASS_BUDGET,
  RESUMED_KEYS,
  WATCH_LEASE,
} from '../../contract/backend.ts';
import { ID_LENGTH } from '../../core/id.ts';
import { KEPT_ATTEMPTS, MOST_CRASHES } from '../../core/outcome.ts';
import { type Keys, luaKeys } from './keys.ts';
import { SEPARATOR } from './replies.ts';

/** One script for each transition, and one for each read that must see one moment. */
export const SCRIPTS = [
  'enqueue',
  'exchange',
  'lock',
  'unlock',
  'register',
  'renew',
  'retire',
  'reclaim',
  'relinquish',
  'promote',
  'pass-grants',
  'unpark',
  'expire',
  'check-in',
  'resign',
  'cancel',
  'retry-failed',
  'discard',
  'increment',
  'report',
  'watch',
  'unwatch',
  'mark',
  'pause',
  'resume',
  'limit-queue',
  'seat',
  'pause-rate',
  'has-work',
  'write-schedule',
  'remove-schedule',
  'due-schedules',
  'find',
  'ahead',
  'peek',
  'standing',
  'release-key',
  'stats',
] as const;

export type ScriptName = (typeof SCRIPTS)[number];

export interface Script {
  readonly source: string;
  readonly sha: string;
}

/** How many jobs a claim reads at once, which is so many that to read them in pieces costs next to nothing. */
const PIECE = 8;

const BOUNDS = Object.entries({
  ...{
    CLAIM_BUDGET,
    GRANT_BUDGET,
    PASS_BUDGET,
    MOST_PASSES,
    RESUMED_KEYS,
    KEPT_ATTEMPTS,
    MOST_CRASHES,
    MOST_CHARACTERS,
  },
  ...{ MOST_WATCHERS, WATCH_LEASE, ID_LENGTH, PIECE },
});

const CONSTANT_LINES = [
  ...BOUNDS.map(([name, value]) => [name, `local ${name} = ${value}`] as const),
  ['SEPARATOR', `local SEPARATOR = '\\${SEPARATOR.charCodeAt(0)}'`] as const,
];

/** By the prefix of the keys, and by name. */
const scripts = new Map<string, Map<ScriptName, Script>>();

/**
 * A script as the server gets it, with the keys of one prefix: the line with its flags, what it names, and the file with what it
 * includes.
 */
export function script(name: ScriptName, keys: Keys): Script {
  let own = scripts.get(keys.root);
  if (own === undefined) {
    own = new Map();
    scripts.set(keys.root, own);
  }
  let loaded = own.get(name);
  if (loaded === undefined) {
    const source = assemble(read(name), [...luaKeys(keys), ...CONSTANT_LINES]);
    loaded = { source, sha: createHash('sha1').update(source).digest('hex') };
    own.set(name, loaded);
  }
  return loaded;
}

/** What scripts name and do not say: keys, and bounds that the contract sets. */
type Names = readonly (readonly [name: string, line: string])[];

function assemble(file: string, names: Names): string {
  const [flags, ...lines] = file.split('\n');
  const [start = '', rest] = include(lines.join('\n'), new Set()).split('\n--@rest\n');
  const parts = [flags, preface(start, '', names), start];
  // What a script needs only where it goes on behind this mark is not made before; and a function has its own local variables.
  if (rest !== undefined)
    parts.push('local function rest()', preface(rest, start, names), rest, 'end', 'return rest()');
  return parts.join('\n');
}

/** Defines what a part of a script names, and no part before it did: a function of Lua has no more than 200 local variables. */
function preface(part: string, before: string, names: Names): string {
  const [named, known] = [wordsIn(part), wordsIn(before)];
  const lines = names.filter(([name]) => named.has(name) && !known.has(name)).map(([, line]) => line);
  return lines.join('\n');
}

function wordsIn(text: string): Set<string> {
  return new Set(text.match(/\w+/g));
}

/**
 * Puts in the shared pieces that a text asks for, and those that they ask for in their turn: what is included once, and what is put in
 * line, in the stead of a function, wherever it is asked for.
 */
function include(text: string, done: Set<string>): string {
  return text.replace(/^ *--@(include|inline) (\w+)$/gm, (_, how: string, shared: string) => {
    if (how === 'inline') return read(`shared/${shared}`);
    if (done.has(shared)) return '';
    done.add(shared);
    return include(read(`shared/${shared}`), done);
  });
}

function read(name: string): string {
  return readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
}
