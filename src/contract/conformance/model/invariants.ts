import { readKey } from '../../../core/rate.ts';
import type { Backend } from '../../backend.ts';
import { KEYS, MOST_PLACES } from './commands.ts';
import type { Snapshot } from './snapshot.ts';

/** What must be true of every store at any time, whatever the model says. Gives what is not. */
export async function broken(backend: Backend, ids: readonly string[], snapshot: Snapshot): Promise<string[]> {
  const views = (await Promise.all(ids.map((id) => backend.find(id)))).filter((view) => view !== null);
  const faults: string[] = [];
  for (const key of KEYS) {
    const places = snapshot.holders[key] ?? [];
    // Whose limit it is may be gone by now.
    const most = MOST_PLACES;
    if (places.length > most) faults.push(`${places.length} jobs have a place of ${key}, and at most ${most} may`);
    for (const { id } of places) {
      const view = views.find(({ job }) => job.id === id);
      const state = view?.state;
      // One that was passed over too often keeps what it has while it waits, in the order of the keys.
      const isKept = state === 'held' && key < (view?.heldFor ?? '');
      if (state !== 'processing' && state !== 'waiting' && !isKept)
        faults.push(`${id} has a place of ${key} and is ${state} for ${view?.heldFor}`);
    }
    const waiters = snapshot.lists[`held ${key}`] ?? [];
    const isLock = readKey(key).kind === 'lock';
    if (isLock && waiters.length > 0 && places.length === 0)
      faults.push(`${waiters} are held for ${key}, which nobody has`);
  }
  for (const { job, state, owner, heldFor, granted } of views) {
    const lists = Object.entries(snapshot.lists).filter(([, members]) => members.includes(job.id));
    const [name, ...others] = lists.map(([list]) => list);
    const expected = {
      waiting: `waiting ${job.queue}`,
      held: `held ${heldFor}`,
      processing: `processing ${owner?.worker}`,
      parked: `parked ${job.type}`,
      completed: `completed ${job.type}`,
    };
    const place = Object.hasOwn(expected, state) ? Reflect.get(expected, state) : state;
    if (name !== place || others.length > 0) faults.push(`${job.id} is ${state} and listed in ${name}, ${others}`);
    const holds = KEYS.filter((key) => snapshot.holders[key]?.some(({ id }) => id === job.id));
    if (granted === true && holds.length !== job.locks?.length) faults.push(`${job.id} is granted ${holds} only`);
    if (granted !== true && state === 'waiting' && holds.length > 0) faults.push(`${job.id} has ${holds} in secret`);
  }
  for (const { job, state } of views) {
    const unique = job.extras?.unique;
    if (unique?.while !== 'until done' || state === 'failed' || state === 'completed') continue;
    const standing = snapshot.uniques[`${job.type} ${unique.key}`]?.id;
    if (standing !== job.id) faults.push(`${job.id} is ${state} and unique by ${unique.key}, which ${standing} has`);
  }
  for (const [name, unique] of Object.entries(snapshot.uniques)) {
    if (unique?.isForATime === false && !Object.hasOwn(snapshot.jobs, unique.id))
      faults.push(`${unique.id} has ${name} and is not in the books`);
  }
  const listed = Object.values(snapshot.lists).flat();
  for (const id of listed) if (!Object.hasOwn(snapshot.jobs, id)) faults.push(`${id} is listed and not in the books`);
  if (new Set(listed).size !== listed.length) faults.push('a job is listed twice');
  return faults;
}
