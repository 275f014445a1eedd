import type { CheckedIn, CheckIn } from '../../contract/backend.ts';
import type { Keep } from '../../core/keep.ts';
import type { Books } from './books.ts';
import { canUnpark, firstDue, firstIn, firstSchedule } from './calls.ts';
import { hasUngranted } from './granting.ts';
import { hasWaiting } from './inspecting.ts';
import { renew } from './leases.ts';
import { toCancel } from './locking.ts';
import { toStored } from './numbers.ts';
import { integer } from './rows.ts';
import { due, kept, leader, questions, workers } from './statements.ts';
import { tidy } from './tidying.ts';

/** A process tells that it is alive, and hears what there is for it to do. */
export function checkIn(books: Books, given: CheckIn): CheckedIn {
  const { connection, now } = books;
  const { candidate, leadership, worker, lease, queues, types, keepFailed } = given;
  const renewed = worker !== null && renew(books, worker, lease);
  const leads = connection.run(leader.lead, candidate, toStored(now + leadership), now) > 0;
  if (leads) tidy(books);
  return {
    leads,
    left: Math.max(0, integer(connection.get(leader.ends)?.lease_ends ?? now) - now),
    renewed,
    owned: worker === null ? 0 : integer(connection.get(questions.owns, worker)?.owns),
    hasWork: queues.some((queue) => hasWaiting(connection, queue, now)),
    toCancel: worker === null ? [] : toCancel(connection, worker),
    due: { ...(leads ? dutiesOf(books, keepFailed) : NO_DUTIES), unpark: canUnpark(connection, types, now) ? 0 : null },
  };
}

const NO_DUTIES = { promote: null, fire: null, reclaim: null, passGrants: null, expire: null } as const;

function dutiesOf(books: Books, failed: Keep) {
  const { connection, now } = books;
  const left = (instant: number): number | null => (Number.isFinite(instant) ? Math.max(0, instant - now) : null);
  return {
    promote: left(firstDue(connection)),
    fire: left(firstSchedule(connection, Number.MIN_SAFE_INTEGER)),
    reclaim: left(firstIn(connection.get(workers.first)?.lease_ends)),
    passGrants: hasUngranted(books) ? 0 : left(firstIn(connection.get(due.grants)?.grant_ends)),
    expire: left(firstToExpire(books, failed)),
  };
}

/** When the first of the jobs that are kept has been kept for long enough. */
function firstToExpire({ connection, glance }: Books, failed: Keep): number {
  const completed = firstIn(connection.get(kept.first)?.expires);
  const { for: time, count } = failed;
  if (count !== null && glance.counts.failed > count) return 0;
  return time === null ? completed : Math.min(completed, firstIn(connection.get(due.failed)?.ended_at) + time);
}
