// What networks do between the processes and Redis.

import { systemClock } from '../../../src/runtime/clock.ts';
import { scenario } from '../scenario.ts';
import type { Stage } from '../stage/stage.ts';

/** The default lease. */
const LONG = { lease: 15_000, heartbeat: 5_000 };

type Direction = 'reply' | 'request';

async function lose(stage: Stage, direction: Direction, command: string, count: number): Promise<void> {
  const proxy = await stage.proxy();
  // Each is sent again until it comes through: half of them do.
  const drop = { command, count, chance: 0.5 };
  stage.fault(`lost ${direction} of ${command}`, 'store', count);
  const dropping = direction === 'reply' ? proxy.dropReplies(drop) : proxy.dropRequests(drop);
  await dropping.done;
}

function lostInEnqueue(direction: Direction) {
  return scenario({
    name: `lost ${direction} of an enqueue`,
    backends: ['redis'],
    patience: 60_000,
    short: { count: 20, applications: 2 },
    full: { count: direction === 'reply' ? 5_000 : 1_000, applications: 10 },
    run: async (stage, { count, applications }) => {
      const proxy = await stage.proxy();
      await stage.startWorkers(2, { concurrency: 20 });
      for (let number = 0; number < applications; number += 1) {
        const application = await stage.connect({ url: proxy.url });
        await stage.load({ application, together: 2, interval: 0, takes: 5 });
      }
      await lose(stage, direction, 'enqueue', count);
    },
  });
}

function lostInWorker(direction: Direction, command: 'exchange' | 'renew', what: string) {
  const most = command === 'exchange' ? 4_500 : 500;
  return scenario({
    name: `lost ${direction} of ${what}`,
    backends: ['redis'],
    patience: 60_000,
    short: { count: command === 'exchange' ? 20 : 5, workers: 3 },
    full: { count: direction === 'reply' ? most : most / 5, workers: 8 },
    run: async (stage, { count, workers }) => {
      const { url } = await stage.proxy();
      await stage.startWorkers(workers, { url });
      await stage.load({ together: 5, interval: 10, takes: 10 });
      await lose(stage, direction, command, count);
    },
  });
}

export const lostReplyOfEnqueue = lostInEnqueue('reply');
export const lostRequestOfEnqueue = lostInEnqueue('request');
export const lostReplyOfExchange = lostInWorker('reply', 'exchange', 'an exchange');
export const lostRequestOfExchange = lostInWorker('request', 'exchange', 'an exchange');
export const lostReplyOfHeartbeat = lostInWorker('reply', 'renew', 'a heartbeat');
export const lostRequestOfHeartbeat = lostInWorker('request', 'renew', 'a heartbeat');

export const halfOpen = scenario({
  name: 'half-open connections',
  backends: ['redis'],
  short: { times: 1 },
  full: { times: 6 },
  run: async (stage, { times }) => {
    const proxy = await stage.proxy();
    await stage.startWorkers(3, { url: proxy.url, echo: ['start'] });
    const load = await stage.load();
    for (let time = 0; time < times; time += 1) {
      await load.more(30);
      stage.fault('half-open', 'store');
      proxy.silence();
      // Those that there were stay silent; who notices and connects again is heard.
      proxy.heal();
      stage.measure('until a half-open connection was noticed', await stage.untilWorkGoesOn(), 10_000);
    }
  },
});

export const latency = scenario({
  name: 'two seconds of latency, with jitter',
  backends: ['redis'],
  patience: 60_000,
  short: { jobs: 10 },
  full: { jobs: 200 },
  run: async (stage, { jobs }) => {
    const proxy = await stage.proxy();
    await stage.startWorkers(3, { url: proxy.url, ...LONG, concurrency: 20 });
    const application = await stage.connect({ url: proxy.url });
    // It costs no lease.
    stage.fault('latency', 'network');
    proxy.delay({ base: 900, jitter: 200 });
    const load = await stage.load({ application, interval: 0 });
    await load.more(jobs);
  },
});

function outage(name: string, short: number, full: { times: number; length: number }, costsLeases: boolean) {
  return scenario({
    name,
    backends: ['redis'],
    patience: 60_000,
    short: { times: 1, length: short },
    full,
    run: async (stage, { times, length }) => {
      const proxy = await stage.proxy();
      await stage.startWorkers(3, { url: proxy.url, echo: ['start'], ...(!costsLeases && LONG) });
      const application = await stage.connect({ url: proxy.url });
      const load = await stage.load({ application, insist: true });
      for (let time = 0; time < times; time += 1) {
        await load.more(30);
        stage.fault('outage', costsLeases ? 'store' : 'network');
        proxy.down();
        await systemClock.sleep(length);
        proxy.heal();
        stage.healed('outage');
        stage.measure('until work went on', await stage.untilWorkGoesOn(), 2_000);
      }
      await load.more(30);
    },
  });
}

export const shortOutage = outage('an outage of one second', 1_000, { times: 20, length: 1_000 }, false);
export const longOutage = outage('an outage of a minute', 3_000, { times: 2, length: 60_000 }, true);
