// The property test is proved by what it catches: faults are planted in a copy of the memory backend, which is then compared
// with the sound one.

import { describe, expect, it } from 'vitest';
import type { Books as SoundBooks } from '../../src/backends/memory/books.ts';
import { open } from '../../src/backends/memory/index.ts';
import { checkAgainstModel } from '../../src/contract/conformance/model/index.ts';
import type { StoreOptions } from '../../src/contract/conformance/subject.ts';
import { observedSchedules } from '../../src/contract/observed-schedules.ts';
import {
  countingReleases,
  forgettingCalls,
  type Open,
  settlingWithAnyToken,
  withBooks,
  withMethods,
  withModule,
} from '../harness/planting.ts';

const faults: Readonly<Record<string, () => Promise<Open>>> = {
  'settles with a token that is not the owner’s': async () => settlingWithAnyToken(),
  'forgets which calls it has answered': async () => forgettingCalls(),

  'counts what is not to be counted': async () =>
    withMethods((backend) => ({
      exchange: (call, request) => {
        const settlements = request.settlements.map(({ job, outcome }) => {
          return outcome.kind === 'completed' ? { job, outcome: { kind: outcome.kind } } : { job, outcome };
        });
        return backend.exchange(call, { ...request, settlements });
      },
    })),

  'does not say which jobs it held': async () =>
    withMethods((backend) => ({
      exchange: async (call, request) => {
        const reply = await backend.exchange(call, request);
        return { ...reply, moves: reply.moves.filter(({ event }) => event !== 'held') };
      },
    })),

  'grants the places of one key only, where several came free': () =>
    withModule<typeof import('../../src/backends/memory/granting.ts')>(
      '../../src/backends/memory/granting.ts',
      ({ grantAll }) => ({ grantAll: (books, keys, ...rest) => grantAll(books, [...keys].slice(0, 1), ...rest) }),
    ),

  'uses up an attempt for a job that is released': countingReleases,

  'lets a schedule be written by whoever comes late': async () =>
    withMethods(({ schedules }) => ({
      schedules: {
        ...observedSchedules(schedules, () => undefined),
        write: async (call, write) => {
          const current = await schedules.find(write.name);
          return schedules.write(call, { ...write, replaces: current?.version ?? null });
        },
      },
    })),

  'promotes jobs by their ids': () =>
    withModule<typeof import('../../src/backends/memory/listing.ts')>(
      '../../src/backends/memory/listing.ts',
      ({ byDue }) => ({ byDue: (books) => byDue(books).sort((a, b) => (a.job.id < b.job.id ? -1 : 1)) }),
    ),

  'puts jobs that come back at the end of their queue': () =>
    withBooks(
      (Books) =>
        class extends Books {
          override toFront(...[entry]: Parameters<SoundBooks['toFront']>): void {
            this.toBack(entry);
          }
        },
    ),

  'gives a job to two claims, now and then': () =>
    withBooks((Books) => {
      let taken = 0;
      return class extends Books {
        override queue(name: string) {
          const queue = super.queue(name);
          queue.list.shift = function shift() {
            taken += 1;
            return taken % 10 === 0 ? this[0] : this.splice(0, 1)[0];
          };
          return queue;
        }
      };
    }),

  'keeps a place of a job that has several': () =>
    withBooks(
      (Books) =>
        class extends Books {
          override free(...[entry]: Parameters<SoundBooks['free']>): string[] {
            const locks = entry.job.locks ?? [];
            if (locks.length < 2) return super.free(entry);
            return super.free({ ...entry, job: { ...entry.job, locks: locks.slice(1) } });
          }
        },
    ),

  'lets a job overtake those that wait for its lock': () =>
    withBooks(
      (Books) =>
        class extends Books {
          override isFull(...[lock]: Parameters<SoundBooks['isFull']>): boolean {
            return this.hasNoPlace(lock);
          }
        },
    ),

  'wakes the job that was held last': () =>
    withBooks(
      (Books) =>
        class extends Books {
          override hold(...[entry, key]: Parameters<SoundBooks['hold']>): void {
            super.hold(entry, key);
            this.waiters.get(key)?.sort((a, b) => b.job.sequence - a.job.sequence);
          }
        },
    ),

  'leaves a job its unique key when it is claimed': () =>
    withBooks(
      (Books) =>
        class extends Books {
          override begin(): void {
            // The key is kept until the job is done.
          }
        },
    ),

  'frees the unique key of a job that is handed back': () =>
    withBooks(
      (Books) =>
        class extends Books {
          override toFront(...[entry]: Parameters<SoundBooks['toFront']>): void {
            super.toFront(entry);
            this.freeKey(entry);
          }
        },
    ),

  'reserves the first lock only of a job that it wakes': () =>
    withBooks(
      (Books) =>
        class extends Books {
          override grant(...[entry, until]: Parameters<SoundBooks['grant']>): void {
            super.grant(entry, until);
            for (const { key } of (entry.job.locks ?? []).slice(1)) this.holders.get(key)?.delete(entry.job.id);
          }
        },
    ),
};

/** Milliseconds. */
const LIMIT = 100_000;

describe('the property test finds a backend that', () => {
  for (const [fault, plant] of Object.entries(faults)) {
    // By the number of runs, and not by time: that is a limit against hanging.
    it(fault, { timeout: 2 * LIMIT }, async () => {
      const openFaulty = await plant();
      const openSubject = async (options: StoreOptions) => {
        const backend = await openFaulty(options);
        return { backend, dispose: () => backend.close() };
      };
      // One seed: what is found must not depend on the day.
      const details = await checkAgainstModel(openSubject, open, { runs: 500, seed: 1, atMost: LIMIT, asFound: true });
      expect(details.failed).toBe(true);
      expect(String(details.errorInstance)).toMatch(/after command \d+/);
    });
  }
});
