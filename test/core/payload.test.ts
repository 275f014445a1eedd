import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkMaxPayload, decodePayload, encodePayload, MAX_PAYLOAD_BYTES } from '../../src/core/payload.ts';

const cycle: Record<string, unknown> = { a: { b: [] } };
cycle.a = { b: [cycle] };

class Money {
  readonly amount: number;
  constructor(amount: number) {
    this.amount = amount;
  }
}

describe('payload', () => {
  it.each<[string, unknown, string]>([
    ['a BigInt', { total: 10n }, '10n at total'],
    ['a BigInt alone', 1n, 'it has 1n'],
    ['NaN', { list: [1, { x: Number.NaN }] }, 'NaN at list[1].x'],
    ['an infinity', [[Number.NEGATIVE_INFINITY]], '-Infinity at [0][0]'],
    ['a function', { on: { done: () => {} } }, 'a function done at on.done'],
    ['a symbol', { kind: Symbol('k') }, 'Symbol(k) at kind'],
    ['undefined in a list', { list: [1, undefined] }, 'undefined at list[1]'],
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    ['a hole in a list', { list: [1, , 3] }, 'undefined at list[1]'],
    ['a cycle', cycle, 'a cycle at a.b[0]'],
    ['a Map', { by: new Map([[1, 2]]) }, 'a Map at by'],
    ['a Set', new Set(), 'a Set'],
    ['a typed array', { raw: new Uint8Array(2) }, 'a Uint8Array at raw'],
    ['a buffer', { raw: new ArrayBuffer(2) }, 'a ArrayBuffer at raw'],
    ['a RegExp', { find: /x/ }, 'a RegExp at find'],
    ['an Error', { error: new Error('x') }, 'a Error at error'],
    ['a Promise', { soon: Promise.resolve() }, 'a Promise at soon'],
    ['an invalid Date', { at: new Date(Number.NaN) }, 'an invalid Date at at'],
    ['what a toJSON gives', { x: { toJSON: () => ({ y: [1n] }) } }, '1n at x.y[0]'],
  ])('refuses %s, and says where it is', (_, input, where) => {
    expect(() => encodePayload(input, 'mail.send')).toThrowError(
      expect.objectContaining({
        code: 'WINGMAN_PAYLOAD_NOT_JSON',
        message: expect.stringMatching(new RegExp(`'mail\\.send' cannot be stored as JSON: .*${literally(where)}$`)),
      }),
    );
  });

  it('refuses what throws when it is read', () => {
    const hostile = [
      {
        get a() {
          throw new Error('no entry');
        },
      },
      { toJSON: () => JSON.parse('{') },
      new Proxy({}, { ownKeys: () => JSON.parse('{') }),
    ];
    for (const input of hostile) {
      expect(() => encodePayload(input, 't')).toThrowError(
        expect.objectContaining({ code: 'WINGMAN_PAYLOAD_NOT_JSON', cause: expect.anything() }),
      );
    }
    expect(() => encodePayload({ toJSON: () => undefined }, 't')).toThrow(/a toJSON that gives nothing/);
  });

  it('refuses nesting that is too deep, and takes what is not', () => {
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    expect(() => encodePayload(nested(1_001), 't')).toThrow(/more than 1000 levels/);
    expect(encodePayload(nested(1_000), 't')).toHaveLength(2_000);
  });

  it('takes the same object twice, where it is no cycle', () => {
    const shared = { a: 1 };
    expect(encodePayload({ x: shared, y: [shared, shared] }, 't')).toBe('{"x":{"a":1},"y":[{"a":1},{"a":1}]}');
  });

  it('takes dates, instances and undefined properties as JSON does', () => {
    const input = { at: new Date(0), price: new Money(5), none: undefined, bare: Object.create(null) };
    expect(encodePayload(input, 't')).toBe('{"at":"1970-01-01T00:00:00.000Z","price":{"amount":5},"bare":{}}');
    expect(encodePayload({ toJSON: () => 'short' }, 't')).toBe('"short"');
  });

  it('stores no input as null', () => {
    expect(encodePayload(undefined, 't')).toBe('null');
    expect(encodePayload(null, 't')).toBe('null');
  });

  it('measures the cap in bytes of UTF-8, exactly', () => {
    for (const letter of ['a', 'é', '鍵', '🗝']) {
      const bytes = Buffer.byteLength(letter);
      const input = letter.repeat(10);
      expect(encodePayload(input, 't', 10 * bytes + 2)).toBe(`"${input}"`);
      expect(() => encodePayload(input, 't', 10 * bytes + 1)).toThrowError(
        expect.objectContaining({
          code: 'WINGMAN_PAYLOAD_TOO_LARGE',
          message: expect.stringContaining(`takes ${10 * bytes + 2} bytes of JSON, and at most ${10 * bytes + 1}`),
        }),
      );
    }
  });

  it('allows 1 MiB unless it is told otherwise', () => {
    expect(encodePayload('x'.repeat(MAX_PAYLOAD_BYTES - 2), 't')).toHaveLength(MAX_PAYLOAD_BYTES);
    expect(() => encodePayload('x'.repeat(MAX_PAYLOAD_BYTES - 1), 't')).toThrow(/raise maxPayload/);
  });

  it('does not name the whole of a path that nobody could read', () => {
    let nested: unknown = [];
    for (let level = 0; level < 2_000; level += 1) nested = [nested];
    try {
      encodePayload(nested, 't');
      expect.unreachable();
    } catch (error) {
      expect(String(error)).toMatch(/more than 1000 levels of nesting at (\[0\])+\[?0?…$/);
      expect(String(error).length).toBeLessThan(400);
    }
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '1048576', null])('refuses a limit of %j', (limit) => {
    expect(() => checkMaxPayload(limit)).toThrowError(expect.objectContaining({ code: 'WINGMAN_OPTION_INVALID' }));
  });

  it('gives back every JSON value as it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON itself has no negative zero.
        expect(decodePayload(encodePayload(value, 't'), 'id')).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('makes no prototype out of __proto__', () => {
    const decoded = decodePayload('{"__proto__":{"admin":true}}', 'id');
    expect(Reflect.get(Object(decoded), 'admin')).toBeUndefined();
    expect(encodePayload(decoded, 't')).toBe('{"__proto__":{"admin":true}}');
  });

  it('says which job it was whose payload is damaged', () => {
    expect(() => decodePayload('{"a":', 'job-7')).toThrowError(
      expect.objectContaining({ code: 'WINGMAN_PAYLOAD_DAMAGED', message: expect.stringContaining('job-7') }),
    );
  });
});

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
