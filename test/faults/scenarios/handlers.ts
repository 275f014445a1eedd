// What handlers do to their worker.

import { scenario } from '../scenario.ts';

export const blockedLoop = scenario({
  name: 'a handler that blocks the event loop for twice its lease',
  short: { times: 1 },
  full: { times: 10 },
  run: async (stage, { times }) => {
    const application = await stage.application();
    // A worker that blocks tells nobody anything meanwhile.
    const workers = await stage.startWorkers(2, { echo: ['end', 'beating'], lease: 3_000, heartbeat: 1_000 });
    // Until its thread is there, a worker renews its lease by the loop that is to be blocked.
    await Promise.all(workers.map((worker) => worker.told('beating')));
    const load = await stage.load();
    for (let time = 0; time < times; time += 1) {
      // No lease may be lost by it: it hits neither a process nor the store.
      stage.fault('a blocked event loop', 'handler');
      const [id = ''] = await application.enqueue([{ deed: 'block', takes: 6_000, key: 'blocked', limit: 1 }]);
      await Promise.any(workers.map((worker) => worker.told('end', (end) => end.id === id)));
      await load.more(20);
    }
  },
});

export const neverReturns = scenario({
  name: 'a handler that never returns',
  patience: 60_000,
  short: { jobs: 12 },
  full: { jobs: 100 },
  run: async (stage, { jobs }) => {
    const application = await stage.application();
    await stage.startWorkers(2, { concurrency: 3 });
    const load = await stage.load();
    stage.fault('a handler that never returns', 'handler', jobs);
    // More than there are slots: each has to come free by its timeout.
    await application.enqueue(
      Array.from({ length: jobs }, () => ({ type: 'limited' as const, deed: 'hang' as const })),
    );
    await load.more(100);
  },
});

export const unhandledRejection = scenario({
  name: 'an unhandled rejection inside a handler',
  short: { jobs: 20 },
  full: { jobs: 500 },
  run: async (stage, { jobs }) => {
    const application = await stage.application();
    const workers = await stage.startWorkers(2, { echo: ['start', 'settled'] });
    const load = await stage.load();
    stage.fault('an unhandled rejection', 'handler', jobs);
    const ids = await application.enqueue(Array.from({ length: jobs }, () => ({ deed: 'reject' as const, takes: 20 })));
    await Promise.all(
      ids.map(async (id) => {
        // By its token: another worker may tell of the next run before this one is heard of.
        const isFirst = (event: { id: string; attempt: number }): boolean => event.id === id && event.attempt === 1;
        const { token } = await Promise.any(workers.map((worker) => worker.told('start', isFirst)));
        const settled = await Promise.any(
          workers.map((worker) => worker.told('settled', (event) => event.token === token)),
        );
        stage.claim(settled.outcome === 'retrying', `a run of ${id} that left a rejection was ${settled.outcome}`);
      }),
    );
    await load.more(20);
    stage.claim(
      workers.every(({ hasEnded }) => !hasEnded),
      'a worker ended by an unhandled rejection',
    );
  },
});

export const poison = scenario({
  name: 'a job that kills every process that runs it',
  patience: 60_000,
  short: { jobs: 1 },
  full: { jobs: 8 },
  run: async (stage, { jobs }) => {
    const application = await stage.application();
    const store = await stage.observe();
    await stage.startWorkers(2, { isKept: true });
    const load = await stage.load();
    for (let job = 0; job < jobs; job += 1) {
      const beside = { takes: 50, key: 'beside', limit: 3 };
      const [id = '', ...bystanders] = await application.enqueue([
        { deed: 'die', times: 99, takes: 50 },
        ...Array.from({ length: 5 }, () => beside),
      ]);
      let view = await store.find(id);
      while (view?.state !== 'failed') {
        await load.more(10);
        view = await store.find(id);
      }
      for (const bystander of bystanders) {
        const beside = await store.find(bystander);
        stage.claim(beside?.state !== 'failed', `${bystander} ran beside a poisonous job, and failed with it`);
      }
    }
  },
});

export const clockJump = scenario({
  name: 'the clock of a worker jumps by an hour',
  // On SQLite the clock of the workers' machine is the store's: there is no other.
  backends: ['redis'],
  short: { jumps: 3 },
  full: { jumps: 30 },
  run: async (stage, { jumps }) => {
    const application = await stage.application();
    const workers = await stage.startWorkers(2);
    const load = await stage.load();
    for (let jump = 0; jump < jumps; jump += 1) {
      stage.fault('a clock that jumps', 'clock');
      // Forward, backward, and true again.
      const hours = [1, -1, 0][jump % 3] ?? 0;
      stage.pick(workers).say(`clock ${hours * 3_600_000}`);
      await application.enqueue([
        { delay: 700 },
        { delay: 1_500 },
        { deed: 'throw', times: 2 },
        { deed: 'throw', times: 2, key: 'thrown', limit: 1 },
      ]);
      await load.more(30);
    }
  },
});
