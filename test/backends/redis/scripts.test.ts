import { readdirSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { luaKeys } from '../../../src/backends/redis/keys.ts';
import { SCRIPTS, script } from '../../../src/backends/redis/scripts.ts';
import { startRedis } from '../../harness/redis-server.ts';

const folder = new URL('../../../src/backends/redis/lua/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.lua'));

/** Lua's own limit is 200 for a function; some are left for whoever adds the next feature. */
const MOST_LOCALS = 192;

function locals(source: string): number {
  const lines = source.split('\n').filter((line) => line.startsWith('local '));
  return lines.reduce((sum, line) => {
    if (line.startsWith('local function')) return sum + 1;
    return sum + (line.split('=')[0] ?? '').split(',').length;
  }, 0);
}

test('a script gets the keys that it names, and no others', () => {
  const keys = luaKeys("call('GET', TOKEN) call('DEL', job_key(id))");
  expect(keys.split('\n')).toEqual([
    'local ROOT = ARGV[1]',
    "local TOKEN = ROOT .. 'token'",
    "local function job_key(name) return ROOT .. 'job:' .. name end",
  ]);
});

test('the server takes every script, and none is at the limit of what Lua takes', async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  expect(files.sort()).toEqual(SCRIPTS.map((name) => `${name}.lua`).sort());
  for (const name of SCRIPTS) {
    const { source, sha } = script(name);
    expect(await server.cli('SCRIPT', 'LOAD', source), name).toBe(sha);
    expect(locals(source), name).toBeLessThan(MOST_LOCALS);
  }
});
