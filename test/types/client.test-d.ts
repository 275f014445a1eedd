import * as v from 'valibot';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import {
  type Backend,
  type CancelledMany,
  type Context,
  connect,
  defineJob,
  defineSchedules,
  type EnqueuedJob,
  type JobFilter,
  type JobHandle,
  type JobInfo,
  type JobUpdate,
  Manager,
  type ScheduleInfo,
  type StopReason,
  type Wingman,
} from '../../src/index.ts';

declare const wingman: Wingman;
declare const backend: Backend;

const withSchema = defineJob({ type: 'a', input: z.object({ n: z.coerce.number<string>() }) });
const withGeneric = defineJob<{ tenant: string }>({ type: 'b' });
const optional = defineJob({ type: 'c', input: v.optional(v.string()) });
const cleanup = defineJob({ type: 'd' });

test('enqueue takes what the schema takes, and not what it gives', () => {
  expectTypeOf(wingman.enqueue(withSchema, { n: '1' })).resolves.toEqualTypeOf<EnqueuedJob>();
  wingman.enqueue(withSchema, { n: '1' }, { delay: '5m', id: 'x' });
  // @ts-expect-error the handler gets a number, the schema takes text
  wingman.enqueue(withSchema, { n: 1 });
  // @ts-expect-error an input is needed
  wingman.enqueue(withSchema);
  // @ts-expect-error no such option
  wingman.enqueue(withSchema, { n: '1' }, { dealy: 1 });
});

test('a unique job says which key, for how long, and what becomes of another', () => {
  wingman.enqueue(withSchema, { n: '1' }, { unique: { key: 'k', while: 'waiting', onConflict: 'replace' } });
  wingman.enqueue(withSchema, { n: '1' }, { unique: { key: 'k', for: '10m' } });
  wingman.enqueue(withSchema, { n: '1' }, { unique: false });
  // @ts-expect-error a key is needed
  wingman.enqueue(withSchema, { n: '1' }, { unique: { for: '10m' } });
  // @ts-expect-error no such choice
  wingman.enqueue(withSchema, { n: '1' }, { unique: { key: 'k', onConflict: 'ignore' } });
  // @ts-expect-error one key for many makes no sense
  wingman.enqueueMany(withSchema, [{ n: '1' }], { unique: { key: 'k' } });
  // The rule of a type is of what its schema gives.
  defineJob({
    type: 'a',
    input: z.object({ n: z.coerce.number<string>() }),
    unique: ({ n }) => ({ key: n.toFixed() }),
  });
  defineJob({ type: 'a', input: z.object({ n: z.string() }), unique: { key: ({ n }) => n, for: '1h' } });
  // @ts-expect-error a key is text
  defineJob<{ n: number }>({ type: 'a', unique: ({ n }) => ({ key: n }) });
  expectTypeOf<EnqueuedJob['outcome']>().toEqualTypeOf<
    'enqueued' | 'duplicate' | 'kept' | 'replaced' | 'extended' | 'rejected'
  >();
});

test('enqueue takes what the type parameter says', () => {
  wingman.enqueue(withGeneric, { tenant: 'acme' });
  // @ts-expect-error a property is missing
  wingman.enqueue(withGeneric, {});
  // @ts-expect-error an input is needed
  wingman.enqueue(withGeneric);
});

test('a job without input needs none', () => {
  wingman.enqueue(cleanup);
  wingman.enqueue(cleanup, undefined, { runAt: new Date(0) });
  // @ts-expect-error it takes none
  wingman.enqueue(cleanup, { n: 1 });
  wingman.enqueue(optional, 'x');
  wingman.enqueue(optional, undefined);
});

test('enqueue takes a ready job', () => {
  wingman.enqueue(withSchema.job({ n: '1' }), { delay: 5 });
  wingman.enqueue({ type: 'free', payload: [1, 2] });
  // @ts-expect-error a ready job has its input already
  wingman.enqueue(withSchema.job({ n: '1' }), { n: '1' });
});

test('priority, deadline and tags go with one job, with many, and with a type', () => {
  wingman.enqueue(cleanup, undefined, { priority: 5, deadline: '1h', tags: ['a'] });
  wingman.enqueueMany(withSchema, [{ n: '1' }], { priority: -5, deadline: new Date(0), tags: ['a'] });
  // @ts-expect-error a number
  wingman.enqueue(cleanup, undefined, { priority: 'high' });
  // @ts-expect-error a list
  wingman.enqueue(cleanup, undefined, { tags: 'a' });
  defineJob({
    type: 't',
    input: z.object({ n: z.coerce.number<string>() }),
    priority: ({ n }) => {
      expectTypeOf(n).toEqualTypeOf<number>();
      return n;
    },
    deadline: '1h',
    tags: ({ n }) => [`n:${n}`],
  });
  defineJob<{ tenant: string }>({ type: 't', priority: 5, tags: ({ tenant }) => [tenant] });
  // @ts-expect-error a type has no instant
  defineJob({ type: 't', deadline: new Date(0) });
  // @ts-expect-error no number
  defineJob({ type: 't', priority: () => 'high' });
});

test('cancelMany takes a filter', () => {
  expectTypeOf(wingman.cancelMany({ type: 'a', tag: 'b' })).resolves.toEqualTypeOf<CancelledMany>();
  expectTypeOf(wingman.cancelMany).parameter(0).toEqualTypeOf<JobFilter>();
  // @ts-expect-error no such filter
  wingman.cancelMany({ state: 'failed' });
});

test('enqueueMany takes any iterable of inputs', () => {
  wingman.enqueueMany(withSchema, [{ n: '1' }]);
  wingman.enqueueMany(withGeneric, new Set([{ tenant: 'a' }]), { delay: 1 });
  wingman.enqueueMany(
    withGeneric,
    (async function* () {
      yield { tenant: 'a' };
    })(),
  );
  // @ts-expect-error each input is checked
  wingman.enqueueMany(withSchema, [{ n: 1 }]);
  // @ts-expect-error this type has no input
  wingman.enqueueMany(cleanup, [{ n: 1 }]);
  // @ts-expect-error one id for many makes no sense
  wingman.enqueueMany(withSchema, [{ n: '1' }], { id: 'x' });
});

const counted = defineJob({
  type: 'e',
  input: z.object({ n: z.number() }),
  output: z.object({ total: z.number(), at: z.string().transform((text) => new Date(text)) }),
});

test('a handler of a type with an output must return what its schema takes', () => {
  counted.handle(() => ({ total: 1, at: '2026-01-01' }));
  counted.handle(async () => ({ total: 1, at: '2026-01-01' }));
  // @ts-expect-error a property is missing
  counted.handle(() => ({ total: 1 }));
  // @ts-expect-error what the schema makes is not what it takes
  counted.handle(() => ({ total: 1, at: new Date() }));
  // @ts-expect-error it gives nothing
  counted.handle(async () => {});
});

test('a result is what the schema makes of that', async () => {
  interface Counted {
    total: number;
    at: Date;
  }
  const job = await wingman.enqueue(counted, { n: 1 });
  expectTypeOf(job).toEqualTypeOf<EnqueuedJob<Counted>>();
  expectTypeOf(job.result({ timeout: '30s' })).resolves.toEqualTypeOf<Counted>();
  expectTypeOf(wingman.job(counted, 'x')).toEqualTypeOf<JobHandle<Counted>>();
  expectTypeOf(wingman.job(counted, 'x').result()).resolves.toEqualTypeOf<Counted>();
  expectTypeOf(wingman.job('x').result()).resolves.toEqualTypeOf<unknown>();
  const [first] = await wingman.enqueueMany(counted, [{ n: 1 }]);
  expectTypeOf(first).toEqualTypeOf<EnqueuedJob<Counted> | undefined>();
  // @ts-expect-error no such option
  job.result({ tiemout: 1 });
});

test('a type without an output keeps no result to wait for', async () => {
  const job = await wingman.enqueue(cleanup);
  // @ts-expect-error there will be none
  job.result();
  // @ts-expect-error there will be none
  wingman.job(cleanup, 'x').result();
  expectTypeOf(job.status()).resolves.toEqualTypeOf<JobInfo | null>();
});

test('a type parameter for the input goes with one for the output schema', () => {
  const output = z.object({ n: z.number() });
  const both = defineJob<{ tenant: string }, typeof output>({ type: 'f', output });
  both.handle(({ tenant }) => ({ n: tenant.length }));
  expectTypeOf(wingman.job(both, 'x').result()).resolves.toEqualTypeOf<{ n: number }>();
  const withoutInput = defineJob({ type: 'g', output: v.number() });
  withoutInput.handle((input) => {
    expectTypeOf(input).toEqualTypeOf<undefined>();
    return 1;
  });
  expectTypeOf(wingman.job(withoutInput, 'x').result()).resolves.toEqualTypeOf<number>();
  // @ts-expect-error no Standard Schema
  defineJob({ type: 'h', output: { parse: () => 1 } });
});

test('events are told apart by their names', async () => {
  for await (const update of wingman.job('x').events({ signal: AbortSignal.abort() })) {
    expectTypeOf(update).toEqualTypeOf<JobUpdate>();
    if (update.event === 'progress') expectTypeOf(update.progress).toEqualTypeOf<unknown>();
  }
  // @ts-expect-error a loop takes as long as it takes
  wingman.job('x').events({ timeout: 1 });
});

test('connect takes a URL, options with one, or an open backend', () => {
  expectTypeOf(connect('memory:')).resolves.toEqualTypeOf<Wingman>();
  connect({ url: 'sqlite:jobs.db', maxPayload: 1 });
  connect(backend);
  connect({ backend });
  // @ts-expect-error neither a URL nor a backend
  connect({});
  expectTypeOf(wingman.get('x')).resolves.toEqualTypeOf<JobInfo | null>();
});

test('a handler gets what the schema gives', () => {
  withSchema.handle((input, context) => {
    expectTypeOf(input).toEqualTypeOf<{ n: number }>();
    expectTypeOf(context).toEqualTypeOf<Context>();
  });
});

test('a manager takes handlers of any types, and queues in a list or with weights', () => {
  const handlers = [withSchema.handle(() => 1), withGeneric.handle(async () => {}), cleanup.handle(() => {})];
  new Manager({ backend: 'memory:', handlers });
  new Manager({ backend, handlers, queues: ['a', 'b'], lease: '1m', signals: false });
  new Manager({ backend: { backend }, handlers, queues: { a: 1, b: 2 } });
  // @ts-expect-error a definition is no handler
  new Manager({ backend, handlers: [cleanup] });
  // @ts-expect-error no such option
  new Manager({ backend, handlers, concurency: 1 });
  // @ts-expect-error no such signal
  new Manager({ backend, handlers, signals: ['SIGNOPE'] });
});

test('a listener gets what is known of its event', () => {
  const manager = new Manager({ backend, handlers: [cleanup.handle(() => {})] });
  manager
    .on('completed', (event) => expectTypeOf(event.attempt).toEqualTypeOf<number>())
    .on('held', (event) => expectTypeOf(event.detail).toEqualTypeOf<string>())
    .on('retrying', (event) => expectTypeOf(event.delay).toEqualTypeOf<number>())
    .once('stopped', (event) => expectTypeOf(event.reason).toEqualTypeOf<StopReason>())
    .on('error', (error) => expectTypeOf(error).toEqualTypeOf<unknown>());
  // @ts-expect-error no such event
  manager.on('done', () => {});
  // @ts-expect-error a promoted job is in nobody's hands
  manager.on('promoted', (event) => event.worker);
});

test('a schedule has a pattern or a length of time, and a job whose input is checked where it is made', () => {
  const job = withSchema.job({ n: '1' });
  wingman.schedules.upsert('a', { cron: '0 2 * * *', timezone: 'Europe/Berlin', job, catchUp: { all: 3 } });
  wingman.schedules.upsert('a', { every: '30s', start: new Date(0), end: new Date(1), overlap: 'wait', job });
  expectTypeOf(wingman.schedules.get('a')).resolves.toEqualTypeOf<ScheduleInfo | null>();
  // @ts-expect-error one of the two
  wingman.schedules.upsert('a', { cron: '0 2 * * *', every: '30s', job });
  // @ts-expect-error neither
  wingman.schedules.upsert('a', { job });
  // @ts-expect-error every counts time, and has no zone
  wingman.schedules.upsert('a', { every: '30s', timezone: 'UTC', job });
  // @ts-expect-error no such policy
  wingman.schedules.upsert('a', { every: '30s', job, overlap: 'queue' });
  // @ts-expect-error no job
  wingman.schedules.upsert('a', { every: '30s' });
  // @ts-expect-error the schema takes text
  wingman.schedules.upsert('a', { every: '30s', job: withSchema.job({ n: 1 }) });
});

test('a manager takes one set of schedules or several', () => {
  const set = defineSchedules('app', { a: { every: '30s', job: cleanup.job() } });
  const handlers = [cleanup.handle((_, { schedule }) => schedule?.tick.getTime())];
  new Manager({ backend, handlers, schedules: set });
  new Manager({ backend, handlers, schedules: [set] });
  wingman.schedules.declare(set);
  // @ts-expect-error a set is made by defineSchedules
  new Manager({ backend, handlers, schedules: { owner: 'app', schedules: [] } });
  // @ts-expect-error the options of each are checked
  defineSchedules('app', { a: { every: '30s' } });
});
