// Envelopes as they are stored on Redis. A line that begins like the last one is read in another way than any other, and must come
// to the same.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeClaim, decodeEnvelope, decodeLine } from '../../../src/backends/redis/codec.ts';
import type { StoredLock } from '../../../src/core/lock.ts';

const name = fc.oneof(fc.constantFrom('plain', 'default'), fc.string({ minLength: 1, maxLength: 20 }));
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const lock = fc.record({ key: name, concurrency: count }, { noNullPrototype: true });
const rate = fc.record({ key: name, concurrency: count, interval: count }, { noNullPrototype: true });
const locked: fc.Arbitrary<readonly StoredLock[] | null> = fc.oneof(
  fc.constant([]),
  fc.constant(null),
  fc.tuple(lock),
  fc.tuple(rate),
  fc.tuple(lock, lock),
);
const line = fc.record({ locks: locked, type: name, queue: name, enqueuedAt: count, sequence: count });

test('lines are read as they were written, one after another', () => {
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 10 }),
      fc.array(fc.constantFrom(0, 1, 3), { maxLength: 3 }),
      (lines, more) => {
        for (const { locks, type, queue, enqueuedAt, sequence } of lines) {
          const written = locks === null ? 1 : locks.length === 0 ? 0 : locks.map((one) => Object.values(one));
          const text = JSON.stringify([written, type, queue, enqueuedAt, sequence, ...more]);
          const read = decodeLine('a', `${text}\n{"n":1}`);
          const [attempts = 0, crashes = 0, foreign = 0] = more;
          expect(read).toEqual({
            ...{ type, queue, enqueuedAt, sequence, attempts, crashes, extras: undefined },
            ...{ locks, isForeign: foreign === 1, end: text.length },
          });
        }
      },
    ),
  );
});

test('what was read stays as it was when the next line is read', () => {
  decodeLine('a', '[0,"t","q",1,2]\n');
  const first = decodeLine('a', '[0,"t","q",3,4]\n');
  decodeLine('b', '[0,"t","q",5,6]\n{}');
  decodeLine('c', '[1,"other","else",7,8]\n');
  expect(first).toMatchObject({ type: 't', queue: 'q', enqueuedAt: 3, sequence: 4, end: 15 });
});

test('the largest whole numbers are read to their last digit', () => {
  for (let less = 0; less < 100; less += 1) {
    const number = Number.MAX_SAFE_INTEGER - less;
    decodeLine('a', '[0,"t","q",1,2]\n');
    expect(decodeLine('a', `[0,"t","q",${number},${number}]\n`)).toMatchObject({
      enqueuedAt: number,
      sequence: number,
    });
  }
});

test.each([
  '[0,"t","q",,5]',
  '[0,"t","q",5,]',
  '[0,"t","q",1,2',
  '[0,"t","q",1 2]',
  '[0,"t","q",1,2]]',
  '[0,"t","q",1,"2"]',
  '[[["k",]],"t","q",1,2]',
  '[[["k",1]],"t","q",,2]',
  '[[["k",1],"t","q",1,2]',
  '[[["k"',
  '',
])('what is no line is told, whatever was read before: %s', (damaged) => {
  for (let turn = 0; turn < 2; turn += 1) {
    decodeLine('a', '[0,"t","q",1,2]\n');
    expect(() => decodeLine('a', `${damaged}\n{}`)).toThrow(
      expect.objectContaining({ code: 'WINGMAN_PAYLOAD_DAMAGED' }),
    );
  }
  expect(() => decodeLine('a', '[0,"t","q",1,2]')).toThrow(
    expect.objectContaining({ code: 'WINGMAN_PAYLOAD_DAMAGED' }),
  );
});

test('a claim is its envelope, with who has it', () => {
  for (const value of [
    '[0,"t","q",7,8]\n{"n":1}',
    '[[["k",2]],"t","q",7,8,1,2]\n{}',
    '[2,"t","q",7,8,0,0,0,{"tags":["x"]}]\n1',
  ]) {
    expect(decodeClaim('a', value, 0, value.length, 'w', '9')).toEqual({
      ...decodeEnvelope('a', value),
      worker: 'w',
      token: '9',
    });
  }
});
