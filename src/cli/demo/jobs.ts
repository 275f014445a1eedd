import { createHash } from 'node:crypto';
import { defineJob, type Job, type JobDefinition } from '../../core/job.ts';
import type { RetryOptions } from '../../core/retry.ts';
import { lockKeyOf, type RawPath } from './paths.ts';

export type Kind = 'file' | 'directory';

/** A file or a directory of the tree, and so a job. */
export interface Entry {
  readonly kind: Kind;
  readonly path: RawPath;
}

/** The input of both job types. */
export interface DemoInput {
  readonly path: RawPath;
}

export type DemoJobs = Readonly<Record<Kind, JobDefinition<DemoInput>>>;

/** At most so many jobs of one top-level folder run at once. */
const CONCURRENCY = 2;
// A file that vanished or cannot be read will hardly come back: one more look is enough.
const RETRY: RetryOptions = { attempts: 2, backoff: { kind: 'fixed', delay: 200, jitter: 0 } };

/** The job types of one run. Its queues and lock keys are its own, so that runs on one backend do not mix. */
export function demoJobs(run: string): DemoJobs {
  const { directories, files } = queuesOf(run);
  return {
    directory: defineJob<DemoInput>({
      type: 'demo.directory',
      queue: directories,
      lock: ({ path }) => ({ key: lockKeyOf(run, path, true), concurrency: CONCURRENCY }),
      retry: RETRY,
    }),
    file: defineJob<DemoInput>({
      type: 'demo.file',
      queue: files,
      lock: ({ path }) => ({ key: lockKeyOf(run, path, false), concurrency: CONCURRENCY }),
      retry: RETRY,
    }),
  };
}

/** Directories go first: the sooner all is listed, the sooner it is known how much there is to do. */
export function queuesOf(run: string): { readonly directories: string; readonly files: string } {
  return { directories: `demo-${run}-directories`, files: `demo-${run}-files` };
}

export function jobOf(jobs: DemoJobs, { kind, path }: Entry): Job {
  return jobs[kind].job({ path });
}

/**
 * The same for each entry whenever it is asked for, so that a directory which is listed twice, since at least once is what
 * is promised, does not enqueue its entries twice.
 */
export function idOf(run: string, { kind, path }: Entry): string {
  const hash = createHash('sha256').update(`${kind}\0`).update(path, 'latin1').digest('base64url');
  return `${run}.${hash.slice(0, 22)}`;
}

export function isOfRun(run: string, id: string): boolean {
  return id.startsWith(`${run}.`);
}
