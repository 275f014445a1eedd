import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toError, toFailure } from '../../src/core/outcome.ts';

const error = (properties: object): Error => Object.assign(new Error('oops'), properties);

describe('toFailure', () => {
  it('keeps name, message, code and stack of an Error', () => {
    const thrown = error({ name: 'HttpError', code: 'E_HTTP' });
    expect(toFailure(thrown)).toEqual({ name: 'HttpError', message: 'oops', code: 'E_HTTP', stack: thrown.stack });
    expect(toFailure(new TypeError('no'))).toMatchObject({ name: 'TypeError', message: 'no' });
    expect(toFailure(error({ code: 404 })).code).toBe('404');
    expect(toFailure(error({ code: { odd: true } }))).not.toHaveProperty('code');
  });

  it.each<[unknown, string]>([
    ['just text', '"just text"'],
    [undefined, 'undefined'],
    [null, 'null'],
    [42, '42'],
    [7n, '7n'],
    [{ reason: 'x' }, '{"reason":"x"}'],
    [Symbol('s'), 'Symbol(s)'],
  ])('takes anything that is thrown: %s', (thrown, message) => {
    expect(toFailure(thrown)).toEqual({ name: 'NonError', message });
  });

  it('follows causes, three of them at most, also where they go in a circle', () => {
    const root = new Error('root');
    root.cause = new Error('middle', { cause: 'text at the end' });
    expect(toFailure(root)).toMatchObject({
      message: 'root',
      cause: { message: 'middle', cause: { name: 'NonError', message: '"text at the end"' } },
    });
    const circle = new Error('circle');
    circle.cause = circle;
    const third = toFailure(circle).cause?.cause?.cause;
    expect(third?.message).toBe('circle');
    expect(third).not.toHaveProperty('cause');
    expect(toFailure(circle).cause).not.toHaveProperty('stack');
  });

  it('cuts what is long, to 16 KiB of JSON in all', () => {
    const long = 'x'.repeat(100_000);
    const deep = error({ name: long, message: long, code: long, stack: long });
    deep.cause = error({
      name: long,
      message: long,
      code: long,
      cause: error({ message: long, cause: error({ message: long }) }),
    });
    const failure = toFailure(deep);
    expect(failure.message).toHaveLength(2_000);
    expect(failure.message.endsWith('…')).toBe(true);
    expect(failure.stack).toHaveLength(6_000);
    expect(Buffer.byteLength(JSON.stringify(failure))).toBeLessThanOrEqual(16_384);
  });

  it('never throws, whatever is thrown', () => {
    const refuse = (): never => {
      throw new Error('hands off');
    };
    const hostile: unknown[] = [
      Object.defineProperty(new Error('x'), 'message', { get: refuse }),
      Object.defineProperty(new Error('x'), 'stack', { get: refuse }),
      Object.defineProperty(new Error('x'), 'code', { get: refuse }),
      error({ message: Symbol('s') }),
      error({ message: { toString: refuse } }),
      error({ name: null }),
      { toJSON: refuse },
      new Proxy(new Error('x'), { get: refuse, getPrototypeOf: refuse }),
      new Proxy({}, { ownKeys: refuse, get: refuse }),
      Object.create(null),
    ];
    for (const thrown of hostile) {
      const failure = toFailure(thrown);
      expect(typeof failure.name).toBe('string');
      expect(typeof failure.message).toBe('string');
    }
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        const { name, message } = toFailure(thrown);
        expect([typeof name, typeof message]).toEqual(['string', 'string']);
      }),
    );
  });
});

describe('toError', () => {
  it('makes an Error of a failure that says the same, its causes included', () => {
    const thrown = Object.assign(new TypeError('b', { cause: new Error('c') }), { code: 'EB' });
    const again = toError(toFailure(thrown));
    expect(again).toBeInstanceOf(Error);
    expect(again).toMatchObject({ name: 'TypeError', message: 'b', code: 'EB', stack: thrown.stack });
    expect(again.cause).toMatchObject({ name: 'Error', message: 'c', stack: 'Error: c' });
    expect(toFailure(again)).toEqual(toFailure(thrown));
    expect(toError({ name: 'N', message: 'm' })).not.toHaveProperty('code');
  });
});
