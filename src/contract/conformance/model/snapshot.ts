import type { Backend, JobView } from '../../backend.ts';
import { KEYS, QUEUES, RATES, SCHEDULES, TYPES, UNIQUE_KEYS } from './commands.ts';

/** All that can be seen of a store, without the instants: those of two stores are never the same. */
export interface Snapshot {
  readonly jobs: Readonly<Record<string, object>>;
  readonly ended: Readonly<Record<string, object | null>>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly holders: Readonly<Record<string, readonly { readonly id: string; readonly token: string | null }[]>>;
  /** By type and key: who has it, and whether for a time. */
  readonly uniques: Readonly<Record<string, { readonly id: string; readonly isForATime: boolean } | null>>;
  readonly peeks: Readonly<Record<string, string | null>>;
  readonly sizes: Readonly<Record<string, number>>;
  readonly dead: readonly object[];
  readonly stats: object;
  readonly controls: object;
  readonly schedules: object;
}

/**
 * Reads a store through every look there is.
 * @param rank names a token in a way that two stores have in common
 */
export async function snapshot(
  backend: Backend,
  ids: readonly string[],
  workers: readonly string[],
  rank: (token: string) => string,
): Promise<Snapshot> {
  const all = 1_000;
  const each = async <Value>(names: readonly string[], read: (name: string) => Promise<Value>) =>
    Object.fromEntries(await Promise.all(names.map(async (name) => [name, await read(name)] as const)));
  const listings = [
    ...QUEUES.map((queue) => ({ state: 'waiting', queue }) as const),
    ...KEYS.map((key) => ({ state: 'held', key }) as const),
    ...workers.map((worker) => ({ state: 'processing', worker }) as const),
    ...TYPES.flatMap((type) => [{ state: 'parked', type } as const, { state: 'completed', type } as const]),
    { state: 'scheduled' } as const,
    { state: 'failed' } as const,
  ];
  const [views, ended, lists, holders, uniques, peeks, sizes, dead, stats, controls, schedules] = await Promise.all([
    Promise.all(ids.map((id) => backend.find(id))),
    each(ids, (id) => backend.results.ended(id)),
    Promise.all(listings.map(async (of) => [Object.values(of).join(' '), await backend.list(of, 0, all)] as const)),
    each(KEYS, (key) => backend.holders(key)),
    each(
      TYPES.flatMap((type) => UNIQUE_KEYS.map((key) => `${type} ${key}`)),
      (name) => standing(backend, name),
    ),
    each(QUEUES, async (queue) => (await backend.peek(queue))?.id ?? null),
    each(QUEUES, (queue) => backend.size(queue)),
    backend.deadLetters(0, all),
    backend.stats(),
    controlsOf(backend),
    schedulesOf(backend),
  ]);
  const found = views.filter((view) => view !== null);
  const order = found.map(({ job }) => job.sequence).sort((a, b) => a - b);
  return {
    jobs: Object.fromEntries(found.map((view) => [view.job.id, withoutInstants(view, order, rank)])),
    ended: Object.fromEntries(
      Object.entries(ended).map(([id, view]) => [id, view === null ? null : withoutInstants(view, [], rank)]),
    ),
    lists: Object.fromEntries(lists),
    holders: Object.fromEntries(
      Object.entries(holders).map(([key, places]) => [
        key,
        places.map(({ id, token }) => ({ id, token: token === null ? null : rank(token) })),
      ]),
    ),
    uniques,
    peeks,
    sizes,
    schedules,
    dead: dead.map(({ queue, reason }) => ({ queue, reason })),
    stats: {
      ...stats,
      // A store may forget a queue in which nothing is left.
      queues: stats.queues.filter(({ waiting, held }) => waiting + held > 0),
      workers: stats.workers.map(({ worker, processing }) => ({ worker, processing })),
    },
    controls,
  };
}

async function controlsOf({ controls }: Backend): Promise<object> {
  const [pauses, limits, rates] = await Promise.all([
    controls.pauses(),
    controls.queueLimits(),
    Promise.all(RATES.map((key) => controls.rate(key))),
  ]);
  return {
    pauses: pauses.map(({ at: _, ...pause }) => pause),
    limits: limits.map(({ startsAt: _, ...limit }) => limit),
    rates: rates.map(({ reserved, pausedUntil, next }) => ({
      reserved,
      isPaused: pausedUntil !== null,
      isTimed: next !== null,
    })),
  };
}

async function schedulesOf({ schedules }: Backend): Promise<object> {
  const { names: due, next } = await schedules.due(0, 100);
  const found = await Promise.all(SCHEDULES.map((name) => schedules.find(name)));
  return {
    ...{ due, next, names: await schedules.names(0, 100) },
    each: found.map((schedule) => schedule && { ...schedule, version: 'some' }),
  };
}

async function standing(backend: Backend, name: string): Promise<{ id: string; isForATime: boolean } | null> {
  const [type = '', key = ''] = name.split(' ');
  const found = await backend.uniqueKeys.standing(type, key);
  // One that is taken for a millisecond may be free by now in one store and not in the other.
  if (found === null || (found.until ?? Number.POSITIVE_INFINITY) - (await backend.now()) < 60_000) return null;
  return { id: found.id, isForATime: found.until !== undefined };
}

function withoutInstants(view: JobView, order: readonly number[], rank: (token: string) => string): object {
  const { job, due, owner, failedAt, completedAt, failures, ...rest } = view;
  const { enqueuedAt: _, sequence, ...envelope } = job;
  return {
    ...rest,
    ...envelope,
    sequence: order.indexOf(sequence),
    ...(owner !== undefined && { owner: { worker: owner.worker, token: rank(owner.token) } }),
    isDue: due !== undefined,
    hasFailed: failedAt !== undefined,
    hasCompleted: completedAt !== undefined,
    failures: failures.map(({ at: _, ...failure }) => failure),
  };
}
