// What an idle manager asks of Redis: a count, by MONITOR, of what its clients send.

import { expect, onTestFinished, test } from 'vitest';
import { defineJob } from '../../src/core/job.ts';
import type { Manager } from '../../src/manager/manager.ts';
import { monitor, type Sent } from '../harness/monitor.ts';
import { type RedisServer, startRedis } from '../harness/redis-server.ts';
import { happened, run } from './stage.ts';

async function server(): Promise<RedisServer> {
  const started = await startRedis();
  onTestFinished(() => started.stop());
  return started;
}

function idleManager(url: string, queues = 1): Promise<{ manager: Manager }> {
  const handlers = Array.from({ length: queues }, (_, n) =>
    defineJob({ type: `type-${n}`, queue: `queue-${n}` }).handle(() => undefined),
  );
  return run({ backend: url, handlers });
}

/** What one manager renews at its start: on its main loop, and once more when its heartbeat thread is up. */
const RENEWALS = 2;

/**
 * Starts managers, waits until all is at rest, and gives what clients send from one check-in on up to another, so many later, and how
 * long that takes.
 */
async function sentBy(target: RedisServer, managers: number, queues: number, counted: number) {
  const sent: Sent[] = [];
  let [renewals, checkIns, end] = [0, 0, 0];
  const watched = monitor(target.port, (one) => {
    if (one.name === 'renew') renewals += 1;
    if (renewals < managers * RENEWALS) return false;
    if (one.name === 'check-in') checkIns += 1;
    // What the last thread begins with may come after its renewal.
    const skipped = 2 * managers;
    if (checkIns > skipped + counted) end = one.at;
    else if (checkIns > skipped) sent.push(one);
    return end > 0;
  });
  await expect.poll(() => target.cli('CLIENT', 'LIST')).toContain('cmd=monitor');
  for (let manager = 0; manager < managers; manager += 1) await idleManager(target.url, queues);
  await watched;
  return { sent, took: end - (sent[0]?.at ?? end) };
}

async function connections(target: RedisServer): Promise<number> {
  const list = await target.cli('CLIENT', 'LIST');
  // Not that of redis-cli, nor what may be left of the one that watched.
  return list.split('\n').filter((line) => !/ cmd=(client\|list|monitor) /.test(line)).length;
}

/** An idle manager of so many queues, alone. */
async function countsAlone(queues: number): Promise<void> {
  const target = await server();
  const { sent, took } = await sentBy(target, 1, queues, 5);
  // Five check-ins; and at most two of what comes once a minute.
  expect(sent.length, JSON.stringify(sent)).toBeLessThanOrEqual(7);
  // On a machine that is busy it takes longer, and never less.
  expect(took).toBeGreaterThan(5 * 1_990);
  expect(await connections(target)).toBe(4);
}

/** One beside another, which leads. */
async function countsOfTwo(): Promise<void> {
  const target = await server();
  // The check-ins of both.
  const { sent, took } = await sentBy(target, 2, 1, 10);
  expect(sent.length, JSON.stringify(sent)).toBeLessThanOrEqual(13);
  expect(took).toBeGreaterThan(4 * 1_990);
  expect(await connections(target)).toBe(8);
}

// All that they do is wait: so they do it side by side, each on a server of its own.
test('an idle manager of one queue or of fifty sends a command each two seconds, over four connections; one that does not lead sends no more', async () => {
  await Promise.all([countsAlone(1), countsAlone(50), countsOfTwo()]);
});

test('what another program pushes without a wake-up is found by a check-in', async () => {
  const target = await server();
  const { manager } = await idleManager(target.url);
  const completed = happened(manager, 'completed');
  await target.cli('RPUSH', 'wingman:queue:queue-0', '{"ID":"foreign","TypeName":"type-0","Job":null}');
  expect((await completed)[0]?.id).toBe('foreign');
});
