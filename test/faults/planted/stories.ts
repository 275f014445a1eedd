// What happens to every planted bug: work of all kinds, a kill, a stop for longer than the lease, a deploy, lost replies.

import type { Order, World } from './world.ts';

const many = (count: number, order: Order): Order[] => Array.from({ length: count }, () => order);

export async function everyday(world: World): Promise<void> {
  await world.start(3);
  await world.enqueue([
    ...many(10, { key: 'one', limit: 1, takes: 10 }),
    ...many(10, { key: 'two', limit: 2, takes: 15 }),
    ...many(10, {}),
    ...many(3, { deed: 'throw', times: 1 }),
    { deed: 'throw', times: 99 },
    ...many(3, { delay: 400 }),
  ]);
  for (let call = 0; call < 10; call += 1) await world.enqueue(many(2, { key: 'one', limit: 1, takes: 1 }));

  const [killed = ''] = await world.enqueue(many(4, { key: 'killed', limit: 1, takes: 200 }));
  await world.kill(await world.started(killed));

  const [paused = ''] = await world.enqueue(many(3, { key: 'paused', limit: 1, takes: 300 }));
  const victim = await world.started(paused);
  world.pauseAtSettle(victim, paused);
  await world.started(paused, 2);
  world.resume(victim);

  const [handedBack = ''] = await world.enqueue(many(2, { key: 'handed back', limit: 1, takes: 900 }));
  await world.replace(await world.started(handedBack));
  await world.started(handedBack, 2);
}

/** A job that kills each process that runs it, and one beside it that must not suffer. */
export async function poison(world: World): Promise<void> {
  await world.start(2);
  const [poisonous = ''] = await world.enqueue([{ deed: 'die', times: 99 }, ...many(3, { key: 'one', takes: 10 })]);
  await world.started(poisonous, 3);
}
