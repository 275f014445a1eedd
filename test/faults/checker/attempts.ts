// What an attempt costs: failures are counted, all of them and nothing else; crashes apart.

import { isLossTold } from './ownership.ts';
import type { Evidence } from './rules.ts';
import type { JobStory, Run } from './story.ts';

/** So many runs in a row whose process vanished, and a job is quarantined. */
const MOST_CRASHES = 3;

/**
 * Each run is told its attempt: one more than the failures before it. Neither a crash, nor a run that was handed back, uses one.
 * A failure whose settle got no answer may have been counted or not.
 */
export function* attemptsCounted({ story, undone }: Evidence): Iterable<string> {
  if (undone.length > 0) return;
  for (const { id, runs } of story.jobs.values()) {
    let least = 1;
    let most = 1;
    for (const run of runs) {
      if (run.attempt < least || run.attempt > most) {
        yield `run ${run.token} of job ${id} was told attempt ${run.attempt}, and was attempt ${least === most ? least : `${least} to ${most}`}`;
      }
      if (run.settled?.outcome === 'retrying') least += 1;
      if (mayHaveFailed(run)) most += 1;
    }
  }
}

function mayHaveFailed({ settled, stale, end, aborted }: Run): boolean {
  if (settled !== null) return settled.outcome === 'retrying';
  return stale === null && (end?.ok === false || aborted !== null);
}

/** A job is given up only when it has used all of its attempts, or crashed too often. */
export function* triedAsOften({ story, final }: Evidence): Iterable<string> {
  const failed = new Set(final.failed);
  for (const job of story.jobs.values()) {
    const isQuarantined = job.taken.some(({ kind }) => kind === 'quarantined');
    const attempts = job.enqueue?.attempts ?? 0;
    if (isQuarantined || !failed.has(job.id)) continue;
    const failures = job.runs.filter((run) => run.settled?.outcome === 'failed' || mayHaveFailed(run)).length;
    const crashes = longestCrash(job, story);
    if (failures < attempts && crashes < MOST_CRASHES) {
      yield `job ${job.id} failed for good after ${failures} of ${attempts} attempts`;
    }
  }
}

/** A job whose worker vanished three times in a row is quarantined then, and no other is. */
export function* quarantinedInTime({ story }: Evidence): Iterable<string> {
  for (const job of story.jobs.values()) {
    const crashes = longestCrash(job, story);
    if (crashes > MOST_CRASHES) yield `job ${job.id} was run again after ${crashes - 1} crashes in a row`;
    const isQuarantined = job.taken.some(({ kind }) => kind === 'quarantined');
    if (isQuarantined && crashes < MOST_CRASHES && job.taken.length < MOST_CRASHES) {
      yield `job ${job.id} was quarantined after ${crashes} crashes`;
    }
  }
}

/** How many runs in a row were lost with their workers, at most. */
function longestCrash({ runs }: JobStory, story: Evidence['story']): number {
  let longest = 0;
  let current = 0;
  for (const run of runs) {
    current = run.settled === null && isLossTold(run, story) ? current + 1 : 0;
    longest = Math.max(longest, current);
  }
  return longest;
}
