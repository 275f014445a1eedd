import type { JobEvents } from '../core/events.ts';
import type { ScheduleStore } from './schedules.ts';

/** A store of schedules, with an event for each job that is enqueued through it. */
export function observedSchedules(store: ScheduleStore, emit: (event: JobEvents['enqueued']) => void): ScheduleStore {
  return {
    find: (name) => store.find(name),
    names: (offset, limit) => store.names(offset, limit),
    due: (offset, limit) => store.due(offset, limit),
    remove: (call, name) => store.remove(call, name),
    write: async (call, write) => {
      const written = await store.write(call, write);
      if (written.job === 'enqueued' && write.job !== undefined) {
        const { id, queue, type } = write.job;
        emit({ event: 'enqueued', id, queue, type });
      }
      return written;
    },
  };
}
