// One process's view of the jobs that it follows, on a store that can be made to fail.

import { expect, onTestFinished, test } from 'vitest';
import { open } from '../../src/backends/memory/index.ts';
import { type Listener, Watcher } from '../../src/client/watcher.ts';
import type { ResultStore } from '../../src/contract/backend.ts';
import { newJob, Session } from '../../src/contract/conformance/session.ts';
import { BackendError, WingmanError } from '../../src/core/errors.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { Latch } from '../manager/stage.ts';

/** A store whose calls are recorded, and may be made to fail or to wait. */
async function begin() {
  const memory = await open();
  const session = new Session(memory);
  const worker = await session.worker();
  const calls: [string, readonly string[]][] = [];
  let name = '';
  const before: { watch: () => Promise<void>; news: () => Promise<void> } = {
    watch: async () => {},
    news: async () => {},
  };
  const store: ResultStore = {
    report: (...args) => memory.results.report(...args),
    ended: (id) => memory.results.ended(id),
    watch: async (watcher, watches) => {
      name = watcher;
      calls.push(['watch', watches.map(({ id, every }) => `${id} ${every ? 'every' : 'end'}`)]);
      await before.watch();
      return memory.results.watch(watcher, watches);
    },
    unwatch: async (watcher, ids) => {
      calls.push(['unwatch', ids]);
      return memory.results.unwatch(watcher, ids);
    },
    news: async (watcher, options) => {
      calls.push(['news', []]);
      await before.news();
      return memory.results.news(watcher, options);
    },
  };
  const watcher = new Watcher(store, systemClock);
  onTestFinished(async () => {
    watcher.close();
    await memory.close();
  });
  const end = async (id: string): Promise<void> => {
    await session.settle(await session.take(worker, id), { kind: 'completed' });
  };
  const forget = (id: string): Promise<void> => memory.results.unwatch(name, [id]);
  return { session, watcher, calls, before, end, forget };
}

/** Follows a job to its end: the states that it was told, and what it rejects with. */
function follow(watcher: Watcher, id: string, every = false) {
  const states: (string | null)[] = [];
  const first = new Latch();
  let leave = (): void => {};
  const ended = new Promise<void>((resolve, reject) => {
    const listener: Listener = {
      every,
      told: (standing) => {
        states.push(standing?.state ?? null);
        first.open();
        if (standing === null || standing.state === 'completed') resolve();
      },
      failed: reject,
    };
    leave = watcher.watch(id, listener);
  });
  // It may end in another way once the test is over.
  ended.catch(() => undefined);
  return { states, ended, first: first.opened, leave: () => leave() };
}

test('what is asked for at once goes in one call, and all share one wait', async () => {
  const { session, watcher, calls, end } = await begin();
  const ids = ['a', 'b', 'c'];
  await session.enqueue(...ids.map((id) => newJob(id)));
  const follows = [...ids, 'a'].map((id) => follow(watcher, id));
  await Promise.all(follows.map(({ first }) => first));
  expect(calls).toEqual([
    ['news', []],
    ['watch', ['a end', 'b end', 'c end']],
  ]);
  for (const id of ids) await end(id);
  await Promise.all(follows.map(({ ended }) => ended));
  expect(follows.map(({ states }) => states.at(-1))).toEqual(['completed', 'completed', 'completed', 'completed']);
  // Of one that has ended nothing is to be told, so nobody needs to leave.
  expect(calls.map(([name]) => name)).not.toContain('unwatch');
});

test('one who wants to know more joins one who waits for the end, while the look is under way', async () => {
  const { session, watcher, calls, before, end } = await begin();
  await session.enqueue(newJob('a'));
  const looking = new Latch();
  const looked = new Latch();
  before.watch = () => {
    looking.open();
    return looked.opened;
  };
  const patient = follow(watcher, 'a');
  await looking.opened;
  const curious = follow(watcher, 'a', true);
  looked.open();
  await curious.first;
  await expect
    .poll(() => calls.filter(([name]) => name === 'watch'))
    .toEqual([
      ['watch', ['a end']],
      ['watch', ['a every']],
    ]);
  await end('a');
  await Promise.all([patient.ended, curious.ended]);
});

// All that is followed is looked at every 10 s, whatever happens: what a test waits for must come sooner.
const SOON = 5_000;

test.each([0, 1, 2, 3, 4, 5])(
  'one who asks for the next when told of one, %i turns later, is heard',
  { timeout: SOON },
  async (turns) => {
    const { session, watcher } = await begin();
    await session.enqueue(newJob('a'), newJob('b'));
    const { first } = follow(watcher, 'a');
    await first;
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    await follow(watcher, 'b').first;
  },
);

test('one who leaves is told nothing more, and the store is told when nobody is left', async () => {
  const { session, watcher, calls, end } = await begin();
  await session.enqueue(newJob('a'), newJob('b'));
  const [first, second] = [follow(watcher, 'a'), follow(watcher, 'a')];
  await second.first;
  first.leave();
  first.leave();
  await follow(watcher, 'b').first;
  expect(calls.map(([name]) => name)).not.toContain('unwatch');
  second.leave();
  await follow(watcher, 'b').first;
  expect(calls).toContainEqual(['unwatch', ['a']]);
  await end('a');
  expect([...first.states, ...second.states]).not.toContain('completed');
});

test.each(['watch', 'news'] as const)('an outage is waited out by %s', { timeout: SOON }, async (call) => {
  const { session, watcher, before, end } = await begin();
  await session.enqueue(newJob('a'));
  const fails = (times: number) => {
    let left = times;
    return async (): Promise<void> => {
      left -= 1;
      if (left >= 0) throw new BackendError('WINGMAN_BACKEND_UNREACHABLE', 'away', 'not done', { isTransient: true });
    };
  };
  before[call] = fails(2);
  const { ended, first } = follow(watcher, 'a');
  await first;
  await end('a');
  await ended;
});

test('after an outage all is looked at again: a store may have forgotten who watches', { timeout: SOON }, async () => {
  const { session, watcher, before, end, forget } = await begin();
  await session.enqueue(newJob('a'), newJob('b'));
  const { ended, first } = follow(watcher, 'a');
  await first;
  const hearing = new Latch();
  before.news = async () => {
    before.news = async () => {};
    hearing.open();
    await forget('a');
    await end('a');
    throw new BackendError('WINGMAN_BACKEND_UNREACHABLE', 'away', 'unknown', { isTransient: true });
  };
  // What happens to another one has the wait for news begin anew.
  const other = follow(watcher, 'b');
  await other.first;
  await session.cancel('b');
  await hearing.opened;
  await ended;
});

test('what cannot be mended is told, and one who asks again is heard', async () => {
  const { session, watcher, before, end } = await begin();
  await session.enqueue(newJob('a'));
  const broken = async (): Promise<never> => {
    throw new WingmanError('WINGMAN_BACKEND_FAILED', 'broken');
  };
  const whole = { ...before };
  before.news = broken;
  await expect(follow(watcher, 'a').ended).rejects.toMatchObject({ code: 'WINGMAN_BACKEND_FAILED' });
  before.news = whole.news;
  before.watch = broken;
  await expect(follow(watcher, 'a').ended).rejects.toMatchObject({ code: 'WINGMAN_BACKEND_FAILED' });
  before.watch = whole.watch;
  const { ended, first } = follow(watcher, 'a');
  await first;
  await end('a');
  await ended;
});

test('one that was closed tells everybody, and takes nobody more', async () => {
  const { session, watcher } = await begin();
  await session.enqueue(newJob('a'));
  const { ended, first } = follow(watcher, 'a');
  await first;
  watcher.close();
  watcher.close();
  const isClosed = { code: 'WINGMAN_BACKEND_CLOSED' };
  await expect(ended).rejects.toMatchObject(isClosed);
  expect(() => follow(watcher, 'a').leave()).not.toThrow();
  await expect(follow(watcher, 'a').ended).rejects.toMatchObject(isClosed);
});
