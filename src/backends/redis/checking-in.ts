// What a check-in says to its script, and what comes back.
import { type CheckedIn, type CheckIn, DUTIES, type Duty } from '../../contract/backend.ts';
import { encodeKeep } from './codec.ts';
import { arrayOf, numberOf, textsOf } from './replies.ts';

export function encodeCheckIn(checkIn: CheckIn): readonly (string | number)[] {
  const { candidate, leadership, worker, lease, queues, types, keepFailed } = checkIn;
  const self = [candidate, leadership, worker ?? '', lease, encodeKeep(keepFailed)];
  return [...self, queues.length, ...queues, ...types];
}

export function decodeCheckedIn(reply: unknown): CheckedIn {
  const [leads, left, renewed, owned, hasWork, toCancel, ...due] = arrayOf(reply);
  const dueIn = (duty: Duty): number | null => {
    const milliseconds = numberOf(due[DUTIES.indexOf(duty)]);
    return milliseconds < 0 ? null : milliseconds;
  };
  return {
    leads: leads === 1,
    left: numberOf(left),
    renewed: renewed === 1,
    owned: numberOf(owned),
    hasWork: hasWork === 1,
    toCancel: textsOf(toCancel),
    due: {
      promote: dueIn('promote'),
      fire: dueIn('fire'),
      reclaim: dueIn('reclaim'),
      passGrants: dueIn('passGrants'),
      expire: dueIn('expire'),
      unpark: dueIn('unpark'),
    },
  };
}
