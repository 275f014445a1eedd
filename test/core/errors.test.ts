import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CanceledError,
  CouldNotLockError,
  InvalidInputError,
  InvalidOptionError,
  InvalidOutputError,
  messageOf,
  StaleError,
  shown,
  WingmanError,
} from '../../src/core/errors.ts';

describe('errors', () => {
  it.each([
    [new WingmanError('WINGMAN_BACKEND_FAILED', 'm'), 'WingmanError', 'WINGMAN_BACKEND_FAILED'],
    [new CanceledError('aborted', 'm'), 'CanceledError', 'WINGMAN_CANCELED'],
    [new CouldNotLockError('id', 'why'), 'CouldNotLockError', 'WINGMAN_COULD_NOT_LOCK'],
    [new StaleError('id', '7'), 'StaleError', 'WINGMAN_STALE'],
    [new InvalidInputError('t', []), 'InvalidInputError', 'WINGMAN_INPUT_INVALID'],
    [new InvalidOutputError('t', []), 'InvalidOutputError', 'WINGMAN_OUTPUT_INVALID'],
    [new InvalidOptionError('o', 'a number', 'x'), 'InvalidOptionError', 'WINGMAN_OPTION_INVALID'],
  ])('have a name and a stable code: %s', (error, name, code) => {
    expect(error).toBeInstanceOf(WingmanError);
    expect(error).toBeInstanceOf(Error);
    expect([error.name, error.code]).toEqual([name, code]);
    expect(error.stack).toMatch(new RegExp(`^${name}`));
  });

  it('name each path and reason of an input that was refused', () => {
    const issues = [
      { path: '', message: 'must be an object' },
      { path: 'items[2].price', message: 'must be positive' },
    ];
    const error = new InvalidInputError('order', issues);
    expect(error.issues).toEqual(issues);
    expect(error.message).toContain("'order'");
    expect(error.message).toContain('must be an object; items[2].price: must be positive');
  });

  it('keep their cause', () => {
    const cause = new Error('connection reset');
    expect(new CouldNotLockError('job-1', cause)).toMatchObject({
      cause,
      message: 'job job-1 could be neither locked nor held: connection reset',
    });
  });
});

describe('shown', () => {
  it.each<[unknown, string]>([
    ['a "b"', '"a \\"b\\""'],
    [12n, '12n'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Number.NaN, 'NaN'],
    [true, 'true'],
    [Symbol('x'), 'Symbol(x)'],
    [function named() {}, 'a function named'],
    [() => {}, 'a function'],
    [{ a: [1] }, '{"a":[1]}'],
    [{ toJSON: () => undefined }, '[object Object]'],
    [{ a: 1n }, 'an unprintable object'],
  ])('shows %s', (value, text) => {
    expect(shown(value)).toBe(text);
  });

  it('never throws, and is never longer than 120 characters', () => {
    expect(shown('x'.repeat(1_000))).toHaveLength(118);
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withNullPrototype: true }), (value) => shown(value).length <= 120),
    );
  });
});

describe('messageOf', () => {
  it('is the message of an Error, and something readable of anything else', () => {
    expect(messageOf(new Error('oops'))).toBe('oops');
    expect(messageOf(new RangeError(''))).toBe('RangeError');
    expect(messageOf(new AggregateError([new Error('a'), 'b']))).toBe('a; "b"');
    expect(messageOf('text')).toBe('"text"');
    expect(messageOf(undefined)).toBe('undefined');
  });

  it('never throws', () => {
    const refuse = (): never => {
      throw new Error('hands off');
    };
    const itself = new AggregateError([]);
    itself.errors.push(itself);
    for (const thrown of [
      itself,
      Object.defineProperty(new Error('x'), 'message', { get: refuse }),
      Object.assign(new Error('x'), { message: Symbol('s') }),
      new Proxy(new Error('x'), { getPrototypeOf: refuse }),
    ]) {
      expect(typeof messageOf(thrown)).toBe('string');
    }
  });
});
