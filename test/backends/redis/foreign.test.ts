import { afterAll, beforeAll, expect, test } from 'vitest';
import { init } from '../../../src/backends/redis/index.ts';
import type { Stages } from '../../../src/contract/stages.ts';
import { type RedisServer, startRedis } from '../../harness/redis-server.ts';

let server: RedisServer;
let stages: Stages;
beforeAll(async () => {
  server = await startRedis();
  stages = await init({ url: server.url, blockingTimeout: 20_000 });
});
afterAll(async () => {
  await stages.close();
  await server.stop();
});

function push(queue: string, entry: string): Promise<string> {
  return server.cli('RPUSH', `wingman:queue:${queue}`, entry);
}

test('RPUSH of a whole envelope by redis-cli is processed', async () => {
  await push('mail', '{"ID":"f-1","TypeName":"mail.send","Job":{"to":"ä\\n\\"b\\"","n":[1,2.5,null]}}');
  expect(await stages.size('mail')).toBe(1);
  expect(await stages.peek('mail')).toMatchObject({ id: 'f-1', type: 'mail.send' });
  const job = await stages.popJob('mail');
  expect(job).toMatchObject({ id: 'f-1', type: 'mail.send', payload: { to: 'ä\n"b"', n: [1, 2.5, null] }, attempt: 1 });
  await stages.processJob(job);
  await stages.clearJob(job.id);
  expect(await stages.backend.find('f-1')).toBeNull();
});

test('it wakes a pop that is blocked already', async () => {
  const popped = stages.popJob('blocked');
  await expect.poll(() => server.cli('CLIENT', 'LIST')).toContain('cmd=blpop');
  await push('blocked', '{"ID":"f-2","TypeName":"t","Job":null}');
  expect(await popped).toMatchObject({ id: 'f-2', payload: null });
});

test.each([
  ['not JSON', '{nonsense', 'not JSON'],
  ['no ID', '{"TypeName":"t","Job":1}', 'ID'],
  ['an ID that is no text', '{"ID":7,"TypeName":"t","Job":1}', 'ID'],
  ['an ID that looks like an envelope', '{"ID":"{","TypeName":"t","Job":1}', 'ID'],
  ['no type', '{"ID":"x","Job":1}', 'TypeName'],
  ['no job', '{"ID":"x","TypeName":"t"}', 'Job'],
  ['nesting without end', `{"ID":"x","TypeName":"t","Job":${'['.repeat(5_000)}`, 'not JSON'],
  ['what only Lua takes for JSON', '{"ID":"nan","TypeName":"t","Job":NaN}', 'damaged'],
  ['an id that no job has', 'no-such-job', 'no job has this id'],
])('%s goes to the dead letters byte for byte, and the loop goes on', async (name, entry, reason) => {
  const queue = `junk-${name}`;
  await push(queue, entry);
  await push(queue, `{"ID":"after-${name.replaceAll(' ', '-')}","TypeName":"t","Job":1}`);
  expect((await stages.popJob(queue)).type).toBe('t');
  const letters = await stages.backend.deadLetters(0, 1000);
  const letter = letters.find(({ queue: from }) => from === queue);
  expect(letter?.reason).toContain(reason);
  expect(Buffer.from(letter?.raw ?? []).toString()).toContain(entry);
});

test('an envelope with the ID of another job does not replace it', async () => {
  const id = await stages.pushInternalJob({ id: 'taken', type: 'mine', queue: 'dup', payload: 'mine' });
  await push('dup', '{"ID":"taken","TypeName":"theirs","Job":1}');
  expect(await stages.popJob('dup')).toMatchObject({ id, type: 'mine' });
  await push('dup', '{"ID":"last","TypeName":"t","Job":1}');
  expect(await stages.popJob('dup')).toMatchObject({ id: 'last' });
  const letters = await stages.backend.deadLetters(0, 1000);
  expect(letters.filter(({ queue }) => queue === 'dup')).toHaveLength(1);
});
