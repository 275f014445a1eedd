import type { Conflict, Enqueued, EnqueueReply, Standing, UniqueKeys } from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { NewJob } from '../../core/envelope.ts';
import { decodeMoves } from './codec.ts';
import { callArgs, type Desk } from './desk.ts';
import { arrayOf, listOf, textOf, textsOf } from './replies.ts';

/** One name for a key of a type. No type has a line feed. */
function nameOf(type: string, key: string): string {
  return `${type}\n${key}`;
}

/** What the enqueue script must know of those jobs of a call that have a unique key; empty where none has. */
export function encodeUniques(jobs: readonly NewJob[]): string {
  if (!jobs.some(({ extras }) => extras?.unique !== undefined)) return '';
  const uniques = jobs.flatMap(({ type, extras, onConflict = 'keep' }, index) => {
    const unique = extras?.unique;
    return unique === undefined ? [] : [[index + 1, nameOf(type, unique.key), unique.while, onConflict]];
  });
  return JSON.stringify(uniques);
}

/** By the digit that says it. */
const RESULTS = ['duplicate', 'enqueued', 'kept', 'replaced', 'extended', 'rejected'] as const;

/** As nearly always, of one job. */
const ENQUEUED: readonly Enqueued[] = ['enqueued'];
const NO_MOVES: EnqueueReply['moves'] = [];

/** Reads what the enqueue script replies. */
export function decodeEnqueued(reply: unknown): EnqueueReply {
  const [text, moves = 0] = Array.isArray(reply) ? arrayOf(reply) : [reply];
  if (text === '1' && moves === 0) return { results: ENQUEUED, moves: NO_MOVES };
  const [digits = '', others] = splitOnce(textOf(text));
  const met = others === undefined ? [] : arrayOf(JSON.parse(others)).map(textsOf);
  let next = 0;
  const results = Array.from(digits, (digit): Enqueued => {
    const outcome = RESULTS[Number(digit)] ?? 'duplicate';
    if (outcome === 'duplicate' || outcome === 'enqueued') return outcome;
    const [id = '', queue = ''] = met[next++] ?? [];
    return { outcome, id, queue } satisfies Conflict;
  });
  return { results, moves: decodeMoves(listOf(moves).map(textOf)) };
}

/** A text before and after its first space. */
export function splitOnce(text: string): readonly string[] {
  const space = text.indexOf(' ');
  return space < 0 ? [text] : [text.slice(0, space), text.slice(space + 1)];
}

/** Who has which unique key. */
export class RedisUniqueKeys implements UniqueKeys {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async standing(type: string, key: string): Promise<Standing | null> {
    const reply = await this.#desk.read('standing', nameOf(type, key));
    if (reply === null) return null;
    const [id = '', queue = '', until = ''] = textsOf(reply);
    return until === '' ? { id, queue } : { id, queue, until: Number(until) };
  }

  async release(call: Call, type: string, key: string): Promise<boolean> {
    return textOf(await this.#desk.run('release-key', ...callArgs(call), nameOf(type, key))) === '1';
  }
}
