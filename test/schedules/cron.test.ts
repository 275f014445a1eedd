import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cronAfter, isTimezone } from '../../src/schedules/cron.ts';

const BERLIN = 'Europe/Berlin';

/** The ticks of a pattern from one instant to another, as `29 01:00` in UTC. */
function ticks(pattern: string, from: string, to: string, timezone = BERLIN): string[] {
  const after = cronAfter(pattern, timezone);
  const found: string[] = [];
  const end = Date.parse(to);
  for (let tick = after(Date.parse(from) - 1); tick !== null && tick < end; tick = after(tick)) {
    found.push(new Date(tick).toISOString().slice(8, 16).replace('T', ' '));
  }
  return found;
}

describe('on the day on which 2:00 to 3:00 is left out', () => {
  // 2:00 CET is 3:00 CEST: 01:00 UTC.
  const on = (pattern: string): string[] => ticks(pattern, '2026-03-28T12:00Z', '2026-03-30T12:00Z');

  test('a tick at a given time of that hour comes when it ends, and once', () => {
    expect(on('30 2 * * *')).toEqual(['29 01:00', '30 00:30']);
    expect(on('0 2 * * *')).toEqual(['29 01:00', '30 00:00']);
    expect(on('15,45 2 * * *')).toEqual(['29 01:00', '30 00:15', '30 00:45']);
    expect(on('0 2,3 * * *')).toEqual(['29 01:00', '30 00:00', '30 01:00']);
    expect(on('0 1-4 * * *')).toEqual([
      '29 00:00',
      '29 01:00',
      '29 02:00',
      '29 23:00',
      '30 00:00',
      '30 01:00',
      '30 02:00',
    ]);
  });

  test('what goes by the clock on the wall goes on in even steps', () => {
    const hours = ticks('0 * * * *', '2026-03-28T23:00Z', '2026-03-29T04:00Z');
    expect(hours).toEqual(['28 23:00', '29 00:00', '29 01:00', '29 02:00', '29 03:00']);
    expect(ticks('*/30 * * * *', '2026-03-29T00:00Z', '2026-03-29T02:00Z')).toHaveLength(4);
    expect(on('*/15 2 * * *')).toEqual(['30 00:00', '30 00:15', '30 00:30', '30 00:45']);
  });
});

describe('on the day on which 2:00 to 3:00 comes twice', () => {
  // Once from 00:00 to 01:00 UTC, and then from 01:00 to 02:00 UTC.
  const on = (pattern: string): string[] => ticks(pattern, '2026-10-24T22:00Z', '2026-10-25T22:00Z');

  test('a tick at a given time of that hour comes the first time', () => {
    expect(on('30 2 * * *')).toEqual(['25 00:30']);
    expect(on('0 3 * * *')).toEqual(['25 02:00']);
    expect(on('15,45 2 * * *')).toEqual(['25 00:15', '25 00:45']);
    expect(on('0 1-3 * * *')).toEqual(['24 23:00', '25 00:00', '25 02:00']);
  });

  test('what goes by the clock on the wall comes both times', () => {
    expect(ticks('0 * * * *', '2026-10-24T23:00Z', '2026-10-25T03:00Z')).toHaveLength(4);
    expect(on('*/30 2 * * *')).toEqual(['25 00:00', '25 00:30', '25 01:00', '25 01:30']);
  });
});

test('the clocks of other zones: half an hour in Lord Howe, none in UTC', () => {
  expect(ticks('15 2 * * *', '2026-10-03T12:00Z', '2026-10-05T12:00Z', 'Australia/Lord_Howe')).toEqual([
    '03 15:30',
    '04 15:15',
  ]);
  expect(ticks('30 2 * * *', '2026-03-28T12:00Z', '2026-03-30T12:00Z', 'UTC')).toEqual(['29 02:30', '30 02:30']);
});

test('fields, seconds, names and nicknames', () => {
  const from = '2026-01-01T00:00Z';
  expect(ticks('0 9 * * MON-FRI', from, '2026-01-06T00:00Z', 'UTC')).toEqual(['01 09:00', '02 09:00', '05 09:00']);
  expect(ticks('0 0 L * *', from, '2026-03-01T00:00Z', 'UTC')).toEqual(['31 00:00', '28 00:00']);
  expect(ticks('@daily', from, '2026-01-03T00:00Z', 'UTC')).toEqual(['01 00:00', '02 00:00']);
  expect(cronAfter(' */20  * * * * * ', 'UTC')(0)).toBe(20_000);
});

test.each([
  'x',
  '',
  '* * * *',
  '* * * * * * *',
  '61 * * * *',
  '*/0 * * * *',
  '5-1 * * * *',
  '? * * * *',
  '@reboot',
  '2026-01-01T00:00:00',
  `${'1,'.repeat(200)}1 * * * *`,
])('%j is no pattern', (pattern) => {
  expect(() => cronAfter(pattern, 'UTC')).toThrow();
});

test('30 February never comes, and 29 February does', () => {
  expect(cronAfter('0 0 30 2 *', 'UTC')(0)).toBeNull();
  expect(cronAfter('0 0 29 2 *', 'UTC')(0)).toBe(Date.parse('1972-02-29'));
});

test('names of time zones', () => {
  expect(['UTC', BERLIN, 'America/New_York'].filter((name) => !isTimezone(name))).toEqual([]);
  expect(['Europe/Nowhere', '', 'local', 1, undefined, null].filter(isTimezone)).toEqual([]);
});

test('the next tick is later than the instant, and nothing is between the two, wherever one asks', () => {
  const pattern = fc.constantFrom(
    '*/5 * * * *',
    '30 2 * * *',
    '0 */6 * * SUN',
    '15,45 1-3 * * *',
    '0 0 1 * *',
    '@hourly',
  );
  const zone = fc.constantFrom(BERLIN, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC');
  // Two days around each change of the clocks.
  const days = ['2026-03-29', '2026-10-25', '2026-03-08', '2026-11-01', '2026-10-04', '2026-04-05'].map(Date.parse);
  const instant = fc.tuple(fc.constantFrom(...days), fc.integer({ min: -86_400_000, max: 86_400_000 }));
  fc.assert(
    fc.property(
      pattern,
      zone,
      instant,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (text, name, [day, offset], share) => {
        const after = cronAfter(text, name);
        const from = day + offset;
        const next = after(from) ?? expect.fail('all of these go on for good');
        expect(next).toBeGreaterThan(from);
        const between = Math.floor(from + share * (next - from - 1));
        expect(after(between)).toBe(next);
      },
    ),
    { numRuns: 2_000 },
  );
});
