/**
 * Every error that Wingman throws on purpose, with its stable code. Match on `error.code`, never on the message: messages
 * may be reworded, codes stay. A message says what happened, the value received, and what to do.
 */
export type ErrorCode =
  | 'WINGMAN_BACKEND_URL'
  | 'WINGMAN_BACKEND_UNREACHABLE'
  | 'WINGMAN_BACKEND_REFUSED'
  | 'WINGMAN_BACKEND_CLOSED'
  | 'WINGMAN_BACKEND_FAILED'
  | 'WINGMAN_BACKEND_BUSY'
  | 'WINGMAN_BACKEND_FULL'
  | 'WINGMAN_ENQUEUE_TIMEOUT'
  | 'WINGMAN_NOT_REPLICATED'
  | 'WINGMAN_CRASHED'
  | 'WINGMAN_CANCELED'
  | 'WINGMAN_COULD_NOT_LOCK'
  | 'WINGMAN_STALE'
  | 'WINGMAN_JOB_MISSING'
  | 'WINGMAN_JOB_INVALID'
  | 'WINGMAN_JOB_NOT_FOUND'
  | 'WINGMAN_JOB_STATE'
  | 'WINGMAN_JOB_CONFLICT'
  | 'WINGMAN_JOB_FAILED'
  | 'WINGMAN_JOB_CANCELLED'
  | 'WINGMAN_NO_RESULT'
  | 'WINGMAN_RESULT_TIMEOUT'
  | 'WINGMAN_INPUT_INVALID'
  | 'WINGMAN_OUTPUT_INVALID'
  | 'WINGMAN_PAYLOAD_NOT_JSON'
  | 'WINGMAN_PAYLOAD_TOO_LARGE'
  | 'WINGMAN_PAYLOAD_DAMAGED'
  | 'WINGMAN_OPTION_INVALID'
  | 'WINGMAN_SCHEDULE_INVALID'
  | 'WINGMAN_SCHEDULE_NOT_FOUND'
  | 'WINGMAN_SCHEDULE_DAMAGED'
  | 'WINGMAN_MANAGER_RUNNING'
  | 'WINGMAN_TIMEOUT'
  | 'WINGMAN_DEADLINE'
  | 'WINGMAN_MODULE_INVALID'
  | 'WINGMAN_USAGE'
  | 'WINGMAN_SQLITE_NOT_OURS'
  | 'WINGMAN_SQLITE_NEWER'
  | 'WINGMAN_SQLITE_READ_ONLY'
  | 'WINGMAN_SQLITE_FULL'
  | 'WINGMAN_SQLITE_OPEN'
  | 'WINGMAN_SQLITE_DRIVER';

/** The base of every error of ours. */
export class WingmanError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  override get name(): string {
    return this.constructor.name;
  }
}

/**
 * What became of a call that failed: `not done`, since it never left this process or was refused; or `unknown`, since it was
 * sent and no answer came, so it may have been done. Repeating it under the same id does no harm in either case.
 */
export type Fate = 'not done' | 'unknown';

/** A call of a backend that failed. */
export class BackendError extends WingmanError {
  readonly fate: Fate;
  /** The same call may well succeed a moment later: the store is out of reach, starting, failing over, or busy. */
  readonly isTransient: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    fate: Fate,
    { cause, isTransient = false }: { readonly cause?: unknown; readonly isTransient?: boolean } = {},
  ) {
    super(code, message, { cause });
    this.fate = fate;
    this.isTransient = isTransient;
  }
}

/** An enqueue that found no way to its backend in time. `fate` tells whether the job may be in the books nevertheless. */
export class EnqueueTimeoutError extends BackendError {
  /** Under this id the enqueue can be repeated: a job that is in the books already changes nothing. */
  readonly id: string;

  constructor(id: string, timeout: number, fate: Fate, cause: unknown) {
    const what =
      fate === 'not done'
        ? 'it was not sent, and is not enqueued'
        : 'it was sent and never answered, so it may be enqueued';
    const hint = `enqueue it again under the same id, or raise enqueueTimeout`;
    const message = `job ${id} met no answer within ${timeout} ms: ${what}; ${hint}: ${messageOf(cause)}`;
    super('WINGMAN_ENQUEUE_TIMEOUT', message, fate, { cause });
    this.id = id;
  }
}

/** Another job stands for a unique key, and the caller asked for an error, or for what cannot be with that job there. */
export class JobConflictError extends WingmanError {
  /** The id of the job that stands. */
  readonly standing: string;

  constructor(what: string, type: string, standing: string) {
    const hint = 'leave it to that job, wait until its key is free, or cancel it';
    super('WINGMAN_JOB_CONFLICT', `${what}: job ${standing} of type '${type}' stands for its unique key; ${hint}`);
    this.standing = standing;
  }
}

/** A wait that ended without a job: it was aborted, or its `blockingTimeout` passed. */
export class CanceledError extends WingmanError {
  readonly reason: 'aborted' | 'cancelled' | 'timeout' | 'closed';

  constructor(reason: 'aborted' | 'cancelled' | 'timeout' | 'closed', message: string) {
    super('WINGMAN_CANCELED', message);
    this.reason = reason;
  }
}

/** The backend failed both to lock a job and to hold it. The cause says why; the job stays owned by its lease. */
export class CouldNotLockError extends WingmanError {
  constructor(id: string, cause: unknown) {
    super('WINGMAN_COULD_NOT_LOCK', `job ${id} could be neither locked nor held: ${messageOf(cause)}`, { cause });
  }
}

/** The token is no longer the owner's: the lease ended and the job went elsewhere, or it was settled before. */
export class StaleError extends WingmanError {
  constructor(id: string, token: string) {
    super(
      'WINGMAN_STALE',
      `job ${id} is no longer owned by token ${token}: its lease ended, or it was settled before; drop what you hold of it`,
    );
  }
}

/** One reason why an input was refused: where in the input, and what is wrong there. */
export interface InputIssue {
  /** The path in the input, as `customer.address[0]`; empty for the input itself. */
  readonly path: string;
  readonly message: string;
}

/** The input does not fit the job type's schema. `issues` has each path and reason. */
export class InvalidInputError extends WingmanError {
  readonly issues: readonly InputIssue[];

  constructor(type: string, issues: readonly InputIssue[]) {
    super('WINGMAN_INPUT_INVALID', `the input of job type '${type}' does not fit its schema: ${reasons(issues)}`);
    this.issues = issues;
  }
}

/** What a handler gave does not fit its type's output schema. `issues` has each path and reason. */
export class InvalidOutputError extends WingmanError {
  readonly issues: readonly InputIssue[];

  constructor(type: string, issues: readonly InputIssue[]) {
    super(
      'WINGMAN_OUTPUT_INVALID',
      `the result of job type '${type}' does not fit its output schema: ${reasons(issues)}`,
    );
    this.issues = issues;
  }
}

function reasons(issues: readonly InputIssue[]): string {
  return issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
}

/** An option whose value makes no sense. */
export class InvalidOptionError extends WingmanError {
  constructor(option: string, expected: string, received: unknown) {
    super('WINGMAN_OPTION_INVALID', `option '${option}' must be ${expected}; received ${shown(received)}`);
  }
}

/** The message of anything that was thrown, an Error or not. Never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return readMessage(thrown);
  } catch {
    return 'what was thrown cannot be read';
  }
}

function readMessage(thrown: unknown): string {
  if (!(thrown instanceof Error)) return shown(thrown);
  // A message may be anything: it is a property like any other.
  if (thrown.message !== '') return String(thrown.message);
  // Node's own for a host with several addresses: the message is empty, each address has its own.
  if (thrown instanceof AggregateError) return thrown.errors.map(messageOf).join('; ');
  return String(thrown.name);
}

/** A URL as it may be shown: its password is replaced, whatever characters are in it. */
export function withoutPassword(url: string): string {
  return String(url)
    .replace(/(:\/\/[^:@/]*):.*@/, '$1:***@')
    .replace(/([?&]password=)[^&]*/gi, '$1***');
}

/** A short, safe form of any value for an error message: never throws, never more than 120 characters. */
export function shown(value: unknown): string {
  let text: string;
  try {
    text = describe(value);
  } catch {
    text = `an unprintable ${typeof value}`;
  }
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}

function describe(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
      return `${value}n`;
    case 'function':
      return `a function ${value.name}`.trimEnd();
    case 'symbol':
    case 'undefined':
    case 'number':
    case 'boolean':
      return String(value);
    default:
      return value === null ? 'null' : (JSON.stringify(value) ?? Object.prototype.toString.call(value));
  }
}
