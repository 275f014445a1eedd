// What happens to the processes of workers: they die, and are stopped and go on.

import { scenario } from '../scenario.ts';
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

export const pause = scenario({
  name: 'SIGSTOP of a worker for longer than its lease, then SIGCONT',
  short: { times: 1 },
  full: { times: 10 },
  run: async (stage, { times }) => {
    const application = await stage.application();
    const other = await stage.startWorker({ echo: ['reclaimed'] });
    const load = await stage.load();
    for (let time = 0; time < times; time += 1) {
      const sleeper = await stage.startWorker({ echo: ['start', 'lost', 'stale'] });
      const ids = await application.enqueue(Array.from({ length: 12 }, () => ({ takes: 300 })));
      const { id } = await sleeper.told('start', (start) => ids.includes(start.id));
      stage.fault('SIGSTOP', sleeper.name);
      sleeper.signal('SIGSTOP');
      await other.told('reclaimed', (reclaimed) => reclaimed.id === id);
      sleeper.signal('SIGCONT');
      await Promise.any([sleeper.told('lost'), sleeper.told('stale')]);
      await load.more(20);
    }
  },
});
