import { relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../runtime/clock.ts';
import type { Backend } from '../../backend.ts';
import type { StoreOptions, Subject } from '../subject.ts';
import { Lockstep } from './lockstep.ts';
import { type Sequence, sequences } from './sequences.ts';

/** Opens a new model with a clock of ours. The suite may not import a backend, so it is handed in. */
export type OpenModel = (options: StoreOptions & { readonly clock: Clock }) => Promise<Backend>;

/** A store for one run. */
type OpenSubject = (options: StoreOptions) => Promise<{ readonly backend: Backend; dispose(): Promise<void> }>;

export interface RunOptions {
  readonly runs: number;
  readonly seed?: number;
  /** No new run is begun after so many milliseconds, a failed one's shrinking included. */
  readonly atMost: number;
  /** Leave a failing sequence as it is, and do not look for a shorter one. */
  readonly asFound?: boolean;
}

/** Runs random sequences of calls on new stores and on the model. */
export async function checkAgainstModel(
  openSubject: OpenSubject,
  openModel: OpenModel,
  { runs, seed, atMost, asFound = false }: RunOptions,
): Promise<fc.RunDetails<[Sequence]>> {
  const run = async ({ grantTimeout, commands }: Sequence): Promise<void> => {
    let now = 1_000_000;
    const model = await openModel({ grantTimeout, clock: { ...systemClock, now: () => now } });
    const { backend, dispose } = await openSubject({ grantTimeout });
    const tick = async (): Promise<void> => {
      now += 1;
      const before = await backend.now();
      while ((await backend.now()) <= before);
    };
    try {
      await new Lockstep(backend, model, tick).run(commands);
    } finally {
      await dispose();
      await model.close();
    }
  };
  let running: Promise<void> = Promise.resolve();
  const property = fc.asyncProperty(sequences, (sequence) => {
    running = run(sequence);
    return running;
  });
  const details = await fc.check(property, {
    numRuns: runs,
    interruptAfterTimeLimit: atMost,
    endOnFailure: asFound,
    ...(seed !== undefined && { seed }),
  });
  // When the time is up, the run in progress is left to itself: it must not be there any more when the test has ended.
  await running.catch(() => undefined);
  return details;
}

/** The time for a hundred runs. */
const TIME_LIMIT = 20_000;

export function modelSuite(subject: Subject, openModel: OpenModel): void {
  const runs = Number(process.env.WINGMAN_RUNS ?? 100);
  const atMost = Math.max(1, runs / 100) * TIME_LIMIT;

  describe(`model: ${subject.name}`, () => {
    it(`does as the model does, in ${runs} random sequences of calls`, { timeout: 2 * atMost }, async () => {
      const seed = process.env.WINGMAN_SEED;
      const details = await checkAgainstModel(
        async (options) => {
          const store = await subject.create(options);
          return { backend: await store.open(), dispose: () => store.dispose() };
        },
        openModel,
        { runs, atMost, ...(seed !== undefined && { seed: Number(seed) }) },
      );
      if (!details.failed) return;
      const file = relative(process.cwd(), expect.getState().testPath ?? '');
      const replay = `Replay: WINGMAN_SEED=${details.seed} WINGMAN_RUNS=${runs} npm test -- ${file}`;
      throw new Error(`${fc.defaultReportMessage(details)}\n${replay}`, { cause: details.errorInstance });
    });
  });
}
