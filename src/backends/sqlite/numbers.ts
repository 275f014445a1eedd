import type { Due } from '../../core/envelope.ts';

/** A claim's number from its token, or null for a text that no claim ever had. */
export function toToken(token: string): number | null {
  const number = Number(token);
  return Number.isSafeInteger(number) && String(number) === token ? number : null;
}

/** An instant as a column holds it: whole, and within what a number can count. */
export function toStored(instant: number): number {
  return Math.round(Math.min(Math.max(instant, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER));
}

/** When a job may run first. */
export function instantOf(due: Due, now: number): number {
  return 'at' in due ? due.at : now + due.in;
}
