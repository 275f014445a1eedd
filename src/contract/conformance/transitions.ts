import { describe, expect, it } from 'vitest';
import type { ClaimedJob } from '../../core/envelope.ts';
import { MOST_CRASHES, type Outcome } from '../../core/outcome.ts';
import { begin, completed, failed, HOUR, itIfAble, locks, newJob, released, retry, Session } from './session.ts';
import type { Ability, Store, Subject } from './subject.ts';
import { type Row, TransitionLog, tracked } from './tracked.ts';

/** Takes job `a` through one row of the table. */
type Scenario = (session: Session, store: Store) => Promise<unknown>;

const k = { locks: locks(['k', 1]) };
const kept: Outcome = { kind: 'completed', keep: { for: 1, count: null } };

async function processing(session: Session, fields: Parameters<typeof newJob>[1] = {}): Promise<ClaimedJob> {
  await session.enqueue(newJob('a', fields));
  return session.take(await session.worker(), 'a');
}

const settledAs =
  (outcome: Outcome): Scenario =>
  async (session) =>
    session.settle(await processing(session), outcome);

/** Leaves `holder` with the place of `k`, and `a` held for it. */
async function held(session: Session): Promise<ClaimedJob> {
  await session.enqueue(newJob('holder', k), newJob('a', k));
  const [holder] = await session.claim(await session.worker(), 2);
  if (holder === undefined) throw new Error('the holder should have come up');
  return holder;
}

/** Leaves `a` in processing with the place of `k`, and a job that was enqueued before it waiting for that place. */
async function youngerThanWaiter(session: Session): Promise<ClaimedJob> {
  await session.enqueue(newJob('older', { ...k, queue: 'other' }));
  const a = await processing(session, k);
  await session.claim(await session.worker(), 1, { queues: ['other'] });
  return a;
}

const scenarios: Readonly<Record<Row, Scenario>> = {
  'new → waiting: enqueued': (session) => session.enqueue(newJob('a')),
  'new → scheduled: scheduled': (session) => session.enqueue(newJob('a', { due: { in: HOUR } })),
  'new → dead: dead': async (session, store) => {
    await store.pushRaw('q', 'no envelope');
    await session.claim(await session.worker());
  },
  'scheduled → waiting: promoted': async (session) => {
    await session.settle(await processing(session), retry(0));
    await session.backend.promote(10);
  },
  'waiting → processing: claimed': (session) => processing(session),
  'waiting → held: held': (session) => held(session),
  'waiting → dead: dead': async (session, store) => {
    await session.enqueue(newJob('a'));
    await store.damage('a');
    await session.claim(await session.worker());
  },
  'held → waiting: granted': async (session) => session.settle(await held(session), completed),
  'held → dead: dead': async (session, store) => {
    const holder = await held(session);
    await store.damage('a');
    await session.settle(holder, completed);
  },
  'processing → held: held': async (session) => {
    await session.enqueue(newJob('holder', k), newJob('a', k));
    const jobs = await session.claim(await session.worker(), 2, { locks: 'later' });
    for (const job of jobs) await session.lock(job);
  },
  'processing → completed: completed': settledAs(completed),
  'processing → scheduled: retrying': settledAs(retry(HOUR)),
  'processing → failed: failed': settledAs(failed),
  'processing → scheduled: snoozed': settledAs({ kind: 'snoozed', due: { in: HOUR } }),
  'processing → failed: quarantined': async (session) => {
    await session.enqueue(newJob('a'));
    for (let crash = 1; crash <= MOST_CRASHES; crash += 1) {
      const worker = await session.worker();
      await session.take(worker, 'a');
      await session.vanish(worker);
    }
  },
  'processing → waiting: released': settledAs(released),
  'processing → held: released': async (session) => session.settle(await youngerThanWaiter(session), released),
  'processing → waiting: reclaimed': async (session) => session.vanish((await processing(session)).worker),
  'processing → held: reclaimed': async (session) => session.vanish((await youngerThanWaiter(session)).worker),
  'processing → parked: parked': settledAs({ kind: 'parked', reason: 'unknown type' }),
  'processing → dead: dead': settledAs({ kind: 'dead', reason: 'damaged' }),
  'processing → cancelled: cancelled': settledAs({ kind: 'cancelled' }),
  'waiting → parked: parked': async (session) => {
    await session.pause({ type: 'test' });
    await session.enqueue(newJob('a'));
    await session.claim(await session.worker());
  },
  'parked → waiting: unparked': async (session) => {
    await session.settle(await processing(session), { kind: 'parked', reason: 'unknown type' });
    await session.backend.unpark(['test'], 10);
  },
  'failed → waiting: retried': async (session) => {
    await session.settle(await processing(session), failed);
    await session.retryFailed('a');
  },
  'failed → discarded: discarded': async (session) => {
    await session.settle(await processing(session), failed);
    await session.discard('a');
  },
  'failed → discarded: expired': async (session) => {
    await session.settle(await processing(session), failed);
    await session.passed((await session.backend.now()) + 1);
    await session.backend.expire({ for: 1, count: null }, 10);
  },
  'completed → discarded: discarded': async (session) => {
    await session.settle(await processing(session), kept);
    await session.discard('a');
  },
  'completed → discarded: expired': async (session) => {
    await session.settle(await processing(session), kept);
    await session.passed((await session.backend.now()) + 1);
    await session.backend.expire({ for: HOUR, count: null }, 10);
  },
  'waiting → cancelled: cancelled': async (session) => {
    await session.enqueue(newJob('a'));
    await session.cancel('a');
  },
  'scheduled → cancelled: cancelled': async (session) => {
    await session.enqueue(newJob('a', { due: { in: HOUR } }));
    await session.cancel('a');
  },
  'held → cancelled: cancelled': async (session) => {
    await held(session);
    await session.cancel('a');
  },
  'parked → cancelled: cancelled': async (session) => {
    await session.settle(await processing(session), { kind: 'parked', reason: 'unknown type' });
    await session.cancel('a');
  },
};

const needs: Readonly<Partial<Record<Row, Ability>>> = {
  'new → dead: dead': 'pushRaw',
  'waiting → dead: dead': 'damage',
  'held → dead: dead': 'damage',
};

export function transitionsSuite(subject: Subject): void {
  describe('transitions', () => {
    for (const [row, scenario] of Object.entries(scenarios)) {
      const test = async (): Promise<void> => {
        const { backend, store } = await begin(subject);
        const log = new TransitionLog();
        await scenario(new Session(tracked(backend, log)), store);
        await log.check(backend);
        expect([...log.seen]).toContain(row);
      };
      const ability = Object.hasOwn(needs, row) ? Object.entries(needs).find(([name]) => name === row)?.[1] : undefined;
      if (ability === undefined) it(row, test);
      else itIfAble(subject, ability, row, test);
    }
  });
}
