import type { Due } from '../../core/envelope.ts';

export function instantOf(due: Due, now: number): number {
  return 'at' in due ? due.at : now + due.in;
}
