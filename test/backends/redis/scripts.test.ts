import { readdirSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { Keys } from '../../../src/backends/redis/keys.ts';
import { SCRIPTS, type ScriptName, script } from '../../../src/backends/redis/scripts.ts';
import { startRedis } from '../../harness/redis-server.ts';

const folder = new URL('../../../src/backends/redis/lua/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.lua'));

/** Lua's own limit is 200 for a function; some are left for whoever adds the next feature. */
const MOST_LOCALS = 192;

const keys = new Keys('wingman');

/** The most local variables of a function that a script has. */
function locals(source: string): number {
  const parts = source.split('\nlocal function rest()\n').map((part) => {
    const lines = part.split('\n').filter((line) => line.startsWith('local '));
    return lines.reduce((sum, line) => {
      if (line.startsWith('local function')) return sum + 1;
      return sum + (line.split('=')[0] ?? '').split(',').length;
    }, 0);
  });
  return Math.max(...parts);
}

test('a script defines the keys and bounds that it names, each once, and no others', () => {
  const defined = (name: ScriptName): string[] =>
    [...script(name, keys).source.matchAll(/^local (?:function )?(\w+).* 'wingman:/gm)].map(([, key = '']) => key);
  expect(defined('retire')).toContain('WORKERS');
  expect(defined('retire')).not.toContain('PARKED');
  const named = defined('exchange');
  expect(named).toContain('GRANTS');
  expect(new Set(named).size).toBe(named.length);
});

test('the server takes every script, and none is at the limit of what Lua takes', async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  expect(files.sort()).toEqual(SCRIPTS.map((name) => `${name}.lua`).sort());
  for (const name of SCRIPTS) {
    const { source, sha } = script(name, keys);
    expect(await server.cli('SCRIPT', 'LOAD', source), name).toBe(sha);
    expect(locals(source), name).toBeLessThan(MOST_LOCALS);
  }
});

test('a prefix of any characters is the same in a script as elsewhere', async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const odd = new Keys('it\'s\\a{prefix}[]]"\u00e9');
  const { source } = script('increment', odd);
  await server.cli('EVAL', source, '1', odd.the('sequence'), 'c', '1', '1', 'failed', '7');
  expect(await server.cli('GET', odd.the('failedTotal'))).toBe('7');
});

/** They tell that a process is alive, and change nothing that a claim goes by. */
const UNDISTURBING = ['check-in', 'renew'];

test('every script that may change what a claim goes by says so', () => {
  for (const name of SCRIPTS) {
    const { source } = script(name, keys);
    const isHarmless = source.startsWith('#!lua flags=no-writes\n') || UNDISTURBING.includes(name);
    expect(source.includes("\ncall('INCR', DISTURBANCES)\n"), name).toBe(!isHarmless);
  }
});
