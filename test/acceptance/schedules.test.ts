// Real processes on a real store: whoever leads is killed, again and again, and each tick is fired once.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openBackend } from '../../src/backends/open.ts';
import { Stages } from '../../src/contract/stages.ts';
import { CanceledError } from '../../src/core/errors.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';

const LEADER = fileURLToPath(new URL('./leader.mjs', import.meta.url));
/** On each store; more with WINGMAN_FULL=1, since each takes as long as a leadership lasts. */
const KILLS = process.env.WINGMAN_FULL === '1' ? 5 : 2;

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

/** Processes that may lead, of which the one that does can be waited for. */
class Candidates {
  readonly #url: string;
  readonly #children = new Set<ChildProcess>();
  readonly #leading: ChildProcess[] = [];
  #heard: () => void = () => undefined;

  constructor(url: string) {
    this.#url = url;
  }

  spawn(): void {
    const child = spawn(process.execPath, [LEADER, this.#url], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#children.add(child);
    child.stdout.on('data', () => {
      this.#leading.push(child);
      this.#heard();
    });
  }

  /** Resolves with the next one that leads. */
  async leader(): Promise<ChildProcess> {
    for (;;) {
      const child = this.#leading.shift();
      if (child !== undefined) return child;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  async kill(child: ChildProcess): Promise<void> {
    this.#children.delete(child);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  async killAll(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.kill(child)));
  }
}

async function urlOf(kind: string): Promise<string> {
  if (kind === 'redis') return server.url;
  const folder = await mkdtemp(join(tmpdir(), 'wingman-schedules-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return `sqlite:${join(folder, 'jobs.db')}`;
}

test.each(['redis', 'sqlite'])(
  'on %s each tick is fired once, though its leaders are killed',
  { timeout: 120_000 },
  async (kind) => {
    const url = await urlOf(kind);
    const backend = await openBackend(url);
    onTestFinished(() => backend.close());
    const stages = new Stages(backend, { blockingTimeout: 500 });
    const candidates = new Candidates(url);
    onTestFinished(() => candidates.killAll());
    for (let process = 0; process < 3; process += 1) candidates.spawn();

    // Each job is run and forgotten at once: were its tick fired again, it would come again.
    const runs: string[] = [];
    const work = async (): Promise<boolean> => {
      try {
        const job = await stages.popJob('ticks');
        runs.push(job.id);
        await stages.clearJob(job.id);
        return true;
      } catch (error) {
        if (error instanceof CanceledError) return false;
        throw error;
      }
    };
    const enough = new AbortController();
    const working = (async () => {
      while (!enough.signal.aborted) await work();
    })();

    for (let kill = 0; kill < KILLS; kill += 1) {
      const leader = await candidates.leader();
      // Somewhere between two ticks, or in one.
      await systemClock.sleep(Math.random() * 1_500);
      candidates.spawn();
      await candidates.kill(leader);
    }
    await candidates.leader();
    const wanted = Date.now();
    const lastOf = (name: string): number => Math.max(...ticksOf(name));
    const ticksOf = (name: string): number[] =>
      runs.filter((id) => id.startsWith(`${name}:`)).map((id) => Date.parse(id.slice(name.length + 1)));
    while (!(lastOf('seconds') > wanted && lastOf('cron') > wanted)) await systemClock.sleep(20);
    await candidates.killAll();
    enough.abort();
    await working;
    while (await work());

    for (const [name, every] of [
      ['seconds', 1_000],
      ['cron', 2_000],
    ] as const) {
      const ticks = ticksOf(name).sort((a, b) => a - b);
      const [first = 0] = ticks;
      expect(ticks.length).toBeGreaterThan((KILLS * 1_500) / every);
      expect(ticks).toEqual(ticks.map((_, n) => first + n * every));
    }
  },
);
