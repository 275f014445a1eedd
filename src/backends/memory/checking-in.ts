import type { CheckedIn, CheckIn } from '../../contract/backend.ts';
import type { Keep } from '../../core/keep.ts';
import type { Books } from './books.ts';
import type { Desk } from './desk.ts';
import { byCompletion, byFailure, listed } from './listing.ts';
import { isToCancel } from './taking-back.ts';
import { dropEnded } from './uniqueness.ts';

/** A process tells that it is alive, and hears what there is for it to do. */
export function checkIn(desk: Desk, given: CheckIn, schedules: readonly number[]): CheckedIn {
  const { books } = desk;
  const now = desk.clock.now();
  const { candidate, leadership, worker, lease, queues, types } = given;
  const renewed = worker !== null && books.leases.has(worker);
  if (renewed) books.leases.set(worker, now + lease);
  const { leader } = books;
  const leads = leader === undefined || leader.candidate === candidate || leader.until <= now;
  if (leads) {
    books.leader = { candidate, until: now + leadership };
    desk.tellDue(schedules);
    dropEnded(books, now);
  }
  const owned = worker === null ? [] : books.owned(worker);
  const duties = leads ? dutiesOf(desk, given.keepFailed, schedules, now) : NO_DUTIES;
  return {
    leads,
    left: (books.leader?.until ?? now) - now,
    renewed,
    owned: owned.length,
    hasWork: queues.some((name) => books.waitingIn(name).length > 0 && !books.isClosed(name)),
    toCancel: owned.filter(isToCancel).map(({ owner }) => owner?.token ?? ''),
    due: { ...duties, unpark: canUnpark(books, types) ? 0 : null },
  };
}

const NO_DUTIES = { promote: null, fire: null, reclaim: null, passGrants: null, expire: null } as const;

function dutiesOf(desk: Desk, failed: Keep, schedules: readonly number[], now: number) {
  const { books } = desk;
  const at = (instants: readonly number[]): number | null => {
    const first = Math.min(...instants);
    return Number.isFinite(first) ? Math.max(0, first - now) : null;
  };
  return {
    promote: at([desk.nextDue()]),
    fire: at(schedules),
    reclaim: at([...books.leases.values()]),
    passGrants: books.ungranted.size > 0 ? 0 : at([...books.grants.values()]),
    expire: at(expiries(books, failed)),
  };
}

/** When the first of each kind of jobs kept has been kept for long enough. */
function expiries(books: Books, failed: Keep): number[] {
  const first = (ends: readonly number[], { for: time, count }: Keep): number => {
    if (count !== null && ends.length > count) return 0;
    return time === null ? Number.POSITIVE_INFINITY : (ends[0] ?? Number.POSITIVE_INFINITY) + time;
  };
  const kept = [...books.keepRules].map(([type, rule]) => {
    const ends = byCompletion(books, type).map(({ completedAt = 0 }) => completedAt);
    return first(ends, rule);
  });
  const failures = byFailure(books).map(({ failedAt = 0 }) => failedAt);
  return [first(failures, failed), ...kept];
}

function canUnpark(books: Books, types: readonly string[]): boolean {
  const { pausedTypes } = books.controls;
  return types.some((type) => !pausedTypes.has(type) && listed(books, { state: 'parked', type }).length > 0);
}
