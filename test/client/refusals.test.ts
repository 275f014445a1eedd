// What a caller without types may get wrong: each has a stable code, on every backend the same, and changes nothing.

import { describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/client/connect.ts';
import type { Wingman } from '../../src/client/wingman.ts';
import { WingmanError } from '../../src/core/errors.ts';
import { defineJob } from '../../src/core/job.ts';

const free = defineJob<unknown>({ type: 'free', lock: () => ({ key: 'k', concurrency: 1 }) });

async function client(): Promise<Wingman> {
  const wingman = await connect('memory:');
  onTestFinished(() => wingman.close());
  return wingman;
}

describe('enqueueMany', () => {
  test.each<[string, unknown[]]>([
    ['no definition', [null, [1]]],
    // It looks like a definition, and its lock would not be asked for.
    ['a job in the place of a definition', [free.job(1), [1]]],
    ['no inputs', [free]],
    ['inputs that are no list', [free, 5]],
    ['a text, of which each character would be an input', [free, 'abc']],
  ])('refuses %s', async (_, args) => {
    const wingman = await client();
    const many = Reflect.apply(wingman.enqueueMany, wingman, args);
    await expect(many).rejects.toMatchObject({ code: 'WINGMAN_OPTION_INVALID' });
    expect((await wingman.stats()).queues).toEqual([]);
  });

  test('says of which input JSON would lose a part, and enqueues none of its batch', async () => {
    const wingman = await client();
    await expect(wingman.enqueueMany(free, [1, { x: 1n }])).rejects.toMatchObject({
      code: 'WINGMAN_PAYLOAD_NOT_JSON',
      message: expect.stringMatching(/^input \[1\]: .* 1n at x$/),
      cause: expect.any(WingmanError),
    });
    expect((await wingman.stats()).queues).toEqual([]);
  });
});

test.each<[string, 'get' | 'list' | 'deadLetters', unknown[], string]>([
  ['no id', 'get', [], "option 'id'"],
  ['no listing', 'list', [], "option 'listing'"],
  ['no state', 'list', [{}], 'waiting, held, processing, parked, completed, scheduled, failed'],
  ['a state that is not listed', 'list', [{ state: 'completed' }], 'received {"state":"completed"}'],
  ['a state that every object has', 'list', [{ state: 'toString' }], "option 'listing'"],
  ['waiting jobs of no queue', 'list', [{ state: 'waiting' }], "{ state: 'waiting', queue }"],
  ['held jobs of no key', 'list', [{ state: 'held' }], "{ state: 'held', key }"],
  ['parked jobs of no type', 'list', [{ state: 'parked' }], "{ state: 'parked', type }"],
  ['jobs of no worker', 'list', [{ state: 'processing' }], "{ state: 'processing', worker }"],
  ['an offset below 0', 'list', [{ state: 'failed' }, { offset: -1 }], "option 'offset'"],
  ['an offset that is no number', 'list', [{ state: 'failed' }, { offset: '1' }], "option 'offset'"],
  ['a limit of none', 'list', [{ state: 'failed' }, { limit: 0 }], "option 'limit'"],
  ['a limit that is not whole', 'deadLetters', [{ limit: 1.5 }], "option 'limit'"],
])('looking refuses %s', async (_, method, args, message) => {
  const wingman = await client();
  await expect(Reflect.apply(wingman[method], wingman, args)).rejects.toMatchObject({
    code: 'WINGMAN_OPTION_INVALID',
    message: expect.stringContaining(message),
  });
});

test.each([
  { maxPayload: 0 },
  { maxPayload: Number.NaN },
  { maxPayload: '1048576' },
  { grantTimeout: 0 },
  { grantTimeout: Number.POSITIVE_INFINITY },
])('connect refuses %j, which would be no limit', async (options) => {
  await expect(Reflect.apply(connect, null, ['memory:', options])).rejects.toMatchObject({
    code: 'WINGMAN_OPTION_INVALID',
  });
});
