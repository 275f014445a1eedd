import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bar, plainLine } from '../../src/cli/demo/progress.ts';
import { bytes, count, duration, plural, printable } from '../../src/cli/format.ts';
import { firstProblem, parseInput } from '../../src/cli/json-input.ts';
import { humanLine } from '../../src/cli/logger.ts';
import { cutEnd, cutStart, displayWidth, table } from '../../src/cli/table.ts';

const seed = process.env.WINGMAN_SEED === undefined ? {} : { seed: Number(process.env.WINGMAN_SEED) };

describe('numbers as a person reads them', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [99_949, '99.9 kB'],
    [99_950, '100 kB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [263_941_385, '264 MB'],
    [5e15, '5.0 PB'],
  ])('%i bytes are %s', (value, text) => expect(bytes(value)).toBe(text));

  test.each([
    [0.4, '0 ms'],
    [999.4, '999 ms'],
    [999.5, '1.0 s'],
    [59_949, '59.9 s'],
    [59_950, '1 min 00 s'],
    [185_000, '3 min 05 s'],
    [7_800_000, '2 h 10 min'],
  ])('%d milliseconds are %s', (value, text) => expect(duration(value)).toBe(text));

  test('numbers are grouped, and nouns have their number', () => {
    expect([count(1_234_567), plural(1, 'job'), plural(2_000, 'job')]).toEqual(['1,234,567', '1 job', '2,000 jobs']);
  });
});

describe('text from elsewhere', () => {
  test('has nothing in it that a terminal would obey', () => {
    expect(printable('a\nb\tc\rd\x1b[2J\u202egnp\x7f')).toBe('a\\nb\\tc\\rd\\x1b[2J\\u202egnp\\x7f');
    expect(printable('Åsa 日本 👩')).toBe('Åsa 日本 👩');
  });

  test('takes as many columns as a terminal gives it', () => {
    expect(['abc', 'Åsa', 'A\u030asa', '日本', '👩‍👩‍👧', ''].map(displayWidth)).toEqual([3, 3, 3, 4, 2, 0]);
  });

  test('is cut to any width, and never in the middle of a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 30 }), (text, width) => {
        for (const cut of [cutEnd(text, width), cutStart(text, width)])
          expect(displayWidth(cut)).toBeLessThanOrEqual(width);
        if (displayWidth(text) <= width) expect(cutEnd(text, width)).toBe(text);
      }),
      seed,
    );
    expect([cutEnd('日本語', 4), cutStart('日本語', 4)]).toEqual(['日…', '…語']);
  });
});

describe('a table', () => {
  const columns = [
    { title: 'n', align: 'right' },
    { title: 'path', shrink: 'end' },
  ] as const;
  const rows = [
    ['1', 'a/rather/long/path/to/somewhere.ts'],
    ['1,000', 'b'],
  ];

  test('aligns its columns and leaves no spaces behind', () => {
    expect(table(columns, rows, 80)).toEqual(['    n  path', `    1  ${rows[0]?.[1]}`, '1,000  b']);
  });

  test('gives way in one column where the terminal is narrow, down to a limit', () => {
    expect(table(columns, rows, 30)[1]).toBe('    1  …g/path/to/somewhere.ts');
    expect(table(columns, rows, 3)[1]).toBe('    1  …omewhere.ts');
  });
});

describe('an input that is no JSON', () => {
  test('is shown where it stops being that, as Node itself would find it', () => {
    const cut = fc
      .json()
      .chain((text) => fc.tuple(fc.constant(text), fc.nat(text.length), fc.string({ minLength: 1, maxLength: 2 })));
    fc.assert(
      fc.property(cut, ([text, at, put]) => {
        expect(firstProblem(text)).toBe(text.length);
        const broken = text.slice(0, at) + put + text.slice(at + 1);
        if (isJson(broken)) return;
        const problem = firstProblem(broken);
        // Node goes into words, numbers and escapes; we stop at where they start.
        const position = /at position (\d+)/.exec(messageOf(broken))?.[1];
        if (position !== undefined) expect(broken.slice(problem, Number(position))).toMatch(/^[-+.\w\\]*$/);
        if (position !== undefined) expect(problem).toBeLessThanOrEqual(Number(position));
      }),
      seed,
    );
  });

  test.each([
    ['', 'it is empty'],
    ['{"a": }', 'unexpected "}" at position 7\n  {"a": }\n        ^'],
    ['[1, 2', 'it ends too early at position 6'],
    ['"abc', 'it ends too early at position 5'],
    // An escape is a lower-case letter; its hexadecimal digits may be either.
    ['"\\u00aF\\B"', 'unexpected "\\\\" at position 8'],
    ['01', 'unexpected "0" at position 1'],
    ['{"a":1} x', 'unexpected "x" at position 9'],
    ['nul', 'unexpected "n" at position 1'],
    ['{a: 1}', 'unexpected "a" at position 2'],
    [`"${'x'.repeat(40)}\\q"`, 'unexpected "\\\\" at position 42'],
    [`${'['.repeat(50)}x`, `unexpected "x" at position 51\n  ${'['.repeat(30)}x\n  ${' '.repeat(30)}^`],
  ])('%j: %s', (text, expected) => {
    expect(() => parseInput(text)).toThrow(expected);
  });

  test('is never too deep or too long for us to say where it ends', () => {
    const deepest = expect.objectContaining({
      code: 'WINGMAN_PAYLOAD_NOT_JSON',
      message: expect.stringContaining('unexpected "[" at position 1001'),
    });
    expect(() => parseInput('['.repeat(1_000_000))).toThrowError(deepest);
    expect(() => parseInput(`[[1], ${'['.repeat(999)}`)).toThrow('it ends too early');
    expect(() => parseInput(`"${'\\u00e9'.repeat(3_000_000)}`)).toThrow('it ends too early');
  });

  function isJson(text: string): boolean {
    return messageOf(text) === '';
  }

  function messageOf(text: string): string {
    try {
      JSON.parse(text);
      return '';
    } catch (error) {
      return String(error);
    }
  }
});

describe('the progress', () => {
  const progress = {
    done: 1_234,
    known: 6_789,
    isListed: true,
    bytes: 96_000_000,
    failed: 2,
    held: 43,
    heldAtMost: 99,
  };

  test('as a plain line', () => {
    expect(plainLine(progress, 511.7)).toBe('1,234 of 6,789 jobs (18 %), 512 jobs/s, 43 held, 96.0 MB, 2 failed');
  });

  test('as a bar with as much as there is room for', () => {
    expect(bar(progress, 512, 120)).toBe(
      `${'█'.repeat(7)}${'░'.repeat(33)}  18 %  1,234/6,789  512 jobs/s  43 held  2 failed  10.8 s left  96.0 MB`,
    );
    expect(bar(progress, 512, 50)).toBe(`${'█'.repeat(3)}${'░'.repeat(15)}  18 %  1,234/6,789  512 jobs/s`);
    expect(bar(progress, 512, 12)).toBe('18 %  1,23…');
  });

  test('is never as wide as the terminal, where the line would wrap', () => {
    const numbers = fc.record({
      done: fc.nat(10_000_000),
      more: fc.nat(10_000_000),
      rate: fc.nat(100_000),
      columns: fc.integer({ min: 3, max: 200 }),
    });
    fc.assert(
      fc.property(numbers, ({ done, more, rate, columns }) => {
        const line = bar({ ...progress, done, known: done + more }, rate, columns);
        expect(displayWidth(line)).toBeLessThan(columns);
      }),
      seed,
    );
  });

  test('does not guess what is left before all is listed, and has 100 % only when all is done', () => {
    expect(bar({ ...progress, isListed: false }, 512, 120)).not.toContain('left');
    expect(plainLine({ ...progress, done: 99_999, known: 100_000 }, 1)).toContain('(99 %)');
  });
});

describe('a log line for a person', () => {
  const at = { level: 30, time: new Date(2026, 0, 2, 3, 4, 5, 6).getTime(), pid: 1, hostname: 'h' };

  test('has the time, the level, the message and the fields', () => {
    const line = JSON.stringify({ ...at, job: 'x', lock: ['a', 'b'], duration: 1.5, msg: 'job completed' });
    expect(humanLine(line)).toBe('03:04:05.006 info  job completed  job=x  lock=["a","b"]  duration=1.5');
  });

  test('has the causes of an error below it, with a stack or without', () => {
    const cause = {
      name: 'RangeError',
      message: 'too far',
      cause: { name: 'Error', message: 'deep', stack: 'Error: deep' },
    };
    const err = { name: 'Error', message: 'no', stack: 'Error: no\n    at here', cause };
    expect(
      humanLine(JSON.stringify({ ...at, level: 50, err, msg: 'job failed' }))
        .split('\n')
        .slice(1),
    ).toEqual(['    Error: no', '        at here', '    caused by: RangeError: too far', '    caused by: Error: deep']);
  });

  test('has the stack of an error below it, and nothing that a terminal would obey', () => {
    const err = { name: 'Error', message: 'no', stack: 'Error: no\n    at \x1b[2Jhere' };
    expect(humanLine(JSON.stringify({ ...at, level: 50, err, msg: 'job\x1bfailed' }))).toBe(
      '03:04:05.006 error job\\x1bfailed\n    Error: no\n        at \\x1b[2Jhere',
    );
  });
});
