import { messageOf, shown, WingmanError } from './errors.ts';

/** The largest payload that is taken unless a backend is told otherwise: 1 MiB of JSON text in UTF-8. */
export const MAX_PAYLOAD_BYTES = 1_048_576;

const DEEPEST = 1_000;

/**
 * The JSON text of a job's input. Refuses what JSON would lose without a word (a BigInt, a cycle, NaN, a function, a Map),
 * since the handler would get something else than what was enqueued. `undefined` (no input) is stored as `null`.
 * @throws WingmanError `WINGMAN_PAYLOAD_NOT_JSON` with the path, or `WINGMAN_PAYLOAD_TOO_LARGE`
 */
export function encodePayload(input: unknown, type: string, maxBytes = MAX_PAYLOAD_BYTES): string {
  if (input === undefined) return 'null';
  const found = findLoss(input, []);
  if (found !== null) {
    const where = found.path === '' ? '' : ` at ${found.path}`;
    throw notJson(type, `${found.what}${where}`);
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(input);
  } catch (cause) {
    throw notJson(type, messageOf(cause), cause);
  }
  if (text === undefined) throw notJson(type, 'a toJSON that gives nothing');
  const bytes = utf8Length(text, maxBytes);
  if (bytes > maxBytes) {
    throw new WingmanError(
      'WINGMAN_PAYLOAD_TOO_LARGE',
      `the input of job type '${type}' takes ${bytes} bytes of JSON, and at most ${maxBytes} are allowed: store it ` +
        'elsewhere and enqueue a reference, or raise maxPayload',
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

/** The first part of a value that JSON cannot hold, or null. `ancestors` are the objects on the way, outermost first. */
function findLoss(value: unknown, ancestors: object[]): Loss | null {
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

function findLossWithin(value: object, ancestors: object[]): Loss | null {
  if (typeof Reflect.get(value, 'toJSON') === 'function') return null;
  if (value instanceof Map || value instanceof Set || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    return { path: '', what: `a ${value.constructor.name}` };
  }
  if (ancestors.includes(value)) return { path: '', what: 'a cycle' };
  if (ancestors.length >= DEEPEST) return { path: '', what: `more than ${DEEPEST} levels of nesting` };
  ancestors.push(value);
  const isList = Array.isArray(value);
  for (const [key, member] of Object.entries(value)) {
    // A property that is undefined is simply absent, as everywhere in JavaScript; in a list it would become null.
    if (member === undefined && !isList) continue;
    const loss = findLoss(member, ancestors);
    if (loss !== null) return { path: join(isList ? `[${key}]` : key, loss.path), what: loss.what };
  }
  ancestors.pop();
  return null;
}

function join(head: string, tail: string): string {
  if (tail === '') return head;
  return tail.startsWith('[') ? `${head}${tail}` : `${head}.${tail}`;
}

function notJson(type: string, what: string, cause?: unknown): WingmanError {
  const message = `the input of job type '${type}' cannot be stored as JSON: it has ${what}`;
  return new WingmanError('WINGMAN_PAYLOAD_NOT_JSON', message, { cause });
}

function utf8Length(text: string, limit: number): number {
  // One UTF-16 unit takes 1 to 3 bytes: mostly the length alone decides.
  return text.length * 3 <= limit ? text.length : new TextEncoder().encode(text).length;
}
