// Envelopes as they are stored on Redis. A line that begins like the last one is read in another way than any other, and must come
// to the same.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeClaim, decodeEnvelope, decodeLine } from '../../../src/backends/redis/codec.ts';

const name = fc.oneof(fc.constantFrom('plain', 'default'), fc.string({ minLength: 1, maxLength: 20 }));
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const line = fc.record({ locks: fc.constantFrom(0, 1), type: name, queue: name, enqueuedAt: count, sequence: count });

test('lines are read as they were written, one after another', () => {
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 10 }),
      fc.array(fc.constantFrom(0, 1, 3), { maxLength: 3 }),
      (lines, more) => {
        for (const { locks, type, queue, enqueuedAt, sequence } of lines) {
          const text = JSON.stringify([locks, type, queue, enqueuedAt, sequence, ...more]);
          const read = decodeLine('a', `${text}\n{"n":1}`);
          const [attempts = 0, crashes = 0, foreign = 0] = more;
          expect(read).toEqual({
            ...{ type, queue, enqueuedAt, sequence, attempts, crashes, extras: undefined },
            ...{ locks: locks === 0 ? [] : null, isForeign: foreign === 1, end: text.length },
          });
        }
      },
    ),
  );
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
    expect(decodeClaim('a', value, 'w', '9')).toEqual({ ...decodeEnvelope('a', value), worker: 'w', token: '9' });
  }
});
