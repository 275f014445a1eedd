import type { Takes } from '../../contract/backend.ts';
import type { Books } from './books.ts';
import { toStored } from './numbers.ts';
import { leader, questions, workers } from './statements.ts';

export function register({ connection, now }: Books, worker: string, lease: number, takes?: Takes): void {
  const text = takes === undefined ? null : JSON.stringify(takes);
  connection.run(workers.register, worker, toStored(now + lease), text);
}

export function renew({ connection, now }: Books, worker: string, lease: number): boolean {
  return connection.run(workers.renew, toStored(now + lease), worker) > 0;
}

/** A worker that owns nothing is forgotten; one that does has its jobs reclaimed by the next sweep. */
export function retire({ connection, now }: Books, worker: string): void {
  if (connection.get(questions.ownedBy, worker, 1) === undefined) connection.run(workers.remove, worker);
  else connection.run(workers.renew, now, worker);
}

export function resign({ connection }: Books, candidate: string): void {
  connection.run(leader.resign, candidate);
}
