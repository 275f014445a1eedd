import { describe, expect, test } from 'vitest';
import { wrap as wrapNow } from '../../src/core/envelope.ts';
import { defineJob } from '../../src/core/job.ts';
import { type UniqueOptions, uniqueness } from '../../src/core/unique.ts';

/** It throws at once where nothing is asynchronous. */
const wrap = async (...args: Parameters<typeof wrapNow>) => wrapNow(...args);

describe('the uniqueness of a job', () => {
  test('is until it is done, and another is kept out, where nothing else is said', () => {
    const rule = { unique: { key: 'k', while: 'until done' }, onConflict: 'keep' };
    expect(uniqueness({ key: 'k' })).toEqual(rule);
    expect(uniqueness({ key: 'k', while: 'until done' })).toEqual(rule);
  });

  test('is while it waits, or for a time', () => {
    expect(uniqueness({ key: 'k', while: 'waiting' })?.unique.while).toBe('waiting');
    expect(uniqueness({ key: 'k', for: '10m' })?.unique.while).toBe(600_000);
    expect(uniqueness({ key: 'k', for: 1 })?.unique.while).toBe(1);
  });

  test.each([undefined, null, false] as const)('is none for %j', (options) => {
    expect(uniqueness(options)).toBeNull();
  });

  const wrong: readonly (readonly [string, unknown, string])[] = [
    ['no object', 'k', "'unique' must be an object of key, while, for, onConflict"],
    ['a list', [{ key: 'k' }], "'unique' must be"],
    ['a name that is not known', { key: 'k', untli: 1 }, '"untli"'],
    ['no key', {}, "'unique.key' must be text"],
    ['an empty key', { key: '' }, 'received ""'],
    ['a key that is too long', { key: 'x'.repeat(513) }, '1 to 512'],
    ['a key with NUL', { key: 'a\0b' }, 'without NUL'],
    ['half a character', { key: '\ud800' }, "'unique.key' must be text"],
    ['both while and for', { key: 'k', while: 'waiting', for: 1 }, "'unique.for' must be left out"],
    ['no such while', { key: 'k', while: 'running' }, "'unique.while' must be 'waiting' or 'until done'"],
    ['no time', { key: 'k', for: 0 }, "'unique.for' must be longer than 0"],
    ['no duration', { key: 'k', for: 'soon' }, "'unique.for' must be a duration"],
    ['no such onConflict', { key: 'k', onConflict: 'ignore' }, "'unique.onConflict' must be 'keep'"],
  ];

  test.each(wrong)('cannot be %s', (_, options, message) => {
    expect(() => uniqueness(options as UniqueOptions)).toThrow(
      expect.objectContaining({ code: 'WINGMAN_OPTION_INVALID' }),
    );
    expect(() => uniqueness(options as UniqueOptions)).toThrow(message);
  });
});

describe('a job type', () => {
  interface Input {
    readonly tenant: string;
    readonly isFree?: boolean;
  }

  test('gives the rule for each input: a function, which may give none', async () => {
    const report = defineJob<Input>({
      type: 'report',
      unique: ({ tenant, isFree }) =>
        isFree === true ? null : { key: tenant, while: 'waiting', onConflict: 'replace' },
    });
    expect(await wrap(report.job({ tenant: 'acme' }), 'a')).toMatchObject({
      extras: { unique: { key: 'acme', while: 'waiting' } },
      onConflict: 'replace',
    });
    const free = await wrap(report.job({ tenant: 'acme', isFree: true }), 'a');
    expect(free).not.toHaveProperty('extras');
    expect(free).not.toHaveProperty('onConflict');
  });

  test('gives the rule for each input: its choices with a key function', async () => {
    const report = defineJob<Input>({ type: 'report', unique: { key: ({ tenant }) => tenant, for: '1s' } });
    expect(await wrap(report.job({ tenant: 'acme' }), 'a')).toMatchObject({
      extras: { unique: { key: 'acme', while: 1_000 } },
      onConflict: 'keep',
    });
  });

  test('gives way to what the job itself says', async () => {
    const report = defineJob<Input>({ type: 'report', unique: { key: ({ tenant }) => tenant } });
    const mine = { ...report.job({ tenant: 'acme' }), unique: { key: 'mine' } };
    expect((await wrap(mine, 'a')).extras?.unique?.key).toBe('mine');
    expect(await wrap({ ...mine, unique: false }, 'a')).not.toHaveProperty('extras');
    expect((await wrap({ type: 'free', payload: 1, unique: { key: 'k' } }, 'a')).extras?.unique?.key).toBe('k');
    expect((await wrap({ ...defineJob({ type: 'bare' }).job(), unique: { key: 'k' } }, 'a')).extras?.unique?.key).toBe(
      'k',
    );
  });

  test('says at once what is wrong with its choices, and with each job what is wrong with its key', async () => {
    const define = (unique: unknown) => Reflect.apply(defineJob, null, [{ type: 't', unique }]);
    expect(() => define('k')).toThrow("'unique' must be an object");
    expect(() => define({ key: 'k' })).toThrow("'unique.key' must be a function of the input");
    expect(() => define({ key: () => 'k', for: 'soon' })).toThrow("'unique.for'");
    expect(() => define({ key: () => 'k', onConflict: 'x' })).toThrow("'unique.onConflict'");
    const wrong = defineJob({ type: 't', unique: { key: () => '' } });
    await expect(wrap(wrong.job(), 'a')).rejects.toMatchObject({ code: 'WINGMAN_OPTION_INVALID' });
  });
});
