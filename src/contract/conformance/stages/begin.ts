import { expect, onTestFinished } from 'vitest';
import { defineJob } from '../../../core/job.ts';
import type { PoppedJob, StageOptions, Stages } from '../../stages.ts';
import type { Store, Subject } from '../subject.ts';

export const plain = defineJob<{ n: number }>({ type: 'plain' });
export const locked = defineJob<{ key: string }>({ type: 'locked', lock: ({ key }) => ({ key, concurrency: 1 }) });

/** The stages over a new store, which is gone when the running test has ended. */
export async function begin(subject: Subject, options?: StageOptions): Promise<{ stages: Stages; store: Store }> {
  const store = await subject.create();
  onTestFinished(() => store.dispose());
  return { stages: await store.init(options), store };
}

/** Pops the next job, which must be this one. */
export async function pop(stages: Stages, id: string, queue = 'default'): Promise<PoppedJob> {
  const job = await stages.popJob(queue);
  expect(job.id).toBe(id);
  return job;
}
