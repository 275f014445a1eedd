// Bugs in who may run what: leases, locks, crashes.

import type { Books as SoundBooks } from '../../../src/backends/memory/books.ts';
import { forgettingCalls, settlingWithAnyToken, withBooks, withMethods } from '../../harness/planting.ts';
import { type Bug, each, withClockAhead } from './plants.ts';
import { poison } from './stories.ts';

export const ownerBugs: Readonly<Record<string, Bug>> = {
  'settles with a token that is not the owner’s': {
    rule: 'a job ran again without a reason',
    plant: async () => settlingWithAnyToken(),
  },

  'forgets which calls it has answered': {
    rule: 'a settle was refused without a loss',
    plant: async () => forgettingCalls(),
  },

  'drops a release: a place of a lock stays taken, now and then': {
    rule: 'not everything ended',
    plant: () => {
      const isKept = each(6);
      return withBooks(
        (Books) =>
          class extends Books {
            override free(...[entry]: Parameters<InstanceType<typeof Books>['free']>): string[] {
              return isKept() ? [] : super.free(entry);
            }
          },
      );
    },
  },

  'says that a lease was renewed, and does not renew it': {
    rule: 'a lease was lost without a cause',
    plant: async () =>
      withMethods((backend) => ({
        renew: async () => true,
        checkIn: async (given) => ({ ...(await backend.checkIn({ ...given, worker: null })), renewed: true }),
      })),
  },

  'takes jobs from workers whose lease has not ended': {
    rule: 'a lease was lost without a cause',
    plant: async () => withClockAhead(['reclaim'], 10_000),
  },

  'never takes back what dead workers owned': {
    rule: 'not everything ended',
    plant: async () => withMethods(() => ({ reclaim: async () => ({ moves: [], more: false }) })),
  },

  'gives a job to two claims, now and then': {
    rule: 'a job had two owners',
    plant: () =>
      withBooks((Books) => {
        const isKept = each(5, 3);
        return class extends Books {
          override queue(name: string) {
            const queue = super.queue(name);
            queue.list.shift = function shift() {
              return this[0]?.job.locks?.length === 0 && isKept() ? this[0] : this.splice(0, 1)[0];
            };
            return queue;
          }
        };
      }),
  },

  'lets one more run than a lock key has places': {
    rule: 'a lock key had too many owners',
    plant: () =>
      withBooks(
        (Books) =>
          class extends Books {
            override hasNoPlace(...[lock, freed]: Parameters<SoundBooks['hasNoPlace']>): boolean {
              return super.hasNoPlace({ ...lock, concurrency: lock.concurrency + 1 }, freed);
            }
          },
      ),
  },

  'frees the places of a job while it runs': {
    rule: 'a lock key had too many owners',
    plant: async () =>
      withMethods((backend) => {
        let sequence = 0;
        return {
          exchange: async (call, request) => {
            const reply = await backend.exchange(call, request);
            for (const job of reply.claimed) {
              sequence += 1;
              await backend.unlock({ client: 'unlocker', sequence, floor: sequence }, job);
            }
            return reply;
          },
        };
      }),
  },

  'wakes the job that was held last': {
    rule: 'jobs of a key ran out of order',
    plant: () =>
      withBooks(
        (Books) =>
          class extends Books {
            override hold(...[entry, key]: Parameters<InstanceType<typeof Books>['hold']>): void {
              super.hold(entry, key);
              this.waiters.get(key)?.sort((a, b) => b.job.sequence - a.job.sequence);
            }
          },
      ),
  },

  'forgets a held job, now and then': {
    rule: 'not everything ended',
    plant: () => {
      const isForgotten = each(6);
      return withBooks(
        (Books) =>
          class extends Books {
            override hold(...[entry, key]: Parameters<InstanceType<typeof Books>['hold']>): void {
              super.hold(entry, key);
              if (isForgotten()) this.waiters.get(key)?.pop();
            }
          },
      );
    },
  },

  'forgets that a job has crashed': {
    rule: 'crashes were miscounted',
    story: poison,
    plant: () =>
      withBooks(
        (Books) =>
          class extends Books {
            override toFront(...[entry]: Parameters<InstanceType<typeof Books>['toFront']>): void {
              entry.job = { ...entry.job, crashes: 0 };
              super.toFront(entry);
            }
          },
      ),
  },

  'quarantines a job at its second crash': {
    rule: 'crashes were miscounted',
    story: poison,
    plant: () =>
      withBooks(
        (Books) =>
          class extends Books {
            override toFront(...[entry]: Parameters<InstanceType<typeof Books>['toFront']>): void {
              entry.job = { ...entry.job, crashes: entry.job.crashes + 1 };
              super.toFront(entry);
            }
          },
      ),
  },
};
