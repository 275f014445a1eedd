import { describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../core/envelope.ts';
import type { Backend, ControlBackend, ResultStore, ScheduleStore } from '../backend.ts';
import { begin, newJob, Session } from './session.ts';
import type { Subject } from './subject.ts';

const call = { client: 'late', sequence: 1, floor: 1 };

const methods: Readonly<
  Record<
    Exclude<
      keyof Backend,
      'kind' | 'location' | 'maxPayload' | 'overlaps' | 'reopen' | 'close' | 'controls' | 'schedules' | 'results'
    >,
    Attempt
  > &
    Record<
      `controls.${keyof ControlBackend}` | `schedules.${keyof ScheduleStore}` | `results.${keyof ResultStore}`,
      Attempt
    >
> = {
  uniqueKeys: (backend) => backend.uniqueKeys.release(call, 'test', 'k'),
  enqueue: (backend) => backend.enqueue(call, [newJob('b')]),
  exchange: (backend, job) => backend.exchange(call, { worker: job.worker, settlements: [] }),
  lock: (backend, job) => backend.lock(call, job),
  unlock: (backend, job) => backend.unlock(call, job),
  register: (backend) => backend.register('w', 1),
  renew: (backend, job) => backend.renew(job.worker, 1),
  retire: (backend, job) => backend.retire(job.worker),
  reclaim: (backend) => backend.reclaim(1),
  relinquish: (backend) => backend.relinquish(call, 'w', [], 10),
  promote: (backend) => backend.promote(1),
  passGrants: (backend) => backend.passGrants(1),
  unpark: (backend) => backend.unpark(['test'], 1),
  find: (backend, job) => backend.find(job.id),
  peek: (backend) => backend.peek('q'),
  ahead: (backend, job) => backend.ahead(job.id, 1),
  size: (backend) => backend.size('q'),
  list: (backend) => backend.list({ state: 'failed' }, 0, 1),
  holders: (backend) => backend.holders('k'),
  deadLetters: (backend) => backend.deadLetters(0, 1),
  stats: (backend) => backend.stats(),
  now: (backend) => backend.now(),
  checkIn: (backend) => new Session(backend).checkIn(),
  resign: (backend) => backend.resign('w'),
  expire: (backend) => backend.expire({ for: 1, count: null }, 1),
  cancel: (backend, job) => backend.cancel(call, job.id),
  bulk: (backend, job) => backend.bulk.cancel(call, [job.id]),
  retryFailed: (backend, job) => backend.retryFailed(call, [job.id]),
  discard: (backend, job) => backend.discard(call, [job.id]),
  replicated: (backend) => backend.replicated(1, 1),
  diagnose: (backend) => backend.diagnose('full'),
  increment: (backend) => backend.increment(call, 'failed', 1),
  waitForCall: (backend) => backend.waitForCall({ worker: 'w', leads: true }, { timeout: 10 }),
  wait: (backend) => backend.wait(['q'], { timeout: 1 }),
  exchangeWhenWoken: (backend, job) => {
    const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
    return backend.exchangeWhenWoken(call, { worker: job.worker, settlements: [], claim }, { timeout: 1 });
  },
  'controls.pause': (backend) => backend.controls.pause(call, { queue: 'q' }, { by: null, reason: null }),
  'controls.resume': (backend) => backend.controls.resume(call, { queue: 'q' }),
  'controls.pauses': (backend) => backend.controls.pauses(),
  'controls.limitQueue': (backend) => backend.controls.limitQueue(call, 'q', null),
  'controls.queueLimits': (backend) => backend.controls.queueLimits(),
  'controls.pauseRate': (backend) => backend.controls.pauseRate(call, 'k', { in: 1 }),
  'controls.rate': (backend) => backend.controls.rate('k'),
  'schedules.find': ({ schedules }) => schedules.find('s'),
  'schedules.names': ({ schedules }) => schedules.names(0, 1),
  'schedules.due': ({ schedules }) => schedules.due(0, 1),
  'schedules.write': ({ schedules }) => schedules.write(call, { name: 's', due: null, text: '', replaces: null }),
  'schedules.remove': ({ schedules }) => schedules.remove(call, 's'),
  'results.report': (backend, job) => backend.results.report(call, [{ job, progress: '1' }]),
  'results.watch': (backend, job) => backend.results.watch('w', [{ id: job.id, every: true }]),
  'results.unwatch': (backend, job) => backend.results.unwatch('w', [job.id]),
  'results.news': (backend) => backend.results.news('w', { timeout: 1 }),
  'results.ended': (backend, job) => backend.results.ended(job.id),
};

type Attempt = (backend: Backend, job: ClaimedJob) => Promise<unknown>;

export function closedSuite(subject: Subject): void {
  describe('a closed backend', () => {
    for (const [name, attempt] of Object.entries(methods)) {
      it(`refuses ${name}, and says why`, async () => {
        const { session, backend } = await begin(subject);
        const worker = await session.worker();
        await session.enqueue(newJob('a'));
        const job = await session.take(worker, 'a');
        await backend.close();
        await expect(attempt(backend, job)).rejects.toMatchObject({ code: 'WINGMAN_BACKEND_CLOSED' });
      });
    }

    it('can be closed again, and at the same time', async () => {
      const { backend } = await begin(subject);
      await Promise.all([backend.close(), backend.close()]);
      await backend.close();
    });
  });

  describe('a backend', () => {
    it('says what and where it is', async () => {
      const { backend } = await begin(subject, { maxPayload: 12_345 });
      expect(backend.kind).toBe(subject.name);
      expect(backend.location).toMatch(new RegExp(`^${subject.name}:`));
      expect(backend.maxPayload).toBe(12_345);
    });
  });
}
