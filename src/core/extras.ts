import { type Duration, toMilliseconds } from './duration.ts';
import { InvalidOptionError } from './errors.ts';

/**
 * What only few jobs have, as it is stored with them. A job without any has no extras at all, so that it pays nothing for
 * them; a field that says nothing is left out, and no list in it is empty.
 */
export interface Extras {
  /** A whole number from -1000 to 1000, and not 0; the higher, the sooner. */
  readonly priority?: number;
  readonly unique?: Unique;
  /** By when it must have ended. */
  readonly deadline?: Deadline;
  readonly tags?: readonly string[];
  /** Which recurring schedule made it, and for which tick: an instant in milliseconds. */
  readonly schedule?: { readonly name: string; readonly tick: number };
}

/** Which other jobs a job must not stand beside. */
export interface Unique {
  /** 1 to 512 characters. Keys of different types have nothing in common. */
  readonly key: string;
  /** How long the key is taken: until the job is first claimed, until it has ended, or so many milliseconds from its enqueue. */
  readonly while: 'waiting' | 'until done' | number;
}

/** So many milliseconds after its enqueue, or an instant in milliseconds since the epoch: both by the backend's clock. */
export type Deadline = { readonly in: number } | { readonly at: number };

/** What may be said of one job, or of many that are enqueued at once. */
export interface ExtrasOptions {
  /**
   * A whole number from -1000 to 1000; 0 when left out. In its queue a job comes up before all of a lower priority, whenever
   * they came: those of the lowest wait for as long as there are others.
   */
  readonly priority?: number;
  /**
   * When the job must have ended: so long after its enqueue, or an instant. Once that has passed it is failed for good with
   * `WINGMAN_DEADLINE`: instead of a run, in the middle of one, or where it would be tried again too late.
   */
  readonly deadline?: Duration | Date;
  /** 1 to 10 names of 1 to 128 characters each, by which jobs are found and cancelled. */
  readonly tags?: readonly string[];
}

/** What a job type says of all of its jobs: see `ExtrasOptions`. */
export interface ExtrasRules<Input> {
  readonly priority?: number | ((input: Input) => number | undefined);
  readonly deadline?: Duration;
  readonly tags?: readonly string[] | ((input: Input) => readonly string[] | undefined);
}

/** The rules of a job type, checked as far as that can be without an input. */
export interface CheckedRules<Input> {
  readonly priority: number | ((input: Input) => number | undefined) | undefined;
  readonly deadline: Deadline | undefined;
  readonly tags: readonly string[] | ((input: Input) => readonly string[] | undefined) | undefined;
}

/** The names of these options. */
export const EXTRAS = ['priority', 'deadline', 'tags'] as const;

const NONE: readonly string[] = [];
const MOST_PRIORITY = 1_000;
const MOST_TAGS = 10;
// As with names and keys: a lone surrogate has no form in UTF-8, and two such tags would become one in the store.
const TAG = /^[^\p{Cc}\p{Surrogate}]{1,128}$/u;

/**
 * Checks what a job type says, once.
 * @throws InvalidOptionError
 */
export function extrasRules<Input>({ priority, deadline, tags }: ExtrasRules<Input>): CheckedRules<Input> {
  return {
    priority: priority === undefined || typeof priority === 'function' ? priority : checkPriority(priority),
    deadline: deadline === undefined ? undefined : { in: timeLeft(deadline) },
    tags: tags === undefined || typeof tags === 'function' ? tags : Object.freeze([...checkTags(tags)]),
  };
}

/** Whether nothing at all is said, by rules or by options. */
export function saysNothing({ priority, deadline, tags }: { [Name in (typeof EXTRAS)[number]]?: unknown }): boolean {
  return priority === undefined && deadline === undefined && tags === undefined;
}

/** Whether the rules must see a job's input. */
export function needInput({ priority, tags }: CheckedRules<never>): boolean {
  return typeof priority === 'function' || typeof tags === 'function';
}

/**
 * What is stored with a job: what is said of it goes before what its type says, and tags are added to those of the type.
 * Undefined where there is nothing.
 * @throws InvalidOptionError
 */
export function extrasOf<Input>(
  rules: CheckedRules<Input> | undefined,
  input: Input,
  given: ExtrasOptions = {},
): Extras | undefined {
  const priority = priorityIn(rules, input, given);
  const deadline = given.deadline === undefined ? rules?.deadline : checkDeadline(given.deadline);
  const tags = tagsIn(rules, input, given);
  if (priority === 0 && deadline === undefined && tags.length === 0) return undefined;
  return {
    ...(priority !== 0 && { priority }),
    ...(deadline !== undefined && { deadline }),
    ...(tags.length > 0 && { tags }),
  };
}

/**
 * @throws InvalidOptionError for what an enqueue could not take; for a caller who wants to know before
 */
export function checkExtras({ priority, deadline, tags }: ExtrasOptions): void {
  if (priority !== undefined) checkPriority(priority);
  if (deadline !== undefined) checkDeadline(deadline);
  if (tags !== undefined) checkTags(tags);
}

// What is stored may have been changed by hand since: what is damaged says nothing.

/** A job's priority; 0 where nothing is said of it. */
export function priorityOf(extras: Extras | undefined): number {
  const priority: unknown = extras?.priority;
  if (typeof priority !== 'number' || !Number.isFinite(priority)) return 0;
  return Math.round(Math.max(-MOST_PRIORITY, Math.min(MOST_PRIORITY, priority)));
}

export function tagsOf(extras: Extras | undefined): readonly string[] {
  const tags: unknown = extras?.tags;
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
}

/** When a job must have ended, as an instant by the backend's clock, or null. */
export function deadlineOf({
  extras,
  enqueuedAt,
}: {
  readonly extras?: Extras;
  readonly enqueuedAt: number;
}): number | null {
  const deadline: unknown = extras?.deadline;
  if (typeof deadline !== 'object' || deadline === null) return null;
  const after: unknown = Reflect.get(deadline, 'in');
  const at: unknown = Reflect.get(deadline, 'at');
  const instant = typeof after === 'number' ? enqueuedAt + after : at;
  return typeof instant === 'number' && Number.isFinite(instant) ? instant : null;
}

/** The same without a deadline: a job that an operator tries again is to run, however late. Undefined where nothing is left. */
export function withoutDeadline({ deadline: _, ...extras }: Extras): Extras | undefined {
  return Object.keys(extras).length === 0 ? undefined : extras;
}

function priorityIn<Input>(rules: CheckedRules<Input> | undefined, input: Input, { priority }: ExtrasOptions): number {
  if (priority !== undefined) return checkPriority(priority);
  const rule = rules?.priority;
  if (typeof rule !== 'function') return rule ?? 0;
  const computed = rule(input);
  return computed === undefined ? 0 : checkPriority(computed);
}

function tagsIn<Input>(
  rules: CheckedRules<Input> | undefined,
  input: Input,
  { tags: given }: ExtrasOptions,
): readonly string[] {
  const rule = rules?.tags;
  const own = typeof rule === 'function' ? rule(input) : rule;
  if (own === undefined && given === undefined) return NONE;
  const lists = [own, given].filter((list) => list !== undefined).map(checkTags);
  return lists.length === 0 ? [] : checkTags([...new Set(lists.flat())]);
}

function checkPriority(priority: unknown): number {
  if (Number.isInteger(priority) && Math.abs(Number(priority)) <= MOST_PRIORITY) return Number(priority);
  throw new InvalidOptionError('priority', `a whole number from -${MOST_PRIORITY} to ${MOST_PRIORITY}`, priority);
}

function checkDeadline(deadline: Duration | Date): Deadline {
  if (!(deadline instanceof Date)) return { in: timeLeft(deadline) };
  if (!Number.isNaN(deadline.getTime())) return { at: deadline.getTime() };
  throw new InvalidOptionError('deadline', 'a duration or a valid Date', String(deadline));
}

function timeLeft(deadline: Duration): number {
  const milliseconds = toMilliseconds(deadline, 'deadline');
  if (milliseconds > 0) return milliseconds;
  throw new InvalidOptionError('deadline', 'longer than 0', deadline);
}

function checkTags(tags: unknown): readonly string[] {
  if (!Array.isArray(tags) || tags.length > MOST_TAGS) {
    throw new InvalidOptionError('tags', `a list of at most ${MOST_TAGS} texts`, tags);
  }
  const wrong = tags.findIndex((tag) => !isTag(tag));
  if (wrong >= 0) {
    throw new InvalidOptionError('tags', 'texts of 1 to 128 characters, without control characters', tags[wrong]);
  }
  return tags;
}

function isTag(tag: unknown): tag is string {
  return typeof tag === 'string' && TAG.test(tag);
}
