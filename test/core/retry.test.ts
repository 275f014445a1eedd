import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryPolicy } from '../../src/core/retry.ts';

const kinds = ['exponential', 'linear', 'fixed'] as const;

describe('retry policy', () => {
  it('makes 10 attempts with exponential waits from 2 seconds to an hour when nothing is said', () => {
    const { attempts, delayAfter } = retryPolicy();
    expect(attempts).toBe(10);
    const waits = [1, 2, 3, 4, 11, 12, 13].map((used) => delayAfter(used, null, 0.5));
    expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 2_048_000, 3_600_000, 3_600_000]);
  });

  it.each([
    ['exponential', [100, 200, 400, 800]],
    ['linear', [100, 200, 300, 400]],
    ['fixed', [100, 100, 100, 100]],
  ] as const)('waits along the curve: %s', (kind, waits) => {
    const { delayAfter } = retryPolicy({ backoff: { kind, delay: 100, jitter: 0 } });
    expect([1, 2, 3, 4].map((used) => delayAfter(used, null, 0.9))).toEqual(waits);
  });

  it('asks a function, with the attempts used and what was thrown', () => {
    const error = new Error('no');
    const { delayAfter } = retryPolicy({ backoff: (used, thrown) => (thrown === error ? `${used}m` : 0) });
    expect(delayAfter(3, error, 0.1)).toBe(180_000);
    expect(delayAfter(3, null, 0.1)).toBe(0);
    const nonsense = retryPolicy({ backoff: () => 'soon' });
    expect(() => nonsense.delayAfter(1, null, 0)).toThrow(/retry\.backoff/);
  });

  it('varies a wait by its share at most, and never waits longer than the cap', () => {
    const arbitrary = fc.record({
      kind: fc.constantFrom(...kinds),
      delay: fc.nat(1e6),
      cap: fc.integer({ min: 1e6, max: 1e9 }),
      jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 1, max: 5_000 }), random, (backoff, used, chance) => {
        const wait = retryPolicy({ backoff }).delayAfter(used, null, chance);
        const middle = retryPolicy({ backoff: { ...backoff, jitter: 0 } }).delayAfter(used, null, chance);
        expect(Number.isSafeInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(Math.floor(middle * (1 - backoff.jitter)));
        expect(wait).toBeLessThanOrEqual(Math.min(backoff.cap, Math.ceil(middle * (1 + backoff.jitter))));
      }),
    );
  });

  it('waits as long as it is told where that is longer than the cap that nobody gave', () => {
    const { delayAfter } = retryPolicy({ backoff: { kind: 'fixed', delay: '2h', jitter: 0 } });
    expect(delayAfter(3, null, 0.5)).toBe(7_200_000);
  });

  it('never waits less after a later attempt', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.nat(1e6), fc.integer({ min: 1, max: 2_000 }), (kind, delay, used) => {
        const { delayAfter } = retryPolicy({ backoff: { kind, delay, jitter: 0 } });
        expect(delayAfter(used + 1, null, 0.5)).toBeGreaterThanOrEqual(delayAfter(used, null, 0.5));
      }),
    );
  });

  it.each<[string, unknown]>([
    ['retry.attempts', { attempts: 0 }],
    ['retry.attempts', { attempts: 1.5 }],
    ['retry.attempts', { attempts: '3' }],
    ['retry.backoff', { backoff: 'slow' }],
    ['retry.backoff', { backoff: { kind: 'cubic' } }],
    ['retry.backoff.delay', { backoff: { kind: 'fixed', delay: '-1s' } }],
    ['retry.backoff.cap', { backoff: { kind: 'fixed', cap: 'never' } }],
    ['retry.backoff.cap', { backoff: { kind: 'exponential', delay: '1h', cap: '1m' } }],
    ['retry.backoff.jitter', { backoff: { kind: 'fixed', jitter: 1.1 } }],
    ['retry.backoff.jitter', { backoff: { kind: 'fixed', jitter: Number.NaN } }],
  ])('refuses a bad %s: %j', (option, options) => {
    expect(() => Reflect.apply(retryPolicy, null, [options])).toThrow(`option '${option}'`);
  });
});
