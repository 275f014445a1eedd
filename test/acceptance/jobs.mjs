// The job types of these tests: one file for the application and for the workers, on every backend.
import { defineJob } from '../../dist/index.js';

export const count = defineJob({ type: 'test.count', queue: 'counting' });

export const step = defineJob({
  type: 'test.step',
  queue: 'steps',
  lock: ({ key }) => ({ key, concurrency: 1 }),
});
