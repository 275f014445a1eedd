// The backend goes away and comes back.

import { describe, expect, test } from 'vitest';
import { defineJob } from '../../src/core/job.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Outage, type Trouble } from './outage.ts';
import { enqueue, happened, Latch, makeManager, openStore, run, stores, storeUrl } from './stage.ts';

const FAILED = 'the exchange failed; trying on until it works';

describe.each(stores)('on %s', (name) => {
  test.each<Trouble>(['refused', 'lost', 'hangs'])(
    'an outage in which calls are %s loses nothing and does nothing twice',
    async (trouble) => {
      const store = await openStore(await storeUrl(name));
      const outage = new Outage(store);
      const runs = new Map<string, number>();
      const type = defineJob<number>({ type: 'n', lock: (n) => ({ key: `key ${n % 5}`, concurrency: 2 }) });
      const begun = [new Latch(), new Latch()];
      const handler = type.handle((_, { id }) => {
        runs.set(id, (runs.get(id) ?? 0) + 1);
        if (runs.size === 30) begun[0]?.open();
        if (runs.size === 90) begun[1]?.open();
      });
      const ids = await enqueue(store, ...Array.from({ length: 150 }, (_, n) => type.job(n)));
      const { manager, log } = makeManager({ backend: outage.backend, handlers: [handler], lease: '60s' });
      const completed = happened(manager, 'completed', 150);
      void manager.start();
      let tries = 0;
      for (const { opened } of begun) {
        await opened;
        outage.begin(trouble);
        // An outage that hangs meets one exchange; one that is refused meets its repetitions.
        tries += trouble === 'hangs' ? 1 : 3;
        await outage.hasMet('exchange', tries);
        outage.end();
      }
      await completed;
      await manager.stop();
      expect([...runs.keys()].sort()).toEqual([...ids].sort());
      expect([...runs.values()].every((count) => count === 1)).toBe(true);
      expect((await store.stats()).counters).toEqual({ successful: 150, failed: 0 });
      const lines = [FAILED, 'the exchange works again'].map((message) => log.of(message).length);
      expect(lines).toEqual(trouble === 'hangs' ? [0, 0] : [2, 2]);
    },
  );
});

test('an outage is told to the listeners of `error` once', async () => {
  const outage = new Outage(await openStore('memory:'));
  const type = defineJob({ type: 't' });
  const { manager, log } = await run({ backend: outage.backend, handlers: [type.handle(() => {})], pollInterval: 20 });
  const errors: unknown[] = [];
  manager.on('error', (error) => errors.push(error));
  outage.begin('refused');
  await outage.hasMet('exchange', 3);
  outage.end();
  expect(log.of(FAILED)).toHaveLength(1);
  // One for the exchange, and one at most for each daemon whose turn it was.
  expect(errors.length).toBe(log.lines.filter(({ message }) => message.endsWith('trying on until it works')).length);
  expect(errors[0]).toMatchObject({ code: 'WINGMAN_BACKEND_UNREACHABLE' });
});

test('a manager stops while its backend does not answer, and says what it leaves behind', async () => {
  const store = await openStore('memory:');
  const outage = new Outage(store);
  const type = defineJob({ type: 't' });
  const ran = new Latch();
  const [id = ''] = await enqueue(store, type.job());
  const handler = type.handle(async () => {
    // The wait for work has begun, and heeds its signal: it is the exchange that hangs.
    await systemClock.turn();
    outage.begin('hangs');
    ran.open();
  });
  const { manager, log, ended } = await run({ backend: outage.backend, handlers: [handler] });
  await ran.opened;
  await outage.hasMet('exchange', 1);
  await manager.stop();
  await ended;
  expect(
    log.of('the backend does not answer: what this worker still owns is left to the end of its lease'),
  ).toHaveLength(1);
  outage.end();
  // The reply was late, and the settlement was not.
  expect(await store.find(id)).toBeNull();
});
