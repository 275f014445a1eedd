import { describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/contract/backend.ts';
import { Peer } from './peer.ts';
import { enqueue, makeBooks, newJob, newPath, openStore, refusal, valueIn } from './stage.ts';

const modes = ['wal', 'delete'];

async function makeStore(journal: string, busyTimeout?: number): Promise<{ path: string; backend: Backend }> {
  const path = await newPath();
  await makeBooks(path, { journal });
  return { path, backend: await openStore(path, busyTimeout === undefined ? {} : { busyTimeout }) };
}

/** A process that has the file for itself: nobody else may write to it. */
async function holder(path: string, begin = 'BEGIN IMMEDIATE'): Promise<Peer> {
  const peer = new Peer();
  expect(await peer.ask('execute', { path, sql: begin })).toEqual({ done: null });
  return peer;
}

describe.each(modes)('while another process writes (%s)', (journal) => {
  test('a call waits, the event loop goes on, and the call is done when the other has ended', async () => {
    const { path, backend } = await makeStore(journal, 60_000);
    const peer = await holder(path);
    let isDone = false;
    const call = enqueue(backend, newJob({ id: 'late' })).then(() => {
      isDone = true;
    });
    // The answers come through the event loop. Were it SQLite that waits, the loop would hardly ever be idle; where the machine halts
    // while it is not, it is another round that shows it.
    const used: number[] = [];
    while (used.length < 20 && !used.some((utilization) => utilization < 0.7)) {
      const before = performance.eventLoopUtilization();
      for (let round = 0; round < 20; round += 1) {
        expect(await peer.ask('shell', { command: 'true' })).toEqual({ done: 0 });
      }
      used.push(performance.eventLoopUtilization(before).utilization);
    }
    expect(Math.min(...used)).toBeLessThan(0.7);
    expect(isDone).toBe(false);
    expect(await backend.find('late')).toBeNull();
    await peer.ask('execute', { path, sql: 'UPDATE books SET successful = 7; COMMIT' });
    await call;
    expect(await backend.find('late')).toMatchObject({ state: 'waiting' });
    expect((await backend.stats()).counters.successful).toBe(7);
  });

  test('a call whose time is up is refused and not done, and does no harm to the next', async () => {
    const { path, backend } = await makeStore(journal, 50);
    const peer = await holder(path);
    const calls = [enqueue(backend, newJob({ id: 'one' })), enqueue(backend, newJob({ id: 'two' }))];
    for (const { code, message } of await Promise.all(calls.map(refusal))) {
      expect(code).toBe('WINGMAN_BACKEND_BUSY');
      expect(message).toContain(path);
      expect(message).toContain('50 ms');
    }
    await peer.ask('execute', { path, sql: 'COMMIT' });
    await enqueue(backend, newJob({ id: 'three' }));
    expect(await backend.list({ state: 'waiting', queue: 'q' }, 0, 10)).toEqual(['three']);
  });

  test('a call that waits is refused when the backend is closed', async () => {
    const { path, backend } = await makeStore(journal);
    await holder(path);
    const call = refusal(enqueue(backend, newJob()));
    await backend.close();
    expect((await call).code).toBe('WINGMAN_BACKEND_CLOSED');
  });

  test('a process that is killed in the middle of a write leaves the file as it was before', async () => {
    const { path, backend } = await makeStore(journal);
    await enqueue(backend, newJob({ id: 'before' }));
    await backend.close();
    const peer = await holder(path, 'PRAGMA cache_size = 1; BEGIN IMMEDIATE');
    // More than its cache holds, so that it is in the file, or in the log, before the end.
    const letters = `INSERT INTO dead_letters (queue, reason, at, raw)
      SELECT 'q', 'r', 0, zeroblob(2000) FROM (SELECT value FROM json_each('[${'1,'.repeat(999)}1]'))`;
    expect(await peer.ask('execute', { path, sql: letters })).toEqual({ done: null });
    await peer.kill();
    const reopened = await openStore(path);
    expect(await reopened.deadLetters(0, 1)).toEqual([]);
    await enqueue(reopened, newJob({ id: 'after' }));
    expect(await reopened.list({ state: 'waiting', queue: 'q' }, 0, 10)).toEqual(['before', 'after']);
    expect(await valueIn(path, 'SELECT group_concat(integrity_check) FROM pragma_integrity_check')).toBe('ok');
  });

  test('one that is killed among its enqueues has lost none that was acknowledged', async () => {
    const { path, backend } = await makeStore(journal);
    for (const count of [1, 20, 77]) {
      const peer = new Peer();
      await peer.ask('open', { path });
      peer.tell('flood', { prefix: `killed-${count}` });
      await peer.answers(1 + count);
      const [, ...told] = await peer.kill();
      expect(told.length).toBeGreaterThanOrEqual(count);
      for (const { done } of told) expect(await backend.find(String(done))).toMatchObject({ state: 'waiting' });
    }
    await enqueue(backend, newJob({ id: 'after' }));
    const size = await backend.size('q');
    expect(await backend.list({ state: 'waiting', queue: 'q' }, 0, size + 1)).toHaveLength(size);
    expect(await valueIn(path, 'SELECT group_concat(integrity_check) FROM pragma_integrity_check')).toBe('ok');
  });
});

test('readers that keep a write without a log from its end make it wait, and then refuse it undone', async () => {
  const { path, backend } = await makeStore('delete', 50);
  const patient = await openStore(path);
  const peer = await holder(path, 'BEGIN; SELECT count(*) FROM jobs');
  const { code } = await refusal(enqueue(backend, newJob({ id: 'one' })));
  expect(code).toBe('WINGMAN_BACKEND_BUSY');
  expect(await backend.find('one')).toBeNull();
  const call = enqueue(patient, newJob({ id: 'two' }));
  await peer.ask('execute', { path, sql: 'COMMIT' });
  await call;
  expect(await backend.list({ state: 'waiting', queue: 'q' }, 0, 10)).toEqual(['two']);
});

describe.each(modes)('those who wait for work (%s)', (journal) => {
  test('are woken by a job that another process enqueues, of their queue alone', async () => {
    const { path, backend } = await makeStore(journal);
    const peer = new Peer();
    await peer.ask('open', { path });
    const stop = new AbortController();
    const other = backend.wait(['other'], { timeout: 60_000, signal: stop.signal });
    const woken = backend.wait(['q'], { timeout: 60_000 });
    expect(await peer.ask('enqueue', { id: 'theirs' })).toEqual({ done: null });
    expect(await woken).toBe('woken');
    stop.abort();
    expect(await other).toBe('aborted');
  });

  test('are woken by what was enqueued while another process had the file for itself', async () => {
    const { path, backend } = await makeStore(journal);
    const peer = await holder(path, 'BEGIN EXCLUSIVE');
    const woken = backend.wait(['q'], { timeout: 60_000 });
    const job = `INSERT INTO jobs (sequence, id, type, queue, locks, state, enqueued_at, lane, position, payload)
      VALUES (1, 'theirs', 'greet', 'q', '[]', 'waiting', 0, 1, 1, '1')`;
    await peer.ask('execute', { path, sql: `${job}; COMMIT` });
    expect(await woken).toBe('woken');
  });
});
