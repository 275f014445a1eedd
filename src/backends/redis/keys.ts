/**
 * Every key of the Redis layout, spelled here and nowhere else: the scripts get theirs from this table too.
 * A prefix may carry a hash tag (`wingman:{0}`): all keys then live in one slot of a Redis Cluster.
 */

/** Keys of which there is one. */
const SINGLES = {
  /** Counter: the number of the next job that is enqueued. */
  sequence: 'sequence',
  /** The token of the newest claim. */
  token: 'token',
  /** Zset: worker → end of its lease. */
  workers: 'workers',
  /** Hash: worker → what it takes, { queues, types } as JSON. */
  takes: 'takes',
  /** Zset: job → when it is due. */
  scheduled: 'scheduled',
  /** List of at most one token: there is something for the leader to do before all that he knows of. */
  dueSooner: 'due',
  /** List of at most one token: a leader has resigned. */
  vacant: 'vacant',
  /** Zset: job → when it failed. */
  failed: 'failed',
  /** Set: jobs that were retried after they had failed: their failures are from before, whatever attempts they have used. */
  retried: 'retried',
  /** Hash: job that has a unique key of its own → that key, with its type. */
  uniques: 'uniques',
  /** Hash: job → how far it said it is, as JSON. */
  progress: 'progress',
  /** String that expires: some job is watched, or was when it ended. */
  watched: 'watched',
  /** Hash: job type → for how long (ms) and how many completed jobs of it are kept, as `86400000 1000`; -1 for no limit. */
  keep: 'keep',
  /** Hash: held job that needs several locks → how often it came to the head of one while another was full. */
  passes: 'passes',
  /** String that expires: who leads. */
  leader: 'leader',
  /** Hash: queue that is paused or has a limit → { paused, concurrency, burst, interval } as JSON. */
  controls: 'controls',
  /** Hash: paused job type → { by, reason, at, text } as JSON. */
  pausedTypes: 'paused_types',
  /** Hash: running job of a queue with a limit → the queue. */
  seats: 'seats',
  /** Hash: queue with a limit → how many of its jobs run. */
  seated: 'seated',
  /** Zset: rate key that jobs wait for, or a queue's → when its next place comes free. */
  timers: 'timers',
  /** Hash: key that jobs wait for → the newest limit asked for: sequence, concurrency, and of a rate the ms between starts. */
  newest: 'newest',
  /** Zset: job with a grant → end of the grant. */
  grants: 'grants',
  /** Zset: lock key whose free places are still to be granted, since a step ended at its bound → when that was. */
  ungranted: 'ungranted',
  /** Hash: job that has places of locks → those locks: freed by this record, even if its envelope was damaged since. */
  places: 'places',
  /** Hash: parked job → reason. */
  parked: 'parked',
  /** List: dead letters, oldest first: a line of JSON about it, then the bytes as found. */
  dead: 'dead',
  /** Hash: recurring schedule → its version, a space, when it is due (nothing for never), a line's end, its text. */
  schedules: 'schedules',
  /** Zset: recurring schedule → 0: sorted by name. */
  scheduleNames: 'schedule_names',
  /** Zset: recurring schedule → when it is due. */
  schedulesDue: 'schedules_due',
  /** Set: names of the queues ever used. */
  queues: 'queues',
  /** Hash: queue → how many entries of its list are of cancelled jobs. */
  cancelledTotal: 'cancelled_total',
  /** Hash: queue → how many of its jobs are held. */
  heldTotal: 'held_total',
  /** Counter: how many scripts have run that may change what a claim must look at: see lua/shared/express.lua. */
  disturbances: 'disturbances',
  successfulTotal: 'successful_total',
  failedTotal: 'failed_total',
} as const;

/** Families of keys: the name of one follows. */
const FAMILIES = {
  /** List of the ids of jobs without a priority, next at the left; other programs push whole envelopes. */
  queue: 'queue:',
  /** Zset: jobs of a queue that have a grant → sequence. They come before all others. */
  granted: 'granted:',
  /** Zset: jobs of a queue that have a priority → their place: see lua/shared/priority.lua. Those below 0 come before the list. */
  priority: 'priority:',
  /** List of at most one token: somebody may claim from this queue. */
  wake: 'wake:',
  /** Hash: cancelled job → how many entries of the queue's list are of its cancelled lives, and to be passed over. */
  cancelled: 'cancelled:',
  /** String: the envelope, a line of JSON for the scripts and then the payload. */
  job: 'job:',
  /** String, expires where the key is taken for a time: who has a unique key of a type: see lua/shared/unique.lua. */
  unique: 'unique:',
  /** List: failed attempts of a job, oldest first. */
  failures: 'failures:',
  /** Hash: holders of a lock key → token, empty for a grant. */
  lock: 'lock:',
  /** String that expires: when all that has started by a rate is made up for. */
  spent: 'spent:',
  /** String that expires: until when a rate is stopped. */
  pausedRate: 'paused_rate:',
  /** Zset: jobs held for a lock key → sequence. */
  held: 'held:',
  /** Hash: jobs of a worker → token. */
  processing: 'processing:',
  /** Hash: jobs of a worker that are to be cancelled → token of the claim. */
  cancels: 'cancels:',
  /**
   * String: a worker has nothing, and its queue nothing that a claim must look at: the disturbances until then, a space, the queue. Or what it has claimed
   * since: `!`, client and call, and the reply. See lua/shared/express.lua.
   */
  calm: 'calm:',
  /** List of at most one token: a worker's process is to check in, as there is news in its `cancels`, or a type's pause has ended. */
  control: 'control:',
  /** Zset: parked jobs of a type → sequence. */
  parkedType: 'parked:',
  /** Zset: completed jobs of a type that are kept → when they completed. */
  completed: 'completed:',
  /** String: what a completed job gave, as JSON. */
  result: 'result:',
  /** Zset that expires: who watches a job, after `+` for every change or `-` for its end alone → until when. */
  watchers: 'watchers:',
  /** Set that expires: the jobs that a watcher is to look at. */
  news: 'news:',
  /** List of at most one token: there is something in a watcher's `news`. */
  told: 'told:',
  /** Hash that expires: state, job and progress of one that was watched when it left the books. */
  ended: 'ended:',
  /** String that expires: replies to a client's calls that may be repeated. */
  calls: 'calls:',
} as const;

export type Single = keyof typeof SINGLES;
export type Family = keyof typeof FAMILIES;

/** The keys under one prefix. */
export class Keys {
  /** What every key begins with, the colon included. */
  readonly root: string;

  constructor(prefix: string) {
    this.root = `${prefix}:`;
  }

  the(single: Single): string {
    return this.root + SINGLES[single];
  }

  of(family: Family, name: string): string {
    return this.root + FAMILIES[family] + name;
  }
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * The same table as Lua, by the name that a script uses: `SEQUENCE` for a single key, `job_key(id)` for one of a family, or
 * `JOB_PREFIX .. id` where no time is to be lost. The names are whole: to put them together at each call takes a script as long as
 * two or three commands.
 */
export function luaKeys({ root }: Keys): ReadonlyMap<string, string> {
  return new Map([
    ...Object.entries(SINGLES).map(([name, key]): [string, string] => {
      const constant = snake(name).toUpperCase();
      return [constant, `local ${constant} = ${quoted(root + key)}`];
    }),
    ...Object.entries(FAMILIES).flatMap(([name, key]): [string, string][] => {
      const [prefix, family] = [`${snake(name).toUpperCase()}_PREFIX`, `${snake(name)}_key`];
      return [
        [prefix, `local ${prefix} = ${quoted(root + key)}`],
        [family, `local function ${family}(name) return ${quoted(root + key)} .. name end`],
      ];
    }),
  ]);
}

/** A text as Lua writes it: all but the plainest of its bytes by their numbers. */
function quoted(text: string): string {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\w:{}.-]/.test(character) ? character : `\\${String(byte).padStart(3, '0')}`;
  });
  return `'${bytes.join('')}'`;
}
