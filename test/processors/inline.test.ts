// One attempt at a time, without a manager: how each way to end becomes an outcome.

import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { type ClaimedJob, type Due, wrap } from '../../src/core/envelope.ts';
import { CanceledError } from '../../src/core/errors.ts';
import { defineJob, type Handler } from '../../src/core/job.ts';
import type { Lock } from '../../src/core/lock.ts';
import type { Outcome } from '../../src/core/outcome.ts';
import { RATE_MARK } from '../../src/core/rate.ts';
import type { Schema } from '../../src/core/schema.ts';
import { Fail, RateLimited, RetryAt, Snooze } from '../../src/core/verdict.ts';
import { InlineProcessor } from '../../src/processors/inline.ts';
import type { Attempt } from '../../src/processors/processor.ts';
import { listenForStrayRejections } from '../../src/processors/stray-rejections.ts';
import type { Alarm } from '../../src/runtime/alarms.ts';
import { type Clock, systemClock } from '../../src/runtime/clock.ts';
import { LazyAbortController } from '../../src/runtime/lazy-abort.ts';

const claimed: ClaimedJob = {
  ...{ id: 'a', type: 't', queue: 'q', payload: '{"n":1}', locks: [], attempts: 0, crashes: 0 },
  ...{ sequence: 1, enqueuedAt: 0, worker: 'w', token: '7' },
};

interface Setting {
  readonly job?: Partial<ClaimedJob>;
  readonly clock?: Clock;
  readonly controller?: LazyAbortController;
  readonly lock?: (locks: readonly Lock[]) => Promise<boolean>;
  readonly pauseRate?: (key: string, until: Due) => Promise<void>;
}

function attempt(
  handlers: Handler[],
  { job = {}, clock = systemClock, controller = new LazyAbortController(), lock, pauseRate }: Setting = {},
) {
  const lines: string[] = [];
  const reports: string[] = [];
  const at = (_fields: object, message: string): void => void lines.push(message);
  const processor = new InlineProcessor({
    handlers: new Map(handlers.map((handler) => [handler.definition.type, handler])),
    clock,
    random: () => 0.5,
    maxPayload: 100,
  });
  let ended: Attempt['ended'] = () => undefined;
  const outcome = new Promise<Outcome | null>((resolve) => {
    ended = resolve;
  });
  const given: Attempt = {
    job: { ...claimed, ...job },
    controller,
    startedOn: clock.monotonic(),
    log: { debug: at, info: at, warn: at, error: at },
    lock: lock ?? (() => Promise.reject(new Error('no lock was expected'))),
    pauseRate: pauseRate ?? (() => Promise.reject(new Error('no pause was expected'))),
    report: (progress) => void reports.push(progress),
    ended,
  };
  processor.process(given);
  return { outcome, lines, reports };
}

const withInput = { type: 't', input: z.object({ n: z.number() }) };

test('a handler that returns, or resolves, has completed', async () => {
  const thenable = {
    // biome-ignore lint/suspicious/noThenProperty: this is what is tested
    then: (resolve: (n: number) => void) => resolve(3),
  };
  for (const result of [undefined, 1, Promise.resolve(2), thenable]) {
    const { outcome } = attempt([defineJob(withInput).handle(() => result)]);
    expect(await outcome).toEqual({ kind: 'completed' });
  }
});

test('the handler gets what its schema gives', async () => {
  const inputs: unknown[] = [];
  const type = defineJob({ type: 't', input: z.object({ n: z.number().transform((n) => n + 1) }) });
  await attempt([type.handle((input) => inputs.push(input))]).outcome;
  expect(inputs).toEqual([{ n: 2 }]);
});

test('attempts that are left mean a retry by the policy, none mean failed', async () => {
  const policy = { attempts: 3, backoff: (used: number) => used * 100 };
  const handler = defineJob({ type: 't', retry: policy }).handle(() => {
    throw new Error('boom');
  });
  const failure = expect.objectContaining({ message: 'boom' });
  expect(await attempt([handler]).outcome).toEqual({ kind: 'retry', delay: 100, failure });
  expect(await attempt([handler], { job: { attempts: 1 } }).outcome).toEqual({ kind: 'retry', delay: 200, failure });
  expect(await attempt([handler], { job: { attempts: 2 } }).outcome).toEqual({ kind: 'failed', failure });
  // The policy has become stricter since.
  expect(await attempt([handler], { job: { attempts: 7 } }).outcome).toEqual({ kind: 'failed', failure });
});

test('an input that does not fit fails at once; a validation that breaks is tried again', async () => {
  const strict = defineJob(withInput).handle(() => {});
  const refused = await attempt([strict], { job: { payload: '{"n":"1"}' } }).outcome;
  expect(refused).toMatchObject({ kind: 'failed', failure: { code: 'WINGMAN_INPUT_INVALID' } });
  // Not zod's: it drops a promise of its own on the way, which nobody can handle then.
  const validate = () => Promise.reject(new Error('the database is away'));
  const input: Schema = { '~standard': { version: 1, vendor: 'test', validate } };
  const broken = defineJob({ type: 't', input }).handle(() => {});
  expect(await attempt([broken]).outcome).toMatchObject({
    kind: 'retry',
    failure: { message: 'the database is away' },
  });
});

test('an input error that the handler itself throws is a failed attempt as any other', async () => {
  const strict = defineJob({ type: 'inner', input: z.string() });
  const outer = defineJob({ type: 't' }).handle(() => wrap({ ...strict.job(''), payload: 1 }, 'x'));
  expect(await attempt([outer]).outcome).toMatchObject({ kind: 'retry', failure: { code: 'WINGMAN_INPUT_INVALID' } });
});

test('a validation that never settles is ended by the timeout too', async () => {
  const type = defineJob({ type: 't', timeout: 5, input: z.unknown().refine(() => new Promise<boolean>(() => {})) });
  const { outcome } = attempt([type.handle(() => {})]);
  expect(await outcome).toMatchObject({ kind: 'retry', failure: { code: 'WINGMAN_TIMEOUT' } });
});

test('a damaged payload goes to the dead letters, an unknown type is parked', async () => {
  const handler = defineJob({ type: 't' }).handle(() => {});
  const dead = { kind: 'dead', reason: expect.stringContaining('not JSON') };
  expect(await attempt([handler], { job: { payload: '{' } }).outcome).toEqual(dead);
  const parked = { kind: 'parked', reason: "w has no handler for job type 'else'" };
  expect(await attempt([handler], { job: { type: 'else', payload: '{' } }).outcome).toEqual(parked);
});

test('when the manager stops, a handler that throws is released, and one that finishes has completed', async () => {
  const reason = new CanceledError('aborted', 'the manager stops');
  const waitFor = (end: (signal: AbortSignal) => unknown): Handler =>
    defineJob({ type: 't' }).handle(async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return end(signal);
    });
  for (const [end, kind] of [
    [(signal: AbortSignal) => signal.throwIfAborted(), 'released'],
    [() => 'done', 'completed'],
    [() => new Promise(() => {}), 'released'],
  ] as const) {
    const controller = new LazyAbortController();
    const { outcome } = attempt([waitFor(end)], { controller });
    await systemClock.turn();
    controller.abort(reason);
    expect(await outcome).toEqual({ kind });
  }
});

test('an attempt that was aborted before it began is released, and its handler never called', async () => {
  const controller = new LazyAbortController();
  controller.abort(new Error('stop'));
  let isCalled = false;
  const handler = defineJob({ type: 't' }).handle(() => {
    isCalled = true;
  });
  expect(await attempt([handler], { controller }).outcome).toEqual({ kind: 'released' });
  expect(isCalled).toBe(false);
});

test('locks are asked for where a job came without them, from the validated input', async () => {
  const asked: unknown[] = [];
  const runs: unknown[] = [];
  const type = defineJob({ ...withInput, lock: ({ n }) => ({ key: `k${n}`, concurrency: 2 }) });
  const handler = type.handle((input) => runs.push(input));
  const lock = (answer: boolean) => async (locks: readonly Lock[]) => {
    asked.push(locks);
    return answer;
  };
  expect(await attempt([handler], { job: { locks: null }, lock: lock(true) }).outcome).toEqual({ kind: 'completed' });
  expect(await attempt([handler], { job: { locks: null }, lock: lock(false) }).outcome).toBeNull();
  expect(asked).toEqual(Array(2).fill([{ key: 'k1', concurrency: 2 }]));
  expect(runs).toHaveLength(1);

  const free = defineJob({ type: 't', lock: () => null }).handle(() => {});
  expect(await attempt([free], { job: { locks: null } }).outcome).toEqual({ kind: 'completed' });
});

test('an attempt that is aborted while it waits for its lock is released', async () => {
  const controller = new LazyAbortController();
  const type = defineJob({ type: 't', lock: () => ({ key: 'k', concurrency: 1 }) });
  const lock = async (): Promise<boolean> => {
    controller.abort(new Error('stop'));
    throw new Error('stop');
  };
  const { outcome } = attempt([type.handle(() => {})], { job: { locks: null }, controller, lock });
  expect(await outcome).toEqual({ kind: 'released' });
});

test('a handler that throws Fail fails at once, whatever attempts are left', async () => {
  const type = defineJob({ type: 't', retry: { attempts: 5 } });
  const handler = type.handle(() => {
    throw new Fail('no such customer', { cause: new Error('404') });
  });
  expect(await attempt([handler]).outcome).toEqual({
    kind: 'failed',
    failure: {
      ...{ name: 'Fail', message: 'no such customer', stack: expect.any(String) },
      cause: { name: 'Error', message: '404' },
    },
  });
});

test('a handler that throws RetryAt or Snooze is put off, and its last attempt is not used', async () => {
  const type = defineJob({ type: 't', retry: { attempts: 1 } });
  const at = new Date('2030-01-02T03:04:05Z');
  for (const [thrown, due] of [
    [() => new RetryAt(at), { at: at.getTime() }],
    [() => new Snooze('5m'), { in: 300_000 }],
  ] as const) {
    const handler = type.handle(() => {
      throw thrown();
    });
    expect(await attempt([handler]).outcome).toEqual({ kind: 'snoozed', due });
  }
});

test('a snooze that makes no sense is a failure of the attempt, with the value received', async () => {
  const type = defineJob({ type: 't', retry: { attempts: 1 } });
  for (const [make, received] of [
    [() => new Snooze(-1), '-1'],
    [() => new Snooze(Number.POSITIVE_INFINITY), 'Infinity'],
    [() => new RetryAt(new Date(Number.NaN)), 'Invalid Date'],
  ] as const) {
    const handler = type.handle(() => {
      throw make();
    });
    expect(await attempt([handler]).outcome).toMatchObject({
      kind: 'failed',
      failure: { code: 'WINGMAN_OPTION_INVALID', message: expect.stringContaining(received) },
    });
  }
});

test('a type that keeps its completed jobs says so with each', async () => {
  const type = defineJob({ type: 't', keep: { for: '1 day', count: 10 } });
  const keep = { for: 86_400_000, count: 10 };
  expect(await attempt([type.handle(() => {})]).outcome).toEqual({ kind: 'completed', keep });
});

test('a rejection that nobody handles ends the attempt that it comes from, and no other', async () => {
  onTestFinished(listenForStrayRejections());
  const type = defineJob({ type: 't', retry: { attempts: 1 } });
  let isAborted = false;
  const careless = type.handle(async (_, { signal }) => {
    signal.addEventListener('abort', () => {
      isAborted = true;
    });
    systemClock.sleep(1).then(() => Promise.reject(new Error('stray')));
    await systemClock.sleep(60_000, signal);
  });
  const careful = type.handle(() => systemClock.sleep(50));
  const [stray, sound] = [attempt([careless]), attempt([careful])];
  expect(await stray.outcome).toMatchObject({ kind: 'failed', failure: { message: 'stray' } });
  expect(isAborted).toBe(true);
  expect(await sound.outcome).toEqual({ kind: 'completed' });
});

test('a rejection that comes after its attempt has ended is logged', async () => {
  onTestFinished(listenForStrayRejections());
  let reject: () => void = () => {};
  const handler = defineJob({ type: 't' }).handle(() => {
    new Promise<void>((resolve) => {
      reject = resolve;
    }).then(() => {
      throw new Error('late');
    });
  });
  const { outcome, lines } = attempt([handler]);
  expect(await outcome).toEqual({ kind: 'completed' });
  reject();
  while (lines.length === 0) await systemClock.turn();
  expect(lines).toEqual(['a rejection of an attempt that has ended was not handled']);
});

test('no timer of an attempt outlives it', async () => {
  const running = new Set<Alarm>();
  const clock: Clock = {
    ...systemClock,
    set: (alarm, milliseconds, now) => {
      running.add(alarm);
      systemClock.set(alarm, milliseconds, now);
    },
    callOff: (alarm) => {
      running.delete(alarm);
      systemClock.callOff(alarm);
    },
  };
  const type = defineJob({ ...withInput, timeout: '1h' });
  await attempt([type.handle(() => {})], { clock }).outcome;
  expect(running.size).toBe(0);
  const stop = new LazyAbortController();
  const { outcome } = attempt(
    [type.handle((_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject)))],
    { clock, controller: stop },
  );
  await systemClock.turn();
  expect(running.size).toBe(1);
  stop.abort(new Error('stop'));
  await outcome;
  expect(running.size).toBe(0);
});

const rates = ['api', 'mail'].map((key) => ({ key: RATE_MARK + key, concurrency: 1, interval: 10 }));

test('one that met a rate limit lets all of its rate keys rest, or the one it names, and uses no attempt', async () => {
  for (const [limit, keys] of [
    [{ for: '5s' }, ['api', 'mail']],
    [{ key: 'other', for: 5_000 }, ['other']],
  ] as const) {
    const paused: unknown[] = [];
    const handler = defineJob({ type: 't' }).handle(() => {
      throw new RateLimited(limit);
    });
    const pauseRate = async (key: string, until: Due): Promise<void> => void paused.push([key, until]);
    const job = { locks: [{ key: 'k', concurrency: 1 }, ...rates] };
    const { outcome } = attempt([handler], { job, pauseRate });
    expect(await outcome).toEqual({ kind: 'snoozed', due: { in: 5_000 } });
    expect(paused).toEqual(keys.map((key) => [key, { in: 5_000 }]));
  }
});

test('one that met a rate limit is put off though nobody could be told', async () => {
  const until = new Date(5);
  const handler = defineJob({ type: 't' }).handle(() => {
    throw new RateLimited({ until });
  });
  const { outcome, lines } = attempt([handler], { job: { locks: rates } });
  expect(await outcome).toEqual({ kind: 'snoozed', due: { at: 5 } });
  expect(lines).toEqual(['the rate limit could not be told to the other managers']);
});

test('a handler lets a rate key rest and goes on', async () => {
  const paused: unknown[] = [];
  const handler = defineJob({ type: 't' }).handle(async (_, { limit }) => {
    await limit('api').pauseUntil(new Date(7));
    await limit('api').pauseFor('1s');
  });
  const pauseRate = async (key: string, until: Due): Promise<void> => void paused.push([key, until]);
  expect(await attempt([handler], { pauseRate }).outcome).toEqual({ kind: 'completed' });
  expect(paused).toEqual([
    ['api', { at: 7 }],
    ['api', { in: 1_000 }],
  ]);
});

test('a rate that only the type can tell is asked for with its locks', async () => {
  const asked: unknown[] = [];
  const type = defineJob({
    ...withInput,
    lock: ({ n }) => ({ key: `k${n}`, concurrency: 1 }),
    rate: () => ({ key: 'api', limit: 2, per: '1s' }),
  });
  const lock = async (locks: readonly Lock[]): Promise<boolean> => void asked.push(...locks) === undefined;
  await attempt([type.handle(() => undefined)], { job: { locks: null }, lock }).outcome;
  expect(asked).toEqual([
    { key: 'k1', concurrency: 1 },
    { key: `${RATE_MARK}api`, concurrency: 1, interval: 500 },
  ]);
});

test('what a handler returns is checked by the output schema, and kept as it was returned', async () => {
  const schema = z.object({ n: z.number().transform((n) => n + 1), at: z.coerce.date() });
  const type = defineJob({ type: 't', output: schema, retry: { attempts: 2, backoff: () => 5 } });
  const at = new Date(0);
  const { outcome } = attempt([type.handle(async () => ({ n: 1, at, more: undefined }))]);
  const result = '{"n":1,"at":"1970-01-01T00:00:00.000Z"}';
  expect(await outcome).toEqual({ kind: 'completed', keep: { for: 3_600_000, count: null }, result });

  const given: unknown = { n: '1' };
  const wrong = await attempt([type.handle(() => given as { n: number; at: Date })]).outcome;
  expect(wrong).toMatchObject({ kind: 'retry', delay: 5, failure: { code: 'WINGMAN_OUTPUT_INVALID' } });
  const large = await attempt([type.handle(() => ({ n: 1, at, text: 'x'.repeat(100) }))]).outcome;
  expect(large).toMatchObject({ kind: 'retry', failure: { code: 'WINGMAN_PAYLOAD_TOO_LARGE' } });
});

test('without an output schema nothing of what a handler returns is kept', async () => {
  const type = defineJob({ type: 't', keep: 5 });
  const { outcome } = attempt([type.handle(() => new Map([[1n, 2]]))]);
  expect(await outcome).toEqual({ kind: 'completed', keep: { for: null, count: 5 } });
});

test('what a handler reports is passed on as JSON, and what is none is thrown where it is reported', async () => {
  const caught: unknown[] = [];
  const type = defineJob({ type: 't' });
  const { outcome, reports } = attempt([
    type.handle((_, { progress }) => {
      for (const value of [0.5, { done: 1, note: 'é' }, undefined, new Map(), 'x'.repeat(16_384)]) {
        try {
          progress(value);
        } catch (error) {
          caught.push(error);
        }
      }
    }),
  ]);
  expect(await outcome).toEqual({ kind: 'completed' });
  expect(reports).toEqual(['0.5', '{"done":1,"note":"é"}', 'null']);
  expect(caught).toMatchObject([{ code: 'WINGMAN_PAYLOAD_NOT_JSON' }, { code: 'WINGMAN_PAYLOAD_TOO_LARGE' }]);
});
