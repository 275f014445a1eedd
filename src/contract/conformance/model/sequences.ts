// What one run does: commands in the mix of some kind of day.

import fc from 'fast-check';
import type { Lock } from '../../../core/lock.ts';
import type { Claim } from '../../backend.ts';
import { HOUR } from '../session.ts';
import {
  type Command,
  command,
  controlled,
  type Enqueued,
  lock,
  record,
  repeat,
  TYPES,
  type Which,
  weighted,
} from './commands.ts';

export interface Sequence {
  readonly grantTimeout: number;
  readonly commands: readonly Command[];
}

type Exchange = Extract<Command, { do: 'exchange' }>;

/** One job of the newest worker has come to its end. */
const done: fc.Arbitrary<Exchange['settle'][number]> = record({
  claim: record({ back: fc.nat(2), of: fc.constant('present') }),
  outcome: fc.constant({ kind: 'completed' }),
});

/** The newest worker settles what is done, and claims from its only queue. */
function exchange(settle: fc.Arbitrary<Exchange['settle']>, count: number, waits: boolean): fc.Arbitrary<Exchange> {
  return record({
    do: fc.constant('exchange'),
    worker: fc.constant<Which>({ back: 0, of: 'present' }),
    settle,
    claim: fc.constant<Claim>({ queues: ['q1'], count, locks: 'take' }),
    waits: fc.constant(waits),
    repeat,
  });
}

function enqueue(job: fc.Arbitrary<Enqueued>, minLength: number, maxLength: number): fc.Arbitrary<Command> {
  return record({ do: fc.constant('enqueue'), jobs: fc.array(job, { minLength, maxLength }), repeat });
}

const plain = {
  again: fc.constant(null),
  type: fc.constantFrom(...TYPES),
  queue: fc.constant('q1'),
  payload: fc.constant('{}'),
  locks: fc.constant([]),
};

/** Jobs that want two keys where each is always wanted by others as well: they are passed to and fro. */
const contended: fc.Arbitrary<Enqueued> = record({
  ...plain,
  type: fc.constant('t1'),
  locks: weighted<readonly Lock[]>(
    [3, fc.tuple(lock('k1', 1))],
    [3, fc.tuple(lock('k2', 1))],
    [2, fc.tuple(lock('k1', 1), lock('k2', 1))],
    [1, fc.tuple(lock('k1', 1), lock('k2', 1), lock('k3', 1))],
  ),
});

const contention = weighted<Command>(
  [3, enqueue(contended, 3, 6)],
  [12, exchange(fc.array(done, { minLength: 1, maxLength: 1 }), 10, false)],
  [1, command],
);

/** A worker that has little to do: it waits for its queue, claims what comes, settles that and waits again, whatever else happens. */
const idleness = weighted<Command>(
  [5, enqueue(record(plain), 1, 2)],
  [12, exchange(fc.array(done, { maxLength: 2 }), 3, true)],
  [3, command],
);

/** On a store that keeps grants for an hour, or for no longer than a step. */
export const sequences: fc.Arbitrary<Sequence> = record({
  // Every step takes a millisecond at least: after one, such a grant has ended.
  grantTimeout: fc.constantFrom(1, HOUR),
  commands: weighted<readonly Command[]>(
    [4, fc.array(command, { minLength: 1, maxLength: 80, size: 'max' })],
    [2, fc.array(controlled, { minLength: 1, maxLength: 80, size: 'max' })],
    [1, fc.array(contention, { minLength: 1, maxLength: 60, size: 'max' })],
    [1, fc.array(idleness, { minLength: 1, maxLength: 60, size: 'max' })],
  ),
});
