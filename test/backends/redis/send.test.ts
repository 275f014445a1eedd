// Scripts are sent in a way of our own: what arrives is what was given.

import fc from 'fast-check';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { Alike, flatten, sendScript, type Word } from '../../../src/backends/redis/send.ts';
import { server } from './stage.ts';

const ECHO = 'return ARGV';

const alike = fc
  .nat(8)
  .chain((length) => fc.array(fc.string({ minLength: length, maxLength: length, unit: 'binary' }), { minLength: 1 }))
  // As many UTF-16 units each, whatever that is in bytes; none of them half of a pair, which no text on the wire can be.
  .map((words) => words.filter((word) => word.length === words[0]?.length && word.isWellFormed()))
  .filter((words) => words.length > 0);
const ascii = fc
  .nat(30)
  .chain((length) =>
    fc.array(fc.string({ minLength: length, maxLength: length, unit: 'binary-ascii' }), { minLength: 1 }),
  );
const word: fc.Arbitrary<Word> = fc.oneof(
  fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  // Long enough to be measured by itself.
  fc.constantFrom('é', '漢', '👍', 'x').map((character) => character.repeat(60)),
  fc.integer(),
  fc.oneof(alike, ascii).map((words) => new Alike(words)),
);

test('a script gets its words one by one, however they are written', async () => {
  const client = new Redis((await server()).url);
  onTestFinished(() => client.disconnect());
  const sha = String(await client.script('LOAD', ECHO));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('key', 'schlüssel', '鍵'),
      fc.array(word, { maxLength: 12 }),
      async (key, words) => {
        const given = flatten(words).map(String);
        expect(await sendScript(client, sha, key, words)).toEqual(given);
        expect(await client.eval(ECHO, 1, key, ...flatten(words))).toEqual(given);
      },
    ),
  );
});
