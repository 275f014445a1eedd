import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { integer } from '../../../src/backends/sqlite/rows.ts';
import { Peer } from './peer.ts';
import { enqueue, makeFolder, newJob, newPath, openInside, refusal, valueIn } from './stage.ts';

describe('where a file may not grow', () => {
  test.each([
    ['a write-ahead log', () => true],
    ['a rollback journal', () => false],
  ])('a call is refused as a whole, nothing is lost, and it goes on when there is room: %s', async (_, isSafe) => {
    const path = await newPath();
    const { backend, connection } = await openInside(path, { isSafe });
    const large = JSON.stringify('x'.repeat(50_000));
    await enqueue(backend, newJob({ id: 'first', payload: large }));
    const pages = integer(connection.get('PRAGMA page_count')?.page_count);
    connection.get(`PRAGMA max_page_count = ${pages + 15}`);

    const pair = [newJob({ id: 'second', payload: large }), newJob({ id: 'third', payload: large })];
    const { code, message } = await refusal(enqueue(backend, ...pair));
    expect(code).toBe('WINGMAN_SQLITE_FULL');
    expect(message).toContain(path);
    expect(await backend.list({ state: 'waiting', queue: 'q' }, 0, 10)).toEqual(['first']);

    // What is there can be worked off.
    await backend.register('w', 60_000);
    const call = { client: 'worker', sequence: 1, floor: 1 };
    const claim = { queues: ['q'], count: 1, locks: 'take' } as const;
    const { claimed } = await backend.exchange(call, { worker: 'w', settlements: [], claim });
    const settlements = claimed.map((job) => ({ job, outcome: { kind: 'completed' } as const }));
    const { settled } = await backend.exchange({ ...call, sequence: 2 }, { worker: 'w', settlements });
    expect(settled).toEqual(['settled']);

    connection.get('PRAGMA max_page_count = 100000');
    await enqueue(backend, ...pair);
    expect(await backend.list({ state: 'waiting', queue: 'q' }, 0, 10)).toEqual(['second', 'third']);
    expect(await valueIn(path, 'SELECT group_concat(integrity_check) FROM pragma_integrity_check')).toBe('ok');
  });
});

describe('a disk that is full', () => {
  // Mounted for one process alone, and gone with it.
  const own = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"'];
  const [command = '', ...words] = own;
  const mounts = spawnSync(command, [...words, '/mnt', 'true']).status === 0;
  const but = mounts ? '' : ': skipped, since this user may not mount one';

  test.skipIf(!mounts).each(['wal', 'delete'])(
    `is told, loses nothing, and may get room again${but}: %s`,
    async (mode) => {
      const folder = await makeFolder();
      const path = join(folder, 'jobs.db');
      const peer = new Peer([...own, folder]);
      await peer.ask('execute', { path, sql: `PRAGMA journal_mode = ${mode}` });
      expect(await peer.ask('open', { path })).toEqual({ done: null });
      expect(await peer.ask('enqueue', { id: 'first' })).toEqual({ done: null });
      await peer.ask('shell', { command: `cat /dev/zero > ${folder}/filler` });

      const acknowledged = ['first'];
      for (;;) {
        const id = `job-${acknowledged.length}`;
        const { refused } = await peer.ask('enqueue', { id, bytes: 10_000 });
        if (refused === undefined) {
          acknowledged.push(id);
          continue;
        }
        expect(refused.code).toBe('WINGMAN_SQLITE_FULL');
        expect(refused.message).toContain(path);
        expect(await peer.ask('find', { id })).toEqual({ done: null });
        break;
      }

      await peer.ask('shell', { command: `rm ${folder}/filler` });
      expect(await peer.ask('enqueue', { id: 'last', bytes: 10_000 })).toEqual({ done: null });
      for (const id of [...acknowledged, 'last']) expect(await peer.ask('find', { id })).toEqual({ done: 'waiting' });
    },
  );

  test.skipIf(!mounts)(`is told when a file is made${but}`, async () => {
    const folder = await makeFolder();
    const path = join(folder, 'jobs.db');
    const peer = new Peer([...own, folder]);
    await peer.ask('shell', { command: `cat /dev/zero > ${folder}/filler` });
    const { refused } = await peer.ask('open', { path });
    expect(refused?.code).toBe('WINGMAN_SQLITE_FULL');
    expect(refused?.message).toContain(path);
    await peer.ask('shell', { command: `rm ${folder}/filler` });
    expect(await peer.ask('open', { path })).toEqual({ done: null });
  });
});
