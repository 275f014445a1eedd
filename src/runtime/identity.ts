import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { RANDOM_LENGTH, randomText, timePart } from '../core/id.ts';
import { type Clock, systemClock } from './clock.ts';

/** Enough for so many ids. */
const POOL = 256;
const POOL_BYTES = (POOL * RANDOM_LENGTH * 3) / 4;
let pool = '';
let used = 0;
/** Ids are made by the hundreds in a millisecond. */
let instant = Number.NaN;
let start = '';

/** A new job id. What is random is drawn, and written as text, for many at once: one draw costs as much as many ids. */
export function newId(clock: Clock = systemClock): string {
  if (used === pool.length) {
    pool = randomText(randomBytes(POOL_BYTES));
    used = 0;
  }
  const now = clock.now();
  if (now !== instant) {
    instant = now;
    start = timePart(now);
  }
  const from = used;
  used += RANDOM_LENGTH;
  return start + pool.slice(from, used);
}

/** A name for a worker or a client: says where it runs, and is never used twice. */
export function newName(): string {
  return `${hostname()}:${process.pid}:${randomBytes(6).toString('hex')}`;
}
