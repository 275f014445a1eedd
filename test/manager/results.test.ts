import { expect, test } from 'vitest';
import { z } from 'zod';
import { open } from '../../src/backends/memory/index.ts';
import { type Backend, MOST_CHARACTERS } from '../../src/contract/backend.ts';
import { defineJob } from '../../src/core/job.ts';
import { enqueue, happened, Latch, run } from './stage.ts';

/** Of which two go into one step. */
const LARGE = Math.floor(MOST_CHARACTERS / 2.5);

test('results that end at once are settled in several steps where they are large, and in one where they are not', async () => {
  const memory = await open();
  const batches: number[][] = [];
  const backend: Backend = new Proxy(memory, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name !== 'exchange') return typeof value === 'function' ? value.bind(target) : value;
      return (...[call, request]: Parameters<Backend['exchange']>) => {
        const lengths = request.settlements.map(({ outcome }) =>
          outcome.kind === 'completed' ? (outcome.result?.length ?? 0) : -1,
        );
        if (lengths.length > 0) batches.push(lengths);
        return target.exchange(call, request);
      };
    },
  });
  const text = defineJob({ type: 'text', input: z.number(), output: z.string() });
  const [running, end] = [new Latch(), new Latch()];
  let left = 20;
  const handler = text.handle(async (length) => {
    left -= 1;
    if (left === 0) running.open();
    await end.opened;
    return 'x'.repeat(length - 2);
  });
  const { manager } = await run({ backend, handlers: [handler], concurrency: 20 });
  const sizes = [...Array<number>(10).fill(100), ...Array<number>(10).fill(LARGE)];
  const ids = await enqueue(backend, ...sizes.map((size) => text.job(size)));
  await running.opened;
  end.open();
  await happened(manager, 'completed', 20);
  expect(batches.flat().sort((a, b) => a - b)).toEqual(sizes);
  for (const batch of batches)
    expect(batch.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(MOST_CHARACTERS);
  expect(batches.length).toBeLessThanOrEqual(6);
  expect((await backend.find(ids[19] ?? ''))?.result).toHaveLength(LARGE);
});
