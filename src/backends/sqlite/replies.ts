import type { Call } from '../../contract/call.ts';
import type { Books } from './books.ts';
import { text } from './rows.ts';
import { calls } from './statements.ts';

/** Does a call once; a repeat gets the first one's reply. */
export function once<Reply>({ connection, now }: Books, { client, sequence, floor }: Call, step: () => Reply): Reply {
  const kept = connection.get(calls.reply, client, sequence);
  // The reply is of the type that its method gives: a client uses a sequence number for one method only.
  if (kept !== undefined) return JSON.parse(text(kept.reply)) as Reply;
  const reply = step();
  connection.run(calls.keep, client, sequence, now, JSON.stringify(reply));
  connection.run(calls.dropAnswered, client, floor);
  return reply;
}
