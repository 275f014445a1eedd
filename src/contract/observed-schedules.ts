import type { NewJob } from '../core/envelope.ts';
import type { ScheduleStore } from './schedules.ts';
import type { EnqueueReply } from './uniqueness.ts';

/** A store of schedules that tells what became of each job which is enqueued through it. */
export function observedSchedules(
  store: ScheduleStore,
  told: (job: NewJob, reply: EnqueueReply) => void | Promise<void>,
): ScheduleStore {
  return {
    find: (name) => store.find(name),
    names: (offset, limit) => store.names(offset, limit),
    due: (offset, limit) => store.due(offset, limit),
    remove: (call, name) => store.remove(call, name),
    write: async (call, write) => {
      const written = await store.write(call, write);
      if (write.job !== undefined && written.job !== null) {
        await told(write.job, { results: [written.job], moves: written.moves });
      }
      return written;
    },
  };
}
