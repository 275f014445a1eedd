import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { type ScriptName, script } from '../../src/backends/redis/scripts.ts';

const LUA = new URL('../../src/backends/redis/lua/', import.meta.url);

let scripts: ReadonlyMap<string, string> | undefined;

/**
 * What a request does, by its first words: for a script its own name, as `exchange`; for anything else the command, as `blpop`.
 */
export function commandName([command = '', second = '']: readonly string[]): string {
  const name = command.toLowerCase();
  if (name === 'evalsha') return scriptNames().get(second) ?? name;
  if (name === 'eval') return scriptNames().get(createHash('sha1').update(second, 'latin1').digest('hex')) ?? name;
  return name;
}

/** By hash. Read when first needed: most proxies carry a few of the scripts only. */
function scriptNames(): ReadonlyMap<string, string> {
  scripts ??= new Map(
    readdirSync(LUA, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name.replace(/\.lua$/, ''))
      .filter(isScript)
      .map((name) => [script(name).sha, name]),
  );
  return scripts;
}

// Each file of that folder is one script: scripts.ts reads them by these names.
function isScript(name: string): name is ScriptName {
  return name !== '';
}
