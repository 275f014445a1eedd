import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { wrap } from '../../src/core/envelope.ts';
import { deadlineOf, type ExtrasOptions, priorityOf, tagsOf } from '../../src/core/extras.ts';
import { checkFilter, fits } from '../../src/core/filter.ts';
import { defineJob, type Job } from '../../src/core/job.ts';

async function extras(job: Job, given?: ExtrasOptions) {
  return (await wrap(job, 'a', undefined, given)).extras;
}

const plain = defineJob({ type: 't' });

describe('what is stored of priority, deadline and tags', () => {
  it('is nothing for a job that has none of them', async () => {
    expect('extras' in (await wrap(plain.job(), 'a'))).toBe(false);
    expect(await extras(plain.job(), { priority: 0, tags: [] })).toBeUndefined();
    expect(await extras(plain.job(), { priority: -0 })).toBeUndefined();
    const none = defineJob({ type: 't', priority: () => undefined, tags: () => undefined });
    expect(await extras(none.job())).toBeUndefined();
  });

  it('is what is given with one job, without a definition too', async () => {
    const at = new Date('2030-01-31T08:00:00Z');
    const given = { priority: -1000, deadline: at, tags: ['import-42'] };
    const stored = { priority: -1000, deadline: { at: at.getTime() }, tags: ['import-42'] };
    expect(await extras(plain.job(), given)).toEqual(stored);
    expect(await extras({ type: 'raw', payload: 1 }, given)).toEqual(stored);
    expect(await extras(plain.job(), { deadline: '1h' })).toEqual({ deadline: { in: 3_600_000 } });
  });

  it('is what the type says, and of its input as the handler will see it', async () => {
    const type = defineJob({
      type: 't',
      input: z.object({ tenant: z.string(), big: z.coerce.number() }),
      priority: ({ big }) => -big,
      deadline: '30s',
      tags: ({ tenant }) => [`tenant:${tenant}`],
    });
    expect(await extras(type.job({ tenant: 'acme', big: '7' }))).toEqual({
      priority: -7,
      deadline: { in: 30_000 },
      tags: ['tenant:acme'],
    });
    const fixed = defineJob({ type: 't', priority: 5, tags: ['x'] });
    expect(await extras(fixed.job())).toEqual({ priority: 5, tags: ['x'] });
  });

  it('is what is said of the job before what its type says; tags are of both', async () => {
    const type = defineJob({ type: 't', priority: 5, deadline: '1h', tags: ['a', 'b'] });
    expect(await extras(type.job(), { priority: 0, deadline: '1m', tags: ['b', 'c'] })).toEqual({
      deadline: { in: 60_000 },
      tags: ['a', 'b', 'c'],
    });
  });

  it.each([1001, -1001, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null])(
    'no priority is %s',
    async (priority) => {
      const wrong = { code: 'WINGMAN_OPTION_INVALID', message: expect.stringContaining('from -1000 to 1000') };
      await expect(extras(plain.job(), { priority: priority as number })).rejects.toMatchObject(wrong);
      expect(() => defineJob({ type: 't', priority: priority as number })).toThrow(expect.objectContaining(wrong));
      const computed = defineJob({ type: 't', priority: () => priority as number });
      await expect(extras(computed.job())).rejects.toMatchObject(wrong);
    },
  );

  it.each([0, '0s', -1, 'soon', null, new Date(Number.NaN)])('no deadline is %s', async (deadline) => {
    await expect(extras(plain.job(), { deadline: deadline as string })).rejects.toMatchObject({
      code: 'WINGMAN_OPTION_INVALID',
      message: expect.stringContaining("option 'deadline' must be"),
    });
  });

  it('a type has no instant as its deadline: it is of all its jobs', () => {
    expect(() => defineJob({ type: 't', deadline: new Date() as never })).toThrow("option 'deadline' must be");
  });

  it.each([
    ['tag'],
    [null],
    [['']],
    [['x'.repeat(129)]],
    [['a\n']],
    [['\ud800']],
    [[1]],
    [[undefined]],
    [Array.from({ length: 11 }, (_, at) => `tag-${at}`)],
  ])('no tags are %j', async (tags) => {
    const wrong = { code: 'WINGMAN_OPTION_INVALID', message: expect.stringContaining("option 'tags' must be") };
    await expect(extras(plain.job(), { tags: tags as string[] })).rejects.toMatchObject(wrong);
    expect(() => defineJob({ type: 't', tags: tags as string[] })).toThrow(expect.objectContaining(wrong));
    await expect(extras(defineJob({ type: 't', tags: () => tags as string[] }).job())).rejects.toMatchObject(wrong);
  });

  it('no more than ten tags are of type and job together', async () => {
    const type = defineJob({ type: 't', tags: ['1', '2', '3', '4', '5', '6'] });
    expect((await extras(type.job(), { tags: ['6', '7', '8', '9', '10'] }))?.tags).toHaveLength(10);
    await expect(extras(type.job(), { tags: ['7', '8', '9', '10', '11'] })).rejects.toThrow('at most 10');
  });
});

describe('what is read of them', () => {
  it('is an instant for a deadline, counted from the enqueue', () => {
    expect(deadlineOf({ enqueuedAt: 1_000 })).toBeNull();
    expect(deadlineOf({ enqueuedAt: 1_000, extras: { deadline: { in: 500 } } })).toBe(1_500);
    expect(deadlineOf({ enqueuedAt: 1_000, extras: { deadline: { at: 500 } } })).toBe(500);
  });

  it('is nothing where it is damaged', () => {
    for (const damaged of [null, 'x', {}, { in: 'x' }, { at: null }, [1]]) {
      const extras = { deadline: damaged, tags: damaged, priority: damaged } as never;
      expect(deadlineOf({ enqueuedAt: 1, extras })).toBeNull();
      expect(priorityOf(extras)).toBe(0);
      expect(tagsOf(extras)).toEqual([]);
    }
    expect(priorityOf({ priority: 1e300 })).toBe(1000);
    expect(tagsOf({ tags: ['a', 1, null] as never })).toEqual(['a']);
  });
});

describe('a filter', () => {
  const job = { type: 't', queue: 'q', locks: [{ key: 'k', concurrency: 1 }], extras: { tags: ['x', 'y'] } };

  it('fits a job of which all is true that it says', () => {
    expect(fits({ type: 't', queue: 'q', lock: 'k', tag: 'y' }, job)).toBe(true);
    for (const other of [{ type: 'T' }, { queue: '' }, { lock: 'l' }, { tag: 'z' }]) {
      expect(fits({ type: 't', ...other }, job)).toBe(false);
    }
    expect(fits({ lock: 'k' }, { ...job, locks: null })).toBe(false);
    expect(fits({ tag: 'x' }, { ...job, extras: undefined })).toBe(false);
  });

  it.each([undefined, null, 't', [], {}, { type: undefined }, { type: 1 }, { tag: '' }, { state: 'failed' }])(
    'that says nothing, or something else, is refused: %j',
    (filter) => {
      expect(() => checkFilter(filter)).toThrow(expect.objectContaining({ code: 'WINGMAN_OPTION_INVALID' }));
    },
  );
});
