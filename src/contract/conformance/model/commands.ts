import fc from 'fast-check';
import type { Due, NewJob } from '../../../core/envelope.ts';
import type { Extras, Unique } from '../../../core/extras.ts';
import type { JobFilter } from '../../../core/filter.ts';
import type { Keep } from '../../../core/keep.ts';
import type { Lock, StoredLock } from '../../../core/lock.ts';
import type { Outcome } from '../../../core/outcome.ts';
import { RATE_MARK } from '../../../core/rate.ts';
import type { OnConflict } from '../../../core/unique.ts';
import type { Claim, Counters, PauseReason, PauseTarget, QueueLimit } from '../../backend.ts';
import { HOUR, rate } from '../session.ts';

/**
 * One call of the contract, as data: what fast-check makes, shrinks and prints. What is made by earlier commands (claims,
 * workers, jobs) is named by a number, counted back from the newest and modulo how many there are.
 */
export type Command =
  | { readonly do: 'enqueue'; readonly jobs: readonly Enqueued[]; readonly repeat: boolean }
  | {
      readonly do: 'exchange';
      readonly worker: Which;
      readonly settle: readonly { readonly claim: Which; readonly outcome: Outcome }[];
      readonly claim: Claim | null;
      /** Where it settles nothing: it claims as one does who has waited for work. */
      readonly waits: boolean;
      readonly repeat: boolean;
    }
  | { readonly do: 'lock'; readonly claim: Which; readonly late: boolean; readonly repeat: boolean }
  | { readonly do: 'unlock'; readonly claim: Which; readonly repeat: boolean }
  | {
      readonly do: 'report';
      readonly reports: readonly { readonly claim: Which; readonly progress: string }[];
      readonly repeat: boolean;
    }
  | { readonly do: 'watch'; readonly watches: readonly { readonly job: number; readonly every: boolean }[] }
  | { readonly do: 'unwatch'; readonly jobs: readonly number[] }
  | { readonly do: 'register' }
  | { readonly do: 'renew'; readonly worker: Which; readonly lease: number }
  | { readonly do: 'retire'; readonly worker: Which }
  | {
      readonly do: 'relinquish';
      readonly worker: Which;
      readonly known: readonly Which[];
      readonly limit: number;
      readonly repeat: boolean;
    }
  | { readonly do: 'reclaim' | 'promote' | 'passGrants'; readonly limit: number }
  | { readonly do: 'unpark'; readonly types: readonly string[]; readonly limit: number }
  | { readonly do: 'cancel'; readonly job: number; readonly repeat: boolean }
  | { readonly do: 'cancelMany'; readonly filter: JobFilter; readonly most: number; readonly repeat: boolean }
  | { readonly do: 'retryFailed' | 'discard'; readonly jobs: readonly number[]; readonly repeat: boolean }
  | {
      readonly do: 'writeSchedule';
      readonly name: string;
      readonly as: 'found' | 'new' | 'other';
      readonly due: number | null;
      readonly job: Enqueued | null;
      readonly repeat: boolean;
    }
  | { readonly do: 'removeSchedule'; readonly name: string; readonly repeat: boolean }
  | { readonly do: 'releaseKey'; readonly type: string; readonly key: string; readonly repeat: boolean }
  | { readonly do: 'expire'; readonly failed: Keep; readonly limit: number }
  | { readonly do: 'pause'; readonly target: PauseTarget; readonly why: PauseReason; readonly repeat: boolean }
  | { readonly do: 'resume'; readonly target: PauseTarget; readonly repeat: boolean }
  | {
      readonly do: 'limitQueue';
      readonly queue: string;
      readonly limit: QueueLimit | null;
      readonly repeat: boolean;
    }
  | { readonly do: 'pauseRate'; readonly key: string; readonly until: Due; readonly repeat: boolean }
  | { readonly do: 'increment'; readonly counter: keyof Counters; readonly by: number; readonly repeat: boolean };

/** One of the workers that have a lease, or of the claims whose job is still its worker's; or of all that ever were. */
export interface Which {
  readonly back: number;
  readonly of: 'present' | 'all';
}

export type Enqueued = Omit<NewJob, 'id'> & {
  /** Take the id of an earlier job, which may be in the books still. */
  readonly again: number | null;
};

export const QUEUES = ['q1', 'q2', 'q3'];
export const RATES = ['r1', 'r2'];
export const KEYS = ['k1', 'k2', 'k3', ...RATES.map((key) => RATE_MARK + key)];
/** As many places as any lock of a job here has. */
export const MOST_PLACES = 3;
export const TYPES = ['t1', 't2'];
export const SCHEDULES = ['s1', 's2', 's3'];
export const UNIQUE_KEYS = ['u1', 'u2'];
const TAGS = ['x', 'y'];

/** The locks that a job gets late: always the same, so that a repeat is no change. */
export const LATE_LOCKS: readonly Lock[] = [{ key: 'k1', concurrency: 1 }];

type Weighted<Value> = readonly [weight: number, arbitrary: fc.Arbitrary<Value>];

export function weighted<Value>(...choices: readonly Weighted<Value>[]): fc.Arbitrary<Value> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** Plain objects, which print shorter than those without a prototype. */
export function record<Fields extends object>(fields: { [Name in keyof Fields]: fc.Arbitrary<Fields[Name]> }) {
  return fc.record(fields, { noNullPrototype: true });
}

export function lock(key: string, ...concurrencies: readonly number[]): fc.Arbitrary<Lock> {
  return record({ key: fc.constant(key), concurrency: fc.constantFrom(...concurrencies) });
}

/** Every step takes a millisecond at least: one of these rates has allowed the next job by then, the other never does. */
function pace(key: string): fc.Arbitrary<StoredLock> {
  const interval = fc.constantFrom(0.001, 0.001, HOUR);
  return fc.tuple(interval, fc.integer({ min: 1, max: MOST_PLACES })).map(([every, burst]) => rate(key, every, burst));
}

/** Mostly a single lock with few places, where there is the most to grant; but several, and wider ones, too. */
const locks = weighted<readonly StoredLock[] | null>(
  [2, fc.constant([])],
  [8, fc.tuple(lock('k1', 1, 1, 2))],
  [3, fc.tuple(lock('k2', 1, 2, 3))],
  [3, fc.tuple(lock('k1', 1, 2), lock('k2', 1))],
  [2, fc.tuple(lock('k1', 1), lock('k2', 1, 2), lock('k3', 1))],
  [2, fc.tuple(lock('k3', 1, 2))],
  [1, fc.tuple(pace('r1'))],
  [1, fc.tuple(lock('k1', 1, 2), pace('r1'))],
  [1, fc.tuple(lock('k1', 1), lock('k2', 1), pace('r1'), pace('r2'))],
  [2, fc.constant(null)],
);

const due = weighted<Due | undefined>(
  [6, fc.constant(undefined)],
  [1, fc.constant({ in: 0 })],
  [1, fc.constant({ at: 1_000 })],
  [1, fc.constant({ in: HOUR })],
);

/** A key that is taken for a millisecond is so for the rest of its call, and no longer. */
const unique = record<Unique>({
  key: fc.constantFrom(...UNIQUE_KEYS),
  while: fc.constantFrom<Unique['while']>('waiting', 'until done', 'until done', 1, HOUR),
});

/** Few priorities, so that there are many of each. */
const extras = weighted<Extras | undefined>(
  [8, fc.constant(undefined)],
  [4, record({ priority: fc.constantFrom(-1000, -1, 1, 2, 1000) })],
  [1, record({ tags: fc.subarray(TAGS, { minLength: 1 }) })],
  [1, record({ deadline: fc.constantFrom({ in: HOUR }, { at: 1_000 }) })],
  [1, record({ priority: fc.constantFrom(-1, 1), deadline: fc.constant({ in: 1 }), tags: fc.constant(TAGS) })],
  [4, record({ unique })],
  [2, record({ unique, priority: fc.constantFrom(-1, 1) })],
  [1, record({ unique, deadline: fc.constant({ in: HOUR }) })],
);

const onConflict = fc.constantFrom<OnConflict>('keep', 'replace', 'replace', 'extend', 'reject');

const enqueued: fc.Arbitrary<Enqueued> = record({
  again: fc.option(fc.nat(20), { freq: 8 }),
  type: fc.constantFrom(...TYPES),
  queue: fc.constantFrom(...QUEUES),
  payload: fc.constantFrom('{}', '[1, 2]', '"é"'),
  locks,
  due,
  extras,
  onConflict,
}).map(({ due, extras, onConflict, ...job }) => ({
  ...job,
  ...(due !== undefined && { due }),
  ...(extras !== undefined && { extras }),
  ...(extras?.unique !== undefined && { onConflict }),
}));

/** Every step takes a millisecond at least: what is kept for one has been so for long enough at the next. */
const keep = fc.constantFrom<Keep>(
  { for: 1, count: null },
  { for: HOUR, count: null },
  { for: null, count: 1 },
  { for: HOUR, count: 2 },
);

const words = fc.constantFrom('', 'why', '{');
const failure = record({ name: fc.constant('Error'), message: words });

const outcome = weighted<Outcome>(
  [3, fc.constant({ kind: 'completed' })],
  [1, record({ kind: fc.constant('completed'), keep })],
  [2, record({ kind: fc.constant('completed'), keep, result: fc.constantFrom('null', '{"é":[1]}') })],
  [2, record({ kind: fc.constant('snoozed'), due: fc.constantFrom({ in: 0 }, { in: HOUR }, { at: 1_000 }) })],
  [1, fc.constant({ kind: 'completed', counted: false })],
  [2, record({ kind: fc.constant('failed'), failure, counted: fc.boolean() })],
  [4, record({ kind: fc.constant('retry'), delay: fc.constantFrom(0, 0, 0, HOUR), failure, took: fc.nat(9) })],
  [4, fc.constant({ kind: 'released' })],
  [2, fc.constant({ kind: 'released', untried: true })],
  [2, record({ kind: fc.constant('parked'), reason: words })],
  [1, fc.constant({ kind: 'dead', reason: 'damaged' })],
  [1, fc.constant({ kind: 'cancelled' })],
);

const claim: fc.Arbitrary<Claim> = record({
  queues: fc.shuffledSubarray(QUEUES, { minLength: 1 }),
  count: fc.integer({ min: 1, max: 4 }),
  locks: weighted<Claim['locks']>([4, fc.constant('take')], [1, fc.constant('later')]),
});

const which: fc.Arbitrary<Which> = record({
  back: fc.nat(8),
  of: weighted<Which['of']>([6, fc.constant('present')], [1, fc.constant('all')]),
});

const filter = fc.constantFrom<JobFilter>(
  { type: 't1' },
  { queue: 'q2' },
  { lock: 'k1' },
  { tag: 'x' },
  { type: 't2', tag: 'y' },
  { queue: 'q1', lock: 'k2' },
);

const settlements = fc.array(record({ claim: which, outcome }), { maxLength: 4 });
const jobs = fc.array(enqueued, { maxLength: 6, size: 'max' });
const limit = fc.integer({ min: 1, max: 4 });
const perhapsClaim: fc.Arbitrary<Claim | null> = fc.option(claim, { freq: 6 });
const perhapsMade: fc.Arbitrary<Enqueued | null> = fc.option(
  enqueued.map(({ due: _, ...job }) => job),
  { freq: 3 },
);
export const repeat = fc.boolean();

const pauseTarget: fc.Arbitrary<PauseTarget> = fc.oneof(
  fc.constantFrom(...QUEUES).map((queue) => ({ queue })),
  fc.constantFrom(...TYPES).map((type) => ({ type })),
);
const pauseReason = record({ by: fc.constantFrom(null, 'ann'), reason: fc.constantFrom(null, 'why') });
const queueLimit: fc.Arbitrary<QueueLimit | null> = weighted<QueueLimit | null>(
  [1, fc.constant(null)],
  [
    2,
    record({
      concurrency: fc.constantFrom(null, 1, 2, 3),
      rate: fc.constantFrom(null, null, { concurrency: 1, interval: 0.001 }, { concurrency: 2, interval: HOUR }),
    }),
  ],
);

export const command = weighted<Command>(
  [10, record({ do: fc.constant('enqueue'), jobs, repeat })],
  [
    20,
    record({
      do: fc.constant('exchange'),
      worker: which,
      settle: settlements,
      claim: perhapsClaim,
      waits: weighted<boolean>([4, fc.constant(false)], [1, fc.constant(true)]),
      repeat,
    }),
  ],
  [3, record({ do: fc.constant('lock'), claim: which, late: fc.boolean(), repeat })],
  [2, record({ do: fc.constant('unlock'), claim: which, repeat })],
  [
    3,
    record({
      do: fc.constant('report'),
      reports: fc.array(record({ claim: which, progress: fc.constantFrom('0.5', '"é"') }), { maxLength: 3 }),
      repeat,
    }),
  ],
  [
    3,
    record({
      do: fc.constant('watch'),
      watches: fc.array(record({ job: fc.nat(12), every: fc.boolean() }), { maxLength: 4 }),
    }),
  ],
  [1, record({ do: fc.constant('unwatch'), jobs: fc.array(fc.nat(12), { maxLength: 3 }) })],
  [2, record({ do: fc.constant('register') })],
  [1, record({ do: fc.constant('renew'), worker: which, lease: fc.constantFrom(0, HOUR) })],
  [1, record({ do: fc.constant('retire'), worker: which })],
  [
    2,
    record({ do: fc.constant('relinquish'), worker: which, known: fc.array(which, { maxLength: 3 }), limit, repeat }),
  ],
  [3, record({ do: fc.constantFrom('reclaim', 'promote', 'passGrants'), limit })],
  [2, record({ do: fc.constant('unpark'), types: fc.shuffledSubarray(TYPES), limit })],
  [2, record({ do: fc.constant('cancel'), job: fc.nat(20), repeat })],
  [1, record({ do: fc.constant('cancelMany'), filter, most: fc.integer({ min: 1, max: 3 }), repeat })],
  [
    2,
    record({
      do: fc.constantFrom('retryFailed', 'discard'),
      jobs: fc.uniqueArray(fc.nat(12), { maxLength: 3 }),
      repeat,
    }),
  ],
  [
    1,
    record({
      do: fc.constant('releaseKey'),
      type: fc.constantFrom(...TYPES),
      key: fc.constantFrom(...UNIQUE_KEYS),
      repeat,
    }),
  ],
  [2, record({ do: fc.constant('expire'), failed: keep, limit })],
  [
    3,
    record({
      do: fc.constant('writeSchedule'),
      name: fc.constantFrom(...SCHEDULES),
      as: weighted<'found' | 'new' | 'other'>(
        [6, fc.constant('found')],
        [2, fc.constant('new')],
        [1, fc.constant('other')],
      ),
      // Before all clocks, and after.
      due: fc.constantFrom(null, 1_000, 2_000, 4_000_000_000_000),
      job: perhapsMade,
      repeat,
    }),
  ],
  [1, record({ do: fc.constant('removeSchedule'), name: fc.constantFrom(...SCHEDULES), repeat })],
  [
    1,
    record({
      do: fc.constant('increment'),
      counter: fc.constantFrom('successful', 'failed'),
      by: fc.integer({ min: 1, max: 9 }),
      repeat,
    }),
  ],
);

/** What an operator does beside: it makes everything else stand still for a while, so most sequences do without. */
export const controlled = weighted<Command>(
  [40, command],
  [1, record({ do: fc.constant('pause'), target: pauseTarget, why: pauseReason, repeat })],
  [2, record({ do: fc.constant('resume'), target: pauseTarget, repeat })],
  [2, record({ do: fc.constant('limitQueue'), queue: fc.constantFrom(...QUEUES), limit: queueLimit, repeat })],
  [
    1,
    record({
      do: fc.constant('pauseRate'),
      key: fc.constantFrom(...RATES),
      until: fc.constantFrom<Due>({ in: 0 }, { at: 1_000 }, { in: 0 }, { in: HOUR }),
      repeat,
    }),
  ],
);
