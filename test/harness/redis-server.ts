import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { killAtExit } from './kill-at-exit.ts';

const run = promisify(execFile);

/** A real redis-server of a test's own, on a free port and in a folder of its own. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Runs redis-cli against it and gives its output, trimmed. */
  cli(...words: string[]): Promise<string>;
  /** Ends the server and removes its folder. */
  stop(): Promise<void>;
}

/** Starts a server; `settings` are further words of its command line, as `'--requirepass', 'secret'`. */
export async function startRedis(...settings: string[]): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'wingman-redis-'));
  try {
    const { server, port } = await spawnRedis(folder, settings);
    return describe(server, port, folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Starts a server that keeps its files in a folder, on this port or on a free one, and waits until it is ready. */
export async function spawnRedis(
  folder: string,
  settings: readonly string[],
  wanted?: number,
): Promise<{ server: ChildProcess; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted ?? (await freePort());
    const server = await tryStart(port, folder, settings);
    if (server !== null) return { server, port };
    // Another process took the port between our look and the server's.
    if (attempt === 5) throw new Error('redis-server did not start in 5 attempts');
  }
}

async function tryStart(port: number, folder: string, settings: readonly string[]): Promise<ChildProcess | null> {
  const words = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...settings];
  const server = spawn(process.env.WINGMAN_TEST_REDIS_SERVER ?? 'redis-server', words, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const isReady = await new Promise<boolean>((resolve, reject) => {
    let printed = '';
    server.once('error', reject);
    server.once('exit', () => resolve(false));
    server.stdout?.on('data', (chunk) => {
      printed += chunk;
      if (printed.includes('Ready to accept connections')) resolve(true);
    });
  });
  return isReady ? server : null;
}

function describe(server: ChildProcess, port: number, folder: string): RedisServer {
  // A test run that is killed must not leave a server behind.
  killAtExit(server);
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    cli: async (...words) => {
      const client = process.env.WINGMAN_TEST_REDIS_CLI ?? 'redis-cli';
      const { stdout } = await run(client, ['-h', '127.0.0.1', '-p', String(port), ...words]);
      return stdout.trim();
    },
    stop: async () => {
      if (server.exitCode === null && server.signalCode === null) {
        await new Promise((resolve) => {
          server.once('exit', resolve);
          server.kill('SIGKILL');
        });
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}
