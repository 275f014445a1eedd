// What runs in a dispatcher: kept in no order, and told in the order in which it began.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClaimedJob } from '../../src/core/envelope.ts';
import { type Run, Runs } from '../../src/manager/runs.ts';

function job(id: string): ClaimedJob {
  return {
    ...{ id, type: 't', queue: 'q', payload: 'null', locks: [], attempts: 0, crashes: 0 },
    ...{ sequence: 1, enqueuedAt: 0, worker: 'w', token: id },
  };
}

/** Begins one, takes all away, or ends the one of this number. */
const STEP = fc.oneof(
  { weight: 5, arbitrary: fc.constant('begin' as const) },
  { weight: 1, arbitrary: fc.constant('take all' as const) },
  { weight: 5, arbitrary: fc.nat(1_000) },
);

const idsOf = (jobs: readonly ClaimedJob[]): string[] => jobs.map(({ id }) => id);

test('whatever ends in whatever order, what is left is told as it began', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 60 }), (steps) => {
      const runs = new Runs(() => undefined);
      const begun: Run[] = [];
      let left: string[] = [];
      for (const step of steps) {
        if (step === 'begin') {
          const id = `job-${begun.length}`;
          begun.push(runs.begin(job(id)));
          left.push(id);
        } else if (step === 'take all') {
          expect(idsOf(runs.takeAll(new Error('stop')))).toEqual(left);
          left = [];
        } else {
          // Some of these have ended before, or were taken away: a handler ends all the same.
          const run = begun[step % begun.length];
          if (run === undefined) continue;
          runs.end(run);
          left = left.filter((id) => id !== run.job.id);
        }
        expect(idsOf(runs.jobs)).toEqual(left);
        expect(runs.size).toBe(left.length);
      }
    }),
  );
});

test('all are aborted in that order, and it is told when the last of them has ended', async () => {
  const runs = new Runs(() => undefined);
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((id) => runs.begin(job(id)));
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('four began');
  runs.end(a);
  const aborted: string[] = [];
  for (const { job: of, controller } of [b, c, d]) controller.watcher = { aborted: () => aborted.push(of.id) };
  const idle = runs.abort(new Error('stop')).then(() => aborted.push('idle'));
  expect(aborted).toEqual(['b', 'c', 'd']);
  for (const run of [c, d, b]) runs.end(run);
  await idle;
  expect(aborted.at(-1)).toBe('idle');
});
