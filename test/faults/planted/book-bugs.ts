// Bugs in what is in the books: jobs, their attempts, when they are due, and what is counted.

import { BackendError } from '../../../src/core/errors.ts';
import { countingReleases, withMethods } from '../../harness/planting.ts';
import { type Bug, each, withClockAhead, withOutcomes, withSettlements } from './plants.ts';

export const bookBugs: Readonly<Record<string, Bug>> = {
  'acknowledges a job and drops it, now and then': {
    rule: 'an acknowledged job was lost',
    plant: async () => {
      const isDropped = each(7);
      return withMethods((backend) => ({
        enqueue: (call, jobs) =>
          backend.enqueue(
            call,
            jobs.filter(() => !isDropped()),
          ),
      }));
    },
  },

  'refuses an enqueue after it was done, now and then': {
    rule: 'a job ran that is not in the books',
    plant: async () => {
      const isRefused = each(5);
      return withMethods((backend) => ({
        enqueue: async (call, jobs) => {
          const reply = await backend.enqueue(call, jobs);
          if (!isRefused()) return reply;
          throw new BackendError('WINGMAN_BACKEND_FULL', 'full', 'not done');
        },
      }));
    },
  },

  'loses every wake-up, lets the wait go on for good, and never tells of work': {
    rule: 'not everything ended',
    plant: async () =>
      withMethods((backend) => ({
        checkIn: async (given) => ({ ...(await backend.checkIn(given)), hasWork: false }),
        wait: (_, { signal }) =>
          new Promise((resolve) => {
            if (signal?.aborted === true) resolve('aborted');
            else signal?.addEventListener('abort', () => resolve('aborted'), { once: true });
          }),
      })),
  },

  'uses up an attempt for a job that is handed back': {
    rule: 'attempts were miscounted',
    plant: countingReleases,
  },

  'runs a completed job again, now and then': {
    rule: 'a job ended more than once',
    plant: async () => {
      const isAgain = each(7);
      return withOutcomes((outcome) => (outcome.kind === 'completed' && isAgain() ? { kind: 'released' } : outcome));
    },
  },

  'ends a job when it is claimed': {
    rule: 'a settle was refused without a loss',
    plant: async () => {
      let sequence = 0;
      return withMethods((backend) => ({
        exchange: async (call, request) => {
          const reply = await backend.exchange(call, request);
          sequence += 1;
          const settlements = reply.claimed.map((job) => ({ job, outcome: { kind: 'completed' } as const }));
          const own = { client: 'early', sequence, floor: sequence };
          await backend.exchange(own, { worker: request.worker, settlements });
          return reply;
        },
      }));
    },
  },

  'counts a success twice, now and then': {
    rule: 'the counters are wrong',
    plant: async () => {
      const isTwice = each(9);
      let sequence = 0;
      return withMethods((backend) => ({
        exchange: async (call, request) => {
          if (isTwice()) {
            sequence += 1;
            await backend.increment({ client: 'generous', sequence, floor: sequence }, 'successful', 1);
          }
          return backend.exchange(call, request);
        },
      }));
    },
  },

  'brings delayed jobs up before they are due': {
    rule: 'a job ran too early',
    plant: async () => withClockAhead(['promote', 'checkIn'], 350),
  },

  'tries again at once, whatever the delay': {
    rule: 'a job ran too early',
    plant: async () => withOutcomes((outcome) => (outcome.kind === 'retry' ? { ...outcome, delay: 0 } : outcome)),
  },

  'forgets the jobs that are due later': {
    rule: 'not everything ended',
    plant: async () => withMethods(() => ({ promote: async () => ({ moves: [], more: false, next: null }) })),
  },

  'gives a job up after its second failure': {
    rule: 'a job was given up too early',
    plant: async () =>
      withSettlements(({ job, outcome }) => {
        if (outcome.kind !== 'retry' || job.attempts === 0) return { job, outcome };
        return { job, outcome: { kind: 'failed', failure: outcome.failure } };
      }),
  },
};
