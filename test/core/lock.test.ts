import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizeLocks } from '../../src/core/lock.ts';

describe('locks', () => {
  it('are none where there is nothing', () => {
    for (const locks of [null, undefined, []]) expect(normalizeLocks(locks)).toEqual([]);
  });

  it('are one or several, sorted by key', () => {
    expect(normalizeLocks({ key: 'a', concurrency: 2 })).toEqual([{ key: 'a', concurrency: 2 }]);
    const locks = ['b', 'a', 'B', 'é', ''.padEnd(512, 'z')].map((key) => ({ key, concurrency: 1 }));
    expect(normalizeLocks(locks).map(({ key }) => key)).toEqual(['B', 'a', 'b', 'z'.repeat(512), 'é']);
  });

  it('are in the same order whatever order they are given in', () => {
    const lock = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', '\u{10ffff}', '\ufffd'),
      concurrency: fc.constant(2),
    });
    fc.assert(
      fc.property(fc.array(lock), (locks) => {
        const normal = normalizeLocks(locks);
        expect(normalizeLocks([...locks].reverse())).toEqual(normal);
        expect(normalizeLocks(normal)).toEqual(normal);
        expect(new Set(normal.map(({ key }) => key)).size).toBe(normal.length);
      }),
    );
  });

  it('are not needed where the concurrency is below 1', () => {
    expect(
      normalizeLocks([
        { key: 'a', concurrency: 0 },
        { key: 'b', concurrency: -5 },
        { key: 'c', concurrency: 1 },
      ]),
    ).toEqual([{ key: 'c', concurrency: 1 }]);
  });

  it('keep a key once that is given twice, and refuse it with different limits', () => {
    const a1 = { key: 'a', concurrency: 1 };
    expect(normalizeLocks([a1, { ...a1 }])).toEqual([a1]);
    expect(() => normalizeLocks([a1, { key: 'a', concurrency: 2 }])).toThrowError(
      expect.objectContaining({ code: 'WINGMAN_JOB_INVALID', message: expect.stringContaining('limits 1 and 2') }),
    );
  });

  it('keep nothing but key and concurrency', () => {
    expect(normalizeLocks(Object.assign({ key: 'a', concurrency: 1 }, { more: true }))).toEqual([
      { key: 'a', concurrency: 1 },
    ]);
  });

  it.each<[string, unknown]>([
    ['lock.key', { concurrency: 1 }],
    ['lock.key', { key: '', concurrency: 1 }],
    ['lock.key', { key: 7, concurrency: 1 }],
    ['lock.key', { key: 'x'.repeat(513), concurrency: 1 }],
    ['lock.key', { key: '\ud800', concurrency: 1 }],
    ['lock.key', { key: 'a\0b', concurrency: 1 }],
    ['lock.concurrency', { key: 'a' }],
    ['lock.concurrency', { key: 'a', concurrency: 1.5 }],
    ['lock.concurrency', { key: 'a', concurrency: '1' }],
    ['lock.concurrency', { key: 'a', concurrency: Number.NaN }],
    ['lock.concurrency', { key: 'a', concurrency: Number.POSITIVE_INFINITY }],
    ['lock', 'a'],
    ['lock', [null]],
  ])('refuse a bad %s: %j', (option, locks) => {
    expect(() => Reflect.apply(normalizeLocks, null, [locks])).toThrow(`option '${option}'`);
  });
});
