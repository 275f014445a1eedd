// What happens to the processes of workers: they die, are stopped and go on, are replaced, and want to lead.

import { systemClock } from '../../../src/runtime/clock.ts';
import { scenario } from '../scenario.ts';
import type { Order } from '../stage/application.ts';
import type { Stage } from '../stage/stage.ts';
import type { Child } from '../stage/worker-process.ts';

/** The worker that starts this job first. */
function whoStarts(stage: Stage, id: string): Promise<Child> {
  return Promise.any(
    stage.workers.map(async (worker) => {
      await worker.told('start', (start) => start.id === id);
      return worker;
    }),
  );
}

/** How long to wait for a worker to start one of some jobs before others are enqueued: they must not pile up. */
const PATIENCE = 4_000;

/** Enqueues jobs until this worker has started one of them. Returns its id. */
async function keepBusy(stage: Stage, worker: Child, order: Order): Promise<string> {
  const application = await stage.application();
  const ids = new Set<string>();
  const begun = worker.told('start', ({ id }) => ids.has(id));
  let isBegun = false;
  const told = begun.finally(() => {
    isBegun = true;
  });
  while (!isBegun) {
    for (const id of await application.enqueue(Array.from({ length: 12 }, () => order))) ids.add(id);
    await Promise.race([told, systemClock.sleep(PATIENCE)]);
  }
  return (await begun).id;
}

export const killMidJob = scenario({
  name: 'kill -9 of a worker in the middle of a job',
  short: { kills: 2 },
  full: { kills: 20 },
  run: async (stage, { kills }) => {
    const application = await stage.application();
    const load = await stage.load();
    for (let kill = 0; kill < kills; kill += 1) {
      await stage.startWorkers(kill === 0 ? 2 : 1, { echo: ['start'] });
      // It takes long enough to be met, and others behind it need its place.
      const long = { key: 'long', limit: 1, takes: 700 };
      const [first = ''] = await application.enqueue([long, { ...long, takes: 0 }, { ...long, takes: 0 }]);
      await stage.kill(await whoStarts(stage, first));
      await load.more(20);
    }
  },
});

export const killBeforeSettle = scenario({
  name: 'kill -9 between the effect of a handler and its settle',
  // The jobs of the key come one after another, and each takes a lease.
  patience: 120_000,
  short: { kills: 2 },
  full: { kills: 20 },
  run: async (stage, { kills }) => {
    const application = await stage.application();
    await stage.startWorkers(2, { isKept: true });
    const load = await stage.load();
    for (let kill = 0; kill < kills; kill += 1) {
      await application.enqueue([
        { key: 'late', limit: 1, takes: 20, deed: 'die-late' },
        { key: 'late', limit: 1 },
      ]);
      await load.more(60);
    }
  },
});

export const killInVolume = scenario({
  name: 'kill -9 of workers at random, under load',
  patience: 120_000,
  short: { redis: { kills: 3, jobs: 150 }, sqlite: { kills: 3, jobs: 100 } },
  full: { redis: { kills: 210, jobs: 1_000 }, sqlite: { kills: 110, jobs: 500 } },
  run: async (stage, size) => {
    const { kills, jobs } = size[stage.backend];
    await stage.startWorkers(4, { isKept: true, concurrency: 20 });
    // Some take long enough for a kill to come in the middle.
    const load = await stage.load({ together: 50, interval: 20, takes: 50, keys: 100 });
    for (let kill = 0; kill < kills; kill += 1) {
      await load.more(jobs);
      await stage.kill(stage.pick(stage.workers));
    }
  },
});

export const killWithDefaultLease = scenario({
  name: 'kill -9 of workers with the default lease',
  patience: 60_000,
  recovery: 17_000,
  short: { rounds: 1, victims: 1 },
  full: { rounds: 4, victims: 6 },
  run: async (stage, { rounds, victims }) => {
    const application = await stage.application();
    const options = { lease: 15_000, heartbeat: 5_000, concurrency: 2, echo: ['start'] };
    for (let round = 0; round < rounds; round += 1) {
      const doomed = await stage.startWorkers(victims, { ...options, concurrency: 1 });
      // Each has one in its hands that does not come back by itself.
      const ids = await application.enqueue(doomed.map(() => ({ deed: 'hang' })));
      const who = await Promise.all(ids.map((id) => whoStarts(stage, id)));
      if (round === 0) await stage.startWorkers(2, options);
      // Killed at another moment of its heartbeat each.
      for (const worker of who) {
        await systemClock.sleep(stage.random() * 1_000);
        await stage.kill(worker);
      }
      await Promise.all(ids.map((id) => whoStarts(stage, id)));
    }
  },
});

/** How long a worker is stopped at most, in milliseconds. */
const STOPPED = 10_000;

export const pause = scenario({
  name: 'SIGSTOP of a worker for longer than its lease, then SIGCONT',
  short: { times: 1 },
  full: { times: 10 },
  run: async (stage, { times }) => {
    const echo = ['start', 'reclaimed', 'lost', 'stale'];
    await stage.startWorker({ echo });
    const load = await stage.load();
    for (let time = 0; time < times; time += 1) {
      const sleeper = await stage.startWorker({ echo });
      const id = await keepBusy(stage, sleeper, { takes: 300 });
      stage.fault('SIGSTOP', sleeper.name);
      sleeper.signal('SIGSTOP');
      // One that is stopped in the middle of a write to a SQLite file has its lock: all wait for it to go on.
      // Whoever leads tells of it.
      const others = stage.workers.filter((worker) => worker !== sleeper);
      const isTaken = Promise.any(
        others.map((other) => other.told('reclaimed', (reclaimed) => reclaimed.id === id)),
      ).then(() => true);
      const hasLock = systemClock.sleep(STOPPED).then(() => false);
      const isLost = await Promise.race([isTaken, hasLock]);
      stage.claim(isLost || stage.backend === 'sqlite', `${id} was not reclaimed from a stopped worker`);
      if (!isLost) {
        // No one else could renew a lease meanwhile.
        stage.fault('SIGSTOP in the middle of a write', 'store');
        stage.note('a worker was stopped in the middle of a write to the file: all waited for it');
      }
      sleeper.signal('SIGCONT');
      if (isLost) await Promise.any([sleeper.told('lost'), sleeper.told('stale')]);
      await load.more(20);
    }
  },
});

export const leadershipRace = scenario({
  name: 'two managers that lead at the same time',
  short: { rounds: 3 },
  full: { rounds: 40 },
  run: async (stage, { rounds }) => {
    const application = await stage.application();
    const workers = await stage.startWorkers(4);
    // Delayed jobs, and those of dead workers, are the leader's business.
    const load = await stage.load({ takes: 5 });
    for (let round = 0; round < rounds; round += 1) {
      await application.enqueue(Array.from({ length: 20 }, (_, at) => ({ delay: at * 40, key: `due-${at % 3}` })));
      // Stopped for longer than leadership lasts, and not for so long that a lease ends: whichever led believes that it still does.
      const sleeper = workers[round % workers.length];
      if (sleeper === undefined) continue;
      const victim = await stage.startWorker({ echo: ['start'] });
      await keepBusy(stage, victim, { takes: 200 });
      stage.fault('SIGSTOP of a leader', sleeper.name);
      sleeper.signal('SIGSTOP');
      await stage.kill(victim);
      await systemClock.sleep(900);
      sleeper.signal('SIGCONT');
      await load.more(20);
    }
  },
});

export const deploys = scenario({
  name: 'a rolling deploy: old beside new, SIGTERM for the old',
  short: { rounds: 2 },
  full: { rounds: 20 },
  run: async (stage, { rounds }) => {
    const load = await stage.load({ takes: 50 });
    let running = await stage.startWorkers(2, { echo: ['start'], grace: 300 });
    for (let round = 0; round < rounds; round += 1) {
      const [old] = running;
      if (old === undefined) break;
      await keepBusy(stage, old, { takes: 600 });
      const next = await stage.startWorker({ echo: ['start'], grace: 300 });
      stage.fault('SIGTERM', old.name);
      const start = performance.now();
      old.signal('SIGTERM');
      const how = await old.ended;
      stage.measure('an old worker handed back and ended', performance.now() - start, 300 + 1_500);
      stage.claim(how === '0', `${old.name} ended with ${how} after SIGTERM: ${old.log}`);
      running = [...running.slice(1), next];
      await load.more(20);
    }
  },
});

export const secondSignal = scenario({
  name: 'SIGTERM twice',
  short: { times: 1 },
  full: { times: 10 },
  run: async (stage, { times }) => {
    const application = await stage.application();
    const load = await stage.load();
    for (let time = 0; time < times; time += 1) {
      // Alone, so that it has what no other would bring to an end.
      const worker = await stage.startWorker({ echo: ['start'] });
      const ids = await application.enqueue(Array.from({ length: 5 }, () => ({ deed: 'hang' as const })));
      await Promise.all(ids.map((id) => worker.told('start', (start) => start.id === id)));
      worker.signal('SIGTERM');
      await worker.told('stopping');
      stage.fault('SIGTERM twice', worker.name);
      const start = performance.now();
      worker.signal('SIGTERM');
      await worker.ended;
      stage.measure('the worker ended', performance.now() - start, 1_500);
      const isTold = ids.every((id) => worker.log.includes(id));
      stage.claim(isTold, `${worker.name} did not say that it hands back ${ids}: ${worker.log}`);
      const next = await stage.startWorker();
      await load.more(20);
      if (time === times - 1) continue;
      next.signal('SIGTERM');
      await next.ended;
    }
  },
});
