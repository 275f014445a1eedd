import type {
  DueSchedules,
  ScheduleStore,
  ScheduleWrite,
  ScheduleWritten,
  StoredSchedule,
} from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import { shown, WingmanError } from '../../core/errors.ts';
import { encodeNew } from './codec.ts';
import { callArgs, type Desk } from './desk.ts';
import { arrayOf, numberOf, textOf, textsOf } from './replies.ts';
import { decodeEnqueued, encodeUniques, splitOnce } from './uniqueness.ts';

/** The recurring schedules: a hash of what they say, and their names sorted by name and by when they are due. */
export class RedisSchedules implements ScheduleStore {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async find(name: string): Promise<StoredSchedule | null> {
    const value = await this.#desk.do((client) => client.hget(this.#desk.keys.the('schedules'), name));
    return value === null ? null : decode(name, value);
  }

  async names(offset: number, limit: number): Promise<readonly string[]> {
    const key = this.#desk.keys.the('scheduleNames');
    return this.#desk.do((client) => client.zrange(key, offset, String(offset + limit - 1)));
  }

  async due(offset: number, limit: number): Promise<DueSchedules> {
    const [names, now, next] = arrayOf(await this.#desk.read('due-schedules', offset, limit));
    return { names: textsOf(names), now: numberOf(now), next: next === '' ? null : numberOf(next) };
  }

  async write(call: Call, { name, replaces, due, text, job }: ScheduleWrite): Promise<ScheduleWritten> {
    const jobs = job === undefined ? [] : [job];
    const what = [name, replaces ?? '', due ?? '', text, this.#desk.grantTimeout, encodeUniques(jobs)];
    const reply = await this.#desk.run('write-schedule', ...callArgs(call), ...what, ...encodeNew(jobs));
    const [told, moves] = arrayOf(reply);
    const [version = '', became = ''] = splitOnce(textOf(told));
    if (version === '') return { version: null, job: null, moves: [] };
    const { results, moves: moved } = decodeEnqueued([became, moves]);
    return { version: Number(version), job: results[0] ?? null, moves: moved };
  }

  async remove(call: Call, name: string): Promise<boolean> {
    return numberOf(await this.#desk.run('remove-schedule', ...callArgs(call), name)) === 1;
  }
}

/** A line of its version and when it is due, then its text. */
function decode(name: string, value: string): StoredSchedule {
  const [, version, due, text] = /^(\d+) (\d*)\n(.*)$/s.exec(value) ?? [];
  if (text === undefined) {
    throw new WingmanError('WINGMAN_SCHEDULE_DAMAGED', `the stored schedule '${name}' is damaged: ${shown(value)}`);
  }
  return { name, version: Number(version), due: due === '' ? null : Number(due), text };
}
