import type {
  ControlBackend,
  Pause,
  PauseReason,
  PauseTarget,
  QueueLimit,
  QueueLimitView,
  RateView,
} from '../../contract/backend.ts';
import type { Call } from '../../contract/call.ts';
import type { Due } from '../../core/envelope.ts';
import { QUEUE_MARK, RATE_MARK } from '../../core/rate.ts';
import type { Desk } from './desk.ts';
import { toLimit, toText } from './gates.ts';
import { instantOf } from './numbers.ts';
import { Paces } from './paces.ts';
import { once } from './replies.ts';
import { integer, real, text } from './rows.ts';
import { gates, paces, places, stats } from './statements.ts';

export class SqliteControls implements ControlBackend {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async pause(call: Call, target: PauseTarget, { by, reason }: PauseReason): Promise<void> {
    await this.#desk.write((books) =>
      once(books, call, () => {
        books.connection.run(gates.pause, ...wordsOf(target), by, reason, books.now);
        books.connection.run(stats.isControlled);
        return null;
      }),
    );
  }

  resume(call: Call, target: PauseTarget): Promise<boolean> {
    return this.#desk.write((books) =>
      once(books, call, () => {
        const wasPaused = books.connection.run(gates.resume, ...wordsOf(target)) > 0;
        books.connection.run(stats.isControlled);
        if ('queue' in target) books.arrived.add(target.queue);
        return wasPaused;
      }),
    );
  }

  async pauses(): Promise<readonly Pause[]> {
    const rows = await this.#desk.read((connection) => connection.all(stats.pauses));
    return rows.map((row) => {
      const why = { by: toText(row.paused_by), reason: toText(row.reason), at: integer(row.at) };
      const name = text(row.name);
      return row.kind === 'queue' ? { queue: name, ...why } : { type: name, ...why };
    });
  }

  async limitQueue(call: Call, queue: string, limit: QueueLimit | null): Promise<void> {
    await this.#desk.write((books) =>
      once(books, call, () => {
        const { connection } = books;
        if (limit === null || (limit.concurrency === null && limit.rate === null)) {
          connection.run(gates.dropLimit, queue);
        } else {
          const { concurrency, rate } = limit;
          connection.run(gates.setLimit, queue, concurrency, rate?.concurrency ?? null, rate?.interval ?? null);
          if (concurrency !== null) connection.run(stats.seatAll, queue);
        }
        connection.run(stats.isControlled);
        books.arrived.add(queue);
        return null;
      }),
    );
  }

  queueLimits(): Promise<readonly QueueLimitView[]> {
    const { clock } = this.#desk.settings;
    return this.#desk.read((connection) => {
      const pace = new Paces(connection, clock.now());
      return connection.all(stats.queueLimits).map((row) => {
        const queue = text(row.queue);
        const limit = toLimit(row);
        const { concurrency, rate } = limit;
        return {
          queue,
          ...limit,
          running: concurrency === null ? 0 : integer(connection.get(gates.running, queue)?.running),
          startsAt: rate === null ? null : pace.startsAt({ key: QUEUE_MARK + queue, ...rate }, 0),
        };
      });
    });
  }

  async pauseRate(call: Call, key: string, until: Due): Promise<void> {
    await this.#desk.write((books) =>
      once(books, call, () => {
        books.connection.run(paces.pause, RATE_MARK + key, instantOf(until, books.now));
        return null;
      }),
    );
  }

  rate(name: string): Promise<RateView> {
    const key = RATE_MARK + name;
    const now = this.#desk.settings.clock.now();
    return this.#desk.read((connection) => {
      const pace = new Paces(connection, now);
      const pausedUntil = pace.pausedUntil(key);
      const timer = connection.get(paces.timer, key);
      return {
        reserved: integer(connection.get(places.count, key)?.taken),
        spent: Math.max(now, pace.spent(key)),
        pausedUntil: pausedUntil > now ? pausedUntil : null,
        next: timer === undefined ? null : real(timer.at),
      };
    });
  }
}

function wordsOf(target: PauseTarget): [kind: string, name: string] {
  return 'queue' in target ? ['queue', target.queue] : ['type', target.type];
}
