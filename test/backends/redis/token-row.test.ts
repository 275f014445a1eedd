import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TokenRow } from '../../../src/backends/redis/token-row.ts';

const isRow = (tokens: readonly string[]): boolean => {
  const row = new TokenRow();
  for (const token of tokens) row.add(token);
  return row.isWhole;
};

test('tokens are in a row where each is by one greater than the one before', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 9_000_000_000_000_000 }),
      fc.integer({ min: 1, max: 250 }),
      (first, count) => {
        const tokens = Array.from({ length: count }, (_, n) => String(first + n));
        expect(isRow(tokens)).toBe(true);
        if (count < 2) return;
        const at = 1 + (first % (count - 1));
        for (const other of [-1, 1, 100, 1_000]) {
          const wrong = tokens.with(at, String(first + at + other));
          expect(isRow(wrong), `${wrong[at]} after ${wrong[at - 1]}`).toBe(false);
        }
      },
    ),
  );
});

test.each([[['x1', 'x2']], [['1', '2']], [['', '']], [['1700000000000009', '170000000000000:']], [['0100', '0101']]])(
  'what is no token is in none: %j',
  (tokens) => {
    expect(isRow(tokens)).toBe(false);
  },
);
