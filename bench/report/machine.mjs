// On what, and with what, was measured. No names of machines or people.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { root } from '../../scripts/run.mjs';

const packages = ['bullmq', 'bee-queue', 'groupmq', 'graphile-worker', 'plainjob', 'ioredis'];

/** @param stores what `findStores` gave */
export function aboutMachine({ redis, postgres }) {
  const [cpu] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: output('git', ['rev-parse', '--short', 'HEAD']),
    cpu: cpu?.model.trim() ?? 'unknown CPU',
    cores: cpus().length,
    memory: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    redis: /v=([\d.]+)/.exec(output(redis.program, ['--version']))?.[1] ?? 'unknown',
    ...(postgres.folder !== undefined && {
      postgres: /[\d.]+/.exec(output(join(postgres.folder, 'postgres'), ['--version']))?.[0],
    }),
    versions: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
  };
}

function versionOf(name) {
  return JSON.parse(readFileSync(join(root, 'bench/node_modules', name, 'package.json'), 'utf8')).version;
}

function output(program, words) {
  try {
    return execFileSync(program, words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
