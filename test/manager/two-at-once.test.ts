// Two exchanges that are under way at once must not fall into step: what follows the one goes out while the other's jobs run.

import { expect, test } from 'vitest';
import type { Backend } from '../../src/contract/backend.ts';
import { defineJob } from '../../src/core/job.ts';
import { enqueue, happened, makeManager, openStore } from './stage.ts';

const SLOTS = 10;
const JOBS = 200;

/** Says that it works beside the manager, and answers two calls at once where there are two. Notes what happens. */
function inPairs(store: Backend, notes: string[]): Backend {
  const held: (() => void)[] = [];
  const answer = (): void => {
    if (held.length === 2) notes.push('two replies');
    for (const release of held.splice(0)) release();
  };
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name === 'overlaps') return true;
      if (name !== 'exchange' || typeof value !== 'function') {
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return async (...args: unknown[]) => {
        notes.push('sent');
        const reply: unknown = await Reflect.apply(value, target, args);
        await new Promise<void>((resolve) => {
          held.push(resolve);
          if (held.length === 2) answer();
          // Where no other follows in this turn or the next few, there is none.
          else void turns(4).then(() => held.includes(resolve) && answer());
        });
        return reply;
      };
    },
  });
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('where two replies come together, what follows the first is sent before the jobs of the second begin', async () => {
  const notes: string[] = [];
  const backend = inPairs(await openStore('memory:'), notes);
  const type = defineJob({ type: 'small' });
  await enqueue(backend, ...Array.from({ length: JOBS }, () => type.job()));
  const handler = type.handle(async () => void notes.push('ran'));
  const { manager } = makeManager({ backend, handlers: [handler], concurrency: SLOTS });
  const completed = happened(manager, 'completed', JOBS);
  void manager.start();
  await completed;

  const text = notes.join(' ');
  const batch = Array.from({ length: SLOTS / 2 }, () => 'ran').join(' ');
  const pairs = text.split('two replies ').slice(1);
  expect(pairs.length).toBeGreaterThan(10);
  // The last ones find less.
  for (const after of pairs.slice(0, -2)) expect(after).toMatch(new RegExp(`^${batch} sent ${batch} sent`));
});
