import type { ChildProcess } from 'node:child_process';
import { copyFile, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { killAtExit } from './kill-at-exit.ts';
import { spawnRedis } from './redis-server.ts';

/** A real redis-server that is killed, stopped and started again: always on the same port and in the same folder. */
export class MortalRedis {
  readonly port: number;
  readonly url: string;
  readonly #folder: string;
  readonly #settings: readonly string[];
  #server: ChildProcess;

  private constructor(port: number, folder: string, settings: readonly string[], server: ChildProcess) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#settings = settings;
    this.#server = server;
    killAtExit(server);
  }

  /** Starts one on a free port. `settings` are further words of its command line. */
  static async start(...settings: string[]): Promise<MortalRedis> {
    const folder = await mkdtemp(join(tmpdir(), 'wingman-redis-'));
    try {
      const { port, server } = await spawnRedis(folder, settings);
      return new MortalRedis(port, folder, settings, server);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends its process as a power failure of that process would, and resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#server.exitCode !== null || this.#server.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#server.once('exit', resolve));
    this.#server.kill('SIGKILL');
    await gone;
  }

  /** Starts it again on what is in its folder, and resolves when it is ready. */
  async restart(): Promise<void> {
    const { server } = await spawnRedis(this.#folder, this.#settings, this.port);
    killAtExit(server);
    this.#server = server;
  }

  /** How much it has handed to the system to be written to its append-only file, in bytes. */
  async written(): Promise<number> {
    return (await stat(await this.#log())).size;
  }

  /** While it is dead: cuts its append-only file, as a power failure does to what was not on the disk yet. */
  async forget(written: number): Promise<void> {
    await truncate(await this.#log(), written);
  }

  async #log(): Promise<string> {
    const folder = join(this.#folder, 'appendonlydir');
    const name = (await readdir(folder)).find((file) => file.endsWith('.incr.aof'));
    if (name === undefined) throw new Error('this server keeps no append-only file');
    return join(folder, name);
  }

  /** While it is dead: takes the data of another server, which was its replica, as if that were what has its address now. */
  async succeedBy(replica: MortalRedis): Promise<void> {
    await replica.command('REPLICAOF', 'NO', 'ONE');
    await replica.command('SAVE');
    await copyFile(join(replica.#folder, 'dump.rdb'), join(this.#folder, 'dump.rdb'));
  }

  /** Stops its process: connections stay, and nothing is answered. */
  pause(): void {
    this.#server.kill('SIGSTOP');
  }

  resume(): void {
    this.#server.kill('SIGCONT');
  }

  /** Sends one command over a connection of its own, and gives the reply. */
  async command(name: string, ...words: (string | number)[]): Promise<unknown> {
    const redis = new Redis(this.port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
    try {
      await redis.connect();
      return await redis.call(name, ...words);
    } finally {
      redis.disconnect();
    }
  }

  /** Ends it, and removes its folder. */
  async end(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
