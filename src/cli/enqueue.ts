import { text } from 'node:stream/consumers';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { EnqueuedJob } from '../client/enqueued.ts';
import { type Duration, toMilliseconds } from '../core/duration.ts';
import { isId } from '../core/envelope.ts';
import { checkExtras } from '../core/extras.ts';
import { type AnyDefinition, checkQueue, type Job } from '../core/job.ts';
import { type Lock, normalizeLocks } from '../core/lock.ts';
import { type UniqueOptions, uniqueness } from '../core/unique.ts';
import { UsageError } from './errors.ts';
import { parseInput } from './json-input.ts';
import { print } from './output.ts';
import {
  backendOption,
  type CommonFlags,
  configOption,
  DEFAULT_BACKEND,
  parsedBy,
  readSettings,
  type Settings,
} from './settings.ts';
import { refuseMemory } from './where.ts';

interface EnqueueFlags extends CommonFlags {
  readonly queue?: string;
  readonly lock?: readonly Lock[];
  readonly delay?: number;
  readonly at?: Date;
  readonly id?: string;
  readonly unique?: string;
  readonly uniqueFor?: number;
  readonly onConflict?: UniqueOptions['onConflict'];
  readonly priority?: number;
  readonly deadline?: Duration | Date;
  readonly tag?: readonly string[];
  readonly from?: readonly string[];
  readonly wait?: true;
  readonly timeout?: number;
  readonly json?: true;
}

const ON_CONFLICT = ['keep', 'replace', 'extend', 'reject'];

const EXAMPLES = `
Examples:

wingman enqueue invoice.send '{ "tenant": "acme", "invoice": "42" }' --queue billing --lock tenant:acme=2
echo '{ "tenant": "acme", "invoice": "43" }' | wingman enqueue invoice.send - --delay 5m --json
wingman enqueue report.build '{ "tenant": "acme" }' --unique acme --unique-for 1h
wingman enqueue report --priority 10 --deadline 1h --tag import-42
`;

export function enqueueCommand(): Command {
  return new Command('enqueue')
    .description('put a job into its queue, and print its id')
    .argument('<type>', "the job's type")
    .argument('[json]', 'its input; - reads it from stdin')
    .option(
      '--from <module>',
      "a file that defines the type; may be repeated (when left out: the config's modules)",
      addPath,
    )
    .option('--queue <name>', 'for a type that is not defined there (when left out: default)', parsedBy(checkQueue))
    .option('--lock <key=concurrency>', 'for a type that is not defined there; may be repeated', addLock)
    .option('--delay <duration>', 'run it no sooner than after, say, 30s or 5m', parsedBy(parseDuration))
    .option('--at <instant>', 'run it no sooner than at, say, 2030-01-31T08:00:00Z', parsedBy(parseInstant))
    .option(
      '--priority <number>',
      'from -1000 to 1000; the higher, the sooner (when left out: 0)',
      parsedBy(parsePriority),
    )
    .option(
      '--deadline <when>',
      'fail it where it has not ended after, say, 1h, or at an instant',
      parsedBy(parseDeadline),
    )
    .option('--tag <tag>', 'by which to find and cancel it; may be repeated', addTag)
    .option('--id <id>', 'an id of your own; one that is known already changes nothing', parsedBy(parseId))
    .option(
      '--unique <key>',
      'only if no other job of the type has this key: until it is done, if --unique-for is left out',
      parsedBy(parseUnique),
    )
    .option('--unique-for <duration>', 'for how long the key is taken, say, 10m', parsedBy(parseWindow))
    .addOption(new Option('--on-conflict <what>', 'what to do where another job has the key').choices(ON_CONFLICT))
    .option('--wait', 'wait until it has completed, and print its result; for a type with an output schema')
    .option(
      '--timeout <duration>',
      'with --wait: for how long (when left out: for as long as it takes)',
      parsedBy(parseDuration),
    )
    .option('--json', 'print an object { id, type, queue, outcome }, and with --wait its result')
    .addOption(backendOption(`when left out: WINGMAN_BACKEND, the config file's, ${DEFAULT_BACKEND}`))
    .addOption(configOption())
    .addHelpText('after', EXAMPLES)
    .action(enqueue);
}

async function enqueue(type: string, json: string | undefined, flags: EnqueueFlags): Promise<void> {
  const { delay, at, id, priority, deadline, tag: tags } = flags;
  if (delay !== undefined && at !== undefined) throw new UsageError('give --delay or --at, and not both');
  const unique = uniqueOf(flags);
  if (flags.timeout !== undefined && flags.wait !== true) throw new UsageError('--timeout is for --wait: give both');
  const settings = await readSettings(flags);
  refuseMemory(settings.backend);
  const input = json === undefined ? undefined : parseInput(json === '-' ? await text(process.stdin) : json);
  const job = await jobOf(type, input, flags, settings);
  if (flags.wait === true && job.definition !== undefined && job.definition.output === undefined) {
    throw new UsageError(`job type '${type}' keeps no results: leave out --wait, or give it an output schema`);
  }
  const { connect } = await import('../client/connect.ts');
  const wingman = await connect(settings.backend);
  try {
    const enqueued = await wingman.enqueue(job, {
      ...(delay !== undefined && { delay }),
      ...(at !== undefined && { runAt: at }),
      ...(id !== undefined && { id }),
      ...(unique !== undefined && { unique }),
      ...(priority !== undefined && { priority }),
      ...(deadline !== undefined && { deadline }),
      ...(tags !== undefined && { tags }),
    });
    await print(`${await answer(enqueued, flags)}\n`);
  } finally {
    await wingman.close();
  }
}

/** What is printed of a job: its id, or once it has completed its result; with --json both. */
async function answer(job: EnqueuedJob<unknown>, { wait, timeout, json }: EnqueueFlags): Promise<string> {
  if (wait !== true) return json === true ? JSON.stringify(job) : job.id;
  const result = await job.result(timeout === undefined ? {} : { timeout });
  return JSON.stringify(json === true ? { ...job, result } : result);
}

async function jobOf(type: string, input: unknown, flags: EnqueueFlags, settings: Settings): Promise<Job> {
  const { from = settings.modules ?? [], queue, lock } = flags;
  const definition = from.length === 0 ? undefined : await definitionIn(from, type);
  if (definition === undefined) {
    // A --from that does not have it is a mistake, where a config file need not have all types.
    if (flags.from !== undefined) throw new UsageError(`${flags.from.join(', ')} has no job type '${type}'`);
    return { type, payload: input, ...(queue !== undefined && { queue }), ...(lock !== undefined && { lock }) };
  }
  if (queue !== undefined || lock !== undefined) {
    throw new UsageError(`job type '${type}' is defined, with its queue and locks: leave out --queue and --lock`);
  }
  return { type, queue: definition.queue, payload: input, definition };
}

async function definitionIn(paths: readonly string[], type: string): Promise<AnyDefinition | undefined> {
  const { findDefinition, loadModules } = await import('./modules.ts');
  return findDefinition(await loadModules(paths, process.cwd()), type);
}

function uniqueOf({ unique: key, uniqueFor, onConflict }: EnqueueFlags): UniqueOptions | undefined {
  if (key === undefined) {
    if (uniqueFor === undefined && onConflict === undefined) return undefined;
    throw new UsageError('--unique-for and --on-conflict say more of --unique KEY: give that too');
  }
  return {
    key,
    ...(uniqueFor !== undefined && { for: uniqueFor }),
    ...(onConflict !== undefined && { onConflict }),
  };
}

function parseUnique(key: string): string {
  uniqueness({ key });
  return key;
}

function parseWindow(value: string): number {
  const time = parseDuration(value);
  uniqueness({ key: 'any', for: time });
  return time;
}

function addPath(path: string, before: readonly string[] = []): readonly string[] {
  return [...before, path];
}

function addLock(value: string, before: readonly Lock[] = []): readonly Lock[] {
  const [, key, concurrency] = /^(.+)=(\d{1,9})$/s.exec(value) ?? [];
  if (key === undefined || !(Number(concurrency) >= 1)) {
    throw new InvalidArgumentError('Give a key and how many jobs may run at once, as tenant:acme=2.');
  }
  const locks = [...before, { key, concurrency: Number(concurrency) }];
  return parsedBy(() => normalizeLocks(locks))(value);
}

function addTag(value: string, before: readonly string[] = []): readonly string[] {
  const tags = [...before, value];
  return parsedBy(() => {
    checkExtras({ tags });
    return tags;
  })(value);
}

function parsePriority(value: string): number {
  const priority = /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN;
  checkExtras({ priority });
  return priority;
}

function parseDeadline(value: string): Duration | Date {
  if (/^\d{4}-/.test(value)) return parseInstant(value);
  const deadline = parseDuration(value);
  checkExtras({ deadline });
  return deadline;
}

function parseDuration(value: string): number {
  try {
    return toMilliseconds(value, 'duration');
  } catch {
    throw new Error('Give a number with its unit, such as 30s, 5m or 2h.');
  }
}

function parseInstant(value: string): Date {
  const instant = new Date(value);
  // Date takes much that is no date, such as '5'.
  if (!/^\d{4}-\d{2}-\d{2}/.test(value) || Number.isNaN(instant.getTime()) || !isDay(value.slice(0, 10))) {
    throw new Error('Give a date and time as ISO 8601 has it, such as 2030-01-31T08:00:00Z.');
  }
  return instant;
}

/** Date makes a day of March out of the 31st of February. */
function isDay(date: string): boolean {
  const midnight = new Date(date);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
}

function parseId(value: string): string {
  if (!isId(value)) throw new Error('An id has 1 to 128 of the characters A-Z a-z 0-9 _ ~ . : -');
  return value;
}
