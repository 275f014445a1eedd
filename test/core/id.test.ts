import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isId } from '../../src/core/envelope.ts';
import { ID_RANDOM_BYTES, makeId } from '../../src/core/id.ts';

const instant = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const random = fc.uint8Array({ minLength: ID_RANDOM_BYTES, maxLength: ID_RANDOM_BYTES });

describe('id', () => {
  it('has 22 characters that are safe everywhere', () => {
    fc.assert(
      fc.property(instant, random, (now, bytes) => {
        const id = makeId(now, bytes);
        expect(id).toMatch(/^[0-9A-Za-z_~]{22}$/);
        expect(isId(id)).toBe(true);
      }),
    );
  });

  it('sorts by its time, as text', () => {
    fc.assert(
      fc.property(instant, instant, random, random, (a, b, someBytes, otherBytes) => {
        fc.pre(a < b);
        expect(makeId(a, someBytes) < makeId(b, otherBytes)).toBe(true);
      }),
    );
  });

  it('has all of its time and of its random bits', () => {
    const zeros = new Uint8Array(ID_RANDOM_BYTES);
    expect(makeId(0, zeros)).toBe('0'.repeat(22));
    expect(makeId(2 ** 48 - 1, zeros.fill(255))).toBe('~'.repeat(22));
    const ids = Array.from({ length: 10_000 }, () => makeId(1, randomBytes(ID_RANDOM_BYTES)));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('takes its bytes from an offset', () => {
    const bytes = randomBytes(3 * ID_RANDOM_BYTES);
    expect(makeId(5, bytes, ID_RANDOM_BYTES)).toBe(makeId(5, bytes.subarray(ID_RANDOM_BYTES)));
  });

  it('is told from what is none', () => {
    for (const id of ['a', '-', '.', '~', 'a:b.c-d', 'x'.repeat(128), '__proto__']) expect(isId(id)).toBe(true);
    for (const id of ['', '{', 'a b', 'é', 'a\n', '\n', 'a/b', 'x'.repeat(129), 7, null, undefined, ['a']]) {
      expect(isId(id)).toBe(false);
    }
  });
});
