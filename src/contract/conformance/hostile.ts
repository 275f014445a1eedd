import { describe, expect, it } from 'vitest';
import { begin, completed, HOUR, locks, newJob } from './session.ts';
import type { Subject } from './subject.ts';

const ids = ['__proto__', 'constructor', 'toString', '~', '-', '0', '-1', 'a:b:c', '..', 'x'.repeat(128), '1e3'];

/** Names that a queue or a type may have. */
const names = [
  '__proto__',
  'constructor',
  '{tag}',
  '{',
  '}{',
  'a:b',
  ':',
  '*',
  '%',
  '\\',
  '"quoted"',
  "it's",
  "'; DROP TABLE jobs; --",
  'ünïcödé',
  'ключ',
  '鍵🗝️',
  '\u{10ffff}',
  '\ufeff',
  '\u2028',
  ' ',
  ' padded ',
  'x'.repeat(128),
  '$1',
  '?1',
  '[1]',
];

/** Lock keys may have control characters besides, but no NUL. */
const keys = [...names, '\n', '\r\n', '\t', '\u0001', '\u001b[0m', 'x'.repeat(512)];

const payloads = [
  'null',
  '""',
  '0',
  '-0.0',
  '12345678901234567890123456789012345678901234567890',
  '9007199254740993',
  '1e400',
  '{"__proto__":{"admin":true}}',
  '{ "spaced" :  [ 1 ,\n2 ] }',
  '{"a":1,"a":2}',
  '[]',
  '{}',
  '[[[[]]],{}]',
  '"\\u0000\\ud800 \\n"',
  '"\u2028 ключ 🗝️ é e\u0301"',
  '"$1 ?1 :id %s \\\\"',
  `"${'\\"'.repeat(100)}"`,
];

function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

export function hostileSuite(subject: Subject): void {
  describe('hostile content', () => {
    it('takes ids of every kind', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      expect(await session.enqueue(...ids.map((id) => newJob(id, { locks: locks(['k', 100]) })))).toEqual(
        ids.map(() => 'enqueued'),
      );
      expect(await session.waiting()).toEqual(ids);
      for (const id of ids) expect((await backend.find(id))?.job.id).toBe(id);
      const claimed = await session.claim(worker, ids.length);
      expect(claimed.map(({ id }) => id)).toEqual(ids);
      expect([...(await session.holding('k'))].sort()).toEqual([...ids].sort());
      const { settled } = await session.exchange(
        worker,
        claimed.map((job) => ({ job, outcome: completed })),
      );
      expect(settled).toEqual(ids.map(() => 'settled'));
    });

    it('keeps payloads as they are, byte for byte', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...payloads.map((payload, index) => newJob(`job-${index}`, { payload })));
      expect((await backend.peek('q'))?.payload).toBe(payloads[0]);
      for (const [index, payload] of payloads.entries()) {
        expect((await backend.find(`job-${index}`))?.job.payload).toBe(payload);
      }
      const claimed = await session.claim(worker, payloads.length);
      expect(claimed.map(({ payload }) => payload)).toEqual(payloads);
    });

    it('takes a payload of 1 MiB', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const payload = JSON.stringify('é'.repeat((1_048_576 - 2) / 2));
      await session.enqueue(newJob('a', { payload }));
      const job = await session.take(worker, 'a');
      // Compared apart, since a difference would print a megabyte.
      expect(job.payload === payload).toBe(true);
      await session.settle(job, { kind: 'released' });
      expect((await backend.find('a'))?.job.payload === payload).toBe(true);
    });

    it('takes queues of every name', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...names.map((queue, index) => newJob(`job-${index}`, { queue })));
      const { queues } = await backend.stats();
      expect(queues.map(({ queue }) => queue).sort()).toEqual([...names].sort());
      for (const [index, queue] of names.entries()) {
        expect(await backend.size(queue)).toBe(1);
        expect(await backend.wait([queue], { timeout: HOUR })).toBe('woken');
        const job = await session.take(worker, `job-${index}`, queue);
        expect(job.queue).toBe(queue);
      }
    });

    it('takes types of every name', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      await session.enqueue(...names.map((type, index) => newJob(`job-${index}`, { type })));
      const parked = { kind: 'parked', reason: '{"why"}\n\u2028' } as const;
      const claimed = await session.claim(worker, names.length);
      expect(claimed.map(({ type }) => type)).toEqual(names);
      await session.exchange(
        worker,
        claimed.map((job) => ({ job, outcome: parked })),
      );
      expect((await backend.find('job-0'))?.reason).toBe(parked.reason);
      for (const [index, type] of names.entries()) {
        const { moves } = await backend.unpark([type], 10);
        expect(moves.map(({ id }) => id)).toEqual([`job-${index}`]);
      }
    });

    it('takes lock keys of every kind, and tells them apart', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const jobs = keys.flatMap((key, index) => [newJob(`a-${index}`, { locks: locks([key, 1]) })]);
      await session.enqueue(...jobs);
      const claimed = await session.claim(worker, keys.length);
      expect(claimed.map(({ locks }) => locks?.[0]?.key)).toEqual(keys);
      await session.enqueue(...keys.map((key, index) => newJob(`b-${index}`, { locks: locks([key, 1]) })));
      const { moves } = await session.exchange(worker, [], { queues: ['q'], count: 1, locks: 'take' });
      expect(moves.map(({ detail }) => detail)).toEqual(keys);
      for (const [index, key] of keys.entries()) {
        expect(await session.holding(key)).toEqual([`a-${index}`]);
        expect(await session.held(key)).toEqual([`b-${index}`]);
        expect((await backend.find(`b-${index}`))?.heldFor).toBe(key);
      }
      await session.exchange(
        worker,
        claimed.map((job) => ({ job, outcome: completed })),
      );
      expect(await session.waiting()).toEqual(keys.map((_, index) => `b-${index}`));
    });

    it('keeps the words of a failure as they are', async () => {
      const { session, backend } = await begin(subject);
      const worker = await session.worker();
      const message = [...names, '\u0000', '\ud800', 'x'.repeat(2_000)].join('\n');
      const failure = { name: '__proto__', message, code: '{}', cause: { name: '', message: '' } };
      await session.enqueue(newJob('a'));
      await session.settle(await session.take(worker, 'a'), { kind: 'failed', failure });
      const [found] = (await backend.find('a'))?.failures ?? [];
      // A lone surrogate has no form in UTF-8; what takes its place is the store's own choice.
      expect(wellFormed(found?.message ?? '')).toBe(wellFormed(message));
      expect(found).toMatchObject({ name: '__proto__', code: '{}', cause: { name: '', message: '' } });
    });

    it('takes workers of every name', async () => {
      const { session, backend } = await begin(subject);
      await session.enqueue(...names.map((_, index) => newJob(`job-${index}`)));
      for (const worker of names) {
        await backend.register(worker, HOUR);
        await session.claim(worker, 1);
      }
      expect((await backend.stats()).workers).toHaveLength(names.length);
      for (const [index, worker] of names.entries()) {
        expect(await backend.list({ state: 'processing', worker }, 0, 10)).toEqual([`job-${index}`]);
        await backend.retire(worker);
      }
      await backend.reclaim(100);
      expect((await backend.stats()).workers).toEqual([]);
    });
  });
}
