import type { JobView } from '../contract/backend.ts';
import { grouped } from '../core/grouped.ts';
import type { PauseInfo } from './controls.ts';
import type { Ahead, HolderInfo, Reason } from './explanation.ts';

/** How many holders a sentence names. */
const NAMED = 3;

/** Why a job is where it is, in one sentence. */
export function sentenceOf({ job, state }: JobView, reasons: readonly Reason[]): string {
  const verb = state === 'waiting' ? 'waits: ' : state === 'parked' ? 'is parked: ' : '';
  return `job ${job.id} (${job.type}) ${verb}${reasons.map(clauseOf).join('; ')}`;
}

function clauseOf(reason: Reason): string {
  switch (reason.why) {
    case 'lock': {
      const { key, taken, limit, holders, ahead } = reason;
      const by = holders.length === 0 ? '' : `, ${holdersOf(holders, taken)}`;
      return `is held by lock key '${key}' (${taken} of ${limit} taken${by}), ${aheadOf(ahead)}`;
    }
    case 'rate': {
      const { key, startsAt, isPaused, ahead } = reason;
      const until = startsAt === undefined ? 'until the one before it has started' : `until ${instant(startsAt)}`;
      const why = isPaused ? ', since a handler has stopped that key' : '';
      return `is put off by rate key '${key}' ${until}${why}, ${aheadOf(ahead)}`;
    }
    case 'queue paused':
      return `its queue '${reason.queue}' is paused ${pauseOf(reason.pause)}`;
    case 'type paused':
      return `its type is paused ${pauseOf(reason.pause)}`;
    case 'queue full':
      return `its queue '${reason.queue}' has ${reason.running} of ${reason.limit} jobs running that it may`;
    case 'queue rate':
      return `the rate of its queue '${reason.queue}' lets none start before ${instant(reason.startsAt)}`;
    case 'no manager takes the queue':
      return `no live manager takes queue '${reason.queue}' (${managers(reason.managers)})`;
    case 'no manager knows the type':
      return `no live manager of its queue knows type '${reason.type}' (${managers(reason.managers)})`;
    case 'in line':
      return `it is ${ordinal(reason.ahead)} in queue '${reason.queue}'`;
    case 'retry': {
      const error = reason.error === undefined ? '' : ` after ${reason.error.name}: ${reason.error.message}`;
      return `is tried again at ${instant(reason.at)} (attempt ${reason.attempt})${error}`;
    }
    case 'not due':
      return `is due at ${instant(reason.at)}`;
    case 'running': {
      const lease = reason.leaseEnds === undefined ? '' : `, lease until ${instant(reason.leaseEnds)}`;
      return `runs on worker ${reason.worker} (attempt ${reason.attempt}${lease})`;
    }
    case 'parked':
      return reason.reason;
    case 'failed': {
      const at = reason.at === undefined ? '' : ` at ${instant(reason.at)}`;
      return `has failed for good${at}${reason.error === undefined ? '' : `: ${reason.error.message}`}`;
    }
    case 'completed':
      return `has completed${reason.at === undefined ? '' : ` at ${instant(reason.at)}`}`;
  }
}

function holdersOf(holders: readonly HolderInfo[], taken: number): string {
  const named = holders.slice(0, NAMED).map(({ id, worker, leaseEnds }) => {
    if (worker === undefined) return `kept for job ${id}`;
    const lease = leaseEnds === undefined ? '' : `, lease until ${instant(leaseEnds)}`;
    return `by job ${id} on worker ${worker}${lease}`;
  });
  const more = taken - named.length;
  return more > 0 ? `${named.join(', ')} and ${grouped(more)} more` : named.join(', ');
}

function aheadOf({ count, isMore }: Ahead): string {
  return `${isMore ? 'at least ' : ''}${grouped(count)} ahead of it`;
}

function ordinal({ count, isMore }: Ahead): string {
  if (isMore) return `behind at least ${grouped(count)} others`;
  const place = count + 1;
  const suffix = ['th', 'st', 'nd', 'rd'][place % 100 > 10 && place % 100 < 14 ? 0 : place % 10] ?? 'th';
  return `${grouped(place)}${suffix}`;
}

function pauseOf({ at, by, reason }: PauseInfo): string {
  return `${by === undefined ? '' : `by ${by} `}since ${instant(at)}${reason === undefined ? '' : ` (${reason})`}`;
}

function managers(count: number): string {
  if (count === 0) return 'there is none';
  return count === 1 ? 'there is one other' : `there are ${grouped(count)} others`;
}

function instant(at: Date): string {
  return at.toISOString();
}
