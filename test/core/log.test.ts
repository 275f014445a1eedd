import { expect, it } from 'vitest';
import { type Logger, withFields } from '../../src/core/log.ts';

it('puts fields on every line of a logger, and the line’s own before them', () => {
  const lines: unknown[] = [];
  const write = (level: string) => (fields: object, message: string) => lines.push([level, fields, message]);
  const logger: Logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const job = withFields(withFields(logger, { id: 'a' }), { attempt: 1 });
  job.debug({}, 'one');
  job.info({ more: true }, 'two');
  job.warn({ id: 'b' }, 'three');
  job.error({}, 'four');
  expect(lines).toEqual([
    ['debug', { id: 'a', attempt: 1 }, 'one'],
    ['info', { id: 'a', attempt: 1, more: true }, 'two'],
    ['warn', { id: 'b', attempt: 1 }, 'three'],
    ['error', { id: 'a', attempt: 1 }, 'four'],
  ]);
});
