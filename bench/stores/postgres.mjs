// A PostgreSQL of one measurement's own: a server in a folder of its own on a free port, or a database of its own on the server that
// WINGMAN_BENCH_POSTGRES names.

import { execFile, spawn } from 'node:child_process';
import { accessSync, chownSync, constants, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './redis.mjs';

const run = promisify(execFile);

/** @returns what `startPostgres` needs, or why there is none */
export function findPostgres() {
  const url = process.env.WINGMAN_BENCH_POSTGRES;
  if (url) return { url };
  const folder = folders().find((place) => ['initdb', 'postgres'].every((name) => isProgram(join(place, name))));
  if (folder === undefined) {
    return {
      missing: 'no PostgreSQL: neither initdb and postgres in the usual places, nor a URL in WINGMAN_BENCH_POSTGRES',
    };
  }
  if (process.getuid?.() !== 0) return { folder };
  const user = unprivileged();
  return user === undefined
    ? { missing: 'PostgreSQL refuses to run as root, and there is no user nobody' }
    : { folder, user };
}

function folders() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  return [...(process.env.PATH ?? '').split(delimiter), ...versions.map((version) => join(debian, version, 'bin'))];
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function unprivileged() {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  const line = users.find((user) => user.startsWith('postgres:')) ?? users.find((user) => user.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}

export function startPostgres(found) {
  if (found.missing !== undefined) throw new Error(found.missing);
  return found.url === undefined ? startServer(found) : makeDatabase(found.url);
}

async function startServer({ folder: programs, user }) {
  const folder = await mkdtemp(join(tmpdir(), 'wingman-bench-'));
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const how = { cwd: folder, ...user };
  const remove = () => rm(folder, { recursive: true, force: true });
  let server;
  const killed = () => {
    server?.kill('SIGQUIT');
    // The server may write a last time.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  process.once('exit', killed);
  const port = await freePort();
  try {
    await run(join(programs, 'initdb'), ['-D', data, '-U', 'bench', '-A', 'trust', '--no-sync', '-E', 'UTF8'], how);
    // A commit does not wait for the disk, as with the Redis of this bench, which writes none.
    const settings = {
      listen_addresses: '127.0.0.1',
      port,
      unix_socket_directories: folder,
      synchronous_commit: 'off',
    };
    const words = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    server = spawn(join(programs, 'postgres'), ['-D', data, ...words], { ...how, stdio: ['ignore', 'ignore', 'pipe'] });
    await ready(server);
  } catch (error) {
    process.removeListener('exit', killed);
    server?.kill('SIGQUIT');
    await remove();
    throw error;
  }
  const exited = new Promise((resolve) => server.once('exit', resolve));
  return {
    url: `postgres://bench@127.0.0.1:${port}/postgres`,
    async stop() {
      server.kill('SIGQUIT');
      await exited;
      process.removeListener('exit', killed);
      await remove();
    },
  };
}

function ready(server) {
  return new Promise((resolve, reject) => {
    let printed = '';
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`postgres did not start:\n${printed}`)));
    server.stderr.setEncoding('utf8').on('data', (chunk) => {
      printed = (printed + chunk).slice(-10_000);
      if (printed.includes('ready to accept connections')) resolve();
    });
  });
}

async function makeDatabase(url) {
  const { default: pg } = await import('pg');
  const name = `wingman_bench_${process.pid}_${Date.now()}`;
  const tell = async (sql) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await tell(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { url: own.href, stop: () => tell(`DROP DATABASE ${name} WITH (FORCE)`) };
}
