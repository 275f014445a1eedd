import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wrap } from '../../src/core/envelope.ts';
import { defineJob } from '../../src/core/job.ts';
import { normalizeRates, RATE_MARK, type Rate, readKey, spentBy, startsAt, startsNow } from '../../src/core/rate.ts';
import { RateLimited } from '../../src/core/verdict.ts';

describe('rates', () => {
  test('are stored as places that come free by time, and never faster than asked', () => {
    expect(normalizeRates({ key: 'api', limit: 100, per: '1 minute', burst: 20 })).toEqual([
      { key: `${RATE_MARK}api`, concurrency: 20, interval: 600 },
    ]);
    expect(normalizeRates({ key: 'api', limit: 3, per: 1_000 })).toEqual([
      { key: `${RATE_MARK}api`, concurrency: 1, interval: 333.334 },
    ]);
  });

  test('are sorted by key, one for each, behind all locks', async () => {
    const type = defineJob<{ host: string }>({
      type: 't',
      lock: ({ host }) => ({ key: `\u{10FFFF}${host}`, concurrency: 1 }),
      rate: ({ host }) => [
        { key: host, limit: 1, per: '1s' },
        { key: 'all', limit: 5, per: '1s' },
        { key: host, limit: 2, per: '2s' },
      ],
    });
    const { locks } = await wrap(type.job({ host: 'h' }), 'a');
    expect(locks?.map(({ key }) => readKey(key))).toEqual([
      { kind: 'lock', name: '\u{10FFFF}h' },
      { kind: 'rate', name: 'all' },
      { kind: 'rate', name: 'h' },
    ]);
  });

  test('that contradict each other are refused', () => {
    const twice = [
      { key: 'api', limit: 1, per: '1s' },
      { key: 'api', limit: 2, per: '1s' },
    ];
    expect(() => normalizeRates(twice)).toThrow(
      expect.objectContaining({ code: 'WINGMAN_JOB_INVALID', message: expect.stringContaining('"api"') }),
    );
  });

  test.each<[string, object, string]>([
    ['a rate below 1', { limit: 0.5 }, "option 'rate.limit' must be a whole number of at least 1; received 0.5"],
    ['no rate', { limit: undefined }, "option 'rate.limit'"],
    ['a time of 0', { per: 0 }, "option 'rate.per' must be a time such as '1 minute', longer than 0; received 0"],
    ['a time that is none', { per: 'soon' }, "option 'rate.per'"],
    ['a burst below 1', { burst: 0 }, "option 'rate.burst' must be a whole number of at least 1; received 0"],
    ['an empty key', { key: '' }, "option 'rate.key'"],
    ['a key with a mark', { key: '\uFFFF' }, "option 'rate.key'"],
    ['a misspelled option', { brust: 3 }, 'received {"brust":3}'],
  ])('%s is refused', (_, fields, message) => {
    const rate = { key: 'api', limit: 1, per: '1s', ...fields } as Rate;
    expect(() => normalizeRates(rate)).toThrow(
      expect.objectContaining({ code: 'WINGMAN_OPTION_INVALID', message: expect.stringContaining(message) }),
    );
  });
});

describe('the pace', () => {
  const pace = fc.record({
    concurrency: fc.integer({ min: 1, max: 9 }),
    interval: fc.constantFrom(0.5, 1, 7, 333.334),
  });

  test('allows no more than burst + time / interval in any stretch of time, and no less', () => {
    fc.assert(
      fc.property(pace, fc.array(fc.nat(60), { maxLength: 80 }), (rate, pauses) => {
        const starts: number[] = [];
        let [now, spent] = [1_000_000, 0];
        for (const pause of pauses) {
          now += pause;
          // Eager: whatever may start does.
          for (let more = 0; more < 40 && startsAt(spent, rate, 0, now) <= now; more += 1) {
            spent = spentBy(spent, rate, now);
            starts.push(now);
          }
        }
        for (const [first, from] of starts.entries()) {
          for (const [more, to] of starts.slice(first).entries()) {
            expect(more + 1).toBeLessThanOrEqual(rate.concurrency + (to - from) / rate.interval + 1e-6);
          }
        }
      }),
    );
  });

  test('keeps places for those that have not started', () => {
    const rate = { concurrency: 2, interval: 10 };
    expect(startsAt(0, rate, 1, 100)).toBeLessThanOrEqual(100);
    expect(startsAt(0, rate, 2, 100)).toBe(Number.POSITIVE_INFINITY);
    expect(startsAt(spentBy(0, rate, 100), rate, 1, 100)).toBe(110);
  });

  test('counts how many may start at once', () => {
    const rate = { concurrency: 3, interval: 10 };
    expect(startsNow(0, rate, 100, 9)).toBe(3);
    expect(startsNow(0, rate, 100, 2)).toBe(2);
    expect(startsNow(spentBy(0, rate, 100), rate, 100, 9)).toBe(2);
    expect(startsNow(130, rate, 100, 9)).toBe(0);
  });

  test('does not stop for as long as a clock was set back', () => {
    const rate = { concurrency: 2, interval: 10 };
    expect(startsAt(1_000_000, rate, 0, 100)).toBe(110);
    expect(spentBy(1_000_000, rate, 100)).toBe(130);
  });
});

test.each<[string, object]>([
  ['neither', {}],
  ['both', { until: new Date(), for: 1 }],
  ['no date', { until: new Date('soon') }],
  ['no duration', { for: 'long' }],
  ['a bad key', { key: '', for: 1 }],
  ['a misspelled option', { untill: new Date() }],
])('RateLimited with %s is refused', (_, limit) => {
  expect(() => new RateLimited(limit)).toThrow(expect.objectContaining({ code: 'WINGMAN_OPTION_INVALID' }));
});
