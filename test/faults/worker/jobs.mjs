// The job types of the bench, for the applications and for the workers, whichever copy of the package they use.

export const QUEUE = 'faults';
/** How often a job may fail. */
export const ATTEMPTS = 5;
/** Milliseconds after which an attempt of the `limited` type is over. */
export const TIMEOUT = 300;
/** Milliseconds between attempts: more than a busy machine takes to try again without waiting at all. */
export const RETRY_DELAY = 300;

const lock = ({ key, limit }) => (key === null ? null : { key, concurrency: limit });
const retry = { attempts: ATTEMPTS, backoff: { kind: 'fixed', delay: RETRY_DELAY, jitter: 0 } };

export function defineJobs(defineJob) {
  return {
    plain: defineJob({ type: 'faults.plain', queue: QUEUE, lock, retry }),
    limited: defineJob({ type: 'faults.limited', queue: QUEUE, lock, retry, timeout: TIMEOUT }),
  };
}
