// Who may run what: places of lock keys, one owner per job, and no run without a reason.

import { crowd, type Interval, isLossTold, jobsByKey, mayRunAgain, ownership } from './ownership.ts';
import type { Evidence } from './rules.ts';
import { type JobStory, ofKind, type Run } from './story.ts';

interface Owned extends Interval {
  readonly run: Run;
}

function ownedOf(jobs: readonly JobStory[], { story, undone }: Evidence): Owned[] {
  return jobs
    .flatMap(({ runs }) => runs)
    .flatMap((run) => {
      const interval = ownership(run, story, undone);
      return interval === null ? [] : [{ ...interval, run }];
    });
}

function describe(owned: readonly Owned[]): string {
  return owned.map(({ run, from, to }) => `${run.id}/${run.token} of ${run.process} (${from} to ${to})`).join(', ');
}

/** At most n valid leases per lock key at any time. */
export function* atMostNPerKey(evidence: Evidence): Iterable<string> {
  for (const [key, jobs] of jobsByKey(evidence.story)) {
    const limit = Math.max(...jobs.map(({ enqueue }) => enqueue?.limit ?? 0));
    const crowded = crowd(ownedOf(jobs, evidence), limit);
    if (crowded !== null) yield `key ${key} had ${crowded.length} owners and ${limit} places: ${describe(crowded)}`;
  }
  for (const { key, limit, count } of ofKind(evidence.story.events, 'holders')) {
    if (count > limit) yield `the store had ${count} holders of key ${key} with ${limit} places`;
  }
}

/** A job has one owner at a time. */
export function* oneOwnerPerJob(evidence: Evidence): Iterable<string> {
  for (const job of evidence.story.jobs.values()) {
    if (job.runs.length < 2) continue;
    const crowded = crowd(ownedOf([job], evidence), 1);
    if (crowded !== null) yield `job ${job.id} had ${crowded.length} owners at once: ${describe(crowded)}`;
  }
}

/** Starts ≤ 1 + failures + recorded losses: each run but the last gave a reason for the next one. */
export function* noRunWithoutReason({ story, undone }: Evidence): Iterable<string> {
  for (const { id, runs } of story.jobs.values()) {
    for (const [index, run] of runs.slice(0, -1).entries()) {
      const next = runs[index + 1];
      if (next === undefined || mayRunAgain(run, next.start, story, undone)) continue;
      const how = run.settled === null ? 'without a loss on record' : `after it was ${run.settled.outcome}`;
      yield `job ${id} ran again ${how}: ${run.token} of ${run.process}, then ${next.token} of ${next.process}`;
    }
  }
}

/** A settle is refused only to a run that has lost its job. */
export function* refusedOnlyAfterLoss({ story, undone }: Evidence): Iterable<string> {
  for (const { runs } of story.jobs.values()) {
    for (const run of runs) {
      if (run.stale === null || mayRunAgain(run, run.stale, story, undone)) continue;
      yield `the settle of ${run.id}/${run.token} of ${run.process} was refused, and no loss is on record`;
    }
  }
}

/** No lease is lost but by a fault that hit its process or the store. */
export function* noLossWithoutCause({ story }: Evidence): Iterable<string> {
  const faults = ofKind(story.events, 'fault');
  const losses = story.events.filter(
    (event) => event.kind === 'lost' || event.kind === 'reclaimed' || event.kind === 'quarantined',
  );
  const seen = new Set<string>();
  for (const { worker, at } of losses) {
    if (seen.has(worker)) continue;
    seen.add(worker);
    const process = story.workers.get(worker)?.process ?? null;
    const hasCause = faults.some((fault) => fault.at < at && (fault.hits === process || fault.hits === 'store'));
    // What a manager that stops cannot hand back, it leaves to a sweep.
    const hasEnded =
      process !== null &&
      [story.stops.get(process), story.exits.get(process)].some((end) => end !== undefined && end <= at);
    // A process that was killed before it could tell its worker's name is known by nothing.
    if (!hasCause && process !== null && !hasEnded) {
      yield `worker ${worker} of ${process} lost its lease without a cause`;
    }
  }
}

/** What a killed worker owned runs elsewhere: the milliseconds from each kill to the next start of each such job. */
export function recoveries({ story }: Evidence): number[] {
  const kills = ofKind(story.events, 'fault').filter(({ name }) => name === 'kill');
  const times: number[] = [];
  for (const { runs } of story.jobs.values()) {
    for (const [index, run] of runs.slice(0, -1).entries()) {
      const kill = kills.find(({ hits, at }) => hits === run.process && at >= run.start);
      const next = runs[index + 1];
      if (kill === undefined || next === undefined || run.settled !== null) continue;
      times.push((next.start - kill.at) / 1000);
    }
  }
  return times;
}

/** How many runs there were beyond each job's first, and how many losses are on record. */
export function repeats({ story }: Evidence): { runs: number; losses: number } {
  let runs = 0;
  let losses = 0;
  for (const job of story.jobs.values()) {
    runs += Math.max(0, job.runs.length - 1);
    losses += job.runs.filter((run) => run.settled === null && isLossTold(run, story)).length;
  }
  return { runs, losses };
}
