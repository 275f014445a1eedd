import { UsageError } from './errors.ts';

/**
 * Reads an input that was typed or piped.
 * @throws UsageError that shows the place where it stops being JSON; what each release of Node says of that differs
 */
export function parseInput(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(describeProblem(text), 'WINGMAN_PAYLOAD_NOT_JSON');
  }
}

function describeProblem(text: string): string {
  if (text.trim() === '')
    return "the input is not JSON: it is empty; an input without anything in it is '{}' or 'null'";
  const offset = firstProblem(text);
  const before = text.slice(0, offset).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  const found = offset >= text.length ? 'it ends too early' : `unexpected ${JSON.stringify(characterAt(text, offset))}`;
  const place = before.length === 1 ? `position ${offset + 1}` : `line ${before.length}, column ${column}`;
  return `the input is not JSON: ${found} at ${place}\n${excerpt(text, offset)}`;
}

function characterAt(text: string, offset: number): string {
  return String.fromCodePoint(text.codePointAt(offset) ?? 0);
}

/** The line of the problem, cut around it, with a mark below. */
function excerpt(text: string, offset: number): string {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', offset);
  const line = text.slice(start, end < 0 ? text.length : end).replace(/\p{Cc}/gu, ' ');
  const from = Math.max(0, offset - start - 30);
  return `  ${line.slice(from, from + 60)}\n  ${' '.repeat(offset - start - from)}^`;
}

/** A part of a string. The whole as one pattern would be too much for the stack where a string is very long. */
const PART = /[^"\\\p{Cc}]+|\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/uy;
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\d.])|true|false|null)/y;
/** No payload may be nested more deeply, so what opens yet another level is unexpected as well. */
const DEEPEST = 1_000;
const SPACE = /[ \t\n\r]*/y;

/** Where a text stops being JSON, by its grammar (https://www.json.org); its length where it ends too early. */
export function firstProblem(text: string): number {
  let at = 0;
  let depth = 0;
  let problem: number | null = null;
  const eat = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const eatSign = (sign: string): boolean => {
    eat(SPACE);
    if (text[at] !== sign) return false;
    at += 1;
    return true;
  };
  const stop = (offset = at): false => {
    problem ??= offset;
    return false;
  };
  const members = (close: string, member: () => boolean): boolean => {
    if (depth === DEEPEST) return stop(at - 1);
    depth += 1;
    for (let isFirst = true; !eatSign(close); isFirst = false) {
      if (!isFirst && !eatSign(',')) return stop();
      if (!member()) return stop();
    }
    depth -= 1;
    return true;
  };
  const string = (): boolean => {
    eat(SPACE);
    if (text[at] !== '"') return stop();
    at += 1;
    while (eat(PART));
    if (text[at] !== '"') return stop();
    at += 1;
    return true;
  };
  const value = (): boolean => {
    if (eatSign('{')) return members('}', () => string() && (eatSign(':') || stop()) && value());
    if (eatSign('[')) return members(']', value);
    return text[at] === '"' ? string() : eat(SCALAR) || stop();
  };
  if (value()) eat(SPACE);
  return problem ?? at;
}
