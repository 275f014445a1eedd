import type { Due } from '../../core/envelope.ts';
import { type Extras, priorityOf } from '../../core/extras.ts';

/** A claim's number from its token, or null for a text that no claim ever had. */
export function toToken(token: string): number | null {
  const number = Number(token);
  return Number.isSafeInteger(number) && String(number) === token ? number : null;
}

/** An instant as a column holds it: whole, and within what a number can count. */
export function toStored(instant: number): number {
  return Math.round(Math.min(Math.max(instant, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER));
}

/** Queues are as long as that to each side of their middle, at most: as many jobs as nobody ever had. */
const PRIORITY_STEP = 2 ** 42;

/** The position of a job in the list of its queue: by its priority first, then by its place among those of the same one. */
export function positionOf(extras: Extras | undefined, place: number): number {
  // Most have none: then the place is the position.
  return extras === undefined ? place : place - priorityOf(extras) * PRIORITY_STEP;
}

/** When a job may run first. */
export function instantOf(due: Due, now: number): number {
  return 'at' in due ? due.at : now + due.in;
}
