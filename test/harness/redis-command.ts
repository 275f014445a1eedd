import { createHash } from 'node:crypto';
import { Keys } from '../../src/backends/redis/keys.ts';
import { SCRIPTS, script } from '../../src/backends/redis/scripts.ts';

/**
 * What a request does, by its first words: for a script its own name, as `exchange`; for anything else the command, as `blpop`. Scripts
 * are of a prefix, which their first key tells.
 */
export function commandName([command = '', second = '', , key = '']: readonly (string | undefined)[]): string {
  const name = command.toLowerCase();
  if (name === 'evalsha') return scriptNames(key).get(second) ?? name;
  if (name !== 'eval') return name;
  return scriptNames(key).get(createHash('sha1').update(second, 'latin1').digest('hex')) ?? name;
}

const END = ':sequence';
const known = new Map<string, ReadonlyMap<string, string>>();

/** By hash. */
function scriptNames(key: string): ReadonlyMap<string, string> {
  if (!key.endsWith(END)) return new Map();
  let names = known.get(key);
  if (names === undefined) {
    const keys = new Keys(key.slice(0, -END.length));
    names = new Map(SCRIPTS.map((name) => [script(name, keys).sha, name]));
    known.set(key, names);
  }
  return names;
}
