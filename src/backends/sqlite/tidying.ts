import type { Books } from './books.ts';
import { calls, cancels, paces, uniqueKeys, watchesOver } from './statements.ts';

/** How many rows of each kind go in one step. */
const STEP = 2_000;
// A client repeats a call within seconds. One that has ended never does, and its last replies stay until then.
const REPLIES_KEPT = 86_400_000;

/** Drops what is over and says nothing any more. */
export function tidy({ connection, now }: Books): void {
  connection.run(cancels.dropEnded);
  connection.run(calls.dropOld, now - REPLIES_KEPT, STEP);
  connection.run(paces.dropSpent, now, STEP);
  connection.run(paces.dropPaused, now, STEP);
  connection.run(uniqueKeys.dropEnded, now, STEP);
  for (const statement of Object.values(watchesOver)) connection.run(statement, now, STEP);
}
