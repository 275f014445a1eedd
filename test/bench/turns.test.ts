import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { Turns } from '../../bench/turns.mjs';

const script = fileURLToPath(new URL('turn-taker.mjs', import.meta.url));

/** Starts processes that each take so many turns, and tells in which order they took them. */
async function play(...counts: readonly number[]): Promise<readonly number[]> {
  const taken: number[] = [];
  const turns = new Turns(counts.length);
  await Promise.all(
    counts.map(async (count, at) => {
      const child = fork(script, [String(count)]);
      onTestFinished(() => void child.kill('SIGKILL'));
      const send = child.send.bind(child);
      child.send = (message: string) => {
        taken.push(at);
        return send(message);
      };
      turns.join(child);
      expect(await once(child, 'exit')).toEqual([0, null]);
    }),
  );
  return taken;
}

test('processes go on one at a time, in their order', async () => {
  expect(await play(3, 3, 3)).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
});

test('one that is done is waited for no more', async () => {
  expect(await play(1, 3, 2)).toEqual([0, 1, 2, 1, 2, 1]);
});

test('nor one that never came', async () => {
  const turns = new Turns(2);
  const child = fork(script, ['2']);
  onTestFinished(() => void child.kill('SIGKILL'));
  turns.join(child);
  turns.leave();
  expect(await once(child, 'exit')).toEqual([0, null]);
});
