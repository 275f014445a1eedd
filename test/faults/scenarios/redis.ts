// What happens to the Redis server itself.

import { systemClock } from '../../../src/runtime/clock.ts';
import { MortalRedis } from '../../harness/mortal-redis.ts';
import { instant } from '../history/history.mjs';
import { scenario } from '../scenario.ts';
import type { Stage } from '../stage/stage.ts';

const ALWAYS = ['--appendonly', 'yes', '--appendfsync', 'always'];
const EVERY_SECOND = ['--appendonly', 'yes', '--appendfsync', 'everysec'];
/** With `everysec`, how old the newest write in the file may be, in microseconds: the server puts writing off while it syncs. */
const OLDEST_WRITE = 2_000_000;

/** How far a replica is behind that is not stopped, in microseconds. */
const BEHIND = 500_000;

/** Kills the server and starts it again. Returns the instants of both. */
async function killServer(stage: Stage, away: number): Promise<{ from: number; to: number }> {
  stage.fault('kill -9 of Redis', 'store');
  const from = instant();
  await stage.redis.kill();
  await systemClock.sleep(away);
  await stage.redis.restart();
  stage.healed('kill -9 of Redis');
  return { from, to: instant() };
}

export const killAlways = scenario({
  name: 'kill -9 of Redis, with appendfsync always',
  backends: ['redis'],
  redis: ALWAYS,
  short: { kills: 2 },
  full: { kills: 20 },
  run: async (stage, { kills }) => {
    await stage.startWorkers(3);
    const load = await stage.load();
    for (let kill = 0; kill < kills; kill += 1) {
      await load.more(60);
      await killServer(stage, stage.random() * 1_000);
    }
    await load.more(60);
  },
});

export const killEverySecond = scenario({
  name: 'kill -9 of Redis, with appendfsync everysec',
  backends: ['redis'],
  redis: EVERY_SECOND,
  short: { kills: 2 },
  full: { kills: 20 },
  run: async (stage, { kills }) => {
    await stage.startWorkers(3);
    const load = await stage.load();
    for (let kill = 0; kill < kills; kill += 1) {
      await load.more(60);
      const { from, to } = await killServer(stage, stage.random() * 1_000);
      stage.mayForget(from - OLDEST_WRITE, to);
    }
    await load.more(60);
  },
});

export const powerFailure = scenario({
  name: 'a power failure under Redis, with appendfsync everysec',
  backends: ['redis'],
  redis: [...EVERY_SECOND, '--auto-aof-rewrite-percentage', '0'],
  short: { failures: 2 },
  full: { failures: 20 },
  run: async (stage, { failures }) => {
    await stage.startWorkers(3);
    const load = await stage.load();
    for (let failure = 0; failure < failures; failure += 1) {
      await load.more(60);
      // What was written after this is not on the disk when the power goes.
      const from = instant();
      const onDisk = await stage.redis.written();
      await systemClock.sleep(200 + stage.random() * 800);
      stage.fault('a power failure under Redis', 'store');
      await stage.redis.kill();
      await stage.redis.forget(onDisk);
      await stage.redis.restart();
      stage.mayForget(from - OLDEST_WRITE, instant());
    }
    await load.more(60);
  },
});

export const failover = scenario({
  name: 'a failover to a replica that is behind',
  backends: ['redis'],
  redis: ['--repl-diskless-sync-delay', '0'],
  short: { times: 1 },
  full: { times: 20 },
  run: async (stage, { times }) => {
    await stage.startWorkers(3);
    const load = await stage.load();
    // Beside it, one that waits for the replica, and for nothing where there is none.
    const application = await stage.connect();
    await stage.load({ application, together: 2, isReplicated: true });
    for (let time = 0; time < times; time += 1) {
      const replica = await MortalRedis.start('--replicaof', '127.0.0.1', String(stage.redis.port));
      try {
        // It has all once it has the newest.
        while ((await application.enqueue([{ isReplicated: true }])).length === 0);
        await load.more(60);
        // What is written from now on, it does not have when it takes over.
        const from = instant();
        replica.pause();
        await systemClock.sleep(200 + stage.random() * 400);
        stage.fault('a failover', 'store');
        await stage.redis.kill();
        replica.resume();
        await stage.redis.succeedBy(replica);
        await stage.redis.restart();
        stage.mayForget(from - BEHIND, instant());
      } finally {
        await replica.end();
      }
    }
    await load.more(60);
  },
});

export const scriptsFlushed = scenario({
  name: 'scripts flushed, and a restart without them',
  backends: ['redis'],
  redis: ALWAYS,
  short: { flushes: 4 },
  full: { flushes: 60 },
  run: async (stage, { flushes }) => {
    await stage.startWorkers(3);
    const load = await stage.load();
    for (let flush = 0; flush < flushes; flush += 1) {
      await load.more(30);
      // It may cost nobody anything.
      stage.fault('SCRIPT FLUSH', 'scripts');
      await stage.redis.command('SCRIPT', 'FLUSH');
      if (flush % 4 === 3) await killServer(stage, 0);
    }
    await load.more(30);
  },
});

export const clientKill = scenario({
  name: 'CLIENT KILL of all connections every second',
  backends: ['redis'],
  short: { times: 4 },
  full: { times: 60 },
  run: async (stage, { times }) => {
    await stage.startWorkers(3);
    const load = await stage.load({ interval: 20 });
    for (let time = 0; time < times; time += 1) {
      await systemClock.sleep(1_000);
      stage.fault('CLIENT KILL of all', 'network');
      await stage.redis.command('CLIENT', 'KILL', 'TYPE', 'normal');
    }
    await load.more(30);
  },
});

export const stopped = scenario({
  name: 'SIGSTOP of Redis for longer than a lease',
  backends: ['redis'],
  short: { times: 1, length: 2_500 },
  full: { times: 10, length: 4_000 },
  run: async (stage, { times, length }) => {
    await stage.startWorkers(3, { echo: ['start'] });
    const load = await stage.load();
    for (let time = 0; time < times; time += 1) {
      await load.more(60);
      stage.fault('SIGSTOP of Redis', 'store');
      stage.redis.pause();
      await systemClock.sleep(length);
      stage.redis.resume();
      stage.measure('until work went on', await stage.untilWorkGoesOn(), 2_000);
    }
    await load.more(30);
  },
});

export const memoryFull = scenario({
  name: 'Redis at maxmemory',
  backends: ['redis'],
  short: { times: 1 },
  full: { times: 20 },
  run: async (stage, { times }) => {
    const application = await stage.application();
    const workers = await stage.startWorkers(2, { echo: ['settled'] });
    for (let time = 0; time < times; time += 1) {
      const ids = await application.enqueue(
        Array.from({ length: 60 }, (_, at) => ({ takes: 40, ...(at % 2 === 0 && { key: 'full', limit: 3 }) })),
      );
      // It costs no lease: what is there is claimed, renewed, settled and released as before.
      stage.fault('maxmemory', 'memory');
      await stage.redis.command('CONFIG', 'SET', 'maxmemory', '1');
      const refused = await application.enqueue([{}, { key: 'full', limit: 3 }]);
      stage.claim(refused.length === 0, `${refused.length} jobs were taken by a server whose memory is full`);
      await Promise.all(
        ids.map((id) => Promise.any(workers.map((worker) => worker.told('settled', (event) => event.id === id)))),
      );
      await stage.redis.command('CONFIG', 'SET', 'maxmemory', '0');
      const taken = await application.enqueue([{}]);
      stage.claim(taken.length === 1, 'a job was refused though there was memory again');
    }
  },
});

export const evictionPolicy = scenario({
  name: 'the eviction policy is changed while workers run',
  backends: ['redis'],
  short: { times: 1 },
  full: { times: 5 },
  run: async (stage, { times }) => {
    await stage.startWorkers(2);
    const load = await stage.load();
    for (let time = 0; time < times; time += 1) {
      await load.more(30);
      stage.fault('maxmemory-policy allkeys-lru', 'memory');
      await stage.redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
      await load.more(30);
      // Who starts now would be safe nowhere, and says so.
      const late = stage.workerProcess({});
      const how = await late.ended;
      stage.claim(how !== '0', `${late.name} started on a server that evicts`);
      stage.claim(late.log.includes('noeviction'), `${late.name} did not say what is wrong: ${late.log}`);
      await stage.redis.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    }
    await load.more(30);
  },
});
