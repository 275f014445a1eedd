// What is in the books at the end: nothing lost, nothing invented, nothing counted twice, nothing left.

import { isSettleUndone } from './ownership.ts';
import type { Evidence } from './rules.ts';
import type { JobStory } from './story.ts';

/** No acknowledged job is lost. */
export function* nothingLost(evidence: Evidence): Iterable<string> {
  const failed = new Set(evidence.final.failed);
  // What is still in the books is another rule's business.
  if (left(evidence).length > 0) return;
  for (const job of evidence.story.jobs.values()) {
    if (isLost(job, failed) && !isForgotten(job, evidence))
      yield `job ${job.id} was acknowledged and never came to its end`;
  }
}

/** How many acknowledged jobs are gone, forgotten ones included. */
export function countLost(evidence: Evidence): number {
  if (left(evidence).length > 0) return 0;
  const failed = new Set(evidence.final.failed);
  return [...evidence.story.jobs.values()].filter((job) => isLost(job, failed)).length;
}

/** A run that returned has done its work, even if its process died before the settle's reply came. */
function isLost({ id, acked, ends, runs }: JobStory, failed: ReadonlySet<string>): boolean {
  return acked !== null && ends.length === 0 && !failed.has(id) && !runs.some(({ end }) => end?.ok === true);
}

function isForgotten({ acked, enqueue }: JobStory, { undone }: Evidence): boolean {
  if (acked === null || enqueue === null || enqueue.isReplicated) return false;
  return undone.some(({ from, to }) => acked >= from && enqueue.at <= to);
}

/** What was refused for certain is never run, and nothing runs that nobody enqueued. */
export function* nothingInvented({ story }: Evidence): Iterable<string> {
  for (const { id, enqueue, acked, refused, runs } of story.jobs.values()) {
    if (runs.length === 0) continue;
    if (enqueue === null) yield `job ${id} ran, and nobody enqueued it`;
    else if (acked === null && refused?.fate === 'not done') yield `job ${id} ran, though its enqueue was refused`;
  }
}

/** After the last fault everything ends. */
export function* everythingEnds(evidence: Evidence): Iterable<string> {
  for (const [state, count] of left(evidence)) yield `${count} ${state} at the end`;
}

function left({ final: { stats } }: Evidence): [string, number][] {
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const counts: [string, number][] = [
    ['waiting', sum(stats.queues.map(({ waiting }) => waiting))],
    ['held', sum(stats.queues.map(({ held }) => held))],
    ['in processing', sum(stats.workers.map(({ processing }) => processing))],
    ['scheduled', stats.scheduled],
    ['parked', stats.parked],
    ['dead', stats.dead],
  ];
  return counts.filter(([, count]) => count > 0);
}

/** Each job comes to its end once. */
export function* endedOnce({ story, undone }: Evidence): Iterable<string> {
  for (const { id, ends, runs } of story.jobs.values()) {
    const forgotten = runs.filter((run) => isSettleUndone(run, undone)).length;
    if (ends.length > 1 + forgotten) yield `job ${id} ended ${ends.length} times`;
  }
}

/**
 * The store's own counters agree with the histories: each job that is in its books was counted once. They see what the
 * histories cannot, a settle whose reply never came.
 */
export function* countedOnce(evidence: Evidence): Iterable<string> {
  const { story, final, undone } = evidence;
  if (undone.length > 0 || left(evidence).length > 0) return;
  const { successful, failed } = final.stats.counters;
  const jobs = [...story.jobs.values()].filter(({ acked, runs }) => acked !== null || runs.length > 0);
  if (failed !== final.failed.length) yield `${final.failed.length} jobs failed, and ${failed} were counted`;
  const ended = jobs.length - final.failed.length;
  // A job whose enqueue got no answer may have been taken and have ended in a process that died before it told of a run.
  const unknown = [...story.jobs.values()].filter(
    ({ acked, refused, runs }) => acked === null && refused?.fate === 'unknown' && runs.length === 0,
  ).length;
  if (successful < ended || successful > ended + unknown)
    yield `${ended} jobs succeeded, and ${successful} were counted`;
}
