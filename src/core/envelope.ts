import { InvalidOptionError, shown, WingmanError } from './errors.ts';
import { type Extras, type ExtrasOptions, extrasOf, needInput, saysNothing } from './extras.ts';
import { type AnyDefinition, checkQueue, checkType, type Job } from './job.ts';
import { normalizeLocks, type StoredLock } from './lock.ts';
import { decodePayload, encodePayload } from './payload.ts';
import { normalizeRates } from './rate.ts';
import { validate } from './schema.ts';
import { type OnConflict, type Uniqueness, uniqueness } from './unique.ts';

/** When a job may run first: after so many milliseconds, or at an instant (ms since the epoch), by the backend's clock. */
export type Due = { readonly in: number } | { readonly at: number };

/** A job as it goes into the books: the envelope without what the backend adds. */
export interface NewJob {
  /** 1 to 128 characters of `A-Z a-z 0-9 _ ~ . : -`. Two jobs with one id are one job. */
  readonly id: string;
  readonly type: string;
  readonly queue: string;
  /** JSON text. No backend ever parses it. */
  readonly payload: string;
  /** Locks and rates, sorted by key; empty where none is needed; null where only a manager that knows the type can tell. */
  readonly locks: readonly StoredLock[] | null;
  readonly due?: Due;
  readonly extras?: Extras;
  /** What its enqueue does where its unique key is taken; `keep` when left out. */
  readonly onConflict?: OnConflict;
}

/** The envelope of a job in the books. */
export interface StoredJob extends Omit<NewJob, 'due' | 'onConflict'> {
  /** Attempts used so far: runs that ended in a failure. */
  readonly attempts: number;
  /** Runs in a row whose worker vanished; they use no attempt. */
  readonly crashes: number;
  /** Grows with each job that is enqueued; decides who has waited longest for a lock. */
  readonly sequence: number;
  /** Milliseconds since the epoch, by the backend's clock. */
  readonly enqueuedAt: number;
}

/** A job that a worker owns until its lease ends or it settles. */
export interface ClaimedJob extends StoredJob {
  readonly worker: string;
  /** Names this claim. Digits; a later claim of any job in this backend has a greater number. */
  readonly token: string;
}

/** A job that some other program has wrapped already: `pushInternalJob` takes it, and `RPUSH` of its JSON does the same. */
export interface ForeignEnvelope {
  readonly ID: string;
  readonly TypeName: string;
  readonly Job: unknown;
}

const NONE: readonly StoredLock[] = [];

const LONGEST_ID = 128;
/** By its code, whether a character may be part of an id. */
const ID_CODES = Array.from({ length: 128 }, (_, code) => /[\w~.:-]/.test(String.fromCharCode(code)));

/** Whether a text can be a job's id. None starts with `{`: an entry that does is a whole envelope. */
export function isId(id: unknown): id is string {
  if (typeof id !== 'string' || id.length === 0 || id.length > LONGEST_ID) return false;
  // Looked at for each job, and by itself: to start a regular expression takes longer.
  for (let at = 0; at < id.length; at += 1) {
    if (ID_CODES[id.charCodeAt(at)] !== true) return false;
  }
  return true;
}

/**
 * Validates a job and puts it in the form that is stored. What is validated is what the handler will see: the input as it
 * comes back from JSON. A promise only where the type's schema validates asynchronously.
 * @param given what is said of this job beside what its type says
 * @throws WingmanError `WINGMAN_JOB_MISSING`, `WINGMAN_JOB_INVALID`, `WINGMAN_PAYLOAD_NOT_JSON`,
 *   `WINGMAN_PAYLOAD_TOO_LARGE`; InvalidInputError; InvalidOptionError
 */
export function wrap(job: Job, id: string, maxPayload?: number, given?: ExtrasOptions): NewJob | Promise<NewJob> {
  if (typeof job !== 'object' || job === null) {
    const hint = 'make one with a definition, as in sendInvoice.job(input)';
    throw new WingmanError('WINGMAN_JOB_MISSING', `a job is needed; ${hint}; received ${shown(job)}`);
  }
  if (!isId(id)) throw new InvalidOptionError('id', 'text of 1 to 128 of the characters A-Z a-z 0-9 _ ~ . : -', id);
  const { definition } = job;
  // Names of a definition were checked when it was made.
  const type = definition !== undefined && job.type === definition.type ? job.type : checkType(job.type);
  const queue = definition !== undefined && job.queue === definition.queue ? job.queue : checkQueue(job.queue);
  const payload = encodePayload(job.payload, type, maxPayload);
  if (definition !== undefined && isBare(job, definition, given)) return { id, type, queue, payload, locks: NONE };
  const made = { id, type, queue, payload };
  const input = definition === undefined ? undefined : inputOf(definition, payload, id);
  return input instanceof Promise
    ? input.then((value) => finish(job, made, value, given))
    : finish(job, made, input, given);
}

/** Whether there is nothing to find out about a job, nor to validate: as its type has it, most are like that. */
function isBare({ unique }: Job, definition: AnyDefinition, given: ExtrasOptions | undefined): boolean {
  const { input, lock, rate, unique: rule, extras } = definition;
  if (input !== undefined || lock !== undefined || rate !== undefined || rule !== undefined) return false;
  return unique === undefined && saysNothing(extras) && (given === undefined || saysNothing(given));
}

/** Adds what is said of the job, by its type with its input and by whoever enqueues it. */
function finish(
  job: Job,
  made: Pick<NewJob, 'id' | 'type' | 'queue' | 'payload'>,
  input: unknown,
  given: ExtrasOptions | undefined,
): NewJob {
  const { id, type, queue, payload } = made;
  const locks = locksOf(job, input);
  const unique = uniqueOf(job, input);
  // The definition's own types tie its functions to what its schema gives.
  const said = extrasOf(job.definition?.extras, input as never, given);
  if (unique === null && said === undefined) return { id, type, queue, payload, locks };
  if (unique === null) return { ...made, locks, extras: { ...said } };
  return { ...made, locks, extras: { ...said, unique: unique.unique }, onConflict: unique.onConflict };
}

/** What the definition's functions are given; undefined where it has none, and nothing to validate. */
function inputOf(definition: AnyDefinition, payload: string, id: string): unknown {
  const { type, input, lock, rate, unique, extras } = definition;
  const hasRules = lock !== undefined || rate !== undefined || unique !== undefined || needInput(extras);
  if (input === undefined && !hasRules) return undefined;
  const stored = decodePayload(payload, id);
  return input === undefined ? stored : validate(input, stored, type);
}

function locksOf({ definition, lock, rate }: Job, input: unknown): readonly StoredLock[] | null {
  if (definition !== undefined) return limitsOf(definition, input);
  // Without a definition and without locks of its own, only the manager that knows the type can tell what it needs.
  if (lock === undefined && rate === undefined) return null;
  return [...normalizeLocks(lock), ...normalizeRates(rate)];
}

function uniqueOf({ definition, unique }: Job, input: unknown): Uniqueness | null {
  // As in `limitsOf`: the function is of what the schema gives.
  return uniqueness(unique === undefined ? definition?.unique?.(input as never) : unique);
}

/**
 * The locks and rates that a type asks for with this input, as they are stored.
 * @throws as `normalizeLocks` and `normalizeRates`, and what the type's own functions throw
 */
export function limitsOf({ lock, rate }: AnyDefinition, output: unknown): readonly StoredLock[] {
  if (lock === undefined && rate === undefined) return NONE;
  // The definition's own types tie its functions to what its schema gives.
  return [...normalizeLocks(lock?.(output as never)), ...normalizeRates(rate?.(output as never))];
}
