import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { defineJob } from '../../src/core/job.ts';
import { defineSchedules, isScheduleSet } from '../../src/schedules/declared.ts';
import { checkSchedule, type RecurringOptions } from '../../src/schedules/options.ts';

const report = defineJob({ type: 'report', queue: 'reports', input: z.object({ kind: z.string() }) });
const job = report.job({ kind: 'day' });

/** What untyped code may hand in. */
function check(options: object, name: unknown = 'nightly'): unknown {
  return checkSchedule(name as string, { job, ...options } as RecurringOptions);
}

test('what is left out has its default', () => {
  expect(check({ cron: '0 2 * * *' })).toEqual({
    ...{ name: 'nightly', job, catchUp: 'latest', overlap: 'allow' },
    timing: { cron: '0 2 * * *', timezone: 'UTC' },
  });
  expect(check({ every: '30s', start: new Date(5), end: new Date(5_000_000) })).toMatchObject({
    timing: { every: 30_000, start: 5, end: 5_000_000 },
  });
  expect(check({ every: 1_000, catchUp: { all: 3 }, overlap: 'wait' })).toMatchObject({
    catchUp: { all: 3 },
    overlap: 'wait',
  });
});

describe('what makes no sense is refused', () => {
  const day = new Date('2026-01-01');
  test.each<[string, object, string]>([
    ['a pattern that is none', { cron: 'x' }, '5 fields, or 6 with the seconds first'],
    ['a number out of range', { cron: '61 * * * *' }, 'Invalid value for minute: 61; received "61 * * * *"'],
    ['a pattern that is no text', { cron: 5 }, 'a pattern is text'],
    ['30 February', { cron: '0 0 30 2 *' }, 'it would never fire: no such day or time comes; received "0 0 30 2 *"'],
    ['31 April', { cron: '0 0 31 4 *' }, 'it would never fire'],
    [
      'no tick between start and end',
      { cron: '0 0 1 1 *', start: new Date('2026-02-01'), end: new Date('2026-03-01') },
      'it would never fire: no tick is between its start and its end',
    ],
    ['a time zone that does not exist', { cron: '* * * * *', timezone: 'Europe/Nowhere' }, '"Europe/Nowhere"'],
    ['a time zone that is no text', { cron: '* * * * *', timezone: 1 }, "as 'Europe/Berlin'; received 1"],
    ['a time zone beside every', { every: '1h', timezone: 'UTC' }, 'must be left out beside every'],
    ['both cron and every', { cron: '* * * * *', every: '1h' }, 'either cron or every'],
    ['neither', {}, 'either cron or every'],
    ['every of no duration', { every: 'often' }, "option 'every' must be a duration"],
    ['every so often that it would be a loop', { every: '999ms' }, 'at least a second; received "999ms"'],
    ['an end before the start', { every: '1h', start: day, end: new Date(day.getTime() - 1) }, 'before start'],
    ['a start that is no Date', { every: '1h', start: '2026-01-01' }, 'start must be a valid Date'],
    ['an end that is no date', { every: '1h', end: new Date('x') }, 'end must be a valid Date; received Invalid Date'],
    ['a catch-up that is unknown', { every: '1h', catchUp: 'all' }, 'received "all"'],
    ['a catch-up of none', { every: '1h', catchUp: { all: 0 } }, 'n from 1 to 100'],
    ['a catch-up without a bound', { every: '1h', catchUp: { all: 101 } }, 'n from 1 to 100'],
    ['an overlap that is unknown', { every: '1h', overlap: 'queue' }, "'allow', 'skip' or 'wait'; received \"queue\""],
    ['a job whose type is unknown', { every: '1h', job: { type: 'x', payload: 1 } }, 'a job of the unknown type "x"'],
    ['a definition in place of a job', { every: '1h', job: report }, 'as in sendReport.job(input)'],
    ['no job', { every: '1h', job: undefined }, 'received undefined'],
  ])('%s', (_, options, message) => {
    const refused = (): unknown => check(options);
    expect(refused).toThrow(expect.objectContaining({ code: 'WINGMAN_SCHEDULE_INVALID' }));
    expect(refused).toThrow("schedule 'nightly': ");
    expect(refused).toThrow(message);
  });

  test.each([['', 'a b', 'a/b', 'x'.repeat(101), undefined, 1]])('a name: %j', (name) => {
    expect(() => check({ every: '1h' }, name)).toThrow(expect.objectContaining({ code: 'WINGMAN_SCHEDULE_INVALID' }));
  });

  test('an option that is not known, so that none is misspelled', () => {
    expect(() => check({ every: '1h', catchup: 'none' })).toThrow(
      expect.objectContaining({ code: 'WINGMAN_OPTION_INVALID' }),
    );
  });
});

describe('schedules that are declared in code', () => {
  test('are checked where they are defined', () => {
    const set = defineSchedules('app', { a: { every: '1h', job }, b: { cron: '@daily', job } });
    expect(isScheduleSet(set)).toBe(true);
    expect(set.schedules.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(() => defineSchedules('app', { a: { every: '1ms', job } })).toThrow("schedule 'a': every");
    expect([null, {}, 'app', []].some(isScheduleSet)).toBe(false);
  });

  test.each([['', undefined, 1, 'x'.repeat(101)]])('need an owner: %j is none', (owner) => {
    expect(() => defineSchedules(owner as string, {})).toThrow(/'owner' must be text of 1 to 100 characters/);
  });

  test('are an object', () => {
    expect(() => defineSchedules('app', null as never)).toThrow(/'schedules' must be an object/);
  });
});
