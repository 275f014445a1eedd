import { shown, WingmanError } from '../../core/errors.ts';

/** Between the texts of a reply that are told as one. It is in no JSON, where it would be escaped, and in no name or id. */
export const SEPARATOR = '\x1e';

/** Readers of what scripts reply: the client gives no types for it, so each shape is checked where it comes in. */
export function textOf(reply: unknown): string {
  if (typeof reply === 'string') return reply;
  if (typeof reply === 'number') return String(reply);
  throw unexpected('text', reply);
}

export function numberOf(reply: unknown): number {
  const number = typeof reply === 'string' ? Number(reply) : reply;
  if (typeof number === 'number' && !Number.isNaN(number)) return number;
  throw unexpected('a number', reply);
}

export function arrayOf(reply: unknown): readonly unknown[] {
  if (Array.isArray(reply)) return reply;
  throw unexpected('a list', reply);
}

export function textsOf(reply: unknown): readonly string[] {
  return arrayOf(reply).map(textOf);
}

function unexpected(expected: string, reply: unknown): WingmanError {
  return new WingmanError('WINGMAN_BACKEND_FAILED', `Redis replied ${shown(reply)} where ${expected} was expected`);
}

/** A list of a script: 0 is in the stead of an empty one, which takes long to be made. */
export function listOf(reply: unknown): readonly unknown[] {
  return reply === 0 ? [] : arrayOf(reply);
}
