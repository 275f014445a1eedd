import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AnyDefinition, type Context, defineJob, isDefinition, isHandler } from '../../src/core/job.ts';
import { validate } from '../../src/core/schema.ts';

const context: Context = {
  id: 'a',
  attempt: 1,
  token: '1',
  signal: new AbortController().signal,
  log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  limit: () => ({ pauseUntil: async () => {}, pauseFor: async () => {} }),
  progress: () => {},
};

describe('defineJob', () => {
  it('fills in what is left out', () => {
    expect(defineJob({ type: 'mail.send' })).toMatchObject({
      type: 'mail.send',
      queue: 'default',
      input: undefined,
      lock: undefined,
      retry: { attempts: 10 },
      timeout: 3_600_000,
    });
  });

  it('reads what is given', () => {
    const definition = defineJob({ type: 't', queue: 'q', retry: { attempts: 3 }, timeout: '30s' });
    expect(definition).toMatchObject({ queue: 'q', retry: { attempts: 3 }, timeout: 30_000 });
    expect(defineJob({ type: 't', timeout: false }).timeout).toBeNull();
  });

  it('cannot be changed afterwards', () => {
    const definition = defineJob({ type: 't' });
    expect(Object.isFrozen(definition)).toBe(true);
  });

  it('makes jobs', () => {
    const definition = defineJob<{ n: number }>({ type: 't', queue: 'q' });
    expect(definition.job({ n: 1 })).toEqual({ type: 't', queue: 'q', payload: { n: 1 }, definition });
    expect(defineJob({ type: 't' }).job()).toMatchObject({ payload: undefined });
  });

  it('pairs with a handler, apart from the definition', async () => {
    const definition = defineJob<{ n: number }>({ type: 't' });
    const handler = definition.handle(async ({ n }, { attempt }) => n + attempt);
    expect(handler.definition).toBe(definition);
    expect(await handler.run({ n: 41 }, context)).toBe(42);
  });

  it('tells definitions and handlers from other things', () => {
    const definition = defineJob({ type: 't' });
    const handler = definition.handle(() => {});
    expect([definition, handler].map(isDefinition)).toEqual([true, false]);
    expect([definition, handler].map(isHandler)).toEqual([false, true]);
    for (const other of [null, undefined, 't', {}, () => {}])
      expect(isDefinition(other) || isHandler(other)).toBe(false);
  });

  it.each<[string, object]>([
    ['a job needs a type', {}],
    ['a job needs a type', { type: '' }],
    ['a job needs a type', { type: 7 }],
    ['a job needs a type', { type: 'a\nb' }],
    ['a job needs a type', { type: 'x'.repeat(129) }],
    ['a job needs a type', { type: '\ud800' }],
    ["option 'queue'", { type: 't', queue: '' }],
    ["option 'queue'", { type: 't', queue: null }],
    ["option 'queue'", { type: 't', queue: 'a\0' }],
    ["option 'input'", { type: 't', input: {} }],
    ["option 'input'", { type: 't', input: () => true }],
    ["option 'lock'", { type: 't', lock: { key: 'k', concurrency: 1 } }],
    ["option 'retry.attempts'", { type: 't', retry: { attempts: 0 } }],
    ["option 'timeout'", { type: 't', timeout: 0 }],
    ["option 'timeout'", { type: 't', timeout: 'soon' }],
    ["option 'timeout'", { type: 't', timeout: true }],
    [
      "option 'options' must be an object of type, queue, input, output, lock, rate, retry, timeout",
      { type: 't', quue: 'q' },
    ],
    ['received {"locks":', { type: 't', locks: [] }],
    ["option 'retry' must be an object of attempts, backoff", { type: 't', retry: { attempt: 3 } }],
    ["option 'retry'", { type: 't', retry: 5 }],
    ["option 'retry'", { type: 't', retry: null }],
    ["option 'retry.backoff'", { type: 't', retry: { backoff: { kind: 'fixed', dealy: '5s' } } }],
  ])('refuses with %s: %j', (message, options) => {
    expect(() => Reflect.apply(defineJob, null, [options])).toThrow(message);
  });

  it.each([undefined, null, 'invoice.send', []])('refuses what are no options: %j', (options) => {
    expect(() => Reflect.apply(defineJob, null, [options])).toThrowError(
      expect.objectContaining({ code: 'WINGMAN_OPTION_INVALID' }),
    );
  });

  it('refuses a handler that is no function', () => {
    const definition = defineJob({ type: 't' });
    expect(() => Reflect.apply(definition.handle, null, ['run'])).toThrow("option 'handler'");
  });
});

/** The same input, described three times: a customer with a name, and at least one item with a positive price. */
const schemas = {
  zod: defineJob({
    type: 'order',
    input: z.object({
      customer: z.object({ name: z.string() }),
      items: z.array(z.object({ price: z.number().positive() })).min(1),
    }),
  }),
  valibot: defineJob({
    type: 'order',
    input: v.object({
      customer: v.object({ name: v.string() }),
      items: v.pipe(v.array(v.object({ price: v.pipe(v.number(), v.minValue(0.01)) })), v.minLength(1)),
    }),
  }),
  arktype: defineJob({
    type: 'order',
    input: type({ customer: { name: 'string' }, items: type({ price: 'number > 0' }).array().atLeastLength(1) }),
  }),
} satisfies Record<string, AnyDefinition>;

describe.each(Object.entries(schemas))('a schema of %s', (_, { input }) => {
  if (input === undefined) throw new Error('each has a schema');
  const check = async (value: unknown): Promise<unknown> => validate(input, value, 'order');

  it('lets through what fits', async () => {
    const order = { customer: { name: 'Ada' }, items: [{ price: 1 }] };
    expect(await check(order)).toEqual(order);
  });

  it('names each path and reason of what does not', async () => {
    const refused = check({ customer: { name: 7 }, items: [{ price: 1 }, { price: -1 }] });
    const error: unknown = await refused.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'WINGMAN_INPUT_INVALID',
      issues: [
        { path: 'customer.name', message: expect.stringMatching(/string/i) },
        { path: 'items[1].price', message: expect.stringMatching(/\d/) },
      ],
    });
    expect(error).toHaveProperty('message', expect.stringMatching(/'order'.*customer\.name: .*items\[1\]\.price: /));
  });

  it('names the input itself where that is wrong', async () => {
    await expect(check(null)).rejects.toMatchObject({ issues: [{ path: '' }] });
  });
});

describe('validate', () => {
  it('gives what the schema makes of the input, also where it takes its time', async () => {
    const slow = z
      .object({ n: z.string().transform(Number) })
      .refine(async ({ n }) => n > 0, { path: ['n'], error: 'too small' });
    expect(await validate(slow, { n: '5' }, 't')).toEqual({ n: 5 });
    await expect(validate(slow, { n: '0' }, 't')).rejects.toMatchObject({
      issues: [{ path: 'n', message: 'too small' }],
    });
  });
});
