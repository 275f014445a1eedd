// What the public types must say. tsc reads this file and so does vitest; nothing here is run.

import { type } from 'arktype';
import * as v from 'valibot';
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  type AnyDefinition,
  type Context,
  defineJob,
  type Handler,
  type Job,
  type JobDefinition,
  type RateControl,
} from '../../src/core/job.ts';
import type { Logger } from '../../src/core/log.ts';

describe('defineJob', () => {
  it('infers the input of a zod schema, and what the schema makes of it', () => {
    const invoice = defineJob({
      type: 'invoice.send',
      input: z.object({
        tenant: z.string(),
        at: z.string().transform((text) => new Date(text)),
        note: z.string().default(''),
      }),
      lock: (input) => {
        expectTypeOf(input).toEqualTypeOf<{ tenant: string; at: Date; note: string }>();
        return { key: input.tenant, concurrency: 1 };
      },
    });
    expectTypeOf(invoice.job).parameters.toEqualTypeOf<
      [input: { tenant: string; at: string; note?: string | undefined }]
    >();
    expectTypeOf(invoice.job({ tenant: 'a', at: '' })).toEqualTypeOf<Job>();
    invoice.handle((input, context) => {
      expectTypeOf(input).toEqualTypeOf<{ tenant: string; at: Date; note: string }>();
      expectTypeOf(context).toEqualTypeOf<Context>();
    });

    // @ts-expect-error an input is needed
    invoice.job();
    // @ts-expect-error a property is missing
    invoice.job({ tenant: 'a' });
    // @ts-expect-error what the schema makes is not what it takes
    invoice.job({ tenant: 'a', at: new Date() });
    // @ts-expect-error a property too many
    invoice.job({ tenant: 'a', at: '', more: 1 });
    // @ts-expect-error one input, and no more
    invoice.job({ tenant: 'a', at: '' }, {});
  });

  it('infers the same of valibot and of arktype', () => {
    const byValibot = defineJob({ type: 't', input: v.object({ n: v.pipe(v.string(), v.transform(Number)) }) });
    expectTypeOf(byValibot.job).parameters.toEqualTypeOf<[input: { n: string }]>();
    byValibot.handle((input) => expectTypeOf(input).toEqualTypeOf<{ n: number }>());
    // @ts-expect-error not what the schema takes
    byValibot.job({ n: 1 });

    const byArktype = defineJob({ type: 't', input: type({ n: 'string.numeric.parse', 'more?': 'boolean' }) });
    expectTypeOf(byArktype.job).parameters.toEqualTypeOf<[input: { n: string; more?: boolean }]>();
    byArktype.handle((input) => expectTypeOf(input).toEqualTypeOf<{ n: number; more?: boolean }>());
    // @ts-expect-error not what the schema takes
    byArktype.job({ n: 1 });
  });

  it('takes the input as a type parameter', () => {
    const resize = defineJob<{ file: string; width?: number }>({
      type: 'resize',
      lock: ({ file }) => [{ key: file, concurrency: 1 }],
    });
    expectTypeOf(resize).toEqualTypeOf<JobDefinition<{ file: string; width?: number }>>();
    resize.job({ file: 'a.png' });
    resize.handle(({ width }) => expectTypeOf(width).toEqualTypeOf<number | undefined>());
    // @ts-expect-error not of the type
    resize.job({ file: 7 });
    // @ts-expect-error an input is needed
    resize.job();
    // @ts-expect-error the parameter says what the schema would have to say
    defineJob<{ file: string }>({ type: 'resize', input: z.object({ file: z.string() }) });
  });

  it('takes no input where there is none', () => {
    const cleanUp = defineJob({ type: 'clean-up' });
    expectTypeOf(cleanUp).toEqualTypeOf<JobDefinition<undefined>>();
    cleanUp.job();
    cleanUp.handle((input) => expectTypeOf(input).toEqualTypeOf<undefined>());
    // @ts-expect-error there is no input
    cleanUp.job({ n: 1 });
    // @ts-expect-error there is nothing to see in the input
    defineJob({ type: 't', lock: (input) => ({ key: input.tenant, concurrency: 1 }) });
  });

  it('refuses options that are none', () => {
    // @ts-expect-error a type is needed
    defineJob({});
    // @ts-expect-error no such option
    defineJob({ type: 't', ques: 'q' });
    // @ts-expect-error a lock is a function of the input
    defineJob({ type: 't', lock: { key: 'k', concurrency: 1 } });
    // @ts-expect-error a lock has a concurrency
    defineJob({ type: 't', lock: () => ({ key: 'k' }) });
    // @ts-expect-error no such curve
    defineJob({ type: 't', retry: { backoff: 'slow' } });
    // @ts-expect-error only false stands for no limit
    defineJob({ type: 't', timeout: true });
    // @ts-expect-error no Standard Schema
    defineJob({ type: 't', input: { parse: () => 1 } });
  });

  it('gives what can be passed on without its types', () => {
    const definition = defineJob({
      type: 't',
      input: z.object({ n: z.number() }),
      lock: ({ n }) => ({ key: `${n}`, concurrency: 1 }),
    });
    expectTypeOf(definition).toExtend<AnyDefinition>();
    expectTypeOf(definition.handle(async () => 'anything')).toEqualTypeOf<Handler>();
    // @ts-expect-error a handler is not made by hand
    const handler: Handler = { definition, run: () => {} };
    return handler;
  });
});

describe('context', () => {
  it('has what a handler needs, and lets none of it be changed', () => {
    expectTypeOf<Context>().toEqualTypeOf<{
      readonly id: string;
      readonly attempt: number;
      readonly signal: AbortSignal;
      readonly log: Logger;
      readonly token: string;
      readonly limit: (key: string) => RateControl;
      readonly schedule?: { readonly name: string; readonly tick: Date };
      progress(value: unknown): void;
    }>();
  });
});
