import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { wrap as wrapNow } from '../../src/core/envelope.ts';
import { defineJob } from '../../src/core/job.ts';

/** It throws at once where nothing is asynchronous. */
const wrap = async (...args: Parameters<typeof wrapNow>) => wrapNow(...args);

const invoice = defineJob({
  type: 'invoice.send',
  queue: 'billing',
  input: z.object({ tenant: z.string(), count: z.string().transform(Number).optional() }),
  lock: ({ tenant, count }) => ({ key: `tenant:${tenant}`, concurrency: count ?? 1 }),
});

describe('wrap', () => {
  it('puts a job in the form that is stored', async () => {
    expect(await wrap(invoice.job({ tenant: 'acme' }), 'id-1')).toEqual({
      id: 'id-1',
      type: 'invoice.send',
      queue: 'billing',
      payload: '{"tenant":"acme"}',
      locks: [{ key: 'tenant:acme', concurrency: 1 }],
    });
  });

  it('stores the input as it was given, and locks by what the schema makes of it', async () => {
    const { payload, locks } = await wrap(invoice.job({ tenant: 'acme', count: '3' }), 'id-1');
    expect(payload).toBe('{"tenant":"acme","count":"3"}');
    expect(locks).toEqual([{ key: 'tenant:acme', concurrency: 3 }]);
  });

  it('validates the input as the handler will see it: after JSON', async () => {
    const dated = defineJob({ type: 'dated', input: z.object({ at: z.string() }) });
    const job = { ...dated.job({ at: '' }), payload: { at: new Date(0) } };
    expect((await wrap(job, 'a')).payload).toBe('{"at":"1970-01-01T00:00:00.000Z"}');
  });

  it('refuses an input that the schema refuses', async () => {
    const job = { ...invoice.job({ tenant: 'a' }), payload: { tenant: 5 } };
    await expect(wrap(job, 'a')).rejects.toMatchObject({ code: 'WINGMAN_INPUT_INVALID', issues: [{ path: 'tenant' }] });
  });

  it('knows the locks of a job without a definition only where it brings them', async () => {
    expect((await wrap({ type: 't', payload: 1 }, 'a')).locks).toBeNull();
    expect((await wrap({ type: 't', payload: 1, lock: null }, 'a')).locks).toEqual([]);
    const lock = [
      { key: 'b', concurrency: 1 },
      { key: 'a', concurrency: 2 },
    ];
    expect((await wrap({ type: 't', payload: 1, lock }, 'a')).locks).toEqual([lock[1], lock[0]]);
    expect((await wrap(defineJob({ type: 't' }).job(), 'a')).locks).toEqual([]);
  });

  it('takes a job of the default queue, and one without an input', async () => {
    expect(await wrap({ type: 't', payload: undefined }, 'a')).toMatchObject({ queue: 'default', payload: 'null' });
  });

  it.each<[string, unknown, string]>([
    ['WINGMAN_JOB_MISSING', undefined, 'a'],
    ['WINGMAN_JOB_MISSING', null, 'a'],
    ['WINGMAN_JOB_MISSING', 'invoice.send', 'a'],
    ['WINGMAN_JOB_INVALID', { payload: 1 }, 'a'],
    ['WINGMAN_JOB_INVALID', { type: '', payload: 1 }, 'a'],
    ['WINGMAN_OPTION_INVALID', { type: 't', queue: '', payload: 1 }, 'a'],
    ['WINGMAN_OPTION_INVALID', { type: 't', payload: 1 }, ''],
    ['WINGMAN_OPTION_INVALID', { type: 't', payload: 1 }, '{"ID"'],
    ['WINGMAN_OPTION_INVALID', { type: 't', payload: 1, lock: { key: '', concurrency: 1 } }, 'a'],
    ['WINGMAN_PAYLOAD_NOT_JSON', { type: 't', payload: 1n }, 'a'],
  ])('refuses with %s', async (code, job, id) => {
    await expect(Reflect.apply(wrap, null, [job, id])).rejects.toMatchObject({ code });
  });

  it('refuses a payload over the cap it is given', async () => {
    const job = { type: 't', payload: 'x'.repeat(99) };
    await expect(wrap(job, 'a', 100)).rejects.toMatchObject({ code: 'WINGMAN_PAYLOAD_TOO_LARGE' });
    expect((await wrap(job, 'a', 101)).payload).toHaveLength(101);
  });
});
