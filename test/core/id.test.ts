import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isId } from '../../src/core/envelope.ts';
import { ID_LENGTH, RANDOM_LENGTH, randomText, timePart } from '../../src/core/id.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { newId } from '../../src/runtime/identity.ts';

const instant = fc.integer({ min: 0, max: 2 ** 48 - 1 });

describe('id', () => {
  it('has 22 characters that are safe everywhere', () => {
    fc.assert(
      fc.property(instant, (now) => {
        const id = newId({ ...systemClock, now: () => now });
        expect(id).toMatch(/^[0-9A-Za-z_~]{22}$/);
        expect(isId(id)).toBe(true);
      }),
    );
  });

  it('sorts by its time, as text', () => {
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        fc.pre(a < b);
        const [first, second] = [a, b].map((now) => newId({ ...systemClock, now: () => now }));
        expect(first !== undefined && second !== undefined && first < second).toBe(true);
      }),
    );
  });

  it('has the time of each instant, those beside it included', () => {
    const alphabet = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~'];
    const written = (now: number): string =>
      Array.from({ length: 8 }, (_, at) => alphabet[Math.floor(now / 64 ** (7 - at)) % 64]).join('');
    const beside = fc.array(fc.integer({ min: -5_000, max: 5_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.integer({ min: 5_000, max: 2 ** 48 - 5_001 }), beside, (now, steps) => {
        for (const step of [0, 1, ...steps]) expect(timePart(now + step)).toBe(written(now + step));
      }),
    );
  });

  it('has all of its time and of its random bits', () => {
    expect(timePart(0)).toBe('00000000');
    expect(timePart(2 ** 48 - 1)).toBe('~~~~~~~~');
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        expect(timePart(a) === timePart(b)).toBe(a === b);
      }),
    );
    const bytes = (RANDOM_LENGTH * 3) / 2;
    expect(randomText(new Uint8Array(bytes))).toHaveLength(2 * RANDOM_LENGTH);
    expect(new Set(randomText(randomBytes(30_000))).size).toBe(64);
    const ids = Array.from({ length: 10_000 }, () => newId({ ...systemClock, now: () => 1 }));
    expect(ids[0]).toHaveLength(ID_LENGTH);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is told from what is none', () => {
    for (const id of ['a', '-', '.', '~', 'a:b.c-d', 'x'.repeat(128), '__proto__']) expect(isId(id)).toBe(true);
    for (const id of ['', '{', 'a b', 'é', 'a\n', '\n', 'a/b', 'x'.repeat(129), 7, null, undefined, ['a']]) {
      expect(isId(id)).toBe(false);
    }
  });
});
