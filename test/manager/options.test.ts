import { expect, test } from 'vitest';
import { defineJob } from '../../src/core/job.ts';
import { Manager } from '../../src/manager/manager.ts';
import { checkOptions, type ManagerOptions } from '../../src/manager/options.ts';

const mail = defineJob({ type: 'mail', queue: 'mail' });
const other = defineJob({ type: 'other' });
const valid: ManagerOptions = { backend: 'memory:', handlers: [mail.handle(() => {}), other.handle(() => {})] };

test('what is left out has its default', () => {
  const { handlers, logger, clock, random, ...settings } = checkOptions(valid);
  expect([...handlers.keys()]).toEqual(['mail', 'other']);
  expect([typeof logger.info, typeof clock.now, typeof random]).toEqual(['function', 'function', 'function']);
  expect(settings).toEqual({
    backend: 'memory:',
    queues: { mail: 1, default: 1 },
    concurrency: 10,
    lease: 15_000,
    heartbeat: 5_000,
    stuckAfter: 60_000,
    keepFailed: { for: 30 * 86_400_000, count: 100_000 },
    pollInterval: 2_000,
    busyPoll: true,
    grace: 25_000,
    signals: ['SIGINT', 'SIGTERM'],
    schedules: [],
  });
});

test('durations are read, and signals may be switched off', () => {
  const settings = checkOptions({ ...valid, lease: '1m', heartbeat: 250, grace: 0, signals: false });
  expect(settings).toMatchObject({ lease: 60_000, heartbeat: 250, grace: 0, signals: [] });
});

test.each<[string, object, string, string]>([
  ['no backend', { backend: undefined }, 'backend', 'undefined'],
  ['an empty URL', { backend: '' }, 'backend', '""'],
  ['a backend that is none', { backend: { enqueue() {} } }, 'backend', '{}'],
  ['no handlers', { handlers: [] }, 'handlers', '[]'],
  ['a function as a handler', { handlers: [() => {}] }, 'handlers', 'a function'],
  ['a definition as a handler', { handlers: [mail] }, 'handlers', '"type":"mail"'],
  ['two handlers for a type', { handlers: [mail.handle(() => {}), mail.handle(() => {})] }, 'handlers', 'two for mail'],
  ['no queues', { queues: [] }, 'queues', '[]'],
  ['no weights', { queues: {} }, 'queues', '{}'],
  ['a queue twice', { queues: ['a', 'a'] }, 'queues', '["a","a"]'],
  ['a queue that is no name', { queues: [42] }, 'queue', '42'],
  ['one queue that is no list', { queues: 'mail' }, 'queues', '"mail"'],
  ['a weight of 0', { queues: { mail: 0 } }, 'queues.mail', '0'],
  ['a weight that is text', { queues: { mail: '1' } }, 'queues.mail', '"1"'],
  ['an endless weight', { queues: { mail: Number.POSITIVE_INFINITY } }, 'queues.mail', 'Infinity'],
  ['a concurrency of 0', { concurrency: 0 }, 'concurrency', '0'],
  ['a broken concurrency', { concurrency: 1.5 }, 'concurrency', '1.5'],
  ['an endless concurrency', { concurrency: Number.POSITIVE_INFINITY }, 'concurrency', 'Infinity'],
  ['a lease of one heartbeat', { lease: '5s' }, 'lease', '"5s"'],
  ['a lease that is no duration', { lease: 'long' }, 'lease', '"long"'],
  ['a heartbeat of 0', { heartbeat: 0 }, 'heartbeat', '0'],
  ['a poll interval of 0', { pollInterval: 0 }, 'pollInterval', '0'],
  ['a busyPoll that is text', { busyPoll: 'off' }, 'busyPoll', '"off"'],
  ['a negative grace', { grace: -1 }, 'grace', '-1'],
  ['a logger without methods', { logger: {} }, 'logger', '{}'],
  ['null as a logger', { logger: null }, 'logger', 'null'],
  ['a signal that is none', { signals: ['SIGNOPE'] }, 'signals', '["SIGNOPE"]'],
  ['a signal that nobody can catch', { signals: ['SIGKILL'] }, 'signals', '["SIGKILL"]'],
  ['true for signals', { signals: true }, 'signals', 'true'],
  ['a misspelled name', { concurency: 5 }, 'options', '"concurency"'],
])('%s is refused with the value received', (_, change, option, received) => {
  const options = { ...valid, ...change };
  const make = (): unknown => Reflect.construct(Manager, [options]);
  expect(make).toThrow(expect.objectContaining({ name: 'InvalidOptionError', code: 'WINGMAN_OPTION_INVALID' }));
  expect(make).toThrow(`'${option}'`);
  expect(make).toThrow(received);
});

test('options that are none are refused', () => {
  expect(() => Reflect.construct(Manager, [undefined])).toThrow("option 'options' must be an object");
});
