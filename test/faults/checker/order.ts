// When jobs run: in the order of their key, and not before they are due.

import { jobsByKey } from './ownership.ts';
import type { Evidence } from './rules.ts';
import type { JobStory } from './story.ts';

/**
 * First in, first out per key: of two jobs of a key with one place, the one that was enqueued first starts first. Only where
 * the application can tell which was first: they were in one call, or the one was acknowledged before the other was sent.
 */
export function* inOrder({ story }: Evidence): Iterable<string> {
  for (const [key, jobs] of jobsByKey(story)) {
    const ordered = jobs.filter(({ enqueue, acked }) => enqueue?.limit === 1 && enqueue.delay === 0 && acked !== null);
    ordered.sort((a, b) => (a.enqueue?.sequence ?? 0) - (b.enqueue?.sequence ?? 0));
    let latest: JobStory | null = null;
    for (const job of ordered) {
      if (job.runs.length === 0) continue;
      if (latest !== null && firstStart(job) < firstStart(latest) && isBefore(latest, job)) {
        yield `key ${key}: job ${job.id} (${job.enqueue?.sequence}) started before ${latest.id} (${latest.enqueue?.sequence})`;
      }
      if (latest === null || firstStart(job) > firstStart(latest)) latest = job;
    }
  }
}

function firstStart({ runs }: JobStory): number {
  return Math.min(...runs.map(({ start }) => start));
}

function isBefore({ enqueue: first, acked }: JobStory, { enqueue: second }: JobStory): boolean {
  if (first === null || second === null || acked === null) return false;
  return first.call === second.call || acked <= second.at;
}

/** The store's clock counts milliseconds, and rounds. */
const ROUNDING = 2_000;

/** Nothing runs before it is due: after its delay from the enqueue, and from the settle of an attempt that failed. */
export function* notEarly({ story }: Evidence): Iterable<string> {
  for (const { id, enqueue, runs } of story.jobs.values()) {
    const [first] = runs;
    if (first === undefined || enqueue === null) continue;
    const due = enqueue.at + enqueue.delay * 1000;
    if (firstStart({ ...empty, id, runs }) < due - ROUNDING)
      yield `job ${id} started ${ms(due - first.start)} too early`;
    for (const [index, run] of runs.slice(0, -1).entries()) {
      const next = runs[index + 1];
      if (run.settled?.outcome !== 'retrying' || run.end === null || next === undefined) continue;
      const dueAgain = Math.min(run.end.at, run.aborted ?? run.end.at) + run.settled.delay * 1000;
      if (next.start < dueAgain - ROUNDING) yield `job ${id} was tried again ${ms(dueAgain - next.start)} too early`;
    }
  }
}

const empty = { enqueue: null, acked: null, refused: null, ends: [], taken: [] };

function ms(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(1)} ms`;
}
