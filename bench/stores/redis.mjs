// A redis-server of one measurement's own: on a free port, with nothing on disk.

import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @returns {Promise<{ url: string, stop(): Promise<void> }>} */
export async function startServer(program) {
  const folder = await mkdtemp(join(tmpdir(), 'wingman-bench-'));
  const port = await freePort();
  const words = [
    '--port',
    port,
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--slowlog-log-slower-than',
    '1000',
  ];
  const server = spawn(program, [...words, '--slowlog-max-len', '1000'].map(String), {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => server.once('exit', resolve));
  const killed = () => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', killed);
  await new Promise((resolve, reject) => {
    let printed = '';
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`redis-server did not start:\n${printed}`)));
    server.stdout.on('data', (chunk) => {
      printed += chunk;
      if (printed.includes('Ready to accept connections')) resolve();
    });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      server.kill('SIGKILL');
      await exited;
      process.removeListener('exit', killed);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function freePort() {
  const probe = createServer();
  await new Promise((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
