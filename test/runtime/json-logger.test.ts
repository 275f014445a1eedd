import { expect, test } from 'vitest';
import { withFields } from '../../src/core/log.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { type JsonLoggerOptions, jsonLogger } from '../../src/runtime/json-logger.ts';
import { safeLogger } from '../../src/runtime/safe-logger.ts';

function written(options: JsonLoggerOptions = {}) {
  const lines: string[] = [];
  const clock = { ...systemClock, now: () => 1_700_000_000_000 };
  const log = jsonLogger({ write: (line) => void lines.push(line), clock, ...options });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') };
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

test('lines have pino’s shape', () => {
  const { log, lines } = written();
  log.info({ job: 'a', n: 1 }, 'hello');
  expect(lines).toEqual(['{"level":30,"time":1700000000000,"job":"a","n":1,"msg":"hello"}\n']);
});

test('lines below the level are left out', () => {
  const { log, lines } = written({ level: 'warn' });
  log.debug({}, 'd');
  log.info({}, 'i');
  log.warn({}, 'w');
  log.error({}, 'e');
  expect(lines.map((line) => JSON.parse(line).level)).toEqual([40, 50]);
  const { log: standard, lines: more } = written();
  standard.debug({}, 'd');
  expect(more).toEqual([]);
});

test('fields do not replace the level, the time or the message', () => {
  const { log, last } = written();
  log.warn({ level: 'x', time: 'x', msg: 'x', other: 'x' }, 'message');
  expect(last()).toEqual({ level: 40, time: 1_700_000_000_000, other: 'x', msg: 'message' });
});

test('cycles, BigInts, errors and dates are written; the same object twice is no cycle', () => {
  const { log, last } = written();
  const shared = { s: 1 };
  const cycle: Record<string, unknown> = { shared, again: [shared, shared] };
  cycle.self = cycle;
  cycle.list = [cycle];
  const err = Object.assign(new Error('boom', { cause: 'why' }), { code: 'E' });
  log.error({ cycle, big: 10n ** 30n, err, at: new Date(0) }, 'all');
  expect(last()).toMatchObject({
    cycle: { shared, again: [shared, shared], self: '[cycle]', list: ['[cycle]'] },
    big: '1000000000000000000000000000000',
    err: { name: 'Error', message: 'boom', code: 'E', stack: expect.any(String), cause: { message: '"why"' } },
    at: '1970-01-01T00:00:00.000Z',
  });
});

test('what cannot be written at all costs its fields, and not the line', () => {
  const { log, last } = written();
  const hostile = {
    get x() {
      throw new Error('no');
    },
  };
  log.info(hostile, 'still here');
  expect(last()).toEqual({ level: 30, time: 1_700_000_000_000, msg: 'still here' });
});

test('a logger that throws is kept from it, and called as a method', () => {
  const lines: string[] = [];
  class Pino {
    readonly prefix = 'p';
    debug(): void {
      throw new Error('x');
    }
    info(_fields: object, message: string): void {
      lines.push(this.prefix + message);
    }
    warn(): void {}
    error(): void {}
  }
  const log = safeLogger(new Pino());
  log.debug({}, 'x');
  log.info({}, '!');
  expect(lines).toEqual(['p!']);
  expect(log.isLevelEnabled?.('debug')).toBe(true);
});

test('a logger that knows its levels is asked, as a method, and one that throws then is taken to write all', () => {
  class Leveled {
    readonly lowest = 'warn';
    debug(): void {}
    info(): void {}
    warn(): void {}
    error(): void {}
    isLevelEnabled(level: string): boolean {
      if (level === 'error') throw new Error('x');
      return level === this.lowest;
    }
  }
  const log = withFields(safeLogger(new Leveled()), {});
  expect(LEVELS.map((level) => log.isLevelEnabled?.(level))).toEqual([false, false, true, true]);
  const own = jsonLogger({ level: 'warn', write: () => undefined });
  expect(LEVELS.map((level) => own.isLevelEnabled?.(level))).toEqual([false, false, true, true]);
});
