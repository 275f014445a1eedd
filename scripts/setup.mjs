// What a fresh clone lacks. Each `ensure…` looks first, and does nothing and says nothing when all is there, so that
// `npm run demo` and `npm test` can call them every time.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { npm, progress, root, run, runScript, ScriptError } from './run.mjs';

/** Refuses a Node.js older than package.json's `engines` asks for. */
export function ensureNode() {
  const wanted = readJson('package.json').engines.node.replace('>=', '');
  const [wantedMajor, wantedMinor] = wanted.split('.').map(Number);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new ScriptError(`Wingman needs Node.js ${wanted} or newer, and this is ${process.versions.node}.`);
}

/** Installs the dependencies when node_modules is missing or does not match package-lock.json. */
export function ensureInstalled() {
  if (isInstalled()) return;
  progress('installing dependencies (npm ci)');
  // Development dependencies are wanted whatever NODE_ENV says: the compiler is one.
  npm(['ci', '--include=dev']);
}

/**
 * Compares package-lock.json with the list npm keeps of what it installed. Contents and not times, because a checkout
 * changes a file's time without changing the file. What npm left out must be optional (made for another platform).
 */
function isInstalled() {
  let installed;
  try {
    installed = readJson('node_modules/.package-lock.json').packages;
  } catch {
    return false;
  }
  return Object.entries(readJson('package-lock.json').packages)
    .filter(([path]) => path !== '') // the project itself
    .every(([path, wanted]) => {
      const there = installed[path];
      return there ? there.version === wanted.version && there.integrity === wanted.integrity : wanted.optional;
    });
}

/** Builds dist/ when it is missing or was built from other sources. */
export function ensureBuilt() {
  runScript('build.mjs', '--if-stale');
}

/**
 * Finds a redis-server, or installs one from the system's packages, and returns its path. The tests find it, and
 * redis-cli where there is one, in WINGMAN_TEST_REDIS_SERVER and WINGMAN_TEST_REDIS_CLI.
 */
export function ensureRedis() {
  const server = findRedis() ?? installRedis();
  process.env.WINGMAN_TEST_REDIS_SERVER = server;
  const cli = onPath('redis-cli');
  if (cli) process.env.WINGMAN_TEST_REDIS_CLI ??= cli;
  return server;
}

function findRedis() {
  const chosen = process.env.WINGMAN_TEST_REDIS_SERVER;
  if (chosen) {
    if (isRedisServer(chosen)) return chosen;
    throw new ScriptError(`WINGMAN_TEST_REDIS_SERVER names no redis-server that starts: ${chosen}`);
  }
  const server = onPath('redis-server');
  if (server && isRedisServer(server)) return server;
  const checker = onPath('redis-check-rdb');
  return checker && asRedisServer(checker);
}

/**
 * Debian and Ubuntu put the server's binary into redis-tools, under the name of one of its other trades: it decides by
 * the name it is called by. The package with the usual name would also start a server on port 6379, which is the
 * user's and not ours to take.
 */
function asRedisServer(checker) {
  const folder = join(root, 'node_modules/.cache/redis');
  const link = join(folder, 'redis-server');
  if (isRedisServer(link)) return link;
  mkdirSync(folder, { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(checker, link);
  return isRedisServer(link) ? link : undefined;
}

const installers = [
  {
    manager: 'apt-get',
    commands: [
      ['apt-get', 'update'],
      // A machine just started may still be updating itself: wait for that instead of failing.
      ['apt-get', '-o', 'DPkg::Lock::Timeout=120', 'install', '-y', '--no-install-recommends', 'redis-tools'],
    ],
  },
  { manager: 'dnf', commands: [['dnf', 'install', '-y', 'redis']] },
  { manager: 'apk', commands: [['apk', 'add', '--no-cache', 'redis']] },
  { manager: 'brew', commands: [['brew', 'install', 'redis']], asUser: true },
];

function installRedis() {
  const installer = installers.find(({ manager }) => onPath(manager));
  if (!installer) throw needsRedis('no package manager known to this script was found');
  const { manager, commands, asUser } = installer;
  const prefix = asUser || process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  if (prefix.length > 0 && !onPath('sudo')) throw needsRedis(`${manager} needs root, and there is no sudo`);
  progress(`installing a redis-server for the tests (${manager})`);
  for (const command of commands) {
    const [program, ...args] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', ...command];
    try {
      run(program, args);
    } catch (error) {
      throw needsRedis(error.message);
    }
  }
  const server = findRedis();
  if (!server) throw needsRedis(`${manager} installed its package, and there is still no redis-server`);
  return server;
}

function needsRedis(why) {
  return new ScriptError(
    `The tests need a redis-server: put one on the PATH, or its path into WINGMAN_TEST_REDIS_SERVER.\n${why}`,
  );
}

function isRedisServer(path) {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
  return status === 0 && stdout.includes('server v=');
}

function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}
