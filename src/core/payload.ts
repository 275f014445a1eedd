import { InvalidOptionError, messageOf, shown, WingmanError } from './errors.ts';

/** The largest payload that is taken unless a backend is told otherwise: 1 MiB of JSON text in UTF-8. */
export const MAX_PAYLOAD_BYTES = 1_048_576;

const DEEPEST = 1_000;
/** In characters; what is nested deeply has a path that nobody could read. */
const LONGEST_PATH = 200;

/** The largest progress that a handler may report: 16 KiB of JSON text in UTF-8. */
export const MAX_PROGRESS_BYTES = 16_384;

/** What of a job is stored as JSON, and what to do where it is too large. */
const HINTS = {
  input: 'store it elsewhere and enqueue a reference, or raise maxPayload',
  result: 'store it elsewhere and return a reference, or raise maxPayload',
  progress: 'report less',
} as const;

type Part = keyof typeof HINTS;

/**
 * The largest payload, checked: no number would be no limit at all.
 * @throws InvalidOptionError
 */
export function checkMaxPayload(bytes: unknown): number {
  if (typeof bytes === 'number' && Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new InvalidOptionError('maxPayload', 'a whole number of bytes above 0', bytes);
}

/**
 * The JSON text of a job's input, or of another part of it. Refuses what JSON would lose without a word (a BigInt, a cycle, NaN, a function, a Map),
 * since the handler would get something else than what was enqueued. `undefined` (no input) is stored as `null`.
 * @throws WingmanError `WINGMAN_PAYLOAD_NOT_JSON` with the path, or `WINGMAN_PAYLOAD_TOO_LARGE`
 */
export function encodePayload(
  input: unknown,
  type: string,
  maxBytes = MAX_PAYLOAD_BYTES,
  part: Part = 'input',
): string {
  if (input === undefined) return 'null';
  let found: Loss | null;
  let text: string | undefined;
  try {
    found = findLoss(input, null);
    if (found === null) text = JSON.stringify(input);
  } catch (cause) {
    // A getter or a toJSON of the input threw.
    throw notJson(part, type, `a part that cannot be read (${messageOf(cause)})`, cause);
  }
  if (found !== null) {
    const where = found.path === '' ? '' : ` at ${shortened(found.path)}`;
    throw notJson(part, type, `${found.what}${where}`);
  }
  if (text === undefined) throw notJson(part, type, 'a toJSON that gives nothing');
  const bytes = utf8Length(text, maxBytes);
  if (bytes > maxBytes) {
    throw new WingmanError(
      'WINGMAN_PAYLOAD_TOO_LARGE',
      `the ${part} of job type '${type}' takes ${bytes} bytes of JSON, and at most ${maxBytes} are allowed: ${HINTS[part]}`,
    );
  }
  return text;
}

/**
 * The value of a stored payload.
 * @throws WingmanError `WINGMAN_PAYLOAD_DAMAGED` where it is not JSON
 */
export function decodePayload(text: string, id: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new WingmanError('WINGMAN_PAYLOAD_DAMAGED', `the payload of job ${id} is not JSON: ${messageOf(cause)}`, {
      cause,
    });
  }
}

interface Loss {
  readonly path: string;
  readonly what: string;
}

/** The objects on the way to a part, from the innermost: an array for each input would be larger. */
interface Ancestors {
  readonly object: object;
  readonly above: Ancestors | null;
  readonly depth: number;
}

/** The first part of a value that JSON cannot hold, or null. */
function findLoss(value: unknown, ancestors: Ancestors | null): Loss | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return null;
    case 'number':
      return Number.isFinite(value) ? null : { path: '', what: String(value) };
    case 'object':
      return value === null ? null : findLossWithin(value, ancestors);
    default:
      return { path: '', what: shown(value) };
  }
}

// Objects whose content JSON drops, by their tags.
const OPAQUE = /^\[object (Map|Set|WeakMap|WeakSet|WeakRef|Promise|RegExp|Error|(Shared)?ArrayBuffer)\]$/;

function findLossWithin(value: object, ancestors: Ancestors | null): Loss | null {
  const toJSON = toJsonOf(value);
  if (typeof toJSON === 'function') {
    const given: unknown = Reflect.apply(toJSON, value, ['']);
    if (given === null && value instanceof Date) return { path: '', what: 'an invalid Date' };
    if (given === undefined) return null;
    return typeof given === 'object' && given !== null
      ? findLossInMembers(given, ancestors)
      : findLoss(given, ancestors);
  }
  // Most are of a kind that has no other content.
  const kind: unknown = Object.getPrototypeOf(value);
  if (kind === Object.prototype || kind === Array.prototype) return findLossInMembers(value, ancestors);
  const tag = Object.prototype.toString.call(value);
  if (OPAQUE.test(tag) || ArrayBuffer.isView(value)) return { path: '', what: `a ${tag.slice(8, -1)}` };
  return findLossInMembers(value, ancestors);
}

function findLossInMembers(value: object, ancestors: Ancestors | null): Loss | null {
  const depth = ancestors === null ? 0 : ancestors.depth;
  for (let at = ancestors; at !== null; at = at.above) {
    if (at.object === value) return { path: '', what: 'a cycle' };
  }
  if (depth >= DEEPEST) return { path: '', what: `more than ${DEEPEST} levels of nesting` };
  const within = { object: value, above: ancestors, depth: depth + 1 };
  return Array.isArray(value) ? findLossInList(value, within) : findLossInObject(value, within);
}

function findLossInList(list: readonly unknown[], ancestors: Ancestors): Loss | null {
  // By number, so that holes are seen too, which JSON would fill with null.
  for (let at = 0; at < list.length; at += 1) {
    const loss = findLoss(list[at], ancestors);
    if (loss !== null) return { path: join(`[${at}]`, loss.path), what: loss.what };
  }
  return null;
}

function findLossInObject(value: object, ancestors: Ancestors): Loss | null {
  if (!hasMembers(value)) return null;
  for (const key of Object.keys(value)) {
    const member = value[key];
    // Most are of these. One that is undefined is simply absent, as everywhere in JavaScript; in a list it would become null.
    if (typeof member === 'string' || member === undefined) continue;
    const loss = findLoss(member, ancestors);
    if (loss !== null) return { path: join(key, loss.path), what: loss.what };
  }
  return null;
}

// Read by their names: `Reflect.get` takes several times as long.

type Members = { readonly [name: string]: unknown };

function hasMembers(value: object): value is Members {
  return typeof value === 'object';
}

function toJsonOf({ toJSON }: { readonly toJSON?: unknown }): unknown {
  return toJSON;
}

function shortened(path: string): string {
  return path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}…` : path;
}

function join(head: string, tail: string): string {
  if (tail === '') return head;
  return tail.startsWith('[') ? `${head}${tail}` : `${head}.${tail}`;
}

function notJson(part: Part, type: string, what: string, cause?: unknown): WingmanError {
  const message = `the ${part} of job type '${type}' cannot be stored as JSON: it has ${what}`;
  return new WingmanError('WINGMAN_PAYLOAD_NOT_JSON', message, { cause });
}

function utf8Length(text: string, limit: number): number {
  // One UTF-16 unit takes 1 to 3 bytes: mostly the length alone decides.
  return text.length * 3 <= limit ? text.length : new TextEncoder().encode(text).length;
}
