import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { ID_RANDOM_BYTES, randomPart, timePart } from '../core/id.ts';
import { type Clock, systemClock } from './clock.ts';

const POOL_SIZE = 256 * ID_RANDOM_BYTES;
let pool = new Uint8Array();
let used = 0;
/** Ids are made by the hundreds in a millisecond. */
let instant = Number.NaN;
let start = '';

/** A new job id. Random bytes are drawn in bulk: one draw costs as much as many ids. */
export function newId(clock: Clock = systemClock): string {
  if (used === pool.length) {
    pool = randomBytes(POOL_SIZE);
    used = 0;
  }
  const now = clock.now();
  if (now !== instant) {
    instant = now;
    start = timePart(now);
  }
  const id = start + randomPart(pool, used);
  used += ID_RANDOM_BYTES;
  return id;
}

/** A name for a worker or a client: says where it runs, and is never used twice. */
export function newName(): string {
  return `${hostname()}:${process.pid}:${randomBytes(6).toString('hex')}`;
}
