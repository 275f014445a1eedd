// A wake-up that comes while an exchange is under way, which found nothing since it came before.

import { expect, test } from 'vitest';
import type { Backend } from '../../src/contract/backend.ts';
import { defineJob } from '../../src/core/job.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { enqueue, Latch, openStore, run, stores, storeUrl } from './stage.ts';

test.each(stores)(
  'on %s a job is started that came after a claim which found nothing, and before its reply',
  async (name) => {
    const store = await openStore(await storeUrl(name));
    const [started, release, claimed, goOn, second] = Array.from({ length: 5 }, () => new Latch());
    let isHeld = false;
    const backend: Backend = new Proxy(store, {
      get: (target, method) => {
        const own: unknown = Reflect.get(target, method);
        if (typeof own !== 'function') return own;
        return async (...args: unknown[]) => {
          const reply: unknown = await Reflect.apply(own, target, args);
          if (isHeld && method === 'exchange') {
            claimed?.open();
            await goOn?.opened;
          }
          // They would find the job as well, some time later.
          return method === 'checkIn' ? { ...Object(reply), hasWork: false } : reply;
        };
      },
    });
    const type = defineJob<number>({ type: 't' });
    const starts: number[] = [];
    const handler = type.handle(async (n) => {
      starts.push(n);
      if (n === 2) {
        second?.open();
        return;
      }
      started?.open();
      await release?.opened;
    });
    await enqueue(store, type.job(1));
    await run({ backend, handlers: [handler], concurrency: 1 });
    await started?.opened;
    isHeld = true;
    release?.open();
    await claimed?.opened;
    await enqueue(store, type.job(2));
    await systemClock.turn();
    goOn?.open();
    await second?.opened;
    expect(starts).toEqual([1, 2]);
  },
);
